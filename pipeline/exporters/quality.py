"""How good the program is that made a release: the floors that no change of it may go below.

They were measured on the gold documents, by ``cityaccords evaluate``. A release carries them in
``quality.json`` with a fingerprint of the program, by which ``validate`` knows whether it has
measured that program before; its page shows them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.engine import code_digest, file_digest, models_digest
from pipeline.paths import CHECKOUT

FILE = "floors.json"
RECORD = "quality.json"
FORMAT = 1  # of quality.json; another one counts as none
# What takes the sample's gold set from pages to figures.
_CODE = ("read", "tag", "classify", "relate", "build", "export", "evaluate")
# What stands among the models and changes no figure.
_NOT_MODELS = ("README.md", FILE, "training")
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
    "fresh-en": "kept apart, English",
    "fresh-id": "kept apart, Indonesian",
    "fresh-en-2": "kept apart, English, second",
    "fresh-id-2": "kept apart, Indonesian, second",
    "fresh-en-3": "kept apart, English, third",
    "fresh-id-3": "kept apart, Indonesian, third",
    "sample": "sample",
}


@dataclass(frozen=True, slots=True)
class Quality:
    """A table: the names of the sets, and per figure its floor in each (none: not measured)."""

    sets: tuple[str, ...] = ()
    lines: tuple[tuple[str, tuple[float | None, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What ``quality.json`` holds.

    ``program`` is a fingerprint of code, models and packages; ``sets`` has the fingerprint of each
    gold set, ``floors`` the least value of each figure on it.
    """

    program: str
    sets: Mapping[str, str] = field(default_factory=dict)
    floors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Return the file; the same program and floors give the same bytes."""
        held = {n: {"fingerprint": self.sets[n], "floors": dict(f)} for n, f in self.floors.items()}
        body = {"format": FORMAT, "program": self.program, "gold": held}
        return (json.dumps(body, sort_keys=True, indent=1) + "\n").encode()


def record_of(models: Path) -> Record:
    """Return what a release made now with these models says of their quality."""
    held = _floors(models)
    return Record(
        program_digest(models),
        {name: fingerprint for name, (fingerprint, _) in held.items()},
        {name: floors for name, (_, floors) in held.items()},
    )


def read_record(path: Path) -> Record | None:
    """Return what a release says, or None where it says nothing or the file is not sound."""
    try:
        body = json.loads(path.read_text("utf-8"))
        if body["format"] != FORMAT:
            return None
        held = _checked(body["gold"])
        return Record(
            str(body["program"]),
            {name: fingerprint for name, (fingerprint, _) in held.items()},
            {name: floors for name, (_, floors) in held.items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def program_digest(models: Path) -> str:
    """Return a fingerprint of all that decides how right the program is on the sample."""
    names = [p.name for p in sorted(models.iterdir())] if models.is_dir() else []
    used = [n for n in names if n not in _NOT_MODELS and not n.endswith(".svg")]
    lock = CHECKOUT / "requirements.lock"
    sample = CHECKOUT / "corpus" / "sample"
    files = sorted(p for p in sample.rglob("*") if p.is_file())
    parts = [
        *(code_digest(f"pipeline.{name}") for name in _CODE),
        models_digest(models, used),
        file_digest(lock) if lock.exists() else "",
        *(f"{path.relative_to(sample).as_posix()} {file_digest(path)}" for path in files),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _floors(models: Path) -> dict[str, tuple[str, dict[str, float]]]:
    """Return fingerprint and floors by gold set; none where the file is missing or not ours."""
    try:
        return _checked(json.loads((models / FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # a release can do without; evaluate tells what is wrong with the file


def _checked(
    data: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, tuple[str, dict[str, float]]]:
    return {
        str(name): (
            str(entry.get("fingerprint", "")),
            {str(key): float(value) for key, value in entry["floors"].items()},
        )
        for name, entry in data.items()
    }


def read_quality(models: Path) -> Quality:
    """Return the floors as the page shows them; empty where there are none."""
    return quality_of({name: floors for name, (_, floors) in _floors(models).items()})


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
