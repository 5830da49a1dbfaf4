"""GDELT DOC 2.0: addresses of news of the whole world by a query, day by day.

It searches the last three months, gives 250 articles an answer, and has no pages: a full day is
asked for again in halves. See https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from pipeline.captures import Link
from pipeline.fetchers.answers_json import MAX_BYTES, read_json, text_of
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.urls import canonical_url

API = "https://api.gdeltproject.org/api/v2/doc/doc"
_RECORDS = 250  # the most that an answer holds
_WINDOW = timedelta(days=88)  # the shortest three months have 89, and the day is asked for whole
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_QUARTER = timedelta(minutes=15)  # GDELT's own clock: every `seendate` is a quarter of an hour
# Slices are of when GDELT saw an article: a late find is in a later slice, and only its index can
# be behind. It promises nothing; two days are room for an outage at a weekend.
_SETTLED = timedelta(days=2)
_STAMP = "%Y%m%d%H%M%S"
_STAMPED = re.compile(r"[0-9]{14}")
_WHOLE = re.compile(r'\s*\{\s*"articles"\s*:.*\]\s*\}\s*', re.S)
_ROW = re.compile(r'"url"\s*:\s*("(?:[^"\\]|\\.){1,2000}+")', re.S)  # `urls.MAX_LENGTH`


def start_urls(query: str, since: datetime, now: datetime) -> tuple[str, ...]:
    """Return one address for each day in UTC, the newest first.

    A day has the same address every night, so that what was read of it is known. Days that do not
    lie whole in the three months that the service searches are left out: they are lost to it.

    Args:
        query: In GDELT's language: ``"sister city" sourcecountry:indonesia``.
        since: Moment in the first day that is wanted (UTC where it has no offset, as ``now``).
        now: Moment in the last one.
    """
    if not query.strip():
        return ()
    last = _midnight(now)
    day = max(_midnight(since), _midnight(now - _WINDOW))
    days = [day + n * _DAY for n in range((last - day).days + 1)]
    made = (_address(query, day, day + _DAY) for day in reversed(days))
    return tuple(url for url in made if url is not None)


def _midnight(moment: datetime) -> datetime:
    return _aware(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def _aware(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _address(query: str, begin: datetime, end: datetime) -> str | None:
    """Return the address of a slice. Both ends belong to it, so the last is a second earlier."""
    fields = {
        "enddatetime": f"{end - _SECOND:{_STAMP}}",
        "format": "json",
        "maxrecords": str(_RECORDS),
        "mode": "artlist",
        "query": query.strip(),
        "sort": "datedesc",
        "startdatetime": f"{begin:{_STAMP}}",
    }
    return canonical_url(f"{API}?{urlencode(fields, errors='replace')}")


def _slice(url: str) -> tuple[str, datetime, datetime] | None:
    """Return query, begin and end (which does not belong to it) of an address of ours."""
    fields = dict(parse_qsl(urlsplit(url).query))
    ends = [fields.get(key, "") for key in ("startdatetime", "enddatetime")]
    if not all(map(_STAMPED.fullmatch, ends)):
        return None
    try:
        begin, end = (datetime.strptime(text, _STAMP).replace(tzinfo=UTC) for text in ends)
        return fields.get("query", ""), begin, end + _SECOND
    except (ValueError, OverflowError):  # a 31st of February; the last second that there is
        return None


def read_articles(payload: bytes, url: str) -> Found:
    """Return the articles of one slice, and its halves where it is full.

    GDELT tells when it saw an article, not when that was published, so the links have no date.
    Problems come as plain text with status 200. Titles can hold backslashes and quotes that are no
    JSON: of an answer that is whole but for them, the addresses are read all the same.
    """
    value, problem = read_json(payload, "GDELT")
    if problem is not None:
        told = _salvaged(payload)
        if not told:
            return Found(problem=problem)
    elif value == {}:  # a slice without articles
        return Found()
    else:
        rows = value.get("articles") if isinstance(value, dict) else None
        if not isinstance(rows, list):
            return Found(problem="GDELT: no list of articles")
        told = [text_of(row, "url") for row in rows]
    targets = (canonical_url(address) for address in told[:MAX_LINKS])
    links = tuple(dict.fromkeys(Link(url=target) for target in targets if target is not None))
    return Found(links=links, follow=_halves(url) if len(told) >= _RECORDS else ())


def _salvaged(payload: bytes) -> list[str]:
    """Return the addresses in an answer that is whole and yet no JSON."""
    text = payload[: MAX_BYTES + 1].decode("utf-8-sig", "replace")
    if len(payload) > MAX_BYTES or not _WHOLE.fullmatch(text):
        return []
    found = []
    for quoted in _ROW.findall(text):
        try:
            found.append(json.loads(quoted, strict=False))
        except ValueError:  # the address itself is what is broken
            continue
    return found


def _halves(url: str) -> tuple[Link, ...]:
    """Return a slice in two, cut on GDELT's own clock: one tick of it cannot be divided."""
    asked = _slice(url)
    if asked is None:
        return ()
    query, begin, end = asked
    middle = begin + (end - begin) // _QUARTER // 2 * _QUARTER
    if not begin < middle < end:
        return ()
    made = (_address(query, *ends) for ends in ((begin, middle), (middle, end)))
    return tuple(Link(url=address) for address in made if address is not None)


def is_final(url: str, asked_at: datetime) -> bool:
    """Tell whether a slice was read so long after its end that it brings nothing new any more."""
    asked = _slice(url)
    return asked is not None and _aware(asked_at) - asked[2] > _SETTLED
