"""Gold sets: documents with what coders said of them, read and checked.

In: a folder with ``documents.jsonl``, ``agreements.jsonl`` and ``codings.jsonl``, and perhaps a
``names.csv`` in it or beside it. Used by scoring and by training.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config import ConfigError

GOLD_FILES = ("documents.jsonl", "agreements.jsonl", "codings.jsonl")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GoldSet:
    """A gold folder, read; each row of ``names`` holds names of one party."""

    path: Path
    documents: tuple[Row, ...]
    agreements: tuple[Row, ...]
    codings: tuple[Row, ...]
    names: tuple[tuple[str, ...], ...]
    fingerprint: str


def read_jsonl(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSONL file.

    Raises:
        ConfigError: A line is not a JSON object; the message names file and line.
    """
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            msg = f"{path}:{number}: not JSON ({error}). Each line is one object."
            raise ConfigError(msg) from error
        if not isinstance(row, dict):
            msg = (
                f"{path}:{number}: a {type(row).__name__}, not an object. Each line is one object."
            )
            raise ConfigError(msg)
        yield row


def load_gold(path: Path) -> GoldSet:
    """Read a gold folder and the ``names.csv`` in it or beside it.

    Raises:
        ConfigError: A file is missing or broken.
    """
    missing = [name for name in GOLD_FILES if not (path / name).is_file()]
    if missing:
        msg = f"{path}: no {', '.join(missing)}. A gold folder holds {', '.join(GOLD_FILES)}."
        raise ConfigError(msg)
    digest = hashlib.sha256(b"".join((path / name).read_bytes() for name in GOLD_FILES))
    rows: list[list[str]] = []
    for names in (path.parent / "names.csv", path / "names.csv"):
        if names.exists():
            with names.open(encoding="utf-8", newline="") as handle:
                rows += list(csv.reader(handle))
    documents, agreements, codings = (tuple(read_jsonl(path / name)) for name in GOLD_FILES)
    same = tuple(tuple(row) for row in rows)
    return GoldSet(path, documents, agreements, codings, same, digest.hexdigest()[:16])
