"""PDF to text: pre-flight by pypdf, text by pdfium, a layout pass where columns need it.

The pre-flight refuses what would take minutes or gigabytes: too many pages, encryption, streams
that unpack without end. A file that pypdf cannot read may still open in pdfium (cut at the end):
then the sandbox's limits must do.
"""

from __future__ import annotations

import io
import logging
import re
import statistics
from typing import TYPE_CHECKING

from pipeline.readers import Payload, Published, Reading, Remark, UnreadableError
from pipeline.readers.html_blocks import size_of
from pipeline.readers.pdf_layout import Line, has_gaps, in_reading_order, plain_lines, words_of
from pipeline.readers.pdf_paragraphs import paragraphs, without_running_lines
from pipeline.readers.pdf_tables import TableReader, is_ruled
from pipeline.readers.published import Judge, date_in_release, month_first

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

MAX_STREAM_BYTES = 30_000_000  # unpacked content of one page: a dense map has about 5 MB
MIN_LETTERS_PER_PAGE = 20  # fewer on most pages: a scan with a stamp
MIN_CHARS = 100  # a release of two sentences
BIG_LINE = 1.15  # a title's letters are so many times those of the body
TITLE_LINES = 3
_TOO_LONG = "PDF: {} pages, at most {} are read. Raise read.pdf_pages to read it."
FILE_NAME = re.compile(
    r"(?i)^(?:microsoft \w+ - .*|untitled.*|document\d*|\(?anonymous\)?"
    r"|.*\.(?:docx?|pdf|xlsx?|pptx?|indd|cdr|odt|rtf))$"
)


def _preflight(body: bytes, max_pages: int) -> tuple[str | None, str | None]:
    """Check a file and return its title and creation date.

    Raises:
        UnreadableError: Encrypted, too long, or a decompression bomb.
    """
    from pypdf import PdfReader
    from pypdf.errors import LimitReachedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            msg = "PDF: encrypted, a password is needed. Ask the publisher for an open copy."
            raise UnreadableError(msg)
        count = len(reader.pages)
        if count > max_pages:
            raise UnreadableError(_TOO_LONG.format(count, max_pages))
        _check_streams(reader)
        info = reader.metadata
        return (info.title, str(info.get("/CreationDate") or "") or None) if info else (None, None)
    except LimitReachedError as error:
        msg = f"PDF: a stream unpacks without end ({error}). Not read."
        raise UnreadableError(msg) from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        NotImplementedError,
        OSError,
    ):
        return None, None  # a broken file: pdfium may still read it, within the sandbox's limits


def _check_streams(reader: object) -> None:
    """Unpack the content of every page, as pdfium will, under pypdf's limit per stream."""
    for page in reader.pages:  # type: ignore[attr-defined]
        contents = page.get("/Contents")
        parts = contents.get_object() if contents is not None else []
        for part in parts if isinstance(parts, list) else [parts]:
            stream = part.get_object()
            if hasattr(stream, "get_data") and len(stream.get_data()) > MAX_STREAM_BYTES:
                most = MAX_STREAM_BYTES // 1_000_000
                msg = f"PDF: a page unpacks to more than {most} MB. Not read."
                raise UnreadableError(msg)


def _page_lines(
    page: PdfPage, textpage: PdfTextPage, number: int, tables: TableReader
) -> list[Line]:
    """Return a page's lines in reading order, by the cheapest way that its layout allows."""
    if not has_gaps(textpage):
        return plain_lines(textpage)
    lines = in_reading_order(words_of(textpage))
    if _has_wrapped_cells(lines) and is_ruled(page):
        lines = tables.with_rows(number, lines)
    return lines


def _has_wrapped_cells(lines: list[Line]) -> bool:
    """Tell whether lines of a single cell stand between the rows of a table."""
    rows = [i for i, line in enumerate(lines) if line.is_row]
    return len(rows) >= 2 and rows[-1] - rows[0] >= len(rows)


def _open(body: bytes) -> PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        msg = f"PDF: cannot be opened ({error}). Broken or cut off: fetch it again."
        raise UnreadableError(msg) from error


def _read_pages(
    document: PdfDocument, body: bytes, max_pages: int, remarks: list[Remark]
) -> list[list[Line]]:
    import pypdfium2

    if len(document) > max_pages:
        raise UnreadableError(_TOO_LONG.format(len(document), max_pages))
    pages: list[list[Line]] = []
    tables = TableReader(body, remarks)
    for number in range(len(document)):
        try:
            page = document[number]
            textpage = page.get_textpage()
            pages.append(_page_lines(page, textpage, number, tables))
            textpage.close()
            page.close()
        except pypdfium2.PdfiumError as error:
            remarks.append(
                Remark(field="text", value="", reason=f"page {number + 1}: not readable ({error})")
            )
            pages.append([])
    tables.close()
    return pages


def _title(pages: list[list[Line]], stated: str | None) -> tuple[str | None, int]:
    """Return the title and how many leading lines of page 1 are it.

    The file's own title counts where the first page bears it; templates leave wrong ones behind.
    Else the title is the first line set in letters clearly larger than the body's.
    """
    head = pages[0][:12] if pages else []
    stated = " ".join((stated or "").split())
    if stated and not FILE_NAME.match(stated) and len(stated) >= 8:
        joined = ""
        for count, line in enumerate(head[:TITLE_LINES], 1):
            joined = f"{joined} {line.text}".strip()
            if joined.casefold() == stated.casefold():
                return stated, count
        if stated.casefold() in " ".join(n.text for n in head).casefold():
            return stated, 0
    heights = [n.height for page in pages[:2] for n in page if n.height > 0 and len(n.text) > 20]
    if not heights:
        return None, 0
    usual = statistics.median(heights)
    for start, line in enumerate(head):
        if line.height < BIG_LINE * usual or len(line.text) < 8 or line.is_row:
            continue
        stop = start + 1
        while (
            stop < len(head)
            and stop - start < TITLE_LINES
            and abs(head[stop].height - line.height) < 0.15 * line.height
        ):
            stop += 1
        return " ".join(n.text for n in head[start:stop]), stop if start == 0 else 0
    return None, 0


def _published(
    text: str, payload: Payload, created: str | None, remarks: list[Remark]
) -> Published | None:
    order = month_first(payload, None)
    judge = Judge(payload, order=order)
    day = date_in_release(text, order=order)
    statements = [(day, "text"), (payload.hint_published, "feed"), (judge.url_date, "url")]
    if created and (match := re.match(r"D?:?(\d{4})(\d{2})(\d{2})", created)):
        statements.append(("-".join(match.groups()), "pdf:creation-date"))
    accepted = judge.first(statements)
    remarks += judge.remarks
    return accepted


def read_pdf(payload: Payload) -> Reading:
    """Read one PDF.

    Raises:
        UnreadableError: Encrypted, broken, too long, a bomb, a scan, or (almost) empty.
    """
    stated, created = _preflight(payload.body, payload.pdf_pages)
    remarks: list[Remark] = []
    document = _open(payload.body)
    try:
        pages = _read_pages(document, payload.body, payload.pdf_pages, remarks)
    finally:
        document.close()
    letters = [sum(len(n.text) for n in page) for page in pages]
    if sum(letters) < MIN_LETTERS_PER_PAGE * max(1, len(pages)):
        found = f"{sum(letters)} letters on {len(pages)} pages"
        msg = f"PDF: no text layer (scanned?): {found}. Run OCR on it and import the result."
        raise UnreadableError(msg)
    pages = without_running_lines(pages)
    title, used = _title(pages, stated)
    text = paragraphs([pages[0][used:], *pages[1:]])
    if size_of(text) < MIN_CHARS:
        msg = f"too short: {size_of(text)} letters of text, at least {MIN_CHARS} needed"
        raise UnreadableError(msg)
    published = _published(text, payload, created, remarks)
    return Reading(
        text=text, reader="pdf", title=title, published=published, remarks=tuple(remarks)
    )
