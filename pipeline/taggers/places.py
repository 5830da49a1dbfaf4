"""Tags places: finds their names, tells them from persons and common words, resolves namesakes.

Values in, values out. The score of an annotation is the product of two readings: that the words
name a place at all, and that they name this one. ``detail`` says which evidence decided either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pipeline.gazetteer import ABBREVIATION, DEMONYM, Gazetteer, Toponym
from pipeline.records import Annotation, Document
from pipeline.taggers.place_annotate import LAYER as LAYER
from pipeline.taggers.place_annotate import TAGGER as TAGGER
from pipeline.taggers.place_annotate import annotate
from pipeline.taggers.place_context import context_of, surnames
from pipeline.taggers.place_cues import PlaceCues, cues_for
from pipeline.taggers.place_labels import Entity as Entity
from pipeline.taggers.place_labels import Labels, person_label
from pipeline.taggers.place_recognise import Found, likelihood
from pipeline.taggers.place_resolve import Choice, Support, kinds_by_name, resolve
from pipeline.taggers.place_unlisted import add_unlisted
from pipeline.taggers.place_usual import shortened

SURE = 0.5  # a first reading this sure supports the document's other names
_DEMONYM_WEIGHT = 0.7  # "German" says less of where a text plays than "Germany" does
# What stands between a place and the one that it lies in.
_JOINTS = frozenset(
    (
        ", ",
        " (",
        ",",
        " – ",
        " — ",
        " - ",
        " di ",
        " in ",
        ", di ",
        ", in ",
        " in the ",
        " of ",
        ", the ",
        " en ",
        " dans ",
    )
)
_POSSESSIVE = frozenset(("'s ", "’s ", " "))
_ENUMERATION = frozenset(
    (
        ", ",
        "; ",
        " and ",
        ", and ",
        " & ",
        " dan ",
        ", dan ",
        " serta ",
        ", serta ",
        " und ",
        " et ",
        " y ",
        " e ",
        " en ",
        " – ",  # a list of twins: "Leeds – Dortmund"
        " — ",
    )
)
_CURRENCY = ("$", "€", "£", "¥")
_OTHER_SCRIPT = "\u0370"  # the first letter behind the Latin ones
_LATIN = re.compile(r"[A-Za-z]")
LISTED_BY = 0.7  # how sure the neighbour in an enumeration must be
# "Haikou, the capital of the island province of | Hainan": the tree of places must agree anyway.
_LIES_IN = re.compile(
    r"(?:,| \(| in | di | yang | which )(?!.{0,12}\b(?:and|dan|with|dengan)\b)[^.;:!?\n]*$"
)
_OWNS = re.compile(r"['’]s (?:[a-z]+ ){1,3}$")  # "Sandaun's capital | Vanimo"
_LONGEST_JOINT = 48  # characters: ", the capital of the southern island province of "
_OUTER_KINDS = frozenset({"country", "province", "regency", "city"})  # "Seoul's Gangseo ward"
_OUTER_CANDIDATES = 6  # readings of the outer name tried


def tag_places(
    document: Document,
    gazetteer: Gazetteer,
    cues: Mapping[str, PlaceCues],
    home_country: str | None = None,
    entities: Sequence[Entity] = (),
) -> list[Annotation]:
    """Return the places of a document in text order, never overlapping.

    ``label`` is the kind of the place (`pipeline.gazetteer.KINDS`), ``demonym`` where the words
    name a people or say whose something is ("Japanese firm", "perusahaan Jepang"; ``referent_id``
    is then the country, which is no party), ``place`` where namesakes of several kinds tie. A tie
    has no ``referent_id``; ``detail`` then names the rivals. Nor has a government that only its
    word of administration tells, and no list ("Wellington County"). ``value`` is the name as the
    text has it (the country's for a demonym), so in the document's language; the referent's
    preferred name is the gazetteer's, and in ``detail`` where it differs.

    Args:
        document: Its ``text`` and ``language`` are read.
        gazetteer: The places of the world.
        cues: Cue words by language, from `pipeline.taggers.place_cues.parse_cues`.
        home_country: ISO code of the source's country; the document's own if not given.
        entities: ``(start, end, label)`` of an entity recogniser, as further evidence.
    """
    home = home_country or document.source_country
    table = cues_for(cues, document.language)
    found = list(_names(document.text, gazetteer, table, entities))
    _contain(document.text, found, gazetteer)
    _spread_persons(found)
    _choose(found, Support(), gazetteer, home)
    support = _support(found, table)
    _enumerate(document.text, found, table)
    _join(found, table)
    _choose(found, support, gazetteer, home)
    _recall(found, table)
    places = [a for item in found if (a := annotate(document, item, support, table))]
    return add_unlisted(document, found, places, table, gazetteer, entities)


def _names(
    text: str, gazetteer: Gazetteer, cues: PlaceCues, entities: Sequence[Entity]
) -> Iterator[Found]:
    persons = [(s, e) for s, e, label in entities if label == "PERSON"]
    people = surnames(text, persons)
    longer = {word for s, e in persons if " " in text[s:e] for word in text[s:e].split()}
    labels = Labels(entities)
    for hit in gazetteer.find(text):
        name = text[hit.start : hit.end]
        kind = None
        if " " in name and (usual := shortened(hit, name, gazetteer, cues)) is not None:
            hit, kind = usual
            name = text[hit.start : hit.end]
        lowered = name.lower()
        if lowered in cues.before or lowered in cues.months or lowered in cues.ranks.bodies:
            continue  # "Kota", "Kab": the admin word itself; "City Council"
        if text[hit.end : hit.end + 1] in _CURRENCY:
            continue  # "US$ 5 million"
        if name[0] >= _OTHER_SCRIPT and _is_quoted(text, hit.start):
            continue  # a motto or a title in another language names no place of this text
        context = context_of(text, hit.start, hit.end, cues)
        if kind is not None:
            context.kinds, context.admin = frozenset((kind,)), "special form of rank"
        label = labels.at(hit.start, hit.end)
        if label == "PERSON":
            label = person_label(text, hit, labels.last, name in longer)
        if label in (None, "PERSON") and name in people:
            context.person = context.person or "a family name of the document"
        yield Found(hit, name, context, label)


def _is_quoted(text: str, start: int) -> bool:
    """Tell whether an offset stands between quotation marks, in a line that has Latin letters."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    opened = line.count('"') % 2 == 1 or any(
        line.rfind(left) > line.rfind(right) for left, right in ("“”", "«»")
    )
    return opened and _LATIN.search(line) is not None


def _contain(text: str, found: list[Found], gazetteer: Gazetteer) -> None:
    """Note where the text says what a place lies in: "X, Country", "X di Jepang", "Japan's X"."""
    for first, second in pairwise(found):
        if second.hit.start - first.hit.end > _LONGEST_JOINT:
            continue
        gap = text[first.hit.end : second.hit.start]
        if gap in _JOINTS or _LIES_IN.match(gap):
            inner, outer = first, second
        elif gap in _POSSESSIVE or _OWNS.match(gap):
            inner, outer = second, first
        else:
            continue
        container = _container(inner.hit, outer.hit, gazetteer)
        inner.container = container or inner.container
        outer.is_container = outer.is_container or inner.container is not None
        if container and outer.hit.grades[outer.hit.candidates.index(container)] == ABBREVIATION:
            outer.opens = container


def _container(inner: Toponym, outer: Toponym, gazetteer: Gazetteer) -> str | None:
    for place_id in outer.candidates[:_OUTER_CANDIDATES]:
        grade = outer.grades[outer.candidates.index(place_id)]
        if gazetteer.place(place_id).kind in _OUTER_KINDS or grade == ABBREVIATION:
            for candidate, grade in zip(inner.candidates, inner.grades, strict=True):
                if (
                    candidate != place_id
                    and grade < DEMONYM
                    and gazetteer.contains(place_id, candidate)
                ):
                    return place_id
    return None


def _enumerate(text: str, found: list[Found], cues: PlaceCues) -> None:
    """Note which names stand beside a sure place in an enumeration."""
    sure = [likelihood(item, cues, 0.0) >= LISTED_BY for item in found]
    for index, (first, second) in enumerate(pairwise(found)):
        if text[first.hit.end : second.hit.start] in _ENUMERATION:
            first.is_listed = first.is_listed or sure[index + 1]
            second.is_listed = second.is_listed or sure[index]


def _join(found: list[Found], cues: PlaceCues) -> None:
    """Note which names stand in a text that joins another place to a word of a bond.

    A report on twins names more of them further on, at the head of a sentence or in an aside.
    """
    bound = {f.name for f in found if f.context.tied and likelihood(f, cues, 0.0) >= SURE}
    for item in found:
        item.is_kindred = bool(bound - {item.name})


def _recall(found: list[Found], cues: PlaceCues) -> None:
    """Note which names mean a place that words beside it call one elsewhere in the document."""
    told = {
        f.choice.place.id
        for f in found
        if (f.context.kinds or f.container)
        and f.choice is not None
        and f.choice.place is not None
        and likelihood(f, cues, 0.0) >= LISTED_BY
    }
    for item in found:
        place = item.choice.place if item.choice else None
        item.is_told = place is not None and place.id in told


def _spread_persons(found: list[Found]) -> None:
    """A name that was a person's once is a person's again where nothing says place."""
    persons = {f.name for f in found if f.context.person}
    for item in found:
        context = item.context
        if item.name in persons and not (
            context.person
            or context.kinds
            or context.locative
            or item.container
            or item.is_container
        ):
            context.person = "a person's name elsewhere in the document"


def _choose(found: list[Found], support: Support, gazetteer: Gazetteer, home: str | None) -> None:
    """Resolve each name; the same name with the same evidence is resolved once."""
    known: dict[tuple[str, str, frozenset[str], str | None], Choice] = {}
    for item in found:
        if item.opens:
            evidence = ("short form behind a place in it",)
            item.choice = Choice(gazetteer.place(item.opens), ABBREVIATION, 1.0, evidence)
            continue
        kinds = item.context.kinds
        key = (item.name, item.hit.candidates[0], kinds, item.container)
        if key not in known:
            known[key] = resolve(
                item.name, item.hit, kinds, item.container, support, gazetteer, home
            )
        item.choice = known[key]


def _support(found: list[Found], cues: PlaceCues) -> Support:
    """Add up what the first reading of the document says of where it plays."""
    support = Support()
    for item in found:
        choice = item.choice
        if choice is None or choice.place is None or item.name in support.own:
            continue
        if choice.grade != ABBREVIATION and likelihood(item, cues, 0.0) >= SURE:
            weight = _DEMONYM_WEIGHT if choice.grade == DEMONYM else choice.confidence
            support.add(item.name, choice.place, weight)
    support.kinds = kinds_by_name((f.name, f.context.kinds) for f in found)
    support.containers = {f.name: f.container for f in found if f.container}
    return support
