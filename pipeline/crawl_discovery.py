"""What comes of a feed, a sitemap or an index page: links, further pages, and when to ask again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

from pipeline.answers import Failed, Fetched, Outcome, Unchanged
from pipeline.captures import Link, Note, make_capture, url_doc_id
from pipeline.catalog_rows import Feed
from pipeline.catalog_writes import poll_of, with_poll
from pipeline.fetchers.found import Found
from pipeline.fetchers.methods import METHODS, asked_of
from pipeline.fetchers.wayback import original_of
from pipeline.ingest_report import Tally
from pipeline.origin import origin_of
from pipeline.polling import DEFAULTS, Brought, Limits, Missed, after, declared_seconds, waits
from pipeline.recorder import Recorder
from pipeline.sources import FetchEntry, Source
from pipeline.urls import canonical_url, site_of

# The server asks for patience: that says little of the feed.
_PATIENCE = (408, 425, 429, HTTPStatus.SERVICE_UNAVAILABLE)


def sites_of(source: Source) -> frozenset[str]:
    """Return the sites that belong to a source: of its homepage and of what it is fetched from."""
    addresses = [source.homepage, *(entry.url for entry in source.fetch if entry.url)]
    return frozenset(site_of(u) for u in map(canonical_url, addresses) if u is not None)


def read_entry(
    source: Source, entry: FetchEntry, feed: Feed, outcome: Outcome, now: datetime
) -> Found:
    """Return the links that an answer gives, those of other sites and patterns left out.

    An unchanged page gives no documents, and the further pages that it led to the last time.
    """
    if not isinstance(outcome, Fetched) or _is_same(feed, outcome):
        known = tuple(Link(url=url, published=when) for url, when in json.loads(feed.follow))
        return Found(follow=() if isinstance(outcome, Failed) else known)
    method = METHODS[entry.method]
    asked = asked_of(source, entry, now)
    found = method.read(outcome.payload, outcome.url, outcome.media_type, asked)
    own, sites = site_of(outcome.url), sites_of(source)
    pattern = re.compile(entry.link_pattern or "")
    links = (k for k in found.links if method.is_wide or site_of(k.url) in sites)
    follow = (k for k in found.follow if site_of(k.url) in sites | {own})
    return replace(
        found, links=tuple(k for k in links if pattern.search(k.url)), follow=tuple(follow)
    )


def _is_same(feed: Feed, outcome: Fetched) -> bool:
    return feed.body_sha256 == hashlib.sha256(outcome.payload).hexdigest()


def held_back(feed: Feed, tally: Tally, now: str) -> bool:
    """Tell whether a feed must not be asked yet, and count it as waiting if so.

    That is no failure. Why it waits is only said of one that failed; a quiet one just has its pace.
    """
    if not waits(poll_of(feed), now):
        return False
    told = f"until {feed.next_due}: {feed.url}: {feed.status}" if feed.failures else None
    tally.add("waiting", told, url=feed.url)
    return True


def is_settled(entry: FetchEntry, feed: Feed | None, now: str) -> bool:
    """Tell whether a run would leave a feed, map or page alone: it waits, or can bring nothing."""
    return feed is not None and (is_done(entry, feed) or waits(poll_of(feed), now))


def is_done(entry: FetchEntry, feed: Feed) -> bool:
    """Tell whether a page of an archive was read when it could not change any more."""
    if feed.checked_at is None or feed.failures:
        return False
    return METHODS[entry.method].is_final(feed.url, datetime.fromisoformat(feed.checked_at))


def weight_of(outcome: Failed) -> str:
    """Return how much a failure of a feed weighs: ``hard``, ``soft`` or ``temporary``.

    Media Cloud's rss-fetcher: feeds do answer 404 and come back to life, name servers and servers
    have bad days; a refusal is meant.
    """
    if outcome.kind in ("blocked", "disallowed"):
        return "temporary" if outcome.temporary else "hard"
    if outcome.temporary:
        return "temporary" if outcome.status in _PATIENCE else "soft"
    return "soft" if outcome.status == HTTPStatus.NOT_FOUND else "hard"


@dataclass(slots=True)
class _Round:
    """What one entry point brought in this run, with the maps or pages that it led to."""

    before: Feed | None = None
    new: int = 0
    has_changed: bool = False
    declared: float | None = None
    wanted: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Discovery:
    """Enters what entry points gave into archive and catalog.

    States of feeds are written ``batch`` at a time, after the captures that they speak of. Call
    `finish` when all was asked: only then is it known when an entry point is asked again. A run
    that was killed before asks them all once more, which a 304 answers.
    """

    recorder: Recorder
    now: str
    batch: int = 1
    limits: Limits = DEFAULTS
    _pending: dict[tuple[str, str], Feed] = field(default_factory=dict)
    _known: dict[str, dict[str, Feed]] = field(default_factory=dict)
    _rounds: dict[tuple[str, str], _Round] = field(default_factory=dict)

    def feed(self, source_id: str, url: str) -> Feed:
        """Return the state of a feed, also what was learnt in this run; a new one is due."""
        if source_id not in self._known:
            self._known[source_id] = {f.url: f for f in self.recorder.catalog.feeds(source_id)}
        return self._known[source_id].get(url) or Feed(source_id=source_id, url=url)

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
        part = self._rounds.setdefault((source.id, entry.url or feed.url), _Round())
        if not isinstance(outcome, Failed) and found.problem is not None:
            outcome = Failed(url=feed.url, reason=found.problem, temporary=True)
        if isinstance(outcome, Failed):
            self._fail(feed, outcome, tally)
            return ()
        links = self._unheld(found.links) if entry.method == "wayback" else found.links
        new = self.recorder.catalog.discover(
            source.id, entry.method, links, self.now, source.timezone
        )
        tally.add("discovered", count=new)
        has_changed = isinstance(outcome, Fetched) and not _is_same(feed, outcome)
        if isinstance(outcome, Fetched) and has_changed:
            self._archive(source, entry, outcome, found)
        onward = self._onward(source, entry, found, new)
        self._put(_seen(feed, outcome, found, self.now))
        part.new += new
        part.has_changed |= has_changed
        part.wanted.update(onward)
        if feed.url == (entry.url or feed.url):
            body = outcome.payload if isinstance(outcome, Fetched) else b""
            part.before = feed
            part.declared = declared_seconds(body, outcome.exchange.response_headers, self.now)
        return tuple(onward)

    def _unheld(self, links: tuple[Link, ...]) -> tuple[Link, ...]:
        """Leave out replays of documents that are in the archive, and keep one of each."""
        by_original = {original_of(link.url): link for link in links}
        catalog, kept = self.recorder.catalog, []
        for original, link in by_original.items():
            page = None if original is None else catalog.page(url_doc_id(original))
            if original is not None and (page is None or page.capture_id is None):
                kept.append(link)
        return tuple(kept)

    def finish(self) -> None:
        """Decide when each entry point is asked again, and write what waits to be written."""
        for (source_id, url), part in self._rounds.items():
            open_parts = (u for u in part.wanted if self.feed(source_id, u).checked_at != self.now)
            if part.before is None or any(open_parts):
                continue  # what was left over or failed: the next run must ask the entry point too
            brought = Brought(new=part.new, changed=part.has_changed, declared=part.declared)
            poll = after(poll_of(part.before), brought, self.now, self.limits)
            self._put(with_poll(self.feed(source_id, url), poll))
        self._rounds.clear()
        self._flush()

    def _put(self, feed: Feed) -> None:
        self.feed(feed.source_id, feed.url)
        self._known[feed.source_id][feed.url] = feed
        self._pending[feed.source_id, feed.url] = feed
        if len(self._pending) >= self.batch:
            self._flush()

    def _flush(self) -> None:
        """Write the states of feeds, after the captures: an ETag must not outlive its body."""
        if self._pending:
            self.recorder.commit()
            self.recorder.catalog.put_feeds(self._pending.values())
            self._pending.clear()

    def _onward(self, source: Source, entry: FetchEntry, found: Found, new: int) -> list[str]:
        """Return which further pages to ask for.

        Maps: those that changed since they were last read, or do not say. A pager: the next page as
        long as pages bring something new, or where it was never reached (a run was killed).
        """
        wanted = []
        rule = METHODS[entry.method].follows
        for link in found.follow:
            feed = self.feed(source.id, link.url)
            known = feed.checked_at
            if rule == "changed":
                fresh = known is None or link.published is None or link.published >= known[:10]
            else:
                fresh = known is None or new > 0 or rule == "all"
            if fresh and not is_done(entry, feed):
                wanted.append(link.url)
        return wanted

    def note_position(self, source_id: str, url: str, offset: int) -> None:
        """Write up to which byte a file was read, after the pages before it."""
        self._put(replace(self.feed(source_id, url), position=offset))
        self._flush()

    def _archive(self, source: Source, entry: FetchEntry, outcome: Fetched, found: Found) -> None:
        capture = make_capture(
            doc_id=url_doc_id(outcome.url),
            kind="response",
            payload=outcome.payload,
            url=outcome.url,
            **origin_of(source, entry.method),
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
        self.recorder.record_aside(capture, outcome.payload, note, outcome.exchange)

    def _fail(self, feed: Feed, outcome: Failed, tally: Tally) -> None:
        if outcome.kind == "later":
            tally.reasons[f"postponed: {outcome.reason}"] += 1
            return
        kind = outcome.kind if outcome.kind in ("blocked", "disallowed") else "failed"
        tally.add(kind, f"{feed.url}: {outcome.reason}", url=feed.url)
        missed = Missed(
            reason=outcome.reason, weight=weight_of(outcome), retry_after=outcome.retry_after
        )
        self._put(with_poll(feed, after(poll_of(feed), missed, self.now, self.limits)))


def _seen(feed: Feed, outcome: Fetched | Unchanged, found: Found, now: str) -> Feed:
    """Return the state of a feed that answered; when it is asked again is decided at the end."""
    seen = replace(
        feed,
        etag=outcome.etag,
        last_modified=outcome.last_modified,
        checked_at=now,
        failures=0.0,
        status="ok",
        next_due=None,
        disabled_at=None,
    )
    if isinstance(outcome, Unchanged):  # a 304 need not repeat its validators
        etag, last_modified = outcome.etag or feed.etag, outcome.last_modified or feed.last_modified
        return replace(seen, etag=etag, last_modified=last_modified)
    if _is_same(feed, outcome):
        return seen
    return replace(
        seen,
        body_sha256=hashlib.sha256(outcome.payload).hexdigest(),
        follow=json.dumps([[k.url, k.published] for k in found.follow]),
    )
