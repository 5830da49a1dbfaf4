"""Who has how many agreements with whom, and a drawing of the strongest ties.

Governments stand on the left, partners on the right, a band for every tie between them: it reads
on paper and without colour, and it does not grow with the dataset.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HELD = 400  # ties that the page may choose from
SIDE = 14  # parties on each side of the drawing: more of them cannot be told apart
WIDTH, ROW = 100.0, 4.6  # units of the drawing; a row holds one name
_LEFT, _RIGHT = 34.0, 66.0  # where names end and bands begin
_THICKEST = 3.2  # units of the strongest tie: below a row, so that neighbours stay apart
_FULL = 6  # agreements of a tie at full width: where no tie has so many, none looks strong


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Two parties, the number of their agreements, and of all agreements of each."""

    local_id: str
    local_name: str
    partner_id: str
    partner_name: str
    count: int
    local_total: int
    partner_total: int


@dataclass(frozen=True, slots=True)
class End:
    """One party of the drawing: the middle of its row, its name, its agreements."""

    y: float
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Band:
    """One tie as an SVG path, its width, and what to say about it."""

    path: str
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Network:
    """Everything to draw."""

    left: tuple[End, ...]
    right: tuple[End, ...]
    bands: tuple[Band, ...]
    height: float
    shown: tuple[Tie, ...]


def ties_of(agreements: Iterable[Mapping[str, str]]) -> tuple[Tie, ...]:
    """Return the strongest ties first; equal ones by what their parties have in all, then by id.

    Parties of one name (the city and the province of Yogyakarta) are told apart by their kind.
    """
    counted: Counter[tuple[str, str]] = Counter()
    names: dict[str, tuple[str, str]] = {}
    for a in agreements:
        counted[a["local_party_id"], a["partner_id"]] += 1
        for side in ("local_party", "partner"):
            names[a[f"{side}_id"]] = a[f"{side}_name"], a[f"{side}_kind"]
    namesakes = Counter(name for name, _ in names.values())
    lefts: Counter[str] = Counter()
    rights: Counter[str] = Counter()
    for (one, two), count in counted.items():
        lefts[one] += count
        rights[two] += count

    def shown(party: str) -> str:
        name, kind = names[party]
        return f"{name} ({kind})" if namesakes[name] > 1 else name

    def rank(item: tuple[tuple[str, str], int]) -> tuple[int, int, int, tuple[str, str]]:
        (one, two), count = item
        return (-count, -lefts[one], -rights[two], (one, two))

    return tuple(
        Tie(
            local_id=one,
            local_name=shown(one),
            partner_id=two,
            partner_name=shown(two),
            count=count,
            local_total=lefts[one],
            partner_total=rights[two],
        )
        for (one, two), count in heapq.nsmallest(HELD, counted.items(), key=rank)
    )


def draw_ties(ties: Sequence[Tie]) -> Network:
    """Lay out the governments with most agreements, and for each at least its strongest partner."""
    lefts = _largest({t.local_id: t.local_total for t in ties})
    rights = _in_order(ties, lefts, _partners(ties, lefts))
    shown = tuple(t for t in ties if t.local_id in lefts and t.partner_id in rights)
    names = {t.local_id: t.local_name for t in ties} | {t.partner_id: t.partner_name for t in ties}
    height = ROW * max(len(lefts), len(rights), 1)
    left, right = _rows(lefts, height), _rows(rights, height)
    most = max([_FULL, *(t.count for t in shown)])
    return Network(
        left=tuple(End(y, names[i], lefts[i]) for i, y in left.items()),
        right=tuple(End(y, names[i], rights[i]) for i, y in right.items()),
        bands=tuple(
            Band(
                _band(left[t.local_id], right[t.partner_id]),
                max(0.35, _THICKEST * t.count / most),
                f"{t.local_name} – {t.partner_name}: {t.count}",
            )
            for t in reversed(shown)
        ),
        height=height,
        shown=shown,
    )


def _largest(totals: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:SIDE])


def _partners(ties: Sequence[Tie], lefts: Mapping[str, int]) -> dict[str, int]:
    """Return the partners to show: each government's strongest, then those with most agreements.

    A government without a band would look as if it had no partner.
    """
    own = [t for t in ties if t.local_id in lefts]
    chosen: dict[str, int] = {}
    for left in lefts:
        of_left = [t for t in own if t.local_id == left]
        # A partner that is there already leaves room for another one.
        best = max(of_left, key=lambda t: (t.count, t.partner_id in chosen, t.partner_total))
        chosen[best.partner_id] = best.partner_total
    rest = {t.partner_id: t.partner_total for t in own if t.partner_id not in chosen}
    room = SIDE - len(chosen)
    return chosen | dict(list(_largest(rest).items())[:room])


def _in_order(
    ties: Sequence[Tie], lefts: Mapping[str, int], rights: Mapping[str, int]
) -> dict[str, int]:
    """Put each partner beside the middle of its governments, so that fewer bands cross."""
    row = {party: number for number, party in enumerate(lefts)}
    pull: dict[str, list[int]] = {party: [] for party in rights}
    for t in ties:
        if t.local_id in row and t.partner_id in pull:
            pull[t.partner_id] += [row[t.local_id]] * t.count
    middle = {party: sum(rows) / len(rows) for party, rows in pull.items()}
    return {p: rights[p] for p in sorted(rights, key=lambda p: (middle[p], -rights[p], p))}


def _rows(names: Mapping[str, int], height: float) -> dict[str, float]:
    """Spread the names over the height; one alone stands in the middle."""
    return {name: height * (i + 0.5) / len(names) for i, name in enumerate(names)}


def _band(left: float, right: float) -> str:
    middle = (_LEFT + _RIGHT) / 2
    return f"M{_LEFT} {left:.1f}C{middle} {left:.1f} {middle} {right:.1f} {_RIGHT} {right:.1f}"
