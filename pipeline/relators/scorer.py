"""The scorer: features in, a calibrated probability out, and which features decided.

In: ``models/relator/scorer.json`` (written by `pipeline.trainers.relator`). A logistic model over
features scaled to unit spread, blended with a small ensemble of shallow trees, then calibrated by
a curve fitted on out-of-fold predictions. Prediction is plain arithmetic: no scikit-learn.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MODEL_FILE = "scorer.json"
_CLIP = 30.0  # beyond this a logistic is 0 or 1 in floating point


@dataclass(frozen=True, slots=True)
class Tree:
    """One regression tree as parallel arrays; ``left`` of -1 marks a leaf."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    def predict(self, row: list[float]) -> float:
        """Return the value of the leaf that ``row`` falls into."""
        node = 0
        while self.left[node] >= 0:
            node = (
                self.left[node]
                if row[self.feature[node]] <= self.threshold[node]
                else self.right[node]
            )
        return self.value[node]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A trained scorer. ``weights`` are per unit of the raw feature, so contributions add up."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    trees: tuple[Tree, ...]
    base: float
    blend: float
    slope: float  # of the log-odds where the margin is low; ``slope_high`` where it is high
    offset: float
    slope_high: float | None = None

    def score(self, features: Mapping[str, float]) -> float:
        """Return the calibrated probability that the pair is an agreement.

        Rounded to four decimals.
        """
        row = [features.get(name, 0.0) for name in self.names]
        linear = self.intercept + sum(w * x for w, x in zip(self.weights, row, strict=True) if x)
        boosted = self.base + sum(tree.predict(row) for tree in self.trees)
        margin = (1 - self.blend) * linear + self.blend * boosted
        high = self.slope if self.slope_high is None else self.slope_high
        return round(logistic(bent(margin, self.slope, high) + self.offset), 4)

    def explain(self, features: Mapping[str, float], top: int = 4) -> tuple[tuple[str, float], ...]:
        """Return the features of the linear part that moved the score most, with their push."""
        pushes = [
            (n, w * features[n])
            for n, w in zip(self.names, self.weights, strict=True)
            if n in features
        ]
        return tuple(sorted(pushes, key=lambda p: (-abs(p[1]), p[0]))[:top])


def bent(margin: float, low: float, high: float) -> float:
    """Return a margin with one slope where it is low and another where it is high.

    This is beta calibration (Kull and others 2017): a scorer may be too timid about what it
    doubts and too sure of what it believes. Equal slopes are Platt's logistic curve.
    """
    clipped = max(-_CLIP, min(_CLIP, margin))
    return high * math.log1p(math.exp(clipped)) - low * math.log1p(math.exp(-clipped))


def logistic(margin: float) -> float:
    """Return the logistic function of ``margin``."""
    return 1.0 / (1.0 + math.exp(-max(-_CLIP, min(_CLIP, margin))))


def load_scorer(folder: Path) -> Scorer:
    """Read the model in ``folder`` (``models/relator``).

    Raises:
        FileNotFoundError: It was not trained; ``make models`` does.
    """
    data = json.loads((folder / MODEL_FILE).read_text("utf-8"))
    return Scorer(
        names=tuple(data["names"]),
        weights=tuple(data["weights"]),
        intercept=data["intercept"],
        trees=tuple(Tree(**{k: tuple(v) for k, v in tree.items()}) for tree in data["trees"]),
        base=data["base"],
        blend=data["blend"],
        slope=data["slope"],
        offset=data["offset"],
        slope_high=data.get("slope_high"),
    )
