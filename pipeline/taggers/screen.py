"""The cascade's screen: which documents get the taggers that cost. Cheap, and never the last word.

In: the hits of one `TermMatcher` scan. Out: None for a document that goes on, else the reason why
not. A document goes on if it names an instrument that hardly any other news names (twinning,
memorandum, letter of intent), or if a word of sub-national government stands near a word for
something between two parties. What that loses and what it lets through is measured in
``tests/test_tag.py``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from pipeline.taggers.terms import SCREEN, TermHit

# "Agreement" and "contract" are words of every business page, so they need a government beside
# them.
TELLING = frozenset(
    (
        "sister_city_agreement",
        "mou",
        "letter_of_intent",
        "implementing_arrangement",
        "joint_statement",
    )
)
# Code points between the words: two sentences for an agreement or cooperation, one for a foreign
# guest, because ambassadors and visitors fill other news as well. At half these windows relevant
# documents are lost (recall .981 on the training sets); wider ones only let more news through.
TIE_WINDOW = 300
FOREIGN_WINDOW = 150


def screen(hits: Iterable[TermHit]) -> str | None:
    """Return None if a document may tell an agreement, else the reason to stop here.

    Args:
        hits: All hits in its text, those of the layer `SCREEN` among them.
    """
    governments: list[int] = []
    ties: list[int] = []
    guests: list[int] = []
    for hit in hits:
        if hit.layer == "instrument":
            if hit.label in TELLING:
                return None
            ties.append(hit.start)
        elif hit.layer == SCREEN:
            {"government": governments, "tie": ties}.get(hit.label, guests).append(hit.start)
    if not ties and not guests:
        return "no word of an agreement, a cooperation or a foreign guest"
    if not governments:
        return "no word of a sub-national government"
    if _gap(governments, ties) > TIE_WINDOW and _gap(governments, guests) > FOREIGN_WINDOW:
        return "no sub-national government near a word of cooperation"
    return None


def _gap(left: Sequence[int], right: Sequence[int]) -> float:
    """Return the least distance between two sorted rows of offsets; infinite if one is empty."""
    ordered = sorted(right)
    least = float("inf")
    for offset in left:
        index = bisect_left(ordered, offset)
        least = min(
            [
                least,
                *(abs(offset - ordered[i]) for i in (index - 1, index) if 0 <= i < len(ordered)),
            ]
        )
    return least
