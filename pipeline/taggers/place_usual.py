"""The usual name inside an official one: Jeju in "Jeju Special Self-Governing Province".

In: a name of the gazetteer as a text has it. Out: the part that people say, if the words around it
are a special form of rank and it is a name of the same place.
"""

from __future__ import annotations

import re

from pipeline.gazetteer import Gazetteer, Toponym
from pipeline.taggers.place_cues import PlaceCues

_WORD = re.compile(r"[^\W_][\w'’-]*")


def shortened(
    hit: Toponym, name: str, gazetteer: Gazetteer, cues: PlaceCues
) -> tuple[Toponym, str] | None:
    """Return the hit cut to its usual name, and the kind of its place; nothing if it is that."""
    words = list(_WORD.finditer(name))
    lows = [w.group().lower() for w in words]
    if cues.special_ranks.isdisjoint(lows):
        return None
    first, last = 0, len(words)
    while first < last and lows[first] in cues.rank_words:
        first += 1
    while last > first and lows[last - 1] in cues.rank_words:
        last -= 1
    if first == last or (first, last) == (0, len(words)):
        return None
    start, end = words[first].start(), words[last - 1].end()
    place = gazetteer.place(hit.candidates[0])
    if place.id not in gazetteer.lookup(name[start:end]):
        return None
    cut = hit._replace(start=hit.start + start, end=hit.start + end)
    return cut, place.kind
