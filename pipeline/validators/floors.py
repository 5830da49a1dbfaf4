"""Floors: is the program that made a release at least as right as it was when they were set?

In: the floors that a release carries, and the figures of its program on the gold set that ships
with the code. Out: a check like those of ``validate``. How the figures are measured is the caller's
affair; that they are measured once per program and not every night is `Measured`'s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.paths import atomic_write
from pipeline.validators.findings import Result

FILE = "quality.json"
SET = "sample"  # the one gold set that every installation has, with the pages it was coded from
_KEPT = 8  # programs that are remembered: a week of updates, and going back to the last one
_REMEDY = (
    "Undo what made it worse (see `cityaccords evaluate corpus/sample/gold`), or set the floor "
    "anew in models/floors.json, with the reason."
)


@dataclass(frozen=True, slots=True)
class Floors:
    """What a release says of one gold set: its fingerprint, and the least value of each figure."""

    fingerprint: str
    least: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one program on the set with this fingerprint; None: it gives none."""

    fingerprint: str
    figures: Mapping[str, float | None]


def check_floors(floors: Floors, measured: Measured) -> Result:
    """Return a failure for every figure that lies under its floor."""
    result = Result(examined=len(floors.least))
    if floors.fingerprint != measured.fingerprint:
        problem = "the floors were set on another version of the gold set"
        remedy = "Run `cityaccords evaluate corpus/sample/gold --raise-floors`."
        result.fail(FILE, SET, "", problem, remedy)
        return result
    for name, least in sorted(floors.least.items()):
        value = measured.figures.get(name)
        if value is None or value < least:
            told = "no longer measured" if value is None else f"{value:g}"
            result.fail(FILE, SET, name, f"{told}; its floor is {least:g}", _REMEDY)
    return result


def recall_figures(path: Path, program: str) -> Measured | None:
    """Return what was measured of a program before; None: nothing, or the file is not sound."""
    entry = _read(path).get(program)
    if entry is None:
        return None
    try:
        figures = {str(k): None if v is None else float(v) for k, v in entry["figures"].items()}
        return Measured(str(entry["fingerprint"]), figures)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def keep_figures(path: Path, program: str, measured: Measured) -> None:
    """Remember what was measured of a program, and the last few before it.

    Raises:
        OSError: The disk is full; the next night measures again.
    """
    known = {name: entry for name, entry in _read(path).items() if name != program}
    kept = dict(list(known.items())[1 - _KEPT :])
    kept[program] = {"fingerprint": measured.fingerprint, "figures": dict(measured.figures)}
    with atomic_write(path) as handle:
        handle.write((json.dumps(kept, indent=1) + "\n").encode())


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # measured again: that costs seconds
    return found if isinstance(found, dict) else {}
