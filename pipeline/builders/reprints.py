"""Which documents are one source: copies, near copies, rewritten wire stories.

**Rule.** Two documents are one source if their texts are equal; or the MinHash estimate of their
Jaccard similarity is at least .7; or they tell of the same pair of parties, came out at most
three days apart, and share at least a quarter of the shorter one's word 3-grams. The last finds
rewritten wire stories: true reprints share only about 30 % of their 3-grams (Silcock et al.,
NEWS-COPY, ICLR 2023), two reporters at one signing a few per cent. The original is the earliest;
on one day an official one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

from pipeline.builders import edtf
from pipeline.builders.model import DocumentFacts
from pipeline.text import fold

NEAR = 0.7  # estimated Jaccard similarity of two copies with other headings, footers or cuts
REWRITTEN = 0.25  # share of the shorter text's 3-grams, below the 30 % that true reprints share
DAYS = 3  # a wire story is reprinted within days; later texts on the same parties are other texts
BAND = 4  # rows per LSH band: at similarity .7, 32 bands of 4 miss one pair in ten thousand
FEW_GRAMS = 20  # a text of fewer 3-grams is a caption: chance decides what it shares
_WORD = re.compile(r"\w+")
_SECOND_LEVEL = frozenset("ac co com edu go gob gov gouv gub lg mil net or org sch web".split())


def publisher_of(url: str | None, source_id: str) -> str:
    """Return who publishes a document: the registered domain of its URL, else its source.

    ``megapolitan.kompas.com`` and ``regional.kompas.com`` are one publisher, ``jogjakota.go.id``
    and ``bandung.go.id`` two.
    """
    host = re.sub(r"^\w+://", "", url or "").split("/")[0].split("@")[-1].split(":")[0].casefold()
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or labels[-1].isdigit():  # no host, or an address
        return host or source_id
    depth = 3 if len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-depth:])


def grams_of(text: str) -> bytes:
    """Return the sorted distinct 32-bit hashes of a text's folded word 3-grams, packed."""
    import numpy as np

    words = _WORD.findall(fold(text))
    hashes = {crc32(" ".join(words[i : i + 3]).encode()) for i in range(len(words) - 2)}
    return np.array(sorted(hashes), dtype=np.uint32).tobytes()


def overlap(a: bytes, b: bytes) -> float:
    """Return the share of the shorter text's 3-grams that the other one has too."""
    import numpy as np

    x, y = np.frombuffer(a, dtype=np.uint32), np.frombuffer(b, dtype=np.uint32)
    shorter = min(len(x), len(y))
    if shorter < FEW_GRAMS:
        return 0.0
    return float(len(np.intersect1d(x, y, assume_unique=True)) / shorter)


def jaccard(a: Sequence[int], b: Sequence[int]) -> float:
    """Return the estimated Jaccard similarity of two texts by their MinHash signatures."""
    if not a or len(a) != len(b):
        return 0.0
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a)


def originals(
    documents: Iterable[DocumentFacts], pairs: Mapping[str, Iterable[tuple[str, str]]]
) -> dict[str, str]:
    """Return the original of each document, by doc_id; an original is its own.

    Args:
        documents: Newest versions, each document once.
        pairs: The pairs of parties that each document tells of, by doc_id.
    """
    ordered = sorted(documents, key=_age)
    parent = {d.doc_id: d.doc_id for d in ordered}
    rank = {d.doc_id: i for i, d in enumerate(ordered)}

    def find(doc_id: str) -> str:
        while parent[doc_id] != doc_id:
            parent[doc_id] = parent[parent[doc_id]]
            doc_id = parent[doc_id]
        return doc_id

    def join(a: str, b: str) -> None:
        first, second = sorted((find(a), find(b)), key=rank.__getitem__)
        parent[second] = first

    for a, b in _same_text(ordered):
        join(a, b)
    for one, two in _banded(ordered):
        if find(one.doc_id) != find(two.doc_id) and jaccard(one.minhash, two.minhash) >= NEAR:
            join(one.doc_id, two.doc_id)
    for one, two in _same_story(ordered, pairs):
        if find(one.doc_id) != find(two.doc_id) and overlap(one.grams, two.grams) >= REWRITTEN:
            join(one.doc_id, two.doc_id)
    return {doc_id: find(doc_id) for doc_id in sorted(parent)}


def _age(document: DocumentFacts) -> tuple[object, ...]:
    return (
        edtf.order(document.published),
        not document.is_official,
        document.retrieved_at,
        document.doc_id,
    )


def _same_text(documents: Iterable[DocumentFacts]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for document in documents:
        yield first.setdefault(document.text_sha256, document.doc_id), document.doc_id


def _banded(documents: Iterable[DocumentFacts]) -> Iterator[tuple[DocumentFacts, DocumentFacts]]:
    """Yield pairs that share a band of their signatures, each with the band's first."""
    first: dict[tuple[int, tuple[int, ...]], DocumentFacts] = {}
    for document in documents:
        for place in range(0, len(document.minhash) - BAND + 1, BAND):
            other = first.setdefault((place, document.minhash[place : place + BAND]), document)
            if other is not document:
                yield other, document


def _same_story(
    documents: Iterable[DocumentFacts], pairs: Mapping[str, Iterable[tuple[str, str]]]
) -> Iterator[tuple[DocumentFacts, DocumentFacts]]:
    """Yield documents on one pair of parties that came out within `DAYS` of each other."""
    by_pair: dict[tuple[str, str], list[tuple[int, DocumentFacts]]] = defaultdict(list)
    for document in documents:
        out = edtf.bounds(document.published)
        if out is not None and out[0] == out[1] and document.grams:
            for pair in sorted(set(pairs.get(document.doc_id, ()))):
                by_pair[pair].append((out[0], document))
    for found in by_pair.values():
        for i, (day, document) in enumerate(found):  # in order of day: `documents` are
            for other_day, other in found[i + 1 :]:
                if other_day - day > DAYS:
                    break
                yield document, other


def independent_sources(
    documents: Iterable[DocumentFacts], original: Mapping[str, str]
) -> dict[str, str]:
    """Return the independent source of each document of one agreement, by doc_id.

    Reprints of one text are one source, and so are all texts of one publisher.
    """
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            key = parent[key]
        return key

    listed = sorted({d.doc_id: d for d in documents}.items())
    for doc_id, document in listed:
        first, second = sorted(
            (find(f"text {original.get(doc_id, doc_id)}"), find(f"by {document.publisher}"))
        )
        parent[second] = first
    return {d: find(f"text {original.get(d, d)}") for d, _ in listed}
