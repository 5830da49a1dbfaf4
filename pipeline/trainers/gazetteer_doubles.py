"""One government, one entry: towns that the sources list beside the municipality of their name.

GeoNames has Göteborg as a populated place and as a municipality. The codebook counts one
government: the entries are merged, the populated place stays (its point and its id are those that
other gazetteers link to), the division becomes one of its source ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from pipeline.gazetteer import ALTERNATE, MAIN
from pipeline.trainers.gazetteer_drafts import Draft, Drafts
from pipeline.trainers.gazetteer_names import core_of, key_of

# Degrees of latitude and longitude together. A division's point is the middle of its towns, so it
# lies some way off its seat: 45 km here; another town of one name and country is seldom that near.
SAME_MUNICIPALITY = 0.4
# Two populated places of one name: an entry without people some 20 km off is the other's shadow.
SAME_TOWN = 0.2


def merge_municipal(drafts: Drafts) -> None:
    """Merge each city with the first-order division that it is: Busan with Busan-gwangyeoksi."""
    seats: dict[str, Draft] = {}
    for draft in list(drafts.by_id.values()):
        above = drafts.by_id.get(draft.parent or "")
        if above is None or above.kind != "city" or not draft.names.keys() & above.names.keys():
            continue
        if above.id not in seats or draft.population > seats[above.id].population:
            seats[above.id] = draft
    for division, seat in seats.items():
        drafts.merge(seat, drafts.by_id[division])


def seat_of(drafts: Drafts, names: Iterable[str], cities: Iterable[str]) -> Draft | None:
    """Return the town that a municipality is named after: the most populous inside that is.

    A Scandinavian municipality has its name in the genitive: Göteborgs stad, Umeå kommun.
    """
    wanted = {key for name in names if (key := key_of(core_of(name)))}
    wanted |= {key.removesuffix("s") for key in wanted}
    inside = [drafts.by_id[i] for i in cities if i in drafts.by_id]
    named = [d for d in inside if any(key_of(n) in wanted for n in d.names)]
    return max(named, key=lambda d: (d.population, d.id), default=None)


def merge_doubles(drafts: Drafts) -> int:
    """Merge cities of one country, name and place; return how many entries went."""
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    for draft in drafts.by_id.values():
        if draft.kind == "city":
            for key in {key_of(n) for n, grade in draft.names.items() if grade < ALTERNATE}:
                named[draft.country or "", key].append(draft.id)
    divisions = {drafts.now(place_id) for place_id in drafts.divisions.values()}
    merged = 0
    for (_, key), ids in sorted(named.items()):
        for first, second in _pairs(drafts, ids):
            kept, other = _ordered(first, second, divisions)
            if kept.id in drafts.by_id and _is_double(kept, other, key, divisions):
                drafts.merge(kept, other)
                merged += 1
    return merged


def _pairs(drafts: Drafts, ids: list[str]) -> Iterator[tuple[Draft, Draft]]:
    for one, two in combinations(ids, 2):
        if one in drafts.by_id and two in drafts.by_id:
            yield drafts.by_id[one], drafts.by_id[two]


def _ordered(a: Draft, b: Draft, divisions: set[str | None]) -> tuple[Draft, Draft]:
    """Return the entry to keep first: a populated place before a division, then the larger."""
    if (a.id in divisions) != (b.id in divisions):
        return (b, a) if a.id in divisions else (a, b)
    return (a, b) if (a.population, b.id) >= (b.population, a.id) else (b, a)


def _is_double(kept: Draft, other: Draft, key: str, divisions: set[str | None]) -> bool:
    away = abs(kept.latitude - other.latitude) + abs(kept.longitude - other.longitude)
    if other.id in divisions and kept.id not in divisions:
        is_inside = kept.parent in {other.id, other.parent} or other.parent == f"iso:{kept.country}"
        return away < SAME_MUNICIPALITY and is_inside
    is_own_name = MAIN in (kept.names.get(n) for n in kept.names if key_of(n) == key) and MAIN in (
        other.names.get(n) for n in other.names if key_of(n) == key
    )
    return is_own_name and away < SAME_TOWN and not other.population and bool(kept.population)
