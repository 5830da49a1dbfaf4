"""Alerts: which sources gave far less, or failed far more, than in their own last 28 days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from pipeline.catalog_rows import RunRow
from pipeline.ingest_report import Tally

DAYS = 28  # four whole weeks, so that each weekday counts alike
LEAST_DAYS = 7  # days with a run, before anything is compared: a weekend is among them
_FEW = 0.25  # of the median: half of it is a quiet day, a quarter is not
_LEAST_MEDIAN = 3  # new documents a day; below that, a day without any is usual
_MANY = 3.0  # times the median
_LEAST_FAILURES = 5  # fewer are the weather of the web
_LEAST_SHARE = 0.1  # of all answers: 6 broken links among 1,000 pages alarm nobody
_SHIFT = timedelta(hours=3)  # a night's run may begin so much early or late and keep its day

RULE = (
    f"A source is compared with its own days of the last {DAYS}, once it has {LEAST_DAYS} days "
    "with a run. **few new**: its new documents of this day are at most a quarter of its median, "
    f"the median is {_LEAST_MEDIAN} or more, there were never so many such days in a row before "
    "(so a quiet weekend is none), it named fewer documents than usual too (so the end of a "
    "backlog is none), and it was asked. **many failures**: failed, blocked and disallowed answers "
    f"are {_LEAST_FAILURES} or more, more than three times its median, and a tenth of its answers. "
    "A source that gives nothing has a median of 0 after two weeks, and is quiet then."
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One reason to look at a source; ``kind`` is ``few_new`` or ``many_failures``."""

    kind: str
    value: int
    median: float
    days: int

    def as_text(self) -> str:
        """Return one sentence."""
        what = "new documents" if self.kind == "few_new" else "failures"
        return f"{self.value:,} {what}, its median over {self.days} days is {self.median:g}"


def alerts_of(tally: Tally, history: Sequence[RunRow], run_id: str) -> tuple[Alert, ...]:
    """Compare what a run did for a source with its history (rule: `RULE`).

    Args:
        tally: This run.
        history: Rows of this source in any order; this run's own row does no harm.
        run_id: When this run began, ISO 8601.
    """
    rows = [row for row in history if row.run_id != run_id and row.source_id == tally.source_id]
    today, past = _by_day(rows, _moment(run_id))
    if len(past) < LEAST_DAYS:
        return ()
    mine = tally.as_row(run_id, run_id, "{}")
    found = [_few_new(mine, today, past), _many_failures([*today, mine], past)]
    return tuple(alert for alert in found if alert is not None)


def _few_new(mine: RunRow, today: list[RunRow], past: list[list[RunRow]]) -> Alert | None:
    if mine.waiting and _answers(mine) == 0:
        return None  # nothing of it was due
    now, days = _sum([*today, mine], _new), [_sum(day, _new) for day in past]
    usual = float(median(days))
    lows = [value <= usual * _FEW for value in days]  # the newest day first
    running = lows.index(False) if False in lows else len(lows)
    if usual < _LEAST_MEDIAN or now > usual * _FEW or running < _longest(lows[running:]):
        return None
    named = float(median(_sum(day, _discovered) for day in past))
    if 0 < named <= _sum([*today, mine], _discovered):
        return None
    return Alert("few_new", now, usual, len(past))


def _longest(lows: Sequence[bool]) -> int:
    """Return the length of the longest series of true values."""
    longest = length = 0
    for is_low in lows:
        length = length + 1 if is_low else 0
        longest = max(longest, length)
    return longest


def _many_failures(today: list[RunRow], past: list[list[RunRow]]) -> Alert | None:
    now, usual = _sum(today, _failures), float(median(_sum(day, _failures) for day in past))
    answers = _sum(today, _answers)
    if now < _LEAST_FAILURES or now <= usual * _MANY or now < answers * _LEAST_SHARE:
        return None
    return Alert("many_failures", now, usual, len(past))


def _new(row: RunRow) -> int:
    return row.fetched if row.new is None else row.new


def _discovered(row: RunRow) -> int:
    return row.discovered


def _failures(row: RunRow) -> int:
    return row.failed + row.blocked + row.disallowed


def _answers(row: RunRow) -> int:
    return row.fetched + row.unchanged + row.gone + _failures(row)


def _sum(rows: Sequence[RunRow], value: Callable[[RunRow], int]) -> int:
    return sum(value(row) for row in rows)


def _by_day(
    rows: Sequence[RunRow], now: datetime | None
) -> tuple[list[RunRow], list[list[RunRow]]]:
    """Return the runs of this day, and those of earlier days that had any, the newest first.

    A day ends three hours after the time of day at which this run began.
    """
    days: dict[int, list[RunRow]] = {}
    for row in rows:
        begun = _moment(row.started_at)
        if now is not None and begun is not None and begun <= now:
            days.setdefault((now + _SHIFT - begun) // timedelta(days=1), []).append(row)
    today = days.pop(0, [])
    return today, [days[number] for number in sorted(days) if number <= DAYS]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
