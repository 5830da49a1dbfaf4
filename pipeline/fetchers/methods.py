"""The methods of a source file: what each asks for first, and what an answer holds.

A new method is a module beside this one, an entry in `METHODS`, and its name in ``sources.Method``,
so that source files may use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from pipeline.fetchers import commoncrawl, gdelt, mediacloud, wayback, wordpress
from pipeline.fetchers.feed import read_feed
from pipeline.fetchers.found import Found
from pipeline.fetchers.listing import read_listing
from pipeline.fetchers.sitemap import read_sitemap
from pipeline.sources import FetchEntry, Source
from pipeline.urls import canonical_url


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry with the first moment that is wanted of an archive or a search, and now."""

    entry: FetchEntry
    since: datetime
    now: datetime


Starts = Callable[[Asked], tuple[str, ...]]
Read = Callable[[bytes, str, str, Asked], Found]
_LIST_DAYS = 45  # from the first of a month until Common Crawl's list of it surely stands


def asked_of(source: Source, entry: FetchEntry, now: datetime) -> Asked:
    """Return an entry as it is asked now: from its own first day, the source's, or today on."""
    day = entry.since or source.since or now.date()
    since = datetime.fromisoformat(f"{day.isoformat()}T00:00:00").replace(tzinfo=UTC)
    return Asked(entry, since, now)


def _own(asked: Asked) -> tuple[str, ...]:
    """Ask for the address of the entry itself."""
    url = canonical_url(asked.entry.url or "")
    return () if url is None else (url,)


def _never(url: str, asked_at: datetime) -> bool:
    del url, asked_at
    return False


def _is_crawled(url: str, asked_at: datetime) -> bool:
    """Tell whether a Common Crawl file can never change: a WARC, or the list of a past month."""
    month = re.search(r"/(\d{4})/(\d{2})/warc\.paths\.gz$", url)
    if month is None:
        return commoncrawl.is_warc(url)
    begun = datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC)
    return asked_at > begun + timedelta(days=_LIST_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to find documents.

    Attributes:
        read: Payload, its address and media type, and what was asked → what was found.
        starts: What is asked → addresses to ask first.
        is_wide: Its links lead to any site; else those of other sites are left out.
        follows: When a further page is asked for: ``changed`` (a map whose date says so), ``new``
            (a pager, while pages bring something new) or ``all``.
        is_final: Whether an answer of that moment can never change, so that it is asked for once.
        is_end: Whether the body of an error says that there are no more pages.
        key: Environment variable with the key that its server wants, if any.
    """

    read: Read
    starts: Starts = _own
    is_wide: bool = False
    follows: str = "new"
    is_final: Callable[[str, datetime], bool] = field(default=_never)
    is_end: Callable[[bytes], bool] = field(default=lambda _: False)
    key: str | None = None


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "feed": Method(read=lambda body, url, kind, _: read_feed(body, url, kind)),
        "sitemap": Method(read=lambda body, url, *_: read_sitemap(body, url), follows="changed"),
        "listing": Method(
            read=lambda body, url, _, asked: read_listing(
                body, url, asked.entry.link_pattern, asked.entry.next_pattern
            )
        ),
        "wordpress": Method(
            read=lambda body, url, *_: wordpress.read_posts(body, url),
            # Without `modified_after`: a stable address has one state and one validator.
            starts=lambda asked: wordpress.start_urls(asked.entry.url or "", None),
            is_end=wordpress.is_end,
        ),
        "gdelt": Method(
            read=lambda body, url, *_: gdelt.read_articles(body, url),
            starts=lambda asked: gdelt.start_urls(asked.entry.query or "", asked.since, asked.now),
            is_wide=True,
            follows="all",
            is_final=gdelt.is_final,
        ),
        "mediacloud": Method(
            read=lambda body, url, *_: mediacloud.read_stories(body, url),
            starts=lambda asked: mediacloud.start_urls(
                asked.entry.query or "", asked.since, asked.now
            ),
            is_wide=True,
            follows="all",
            is_final=mediacloud.is_final,
            key="CITYACCORDS_MEDIACLOUD_TOKEN",
        ),
        "wayback": Method(
            read=lambda body, url, *_: wayback.read_cdx(body, url),
            starts=lambda asked: wayback.start_urls(
                asked.entry.url or "", asked.since if asked.entry.since else None
            ),
            is_wide=True,
            follows="all",
        ),
        "commoncrawl": Method(
            read=lambda body, url, _, asked: commoncrawl.read_paths(body, url, asked.since),
            starts=lambda asked: commoncrawl.start_urls(asked.since, asked.now),
            is_wide=True,
            follows="all",
            is_final=_is_crawled,
        ),
    }
)
