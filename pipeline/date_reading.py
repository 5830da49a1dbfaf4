"""One match of a date rule, read: the groups that matched become parts, the parts become a value.

In: a match, its rule and its `Context`. Out: a label and an EDTF value; None where it is no date
after all (31 February, a range that runs backwards), so that a shorter reading gets its turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from pipeline.codebook import DateRule
from pipeline.date_rules import Context, number_of
from pipeline.date_values import (
    CENTURY,
    FUTURE,
    ROMAN,
    Parts,
    Value,
    anchored,
    full_year,
    half,
    near,
    quarter,
    season_year,
    shift_month,
    shifted,
    span_of,
    weekday_near,
)

MONTHS = 12
QUARTERS = 4
PAST = -1  # a lean, as `FUTURE` is


def read(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    """Return what a match means by its rule's ``make``."""
    return _MAKERS[rule.make](match, rule, context)


def _groups(match: re.Match[str]) -> dict[str, str]:
    return {k: v for k, v in match.groupdict().items() if v is not None}


def _parts(groups: dict[str, str], context: Context, end: str) -> Parts:
    """Return the parts of the first (``end`` is empty) or the second end (``2``) of a date."""
    day, year = groups.get(f"day{end}"), groups.get(f"year{end}")
    month = context.months.get(groups.get(f"month{end}", "")) or ROMAN.get(groups.get("roman", ""))
    weekday = context.weekdays.get(groups.get(f"weekday{end}", ""))
    number = int(re.sub(r"\D", "", day)) if day else None
    if number is None and "number" in groups:  # "the ninth of June"
        number = number_of(groups["number"], context.words.numbers)
    return Parts(
        year=int(year) if year else None,
        month=month,
        day=number,
        weekday=weekday,
    )


def _date(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    groups = _groups(match)
    if "iso" in groups:
        year, month, day = (int(n) for n in re.split("[-/.]", groups["iso"]))
        return _valid(Parts(year=year, month=month, day=day)) if month <= MONTHS else None
    if "numeric" in groups or "short" in groups:
        return _numeric(groups, context)
    if "days" in groups:
        return _day_range(groups["days"], context)
    if "yy" in groups and "year" in groups:
        return _school_year(groups)
    first = _parts(groups, context, "")
    if "yy" in groups:
        first = replace(first, year=full_year(int(groups["yy"]), context.published))
    if not any(k.endswith("2") and not k.startswith("weekday") for k in groups):
        whole = _with_year(first, rule, context)
        return None if whole is None else _valid(whole)
    return _range(first, _parts(groups, context, "2"), rule, context)


def _range(first: Parts, second: Parts, rule: DateRule, context: Context) -> Value | None:
    """Read two ends; what one of them lacks, the other says ("5 to 7 May 2016", "July 3 to 5")."""
    if second.month is None and first.month is not None and second.day is not None:
        second = Parts(year=second.year, month=first.month, day=second.day)
    if second.year is None and first.year is not None:
        second = Parts(year=first.year, month=second.month, day=second.day)
    whole = _with_year(second, rule, context)
    return None if whole is None else span_of(first, whole)


def _with_year(parts: Parts, rule: DateRule, context: Context) -> Parts | None:
    published = context.published
    if parts.year is not None or published is None:
        return parts
    if rule.unit == "year":
        return Parts(year=published.year + (rule.shift or 0), month=parts.month, day=parts.day)
    if rule.unit == "month":
        year, month = shift_month(published.year, published.month, rule.shift or 0)
        return Parts(year=year, month=month, day=parts.day)
    told = FUTURE if context.is_future else PAST if context.is_past else 0
    lean = rule.shift if rule.shift is not None else told
    return near(parts, published, lean)


def _valid(parts: Parts) -> Value | None:
    """Return label and value; a date that still lacks its year has a label only."""
    value = parts.edtf()
    if value is None and parts.year is not None:
        return None
    return parts.label, value


def _numeric(groups: dict[str, str], context: Context) -> Value | None:
    """Read 18/7/2005 or 4/2: by the weekday beside it, else by what the document shows."""
    numbers = [int(n) for n in re.split(r"[/.-]", groups.get("numeric") or groups["short"])]
    weekday = context.weekdays.get(groups.get("weekday", ""))
    year: int | None = None
    if "numeric" in groups:
        is_short = len(re.split(r"[/.-]", groups["numeric"])[2]) == 2
        year = full_year(numbers[2], context.published) if is_short else numbers[2]
    orders = [(numbers[0], numbers[1]), (numbers[1], numbers[0])]
    if context.is_american:
        orders.reverse()
    readings: list[Parts] = []
    for day, month in orders:
        if 1 <= month <= MONTHS:
            parts = Parts(year=year, month=month, day=day, weekday=weekday)
            whole = near(parts, context.published, FUTURE * context.is_future)
            if whole is not None and _valid(whole) is not None:
                readings.append(whole)
    fitting = [r for r in readings if weekday and _weekday_of(r) == weekday]
    chosen = (fitting or readings)[:1]
    return _valid(chosen[0]) if chosen else None


def _day_range(words: str, context: Context) -> Value | None:
    """Read 12-13/8/2023 and 12-13/8: days of one month."""
    first, second, month, *rest = (int(n) for n in re.findall(r"\d+", words))
    if month > MONTHS:
        return None
    year = (
        (rest[0] if rest[0] >= CENTURY else full_year(rest[0], context.published)) if rest else None
    )
    last = near(
        Parts(year=year, month=month, day=second), context.published, FUTURE * context.is_future
    )
    return None if last is None else span_of(Parts(month=month, day=first), last)


def _weekday_of(parts: Parts) -> int | None:
    value = parts.edtf()
    return date.fromisoformat(value).isoweekday() if value and parts.day else None


def _school_year(groups: dict[str, str]) -> Value | None:
    """Read 2018-19 and 2018/19: only two years that follow in one century."""
    first = int(groups["year"])
    second = first // 100 * 100 + int(groups["yy"])
    return ("range", f"{first:04d}/{second:04d}") if second > first else None


def _days(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    """Read "5 and 6 May": a range, because EDTF level 1 has no lists."""
    groups = _groups(match)
    days = sorted(int(re.sub(r"\D", "", v)) for k, v in groups.items() if k.startswith("day"))
    month = context.months.get(groups.get("month", ""))
    year = int(groups["year"]) if "year" in groups else None
    return _range(
        Parts(day=days[0], month=month), Parts(year=year, month=month, day=days[-1]), rule, context
    )


def _year(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    return "year", match.group("year")


def _decade(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    if rule.shift:  # "the sixties" of the last century
        return "decade", f"{rule.shift // 10}X"
    year = f"19{match.group('yy')}" if "yy" in match.re.groupindex else match.group("year")
    return ("decade", f"{year[:3]}X") if year.endswith("0") else None


def _quarter(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    groups = _groups(match)
    words = groups.get("quarter", "").strip("q") or groups.get("number", str(QUARTERS))
    number = number_of(words, context.words.numbers)
    if number is None or not 1 <= number <= (QUARTERS if rule.make == "quarter" else 2):
        return None
    if rule.unit == "year" and context.published is None:
        return "range", None
    published = context.published.year if context.published else 0
    year = published + (rule.shift or 0) if rule.unit == "year" else int(groups["year"])
    return (quarter if rule.make == "quarter" else half)(year, number)


def _anchor(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    """Read "two years later", "the following day": from the date that the text named before."""
    groups = _groups(match)
    number = number_of(groups["number"], context.words.numbers) if "number" in groups else 1
    unit = rule.unit or context.units[groups["unit"]]
    if number is None or context.is_future:
        return None
    return anchored(context.anchor, unit, number * (rule.shift or 0))


def _season(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    return season_year(context.published, rule.unit or "", rule.shift or 0)


def _feast(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    """Read a feast that has its day: ``shift`` is month and day in four digits."""
    month, day = divmod(rule.shift or 0, CENTURY)
    year = _groups(match).get("year")
    parts = Parts(year=int(year) if year else None, month=month, day=day)
    whole = near(parts, context.published, FUTURE if context.is_future else PAST)
    return None if whole is None else _valid(whole)


def _weekday(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    groups, published = _groups(match), context.published
    first, second = groups["weekday"], groups.get("weekday2")
    if published is None:
        return ("range" if second else "day"), None
    if rule.unit == "week":
        monday = published - timedelta(days=published.weekday()) + timedelta(weeks=rule.shift or 0)
        day = monday + timedelta(days=context.weekdays[second or first] - 1)
    else:
        number = context.weekdays[second or first]
        day = weekday_near(published, number, rule.shift, is_future=context.is_future)
    if second is None:
        return "day", day.isoformat()
    back = (context.weekdays[second] - context.weekdays[first]) % 7
    return "range", f"{(day - timedelta(days=back)).isoformat()}/{day.isoformat()}"


def _shift(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    unit = rule.unit or context.units[match.group("unit")]
    return shifted(context.published, unit, rule.shift or 0)


def _weekend(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    if context.published is None:
        return "range", None
    shift = rule.shift if rule.shift is not None else int(context.is_future) - 1
    monday = context.published - timedelta(days=context.published.weekday())
    saturday = monday + timedelta(days=5, weeks=shift)
    return "range", f"{saturday.isoformat()}/{(saturday + timedelta(days=1)).isoformat()}"


def _ago(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    groups = _groups(match)
    number = number_of(groups["number"], context.words.numbers) if "number" in groups else 1
    if not number or (rule.make == "ahead" and not context.is_future):
        return None
    unit = rule.unit or context.units[groups["unit"]]
    return shifted(context.published, unit, number * (rule.shift or 0))


def _month(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    """Read "last May", "Mei lalu": the nearest one before or after the month of publication."""
    published, month = context.published, context.months[match.group("month")]
    if published is None:
        return "month", None
    year, shift = published.year, rule.shift or 0
    if shift < 0 and month >= published.month:
        year -= 1
    elif shift > 0 and month <= published.month:
        year += 1
    return "month", Parts(year=year, month=month).edtf()


def _no_value(match: re.Match[str], rule: DateRule, context: Context) -> Value | None:
    return rule.make, None


_MAKERS: dict[str, Callable[[re.Match[str], DateRule, Context], Value | None]] = {
    "date": _date,
    "days": _days,
    "year": _year,
    "decade": _decade,
    "quarter": _quarter,
    "half": _quarter,
    "anchor": _anchor,
    "season": _season,
    "feast": _feast,
    "weekday": _weekday,
    "shift": _shift,
    "weekend": _weekend,
    "ago": _ago,
    "ahead": _ago,  # "in two weeks" where the sentence tells of what is to come
    "month": _month,
    "law": _no_value,
    "name": _no_value,
    "none": _no_value,
}
MAKERS = tuple(_MAKERS)
