"""Relate: who agreed with whom, on what, how far it went; every cell with the words it rests on.

In: ``documents``, ``annotations`` and, where they exist, ``codings`` of a shard. Out: ``mentions``,
with a rejection for every document that carries none and why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import yaml

from pipeline.codebook import Codebook, Languages
from pipeline.engine import Counts, ShardTask, Stage
from pipeline.gazetteer import Gazetteer
from pipeline.records import Annotation, Coding, Document, Issue, Mention, Rejection, stable_id
from pipeline.relators.assemble import Rules, assemble
from pipeline.relators.candidates import find_candidates
from pipeline.relators.chooser import load_choosers
from pipeline.relators.decode import Decision, Scored, decode, harmonise
from pipeline.relators.lexicon import Lexicon, make_lexicon
from pipeline.relators.rivals import all_features
from pipeline.relators.scene import Scene, make_scene
from pipeline.relators.scorer import Scorer, load_scorer
from pipeline.relators.territory import territories
from pipeline.relators.traits import subjects
from pipeline.relators.view import Names, make_view, no_names
from pipeline.store import read_records, write_records

STAGE = Stage(
    name="relate",
    inputs=("documents", "annotations", "codings"),
    output="mentions",
    models=("codebook.yml", "languages", "gazetteer", "relator", "thresholds.yml"),
    config=("build.focus_country",),
)
_FALLBACK = (
    "en"  # words for a language that has no file: names and dates still tie parties together
)
# A document that the classifier holds for less likely about an agreement gets no record unless a
# pair is as sure as `SURE` (no ordinary news text had one); below the second figure only pairs with
# an instrument by name. Out of fold the first holds back 42 of 804 documents with an agreement of
# the training texts and 277 of 431 without; the two take half of the false records off ordinary
# news (2026-11-25).
LEAST_RELEVANCE, DOUBTFUL_RELEVANCE = 0.4, 0.6
SURE = 0.9
_Row = TypeVar("_Row", Document, Annotation, Coding)


@dataclass(frozen=True, slots=True)
class Resources:
    """What relating needs; loaded once per process."""

    lexicons: dict[str, Lexicon]
    scorer: Scorer
    rules: Rules
    threshold: float
    names: Names

    def words(self, language: str) -> Lexicon:
        """Return the closed-class words for a language tag (``en-GB`` reads ``en``)."""
        base = language.split("-")[0]
        return self.lexicons.get(language) or self.lexicons.get(base) or self.lexicons[_FALLBACK]


@lru_cache(maxsize=2)
def load(models: Path, digest: str, focus_country: str) -> Resources:
    """Load what relating needs from ``models``; ``digest`` only keys the cache."""
    del digest
    codebook = Codebook.load(models)
    languages = Languages.load(models)
    thresholds = yaml.safe_load((models / "thresholds.yml").read_text("utf-8"))
    return Resources(
        lexicons={code: make_lexicon(code, lang.words) for code, lang in languages.by_code.items()},
        scorer=load_scorer(models / "relator"),
        rules=Rules(load_choosers(models / "relator"), focus_country, codebook.level_of),
        threshold=float(thresholds["candidate"]),
        names=_names_in(models / "gazetteer"),
    )


def _names_in(folder: Path) -> Names:
    """Return a look-up of place names; the gazetteer opens only when an abbreviation needs it."""

    @lru_cache(maxsize=1)
    def gazetteer() -> Gazetteer:
        return Gazetteer.load(folder)

    @lru_cache(maxsize=1_000)
    def names(place_id: str) -> Sequence[str]:
        return gazetteer().names_of(place_id)

    return names


def run_shard(task: ShardTask) -> Counts:
    """Relate one shard; see the module docstring."""
    resources = load(task.models, task.models_digest, task.config.build.focus_country)
    tags = _by_document(read_records(task.path("annotations"), Annotation))
    codings = task.path("codings")
    relevance = _relevance(read_records(codings, Coding)) if codings.exists() else {}
    mentions: list[Mention] = []
    rejections: list[Rejection] = []
    screened = read_records(task.path("annotations", "rejections"), Rejection)
    dropped = {r.capture_id for r in screened}
    documents = [
        d for d in read_records(task.path("documents"), Document) if d.capture_id not in dropped
    ]
    for document in documents:
        likely = relevance.get(_key(document), 1.0)
        found, reason = relate(document, tags.get(_key(document), []), resources, likely)
        if likely < LEAST_RELEVANCE:
            reason = "hardly about any agreement"
        mentions += found
        if not found:
            rejections.append(_rejection(document, reason))
    counts = {
        "seen": len(documents),
        "forwarded": len(documents) - len(rejections),
        "rejected": len(rejections),
        "mentions": len(mentions),
    }
    write_records(task.path(STAGE.output, "rejections"), Rejection, rejections)
    write_records(task.path(STAGE.output, "issues"), Issue, [])
    path = task.path(STAGE.output)
    write_records(path, Mention, mentions, fingerprint=task.fingerprint, counts=counts)
    return counts


def relate(
    document: Document,
    annotations: Sequence[Annotation],
    resources: Resources,
    likely: float = 1.0,
) -> tuple[list[Mention], str]:
    """Return the agreement mentions of one document, in text order, and, with none, the reason.

    Args:
        document: The document.
        annotations: What was tagged in it.
        resources: What relating needs.
        likely: How likely the classifier holds it to be about an agreement.
    """
    scene = scene_of(document, annotations, resources.words(document.language), resources.names)
    if not scene.weights:
        return [], "no sub-national government"
    scored = score(scene, resources.scorer)
    if not scored:
        return [], "no candidate pair"
    doubtful = likely < DOUBTFUL_RELEVANCE
    threshold = resources.threshold if likely >= LEAST_RELEVANCE else SURE
    decision = decode(scene, scored, threshold, is_doubtful=doubtful)
    if not decision.kept:
        return [], _why(decision)
    return mentions_of(scene, decision, resources.rules), ""


def scene_of(
    document: Document, annotations: Sequence[Annotation], words: Lexicon, names: Names = no_names
) -> Scene:
    """Return the scene of a document."""
    return make_scene(make_view(document, annotations, words, names))


def score(scene: Scene, scorer: Scorer) -> list[Scored]:
    """Score all candidate pairs of a scene."""
    candidates = find_candidates(scene)
    rows = all_features(scene, candidates)
    found = [Scored(c, f, scorer.score(f)) for c, f in zip(candidates, rows, strict=True)]
    return harmonise(scene, found)


def mentions_of(scene: Scene, decision: Decision, rules: Rules) -> list[Mention]:
    """Make the records of all kept pairs, in the order in which the text shows them."""
    grounds = territories(scene, [s.candidate for s in decision.kept])
    mentions = [assemble(subject, rules) for subject in subjects(scene, decision.kept, grounds)]
    mentions.sort(key=lambda m: (m.span.start, m.partner.name, m.mention_id))
    return _grouped(mentions)


def _grouped(mentions: Sequence[Mention]) -> list[Mention]:
    """Give one group to the mentions of one signing act.

    Same sentence, same instrument, same stage.
    """
    acts: dict[tuple[object, ...], list[Mention]] = defaultdict(list)
    for m in mentions:
        acts[(m.span.start, m.instrument, m.stage, m.date)].append(m)
    groups = {
        m.mention_id: stable_id(m.doc_id, m.capture_id, str(m.span.start), m.instrument)
        for act in acts.values()
        if len(act) > 1
        for m in act
    }
    return [replace(m, instrument_group=groups.get(m.mention_id)) for m in mentions]


def _relevance(codings: Iterable[Coding]) -> dict[tuple[str, str], float]:
    return {_key(c): c.score for c in codings if c.dimension == "relevance"}


def _why(decision: Decision) -> str:
    best, reason = decision.refused[0]
    local, partner = best.candidate.local.party.name, best.candidate.partner.party.name
    return f"no pair accepted (best: {local} and {partner}, {best.score:.2f}: {reason})"


def _key(row: Document | Annotation | Coding | Rejection) -> tuple[str, str]:
    return row.doc_id, row.capture_id


def _by_document(rows: Sequence[_Row]) -> dict[tuple[str, str], list[_Row]]:
    table: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in rows:
        table[_key(row)].append(row)
    return table


def _rejection(document: Document, reason: str) -> Rejection:
    return Rejection(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        url=document.url,
        source_id=document.source_id,
        stage=STAGE.name,
        reason=reason,
    )
