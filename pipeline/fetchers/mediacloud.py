"""Media Cloud: addresses of news by a query, from its search interface (version 4).

It wants a key, which goes into a header, and at least one collection of media from whoever is not
of its staff. See https://github.com/mediacloud/api-client and, for what the server understands,
``search/utils.py`` of https://github.com/mediacloud/web-search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from pipeline.captures import Link
from pipeline.fetchers.answers_json import read_json, text_of
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.urls import canonical_url

API = "https://search.mediacloud.org/api/search/story-list"
_PAGE = 1_000  # stories of one answer: the most that the service gives
_PLATFORM = "onlinenews-mediacloud"
_FIRST = date(2008, 1, 1)  # "Earliest data is from January 2008", says its search page
_DAY = timedelta(days=1)
# Slices are of days of publication, and stories come into the index when their feed was read. It
# promises nothing; five days are room for an outage over a weekend. Later ones are not seen.
_SETTLED = timedelta(days=5)
_ISO_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.A | re.S)


def start_urls(
    query: str, since: datetime, now: datetime, collections: Sequence[int] = ()
) -> tuple[str, ...]:
    """Return one address for each calendar month, the newest first.

    A month has the same address every night, so that what was read of it is known. Both days of an
    address belong to it; the running month is asked for to its end.

    Args:
        query: In Media Cloud's language: ``"sister city" AND language:id``.
        since: Moment in the first day that is wanted (UTC where it has no offset, as ``now``).
        now: Moment in the last one.
        collections: Ids of collections of media; none: all media, which only its staff may ask.
    """
    if not query.strip():
        return ()
    first, last = max(_day(since), _FIRST), _day(now)
    found, begin = [], last.replace(day=1)
    while last >= first:
        found.append(_address(query, max(begin, first), _month_end(begin), collections))
        last = begin - _DAY
        begin = last.replace(day=1)
    return tuple(url for url in found if url is not None)


def _day(moment: datetime) -> date:
    return _aware(moment).date()


def _aware(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _month_end(begin: date) -> date:
    return (begin + 31 * _DAY).replace(day=1) - _DAY  # 31 days on is the next month, always


def _address(query: str, begin: date, end: date, collections: Sequence[int]) -> str | None:
    fields = {
        "end": end.isoformat(),
        "p": _PLATFORM,
        "page_size": str(_PAGE),
        "q": query.strip(),
        # By when they were indexed, the oldest first: a full page stays as it is, and so does the
        # address of the next one, which is made of its last story.
        "sort_order": "asc",
        "start": begin.isoformat(),
    }
    if collections:
        fields["cs"] = ",".join(str(number) for number in sorted(set(collections)))
    return canonical_url(f"{API}?{urlencode(fields, errors='replace')}")


def read_stories(payload: bytes, url: str) -> Found:
    """Return the stories of one answer with their days, and its next page.

    Other answers say what is wrong in ``note``, or in ``detail`` where the key is refused.
    """
    value, problem = read_json(payload, "Media Cloud")
    if problem is not None:
        return Found(problem=problem)
    rows = value.get("stories") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        told = text_of(value, "note") or text_of(value, "detail") or text_of(value, "status")
        shown = "".join(c for c in told[:120] if c.isprintable())
        return Found(problem=f"Media Cloud: no stories but: {shown or 'something else'}")
    links: dict[str, Link] = {}
    for row in rows[:MAX_LINKS]:
        target = canonical_url(text_of(row, "url"))
        if target is not None:
            links.setdefault(target, Link(url=target, published=_published(row)))
    # An empty page with a next one would never end.
    follow = _next(url, text_of(value, "pagination_token")) if rows else ()
    return Found(links=tuple(links.values()), follow=follow)


def _published(row: object) -> str | None:
    """Return the day of publication, which is all that the service knows of the time."""
    match = _ISO_DAY.fullmatch(text_of(row, "publish_date"))
    try:
        return None if match is None else date.fromisoformat(match[1]).isoformat()
    except ValueError:
        return None


def _next(url: str, token: str) -> tuple[Link, ...]:
    fields = dict(parse_qsl(urlsplit(url).query))
    if not token.strip() or fields.get("pagination_token") == token:  # no page leads to itself
        return ()
    target = canonical_url(
        f"{API}?{urlencode(fields | {'pagination_token': token}, errors='replace')}"
    )
    return () if target is None else (Link(url=target),)


def is_final(url: str, asked_at: datetime) -> bool:
    """Tell whether a month was read so long after its end that it brings nothing new any more."""
    end = dict(parse_qsl(urlsplit(url).query)).get("end", "")
    try:
        day = datetime.fromisoformat(end).replace(tzinfo=UTC)
        return _aware(asked_at) - day > _DAY + _SETTLED
    except ValueError:
        return False
