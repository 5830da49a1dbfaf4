"""Persons with their office, and offices without a name, so that "the mayors" resolve.

In: a document, the registers, and what the place, organisation and entity taggers found. Out:
annotations of the layer ``person``: the span is the name alone, ``label`` the office, ``value`` the
name (``None`` for an office mention), ``referent_id`` the governed place where the text binds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.records import Annotation, Document, Span
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_countries import stated_country
from pipeline.taggers.organisation_runs import Run, Spans
from pipeline.taggers.organisation_types import Registers
from pipeline.taggers.person_holders import name_after, name_before
from pipeline.taggers.person_names import Context
from pipeline.taggers.person_offices import find_offices, place_after, place_before

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

LAYER = "person"
TAGGER = "persons.v1"
# Judgements that order the evidence: an office with a name, a title or a verb of saying, the model
# alone.
_OFFICE, _SPOKEN, _MODEL, _ECHO, _MENTION = 0.95, 0.7, 0.6, 0.8, 0.9
# Offices whose bare mention can stand for a party ("the governor"); "director" or "head" cannot.
HEADS_OF_GOVERNMENT = frozenset(
    ("mayor", "deputy_mayor", "regent", "deputy_regent", "governor", "deputy_governor")
)
_GOVERN = HEADS_OF_GOVERNMENT | {"minister", "ambassador", "councillor"}
_OTHER = "other"
_LEAST_ECHO = 4  # letters: "Lan" alone may be a word


@dataclass(frozen=True, slots=True)
class _Person:
    start: int
    end: int
    office: str
    value: str | None
    referent: str | None
    score: float
    evidence: str
    country: str | None = None


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
        document.text, registers, tuple(places), tuple(organisations), gazetteer, document.language
    )
    persons = _settle([*_with_office(context), *_titled(context), *_modelled(context, entities)])
    persons = _settle([*persons, *_echoes(context, persons)])
    return [_annotation(document, _from_somewhere(context, person)) for person in persons]


def _from_somewhere(context: Context, person: _Person) -> _Person:
    """Give a private person the country that the words beside the name state.

    "peneliti asal Osaka".
    """
    if person.office != _OTHER or person.value is None:
        return person
    country = stated_country(
        context.text, person.start, person.end, context.registers, context.gazetteer
    )
    return replace(person, country=country)


def _with_office(context: Context) -> Iterator[_Person]:
    """Yield the holder of each office, or the office where no name stands beside it."""
    for hit in find_offices(context):
        place = (
            place_after(context, hit) or place_before(context, hit)
            if hit.office in _GOVERN
            else None
        )
        end = place.end if place and place.end > hit.end else hit.end
        referent = place.id if place else None
        name = None if hit.is_plural else name_after(context, hit, end) or name_before(context, hit)
        if name is not None:
            yield _Person(
                name.start,
                name.end,
                hit.office,
                name.value,
                referent,
                _OFFICE,
                f"office {hit.words}",
                place.country if place else None,
            )
        elif hit.office in HEADS_OF_GOVERNMENT and not context.is_taken(hit.start, end):
            label = f"{'plural ' if hit.is_plural else ''}office {hit.words}"
            yield _Person(
                hit.start,
                end,
                hit.office,
                None,
                referent,
                _MENTION,
                label,
                place.country if place else None,
            )


def _titled(context: Context) -> Iterator[_Person]:
    """Yield names after a title ("Dr.

    Nguyen Thi Lan") or beside a verb of saying ("ujar Sutiaji").
    """
    for name in context.spoken():
        yield _Person(name.start, name.end, _OTHER, name.value, None, _SPOKEN, name.evidence)


def _modelled(context: Context, entities: Sequence[Entity]) -> Iterator[_Person]:
    """Yield the model's PERSON spans that are not places, organisations or offices."""
    for entity in entities:
        if entity.label != "PERSON":
            continue
        name = context.clean(entity.start, entity.end)
        if name is not None and " " in name.value:
            yield _Person(name.start, name.end, _OTHER, name.value, None, _MODEL, "model PERSON")


def _echoes(context: Context, persons: Sequence[_Person]) -> Iterator[_Person]:
    """Yield later mentions of a person by full name, surname or (Indonesian) first name."""
    known: dict[str, _Person] = {}
    for person in persons:
        if person.value is None:
            continue
        known.setdefault(person.value, person)
        words = person.value.split()
        for part in (words[-1], words[0]) if len(words) > 1 else ():
            if len(part) >= _LEAST_ECHO and part[0].isupper() and not context.is_place(part):
                known.setdefault(part, person)
    parts = {w.lower() for name in known for w in name.split()}
    for run in context.runs:
        if any(t.low.removesuffix("'s").removesuffix("’s") in parts for t in run.tokens):
            yield from _echoes_in(context, run, known)


def _echoes_in(context: Context, run: Run, known: Mapping[str, _Person]) -> Iterator[_Person]:
    """Yield the known persons in one run.

    A full name anywhere, a part of one only as the whole name.

    "ujar Setiawan" here and "Prima Setiawan" there: the run that holds the word is the full name.
    """
    for first, token in enumerate(run.tokens):
        if token.low in context.registers.grammar.stops:
            continue
        whole = context.name_of(list(run.tokens[first:]), "")
        if whole is None:
            continue
        person = known.get(whole.value) or next(
            (p for w in whole.value.split() if (p := known.get(w)) and " " not in (p.value or "")),
            None,
        )
        if person is not None and not person.start <= whole.start < person.end:
            value = whole.value if " " in whole.value else person.value
            evidence = f"{person.evidence}; named so elsewhere"
            score = min(person.score, _ECHO)
            yield replace(
                person,
                start=whole.start,
                end=whole.end,
                value=value,
                score=score,
                evidence=evidence,
            )
        return


def _settle(persons: Sequence[_Person]) -> list[_Person]:
    """Keep the best of overlapping candidates.

    A better office elsewhere also names this mention.
    """
    kept: list[_Person] = []
    spans = Spans()
    for person in sorted(persons, key=lambda p: (-p.score, p.start - p.end, p.start)):
        if not spans.touches(person.start, person.end):
            spans.add(person.start, person.end)
            kept.append(person)
    offices = {
        p.value: p for p in sorted(kept, key=lambda p: -p.start) if p.office != _OTHER and p.value
    }
    named = [
        replace(
            p,
            office=offices[p.value].office,
            referent=offices[p.value].referent,
            country=offices[p.value].country,
        )
        if p.office == _OTHER and p.value in offices
        else p
        for p in kept
    ]
    return _with_full_names(sorted(named, key=lambda p: p.start))


def _with_full_names(persons: Sequence[_Person]) -> list[_Person]:
    """Give a bare surname the full name, where exactly one full name in the document has it."""
    full: dict[str, set[str]] = {}
    for person in persons:
        words = (person.value or "").split()
        for word in words if len(words) > 1 else ():
            full.setdefault(word, set()).add(person.value or "")
    result = []
    for person in persons:
        known = full.get(person.value or "", set())
        result.append(replace(person, value=next(iter(known))) if len(known) == 1 else person)
    return result


def _annotation(document: Document, person: _Person) -> Annotation:
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
