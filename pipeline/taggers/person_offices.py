"""Offices in a text ("Wali Kota", "deputy mayor") and the place that each governs.

In: a text and the office words. Out: `OfficeHit`s, and for each the governed place if one stands
beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.taggers.organisation_countries import country_of_words
from pipeline.taggers.organisation_runs import Run
from pipeline.taggers.organisation_types import OfficeWords

if TYPE_CHECKING:
    from pipeline.taggers.person_names import Context

_LONGEST_PLACE = 4  # words: "Nusa Tenggara Timur", "Daerah Istimewa Yogyakarta" needs three
_PLURAL = re.compile(
    r"(?:\b(?:para|kedua|the two|two|both|these|all|ketiga|keempat) |s$)", re.IGNORECASE
)
# the kind of government that an office leads, tried first when a name means several places
_KINDS = {
    "mayor": ("city", "province"),
    "deputy_mayor": ("city", "province"),
    "regent": ("regency",),
    "deputy_regent": ("regency",),
    "governor": ("province",),
    "deputy_governor": ("province",),
}
_NATIONAL = frozenset(
    ("minister", "ambassador")
)  # they stand for a country, whatever town is named beside them
_OF = re.compile(
    r"[ \u00a0](?:of|de|di|von|van|del|da|do) (?:the )?(?:(?:[Cc]ity|[Pp]rovince|[Pp]refecture|"
    r"[Ss]tate|[Tt]own|[Cc]ounty|[Mm]unicipality|[Rr]egency|[Dd]istrict|[Bb]orough) of )?(?:the )?"
)
_ADMIN = re.compile(
    r"[ \u00a0](?:[Kk]ota|[Kk]abupaten|[Kk]ab\.|[Pp]rovinsi|[Pp]rov\.|[Kk]otamadya|[Pp]refektur|"
    r"[Dd]istrik|[Nn]egara [Bb]agian|[Dd]aerah [Ii]stimewa) "
)


@dataclass(frozen=True, slots=True)
class OfficeHit:
    """An office word.

    Code points ``[start, end)``; ``phrase_start`` includes "acting", "the two".
    """

    start: int
    end: int
    office: str
    words: str
    phrase_start: int
    is_plural: bool


@dataclass(frozen=True, slots=True)
class Governed:
    """The place that an office governs, where its name ends, its id and country if known."""

    end: int
    id: str | None
    country: str | None


@lru_cache(maxsize=4)
def _automaton(words: tuple[str, ...]) -> AhoCorasick:
    return AhoCorasick(words, matchkind=MatchKind.LeftmostLongest, store_patterns=False)


def _lower(text: str) -> str:
    """Lower-case ``text`` code point for code point ("İ" would become two)."""
    lowered = text.lower()
    return (
        lowered
        if len(lowered) == len(text)
        else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )


def find_offices(context: Context) -> Iterator[OfficeHit]:
    """Yield the offices of a text in order, the longest words at each place."""
    words = context.offices
    patterns = _patterns(words)
    text = context.text
    lowered = _lower(text)
    for pattern, start, end in _automaton(patterns).find_matches_as_indexes(lowered):
        phrase = patterns[pattern]
        office = words.offices.get(phrase) or words.offices[phrase[:-1]]
        if _is_word(lowered, start, end):
            first = _phrase_start(lowered, start, words)
            plural = (
                phrase not in words.offices
                or _PLURAL.search(lowered, max(0, first - 9), start) is not None
            )
            yield OfficeHit(start, end, office, phrase, first, plural)


@lru_cache(maxsize=4)
def _patterns_of(phrases: frozenset[str]) -> tuple[str, ...]:
    plurals = {f"{p}s" for p in phrases if p.isascii() and " of " not in p}
    return tuple(sorted(phrases | plurals))


def _patterns(words: OfficeWords) -> tuple[str, ...]:
    return _patterns_of(frozenset(words.offices))


def _is_word(lowered: str, start: int, end: int) -> bool:
    before = lowered[start - 1] if start else " "
    after = lowered[end] if end < len(lowered) else " "
    return not (before.isalnum() or before in "-_@/'" or after.isalnum() or after in "_@-")


def _phrase_start(lowered: str, start: int, words: OfficeWords) -> int:
    """Walk left over "acting", "former", "Plt."."""
    head = lowered[max(0, start - 24) : start].rstrip()
    word = head.rsplit(None, 1)[-1] if head else ""
    return (
        start - (len(lowered[max(0, start - 24) : start]) - len(head)) - len(word)
        if word in words.acting
        else start
    )


def place_after(context: Context, hit: OfficeHit) -> Governed | None:
    """Return the place after an office: "Wali Kota | Bandung", "Mayor of | Braunschweig"."""
    text = context.text
    offset = hit.end
    of = _OF.match(text, offset)
    offset = of.end() if of else offset
    admin = _ADMIN.match(text, offset - 1 if of else offset)
    offset = admin.end() if admin else offset + (0 if of else 1)
    annotated = _annotated(context, offset, admin is not None)
    if annotated is not None:
        return annotated
    if hit.office in _NATIONAL:
        found = country_of_words(text[offset : offset + 40].split(), context.registers)
        if not found:
            return None
        words = " ".join(text[offset : offset + 40].split()[: found[1]]).rstrip(".,;:()")
        return Governed(offset + len(words), f"iso:{found[0]}", found[0])
    if of is None and admin is None and context.language == "en":
        return None  # English says "Mayor of X": what follows "Mayor" straight away is a name
    run = context.run_at(offset)
    return (
        _longest_place(context, run, offset, hit, alone=of is not None or admin is not None)
        if run
        else None
    )


def _annotated(context: Context, offset: int, has_admin: bool) -> Governed | None:
    """Return the place annotation at ``offset``, or around it with its admin word."""
    for place in context.places:
        if place.span.start == offset or (has_admin and place.span.start < offset < place.span.end):
            return Governed(place.span.end, place.referent_id, place.country)
    return None


def _longest_place(
    context: Context, run: Run, offset: int, hit: OfficeHit, *, alone: bool
) -> Governed | None:
    tokens = [t for t in run.tokens if t.start >= offset]
    if not tokens or tokens[0].start != offset:
        return None
    for size in range(min(_LONGEST_PLACE, len(tokens)), 0, -1):
        end = tokens[size - 1].end
        name = context.text[offset:end].removesuffix("'s").removesuffix("’s")
        found = _resolve(context, name, hit.office)
        if found is not None:
            return Governed(offset + len(name), *found)
    # "Mayor of Xxx" governs Xxx even where no gazetteer knows it; its id is unknown.
    return Governed(tokens[0].end, None, None) if alone and len(tokens) == 1 else None


def _resolve(context: Context, name: str, office: str) -> tuple[str | None, str | None] | None:
    """Return id and country of the place called ``name`` that has such an office."""
    best = context.place_named(name)
    if best is None or context.gazetteer is None:
        return None
    for kind in _KINDS.get(office, ()):
        for place_id in context.gazetteer.lookup(name):
            place = context.gazetteer.place(place_id)
            if place.kind == kind and place.country == best.country:
                return place.id, place.country
    return best.id, best.country


def place_before(context: Context, hit: OfficeHit) -> Governed | None:
    """Return the place before an office: "Surabaya Mayor", "Braunschweig's mayor"."""
    text = context.text
    head = text[max(0, hit.phrase_start - 3) : hit.phrase_start]
    if not head.endswith(" "):
        return None
    end = hit.phrase_start - 1
    possessive = 2 if text[end - 2 : end] in ("'s", "’s") else 0
    for place in context.places:
        if place.span.end in (end, end - possessive):
            return Governed(hit.end, place.referent_id, place.country)
    run = context.run_at(end - 1)
    if run is None or context.language != "en":
        return None
    tokens = [t for t in run.tokens if t.end <= end]
    for size in range(min(_LONGEST_PLACE, len(tokens)), 0, -1):
        name = text[tokens[-size].start : end - possessive]
        found = _resolve(context, name, hit.office)
        if found is not None:
            return Governed(hit.end, *found)
    return None
