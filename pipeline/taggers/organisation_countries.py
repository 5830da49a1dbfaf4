"""Countries of organisations, stated or plain from the name; governments of countries.

In: text, a span, the registers and the gazetteer. Out: an ISO 3166-1 code or ``None``. Codebook
rule 16: as stated, or plain from the name; else empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.gazetteer import Gazetteer, fold_name
from pipeline.taggers.organisation_heads import Found
from pipeline.taggers.organisation_types import Registers

if TYPE_CHECKING:
    from collections.abc import Mapping

GOVERNMENT = "government of a country"
_LONGEST_NAME = 4  # words in a country's name: "Republik Demokratik Rakyat Korea"
# A town in an organisation's name tells the country if it is this large, or all of its name are in
# one country.
_KNOWN_TOWN = 100_000
_HOME_TOWN = 20_000  # people; smaller towns share their names with too many words
_DOMINANCE = 5  # times as many people as the largest place of that name in another country
_BESIDE = 60  # characters beside a name in which "asal Jepang" or "Tokyo-based" still speaks of it
_LEAST_TOWN = 4  # letters: shorter words are acronyms and initials
_SITE_AFTER = re.compile(r",? (?:di|in) (?:the )?(?P<name>[^\W\d_a-z][^,;:)(\n]{2,40})")
_ORIGIN_AFTER = re.compile(
    r"(?:,? (?:yang )?(?:ber)?asal(?: dari)? |,? dari |,? from (?:the )?|,? of (?:the )?| \(|"
    r"(?:,? (?:[a-z-]+ ){0,4})?(?:based|founded|headquartered|registered|berpusat|bermarkas|"
    r"berkantor pusat|berbasis) (?:in|di) (?:the )?|"
    r", (?:an?|the) |, (?:[a-z-]+ ){1,5}(?:asal|dari|from|of) |, (?:[a-z-]+ ){1,2})"
    r"(?P<name>[^\W\d_a-z][^,;:)(\n]{2,40})"
)
_ORIGIN_BEFORE = re.compile(
    r"(?:\basal (?P<origin>[^,;:.\n]{3,30}),? |"
    r"\b(?P<seat>[^\W\d_][\w .]{2,20}?)[-‑](?:based|owned) (?:[a-z-]+ ){0,3})$"
)
_GOVERNMENT_OF = re.compile(
    r"\b(?:[Ff]ederal |[Rr]oyal )?[Gg]overnment of (?:the )?"
    r"(?:(?:Federal )?Republic of |Kingdom of )?(?:the )?"
)
_PEMERINTAH = re.compile(
    r"\b(?:[Pp]emerintah|PEMERINTAH)(?: [Pp]usat)?(?: Federal)?(?: [Rr]epublik| [Kk]erajaan)? "
)
_S_GOVERNMENT = re.compile(r" [Gg]overnments?\b")
_BEFORE_GOVERNMENT = re.compile(r"(?:'s|’s)?(?: (?:[Ff]ederal|[Cc]entral|[Nn]ational))?$")


def country_of_words(words: Sequence[str], registers: Registers) -> tuple[str, int] | None:
    """Return the country whose name or demonym ``words`` begin with, and how many words that is."""
    for size in range(min(_LONGEST_NAME, len(words)), 0, -1):
        key = (
            " ".join(words[:size]).strip(".,;:()'’\"").lower().removesuffix("'s").removesuffix("’s")
        )
        if key in registers.countries and words[0][0].isupper():
            return registers.countries[key], size
    return None


def country_in_name(
    name: str,
    registers: Registers,
    gazetteer: Gazetteer | None,
    towns: Mapping[str, str] | None = None,
    home: str | None = None,
) -> str | None:
    """Return the country that a name makes plain: "University of Porto".

    Args:
        name: The organisation's name.
        registers: For names of countries and demonyms.
        gazetteer: For towns in the name.
        towns: Countries of the places that the document names elsewhere.
        home: The country that most of its places are in.
    """
    words = [w for w in re.split(r"[\s-]+", name) if w]
    for index in range(len(words)):
        if found := country_of_words(words[index:], registers):
            return found[0]
    if gazetteer is None:
        return None
    for size in (3, 2, 1):
        for index in range(len(words) - size, -1, -1):
            part = " ".join(words[index : index + size])
            if country := (towns or {}).get(part) or _town_country(part, gazetteer, home):
                return country
    return None


def _town_country(name: str, gazetteer: Gazetteer, home: str | None = None) -> str | None:
    """Return the country of a place: large, so called by its usual name, and alone in that.

    A town of the country that the document is about (``home``) need not be as large or alone.
    """
    if len(name) < _LEAST_TOWN or not name[0].isupper():
        return None
    folded = fold_name(name)
    places = [
        p for p in map(gazetteer.place, gazetteer.lookup(name)) if fold_name(p.name) == folded
    ]
    if home and any(p.country == home and p.population >= _HOME_TOWN for p in places):
        return home
    if not places or places[0].population < _KNOWN_TOWN:
        return None
    rivals = [p.population for p in places if p.country != places[0].country]
    return (
        places[0].country if all(r * _DOMINANCE <= places[0].population for r in rivals) else None
    )


def stated_country(
    text: str,
    start: int,
    end: int,
    registers: Registers,
    gazetteer: Gazetteer | None,
    *,
    is_school: bool = False,
) -> str | None:
    """Return the country that the words beside a name state.

    Before it: "perusahaan Jepang X", "asal Swedia, X", "the German company X". After it: "X, a
    German
    company", "X dari Inggris", "X (Jepang)", "X, lembaga konservasi asal Amerika Serikat". "X di
    Polandia" tells it of a university only: firms and charities have branches.
    """
    before = text[max(0, start - _BESIDE) : start]
    if match := _ORIGIN_BEFORE.search(before):
        origin = match.group("origin") or match.group("seat")
        if found := country_of_words(origin.split(), registers):
            return found[0]
        return _town_country(origin, gazetteer) if gazetteer else None
    if country := _adjective_before(before, registers):
        return country
    for pattern in (_ORIGIN_AFTER, _SITE_AFTER) if is_school else (_ORIGIN_AFTER,):
        match = pattern.match(text, end, end + _BESIDE)
        if match and (found := country_of_words(match.group("name").split(), registers)):
            return found[0]
        if match and gazetteer and match.group().split()[-2:-1] == ["asal"]:
            return _town_country(match.group("name").split()[0], gazetteer)
    return None


def _adjective_before(before: str, registers: Registers) -> str | None:
    """Read "Japanese firm |", "perusahaan Jepang |": a demonym, with at most a cue between."""
    if not before.endswith(" ") or not before[:-1][-1:].isalnum():
        return None
    words = before.split()[-3:]
    while words and words[-1] in registers.grammar.cues:
        words.pop()
    for size in (2, 1):
        found = country_of_words(words[-size:], registers) if len(words) >= size else None
        if found and found[1] == size:
            return found[0]
    return None


def find_governments(text: str, registers: Registers) -> Iterator[Found]:
    """Yield the governments of countries.

    "Pemerintah Belanda", "Government of Japan", "the Dutch government".
    """
    for pattern, sign in ((_PEMERINTAH, "emerintah"), (_GOVERNMENT_OF, "overnment of")):
        for match in pattern.finditer(text) if sign in text.lower() else ():
            words = text[match.end() : match.end() + _BESIDE].split("\n", 1)[0].split(" ")
            if words[0] and (found := country_of_words(words, registers)):
                end = match.end() + len(" ".join(words[: found[1]]).rstrip(".,;:()'’\""))
                yield _government(text, match.start(), end, found[0])
    for match in _S_GOVERNMENT.finditer(text) if "overnment" in text else ():
        before = text[max(0, match.start() - _BESIDE) : match.start()].rsplit("\n", 1)[-1]
        name = (
            before[: len(before) - len(m.group())]
            if (m := _BEFORE_GOVERNMENT.search(before))
            else before
        )
        words = name.split(" ")
        for size in range(min(_LONGEST_NAME, len(words)), 0, -1):
            found = country_of_words(words[-size:], registers) if words[-size] else None
            if found and found[1] == size:
                start = match.start() - (len(before) - len(name)) - len(" ".join(words[-size:]))
                yield _government(text, start, match.end(), found[0])
                break


def _government(text: str, start: int, end: int, country: str) -> Found:
    while not text[start].isalnum():
        start += 1
    return Found(start, end, "national_government", 0.9, GOVERNMENT, None, country)
