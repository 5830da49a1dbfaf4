"""What the text says about one kept pair: named numbers for the choosers of its fields.

In: a pair with its territory and its neighbours. Out: features for stage, modality, instrument,
background and follow-up. A feature's name says where and what: ``own_signed`` is a word of signing
in the pair's own stretch, ``own_signed_planned`` the same governed by "will".
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.records import Annotation, Span
from pipeline.relators.candidates import Candidate
from pipeline.relators.days import days_between, precision
from pipeline.relators.decode import Scored
from pipeline.relators.features import STAGES, Features
from pipeline.relators.modality import MODALITIES, governing
from pipeline.relators.rows import row_of
from pipeline.relators.scene import Scene
from pipeline.relators.territory import GENERAL, LEAD, OWN, SAID_ON, Stretch, Territory

_BESIDE = 0.75  # a unit of the pair that is not its strongest link
_FADE = 250.0  # characters over which a word's bearing on the partner falls to a third
_UNNAMED = 0.7  # a stretch of its own that names the partner only by anaphora or by the other side
_STEM = 6  # letters of a word that tell it from others in both languages; endings tell little
_WORD = re.compile(r"[^\W\d_]{2,}")
TOLD = "told_"  # prefix of what stands where the pair's agreement is told
WORD = "word_"  # prefix of what a text says near the partner in words of its own
_FAIRLY = 0.3  # how surely a clause must tell of the agreement for its stage to count
_WEEK, _YEAR = 10, 300  # days: what a report calls news, and what it calls the past


Shares = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A kept pair in its document: everything that the fields of its record are read from."""

    scene: Scene
    scored: Scored
    territory: Territory
    rank: int  # place among the kept pairs, best first
    total: int  # how many pairs were kept

    @property
    def pair(self) -> Candidate:
        """The pair."""
        return self.scored.candidate

    def stretches(self, *ranks: str) -> list[Stretch]:
        """Return the stretches of these ranks, in text order."""
        return [s for s in self.territory if s.rank in ranks]


def subjects(scene: Scene, kept: Sequence[Scored], grounds: Sequence[Territory]) -> list[Subject]:
    """Join kept pairs and their territories."""
    pairs = zip(kept, grounds, strict=True)
    return [
        Subject(scene, item, ground, rank, len(kept)) for rank, (item, ground) in enumerate(pairs)
    ]


def traits_of(subject: Subject, told: Shares = ()) -> Features:
    """Return the features of a pair for the choosers; absent means 0.

    Args:
        subject: The pair.
        told: How surely each stretch tells of its agreement (`shares`).
    """
    f: Features = {}
    for stretch in subject.territory:
        _stretch(f, subject, stretch)
    for stretch, share in zip(subject.territory, told, strict=False):
        _told(f, subject, stretch, share)
    _latest(f)
    _tops(f)
    _place(f, subject)
    _dates(f, subject)
    pair = subject.pair
    f[f"partner_{pair.partner.party.kind}"] = 1.0
    f["two_countries"] = subject.scored.features.get("two_countries", 0.0)
    f["score"] = subject.scored.score
    f["one"] = 1.0
    _words(f, subject)
    return {k: v for k, v in f.items() if v}


def _told(f: Features, subject: Subject, stretch: Stretch, share: float) -> None:
    """Note what a stretch says, by how surely it tells of the pair."""
    for cue in stretch.of("cue"):
        group, _, label = cue.label.partition(".")
        if group == "stage":
            _stage_cue(f, subject, stretch, cue, TOLD, share)
        elif group in ("modality", "follow_up", "background", "lineage"):
            _raise(f, f"{TOLD}{group}_{label}" if label else TOLD + group, share)
    for a in stretch.of("instrument"):
        _raise(f, f"{TOLD}has_{a.label}", share)
    if stretch.of("date"):
        _raise(f, f"{TOLD}date", share)


def _stage_cue(
    f: Features, subject: Subject, stretch: Stretch, cue: Annotation, prefix: str, value: float
) -> None:
    """Note a word of a stage: under the modal words that govern it, else as a fact."""
    label = cue.label.removeprefix("stage.")
    modal = governing(subject.scene.view, stretch.unit, cue)
    for modality in modal:
        _raise(f, f"{prefix}{label}_{modality}", value)
    if not modal:
        _raise(f, f"{prefix}stage_{label}", value)


def _latest(f: Features) -> None:
    """Mark the stage furthest in life that is said as a fact where the agreement is told.

    What was signed and has lapsed is ended: the codebook asks for the newest stage.
    """
    told = [s for s in STAGES if f.get(f"{TOLD}stage_{s}", 0.0) > _FAIRLY]
    if told:
        f[f"latest_{told[-1]}"] = 1.0


def _words(f: Features, subject: Subject) -> None:
    """Note the words of the pair's own stretches, by their first letters.

    Names are left out: who the parties are says nothing about how far they went.
    """
    text = subject.scene.view.text
    for stretch in subject.stretches(OWN, LEAD, SAID_ON):
        for match in _WORD.finditer(text, stretch.span.start, stretch.span.end):
            word = match.group()
            if word[0].islower():
                at = Span(start=match.start(), end=match.end())
                _raise(f, WORD + word[:_STEM], worth(subject, stretch, at))


def _raise(f: Features, name: str, value: float = 1.0) -> None:
    f[name] = max(f.get(name, 0.0), value)


def worth(subject: Subject, stretch: Stretch, span: Span) -> float:
    """Return how much words at ``span`` say about the pair, 0 to 1.

    By the rank of their stretch, by whether the strongest link stands there, and by their distance
    to the partner: a hundred characters off they count a third less.
    """
    pair = subject.pair
    is_near = stretch.unit is pair.best.unit or stretch.rank == LEAD
    value = stretch.weight * (1.0 if is_near else _BESIDE)
    near = [m.span for m in pair.partner.mentions if m.unit == stretch.unit.index]
    if stretch.rank == OWN and near:
        gap = min(max(span.start - m.end, m.start - span.end, 0) for m in near)
        value *= math.exp(-gap / _FADE)
    elif stretch.rank == OWN:
        value *= _UNNAMED
    return value


def _stretch(f: Features, subject: Subject, stretch: Stretch) -> None:
    general = stretch.rank == GENERAL
    for cue in stretch.of("cue"):
        group, _, label = cue.label.partition(".")
        if group not in (
            "stage",
            "modality",
            "follow_up",
            "background",
            "lineage",
            "pair",
            "commercial",
        ):
            continue
        if general:
            _raise(
                f,
                f"general_{group}_{label}"
                if group in ("stage", "follow_up")
                else f"general_{group}",
            )
            continue
        value = worth(subject, stretch, cue.span)
        if group == "stage":
            _stage_cue(f, subject, stretch, cue, "", value)
        else:
            _raise(f, f"{group}_{label}" if label else group, value)
    for a in stretch.of("instrument"):
        if general:
            _raise(f, f"general_has_{a.label}")
        else:
            _raise(f, f"has_{a.label}", worth(subject, stretch, a.span))


def _tops(f: Features) -> None:
    """Mark which stage and which instrument is said most strongly."""
    for prefix in ("stage_", "has_", "follow_up_"):
        best = max((k for k in f if k.startswith(prefix)), key=lambda k: (f[k], k), default=None)
        if best is not None:
            f[f"top_{best}"] = 1.0
        else:
            f[f"no_{prefix}"] = 1.0
    for stage in STAGES:
        governed = [
            m for m in MODALITIES if f.get(f"{stage}_{m}", 0.0) > f.get(f"stage_{stage}", 0.0)
        ]
        for modality in governed:
            f[f"mostly_{stage}_{modality}"] = 1.0
            _raise(f, f"mostly_{modality}")


def _place(f: Features, subject: Subject) -> None:
    scene, pair = subject.scene, subject.pair
    last = max(1, scene.view.units[-1].sentence)
    first = min((s.unit.sentence for s in subject.stretches(OWN)), default=last)
    f["first_at"] = first / last
    f["early"] = float(first < 2)
    f["late"] = float(first >= 4)
    f["rank_first"] = float(subject.rank == 0)
    f["alone"] = float(subject.total == 1)
    f["many"] = float(subject.total >= 4)
    f["first_named"] = float(_is_first(subject))
    f[f"link_{pair.best.how}"] = 1.0
    title = scene.view.document.title or ""
    f["in_title"] = float(pair.partner.party.name in title)
    f["government_source"] = float(scene.view.document.source_kind == "government")
    if pair.best.second is not None and pair.best.how != "pair":
        row = row_of(scene, pair.partner, pair.best.second)
        f["row"] = float(len(row) > 2)
    f["same_unit_stretches"] = min(1.0, len(subject.stretches(OWN)) / 5)


def _is_first(subject: Subject) -> bool:
    """Tell whether no other actor of the partner's kind is named earlier in the document."""
    pair = subject.pair
    at = pair.partner.named[0].span.start
    return not any(
        a is not pair.local
        and a is not pair.partner
        and a.named[0].span.start < at
        and a.party.kind == pair.partner.party.kind
        for a in subject.scene.actors
    )


def _dates(f: Features, subject: Subject) -> None:
    published = subject.scene.view.document.published
    for stretch in subject.territory:
        if stretch.rank == GENERAL:
            continue
        for date in stretch.of("date"):
            f[f"{stretch.rank}_date"] = 1.0
            gap = days_between(date.value, published)
            if gap is None or date.value is None:
                continue
            if gap < 0:
                f[f"{stretch.rank}_future"] = 1.0
            elif gap <= _WEEK and precision(date.value) == 3:
                f[f"{stretch.rank}_fresh"] = 1.0
            elif gap > _YEAR:
                f[f"{stretch.rank}_old"] = 1.0
