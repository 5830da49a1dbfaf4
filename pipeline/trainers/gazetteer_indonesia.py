"""Indonesia in full: every province, kota and kabupaten of the official list, each once.

The list (Kemendagri codes) is laid over GeoNames' divisions by name; a kota is one government with
the populated place that it is named after, a kabupaten is never.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.gazetteer import CURATED
from pipeline.trainers import gazetteer_sources as sources
from pipeline.trainers.gazetteer_drafts import Draft, Drafts
from pipeline.trainers.gazetteer_names import core_of, is_name, key_of
from pipeline.trainers.gazetteer_places import Members, hold, middle

# Regencies that GeoNames still has under the name before.
_RENAMED = {
    "Kabupaten Kepulauan Tanimbar": "Kabupaten Maluku Tenggara Barat",
    "Kabupaten Pasangkayu": "Kabupaten Mamuju Utara",
    "Kabupaten Toba": "Kabupaten Toba Samosir",
    "Kabupaten Mahakam Ulu": "Kabupaten Mahakam Hulu",
    "Kabupaten Kep. Siau Tagulandang Biaro": "Kabupaten Siau Tagulandang Biaro",
}


def _squeezed(name: str) -> str:
    """Return a key in which "Fak Fak" is "Fakfak"."""
    return key_of(name).replace(" ", "").lower()


def add_indonesia(drafts: Drafts, divisions: Iterable[sources.Division], members: Members) -> None:
    """Add every province, kota and kabupaten of the list; Kota X is merged with the city X."""
    by_name: dict[tuple[int, str], sources.Division] = {}
    rows = [row for row in divisions if row.country == "ID"]
    for row in rows:
        by_name.update({(row.level, _squeezed(alias)): row for alias in row.aliases})
    by_name.update({(row.level, _squeezed(row.name)): row for row in rows})  # beats an alias
    regions = sources.indonesian_regions()
    official_kota = {key_of(name) for name in regions.values() if name.startswith("Kota ")}
    for (
        draft
    ) in drafts.by_id.values():  # Brunei's Kota Batu would hide the Indonesian kota called Batu
        for name in [n for n in draft.names if key_of(n) in official_kota]:
            del draft.names[name]
    provinces: dict[str, str] = {}
    # Kota first: a kabupaten is merged with the town of its name only where no kota has taken it.
    for code, official in sorted(
        regions.items(), key=lambda r: (r[1].startswith("Kabupaten "), r[0])
    ):
        level = code.count(".") + 1
        exact = _squeezed(_RENAMED.get(official, official))
        core = _squeezed(core_of(official))
        division = by_name.get((level, exact)) or (
            by_name.get((level, core)) if level == 1 else None
        )
        if "." not in code:
            provinces[code] = _province(drafts, code, official, division)
        else:
            _kota_or_kabupaten(drafts, code, official, division, members, provinces[code[:2]])


def _province(drafts: Drafts, code: str, official: str, division: sources.Division | None) -> str:
    draft = drafts.by_id.get(drafts.divisions.get(division.code, "") if division else "")
    if draft is None or draft.kind != "province":
        raise ValueError(f"no province for {code} {official}: add its name to the sources' table")
    draft.call(core_of(official), CURATED)
    draft.sources.add(f"id:{code}")
    return draft.id


def _kota_or_kabupaten(
    drafts: Drafts,
    code: str,
    official: str,
    division: sources.Division | None,
    members: Members,
    province: str,
) -> None:
    is_kota = official.startswith("Kota ")
    core = core_of(official.removeprefix("Kota Administrasi ").removeprefix("Kota "))
    cities = members.get(division.code, ()) if division else ()
    above = drafts.by_id[province]
    latitude, longitude = middle(cities) if cities else (above.latitude, above.longitude)
    draft = Draft(
        id=division.id if division else f"id:{code}",
        name=core,
        kind="city" if is_kota else "regency",
        country="ID",
        parent=province,
        latitude=latitude,
        longitude=longitude,
        population=sum(c[3] for c in cities),
        sources={f"id:{code}"} if division else set(),
    )
    drafts.add(draft)
    if division:
        drafts.divisions[division.code] = draft.id
        for name in (division.name, *division.aliases):
            if is_name(bare := core_of(name.removeprefix("Kota "))):
                draft.call(bare, CURATED)
    if is_kota and (seat := _seat(drafts, core, cities, province)):
        drafts.merge(seat, draft)
        seat.kind = "city"
    elif not is_kota and (seat := _seat(drafts, core, cities, None)) and not _is_kota(seat):
        hold(drafts, draft, cities)
        drafts.merge(draft, seat)  # the town of Banyuwangi has no government but the kabupaten's
    else:
        hold(drafts, draft, cities)


def _is_kota(draft: Draft) -> bool:
    return any(source.startswith("id:") for source in (draft.id, *draft.sources))


def _seat(
    drafts: Drafts, core: str, cities: Sequence[tuple[int, float, float, int]], province: str | None
) -> Draft | None:
    """Return the populated place that a kota is named after: in it, else in its province."""
    wanted = _squeezed(core)
    inside = [drafts.by_id[i] for c in cities if (i := f"gn:{c[0]}") in drafts.by_id]
    around = (
        []
        if province is None
        else [d for d in drafts.by_id.values() if d.parent == province and d.kind == "city"]
    )
    for group in (inside, around):
        named = [d for d in group if any(_squeezed(n) == wanted for n in d.names)]
        if named:
            return max(named, key=lambda d: d.population)
    return None
