"""Tellings as JSON lines and back: what a build keeps on disk between its passes.

JSON lists in the order of the fields: a mention with fifteen pieces of evidence takes 40 µs each
way, a fifth of what nested Parquet columns take, and a line can be sorted without being read.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

from pipeline.builders.model import Telling

_Convert = Callable[[Any], Any] | None


def _parts(hint: Any) -> tuple[Any, Any]:
    """Return the dataclass or the item type within a hint: (dataclass, item)."""
    if dataclasses.is_dataclass(hint):
        return hint, None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    return None, arguments if origin is tuple else None


@cache
def _packer(hint: Any) -> _Convert:
    record, items = _parts(hint)
    if record is not None:
        hints = typing.get_type_hints(record)
        fields = [(f.name, _packer(hints[f.name])) for f in dataclasses.fields(record)]
        return lambda x: [
            getattr(x, name) if pack is None else pack(getattr(x, name)) for name, pack in fields
        ]
    if items is not None:
        inner = [_packer(i) for i in items if i is not Ellipsis]
        if len(inner) > 1:
            return lambda x: [v if p is None else p(v) for v, p in zip(x, inner, strict=True)]
        one = inner[0]
        return list if one is None else lambda x: [one(v) for v in x]
    _refuse_other(hint)
    return None


@cache
def _unpacker(hint: Any) -> _Convert:
    record, items = _parts(hint)
    if record is not None:
        hints = typing.get_type_hints(record)
        fields = [(f.name, _unpacker(hints[f.name])) for f in dataclasses.fields(record)]
        return lambda x: record(
            **{
                name: v if make is None else make(v)
                for (name, make), v in zip(fields, x, strict=True)
            }
        )
    if items is not None:
        inner = [_unpacker(i) for i in items if i is not Ellipsis]
        if len(inner) > 1:
            return lambda x: tuple(v if m is None else m(v) for v, m in zip(x, inner, strict=True))
        one = inner[0]
        return tuple if one is None else lambda x: tuple(one(v) for v in x)
    return None


def _refuse_other(hint: Any) -> None:
    """Raise TypeError for a field that JSON would not give back as it was."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if not set(options) <= {str, int, float, bool, type(None), bytes}:
        msg = f"no JSON form for {hint!r}"
        raise TypeError(msg)


def pack(telling: Telling) -> str:
    """Return a telling as one line; its document without signatures, which have their own file."""
    document = dataclasses.replace(telling.document, minhash=(), grams=b"", lead="")
    plain = _packer(Telling)
    assert plain is not None  # noqa: S101 - a dataclass always has a packer
    row = plain(dataclasses.replace(telling, document=document))
    row[_DOCUMENT][_GRAMS] = ""  # bytes have no JSON form; they were emptied above
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def unpack(line: str) -> Telling:
    """Return the telling of a line."""
    row = json.loads(line)
    row[_DOCUMENT][_GRAMS] = b""
    make = _unpacker(Telling)
    assert make is not None  # noqa: S101 - a dataclass always has an unpacker
    found = make(row)
    if not isinstance(found, Telling):
        msg = f"not a telling: {line[:60]}"
        raise TypeError(msg)
    return found


def _place(record: type, name: str) -> int:
    return [f.name for f in dataclasses.fields(record)].index(name)


_DOCUMENT = _place(Telling, "document")
_GRAMS = _place(typing.get_type_hints(Telling)["document"], "grams")
