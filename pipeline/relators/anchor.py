"""The words that carry a stage, and the one sentence that shows an agreement.

In: a subject and its stage. Out: the cue that states the stage for this pair (its *anchor*), and
the sentence that states it best: not always the one with the instrument.
"""

from __future__ import annotations

from pipeline.records import Annotation, Span
from pipeline.relators.modality import governing
from pipeline.relators.territory import GENERAL, LEAD, OWN, SAID_ON, Stretch
from pipeline.relators.traits import Shares, Subject
from pipeline.relators.view import Unit
from pipeline.text import QUOTE_WORDS, quote_span

# Cues of other stages that carry a stage too: a signing that is planned is intended; what is signed
# anew is renewed; a letter of intent that is signed is intended.
# Part of a cue's bearing that it has wherever it stands, and weight of being where it is told.
_UNTOLD, _TOLD = 0.3, 3.0
_ALSO = {
    "intended": ("signed", "exploring", "renewed"),
    "renewed": ("signed", "implemented"),
    "signed": ("intended",),
    "implemented": ("signed",),
    "exploring": ("intended",),
}


def anchor_of(subject: Subject, stage: str, modality: str, told: Shares = ()) -> Annotation | None:
    """Return the cue that best carries the stage, ``None`` where no cue does (a twin in a list)."""
    best, best_value = None, 0.0
    weights = [_UNTOLD + share for share in told] or [1.0] * len(subject.territory)
    for stretch, weight in zip(subject.territory, weights, strict=True):
        for cue in stretch.of("cue", "stage."):
            value = weight * _worth(subject, stretch, cue, stage, modality)
            if value > best_value:
                best, best_value = cue, value
    return best


def _worth(subject: Subject, stretch: Stretch, cue: Annotation, stage: str, modality: str) -> float:
    label = cue.label.removeprefix("stage.")
    if label == stage:
        value = 2.0
    elif label in _ALSO.get(stage, ()):
        value = 0.8
    else:
        return 0.0
    value *= {OWN: 1.0, LEAD: 0.8, SAID_ON: 0.55, GENERAL: 0.2}[stretch.rank]
    modal = governing(subject.scene.view, stretch.unit, cue)
    if (modality == "asserted") == (not modal) or modality in modal:
        value *= 1.3
    if stretch.unit is subject.pair.best.unit:
        value *= 1.4
    if stretch.of("instrument"):
        value *= 1.15
    return value


def shown_span(subject: Subject, anchor: Annotation | None, told: Shares = ()) -> Span:
    """Return the sentence to show: the anchor's if it names the partner, else the best of both.

    At most sixty words, cut at clause bounds around the words that matter.
    """
    view, pair = subject.scene.view, subject.pair
    named = {m.unit: m for m in pair.partner.mentions if m.how != "anaphor"}
    best, best_value, focus = pair.best.unit, -1.0, None
    weights = told or (0.0,) * len(subject.territory)
    for stretch, share in zip(subject.territory, weights, strict=True):
        unit = stretch.unit
        if stretch.rank == GENERAL and share < 1.0:
            continue  # where no partner is named, only the surest place is shown
        value = _TOLD * share + 1.0 * (unit.index in named) + 1.0 * (unit is pair.best.unit)
        value += 1.6 * (anchor is not None and unit.span.start <= anchor.span.start < unit.span.end)
        value += 0.3 * bool(stretch.of("instrument")) - 0.05 * min(10, unit.sentence)
        value += 0.3 * any(m.unit == unit.index for m in pair.local.mentions)
        if value > best_value:
            best, best_value = unit, value
    focus = named[best.index].span if best.index in named else None
    if anchor is not None and best.span.start <= anchor.span.start < best.span.end:
        focus = anchor.span if focus is None else _cover(focus, anchor.span)
    return quote_span(view.text, quotable(subject, best), focus or best.span)


def quotable(subject: Subject, unit: Unit) -> Span:
    """Return the sentence to quote from: a unit's own clause where its sentence is a long list."""
    view = subject.scene.view
    sentence = view.sentences[unit.sentence]
    return unit.span if len(sentence.of(view.text).split()) > QUOTE_WORDS else sentence


def _cover(a: Span, b: Span) -> Span:
    return Span(start=min(a.start, b.start), end=max(a.end, b.end))


def quote_at(subject: Subject, span: Span) -> Span:
    """Return the quote of at most one sentence and sixty words around ``span``."""
    view = subject.scene.view
    return quote_span(view.text, quotable(subject, view.unit_at(span.start)), span)
