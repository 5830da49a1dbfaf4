"""Training rows from coded documents: what the relators see beside what the coder wrote.

In: a scene and its gold records. Out: rows of features and the right answer, for
`trainers.relator`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.relators.anchor import anchor_of
from pipeline.relators.candidates import Candidate, find_candidates
from pipeline.relators.conditions import follow_up_traits, modality_traits
from pipeline.relators.dating import dates_of
from pipeline.relators.decode import Scored
from pipeline.relators.features import Features
from pipeline.relators.parties import Actor
from pipeline.relators.rivals import all_features
from pipeline.relators.scene import Scene
from pipeline.relators.sectors import sectors_of
from pipeline.relators.territory import territories
from pipeline.relators.traits import subjects, traits_of

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


def field_rows(
    document: str,
    scene: Scene,
    gold: Sequence[GoldRecord],
    similarity: Similarity,
    scores: Callable[[Features], float],
) -> dict[str, list[Row]]:
    """Return rows for the choosers, from the pairs that are right.

    In the company they are kept in.
    """
    candidates = find_candidates(scene)
    right = match(scene, candidates, gold, similarity)
    items = []
    table = all_features(scene, candidates)
    for i in sorted(right):
        features = table[i]
        items.append(Scored(candidates[i], features, scores(features)))
    order = sorted(range(len(items)), key=lambda k: (-items[k].score, k))
    records = [right[i] for i in sorted(right)]
    items, records = [items[k] for k in order], [records[k] for k in order]
    rows: dict[str, list[Row]] = {}
    grounds = territories(scene, [s.candidate for s in items])
    weight = 1.0 / max(1.0, len(items) / 3)
    for subject, record in zip(subjects(scene, items, grounds), records, strict=True):
        traits = traits_of(subject)
        stage, modality = record.fields["stage"], record.fields["modality"]
        for name, features in {
            **dict.fromkeys(("stage", "instrument", "background"), traits),
            "modality": modality_traits(traits, stage),
            "follow_up": follow_up_traits(traits, stage, modality),
        }.items():
            rows.setdefault(name, []).append(Row(document, features, record.fields[name], weight))
        anchor = anchor_of(subject, stage, modality)
        at = anchor.span if anchor else subject.pair.best.unit.span
        for date, f in dates_of(subject, stage, modality, at):
            answer = "yes" if date.value == record.fields["date"] else "no"
            rows.setdefault("date", []).append(Row(document, f, answer, weight))
        background = record.fields["background"] == "yes"
        for sector, f in sectors_of(subject, background, record.fields["instrument"]).items():
            answer = "yes" if sector in record.sectors else "no"
            rows.setdefault("sector", []).append(Row(document, f, answer, weight))
    return rows
