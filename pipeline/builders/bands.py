"""Candidates for near copies: signatures that are equal in one band of their rows (LSH)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BAND = 4  # rows per band: at similarity .7, 32 bands of 4 miss one pair in ten thousand


def bands_of(minhash: Sequence[int]) -> bytes:
    """Return a 64-bit hash of each band of a signature, packed; nothing for no signature."""
    import numpy as np

    rows = np.array(minhash[: len(minhash) // BAND * BAND], dtype=np.int64).astype(np.uint64)
    mixed = np.zeros(len(rows) // BAND, dtype=np.uint64)
    for column in rows.reshape(-1, BAND).T:
        # Multiply and add modulo 2^64 with Knuth's constant: a clash only costs one comparison.
        mixed = mixed * np.uint64(6364136223846793005) + column + np.uint64(1442695040888963407)
    return mixed.tobytes()


def sharing_a_band(ages: NDArray[np.int64], matrix: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the rows that share a band with an older one, each with the oldest of that band.

    Args:
        ages: Shape (documents,), ascending.
        matrix: Shape (documents, bands): the hash of each band.
    """
    import numpy as np

    found = [np.zeros((0, 2), dtype=np.int64)]
    for band in matrix.T:
        _, first, inverse = np.unique(band, return_index=True, return_inverse=True)
        oldest = first[inverse]
        later = oldest != np.arange(len(band))
        found.append(np.stack([ages[oldest[later]], ages[later]], axis=1))
    return np.unique(np.concatenate(found), axis=0)
