"""Where a government lies that the gazetteer does not list under the name that a text uses.

In: the name, its kind, the words around it and the places recognised. Out: the country that the
text or the word of administration tells, or the listed place that bears the name with its rank
("Kabupaten Gapyeong" is Gapyeong-gun).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pipeline.gazetteer import Gazetteer, Place
from pipeline.records import Annotation

_NEAR = 12  # characters between a name and what it lies in: ", in the "
_LIES_IN = re.compile(r",? (?:in|di|of)(?: the)? ")
_BESIDE = frozenset((", ", " ("))  # what a row has between its members too
_OUTER = frozenset(("country", "province"))
# Ranks that gazetteers keep in a name and texts translate.
_RANKS = {
    "city": ("gu", "si", "shi", "City", "cho", "machi"),
    "regency": ("gun", "County", "Regency", "District"),
    "province": ("do", "ken", "Province", "Oblast", "Governorate"),
}


def country_said(
    text: str, start: int, end: int, own: str | None, places: Sequence[Annotation]
) -> str | None:
    """Return the country of the name at ``[start, end)`` by the words around it.

    Args:
        text: The document.
        start: Where the name begins.
        end: Where the name and its word of administration end.
        own: The country that alone has such a word.
        places: The places recognised.
    """
    if own is not None:
        return own
    for place in places:
        if place.span.start >= end:
            gap = text[end : place.span.start]
            is_outer = gap in _BESIDE and place.label in _OUTER
            if len(gap) <= _NEAR and (is_outer or _LIES_IN.fullmatch(gap)):
                return place.country
        elif place.span.end <= start:
            gap = text[place.span.end : start]
            if gap in ("'s ", "’s ") or (gap == " " and place.label == "demonym"):
                return place.country
    return None


@lru_cache(maxsize=4_096)  # names come back within a document and its neighbours
def listed_with_rank(name: str, kind: str, gazetteer: Gazetteer) -> Place | None:
    """Return the one place of a kind that is listed as ``name`` with a word of its rank."""
    found = {
        place.id: place
        for rank in _RANKS[kind]
        for place in map(gazetteer.place, gazetteer.lookup(f"{name} {rank}"))
        if place.kind == kind
    }
    return next(iter(found.values())) if len(found) == 1 else None
