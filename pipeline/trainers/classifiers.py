"""Train the document classifiers: a regularised logistic regression per category, where it helps.

In: documents with annotations, and their gold categories. Out: the content of ``linear.json`` and
the figures of a cross-validation by document. A category keeps its rule where the regression,
scored on documents that it did not see, is not clearly better. Deterministic: same data, same file.
scikit-learn is used here and never at prediction.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classifiers.features import Features, features_of
from pipeline.classifiers.linear import LinearModel
from pipeline.classifiers.rules import code_by_rules
from pipeline.codebook import Codebook
from pipeline.records import Annotation, Document

FOLDS = 5
SEED = 20_261_124
RELEVANT = ("relevance", "relevant")
DIMENSIONS = ("actor", "process", "output", "smart_city")
LEAST_POSITIVE = 30  # fewer are the habits of one author: on dev the rules did better
LEAST_DOCUMENTS = 4  # a feature in fewer training documents is noise
# Inverse regularisation: of .03, .1 and .3 the best on the development set (2026-11-24).
STRENGTH = 0.1
# How much better than the rules a regression must be: two rules' F1 on 80 documents differ by this
# much by chance.
MARGIN = 0.05
# A threshold chosen on few positives is drawn to .35 as if by this many more that agree on it:
# unbalanced regressions score their positives low.
_PRIOR_THRESHOLD, _PRIOR_POSITIVES = 0.35, 10
_SMALLEST_WEIGHT = 1e-3  # below it a weight never changes a decision

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One training document with its gold categories."""

    document: Document
    annotations: Sequence[Annotation]
    labels: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gives: ``linear.json`` and, per category, both F1 and who decides.

    ``relevance`` has the score of each document by a model that did not see it.
    """

    data: dict[str, object]
    figures: dict[str, dict[str, float | int | str]]
    relevance: list[float]


def train_classifiers(examples: Sequence[Example], codebook: Codebook) -> Trained:
    """Fit relevance on all documents and every other category on the relevant ones (rule 13)."""
    rows = [features_of(e.document, e.annotations) for e in examples]
    names = _frequent(rows)
    matrix = np.array([[row.value(name) for name in names] for row in rows])
    relevant = [i for i, e in enumerate(examples) if RELEVANT in e.labels]
    ruled = [
        frozenset((c.dimension, c.category) for c in code_by_rules(e.document, row, codebook))
        for e, row in zip(examples, rows, strict=True)
    ]
    models: list[LinearModel] = []
    figures: dict[str, dict[str, float | int | str]] = {}
    for pair in [RELEVANT, *_judged(codebook)]:
        chosen = list(range(len(examples))) if pair == RELEVANT else relevant
        target = [pair in examples[i].labels for i in chosen]
        by_rule = _f1([float(pair in ruled[i]) for i in chosen], target, 0.5)
        found: dict[str, float | int | str] = {
            "positives": sum(target),
            "rules_f1": by_rule,
            "linear_f1": 0.0,
            "coder": "rules",
        }
        if LEAST_POSITIVE <= sum(target) < len(target):
            model, score = _train(pair, matrix[chosen], names, target)
            found["linear_f1"] = score
            if pair == RELEVANT or score > by_rule + MARGIN:
                models.append(model)
                found["coder"] = "linear"
        figures[".".join(pair)] = found
    relevance = out_of_fold(matrix, [RELEVANT in e.labels for e in examples])
    data = {"models": [asdict(m) for m in models], "strength": STRENGTH}
    return Trained(data, figures, relevance)


def _judged(codebook: Codebook) -> Iterator[tuple[str, str]]:
    """Yield the categories that are a matter of judgement: not those that follow from records."""
    derived = {*codebook.ids("level"), "paradiplomacy"}
    for dimension in DIMENSIONS:
        yield from ((dimension, c) for c in codebook.ids(dimension) if c not in derived)


def _frequent(rows: Sequence[Features]) -> list[str]:
    counts = Counter(name for row in rows for name in row.spans)
    return sorted(n for n, c in counts.items() if c >= LEAST_DOCUMENTS)


def _train(
    pair: tuple[str, str], matrix: Array, names: Sequence[str], target: Sequence[bool]
) -> tuple[LinearModel, float]:
    """Return the model of one category and its F1 on documents that it did not see."""
    scores = out_of_fold(matrix, target)
    threshold = 0.5 if pair == RELEVANT else _threshold(scores, target)
    weights, intercept = _fit(matrix, target)
    kept = {
        name: round(weight, 5)
        for name, weight in zip(names, weights.tolist(), strict=True)
        if abs(weight) >= _SMALLEST_WEIGHT
    }
    model = LinearModel(pair[0], pair[1], round(intercept, 5), kept, threshold)
    return model, _f1(scores, target, threshold)


def _fit(matrix: Array, target: Sequence[bool]) -> tuple[Array, float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=0, max_iter=1_000)
    model.fit(matrix, np.array(target))
    return model.coef_[0], float(model.intercept_[0])


def out_of_fold(matrix: Array, target: Sequence[bool]) -> list[float]:
    """Return for each document the score of a model that did not see it."""
    scores = np.zeros(len(target))
    for fold in _folds(target):
        rest = np.setdiff1d(np.arange(len(target)), fold)
        weights, intercept = _fit(matrix[rest], [target[i] for i in rest])
        scores[fold] = 1 / (1 + np.exp(-(matrix[fold] @ weights + intercept)))
    found: list[float] = scores.tolist()
    return found


def _folds(target: Sequence[bool]) -> list[list[int]]:
    """Deal documents to folds so that each has its share of positives; seeded, so repeatable."""
    rng = random.Random(SEED)  # noqa: S311 - dealing, not secrets
    folds: list[list[int]] = [[] for _ in range(FOLDS)]
    for value in (True, False):
        members = [i for i, t in enumerate(target) if t is value]
        rng.shuffle(members)
        for position, index in enumerate(members):
            folds[position % FOLDS].append(index)
    return folds


def _f1(scores: Sequence[float], target: Sequence[bool], threshold: float) -> float:
    given = [s >= threshold for s in scores]
    hits = sum(g and t for g, t in zip(given, target, strict=True))
    size = sum(given) + sum(target)
    return round(2 * hits / size, 4) if size else 0.0


def _threshold(scores: Sequence[float], target: Sequence[bool]) -> float:
    """Return the threshold of best out-of-fold F1, drawn to a prior where positives are few."""
    candidates = [c / 100 for c in range(10, 90, 2)]
    best = max(candidates, key=lambda c: (_f1(scores, target, c), -abs(c - 0.5)))
    share = sum(target) / (sum(target) + _PRIOR_POSITIVES)
    return round(share * best + (1 - share) * _PRIOR_THRESHOLD, 3)
