"""Train: rebuild the models that ship with the checkout from their data.

In: ``models/training`` (documents and their codings), tagged in a workspace, and for the gazetteer
the build-time packages. Out: files under ``models/``. The same data give the same files. To add a
model, write its trainer in ``trainers`` and add a line to `TRAINERS`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.codebook import Codebook
from pipeline.goldset import GoldSet
from pipeline.paths import Workspace, atomic_write
from pipeline.records import Annotation, Document
from pipeline.store import read_all

REFERENCE = ("en", "id")  # the sets of the reference coder, who wrote the codebook


@dataclass(frozen=True, slots=True)
class TrainingDocument:
    """A document with what was tagged in it, and what coders said of it.

    ``is_reference``: they are the reference coder.
    """

    document: Document
    annotations: tuple[Annotation, ...]
    agreements: tuple[Mapping[str, object], ...]
    coding: Mapping[str, object]
    is_reference: bool = False


def load_training(workspace: Workspace, sets: Sequence[GoldSet]) -> tuple[TrainingDocument, ...]:
    """Join the tagged documents of a workspace with their gold codings, in the sets' order."""
    documents = {d.external_id: d for d in read_all(workspace.shards("documents"), Document)}
    tagged: dict[str, list[Annotation]] = defaultdict(list)
    for a in read_all(workspace.shards("annotations"), Annotation):
        tagged[a.capture_id].append(a)
    found = []
    for gold in sets:
        codings = {c["doc_id"]: c for c in gold.codings}
        for row in gold.documents:
            document = documents[row["doc_id"]]
            found.append(
                TrainingDocument(
                    document,
                    tuple(tagged[document.capture_id]),
                    tuple(a for a in gold.agreements if a["doc_id"] == row["doc_id"]),
                    codings[row["doc_id"]],
                    gold.path.name in REFERENCE,
                )
            )
    return tuple(found)


def _gazetteer(models: Path, data: Sequence[TrainingDocument]) -> str:
    from pipeline.trainers.gazetteer import build

    del data
    counts = build(models / "gazetteer")
    return ", ".join(f"{value:,} {key}" for key, value in counts.items())


def _classifiers(models: Path, data: Sequence[TrainingDocument]) -> str:
    from pipeline.classifiers.linear import FILE
    from pipeline.trainers.classifier_curve import curve_picture, learning_curve
    from pipeline.trainers.classifiers import DIMENSIONS, RELEVANT, Example, train_classifiers
    from pipeline.trainers.relator_figures import reliability
    from pipeline.trainers.reliability import reliability_svg

    examples = []
    for row in data:
        labels = {(d, str(c)) for d in DIMENSIONS for c in _list(row.coding.get(d))}
        if row.coding["is_relevant"]:
            labels.add(RELEVANT)
        coded = Example(row.document, row.annotations, frozenset(labels), row.is_reference)
        examples.append(coded)
    trained = train_classifiers(examples, Codebook.load(models))
    _write(models / "classifiers" / FILE, trained.data)
    _write(models / "classifiers" / "figures.json", trained.figures)
    curve = learning_curve(examples, Codebook.load(models))
    _write(models / "classifiers" / "learning.json", curve)
    (models / "learning-classifiers.svg").write_text(curve_picture(curve), "utf-8")
    truth = [RELEVANT in e.labels for e in examples]
    found = reliability(trained.relevance, truth, [e.document.doc_id for e in examples])
    title = f"Relevance ({len(examples)} documents), 5-fold out of fold"
    picture = reliability_svg(title, found["bins"], found["ece"])
    (models / "reliability-relevance.svg").write_text(picture, "utf-8")
    decided = sum(f["coder"] == "linear" for f in trained.figures.values())
    return f"{decided} categories by regression, {len(trained.figures) - decided} by rules"


def _relator(models: Path, data: Sequence[TrainingDocument]) -> str:
    from pipeline.train_relator import train_relator

    return train_relator(models, data)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _write(path: Path, data: object) -> None:
    with atomic_write(path) as handle:
        handle.write((json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def _ner_id(models: Path, data: Sequence[TrainingDocument]) -> str:
    from pipeline.trainers.ner_id import train_ner_id

    del data  # it has corpora of its own; `pipeline.training` names another folder of them
    return train_ner_id(models)


Trainer = Callable[[Path, Sequence[TrainingDocument]], str]
TRAINERS: tuple[tuple[str, Trainer], ...] = (
    ("gazetteer", _gazetteer),
    ("ner-id", _ner_id),
    ("classifiers", _classifiers),
    ("relator", _relator),
)


def run_train(
    models: Path, data: Sequence[TrainingDocument], names: Sequence[str]
) -> dict[str, str]:
    """Rebuild the named models; returns a line on each."""
    return {name: trainer(models, data) for name, trainer in TRAINERS if name in names}
