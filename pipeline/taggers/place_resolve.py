"""Which of several namesakes a text means: each is scored, the evidence is kept in words.

Values in, values out. Scores are log-like points: a factor of ten in population is worth one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import exp, log10
from typing import NamedTuple

from pipeline.gazetteer import ABBREVIATION, ALTERNATE, CURATED, DEMONYM, Gazetteer, Place, Toponym

CANDIDATES = (
    14  # namesakes scored; the rest are villages unless the text names their country or state
)
# Points. One point is a factor of ten in population.
KIND_AGREES, KIND_DIFFERS = 5.0, -4.0  # "Kabupaten Bandung": the law's word beats size
COUNTRY_DIFFERS = -1.5  # "kota Korea" is loose speech, not a village in Africa
CONTAINER = 5.0  # "Boston, England", "Toyota di Jepang"
CALLED_SO = 1.5  # the document has called this name a regency, though not here
COUNTRY_SUPPORT, NEAR_SUPPORT = 2.0, 2.0  # other places of the document lie there; at full support
CAPITAL = 0.7  # news name capitals for their governments, beyond their size
HOME = 1.2  # the source's own country
COUNTRY_POINTS = 11.0  # as if it had 10**11 people: no city takes a country's name from it
AREA_POINTS = 9.0
# A bare name is the city before the province or regency around it, if it holds this share of the
# people: Kyoto, Salzburg, Groningen; but Quebec and Luxembourg are the larger unit.
CITY_SHARE = 0.065
CITY = 0.3  # bare names are those of cities more often than of the divisions of other countries
SEAT_MARGIN = 0.8  # how far it then stands above the larger unit: .78 to .22
GRADE_POINTS = {CURATED: -0.2, ALTERNATE: -2.0, ABBREVIATION: -6.0}
SAME_TOWN = 0.5  # degrees: the sources list some towns twice
# Size of a division whose people the sources do not count: new Indonesian regencies, mostly.
NOMINAL = {"regency": 100_000, "province": 1_000_000}
TIE = 0.08  # points between two candidates that count as none
SHARPNESS = 1.6  # turns points into a probability; calibrated so that .9 is right nine times in ten
HOME_COUNTRY, HOME_LIST = "ID", "id:"  # scheme of the ids that its ministry gives to governments
AT_HOME = "in the source's country"
_SUPPORT_HALF = 1.0  # other names that give half of the full support
_CELL = 1.5  # degrees: some 160 km, the reach of regional news; neighbouring cells count too


_Scored = tuple[float, int, Place]  # points, grade of the name, place
_LOCAL = frozenset({"city", "regency"})
_AROUND = frozenset({"province", "regency"})


class _Asked(NamedTuple):
    """What is known of a name before its candidates are weighed."""

    name: str
    kinds: frozenset[str]  # that words beside it ask for
    told: str | None  # id of what the text says it lies in
    called: frozenset[str]  # kinds that the document gives it elsewhere
    home: str | None


@dataclass(slots=True)
class Choice:
    """A resolved name, or a tie: ``place`` is then ``None`` and ``rivals`` says between whom."""

    place: Place | None
    grade: int
    confidence: float
    evidence: tuple[str, ...]
    rivals: tuple[Place, ...] = ()
    second: Place | None = None  # the namesake that came next


def _zeros() -> defaultdict[str, float]:
    return defaultdict(float)


@dataclass(slots=True)
class Support:
    """What the whole document says: where its other places lie, what it calls and places a name."""

    countries: defaultdict[str, float] = field(default_factory=_zeros)
    cells: defaultdict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    own: dict[str, tuple[Place, float]] = field(default_factory=dict)
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    containers: Mapping[str, str] = field(default_factory=dict)

    def add(self, name: str, place: Place, weight: float) -> None:
        """Count one name that is resolved well enough; a name counts once."""
        self.own[name] = (place, weight)
        if place.country:
            self.countries[place.country] += weight
        if place.kind in _LOCAL:
            self._spread(place, weight)

    def _spread(self, place: Place, weight: float) -> None:
        row, column = _cell(place)
        for i in (row - 1, row, row + 1):
            for j in (column - 1, column, column + 1):
                self.cells[i, j] += weight

    def in_country(self, name: str, place: Place) -> float:
        """Return the weight of the other names in the place's country."""
        own, weight = self.own.get(name, (None, 0.0))
        same = own is not None and own.country == place.country
        return self.countries.get(place.country or "", 0.0) - (weight if same else 0.0)

    def near(self, name: str, place: Place) -> float:
        """Return the weight of the other names within some 160 km."""
        total = self.cells.get(_cell(place), 0.0)
        own, weight = self.own.get(name, (None, 0.0))
        if own is None or own.kind not in _LOCAL:
            return total
        (a, b), (c, d) = _cell(own), _cell(place)
        return total - (weight if abs(a - c) <= 1 and abs(b - d) <= 1 else 0.0)


def _cell(place: Place) -> tuple[int, int]:
    return int(place.latitude // _CELL), int(place.longitude // _CELL)


def resolve(
    name: str,
    hit: Toponym,
    kinds: frozenset[str],
    container: str | None,
    support: Support,
    gazetteer: Gazetteer,
    home_country: str | None,
) -> Choice:
    """Choose the referent of one name.

    Args:
        name: The name as written.
        hit: Its candidates.
        kinds: The kinds that words beside the name ask for; empty if none do.
        container: Id of the country or province that the text says it lies in.
        support: The document's other places.
        gazetteer: Places by id.
        home_country: ISO code of the source's country.

    Returns:
        The choice with its confidence in [0, 1] and the evidence that decided.
    """
    told = container or support.containers.get(name)
    limit = len(hit.candidates) if told else CANDIDATES
    asked = _Asked(name, kinds, told, support.kinds.get(name, frozenset()), home_country)
    scored: list[_Scored] = []
    for place_id, grade in zip(hit.candidates[:limit], hit.grades, strict=False):
        place = gazetteer.place(place_id)
        points = _size_points(place, grade) + _kind_points(place, grade, asked)
        points += _support_points(place, asked, support)
        if told and told != place_id and gazetteer.contains(told, place_id):
            points += CONTAINER
        scored.append((points, grade, place))
    seats = _prefer_seats(scored, gazetteer) if len(scored) > 1 and not kinds else {}
    scored.sort(key=lambda s: -s[0])
    best = scored[0]
    confidence = 1.0 / sum(exp(SHARPNESS * (s[0] - best[0])) for s in scored)
    if len(scored) > 1 and _is_tie(best, scored[1]):
        rivals = tuple(s[2] for s in scored if best[0] - s[0] < TIE)
        return Choice(None, best[1], confidence, ("tie",), rivals)
    evidence = list(_evidence(best[2], asked, support, gazetteer))
    if best[2].id in seats:
        evidence.append(f"the city before the {seats[best[2].id]} of its name")
    if not evidence:
        evidence = [
            "the most populous of that name" if scored[1:] else "the only place of that name"
        ]
    second = scored[1][2] if scored[1:] else None
    return Choice(best[2], best[1], confidence, tuple(evidence), (), second)


def _size_points(place: Place, grade: int) -> float:
    if place.kind == "country":
        points = COUNTRY_POINTS
    elif place.kind == "area":
        points = AREA_POINTS
    else:
        points = log10(size_of(place)) + CAPITAL * place.is_capital + CITY * (place.kind == "city")
    return points + GRADE_POINTS.get(grade, 0.0)


def _kind_points(place: Place, grade: int, asked: _Asked) -> float:
    if asked.kinds:
        if place.kind in asked.kinds:
            return KIND_AGREES
        if grade == DEMONYM:
            return 0.0
        return COUNTRY_DIFFERS if place.kind == "country" else KIND_DIFFERS
    return CALLED_SO if place.kind in asked.called else 0.0


def _support_points(place: Place, asked: _Asked, support: Support) -> float:
    points = HOME if place.country and place.country == asked.home else 0.0
    if not support.countries:
        return points  # the first reading has none: half of all calls
    if (weight := support.in_country(asked.name, place)) > 0.0:
        points += COUNTRY_SUPPORT * weight / (weight + _SUPPORT_HALF)
    if place.kind in _LOCAL and (weight := support.near(asked.name, place)) > 0.0:
        points += NEAR_SUPPORT * weight / (weight + _SUPPORT_HALF)
    return points


def _evidence(place: Place, asked: _Asked, support: Support, gazetteer: Gazetteer) -> Iterator[str]:
    """Yield the reasons for the chosen place, the strongest first."""
    if place.kind in asked.kinds:
        yield f"named as a {place.kind}"
    elif not asked.kinds and place.kind in asked.called:
        yield f"named as a {place.kind} elsewhere"
    if asked.told and asked.told != place.id and gazetteer.contains(asked.told, place.id):
        yield f"lies in {gazetteer.place(asked.told).name}"
    if support.countries and support.in_country(asked.name, place) > 0.0:
        yield f"other places in {place.country}"
    if support.countries and place.kind in _LOCAL and support.near(asked.name, place) > 0.0:
        yield "other places near by"
    if place.country and place.country == asked.home:
        yield AT_HOME


def _prefer_seats(scored: list[_Scored], gazetteer: Gazetteer) -> dict[str, str]:
    """Lift a city above the province or regency of the same name around it; say which and why."""
    seats: dict[str, str] = {}
    for index, (points, grade, city) in enumerate(scored):
        if city.kind != "city" or grade == ALTERNATE:
            continue
        for above, _, outer in scored:
            if outer.kind not in _AROUND or outer.country != city.country:
                continue
            around = gazetteer.contains(outer.id, city.id) or (
                outer.kind == "regency" and outer.parent == city.parent
            )
            if around and city.population >= CITY_SHARE * outer.population:
                points = max(points, above + SEAT_MARGIN)
                seats[city.id] = outer.kind
        scored[index] = (points, grade, city)
    return seats


def _is_tie(best: _Scored, second: _Scored) -> bool:
    """Tell whether two readings cannot be told apart; two entries of one town can."""
    if best[0] - second[0] >= TIE:
        return False
    a, b = best[2], second[2]
    close = abs(a.latitude - b.latitude) + abs(a.longitude - b.longitude) < SAME_TOWN
    return not (close and a.kind == b.kind)


def is_home_government(place: Place) -> bool:
    """Tell whether a place is a city, regency or province of Indonesia's own list (Kemendagri).

    Towns that merely bear a name are not: an office is of the former.
    """
    return place.country == HOME_COUNTRY and any(
        i.startswith(HOME_LIST) for i in (place.id, *place.source_ids)
    )


def size_of(place: Place) -> int:
    """Return the number of people to reckon with; never 0."""
    return place.population or NOMINAL.get(place.kind, 10)


def kinds_by_name(pairs: Iterable[tuple[str, frozenset[str]]]) -> Mapping[str, frozenset[str]]:
    """Return the kind that the document's admin words give to a name, where they give one only."""
    found: dict[str, frozenset[str]] = {}
    for name, kinds in pairs:
        if kinds:
            found[name] = found.get(name, frozenset()) | kinds
    return {name: kinds for name, kinds in found.items() if len(kinds) == 1}
