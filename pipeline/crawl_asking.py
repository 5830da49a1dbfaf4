"""Asks for one job, in the thread of its host, and obeys what publishers say of machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.answers import Failed, Fetched, Outcome
from pipeline.config import Config
from pipeline.crawl_bulk import read_file
from pipeline.crawl_discovery import sites_of
from pipeline.crawl_workers import Answer, Job
from pipeline.fetchers.commoncrawl import is_warc
from pipeline.fetchers.methods import METHODS
from pipeline.opt_outs import OptOut, opt_out
from pipeline.urls import host_of, site_of
from pipeline.visitor import Trail, Visitor


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for the jobs of one run. ``keys`` are those that `Method.key` names."""

    visitor: Visitor
    config: Config
    keys: Mapping[str, str]

    def __call__(self, job: Job) -> Iterator[Answer]:
        """Yield what comes of a job; the last answer has ``is_last``."""
        if job.entry is not None and is_warc(job.url):
            yield from read_file(self.visitor, job, self.config.fetch.max_bytes)
            return
        trail = Trail()
        wish = None if job.due is None else self.visitor.site_wish(job.url, trail)
        outcome: Outcome = _refused(job.url, wish) if self._refuses(wish) else self._get(job, trail)
        if job.due is not None and isinstance(outcome, Fetched):
            wish = self._page_wish(job, outcome, wish, trail)
            if self._refuses(wish):
                outcome = _refused(job.url, wish)
        yield Answer(job, outcome, trail, wish=wish)

    def _get(self, job: Job, trail: Trail) -> Outcome:
        sites = sites_of(job.source) | {site_of(job.url)}
        key = None if job.entry is None else METHODS[job.entry.method].key
        return self.visitor.get(
            job.url,
            etag=job.etag,
            last_modified=job.last_modified,
            stays=lambda url: site_of(url) in sites,
            headers=None if key is None else {"Authorization": f"Token {self.keys[key]}"},
            trail=trail,
        )

    def _page_wish(
        self, job: Job, page: Fetched, wish: OptOut | None, trail: Trail
    ) -> OptOut | None:
        """Return what a page, or the site that it was found on, wishes."""
        if host_of(page.url) != host_of(job.url):
            wish = self.visitor.site_wish(page.url, trail)
        headers = (*self.visitor.usage(page.url, trail), *page.exchange.response_headers)
        return opt_out(headers, page.payload, page.media_type, wish)

    def _refuses(self, wish: OptOut | None) -> bool:
        obeys = self.config.fetch.opt_outs == "obey"
        return obeys and wish is not None and wish.is_refusal


def _refused(url: str, wish: OptOut | None) -> Failed:
    told = "" if wish is None else f"{wish.rule}: {wish.words}"
    return Failed(url=url, reason=f"opt-out: {told}", kind="blocked")
