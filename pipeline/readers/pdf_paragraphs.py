"""Lines of PDF pages to paragraphs: headers out, hyphens mended, lines joined, rows kept."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from pipeline.readers.pdf_letters import Line

EDGE_LINES = 3  # a running header or footer is among the first or last three lines of a page
REPEATED = 0.6  # share of the pages that must have it
SPARE_LETTERS = 2  # a word that would have fitted by less may have been kept off by its exact width
INDENT = 0.03  # share of the column by which the first line of a paragraph is set in
SAME_HEIGHT = 0.15  # letters of one size; a heading of larger ones does not widen the column
BIG_GAP = 1.6  # a distance between lines of so many times the usual one begins a paragraph
NEIGHBOURS = 12  # lines before and after that show how wide the column is
INDENT_POINTS = (
    40.0  # first-line indents and list items begin at most so far from the column's edge
)
_PAGE_NUMBER = re.compile(
    r"^\W*(?:page|halaman|hal|hlm|p)?\.?\s*\d{1,4}(?:\s*(?:of|dari|/|-)\s*\d{1,4})?\W*$",
    re.IGNORECASE,
)
LETTERHEAD_LINES = 9  # name of the state, of the office and of its part, address, contacts, motto
LETTERHEAD_CHARS = 140
LETTERHEAD_SMALL = 3  # words without a capital; a sentence has more
_CONTACT = re.compile(
    r"(?i)\b(?:tel(?:p|epon|ephone)?|phone|hp|fax|faks(?:imile)?|facsimile|kode\s+pos|kotak\s+pos"
    r"|e-?mail|surel|pos-?el|laman|website|situs)\b\W*\S*[\d@.(+]|www\.\w|https?://|\w@\w+\.\w"
)
_OFFICE = re.compile(
    r"(?i)\W*(?:pemerintah|kabupaten|kota|provinsi|propinsi|republik|kementerian|sekretariat|dinas"
    r"|badan|bagian|kantor|bupati|wali\s?kota|gubernur|dewan|kecamatan|kelurahan|universitas"
    r"|city\s+of|city\s+hall|county|prefecture|ministry|department|office|government|council"
    r"|republic|municipality|mayor|embassy|kedutaan|news\s+release|press\s+release|media\s+release"
    r"|siaran\s+pers|for\s+immediate\s+release)\b(?!.*[.!?:]$)"
)
_ADDRESS = re.compile(
    r"(?i)\W*(?:jalan|jln?\b|gedung|kompleks|komplek|\d+\s+\w+\s+(?:street|avenue|road)\b)|^[\w\s.-]{2,40}\d{5}$"
)
_BULLET = re.compile(r"^(?:[•‣▪●◦∙·*–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])\s+")
_ARTICLE = re.compile(r"^(?:PASAL|ARTICLE|BAB|CHAPTER|BAGIAN)\s+[\dIVXLC]+\b")
_ARTICLE_SMALL = re.compile(r"^(?:Pasal|Article|Bab|Chapter)\s+[\dIVXLC]+\.?$")
_END = re.compile(r"[.!?:;][\"”’')\]]*$")
_HYPHENS = ("-", "\u2010", "\u00ad", "\x02", "\ufffe")
_SOFT = ("\u00ad", "\x02", "\ufffe")  # the file itself says that the word goes on
_LAST_WORD = re.compile(r"([^\W\d_]+)$")
_FIRST_WORD = re.compile(r"^([^\W\d_]+)")
_LETTERS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def without_running_lines(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Drop page numbers, and lines at the edge of most pages (their numbers may differ)."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_mask(line.text) for line in page[:EDGE_LINES] + page[-EDGE_LINES:]})
    need = max(2, REPEATED * len(pages))
    kept = []
    for page in pages:
        edges = set(range(EDGE_LINES)) | set(range(len(page) - EDGE_LINES, len(page)))
        kept.append(
            [
                line
                for i, line in enumerate(page)
                if not (
                    i in edges and (counts[_mask(line.text)] >= need or _is_number(line, i, page))
                )
            ]
        )
    return kept


def without_letterhead(pages: list[list[Line]]) -> list[list[Line]]:
    """Drop who wrote and where they are reached from the head of the first page.

    A letterhead ends with a line of telephone, post or network addresses, and what stands above it
    is short lines that begin with an office's name or an address. Anything else keeps the head.
    """
    if not pages:
        return pages
    head = pages[0][:LETTERHEAD_LINES]
    last = max((i for i, line in enumerate(head) if _CONTACT.search(line.text)), default=-1)
    while last >= 0 and not all(_is_letterhead(line.text) for line in head[: last + 1]):
        last = max((i for i in range(last) if _CONTACT.search(head[i].text)), default=-1)
    rest = pages[0][last + 1 :]
    return [rest, *pages[1:]] if last >= 0 and rest else pages


def _is_letterhead(text: str) -> bool:
    running = sum(1 for w in text.split() if w[:1].islower() and w.isalpha() and len(w) > 2)
    is_short = len(text) <= LETTERHEAD_CHARS and running <= LETTERHEAD_SMALL
    return is_short and bool(_CONTACT.search(text) or _OFFICE.match(text) or _ADDRESS.match(text))


def _mask(text: str) -> str:
    return re.sub(r"\d+", "#", text).strip().casefold()


def _is_number(line: Line, index: int, page: Sequence[Line]) -> bool:
    return index in (0, len(page) - 1) and _PAGE_NUMBER.match(line.text) is not None


def _join(before: str, after: str, known: Counter[str]) -> str:
    """Join two lines of a paragraph.

    A hyphen at the end of a line stays where the word is known with it ("kerja-sama"), where both
    halves are one word (Indonesian plural: "undang-undang") or where it joins names; otherwise it
    was put there by the typesetter.
    """
    if not before.endswith(_HYPHENS):
        return f"{before} {after}"
    stem = before[:-1]
    head, tail = _LAST_WORD.search(stem), _FIRST_WORD.match(after)
    if not head or not tail:
        return f"{stem}-{after}" if not stem.endswith(" ") else f"{before} {after}"
    whole, hyphened = head[1] + tail[1], f"{head[1]}-{tail[1]}"
    if known[whole.casefold()]:
        return stem + after
    doubled = head[1].casefold() == tail[1].casefold() or tail[1].casefold().startswith(
        head[1].casefold()
    )
    if known[hyphened.casefold()] or doubled or tail[1][0].isupper():
        return f"{stem}-{after}"
    return stem + after


def _ends_paragraph(lines: Sequence[Line], index: int, step: float) -> bool:
    """Tell whether a paragraph ends after the line at ``index``, by what can be seen cheaply."""
    line, after = lines[index], lines[index + 1]
    if line.is_row or after.is_row or _BULLET.match(after.text) or _is_article(line, after):
        return True
    is_small, is_end = after.text[:1].islower(), _END.search(line.text) is not None
    distance = line.bottom - after.bottom
    if line.top == 0.0 == after.top or distance < 0:
        # No geometry, or the next column or page that goes on above: full stops only
        return is_end and not is_small
    if abs(line.height - after.height) > SAME_HEIGHT * max(line.height, after.height):
        return not is_small and not line.text.endswith(_HYPHENS)
    if step and distance > BIG_GAP * step:
        return not is_small
    if is_small and not is_end:
        return False
    left, right = _column(lines, index)
    indented = after.left > left + INDENT * (right - left) >= line.left
    return _had_room(line, after, right) or (indented and is_end)


def _is_article(line: Line, after: Line) -> bool:
    """Tell whether a heading of an article begins, or one of a line of its own ends.

    In running text an article that is referred to may stand at the beginning of a line, but not in
    capitals, and not alone.
    """
    return any(_ARTICLE_SMALL.match(n.text) for n in (line, after)) or bool(
        _ARTICLE.match(after.text)
    )


def _had_room(line: Line, after: Line, right: float) -> bool:
    """Tell whether the next word would have fitted on this line: then the break is meant."""
    letter = (line.right - line.left) / max(1, len(line.text))
    word = after.text.split(None, 1)[0]
    return line.right + (len(word) + 1 + SPARE_LETTERS) * letter < right


def paragraphs(pages: Sequence[list[Line]]) -> str:
    """Return the text of a document, one paragraph or table row per line."""
    lines = [line for page in pages for line in page]
    if not lines:
        return ""
    known = Counter(word.casefold() for line in lines for word in _LETTERS.findall(line.text))
    steps = [a.bottom - b.bottom for a, b in pairwise(lines) if 0 < a.bottom - b.bottom < 60]
    step = statistics.median(steps) if steps else 0.0
    result = [lines[0].text]
    for index, after in enumerate(lines[1:]):
        if _ends_paragraph(lines, index, step):
            result.append(after.text)
        else:
            result[-1] = _join(result[-1], after.text, known)
    return "\n".join(_tidy(text) for text in result)


def _column(lines: Sequence[Line], index: int) -> tuple[float, float]:
    """Return the edges of the column around a line: of the neighbours that begin where it does."""
    line = lines[index]
    near = lines[max(0, index - NEIGHBOURS) : index + NEIGHBOURS]
    same = [
        n
        for n in near
        if abs(n.left - line.left) <= INDENT_POINTS
        and abs(n.height - line.height) <= SAME_HEIGHT * max(n.height, line.height)
        and not n.is_row
    ]
    return min((n.left for n in same), default=line.left), max(
        (n.right for n in same), default=line.right
    )


def _tidy(text: str) -> str:
    for mark in _SOFT:
        text = text.replace(mark, "")
    return " ".join(text.split())
