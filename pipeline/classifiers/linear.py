"""Linear models: logistic regressions over features that have spans (trained by ``trainers``).

In: features and the weights in ``models/classifiers``. Out: a score per category, and the spans of
the features that spoke for it most. scikit-learn trains; here a dictionary of weights is enough.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.classifiers.features import Features
from pipeline.classifiers.kin import group_values
from pipeline.classifiers.rules import coding
from pipeline.config import ConfigError
from pipeline.records import Coding, Document, Span

CODER = "linear.v2"
FILE = "linear.json"
_REASONS = 3  # features whose spans are shown: beyond the third, contributions are small


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One category: ``sigmoid(intercept + Σ weight · value)``, given at or above ``threshold``.

    ``group`` are the features that mean the category itself (`kin`); taken together they have a
    weight for how often they stand in the text, and one for standing there at all.
    """

    dimension: str
    category: str
    intercept: float
    weights: Mapping[str, float]
    threshold: float
    group: Sequence[str] = ()
    group_weights: Sequence[float] = (0.0, 0.0)

    def score(self, features: Features) -> float:
        """Return the probability that a coder would give this category."""
        often, at_all = group_values(features, self.group)
        total = self.intercept + self.group_weights[0] * often + self.group_weights[1] * at_all
        for name in features.spans:
            weight = self.weights.get(name)
            if weight is not None:
                total += weight * features.value(name)
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))

    def evidence(self, features: Features) -> tuple[Span, ...]:
        """Return the spans that carry the category, in text order.

        The features that mean the category itself come before those that only raised the score;
        of each, the three that raised it most.
        """
        pushes = {
            name: self.weights[name] * features.value(name)
            for name in features.spans
            if self.weights.get(name, 0.0) > 0
        }
        own = {n: pushes.get(n, 0.0) for n in self.group if n in features.spans}
        chosen = {n: p for n, p in own.items() if p > 0} or own or pushes
        best = sorted(chosen, key=lambda n: (-chosen[n], n))[:_REASONS]
        spans = {s for name in best for s in features.spans[name]}
        return tuple(sorted(spans, key=lambda s: (s.start, s.end)))


@dataclass(frozen=True, slots=True)
class LinearModels:
    """All trained categories."""

    models: tuple[LinearModel, ...]

    @classmethod
    def load(cls, folder: Path) -> LinearModels:
        """Read ``linear.json``.

        Raises:
            ConfigError: The file is missing or is not what `trainers` writes.
        """
        path = folder / FILE
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls(tuple(LinearModel(**m) for m in data["models"]))
        except FileNotFoundError as error:
            msg = f"{path}: model missing. Restore it from the repository or run `make models`."
            raise ConfigError(msg) from error
        except (ValueError, KeyError, TypeError) as error:
            msg = f"{path}: not a model of this version ({error}). Run `make models`."
            raise ConfigError(msg) from error

    def trained(self) -> frozenset[tuple[str, str]]:
        """Return the (dimension, category) pairs that have a model."""
        return frozenset((m.dimension, m.category) for m in self.models)

    def code(self, document: Document, features: Features) -> Iterator[Coding]:
        """Yield the categories at or above their threshold that have words in the text.

        ``relevance`` is given whatever its score: later stages and the export want the number.
        """
        for model in self.models:
            score = model.score(features)
            always = model.dimension == "relevance"
            if score < model.threshold and not always:
                continue
            spans = model.evidence(features)
            if spans or always:
                yield coding(document, model.dimension, model.category, score, spans, CODER)
