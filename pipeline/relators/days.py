"""Distances between EDTF dates, as far as their precision goes. No clock, no parsing of texts."""

from __future__ import annotations

import re
from datetime import date

_EDTF = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def first_day(edtf: str | None) -> date | None:
    """Return the first day that an EDTF date or interval can mean.

    ``None`` where it has no year.
    """
    match = _EDTF.match(edtf or "")
    if match is None:
        return None
    year, month, day = (int(g) if g else 1 for g in match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def precision(edtf: str) -> int:
    """Return 1 for a year, 2 for a month, 3 for a day; an interval has that of its start."""
    match = _EDTF.match(edtf)
    return sum(g is not None for g in match.groups()) if match else 0


def days_between(earlier: str | None, later: str | None) -> int | None:
    """Return how many days ``later`` begins after ``earlier``; ``None`` where either is no date."""
    first, second = first_day(earlier), first_day(later)
    return None if first is None or second is None else (second - first).days
