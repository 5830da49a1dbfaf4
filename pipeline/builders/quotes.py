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

    def is_inside(self, span: Span) -> bool:
        """Tell whether a span covers at least one code point of the text."""
        return 0 <= span.start < span.end <= len(self.text)

    def fit(self, span: Span) -> Span:
        """See `fit_span`."""
        return fit_span(self.text, span)

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


def _fitted(part: _Part, quoter: Quoter) -> _Part:
    """Return a part with its span fit to quote; most are, and stay what they are."""
    span = quoter.fit(part.span)
    return part if span is part.span else dataclasses.replace(part, span=span)


def fit_mention(quoter: Quoter, mention: Mention) -> tuple[Mention | None, tuple[str, ...]]:
    """Make every span of a mention fit to quote.

    Returns:
        The mention, or None if the sentence that shows it lies outside the text, and the names of
        the fields whose evidence had to go because its span does.
    """
    lost: list[str] = []
    if not quoter.is_inside(mention.span):
        return None, ("span",)
    evidence, steps, lineage = [], [], []
    for item in mention.evidence:
        if quoter.is_inside(item.span):
            evidence.append(_fitted(item, quoter))
        else:
            lost.append(item.field)
    for step in mention.steps:
        if quoter.is_inside(step.span):
            steps.append(_fitted(step, quoter))
        else:
            lost.append(f"step {step.stage}")
    for tie in mention.lineage:
        if quoter.is_inside(tie.span):
            lineage.append(_fitted(tie, quoter))
        else:
            lost.append(f"lineage {tie.relation}")
    fitted = dataclasses.replace(
        mention,
        span=quoter.fit(mention.span),
        evidence=tuple(evidence),
        steps=tuple(steps),
        lineage=tuple(lineage),
    )
    return fitted, tuple(lost)


def step_sentences(quoter: Quoter, mention: Mention) -> tuple[tuple[Span, Span], ...]:
    """Return the sentence to quote for every span that tells a step or a tie."""
    spans = {e.span for e in mention.evidence if e.field in ("stage", "date", "start_date")}
    spans |= {s.span for s in mention.steps} | {tie.span for tie in mention.lineage}
    ordered = sorted(spans, key=lambda s: (s.start, s.end))
    return tuple((span, quoter.sentence(span)) for span in ordered)
