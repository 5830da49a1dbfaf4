"""Which of the dates in the text is the date of the newest stage, if any.

In: a subject, its stage and the cue that carries it. Out: features of each date in reach; a chooser
with the values ``yes`` and ``no`` weighs them. Where none is likely enough the date is empty: "not
stated".
"""

from __future__ import annotations

import math

from pipeline.records import Annotation, Span
from pipeline.relators.chooser import Chooser
from pipeline.relators.days import days_between, precision
from pipeline.relators.features import Features
from pipeline.relators.territory import GENERAL, OWN, Stretch
from pipeline.relators.traits import Subject

_ENOUGH = 0.33  # probability from which the likeliest date is taken, by cross-validation
_CLOSE = 45  # characters between a stage word and the date that it takes
_FRESH, _OLD = 10, 300  # days before publication


def dates_of(
    subject: Subject, stage: str, modality: str, anchor: Span
) -> list[tuple[Annotation, Features]]:
    """Return the dates that could belong to the stage, in text order, with their features.

    Args:
        subject: The pair.
        stage: Its newest stage.
        modality: How it is stated.
        anchor: The words that carry the stage.
    """
    found = []
    seen: set[str] = set()
    home = subject.scene.view.unit_at(anchor.start)
    for stretch in subject.territory:
        for date in stretch.of("date"):
            if date.value:
                f = _features(subject, stretch, date, stage, modality, anchor)
                f["first_of_value"] = float(date.value not in seen)
                f["same_unit"] = float(stretch.unit.index == home.index)
                seen.add(date.value)
                found.append((date, f))
    nearest = min((abs(d.span.start - anchor.start) for d, _ in found), default=0)
    newest = max((d.value or "" for d, _ in found), default="")
    for date, f in found:
        f["newest"] = float(date.value == newest and len({d.value for d, _ in found}) > 1)
        f[f"newest_{stage}"] = f["newest"]
        f["nearest"] = float(abs(date.span.start - anchor.start) == nearest)
        f["only"] = float(len(found) == 1)
    return found


def choose_date(
    subject: Subject, stage: str, modality: str, anchor: Span, chooser: Chooser
) -> Annotation | None:
    """Return the date of the stage, or ``None`` where the text gives none."""
    best, best_p = None, _ENOUGH
    for date, f in dates_of(subject, stage, modality, anchor):
        p = chooser.probabilities(f).get("yes", 0.0)
        if p > best_p:
            best, best_p = date, p
    return best


def _features(
    subject: Subject, stretch: Stretch, date: Annotation, stage: str, modality: str, anchor: Span
) -> Features:
    view = subject.scene.view
    value = date.value or ""
    home = view.unit_at(anchor.start)
    f: Features = {"one": 1.0, f"rank_{stretch.rank}": 1.0}
    away = stretch.unit.sentence - view.units[home.index].sentence
    f["same_sentence"] = float(away == 0)
    f["sentence_before"] = float(away == -1)
    f["sentence_after"] = float(away == 1)
    f["far"] = float(abs(away) > 1)
    f["same_paragraph"] = float(stretch.unit.paragraph == home.paragraph)
    f["distance"] = math.log1p(abs(date.span.start - anchor.start) / 20)
    f["before_anchor"] = float(date.span.start < anchor.start)
    f["first_sentence"] = float(stretch.unit.sentence == 0)
    f["early"] = float(stretch.unit.sentence < 3)
    f[f"precision_{precision(value)}"] = 1.0
    f["interval"] = float("/" in value)
    f["resolved"] = float(date.detail == "resolved")
    _age(f, subject, value)
    near = view.text[
        max(stretch.unit.span.start, date.span.start - 25) : date.span.start
    ].casefold()
    f["after_background"] = float(
        any(
            a.span.end <= date.span.start + 2 and date.span.start - a.span.end <= 4
            for a in stretch.of("cue", "background")
        )
    )
    tied = _tied(stretch, date)
    f["tied_to_stage"] = float(tied == stage)
    f["tied_to_other"] = float(tied is not None and tied != stage)
    f["bracketed"] = float(near.rstrip().endswith("("))
    for key in list(f):
        if key in ("fresh", "old", "future", "is_published", "same_sentence", "after_background"):
            f[f"{stage}_{key}"] = f[key]
            f[f"{modality}_{key}"] = f[key]
    f[f"stage_{stage}"] = 1.0
    f[f"modality_{modality}"] = 1.0
    stages = {a.label.removeprefix("stage.") for a in stretch.unit.of("cue", "stage.")}
    f["own_stage_in_unit"] = float(stage in stages)
    f["other_stage_in_unit"] = float(bool(stages - {stage}))
    f["own_rank_same_sentence"] = float(stretch.rank == OWN and away == 0)
    f["general_far"] = float(stretch.rank == GENERAL and abs(away) > 1)
    return {k: v for k, v in f.items() if v}


def _tied(stretch: Stretch, date: Annotation) -> str | None:
    """Return the stage of the last stage word before a date in its stretch.

    If it stands close by.
    """
    before = [c for c in stretch.of("cue", "stage.") if 0 <= date.span.start - c.span.end <= _CLOSE]
    return max(before, key=lambda c: c.span.end).label.removeprefix("stage.") if before else None


def _age(f: Features, subject: Subject, value: str) -> None:
    published = subject.scene.view.document.published
    gap = days_between(value, published)
    f["undated_document"] = float(published is None)
    if gap is None:
        return
    f["is_published"] = float(gap == 0)
    f["future"] = float(gap < 0)
    f["fresh"] = float(0 <= gap <= _FRESH and precision(value) == 3)
    f["old"] = float(gap > _OLD)
