"""Names that the tagger found once and passed over elsewhere in the same text.

In: a `View`. Out: its places, and for each government told for sure the other spots where the same
name stands alone. The tagger weighs each spot by itself: a small town at the head of a sentence is
doubtful there and plain two sentences on.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.records import Annotation, Span
from pipeline.relators.parties import GOVERNMENTS
from pipeline.relators.view import View

_SURE = 0.5  # score of a place from which its name is the place's throughout the text
_SHORTEST = 4  # letters: a shorter name is too common a word


def with_echoes(view: View) -> list[Annotation]:
    """Return the places of a text in order, those included that only their name's echo tells."""
    places = list(view.layer("place"))
    taken = [a.span for a in view.annotations if a.layer in ("place", "organisation", "person")]
    sure: dict[str, Annotation] = {}
    rivals: dict[str, set[str | None]] = {}
    for place in places:
        name = place.span.of(view.text)
        rivals.setdefault(name, set()).add(place.referent_id)
        told = place.label in GOVERNMENTS and place.score >= _SURE and len(name) >= _SHORTEST
        if told and place.score > sure.get(name, place).score - 1e-9:
            sure[name] = place
    found = []
    limit = view.units[-1].span.end if view.units else 0  # behind it stand references
    for name, place in sure.items():
        if len(rivals[name]) > 1:
            continue  # two places of one name: which is meant is not for us to say
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", view.text):
            span = Span(start=match.start(), end=match.end())
            if span.end <= limit and not any(
                t.start < span.end and span.start < t.end for t in taken
            ):
                found.append(replace(place, span=span))
    return sorted([*places, *found], key=lambda a: (a.span.start, -a.span.end))
