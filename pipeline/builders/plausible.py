"""What follows from a life as it is told: steps that cannot be."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.builders import edtf
from pipeline.builders.lifecycle import ASSERTED, ONE_ACT, Happening, Life, Told

AFTER_SIGNING = ("implemented", "renewed", "ended")


def impossible(life: Life) -> list[tuple[Told, str]]:
    """Return the steps that cannot have come when they are told to have, each with the reason.

    They stay in the record as they were told: one of two dates is wrong, and nobody guesses which.
    """
    dated = [e for e in life.events if e.modality == ASSERTED and edtf.bounds(e.date)]
    first = edtf.bounds(life.signed.date) if life.signed else None
    ends = [e for e in dated if e.stage == "ended"]
    found = []
    for event in dated:
        first_day, last_day = edtf.bounds(event.date) or (0, 0)
        if first and event.stage in AFTER_SIGNING and last_day < first[0]:
            found.append((event.best, f"{event.stage} before it was signed"))
        out = edtf.bounds(event.best.telling.document.published)
        if out and first_day > out[1] + ONE_ACT:
            found.append((event.best, f"{event.stage} after the report that tells it as done"))
        if event.stage == "implemented" and _is_over(first_day, ends, dated):
            found.append((event.best, "implemented after it ended, and never renewed"))
    return found


def _is_over(day: int, ends: Sequence[Happening], dated: Sequence[Happening]) -> bool:
    """Tell whether the agreement had ended for good before a day."""
    over = [e for end in ends if (e := edtf.bounds(end.date)) and e[1] + ONE_ACT < day]
    if not over:
        return False
    again = [edtf.latest(e.date)[0] for e in dated if e.stage in ("signed", "renewed")]
    return not any(day >= a - ONE_ACT and a >= max(over)[0] for a in again)
