"""Tables with ruled borders, whose cells may wrap over lines: read cell by cell with pdfplumber.

Slow (about 0.1 s a page), so only pages that show cells without borders' help and many ruled lines
come here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from pipeline.readers import Remark
from pipeline.readers.pdf_layout import Line

if TYPE_CHECKING:
    from pdfplumber.pdf import PDF
    from pypdfium2 import PdfPage

RULES = 8  # so many ruled lines or boxes on a page: a table with borders
MAX_TABLE_PAGES = 40  # a longer table is a register: its rows stand as they are
SLACK = 2.0  # points by which text may stick out of its cell


def is_ruled(page: PdfPage) -> bool:
    """Tell whether a page has enough drawn lines for a table with borders."""
    import pypdfium2.raw as pdfium

    drawn = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_PATH,), max_depth=2)
    return sum(1 for _ in islice(drawn, RULES)) == RULES


class TableReader:
    """Replaces the lines inside ruled tables by whole rows; opens the file when first needed."""

    def __init__(self, body: bytes, remarks: list[Remark]) -> None:
        """Prepare; what cannot be read will be added to ``remarks``."""
        self._body, self._remarks = body, remarks
        self._document: PDF | None = None
        self._left = MAX_TABLE_PAGES

    def with_rows(self, number: int, lines: list[Line]) -> list[Line]:
        """Return the lines of page ``number`` (from 0) with the rows of its ruled tables whole.

        What pdfminer cannot read stays as it was, with a remark.
        """
        if self._left <= 0:
            return lines
        self._left -= 1
        try:
            return self._replaced(number, lines)
        except Exception as error:  # pdfminer raises anything on broken files
            reason = f"page {number + 1}: table not read by cells ({type(error).__name__})"
            self._remarks.append(Remark(field="text", value="", reason=reason))
            self._left = 0
            return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._document is not None:
            self._document.close()

    def _replaced(self, number: int, lines: list[Line]) -> list[Line]:
        import pdfplumber

        if self._document is None:
            self._document = pdfplumber.open(io.BytesIO(self._body))
        page = self._document.pages[number]
        height = float(page.height)
        for table in page.find_tables():
            left, top, right, bottom = (float(x) for x in table.bbox)
            area = Line("", left, height - bottom, right, height - top)
            rows = [
                " | ".join(c for cell in row if (c := " ".join((cell or "").split())))
                for row in table.extract()
            ]
            rows = [row for row in rows if row]
            if sum(" | " in row for row in rows) >= 2:
                lines = _swap(lines, area, rows)
        page.close()
        return lines


def _swap(lines: Sequence[Line], area: Line, rows: Sequence[str]) -> list[Line]:
    """Put rows in the place of the lines inside an area."""
    inside = [i for i, line in enumerate(lines) if _is_inside(line, area)]
    if not inside:
        return list(lines)
    new = [Line(row, area.left, area.bottom, area.right, area.top, is_row=True) for row in rows]
    gone = set(inside)
    before = [line for i, line in enumerate(lines[: inside[0]]) if i not in gone]
    behind = [line for i, line in enumerate(lines) if i > inside[0] and i not in gone]
    return before + new + behind


def _is_inside(line: Line, area: Line) -> bool:
    return (
        line.left >= area.left - SLACK
        and line.right <= area.right + SLACK
        and line.bottom >= area.bottom - SLACK
        and line.top <= area.top + SLACK
    )
