"""Asks for one job, in the thread of its host, and obeys what publishers say of machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline import heavy
from pipeline.answers import Failed, Fetched, Outcome, Trail
from pipeline.captures import url_doc_id
from pipeline.catalog_rows import Due, Feed
from pipeline.config import Config
from pipeline.crawl_bulk import read_file
from pipeline.crawl_discovery import read_entry, sites_of
from pipeline.crawl_facts import checked, facts_of
from pipeline.crawl_workers import Answer, Job
from pipeline.fetchers.commoncrawl import is_warc
from pipeline.fetchers.methods import METHODS
from pipeline.opt_outs import OptOut, opt_out
from pipeline.recorder import stamp
from pipeline.sources import FetchEntry
from pipeline.urls import host_of, site_of
from pipeline.visitor import Visitor

_LARGE = 50_000  # bytes of a feed or map; parsers need forty times as much memory for a while


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for the jobs of one run. ``keys`` are those that `Method.key` names.

    ``claimed`` has the ids of the documents that this run asks for, so that a redirect to one of
    them is not followed; `_landed` those that a redirect led to before their own turn came.
    """

    visitor: Visitor
    config: Config
    keys: Mapping[str, str]
    now: datetime
    claimed: set[str] = field(default_factory=set)
    _landed: set[str] = field(default_factory=set)

    def __call__(self, job: Job) -> Iterator[Answer]:
        """Yield what comes of a job; the last answer has ``is_last``."""
        if job.entry is not None and is_warc(job.url):
            yield from read_file(self.visitor, job, self.config.fetch.max_bytes)
            return
        if job.entry is not None and job.feed is not None:
            yield self._entry(job, job.entry, job.feed)
        elif job.due is not None:
            yield self._document(job, job.due)

    def _entry(self, job: Job, entry: FetchEntry, feed: Feed) -> Answer:
        """Ask for a feed, map or index page, and read what it leads to."""
        trail = Trail()
        outcome = self._get(job, trail)
        error = outcome.fetched if isinstance(outcome, Failed) else None
        if error is not None and METHODS[entry.method].is_end(error.payload):
            outcome = error
        if isinstance(outcome, Fetched) and len(outcome.payload) > _LARGE:
            heavy.take_turn()
        found = read_entry(job.source, entry, feed, outcome, self.now)
        return Answer(job, outcome, trail, found=found)

    def _document(self, job: Job, due: Due) -> Answer:
        """Ask for a document, unless its site has reserved it, and read what is written of it."""
        trail = Trail()
        own = url_doc_id(job.url)
        if own in self._landed:
            done = Failed(url=job.url, reason="fetched already", kind="moved")
            return Answer(job, done, trail)
        wish = self.visitor.site_wish(job.url, trail)
        if wish is not None and self._obeys(wish):
            return Answer(job, _refused(job.url, wish), trail)
        outcome = self._get(job, trail)
        if isinstance(outcome, Fetched):
            self._landed.add(url_doc_id(outcome.url))
            outcome = checked(outcome)
        if not isinstance(outcome, Fetched):
            return Answer(job, outcome, trail)
        wish = self._page_wish(job, outcome, wish, trail)
        if wish is not None and self._obeys(wish):
            return Answer(job, _refused(job.url, wish), trail)
        facts = facts_of(outcome, job.source, due, stamp(self.now), wish)
        return Answer(job, outcome, trail, facts=facts)

    def _get(self, job: Job, trail: Trail) -> Outcome:
        sites = sites_of(job.source) | {site_of(job.url)}
        key = None if job.entry is None else METHODS[job.entry.method].key
        return self.visitor.get(
            job.url,
            etag=job.etag,
            last_modified=job.last_modified,
            stays=lambda url: site_of(url) in sites,
            is_known=lambda url: self._is_claimed(job, url),
            headers=None if key is None else {"Authorization": f"Token {self.keys[key]}"},
            trail=trail,
        )

    def _is_claimed(self, job: Job, url: str) -> bool:
        """Tell whether a redirect of a document leads to another that has its own turn."""
        if job.due is None or url_doc_id(url) == url_doc_id(job.url):
            return False
        return url_doc_id(url) in self.claimed

    def _page_wish(
        self, job: Job, page: Fetched, wish: OptOut | None, trail: Trail
    ) -> OptOut | None:
        """Return what a page, or the site that it was found on, wishes."""
        if host_of(page.url) != host_of(job.url):
            wish = self.visitor.site_wish(page.url, trail)
        headers = (*self.visitor.usage(page.url, trail), *page.exchange.response_headers)
        return opt_out(headers, page.payload, page.media_type, wish)

    def _obeys(self, wish: OptOut) -> bool:
        return self.config.fetch.opt_outs == "obey" and wish.is_refusal


def _refused(url: str, wish: OptOut) -> Failed:
    return Failed(url=url, reason=f"opt-out: {wish.rule}: {wish.words}", kind="blocked")
