"""A world map without map data: where people live, as dots, and arcs between the partners.

Equirectangular: x is the longitude east of the map's western edge, y the latitude south of its
northern one, both in degrees. The map is centred on the local governments, so that arcs seldom
cross its edge.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.exporters.summary import Route

NORTH, SOUTH = 78.0, -56.0  # degrees: few people live beyond
GRID = 1.5  # degrees between two dots of the background: coasts show, and the page stays small
FULL_ARCS = 60  # arcs at full width; more of them are drawn thinner, or they hide the map
ARCS = 400  # arcs on the map: the strongest; the page stays small with any number of agreements
MARGIN = 3.0  # degrees beside the map, so that a dot on its edge is whole
LABELS = 14  # names on the map: more would hide it
_CHARACTER = 2.1  # degrees that one character of a label takes
_LINE = 4.4  # degrees that a line of a label takes
Dots = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Arc:
    """One arc as an SVG path, its weight from 0 to 1, and what to say about it."""

    path: str
    weight: float
    title: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One party on the map; ``label`` is empty where there is no room for its name."""

    x: float
    y: float
    radius: float
    is_local: bool
    title: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class WorldMap:
    """Everything to draw, in degrees of the map."""

    land: str
    arcs: tuple[Arc, ...]
    dots: tuple[Dot, ...]
    thinness: float
    meridians: tuple[float, ...]
    parallels: tuple[float, ...]
    height: float
    left_out: int


def dots_of(places: Iterable[tuple[float, float]]) -> Dots:
    """Return the grid cells (rows of latitude, columns of longitude) in which places lie."""
    return tuple(sorted({(math.floor(lat / GRID), math.floor(lon / GRID)) for lat, lon in places}))


def draw(routes: Sequence[Route], land: Dots) -> WorldMap:
    """Lay out the map.

    Args:
        routes: What to join; of very many, the strongest are drawn.
        land: Grid cells of the background.
    """
    centre = _centre(routes)
    left_out = max(0, len(routes) - ARCS)
    if left_out:
        routes = sorted(routes, key=lambda r: -r.count)[:ARCS]

    def x_of(longitude: float) -> float:
        return (longitude - centre + 180.0) % 360.0

    points = sorted(
        (x_of(lon * GRID + GRID / 2), NORTH - lat * GRID - GRID / 2) for lat, lon in land
    )
    drawn = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points if 0 <= y <= NORTH - SOUTH)
    most = max((r.count for r in routes), default=1)
    arcs = tuple(
        Arc(
            path=_arc(
                x_of(r.local[1]), NORTH - r.local[0], x_of(r.partner[1]), NORTH - r.partner[0]
            ),
            weight=math.sqrt(r.count / most),
            title=f"{r.local_name} – {r.partner_name}: {r.count}",
        )
        for r in sorted(routes, key=lambda r: r.count)
        if r.local != r.partner
    )
    return WorldMap(
        land=drawn,
        arcs=arcs,
        dots=_labelled(_parties(routes, x_of_centre=centre)),
        thinness=min(1.0, math.sqrt(FULL_ARCS / max(len(arcs), 1))),
        meridians=tuple(sorted(x_of(float(lon)) for lon in range(-180, 180, 30))),
        parallels=tuple(NORTH - lat for lat in range(60, -60, -30)),
        height=NORTH - SOUTH,
        left_out=left_out,
    )


def _centre(routes: Sequence[Route]) -> float:
    """Return the longitude to centre on: the middle of the local governments, to ten degrees."""
    longitudes = sorted(r.local[1] for r in routes for _ in range(r.count))
    return round(longitudes[len(longitudes) // 2] / 10) * 10.0 if longitudes else 0.0


def _arc(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a path that bows towards the north by a sixth of its length."""
    lift = math.dist((x1, y1), (x2, y2)) / 6
    return f"M{x1:.1f} {y1:.1f}Q{(x1 + x2) / 2:.1f} {(y1 + y2) / 2 - lift:.1f} {x2:.1f} {y2:.1f}"


def _parties(routes: Sequence[Route], *, x_of_centre: float) -> list[Dot]:
    counted: Counter[tuple[bool, str, float, float]] = Counter()
    for r in routes:
        counted[True, r.local_name, *r.local] += r.count
        counted[False, r.partner_name, *r.partner] += r.count
    most = max(counted.values(), default=1)
    return [
        Dot(
            x=(lon - x_of_centre + 180.0) % 360.0,
            y=NORTH - lat,
            radius=0.9 + 1.6 * math.sqrt(count / most),
            is_local=is_local,
            title=f"{name}: {count}",
            label=name,
            anchor="start",
        )
        for (is_local, name, lat, lon), count in sorted(
            counted.items(), key=lambda item: (-item[1], item[0])
        )
    ]


def _labelled(dots: Sequence[Dot]) -> tuple[Dot, ...]:
    """Keep the names of the largest parties that find room beside their dot and cover no other."""
    taken: list[tuple[float, float, float, float]] = []
    places = [(d.x - d.radius, d.y - d.radius, d.x + d.radius, d.y + d.radius) for d in dots]
    result = []
    for number, dot in enumerate(dots):
        label, anchor = "", "start"
        wide = len(dot.label) * _CHARACTER
        for side in ("start", "end"):
            left = dot.x + dot.radius + 1 if side == "start" else dot.x - dot.radius - 1 - wide
            box = (left, dot.y - _LINE / 2, left + wide, dot.y + _LINE / 2)
            others = (p for n, p in enumerate(places) if n != number)
            is_inside = box[0] >= -MARGIN and box[2] <= 360 + MARGIN
            is_free = not any(_overlap(box, t) for t in (*taken, *others))
            if len(taken) < LABELS and is_inside and is_free:
                taken.append(box)
                label, anchor = dot.label, side
                break
        result.append(Dot(dot.x, dot.y, dot.radius, dot.is_local, dot.title, label, anchor))
    return tuple(result)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
