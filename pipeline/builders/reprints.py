"""Which documents are one source: copies, near copies, rewritten and translated wire stories.

**Rule.** Two documents are one source if their texts are equal; or the MinHash estimate of their
Jaccard similarity is at least .7; or they tell of the same pair of parties, came out at most
three days apart, and share at least a quarter of the shorter one's word 3-grams, or tell the same
sentence by sentence (see `wording`). Fingerprints find copies that were cut or lightly changed:
true reprints share about 30 % of their 3-grams (Silcock et al., NEWS-COPY, ICLR 2023), two
reporters at one signing a few per cent. Meaning finds those that were rewritten or translated. The
original is the earliest; on one day an official one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from pipeline.builders import edtf
from pipeline.builders.bands import BAND
from pipeline.builders.model import DocumentFacts
from pipeline.builders.wording import alike, may_be_one, names_in
from pipeline.text import fold

NEAR = 0.7  # estimated Jaccard similarity of two copies with other headings, footers or cuts
REWRITTEN = 0.25  # share of the shorter text's 3-grams, below the 30 % that true reprints share
DAYS = 3  # a wire story is reprinted within days; later texts on the same parties are other texts
MOST_NEAR = 64  # compared with each: more on one pair in three days is a flood, or dates are wrong
SAME_WORDS = 0.03  # least share in one language: rewritten texts of the clusters share .07 and more
FEW_GRAMS = 20  # a text of fewer 3-grams is a caption: chance decides what it shares
GRAM = 3  # words: two are said by anybody, of four a single changed word breaks four
_MULTIPLIER = 6364136223846793005  # Knuth's, as for the bands
_WORD = re.compile(r"\w+")
_SECOND_LEVEL = frozenset("ac co com edu go gob gov gouv gub lg mil net or org sch web".split())


@dataclass(frozen=True, slots=True)
class Story:
    """What is compared of a document on one pair of parties; ``day`` is when it came out.

    ``key`` is any name for the document that sorts.
    """

    key: str
    day: int
    grams: bytes
    lead: str
    language: str = ""


class Sources:
    """Sets of documents that are one source; the oldest stands for each."""

    def __init__(self, ordered: Iterable[str]) -> None:
        """Start with every document by itself, the oldest first."""
        self._parent = {doc_id: doc_id for doc_id in ordered}
        self._rank = {doc_id: i for i, doc_id in enumerate(self._parent)}

    def find(self, doc_id: str) -> str:
        """Return the original of a document."""
        while self._parent[doc_id] != doc_id:
            self._parent[doc_id] = self._parent[self._parent[doc_id]]
            doc_id = self._parent[doc_id]
        return doc_id

    def join(self, a: str, b: str) -> None:
        """Make two documents one source."""
        first, second = sorted((self.find(a), self.find(b)), key=self._rank.__getitem__)
        self._parent[second] = first

    def originals(self) -> dict[str, str]:
        """Return the original of each document, by doc_id in order."""
        return {doc_id: self.find(doc_id) for doc_id in sorted(self._parent)}


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
    if len(words) < GRAM:
        return b""
    each = np.fromiter(map(_word_hash, words), dtype=np.uint64, count=len(words))
    # Modulo 2^64; the multiplier makes the order of the words count, the upper half is well mixed.
    mixed = np.zeros(len(words) - GRAM + 1, dtype=np.uint64)
    for place in range(GRAM):
        mixed = (mixed + each[place : place + len(mixed)]) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32)).tobytes()


@lru_cache(maxsize=100_000)  # words repeat; an entry takes some 150 bytes
def _word_hash(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


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
    found = Sources(d.doc_id for d in ordered)
    for a, b in _same_text(ordered):
        found.join(a, b)
    for one, two in _banded(ordered):
        if jaccard(one.minhash, two.minhash) >= NEAR:
            found.join(one.doc_id, two.doc_id)
    for stories in _by_pair(ordered, pairs).values():
        for a, b in retold(stories):
            found.join(a, b)
    return found.originals()


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


def _by_pair(
    documents: Iterable[DocumentFacts], pairs: Mapping[str, Iterable[tuple[str, str]]]
) -> dict[tuple[str, str], list[Story]]:
    """Return the documents on each pair of parties whose day of publication is known."""
    by_pair: dict[tuple[str, str], list[Story]] = defaultdict(list)
    for d in documents:
        out = edtf.bounds(d.published)
        if out is not None and out[0] == out[1]:
            for pair in sorted(set(pairs.get(d.doc_id, ()))):
                by_pair[pair].append(Story(d.doc_id, out[0], d.grams, d.lead, d.language))
    return by_pair


def retold(stories: Iterable[Story]) -> list[tuple[str, str]]:
    """Return the pairs of documents on one pair of parties that are one story, by their keys.

    Words first. Meaning is dear, so it is asked only for the oldest of those that share their
    words, and only where names and numbers leave it open.
    """
    ordered = sorted(stories, key=lambda s: (s.day, s.key))
    by_key = {s.key: s for s in ordered}
    shares = {
        (one.key, two.key): overlap(one.grams, two.grams) for one, two in _near_in_time(ordered)
    }
    found = Sources(by_key)
    for (one, two), share in shares.items():
        if share >= REWRITTEN:
            found.join(one, two)
    open_pairs = {
        (a, b)
        for (one, two), share in shares.items()
        for a, b in (sorted((found.find(one), found.find(two))),)
        if a != b and (by_key[one].language != by_key[two].language or share >= SAME_WORDS)
    }
    names = {key: names_in(by_key[key].lead) for pair in open_pairs for key in pair}
    asked = sorted(p for p in open_pairs if may_be_one(names[p[0]], names[p[1]]))
    leads = {key: by_key[key].lead for pair in asked for key in pair}
    return [
        *(pair for pair, share in shares.items() if share >= REWRITTEN),
        *alike(leads, asked),
    ]


def _near_in_time(ordered: Sequence[Story]) -> Iterator[tuple[Story, Story]]:
    """Yield the pairs that came out within days, each story with at most `MOST_NEAR` later ones."""
    for i, one in enumerate(ordered):
        for two in ordered[i + 1 : i + 1 + MOST_NEAR]:
            if two.day - one.day > DAYS:
                break
            yield one, two


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
