"""What follows from a life as it is told: steps that cannot be, and agreements that fell asleep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.builders import edtf
from pipeline.builders.lifecycle import ASSERTED, ONE_ACT, Happening, Life, Told
from pipeline.builders.model import Telling
from pipeline.records import Agreement

AFTER_SIGNING = ("implemented", "renewed", "ended")
IN_FORCE = ("signed", "implemented", "renewed")  # only what was concluded can fall asleep
DAYS_PER_YEAR = 365.25


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


@dataclass(frozen=True, slots=True)
class Sleep:
    """When an agreement counts as dormant: ``years`` without a sign of life before ``today``.

    ``today`` is the day on which the corpus was last added to, as EDTF; not the clock's, so that
    the same corpus gives the same dataset on any day.
    """

    today: str | None
    years: int

    def is_over(self, dates: Iterable[str | None]) -> bool | None:
        """Tell whether the newest of some dates is so long ago; None where none is known."""
        known = [d for d in dates if edtf.bounds(d)]
        now = edtf.bounds(self.today)
        if not known or now is None:
            return None
        return now[0] - max(map(edtf.latest, known))[0] > self.years * DAYS_PER_YEAR


def is_dormant(life: Life, tellings: Iterable[Telling], sleep: Sleep) -> bool | None:
    """Tell whether nothing was heard of an agreement for years. Derived, never told.

    A sign of life is a dated step that was taken, or a document that tells of the agreement as news
    (not as background) by the day it came out. An agreement that a text calls dormant has ended.

    Returns:
        False for one that has ended or was never concluded; None where no step has a date.
    """
    if life.stage not in IN_FORCE:
        return False
    taken = [e.date for e in life.events if e.modality == ASSERTED and edtf.bounds(e.date)]
    news = [
        t.document.published for t in tellings if not (t.is_superseded or t.mention.is_background)
    ]
    return sleep.is_over([*taken, *news]) if taken else None


def corrected_sleep(agreement: Agreement, sleep: Sleep) -> bool | None:
    """Tell whether an agreement is dormant after a person has changed its stage or its dates."""
    if agreement.stage not in IN_FORCE:
        return False
    newest = (agreement.first_date, agreement.signed_date, agreement.latest_date)
    over = sleep.is_over(newest)
    # A date of old does not undo a report of late, which the record does not show.
    return agreement.dormant if over and agreement.dormant is not None else over
