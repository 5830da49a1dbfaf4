"""Parquet: one file per table, with types, compressed by zstd.

Dates stay text (EDTF is no calendar day), and so does a cell with several values: the long tables
have them one by one. Missing is null.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.exporters.release import Release
from pipeline.schema import Table

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 50_000  # rows held at a time: 20 to 60 MB of text, and groups large enough to compress


def schema_of(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table; a column's description stands in its metadata."""
    import pyarrow as pa

    types = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    return pa.schema(
        [
            pa.field(
                column.name,
                types.get(column.type, pa.string()),
                nullable=not column.required,
                metadata={"description": column.description},
            )
            for column in table.columns
        ],
        metadata={"title": table.title, "description": table.description},
    )


def write(release: Release, path: Path) -> None:
    """Write the table that the file is named after.

    Raises:
        ValueError: A cell is no value of its column's type.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = release.table(path.stem)
    schema = schema_of(table)
    values = release.values(table)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(values, GROUP)):
            columns = zip(*group, strict=True)
            arrays = [
                pa.array(list(column), type=field.type)
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
