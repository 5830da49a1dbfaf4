"""One resolved name as an annotation: its label, the name to publish, the evidence in words.

Values in, values out. Whoever reads ``detail`` (``cityaccords inspect``) learns what stood there,
why this referent and not the next, and how sure either reading is.
"""

from __future__ import annotations

from pipeline.gazetteer import DEMONYM, Place, fold_name
from pipeline.records import Annotation, Document, Span
from pipeline.taggers.place_cues import PlaceCues
from pipeline.taggers.place_recognise import THRESHOLD, Found, likelihood
from pipeline.taggers.place_resolve import Choice, Support

TAGGER = "places.v1"
LAYER = "place"
LONGEST_ACRONYM = 4  # "DKI", "NTT", "USA" stay as they are; "BANDUNG" is shouted


def annotate(
    document: Document, item: Found, support: Support, cues: PlaceCues
) -> Annotation | None:
    """Return the annotation of a name, or nothing where it is likelier no place."""
    choice = item.choice
    if choice is None:
        return None
    around = support.in_country(item.name, choice.place) if choice.place else 0.0
    likely = likelihood(item, cues, around)
    if likely < THRESHOLD:
        return None
    place = choice.place
    is_people = choice.grade == DEMONYM or _is_adjective(item, place, cues)
    return Annotation(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        span=Span(start=item.hit.start, end=item.hit.end),
        layer=LAYER,
        label="demonym" if is_people else _label(choice),
        value=_value(item, place, is_people=is_people),
        referent_id=place.id if place else None,
        country=_country(choice),
        score=round(likely * _confidence(choice), 4),
        tagger=TAGGER,
        detail=f"{_detail(item, choice, is_adjective=is_people)}; {_weights(choice, likely)}",
    )


def _confidence(choice: Choice) -> float:
    """Return how likely the chosen place is meant; of a tie, how likely any of the rivals is."""
    return min(1.0, choice.confidence * max(1, len(choice.rivals)))


def _is_adjective(item: Found, place: Place | None, cues: PlaceCues) -> bool:
    """Tell whether a country's name says whose: "perusahaan Jepang", a company from Japan.

    Indonesian has one word for the country and for what is its; the noun before it decides.
    """
    word = item.context.previous.lower()
    return place is not None and place.kind == "country" and word in cues.adjectival


def _value(item: Found, place: Place | None, *, is_people: bool) -> str | None:
    """Return the name to publish: the text's own, unless it is shouted, short or a people's."""
    if place is None:
        return None
    if is_people or item.opens or "." in item.name:
        return place.name
    name = " ".join(item.name.split())
    return name.title() if name.isupper() and len(name) > LONGEST_ACRONYM else name


def _weights(choice: Choice, likely: float) -> str:
    """Say how sure both readings are, and which namesake came second: for ``inspect``."""
    said = f"a place {likely:.2f}, this one {choice.confidence:.2f}"
    if choice.place is not None and (second := choice.second) is not None:
        said += f" before {second.name} ({second.id}, {second.kind}, {second.country})"
    return said


def _label(choice: Choice) -> str:
    kinds = {p.kind for p in choice.rivals} or {choice.place.kind if choice.place else "place"}
    return kinds.pop() if len(kinds) == 1 else "place"


def _country(choice: Choice) -> str | None:
    countries = {p.country for p in choice.rivals} or {
        choice.place.country if choice.place else None
    }
    return countries.pop() if len(countries) == 1 else None


def _detail(item: Found, choice: Choice, *, is_adjective: bool) -> str:
    parts = list(choice.evidence)
    if choice.rivals:
        parts = [
            "tie between " + ", ".join(f"{p.id} ({p.kind}, {p.country})" for p in choice.rivals)
        ]
    if item.context.admin:
        parts.insert(
            0, f"{'title' if item.context.is_title else 'admin word'} {item.context.admin!r}"
        )
    if item.context.organisation:
        parts.append(f"inside organisation ({item.context.organisation})")
    if choice.place is not None and fold_name(item.name) != fold_name(choice.place.name):
        parts.append(f"preferred name {choice.place.name!r}")
    if choice.grade == DEMONYM:
        parts.append("demonym")
    elif is_adjective:
        parts.append(f"adjectival use after {item.context.previous!r}")
    if item.label:
        parts.append(f"entity {item.label}")
    return "; ".join(parts)
