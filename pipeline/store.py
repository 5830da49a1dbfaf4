"""Parquet shards: records in, records out, with the fingerprint that says whether they still hold.

Schemas derive from the dataclasses of ``records``. A file is written whole or not at all. Its
metadata carry the fingerprint and the counts of the stage that wrote it.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.paths import atomic_write

Record = TypeVar("Record")
FINGERPRINT = b"cityaccords.fingerprint"
COUNTS = b"cityaccords.counts"
ROWS_PER_GROUP = 1_000  # one row group per full shard: a shard closes at 1,000 captures
_SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}


class BrokenShardError(Exception):
    """A shard cannot be read. The message names the file and how to mend it."""


def _arrow_type(hint: Any) -> pa.DataType:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if dataclasses.is_dataclass(hint):
        return pa.struct(list(schema_of(cast("Hashable", hint))))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return pa.list_(_arrow_type(arguments[0]))
    if origin in (types.UnionType, typing.Union):
        return _arrow_type(next(a for a in arguments if a is not type(None)))
    msg = f"no Parquet type for {hint!r}"
    raise TypeError(msg)


@cache
def schema_of(record_type: Hashable) -> pa.Schema:
    """Return the Parquet schema of a record type, fields in the order of the class."""
    hints = typing.get_type_hints(record_type)
    fields: list[pa.Field[Any]] = []
    for field in dataclasses.fields(cast("Any", record_type)):
        hint = hints[field.name]
        nullable = type(None) in typing.get_args(hint)
        fields.append(pa.field(field.name, _arrow_type(hint), nullable=nullable))
    return pa.schema(fields)


@cache
def _reader(hint: Any) -> Any:
    """Return a function that makes the Python value of ``hint`` from what Arrow gives, or None."""
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        readers = {f.name: _reader(hints[f.name]) for f in dataclasses.fields(hint)}
        make = cast("Any", hint)

        def build(row: Mapping[str, Any]) -> Any:
            return make(
                **{k: (row[k] if read is None else read(row[k])) for k, read in readers.items()}
            )

        return build
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        inner = _reader(arguments[0])
        return tuple if inner is None else lambda values: tuple(inner(v) for v in values)
    if origin in (types.UnionType, typing.Union):
        inner = _reader(next(a for a in arguments if a is not type(None)))
        return None if inner is None else lambda value: None if value is None else inner(value)
    return None


@cache
def _writer(hint: Any) -> Any:
    """Return a function that makes of a value of ``hint`` what Arrow takes, or None.

    `dataclasses.asdict` copies every value deeply, which takes four times as long.
    """
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        writers = [(f.name, _writer(hints[f.name])) for f in dataclasses.fields(hint)]

        def take(value: Any) -> dict[str, Any]:
            return {
                k: (getattr(value, k) if write is None else write(getattr(value, k)))
                for k, write in writers
            }

        return take
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        inner = _writer(arguments[0])
        return None if inner is None else lambda values: [inner(v) for v in values]
    if origin in (types.UnionType, typing.Union):
        inner = _writer(next(a for a in arguments if a is not type(None)))
        return None if inner is None else lambda value: None if value is None else inner(value)
    return None


def write_records(
    path: Path,
    record_type: type[Record],
    rows: Iterable[Record],
    *,
    fingerprint: str = "",
    counts: Mapping[str, int] | None = None,
) -> int:
    """Write ``rows`` as one Parquet file and return how many there were.

    Args:
        path: Where the file goes; replaced atomically.
        record_type: A dataclass of ``records``.
        rows: Its instances, in the order to keep.
        fingerprint: What the rows depend on (see ``engine``); read back by `fingerprint_of`.
        counts: What the stage saw, forwarded and rejected.

    Raises:
        OSError: The disk is full or the folder cannot be written. The old file, if any, is intact.
    """
    plain = _writer(cast("Hashable", record_type))
    table = pa.Table.from_pylist([plain(r) for r in rows], schema_of(cast("Hashable", record_type)))
    metadata = {FINGERPRINT: fingerprint.encode(), COUNTS: json.dumps(dict(counts or {})).encode()}
    table = table.replace_schema_metadata(metadata)
    with atomic_write(path) as handle:
        pq.write_table(table, handle, compression="zstd", row_group_size=ROWS_PER_GROUP)
    return int(table.num_rows)


def read_records(path: Path, record_type: type[Record]) -> list[Record]:
    """Read all records of one file.

    Raises:
        BrokenShardError: The file is cut or is of another type.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"{path}: not a readable Parquet file ({error}). Delete it and run the stage again."
        raise BrokenShardError(msg) from error
    if table.schema.remove_metadata() != schema_of(cast("Hashable", record_type)):
        msg = f"{path}: written by another version. Delete it and run the stage again."
        raise BrokenShardError(msg)
    make = _reader(cast("Hashable", record_type))
    return [make(row) for row in table.to_pylist()]


def record_of(record_type: type[Record], row: Mapping[str, Any]) -> Record:
    """Return the record that a row of an Arrow table is."""
    made: Record = _reader(cast("Hashable", record_type))(row)
    return made


def read_all(paths: Iterable[Path], record_type: type[Record]) -> Iterator[Record]:
    """Yield the records of several files, one file in memory at a time."""
    for path in paths:
        if path.exists():
            yield from read_records(path, record_type)


def _metadata(path: Path) -> dict[bytes, bytes]:
    try:
        return pq.read_schema(path).metadata or {}
    except (pa.ArrowInvalid, OSError):
        return {}  # a cut or missing file has no fingerprint, so its stage runs again


def fingerprint_of(path: Path) -> str:
    """Return the fingerprint in a file's metadata, or an empty string where there is none."""
    return _metadata(path).get(FINGERPRINT, b"").decode()


def counts_of(path: Path) -> dict[str, int]:
    """Return the counts that the stage left in a file's metadata."""
    return {str(k): int(v) for k, v in json.loads(_metadata(path).get(COUNTS, b"{}")).items()}
