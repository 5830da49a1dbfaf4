"""Lines of a PDF page in reading order, with their boxes.

Pages of one column keep the order of the file (the fast way: geometry for the ends of each line
only). Where the boxes of a page show gaps, its characters are gathered into words, a vertical strip
that most rows leave free is sought, and the columns beside it are read one after the other (a
recursive cut of the page, Nagy & Seth 1984, with words in place of pixels). Cells of a table stay
rows.
"""

from __future__ import annotations

import ctypes
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

GUTTER_EMS = 0.8  # least width of a gutter, in letter sizes; a word space has about 0.3
CELL_EMS = 0.8  # least gap between two cells of a row
GUTTER_LINES = 4  # least number of rows on either side of a gutter
CLEAR = 0.85  # share of the rows with a gap that must leave it free
ALIGNED_GAPS = 3  # so many rows with a gap at one place make a page worth the layout pass
MERGED = "\ufffe"
MAX_DEPTH = 3  # eight columns are more than any release has
PROSE_FILL = 0.6  # a column of prose fills its width; cells of a table do not
PROSE_WORDS = 4
MAX_RECTS = 5_000  # a page with more runs of text is a drawing: no columns are sought


@dataclass(slots=True)
class Line:
    """One line of text. Coordinates in points, the origin at the lower left corner of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    is_row: bool = False

    @property
    def height(self) -> float:
        """Height of the line's letters."""
        return self.top - self.bottom


def _boxes(textpage: PdfTextPage) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the page's runs of text."""
    count = textpage.count_rects()
    if count > MAX_RECTS:
        return []
    return [textpage.get_rect(i) for i in range(count)]


def _box_rows(
    boxes: Sequence[tuple[float, float, float, float]],
) -> list[list[tuple[float, float, float, float]]]:
    """Group boxes into rows whose vertical extents overlap by half."""
    rows: list[list[tuple[float, float, float, float]]] = []
    for box in sorted(boxes, key=lambda b: -(b[1] + b[3])):
        middle = (box[1] + box[3]) / 2
        if rows and rows[-1][0][1] <= middle <= rows[-1][0][3]:
            rows[-1].append(box)
        else:
            rows.append([box])
    return rows


def has_gaps(textpage: PdfTextPage) -> bool:
    """Tell cheaply if a page may have columns or a table: rows with a wide gap at one place."""
    edges: list[tuple[float, int]] = []
    for row in _box_rows(_boxes(textpage)):
        row.sort()
        height = max(b[3] - b[1] for b in row)
        reach = row[0][2]
        for left, _, right, _ in row[1:]:
            if left - reach > GUTTER_EMS * height:
                edges += [(reach, 1), (left, -1)]
            reach = max(reach, right)
    open_gaps = 0
    for _, change in sorted(edges):
        open_gaps += change
        if open_gaps >= ALIGNED_GAPS:
            return True
    return False


class _CharBoxes:
    """Asks pdfium for the box of a letter: as wide as its advance, as high as its font."""

    def __init__(self, textpage: PdfTextPage) -> None:
        import pypdfium2.raw as pdfium

        self._ask, self._page = pdfium.FPDFText_GetLooseCharBox, textpage.raw
        self._rect = pdfium.FS_RECTF()
        self._pointer = ctypes.byref(self._rect)

    def box(self, index: int) -> tuple[float, float, float, float]:
        """Return left, bottom, right and top of the letter at ``index``."""
        self._ask(self._page, index, self._pointer)
        rect = self._rect
        return rect.left, rect.bottom, rect.right, rect.top


def plain_lines(textpage: PdfTextPage) -> list[Line]:
    """Return the lines in the order of the file, with the box from first to last letter."""
    count = textpage.count_chars()
    text = textpage.get_text_range()
    ask = _CharBoxes(textpage)
    exact = len(text) == count  # surrogate pairs shift the indices: then no geometry is claimed
    lines: list[Line] = []
    start = 0
    # Where a line ends inside a word, pdfium writes U+FFFE and runs the lines together.
    for raw in re.findall(rf"[^\n{MERGED}]*[\n{MERGED}]?", text):
        stripped = raw.strip()
        if stripped:
            first = start + len(raw) - len(raw.lstrip())
            last = start + len(raw.rstrip()) - 1
            if exact:
                left, bottom, right, top = ask.box(first)
                _, bottom2, right2, top2 = ask.box(last)
                lines.append(
                    Line(stripped, left, min(bottom, bottom2), max(right, right2), max(top, top2))
                )
            else:
                lines.append(Line(stripped, 0.0, 0.0, 0.0, 0.0))
        start += len(raw)
    return lines


def words_of(textpage: PdfTextPage) -> list[Line]:
    """Gather the page's characters into words with their boxes, in the order of the file."""
    found: list[Line] = []
    letters: list[str] = []
    box: list[float] | None = None
    ask = _CharBoxes(textpage)
    for index, character in enumerate(textpage.get_text_range()):
        if character.isspace():
            _close(found, letters, box)
            box = None
            continue
        left, bottom, right, top = ask.box(index)
        if box is not None and _breaks(box, left, bottom, top):
            _close(found, letters, box)
            box = None
        letters.append(character)
        if box is None:
            box = [left, bottom, right, top]
        elif right > left:
            box = [min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top)]
    _close(found, letters, box)
    return found


def _breaks(box: list[float], left: float, bottom: float, top: float) -> bool:
    """Tell whether a letter belongs to another word: a jump to the side or to another line."""
    height = max(box[3] - box[1], top - bottom, 1.0)
    middle = (bottom + top) / 2
    return (
        abs(left - box[2]) > height or not box[1] - 0.5 * height <= middle <= box[3] + 0.5 * height
    )


def _close(found: list[Line], letters: list[str], box: list[float] | None) -> None:
    if letters and box is not None:
        left, bottom, right, top = box
        found.append(Line("".join(letters), left, bottom, right, top))
    letters.clear()


Row = list[Line]


def _rows(words: Sequence[Line]) -> list[Row]:
    """Group words into rows from the top of the page down, words from left to right."""
    rows: list[Row] = []
    bounds: list[tuple[float, float]] = []
    for word in sorted(words, key=lambda w: -(w.bottom + w.top)):
        middle = (word.bottom + word.top) / 2
        if rows and bounds[-1][0] <= middle <= bounds[-1][1]:
            rows[-1].append(word)
            bounds[-1] = (min(bounds[-1][0], word.bottom), max(bounds[-1][1], word.top))
        else:
            rows.append([word])
            bounds.append((word.bottom, word.top))
    for row in rows:
        row.sort(key=lambda w: w.left)
    return rows


def _em(words: Sequence[Line]) -> float:
    """Return the usual height of the letters."""
    return max(1.0, statistics.median(w.height for w in words))


def _gutter(rows: Sequence[Row], em: float) -> tuple[float, float] | None:
    """Find the vertical strip that most rows with a gap leave free, enough on either side.

    Gaps between words fall anywhere in running text; only columns and cells leave one strip free.
    """
    left = min(w.left for row in rows for w in row)
    right = max(w.right for row in rows for w in row)
    cover = [0] * (int(right - left) + 2)
    for row in rows:
        for word in row:
            for x in range(
                max(0, int(word.left - left)), min(len(cover), int(word.right - left) + 1)
            ):
                cover[x] += 1
    allowed = (1 - CLEAR) * len(rows)
    best, begin = None, None
    for x, count in enumerate([*cover[:-1], len(rows) + 1]):
        if count <= allowed:
            begin = x if begin is None else begin
            continue
        if begin is not None and begin > 0 and x - begin >= GUTTER_EMS * em:
            strip = (left + begin, left + x)
            sides = _sides(rows, strip)
            if min(sides) >= GUTTER_LINES and (best is None or min(sides) > best[0]):
                best = (min(sides), strip)
        begin = None
    return best[1] if best else None


def _sides(rows: Sequence[Row], strip: tuple[float, float]) -> tuple[int, int]:
    """Count the rows with words on the left and on the right of a strip."""
    middle = sum(strip) / 2
    return sum(r[0].right <= middle for r in rows), sum(r[-1].left >= middle for r in rows)


def _crosses(row: Row, strip: tuple[float, float]) -> bool:
    """Tell whether a row runs across the strip: through it, or past it with a word space."""
    begin, end = strip
    middle = (begin + end) / 2
    if any(w.left < middle < w.right for w in row):
        return True
    before = [w.right for w in row if w.right <= middle]
    behind = [w.left for w in row if w.left >= middle]
    return bool(before and behind) and min(behind) - max(before) < 0.6 * (end - begin)


def _is_prose(side: Sequence[Row]) -> bool:
    """Tell running text from cells: it fills its width and has several words to a line."""
    width = max(r[-1].right for r in side) - min(r[0].left for r in side)
    fill = statistics.median((r[-1].right - r[0].left) / max(1.0, width) for r in side)
    return fill >= PROSE_FILL and statistics.median(len(r) for r in side) >= PROSE_WORDS


def _line(row: Row, em: float, *, is_row: bool) -> Line:
    """Make one line of a row's words; in a table, a bar stands where cells divide."""
    text = row[0].text
    for before, word in pairwise(row):
        is_cell = is_row and word.left - before.right > CELL_EMS * em
        text += f" | {word.text}" if is_cell else f" {word.text}"
    box = (row[0].left, min(w.bottom for w in row), row[-1].right, max(w.top for w in row))
    return Line(text, *box, is_row=is_row and " | " in text)


def in_reading_order(words: Sequence[Line], depth: int = 0) -> list[Line]:
    """Order words: across the page what is wide, then column by column; tables by rows."""
    if not words:
        return []
    rows, em = _rows(words), _em(words)
    gapped = [
        row for row in rows if any(b.left - a.right >= GUTTER_EMS * em for a, b in pairwise(row))
    ]
    strip = _gutter(gapped, em) if len(gapped) >= GUTTER_LINES and depth < MAX_DEPTH else None
    if strip is None:
        return [_line(row, em, is_row=False) for row in rows]
    lines: list[Line] = []
    band: list[Row] = []
    for row in rows:
        if _crosses(row, strip):
            lines += _band(band, strip, em, depth)
            lines.append(_line(row, em, is_row=False))
            band = []
        else:
            band.append(row)
    return lines + _band(band, strip, em, depth)


def _band(band: Sequence[Row], strip: tuple[float, float], em: float, depth: int) -> list[Line]:
    """Order the rows between two lines that run across."""
    middle = sum(strip) / 2
    left = [side for row in band if (side := [w for w in row if w.right <= middle])]
    right = [side for row in band if (side := [w for w in row if w.right > middle])]
    if not left or not right:
        return in_reading_order([w for row in band for w in row], depth + 1)
    if _is_prose(left) and _is_prose(right):
        words = ([w for row in side for w in row] for side in (left, right))
        return [line for side in words for line in in_reading_order(side, depth + 1)]
    return [_line(row, em, is_row=True) for row in band]
