"""The catalog: what is known of every document, feed and host, in one SQLite file.

In: captures and outcomes, from the one process that holds the workspace lock. Out: what is due,
what is known, and counts. The archive is the truth: a document's row is written after its capture
is safe there, and `Catalog.clear` with `Catalog.add_captures` makes the rows again from it.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Self

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from pipeline import catalog_rows as t
from pipeline.captures import Link, Note
from pipeline.catalog_reads import (
    Address,
    addresses,
    coverage,
    document_count,
    due,
    feeds,
    newest,
    runs,
    runs_since,
)
from pipeline.catalog_rows import Due, Feed, Host, Page, Robots, RunRow
from pipeline.catalog_writes import (
    discover,
    pages_of,
    poll_of,
    put,
    put_captures,
    put_discoveries,
    put_feeds,
    put_pages,
    reset,
    take_down,
    with_poll,
)
from pipeline.paths import Workspace
from pipeline.polling import woken
from pipeline.records import Capture

_FULL = 13  # SQLITE_FULL, its code for a full disk


class CatalogError(Exception):
    """The catalog cannot be used by this version (exit code 4). The message says how to mend it."""


class Catalog:
    """An open catalog. Use it as a context manager; writing methods commit before they return."""

    def __init__(self, workspace: Workspace) -> None:
        """Open or create the catalog of a workspace.

        Raises:
            CatalogError: It was written by a newer version, or is no catalog.
        """
        workspace.corpus.mkdir(parents=True, exist_ok=True)
        self._path = workspace.catalog
        # One connection in one process: the lock sees to it that nobody else writes.
        self._engine = sa.create_engine(f"sqlite:///{self._path}", poolclass=sa.pool.StaticPool)
        sa.event.listen(self._engine, "connect", t.set_pragmas)
        try:
            with self._writing() as db:
                self._check_version(db)
        except sa.exc.DatabaseError as error:
            msg = (
                f"{self._path}: not a readable catalog ({error.__cause__}). Move it away: the next "
                "ingest makes it again from the archive."
            )
            raise CatalogError(msg) from error

    def __enter__(self) -> Self:
        """Return the catalog."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._engine.dispose()

    def _check_version(self, db: sa.Connection) -> None:
        version = int(db.exec_driver_sql("PRAGMA user_version").scalar_one())
        if version > t.VERSION:
            msg = (
                f"{self._path}: schema version {version} of a newer cityaccords; this one knows "
                f"{t.VERSION}. Use the newer version, or move the file away to rebuild it."
            )
            raise CatalogError(msg)
        t.METADATA.create_all(db)
        if version < t.VERSION:  # each statement is final at once; a kill between them does no harm
            for statement in t.missing(db):
                db.exec_driver_sql(statement)
        db.exec_driver_sql(f"PRAGMA user_version = {t.VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Open a transaction; a full disk becomes the `OSError` that it is.

        Raises:
            OSError: The disk is full. The catalog is as it was before.
        """
        try:
            with self._engine.begin() as db:
                yield db
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) != _FULL:
                raise
            raise OSError(errno.ENOSPC, "No space left on device", str(self._path)) from error

    def clear(self) -> None:
        """Take back what the archive gives, so that it can be entered again; the rest stays.

        What stays: failed, refused and removed pages, discoveries, the pace of feeds, hosts,
        robots.txt and runs. Where the file itself is gone, these are lost for good.
        """
        with self._writing() as db:
            reset(db)

    def shards(self) -> frozenset[str]:
        """Return the ids of the shards whose captures are all known."""
        with self._engine.connect() as db:
            return frozenset(db.scalars(sa.select(t.shards.c.shard_id)))

    def add_shard(self, shard_id: str, captures: int) -> None:
        """Note that all captures of a closed shard are known."""
        with self._writing() as db:
            row = {"shard_id": shard_id, "captures": captures}
            db.execute(insert(t.shards).values(row).on_conflict_do_nothing())

    def add_captures(
        self, captured: Iterable[tuple[Capture, Note]], *, recheck: timedelta | None
    ) -> None:
        """Enter captures that are safe in the archive, in one transaction; known ones do no harm.

        Args:
            captured: Captures in the order of the archive, with their notes.
            recheck: After which time a fetched page is due again; None: never.
        """
        entries = list(captured)
        found = [(capture, note) for capture, note in entries if note.role == "discovery"]
        others = [(capture, note) for capture, note in entries if note.role in t.PAGE_ROLES]
        pages = pages_of(entries, recheck)
        with self._writing() as db:
            put_captures(db, entries)
            for capture, note in found:
                method, at, zone = capture.discovered_by, capture.fetched_at, capture.timezone
                discover(db, capture.source_id, method, note.links, at, zone)
            put_pages(db, pages)
            put_discoveries(db, [capture for capture, _ in others])

    def discover(
        self,
        source_id: str,
        method: str,
        links: Iterable[Link],
        now: str,
        zone: str | None = None,
    ) -> int:
        """Enter pages that a source names, and return how many are new to this source.

        A known page whose ``modified`` lies after our last look is due at once; ``zone`` is the
        publisher's time zone, for dates without a time (rule: `polling.tells_change`).
        """
        with self._writing() as db:
            return discover(db, source_id, method, links, now, zone)

    def page(self, doc_id: str) -> Page | None:
        """Return what is known of one document."""
        with self._engine.connect() as db:
            row = db.execute(sa.select(t.documents).where(t.documents.c.doc_id == doc_id)).first()
        return None if row is None else Page(**row._mapping)

    def capture(self, capture_id: str) -> Capture | None:
        """Return one capture, with its place in the archive."""
        wanted = sa.select(t.captures).where(t.captures.c.capture_id == capture_id)
        with self._engine.connect() as db:
            row = db.execute(wanted).first()
        if row is None:
            return None
        values = {key: value for key, value in row._mapping.items() if key != "role"}
        return Capture(**values | {"languages": tuple(json.loads(values["languages"]))})

    def newest(self, doc_id: str, role: str) -> Capture | None:
        """Return the newest capture with a payload that an address has in one role."""
        with self._engine.connect() as db:
            capture_id = newest(db, doc_id, role)
        return None if capture_id is None else self.capture(capture_id)

    def put_pages(self, pages: Iterable[Page]) -> None:
        """Write the states of pages whose fetch gave no capture."""
        with self._writing() as db:
            put_pages(db, list(pages))

    def take_down(self, pages: Iterable[Page]) -> None:
        """Close pages for good, see `catalog_writes.take_down`."""
        with self._writing() as db:
            take_down(db, list(pages))

    def addresses(self, *, given_up: bool = False) -> list[Address]:
        """Return the address of every page, or of those given up; see `catalog_reads`."""
        with self._engine.connect() as db:
            return addresses(db, given_up=given_up)

    def due(self, source_id: str, now: str, limit: int) -> list[Due]:
        """Return the pages of a source that are due, new ones first, the latest published first."""
        with self._engine.connect() as db:
            return due(db, source_id, now, limit)

    def feed(self, source_id: str, url: str) -> Feed:
        """Return the state of one feed; a new one is due at once."""
        with self._engine.connect() as db:
            found = feeds(db, source_id, url)
        return found[0] if found else Feed(source_id=source_id, url=url)

    def put_feed(self, feed: Feed) -> None:
        """Write the state of one feed."""
        self.put_feeds([feed])

    def put_feeds(self, states: Iterable[Feed]) -> None:
        """Write the states of feeds, in one transaction."""
        with self._writing() as db:
            put_feeds(db, list(states))

    def feeds(self, source_id: str) -> list[Feed]:
        """Return the states of all feeds, maps and index pages of a source, by address."""
        with self._engine.connect() as db:
            return feeds(db, source_id)

    def wake_feeds(self, source_id: str) -> int:
        """Make the feeds of a source due at once, as a person wants who names it; return how many.

        Disabled ones get one try; those that failed of late keep their wait (`polling.woken`).
        """
        held = self.feeds(source_id)
        changed = [new for old in held if (new := with_poll(old, woken(poll_of(old)))) != old]
        self.put_feeds(changed)
        return len(changed)

    def hosts(self) -> dict[str, Host]:
        """Return what is known of all hosts."""
        with self._engine.connect() as db:
            return {r.host: Host(**r._mapping) for r in db.execute(sa.select(t.hosts))}

    def put_hosts(self, hosts: Iterable[Host]) -> None:
        """Write what was learnt of hosts."""
        with self._writing() as db:
            for host in hosts:
                put(db, t.hosts, asdict(host))

    def robots(self) -> dict[str, Robots]:
        """Return the robots.txt of all origins that were asked."""
        with self._engine.connect() as db:
            return {r.origin: Robots(**r._mapping) for r in db.execute(sa.select(t.robots))}

    def put_robots(self, rows: Iterable[Robots]) -> None:
        """Write what robots.txt said."""
        with self._writing() as db:
            for row in rows:
                put(db, t.robots, asdict(row))

    def put_runs(self, rows: Iterable[RunRow]) -> None:
        """Write what a run did for its sources."""
        with self._writing() as db:
            for row in rows:
                put(db, t.runs, asdict(row))

    def runs(self, source_id: str, limit: int) -> list[RunRow]:
        """Return the newest runs of one source, newest first."""
        with self._engine.connect() as db:
            return runs(db, source_id, limit)

    def runs_since(self, started_at: str) -> dict[str, list[RunRow]]:
        """Return the runs since a time by source id, newest first."""
        with self._engine.connect() as db:
            return runs_since(db, started_at)

    def document_count(self, source_id: str) -> int:
        """Return how many documents of a source stand in the archive."""
        with self._engine.connect() as db:
            return document_count(db, source_id)

    def coverage(self, published: Mapping[str, str | None]) -> list[tuple[str, str, int, int]]:
        """Count per source and month of publication what was discovered and what was fetched.

        A document counts once for each source that named it, under however many addresses; what
        once came into the archive stays fetched. ``published`` gives EDTF dates by doc_id; for
        the others the source's date counts. Returns source id, month, discovered, fetched; sorted.
        """
        with self._engine.connect() as db:
            return coverage(db, published)
