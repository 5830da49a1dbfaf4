"""Offices in a text ("Wali Kota", "deputy mayor") and the place that each governs.

In: a text and the office words. Out: `OfficeHit`s, and for each the governed place if one stands
beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pipeline.taggers.organisation_countries import country_of_words
from pipeline.taggers.organisation_runs import Run
from pipeline.taggers.organisation_types import OfficeWords

if TYPE_CHECKING:
    from pipeline.taggers.person_names import Context

_LONGEST_PEOPLE = 30  # characters before an office in which a people stands: "South Korean"
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
_HERE = re.compile(r"RI\b")
_OF = re.compile(
    r"[ \u00a0](?:of|de|di|von|van|del|da|do) (?:the )?(?:(?:[Cc]ity|[Pp]rovince|[Pp]refecture|"
    r"[Ss]tate|[Tt]own|[Cc]ounty|[Mm]unicipality|[Rr]egency|[Dd]istrict|[Bb]orough) of )?(?:the )?"
)
_ADMIN = re.compile(
    r"[ \u00a0](?:[Kk]ota|[Kk]abupaten|[Kk]ab\.|[Pp]rovinsi|[Pp]rov\.|[Kk]otamadya|[Pp]refektur|"
    r"[Dd]istrik|[Nn]egara [Bb]agian|[Dd]aerah [Ii]stimewa) "
)


_LAST_WORD = re.compile(r"[\w.]+$")
_LONGEST_STATE = 24  # characters: "penjabat sementara", "newly-elected"
_NONE: re.Match[str] = re.compile("").match("")  # type: ignore[assignment]  # always matches


class OfficeHit(NamedTuple):
    """An office word.

    Code points ``[start, end)``; ``phrase_start`` includes "acting", "the two". ``state`` is
    "acting", "former", "elect" or nothing.
    """

    start: int
    end: int
    office: str
    words: str
    phrase_start: int
    is_plural: bool
    state: str = ""


class Governed(NamedTuple):
    """The place that an office governs, its id and country if known.

    ``end`` is where office and place end, ``start`` where a place before the office begins.
    """

    end: int
    id: str | None
    country: str | None
    start: int | None = None


def find_offices(context: Context) -> Iterator[OfficeHit]:
    """Yield the offices of a text in order, the longest words at each place."""
    words = context.offices
    patterns = words.phrases.words
    lowered = context.lowered
    for pattern, start, end in words.phrases.find(lowered):
        phrase = patterns[pattern]
        office = words.offices.get(phrase) or words.offices[phrase[:-1]]
        if _is_word(lowered, start, end, words):
            first, state = _phrase_start(lowered, start, words)
            plural = (
                phrase not in words.offices
                or _PLURAL.search(lowered, max(0, first - 9), start) is not None
            )
            if phrase.endswith("-elect"):
                state = "elect"
            yield OfficeHit(start, end, office, phrase, first, plural, state)


def _is_word(lowered: str, start: int, end: int, words: OfficeWords) -> bool:
    before = lowered[start - 1] if start else " "
    after = lowered[end] if end < len(lowered) else " "
    if after.isalnum() or after in "_@-":
        return False
    if before == "-":  # "then-mayor", "ex-Wali Kota"
        return (_LAST_WORD.search(lowered, max(0, start - 12), start - 1) or _NONE).group() in (
            words.states
        )
    return not (before.isalnum() or before in "_@'")


def _phrase_start(lowered: str, start: int, words: OfficeWords) -> tuple[int, str]:
    """Walk left over "acting", "former", "Plt.", "pelaksana tugas"; return what they say."""
    state, first = "", start
    while first > 1 and lowered[first - 1] in " -\u00a0":
        end = first - 1
        low = max(0, end - _LONGEST_STATE, lowered.rfind("\n", 0, end) + 1)
        begin = max(low, lowered.rfind(" ", low, end) + 1)
        word = lowered[begin:end].lstrip("(\"“‘'")
        if word not in words.states and begin > low:
            begin = max(low, lowered.rfind(" ", low, begin - 1) + 1)
            word = lowered[begin:end].lstrip("(\"“‘'")
        if word not in words.states:
            break
        state = state or words.states[word]
        first = end - len(word)
    return first, state


def place_after(context: Context, hit: OfficeHit) -> Governed | None:
    """Return the place after an office: "Wali Kota | Bandung", "Mayor of | Braunschweig"."""
    text = context.text
    offset = hit.end
    of = _OF.match(text, offset)
    offset = of.end() if of else offset
    admin = _ADMIN.match(text, offset - 1 if of else offset)
    offset = admin.end() if admin else offset + (0 if of else 1)
    annotated = annotated_place(context, offset, admin is not None)
    if annotated is not None:
        return annotated
    if hit.office in _NATIONAL:
        if _HERE.match(text, offset):  # "Dubes RI", "Menteri Luar Negeri RI"
            return Governed(offset + 2, "iso:ID", "ID")
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


def annotated_place(context: Context, offset: int, has_admin: bool = False) -> Governed | None:
    """Return the place annotation at ``offset``, or around it with its admin word."""
    place = context.place_at(offset)
    if place is not None and (place.span.start == offset or has_admin):
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
    place = context.place_at(end - possessive - 1)
    if place is not None and place.span.end in (end, end - possessive):
        return Governed(hit.end, place.referent_id, place.country, place.span.start)
    if hit.office in _NATIONAL:
        return people_before(context, hit, end)
    run = context.run_at(end - 1)
    if run is None or context.language != "en":
        return None
    tokens = [t for t in run.tokens if t.end <= end]
    for size in range(min(_LONGEST_PLACE, len(tokens)), 0, -1):
        name = text[tokens[-size].start : end - possessive]
        found = _resolve(context, name, hit.office)
        if found is not None:
            return Governed(hit.end, *found, tokens[-size].start)
    return None


def people_before(context: Context, hit: OfficeHit, end: int) -> Governed | None:
    """Return the country before its envoy: "the Chinese | ambassador"."""
    words = context.text[max(0, end - _LONGEST_PEOPLE) : end].split(" ")
    for size in (2, 1):
        found = country_of_words(words[-size:], context.registers) if words[-size:][0] else None
        if len(words) >= size and found and found[1] == size:
            start = end - len(" ".join(words[-size:]))
            return Governed(hit.end, f"iso:{found[0]}", found[0], start)
    return None
