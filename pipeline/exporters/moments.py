"""EDTF to calendar days, for programs that draw time and know days only (Gephi, QGIS).

The days are for drawing: a year becomes its first day as a beginning and its last as an end. The
EDTF text stands beside them wherever they are written.
"""

from __future__ import annotations

import calendar
import re
from datetime import date

_PART = re.compile(r"([0-9]{1,4}X{0,3})(?:-([0-9]{2}|XX))?(?:-([0-9]{2}|XX))?[~?%]?")


def first_day(edtf: str) -> date | None:
    """Return the earliest day that a date allows; none where it is open, empty or no date."""
    return _day(edtf.partition("/")[0], last=False)


def last_day(edtf: str) -> date | None:
    """Return the latest day that a date allows; none where it is open, empty or no date."""
    first, slash, second = edtf.partition("/")
    return _day(second if slash else first, last=True)


def _day(part: str, *, last: bool) -> date | None:
    match = _PART.fullmatch(part)
    if match is None or len(match[1]) != 4:
        return None
    year = int(match[1].replace("X", "9" if last else "0"))
    month = _number(match[2]) or (12 if last else 1)
    if not (year >= 1 and 1 <= month <= 12):
        return None
    longest = calendar.monthrange(year, month)[1]
    day = _number(match[3]) or (longest if last else 1)
    return date(year, month, day) if day <= longest else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
