"""``ingest``: fetch what is due from the sources, or import what a researcher has.

In: sources, or files. Out: captures in ``corpus/archive`` and their state in the catalog. This
module is the stage's front: the work is in ``crawl`` (HTTP), ``imports`` and ``recorder``.
"""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from pipeline import __version__, heavy
from pipeline.answers import Failed, Fetched
from pipeline.captures import Note, make_capture, url_doc_id
from pipeline.config import Config, ConfigError
from pipeline.crawl import RESERVED, Crawl
from pipeline.crawl_discovery import is_settled
from pipeline.crawl_facts import checked
from pipeline.fetchers.methods import METHODS, asked_of
from pipeline.imports import import_documents, import_files, import_warc
from pipeline.ingest_report import IngestReport, PlannedFetch, Tally
from pipeline.paths import Workspace
from pipeline.recorder import (
    Recorder,
    open_catalog,
    rebuild_catalog,
    recording,
    stamp,
)
from pipeline.run_summary import write_summary
from pipeline.sources import Source, load_sources
from pipeline.urls import canonical_url, host_of
from pipeline.visitor import Visitor, user_agent

__all__ = [
    "IngestReport",
    "SourcesError",
    "fetch_url",
    "import_documents",
    "import_files",
    "import_warc",
    "rebuild_catalog",
    "run_ingest",
]
_BAD_RUNS = 3  # runs in a row in which a source gave nothing but failures
_HISTORY = timedelta(days=29)  # of runs, for the medians of 28 days in a summary
_ROBOTS_THREADS = 16  # hosts whose robots.txt a dry run reads side by side


class SourcesError(Exception):
    """Sources broke their assertions or failed three runs in a row (exit code 5)."""


def _silent(name: str, done: int, total: int) -> None:
    del name, done, total


def run_ingest(
    workspace: Workspace,
    config: Config,
    *,
    now: datetime,
    source_ids: Sequence[str] | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    allow_private: frozenset[str] = frozenset(),
    progress: Callable[[str, int, int], None] | None = None,
    sources: Sequence[Source] | None = None,
    keys: Mapping[str, str] | None = None,
) -> IngestReport:
    """Fetch what is due from the sources. The caller holds the workspace lock.

    Args:
        workspace: Where sources, archive and catalog are.
        config: Settings; ``fetch.contact`` must be set.
        now: The time that captures get and by which things are due.
        source_ids: Only these sources; None: all.
        limit: Most documents per source.
        dry_run: Only say what would be asked for; nothing but robots.txt is fetched.
        allow_private: ``HOST:PORT`` names that may have private addresses.
        progress: Called with a name, the number of answers and of requests so far.
        sources: Sources that were already read; None: those of the workspace.
        keys: Keys of search services by the name that `fetchers.methods.Method.key` gives them;
            None: those in the environment, where no file can leak them.

    Raises:
        ConfigError: No contact, an unknown source, a wrong source file, a newer catalog.
        OSError: The disk is full; the next run goes on where this one stopped.
    """
    chosen = _chosen(workspace, source_ids, sources)
    if not chosen:
        told = f"no source files in {workspace.sources}; docs/how-to/add-a-source.md says how"
        return IngestReport(run_id=stamp(now), sources=(), notes=(told,), is_dry_run=dry_run)
    agent = user_agent(__version__, contact_of(workspace, config))
    stop = threading.Event()
    allowed = frozenset(name.lower() for name in allow_private)
    if dry_run:
        return _dry_run(workspace, config, chosen, now, limit, agent, allowed)
    was_killed = workspace.fetching.exists()
    with recording(workspace, config, now) as recorder:
        workspace.fetching.touch()
        for named in source_ids or ():  # who names a source wants it asked now
            recorder.catalog.wake_feeds(named)
        visitor = Visitor(
            config.fetch,
            agent,
            now=now,
            hosts=recorder.catalog.hosts().values(),
            known_robots=recorder.catalog.robots().values(),
            allow_private=allowed,
            pause=stop.wait,
            rests_first=was_killed,
        )
        crawl = Crawl(
            recorder,
            visitor,
            chosen,
            config,
            now=now,
            limit=limit,
            stop=stop,
            progress=progress or _silent,
            keys=keys_of() if keys is None else keys,
        )
        tallies = crawl.run()
        recorder.commit()
        broken = _note_run(recorder, chosen, tallies, now, is_whole=limit is None)
        history = recorder.catalog.runs_since(stamp(now - _HISTORY))
    workspace.fetching.unlink()
    report = IngestReport(run_id=stamp(now), sources=tallies, broken_sources=broken)
    path = write_summary(workspace, report, history, is_whole=limit is None)
    return dataclasses.replace(report, notes=(f"Summary: {path}",))


def fetch_url(
    workspace: Workspace,
    config: Config,
    url: str,
    *,
    now: datetime,
    source_id: str = "inspect",
    allow_private: frozenset[str] = frozenset(),
) -> None:
    """Fetch one page into the archive, with the manners of a run: robots.txt, pace, limits.

    Raises:
        ConfigError: No contact, no web address, or no page came; the message gives the reason.
    """
    address = canonical_url(url)
    if address is None:
        msg = f"{url}: not an http or https address"
        raise ConfigError(msg)
    agent = user_agent(__version__, contact_of(workspace, config))
    allowed = frozenset(name.lower() for name in allow_private)
    with heavy.single():
        outcome = Visitor(config.fetch, agent, now=now, allow_private=allowed).get(address)
    if isinstance(outcome, Fetched):
        outcome = checked(outcome)
    if not isinstance(outcome, Fetched):
        reason = outcome.reason if isinstance(outcome, Failed) else "unchanged"
        msg = f"{address}: not fetched: {reason}"
        raise ConfigError(msg)
    capture = make_capture(
        doc_id=url_doc_id(outcome.url),
        kind="response",
        payload=outcome.payload,
        url=outcome.url,
        source_id=source_id,
        source_kind="other",
        discovered_by="url",
        fetched_at=stamp(now),
        status=outcome.status,
        media_type=outcome.media_type,
    )
    with recording(workspace, config, now) as recorder:
        if not recorder.has(capture):
            note = Note(etag=outcome.etag, last_modified=outcome.last_modified)
            recorder.record(capture, outcome.payload, note, outcome.exchange)


def _chosen(
    workspace: Workspace, source_ids: Sequence[str] | None, sources: Sequence[Source] | None
) -> tuple[Source, ...]:
    known = tuple(sources) if sources is not None else load_sources(workspace.sources)
    if source_ids is None:
        return known
    missing = sorted(set(source_ids) - {source.id for source in known})
    if missing:
        names = ", ".join(source.id for source in known) or "none"
        msg = f"{workspace.sources}: no source {', '.join(missing)}. There are: {names}."
        raise ConfigError(msg)
    return tuple(source for source in known if source.id in source_ids)


def contact_of(workspace: Workspace, config: Config) -> str:
    """Return whom a webmaster can reach.

    Raises:
        ConfigError: Nobody is named; the message shows the two lines to add.
    """
    contact = config.fetch.contact.strip()
    if not contact or not contact.isprintable():
        msg = (
            "fetching over HTTP needs a contact, so that a webmaster can reach you. Add to "
            f'{workspace.config}:\n\n[fetch]\ncontact = "you@example.org"\n'
        )
        raise ConfigError(msg)
    return contact


def keys_of() -> dict[str, str]:
    """Return the keys of search services that the environment has."""
    names = {method.key for method in METHODS.values() if method.key is not None}
    return {name: os.environ[name].strip() for name in names if os.environ.get(name, "").strip()}


def _note_run(
    recorder: Recorder,
    sources: Sequence[Source],
    tallies: Sequence[Tally],
    now: datetime,
    *,
    is_whole: bool,
) -> tuple[str, ...]:
    """Write the run into the catalog and return the sources that a person should look at."""
    catalog, started = recorder.catalog, stamp(now)
    broken = []
    told = (json.dumps(tally.as_data()["reasons"], ensure_ascii=False) for tally in tallies)
    rows = zip(tallies, told, strict=True)
    catalog.put_runs([tally.as_row(started, started, reasons) for tally, reasons in rows])
    for source, tally in zip(sources, tallies, strict=True):
        runs = catalog.runs(source.id, _BAD_RUNS)
        failing = len(runs) == _BAD_RUNS and all(run.is_failure for run in runs)
        # A source that was left alone, by its own wish or ours, has broken nothing.
        postponed = any(reason.startswith("postponed") for reason in tally.reasons)
        left_alone = tally.reasons[f"blocked: {RESERVED}"] > 0
        short = catalog.document_count(source.id) < source.assertions.min_documents
        if not left_alone and (failing or (short and is_whole and not postponed)):
            broken.append(source.id)
    return tuple(broken)


def _allows(visitor: Visitor, url: str) -> bool:
    with heavy.single():
        return visitor.allows(url)


def _dry_run(
    workspace: Workspace,
    config: Config,
    sources: Sequence[Source],
    now: datetime,
    limit: int | None,
    agent: str,
    allow_private: frozenset[str],
) -> IngestReport:
    """Say what would be asked for: entry points, and documents that are known to be due."""
    budget = min(limit or config.fetch.max_pages, config.fetch.max_pages)
    asked: list[tuple[str, str]] = []
    with open_catalog(workspace) as catalog:
        for source in sources:
            urls: list[str | None] = []
            known = {feed.url: feed for feed in catalog.feeds(source.id)}
            for entry in source.fetch:
                starts = METHODS[entry.method].starts(asked_of(source, entry, now))
                due = (u for u in starts if not is_settled(entry, known.get(u), stamp(now)))
                urls += islice(due, entry.max_pages)
            urls += [due.page.url for due in catalog.due(source.id, stamp(now), budget)]
            asked += [(source.id, url) for url in urls if url is not None]
        visitor = Visitor(
            config.fetch,
            agent,
            now=now,
            hosts=catalog.hosts().values(),
            known_robots=catalog.robots().values(),
            allow_private=allow_private,
        )
    first = list({host_of(url): url for _, url in asked}.values())
    with ThreadPoolExecutor(_ROBOTS_THREADS) as pool:
        list(pool.map(partial(_allows, visitor), first))
    planned = tuple(
        PlannedFetch(host_of(url), url, source_id, visitor.verdict(url)) for source_id, url in asked
    )
    tallies = tuple(Tally(source.id) for source in sources)
    return IngestReport(run_id=stamp(now), sources=tallies, planned=planned, is_dry_run=True)
