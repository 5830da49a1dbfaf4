"""Tellings as JSON lines and back: what a build keeps on disk between its passes.

A line holds the values of the fields in their order, nested as the records are. It can be sorted
and moved without being read. Lines are made and read by the hundred, column by column.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable, Sequence

from pipeline.builders.columns import built, plain
from pipeline.builders.model import DocumentFacts, Telling
from pipeline.builders.resolve import Node

# What a line does not hold: signatures of the text, which have a file of their own.
_EMPTIED: dict[str, object] = {"minhash": (), "grams": "", "lead": ""}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack(tellings: Sequence[Telling]) -> list[str]:
    """Return each telling as one line; its document without signatures."""
    rows = plain(tellings, Telling)
    return [_encode((*r[:_DOCUMENT], _light(r[_DOCUMENT]), *r[_DOCUMENT + 1 :])) for r in rows]


def unpack(lines: Iterable[str]) -> list[Telling]:
    """Return the telling of each line."""
    rows = [json.loads(line) for line in lines]
    for row in rows:
        row[_DOCUMENT][_GRAMS] = b""  # bytes have no JSON form
    return typing.cast("list[Telling]", list(built(rows, Telling)))


def unpack_node(line: str) -> Node:
    """Return the node of a party from its JSON list."""
    referent, core, kind, country = json.loads(line)
    return (referent, core, kind, country)


def _light(document: Sequence[object]) -> list[object]:
    """Return the values of a document without those that `_EMPTIED` names."""
    return [_EMPTIED.get(n, v) for n, v in zip(_NAMES, document, strict=True)]


_NAMES = tuple(f.name for f in dataclasses.fields(DocumentFacts))
_DOCUMENT = [f.name for f in dataclasses.fields(Telling)].index("document")
_GRAMS = _NAMES.index("grams")
