"""Who has how many agreements with whom, and a drawing of the strongest ties.

Governments stand on the left, partners on the right, a band for every tie between them: it reads
on paper and without colour, and it does not grow with the dataset.
"""

from __future__ import annotations

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
    """Two parties and the number of their agreements."""

    local_id: str
    local_name: str
    partner_id: str
    partner_name: str
    count: int


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
    """Return the strongest ties first, equal ones by id."""
    counted: Counter[tuple[str, str]] = Counter()
    names: dict[str, str] = {}
    for a in agreements:
        counted[a["local_party_id"], a["partner_id"]] += 1
        names[a["local_party_id"]] = a["local_party_name"]
        names[a["partner_id"]] = a["partner_name"]
    strongest = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:HELD]
    return tuple(
        Tie(
            local_id=one,
            local_name=names[one],
            partner_id=two,
            partner_name=names[two],
            count=count,
        )
        for (one, two), count in strongest
    )


def draw_ties(ties: Sequence[Tie]) -> Network:
    """Lay out the governments with most agreements and the partners of theirs with most."""
    lefts = _largest((t.local_id, t.count) for t in ties)
    rights = _largest((t.partner_id, t.count) for t in ties if t.local_id in lefts)
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


def _largest(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for name, count in counts:
        totals[name] += count
    return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:SIDE])


def _rows(names: Mapping[str, int], height: float) -> dict[str, float]:
    """Spread the names over the height; one alone stands in the middle."""
    return {name: height * (i + 0.5) / len(names) for i, name in enumerate(names)}


def _band(left: float, right: float) -> str:
    middle = (_LEFT + _RIGHT) / 2
    return f"M{_LEFT} {left:.1f}C{middle} {left:.1f} {middle} {right:.1f} {_RIGHT} {right:.1f}"
