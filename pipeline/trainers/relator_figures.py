"""How good the relators' scores are: reliability, its error, precision and recall by threshold.

In: scores of records that no model saw, whether each is right, and the document of each. Out:
plain JSON values for ``models/relator/figures.json``. Intervals are a bootstrap over documents,
since the records of one document stand or fall together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
SAMPLES = 1_000  # of the bootstrap
_SEED = 7
_TAIL = 5.0  # percent on each side of a 90 % interval
_DIGITS = 4

Array = NDArray[np.float64]
Json = dict[str, Any]


def reliability(scores: Sequence[float], right: Sequence[bool], documents: Sequence[str]) -> Json:
    """Return ten equal-mass bins of scores and the expected calibration error with its interval.

    Args:
        scores: Of records, by models that did not see their documents.
        right: Whether the coder wrote that record.
        documents: The document of each.

    Returns:
        ``bins``: number, mean score, share that is right and the 90 % interval of that share;
        ``ece``: mean distance of the two, weighted by number, and its interval.
    """
    s, y = np.array(scores, float), np.array(right, float)
    groups = _groups(documents)
    if len(s) < BINS:
        return {"bins": [], "ece": None, "ece_interval": None, "records": len(s)}
    drawn = _draws(s, y, groups)
    edges = np.array_split(np.argsort(s, kind="stable"), BINS)
    bins = []
    for k, members in enumerate(edges):
        low, high = s[members].min(), s[members].max()
        shares = [
            float(b[inside].mean()) for a, b in drawn if (inside := (a >= low) & (a <= high)).any()
        ]
        bins.append(
            {
                "bin": k + 1,
                "records": len(members),
                "score": _round(s[members].mean()),
                "right": _round(y[members].mean()),
                "right_interval": _interval(shares),
            }
        )
    errors = [calibration_error(a, b) for a, b in drawn]
    return {
        "records": len(s),
        "bins": bins,
        "ece": _round(calibration_error(s, y)),
        "ece_interval": _interval(errors),
    }


def calibration_error(scores: Array, right: Array) -> float:
    """Return the expected calibration error over ten equal-mass bins."""
    order = np.argsort(scores, kind="stable")
    parts = [p for p in np.array_split(order, BINS) if len(p)]
    return float(
        sum(abs(scores[p].mean() - right[p].mean()) * len(p) for p in parts) / max(1, len(scores))
    )


def _groups(documents: Sequence[str]) -> list[NDArray[np.int64]]:
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(documents):
        rows.setdefault(name, []).append(i)
    return [np.array(r) for r in rows.values()]


def _draws(s: Array, y: Array, groups: Sequence[NDArray[np.int64]]) -> list[tuple[Array, Array]]:
    """Draw documents with replacement, the same draws for the same data."""
    rng = np.random.default_rng(_SEED)
    drawn = []
    for _ in range(SAMPLES):
        picked = np.concatenate([groups[g] for g in rng.integers(0, len(groups), len(groups))])
        drawn.append((s[picked], y[picked]))
    return drawn


def _interval(values: Sequence[float]) -> list[float]:
    low, high = np.percentile(np.array(values), [_TAIL, 100 - _TAIL])
    return [_round(low), _round(high)]


def _round(value: float) -> float:
    return round(float(value), _DIGITS)
