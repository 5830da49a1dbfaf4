"""Sectors of one agreement: which of the sectors that the text names are this agreement's.

In: a subject. Out: per sector id its features; a chooser with the values ``yes`` and ``no`` weighs
them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.records import Annotation
from pipeline.relators.chooser import Chooser
from pipeline.relators.features import Features
from pipeline.relators.territory import GENERAL, LEAD, OWN, SAID_ON
from pipeline.relators.traits import Subject

_FEW = 2  # sectors: a text that names no more has hardly named them in passing
_ENOUGH = 0.33  # probability from which a sector is given: best F1 in cross-validation


def sectors_of(subject: Subject, is_background: bool, instrument: str) -> dict[str, Features]:
    """Return the features of each sector that the pair's territory names."""
    table: dict[str, Features] = {}
    hits: dict[str, list[tuple[str, Annotation]]] = {}
    for stretch in subject.territory:
        crowd = len({a.label for a in stretch.of("sector")})
        for a in stretch.of("sector"):
            f = table.setdefault(a.label, {})
            f[stretch.rank] = f.get(stretch.rank, 0.0) + 1.0
            hits.setdefault(a.label, []).append((stretch.rank, a))
            if stretch.of("instrument"):
                f["with_instrument"] = 1.0
            if stretch.of("cue", "stage."):
                f["with_stage"] = 1.0
            if crowd >= 3:  # a list of fields: three sectors in one clause
                f["in_list"] = 1.0
                f[f"in_list_{stretch.rank}"] = 1.0
            if stretch.unit is subject.pair.best.unit:
                f["in_best"] = 1.0
    for label, f in table.items():
        for rank in (OWN, LEAD, SAID_ON, GENERAL):
            f[rank] = math.log1p(f.get(rank, 0.0))
        f["one"] = 1.0
        f[f"sector_{label}"] = 1.0
        f["background"] = float(is_background)
        f["background_general"] = float(is_background) * f[GENERAL]
        f["background_said_on"] = float(is_background) * f[SAID_ON]
        f["many_pairs_general"] = float(subject.total > 1) * f[GENERAL]
        f[f"by_{instrument}"] = 1.0
        f["share"] = sum(math.exp(f[r]) - 1 for r in (OWN, LEAD, SAID_ON, GENERAL)) / max(
            1, sum(map(len, hits.values()))
        )
        f["first_word"] = float(_first(hits, label))
        f["few"] = float(len(table) <= _FEW)
        f["few_own"] = f["few"] * float(f[OWN] > 0)
        f["own_only"] = float(f[OWN] > 0 and not f.get(SAID_ON) and not f.get(GENERAL))
        words = {h[1].span.of(subject.scene.view.text).casefold() for h in hits[label]}
        f["words"] = math.log1p(len(words))
    return {label: {k: v for k, v in f.items() if v} for label, f in table.items()}


def _first(hits: dict[str, list[tuple[str, Annotation]]], label: str) -> bool:
    first = min(a.span.start for _, a in hits[label])
    return all(min(a.span.start for _, a in found) >= first for found in hits.values())


def choose_sectors(
    subject: Subject, is_background: bool, instrument: str, chooser: Chooser
) -> tuple[str, ...]:
    """Return the sectors of an agreement in the order of their ids."""
    chosen = [
        label
        for label, f in sectors_of(subject, is_background, instrument).items()
        if chooser.probabilities(f).get("yes", 0.0) > _ENOUGH
    ]
    return tuple(sorted({*chosen, *_twins(subject, chosen)}))


def _twins(subject: Subject, chosen: Sequence[str]) -> set[str]:
    """Return the sectors that the very words of a chosen one name too.

    "socio-cultural" is two fields.
    """
    found: set[str] = set()
    for stretch in subject.stretches(OWN):
        words = {(a.span.start, a.span.end) for a in stretch.of("sector") if a.label in chosen}
        found |= {a.label for a in stretch.of("sector") if (a.span.start, a.span.end) in words}
    return found


def sector_words(subject: Subject, sector: str) -> Annotation | None:
    """Return the words that carry a sector, the nearest to the agreement first."""
    for rank in (OWN, LEAD, SAID_ON, GENERAL):
        for stretch in subject.stretches(rank):
            for a in stretch.of("sector", sector):
                if a.label == sector:
                    return a
    return None
