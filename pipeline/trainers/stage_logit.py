"""Fits the weights of `pipeline.relators.stage_logit`: one set for all stages.

In: training rows with the answer's stage. Out: weights by feature. Convex, so that two runs end at
the same place; rounded like all stored weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.relators.features import STAGES
from pipeline.relators.stage_logit import BIAS, OWN, alternatives

if TYPE_CHECKING:
    from pipeline.trainers.relator import Example

# Strength of the pull to zero: shared weights, those of one stage, the base rate of a stage. Chosen
# by the share of right stages across nine hands, which is flat from 6 to 25 for the second.
SHARED, STAGE, BASE = 1.0, 12.0, 0.1
_STEPS = 300


def fit_stages(rows: Sequence[Example], rare: float, digits: int, least: int) -> dict[str, float]:
    """Return the weights that make the right stage likeliest in each row.

    Args:
        rows: Examples whose answer is a stage.
        rare: Power of the extra weight of rare stages.
        digits: Digits of the stored weights.
        least: Rows in which a feature must be seen.
    """
    from scipy.optimize import minimize

    tables = [alternatives(r.features) for r in rows]
    seen: dict[str, int] = {}
    for table in tables:
        for name in {n for f in table.values() for n in f}:
            seen[name] = seen.get(name, 0) + 1
    names = sorted(n for n, count in seen.items() if count >= least)
    index = {name: k for k, name in enumerate(names)}
    x = np.zeros((len(rows), len(STAGES), len(names)))
    for i, table in enumerate(tables):
        for j, stage in enumerate(STAGES):
            for name, value in table[stage].items():
                if name in index:
                    x[i, j, index[name]] = value
    right = np.array([STAGES.index(r.answer) for r in rows])
    counts = np.bincount(right, minlength=len(STAGES))
    weights = np.array([r.weight for r in rows]) * (len(rows) / counts[right]) ** rare
    pull = np.array([_pull(name) for name in names])

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = x @ w
        scores -= scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p /= p.sum(axis=1, keepdims=True)
        at = np.arange(len(rows))
        value = -(weights * np.log(p[at, right] + 1e-12)).sum() + 0.5 * (pull * w * w).sum()
        p[at, right] -= 1.0
        return float(value), np.einsum("ij,ijk->k", p * weights[:, None], x) + pull * w

    found = minimize(
        loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}
    )
    return {n: round(float(w), digits) for n, w in zip(names, found.x, strict=True)}


def _pull(name: str) -> float:
    if name.startswith(BIAS + OWN):
        return BASE
    return STAGE if OWN in name else SHARED
