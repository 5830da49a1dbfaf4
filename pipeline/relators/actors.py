"""Who could be a party: governments, organisations and office holders, each with all its mentions.

In: a `View`. Out: `Actor` values in order of first mention. A government is one actor however the text
speaks of it: by name, by its office ("Mayor X of Y"), by its mayor's surname, as "the city".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.records import Annotation, Party, Span
from pipeline.relators.lexicon import Lexicon
from pipeline.relators.view import View
from pipeline.text import fold

GOVERNMENTS = ("city", "regency", "province")
# Ways to mention an actor, strongest claim to act first.
NAMED = ("admin", "office", "name", "dateline", "location")
# A dateline stands within this many characters of the start: "PORT-OF-SPAIN, Sept. 14 (Agency) -".
DATELINE_CHARS = 40
_DATELINE = re.compile(
    r"^(?:[^.!?\n]{0,45}?(?:\s[-–—]{1,3}\s|\||\)\s*[-–—]|:\s)|(?:[^\s.!?]+ ){0,3}[^\s.!?]+\.\s)"
)
_SURNAME_MIN = 3
_NEAR = 45  # characters before a party in which a connector governs it
_ROW = 20  # characters between two members of a row
_ARTICLES = ("the", "of", "city", "(", ")")
_BETWEEN = 4  # words between the two
_APPOSITION = 45  # characters between a place and the wider one that it lies in
_ACRONYM = 3  # letters of the longest acronym of a place: NTB, DIY
_ACRONYM_GAP = re.compile(r"\s*(?:\([^()]*\))?\s*[,(]?\s*(?:in |di |of |asal |from )?(?:the )?")
_STATELESS = ("international_organisation", "city_network")  # codebook, Parties: no country
_RANKS = {"city": 0, "regency": 1, "province": 2, "country": 3}


@dataclass(frozen=True, slots=True)
class ActorMention:
    """One place where the text speaks of an actor.

    ``how``: ``admin`` (with a government word), ``office`` (through its office holder), ``person`` (the
    holder's name alone), ``name``, ``dateline``, ``location`` (as a place), ``within`` (where the place
    before it lies: no party), ``anaphor``. ``is_joined``: a connector governs it ("with X").
    """

    span: Span
    unit: int
    how: str
    is_joined: bool = False


def joined(view: View, start: int) -> bool:
    """Tell whether a connector ("with", "dengan") governs what begins at ``start``.

    At most four words may stand between ("with the City of"), and no comma.
    """
    words = view.words.joins
    if words is None:
        return False
    unit = view.unit_at(start)
    before = view.text[max(unit.span.start, start - _NEAR) : start]
    last = None
    for last in words.finditer(before):
        pass
    if last is None:
        return False
    gap = before[last.end() :]
    return len(gap.split()) <= _BETWEEN and not set(gap) & set(",;.:")


@dataclass(slots=True)
class Actor:
    """A possible party and where the text speaks of it, in text order."""

    key: str
    party: Party
    mentions: list[ActorMention] = field(default_factory=list)
    is_country: bool = False
    members: tuple[str, ...] = ()

    @property
    def is_government(self) -> bool:
        """Tell whether this is a sub-national government."""
        return self.party.kind in GOVERNMENTS

    @property
    def joined_share(self) -> float:
        """The share of its named mentions that a connector governs: 1 for who is only cooperated with."""
        named = [m for m in self.mentions if m.how in ("admin", "name", "office", "location")]
        return sum(m.is_joined for m in named) / len(named) if named else 0.0

    @property
    def named(self) -> list[ActorMention]:
        """The mentions that show the name."""
        return [m for m in self.mentions if m.how in NAMED]

    def units(self) -> set[int]:
        """Return the units that mention this actor in any way."""
        return {m.unit for m in self.mentions}


def find_actors(view: View) -> list[Actor]:
    """Return the actors of a document in order of first named mention."""
    table: dict[str, Actor] = {}
    persons, named = list(view.layer("person")), list(view.layer("place"))
    organisations = list(view.layer("organisation"))
    offices = [o for o in organisations if o.label == "government_office" or _is_town_hall(view, o, named)]
    bodies = [o for o in organisations if o not in offices]
    terms = view.layer("sector")
    places = [
        p for p in named
        if not (_inside_organisation(p, bodies) or _inside_name(p, persons) or _inside_term(p, terms))
    ]
    head = _DATELINE.match(view.text)
    dateline = head.end() if head else 0
    for place in places:
        if place.label not in (*GOVERNMENTS, "country"):
            continue  # a people ("Dutch") or an area (a strait) acts for nobody
        in_office = any(o.span.start <= place.span.start and place.span.end <= o.span.end for o in offices)
        how = "admin" if in_office else _how_place(view, place, persons, dateline, places)
        if place.label == "country" and any(_said_after(view, o, (place,)) for o in bodies):
            how = "within"  # "the Peace Foundation (PF), South Korea"
        key = place.referent_id or f"{place.label}:{fold(place.span.of(view.text))}"
        actor = table.setdefault(key, Actor(key, _place_party(view, place), is_country=place.label == "country"))
        is_joined = joined(view, place.span.start)
        actor.mentions.append(ActorMention(place.span, view.unit_at(place.span.start).index, how, is_joined))
    for office in offices:
        _add_office(view, table, office)
    countries = [p for p in named if p.label == "country"]
    for body in bodies:
        _add_body(view, table, body, countries)
    for person in persons:
        _add_holder(view, table, person)
    _merge_namesakes(table)
    _merge_bodies(table, {fold(p.span.of(view.text)) for p in named if p.label == "country"})
    _pass_on(view, table.values())
    actors = [a for a in table.values() if a.named]
    for actor in actors:
        actor.mentions.sort(key=lambda m: (m.span.start, m.span.end))
        _name_by_use(view, actor)
    return sorted(actors, key=lambda a: a.named[0].span.start)


def _pass_on(view: View, actors: Iterable[Actor]) -> None:
    """Let a connector govern the whole row after it: "with A, B and the C", but not "with A, B with C"."""
    words = view.words
    marks = sorted(((m, a) for a in actors for m in a.mentions), key=lambda x: x[0].span.start)
    before: ActorMention | None = None
    for mention, actor in marks:
        if before is not None and before.is_joined and not mention.is_joined:
            gap = view.text[before.span.end : mention.span.start]
            rest = words.coordinates.sub(" ", gap) if words.coordinates is not None else gap
            after = view.text[mention.span.end : mention.span.end + _NEAR]
            opens = words.joins is not None and words.joins.match(after.lstrip()) is not None
            in_row = len(gap) <= _ROW and all(w in _ARTICLES for w in rest.replace(",", " ").split())
            if in_row and mention.unit == before.unit and not opens:
                place = actor.mentions.index(mention)
                mention = replace(mention, is_joined=True)
                actor.mentions[place] = mention
        before = mention


def _inside_organisation(place: Annotation, organisations: Iterable[Annotation]) -> bool:
    """Tell whether a place is part of the name of a body ("University of X"), not mentioned for itself."""
    return any(
        o.span.start <= place.span.start and place.span.end <= o.span.end
        and (o.span != place.span or o.score >= place.score)
        for o in organisations
    )


def _inside_name(place: Annotation, persons: Iterable[Annotation]) -> bool:
    """A place inside a person's name ("Mayor Murchison Brown") is that person."""
    return any(
        p.value is not None and p.span.start <= place.span.start and place.span.end <= p.span.end
        for p in persons
    )


def _inside_term(place: Annotation, terms: Iterable[Annotation]) -> bool:
    """A place that is part of a term ("smart city") is that term: some town bears any name."""
    return any(t.span.start <= place.span.start and place.span.end <= t.span.end for t in terms)


def _place_party(view: View, place: Annotation) -> Party:
    kind = "national_government" if place.label == "country" else place.label
    name = " ".join((place.value or place.span.of(view.text)).split())
    return Party(name=name, kind=kind, country=place.country, referent_id=place.referent_id)


def _how_place(
    view: View, place: Annotation, persons: Iterable[Annotation], dateline: int, places: list[Annotation]
) -> str:
    """Decide how a place name is used."""
    text, span, words = view.text, place.span, view.words
    if span.end <= min(dateline, DATELINE_CHARS + 20) and span.start < DATELINE_CHARS:
        return "dateline"
    if place.label == "country" and words.envoy and words.envoy.search(text[max(0, span.start - 40) : span.start]):
        return "within"
    before, after = text[max(0, span.start - 40) : span.start], text[span.end : span.end + 30]
    if words.capital and words.capital.search(before):
        return "location"
    if any(p.span.start <= span.start and span.end <= p.span.end for p in persons):
        return "office"
    if _follows_place(text, place, places, words):
        return "within"
    if words.admin_before and words.admin_before.search(before):
        return "admin"
    if words.admin_after and words.admin_after.match(after):
        return "admin"
    if words.locative and words.locative.search(before):
        return "location"
    return "name"


def _follows_place(text: str, here: Annotation, places: list[Annotation], words: Lexicon) -> bool:
    """Tell whether a place only says where the one before it lies.

    "Leiden, Netherlands", "Darwin, ibu kota Northern Territory": a wider place of the same country,
    soon after, with no word between that would make it a party of its own.
    """
    for other in places:
        if other.span.end > here.span.start or other.country != here.country:
            continue
        gap = text[other.span.end : here.span.start]
        if len(gap) > _APPOSITION or _RANKS.get(here.label, 0) <= _RANKS.get(other.label, 9):
            continue
        if gap in (", ", " (", ",", " - ", ", the "):
            return True
        plain = not set(gap) & set(".;:") and not (words.joins and words.joins.search(gap))
        if plain and gap.startswith((",", " (")) and not (words.coordinates and words.coordinates.search(gap)):
            return True
        if plain and words.locative and words.locative.search(gap):
            return True
    return False


def _add_body(
    view: View, table: dict[str, Actor], org: Annotation, countries: Sequence[Annotation]
) -> None:
    name = " ".join((org.value or org.span.of(view.text)).split())
    key = f"org:{fold(name)}"
    country = org.country
    if country is None and org.label not in _STATELESS:
        country = _said_after(view, org, countries)
    party = Party(name=name, kind=org.label, country=country, referent_id=org.referent_id)
    actor = table.setdefault(key, Actor(key, party))
    if actor.party.country is None and country is not None:
        actor.party = replace(actor.party, country=country)
    before = view.text[max(0, org.span.start - 30) : org.span.start]
    how = "location" if view.words.locative and view.words.locative.search(before) else "name"
    unit = view.unit_at(org.span.start).index
    actor.mentions.append(ActorMention(org.span, unit, how, joined(view, org.span.start)))


def _said_after(view: View, org: Annotation, countries: Sequence[Annotation]) -> str | None:
    """Return the country said right after a name: "the Peace Foundation (PF), South Korea"."""
    for place in countries:
        gap = view.text[org.span.end : place.span.start]
        if 0 < len(gap) <= _APPOSITION and _ACRONYM_GAP.fullmatch(gap):
            return place.country
    return None


def _is_town_hall(view: View, org: Annotation, places: list[Annotation]) -> bool:
    """Tell whether an organisation's name is a place and government words only: "Taipei City Government"."""
    words = view.words
    for place in places:
        if not (org.span.start <= place.span.start and place.span.end <= org.span.end):
            continue
        head, tail = view.text[org.span.start : place.span.start], view.text[place.span.end : org.span.end]
        before = not head.strip() or (words.admin_before is not None and words.admin_before.fullmatch(head))
        after = words.admin_after.match(tail) if tail.strip() and words.admin_after else None
        if before and (not tail.strip() or (after is not None and after.end() == len(tail))):
            return place.label != "country" and org.span != place.span
    return False


def _merge_namesakes(table: dict[str, Actor]) -> None:
    """Join governments of one name where the text calls only one of them by a government word.

    "Bogotá" and "Bogotá D.C." are one; "Kota Sorong" and "Kabupaten Sorong" are two (codebook, Parties).
    """
    groups: dict[str, list[Actor]] = {}
    for actor in table.values():
        if actor.is_government:
            groups.setdefault(fold(actor.party.name), []).append(actor)
    for group in groups.values():
        acting = [a for a in group if any(m.how in ("admin", "office") for m in a.mentions)]
        if len(group) < 2 or len(acting) > 1:  # noqa: PLR2004 - two namesakes
            continue
        keep = acting[0] if acting else max(group, key=lambda a: len(a.mentions))
        for other in group:
            if other is not keep and other.party.country == keep.party.country:
                keep.mentions += other.mentions
                other.mentions = []


def _merge_bodies(table: dict[str, Actor], countries: set[str]) -> None:
    """Join "University of X" and "University of X Germany": the country says where, not which."""
    bodies = {key: a for key, a in table.items() if key.startswith("org:")}
    for key, actor in bodies.items():
        for country in countries:
            short = table.get(key.removesuffix(f" {country}").removesuffix(","))
            if short is not None and short is not actor and key.endswith(f" {country}"):
                short.mentions += actor.mentions
                actor.mentions = []
                if short.party.country is None:
                    p = short.party
                    short.party = Party(
                        name=p.name, kind=p.kind, country=actor.party.country, referent_id=p.referent_id
                    )


def _add_office(view: View, table: dict[str, Actor], org: Annotation) -> None:
    """An office speaks for its government; where its name holds the place, that is a mention already."""
    if org.referent_id and org.referent_id in table:
        unit = view.unit_at(org.span.start).index
        table[org.referent_id].mentions.append(ActorMention(org.span, unit, "anaphor"))


def _add_holder(view: View, table: dict[str, Actor], person: Annotation) -> None:
    """A mayor, governor or regent acts for the place that the tagger bound; so does the bare surname."""
    if person.referent_id is None or person.referent_id not in table:
        return
    actor = table[person.referent_id]
    unit = view.unit_at(person.span.start).index
    actor.mentions.append(ActorMention(person.span, unit, "office" if person.label else "person"))
    for span in _surnames(view, person):
        actor.mentions.append(ActorMention(span, view.unit_at(span.start).index, "person"))


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


def _name_by_use(view: View, actor: Actor) -> None:
    """Name a place as the text does: the form that is its full name, else the one named first.

    A form that only abbreviates (NTB, Tangsel) gives way to the name that it abbreviates, where the
    document or the register has one. The dateline's capitals count last.
    """
    if actor.key.startswith("org:"):
        return
    order = sorted(actor.named, key=lambda m: (m.how == "dateline", m.span.start))
    shown = [n for m in order if (n := " ".join(m.span.of(view.text).split()))]
    full = actor.party.name
    name = next((n for n in shown if fold(n) == fold(full)), None)
    if name is None:
        known = [*shown, full, *(view.register(actor.key) if actor.party.referent_id else ())]
        plain = next((n for n in shown if not (n.isupper() and len(n) <= _ACRONYM)), shown[0])
        name = next((n for n in known if _abbreviates(plain, n)), plain)
    p = actor.party
    actor.party = Party(name=name, kind=p.kind, country=p.country, referent_id=p.referent_id)


def _abbreviates(short: str, full: str) -> bool:
    """Tell whether one word stands for several: its letters in their order, the first one first.

    NTB is Nusa Tenggara Barat, not West Nusa Tenggara; Tangsel is Tangerang Selatan.
    """
    if " " in short or " " not in full or len(short) > len(full) - 3 or fold(short) in fold(full):
        return False
    words = fold(full).split()
    letters = iter("".join(words))
    if fold(short)[0] != words[0][0] or not all(c in letters for c in fold(short)):
        return False
    return all(w[0] in fold(short) for w in words)
