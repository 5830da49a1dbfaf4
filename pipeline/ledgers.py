"""Append-only CSV files of decisions: takedowns, versions of releases.

A line stands from the moment of its line feed. A last line without one was left by a killed run,
which did nothing else yet: readers pass it over, the next writer takes it away.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.paths import sync_folder

Cells = Sequence[str]


def lines_of(path: Path, columns: Cells) -> Iterator[tuple[int, list[str]]]:
    """Yield the whole lines of a file with their numbers, without its header; none without it."""
    if not path.exists():
        return
    whole = path.read_text("utf-8").rpartition("\n")[0]
    for number, cells in enumerate(csv.reader(io.StringIO(whole)), start=1):
        if cells and tuple(cells) != tuple(columns):
            yield number, cells


def append_lines(path: Path, columns: Cells, rows: Iterable[Cells]) -> None:
    """Append lines, synced to disk; a torn last line goes, a new file gets its header.

    Raises:
        OSError: The disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as handle:
        handle.seek(0)
        whole = handle.read().rpartition(b"\n")
        size = len(whole[0]) + len(whole[1])
        handle.truncate(size)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if not size:
            writer.writerow(columns)
        writer.writerows(rows)
        handle.write(out.getvalue().encode())
        handle.flush()
        os.fsync(handle.fileno())
    sync_folder(path.parent)
