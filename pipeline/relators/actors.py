"""Who could be a party: governments, organisations and office holders, each with all its mentions.

In: a `View`. Out: `Actor` values in order of first mention. A government is one actor however the
text speaks of it: by name, by its office ("Mayor X of Y"), by its mayor's surname, as "the city".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.records import Annotation, Party, Span
from pipeline.relators.bodies import (
    branch_of,
    calls_government,
    is_town_hall,
    names_next,
    said_after,
)
from pipeline.relators.echoes import with_echoes
from pipeline.relators.naming import (
    merge_bodies,
    merge_namesakes,
    merge_short_names,
    name_by_use,
)
from pipeline.relators.parties import GOVERNMENTS, Actor, ActorMention
from pipeline.relators.usage import DATELINE_CHARS, dateline_end, how_used, joined
from pipeline.relators.view import View
from pipeline.text import fold

_FAINT = 0.33  # score of a place: 1 of 19 names below it was a party in the training texts
_SURNAME_MIN = 3
_NEAR = 45  # characters after a name in which a connector opens a pair of its own
_ROW = 20  # characters between two members of a row
_ARTICLES = ("the", "of", "city", "(", ")")
STATELESS = ("international_organisation", "city_network")  # codebook, Parties: no country


def find_actors(view: View) -> list[Actor]:
    """Return the actors of a document in order of first named mention."""
    table: dict[str, Actor] = {}
    persons, named = list(view.layer("person")), with_echoes(view)
    organisations = list(view.layer("organisation"))
    offices = [
        o for o in organisations if o.label == "government_office" or is_town_hall(view, o, named)
    ]
    papers = list(view.layer("instrument"))  # "the Letter of Intent" signs nothing
    bodies = [
        o
        for o in organisations
        if o not in offices
        and not calls_government(view, o, named)
        and not any(a.span == o.span for a in papers)
    ]
    terms = view.layer("sector")
    places = [
        p
        for p in named
        if not (
            _inside_organisation(view, p, bodies)
            or (_inside_name(p, persons) and not _heads_name(view, p, persons))
            or _inside_term(p, terms)
        )
    ]
    for place in places:
        _add_place(view, table, place, places, (persons, offices, bodies))
    for office in offices:
        _add_office(view, table, office)
    countries = [p for p in named if p.label == "country"]
    for body in bodies:
        _add_body(view, table, body, countries)
    for person in persons:
        _add_holder(view, table, person)
    merge_namesakes(table)
    merge_bodies(table, {fold(p.span.of(view.text)) for p in countries})
    merge_short_names(table)
    _pass_on(view, table.values())
    _place_bodies(table.values())
    actors = [a for a in table.values() if a.named]
    for actor in actors:
        actor.mentions.sort(key=lambda m: (m.span.start, m.span.end))
        name_by_use(view, actor)
    return sorted(actors, key=lambda a: a.named[0].span.start)


def _add_place(
    view: View,
    table: dict[str, Actor],
    place: Annotation,
    places: Sequence[Annotation],
    others: tuple[Sequence[Annotation], Sequence[Annotation], Sequence[Annotation]],
) -> None:
    """Add a mention of a government or a state; ``others``: persons, offices, bodies."""
    persons, offices, bodies = others
    if place.label not in (*GOVERNMENTS, "country") or place.score < _FAINT:
        return  # a people ("Dutch") or an area (a strait) acts for nobody
    in_office = any(
        o.span.start <= place.span.start and place.span.end <= o.span.end for o in offices
    )
    how = "admin" if in_office else how_used(view, place, persons, dateline_end(view.text), places)
    if place.label == "country" and any(
        said_after(view, o, (place,)) or branch_of(view, o, (place,)) for o in bodies
    ):
        how = "within"  # "the Peace Foundation (PF), South Korea", "Habitat for Humanity Indonesia"
    key = place.referent_id or f"{place.label}:{fold(place.span.of(view.text))}"
    actor = table.setdefault(
        key, Actor(key, _place_party(view, place), is_country=place.label == "country")
    )
    actor.sure = max(actor.sure, place.score)
    is_joined = joined(view, place.span.start)
    actor.mentions.append(
        ActorMention(place.span, view.unit_at(place.span.start).index, how, is_joined)
    )


def _place_bodies(actors: Iterable[Actor]) -> None:
    """Place bodies that no word places in the one country that a text plays in.

    Right for 8 of 8 such partners of the training texts; of 25 in texts with more countries 7 are
    of the local party's.
    """
    found = list(actors)
    countries = {a.party.country for a in found if a.is_government or a.is_country} - {None}
    if len(countries) != 1:
        return
    for actor in found:
        if actor.party.country is None and actor.party.kind not in STATELESS:
            actor.party = replace(actor.party, country=min(str(c) for c in countries))


def _pass_on(view: View, actors: Iterable[Actor]) -> None:
    """Let a connector govern the whole row after it.

    "with A, B and the C", but not "with A, B with C".
    """
    words = view.words
    marks = sorted(((m, a) for a in actors for m in a.mentions), key=lambda x: x[0].span.start)
    before: ActorMention | None = None
    for mention, actor in marks:
        if before is not None and before.is_joined and not mention.is_joined:
            gap = view.text[before.span.end : mention.span.start]
            rest = words.coordinates.sub(" ", gap) if words.coordinates is not None else gap
            after = view.text[mention.span.end : mention.span.end + _NEAR]
            opens = words.joins is not None and words.joins.match(after.lstrip()) is not None
            in_row = len(gap) <= _ROW and all(
                w in _ARTICLES for w in rest.replace(",", " ").split()
            )
            if in_row and mention.unit == before.unit and not opens:
                place = actor.mentions.index(mention)
                mention = replace(mention, is_joined=True)
                actor.mentions[place] = mention
        before = mention


def _inside_organisation(
    view: View, place: Annotation, organisations: Iterable[Annotation]
) -> bool:
    """Tell whether a place is part of the name of a body.

    ("University of X"), not mentioned for itself. An acronym that is a body's is no town ("BATAN").
    """
    is_acronym = place.span.of(view.text).isupper()
    return any(
        o.span.start <= place.span.start
        and place.span.end <= o.span.end
        and (o.span != place.span or o.score >= place.score or is_acronym)
        for o in organisations
    )


def _inside_name(place: Annotation, persons: Iterable[Annotation]) -> bool:
    """A place inside a person's name ("Mayor Murchison Brown") is that person."""
    return any(
        p.value is not None and p.span.start <= place.span.start and place.span.end <= p.span.end
        for p in persons
    )


def _heads_name(view: View, place: Annotation, persons: Iterable[Annotation]) -> bool:
    """Tell whether a place stands between an office and its holder's name: "Bupati X Nama".

    Languages that name the place so list the bare office among their government words; where they
    do not ("Mayor Murchison Brown"), the place is part of the name.
    """
    admin = view.words.admin_before
    before = view.text[max(0, place.span.start - 40) : place.span.start]
    if admin is None or not admin.search(before) or place.country != view.words.home:
        return False
    return any(
        p.span.start <= place.span.start
        and place.span.end < p.span.end
        and not view.text[p.span.start : place.span.start].strip()
        for p in persons
    )


def _inside_term(place: Annotation, terms: Iterable[Annotation]) -> bool:
    """A place that is part of a term ("smart city") is that term: some town bears any name.

    A term of just the same one word ("Bridgend", a bridge) proves nothing.
    """
    one_word = " " not in (place.value or "")
    return any(
        t.span.start <= place.span.start
        and place.span.end <= t.span.end
        and not (one_word and t.span == place.span)
        for t in terms
    )


def _place_party(view: View, place: Annotation) -> Party:
    kind = "national_government" if place.label == "country" else place.label
    name = " ".join((place.value or place.span.of(view.text)).split())
    return Party(name=name, kind=kind, country=place.country, referent_id=place.referent_id)


def _add_body(
    view: View, table: dict[str, Actor], org: Annotation, countries: Sequence[Annotation]
) -> None:
    name = " ".join((org.value or org.span.of(view.text)).split())
    country = org.country
    branch = branch_of(view, org, countries)
    if branch is not None:
        shown = branch.span.of(view.text)
        name = name if name.endswith(shown) else f"{name} {shown}"
        country = branch.country
    key = f"org:{fold(name)}"
    if country is None and org.label not in STATELESS:
        country = said_after(view, org, countries)
        if country is None and view.words.home_heads and view.words.home_heads.match(name):
            country = view.words.home  # plain from its name (codebook rule 16)
    party = Party(name=name, kind=org.label, country=country, referent_id=org.referent_id)
    actor = table.setdefault(key, Actor(key, party))
    actor.sure = max(actor.sure, org.score)
    if country is not None and (actor.party.country is None or branch is not None):
        actor.party = replace(actor.party, country=country)
    before = view.text[max(0, org.span.start - 30) : org.span.start]
    how = "location" if view.words.locative and view.words.locative.search(before) else "name"
    if org.span.end <= dateline_end(view.text) and org.span.start < DATELINE_CHARS:
        how = "dateline"
    if names_next(view, org):
        how = "within"
    if org.detail is not None and org.detail.startswith("anaphor"):
        how = "anaphor"  # "the foundation": the tagger found whose
    unit = view.unit_at(org.span.start).index
    actor.mentions.append(ActorMention(org.span, unit, how, joined(view, org.span.start)))


def _add_office(view: View, table: dict[str, Actor], org: Annotation) -> None:
    """An office speaks for its government.

    Where its name holds the place, that is a mention already.
    """
    if org.referent_id and org.referent_id in table:
        unit = view.unit_at(org.span.start).index
        table[org.referent_id].mentions.append(ActorMention(org.span, unit, "anaphor"))


def _add_holder(view: View, table: dict[str, Actor], person: Annotation) -> None:
    """A mayor, governor or regent acts for the place that the tagger bound.

    So does the bare surname.
    """
    if person.referent_id is None or person.referent_id not in table or is_former(person):
        return
    actor = table[person.referent_id]
    unit = view.unit_at(person.span.start).index
    actor.mentions.append(ActorMention(person.span, unit, "office" if person.label else "person"))
    for span in _surnames(view, person):
        actor.mentions.append(ActorMention(span, view.unit_at(span.start).index, "person"))


def is_former(person: Annotation) -> bool:
    """Tell whether somebody held an office once: "former mayor X" speaks for no city."""
    return person.detail is not None and "; former" in person.detail


def _surnames(view: View, person: Annotation) -> list[Span]:
    """Find later uses of an office holder's first or last name alone."""
    tokens = [t for t in (person.value or "").split() if len(t) >= _SURNAME_MIN and t[0].isupper()]
    if not tokens:
        return []
    taken = [a.span for a in view.annotations if a.layer in ("place", "organisation", "person")]
    found = []
    for token in {tokens[0], tokens[-1]}:
        for m in re.finditer(rf"\b{re.escape(token)}\b", view.text):
            if not any(s.start < m.end() and m.start() < s.end for s in taken):
                found.append(Span(start=m.start(), end=m.end()))
    return found
