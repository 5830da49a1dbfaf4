"""How full each column is and how often each category stands, counted from the CSV files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.codebook import Codebook
from pipeline.schema import SEPARATOR, Column, Table, values_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCounts:
    """One column: how many cells are filled, its extremes and the counts of its categories.

    ``least`` and ``most`` are empty for columns that are neither numbers nor dates.
    """

    column: Column
    filled: int
    least: str
    most: str
    categories: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class _Tally:
    """What is counted of one column while the rows pass."""

    column: Column
    values: tuple[str, ...]
    filled: int = 0
    least: str = ""
    most: str = ""
    seen: Counter[str] | None = None

    def add(self, text: str) -> None:
        """Count one filled cell."""
        self.filled += 1
        if self.seen is not None:
            self.seen.update(text.split(SEPARATOR) if self.column.many else (text,))
        elif self.column.type in ("integer", "number"):
            self.least = min(self.least or text, text, key=float)
            self.most = max(self.most or text, text, key=float)
        elif _is_date(self.column):
            self.least = min(self.least or text, text)
            self.most = max(self.most, text)


def count_columns(
    table: Table, rows: Iterable[Sequence[str]], codebook: Codebook
) -> tuple[int, tuple[ColumnCounts, ...]]:
    """Return the number of rows, and the counts of each column.

    Args:
        table: Its columns.
        rows: Its cells as text; read once, none is held.
        codebook: For the categories; those that do not occur are counted as 0.
    """
    tallies = [_Tally(c, values_of(c, codebook)) for c in table.columns]
    for tally in tallies:
        if tally.values or tally.column.type == "boolean":
            tally.seen = Counter()
    number = 0
    for cells in rows:
        number += 1
        for tally, text in zip(tallies, cells, strict=True):
            if text:
                tally.add(text)
    return number, tuple(_counts(t) for t in tallies)


def _counts(tally: _Tally) -> ColumnCounts:
    seen = tally.seen or Counter()
    # Free values of a boolean stand in the alphabet's order, categories in the codebook's.
    names = tally.values or tuple(sorted(seen))
    return ColumnCounts(
        column=tally.column,
        filled=tally.filled,
        least=tally.least,
        most=tally.most,
        categories=tuple((name, seen[name]) for name in names),
    )


def _is_date(column: Column) -> bool:
    """Dates sort as text; they are the columns whose pattern begins with a year."""
    return column.pattern.startswith(("[0-9X]{4}", r"\d{4}"))
