"""What a feed, a sitemap or an index page gave, and the dates that stand beside links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from pipeline.captures import Link

# Parsers take time with the square of the nesting; no page of people's nests to a tenth of this.
MAX_DEPTH = 1_000
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9:_-]*)[^<>]{0,4000}?(/?)>")
# Elements without an end tag, or whose end tag may be left out, do not nest.
_FLAT = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd td th tr"
    b" option thead tbody tfoot colgroup optgroup rt rp".split()
)
MAX_LINKS = 50_000  # the sitemap standard's limit for one file
_ISO = re.compile(r"^\d{4}(?:-\d{2}(?:-\d{2}(?:[T ].*)?)?)?$")
_NUMERIC = re.compile(r"(?<![\d./-])(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?![\d/-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Links to documents, and further files to ask for, whose date is the last change, if any.

    ``problem`` says why a file that is there gave nothing; None for one that is sound, if empty.
    """

    links: tuple[Link, ...] = ()
    follow: tuple[Link, ...] = ()
    problem: str | None = None


def nests_deeply(payload: bytes) -> bool:
    """Tell whether the tags of a page or feed nest so deeply that a parser would hang on it.

    Takes time in proportion to the length, and stops at the first place that is too deep.
    """
    depth = 0
    for match in _TAG.finditer(payload):
        if match[3] or match[2].lower() in _FLAT:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def machine_date(text: str | None) -> str | None:
    """Return a date written for machines (ISO 8601 or RFC 822) as ISO 8601, with its own offset.

    The offset is kept because the publisher's calendar day is what counts: 05:00 in Jakarta is not
    yesterday. What is neither gives None.
    """
    value = (text or "").strip()
    if not value:
        return None
    if _ISO.match(value):
        try:
            if len(value) <= 10:  # a date, perhaps without its day
                date.fromisoformat((value + "-01-01")[:10])
                return value
            return datetime.fromisoformat(value.replace("Z", "+00:00")).isoformat()
        except ValueError:
            return None
    try:
        return parsedate_to_datetime(value).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def numeric_order(text: str) -> str | None:
    """Tell whether the numeric dates of a page are ``day`` first or ``month`` first.

    Only a number above 12 decides. Where none does, or both orders occur, nobody can know: None.
    """
    orders = set()
    for match in _NUMERIC.finditer(text):
        first, second = match[1], match[3]
        if len(first) <= 2 and len(match[4]) == 4:  # digits of a day and a year
            orders |= {"day"} if int(first) > 12 else set()  # months of a year
            orders |= {"month"} if int(second) > 12 else set()
    return orders.pop() if len(orders) == 1 else None


def numeric_date(text: str, order: str | None) -> str | None:
    """Return the one numeric date in a piece of text as ISO 8601, or None for none or several."""
    found = {_read(match, order) for match in _NUMERIC.finditer(text)} - {None}
    return found.pop() if len(found) == 1 else None


def _read(match: re.Match[str], order: str | None) -> str | None:
    first, second, last = match[1], match[3], match[4]
    try:
        if len(first) == 4 and len(last) <= 2:
            return date(int(first), int(second), int(last)).isoformat()
        if len(first) > 2 or len(last) != 4 or order is None:
            return None
        day, month = (first, second) if order == "day" else (second, first)
        return date(int(last), int(month), int(day)).isoformat()
    except ValueError:
        return None
