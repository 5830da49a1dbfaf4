"""Who the text is about, and whom "the city", "the company" and "the two mayors" mean.

In: a `View` and its actors. Out: a `Scene`: the actors with their anaphoric mentions added, a
weight for each government (how much the document is about it), and the places that speak of two
parties at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import Annotation, Span
from pipeline.relators.actors import find_actors, is_former
from pipeline.relators.focus import OFFICES, Near, home_of, weigh
from pipeline.relators.parties import Actor, ActorMention
from pipeline.relators.view import View

# what having been named just before adds to a government's weight when "the city" is resolved
_RECENT = 0.2
_AFTER_NAME = (
    10  # characters between a holder's name and the place: "Marcelo Ebrard of Mexico City"
)
_OF = ("of", "dari", "from", "asal", "of the", "of the city of")
_REACH = 8  # units back in which "the company" still finds its name


@dataclass(frozen=True, slots=True)
class Scene:
    """A view with its actors resolved; ``weights`` are the governments' shares of it."""

    view: View
    actors: tuple[Actor, ...]
    weights: Mapping[str, float]
    both: tuple[ActorMention, ...]
    home: str | None
    near: Near

    @property
    def focus(self) -> Actor | None:
        """The government that the document is mostly about."""
        governments = [a for a in self.actors if a.is_government]
        return max(governments, key=lambda a: self.weights[a.key], default=None)

    @property
    def opener(self) -> Actor | None:
        """The government that the body names first, its dateline apart: the owner of most lists."""
        ways = ("dateline", "within")
        return next(
            (a for a in self.actors if a.is_government and a.named[0].how not in ways), None
        )

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
    _bind_named(view, actors, weigh(view, actors).near)
    focus = weigh(view, actors)
    near = focus.near
    taken = [m.span for a in actors for m in a.mentions]
    for kind, words in view.words.government:
        for span in _finds(words, view.text, taken):
            actor = _government(view, actors, near, kind, span)
            if actor is not None:
                actor.mentions.append(_mention(view, span, "anaphor"))
    _bind_bare(view, actors, near)
    for kind, words in view.words.organisation:
        for span in _finds(words, view.text, taken):
            actor = _organisation(view, actors, kind, span)
            if actor is not None:
                actor.mentions.append(_mention(view, span, "anaphor"))
    both = tuple(_mention(view, s, "both") for s in _finds(view.words.both, view.text, []))
    for actor in actors:
        actor.mentions.sort(key=lambda m: (m.span.start, m.span.end))
    return Scene(view, tuple(actors), focus.shares, both, home_of(view, actors), near)


def _bind_named(view: View, actors: Sequence[Actor], near: Near) -> None:
    """Give named office holders whom the tagger bound to no place a government of their kind.

    "Mayor Richard Roe" has the place after his name, else the heaviest government that no other
    holder of the office speaks for.
    """
    taken: dict[str, str] = {}
    loose: dict[str, list[Annotation]] = {}
    for person in view.layer("person"):
        if person.value and person.referent_id:
            taken.setdefault(person.referent_id, person.value)
        elif person.value and person.label in OFFICES and not is_former(person):
            loose.setdefault(person.value, []).append(person)
    for value, persons in sorted(loose.items(), key=lambda item: item[1][0].span.start):
        owner = _owner(view, actors, near, value, persons, taken)
        if owner is not None:
            taken.setdefault(owner.key, value)
            owner.mentions += [_mention(view, p.span, "person") for p in persons]


def _bind_bare(view: View, actors: Sequence[Actor], near: Near) -> None:
    """Read "the mayor", an office without a name or a place, as "the city" is read."""
    for person in view.layer("person"):
        if not person.value and person.label in OFFICES and person.referent_id is None:
            actor = _government(view, actors, near, OFFICES[person.label], person.span)
            if actor is not None:
                actor.mentions.append(_mention(view, person.span, "anaphor"))


def _mention(view: View, span: Span, how: str) -> ActorMention:
    return ActorMention(span, view.unit_at(span.start).index, how)


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
