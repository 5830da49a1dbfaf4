"""Whose office it is: the government that a dinas, a city council or a department belongs to.

In: the name of a sub-national office, the places found in it, the gazetteer. Out: the id and the
country of its government, or nothing where the name holds no place. Codebook rule 7: an office
signs for its government.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.gazetteer import ALTERNATE, DEMONYM, fold_name
from pipeline.taggers.organisation_countries import GOVERNMENT

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer, Place
    from pipeline.records import Annotation
    from pipeline.taggers.organisation_mentions import Candidate
    from pipeline.taggers.organisation_types import Grammar

_GOVERNMENTS = ("city", "regency", "province")
_KNOWN = 100_000  # people: a smaller town's name is as likely a word
_LEAST_PEOPLE = 20_000  # a place without an admin word beside it is a government from this size on
_KIND_BEFORE = {
    "kota": "city",
    "kotamadya": "city",
    "kabupaten": "regency",
    "kab": "regency",
    "kab.": "regency",
    "provinsi": "province",
    "prov": "province",
    "prov.": "province",
}
_KIND_AFTER = {
    "city": "city",
    "municipal": "city",
    "metropolitan": "city",
    "county": "regency",
    "regency": "regency",
    "district": "regency",
    "provincial": "province",
    "prefectural": "province",
    "state": "province",
    "province": "province",
    "prefecture": "province",
}
_COMPASS = frozenset(
    ("north", "south", "east", "west", "northern", "southern", "eastern", "western")
)
_COMPASS_BEFORE = re.compile(r"\b(?:North|South|East|West)(?:ern)? $")
_COMPASS_REACH = 10  # the longest of them and a space
_WORD = re.compile(r"[^\W_][\w.'’-]*")
_KIND_OF = re.compile(
    r"\b(city|municipality|town|county|regency|district|province|prefecture|state) of (?:the )?$",
    re.IGNORECASE,
)
_OF_KIND = {"municipality": "city", "town": "city"}


def government_of(
    text: str,
    start: int,
    end: int,
    places: Sequence[Annotation],
    gazetteer: Gazetteer | None,
    grammar: Grammar,
) -> tuple[str, str | None] | None:
    """Return id and country of the government whose office ``[start, end)`` names.

    Args:
        text: The document.
        start: Where the office's name begins.
        end: Where it ends.
        places: What the place tagger found; inside the name its reading counts.
        gazetteer: For places that it did not mark there.
        grammar: For provinces in short ("Jabar") and bodies that one country alone has.
    """
    inside = [
        p
        for p in places
        if start <= p.span.start
        and p.span.end <= end
        and p.label in _GOVERNMENTS
        and p.span.of(text).lower() not in _KIND_BEFORE
        and p.span.of(text).lower() not in grammar.fields
    ]
    if inside:
        kind = _asked_kind(text, start, inside[-1].span.start, inside[-1].span.end, end)
        found = _of_kind(inside[-1], kind, gazetteer, text)
        return (found.id, found.country) if found else _as_marked(inside[-1])
    if gazetteer is None:
        return None
    home = grammar.country_of_head(text[start:end])
    for first, last, name in _names_in(text, start, end, grammar.abbreviations):
        place = _lookup(name, _asked_kind(text, start, first, last, end), home, gazetteer)
        if place is not None:
            return place.id, place.country
    return None


def _as_marked(place: Annotation) -> tuple[str, str | None] | None:
    return (place.referent_id, place.country) if place.referent_id else None


def _of_kind(
    place: Annotation, kind: str | None, gazetteer: Gazetteer | None, text: str
) -> Place | None:
    """Return the namesake of the asked kind: "Provinsi Gorontalo" where the city was marked."""
    if gazetteer is None or kind is None or place.label == kind:
        return None
    for place_id in gazetteer.lookup(place.span.of(text)):
        other = gazetteer.place(place_id)
        if other.kind == kind and other.country == place.country:
            return other
    return None


def _asked_kind(text: str, start: int, first: int, last: int, end: int) -> str | None:
    """Return the kind of government that the words beside a place ask for."""
    before = text[start:first].split()
    if before and (kind := _KIND_BEFORE.get(before[-1].lower())):
        return kind
    if match := _KIND_OF.search(text, start, first):
        word = match.group(1).lower()
        return _OF_KIND.get(word) or _KIND_AFTER.get(word)
    after = text[last:end].split()
    return _KIND_AFTER.get(after[0].lower()) if after else None


def _names_in(
    text: str, start: int, end: int, abbreviations: Mapping[str, str]
) -> Iterator[tuple[int, int, str]]:
    """Yield the capitalised stretches of a name, the last and longest first."""
    words = [m for m in _WORD.finditer(text, start, end) if m.group()[0].isupper()]
    for size in (3, 2, 1):
        for index in range(len(words) - size, -1, -1):
            if size == 1 and words[index].group().lower() in _KIND_BEFORE:
                continue  # "Kota" is a city in India too
            first, last = words[index].start(), words[index + size - 1].end()
            name = text[first:last]
            if last - first == sum(m.end() - m.start() for m in words[index : index + size]) + (
                size - 1
            ):
                yield first, last, abbreviations.get(name, name)


def of_provinces(
    text: str,
    names: Sequence[Candidate],
    places: Sequence[Annotation],
    gazetteer: Gazetteer | None,
) -> list[Candidate]:
    """Give a province the government that its state's name hides.

    "pemerintah Australia Selatan" is not Australia's, nor is "the South Australian Government".
    """
    result = []
    for name in names:
        if name.evidence != GOVERNMENT:
            result.append(name)
            continue
        start, end = name.start, name.end
        wider = [
            p.span.end
            for p in places
            if p.label in _GOVERNMENTS and start < p.span.start < end < p.span.end
        ]
        before = _COMPASS_BEFORE.search(text, max(0, start - _COMPASS_REACH), start)
        if wider:
            name = name._replace(end=max(wider), kind="government_office", country=None)
        elif before and gazetteer is not None:
            words = text[before.start() : end].split()
            if len(words) > 2 and _adjectival(f"{words[0]} {words[1]}", gazetteer) is not None:
                name = name._replace(start=before.start(), kind="government_office", country=None)
        result.append(name)
    return result


def _adjectival(name: str, gazetteer: Gazetteer) -> Place | None:
    """Return the province that a compass word and a people's name mean: "South Australian"."""
    compass, _, people = name.partition(" ")
    if compass.lower() not in _COMPASS:
        return None
    for toponym in gazetteer.find(people):
        for place_id, grade in zip(toponym.candidates, toponym.grades, strict=True):
            if grade == DEMONYM:
                state = gazetteer.place(place_id)
                return _lookup(f"{compass} {state.name}", "province", state.country, gazetteer)
    return None


def _lookup(name: str, kind: str | None, home: str | None, gazetteer: Gazetteer) -> Place | None:
    """Return the government called ``name`` that an office can be of.

    Without an admin word beside it, it must lie in the one country that has such offices, or be
    large and usually called so: "Peace" is a word and an alternate name of La Paz.
    """
    for toponym in gazetteer.find(name):
        if toponym.end - toponym.start != len(name):
            return _adjectival(name, gazetteer)
        for place_id, grade in zip(toponym.candidates, toponym.grades, strict=True):
            place = gazetteer.place(place_id)
            if (
                grade >= DEMONYM
                or place.kind not in _GOVERNMENTS
                or home not in (None, place.country)
            ):
                continue
            usual = grade != ALTERNATE and place.population >= _LEAST_PEOPLE
            known = fold_name(place.name) == fold_name(name) and place.population >= _KNOWN
            if place.kind == kind or (kind is None and ((usual and home) or known)):
                return place
        return None
    return None
