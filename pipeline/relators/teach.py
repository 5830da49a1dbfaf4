"""Training rows from coded documents: what the relators see beside what the coder wrote.

In: a scene and its gold records. Out: rows of features and the right answer, for
`trainers.relator`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.records import Span
from pipeline.relators.anchor import anchor_of
from pipeline.relators.candidates import Candidate, find_candidates
from pipeline.relators.chooser import Chooser, make_chooser
from pipeline.relators.conditions import follow_up_traits, modality_traits
from pipeline.relators.dating import dates_of
from pipeline.relators.decode import Scored
from pipeline.relators.features import Features
from pipeline.relators.parties import Actor
from pipeline.relators.rivals import all_features
from pipeline.relators.scene import Scene
from pipeline.relators.sectors import sectors_of
from pipeline.relators.telling import shares, tellings_of
from pipeline.relators.territory import territories
from pipeline.relators.traits import Subject, subjects, traits_of

TELLING = "telling"  # the chooser of the stretch that tells of the agreement
# (gold party, kind, names of an actor) -> similarity, 0 for another party.
Similarity = Callable[["GoldParty", Sequence[str]], float]


@dataclass(frozen=True, slots=True)
class GoldParty:
    """A party as a coder wrote it."""

    names: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class GoldRecord:
    """One coded agreement: the parties and the fields that are learned."""

    local: GoldParty
    partner: GoldParty
    fields: Mapping[str, str]  # stage, modality, instrument, background, follow_up, date
    sectors: frozenset[str]
    evidence: str = ""  # the words of the text that the coder points at


@dataclass(frozen=True, slots=True)
class Row:
    """One training example: its document, its features, the right answer, its weight."""

    document: str
    features: Features
    answer: str
    weight: float = 1.0


def names_of(actor: Actor, text: str) -> tuple[str, ...]:
    """Return all names by which a text calls an actor."""
    shown = {" ".join(m.span.of(text).split()) for m in actor.named if m.how != "office"}
    return (actor.party.name, *sorted(shown - {actor.party.name}))


def match(
    scene: Scene,
    candidates: Sequence[Candidate],
    gold: Sequence[GoldRecord],
    similarity: Similarity,
) -> dict[int, GoldRecord]:
    """Match candidates to gold records, best first, each used once; by candidate index."""
    text = scene.view.text
    found = []
    for i, c in enumerate(candidates):
        names = names_of(c.local, text), names_of(c.partner, text)
        for j, g in enumerate(gold):
            value = max(
                min(similarity(g.local, names[0]), similarity(g.partner, names[1])),
                min(similarity(g.local, names[1]), similarity(g.partner, names[0])),
            )
            if value:
                kinds = {c.local.party.kind, c.partner.party.kind} == {g.local.kind, g.partner.kind}
                foreground = g.fields.get("background") == "no"
                found.append((value + 0.01 * kinds + 0.001 * foreground, -i, -j))
    used_c: dict[int, GoldRecord] = {}
    used_g: set[int] = set()
    for _, i, j in sorted(found, reverse=True):
        if -i not in used_c and -j not in used_g:
            used_c[-i] = gold[-j]
            used_g.add(-j)
    return used_c


def _could_be(
    scene: Scene, c: Candidate, gold: Sequence[GoldRecord], similarity: Similarity
) -> bool:
    a, b = names_of(c.local, scene.view.text), names_of(c.partner, scene.view.text)
    return any(
        min(similarity(g.local, a), similarity(g.partner, b))
        or min(similarity(g.local, b), similarity(g.partner, a))
        for g in gold
    )


def pair_rows(
    document: str, scene: Scene, gold: Sequence[GoldRecord], similarity: Similarity
) -> list[Row]:
    """Return one row per candidate pair.

    Is it an agreement? Documents with many pairs weigh less.
    """
    candidates = find_candidates(scene)
    right = match(scene, candidates, gold, similarity)
    rows = []
    for i, f in enumerate(all_features(scene, candidates)):
        if i not in right and _could_be(scene, candidates[i], gold, similarity):
            continue  # a second actor for the same party: neither right nor wrong
        answer = "yes" if i in right else "no"
        weight = 1.0 / max(1.0, len(right) / 3) if i in right else 1.0
        rows.append(Row(document, f, answer, weight))
    return rows


@dataclass(frozen=True, slots=True)
class Taught:
    """A right pair with what the coder wrote of it."""

    document: str
    subject: Subject
    record: GoldRecord
    weight: float


def right_pairs(
    document: str,
    scene: Scene,
    gold: Sequence[GoldRecord],
    similarity: Similarity,
    scores: Callable[[Features], float],
) -> list[Taught]:
    """Return the pairs of a document that are right, in the company they are kept in."""
    candidates = find_candidates(scene)
    right = match(scene, candidates, gold, similarity)
    table = all_features(scene, candidates)
    items = {i: Scored(candidates[i], table[i], scores(table[i])) for i in right}
    order = sorted(items, key=lambda i: (-items[i].score, i))
    kept = [items[i] for i in order]
    weight = 1.0 / max(1.0, len(kept) / 3)
    found = subjects(scene, kept, territories(scene, [s.candidate for s in kept]))
    return [Taught(document, s, right[i], weight) for i, s in zip(order, found, strict=True)]


def field_rows(
    taught: Sequence[Taught],
    fit: Callable[[Sequence[Row], str], Mapping[str, Any]],
    folds: Callable[[Sequence[str]], list[list[str]]],
) -> dict[str, list[Row]]:
    """Return rows for the choosers.

    Where an agreement is told is predicted for each document by a chooser that did not see it, as
    it will be for new ones; else the other choosers would trust it too much.
    """
    rows: dict[str, list[Row]] = {}
    telling = [r for t in taught for r in telling_rows_of(t.document, t.subject, t.record)]
    for held in folds([t.document for t in taught]):
        out = set(held)
        known = [r for r in telling if r.document not in out]
        chooser = make_chooser(fit(known, TELLING)) if known else None
        for t in taught:
            if t.document in out:
                field_rows_of(rows, t.document, t.subject, t.record, t.weight, chooser)
    return {**rows, TELLING: telling} if telling else rows


def field_rows_of(
    rows: dict[str, list[Row]],
    document: str,
    subject: Subject,
    record: GoldRecord,
    weight: float,
    telling: Chooser | None = None,
) -> None:
    """Add the rows of one right pair to ``rows``, by field.

    ``telling`` must not have seen the document: else its shares would be surer here than ever.
    """
    told = shares(subject, telling) if telling else ()
    traits = traits_of(subject, told)
    stage, modality = record.fields["stage"], record.fields["modality"]
    for name, features in {
        **dict.fromkeys(("stage", "instrument", "background"), traits),
        "modality": modality_traits(traits, stage),
        "follow_up": follow_up_traits(traits, stage, modality),
    }.items():
        rows.setdefault(name, []).append(Row(document, features, record.fields[name], weight))
    anchor = anchor_of(subject, stage, modality, told)
    at = anchor.span if anchor else subject.pair.best.unit.span
    for date, f in dates_of(subject, stage, modality, at):
        answer = "yes" if date.value == record.fields["date"] else "no"
        rows.setdefault("date", []).append(Row(document, f, answer, weight))
    background = record.fields["background"] == "yes"
    for sector, f in sectors_of(subject, background, record.fields["instrument"]).items():
        answer = "yes" if sector in record.sectors else "no"
        rows.setdefault("sector", []).append(Row(document, f, answer, weight))


def telling_rows_of(document: str, subject: Subject, record: GoldRecord) -> list[Row]:
    """Return a row per stretch of a right pair: does it hold the words that the coder points at?"""
    wanted = _place_of(record.evidence, subject.scene.view.text)
    if wanted is None:
        return []
    return [
        Row(document, f, "yes" if s.span.start < wanted.end and wanted.start < s.span.end else "no")
        for s, f in zip(subject.territory, tellings_of(subject), strict=True)
    ]


def _place_of(words: str, text: str) -> Span | None:
    """Return where ``words`` stand in a text, however its lines are broken."""
    pattern = r"\s+".join(re.escape(w) for w in words.split())
    match = re.search(pattern, text, re.IGNORECASE) if pattern else None
    return Span(start=match.start(), end=match.end()) if match else None
