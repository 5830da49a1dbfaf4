"""From the sources' rows to places: countries, divisions, cities, and Indonesia in full."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pipeline.gazetteer import ALTERNATE, CURATED, DEMONYM, MAIN
from pipeline.trainers import gazetteer_sources as sources
from pipeline.trainers.gazetteer_doubles import merge_municipal, seat_of
from pipeline.trainers.gazetteer_drafts import Draft, Drafts
from pipeline.trainers.gazetteer_names import (
    alternates_of,
    core_of,
    is_acronym,
    is_name,
    is_other_script,
    key_of,
    short_form,
)

Members = Mapping[str, Sequence[tuple[int, float, float, int]]]

# GeoNames' alternates double the names; below this many people they mostly add transliterations.
ALTERNATES_FROM = 50_000
LONGEST_CODE = 4  # "NT", "D.C.": codes of divisions; those in use are in aliases.yml
SCRIPTS_FROM = 500_000  # larger cities are found by their names in other scripts, too
SHORT_FROM = 20_000  # a smaller town with an epithet is not the one that the bare name means
# Second-order divisions that news name as counties, regencies or provinces. Elsewhere they are
# municipalities, which the cities already cover (Brazil alone has 5,570).
REGENCIES = frozenset(
    """GB US IE MY KR IN PK BD LK NP DE PL CZ HU NZ KE UG ZA TZ RU UA IR IL VN KH LA MM TW CN
    JP TH""".split()
)
PROVINCES = frozenset("PH IT ES FR BE GR".split())
# Where news name them: mostly as cities, which they are merged with; Turkish ilçe have a mayor.
MUNICIPALITIES = frozenset("NL SE NO FI EE AU DK PT TR".split())
MUNICIPAL_COUNTRIES = frozenset({"PR"})  # first-order divisions without a type that have a mayor
WITHOUT_CITIES = frozenset(
    "KR GB TW".split()
)  # dense: the point of the division above is near enough
# Types of first-order divisions that are municipalities by the law of the place.
MUNICIPAL = frozenset(
    (
        "Municipality, Local council, City, Town, Commune, City municipality, Urban municipality,"
        "Special municipality, Quarter, City with county rights, District municipality,"
        "Metropolitan city, Special city, Special self-governing city, State city, Popularate,"
        "Capital city, Autonomous city, Metropolitan administration, Federal entity,"
        "Autonomous city in north africa"
    )
    .replace(", ", ",")
    .split(",")
)
# Forms of a register rather than names: "wallonne, Région", "Murmanskaya oblast'".
_REGISTER = re.compile(
    r",|oblast|kraj|krai|län$|Gewest|Région|autonom|Zizhiqu|voblas|vilayati|apskritis|maakond|fylke",
    re.IGNORECASE,
)

COUNTY_TYPES = frozenset({"County", "Rayon"})
COUNTY_LEVEL = frozenset(
    {"KE", "TW", "LR", "IE"}
)  # counties that are the first order: regencies (hard case 8)


def add_countries(drafts: Drafts, own: Sequence[Mapping[str, str]]) -> None:
    """Add the countries, with the points and names of our own table, and the continents."""
    table = {row["iso2"]: row for row in own}
    other_scripts = sources.country_names(
        ("zh", "zh_Hant", "ja", "ko", "ru", "uk", "ar", "fa", "th")
    )
    for country in sources.countries():
        row = table.get(country.iso)
        draft = Draft(
            id=f"iso:{country.iso}",
            name=country.name,
            kind="country",
            country=country.iso,
            parent=None,
            latitude=float(row["latitude"]) if row else 0.0,
            longitude=float(row["longitude"]) if row else 0.0,
            population=country.population,
            sources={f"gn:{country.geonames}"},
        )
        if row is None:
            continue  # uninhabited or dissolved: no text of ours names them
        drafts.add(draft)
        mine = [n for column in ("indonesian", "english") for n in row[column].split("|") if n]
        for name in mine:
            draft.call(name, CURATED)
        for name in filter(is_name, country.aliases):
            draft.call(name, CURATED)
        for name in filter(is_other_script, other_scripts.get(country.iso, ())):
            draft.call(name, CURATED)
        for name in filter(None, row["demonyms"].split("|")):
            draft.call(name, DEMONYM)
    for number, name, latitude, longitude in sources.continents():
        drafts.add(Draft(f"gn:{number}", name, "area", None, None, latitude, longitude, 0))


def middle(cities: Sequence[tuple[int, float, float, int]]) -> tuple[float, float]:
    """Return the mean point of the cities, each counted once."""
    return sum(c[1] for c in cities) / len(cities), sum(c[2] for c in cities) / len(cities)


def add_first_divisions(
    drafts: Drafts, divisions: Iterable[sources.Division], members: Members
) -> None:
    """Add states, provinces, prefectures, regions; point from ISO 3166-2, else their cities."""
    iso = sources.iso_subdivisions()
    for division in divisions:
        country = drafts.by_id.get(f"iso:{division.country}")
        if division.level != 1 or country is None:
            continue
        cities = members.get(division.code, ())
        known = iso.get(division.iso)
        if known:
            latitude, longitude = known.latitude, known.longitude
        elif cities:
            latitude, longitude = middle(cities)
        else:
            latitude, longitude = country.latitude, country.longitude
        is_municipal = division.kind in MUNICIPAL or division.country in MUNICIPAL_COUNTRIES
        kind = "city" if is_municipal and division.country != "CN" else "province"
        if division.country in COUNTY_LEVEL and division.kind in COUNTY_TYPES:
            kind = "regency"
        draft = Draft(
            id=division.id,
            name=_readable(division.name, known),
            kind=kind,
            country=division.country,
            parent=country.id,
            latitude=latitude,
            longitude=longitude,
            population=sum(c[3] for c in cities),
            sources={f"iso:{division.iso}"} - {division.id, "iso:"},
        )
        drafts.add(draft)
        drafts.divisions[division.code] = draft.id
        others = known.names if known and division.country != "US" else ()
        for name in (division.name, *division.aliases, *others):
            core = core_of(name)
            if is_acronym(core) and len(core) <= LONGEST_CODE:
                continue  # "D.C." is not Bogotá's
            if is_name(core) or is_other_script(name):
                draft.call(core, CURATED)


def _readable(name: str, known: sources.Iso | None) -> str:
    """Return the name to publish: English where the sources' own is a form of the register."""
    if known and known.english and _REGISTER.search(name):
        return core_of(known.english)
    return core_of(name)


def add_cities(drafts: Drafts, cities: Iterable[sources.City]) -> None:
    """Add the populated places; one that is a first-order division too is merged with it."""
    for city in cities:
        country = f"iso:{city.country}"
        if country not in drafts.by_id:
            continue
        parent = drafts.divisions.get(city.admin1, country)
        draft = Draft(
            id=f"gn:{city.geonames}",
            name=city.name.removesuffix("-shi") if city.country == "JP" else city.name,
            kind="city",
            country=city.country,
            parent=parent,
            latitude=city.latitude,
            longitude=city.longitude,
            population=city.population,
        )
        drafts.add(draft)
        if city.population >= SHORT_FROM and (short := short_form(city.name)):
            draft.call(short, CURATED)
        if city.population >= ALTERNATES_FROM or city.country == "ID":
            for name in alternates_of(city.alternates):
                draft.call(name, ALTERNATE)
        if city.population >= SCRIPTS_FROM:
            for name in filter(is_other_script, city.alternates):
                draft.call(name, CURATED)
    _mark_capitals(drafts)
    merge_municipal(drafts)


def _mark_capitals(drafts: Drafts) -> None:
    """Mark the most populous city of each country that bears the capital's name."""
    capitals = {c.iso: key_of(c.capital) for c in sources.countries() if c.capital}
    best: dict[str, Draft] = {}
    for draft in drafts.by_id.values():
        country = draft.country or ""
        wanted = capitals.get(country)
        if draft.kind != "city" or not any(key_of(n) == wanted for n in draft.names):
            continue
        if country not in best or draft.population > best[country].population:
            best[country] = draft
    for draft in best.values():
        draft.is_capital = True


def add_second_divisions(
    drafts: Drafts, divisions: Iterable[sources.Division], members: Members
) -> None:
    """Add counties, districts and second-order provinces where news name them."""
    taken: dict[str, set[str]] = defaultdict(set)
    for draft in drafts.by_id.values():
        if draft.country:
            taken[draft.country].update(
                key_of(n) for n, grade in draft.names.items() if grade == MAIN
            )
    for division in divisions:
        if division.level != 2 or division.country not in REGENCIES | PROVINCES | MUNICIPALITIES:
            continue
        cities = members.get(division.code, ())
        parent = drafts.now(drafts.divisions.get(division.code.rsplit(".", 1)[0]))
        if parent is None or not (cities or division.country in WITHOUT_CITIES):
            continue
        inside = [f"gn:{m[0]}" for m in cities]
        seat = (
            seat_of(drafts, (division.name, *division.aliases), inside)
            if _second_kind(division) == "city"
            else None
        )
        names = _division_names(division, set() if seat else taken[division.country])
        if not names:
            continue
        above = drafts.by_id[parent]
        latitude, longitude = middle(cities) if cities else (above.latitude, above.longitude)
        draft = Draft(
            id=division.id,
            name=names[0],
            kind=_second_kind(division),
            country=division.country,
            parent=parent,
            latitude=latitude,
            longitude=longitude,
            population=sum(c[3] for c in cities),
        )
        drafts.add(draft)
        drafts.divisions[division.code] = draft.id
        for name in names[1:]:
            draft.call(name, CURATED)
        hold(drafts, draft, cities)
        if seat:
            drafts.merge(seat, draft)


def hold(drafts: Drafts, division: Draft, cities: Sequence[tuple[int, float, float, int]]) -> None:
    """Put the cities of a division under it in the tree."""
    for number, *_ in cities:
        city = drafts.by_id.get(f"gn:{number}")
        if city is not None and city.parent == division.parent and city is not division:
            city.parent = division.id


def _second_kind(division: sources.Division) -> str:
    """Return the kind by the law of the place: counties, gun regencies; city districts cities."""
    if division.country in PROVINCES:
        return "province"
    names = (division.name, *division.aliases)
    if (
        division.country in MUNICIPALITIES
        or division.kind
        in {"Metropolitan district", "London borough", "Special municipality", "City"}
        or any(n.endswith(("-gu", "-si", " Metropolitan Municipality")) for n in names)
    ):
        return "city"
    return "regency"


def _division_names(division: sources.Division, taken: set[str]) -> list[str]:
    """Return the names of a second-order division that no city of the country bears already.

    "Cook County" and "Buyeo-gun" keep their admin word: bare "Cook" is a person's name far oftener.
    """
    found: dict[str, None] = {}
    for raw in (division.name, *division.aliases):
        head, comma, tail = raw.partition(", ")  # "Durham, County"
        name = f"{tail} {head}" if comma and tail in {"County", "City of"} else raw
        if not is_name(name):
            continue
        core = core_of(name)
        if (
            division.country == "US"
            or name.endswith(("-gun", "-gu", " County"))
            or name.startswith("County ")
        ):
            core = name
        is_city = name.endswith(("-si", " Shi", "-shi", " City")) or name.startswith("City of ")
        if (
            is_name(core)
            and not is_city
            and (key_of(core) not in taken or division.country in PROVINCES)
        ):
            found[core] = None
    return list(found)
