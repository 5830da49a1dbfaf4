"""The catalog: what is known of every document, feed and host, in one SQLite file.

In: captures and outcomes, from the one process that holds the workspace lock. Out: what is due,
what is known, and counts. The archive is the truth: a document's row is written after its capture
is safe there, and `Catalog.clear` with `Catalog.add_captures` makes the rows again from it.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from pipeline import catalog_rows as t
from pipeline.captures import Link, Note
from pipeline.catalog_rows import Due, Feed, Host, Page, Robots, RunRow
from pipeline.catalog_writes import (
    discover,
    due_of,
    moved,
    page_of,
    put,
    put_captures,
    put_discoveries,
    put_pages,
)
from pipeline.paths import Workspace
from pipeline.records import Capture

_MONTH = re.compile(r"^(\d{4}(?:-\d{2})?).*|.+", re.DOTALL)  # EDTF or a time, else nothing
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
        sa.event.listen(self._engine, "connect", _set_pragmas)
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
        """Forget all but hosts and runs, so that it can be made again from the archive.

        Feeds go too: their ETags would hide pages that only a lost archive file told of.
        """
        with self._writing() as db:
            for table in (t.discoveries, t.documents, t.captures, t.feeds, t.shards):
                db.execute(sa.delete(table))

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
        others = [(capture, note) for capture, note in entries if note.role != "discovery"]
        pages = [page_of(capture, note, recheck) for capture, note in others]
        pages += [moved(alias, capture) for capture, note in others for alias in note.aliases]
        with self._writing() as db:
            put_captures(db, entries)
            for capture, note in found:
                method, at = capture.discovered_by, capture.fetched_at
                discover(db, capture.source_id, method, note.links, at)
            put_pages(db, pages)
            put_discoveries(db, [capture for capture, _ in others])

    def discover(self, source_id: str, method: str, links: Iterable[Link], now: str) -> int:
        """Enter pages that a source names, and return how many are new to this source."""
        with self._writing() as db:
            return discover(db, source_id, method, links, now)

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

    def put_pages(self, pages: Iterable[Page]) -> None:
        """Write the states of pages whose fetch gave no capture."""
        with self._writing() as db:
            put_pages(db, list(pages))

    def due(self, source_id: str, now: str, limit: int) -> list[Due]:
        """Return the pages of a source that are due, new ones first, the latest published first."""
        d, p = t.discoveries, t.documents
        wanted = (
            sa.select(p, d.c.source_id, d.c.discovered_by, d.c.hint_published)
            .join(d, d.c.doc_id == p.c.doc_id)
            .where(p.c.next_due.is_not(None), p.c.next_due <= now, d.c.source_id == source_id)
            .order_by(
                p.c.checked_at.is_not(None), d.c.hint_published.desc(), d.c.discovered_at, p.c.url
            )
            .limit(limit)
        )
        with self._engine.connect() as db:
            return [due_of(row._mapping) for row in db.execute(wanted)]

    def feed(self, source_id: str, url: str) -> Feed:
        """Return the state of one feed; a new one is due at once."""
        f = t.feeds.c
        wanted = sa.select(t.feeds).where(f.source_id == source_id, f.url == url)
        with self._engine.connect() as db:
            row = db.execute(wanted).first()
        return Feed(source_id=source_id, url=url) if row is None else Feed(**row._mapping)

    def put_feed(self, feed: Feed) -> None:
        """Write the state of one feed."""
        with self._writing() as db:
            put(db, t.feeds, asdict(feed))

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
        r = t.runs.c
        wanted = sa.select(t.runs).where(r.source_id == source_id).order_by(r.started_at.desc())
        with self._engine.connect() as db:
            return [RunRow(**row._mapping) for row in db.execute(wanted.limit(limit))]

    def document_count(self, source_id: str) -> int:
        """Return how many documents of a source stand in the archive."""
        d, p = t.discoveries.c, t.documents.c
        wanted = (
            sa.select(sa.func.count())
            .select_from(t.discoveries.join(t.documents, p.doc_id == d.doc_id))
            .where(d.source_id == source_id, p.capture_id.is_not(None))
        )
        with self._engine.connect() as db:
            return int(db.execute(wanted).scalar_one())

    def coverage(self, published: Mapping[str, str | None]) -> list[tuple[str, str, int, int]]:
        """Count per source and month of publication what was discovered and what was fetched.

        Args:
            published: EDTF date by doc_id, for documents that were read. For the others the date
                that the source gave counts; without one the month is an empty string.

        Returns:
            Source id, month (``YYYY-MM``, ``YYYY`` or empty), discovered, fetched; sorted.
        """
        d, p = t.discoveries.c, t.documents.c
        wanted = sa.select(d.doc_id, d.source_id, d.hint_published, p.capture_id).join(
            t.documents, p.doc_id == d.doc_id
        )
        counts: dict[tuple[str, str], list[int]] = {}
        with self._engine.connect() as db:
            for doc_id, source_id, hint, capture_id in db.execute(wanted):
                month = _MONTH.sub(r"\1", published.get(doc_id) or hint or "")
                count = counts.setdefault((source_id, month), [0, 0])
                count[0] += 1
                count[1] += capture_id is not None
        return sorted((*key, *count) for key, count in counts.items())  # type: ignore[misc]


def _set_pragmas(connection: Any, _: object) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # rows are batched, so the guarantee against a power cut is cheap
        "foreign_keys = ON",
        "busy_timeout = 30000",  # ms: long enough for a reader's checkpoint, short enough to notice
    ):
        connection.execute(f"PRAGMA {pragma}")
