"""Who the text is about, and whom "the city", "the company" and "the two mayors" mean.

In: a `View` and its actors. Out: a `Scene`: the actors with their anaphoric mentions added, a
weight for each government (how much the document is about it), and the places that speak of two
parties at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import Annotation, Span
from pipeline.relators.actors import find_actors
from pipeline.relators.parties import Actor, ActorMention
from pipeline.relators.view import View

Near = Mapping[str, Sequence[float]]  # a government's share of the passage around each unit
# How much one mention says that the document is about this government. An office holder or a
# government word acts; a dateline says where the writer sat; a location says little.
_WEIGHTS = {
    "office": 2.0,
    "admin": 2.0,
    "person": 0.5,
    "name": 1.0,
    "dateline": 1.0,
    "location": 0.3,
    "within": 0.0,
}
_OPENING = 1.5  # factor for mentions in the first three sentences: news says first whom it is about
_JOINED = 0.5  # factor for "with X": whom one cooperates with is not whom the text is about
_OPENING_SENTENCES = 3
_HOME = 1.5  # factor for governments of the country that the document writes from
# what having been named just before adds to a government's weight when "the city" is resolved
_RECENT = 0.2
# Whose government an office holder speaks for.
OFFICES = {
    "mayor": "city",
    "deputy_mayor": "city",
    "regent": "regency",
    "deputy_regent": "regency",
    "governor": "province",
    "deputy_governor": "province",
}
_AFTER_NAME = (
    10  # characters between a holder's name and the place: "Marcelo Ebrard of Mexico City"
)
_OF = ("of", "dari", "from", "asal", "of the", "of the city of")
_HALF = (
    10.0  # units over which a mention's bearing on a passage halves: about a paragraph of a paper
)
_REACH = 8  # units back in which "the company" still finds its name


@dataclass(frozen=True, slots=True)
class Scene:
    """A view with its actors resolved; ``weights`` are the governments' shares of it."""

    view: View
    actors: tuple[Actor, ...]
    weights: dict[str, float]
    both: tuple[ActorMention, ...]
    home: str | None
    near: dict[str, tuple[float, ...]]

    @property
    def focus(self) -> Actor | None:
        """The government that the document is mostly about."""
        governments = [a for a in self.actors if a.is_government]
        return max(governments, key=lambda a: self.weights[a.key], default=None)

    def weight(self, actor: Actor) -> float:
        """Return an actor's share of the document; 0 for who is no sub-national government."""
        return self.weights.get(actor.key, 0.0)

    def weight_at(self, actor: Actor, unit: int) -> float:
        """Return an actor's share of the passage around a unit.

        In a short text that is the document.
        """
        found = self.near.get(actor.key)
        return found[unit] if found else 0.0

    def focus_at(self, unit: int) -> Actor | None:
        """Return the government that the passage around a unit is mostly about."""
        governments = [a for a in self.actors if a.is_government]
        return max(governments, key=lambda a: self.weight_at(a, unit), default=None)


def make_scene(view: View) -> Scene:
    """Find the actors, weigh the governments and resolve the anaphora of a document."""
    actors = find_actors(view)
    weights = weigh(view, actors)
    near = weigh_passages(view, actors)
    taken = [m.span for a in actors for m in a.mentions]
    for kind, words in view.words.government:
        for span in _finds(words, view.text, taken):
            actor = _government(view, actors, near, kind, span)
            if actor is not None:
                actor.mentions.append(ActorMention(span, view.unit_at(span.start).index, "anaphor"))
    _bind_holders(view, actors, near)
    for kind, words in view.words.organisation:
        for span in _finds(words, view.text, taken):
            actor = _organisation(view, actors, kind, span)
            if actor is not None:
                actor.mentions.append(ActorMention(span, view.unit_at(span.start).index, "anaphor"))
    both = tuple(
        ActorMention(s, view.unit_at(s.start).index, "both")
        for s in _finds(view.words.both, view.text, [])
    )
    for actor in actors:
        actor.mentions.sort(key=lambda m: (m.span.start, m.span.end))
    return Scene(view, tuple(actors), weights, both, home_of(view, actors), near)


def _bind_holders(view: View, actors: Sequence[Actor], near: Near) -> None:
    """Give office holders whom the tagger bound to no place a government of their kind.

    A named one ("Mayor Richard Roe") has the place after his name, else the heaviest government
    that no other holder of the office speaks for; "the mayor" is read as "the city" is.
    """
    taken: dict[str, str] = {}
    loose: dict[str, list[Annotation]] = {}
    for person in view.layer("person"):
        if person.value and person.referent_id:
            taken.setdefault(person.referent_id, person.value)
        elif person.label in OFFICES and person.referent_id is None:
            loose.setdefault(person.value or "", []).append(person)
    for value, persons in sorted(loose.items(), key=lambda item: item[1][0].span.start):
        owner = _owner(view, actors, near, value, persons, taken) if value else None
        if owner is not None:
            taken.setdefault(owner.key, value)
        for person in persons:
            actor = owner or _government(view, actors, near, OFFICES[person.label], person.span)
            if actor is not None and (owner is not None or not value):
                how = "person" if value else "anaphor"
                actor.mentions.append(
                    ActorMention(person.span, view.unit_at(person.span.start).index, how)
                )


def _owner(
    view: View,
    actors: Sequence[Actor],
    near: Near,
    value: str,
    persons: Sequence[Annotation],
    taken: dict[str, str],
) -> Actor | None:
    """Return the government that a named office holder speaks for, ``None`` where none is left."""
    kind = OFFICES[persons[0].label]
    for person in persons:
        for actor in actors:
            for m in actor.mentions:
                gap = view.text[person.span.end : m.span.start]
                if actor.is_government and 0 < len(gap) <= _AFTER_NAME and gap.strip(" ,") in _OF:
                    return actor
    free = [
        a
        for a in actors
        if a.party.kind == kind
        and taken.get(a.key, value) == value
        and any(m.how not in ("location", "within") for m in a.mentions)
    ]
    unit = view.unit_at(persons[0].span.start).index
    return max(free, key=lambda a: near[a.key][unit], default=None)


def home_of(view: View, actors: Sequence[Actor]) -> str | None:
    """Return the country that the document writes from.

    Its source's; else the one that texts in this language are mostly about, where it has a
    government here; else that of the dateline, else that of the government named first.
    """
    governments = [a for a in actors if a.is_government and a.party.country]
    countries = {a.party.country for a in governments}
    for known in (view.document.source_country, view.words.home):
        if known in countries:
            return known
    dated = [a for a in governments if any(m.how == "dateline" for m in a.mentions)]
    first = min(dated or governments, key=lambda a: a.named[0].span.start, default=None)
    return first.party.country if first is not None else None


def weigh(view: View, actors: Sequence[Actor]) -> dict[str, float]:
    """Return each sub-national government's share of the document."""
    raw = {a.key: sum(v for _, v in _marks(view, actors, a)) for a in actors if a.is_government}
    scale = sum(raw.values()) or 1.0
    return {key: value / scale for key, value in raw.items()}


def weigh_passages(view: View, actors: Sequence[Actor]) -> dict[str, tuple[float, ...]]:
    """Return each sub-national government's share of the passage around every unit.

    A mention's weight halves every `_HALF` units; what comes after a unit weighs half of what comes
    before it. So a list in a long paper belongs to whom its paragraph names, not to whom the paper
    does.
    """
    raw: dict[str, list[float]] = {}
    for actor in actors:
        if actor.is_government:
            marks = list(_marks(view, actors, actor))
            raw[actor.key] = [
                sum(v * 0.5 ** (abs(u - i) / _HALF) * (0.5 if u > i else 1.0) for u, v in marks)
                for i in range(len(view.units))
            ]
    scales = [sum(r[i] for r in raw.values()) or 1.0 for i in range(len(view.units))]
    return {key: tuple(v / s for v, s in zip(row, scales, strict=True)) for key, row in raw.items()}


def _marks(view: View, actors: Sequence[Actor], actor: Actor) -> Iterator[tuple[int, float]]:
    """Yield the unit and the weight of each mention of a government.

    Its home and the title counted in.
    """
    home = home_of(view, actors)
    factor = _HOME if home is not None and actor.party.country == home else 1.0
    for mention in actor.mentions:
        early = view.units[mention.unit].sentence < _OPENING_SENTENCES
        value = _WEIGHTS.get(mention.how, 0.2) * (_JOINED if mention.is_joined else 1.0)
        yield mention.unit, value * (_OPENING if early else 1.0) * factor
    if actor.party.name and actor.party.name in (view.document.title or ""):
        yield 0, 1.0


def _finds(words: re.Pattern[str] | None, text: str, taken: Sequence[Span]) -> list[Span]:
    """Return matches that overlap no span in ``taken`` and do not introduce one."""
    if words is None:
        return []
    spans = [Span(start=m.start(), end=m.end()) for m in words.finditer(text)]
    free = [s for s in spans if not any(t.start < s.end and s.start < t.end for t in taken)]
    # "the Province X", "the city of X": the words belong to the name after them.
    return [
        s
        for s in free
        if not any(
            0 <= t.start - s.end <= 4 and text[s.end : t.start].strip() in ("", "of") for t in taken
        )
    ]


def _government(
    view: View, actors: Sequence[Actor], near: Near, kind: str, span: Span
) -> Actor | None:
    """Resolve "the city".

    The heaviest government of that kind, the nearer the better, named before.
    """
    unit = view.unit_at(span.start).index
    best, score = None, 0.0
    for actor in actors:
        if actor.party.kind != kind or not actor.is_government:
            continue
        before = [
            m.unit
            for m in actor.mentions
            if m.span.start < span.start and m.how not in ("location", "within")
        ]
        if not before:
            continue
        value = near[actor.key][unit] + _RECENT / (1 + unit - max(before))
        if value > score:
            best, score = actor, value
    return best


def _organisation(view: View, actors: Sequence[Actor], kind: str, span: Span) -> Actor | None:
    """Resolve "the company": the organisation of that kind named last, not too far back."""
    unit = view.unit_at(span.start).index
    best, last = None, -1
    for actor in actors:
        if actor.party.kind != kind or actor.is_government or actor.is_country:
            continue
        before = [m.span.start for m in actor.mentions if m.span.start < span.start]
        if before and max(before) > last and unit - view.unit_at(max(before)).index <= _REACH:
            best, last = actor, max(before)
    return best
