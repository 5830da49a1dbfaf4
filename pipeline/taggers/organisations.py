"""Organisations: who they are by the codebook's kinds, and on which evidence.

In: a document, its registers, and what the model and the place tagger found. Out: annotations of the
layer ``organisation``. Evidence, strongest first: a register's full name, a head word or a legal form,
an acronym that the document explains, a register's acronym, a cue beside the name ("perusahaan X",
"X, a non-profit"), the English model. Governments of cities and provinces belong to the place tagger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.records import Annotation, Document, Span
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_countries import (
    GOVERNMENT,
    country_in_name,
    find_governments,
    stated_country,
)
from pipeline.taggers.organisation_cues import cue_of, cut_person, entity_name, is_place, near_cues
from pipeline.taggers.organisation_heads import OPENING, Found, find_heads
from pipeline.taggers.organisation_mentions import (
    ACRONYM,
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
from pipeline.taggers.organisation_runs import Run, find_runs
from pipeline.taggers.organisation_types import Hit, Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

LAYER = "organisation"
TAGGER = "organisations.v1"
_NO_COUNTRY = frozenset(("international_organisation", "city_network"))  # codebook, "Parties"
_LOCAL_KINDS = frozenset(
    ("media", "association", "government_office")
)  # branches named after their province
_TAIL_AFTER = re.compile(
    r" \((?:Persero|PERSERO|Perseroda)\)(?:,? T[Bb][Kk]\b)?|, (?:Inc|Ltd|Corp)\.?(?!\w)|, (?:LLC|LLP)\b|,? \(?T[Bb][Kk]\b\)?"
)
_WITH_ARTICLE = frozenset(
    "United Netherlands Philippines Czech Dominican Solomon Maldives Bahamas Gambia Central".split()
)
_OFFICE = "government_office"
_AGENCIES = frozenset(("agency", "bureau"))
_LOCAL_WORDS = frozenset(
    "daerah kota kabupaten provinsi city county municipal provincial regional borough district town".split()
)
_COMPASS = frozenset(
    "north south east west central new utara selatan timur barat tengah raya terbuka islam katolik kristen".split()
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
    names = _by_name(text, runs, registers, document.language, gazetteer)
    names += _by_cue(text, runs, names, registers, places, gazetteer, document.language)
    names += _by_model(text, entities, names, registers, places, gazetteer)
    names = apply_definitions(text, names, registers)
    names += find_aliases(text, names)
    names = settle([*names, *find_echoes(text, names)])
    towns = {
        p.span.of(text): p.country
        for p in places
        if p.country and not any(n.start <= p.span.start and p.span.end <= n.end for n in names)
    }
    return [_annotation(document, name, registers, gazetteer, towns) for name in names]


def _by_name(
    text: str, runs: Sequence[Run], registers: Registers, language: str, gazetteer: Gazetteer | None
) -> list[Candidate]:
    """Join what heads and registers say about the same words."""
    hits = [h for h in registers.index.find(text) if not (h.is_acronym and _is_shouted(text, h))]
    found = [
        cut
        for run in runs
        for f in find_heads(run, registers.grammar, language)
        if (cut := cut_person(text, f, run, registers, gazetteer)) is not None
    ]
    names = [_of_hit(hit) for hit in hits]
    for one in (*found, *find_governments(text, registers)):
        inner = [h for h in hits if h.start < one.end and one.start < h.end]
        names.append(_of_found(text, _decided(text, one, registers, gazetteer), inner, registers))
    return settle(names)


def _decided(text: str, one: Found, registers: Registers, gazetteer: Gazetteer | None) -> Found:
    """Decide whose an agency is: a nation's ("National …", a country in its name) or a city's or province's."""
    if one.head is None or one.head.place not in _AGENCIES:
        return one
    words = text[one.start : one.end].split()
    lows = {w.lower() for w in words}
    grammar = registers.grammar
    if lows & _LOCAL_WORDS or any(
        h.kind == _OFFICE for w in lows - {one.head.words[0]} for h in grammar.heads.get(w, ())
    ):
        return replace(one, kind=_OFFICE)
    public = one.kind in ("national_government", _OFFICE)
    if public and (lows & grammar.adjectives or any(w in registers.countries for w in lows)):
        return replace(one, kind="national_government")
    has_town = gazetteer is not None and any(
        is_place(w, gazetteer) for w in words[:-1] if w[0].isupper()
    )
    return replace(one, kind=_OFFICE) if public and has_town else one


def _of_hit(hit: Hit) -> Candidate:
    evidence = "register acronym" if hit.is_acronym else "register name"
    score = ACRONYM if hit.is_acronym else REGISTER
    # A body whose usual name is an acronym (UNICEF) has it as its value however it is written here.
    value = hit.entry.name if hit.is_acronym or _is_acronym_name(hit.entry.name) else None
    return Candidate(
        hit.start, hit.end, hit.entry.kind, score, evidence, value, hit.entry, hit.entry.country
    )


def _is_acronym_name(name: str) -> bool:
    return name.replace(" ", "").replace("-", "").isupper() or name == "UN-Habitat"


def _of_found(text: str, one: Found, inner: Sequence[Hit], registers: Registers) -> Candidate:
    """Turn a rule's find into a candidate; a register's full name at its start decides where it ends."""
    start, end = one.start, one.end
    opens = one.head is not None and one.head.place in OPENING
    for hit in inner:
        rest = text[hit.end : end].split()
        if hit.start == start and (not rest or not (hit.is_acronym or _is_other(rest, registers))):
            return _of_hit(hit)
        if hit.start <= start and end <= hit.end:
            return _of_hit(hit)
        if hit.end == end and not hit.is_acronym and not opens:
            return _of_hit(hit)
        if opens and one.is_led and start < hit.start and hit.end < end:
            end = (
                hit.end
            )  # "Ketua Dewan Pakar Partai Golkar | Siswono": after the last name, a person
    tail = _TAIL_AFTER.match(text, end) if one.kind == "business" else None
    end = tail.end() if tail else end
    score = 1.0 if inner else one.score  # the longer name wins over the one inside it
    return Candidate(start, end, one.kind, score, one.evidence, country=one.country)


def _is_other(rest: Sequence[str], registers: Registers) -> bool:
    """Tell whether the words after a registered name make it another one: "… Indonesia | Timur"."""
    if not rest:
        return False
    first = rest[0].lower()
    grammar = registers.grammar
    return (
        first in _COMPASS
        or first in registers.countries
        or first in grammar.connectors
        or first in grammar.heads
    )


def _is_shouted(text: str, hit: Hit) -> bool:
    """Tell whether an acronym stands in a line all in capitals, where every word looks like one."""
    first = text.rfind("\n", 0, hit.start) + 1
    last = text.find("\n", hit.end)
    line = text[first : last if last >= 0 else len(text)]
    return len(line.split()) > 2 and line.isupper()


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
    taken = [(n.start, n.end) for n in names] + [(p.span.start, p.span.end) for p in places]
    result = []
    for run in near_cues(text, runs, registers):
        found = cue_of(text, run, registers, language)
        if found is None or any(s < found.end and found.start < e for s, e in taken):
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
    taken = [(n.start, n.end) for n in names] + [(p.span.start, p.span.end) for p in places]
    persons = {w for e in entities if e.label == "PERSON" for w in text[e.start : e.end].split()}
    result = []
    for entity in entities:
        span = entity_name(text, entity, registers) if entity.label == "ORG" else None
        if span is None or any(s < span[1] and span[0] < e for s, e in taken):
            continue
        if all(word in persons for word in text[span[0] : span[1]].split()):
            continue  # the model itself calls it a person elsewhere
        if gazetteer is not None and gazetteer.lookup(text[span[0] : span[1]]):
            continue
        result.append(Candidate(span[0], span[1], "business", MODEL, "model ORG"))
    return result


def _annotation(
    document: Document,
    name: Candidate,
    registers: Registers,
    gazetteer: Gazetteer | None,
    towns: Mapping[str, str],
) -> Annotation:
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
    if name.kind in _NO_COUNTRY:
        country = None
    elif country is None or name.evidence.startswith("legal"):
        stated = stated_country(
            text, name.start, name.end, registers, gazetteer, is_school=name.kind == "academia"
        )
        country = (
            stated
            or country
            or country_in_name(
                value, registers, gazetteer if name.kind != "business" else None, towns
            )
        )
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
