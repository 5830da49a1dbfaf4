"""The learning curve of the document codes: does more training data still help, and where?

In: training examples. Out: micro F1 per dimension by how many relevant documents were learnt from,
always scored on documents that were not, and a picture of it. Same data, same figures, same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from pipeline.classifiers.features import Features, features_of
from pipeline.classifiers.linear import LinearModel
from pipeline.classifiers.rules import code_by_rules
from pipeline.codebook import Codebook
from pipeline.trainers.classifiers import (
    DIMENSIONS,
    FOLDS,
    RELEVANT,
    SEED,
    TIE,
    Example,
    frequent,
    judged,
    train_dimension,
)

SIZES = (40, 80, 160, 320)  # relevant documents; beside them all that four folds hold
Row = tuple[Example, Features]
Curve = dict[str, list[dict[str, float | int]]]

_WIDTH, _HEIGHT, _MARGIN = 420, 320, 56  # of the plot in pixels, and room for numbers and names
_COLOURS = ("#0b5cad", "#b5460f", "#2e7d32", "#6a3d9a")
_LOW, _HIGH = 0.3, 1.0  # of the axis of F1: no dimension was ever below


def learning_curve(examples: Sequence[Example], codebook: Codebook) -> Curve:
    """Return per dimension the points of the curve: ``documents`` learnt from, and ``f1``.

    Relevant documents only (rule 13). Each size is tried on the same five folds; the documents
    learnt from are a seeded draw from the other folds, a larger draw holding the smaller one. Where
    some documents are the reference coder's, only these are scored: what a model predicts is what
    that coder would give.
    """
    rows = [(e, features_of(e.document, e.annotations)) for e in examples if RELEVANT in e.labels]
    order = list(range(len(rows)))
    random.Random(SEED).shuffle(order)  # noqa: S311 - dealing, not secrets
    curve: Curve = {d: [] for d in DIMENSIONS}
    most = len(order) - -(-len(order) // FOLDS)
    for size in (*(s for s in SIZES if s < most), most):
        for dimension in DIMENSIONS:
            hits = total = 0
            for fold in range(FOLDS):
                unseen = [rows[i] for i in order[fold::FOLDS]]
                unseen = [row for row in unseen if row[0].is_reference] or unseen
                learnt = [rows[i] for k, i in enumerate(order) if k % FOLDS != fold][:size]
                found, size_of = _score(dimension, learnt, unseen, codebook)
                hits, total = hits + found, total + size_of
            f1 = round(2 * hits / total, 4) if total else 0.0
            curve[dimension].append({"documents": size, "f1": f1})
    return curve


def _score(
    dimension: str, learnt: Sequence[Row], unseen: Sequence[Row], codebook: Codebook
) -> tuple[int, int]:
    """Return how many codes were right, and how many were given or wanted, together."""
    names = [n for n in frequent([f for _, f in learnt]) if not n.startswith(TIE)]
    models, _ = train_dimension(dimension, learnt, names, codebook)
    pairs = set(judged(codebook, dimension))
    hits = total = 0
    for example, features in unseen:
        given = set(_given(example, features, models, codebook)) & pairs
        wanted = example.labels & pairs
        hits += len(given & wanted)
        total += len(given) + len(wanted)
    return hits, total


def _given(
    example: Example, features: Features, models: Sequence[LinearModel], codebook: Codebook
) -> Iterator[tuple[str, str]]:
    trained = {(m.dimension, m.category) for m in models}
    for c in code_by_rules(example.document, features, codebook):
        if (c.dimension, c.category) not in trained:
            yield c.dimension, c.category
    for m in models:
        if m.score(features) >= m.threshold:
            yield m.dimension, m.category


def curve_picture(curve: Mapping[str, Sequence[Mapping[str, float | int]]]) -> str:
    """Return the curves as SVG, one line per dimension."""
    most = max((int(p["documents"]) for points in curve.values() for p in points), default=1)
    body: list[str] = []
    for step in range(8):
        f1 = _LOW + step * (_HIGH - _LOW) / 7
        y = _y(f1)
        body.append(
            f'<line x1="{_MARGIN}" y1="{y}" x2="{_MARGIN + _WIDTH}" y2="{y}" stroke="#ddd"/>'
        )
        body.append(f'<text x="{_MARGIN - 8}" y="{y + 4}" text-anchor="end">{f1:.1f}</text>')
    shown = sorted({int(p["documents"]) for points in curve.values() for p in points})
    for documents in shown:
        x = _x(documents, most)
        y = _MARGIN + _HEIGHT + 18
        body.append(f'<text x="{x}" y="{y}" text-anchor="middle">{documents}</text>')
    for (name, points), colour in zip(curve.items(), _COLOURS, strict=False):
        at = [(_x(int(p["documents"]), most), _y(float(p["f1"]))) for p in points]
        path = " ".join(f"{x},{y}" for x, y in at)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in at]
        if at:
            x, y = at[-1]
            label = escape(name.replace("_", " "))
            body.append(f'<text x="{x + 8}" y="{y + 4}" fill="{colour}">{label}</text>')
    width, height = _WIDTH + 3 * _MARGIN, _HEIGHT + 2 * _MARGIN
    title = "Document codes: micro F1 by relevant documents learnt from (5-fold, unseen documents)"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'style="font:12px sans-serif;background:#fff" role="img"><title>{title}</title>'
        f'<text x="{_MARGIN}" y="24">{title}</text>' + "".join(body) + "</svg>\n"
    )


def _x(documents: int, most: int) -> float:
    return round(_MARGIN + _WIDTH * documents / most, 1)


def _y(f1: float) -> float:
    share = (f1 - _LOW) / (_HIGH - _LOW)
    return round(_MARGIN + (1 - max(0.0, min(1.0, share))) * _HEIGHT, 1)
