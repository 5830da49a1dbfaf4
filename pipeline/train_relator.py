"""Trains the relators: pair scorer, field choosers, and the thresholds with their curve.

In: tagged documents of our own writing with their coded agreements. Out:
``models/relator/scorer.json``, ``choosers.json``, ``figures.json`` and ``models/thresholds.yml``.
The same data give the same bytes. Thresholds and figures come from 5-fold cross-validation by
document: no document is scored, or its score calibrated, by a model that saw it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.codebook import Languages
from pipeline.gazetteer import Gazetteer
from pipeline.records import Annotation, Document
from pipeline.relators.candidates import find_candidates
from pipeline.relators.decode import Scored, decode, harmonise
from pipeline.relators.features import Features
from pipeline.relators.lexicon import make_lexicon
from pipeline.relators.rivals import all_features
from pipeline.relators.scene import Scene, make_scene
from pipeline.relators.teach import (
    GoldParty,
    GoldRecord,
    Similarity,
    field_rows,
    match,
    pair_rows,
    right_pairs,
)
from pipeline.relators.view import make_view
from pipeline.trainers import relator as trainer
from pipeline.trainers.relator_figures import reliability
from pipeline.trainers.relator_thresholds import choose_thresholds, point_of, thresholds_text
from pipeline.trainers.reliability import curve_svg, reliability_svg
from pipeline.validators.gold_names import SameNames

TRAINING = "training"
_GRID = tuple(round(0.05 + 0.01 * i, 2) for i in range(93))  # thresholds tried, .05 to .97
Json = dict[str, Any]


class Coded(Protocol):
    """A training document: its text, what was tagged in it, its coded agreements."""

    @property
    def document(self) -> Document:
        """Its document, or its name."""
        ...

    @property
    def annotations(self) -> Sequence[Annotation]:
        """What was tagged in it."""
        ...

    @property
    def agreements(self) -> Sequence[Mapping[str, Any]]:
        """Its coded agreements."""
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """One coded document, ready to learn from."""

    name: str
    scene: Scene
    gold: tuple[GoldRecord, ...]


def train_relator(models: Path, data: Sequence[Coded]) -> str:
    """Train everything that relate reads.

    Write it under ``models`` and return a line of figures.
    """
    same = read_names(models / TRAINING / "names.csv")
    similarity = similarity_by(same)
    examples = list(make_examples(models, data))
    scorer, choosers = fit(examples, similarity)
    held = held_out(examples, similarity)
    curve = curve_of(examples, held, similarity)
    folder = models / "relator"
    folder.mkdir(exist_ok=True)
    _write(folder / "scorer.json", scorer)
    _write(folder / "choosers.json", choosers)
    chosen = choose_thresholds(curve)
    figures = figures_of(examples, held, similarity, curve, chosen)
    _write(folder / "figures.json", figures)
    draw(models, figures)
    (models / "thresholds.yml").write_text(thresholds_text(chosen, curve, len(examples)), "utf-8")
    best = next(p for p in curve if p["threshold"] == chosen["candidate"])
    return (
        f"{len(examples)} documents, by cross-validation: pair precision {best['precision']:.2f}, "
        f"recall {best['recall']:.2f}, F1 {best['f1']:.2f} at {chosen['candidate']:.2f}; "
        f"vetted at {chosen['vetted']:.2f}"
    )


def draw(models: Path, figures: Json) -> None:
    """Draw the figures of records: how reliable scores are, precision against recall."""
    found = figures["reliability"]
    title = f"Records ({found['records']}), 5-fold out of fold"
    picture = reliability_svg(title, found["bins"], found["ece"])
    (models / "reliability-records.svg").write_text(picture, "utf-8")
    picture = curve_svg("Records: precision and recall by threshold", figures["precision_recall"])
    (models / "curve-records.svg").write_text(picture, "utf-8")


def fit(examples: Sequence[Example], similarity: Similarity) -> tuple[Json, Json]:
    """Return the scorer and the choosers trained on ``examples``."""
    rows = [r for e in examples for r in pair_rows(e.name, e.scene, e.gold, similarity)]
    scorer = trainer.fit_scorer(rows)
    prober = _prober(scorer)
    taught = [t for e in examples for t in right_pairs(e.name, e.scene, e.gold, similarity, prober)]
    fields = field_rows(taught, trainer.fit_chooser, trainer.folds_of)
    return scorer, {
        name: trainer.fit_chooser(found, name) for name, found in sorted(fields.items())
    }


def held_out(examples: Sequence[Example], similarity: Similarity) -> list[list[Scored]]:
    """Return the scored pairs of each document by a model that did not see it (5-fold)."""
    found: dict[str, list[Scored]] = {}
    rows = {e.name: pair_rows(e.name, e.scene, e.gold, similarity) for e in examples}
    for held in trainer.folds_of([e.name for e in examples]):
        out = set(held)
        scorer = trainer.fit_scorer(
            [r for e in examples if e.name not in out for r in rows[e.name]]
        )
        for e in examples:
            if e.name in out:
                found[e.name] = score_pairs(e.scene, _prober(scorer))
    return [found[e.name] for e in examples]


def curve_of(
    examples: Sequence[Example], held: Sequence[Sequence[Scored]], similarity: Similarity
) -> list[dict[str, float]]:
    """Return precision, recall and F1 of whole documents' pairs at each threshold."""
    counts = {t: [0, 0, 0] for t in _GRID}
    for e, scored in zip(examples, held, strict=True):
        _count(counts, e, scored, similarity)
    return [point_of(t, *counts[t]) for t in _GRID]


def figures_of(
    examples: Sequence[Example],
    held: Sequence[Sequence[Scored]],
    similarity: Similarity,
    curve: Sequence[Mapping[str, float]],
    chosen: Mapping[str, float],
) -> Json:
    """Return what ``figures.json`` tells of the scores, all out of fold."""
    scores: list[float] = []
    right: list[bool] = []
    names: list[str] = []
    for e, scored in zip(examples, held, strict=True):
        kept = decode(e.scene, scored, chosen["candidate"]).kept
        matched = match(e.scene, [s.candidate for s in kept], e.gold, similarity)
        scores += [s.score for s in kept]
        right += [i in matched for i in range(len(kept))]
        names += [e.name] * len(kept)
    return {
        "documents": len(examples),
        "agreements": sum(len(e.gold) for e in examples),
        "thresholds": dict(chosen),
        "reliability": reliability(scores, right, names),
        "precision_recall": [dict(p) for p in curve],
    }


def score_pairs(scene: Scene, prober: Callable[[Features], float]) -> list[Scored]:
    """Score all pairs of a scene as the relate stage does."""
    candidates = find_candidates(scene)
    rows = all_features(scene, candidates)
    return harmonise(
        scene, [Scored(c, f, prober(f)) for c, f in zip(candidates, rows, strict=True)]
    )


def make_examples(models: Path, data: Sequence[Coded]) -> Iterator[Example]:
    """Yield the documents as the relators see them, in the order given."""
    languages = Languages.load(models)
    lexicons = {code: make_lexicon(code, lang.words) for code, lang in languages.by_code.items()}
    gazetteer = Gazetteer.load(models / "gazetteer")
    for row in data:
        document = row.document
        words = lexicons.get(document.language.split("-")[0], lexicons["en"])
        view = make_view(document, row.annotations, words, gazetteer.names_of)
        name = document.external_id or document.doc_id
        yield Example(name, make_scene(view), tuple(gold_record(a) for a in row.agreements))


def gold_record(row: Mapping[str, Any]) -> GoldRecord:
    """Return a line of ``agreements.jsonl`` as the relators learn it."""
    return GoldRecord(
        local=_party(row["local_party"]),
        partner=_party(row["partner"]),
        fields={
            "stage": row["stage"],
            "modality": row["modality"],
            "instrument": row["instrument"],
            "background": "yes" if row["is_background"] else "no",
            "follow_up": row["follow_up"],
            "date": row["date"] or "",
        },
        sectors=frozenset(row["sectors"]),
        evidence=row["evidence"],
    )


def read_names(path: Path) -> SameNames:
    """Read the rows of names that count as one party; a missing file gives none."""
    if not path.exists():
        return SameNames()
    with path.open(encoding="utf-8", newline="") as handle:
        return SameNames.from_rows(list(csv.reader(handle)))


def similarity_by(same: SameNames) -> Similarity:
    """Return the likeness of a gold party and the names of an actor, by the scorer's own rules."""

    def similarity(party: GoldParty, names: Sequence[str]) -> float:
        return max((same.similarity(party.names, n) for n in names), default=0.0)

    return similarity


def _party(row: Mapping[str, Any]) -> GoldParty:
    return GoldParty((row["name"], *row.get("also", ())), row["kind"])


def _prober(scorer: Json) -> Callable[[Features], float]:
    def prober(features: Features) -> float:
        margin = trainer.margin_of(scorer, features)
        return round(trainer.probability(scorer, margin), 4)

    return prober


def _count(
    counts: dict[float, list[int]], e: Example, scored: Sequence[Scored], similarity: Similarity
) -> None:
    for threshold, tally in counts.items():
        kept = [s.candidate for s in decode(e.scene, scored, threshold).kept]
        right = len(match(e.scene, kept, e.gold, similarity))
        tally[0] += right
        tally[1] += len(kept) - right
        tally[2] += len(e.gold) - right


def _write(path: Path, data: Json) -> None:
    path.write_text(
        json.dumps(data, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n", "utf-8"
    )
