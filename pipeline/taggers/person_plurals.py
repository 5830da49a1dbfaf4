"""Several holders of one office: "Mayors A of X and B of Y", "the mayors of X and Y, A and B".

In: the context of a text and an office in the plural. Out: each name with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.taggers.person_offices import Governed, OfficeHit, annotated_place

if TYPE_CHECKING:
    from pipeline.taggers.person_names import Context, Name

_MOST = 6  # holders in one row; more is a list and no sentence
_OF = re.compile(r" (?:of|from|dari) (?:the )?(?:City of )?")
_NEXT = re.compile(r",? (?:and|dan|serta|&) |, ")
_TITLE_GAP = re.compile(r"[ \u00a0]?[,:(–—-]?[ \u00a0]+(?:yakni |yaitu |namely )?")


def holders_of_plural(context: Context, hit: OfficeHit) -> Iterator[tuple[Name, Governed | None]]:
    """Yield the names that share an office, each with its own place."""
    places, offset = _places(context, hit.end)
    if not places:
        row = _names(context, hit.end + 1, with_places=True)
        yield from row if len(row) > 1 or (row and row[0][1]) else ()
        return
    gap = _TITLE_GAP.match(context.text, offset)
    row = _names(context, gap.end(), with_places=False) if gap else []
    if len(row) == len(places):
        yield from ((name, place) for (name, _), place in zip(row, places, strict=True))


def _places(context: Context, offset: int) -> tuple[list[Governed], int]:
    """Return the places after "the mayors of", and where the last one ends."""
    found: list[Governed] = []
    link = _OF.match(context.text, offset)
    begin = link.end() if link else offset + 1
    while len(found) < _MOST and (place := annotated_place(context, begin)) is not None:
        found.append(place)
        offset = place.end
        step = _NEXT.match(context.text, offset)
        if step is None:
            break
        begin = step.end()
    return found, offset


def _names(
    context: Context, offset: int, *, with_places: bool
) -> list[tuple[Name, Governed | None]]:
    """Return names in a row, each with the place that "of" gives it."""
    found: list[tuple[Name, Governed | None]] = []
    while len(found) < _MOST:
        run = context.run_at(offset)
        tokens = [t for t in run.tokens if t.start >= offset] if run else []
        if not tokens or tokens[0].start != offset:
            break
        for index, token in enumerate(tokens):
            if index and token.low in ("and", "dan", "of"):
                tokens = tokens[:index]
                break
        name = context.name_of(tokens, "")
        if name is None or name.start - offset > _MOST:
            break
        end, place = name.end, None
        link = _OF.match(context.text, end) if with_places else None
        if link and (place := annotated_place(context, link.end())) is not None:
            end = place.end
        found.append((name, place))
        step = _NEXT.match(context.text, end)
        if step is None:
            break
        offset = step.end()
    return found
