"""Document-level codes that follow from the records and need no classifier.

**Rules.** A document is relevant with the score of its best mention; it has the level of each of
its mentions; it shows paradiplomacy exactly where one of them is international. Its outputs are
realised where a mention tells concrete follow-up, or asserts that the agreement was implemented.
Codings of the classifiers on the same category stand beside these, told apart by their coder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from pipeline.records import Coding, Mention, Span

CODER = "records.v1"


@dataclass(frozen=True, slots=True)
class Said:
    """What the codes of a document follow from: one mention, as its newest version has it."""

    doc_id: str
    capture_id: str
    span: Span
    level: str
    scope: str
    score: float


def codings_of(mentions: Iterable[Said]) -> Iterator[Coding]:
    """Yield the codings that follow from mentions, sorted by document, dimension, category.

    Args:
        mentions: Those that are not superseded, sorted by document and version.
    """
    for (doc_id, capture_id), given in groupby(mentions, lambda m: (m.doc_id, m.capture_id)):
        found: dict[tuple[str, str], list[Said]] = defaultdict(list)
        for m in given:
            for code in _codes(m):
                found[code].append(m)
        for (dimension, category), said in sorted(found.items()):
            spans = {(m.span.start, m.span.end) for m in said}
            yield Coding(
                doc_id=doc_id,
                capture_id=capture_id,
                dimension=dimension,
                category=category,
                score=max(m.score for m in said),
                evidence=tuple(Span(start=start, end=end) for start, end in sorted(spans)),
                coder=CODER,
            )


def _codes(mention: Said) -> Iterable[tuple[str, str]]:
    yield "relevance", "relevant"
    yield "process", mention.level
    if mention.scope == "international":
        yield "process", "paradiplomacy"


def is_realised(mention: Mention) -> bool:
    """Tell whether a mention tells an output other than the instrument."""
    return mention.follow_up == "concrete" or (
        mention.stage == "implemented" and mention.modality == "asserted"
    )
