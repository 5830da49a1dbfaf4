"""Crawls sources: first their feeds, maps and index pages, then the documents that are due.

One thread per host asks (``visitor``); this module's own thread alone reads answers, writes archive
and catalog, and hands out new jobs. So there is no shared state but two queues.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.catalog_rows import Due, Feed
from pipeline.config import Config
from pipeline.crawl_discovery import Discovery, read_entry, sites_of
from pipeline.crawl_pages import PageRecorder
from pipeline.ingest_report import Tally
from pipeline.recorder import Recorder, stamp
from pipeline.sources import FetchEntry, Source
from pipeline.urls import canonical_url, host_of, site_of
from pipeline.visitor import Visitor
from pipeline.web import Outcome

METHODS = ("feed", "sitemap", "listing")  # the others of a source file come with later versions
_WORKERS = 256  # threads at most: each mostly waits; hosts beyond share them
_WAITING = 64  # answers that may wait to be written, so that memory does not grow with the run
_SAVE_EVERY = 200  # answers between two notes of what was learnt of hosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One address to ask for: an entry point (``entry``) or a document (``due``)."""

    source: Source
    url: str
    etag: str | None = None
    last_modified: str | None = None
    entry: FetchEntry | None = None
    feed: Feed | None = None
    due: Due | None = None


@dataclass(slots=True)
class _State:
    """How far one source is in this run."""

    source: Source
    tally: Tally
    open_entries: int = 0
    asked: set[str] = field(default_factory=set)
    pages_of: dict[str, int] = field(default_factory=dict)
    budget: int = 0


def _stays_with(source: Source) -> Callable[[str], bool]:
    sites = sites_of(source)
    return lambda url: site_of(url) in sites


class Crawl:
    """One run over some sources."""

    def __init__(
        self,
        recorder: Recorder,
        visitor: Visitor,
        sources: tuple[Source, ...],
        config: Config,
        *,
        now: datetime,
        limit: int | None,
        stop: threading.Event,
        progress: Callable[[str, int, int], None],
    ) -> None:
        """Prepare; nothing is asked before `run`."""
        self._recorder, self._visitor, self._config = recorder, visitor, config
        self._now, self._stop, self._progress = stamp(now), stop, progress
        self._pages = PageRecorder(recorder, self._now, config)
        self._discovery = Discovery(recorder, self._now)
        budget = min(limit or config.fetch.max_pages, config.fetch.max_pages)
        self._states = {s.id: _State(s, Tally(s.id), budget=budget) for s in sources}
        self._claimed: set[str] = set()
        self._answers: queue.Queue[tuple[Job, Outcome | BaseException]] = queue.Queue(_WAITING)
        self._queues: dict[int, queue.SimpleQueue[Job | None]] = {}
        self._workers: dict[str, int] = {}
        self._jobs = self._done = 0

    def run(self) -> tuple[Tally, ...]:
        """Ask for everything that is due and return what came of it, per source."""
        try:
            for state in self._states.values():
                self._begin(state)
            while self._done < self._jobs:
                job, answer = self._answers.get()
                self._done += 1
                if isinstance(answer, BaseException):
                    raise answer
                self._handle(job, answer)
                self._progress("ingest", self._done, self._jobs)
                if self._done % _SAVE_EVERY == 0:
                    self._save()
        finally:
            self._stop.set()
            for waiting in self._queues.values():
                waiting.put(None)
        self._save()
        return tuple(state.tally for state in self._states.values())

    def _save(self) -> None:
        self._recorder.catalog.put_hosts(self._visitor.host_rows())
        self._recorder.catalog.put_robots(self._visitor.robots_rows())

    def _begin(self, state: _State) -> None:
        """Queue a source's entry points, or its documents where no entry point is due."""
        for entry in state.source.fetch:
            url = canonical_url(entry.url) if entry.url else None
            if entry.method not in METHODS or url is None:
                told = f"fetch method {entry.method!r} is not in this version"
                state.tally.add("failed", told)
                continue
            self._queue_entry(state, entry, url, root=url)
        if state.open_entries == 0:
            self._queue_documents(state)

    def _queue_entry(self, state: _State, entry: FetchEntry, url: str, *, root: str) -> None:
        """Queue a feed, map or index page unless it was asked, is one too many, or must wait."""
        count = state.pages_of.get(root, 0)
        if url in state.asked or count >= entry.max_pages:
            return
        feed = self._recorder.catalog.feed(state.source.id, url)
        if feed.next_due is not None and feed.next_due > self._now:
            state.tally.add("failed", f"{url} waits until {feed.next_due} ({feed.status})")
            return
        state.asked.add(url)
        state.pages_of[root] = count + 1
        state.open_entries += 1
        made = entry.model_copy(update={"url": root})
        self._push(
            Job(
                source=state.source,
                url=url,
                etag=feed.etag,
                last_modified=feed.last_modified,
                entry=made,
                feed=feed,
            )
        )

    def _queue_documents(self, state: _State) -> None:
        if state.budget <= 0:
            return
        # Answers that are not written yet still look due: they must not hide those that are new.
        most = state.budget + len(self._claimed)
        for due in self._recorder.catalog.due(state.source.id, self._now, most):
            self._queue_document(state, due)

    def _queue_document(self, state: _State, due: Due) -> None:
        page = due.page
        if page.doc_id in self._claimed or page.url is None or state.budget <= 0:
            return
        self._claimed.add(page.doc_id)
        state.budget -= 1
        held = page.capture_id is not None
        self._push(
            Job(
                source=state.source,
                url=page.url,
                etag=page.etag if held else None,
                last_modified=page.last_modified if held else None,
                due=due,
            )
        )

    def _push(self, job: Job) -> None:
        """Give a job to the thread of its host, which is started for its first one."""
        self._jobs += 1
        worker = self._workers.setdefault(host_of(job.url), len(self._workers) % _WORKERS)
        if worker not in self._queues:
            self._queues[worker] = queue.SimpleQueue()
            args = (self._queues[worker],)
            threading.Thread(target=self._work, args=args, daemon=True).start()
        self._queues[worker].put(job)

    def _work(self, jobs: queue.SimpleQueue[Job | None]) -> None:
        while (job := jobs.get()) is not None and not self._stop.is_set():
            answer: Outcome | BaseException
            try:
                answer = self._visitor.get(
                    job.url,
                    etag=job.etag,
                    last_modified=job.last_modified,
                    stays=_stays_with(job.source),
                )
            except Exception as error:
                answer = error
            self._put(job, answer)

    def _put(self, job: Job, answer: Outcome | BaseException) -> None:
        while not self._stop.is_set():
            try:
                self._answers.put((job, answer), timeout=1.0)  # s between looks at the stop sign
            except queue.Full:
                continue
            return

    def _handle(self, job: Job, outcome: Outcome) -> None:
        state = self._states[job.source.id]
        if job.entry is not None and job.feed is not None:
            state.open_entries -= 1
            found = read_entry(job.source, job.entry, job.feed, outcome)
            for link in self._discovery.settle(
                job.source, job.entry, job.feed, outcome, found, state.tally
            ):
                self._queue_entry(state, job.entry, link, root=job.entry.url or link)
            if state.open_entries == 0:
                self._queue_documents(state)
        elif job.due is not None:
            links = self._pages.settle(job.source, job.due, job.url, outcome, state.tally)
            if links:
                new = self._recorder.catalog.discover(job.source.id, "pdf_link", links, self._now)
                state.tally.add("discovered", count=new)
                if new:
                    self._queue_documents(state)
