"""Lines of a PDF page in reading order, with their boxes.

Pages of one column keep the order of the file (the fast way: geometry for the ends of each line
only). Where the boxes of a page show gaps, its characters are gathered into words, a vertical strip
that most rows leave free is sought, and the columns beside it are read one after the other (a
recursive cut of the page, Nagy & Seth 1984, with words in place of pixels). Cells of a table stay
rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from pipeline.readers.pdf_letters import Box, Line, turned

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

GUTTER_EMS = 0.8  # least width of a gutter, in letter sizes; a word space has about 0.3
CELL_EMS = 0.8  # least gap between two cells of a row
GUTTER_LINES = 4  # least number of rows on either side of a gutter
CLEAR = 0.85  # share of the rows with a gap that must leave it free
ALIGNED_GAPS = 3  # so many rows with a gap at one place make a page worth the layout pass
MAX_DEPTH = 3  # eight columns are more than any release has
PROSE_FILL = 0.6  # a column of prose fills its width; cells of a table do not
PROSE_WORDS = 4
NARROW_WORDS = 2
GOING_ON = 0.6  # share of lines that begin small; cells mostly begin with capitals or digits
MAX_RECTS = 5_000  # a page with more runs of text is a drawing: no columns are sought


def _boxes(textpage: PdfTextPage, turn: int) -> list[Box]:
    """Return the boxes of the page's runs of text, upright."""
    count = textpage.count_rects()
    if count > MAX_RECTS:
        return []
    boxes = [textpage.get_rect(i) for i in range(count)]
    return [turned(box, turn) for box in boxes] if turn else boxes


def _box_rows(
    boxes: Sequence[Box],
) -> list[list[Box]]:
    """Group boxes into rows whose vertical extents overlap by half."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda b: -(b[1] + b[3])):
        middle = (box[1] + box[3]) / 2
        if rows and rows[-1][0][1] <= middle <= rows[-1][0][3]:
            rows[-1].append(box)
        else:
            rows.append([box])
    return rows


def has_gaps(textpage: PdfTextPage, turn: int) -> bool:
    """Tell cheaply if a page may have columns or a table: rows with a wide gap at one place."""
    edges: list[tuple[float, int]] = []
    for row in _box_rows(_boxes(textpage, turn)):
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


Row = list[Line]


def rows_of(words: Sequence[Line]) -> list[Row]:
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
    size = int(right - left) + 2
    changes = [0] * (size + 1)
    for row in rows:
        for word in row:
            changes[max(0, int(word.left - left))] += 1
            changes[min(size, int(word.right - left) + 1)] -= 1
    cover = list(accumulate(changes[:size]))
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
    """Tell running text from cells: it fills its width and has several words to a line.

    A narrow column has few words to a line, but most of its lines go on in the middle of a
    sentence.
    """
    width = max(r[-1].right for r in side) - min(r[0].left for r in side)
    fill = statistics.median((r[-1].right - r[0].left) / max(1.0, width) for r in side)
    count = statistics.median(len(r) for r in side)
    if fill < PROSE_FILL or count < NARROW_WORDS:
        return False
    going_on = sum(1 for row in side if row[0].text[:1].islower())
    return count >= PROSE_WORDS or going_on >= GOING_ON * len(side)


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
    rows, em = rows_of(words), _em(words)
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
