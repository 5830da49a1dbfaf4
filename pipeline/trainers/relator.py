"""Fits the relators' models: the pair scorer and the choosers of a record's fields.

In: rows of features and answers. Out: plain JSON values for ``models/relator/``. Deterministic: no
random state that is not fixed, rows in the order given, weights rounded. scikit-learn is imported
here only; prediction (`pipeline.relators.scorer`, `.chooser`) is plain arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.trainers.stage_logit import fit_stages

STAGE = "stage"
SEED = 7
FOLDS = 5
DIGITS = 5  # of stored weights: a hundred thousandth of a log-odds changes no decision
# Inverse regularisation of the linear parts, chosen by 5-fold cross-validation by document.
PAIR_C, FIELD_C = 0.03, 0.05
FIELD_CS = {
    "stage": 0.02,
    "modality": 0.1,
    "instrument": 0.05,
    "background": 0.2,
    "follow_up": 0.02,
    "date": 0.03,
    "sector": 0.1,
}
# What is said where no partner is named misleads about the stage: it is mostly of other things.
IGNORED = {"stage": ("general_",)}
# Power of the extra weight of rare answers: 0 none, 1 all answers weigh the same in sum.
RARE = {"stage": 0.3, "modality": 0.6, "follow_up": 0.3, "instrument": 0.3}
# The ensemble of shallow trees: small, because there are some two hundred positive pairs.
TREES, DEPTH, RATE, LEAF = 120, 3, 0.08, 8
BLEND = 0.5  # share of the trees in the margin
# Scale of a single word's feature: words are many and rare, so each may weigh little.
WORD_SPREAD = 0.3
MIN_COUNT = 3  # a feature seen in fewer rows is noise

Array = NDArray[np.float64]
Json = dict[str, Any]


class Example(Protocol):
    """What a training row must show (`pipeline.relators.teach.Row`)."""

    @property
    def document(self) -> str:
        """Its document, or its name."""
        ...

    @property
    def features(self) -> Mapping[str, float]:
        """Features by name."""
        ...

    @property
    def answer(self) -> str:
        """The right answer."""
        ...

    @property
    def weight(self) -> float:
        """How much it counts."""
        ...


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows as arrays."""

    names: tuple[str, ...]
    x: Array
    answers: tuple[str, ...]
    weights: Array
    groups: tuple[str, ...]


def matrix_of(rows: Sequence[Example], names: Sequence[str] | None = None) -> Matrix:
    """Return rows as a matrix over ``names``, or over all features seen often enough."""
    if names is None:
        counts: dict[str, int] = {}
        for row in rows:
            for name in row.features:
                counts[name] = counts.get(name, 0) + 1
        names = sorted(n for n, c in counts.items() if c >= MIN_COUNT)
    index = {n: i for i, n in enumerate(names)}
    x = np.zeros((len(rows), len(names)))
    for i, row in enumerate(rows):
        for name, value in row.features.items():
            if name in index:
                x[i, index[name]] = value
    return Matrix(
        tuple(names),
        x,
        tuple(r.answer for r in rows),
        np.array([r.weight for r in rows]),
        tuple(r.document for r in rows),
    )


def folds_of(groups: Sequence[str], folds: int = FOLDS) -> list[list[str]]:
    """Split documents into folds of like size: every k-th document in the order given."""
    documents = list(dict.fromkeys(groups))
    return [documents[k::folds] for k in range(folds)]


def fit_scorer(rows: Sequence[Example]) -> Json:
    """Fit the pair scorer and calibrate it on out-of-fold predictions."""
    model = _fit_pair(rows)
    margins, answers = out_of_fold(rows)
    low, high, offset = _calibrate(margins, answers)
    return {
        **model,
        "slope": round(low, DIGITS),
        "slope_high": round(high, DIGITS),
        "offset": round(offset, DIGITS),
    }


def out_of_fold(rows: Sequence[Example]) -> tuple[Array, Array]:
    """Return the margin of each row by a model that never saw its document, and the answers."""
    margins = np.zeros(len(rows))
    for held in folds_of([r.document for r in rows]):
        out = set(held)
        model = _fit_pair([r for r in rows if r.document not in out])
        for i, row in enumerate(rows):
            if row.document in out:
                margins[i] = margin_of(model, row.features)
    return margins, np.array([float(r.answer == "yes") for r in rows])


def calibrated(model: Json, margins: Array) -> Array:
    """Return probabilities for margins by a model's calibration."""
    low, high = model["slope"], model["slope_high"]
    odds = high * np.logaddexp(0, margins) - low * np.logaddexp(0, -margins) + model["offset"]
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def probability(model: Json, margin: float) -> float:
    """Return the probability of one margin by a model's calibration."""
    return float(calibrated(model, np.array([margin]))[0])


def margin_of(model: Json, features: Mapping[str, float]) -> float:
    """Return the uncalibrated margin of one pair, as `pipeline.relators.scorer` does."""
    row = [features.get(n, 0.0) for n in model["names"]]
    linear = model["intercept"] + sum(w * x for w, x in zip(model["weights"], row, strict=True))
    boosted = model["base"] + sum(_leaf(tree, row) for tree in model["trees"])
    return float((1 - model["blend"]) * linear + model["blend"] * boosted)


def _leaf(tree: Json, row: Sequence[float]) -> float:
    node = 0
    while tree["left"][node] >= 0:
        goes_left = row[tree["feature"][node]] <= tree["threshold"][node]
        node = tree["left"][node] if goes_left else tree["right"][node]
    return float(tree["value"][node])


def _fit_pair(rows: Sequence[Example]) -> Json:
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    m = matrix_of(rows)
    y = np.array([a == "yes" for a in m.answers])
    spread = np.where(m.x.std(axis=0) > 0, m.x.std(axis=0), 1.0)
    linear = LogisticRegression(C=PAIR_C, max_iter=5000).fit(
        m.x / spread, y, sample_weight=m.weights
    )
    boosted = GradientBoostingClassifier(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=RATE,
        min_samples_leaf=LEAF,
        subsample=0.7,
        max_features=0.3,
        random_state=SEED,
    ).fit(m.x, y, sample_weight=m.weights)
    prior = float(np.average(y, weights=m.weights))
    return {
        "names": list(m.names),
        "weights": [round(float(w), DIGITS) for w in linear.coef_[0] / spread],
        "intercept": round(float(linear.intercept_[0]), DIGITS),
        "trees": [_tree(e[0].tree_, RATE) for e in boosted.estimators_],
        "base": round(math.log(prior / (1 - prior)), DIGITS),
        "blend": BLEND,
    }


def _tree(tree: Any, rate: float) -> Json:
    return {
        "feature": [int(f) for f in tree.feature],
        # A split is `x <= threshold` on 32-bit floats in scikit-learn; halves of counts survive
        # rounding.
        "threshold": [round(float(t), DIGITS) for t in tree.threshold],
        "left": [int(n) for n in tree.children_left],
        "right": [int(n) for n in tree.children_right],
        "value": [round(float(v) * rate, DIGITS) for v in tree.value[:, 0, 0]],
    }


def _calibrate(margins: Array, answers: Array) -> tuple[float, float, float]:
    """Fit the curve from margins to probabilities (beta calibration, Kull and others 2017).

    Hardly regularised. Returns the slopes for low and high margins and the offset.
    """
    from sklearn.linear_model import LogisticRegression

    x = np.column_stack([-np.logaddexp(0, -margins), np.logaddexp(0, margins)])
    fit = LogisticRegression(C=100.0).fit(x, answers)
    # A negative slope would turn the order of scores round: an accident of small data.
    low, high = (max(0.05, float(v)) for v in fit.coef_[0])
    return low, high, float(fit.intercept_[0])


def fit_chooser(rows: Sequence[Example], field: str = "", c: float | None = None) -> Json:
    """Fit the softmax chooser of one field; that of the stage gets a second opinion beside."""
    from sklearn.linear_model import LogisticRegression

    ignored = IGNORED.get(field, ())
    seen = matrix_of(rows)
    m = matrix_of(rows, [n for n in seen.names if not n.startswith(ignored)]) if ignored else seen
    c = FIELD_CS.get(field, FIELD_C) if c is None else c
    counts = {a: m.answers.count(a) for a in set(m.answers)}
    rare = np.array([(len(m.answers) / counts[a]) ** RARE.get(field, 0.0) for a in m.answers])
    values = sorted(set(m.answers))
    if len(values) == 1:
        return {"values": values, "intercepts": [0.0], "weights": {}}
    spread = np.where(m.x.std(axis=0) > 0, m.x.std(axis=0), 1.0)
    lexical = np.array([n.startswith("word_") for n in m.names])
    spread = np.where(lexical, WORD_SPREAD, spread)
    fit = LogisticRegression(C=c, max_iter=5000).fit(
        m.x / spread, m.answers, sample_weight=m.weights * rare
    )
    coefficients, intercepts = fit.coef_ / spread, fit.intercept_
    if len(values) == 2:
        coefficients = np.vstack([np.zeros_like(coefficients[0]), coefficients[0]])
        intercepts = np.array([0.0, intercepts[0]])
    shared = fit_stages(rows, RARE[field], DIGITS, MIN_COUNT) if field == STAGE else None
    return {
        **({"shared": shared} if shared else {}),
        "values": [str(v) for v in fit.classes_],
        "intercepts": [round(float(b), DIGITS) for b in intercepts],
        "weights": {
            name: [round(float(w), DIGITS) for w in coefficients[:, i]]
            for i, name in enumerate(m.names)
        },
    }
