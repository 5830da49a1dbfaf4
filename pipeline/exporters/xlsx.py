"""XLSX: one sheet per table, and a first sheet that says what they hold.

Text is written as text, never as a formula, a number or a link. Where it begins like a formula
the cell also has Excel's quote prefix, so that it stays text when somebody edits it. Cells that
Excel cannot hold are cut, and say so. The same cells give the same bytes: the date of creation is
the data's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.exporters.datapackage import version_of
from pipeline.exporters.release import Release, Value, without_controls
from pipeline.schema import Column, Table

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

ROWS = 1_048_576  # of a sheet, with its header: Excel's limit
CHARACTERS = 32_767  # UTF-16 units of a cell: Excel's limit
EXACT = 2**53  # Excel's numbers are doubles: a larger integer is written as text
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CUT = " […]"
_LONGEST_NAME = 31  # characters of a sheet's name: Excel's limit
_WIDEST, _NARROWEST = 48, 9  # characters of a column: quotes stay readable, counts stay narrow
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # of an empty dataset; any fixed day would do


def write(release: Release, path: Path, *, rows: int = ROWS) -> None:
    """Write the workbook.

    Args:
        release: What to write.
        path: The file.
        rows: Lines that a sheet may have, with its header and the note on what is left out.
    """
    from xlsxwriter import Workbook

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as scratch:
        options = {"constant_memory": True, "tmpdir": scratch, "use_zip64": True}
        with Workbook(str(path), options) as workbook:
            workbook.set_properties(
                {
                    "title": f"City Accords: {release.dataset}",
                    "comments": "CC BY 4.0",
                    "created": _created(release),
                }
            )
            _Book(workbook, release, rows).write()


class _Book:
    """A workbook, its formats and its limits."""

    def __init__(self, workbook: Workbook, release: Release, rows: int) -> None:
        self._workbook, self._release, self._rows = workbook, release, rows
        self._bold = workbook.add_format({"bold": True, "bg_color": "#E6F0EF", "bottom": 1})
        self._text = workbook.add_format({"num_format": "@"})
        self._quoted = workbook.add_format({"num_format": "@", "quote_prefix": True})

    def write(self) -> None:
        """Write all sheets."""
        self._about()
        for table in self._release.tables:
            self._sheet(table)

    def _about(self) -> None:
        sheet = self._workbook.add_worksheet("About")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 2, 12)
        sheet.set_column(3, 3, 100)
        lines: list[Sequence[Value]] = [
            (f"City Accords: {self._release.dataset}",),
            (f"Version {version_of(self._release.created)}, CC BY 4.0",),
            ("Dates and ids are text; an empty cell is unknown; codebook.html explains columns.",),
            (),
            ("Sheet", "Rows", "Shown", "What it holds"),
        ]
        for table in self._release.tables:
            count, shown = self._count(table), self._shown(table)
            left = f" Only {shown:,} of {count:,} rows fit; {table.file} has them all."
            note = table.description + (left if shown < count else "")
            lines.append((table.name, count, shown, note))
        for number, line in enumerate(lines):
            for column, value in enumerate(line):
                bold = number in (0, 4)
                self._cell(sheet, number, column, value, self._bold if bold else None)

    def _count(self, table: Table) -> int:
        return self._release.facts[table.file].rows

    def _shown(self, table: Table) -> int:
        """Return how many rows a sheet shows: all, or what fits beside header and note."""
        count = self._count(table)
        return count if count <= self._rows - 1 else self._rows - 2

    def _sheet(self, table: Table) -> None:
        sheet = self._workbook.add_worksheet(table.name[:_LONGEST_NAME])
        sheet.freeze_panes(1, 1)
        count, shown = self._count(table), self._shown(table)
        for number, column in enumerate(table.columns):
            sheet.set_column(number, number, _width(column))
            self._cell(sheet, 0, number, column.name, self._bold)
        for number, values in enumerate(self._first(table, shown), start=1):
            for column_number, value in enumerate(values):
                self._cell(sheet, number, column_number, value, None)
        sheet.autofilter(0, 0, max(shown, 1), len(table.columns) - 1)
        if shown < count:
            sheet.set_tab_color("#B8772A")
            note = f"{count - shown:,} more rows do not fit on a sheet: see {table.file}"
            self._cell(sheet, shown + 1, 0, note, self._bold)

    def _first(self, table: Table, count: int) -> Iterator[list[Value]]:
        for number, values in enumerate(self._release.values(table)):
            if number == count:
                return
            yield values

    def _cell(self, sheet: Worksheet, row: int, column: int, value: Value, form: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value, form)
        elif isinstance(value, int | float) and abs(value) <= EXACT:
            sheet.write_number(row, column, value, form)
        else:
            text = fitted(str(value))
            form = form or (self._quoted if text.startswith(FORMULA) else self._text)
            sheet.write_string(row, column, text, form)


def fitted(text: str) -> str:
    """Return a text as Excel can hold it: at most 32,767 units, lines that end in a line feed."""
    text = without_controls(text).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) * 2 > CHARACTERS:  # only then can it be too long
        units = text.encode("utf-16-le")
        if len(units) // 2 > CHARACTERS:
            room = 2 * (CHARACTERS - len(CUT))
            text = units[:room].decode("utf-16-le", "ignore") + CUT
    return text


def _width(column: Column) -> int:
    if column.type != "string" or column.pattern:
        return max(_NARROWEST, min(len(column.name) + 4, 24))
    return _WIDEST if column.name in ("quote", "evidence", "text", "label", "title") else 24


def _created(release: Release) -> datetime:
    moment = datetime.fromisoformat(release.created) if release.created else _EARLIEST
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
