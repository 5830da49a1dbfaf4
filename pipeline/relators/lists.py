"""Lists of partners: lines that each begin with a party, under a lead-in that says what they are.

In: a `Scene`. Out: its `Listing`s, and for a candidate whether its partner is an item of one. "The
city is twinned with:" is said once and holds for every line, however far down it stands.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.relators.candidates import Candidate
from pipeline.relators.parties import Actor
from pipeline.relators.scene import Scene
from pipeline.relators.view import View

Features = dict[str, float]
_ITEMS = 3  # lines that make a list
_ASIDE = 2  # lines between two items that may belong to the first: details of it
_HEAD = 12  # characters before the party: a bullet, a number, "Kota"
_LONGEST = 25  # words: a longer paragraph without a mark is prose that begins with a name
_LEAD_WORDS = 4  # a lead-in has more words than a heading
_OPENING = 4  # words before the tie, and between the connector and the party: "the Province of"
_LEADS = 2  # paragraphs before a list in which its lead-in is looked for
_MARK = re.compile(r"[-–—•*·▪◦]\s*|\(?[0-9]{1,3}[.)]\s*|\(?[a-z][.)]\s+")
_AFTER = re.compile(r"\s*(?:[,(:;.–—-]|$)")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: the units that open its items, and those of the lead-in before them."""

    items: frozenset[int]
    lead: frozenset[int]


def find_lists(scene: Scene) -> tuple[Listing, ...]:
    """Return the lists of a document whose items each open with a party."""
    view = scene.view
    opened = _openings(scene)
    first: dict[int, int] = {}
    for unit in view.units:
        first.setdefault(unit.paragraph, unit.index)
    found, run, gap = [], [], 0
    for paragraph in sorted(first):
        if first[paragraph] in opened:
            run.append(paragraph)
            gap = 0
        elif run:
            gap += 1
            if gap > _ASIDE:
                found.append(run)
                run, gap = [], 0
    found.append(run)
    lines = [
        Listing(frozenset(first[p] for p in run), _lead(view, run[0]))
        for run in found
        if len(run) >= _ITEMS
    ]
    return (*lines, *_inline(scene))


def _inline(scene: Scene) -> Iterator[Listing]:
    """Yield the lists that one sentence counts out clause by clause.

    "Practice is seen in the cooperation of A with six parties. They are cooperation with B; …;
    and special cooperation in health with C."
    """
    view, words = scene.view, scene.view.words
    if words.relation is None or words.joins is None:
        return
    sentences: dict[int, list[int]] = {}
    for unit in view.units:
        sentences.setdefault(unit.sentence, []).append(unit.index)
    for number, units in sentences.items():
        if len(units) < _ITEMS:
            continue
        items = frozenset(i for i in units if _counts_out(scene, i))
        if len(items) >= _ITEMS:
            yield Listing(items, frozenset(sentences.get(number - 1, ())))


def _counts_out(scene: Scene, index: int) -> bool:
    """Tell whether a clause begins with a word of a tie, a connector and a party."""
    view, words = scene.view, scene.view.words
    unit = view.units[index]
    starts = [m.span.start for a in scene.actors for m in a.named if m.unit == index]
    if not starts or words.relation is None or words.joins is None:
        return False
    before = view.text[unit.span.start : min(starts)]
    joins = list(words.joins.finditer(before))
    if not joins or len(before[joins[-1].end() :].split()) > _OPENING:
        return False
    tie = words.relation.search(before, 0, joins[-1].start())
    return tie is not None and len(before[: tie.start()].split()) <= _OPENING


def _openings(scene: Scene) -> set[int]:
    """Return the units that begin, behind a bullet or a number, with a party set off as an item."""
    text = scene.view.text
    words: Counter[int] = Counter()
    for unit in scene.view.units:
        words[unit.paragraph] += len(unit.span.of(text).split())
    found = set()
    for actor in scene.actors:
        for m in actor.named:
            unit = scene.view.units[m.unit]
            before = text[unit.span.start : m.span.start]
            mark = _MARK.match(before)
            rest = before[mark.end() :] if mark else before
            is_short = words[unit.paragraph] <= _LONGEST and _AFTER.match(text, m.span.end)
            if len(rest) <= _HEAD and (mark or is_short):
                found.add(unit.index)
    return found


def _lead(view: View, paragraph: int) -> frozenset[int]:
    """Return the units of the nearest full sentence or two before a list."""
    for back in range(1, _LEADS + 1):
        units = [u for u in view.units if u.paragraph == paragraph - back]
        if units and sum(len(u.span.of(view.text).split()) for u in units) >= _LEAD_WORDS:
            return frozenset(u.index for u in units)
    return frozenset()


def list_features(scene: Scene, candidate: Candidate, lists: Sequence[Listing]) -> Features:
    """Return what it says of a pair that its partner is an item of a list."""
    listing = listing_of(candidate, lists)
    if listing is None:
        return {}
    f = {"listed": 1.0, "listed_size": math.log1p(len(listing.items))}
    units, words = scene.view.units, scene.view.words
    lead = [units[i] for i in listing.lead]
    told = any(u.has("instrument") for u in lead) or (
        words.relation is not None
        and any(words.relation.search(u.span.of(scene.view.text)) for u in lead)
    )
    titled = words.relation is not None and bool(
        words.relation.search(scene.view.document.title or "")
    )
    f["listed_told"] = float(told)
    f["listed_titled"] = float(titled)
    f["listed_own"] = float(candidate.local is _owner(scene, listing))
    f["listed_under"] = float(bool(told or titled) and bool(f["listed_own"]))
    return f


def _owner(scene: Scene, listing: Listing) -> Actor | None:
    """Return whose list it is: the heaviest government of the lead-in, else of the document."""
    led = [
        a
        for a in scene.actors
        if a.is_government and any(m.unit in listing.lead for m in a.mentions)
    ]
    return max(led, key=scene.weight, default=scene.focus)


def listing_of(candidate: Candidate, lists: Sequence[Listing]) -> Listing | None:
    """Return the list whose item the partner opens, where the local side stands outside of it."""
    own = {m.unit for m in candidate.local.mentions}
    opens = {m.unit for m in candidate.partner.named}
    return next((x for x in lists if opens & x.items and not own & x.items), None)
