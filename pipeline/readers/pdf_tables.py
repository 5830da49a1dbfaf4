"""Tables with ruled borders, whose cells may wrap over lines: read cell by cell.

The rules are the drawn lines and thin boxes of the page, as pdfium has them; a word belongs to the
cell between the nearest rules around it. This was pdfplumber's work once: the same cells at a
hundredth of its time, for it reads the whole page again in Python.
"""

from __future__ import annotations

import ctypes
import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.readers.pdf_letters import FAR, Box, Line, turned

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

MAX_OBJECTS = 20_000  # a page with more drawn objects is a map
MAX_RULES = 4_000  # a table of 300 rows with every cell drawn by itself has 3,000
MAX_SEGMENTS = 400  # of one path; a grid drawn in one go has fewer, a map's coast line more
RECTANGLE = 5  # segments of a rectangle at most
GRID = 40.0  # points: a smaller drawing of many strokes is a letter or a sign
THIN = 3.0  # points: a filled box so thin is a rule
SHORT = 5.0  # points: what is shorter is a dash or a tick
SNAP = 3.0  # points: rules so close are one, and ends so close meet
MIN_ROWS = 2
MAX_WORK = 20_000_000  # words times rules, 2 s: no table of a release comes near
PROSE_CELL = 240  # letters; a table of such cells is two texts side by side, each to be read whole
Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Rules:
    """Straight rules of a page. Each is its place across, its beginning and its end."""

    across: list[tuple[float, float, float]] = field(default_factory=list)  # y, left, right
    down: list[tuple[float, float, float]] = field(default_factory=list)  # x, bottom, top

    def add(self, box: Box) -> None:
        """Take a box: a rule where it is thin, else its four sides."""
        left, bottom, right, top = box
        width, height = right - left, top - bottom
        if height <= THIN and width >= SHORT:
            self.across.append(((bottom + top) / 2, left, right))
        elif width <= THIN and height >= SHORT:
            self.down.append(((left + right) / 2, bottom, top))
        elif min(width, height) >= SHORT:
            self.across += [(bottom, left, right), (top, left, right)]
            self.down += [(left, bottom, top), (right, bottom, top)]

    def is_grid(self) -> bool:
        """Tell whether there may be a table: rules both ways, and not too many."""
        count = len(self.across) + len(self.down)
        return len(self.across) >= 3 and len(self.down) >= 2 and count <= MAX_RULES


@dataclass(slots=True)
class Table:
    """A grid of rules that touch, and the words in it."""

    box: Box
    rules: Rules
    lines: list[Line] = field(default_factory=list)


def rules_of(page: PdfPage, turn: int) -> Rules:
    """Return the rules of a page, turned like its text."""
    rules = Rules()
    for box in _drawn(page):
        if len(rules.across) + len(rules.down) > MAX_RULES:
            break
        rules.add(turned(box, turn))
    rules.across, rules.down = _joined(rules.across), _joined(rules.down)
    return rules


def _drawn(page: PdfPage) -> Iterator[Box]:
    """Yield the boxes of what is drawn on a page and in the forms that it shows (one deep)."""
    import pypdfium2.raw as pdfium

    count = min(MAX_OBJECTS, pdfium.FPDFPage_CountObjects(page.raw))
    at, kind_of, raw = pdfium.FPDFPage_GetObject, pdfium.FPDFPageObj_GetType, page.raw
    segments, bounds = pdfium.FPDFPath_CountSegments, pdfium.FPDFPageObj_GetBounds
    left, bottom, right, top = sides = tuple(ctypes.c_float() for _ in range(4))
    asked = tuple(ctypes.byref(side) for side in sides)
    for index in range(count):
        thing = at(raw, index)
        kind = kind_of(thing)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            length = segments(thing)
            if length < 2 or not bounds(thing, *asked):
                continue
            box = left.value, bottom.value, right.value, top.value
            if length > RECTANGLE:
                if max(box[2] - box[0], box[3] - box[1]) >= GRID:
                    yield from _path(thing, IDENTITY)
            elif length > 3 or min(box[2] - box[0], box[3] - box[1]) <= THIN:
                yield box  # of a slanting line or a corner nothing
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            outer = _matrix(thing)
            for inner in range(min(MAX_OBJECTS, max(0, pdfium.FPDFFormObj_CountObjects(thing)))):
                part = pdfium.FPDFFormObj_GetObject(thing, inner)
                if kind_of(part) == pdfium.FPDF_PAGEOBJ_PATH:
                    yield from _path(part, outer)


def _matrix(thing: Any) -> Matrix:
    import pypdfium2.raw as pdfium

    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(thing, ctypes.byref(found)):
        return IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def _apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _path(thing: Any, outer: Matrix) -> Iterator[Box]:
    """Yield the boxes of the straight pieces of a path."""
    import pypdfium2.raw as pdfium

    count = pdfium.FPDFPath_CountSegments(thing)
    if not 2 <= count <= MAX_SEGMENTS:
        return
    inner = _matrix(thing)
    x, y = ctypes.c_float(), ctypes.c_float()
    here: tuple[float, float] | None = None
    start = here
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(thing, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        point = _apply(outer, *_apply(inner, x.value, y.value))
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO and here is not None:
            yield from _straight(here, point)
        here = point
        if pdfium.FPDFPathSegment_GetClose(segment) and start is not None:
            yield from _straight(here, start)
            here = start


def _straight(a: tuple[float, float], b: tuple[float, float]) -> Iterator[Box]:
    """Yield the box of a line that runs across or down; a slanting one is none."""
    width, height = abs(a[0] - b[0]), abs(a[1] - b[1])
    if min(width, height) <= 1.0 and max(width, height) >= SHORT:
        yield min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])


def _joined(rules: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Make one rule of those that lie on one line and touch: borders of cells drawn one by one."""
    rows: list[list[tuple[float, float, float]]] = []
    for rule in sorted(rules):
        if rows and rule[0] - rows[-1][0][0] <= SNAP:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    found = []
    for row in rows:
        place = statistics.median(r[0] for r in row)
        begin, end = None, 0.0
        for _, a, b in sorted(row, key=lambda r: r[1]):
            if begin is not None and a <= end + SNAP:
                end = max(end, b)
                continue
            if begin is not None:
                found.append((place, begin, end))
            begin, end = a, b
        if begin is not None:
            found.append((place, begin, end))
    return found


def tables_of(rules: Rules) -> list[Table]:
    """Return the grids: groups of rules that cross or touch, with at least two rows."""
    groups: list[tuple[set[int], set[int]]] = []
    for i, (y, left, right) in enumerate(rules.across):
        touching = {
            j
            for j, (x, bottom, top) in enumerate(rules.down)
            if left - SNAP <= x <= right + SNAP and bottom - SNAP <= y <= top + SNAP
        }
        if not touching:
            continue
        rows = {i}
        for group in [g for g in groups if g[1] & touching]:
            rows |= group[0]
            touching |= group[1]
            groups.remove(group)
        groups.append((rows, touching))
    found = []
    for rows, columns in groups:
        across, down = [rules.across[i] for i in rows], [rules.down[j] for j in columns]
        if len(across) > MIN_ROWS and len(down) >= 2:
            box = (
                min(r[1] for r in across),
                min(r[0] for r in across),
                max(r[2] for r in across),
                max(r[0] for r in across),
            )
            found.append(Table(box, Rules(sorted(across), sorted(down))))
    return found


def _cell_of(
    word: Line, rules: Rules, places: tuple[list[float], list[float]]
) -> tuple[float, float]:
    """Return top and left of the cell around a word; ``places`` are those of the sorted rules."""
    x, y = (word.left + word.right) / 2, (word.bottom + word.top) / 2
    top, left = FAR, -FAR
    for index in range(bisect_left(places[0], y), len(places[0])):
        place, begin, end = rules.across[index]
        if begin <= x <= end:
            top = place
            break
    for index in range(bisect_right(places[1], x) - 1, -1, -1):
        place, begin, end = rules.down[index]
        if begin <= y <= end:
            left = place
            break
    return top, left


def fill(table: Table, words: Sequence[Line]) -> bool:
    """Put words into a table as its lines; tell whether it has rows of cells (else it is a frame).

    A cell that begins lower than others of its row stands in the row where it begins.
    """
    if len(words) * (len(table.rules.across) + len(table.rules.down)) > MAX_WORK:
        return False
    cells: dict[float, dict[float, list[Line]]] = {}
    places = [r[0] for r in table.rules.across], [r[0] for r in table.rules.down]
    for word in words:
        top, left = _cell_of(word, table.rules, places)
        cells.setdefault(top, {}).setdefault(left, []).append(word)
    rows = [[row[left] for left in sorted(row)] for _, row in sorted(cells.items(), reverse=True)]
    if sum(1 for row in rows if len(row) >= 2) < MIN_ROWS:
        return False
    sizes = [sum(len(w.text) for w in cell) for row in rows for cell in row]
    if statistics.median(sizes) > PROSE_CELL:
        return False
    for row in rows:
        text = " | ".join(" ".join(w.text for w in in_lines(cell)) for cell in row)
        words_in = [w for cell in row for w in cell]
        box = (
            min(w.left for w in words_in),
            min(w.bottom for w in words_in),
            max(w.right for w in words_in),
            max(w.top for w in words_in),
        )
        table.lines.append(Line(text, *box, is_row=" | " in text))
    return True


def in_lines(words: Sequence[Line]) -> list[Line]:
    """Return the words of a cell line by line."""
    rows: list[list[Line]] = []
    for word in sorted(words, key=lambda w: -(w.bottom + w.top)):
        middle = (word.bottom + word.top) / 2
        if rows and rows[-1][0].bottom <= middle <= rows[-1][0].top:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [word for row in rows for word in sorted(row, key=lambda w: w.left)]


def is_inside(word: Line, box: Box) -> bool:
    """Tell whether the middle of a word lies in a box."""
    x, y = (word.left + word.right) / 2, (word.bottom + word.top) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def placed(lines: list[Line], table: Table) -> list[Line]:
    """Put a table's rows where its head is: before the first line below it in its column.

    A line beside the table is of another column; one that is narrower and below is of its own.
    """
    left, bottom, right, top = table.box
    above = True
    for index, line in enumerate(lines):
        middle = (line.bottom + line.top) / 2
        is_over = line.right > left and line.left < right
        if middle < top and (is_over or (above and middle < bottom)):
            return [*lines[:index], *table.lines, *lines[index:]]
        above = middle >= top
    return [*lines, *table.lines]
