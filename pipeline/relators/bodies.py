"""What an organisation's name has to do with the names beside it: its country, its government.

In: a `View`, an organisation's annotation, the places around. Out: yes or no, or a country.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.records import Annotation
from pipeline.relators.view import View

_APPOSITION = 45  # characters between a name and the country said after it
_BRANCHED = frozenset(("business", "ngo"))  # kinds of bodies with branches of their own
_ACRONYM_GAP = re.compile(r"\s*(?:\([^()]*\))?\s*[,(]?\s*(?:in |di |of |asal |from )?(?:the )?")


def names_next(view: View, org: Annotation) -> bool:
    """Tell whether a body only belongs to the one named right after it.

    "United Nations World Food Programme".
    """
    return any(
        o.layer == "organisation" and view.text[org.span.end : o.span.start] in (" ", "'s ", "’s ")
        for o in view.annotations
        if org.span.end < o.span.start <= org.span.end + 3
    )


def calls_government(view: View, org: Annotation, places: Sequence[Annotation]) -> bool:
    """Tell whether an acronym only repeats the government before it.

    "Kuala Lumpur City Hall (DBKL)", "Kabupaten Timor Tengah Utara (TTU)".
    """
    text, start = view.text, org.span.start
    shown = org.span.of(text)
    if " " in shown or not shown.isupper() or text[start - 1 : start] != "(":
        return False
    after = view.words.admin_after
    for place in places:
        tail = text[place.span.end : start - 1].strip() if place.span.end < start else "?"
        if not tail or (after is not None and after.fullmatch(tail)):
            return True
    return False


def said_after(view: View, org: Annotation, countries: Sequence[Annotation]) -> str | None:
    """Return the country said right after a name: "the Peace Foundation (PF), South Korea"."""
    for place in countries:
        gap = view.text[org.span.end : place.span.start]
        if 0 < len(gap) <= _APPOSITION and _ACRONYM_GAP.fullmatch(gap):
            return place.country
    return None


def is_town_hall(view: View, org: Annotation, places: list[Annotation]) -> bool:
    """Tell whether an organisation's name is a place and government words only.

    "Taipei City Government".
    """
    words = view.words
    for place in places:
        if not (org.span.start <= place.span.start and place.span.end <= org.span.end):
            continue
        head, tail = (
            view.text[org.span.start : place.span.start],
            view.text[place.span.end : org.span.end],
        )
        before = not head.strip() or (
            words.admin_before is not None and words.admin_before.fullmatch(head)
        )
        after = words.admin_after.match(tail) if tail.strip() and words.admin_after else None
        if before and (not tail.strip() or (after is not None and after.end() == len(tail))):
            return place.label != "country" and org.span != place.span
    return False


def branch_of(view: View, org: Annotation, countries: Sequence[Annotation]) -> Annotation | None:
    """Return the country that closes the name of a branch: "Habitat for Humanity | Indonesia".

    The branch is a body of that country, whoever founded it; a school's name may hold any country.
    """
    if org.label not in _BRANCHED:
        return None
    for place in countries:
        closes = org.span.start < place.span.start and place.span.end == org.span.end
        follows = place.span.start == org.span.end + 1 and view.text[org.span.end] == " "
        if closes or follows:
            return place
    return None
