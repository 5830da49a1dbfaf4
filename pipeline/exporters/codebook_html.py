"""``codebook.html``: every column and category with its counts, on one page without network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.exporters.counts import ColumnCounts, count_columns
from pipeline.exporters.datapackage import version_of
from pipeline.exporters.page import page_of
from pipeline.exporters.release import Release
from pipeline.schema import Table

ROLES = {
    "key": "key",
    "source": "as published or archived",
    "coded": "coded: has its words in evidence",
    "derived": "derived",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One file as the page shows it."""

    table: Table
    rows: int
    columns: tuple[ColumnCounts, ...]


def write(release: Release, path: Path) -> None:
    """Write the page."""
    tables = [
        Shown(table, *count_columns(table, release.cells(table), release.codebook))
        for table in release.tables
    ]
    page = page_of(
        "codebook.html",
        dataset=release.dataset,
        version=version_of(release.created),
        codebook=release.codebook,
        tables=tables,
        uses={name: _uses(tables, name) for name in release.codebook.dimensions},
        roles=ROLES,
    )
    path.write_bytes(page)


def _uses(tables: list[Shown], dimension: str) -> list[tuple[str, dict[str, int]]]:
    """Return the columns that a dimension's categories stand in, and how often each does."""
    return [
        (f"{shown.table.name}.{counts.column.name}", dict(counts.categories))
        for shown in tables
        for counts in shown.columns
        if counts.column.dimension == dimension
    ]
