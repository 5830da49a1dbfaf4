"""What comes of a feed, a sitemap or an index page: links, further pages, and when to ask again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.captures import Link, Note, url_doc_id
from pipeline.catalog_rows import Feed
from pipeline.fetchers.feed import read_feed
from pipeline.fetchers.found import Found
from pipeline.fetchers.listing import read_listing
from pipeline.fetchers.sitemap import read_sitemap
from pipeline.ingest_report import Tally
from pipeline.recorder import Recorder, make_capture, stamp
from pipeline.sources import FetchEntry, Source
from pipeline.urls import canonical_url, site_of
from pipeline.web import Failed, Fetched, Outcome, Unchanged

# Weights of failures (Media Cloud's rss-fetcher): a feed that is gone counts more than a slow one.
_HARD, _TEMPORARY = 1.0, 0.25
_GIVE_UP = 30.0  # that fetcher's limit, after which a person must look
_FIRST_WAIT = timedelta(minutes=30)  # doubled per failure
_LONGEST_WAIT = timedelta(hours=24)  # a nightly run then tries it again


def sites_of(source: Source) -> frozenset[str]:
    """Return the sites that belong to a source: of its homepage and of what it is fetched from."""
    addresses = [source.homepage, *(entry.url for entry in source.fetch if entry.url)]
    return frozenset(site_of(u) for u in map(canonical_url, addresses) if u is not None)


def read_entry(source: Source, entry: FetchEntry, feed: Feed, outcome: Outcome) -> Found:
    """Return the links that an answer gives, those of other sites and patterns left out.

    An unchanged page gives no documents, and the further pages that it led to the last time.
    """
    if not isinstance(outcome, Fetched) or _is_same(feed, outcome):
        follow = tuple(Link(url=url, published=when) for url, when in json.loads(feed.follow))
        return Found(follow=() if isinstance(outcome, Failed) else follow)
    if entry.method == "feed":
        found = read_feed(outcome.payload, outcome.url, outcome.media_type)
    elif entry.method == "sitemap":
        found = read_sitemap(outcome.payload, outcome.url)
    else:
        found = read_listing(outcome.payload, outcome.url, entry.link_pattern, entry.next_pattern)
    sites = sites_of(source)
    pattern = re.compile(entry.link_pattern or "")
    links = tuple(k for k in found.links if site_of(k.url) in sites and pattern.search(k.url))
    follow = tuple(k for k in found.follow if site_of(k.url) in sites)
    return replace(found, links=links, follow=follow)


def _is_same(feed: Feed, outcome: Fetched) -> bool:
    return feed.body_sha256 == hashlib.sha256(outcome.payload).hexdigest()


@dataclass(frozen=True, slots=True)
class Discovery:
    """Enters what entry points gave into archive and catalog."""

    recorder: Recorder
    now: str

    def settle(
        self,
        source: Source,
        entry: FetchEntry,
        feed: Feed,
        outcome: Outcome,
        found: Found,
        tally: Tally,
    ) -> tuple[str, ...]:
        """Record one answer and return the further pages to ask for now."""
        if isinstance(outcome, Failed):
            self._fail(feed, outcome, tally)
            return ()
        if found.problem is not None:
            self._fail(feed, Failed(url=feed.url, reason=found.problem), tally)
            return ()
        catalog = self.recorder.catalog
        new = catalog.discover(source.id, entry.method, found.links, self.now)
        tally.add("discovered", count=new)
        seen = replace(
            feed,
            etag=outcome.etag,
            last_modified=outcome.last_modified,
            checked_at=self.now,
            failures=0.0,
            status="ok",
            next_due=None,
        )
        if isinstance(outcome, Fetched) and not _is_same(feed, outcome):
            self._archive(source, entry, outcome, found)
            seen = replace(
                seen,
                body_sha256=hashlib.sha256(outcome.payload).hexdigest(),
                follow=json.dumps([[k.url, k.published] for k in found.follow]),
            )
        elif isinstance(outcome, Unchanged):
            # A 304 need not repeat its validators.
            seen = replace(
                seen,
                etag=outcome.etag or feed.etag,
                last_modified=outcome.last_modified or feed.last_modified,
            )
        catalog.put_feed(seen)
        return tuple(self._onward(source, entry, found, new))

    def _onward(self, source: Source, entry: FetchEntry, found: Found, new: int) -> list[str]:
        """Return which further pages to ask for.

        Maps: those that changed since they were last read, or do not say. A pager: the next page as
        long as pages bring something new, or where it was never reached (a run was killed).
        """
        wanted = []
        for link in found.follow:
            known = self.recorder.catalog.feed(source.id, link.url).checked_at
            if entry.method == "sitemap":
                fresh = known is None or link.published is None or link.published >= known[:10]
            else:
                fresh = known is None or new > 0
            if fresh:
                wanted.append(link.url)
        return wanted

    def _archive(self, source: Source, entry: FetchEntry, outcome: Fetched, found: Found) -> None:
        capture = make_capture(
            doc_id=url_doc_id(outcome.url),
            kind="response",
            payload=outcome.payload,
            url=outcome.url,
            source_id=source.id,
            source_kind=source.kind,
            source_country=source.country,
            timezone=source.timezone,
            languages=source.languages,
            discovered_by=entry.method,
            fetched_at=self.now,
            status=outcome.status,
            media_type=outcome.media_type,
        )
        note = Note(
            role="discovery",
            etag=outcome.etag,
            last_modified=outcome.last_modified,
            links=found.links,
        )
        self.recorder.record(capture, outcome.payload, note, outcome.exchange)

    def _fail(self, feed: Feed, outcome: Failed, tally: Tally) -> None:
        if outcome.kind == "later":
            tally.reasons[f"postponed: {outcome.reason}"] += 1
            return
        kind = outcome.kind if outcome.kind in ("blocked", "disallowed") else "failed"
        tally.add(kind, f"{feed.url}: {outcome.reason}")
        failures = feed.failures + (_TEMPORARY if outcome.temporary else _HARD)
        status = outcome.reason
        if failures >= _GIVE_UP:
            next_due = "9999-12-31T00:00:00Z"
            status = f"given up after many failures, at last: {outcome.reason}"
        else:
            wait = min(_FIRST_WAIT * 2 ** min(feed.failures, 10), _LONGEST_WAIT)
            wait = max(wait, timedelta(seconds=outcome.retry_after or 0))
            next_due = stamp(datetime.fromisoformat(self.now) + wait)
        self.recorder.catalog.put_feed(
            replace(feed, failures=failures, status=status, next_due=next_due)
        )
