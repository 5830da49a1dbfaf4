"""The places under construction: found by id, by division code and by name, merged and renamed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.gazetteer import ABBREVIATION, ALTERNATE, CURATED, DEMONYM, MAIN
from pipeline.trainers.gazetteer_names import key_of


@dataclass(slots=True)
class Draft:
    """A place while it is put together; ``names`` maps each spelling to its grade."""

    id: str
    name: str
    kind: str
    country: str | None
    parent: str | None
    latitude: float
    longitude: float
    population: int
    is_capital: bool = False
    names: dict[str, int] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)

    def call(self, name: str, grade: int) -> None:
        """Add a name; a better grade wins over a worse one."""
        self.names[name] = min(grade, self.names.get(name, grade))


class Drafts:
    """All drafts, with the indexes that the build needs."""

    def __init__(self) -> None:
        """Start empty."""
        self.by_id: dict[str, Draft] = {}
        self.divisions: dict[str, str] = {}  # GeoNames code of a division ("ID.30") -> place id
        self._moved: dict[str, str] = {}
        self._by_name: dict[tuple[str, str, str], list[str]] | None = None

    def add(self, draft: Draft) -> Draft:
        """Keep a draft; its own name is one of its names."""
        draft.call(draft.name, MAIN)
        self.by_id[draft.id] = draft
        self._by_name = None
        return draft

    def merge(self, kept: Draft, other: Draft) -> None:
        """Make ``other`` one of the sources of ``kept``: one government, one entry."""
        if kept is other:
            return
        for name, grade in other.names.items():
            if grade < ALTERNATE or kept.kind != "country":  # Hong Kong is not Victoria
                kept.call(name, grade)
        kept.sources |= {other.id, *other.sources}
        if other.population > kept.population and kept.kind != "country":
            kept.population = other.population
        kept.is_capital = kept.is_capital or other.is_capital
        if other.kind == "city":
            kept.latitude, kept.longitude = other.latitude, other.longitude
        if kept.parent == other.id:
            kept.parent = other.parent
        self._moved[other.id] = kept.id
        del self.by_id[other.id]

    def now(self, place_id: str | None) -> str | None:
        """Return the id under which a place stands after the merges so far."""
        while place_id in self._moved:
            place_id = self._moved[place_id]
        return place_id

    def find(self, reference: str) -> Draft:
        """Return the most populous place that a reference such as ``ID city Bandung`` means.

        Raises:
            ValueError: There is none.
        """
        if self._by_name is None:
            self._by_name = {}
            for draft in self.by_id.values():
                for name in draft.names:
                    self._by_name.setdefault(
                        (draft.country or "", draft.kind, key_of(name)), []
                    ).append(draft.id)
        country, kind, name = reference.split(" ", 2)
        ids = [i for i in self._by_name.get((country, kind, key_of(name)), []) if i in self.by_id]
        if not ids:
            raise ValueError(reference)
        exact = [i for i in ids if key_of(self.by_id[i].name) == key_of(name)]
        return max((self.by_id[i] for i in exact or ids), key=lambda d: d.population)

    def apply_aliases(self, path: Path) -> None:
        """Apply our own alias file: preferred names, more names, merges, areas.

        Raises:
            ValueError: References that name no place, all of them in one message.
        """
        data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        unknown: list[str] = []
        found: dict[str, Draft] = {}
        merges = [reference for pair in data["same"] for reference in pair]
        sections = (data["names"], data["preferred"], data["abbreviations"], data["points"], merges)
        for reference in (r for section in sections for r in section):
            try:
                found[reference] = self.find(reference)
            except ValueError:
                unknown.append(reference)
        if unknown:
            raise ValueError(f"{path}: no such places: {'; '.join(unknown)}")
        for kept, other in data["same"]:
            self.merge(found[kept], found[other])
        self._rename(data, {r: self.by_id[self.now(d.id) or d.id] for r, d in found.items()})
        self._add_own(data)
        self._settle_parents()

    def _settle_parents(self) -> None:
        """Let every chain of parents end at the country, whatever was merged into what."""
        for draft in self.by_id.values():
            draft.parent = self.now(draft.parent)
        for draft in self.by_id.values():
            seen, step = {draft.id}, draft.parent
            while step is not None and step not in seen:
                seen.add(step)
                step = self.by_id[step].parent
            if step is not None:  # a circle: a ward whose city was merged into it
                draft.parent = f"iso:{draft.country}"

    def _rename(self, data: dict[str, Any], found: dict[str, Draft]) -> None:
        for section, grade in (("names", CURATED), ("abbreviations", ABBREVIATION)):
            for reference, names in data[section].items():
                for name in names:
                    found[reference].call(name, grade)
        for reference, name in data["preferred"].items():
            found[reference].name = name
            found[reference].call(name, MAIN)
        for reference, point in data["points"].items():
            found[reference].latitude, found[reference].longitude = point

    def _add_own(self, data: dict[str, Any]) -> None:
        """Add the governments and areas that no source has, and the words for their people."""
        for name, (kind, country, latitude, longitude, population, *others) in data[
            "places"
        ].items():
            place = self._own(
                Draft(
                    _own_id(name),
                    name,
                    kind,
                    country,
                    f"iso:{country}",
                    latitude,
                    longitude,
                    population,
                )
            )
            for other in others:
                place.call(other, CURATED)
        for name, (latitude, longitude, country, *others) in data["areas"].items():
            area = self._own(
                Draft(_own_id(name), name, "area", country, None, latitude, longitude, 0)
            )
            for other in others:
                area.call(other, CURATED)
        named = {d.name: d for d in self.by_id.values() if d.kind == "area"}
        for name, words in data["demonyms"].items():
            for word in words:
                named[name].call(word, DEMONYM)

    def _own(self, draft: Draft) -> Draft:
        if draft.id in self.by_id:
            raise ValueError(
                f"two places of our own would have the id {draft.id}: rename {draft.name}"
            )
        return self.add(draft)


def _own_id(name: str) -> str:
    """Return an id made from the name, so that a new entry moves no other's id."""
    return f"own:{zlib.crc32(name.encode('utf-8')) % 100_000}"
