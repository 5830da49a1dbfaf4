"""Which scores count: a point of the precision-recall curve, the thresholds, their file.

In: how many records are right, wrong and missed at each score, out of fold. Out: the two
thresholds of DESIGN 5 and the text of ``models/thresholds.yml`` with the curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

VETTED_PRECISION = 0.95  # DESIGN 5: what `vetted` is chosen for
# Of F1, that may be given for precision: a wrong record is worse than a missing one, and the curve
# is so flat that this buys ten times as much precision.
_GIVEN = 0.005
# From here on about one ordinary news text in a hundred gets a false record.
CANDIDATE_PRECISION = 0.77
_LEAST_RECALL = 0.4  # a tier that holds less of what there is serves nobody


def point_of(threshold: float, right: int, wrong: int, missed: int) -> dict[str, float]:
    """Return the point of the curve at ``threshold``: precision, recall, F1, records kept."""
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {
        "threshold": threshold,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(f1, 4),
        "records": right + wrong,
    }


def choose_thresholds(curve: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the candidate threshold and the vetted one.

    The candidate is the first with the precision of `CANDIDATE_PRECISION` among those whose F1 is
    nearly as good as the best, else the highest of these. Vetted is the first with the wanted
    precision among those that keep enough recall, else the most precise of these.
    """
    top = max(p["f1"] for p in curve)
    good = [p for p in curve if p["f1"] >= top - _GIVEN]
    trusted = (p["threshold"] for p in good if p["precision"] >= CANDIDATE_PRECISION)
    candidate = min(trusted, default=max(p["threshold"] for p in good))
    enough = [p for p in curve if p["recall"] >= _LEAST_RECALL and p["threshold"] >= candidate]
    precise = [p for p in enough if p["precision"] >= VETTED_PRECISION]
    best = max(enough, key=lambda p: p["precision"], default={"threshold": candidate})
    vetted = precise[0] if precise else best
    return {"candidate": candidate, "vetted": vetted["threshold"]}


def thresholds_text(
    chosen: Mapping[str, float], curve: Sequence[Mapping[str, float]], documents: int
) -> str:
    """Return the text of ``thresholds.yml``."""
    head = (
        "# When a mention counts, and when it counts as vetted. Written by `make models`.\n"
        f"# The curve: pairs of {documents} training documents, each scored by a model that did\n"
        "# not see it (5-fold cross-validation by document). `candidate` is the first with\n"
        f"# precision {CANDIDATE_PRECISION} among those with F1 within {_GIVEN} of the best, else\n"
        "# the highest of these,\n"
        f"# `vetted` the first point from there with precision {VETTED_PRECISION} and recall of\n"
        f"# at least {_LEAST_RECALL}, else the most precise one with that recall.\n"
    )
    shown = [
        dict(p)
        for p in curve
        if round(p["threshold"] * 100) % 5 == 0 or p["threshold"] in chosen.values()
    ]
    return head + yaml.safe_dump(
        {**chosen, "curve": shown}, sort_keys=False, default_flow_style=None
    )
