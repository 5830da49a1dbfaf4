"""Choose the reader of a payload, by its first bytes before its declared type.

A PDF served as ``text/html`` is a PDF. Readers of foreign formats run in a killable child
(`read_frame`): their input and output cross as JSON and bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict

from pipeline.office import DOCX, is_docx
from pipeline.readers import Payload, Published, Reading, Remark, Selectors, UnreadableError

HTML, PDF, TEXT = "text/html", "application/pdf", "text/plain"
RECORD = "application/vnd.cityaccords.document+json"
SNIFF_BYTES = 1_024  # a PDF's mark stands within the first kilobyte
_HTML_START = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,900}?-->\s*)*<(?:!doctype\s+html|html|head|body|div|meta|title)\b",
    re.IGNORECASE | re.DOTALL,
)
_FOREIGN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a media file"),
    (b"PK\x03\x04", "a ZIP archive or another office file: convert it to PDF or DOCX"),
    (b"\xd0\xcf\x11\xe0", "an old or an encrypted office file: convert it to PDF or DOCX"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"{\\rtf", "an RTF file: convert it to PDF or text"),
)  # fmt: skip


def kind_of(payload: Payload) -> str:
    """Return the media type that a payload truly has.

    Raises:
        UnreadableError: It is empty, or of a kind that has no reader.
    """
    declared = payload.media_type.partition(";")[0].strip().lower()
    head = payload.body[:SNIFF_BYTES]
    if not payload.body.strip(b"\x00 \t\r\n"):
        msg = "empty: the answer has no content"
        raise UnreadableError(msg)
    if declared == RECORD:
        return RECORD
    if is_docx(payload.body):
        return DOCX
    if b"%PDF-" in head:
        return PDF
    for mark, name in _FOREIGN:
        if head.startswith(mark):
            msg = f"not a document: {name} (declared {declared or 'nothing'})"
            raise UnreadableError(msg)
    if declared in (HTML, "application/xhtml+xml") or _HTML_START.match(head):
        return HTML
    if declared == PDF:
        msg = "PDF: declared as one, but does not begin like one. Broken: fetch it again."
        raise UnreadableError(msg)
    if declared.startswith("text/") and b"\x00" not in head:
        return TEXT
    msg = f"not a document: no reader for {declared or 'an undeclared type'}"
    raise UnreadableError(msg)


def reader_of(kind: str) -> Callable[[Payload], Reading]:
    """Return the reader for a media type of `kind_of`. This is the registry."""
    from pipeline.readers.docx import read_docx
    from pipeline.readers.html import read_html
    from pipeline.readers.json_document import read_json_document
    from pipeline.readers.pdf import read_pdf
    from pipeline.readers.text import read_text

    readers = {
        HTML: read_html,
        PDF: read_pdf,
        DOCX: read_docx,
        TEXT: read_text,
        RECORD: read_json_document,
    }
    return readers[kind]


def needs_sandbox(kind: str) -> bool:
    """Tell whether a kind is parsed by foreign code that may hang, crash or eat memory."""
    return kind in (HTML, PDF, DOCX)


def encode_payload(payload: Payload, kind: str) -> bytes:
    """Pack a payload for the child: a line of JSON, then the body."""
    head = {
        "kind": kind,
        "media_type": payload.media_type,
        "url": payload.url,
        "timezone": payload.timezone,
        "languages": payload.languages,
        "hint_published": payload.hint_published,
        "fetched_at": payload.fetched_at,
        "pdf_pages": payload.pdf_pages,
        "selectors": asdict(payload.selectors) if payload.selectors else None,
    }
    return json.dumps(head).encode() + b"\n" + payload.body


def read_frame(frame: bytes) -> bytes:
    """Read one packed payload; the answer is the reading, or why there is none, as JSON."""
    line, _, body = frame.partition(b"\n")
    head = json.loads(line)
    kind = head.pop("kind")
    chosen = head.pop("selectors")
    if chosen is not None:
        chosen = Selectors(**(chosen | {"remove": tuple(chosen["remove"])}))
    head |= {"languages": tuple(head["languages"]), "selectors": chosen}
    payload = Payload(body=body, **head)
    try:
        return json.dumps(asdict(reader_of(kind)(payload)), ensure_ascii=True).encode()
    except UnreadableError as error:
        return json.dumps({"refused": str(error)}).encode()


def _warm_up() -> None:
    """Import what the readers need, before the sandbox counts memory and time."""
    import lxml.etree
    import numpy
    import pypdfium2
    import selectolax.lexbor
    import trafilatura

    del lxml, numpy, pypdfium2, selectolax, trafilatura


read_frame.warm_up = _warm_up  # type: ignore[attr-defined]


def decode_reading(answer: bytes) -> Reading:
    """Unpack the child's answer.

    Raises:
        UnreadableError: The reader refused the payload.
        ValueError: The answer is not one of ours.
    """
    try:
        data = json.loads(answer)
        if "refused" in data:
            raise UnreadableError(str(data["refused"]))
        published = data.pop("published")
        remarks = tuple(Remark(**remark) for remark in data.pop("remarks"))
        return Reading(
            published=Published(**published) if published else None, remarks=remarks, **data
        )
    except (KeyError, TypeError) as error:
        msg = f"not a reading: {error!r}"
        raise ValueError(msg) from error
