"""GDELT DOC 2.0: addresses of news of the whole world by a query, day by day.

It searches the last three months, gives 250 articles an answer, and has no pages: a full day is
asked for again in halves. See https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from pipeline.captures import Link
from pipeline.fetchers.answers_json import read_json, text_of
from pipeline.fetchers.found import Found
from pipeline.urls import canonical_url

API = "https://api.gdeltproject.org/api/v2/doc/doc"
_RECORDS = 250  # the most that an answer holds
_WINDOW = timedelta(
    days=88
)  # of "three months": the shortest have 89 days, and one may begin today
_DAY = timedelta(days=1)
_LEAST = timedelta(minutes=15)  # GDELT's own clock: within a quarter of an hour nothing is ordered
_SETTLED = timedelta(days=2)  # articles are found late, most within a day
_STAMP = "%Y%m%d%H%M%S"


def start_urls(query: str, since: datetime, now: datetime) -> tuple[str, ...]:
    """Return one address for each day in UTC, the newest first.

    A day has the same address every night, so that what was read of it is known. Days before the
    three months that the service searches are left out: they are lost to it.

    Args:
        query: In GDELT's language: ``"sister city" sourcecountry:indonesia``.
        since: Moment in the first day that is wanted.
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
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _address(query: str, begin: datetime, end: datetime) -> str | None:
    """Return the address of a slice. Both ends belong to it, so the last is a second earlier."""
    fields = {
        "enddatetime": f"{end - timedelta(seconds=1):{_STAMP}}",
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
    try:
        begin, end = (
            datetime.strptime(fields[key], _STAMP).replace(tzinfo=UTC)
            for key in ("startdatetime", "enddatetime")
        )
    except (KeyError, ValueError):
        return None
    return fields.get("query", ""), begin, end + timedelta(seconds=1)


def read_articles(payload: bytes, url: str) -> Found:
    """Return the articles of one slice, and its halves where it is full.

    GDELT tells when it saw an article, not when that was published, so the links have no date.
    Problems come as plain text with status 200.
    """
    value, problem = read_json(payload, "GDELT")
    if problem is not None:
        return Found(problem=problem)
    if value == {}:  # a slice without articles
        return Found()
    rows = value.get("articles") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        return Found(problem="GDELT: no list of articles")
    targets = (canonical_url(text_of(row, "url")) for row in rows[: 2 * _RECORDS])
    links = tuple(dict.fromkeys(Link(url=target) for target in targets if target is not None))
    return Found(links=links, follow=_halves(url) if len(rows) >= _RECORDS else ())


def _halves(url: str) -> tuple[Link, ...]:
    asked = _slice(url)
    if asked is None:
        return ()
    query, begin, end = asked
    half = (end - begin) / 2
    middle = begin + timedelta(seconds=int(half.total_seconds()))
    if half < _LEAST:
        return ()
    made = (_address(query, *ends) for ends in ((begin, middle), (middle, end)))
    return tuple(Link(url=address) for address in made if address is not None)


def is_final(url: str, asked_at: datetime) -> bool:
    """Tell whether a slice that was read at a moment can bring nothing new any more."""
    asked = _slice(url)
    return asked is not None and asked_at.astimezone(UTC) > asked[2] + _SETTLED
