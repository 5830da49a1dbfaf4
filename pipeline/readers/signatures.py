"""Signatures of a text: an exact one for "the same", a MinHash for "how alike"."""

from __future__ import annotations

import hashlib
import re

PERMUTATIONS = 128  # standard error of a Jaccard estimate of one half: 0.044
SHINGLE_WORDS = 3
SEED = 1985  # any number, but the same for ever: signatures of two runs must compare
_WORD = re.compile(r"\w+")


def text_sha256(text: str) -> str:
    """Return the SHA-256 of ``text`` with white space squeezed, in hex."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()


def minhash(text: str) -> tuple[int, ...]:
    """Return the signature of the set of word triples of ``text``.

    The share of equal places of two signatures estimates the Jaccard similarity of the sets. Words
    are compared without case. A text of one or two words is one shingle.
    """
    from rensa import RMinHash

    words = _WORD.findall(text.casefold())
    shingles = list(map(" ".join, zip(*(words[i:] for i in range(SHINGLE_WORDS)), strict=False)))
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    sketch.update(shingles or [" ".join(words)])
    return tuple(sketch.digest())
