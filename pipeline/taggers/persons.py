"""Persons with their office, and offices without a name, so that "the mayors" resolve.

In: a document, the registers, and what the place, organisation and entity taggers found. Out:
annotations of the layer ``person``: the span is the name alone, ``label`` the office, ``value`` the
name (``None`` for an office mention), ``referent_id`` the governed place where the text binds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.records import Annotation, Document, Span
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_countries import stated_country
from pipeline.taggers.organisation_types import Registers
from pipeline.taggers.person_bodies import (
    body_after,
    body_of,
    country_beside,
    country_of_envoy,
    country_of_minister,
    place_before_name,
    place_of_holder,
    state_after,
)
from pipeline.taggers.person_echoes import OTHER, Person, find_echoes, settle
from pipeline.taggers.person_holders import name_after, name_before
from pipeline.taggers.person_names import Context, Name
from pipeline.taggers.person_offices import (
    Governed,
    OfficeHit,
    find_offices,
    place_after,
    place_before,
)
from pipeline.taggers.person_plurals import holders_of_plural

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

LAYER = "person"
TAGGER = "persons.v1"
# Judgements that order the evidence: an office with a name, a title or a verb of saying, the model
# alone.
_OFFICE, _SPOKEN, _MODEL, _MENTION = 0.95, 0.7, 0.6, 0.9
# Offices whose bare mention can stand for a party ("the governor"); "director" or "head" cannot.
HEADS_OF_GOVERNMENT = frozenset(
    ("mayor", "deputy_mayor", "regent", "deputy_regent", "governor", "deputy_governor")
)
# "Indonesian President A", "Perdana Menteri Fiji A": they stand for the country beside the office.
_HEADS_OF_STATE = frozenset(
    """president|vice president|presiden|wakil presiden|king|queen|emperor|raja|sultan|ratu|kaisar|
    perdana menteri|kanselir|prime minister|premier""".replace("\n    ", "").split("|")
)
_LOCAL = frozenset(("official", "councillor"))  # of the government that stands before their name
_GOVERN = HEADS_OF_GOVERNMENT | {"minister", "ambassador", "councillor"}


def tag_persons(
    document: Document,
    registers: Registers,
    *,
    places: Sequence[Annotation] = (),
    organisations: Sequence[Annotation] = (),
    entities: Sequence[Entity] = (),
    gazetteer: Gazetteer | None = None,
) -> list[Annotation]:
    """Return the persons and office mentions of a document in text order, never overlapping.

    Args:
        document: The document.
        registers: From `load_registers`; ``offices.yml`` holds the words.
        places: The place tagger's annotations; their ids become the referents of offices.
        organisations: The organisation tagger's annotations: no name begins or ends inside one.
        entities: What the English model found.
        gazetteer: To know a place that ``places`` lacks.
    """
    context = Context(
        document.text,
        registers,
        tuple(sorted(places, key=lambda p: p.span.start)),
        tuple(organisations),
        gazetteer,
        document.language,
    )
    persons = settle([*_with_office(context), *_titled(context), *_modelled(context, entities)])
    persons = settle([*persons, *find_echoes(context, persons)])
    return [_annotation(document, _from_somewhere(context, person)) for person in persons]


def _from_somewhere(context: Context, person: Person) -> Person:
    """Give a private person the country that the words beside the name state.

    "peneliti asal Osaka".
    """
    if person.office != OTHER or person.value is None or person.referent or person.country:
        return person
    country = stated_country(
        context.text, person.start, person.end, context.registers, context.gazetteer
    )
    return person._replace(country=country)


def _with_office(context: Context) -> Iterator[Person]:
    """Yield the holder of each office, or the office where no name stands beside it."""
    for hit in find_offices(context):
        place = (
            place_after(context, hit) or place_before(context, hit)
            if hit.office in _GOVERN
            else None
        )
        if hit.is_plural and hit.office in _GOVERN:
            shared = list(holders_of_plural(context, hit))
            if shared:
                for each, governed in shared:
                    yield _holder(context, hit, each, governed, hit.state)
                continue
        end = place.end if place and place.end > hit.end else hit.end
        later, after = state_after(context, end)
        name = None if hit.is_plural else _name_of(context, hit, after, place)
        if name is not None:
            yield _holder(context, hit, name, place, hit.state or later)
        elif hit.office in HEADS_OF_GOVERNMENT and not context.is_taken(hit.start, end):
            yield _mention(hit, end, place)


def _name_of(context: Context, hit: OfficeHit, offset: int, place: Governed | None) -> Name | None:
    """Return the holder's name; two words before the office tell more than one behind it."""
    after = name_after(context, hit, offset)
    if after is not None and " " in after.value:
        return after
    before = name_before(context, hit, place.start if place else None)
    return before if before is not None and (after is None or " " in before.value) else after


def _holder(
    context: Context, hit: OfficeHit, name: Name, place: Governed | None, state: str
) -> Person:
    """Return the holder of an office with the government, country or organisation that it is of."""
    if place is None or place.id is None:
        place = place_of_holder(context, hit.office, name) if hit.office in _GOVERN else place
    referent, country = (place.id, place.country) if place else (None, None)
    evidence = f"office {hit.words}" + (f"; {state}" if state else "")
    body = None
    if hit.office == "minister" and referent is None:
        country = country_of_minister(context, hit, name)
        referent = f"iso:{country}" if country else None
    elif hit.office == "ambassador" and referent is None:
        country = country_of_envoy(context)
        referent = f"iso:{country}" if country else None
    elif hit.office not in HEADS_OF_GOVERNMENT and referent is None:
        body = body_of(context, hit, name)
        referent, country, evidence = _of_body(context, body, evidence)
        if referent is None and hit.office in _LOCAL and (seat := place_before_name(context, name)):
            referent, country = seat.id, seat.country
    if referent is None and body is None and hit.words in _HEADS_OF_STATE:
        nation = country_beside(context, hit)
        referent, country = (f"iso:{nation}", nation) if nation else (None, country)
    is_unit = body is not None and body.label == "government_office" and hit.office == OTHER
    office = "official" if is_unit else hit.office  # "Kepala Bapperida" as "Kepala Bappeda"
    return Person(name.start, name.end, office, name.value, referent, _OFFICE, evidence, country)


def _of_body(
    context: Context, body: Annotation | None, evidence: str
) -> tuple[str | None, str | None, str]:
    """Return referent, country and evidence of one who speaks for an organisation."""
    if body is None:
        return None, None, evidence
    name = body.value or body.span.of(context.text)
    return body.referent_id, body.country, f"{evidence}; for {name}"


def _mention(hit: OfficeHit, end: int, place: Governed | None) -> Person:
    """Return an office without a name, which can still stand for a party."""
    evidence = f"{'plural ' if hit.is_plural else ''}office {hit.words}" + (
        f"; {hit.state}" if hit.state else ""
    )
    referent, country = (place.id, place.country) if place else (None, None)
    return Person(hit.start, end, hit.office, None, referent, _MENTION, evidence, country)


def _titled(context: Context) -> Iterator[Person]:
    """Yield names after a title ("Dr. Nguyen Thi Lan") or a verb of saying ("ujar Sutiaji")."""
    for name in context.spoken():
        referent, country, evidence = _of_body(context, body_after(context, name), name.evidence)
        yield Person(name.start, name.end, OTHER, name.value, referent, _SPOKEN, evidence, country)


def _modelled(context: Context, entities: Sequence[Entity]) -> Iterator[Person]:
    """Yield the model's PERSON spans that are not places, organisations or offices."""
    for entity in entities:
        if entity.label != "PERSON":
            continue
        name = context.clean(entity.start, entity.end)
        if name is not None and " " in name.value:
            yield Person(name.start, name.end, OTHER, name.value, None, _MODEL, "model PERSON")


def _annotation(document: Document, person: Person) -> Annotation:
    return Annotation(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        span=Span(start=person.start, end=person.end),
        layer=LAYER,
        label=person.office,
        value=person.value,
        referent_id=person.referent,
        country=person.country,
        score=person.score,
        tagger=TAGGER,
        detail=person.evidence,
    )
