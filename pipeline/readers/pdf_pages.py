"""Pages of a PDF to lines: the cheapest way that each page allows.

A page of one column is taken in the order of the file; gaps, jumps and letters set apart bring the
layout pass; a page without text, or with codes for text, is recognised as a picture.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.readers import Remark
from pipeline.readers.pdf_layout import has_gaps, in_reading_order, rows_of
from pipeline.readers.pdf_letters import (
    Letters,
    Line,
    asides,
    grade,
    plain_lines,
    unligated,
    unshifted,
    words_of,
)
from pipeline.readers.pdf_scans import (
    MIN_QUALITY,
    Recogniser,
    has_hidden_text,
    is_picture,
)
from pipeline.readers.pdf_second import SecondReader
from pipeline.readers.pdf_tables import MIN_ROWS, fill, is_inside, placed, rules_of, tables_of

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

MIN_LETTERS = 20  # fewer: a page number, a stamp on a scan
GARBAGE = 0.55  # below this grade a page is codes, not text; the worst real page measured had 0.8
DOUBTFUL = 0.75  # a layer under a scan with a lower grade is recognised again
JUMPS = 3  # so many lines that stand above the one before: the file's order is not that of reading
OUTLINES = 300  # drawn objects on a page without letters: its text may be drawn as curves
SPACED_RUN = 5  # so many single letters in a row are a word set wide, not a list
_SPACED = re.compile(r"(?<!\S)(?:[^\W\d_][ \xa0]{1,3}){4}[^\W\d_](?!\S)")
_WIDE_GAP = 1.6  # a gap of so many times the usual one parts two words set wide


@dataclass(slots=True)
class Page:
    """Lines of a page; ``quality`` (0 to 1) is None where they came as text."""

    lines: list[Line]
    quality: float | None = None
    is_recognised: bool = False

    @property
    def letters(self) -> int:
        """Number of letters."""
        return sum(len(n.text) for n in self.lines)


@dataclass(slots=True)
class PageReader:
    """Reads the pages of one document and notes what it could not read."""

    recogniser: Recogniser
    remarks: list[Remark]
    second: SecondReader
    _missed: dict[str, list[int]] = field(default_factory=dict)

    def read(self, document: PdfDocument) -> list[Page]:
        """Return all pages; one that cannot be read is empty, and a remark says why."""
        import pypdfium2

        pages = []
        for number in range(len(document)):
            try:
                page = document[number]
                textpage = page.get_textpage()
                pages.append(self._page(page, textpage, number + 1))
                textpage.close()
                page.close()
            except pypdfium2.PdfiumError as error:
                self._miss(f"not readable ({error})", number + 1)
                pages.append(Page([]))
        for reason, numbers in self._missed.items():
            self.remarks.append(
                Remark(field="text", value=f"page {_ranges(numbers)}", reason=reason)
            )
        return pages

    def _miss(self, reason: str, number: int) -> None:
        self._missed.setdefault(reason, []).append(number)

    def _page(self, page: PdfPage, textpage: PdfTextPage, number: int) -> Page:
        letters = Letters(textpage)
        if letters.too_many:
            self._miss("more letters than a page can have: the rest was not read", number)
        solid = len(letters.text) - letters.text.count(" ")
        if solid < MIN_LETTERS:
            lines = _lines(page, textpage, letters) if solid else []
            if is_picture(page) or _is_drawn(page):
                return self._recognised(page, lines, number, "a picture without text")
            return Page(lines)
        score, is_mended = grade(letters.text), False
        if score < GARBAGE:
            mended = unshifted(letters.text)
            if mended is None:
                return self._again(page, number)
            letters.text, score, is_mended = mended, grade(mended), True
        lines = _lines(page, textpage, letters)
        if is_picture(page) and has_hidden_text(page):
            if score < DOUBTFUL:
                return self._recognised(page, lines, number, "a poor layer of text under a scan")
            return Page(lines, quality=score)
        return Page(lines, quality=score if is_mended or score < DOUBTFUL else None)

    def _again(self, page: PdfPage, number: int) -> Page:
        """Return a page of codes as another program gives its letters, else as it is recognised."""
        words = self.second.read(number) or []
        score = grade(" ".join(w.text for w in words))
        if len(words) >= MIN_LETTERS and score >= DOUBTFUL:
            return Page(in_reading_order(words), quality=score)
        return self._recognised(page, [], number, "its letters are codes without meaning")

    def _recognised(self, page: PdfPage, lines: list[Line], number: int, what: str) -> Page:
        """Return a page as it is recognised; as it was where that does not go or gives less."""
        found = self.recogniser.read(page)
        if found is None:
            self._miss(f"{what}; {self.recogniser.obstacle}", number)
            return Page(lines)
        count = sum(len(n.text) for n in found.lines)
        if count < MIN_LETTERS:
            return Page(lines)
        if found.quality < MIN_QUALITY:
            reason = f"{what}, recognised too poorly ({found.quality:.2f}): not used"
            self._miss(reason, number)
            return Page(lines)
        return Page(found.lines, quality=found.quality, is_recognised=True)


def _ranges(numbers: Sequence[int]) -> str:
    """Write page numbers short: "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)


def _is_drawn(page: PdfPage) -> bool:
    """Tell whether a page without letters has so much drawn on it that it may be text."""
    import pypdfium2.raw as pdfium

    return bool(pdfium.FPDFPage_CountObjects(page.raw) >= OUTLINES)


def _lines(page: PdfPage, textpage: PdfTextPage, letters: Letters) -> list[Line]:
    """Return a page's lines in reading order."""
    lines: list[Line] | None = None
    is_spaced = _SPACED.search(letters.text) is not None
    gaps = has_gaps(textpage, letters.turn)
    if not gaps and not is_spaced:
        lines = plain_lines(letters)
        if _jumps(lines) >= JUMPS:
            lines = None
    if lines is None:
        words = words_of(letters)
        lines = _laid_out(page, _closed_up(words) if is_spaced else words, letters, gaps=gaps)
    lines += asides(letters)
    for line in lines:
        line.text = unligated(line.text)
    return lines


def _jumps(lines: Sequence[Line]) -> int:
    return sum(1 for a, b in pairwise(lines) if b.bottom > a.top)


def _laid_out(page: PdfPage, words: list[Line], letters: Letters, *, gaps: bool) -> list[Line]:
    """Order the words of a page; those in ruled tables go cell by cell, where cells wrap."""
    lines = in_reading_order(words)
    if not gaps or _is_clean(lines) or not (rules := rules_of(page, letters.turn)).is_grid():
        return lines
    tables = []
    for table in tables_of(rules):
        inside = [w for w in words if is_inside(w, table.box)]
        if inside and fill(table, inside):
            tables.append(table)
            taken = {id(w) for w in inside}
            words = [w for w in words if id(w) not in taken]
    if tables:
        lines = in_reading_order(words)
    for table in sorted(tables, key=lambda t: -t.box[3]):
        lines = placed(lines, table)
    return lines


def _is_clean(lines: Sequence[Line]) -> bool:
    """Tell whether all rows of a table follow one another: then no cell of it wraps."""
    rows = [index for index, line in enumerate(lines) if line.is_row]
    return len(rows) >= MIN_ROWS and rows[-1] - rows[0] == len(rows) - 1


def _closed_up(words: list[Line]) -> list[Line]:
    """Join letters that are set apart ("K E R J A") to words, by the gaps between them."""
    found: list[Line] = []
    for row in rows_of(words):
        run: list[Line] = []
        for word in [*row, None]:
            if word is not None and len(word.text) == 1 and word.text.isalpha():
                run.append(word)
                continue
            found += _joined(run)
            run = []
            if word is not None:
                found.append(word)
    return found


def _joined(run: list[Line]) -> list[Line]:
    if len(run) < SPACED_RUN:
        return run
    gaps = [max(0.0, b.left - a.right) for a, b in pairwise(run)]
    wide = max(_WIDE_GAP * statistics.median(gaps), 1.0)
    words = [run[0]]
    for gap, letter in zip(gaps, run[1:], strict=True):
        last = words[-1]
        if gap > wide:
            words.append(letter)
            continue
        box = (last.left, min(last.bottom, letter.bottom), letter.right, max(last.top, letter.top))
        words[-1] = Line(last.text + letter.text, *box)
    return words
