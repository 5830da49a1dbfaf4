"""A chooser: one value out of several for one field of a record, with its probability.

In: features by name. Out: the best value. A softmax over linear scores, trained by
`pipeline.trainers.relator` and stored as JSON in ``models/relator/choosers.json``; one per field.
That of the stage is joined with a second opinion (`stage_logit`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.relators.stage_logit import alternatives

MODEL_FILE = "choosers.json"


@dataclass(frozen=True, slots=True)
class Chooser:
    """Weights by value and feature; features that it does not know count nothing."""

    values: tuple[str, ...]
    intercepts: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    shared: Mapping[str, float] | None = None  # of `stage_logit`: the same for all stages

    def probabilities(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return the probability of each value."""
        found = self._softmax(features)
        if self.shared is None:
            return found
        second = self._second(features)
        joined = {v: math.sqrt(found[v] * second.get(v, 0.0)) for v in self.values}
        total = sum(joined.values())
        return {v: p / total for v, p in joined.items()} if total else found

    def _second(self, features: Mapping[str, float]) -> dict[str, float]:
        weights = self.shared or {}
        scores = {
            stage: sum(weights.get(name, 0.0) * x for name, x in told.items())
            for stage, told in alternatives(features).items()
        }
        top = max(scores.values())
        raised = {stage: math.exp(s - top) for stage, s in scores.items()}
        total = sum(raised.values())
        return {stage: r / total for stage, r in raised.items()}

    def _softmax(self, features: Mapping[str, float]) -> dict[str, float]:
        scores = list(self.intercepts)
        for name, x in features.items():
            row = self.weights.get(name)
            if row is not None:
                scores = [s + w * x for s, w in zip(scores, row, strict=True)]
        top = max(scores)
        raised = [math.exp(s - top) for s in scores]
        total = sum(raised)
        return {v: r / total for v, r in zip(self.values, raised, strict=True)}

    def choose(
        self, features: Mapping[str, float], handicaps: Mapping[str, float] | None = None
    ) -> str:
        """Return the likeliest value; ties go to the first in the model's order.

        Args:
            features: What the text says.
            handicaps: Factors on the probability of values that cost more when they are wrong.
        """
        found = self.probabilities(features)
        costs = handicaps or {}
        return max(self.values, key=lambda v: found[v] * costs.get(v, 1.0))


Choosers = Mapping[str, Chooser]


def load_choosers(folder: Path) -> Choosers:
    """Read all choosers in ``folder`` (``models/relator``).

    Raises:
        FileNotFoundError: They were not trained; ``make models`` does.
    """
    data = json.loads((folder / MODEL_FILE).read_text("utf-8"))
    return {field: make_chooser(entry) for field, entry in data.items()}


def make_chooser(entry: Mapping[str, Any]) -> Chooser:
    """Return the chooser that ``trainers.relator.fit_chooser`` wrote."""
    return Chooser(
        values=tuple(entry["values"]),
        intercepts=tuple(entry["intercepts"]),
        weights={name: tuple(row) for name, row in entry["weights"].items()},
        shared=entry.get("shared"),
    )
