"""Document-level codes that follow from the records and need no classifier.

**Rules.** A document is relevant with the score of its best mention; it has the level of each of
its mentions; it shows paradiplomacy exactly where one of them is international. Its outputs are
realised where a mention tells concrete follow-up, or asserts that the agreement was implemented.
Codings of the classifiers on the same category stand beside these, told apart by their coder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pipeline.built import BuiltMention
from pipeline.records import Coding, Mention

CODER = "records.v1"


def codings_of(mentions: Iterable[BuiltMention]) -> list[Coding]:
    """Return the codings that follow from the mentions, sorted by document, dimension, category."""
    found: dict[tuple[str, str, str, str], list[Mention]] = defaultdict(list)
    for built in mentions:
        m = built.mention
        if built.is_superseded:
            continue
        for dimension, category in _codes(m):
            found[m.doc_id, m.capture_id, dimension, category].append(m)
    return [
        Coding(
            doc_id=doc_id,
            capture_id=capture_id,
            dimension=dimension,
            category=category,
            score=max(m.score for m in given),
            evidence=tuple(sorted({m.span for m in given}, key=lambda s: (s.start, s.end))),
            coder=CODER,
        )
        for (doc_id, capture_id, dimension, category), given in sorted(found.items())
    ]


def _codes(mention: Mention) -> Iterable[tuple[str, str]]:
    yield "relevance", "relevant"
    yield "process", mention.level
    if mention.scope == "international":
        yield "process", "paradiplomacy"


def realised(mentions: Iterable[BuiltMention]) -> frozenset[str]:
    """Return the documents that tell an output other than the instrument, by doc_id."""
    return frozenset(
        b.mention.doc_id
        for b in mentions
        if b.mention.follow_up == "concrete"
        or (b.mention.stage == "implemented" and b.mention.modality == "asserted")
    )
