"""The quality figures of the page: the floors that no change of the program may go below.

They were measured on the gold documents, by ``cityaccords evaluate``; here they are only shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = "floors.json"
_FIGURES = (
    ("relevance.f1", "Which documents tell an agreement (F1)"),
    ("pair.p", "Pairs of parties: share that is right (precision)"),
    ("pair.f1", "Pairs of parties (F1)"),
    ("foreground_recall", "Agreements that a document reports: share found (recall)"),
    ("record.f1", "Whole records, every field right (F1)"),
    ("attributes.stage.acc", "Stage, of pairs that are right (accuracy)"),
    ("attributes.date_exact.acc", "Date to the day or as exact as told (accuracy)"),
    ("attributes.evidence_overlap.acc", "Quote is the one that a coder chose (accuracy)"),
    ("attributes.evidence_verbatim.acc", "Quote stands in the text to the letter"),
    ("sectors.f1", "Sectors (F1)"),
    ("actor.micro.f1", "Actors (F1)"),
    ("process.micro.f1", "Processes (F1)"),
    ("output.micro.f1", "Outputs (F1)"),
    ("smart_city.micro.f1", "Smart city (F1)"),
    ("read.kept", "Pages with every passage that was looked for (share)"),
    ("read.clean", "Pages without the boilerplate that was looked for (share)"),
)
_SETS = {
    "dev": "development",
    "heldout-en": "held out, English",
    "heldout-id": "held out, Indonesian",
    "sample": "sample",
}


@dataclass(frozen=True, slots=True)
class Quality:
    """A table: the names of the sets, and per figure its floor in each (none: not measured)."""

    sets: tuple[str, ...] = ()
    lines: tuple[tuple[str, tuple[float | None, ...]], ...] = ()


def read_quality(models: Path) -> Quality:
    """Return the floors; empty where there is no file of them, or one that is not ours."""
    try:
        data = json.loads((models / FILE).read_text("utf-8"))
        floors = {name: dict(entry["floors"]) for name, entry in data.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Quality()  # the page can do without; evaluate tells what is wrong with the file
    return quality_of(floors)


def quality_of(floors: Mapping[str, Mapping[str, float]]) -> Quality:
    """Return the table of floors, known figures first and in a reader's order."""
    known = [name for name, _ in _FIGURES]
    others = sorted({name for entry in floors.values() for name in entry} - set(known))
    titles = dict(_FIGURES)
    lines = []
    for name in [*known, *others]:
        values = tuple(entry.get(name) for entry in floors.values())
        if any(value is not None for value in values):
            lines.append((titles.get(name, name), values))
    return Quality(_names(list(floors)), tuple(lines))


def _names(sets: Sequence[str]) -> tuple[str, ...]:
    return tuple(_SETS.get(name, name) for name in sets)
