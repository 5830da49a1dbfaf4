"""Local bodies: a branch of a registered one, and an association named in small letters.

In: a text, the organisations and the places found. Out: candidates. "Ikatan Dokter Indonesia Cabang
Pidie Jaya" is not its mother body, and "the San Roque business association" is not San Roque.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.taggers.organisation_cues import trimmed
from pipeline.taggers.organisation_mentions import CUE, Candidate
from pipeline.taggers.organisation_runs import run_at

if TYPE_CHECKING:
    from pipeline.records import Annotation
    from pipeline.taggers.organisation_types import Registers

# Kinds whose bodies have branches that act for themselves; "UNICEF Indonesia" is UNICEF.
_BRANCHING = frozenset(("association", "city_network"))
_LOCAL = frozenset(("city", "regency", "province", "area"))
_BRANCH = re.compile(
    r" (?:(?:Cabang|Wilayah|Daerah|Komisariat|Chapter|Kota|Kabupaten|Provinsi) ){0,2}"
)
_SMALL = re.compile(
    r" (?:(?:business|traders|merchants|farmers|fishermen|growers|hoteliers|hotel|tourism|trade|"
    r"tenants|residents|exporters|producers|journalists|athletic|football) "
    r"(?:association|guild|union|federation)|chamber of (?:commerce|trade))\b"
)
_SIGNS = (" association", " guild", " union", " federation", " chamber of ")


def with_branches(
    text: str, names: Sequence[Candidate], places: Sequence[Annotation]
) -> list[Candidate]:
    """Return the names, those of registered bodies widened to the branch that a place makes them.

    Args:
        text: The document.
        names: The organisations found.
        places: The places, in text order.
    """
    starts = [p.span.start for p in places]
    return [_branch(text, name, places, starts) or name for name in names]


def _branch(
    text: str, name: Candidate, places: Sequence[Annotation], starts: Sequence[int]
) -> Candidate | None:
    if name.kind not in _BRANCHING or name.entry is None:
        return None
    link = _BRANCH.match(text, name.end)
    index = bisect_left(starts, link.end()) if link else len(starts)
    if link is None or index >= len(starts) or starts[index] != link.end():
        return None
    place = places[index]
    if place.label not in _LOCAL:
        return None
    why = f"branch of {name.entry.name}"
    return name._replace(
        end=place.span.end, value=None, entry=None, evidence=why, country=place.country
    )


def find_local_bodies(text: str, registers: Registers) -> Iterator[Candidate]:
    """Yield names with a head in small letters: "the San Roque business association"."""
    for match in _SMALL.finditer(text) if any(sign in text for sign in _SIGNS) else ():
        run = run_at(text, match.start() - 1)
        tokens = trimmed(run.tokens, registers) if run and run.end == match.start() else ()
        if tokens:
            why = f"cue{match.group()}"
            yield Candidate(tokens[0].start, match.end(), "association", CUE, why)
