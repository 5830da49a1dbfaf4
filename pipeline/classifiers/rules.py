"""Rules: what the codebook says follows from words, and from nothing else.

A category is given where one of its own terms stands in the text (cue ``dimension.category``), so a
category that a user adds with terms works at once. A smart-city dimension also follows from the
sectors that map to it. Scores are plain: they say how many words there are, not how sure we are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.classifiers.features import Features
from pipeline.codebook import Codebook
from pipeline.records import Coding, Document, Span

CODER = "rules.v1"
DIMENSIONS = ("actor", "process", "output", "smart_city", "sector")
MOST_SPANS = 5  # shown as evidence of one category: the first five in the text
# One term is a hint, three are hardly chance: 1 - 0.5 ** n gives .5, .75, .88.
_MISS = 0.5
# An agreement has a sub-national party by definition: where a relevant text has no word for the
# body ("mayor", "pemkot"), the name of the place is what stands for it.
_NAMED_BY_PLACE = {
    ("actor", "local_government"): ("place:government:home", "place:government:abroad")
}


def code_by_rules(document: Document, features: Features, codebook: Codebook) -> Iterator[Coding]:
    """Yield the categories whose own terms stand in the text, in codebook order."""
    for dimension in DIMENSIONS:
        for category in codebook.ids(dimension):
            spans = carrying_spans(dimension, category, features, codebook)
            if spans:
                yield coding(document, dimension, category, 1 - _MISS ** len(spans), spans, CODER)


def carrying_spans(
    dimension: str, category: str, features: Features, codebook: Codebook
) -> tuple[Span, ...]:
    """Return the spans that speak for a category by the codebook alone."""
    names = [f"sector:{category}" if dimension == "sector" else f"cue:{dimension}.{category}"]
    if dimension == "smart_city":
        sectors = codebook.ids("sector")
        names += [f"sector:{s}" for s in sectors if category in codebook.smart_city_of(s)]
    found = {s for name in names for s in features.spans.get(name, ())}
    if not found:
        by_place = _NAMED_BY_PLACE.get((dimension, category), ())
        found = {s for name in by_place for s in features.spans.get(name, ())}
    return tuple(sorted(found, key=lambda s: (s.start, s.end)))


def coding(
    document: Document,
    dimension: str,
    category: str,
    score: float,
    spans: Sequence[Span],
    coder: str,
) -> Coding:
    """Make one coding with its first spans."""
    return Coding(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        dimension=dimension,
        category=category,
        score=round(score, 4),
        evidence=tuple(spans[:MOST_SPANS]),
        coder=coder,
    )
