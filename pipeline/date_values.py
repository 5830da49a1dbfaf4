"""What a date means: from the parts that a text gives to EDTF, read against the publication date.

In: the parts of one expression (`Parts`). Out: a label and an EDTF value. No guess: parts that make
no day of the calendar have no reading, and a relative date without a publication date has no value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

YEAR, HALF_YEAR = 365, 183  # days
HORIZON = 120  # days ahead that a date without a year and without a word of the future may lie
TURN = 35  # days: around New Year's Eve so far ahead is likelier than almost a year back
FUTURE = 2  # a lean: the sentence tells of what is to come
_BARRED = 10_000  # a cost above all others
CENTURY = 100
YOUNG = 10  # two-digit years up to so far ahead of now are this century's
_PRECISION = {"day": 10, "week": 10, "month": 7, "year": 4}  # characters of EDTF that tell a unit
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11)}  # months
ROMAN = {
    numeral: number
    for number, numeral in enumerate("i ii iii iv v vi vii viii ix x xi xii".split(), 1)
}
Value = tuple[str, str | None]  # label, EDTF


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One end of a date: what the text says of it."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None

    def edtf(self) -> str | None:
        """Return EDTF with the precision of the parts, or None where there is no such day."""
        if self.year is None:
            return None
        if self.month is None:
            return f"{self.year:04d}"
        if self.day is None:
            return f"{self.year:04d}-{self.month:02d}"
        try:
            return date(self.year, self.month, self.day).isoformat()
        except ValueError:
            return None

    @property
    def label(self) -> str:
        """Return the precision: day, month or year."""
        return "day" if self.day else "month" if self.month else "year"


def shift_month(year: int, month: int, months: int) -> tuple[int, int]:
    """Return the month so many months later."""
    index = year * 12 + month - 1 + months
    return index // 12, index % 12 + 1


def near(parts: Parts, published: date | None, lean: int) -> Parts | None:
    """Give a date without a year the year in which the text means it.

    Args:
        parts: At least a month.
        published: The publication date.
        lean: -1 only the past, 1 only the future, 0 as news is told, `FUTURE` rather the future.

    Returns:
        The parts with a year (without one if the publication date is unknown); None if there is no
        such day. The weekday, where the text has it, decides between years.
    """
    if published is None or parts.year is not None:
        return parts if parts.year is None or parts.edtf() else None
    if parts.month is None:
        return _nearest_day(parts, published)
    options: list[tuple[int, int]] = []
    for year in (published.year - 1, published.year, published.year + 1):
        day = _first_day(replace(parts, year=year))
        if day is None:
            continue
        ahead = (day - _start(published, parts)).days
        wrong_weekday = bool(parts.weekday and parts.day and day.isoweekday() != parts.weekday)
        is_next = year > published.year
        options.append((_cost(ahead, lean, is_next=is_next) + _BARRED * wrong_weekday, year))
    return replace(parts, year=min(options)[1]) if options else None


def _nearest_day(parts: Parts, published: date) -> Parts | None:
    """Give a bare day ("Wednesday (20)") the nearest month that fits its weekday."""
    options: list[tuple[int, Parts]] = []
    for months in (-1, 0, 1):
        year, month = shift_month(published.year, published.month, months)
        whole = replace(parts, year=year, month=month)
        day = _first_day(whole)
        if day is not None and parts.weekday in (None, day.isoweekday()):
            options.append((abs((day - published).days), whole))
    return min(options, key=lambda o: o[0])[1] if options else None


def _cost(ahead: int, lean: int, *, is_next: bool) -> int:
    """Return how unlikely a date is that lies so many days ahead of publication.

    The year of publication is the rule: a date up to a year back, or up to `HORIZON` ahead. In a
    sentence about the future the next one is meant; a few weeks ahead over New Year's Eve as well.
    """
    if (lean == -1 and ahead > 0) or (lean == 1 and ahead < 0):
        return _BARRED // 2 + abs(ahead)
    if lean == FUTURE:
        return ahead if ahead >= 0 else HALF_YEAR - 2 * ahead
    if is_next:
        return YEAR - TURN + ahead
    if ahead > HORIZON:
        return YEAR + ahead
    return 0 if ahead >= 0 else -ahead


def _start(published: date, parts: Parts) -> date:
    return published if parts.day else published.replace(day=1)


def _first_day(parts: Parts) -> date | None:
    try:
        return date(parts.year or 0, parts.month or 1, parts.day or 1)
    except ValueError:
        return None


def span_of(first: Parts, second: Parts) -> Value | None:
    """Return the range of two ends; what the first lacks it takes from the second."""
    if first.year is None and second.year is not None:
        year = second.year - (1 if (first.month or 0) > (second.month or 12) else 0)
        first = replace(first, year=year)
    if first.month is None and first.day is not None:
        first = replace(first, month=second.month)
    low, high = first.edtf(), second.edtf()
    if second.year is None:
        return ("range", None)
    if low is None or high is None or low[: len(high)] > high or low == high:
        return None
    return "range", f"{low}/{high}"


def shifted(published: date | None, unit: str, count: int) -> Value:
    """Return the day, week, month, quarter, year or decade ``count`` units from publication.

    A week is told by its month where it lies in one: that is what "last week" lets one say of a
    date.
    """
    label = {"week": "week", "fortnight": "week", "quarter": "range"}.get(unit, unit)
    if published is None:
        return label, None
    try:
        return _shifted(published, unit, count)
    except (ValueError, OverflowError):
        return label, None


def _shifted(published: date, unit: str, count: int) -> Value:
    if unit == "day":
        return "day", (published + timedelta(days=count)).isoformat()
    if unit in ("week", "fortnight"):
        return week_of(published + timedelta(weeks=count * (2 if unit == "fortnight" else 1)))
    if unit == "month":
        year, month = shift_month(published.year, published.month, count)
        return "month", Parts(year=year, month=month).edtf()
    if unit == "quarter":
        year, month = shift_month(published.year, published.month, 3 * count)
        return quarter(year, (month + 2) // 3)
    if unit == "decade":
        return "decade", f"{published.year // 10 + count:03d}X"
    return "year", f"{date(published.year + count, 1, 1).year:04d}"


def week_of(day: date) -> Value:
    """Return the week (from Monday) around a day: its month, or its days where it has two."""
    first = day - timedelta(days=day.weekday())
    last = first + timedelta(days=6)
    if first.month == last.month:
        return "week", f"{first.year:04d}-{first.month:02d}"
    return "week", f"{first.isoformat()}/{last.isoformat()}"


def quarter(year: int, number: int) -> Value:
    """Return a quarter of a year as its months."""
    return "range", f"{year:04d}-{3 * number - 2:02d}/{year:04d}-{3 * number:02d}"


def weekday_near(published: date, weekday: int, shift: int | None, *, is_future: bool) -> date:
    """Return the day that a weekday means.

    Args:
        published: The publication date.
        weekday: 1 is Monday.
        shift: -1 the last one before publication, 1 the next one after it, None by the tense.
        is_future: The sentence tells of what is to come.
    """
    back = (published.isoweekday() - weekday) % 7
    if shift == -1:
        return published - timedelta(days=back or 7)
    if shift == 1 or (is_future and back):
        return published + timedelta(days=7 - back)
    return published - timedelta(days=back)


def full_year(two_digits: int, published: date | None) -> int:
    """Return the year that two digits mean: not more than `YOUNG` years ahead of publication."""
    horizon = (published.year if published else 2_030) + YOUNG  # without a date: about now
    year = horizon // CENTURY * CENTURY + two_digits
    return year if year <= horizon else year - CENTURY


def half(year: int, number: int) -> Value:
    """Return a half of a year as its months."""
    return "range", f"{year:04d}-{6 * number - 5:02d}/{year:04d}-{6 * number:02d}"


def anchored(anchor: str | None, unit: str, count: int) -> Value | None:
    """Return what lies ``count`` units from a date that the text has just named.

    None where no date was named, or one that says less than the unit ("1994; the following day").
    """
    last = (anchor or "").split("/")[-1]
    if len(last) < _PRECISION.get(unit, 99) or not last.replace("-", "").isdecimal():
        return None
    day = date.fromisoformat(f"{last}-01-01"[:10] if len(last) == 4 else f"{last}-01"[:10])
    label, value = shifted(day, unit, count)
    return None if value is None else (label, value)


def season_year(published: date | None, season: str, shift: int) -> Value:
    """Return the year of "last summer", "this autumn": seasons of the north, but only their year.

    Until a season is over, "last" means that of the year before.
    """
    if published is None:
        return "year", None
    first, last = _SEASONS[season]
    year = published.year
    if shift < 0 and published.month <= last:
        year -= 1
    elif shift > 0 and published.month >= first:
        year += 1
    return "year", f"{year:04d}"
