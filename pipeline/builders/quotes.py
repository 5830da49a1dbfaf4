"""Spans that may be published: inside the text, at most 60 words, and a sentence for every step.

In: a document's text and one of its mentions. Out: the mention with its spans made fit to quote,
and the reasons for every span that could not be.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from typing import TypeVar

from pipeline.records import FieldEvidence, Lineage, Mention, Span, Step
from pipeline.text import QUOTE_WORDS, quote_span, sentences

_Part = TypeVar("_Part", FieldEvidence, Step, Lineage)


def fit_span(text: str, span: Span) -> Span:
    """Return the span itself, or its first clauses where it has more than 60 words."""
    if span.end - span.start <= 2 * QUOTE_WORDS:  # a word takes a letter and a space at least
        return span
    if len(span.of(text).split()) <= QUOTE_WORDS:
        return span
    return quote_span(text, span, Span(start=span.start, end=span.start + 1))


class Quoter:
    """The sentences of one text, split once for all its mentions."""

    def __init__(self, text: str) -> None:
        """Split ``text`` into sentences."""
        self.text = text
        self._sentences = sentences(text)
        self._starts = [s.start for s in self._sentences]
        self._fitted: dict[tuple[int, int], Span] = {}  # many cells rest on the same words

    def is_inside(self, span: Span) -> bool:
        """Tell whether a span covers at least one code point of the text."""
        return 0 <= span.start < span.end <= len(self.text)

    def fit(self, span: Span) -> Span:
        """See `fit_span`."""
        place = (span.start, span.end)
        found = self._fitted.get(place)
        if found is None:
            found = self._fitted[place] = fit_span(self.text, span)
        return found

    def sentence(self, span: Span) -> Span:
        """Return the sentence around a span, cut to clauses around it if it is too long."""
        index = bisect_right(self._starts, span.start) - 1
        if index < 0:
            return self.fit(span)
        around = self._sentences[index]
        if not (around.start <= span.start and span.end <= around.end):
            return self.fit(span)
        quoted = quote_span(self.text, around, span)
        return quoted if quoted.start <= span.start and span.end <= quoted.end else self.fit(span)


def _fitted(parts: tuple[_Part, ...], quoter: Quoter) -> tuple[tuple[_Part, ...], list[_Part]]:
    """Return the parts with their spans fit to quote, and those whose span lies outside the text.

    Most fit as they are: then they are the very same tuple.
    """
    size = len(quoter.text)
    if all(0 <= p.span.start < p.span.end <= size and quoter.fit(p.span) == p.span for p in parts):
        return parts, []
    kept, lost = [], []
    for part in parts:
        if quoter.is_inside(part.span):
            kept.append(dataclasses.replace(part, span=quoter.fit(part.span)))
        else:
            lost.append(part)
    return tuple(kept), lost


def fit_mention(quoter: Quoter, mention: Mention) -> tuple[Mention | None, tuple[str, ...]]:
    """Make every span of a mention fit to quote.

    Returns:
        The mention, or None if the sentence that shows it lies outside the text, and the names of
        the fields whose evidence had to go because its span does.
    """
    if not quoter.is_inside(mention.span):
        return None, ("span",)
    evidence, no_evidence = _fitted(mention.evidence, quoter)
    steps, no_steps = _fitted(mention.steps, quoter)
    lineage, no_ties = _fitted(mention.lineage, quoter)
    lost = (
        *(item.field for item in no_evidence),
        *(f"step {step.stage}" for step in no_steps),
        *(f"lineage {tie.relation}" for tie in no_ties),
    )
    fitted = dataclasses.replace(
        mention, span=quoter.fit(mention.span), evidence=evidence, steps=steps, lineage=lineage
    )
    return fitted, lost


def step_sentences(quoter: Quoter, mention: Mention) -> tuple[tuple[Span, Span], ...]:
    """Return the sentence to quote for every span that tells a step or a tie."""
    spans = {e.span for e in mention.evidence if e.field in ("stage", "date", "start_date")}
    spans |= {s.span for s in mention.steps} | {tie.span for tie in mention.lineage}
    ordered = sorted(spans, key=lambda s: (s.start, s.end))
    return tuple((span, quoter.sentence(span)) for span in ordered)
