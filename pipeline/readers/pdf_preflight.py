"""What a PDF is, before anything is made of it: refusals with their reasons.

Streams are unpacked once as they stand in the file, piece by piece and thrown away: so a bomb is
told without following its objects, also in a file whose table of objects is broken. Pictures are
not unpacked here but measured where they are drawn; what is attached is never looked at.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.readers import UnreadableError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_STREAM_BYTES = 30_000_000  # unpacked: a dense map has 5 MB, a font of all Han letters 20 MB
MAX_FILE_BYTES = 250_000_000  # all streams; one second of work
MAX_STREAMS = 200_000  # a document of 300 pages has some thousand
MAX_FILTERS = 4  # a stream packed more often than that hides something
LOOK_BACK = 2_000  # bytes before a stream in which its dictionary stands
PIECE = 65_536
_STREAM = re.compile(rb"stream\r?\n")
_PACKED = re.compile(rb"/(?:FlateDecode|Fl)\b")
_LETTERED = re.compile(rb"/(?:ASCII85Decode|A85)\b")
_HEXED = re.compile(rb"/(?:ASCIIHexDecode|AHx)\b")
_SKIPPED = re.compile(rb"/Subtype\s*/Image\b|/Type\s*/EmbeddedFile\b")
_PASSWORD, _SECURITY = 4, 5  # of pdfium's error codes
_TOO_LONG = "PDF: {:,} pages, at most {} are read. Raise read.pdf_pages to read it."


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file says of itself; title and creation date are hints, no more."""

    title: str | None
    created: str | None
    attachments: int
    is_xfa: bool


def check_streams(body: bytes) -> None:
    """Unpack every stream that pdfium may unpack for its text, within limits.

    Raises:
        UnreadableError: A decompression bomb.
    """
    total = 0
    for number, match in enumerate(_STREAM.finditer(body)):
        if body[match.start() - 3 : match.start()] == b"end":
            continue
        if number >= MAX_STREAMS:
            msg = f"PDF: more than {MAX_STREAMS:,} streams. Not read."
            raise UnreadableError(msg)
        about = body[max(0, match.start() - LOOK_BACK) : match.start()]
        about = about[about.rfind(b" obj") + 1 :]
        packed = len(_PACKED.findall(about))
        if not packed or _SKIPPED.search(about):
            continue
        if packed > MAX_FILTERS:
            msg = f"PDF: a stream is packed {packed} times over. Not read."
            raise UnreadableError(msg)
        total += _unpacked_size(_bytes_at(body, match.end(), about), packed)
        if total > MAX_FILE_BYTES:
            msg = f"PDF: unpacks to more than {MAX_FILE_BYTES // 1_000_000} MB. Not read."
            raise UnreadableError(msg)


def _bytes_at(body: bytes, start: int, about: bytes) -> memoryview:
    """Return the packed bytes of a stream, out of their writing as letters or hexadecimal digits.

    Without such writing the bytes go on to the end of the file: the packing says where it ends.
    """
    if not _LETTERED.search(about) and not _HEXED.search(about):
        return memoryview(body)[start:]
    stop = body.find(b"endstream", start)
    data = b"".join(body[start : stop if stop >= 0 else len(body)].split())
    if _LETTERED.search(about):
        return memoryview(_from_85(data.removeprefix(b"<~").partition(b"~")[0]))
    digits = re.sub(rb"[^0-9A-Fa-f]", b"", data.partition(b">")[0])
    return memoryview(bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii")))


def _from_85(data: bytes) -> bytes:
    """Undo ASCII85, all groups of five letters at once (the standard library's takes 100 times)."""
    import numpy as np

    data = data.replace(b"z", b"!!!!!")
    missing = -len(data) % 5
    groups = np.frombuffer(data + b"u" * missing, dtype=np.uint8).reshape(-1, 5).astype(np.int64)
    numbers = (groups - 33) @ np.array([85**4, 85**3, 85**2, 85, 1], dtype=np.int64)
    made = (numbers & 0xFFFFFFFF).astype(">u4").tobytes()
    return made[: len(made) - missing] if missing else made


def _unpacked_size(packed: memoryview, times: int) -> int:
    """Return the size of one stream, unpacked so many times; 0 where it is not what it says."""
    size, data = _inflate(packed, keep=times > 1)
    for left in range(times - 1, 0, -1):
        more, data = _inflate(memoryview(data), keep=left > 1)
        size = max(size, more)
    return size


def _inflate(data: memoryview, *, keep: bool) -> tuple[int, bytes]:
    """Return the size of what a stream unpacks to, and the bytes if they are wanted.

    Raises:
        UnreadableError: It unpacks to too much.
    """
    engine = zlib.decompressobj()
    size, place, kept = 0, 0, bytearray()
    try:
        while not engine.eof and place < len(data):
            piece = bytes(data[place : place + PIECE])
            place += PIECE
            while piece and not engine.eof:
                made = engine.decompress(piece, 1 << 20)
                size += len(made)
                if keep:
                    kept += made
                if size > MAX_STREAM_BYTES:
                    most = MAX_STREAM_BYTES // 1_000_000
                    msg = f"PDF: a stream unpacks to more than {most} MB. Not read."
                    raise UnreadableError(msg)
                piece = engine.unconsumed_tail
    except zlib.error:  # encrypted, or broken: pdfium makes the best of it
        pass
    return size, bytes(kept)


def open_document(body: bytes, max_pages: int) -> PdfDocument:
    """Open a file, with the empty password where it is encrypted.

    Raises:
        UnreadableError: A password is needed, it is broken, or it has too many pages.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == _PASSWORD:
            msg = "PDF: encrypted, a password is needed. Ask the publisher for an open copy."
        elif code == _SECURITY:
            msg = "PDF: encrypted in an unknown way. Ask the publisher for an open copy."
        else:
            msg = f"PDF: cannot be opened ({error}). Broken or cut off: fetch it again."
        raise UnreadableError(msg) from error
    count = len(document)
    if count > max_pages:
        document.close()
        raise UnreadableError(_TOO_LONG.format(count, max_pages))
    if count == 0:
        document.close()
        msg = "PDF: it has no pages. Broken or cut off: fetch it again."
        raise UnreadableError(msg)
    return document


def facts_of(document: PdfDocument) -> Facts:
    """Return what the file says of itself."""
    import pypdfium2.raw as pdfium

    info: dict[str, str] = document.get_metadata_dict(skip_empty=True)
    return Facts(
        title=info.get("Title"),
        created=info.get("CreationDate"),
        attachments=max(0, pdfium.FPDFDoc_GetAttachmentCount(document.raw)),
        is_xfa=document.get_formtype()
        in (pdfium.FORMTYPE_XFA_FULL, pdfium.FORMTYPE_XFA_FOREGROUND),
    )


def reason_without_text(facts: Facts, letters: int, pages: int, obstacle: str | None) -> str:
    """Return why a file with (almost) no text gives no document, and what to do."""
    found = f"{letters} letters on {pages} page{'s' if pages > 1 else ''}"
    if facts.is_xfa:
        return f"PDF: an XFA form, whose pages are made by Adobe Reader only ({found}). Print it."
    if facts.attachments:
        inside = f"{facts.attachments} file{'s' if facts.attachments > 1 else ''} inside"
        return f"PDF: a portfolio, {inside} ({found}). Take them out and import each."
    if obstacle:
        return f"PDF: no text layer ({found}): a picture without text; {obstacle}."
    return f"PDF: no text layer ({found}), and nothing that could be recognised."
