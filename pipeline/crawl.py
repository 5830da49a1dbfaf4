"""Crawls sources: first their feeds, maps and index pages, then the documents that are due.

One thread per host asks (``crawl_workers``); this module's own thread alone reads answers, writes
archive and catalog, and hands out new jobs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.answers import Failed, Fetched, Outcome, Trail, Unchanged
from pipeline.captures import Link, Note, make_capture, url_doc_id
from pipeline.catalog_rows import Due
from pipeline.config import Config
from pipeline.crawl_asking import Asker
from pipeline.crawl_bulk import BulkRecorder
from pipeline.crawl_discovery import Discovery, held_back, is_done, sites_of
from pipeline.crawl_pages import PageRecorder
from pipeline.crawl_workers import Answer, Job, Workers
from pipeline.fetchers.found import Found
from pipeline.fetchers.methods import METHODS, asked_of
from pipeline.ingest_report import Tally
from pipeline.origin import origin_of
from pipeline.recorder import Recorder, stamp
from pipeline.sources import FetchEntry, Source
from pipeline.visitor import Visitor

_SAVE_SECONDS = 10.0  # between two notes of what was learnt of hosts: a kill loses no more of it
RESERVED = "the publisher reserves text and data mining (tdm in the source file)"
_BATCH = 50  # states of feeds per transaction


@dataclass(slots=True)
class _State:
    """How far one source is in this run."""

    source: Source
    tally: Tally
    open_entries: int = 0
    asked: set[str] = field(default_factory=set)
    pages_of: dict[str, int] = field(default_factory=dict)
    budget: int = 0


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
        keys: Mapping[str, str],
    ) -> None:
        """Prepare; nothing is asked before `run`. ``keys`` are those that `Method.key` names."""
        self._recorder, self._visitor, self._config = recorder, visitor, config
        self._moment, self._now, self._progress, self._keys = now, stamp(now), progress, keys
        self._pages = PageRecorder(recorder, self._now, config)
        self._discovery = Discovery(recorder, self._now, batch=_BATCH)
        owners = {site: source for source in sources for site in sites_of(source)}
        self._bulk = BulkRecorder(recorder, self._discovery, owners)
        budget = min(limit or config.fetch.max_pages, config.fetch.max_pages)
        self._states = {s.id: _State(s, Tally(s.id), budget=budget) for s in sources}
        self._claimed: set[str] = set()
        self._workers = Workers(Asker(visitor, config, keys, now, self._claimed), stop)
        self._saved_at = time.monotonic()

    def run(self) -> tuple[Tally, ...]:
        """Ask for everything that is due and return what came of it, per source."""
        try:
            for state in self._states.values():
                self._begin(state)
            for answer in self._workers.answers():
                self._handle(answer)
                self._progress("ingest", self._workers.done, self._workers.jobs)
                if time.monotonic() - self._saved_at > _SAVE_SECONDS:
                    self._save()
        finally:
            self._workers.close()
        self._discovery.finish()
        self._save()
        return tuple(state.tally for state in self._states.values())

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        self._recorder.catalog.put_hosts(self._visitor.host_rows())
        self._recorder.catalog.put_robots(self._visitor.robots_rows())

    def _begin(self, state: _State) -> None:
        """Queue a source's entry points, or its documents where no entry point is due."""
        source = state.source
        if source.tdm == "reserved" and self._config.fetch.opt_outs == "obey":
            state.tally.add("blocked", RESERVED, url=source.homepage)
            return
        for entry in source.fetch:
            method = METHODS[entry.method]
            if method.key is not None and method.key not in self._keys:
                told = f"{entry.method} needs a key in the environment variable {method.key}"
                state.tally.add("failed", told)
                continue
            for url in method.starts(asked_of(source, entry, self._moment)):
                self._queue_entry(state, entry, url, root=url)
        if state.open_entries == 0:
            self._queue_documents(state)

    def _queue_entry(self, state: _State, entry: FetchEntry, url: str, *, root: str) -> None:
        """Queue a feed, map or index page unless it was asked, is one too many, or must wait."""
        count = state.pages_of.get(root, 0)
        if url in state.asked or count >= entry.max_pages:
            return
        feed = self._discovery.feed(state.source.id, url)
        if is_done(entry, feed) or held_back(feed, state.tally, self._now):
            return
        state.asked.add(url)
        state.pages_of[root] = count + 1
        state.open_entries += 1
        made = entry.model_copy(update={"url": root})
        self._workers.push(
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
        self._workers.push(
            Job(
                source=state.source,
                url=page.url,
                etag=page.etag if held else None,
                last_modified=page.last_modified if held else None,
                due=due,
            )
        )

    def _handle(self, answer: Answer) -> None:
        job, outcome = answer.job, answer.outcome
        state = self._states[job.source.id]
        self._record_trail(job, answer.trail, outcome)
        self._count(state.tally, outcome, answer.trail)
        if not isinstance(outcome, Fetched | Unchanged | Failed):
            if not isinstance(outcome, BaseException):
                self._bulk.settle(job, outcome, state.tally)
        elif job.entry is not None and job.feed is not None:
            self._handle_entry(state, job, outcome, answer.found or Found())
        elif job.due is not None:
            method, links = self._pages.settle(
                job.source, job.due, outcome, answer.facts, state.tally
            )
            if links:
                self._discover(state, method, links)

    def _handle_entry(self, state: _State, job: Job, outcome: Outcome, found: Found) -> None:
        if job.entry is None or job.feed is None:
            return
        state.open_entries -= 1
        for link in self._discovery.settle(
            job.source, job.entry, job.feed, outcome, found, state.tally
        ):
            self._queue_entry(state, job.entry, link, root=job.entry.url or link)
        if state.open_entries == 0:
            self._queue_documents(state)

    def _discover(self, state: _State, method: str, links: tuple[Link, ...]) -> None:
        """Enter what a document leads to, and queue what is new."""
        source = state.source
        new = self._recorder.catalog.discover(source.id, method, links, self._now, source.timezone)
        state.tally.add("discovered", count=new)
        if new:
            self._queue_documents(state)

    def _count(self, tally: Tally, outcome: object, trail: Trail) -> None:
        payload = len(outcome.payload) if isinstance(outcome, Fetched) else 0
        received = payload + sum(len(step.answer.payload) for step in trail.steps)
        tally.add_answer(received, trail.seconds, trail.requests)

    def _record_trail(self, job: Job, trail: Trail, outcome: object) -> None:
        """Archive what was answered on the way: robots.txt files and redirects."""
        source = job.source
        for step in trail.steps:
            answer = step.answer
            note = Note(role=step.role)
            is_last = step is trail.steps[-1] and step.role == "redirect"
            if is_last and isinstance(outcome, Failed) and outcome.kind == "moved":
                links = (Link(url=outcome.url),)
                note = Note(role=step.role, aliases=(job.url,), links=links)
            capture = make_capture(
                doc_id=url_doc_id(answer.url),
                kind="response",
                payload=answer.payload,
                url=answer.url,
                **origin_of(source, step.role),
                fetched_at=self._now,
                status=answer.status,
                media_type=answer.media_type,
            )
            self._recorder.record_aside(capture, answer.payload, note, answer.exchange)
            if step.role == "robots" and b"delay" in answer.payload.lower():
                self._save()  # a kill must not make us forget a pace that was asked for
