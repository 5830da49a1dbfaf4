"""GeoJSON (RFC 7946): parties as points, agreements as lines between them.

A party that is no place stands at the middle of its country (``located_by`` says so); one without
a country has no geometry. A line that crosses the antimeridian is cut there (section 3.1.9).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.exporters.moments import first_day, last_day
from pipeline.exporters.release import Release, Value, typed
from pipeline.schema import Column

DECIMALS = 4  # of degrees: ten metres, finer than any place of a gazetteer is known
Point = tuple[float, float]  # longitude, latitude
Geometry = dict[str, object]


def write_parties(release: Release, path: Path) -> None:
    """Write the parties as points."""
    places = _Places(release)
    columns = release.table("partners").columns
    _write(path, (_party(r, places, _kept(columns, r)) for r in release.rows("partners")))


def write_agreements(release: Release, path: Path) -> None:
    """Write the agreements as lines."""
    places = _Places(release)
    columns = release.table("agreements").columns
    _write(path, (_agreement(r, places, _kept(columns, r)) for r in release.rows("agreements")))


class _Places:
    """Where the parties are."""

    def __init__(self, release: Release) -> None:
        self._points: dict[str, Point] = {}
        for row in release.rows("places"):
            point = (float(row["longitude"]), float(row["latitude"]))
            if all(map(math.isfinite, point)) and abs(point[0]) <= 180 and abs(point[1]) <= 90:
                self._points[row["id"]] = (round(point[0], DECIMALS), round(point[1], DECIMALS))

    def of(self, party: str, country: str) -> tuple[Point | None, str | None]:
        """Return where a party is, and by what we know it."""
        if party in self._points:
            return self._points[party], "place"
        point = self._points.get(f"iso:{country}")
        return point, "country" if point else None


def _kept(columns: Iterable[Column], row: Mapping[str, str]) -> dict[str, Value]:
    return {c.name: typed(c, row[c.name]) for c in columns}


def _party(row: Mapping[str, str], places: _Places, kept: dict[str, Value]) -> Geometry:
    point, located_by = places.of(row["id"], row["country"])
    geometry: Geometry | None = {"type": "Point", "coordinates": point} if point else None
    return _feature(row["id"], geometry, {**kept, "located_by": located_by})


def _agreement(row: Mapping[str, str], places: _Places, kept: dict[str, Value]) -> Geometry:
    local, local_by = places.of(row["local_party_id"], row["local_party_country"])
    partner, partner_by = places.of(row["partner_id"], row["partner_country"])
    geometry = line_between(local, partner) if local and partner else None
    begin, end = first_day(row["first_date"]), last_day(row["ended_date"])
    extra = {
        "local_party_located_by": local_by,
        "partner_located_by": partner_by,
        "begin": begin.isoformat() if begin else None,
        "end": end.isoformat() if end else None,
    }
    return _feature(row["agreement_id"], geometry, {**kept, **extra})


def _feature(name: str, geometry: Geometry | None, properties: Mapping[str, Value]) -> Geometry:
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": dict(properties)}


def line_between(one: Point, two: Point) -> Geometry:
    """Return the line between two points the shorter way round, cut where it crosses 180°.

    Two parties at one place give a line of no length: its two positions are equal.
    """
    one, two = _side(one, two), _side(two, one)
    if abs(one[0] - two[0]) <= 180:
        return {"type": "LineString", "coordinates": [one, two]}
    edge = math.copysign(180.0, one[0])
    before = abs(edge - one[0])
    whole = 360 - abs(one[0] - two[0])
    latitude = round(one[1] + (two[1] - one[1]) * before / whole, DECIMALS)
    parts = [[one, (edge, latitude)], [(-edge, latitude), two]]
    return {"type": "MultiLineString", "coordinates": parts}


def _side(point: Point, other: Point) -> Point:
    """Put a point on the antimeridian itself on the other's side: it then needs no cut."""
    if abs(point[0]) == 180 and other[0]:
        return (math.copysign(180.0, other[0]), point[1])
    return point


def _write(path: Path, features: Iterable[Geometry]) -> None:
    """Write a FeatureCollection, one feature per line."""
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(_lines(features))


def _lines(features: Iterable[Geometry]) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    comma = "\n"
    for feature in features:
        yield comma + json.dumps(feature, ensure_ascii=False, allow_nan=False)
        comma = ",\n"
    yield "\n]}\n"
