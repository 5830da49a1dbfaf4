"""SQLite: all tables in one file, with types, keys, foreign keys, indexes and a view of quotes.

The same cells give the same bytes with the same SQLite: rows are written in the order of the CSV
files, in one go, and nothing holds the clock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipeline.exporters.release import Release
from pipeline.schema import Column, Table, values_of

_TYPES = {"integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}
_SETTINGS = (
    "PRAGMA page_size = 4096",
    "PRAGMA encoding = 'UTF-8'",
    # The file is a draft until the whole release is renamed: a journal would only cost time.
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = OFF",  # tables come in the order of the CSV files, not of their links
)
_VIEW = """CREATE VIEW cell_quotes AS
-- A cell, the words that it rests on, and the document in which they stand.
SELECT e.record_type, e.record_id, e.field, e.value, e.basis, e.quote,
       e.doc_id, d.url, d.title, d.source_id, d.published, e.capture_id, e.start, e."end",
       e.is_superseded
FROM evidence AS e LEFT JOIN documents AS d ON d.doc_id = e.doc_id"""
_COLUMNS = """CREATE TABLE codebook_columns (
  "table" TEXT NOT NULL, "column" TEXT NOT NULL, type TEXT NOT NULL, role TEXT NOT NULL,
  description TEXT NOT NULL, rule TEXT, dimension TEXT, PRIMARY KEY ("table", "column"))"""
_CATEGORIES = """CREATE TABLE codebook_categories (
  dimension TEXT NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, definition TEXT NOT NULL,
  PRIMARY KEY (dimension, id))"""


def write(release: Release, path: Path) -> None:
    """Write the database.

    Raises:
        ValueError: A cell is no value of its column's type, or two rows have one key.
    """
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in _SETTINGS:
            database.execute(statement)
        database.execute("BEGIN")
        for table in release.tables:
            database.execute(_create(release, table))
            _fill(database, release, table)
        for table in release.tables:
            for statement in _indexes(table):
                database.execute(statement)
        _codebook(database, release)
        if {"evidence", "documents"} <= {t.name for t in release.tables}:
            database.execute(_VIEW)
        database.execute("COMMIT")


def _create(release: Release, table: Table) -> str:
    lines = [_column(release, c) for c in table.columns]
    if has_key(table):
        lines.append(f"PRIMARY KEY ({_names(table.key)})")
    known = {t.name for t in release.tables}
    for column, target in table.foreign.items():
        other, field = target.split(".")
        if other in known:
            lines.append(f'FOREIGN KEY ("{column}") REFERENCES "{other}" ("{field}")')
    # A key of many columns (evidence has nine) would otherwise be stored twice.
    stored = " WITHOUT ROWID" if has_key(table) and len(table.key) > 1 else ""
    return f'CREATE TABLE "{table.name}" (\n  ' + ",\n  ".join(lines) + f"\n){stored}"


def _column(release: Release, column: Column) -> str:
    parts = [f'"{column.name}"', _TYPES.get(column.type, "TEXT")]
    if column.required:
        parts.append("NOT NULL")
    values = values_of(column, release.codebook)
    if column.type == "boolean":
        parts.append(f'CHECK ("{column.name}" IN (0, 1))')
    elif values and not column.many:
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        parts.append(f'CHECK ("{column.name}" IN ({listed}))')
    return " ".join(parts)


def has_key(table: Table) -> bool:
    """Tell whether a table's key is a primary key: unique, and no part of it may be empty."""
    return table.unique and set(table.key) <= {c.name for c in table.columns if c.required}


def _fill(database: sqlite3.Connection, release: Release, table: Table) -> None:
    places = ", ".join("?" * len(table.columns))
    values = release.values(table)
    try:
        # The table's name is a constant of the schema, never data.
        database.executemany(f'INSERT INTO "{table.name}" VALUES ({places})', values)  # noqa: S608
    except sqlite3.IntegrityError as error:
        msg = f"{table.file}: {error}"
        raise ValueError(msg) from error


def _indexes(table: Table) -> Iterator[str]:
    """Yield an index per link to another table, and one of the key where it is not the primary."""
    for column in table.foreign:
        if not (has_key(table) and table.key[0] == column):
            name = f"{table.name}_by_{column}"
            yield f'CREATE INDEX "{name}" ON "{table.name}" ("{column}")'
    if not has_key(table):
        yield f'CREATE INDEX "{table.name}_by_key" ON "{table.name}" ({_names(table.key)})'


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _codebook(database: sqlite3.Connection, release: Release) -> None:
    database.execute(_COLUMNS)
    database.execute(_CATEGORIES)
    for table in release.tables:
        for c in table.columns:
            row = (table.name, c.name, c.type, c.role, c.description, c.rule, c.dimension)
            texts = [value or None for value in row]
            database.execute("INSERT INTO codebook_columns VALUES (?, ?, ?, ?, ?, ?, ?)", texts)
    for name, dimension in release.codebook.dimensions.items():
        for category, entry in dimension.categories.items():
            database.execute(
                "INSERT INTO codebook_categories VALUES (?, ?, ?, ?)",
                (name, category, entry.label, entry.definition),
            )
