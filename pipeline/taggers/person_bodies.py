"""For whom a person holds an office: the government, the country or the organisation beside it.

In: the context of a text, an office, and where its holder's name stands. Out: the place named after
the holder ("Mayor A of X") or the organisation that the office leads ("rector of X", "X president
A", "Kepala Dinas X A"), and what a word behind the office says of the holder ("then", "terpilih").
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from pipeline.taggers.organisation_countries import country_of_words
from pipeline.taggers.person_holders import end_of_unit
from pipeline.taggers.person_offices import (
    Governed,
    OfficeHit,
    annotated_place,
    people_before,
)

if TYPE_CHECKING:
    from pipeline.records import Annotation
    from pipeline.taggers.person_names import Context, Name

_REACH = 12  # characters between an office or a name and its organisation: ", of the "
_PHRASE = 70  # characters between a body and "represented by its": "yang bermarkas di Jakarta"
_STANDS_FOR = re.compile(
    r"(?:\b(?:diwakili|dipimpin|diketuai)(?: oleh)? |\b(?:represented|led|headed|chaired) by "
    r"(?:its |their |the )?|, whose )$"
)
_SENTENCE = re.compile(r"[.!?;]\s|\n")
_OF = re.compile(r",? (?:of|from|for|dari|with|at) (?:the )?(?:City of )?")
_AFTER_OFFICE = frozenset(
    (
        "",
        "of",
        "of the",
        "for",
        "for the",
        "at",
        "at the",
        "dan",
        "di",
        "dari",
        "pada",
        "umum",
        "'s",
    )
)
_BEFORE_OFFICE = frozenset((" ", "'s ", "’s ", ") "))
_STATE_AFTER = re.compile(
    r" ?(?:(?P<elect>terpilih|[-‑]?elect)|(?P<former>saat itu|ketika itu|kala itu|waktu itu|at the "
    r"time|emeritus)|(?P<acting>sementara))\b"
)
_MISSION = re.compile(r"(?i)embassy|consulate|high commission|kedutaan|konsulat|kedubes")
_MINISTRY_ID, _MINISTRY_EN = "Kementerian ", "Ministry of "
_GOVERNMENTS = frozenset(("city", "regency", "province"))
_INDONESIAN = re.compile(r"(?:wakil )?menteri ?(?:negara )?")


def state_after(context: Context, offset: int) -> tuple[str, int]:
    """Return what follows an office about its holder, and where that ends.

    "Wali Kota Bandung | terpilih", "Wali Kota Bandung | saat itu, …".
    """
    match = _STATE_AFTER.match(context.text, offset)
    return (match.lastgroup or "", match.end()) if match else ("", offset)


def place_of_holder(context: Context, office: str, name: Name) -> Governed | None:
    """Return the place that follows a name: "Mayor Eric Garcetti | of Los Angeles"."""
    match = _OF.match(context.text, name.end)
    if match is None:
        return None
    if place := annotated_place(context, match.end()):
        return place
    words = context.text[match.end() : match.end() + 40].split()
    if office in ("minister", "ambassador") and words:
        found = country_of_words(words, context.registers)
        return Governed(match.end(), f"iso:{found[0]}", found[0]) if found else None
    return None


def place_before_name(context: Context, name: Name) -> Governed | None:
    """Return the Indonesian government between an office and its holder: "Sekda | Bantul | A"."""
    if context.language != "id" or context.text[name.start - 1 : name.start] != " ":
        return None
    place = context.place_at(name.start - 2)
    if place is None or place.span.end != name.start - 1 or place.label not in _GOVERNMENTS:
        return None
    return Governed(place.span.end, place.referent_id, place.country)


def body_of(context: Context, hit: OfficeHit, name: Name | None) -> Annotation | None:
    """Return the organisation for which an office is held."""
    bodies = context.bodies
    index = bisect_left(context.body_ends, hit.end)  # the first that ends after the office
    if index < len(bodies):
        body = bodies[index]
        gap = context.text[hit.end : body.span.start] if body.span.start >= hit.end else ""
        inside = hit.start < body.span.start <= hit.end
        if inside or (len(gap) <= _REACH and gap.strip() in _AFTER_OFFICE and _is_beside(gap)):
            return body
        unit = end_of_unit(context, hit.end)
        if body.span.start < unit and body.span.end <= unit:
            return body
    if index and context.language == "en":
        before = bodies[index - 1]
        if context.text[before.span.end : hit.phrase_start] in _BEFORE_OFFICE:
            return before
    after = body_after(context, name) if name is not None else None
    return after or _of_phrase(context, hit)


def _of_phrase(context: Context, hit: OfficeHit) -> Annotation | None:
    """Return the body of "X, whose director …" and "X diwakili Sekretaris …"."""
    begin = max(0, hit.phrase_start - _PHRASE)
    link = _STANDS_FOR.search(context.text, begin, hit.phrase_start)
    index = bisect_left(context.body_ends, hit.phrase_start) - 1
    if link is None or index < 0:
        return None
    body = context.bodies[index]
    between = context.text[body.span.end : link.start()]
    return body if len(between) <= _PHRASE and not _SENTENCE.search(between) else None


def _is_beside(gap: str) -> bool:
    return gap.startswith((" ", "'")) or not gap


def body_after(context: Context, name: Name) -> Annotation | None:
    """Return the organisation that follows a name: "Professor Karl Meyer | of the University …"."""
    match = _OF.match(context.text, name.end)
    if match is None:
        return None
    index = bisect_left(context.body_starts, match.end())
    bodies = context.bodies
    return (
        bodies[index] if index < len(bodies) and bodies[index].span.start == match.end() else None
    )


def country_of_minister(context: Context, hit: OfficeHit, name: Name) -> str | None:
    """Return the country whose ministry a minister leads, by the ministry's registered name.

    "Menteri Luar Negeri A" leads the Kementerian Luar Negeri of the register; "Minister of Home
    Affairs A" the one ministry of that field that the document names with its country.
    """
    text = context.text
    unit = text[hit.end : end_of_unit(context, hit.end, in_places=False)].strip(" ,")
    lead = _INDONESIAN.match(hit.words)
    words = unit.split()
    for size in (2, 1):
        stated = country_of_words(words[-size:], context.registers) if len(words) >= size else None
        if stated and stated[1] == size:
            return stated[0]  # "Menteri Lingkungan Hidup Jepang A"
    if lead and context.language != "en":
        field = f"{text[hit.start + lead.end() : hit.end]} {unit}".strip()
        for form in (field, field.title().replace(" Dan ", " dan ")):
            found = context.registers.index.names.get(_MINISTRY_ID + form)
            if found and found[0].country:
                return found[0].country
        return None
    field = unit.removeprefix("of ").removeprefix("the ").removeprefix("for ")
    if not field or unit == field or name.start < hit.end:
        return None
    countries = {
        body.country
        for body in context.bodies
        if body.country and f"{_MINISTRY_EN}{field}" in body.span.of(text)
    }
    return countries.pop() if len(countries) == 1 else None


def country_of_envoy(context: Context) -> str | None:
    """Return the country of the one embassy or consulate that the document names."""
    countries = {
        body.country
        for body in context.bodies
        if body.label == "national_government"
        and body.country
        and _MISSION.search(body.span.of(context.text))
    }
    return countries.pop() if len(countries) == 1 else None


def country_beside(context: Context, hit: OfficeHit) -> str | None:
    """Return the country right before or behind an office: "Indonesian | President"."""
    place = people_before(context, hit, hit.phrase_start - 1)
    if place is not None:
        return place.country
    found = country_of_words(context.text[hit.end : hit.end + 40].split(), context.registers)
    return found[0] if found else None
