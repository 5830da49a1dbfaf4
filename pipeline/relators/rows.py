"""Rows: parties that a sentence sets side by side ("A, B and C").

In: a `Scene` and a mention. Out: the keys of the actors in its row. Members of a row share what is
said of them, and are not each other's partners.
"""

from __future__ import annotations

from pipeline.relators.parties import Actor, ActorMention
from pipeline.relators.scene import Scene

# Characters between two members of a row, the place where the first one lies included.
_ROW_GAP = 60


def row_of(scene: Scene, actor: Actor, mention: ActorMention) -> tuple[str, ...]:
    """Return the keys of the actors in the row that ``mention`` stands in, itself included.

    A row is a run of actors of like kind in one sentence with nothing but commas, semicolons,
    coordinating words and the places where they lie between them.
    """
    sentence = scene.view.units[mention.unit].sentence
    group = actor.is_government or actor.is_country
    peers = sorted(
        (
            (m, a)
            for a in scene.actors
            for m in a.mentions
            if scene.view.units[m.unit].sentence == sentence
            and m.how != "anaphor"
            and ((a.is_government and group) or a.party.kind == actor.party.kind)
            and m.how != "within"
            and not (a.is_country and m.how == "location")
        ),
        key=lambda x: (x[0].span.start, -x[0].span.end),
    )
    run: list[tuple[ActorMention, Actor]] = []
    for m, a in peers:
        if run and not _coordinated(scene, run[-1][0], m):
            if any(x == mention for x, _ in run):
                break
            run = []
        run.append((m, a))
    keys = tuple(dict.fromkeys(a.key for _, a in run))
    return keys if actor.key in keys else (actor.key,)


def _coordinated(scene: Scene, left: ActorMention, right: ActorMention) -> bool:
    if right.span.start <= left.span.end:
        return True
    text, words = scene.view.text, scene.view.words
    gap = text[left.span.end : right.span.start]
    if len(gap) > _ROW_GAP or not gap.strip():
        return not gap.strip()
    rest = gap
    for place in scene.view.layer("place"):
        if left.span.end <= place.span.start and place.span.end <= right.span.start:
            rest = rest.replace(place.span.of(text), "")
    for expression in (words.coordinates, words.locative_word, words.joins):
        if expression is not None:
            rest = expression.sub("", rest)
    marks = any(c in gap for c in ",;/") or bool(
        words.coordinates and words.coordinates.search(gap)
    )
    return marks and len([w for w in rest.split() if w.strip(",;()/.")]) <= 2
