"""Which part of the text speaks of which agreement.

In: a `Scene` and the kept pairs. Out: for each pair its `Territory`: units with a weight and, in a
unit that several pairs share, the stretch that is this pair's. What is said in A's stretch is not
said of B: "Korosten became a twin of Bourges in May, Zhytomyr of Gdynia in June".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.records import Annotation, Span
from pipeline.relators.candidates import Candidate
from pipeline.relators.rows import row_of
from pipeline.relators.scene import Scene
from pipeline.relators.view import Unit

OWN, LEAD, SAID_ON, GENERAL = "own", "lead", "said_on", "general"
# How much what a unit says counts for the pair: named in it; the lead-in of the list it is named
# in; carried on from it in the same paragraph; said where no partner is named at all.
WEIGHTS = {OWN: 1.0, LEAD: 0.9, SAID_ON: 0.6, GENERAL: 0.25}


@dataclass(frozen=True, slots=True)
class Stretch:
    """One unit's part that speaks of a pair. ``rank`` is a key of `WEIGHTS`."""

    unit: Unit
    span: Span
    rank: str

    @property
    def weight(self) -> float:
        """How much the stretch counts."""
        return WEIGHTS[self.rank]

    def of(self, layer: str, prefix: str = "") -> tuple[Annotation, ...]:
        """Return the annotations that begin in the stretch."""
        found = self.unit.of(layer, prefix)
        return tuple(a for a in found if self.span.start <= a.span.start < self.span.end)


_REACH = 10  # units: a news text is some twenty, a press release some fifteen
_ITEMS = 3  # stretches in one sentence that make it a list of items
_SEPARATOR = re.compile(r"[,;:–—]\s")

Territory = tuple[Stretch, ...]


def territories(scene: Scene, pairs: Sequence[Candidate]) -> list[Territory]:
    """Return the territory of each pair, in the order of ``pairs``."""
    owners = _owners(scene, pairs)
    carried = _carried(scene, owners)
    result: list[Territory] = []
    for i, pair in enumerate(pairs):
        stretches = []
        for unit in scene.view.units:
            if i in owners[unit.index]:
                crowded = len(owners[unit.index]) > 1
                span = _stretch(scene, unit, pair, crowded)
                hub = {pairs[j].local.key for j in owners[unit.index]} == {pair.local.key}
                if crowded and hub and (head := _head(scene, unit, pair, span)) is not None:
                    stretches.append(Stretch(unit, head, LEAD))
                stretches.append(Stretch(unit, span, OWN))
            elif (lead := _lead(scene, unit, pair, owners, i)) is not None:
                stretches.append(Stretch(unit, lead, LEAD))
            elif i in carried[unit.index]:
                stretches.append(Stretch(unit, unit.span, SAID_ON))
            elif (
                not owners[unit.index]
                and not carried[unit.index]
                and _in_reach(owners, i, unit.index)
            ):
                stretches.append(Stretch(unit, unit.span, GENERAL))
        result.append(tuple(stretches))
    items = _itemised(result)
    return [
        tuple(s for s in ground if s.rank in (OWN, LEAD) or not _is_item(ground, items))
        for ground in result
    ]


def _itemised(grounds: Sequence[Territory]) -> set[int]:
    """Return the sentences that list pairs item by item, each with a stretch of its own.

    "Cooperation with A made on D1; cooperation with B made on D2; …": what follows such a list is
    about none of its items. A row ("with A, B and C") is no such list: its members share one
    stretch.
    """
    items: dict[int, set[tuple[int, int]]] = {}
    for ground in grounds:
        for s in ground:
            if s.rank == OWN:
                items.setdefault(s.unit.sentence, set()).add((s.span.start, s.span.end))
    return {sentence for sentence, spans in items.items() if len(spans) >= _ITEMS}


def _is_item(ground: Territory, items: set[int]) -> bool:
    """Tell whether a pair is only told in lists of items."""
    return all(s.unit.sentence in items for s in ground if s.rank == OWN)


def _in_reach(owners: list[set[int]], i: int, unit: int) -> bool:
    """Tell whether a pair is named within `_REACH` units.

    A long paper says much that is of no pair.
    """
    low, high = max(0, unit - _REACH), min(len(owners), unit + _REACH + 1)
    return any(i in owners[u] for u in range(low, high))


def _owners(scene: Scene, pairs: Sequence[Candidate]) -> list[set[int]]:
    """Return for each unit the pairs whose partner (or, with one partner only.

    Local side) it names.
    """
    owners: list[set[int]] = [set() for _ in scene.view.units]
    for i, pair in enumerate(pairs):
        shared = any(p.partner is pair.partner and p is not pair for p in pairs)
        for mention in pair.partner.mentions:
            if mention.how in ("dateline", "within"):
                continue
            if shared and not any(m.unit == mention.unit for m in pair.local.mentions):
                continue
            owners[mention.unit].add(i)
        for link in pair.links:
            owners[link.unit.index].add(i)
    return owners


def _head(scene: Scene, unit: Unit, pair: Candidate, span: Span) -> Span | None:
    """Return what a clause says before the first of its partners.

    Where it lists several of one side.
    """
    first = _first_other(scene, unit, pair)
    return Span(start=unit.span.start, end=first) if unit.span.start < first <= span.start else None


def _first_other(scene: Scene, unit: Unit, pair: Candidate) -> int:
    return min(
        (
            m.span.start
            for a in scene.actors
            for m in a.mentions
            if m.unit == unit.index
            and a is not pair.local
            and m.how not in ("anaphor", "within", "dateline")
        ),
        default=unit.span.end,
    )


def _lead(scene: Scene, unit: Unit, pair: Candidate, owners: list[set[int]], i: int) -> Span | None:
    """Return the part of a first clause that leads in a list which names the pair further on.

    "The city is twinned with: A and B; C and D" says of C what stands before A.
    """
    units = scene.view.units
    if unit.index > 0 and units[unit.index - 1].sentence == unit.sentence:
        return None
    rest = [u for u in units[unit.index + 1 :] if u.sentence == unit.sentence]
    if not any(i in owners[u.index] for u in rest):
        return None
    first = _first_other(scene, unit, pair)
    return Span(start=unit.span.start, end=max(first, unit.span.start + 1))


def _carried(scene: Scene, owners: list[set[int]]) -> list[set[int]]:
    """Let a pair run on through the units of its paragraph until another pair is named."""
    carried: list[set[int]] = [set() for _ in owners]
    for unit in scene.view.units[1:]:
        before = scene.view.units[unit.index - 1]
        if not owners[unit.index] and before.paragraph == unit.paragraph:
            carried[unit.index] = owners[before.index] or carried[before.index]
    return carried


def _stretch(scene: Scene, unit: Unit, pair: Candidate, crowded: bool) -> Span:
    """Return the part of a unit that is one pair's.

    The unit as a whole where no other pair shares it or all its partners stand in one row; else
    from the end of the party before this pair's first mention to the party after its last one.
    """
    mention = next((m for m in pair.partner.mentions if m.unit == unit.index), None)
    if not crowded or mention is None:
        return unit.span
    row = set(row_of(scene, pair.partner, mention))
    mine = row | {pair.local.key}
    marks = sorted(
        (m.span.start, m.span.end, a.key in mine)
        for a in scene.actors
        for m in a.mentions
        if m.unit == unit.index
        and m.how not in ("anaphor", "location", "within", "dateline")
        and not _is_home(a.key, scene)
    )
    marks = [m for m in marks if m[2] or not _inside(m, marks)]
    first = min((m[0] for m in marks if m[2]), default=mention.span.start)
    at = mention.span.start
    start, end = unit.span.start, unit.span.end
    for left, right, own in marks:
        if own:
            continue
        if right <= min(first, at):
            start = max(start, _border(scene, right, min(first, at)))
        elif right <= at and left > first:
            start = max(start, _border(scene, right, at))
        elif left >= mention.span.end:
            end = min(end, _border(scene, mention.span.end, left))
    return Span(start=start, end=max(end, mention.span.end))


def _border(scene: Scene, left: int, right: int) -> int:
    """Return where one party's stretch ends and the next one's begins.

    At the last comma or "and".
    """
    gap = scene.view.text[left:right]
    cuts = [m.end() for m in _SEPARATOR.finditer(gap)]
    words = scene.view.words.coordinates
    cuts += [m.start() for m in words.finditer(gap)] if words is not None else []
    return left + max(cuts) if cuts else right


def _inside(mark: tuple[int, int, bool], marks: Sequence[tuple[int, int, bool]]) -> bool:
    return any(o[2] and o[0] <= mark[0] and mark[1] <= o[1] for o in marks)


def _is_home(key: str, scene: Scene) -> bool:
    """The document's main government stands everywhere and bounds nothing."""
    return scene.focus is not None and scene.focus.key == key
