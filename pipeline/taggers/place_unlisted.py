"""Governments that the gazetteer does not list, known by the word of administration beside them.

Values in, values out. "Sundar Haraicha Municipality" and "Kabupaten Lospalos" are governments
whatever a register knows; so is "Wellington County" where the registers have only a city of that
name. Such a place has its kind, the text's own name and no referent; a country only where the text
or the word itself tells one ("-gun" is Korean).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.gazetteer import Gazetteer
from pipeline.records import Annotation, Document, Span
from pipeline.taggers.place_annotate import LAYER, TAGGER
from pipeline.taggers.place_cues import PlaceCues
from pipeline.taggers.place_ranks import Named, Reader
from pipeline.taggers.place_recognise import Found

ECHO = 0.55  # score of the name alone further on
_LEAST_ECHO = 5  # letters: a shorter name is too common a word to look for again
_REACH = 40  # characters before a name in which a connector and "the municipality of" stand
_STOPS = ".,;:!?)"
_SURE = 0.5  # score of a place that tells where a text plays
_LEAST_SURE = 2  # names in one country, and none elsewhere, before a name is taken to lie there too
# A party that something joins to another lies as likely abroad.
_JOINED = re.compile(
    r"\b(?:with|and|between|to|dengan|dan|antara|bersama) (?:the )?(?:\w+ )?(?:of )?$"
)


def add_unlisted(
    document: Document,
    found: Sequence[Found],
    places: Sequence[Annotation],
    cues: PlaceCues,
    gazetteer: Gazetteer,
    entities: Sequence[tuple[int, int, str]] = (),
) -> list[Annotation]:
    """Return ``places`` with the governments that only their word of administration tells.

    Args:
        document: Its text is read.
        found: All names of the gazetteer in it, recognised or not, in text order.
        places: What was recognised; those that a longer name swallows go.
        cues: The words of administration.
        gazetteer: To tell whether a listed place can be what such a word asks for.
        entities: ``(start, end, label)`` of an entity recogniser: loose words need it.
    """
    reader = Reader(document.text, found, places, cues, gazetteer, entities)
    named = reader.named()
    if not named:
        return list(places)
    named = _settled(document.text, _unified(document.text, named), places)
    persons = [(s, e) for s, e, label in entities if label == "PERSON"]
    named += _echoes(document.text, named, places, found, persons)
    taken: list[Named] = []
    for one in sorted(named, key=lambda n: (-n.score, n.start - n.end, n.start)):
        if not any(_touches(t, one.start, one.end) for t in taken):
            taken.append(one)
    kept = [p for p in places if not any(_touches(t, p.span.start, p.span.end) for t in taken)]
    new = [_annotation(document, one) for one in taken]
    return sorted([*kept, *new], key=lambda a: a.span.start)


def _touches(one: Named, start: int, end: int) -> bool:
    return one.start < end and start < one.end


def _unified(text: str, named: Sequence[Named]) -> list[Named]:
    """Give one government one name, kind and country: "Nagaizumi-cho", "the town of Nagaizumi".

    A suffix goes where the text has the name without it too.
    """
    groups: dict[str, list[Named]] = {}
    for one in named:
        groups.setdefault(one.bare, []).append(one)
    result = []
    for bare, group in groups.items():
        longest = max((n.value for n in group), key=len)
        is_bare = any(n.value == bare for n in group) or _stands_alone(text, bare)
        value = bare if is_bare and "-" in longest.removeprefix(bare) else longest
        best = max(group, key=lambda n: n.score)
        known = next((n for n in group if n.referent), None) or next(
            (n for n in group if n.country), best
        )
        shared = (value, best.kind, known.country, known.referent)
        result += [
            n._replace(value=shared[0], kind=shared[1], country=shared[2], referent=shared[3])
            for n in group
        ]
    return result


def _settled(text: str, named: Sequence[Named], places: Sequence[Annotation]) -> list[Named]:
    """Give the country that all of the document lies in to names that nothing joins to another."""
    sure = {(p.span.of(text), p.country) for p in places if p.score >= _SURE and p.country}
    sure = {(name, country) for name, country in sure if name not in {n.bare for n in named}}
    countries = {country for _, country in sure}
    if len(countries) != 1 or len(sure) < _LEAST_SURE:
        return list(named)
    (home,) = countries
    joined = {n.bare for n in named if _JOINED.search(text, max(0, n.start - _REACH), n.start)}
    return [n if n.country or n.bare in joined else n._replace(country=home) for n in named]


def _stands_alone(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _echoes(
    text: str,
    named: Sequence[Named],
    places: Sequence[Annotation],
    found: Sequence[Found],
    persons: Sequence[tuple[int, int]],
) -> Iterator[Named]:
    """Yield the other uses of a name alone, where nothing says that it is another place."""
    said = {
        (f.hit.start, f.hit.end) for f in found if f.context.kinds or f.container or f.is_container
    }
    spans = [*((p.span.start, p.span.end) for p in places), *persons]
    for bare, one in {n.bare: n for n in reversed(named)}.items():
        if len(bare) < _LEAST_ECHO:
            continue
        for match in re.finditer(rf"(?<![\w-]){re.escape(bare)}(?![\w-])", text):
            start, end = match.span()
            wider = any(s <= start and end <= e and (s, e) != (start, end) for s, e in spans)
            if wider or (start, end) in said or _is_part(text, start, end):
                continue
            if not any(_touches(n, start, end) for n in named):
                why = f"{one.word}, named so elsewhere"
                yield one._replace(start=start, end=end, score=ECHO, word=why)


def _is_part(text: str, start: int, end: int) -> bool:
    """Tell whether a capitalised neighbour makes a name part of another.

    Before it the capital must be the word's own, not that of a sentence: "Administrator X".
    """
    if text[end : end + 1] == " " and text[end + 1 : end + 2].isupper():
        return True
    before = text[max(0, start - 40) : start].rsplit("\n", 1)[-1]
    words = before.split() if before.endswith(" ") else []
    if not words or not words[-1][0].isupper() or words[-1][-1] in _STOPS:
        return False
    return len(words) > 1 and words[-2][-1] not in _STOPS


def _annotation(document: Document, one: Named) -> Annotation:
    return Annotation(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        span=Span(start=one.start, end=one.end),
        layer=LAYER,
        label=one.kind,
        value=one.value,
        referent_id=one.referent,
        country=one.country,
        score=one.score,
        tagger=TAGGER,
        detail=f"admin word {one.word}" + ("" if one.referent else "; not in the gazetteer"),
    )
