"""Media Cloud: addresses of news by a query, from its search interface (version 4).

It wants a key, which goes into a header. See https://github.com/mediacloud/api-client.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from pipeline.captures import Link
from pipeline.fetchers.answers_json import read_json, text_of
from pipeline.fetchers.found import MAX_LINKS, Found, machine_date
from pipeline.urls import canonical_url

API = "https://search.mediacloud.org/api/search/story-list"
_PAGE = 1_000  # stories of one answer: the most that the service gives
_PLATFORM = "onlinenews-mediacloud"
_SETTLED = timedelta(days=5)  # stories are indexed late: its own counts settle within days


def start_urls(
    query: str, since: datetime, now: datetime, collections: Sequence[int] = ()
) -> tuple[str, ...]:
    """Return one address for each calendar month, the newest first.

    A month that is over has the same address every night, so that what was read of it is known.

    Args:
        query: In Media Cloud's language: ``"sister city" AND language:id``.
        since: Moment in the first day that is wanted.
        now: Moment in the last one.
        collections: Ids of collections of media; none: all media.
    """
    if not query.strip():
        return ()
    first, last = _day(since), _day(now)
    found, end = [], last
    while end >= first:
        begin = max(first, end.replace(day=1))
        # The running month is asked for to its end, lest its address change every night.
        until = _month_end(end) if end == last else end
        found.append(_address(query, begin, until, collections))
        end = begin - timedelta(days=1)
        if begin.day != 1 or begin == first:
            break
    return tuple(url for url in found if url is not None)


def _day(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _month_end(day: datetime) -> datetime:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _address(query: str, begin: datetime, end: datetime, collections: Sequence[int]) -> str | None:
    fields = {
        "end": f"{end:%Y-%m-%d}",
        "page_size": str(_PAGE),
        "platform": _PLATFORM,
        "q": query.strip(),
        "start": f"{begin:%Y-%m-%d}",
    }
    if collections:
        fields["cs"] = ",".join(str(number) for number in collections)
    return canonical_url(f"{API}?{urlencode(fields, errors='replace')}")


def read_stories(payload: bytes, url: str) -> Found:
    """Return the stories of one answer, and its next page."""
    value, problem = read_json(payload, "Media Cloud")
    if problem is not None:
        return Found(problem=problem)
    rows = value.get("stories") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        told = text_of(value, "note") or text_of(value, "detail") or text_of(value, "status")
        return Found(problem=f"Media Cloud: no stories but: {told[:120] or 'something else'}")
    links: dict[str, Link] = {}
    for row in rows[:MAX_LINKS]:
        target = canonical_url(text_of(row, "url"))
        if target is not None:
            day = machine_date(text_of(row, "publish_date")[:10])
            links.setdefault(target, Link(url=target, published=day))
    return Found(links=tuple(links.values()), follow=_next(url, text_of(value, "pagination_token")))


def _next(url: str, token: str) -> tuple[Link, ...]:
    fields = dict(parse_qsl(urlsplit(url).query))
    if not token or fields.get("pagination_token") == token:  # no page leads to itself
        return ()
    target = canonical_url(
        f"{API}?{urlencode(fields | {'pagination_token': token}, errors='replace')}"
    )
    return () if target is None else (Link(url=target),)


def is_final(url: str, asked_at: datetime) -> bool:
    """Tell whether a month that was read at a moment can bring nothing new any more."""
    end = dict(parse_qsl(urlsplit(url).query)).get("end", "")
    try:
        day = datetime.fromisoformat(end).replace(tzinfo=UTC)
    except ValueError:
        return False
    return asked_at.astimezone(UTC) > day + timedelta(days=1) + _SETTLED
