"""What else the text tells of an agreement's life: founding, further dated steps, lineage.

In: a subject and the date of its newest stage. Out: `Step` and `Lineage` values and the founding
date.
"""

from __future__ import annotations

from pipeline.records import Annotation, Lineage, Span, Step
from pipeline.relators.anchor import quote_at
from pipeline.relators.days import days_between, first_day
from pipeline.relators.modality import governing
from pipeline.relators.territory import LEAD, OWN, SAID_ON, Stretch
from pipeline.relators.traits import Subject

_NEAR_CUE = 60  # characters between a date and the cue that it dates
_LINEAGE_REACH = 120  # characters after "a continuation of" in which the other party is named
_KINDS = {
    "signed": "signed",
    "renewed": "renewed",
    "ended": "ended",
    "implemented": "started",
    "exploring": "visited",
    "intended": "announced",
}


def date_kind_of(stage: str, modality: str, instrument: str) -> str:
    """Return what the date of a stage dates (codebook rules 3, 9, 18)."""
    if stage == "intended" and modality == "asserted" and instrument == "letter_of_intent":
        return "signed"
    return _KINDS[stage]


def steps_of(subject: Subject, stage: str, date: str | None) -> tuple[Step, ...]:
    """Return the dated steps beside the newest one, earliest first.

    A date is a step where a stage word stands near it in the same clause; a bare older date after
    "since" is the founding: signed.
    """
    found: dict[tuple[str, str], Step] = {}
    for stretch in subject.stretches(OWN):
        for words in stretch.of("date"):
            if not words.value or words.value == date:
                continue
            told = _stage_at(subject, stretch, words)
            if told is None or (told[0] == stage and date is None):
                continue
            label, modality = told
            basis = "resolved" if words.detail == "resolved" else "stated"
            step = Step(
                stage=label,
                date=words.value,
                date_kind=_KINDS[label],
                modality=modality,
                span=quote_at(subject, words.span),
                basis=basis,
            )
            found.setdefault((label, words.value), step)
    return tuple(sorted(found.values(), key=lambda s: (s.date or "", s.stage)))


def _stage_at(subject: Subject, stretch: Stretch, date: Annotation) -> tuple[str, str] | None:
    """Return the stage and modality that a date goes with, if any."""
    best: Annotation | None = None
    best_gap = _NEAR_CUE + 1
    for cue in stretch.of("cue", "stage."):
        gap = max(date.span.start - cue.span.end, cue.span.start - date.span.end, 0)
        # What stands before a date is dated by it rather than what follows.
        gap += 15 * (cue.span.start > date.span.start)
        if gap < best_gap:
            best, best_gap = cue, gap
    if best is not None:
        modal = governing(subject.scene.view, stretch.unit, best)
        order = ("denied", "hypothetical", "planned")
        return best.label.removeprefix("stage."), next((m for m in order if m in modal), "asserted")
    founding = any(
        0 <= date.span.start - cue.span.end <= 12
        or cue.span.start <= date.span.start < cue.span.end
        for cue in stretch.of("cue", "background")
    )
    return ("signed", "asserted") if founding else None


def founding_date(subject: Subject, stage: str, date: str | None) -> Annotation | None:
    """Return the words that date the founding, where that is not the newest stage itself."""
    best: Annotation | None = None
    for stretch in subject.stretches(OWN, LEAD, SAID_ON):
        for words in stretch.of("date"):
            if not words.value or words.value == date or first_day(words.value) is None:
                continue
            told = _stage_at(subject, stretch, words)
            if told is None or told[0] != "signed" or told[1] != "asserted":
                continue
            if date is not None and (days_between(words.value, date) or 0) <= 0:
                continue
            if best is None or (days_between(words.value, best.value) or 0) > 0:
                best = words
    return best


def lineage_of(subject: Subject) -> tuple[Lineage, ...]:
    """Return ties to other agreements: "a continuation of cooperation with X"."""
    found: list[Lineage] = []
    for stretch in subject.stretches(OWN):
        for cue in stretch.of("cue", "lineage."):
            other = _other_after(subject, cue.span)
            if other is not None:
                relation = cue.label.removeprefix("lineage.")
                span = quote_at(subject, cue.span)
                found.append(Lineage(relation=relation, other_party_name=other, span=span))
    return tuple(dict.fromkeys(found))


def _other_after(subject: Subject, cue: Span) -> str | None:
    """Return the first party, neither side of the pair.

    Named after a lineage word in its clause.
    """
    pair, view = subject.pair, subject.scene.view
    end = min(view.unit_at(cue.start).span.end, cue.end + _LINEAGE_REACH)
    names = [
        (m.span.start, a.party.name)
        for a in subject.scene.actors
        if a is not pair.local and a is not pair.partner
        for m in a.named
        if cue.end <= m.span.start and m.span.end <= end
    ]
    return min(names)[1] if names else None
