"""Countries of organisations, stated or plain from the name; governments of countries.

In: text, a span, the registers and the gazetteer. Out: an ISO 3166-1 code or ``None``. Codebook
rule 16: as stated, or plain from the name; else empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.gazetteer import Gazetteer, fold_name
from pipeline.taggers.organisation_heads import Found
from pipeline.taggers.organisation_types import EDGES, STATES, Registers

if TYPE_CHECKING:
    from collections.abc import Mapping

GOVERNMENT = "government of a country"
_LONGEST_NAME = 4  # words in a country's name: "Republik Demokratik Rakyat Korea"
# A town in an organisation's name tells the country if it is this large, or all of its name are in
# one country.
_KNOWN_TOWN = 100_000
_SCHOOL_TOWN = 20_000  # a university names its town, which is then known by it: Delft, Tübingen
_HOME_TOWN = 20_000  # people; smaller towns share their names with too many words
_DOMINANCE = 5  # times as many people as the largest place of that name in another country
_BESIDE = 60  # characters beside a name in which "asal Jepang" or "Tokyo-based" still speaks of it
_LEAST_TOWN = 4  # letters: shorter words are acronyms and initials
_SITE_AFTER = re.compile(r",? (?:di|in) (?:the )?(?P<name>[^\W\d_a-z][^,;:)(\n]{2,40})")
_ORIGIN_AFTER = re.compile(
    r"(?:,? (?:yang )?(?:ber)?asal(?: dari)? |,? dari |,? from (?:the )?|,? of (?:the )?| \(|"
    r"(?:,? (?:[a-z-]+ ){0,4})?(?:based|founded|headquartered|registered|berpusat|bermarkas|"
    r"berkantor pusat|berbasis) (?:in|di) (?:the )?|"
    r", (?:an?|the) |, (?!(?:and|dan|serta|while|who|yang|with|or|atau|as|but|in|di) )"
    r"(?:(?:[a-z-]+ ){1,5}(?:asal|dari|from|of) |(?:[a-z-]+ ){1,2}))"
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
_S_GOVERNMENT = re.compile(
    r" (?:[Gg]overnments?|(?P<mission>embassy|consulate(?:[ -]general)?|foreign ministry|"
    r"high commission))\b"
)
_MISSION_ID = re.compile(r"\b(?:kedutaan(?: besar)?|kedubes|konsulat(?: jenderal)?) ")
MISSION = "mission of a country"
_OPENING_FORMS = (
    (_PEMERINTAH, ("emerintah", "EMERINTAH")),
    (_GOVERNMENT_OF, ("overnment of",)),
    (_MISSION_ID, ("kedutaan", "kedubes", "konsulat")),
)
_SIGNS = (
    " government",
    " Government",
    " embassy",
    " consulate",
    " foreign ministry",
    " high commission",
)
_BEFORE_GOVERNMENT = re.compile(r"(?:'s|’s)?(?: (?:[Ff]ederal|[Cc]entral|[Nn]ational))?$")


def country_of_words(words: Sequence[str], registers: Registers) -> tuple[str, int] | None:
    """Return the country whose name or demonym ``words`` begin with, and how many words that is."""
    first = words[0].strip(EDGES).lower() if words else ""
    if first.removesuffix("'s").removesuffix("’s") not in registers.country_firsts:
        return None
    for size in range(min(_LONGEST_NAME, len(words)), 0, -1):
        key = " ".join(words[:size]).strip(EDGES).lower()
        key = STATES.get(key) or key.removesuffix("'s").removesuffix("’s")
        if key in registers.countries and words[0][0].isupper():
            return registers.countries[key], size
    return None


def country_in_name(
    name: str,
    registers: Registers,
    gazetteer: Gazetteer | None,
    towns: Mapping[str, str] | None = None,
    home: str | None = None,
    *,
    is_school: bool = False,
    between: bool = False,
) -> str | None:
    """Return the country that a name makes plain: "University of Porto".

    Args:
        name: The organisation's name.
        registers: For names of countries and demonyms.
        gazetteer: For towns in the name.
        towns: Countries of the places that the document names elsewhere.
        home: The country that most of its places are in.
        is_school: A university town may be smaller than others and still be known.
        between: Two countries in the name ("Indonesia-Japan Association") tell neither.
    """
    words = [w for w in re.split(r"[\s-]+", name) if w]
    named = [f[0] for i in range(len(words)) if (f := country_of_words(words[i:], registers))]
    if named:
        return None if between and len(set(named)) > 1 else named[0]
    if gazetteer is None:
        return None
    least = _SCHOOL_TOWN if is_school else _KNOWN_TOWN
    grammar = registers.grammar
    for size in (3, 2, 1):
        for index in range(len(words) - size, -1, -1):
            part = " ".join(words[index : index + size])
            low = part.lower()
            if low in grammar.admin or low in grammar.fields or low in grammar.heads:
                continue  # "Kota" is a word here and a city in India
            if country := (towns or {}).get(part) or _town_country(part, gazetteer, home, least):
                return country
    return None


@lru_cache(maxsize=20_000)  # names come back: a shard speaks of the same towns
def _town_country(
    name: str, gazetteer: Gazetteer, home: str | None = None, least: int = _KNOWN_TOWN
) -> str | None:
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
    if not places or places[0].population < least:
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
    says_origin = "asal " in before or "based" in before or "owned" in before
    if says_origin and (match := _ORIGIN_BEFORE.search(before)):
        origin = match.group("origin") or match.group("seat")
        if found := country_of_words(origin.split(), registers):
            return found[0]
        return _town_country(origin, gazetteer) if gazetteer else None
    if country := _adjective_before(before, registers):
        return country
    for pattern in (_ORIGIN_AFTER, _SITE_AFTER) if is_school else (_ORIGIN_AFTER,):
        match = pattern.match(text, end, end + _BESIDE)
        words = match.group("name").split() if match else []
        if words and (found := country_of_words(words, registers)):
            listed = match and match.group().startswith((", the ", ", a ", ", an "))
            if not (listed and words[found[1] :] and words[found[1]][0].isupper()):
                return found[0]  # but not of "X, the U.S. Department of Energy", another body
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
    for pattern, signs in _OPENING_FORMS:
        for match in pattern.finditer(text) if _has(text, signs) else ():
            words = text[match.end() : match.end() + _BESIDE].split("\n", 1)[0].split(" ")
            if words[0] and (found := country_of_words(words, registers)):
                end = match.end() + len(" ".join(words[: found[1]]).rstrip(".,;:()'’\""))
                evidence = MISSION if pattern is _MISSION_ID else GOVERNMENT
                yield _government(text, match.start(), end, found[0], evidence)
    for match in _S_GOVERNMENT.finditer(text) if _closes_somewhere(text) else ():
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
                evidence = MISSION if match.group("mission") else GOVERNMENT
                yield _government(text, start, match.end(), found[0], evidence)
                break


def _closes_somewhere(text: str) -> bool:
    return _has(text, _SIGNS)


def _has(text: str, signs: Sequence[str]) -> bool:
    return any(sign in text for sign in signs)


def _government(text: str, start: int, end: int, country: str, evidence: str) -> Found:
    while not text[start].isalnum():
        start += 1
    return Found(start, end, "national_government", 0.9, evidence, None, country)
