"""Plain text and Markdown files: kept as they are, apart from NFC."""

from __future__ import annotations

import re

from pipeline.readers import Payload, Reading, Remark, UnreadableError
from pipeline.readers.charset import decode
from pipeline.text import normalise

TITLE_CHARS = 150  # a longer first line is a paragraph
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(\S.*)\n=+[ \t]*$", re.MULTILINE)


def in_nfc(text: str) -> tuple[str, tuple[Remark, ...]]:
    """Return ``text`` in NFC, with a remark where that changes it: foreign offsets may not fit."""
    normal = normalise(text)
    if normal == text:
        return text, ()
    place = next(
        (i for i, (a, b) in enumerate(zip(text, normal, strict=False)) if a != b), len(normal)
    )
    reason = f"normalised to NFC: {len(text)} code points became {len(normal)}"
    return normal, (Remark(field="text", value=text[place : place + 20], reason=reason),)


def title_of(text: str) -> str | None:
    """Return the first heading, or a short first line that does not end like a sentence."""
    heading = _HEADING.search(text) or _UNDERLINED.search(text)
    if heading:
        return heading[1].strip()
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    is_title = len(first) <= TITLE_CHARS and not first.endswith((".", ":", ";", ","))
    return first if first and is_title else None


def read_text(payload: Payload) -> Reading:
    """Read one text file. Its date is not guessed.

    Raises:
        UnreadableError: It is empty.
    """
    text, remarks = in_nfc(decode(payload.body, payload.media_type))
    if not text.strip():
        msg = "too short: the file has no text"
        raise UnreadableError(msg)
    return Reading(text=text, reader="text", title=title_of(text), remarks=remarks)
