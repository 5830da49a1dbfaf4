"""Calendar dates as publishers write them: for machines with a clock, in words for readers.

Only whole dates count (a month and year where a caller asks for it): a publication date is a day,
and "7 Agustus 2021" must not become 2021. The result is EDTF with the precision found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR = 1945  # the oldest agreement between cities that a page could have been dated with
# Names and usual abbreviations, without accents or full stops. One line per month.
_MONTHS = (
    "january jan januari janvier janv januar janner enero ene janeiro gennaio gen stycznia "
    "styczen ocak января janar يناير",
    "february feb februari pebruari peb fevrier fevr februar feber febrero fevereiro fev "
    "febbraio lutego luty subat февраля فبراير",
    "march mar maret mrt mart mars marz maerz marzo marco marca marzec марта mac مارس",
    "april apr avril avr abril abr aprile kwietnia kwiecien nisan апреля أبريل",
    "may mei mai mayo maio maggio mag maja maj mayis мая مايو",
    "june jun juni juin junio junho giugno giu czerwca czerwiec haziran июня jui يونيو",
    "july jul juli juillet juil julio julho luglio lug lipca lipiec temmuz июля julai يوليو",
    "august aug agustus agu agt ags augustus aout agosto ago sierpnia sierpien agustos "
    "августа ogos أغسطس",
    "september sep sept septembre septiembre setembro set settembre wrzesnia wrzesien eylul "
    "сентября سبتمبر",
    "october oct oktober okt octobre octubre outubro out ottobre ott pazdziernika pazdziernik "
    "ekim октября أكتوبر",
    "november nov nopember nop novembre noviembre novembro listopada listopad kasim ноября نوفمبر",
    "december dec desember des decembre dezember dez diciembre dic dezembro dicembre grudnia "
    "grudzien aralik декабря disember dis ديسمبر",
)
_PLAIN = str.maketrans("áàâäãåçéèêëíìîïıñóòôöõúùûüýşśźńğ", "aaaaaaceeeeiiiiinooooouuuuysszng")
_ISO = re.compile(
    r"^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*"
    r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_ISO_PARTIAL = re.compile(r"^\s*(\d{4})(?:-(\d{2}))?\s*$")
_COMPACT = re.compile(r"^\s*((?:19|20)\d{2})(\d{2})(\d{2})(?:T?\d{4,6}Z?)?\s*$")
_EPOCH = re.compile(r"^\s*(\d{10})(?:\d{3})?\s*$")
_JS_DATE = re.compile(r"^\w{3} (\w{3}) (\d{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT([+-]\d{4})")


@dataclass(frozen=True, slots=True)
class Found:
    """A date in running text: where it stands and what it says (EDTF)."""

    start: int
    end: int
    edtf: str


@cache
def _months() -> dict[str, int]:
    return {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Compile the shapes of a date; the letters name the groups in order."""
    names = "|".join(sorted(_months(), key=len, reverse=True))
    month = rf"(?P<m>{names})\b\.?"
    year = r"(?P<y>(?:19|20)\d{2})(?!\d)"
    day = r"(?<![\d.,/])(?P<d>[0-3]?\d)(?:st|nd|rd|th|er|o|\.)?"
    return (
        (
            re.compile(
                rf"{day}[\s-]+(?:de\s+|of\s+)?{month},?[\s-]+(?:de\s+|del\s+)?{year}", re.IGNORECASE
            ),
            "words",
        ),
        (re.compile(rf"\b{month}\s+{day},?\s+{year}", re.IGNORECASE), "words"),
        (
            re.compile(
                r"(?<!\d)(?P<y>(?:19|20)\d{2})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日일]"
            ),
            "numbers",
        ),
        (
            re.compile(
                r"(?<![\d/.-])(?P<y>(?:19|20)\d{2})([-/.])\s?(?P<m>\d{1,2})\2\s?(?P<d>\d{1,2})(?!\d)"
            ),
            "numbers",
        ),
        (
            re.compile(rf"(?<![\d/.-])(?P<d>\d{{1,2}})([-/.])(?P<m>\d{{1,2}})\2{year}"),
            "day or month first",
        ),
        (re.compile(rf"\b{month},?\s+(?:de\s+|del\s+)?{year}", re.IGNORECASE), "month"),
    )


def _day(year: int, month: int, day: int) -> str | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found.isoformat() if year >= FIRST_YEAR else None


def _numeric(year: int, first: int, second: int, *, month_first: bool | None) -> str | None:
    """Read two numbers and a year; None where they could be either and nothing decides."""
    if first > 12:
        return _day(year, second, first)
    if second > 12:
        return _day(year, first, second)
    if first == second:
        return _day(year, first, second)
    if month_first is None:
        return None
    return _day(year, first, second) if month_first else _day(year, second, first)


def _read(match: re.Match[str], shape: str, *, month_first: bool | None) -> str | None:
    year, month = int(match["y"]), match["m"].lower()
    if shape == "month":
        return f"{year}-{_months()[month]:02d}" if year >= FIRST_YEAR else None
    if shape == "words":
        return _day(year, _months()[month], int(match["d"]))
    if shape == "numbers":
        return _day(year, int(month), int(match["d"]))
    return _numeric(year, int(match["d"]), int(month), month_first=month_first)


def dates_in(text: str, *, month_first: bool | None = False, months: bool = False) -> list[Found]:
    """Find calendar dates in running text, in text order, without overlaps.

    Args:
        text: Any text; accents and case do not matter.
        month_first: How to read 03/04/2020; None gives no reading.
        months: Also return "Juli 2005" as ``2005-07``.
    """
    plain = text.lower().translate(_PLAIN)
    if len(plain) != len(text):  # a few capitals lower to two letters (İ): offsets would shift
        plain = "".join(c.lower() if len(c.lower()) == 1 else c for c in text).translate(_PLAIN)
    found: list[Found] = []
    for pattern, shape in _patterns():
        if shape == "month" and not months:
            continue
        for match in pattern.finditer(plain):
            if any(f.start < match.end() and match.start() < f.end for f in found):
                continue
            edtf = _read(match, shape, month_first=month_first)
            if edtf:
                found.append(Found(match.start(), match.end(), edtf))
    return sorted(found, key=lambda f: f.start)


@lru_cache(maxsize=256)
def zone_of(name: str | None) -> ZoneInfo | None:
    """Return a time zone by its IANA name; an unknown one is as good as none."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def local_day(moment: datetime, zone: ZoneInfo | None) -> str | None:
    """Return the calendar day of ``moment`` for the publisher.

    A moment with an offset is moved to the publisher's zone; one without is its wall clock already.
    """
    try:
        if zone is not None and moment.tzinfo is not None:
            moment = moment.astimezone(zone)
        return _day(moment.year, moment.month, moment.day)
    except (OverflowError, ValueError):
        return None


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    hours = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-hours if text[0] == "-" else hours) if hours < timedelta(hours=24) else None


def _moment(value: str) -> datetime | None:
    """Read ISO 8601, a Unix time, a JavaScript date or RFC 2822."""
    match = _ISO.match(value)
    try:
        if match:
            year, month, day, hour, minute, second, offset = match.groups()
            clock = (int(hour or 0) % 24, int(minute or 0), min(59, int(second or 0)))
            return datetime(int(year), int(month), int(day), *clock, tzinfo=_offset(offset))
        if match := _EPOCH.match(value):
            return datetime.fromtimestamp(int(match[1]), UTC)
        if match := _JS_DATE.match(value):
            name, day, year, hour, minute, second, offset = match.groups()
            clock = (int(hour), int(minute), int(second))
            return datetime(
                int(year), _months()[name.lower()], int(day), *clock, tzinfo=_offset(offset)
            )
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError):
        return None


def machine_date(
    value: str, zone: ZoneInfo | None = None, *, month_first: bool | None = None
) -> str | None:
    """Read the value of a meta tag, a ``datetime`` attribute or a feed; None where it is no date.

    Returns:
        EDTF: a day in the publisher's zone, or the year or month where the value has no more.
    """
    value = value.strip()[:100]
    if match := _ISO_PARTIAL.match(value):
        year, month = int(match[1]), int(match[2] or 1)
        if not FIRST_YEAR <= year < 2100 or not 1 <= month <= 12:
            return None
        return f"{year}-{month:02d}" if match[2] else str(year)
    if match := _COMPACT.match(value):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    moment = _moment(value)
    if moment is not None:
        return local_day(moment, zone)
    found = dates_in(value, month_first=month_first)
    return found[0].edtf if found else None
