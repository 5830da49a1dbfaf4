"""Which pairs could be an agreement, and where the text ties each pair together.

In: a `Scene`. Out: `Candidate` values: a sub-national government, another actor, and the units that
link them, best first. Generation is generous: whatever shares a sentence, or stands where the text
speaks of an instrument or a stage while its main government is understood. The scorer decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.relators.parties import Actor, ActorMention
from pipeline.relators.scene import Scene
from pipeline.relators.view import Unit
from pipeline.text import fold

# A government further down than this in the document's weights is not "understood" where unnamed.
_UNDERSTOOD = 0.2
_IN_MIND = 3  # units for which a partner that was named stays in the reader's mind
REPORT = 80  # units of the longest text that one government can be understood throughout
_OPENING = 2  # sentences at the start of a text that say what it is about
_NEXT = 20  # characters after a side in which a connector ties it to its own partner
_MAX_LINKS = 12  # links kept per candidate: long lists of a party's mentions add nothing


@dataclass(frozen=True, slots=True)
class Link:
    """One unit that ties a pair: where each side stands in it, ``None`` where it is understood.

    ``how``: ``both`` sides in the unit, ``sentence`` (in its sentence), ``before`` (first side in
        the unit before), ``understood`` (first side is the document's main government), ``after``
        (the second side is named shortly before, the first one acts here), ``pair`` ("the two
        cities").
    """

    unit: Unit
    how: str
    first: ActorMention | None
    second: ActorMention | None
    strength: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair that could be an agreement; ``local`` is the heavier government, not yet oriented."""

    local: Actor
    partner: Actor
    links: tuple[Link, ...]
    near_instruments: tuple[str, ...] = ()  # labels named in units beside the links

    @property
    def best(self) -> Link:
        """The strongest link."""
        return self.links[0]


def find_candidates(scene: Scene) -> list[Candidate]:
    """Return all pairs that some unit links, in text order of their best link."""
    found = []
    for local, partner in _pairs(scene):
        links = sorted(_links(scene, local, partner), key=lambda x: (-x.strength, x.unit.index))
        if links:
            kept = tuple(links[:_MAX_LINKS])
            found.append(Candidate(local, partner, kept, _near_instruments(scene, kept)))
    return sorted(
        found, key=lambda c: (c.best.unit.index, c.partner.named[0].span.start, c.local.key)
    )


def _pairs(scene: Scene) -> Iterator[tuple[Actor, Actor]]:
    """Yield every government with every other actor; two governments once, the heavier first."""
    for i, a in enumerate(scene.actors):
        for b in scene.actors[i + 1 :]:
            if a.is_government and b.is_government:
                yield (a, b) if scene.weight(a) >= scene.weight(b) else (b, a)
            elif a.is_government:
                yield a, b
            elif b.is_government:
                yield b, a


def _links(scene: Scene, local: Actor, partner: Actor) -> Iterator[Link]:
    units = scene.view.units
    topical = bool(scene.view.layer("instrument") or scene.view.layer("cue", "stage."))
    here = {m.unit: m for m in reversed(local.mentions) if m.how not in ("location", "within")}
    places = {m.unit: m for m in reversed(local.mentions) if m.how != "within"}
    seen: set[int] = set()
    for mention in partner.mentions:
        if mention.unit in seen or mention.how == "within":
            continue
        seen.add(mention.unit)
        unit = units[mention.unit]
        how, first = _how(scene, unit, here, places)
        if how == "understood":
            heavy = scene.weight_at(local, unit.index) >= _UNDERSTOOD
            told = topical if len(units) <= REPORT else _speaks(scene, unit, "instrument")
            main = told and local in owners(scene, unit.index)
            if not (main or (heavy and _speaks(scene, unit))):
                continue
        yield Link(unit, how, first, mention, _strength(scene, unit, how, first, mention))
    yield from _after_links(scene, local, partner, seen)
    yield from _pair_links(scene, local, partner, seen)


def owners(scene: Scene, unit: int) -> tuple[Actor | None, ...]:
    """Return the governments that a passage may be about without naming them.

    In a long paper only the one that it is mostly about; in a report also the document's own.
    """
    near = scene.focus_at(unit)
    is_report = len(scene.view.units) <= REPORT
    return (near, scene.focus, scene.opener) if is_report else (near,)


def _after_links(scene: Scene, local: Actor, partner: Actor, seen: set[int]) -> Iterator[Link]:
    """Yield units in which the first side acts while the second one is still in mind.

    "The rector and three regencies sign. The regent of A and the regent of B put their names to
    it."
    """
    units = scene.view.units
    named = {m.unit: m for m in partner.mentions if m.how not in ("location", "within", "dateline")}
    lasting = _is_topic(scene, partner)
    for mention in local.mentions:
        if mention.unit in seen or mention.how in ("dateline", "within", "anaphor"):
            continue
        if _has_own(scene, mention):
            continue
        unit = units[mention.unit]
        since = 0 if lasting else max(0, unit.index - _IN_MIND)
        near = [n for n in range(since, unit.index) if n in named]
        acts = unit.has("cue", "stage.") or unit.has("instrument") or unit.has("cue", "background")
        if near and acts:
            seen.add(unit.index)
            second = named[near[-1]]
            yield Link(
                unit, "after", mention, second, _strength(scene, unit, "after", mention, second)
            )


def _has_own(scene: Scene, mention: ActorMention) -> bool:
    """Tell whether a side has a partner right here.

    "Aldoria with Bremia" says nothing of whom the text named before.
    """
    joins = scene.view.words.joins
    after = scene.view.text[mention.span.end : mention.span.end + _NEXT].lstrip()
    return joins is not None and joins.match(after) is not None


def _is_topic(scene: Scene, partner: Actor) -> bool:
    """Tell whether a body is what the whole text is about: named at its start, or in its title.

    "ANNUAL REPORT - Home Builders. Where we worked: GDAŃSK. In May the city signed ..."
    """
    if partner.is_government or partner.is_country:
        return False
    if scene.view.units[partner.named[0].unit].sentence < _OPENING:
        return True
    return fold(partner.party.name) in fold(scene.view.document.title or "")


def _near_instruments(scene: Scene, links: tuple[Link, ...]) -> tuple[str, ...]:
    """Return the instruments named in the paragraph within two units of a link."""
    units = scene.view.units
    found: set[str] = set()
    for link in links:
        for near in range(max(0, link.unit.index - 2), min(len(units), link.unit.index + 3)):
            if abs(units[near].paragraph - link.unit.paragraph) <= 1:
                found |= {a.label for a in units[near].of("instrument")}
    return tuple(sorted(found - {"unspecified"}))


def _how(
    scene: Scene, unit: Unit, here: dict[int, ActorMention], places: dict[int, ActorMention]
) -> tuple[str, ActorMention | None]:
    """Tell where the first side stands as seen from a unit with the second."""
    if unit.index in here:
        return "both", here[unit.index]
    for near in _same_sentence(scene, unit):
        if near in here:
            return "sentence", here[near]
    if unit.index in places:
        return "both", places[unit.index]
    if unit.index - 1 in here:
        return "before", here[unit.index - 1]
    return "understood", None


def _same_sentence(scene: Scene, unit: Unit) -> list[int]:
    """Return the other units of a unit's sentence, the nearest first.

    Those before it before those after.
    """
    units, near = scene.view.units, []
    low, high = unit.index - 1, unit.index + 1
    while low >= 0 and units[low].sentence == unit.sentence:
        near.append(low)
        low -= 1
    while high < len(units) and units[high].sentence == unit.sentence:
        near.append(high)
        high += 1
    return near


def _speaks(scene: Scene, unit: Unit, layer: str = "") -> bool:
    """Tell whether a unit or a neighbour in its paragraph speaks of an instrument or a stage.

    ``layer``: of this alone.
    """
    units = scene.view.units
    near = [units[i] for i in range(max(0, unit.index - 1), min(len(units), unit.index + 2))]
    return any(
        u.paragraph == unit.paragraph
        and (u.has("instrument") or (not layer and u.has("cue", "stage.")))
        for u in near
    )


def _strength(
    scene: Scene, unit: Unit, how: str, first: ActorMention | None, second: ActorMention
) -> float:
    """Rank links: parties explicit, as actors, and an instrument or stage in the same breath."""
    value = {
        "both": 3.0,
        "sentence": 2.0,
        "before": 1.5,
        "understood": 1.0,
        "after": 1.0,
        "pair": 1.0,
    }[how]
    value += 1.5 * unit.has("instrument") + 1.5 * unit.has("cue", "stage.")
    if second.how in ("location", "anaphor"):
        value -= 1.0
    if first is not None and first.how in ("location", "dateline"):
        value -= 1.0
    if not unit.has("instrument") and _speaks(scene, unit):
        value += 0.5
    return value


def _pair_links(scene: Scene, local: Actor, partner: Actor, seen: set[int]) -> Iterator[Link]:
    """Yield units that speak of "the two cities" shortly after both were named."""
    if not partner.is_government and partner.party.kind == "national_government":
        return
    for mention in scene.both:
        if mention.unit in seen:
            continue
        near = [m for m in partner.mentions if 0 < mention.unit - m.unit <= 6]
        rivals = [
            a
            for a in scene.actors
            if a is not local
            and a is not partner
            and a.party.kind == partner.party.kind
            and any(
                0 < mention.unit - m.unit <= 6
                for m in a.mentions
                if m.how not in ("location", "within")
            )
        ]
        own = {local.key, partner.key}
        others = any(
            m.unit == mention.unit and m.how in ("name", "admin", "office")
            for a in scene.actors
            if a.key not in own and not a.is_country
            for m in a.mentions
        )
        if near and not rivals and not others:
            seen.add(mention.unit)
            unit = scene.view.units[mention.unit]
            yield Link(
                unit, "pair", mention, mention, _strength(scene, unit, "pair", mention, mention)
            )
