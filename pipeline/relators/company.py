"""The company a partner is named in: what a text says of the other partners of the same government.

In: candidates of a document with their features. Out: features of each. "Nagoya followed in 1984,
then came Perth" says next to nothing by itself; where the text tells of seven foreign towns one
after the other, and of four in words of an agreement, the other three are most likely partners too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.relators.candidates import Candidate
from pipeline.relators.features import Features
from pipeline.relators.scene import Scene

_ASIDE = 40  # characters behind a name in which its country stands: "Nagoya, a port in Japan"
_SIGNS = ("instrument_sentence", "stage_sentence", "partner_after_with", "tied_before")


def company_features(
    scene: Scene, candidates: Sequence[Candidate], rows: Sequence[Features]
) -> None:
    """Add the features to ``rows``, which hold those of each candidate by itself."""
    abroad: dict[str, list[int]] = {}
    for i, c in enumerate(candidates):
        if c.partner.is_government and rows[i].get("two_countries"):
            abroad.setdefault(c.local.key, []).append(i)
            abroad.setdefault(c.partner.key, []).append(i)
    for i, c in enumerate(candidates):
        f = rows[i]
        others = [j for j in abroad.get(c.local.key, ()) if j != i]
        told: Features = {"company": math.log1p(len(others))}
        if others:
            told["company_tied"] = sum(_is_tied(rows[j]) for j in others) / len(others)
            told["company_dated"] = sum(rows[j].get("date", 0.0) for j in others) / len(others)
        if i in abroad.get(c.local.key, ()):
            told["introduced"] = float(_is_introduced(scene, c))
            told["alone_in_sentence"] = float(_is_alone(scene, c))
        f.update({name: value for name, value in told.items() if value})


def _is_tied(f: Features) -> bool:
    return any(f.get(name) for name in _SIGNS)


def _is_introduced(scene: Scene, candidate: Candidate) -> bool:
    """Tell whether the text says where the partner lies when it first names it."""
    first = candidate.partner.named[0].span
    return any(
        0 <= p.span.start - first.end <= _ASIDE or 0 <= first.start - p.span.end <= _ASIDE
        for p in scene.view.layer("place", "country")
        if p.country == candidate.partner.party.country
    )


def _is_alone(scene: Scene, candidate: Candidate) -> bool:
    """Tell whether some sentence names the partner and no other government but the local one."""
    units = scene.view.units
    own = {candidate.local.key, candidate.partner.key}
    taken = {
        units[m.unit].sentence
        for a in scene.actors
        if a.is_government and a.key not in own
        for m in a.mentions
        if m.how != "within"
    }
    return any(units[m.unit].sentence not in taken for m in candidate.partner.named)
