"""What a table and a column of a dataset are; `pipeline.exporters.tables` lists them all.

The CSV headers, ``datapackage.json``, ``codebook.md`` and the checks of ``validate`` derive from
these definitions: a column is added in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.codebook import Codebook

SEPARATOR = "; "  # between the values of one cell
EDTF = r"[0-9X]{4}(-[0-9X]{2}){0,2}[~?%]?(/([0-9X]{4}(-[0-9X]{2}){0,2}[~?%]?|\.\.)?)?|\.\./.+"
HASH = r"[0-9a-f]{16}"
AGREEMENT_ID = r"CA-[0-9]{6,}"
COUNTRY = r"[A-Z]{2}"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
MONTH = r"\d{4}(-\d\d)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    ``role`` is ``key`` (names a record), ``source`` (as the publisher or the archive gives it),
    ``coded`` (rests on words: has rows in ``evidence.csv``) or ``derived`` (follows by ``rule``).
    ``dimension`` names the codebook dimension whose ids are the only values; ``values`` lists
    them where the codebook has none; ``many`` tells that the cell joins several values by ``";
    "``.
    """

    name: str
    description: str
    type: str = "string"
    role: str = "source"
    rule: str = ""
    dimension: str = ""
    values: tuple[str, ...] = ()
    pattern: str = ""
    required: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One file. ``key`` names the columns that identify a row (the rows are sorted by them)."""

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: bool = True
    foreign: Mapping[str, str]
    stage: str

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(c.name for c in self.columns)

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"

    @property
    def coded(self) -> tuple[str, ...]:
        """The columns whose cells rest on words."""
        return tuple(c.name for c in self.columns if c.role == "coded")


def values_of(column: Column, codebook: Codebook) -> tuple[str, ...]:
    """Return the only values that a column may have; empty if it is free."""
    return column.values or (codebook.ids(column.dimension) if column.dimension else ())
