"""PDF to text: pre-flight, text by pdfium, layout and recognition where pages need them.

The pre-flight refuses what would take minutes or gigabytes; what it cannot tell must end by the
limits of the sandbox.
"""

from __future__ import annotations

import re
import statistics

from pipeline.readers import Payload, Published, Reading, Remark, UnreadableError
from pipeline.readers.html_blocks import size_of
from pipeline.readers.pdf_letters import Line
from pipeline.readers.pdf_pages import MIN_LETTERS, Page, PageReader
from pipeline.readers.pdf_paragraphs import paragraphs, without_letterhead, without_running_lines
from pipeline.readers.pdf_preflight import (
    check_streams,
    facts_of,
    open_document,
    reason_without_text,
)
from pipeline.readers.pdf_scans import Recogniser
from pipeline.readers.pdf_second import SecondReader
from pipeline.readers.published import Judge, date_in_release, month_first

MIN_CHARS = 100  # a release of two sentences
BIG_LINE = 1.15  # a title's letters are so many times those of the body
TITLE_LINES = 3
FILE_NAME = re.compile(
    r"(?i)^(?:microsoft \w+ - .*|untitled.*|document\d*|\(?anonymous\)?"
    r"|.*\.(?:docx?|pdf|xlsx?|pptx?|indd|cdr|odt|rtf))$"
)


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


def _quality(pages: list[Page]) -> float | None:
    """Return the quality of all letters; what came as text is perfect. None where all did."""
    if all(page.quality is None for page in pages):
        return None
    total = sum(page.letters for page in pages)
    sure = sum(page.letters * (1.0 if page.quality is None else page.quality) for page in pages)
    return round(sure / total, 4) if total else None


def read_pdf(payload: Payload) -> Reading:
    """Read one PDF.

    Raises:
        UnreadableError: Encrypted, broken, too long, a bomb, a scan that cannot be recognised, or
            (almost) empty.
    """
    check_streams(payload.body)
    document = open_document(payload.body, payload.pdf_pages)
    remarks: list[Remark] = []
    recogniser = Recogniser(payload.languages)
    try:
        facts = facts_of(document)
        pages = PageReader(recogniser, remarks, SecondReader(payload.body)).read(document)
    finally:
        document.close()
    letters = sum(page.letters for page in pages)
    if letters < MIN_LETTERS * len(pages):
        obstacle = recogniser.obstacle or (remarks[0].reason if remarks else None)
        raise UnreadableError(reason_without_text(facts, letters, len(pages), obstacle))
    lines = without_letterhead(without_running_lines([page.lines for page in pages]))
    title, used = _title(lines, facts.title)
    text = paragraphs([lines[0][used:], *lines[1:]])
    if size_of(text) < MIN_CHARS:
        msg = f"too short: {size_of(text)} letters of text, at least {MIN_CHARS} needed"
        raise UnreadableError(msg)
    published = _published(text, payload, facts.created, remarks)
    return Reading(
        text=text,
        reader="pdf:ocr" if any(page.is_recognised for page in pages) else "pdf",
        title=title,
        published=published,
        text_quality=_quality(pages),
        remarks=tuple(remarks),
    )
