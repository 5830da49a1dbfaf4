"""Sectors of one agreement: which of the sectors that the text names are this agreement's.

In: a subject. Out: per sector id its features; a chooser with the values ``yes`` and ``no`` weighs
them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.records import Annotation
from pipeline.relators.chooser import Chooser
from pipeline.relators.features import Features
from pipeline.relators.parties import Actor
from pipeline.relators.territory import GENERAL, LEAD, OWN, SAID_ON, Stretch
from pipeline.relators.traits import Subject

NAME = "name"  # rank of words in the partner's own name: "World Toilet Organization"
_RANKS = (OWN, LEAD, SAID_ON, GENERAL)
_FEW = 2  # sectors: a text that names no more has hardly named them in passing
_LIST = 3  # sectors in one clause make it a list of fields
_FADE = 250.0  # characters from the link of the parties over which closeness falls to a third
_ENOUGH = 0.30  # probability from which a sector is given: best F1 in cross-validation


class _Hit(NamedTuple):
    """A word of a sector: where it stands, as seen from the pair."""

    rank: str
    words: Annotation
    distance: float  # characters from the pair's strongest link


def sectors_of(subject: Subject, is_background: bool, instrument: str) -> dict[str, Features]:
    """Return the features of each sector that the pair's territory or the partner's name names."""
    table: dict[str, Features] = {}
    hits: dict[str, list[_Hit]] = {}
    for stretch in subject.territory:
        for a in stretch.of("sector"):
            _add(table.setdefault(a.label, {}), subject, stretch, a)
            hits.setdefault(a.label, []).append(_Hit(stretch.rank, a, _distance(subject, a)))
    for a in name_words(subject):
        table.setdefault(a.label, {})
        hits.setdefault(a.label, []).append(_Hit(NAME, a, _distance(subject, a)))
    nearest = sorted(min(h.distance for h in found) for found in hits.values())
    everywhere = Counter(a.label for a in subject.scene.view.layer("sector"))
    kind = next((x.party.kind for x in _sides(subject) if not x.is_government), "government")
    for label, f in table.items():
        counts = Counter(h.rank for h in hits[label])
        near = min(h.distance for h in hits[label])
        for rank in (*_RANKS, NAME):
            f[rank] = math.log1p(counts[rank])
        f["one"] = 1.0
        f[f"sector_{label}"] = 1.0
        f[f"{NAME}_{kind}"] = float(counts[NAME] > 0)
        f["name_only"] = float(counts[NAME] == len(hits[label]))
        f["background"] = float(is_background)
        f["background_general"] = float(is_background) * f[GENERAL]
        f["background_said_on"] = float(is_background) * f[SAID_ON]
        f["many_pairs_general"] = float(subject.total > 1) * f[GENERAL]
        f[f"by_{instrument}"] = 1.0
        f["share"] = len(hits[label]) / sum(map(len, hits.values()))
        f["share_of_text"] = everywhere[label] / max(1, everywhere.total())
        f["most_of_text"] = float(everywhere[label] == max(everywhere.values(), default=0))
        f["near"] = math.exp(-near / _FADE)
        f["nearness_rank"] = 1.0 / (1 + nearest.index(near))
        f["first_word"] = float(_first(hits, label))
        f["few"] = float(len(table) <= _FEW)
        f["few_own"] = f["few"] * float(counts[OWN] > 0)
        f["own_only"] = float(counts[OWN] == len(hits[label]))
        words = {h.words.span.of(subject.scene.view.text).casefold() for h in hits[label]}
        f["words"] = math.log1p(len(words))
    return {label: {k: v for k, v in f.items() if v} for label, f in table.items()}


def _add(f: Features, subject: Subject, stretch: Stretch, a: Annotation) -> None:
    """Add what the company of one word of a sector says."""
    crowd = len({x.label for x in stretch.of("sector")})
    for cue in stretch.of("cue"):
        f[f"with_{cue.label.partition('.')[0]}"] = 1.0
    if stretch.of("instrument"):
        f["with_instrument"] = 1.0
    if stretch.of("cue", "stage."):
        f["with_stage"] = 1.0
    if crowd >= _LIST:
        f["in_list"] = 1.0
        f[f"in_list_{stretch.rank}"] = 1.0
    if crowd == 1:
        f["alone"] = 1.0
    if stretch.unit is subject.pair.best.unit:
        f["in_best"] = 1.0
    inner = a.span.start > stretch.span.start + 1
    last = a.span.of(subject.scene.view.text).split()[-1]
    if inner and last[:1].isupper():
        f["capital"] = 1.0  # "Director of Tourism": the name of an office or an event
        f[f"capital_{stretch.rank}"] = 1.0
    else:
        f["plain"] = 1.0


def _distance(subject: Subject, a: Annotation) -> float:
    link = subject.pair.best.unit.span
    return abs(a.span.start - (link.start + link.end) / 2)


def name_words(subject: Subject) -> list[Annotation]:
    """Return the words of sectors within the names of the partner that is no government."""
    spans = [m.span for x in _sides(subject) if not x.is_government for m in x.named]
    return [
        a
        for a in subject.scene.view.layer("sector")
        if any(s.start <= a.span.start and a.span.end <= s.end for s in spans)
    ]


def _sides(subject: Subject) -> tuple[Actor, Actor]:
    return subject.pair.local, subject.pair.partner


def _first(hits: dict[str, list[_Hit]], label: str) -> bool:
    first = min(h.words.span.start for h in hits[label])
    return all(min(h.words.span.start for h in found) >= first for found in hits.values())


def choose_sectors(
    subject: Subject, is_background: bool, instrument: str, chooser: Chooser
) -> tuple[str, ...]:
    """Return the sectors of an agreement in the order of their ids.

    Where none is likely, those that its own clause names alone are its own: "A with B in health".
    """
    table = sectors_of(subject, is_background, instrument)
    likely = {s: chooser.probabilities(f).get("yes", 0.0) for s, f in table.items()}
    chosen = [s for s, p in likely.items() if p > _ENOUGH]
    if not chosen and subject.scored.features.get("any_parallel"):
        chosen = [s for s, f in table.items() if f.get("few_own") and f.get("in_best")]
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
    return next((a for a in name_words(subject) if a.label == sector), None)
