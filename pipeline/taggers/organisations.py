"""Organisations: who they are by the codebook's kinds, and on which evidence.

In: a document, its registers, and what the model and the place tagger found. Out: annotations of
the layer ``organisation``. Evidence, strongest first: a register's full name, a head word or a
legal form, an acronym that the document explains, a register's acronym, a cue beside the name
("perusahaan X", "X, a non-profit"), the English model. Governments of cities and provinces belong
to the place tagger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.records import Annotation, Document, Span
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_branches import find_local_bodies, with_branches
from pipeline.taggers.organisation_countries import (
    GOVERNMENT,
    country_in_name,
    stated_country,
)
from pipeline.taggers.organisation_cues import cue_of, entity_name, near_cues
from pipeline.taggers.organisation_forms import key_of
from pipeline.taggers.organisation_governments import government_of, of_provinces
from pipeline.taggers.organisation_mentions import (
    CUE,
    MODEL,
    REGISTER,
    Candidate,
    apply_definitions,
    bare_name,
    find_aliases,
    find_echoes,
    settle,
)
from pipeline.taggers.organisation_names import find_by_name
from pipeline.taggers.organisation_runs import Run, Spans, find_runs
from pipeline.taggers.organisation_shorts import (
    find_anaphors,
    find_short_names,
    find_town_halls,
)
from pipeline.taggers.organisation_slots import find_partners
from pipeline.taggers.organisation_types import Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

LAYER = "organisation"
TAGGER = "organisations.v1"
_NO_COUNTRY = frozenset(("international_organisation", "city_network"))  # codebook, "Parties"
_OFFICE = "government_office"
_LOCAL_KINDS = frozenset(("media", "association", _OFFICE))  # branches named after their province
_WITH_ARTICLE = frozenset(
    "United Netherlands Philippines Czech Dominican Solomon Maldives Bahamas Gambia Central".split()
)


def tag_organisations(
    document: Document,
    registers: Registers,
    *,
    entities: Sequence[Entity] = (),
    places: Sequence[Annotation] = (),
    gazetteer: Gazetteer | None = None,
) -> list[Annotation]:
    """Return the organisations of a document in text order, never overlapping.

    Args:
        document: The document.
        registers: From `load_registers`.
        entities: What the English model found (`find_entities`); one more evidence.
        places: The place tagger's annotations: what is a place is no organisation.
        gazetteer: To read a country from a town in a name.
    """
    text = document.text
    runs = find_runs(text)
    names = find_by_name(text, runs, registers, document.language, gazetteer)
    names = with_branches(text, of_provinces(text, names, places, gazetteer), places)
    names += find_local_bodies(text, registers)
    names += _by_cue(text, runs, names, registers, places, gazetteer, document.language)
    names += find_partners(text, runs, names, places, entities, registers)
    names += _by_model(text, entities, names, registers, places, gazetteer)
    names = apply_definitions(text, names, registers)
    names += find_aliases(text, names)
    names += find_town_halls(text, places)
    names = settle([*names, *find_echoes(text, names)])
    if short := [*find_short_names(runs, names, text, registers, gazetteer)]:
        names = settle([*names, *short])
    if meant := [*find_anaphors(text, names)]:
        names = settle([*names, *meant])
    taken = _taken(names, ())
    towns = {
        p.span.of(text): p.country
        for p in places
        if p.country
        and not taken.covers(p.span.start, p.span.end)
        and p.span.of(text).lower() not in registers.grammar.admin
    }
    home = next(iter(Counter(p.country for p in places if p.country).most_common(1)), (None, 0))[0]
    context = _Surroundings(document, registers, gazetteer, places, towns, home)
    return _with_one_name([_annotation(context, name) for name in names])


def _with_one_name(found: list[Annotation]) -> list[Annotation]:
    """Give one organisation one name in a document: that by which it is called first in full.

    "Airlangga University" and "Universitas Airlangga" are one party.
    """
    keys = [_identity(a) for a in found]
    names: dict[object, str | None] = {}
    for key, one in zip(keys, found, strict=True):
        if key is not None and "acronym" not in (one.detail or ""):
            names.setdefault(key, one.value)
    return [
        replace(one, value=names[key]) if key is not None and key in names else one
        for key, one in zip(keys, found, strict=True)
    ]


def _identity(one: Annotation) -> object:
    """Return what tells that two mentions mean one organisation; nothing if nothing does."""
    if one.referent_id is not None and one.referent_id.startswith("org:"):
        return one.referent_id
    return key_of(one.value) if one.label == "academia" and one.value else None


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the country and the government of a name are read from."""

    document: Document
    registers: Registers
    gazetteer: Gazetteer | None
    places: Sequence[Annotation]
    towns: Mapping[str, str]
    home: str | None


def _by_cue(
    text: str,
    runs: Sequence[Run],
    names: Sequence[Candidate],
    registers: Registers,
    places: Sequence[Annotation],
    gazetteer: Gazetteer | None,
    language: str,
) -> list[Candidate]:
    """Return the runs that a word beside them calls an organisation."""
    near = near_cues(text, runs, registers)
    taken = _taken(names, places) if near else Spans()
    result = []
    for run in near:
        if taken.covers(run.start, run.end):
            continue
        found = cue_of(text, run, registers, language)
        if found is None or taken.touches(found.start, found.end):
            continue
        if gazetteer is not None and gazetteer.lookup(text[found.start : found.end]):
            continue
        result.append(Candidate(found.start, found.end, found.kind, CUE, found.evidence))
    return result


def _by_model(
    text: str,
    entities: Sequence[Entity],
    names: Sequence[Candidate],
    registers: Registers,
    places: Sequence[Annotation],
    gazetteer: Gazetteer | None,
) -> list[Candidate]:
    """Return the model's ORG spans that nothing else explains and nothing speaks against."""
    if not entities:
        return []
    taken = _taken(names, places)
    persons = {w for e in entities if e.label == "PERSON" for w in text[e.start : e.end].split()}
    result = []
    for entity in entities:
        span = entity_name(text, entity, registers) if entity.label == "ORG" else None
        if span is None or taken.touches(*span):
            continue
        if all(word in persons for word in text[span[0] : span[1]].split()):
            continue  # the model itself calls it a person elsewhere
        if gazetteer is not None and gazetteer.lookup(text[span[0] : span[1]]):
            continue
        result.append(Candidate(span[0], span[1], "business", MODEL, "model ORG"))
    return result


def _taken(names: Sequence[Candidate], places: Sequence[Annotation]) -> Spans:
    """Return where organisations and places stand."""
    spans = Spans()
    known = [*((n.start, n.end) for n in names), *((p.span.start, p.span.end) for p in places)]
    for start, end in known:
        if not spans.touches(start, end):
            spans.add(start, end)
    return spans


def _annotation(context: _Surroundings, name: Candidate) -> Annotation:
    document, registers = context.document, context.registers
    text = document.text
    value = name.value or bare_name(text[name.start : name.end])
    if name.entry is None and name.kind in _LOCAL_KINDS:
        value = " ".join(registers.grammar.abbreviations.get(word, word) for word in value.split())
    country = name.country
    referent = name.entry.id if name.entry else None
    if name.evidence == GOVERNMENT and country and country in registers.country_names:
        english = registers.country_names[country]
        article = "the " if english.split()[0] in _WITH_ARTICLE else ""
        value, referent = f"Government of {article}{english}", f"iso:{country}"
    elif name.kind == _OFFICE:
        found = government_of(
            text,
            name.start,
            name.end,
            context.places,
            context.gazetteer,
            registers.grammar,
        )
        referent, country = found or (referent, country)
    if name.kind in _NO_COUNTRY:
        country = None
    elif country is None or name.evidence.startswith("legal"):
        country = _country(context, name, value, country)
    return Annotation(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        span=Span(start=name.start, end=name.end),
        layer=LAYER,
        label=name.kind,
        value=value,
        referent_id=referent,
        country=country,
        score=round(min(name.score, REGISTER), 4),
        tagger=TAGGER,
        detail=name.evidence,
    )


def _country(
    context: _Surroundings, name: Candidate, value: str, country: str | None
) -> str | None:
    """Return the country that the text beside a name states, its form proves or its words tell."""
    text, registers, gazetteer = context.document.text, context.registers, context.gazetteer
    if name.kind == "national_government":  # "Cabinet Office of Japan, the U.S. …" says it itself
        own = country_in_name(value, registers, None)
        if own:
            return own
    stated = stated_country(
        text, name.start, name.end, registers, gazetteer, is_school=name.kind == "academia"
    )
    if stated or country:
        return stated or country
    by_town = gazetteer if name.kind != "business" else None
    return country_in_name(
        value,
        registers,
        by_town,
        context.towns,
        context.home,
        is_school=name.kind == "academia",
        between=name.kind == "association",
    ) or registers.grammar.country_of_head(text[name.start : name.end])
