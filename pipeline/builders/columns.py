"""Records by the thousand: from Arrow columns, and to nested lists and back.

A million mentions are twenty million small records. Made one by one, each by its own call with
named arguments, they take most of a build's time; made column by column, every field in one call
of the interpreter's own loops, they take a fifth of it. The records are the same.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

_Record = TypeVar("_Record")
_PLAIN = {str, int, float, bool, bytes, type(None)}


def _fields(record: Any) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a record type, each with its type."""
    return _fields_of(record)


@cache
def _fields_of(record: Hashable) -> tuple[tuple[str, Any], ...]:
    hints = typing.get_type_hints(record)
    fields = dataclasses.fields(typing.cast("Any", record))
    return tuple((f.name, hints[f.name]) for f in fields)


@cache
def _setters(record: Hashable) -> tuple[Callable[[Any, Any], None], ...]:
    """Return what writes the slots of a frozen record while it is being made."""
    return tuple(getattr(record, name).__set__ for name, _ in _fields(record))


def made(record: type[_Record], columns: Iterable[Sequence[Any]], count: int) -> list[_Record]:
    """Return records made of their columns, in the order of the class's fields.

    Args:
        record: A slotted dataclass without a ``__post_init__``: nothing of its own may run.
        columns: The values of each field, ``count`` of them.
        count: How many records.
    """
    found = [record.__new__(record) for _ in range(count)]
    for put, values in zip(_setters(typing.cast("Hashable", record)), columns, strict=True):
        deque(map(put, found, values), maxlen=0)
    return found


def _item(hint: Any) -> Any:
    """Return the type of what a tuple of any length holds, None for everything else."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return arguments[0]
    return None


def _sliced(flat: Sequence[Any], counts: Iterable[int]) -> Iterator[tuple[Any, ...]]:
    return (tuple(flat[a:b]) for a, b in pairwise(accumulate(counts, initial=0)))


def _refuse_other(hint: Any) -> None:
    """Raise TypeError for a field that a list of plain values would not give back as it was."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if not set(options) <= _PLAIN:
        msg = f"no plain form for {hint!r}"
        raise TypeError(msg)


def plain(values: Sequence[Any], hint: Any) -> Sequence[Any]:
    """Return values of a type as nested tuples of plain values, which JSON can hold.

    Raises:
        TypeError: The type has a field that is neither plain, nor a record, nor a tuple of such.
    """
    if not values:
        return []
    if dataclasses.is_dataclass(hint):
        columns = [
            plain(list(map(attrgetter(name), values)), inner) for name, inner in _fields(hint)
        ]
        return list(zip(*columns, strict=True))
    item = _item(hint)
    if item is not None:
        if item in _PLAIN:
            return values
        flat = plain(list(chain.from_iterable(values)), item)
        return list(_sliced(flat, map(len, values)))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)
        columns = [plain(list(c), h) for c, h in zip(zip(*values, strict=True), inner, strict=True)]
        return list(zip(*columns, strict=True))
    _refuse_other(hint)
    return values


def built(values: Sequence[Any], hint: Any) -> Sequence[Any]:
    """Return what `plain` made nested lists of."""
    if not values:
        return []
    if dataclasses.is_dataclass(hint):
        columns = zip(*values, strict=True)
        inner = (h for _, h in _fields(hint))
        made_of = [built(c, h) for c, h in zip(columns, inner, strict=True)]
        return made(typing.cast("type[Any]", hint), made_of, len(values))
    item = _item(hint)
    if item is not None:
        if item in _PLAIN:
            return list(map(tuple, values))
        flat = built(list(chain.from_iterable(values)), item)
        return list(_sliced(flat, map(len, values)))
    if typing.get_origin(hint) is tuple:
        parts = zip(zip(*values, strict=True), typing.get_args(hint), strict=True)
        return list(zip(*(built(c, h) for c, h in parts), strict=True))
    return values


def records_in(table: pa.Table, record: type[_Record]) -> list[_Record]:
    """Return the records that the rows of a table are; its columns are the record's fields."""
    columns = [
        _arrow_values(table.column(name).combine_chunks(), hint) for name, hint in _fields(record)
    ]
    return made(record, columns, table.num_rows)


def _arrow_values(array: Any, hint: Any) -> Sequence[Any]:
    if hasattr(array, "chunks"):  # no chunk at all, or several that could not be one
        return [v for chunk in array.chunks for v in _arrow_values(chunk, hint)]
    if dataclasses.is_dataclass(hint):
        parts = zip(array.flatten(), _fields(hint), strict=True)
        columns = [_arrow_values(part, inner) for part, (_, inner) in parts]
        return made(typing.cast("type[Any]", hint), columns, len(array))
    item = _item(hint)
    if item is not None:
        counts = (b - a for a, b in pairwise(array.offsets.to_pylist()))
        return list(_sliced(_arrow_values(array.flatten(), item), counts))
    if str in (hint, *typing.get_args(hint)) or not array.null_count:
        # An object array is made in one go; `to_pylist` makes a scalar of every cell first.
        values: list[Any] = array.to_numpy(zero_copy_only=False).tolist()
        return values
    listed: list[Any] = array.to_pylist()
    return listed
