"""What every format is written from: the CSV files of a release, and what is known of them.

The CSV files are written first. Each other format reads them back a row at a time, so all of them
hold the same cells and none of them holds the dataset in memory.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.codebook import Codebook
from pipeline.exporters.csvtext import FIELD_LIMIT
from pipeline.exporters.datapackage import FileFacts
from pipeline.schema import Column, Table

Value = str | int | float | bool | None
LARGEST_INTEGER = 2**63 - 1  # what Parquet and SQLite hold in an integer column
# All that XML 1.0 forbids (section 2.2), which JSON, HTML and Excel cannot show either.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A folder with all CSV files of a dataset.

    ``created`` is the newest retrieval of a document: the only date that a file may hold.
    """

    folder: Path
    dataset: str
    tables: Sequence[Table]
    facts: Mapping[str, FileFacts]
    codebook: Codebook
    created: str | None
    software: str

    def table(self, name: str) -> Table:
        """Return the table of this name.

        Raises:
            KeyError: The dataset has none: a mistake in code.
        """
        return {t.name: t for t in self.tables}[name]

    def cells(self, table: Table) -> Iterator[list[str]]:
        """Yield the rows of a table as they stand in its CSV file, without the header."""
        csv.field_size_limit(FIELD_LIMIT)
        with (self.folder / table.file).open(encoding="utf-8", newline="") as handle:
            reader = csv.reader(handle)
            next(reader, None)
            yield from reader

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a table by column."""
        table = self.table(name)
        for cells in self.cells(table):
            yield dict(zip(table.header, cells, strict=True))

    def values(self, table: Table) -> Iterator[list[Value]]:
        """Yield the rows of a table with the types of its columns."""
        columns = table.columns
        for cells in self.cells(table):
            yield [typed(column, text) for column, text in zip(columns, cells, strict=True)]


def typed(column: Column, text: str) -> Value:
    """Return the value of a cell: empty is missing, a cell that breaks its type is an error.

    Raises:
        ValueError: The cell is no value of the column's type: a mistake in the export.
    """
    if not text:
        return None
    if column.type == "integer":
        number = int(text)
        if abs(number) > LARGEST_INTEGER:
            msg = f"{column.name}: {text} does not fit into 64 bits"
            raise ValueError(msg)
        return number
    if column.type == "number":
        value = float(text)
        return value if math.isfinite(value) else None
    if column.type == "boolean":
        return {"true": True, "false": False}[text]
    return text


def without_controls(text: str) -> str:
    """Replace what XML cannot hold by the replacement character, so that a reader sees the gap."""
    return _NOT_XML.sub("\ufffd", text)
