"""The classify stage: document-level codes of the framework, each with the words that carry it.

In: documents and their annotations. Out: codings. A category with a trained model is decided by it,
all others by rules. Documents that the screen dropped are not coded; their rejection stands with
the tag stage. What follows from records (levels, paradiplomacy, relevance) is added by ``build``.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from pipeline.classifiers.features import features_of
from pipeline.classifiers.linear import LinearModels
from pipeline.classifiers.rules import code_by_rules
from pipeline.codebook import Codebook
from pipeline.engine import Counts, ShardTask, Stage
from pipeline.records import Annotation, Coding, Document, Issue, Rejection
from pipeline.store import read_records, write_records

STAGE = Stage(
    name="classify",
    inputs=("documents", "annotations"),
    output="codings",
    models=("codebook.yml", "classifiers"),
)


@lru_cache(maxsize=1)
def _models(models: Path, digest: str) -> tuple[Codebook, LinearModels]:
    del digest  # part of the key: changed files are read again
    return Codebook.load(models), LinearModels.load(models / "classifiers")


def code_document(
    document: Document,
    annotations: list[Annotation],
    codebook: Codebook,
    linear: LinearModels,
) -> list[Coding]:
    """Return the codings of one document, sorted by dimension and category."""
    features = features_of(document, annotations)
    trained = linear.trained()
    codings = [
        c
        for c in code_by_rules(document, features, codebook)
        if (c.dimension, c.category) not in trained
    ]
    codings += linear.code(document, features)
    return sorted(codings, key=lambda c: (c.dimension, c.category))


def run_shard(task: ShardTask) -> Counts:
    """Code the documents of one shard that the screen let through."""
    codebook, linear = _models(task.models, task.models_digest)
    by_capture: dict[str, list[Annotation]] = defaultdict(list)
    for a in read_records(task.path("annotations"), Annotation):
        by_capture[a.capture_id].append(a)
    dropped = {
        r.capture_id for r in read_records(task.path("annotations", "rejections"), Rejection)
    }
    documents = [
        d for d in read_records(task.path("documents"), Document) if d.capture_id not in dropped
    ]
    codings = [
        c for d in documents for c in code_document(d, by_capture[d.capture_id], codebook, linear)
    ]
    write_records(task.path(STAGE.output, "rejections"), Rejection, [])
    write_records(task.path(STAGE.output, "issues"), Issue, [])
    counts = {"seen": len(documents), "forwarded": len(documents), "rejected": 0}
    write_records(
        task.path(STAGE.output), Coding, codings, fingerprint=task.fingerprint, counts=counts
    )
    return counts
