"""Features of a document: named things that stand in its text, each with its spans.

In: a document and its annotations. Out: feature name to spans. As every feature has spans, every
category that a model gives can be shown in the text, and one without words is never given.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.classifiers.ties import GOVERNMENTS, ties_of
from pipeline.records import Annotation, Document, Span


@dataclass(frozen=True, slots=True)
class Features:
    """Spans by feature name, and the value that a linear model sees."""

    spans: Mapping[str, tuple[Span, ...]]

    def value(self, name: str) -> float:
        """Return the value of one feature."""
        return self.value_of(len(self.spans.get(name, ())))

    def count(self, names: Iterable[str]) -> int:
        """Return how many spans these features have together."""
        return sum(len(self.spans.get(name, ())) for name in names)

    @staticmethod
    def value_of(count: int) -> float:
        """Return ``log2(1 + count)``: the tenth mention says less than the second."""
        return math.log2(1 + count)


def home_country(document: Document, annotations: Iterable[Annotation]) -> str | None:
    """Return the country whose sub-national governments the text names most; ties: the source's."""
    counts = Counter(
        a.country for a in annotations if a.layer == "place" and a.label in GOVERNMENTS
    )
    del counts[None]
    if not counts:
        return document.source_country
    most = max(counts.values())
    leaders = sorted(str(c) for c, n in counts.items() if n == most)
    own = document.source_country
    return own if own in leaders else leaders[0]


def features_of(document: Document, annotations: Sequence[Annotation]) -> Features:
    """Collect the features of a document.

    Returns:
        ``layer:label`` for every annotation but places and dates; for organisations and places also
        whether they sit at home or abroad; and who stands beside words of agreement (`ties`).
    """
    home = home_country(document, annotations)
    spans: dict[str, list[Span]] = {}
    for a in annotations:
        for name in _names(a, home):
            spans.setdefault(name, []).append(a.span)
    spans.update(ties_of(document, annotations))
    return Features({name: tuple(found) for name, found in spans.items()})


def _names(annotation: Annotation, home: str | None) -> Iterable[str]:
    if annotation.layer in ("instrument", "sector", "cue", "person", "organisation"):
        yield f"{annotation.layer}:{annotation.label}"
    if annotation.layer in ("organisation", "place") and annotation.country is not None:
        side = "home" if annotation.country == home else "abroad"
        kind = annotation.label if annotation.layer == "organisation" else _tier(annotation.label)
        yield f"{annotation.layer}:{kind}:{side}"


def _tier(label: str) -> str:
    return "government" if label in GOVERNMENTS else label
