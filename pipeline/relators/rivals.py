"""All candidates of a document against each other: who else could have this partner?

In: a `Scene` and its candidates. Out: the features of each, those of `features` and how the pair
stands against the pairs that share a side with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.relators.candidates import Candidate
from pipeline.relators.company import company_features
from pipeline.relators.features import Features, features_of
from pipeline.relators.lists import find_lists, list_features
from pipeline.relators.scene import Scene


def all_features(scene: Scene, candidates: Sequence[Candidate]) -> list[Features]:
    """Return the features of all candidates of a document, those against each other included."""
    lists = find_lists(scene)
    rows = [{**features_of(scene, c), **list_features(scene, c, lists)} for c in candidates]
    compare(candidates, rows)
    company_features(scene, candidates, rows)
    return rows


def compare(candidates: Sequence[Candidate], rows: Sequence[Features]) -> None:
    """Add to each candidate's features how it stands against the pairs that share a side.

    A partner has as a rule one local side, and the better linked pair leaves little for the others.
    """
    strengths = [_rough(c, f) for c, f in zip(candidates, rows, strict=True)]
    for side in ("partner", "local"):
        groups: dict[str, list[int]] = {}
        for i, c in enumerate(candidates):
            for key in {c.local.key, c.partner.key}:
                groups.setdefault(key, []).append(i)
        for i, c in enumerate(candidates):
            key = c.partner.key if side == "partner" else c.local.key
            others = [strengths[j] for j in groups[key] if j != i]
            top = max(others, default=0.0)
            rows[i][f"rivals_{side}"] = math.log1p(len(others))
            rows[i][f"beats_{side}"] = float(strengths[i] >= top)
            rows[i][f"margin_{side}"] = max(-3.0, min(3.0, strengths[i] - top))
    scale = max(strengths, default=0.0)
    for i in range(len(candidates)):
        rows[i]["margin_document"] = max(-4.0, strengths[i] - scale)


def _rough(candidate: Candidate, f: Features) -> float:
    """A rough strength of a pair: its best link, who it is about, and the words that tie it."""
    value = candidate.best.strength + 2.0 * f.get("local_weight", 0.0)
    value += (
        1.5 * f.get("direct", 0.0) + 1.0 * f.get("partner_after_with", 0.0) + f.get("between", 0.0)
    )
    value -= 1.0 * f.get("partner_onlooker", 0.0) + 0.5 * f.get("gap_others", 0.0)
    value -= 2.0 * f.get("both_after_with", 0.0)
    return value
