"""Dates in EDTF as ranges of days: compare, order, and tell which one says more.

In: EDTF strings (ISO 8601-2 level 1: years, months, days, intervals, ``~ ? %``, ``X`` digits,
seasons). Out: inclusive ranges of proleptic Gregorian day numbers. What cannot be read has no
range.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache

Range = tuple[int, int]
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
_DATE = re.compile(r"(\d{4}|\d{3}X|\d{2}XX)(?:-(\d\d|XX))?(?:-(\d\d|XX))?")
_SEASONS = range(21, 42)  # 21 is spring ...: which months differs by hemisphere, so the whole year
_CACHE = 50_000  # distinct dates in a corpus are few; this bounds memory all the same


@lru_cache(maxsize=_CACHE)
def bounds(edtf: str | None) -> Range | None:
    """Return the first and last day of an EDTF date or interval, or None if it cannot be read."""
    if not edtf:
        return None
    if "/" in edtf:
        left, _, right = edtf.partition("/")
        low, high = _one(left), _one(right)
        first = FIRST_DAY if left in ("", "..") else low and low[0]
        last = LAST_DAY if right in ("", "..") else high and high[1]
        return (first, last) if first and last and first <= last else None
    return _one(edtf)


def _one(text: str) -> Range | None:
    match = _DATE.fullmatch(re.sub(r"[~?%]", "", text))
    if match is None:
        return None
    year, month, day = match.groups()
    if "X" in year:
        low, high = int(year.replace("X", "0")), int(year.replace("X", "9"))
        return (date(low, 1, 1).toordinal(), date(high, 12, 31).toordinal()) if low else None
    number = int(year)
    if number == 0:
        return None
    if month in (None, "XX") or int(month) in _SEASONS:
        return date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal()
    try:
        if day in (None, "XX"):
            last = monthrange(number, int(month))[1]
            return date(number, int(month), 1).toordinal(), date(
                number, int(month), last
            ).toordinal()
        exact = date(number, int(month), int(day)).toordinal()
    except ValueError:
        return None  # 31 February: no such day
    return exact, exact


def width(edtf: str | None) -> int:
    """Return how many days a date leaves open: 0 for a day; unknown is as open as can be."""
    found = bounds(edtf)
    return found[1] - found[0] if found else LAST_DAY


def gap(a: str | None, b: str | None) -> int | None:
    """Return the days between two dates, 0 where they overlap, None where one is unknown."""
    x, y = bounds(a), bounds(b)
    if x is None or y is None:
        return None
    return max(0, y[0] - x[1], x[0] - y[1])


def compatible(a: str | None, b: str | None) -> bool:
    """Tell whether two known dates can be the same day."""
    return gap(a, b) == 0


def order(edtf: str | None) -> tuple[int, int]:
    """Return a sort key: by first day, the more exact first; unknown last."""
    found = bounds(edtf)
    return (found[0], found[1]) if found else (LAST_DAY, LAST_DAY)


def latest(edtf: str | None) -> tuple[int, int]:
    """Return a sort key for "newest": by last day, the more exact higher; unknown lowest."""
    found = bounds(edtf)
    return (found[1], found[0]) if found else (0, 0)


def year_of(edtf: str | None) -> str:
    """Return the year of a date for a label, or an empty string; decades keep their ``X``."""
    return edtf[:4] if edtf and bounds(edtf) and edtf[:2].isdigit() else ""
