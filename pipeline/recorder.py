"""Puts captures into the archive, then into the catalog: a kill loses and doubles nothing.

Order: WARC record, sync, catalog rows. At the start of a run the archive is read for what a killed
run left: its open file is finished, and captures that the catalog misses are entered.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pipeline.archive import ArchiveWriter, read_entries, recover
from pipeline.captures import Exchange, Note
from pipeline.catalog import Catalog, CatalogError
from pipeline.catalog_rows import Page
from pipeline.config import Config, ConfigError
from pipeline.paths import Workspace, shard_id_of
from pipeline.records import Capture, stable_id
from pipeline.takedowns import REASON, Takedown, read_takedowns, withheld
from pipeline.warc import record_id

_BATCH = 100  # captures per sync and transaction: one sync costs about as much as 50 captures

_BATCH_LINKS = 20_000  # that wait with them: a map has up to 50,000, and each takes half a kilobyte


def stamp(moment: datetime) -> str:
    """Return a time as the records hold it: UTC, whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Recorder:
    """The one writer of archive and catalog during a run."""

    def __init__(
        self,
        catalog: Catalog,
        writer: ArchiveWriter,
        recheck: timedelta,
        taken_down: Collection[str] = (),
    ) -> None:
        """Take an open catalog, an archive writer, and the ids not to be kept; see `recording`."""
        self._taken_down = taken_down
        self.catalog = catalog
        self._writer, self._recheck = writer, recheck
        self._captures: list[tuple[Capture, Note]] = []
        self._links = 0  # in the notes of those captures
        self._pages: list[Page] = []
        self._waiting: dict[str, Capture] = {}
        self._aside: dict[tuple[str, str], Capture] = {}  # newest of this run, by id and role
        self._settled: set[str] = set()  # documents that got a payload in this run

    def latest(self, doc_id: str, known: Page | None = None) -> Capture | None:
        """Return the newest capture of a document that has a payload, also of this run.

        ``known`` is what the catalog said of the document before this run, if it was asked.
        """
        if doc_id in self._waiting:
            return self._waiting[doc_id]
        is_known = known is not None and known.doc_id == doc_id and doc_id not in self._settled
        page = known if is_known else self.catalog.page(doc_id)
        if page is None or page.capture_id is None:
            return None
        return self.catalog.capture(page.capture_id)

    def has(self, capture: Capture) -> bool:
        """Tell whether a capture, or its document's newest payload, is in the archive already."""
        latest = self.latest(capture.doc_id)
        if latest is not None and latest.payload_sha256 == capture.payload_sha256:
            return True
        return self.catalog.capture(capture.capture_id) is not None

    def record(
        self,
        capture: Capture,
        payload: bytes,
        note: Note,
        exchange: Exchange | None = None,
        records: bytes | None = None,
    ) -> Capture:
        """Write one capture to the archive; the catalog learns of it with the next batch.

        Of what was taken down on request, nothing is written but that it came (`withheld`).
        """
        rest = withheld(capture, note, self._taken_down) if self._taken_down else None
        if rest is not None:
            (capture, payload, note), records = rest, None
        placed = self._writer.write(capture, payload, note=note, exchange=exchange, records=records)
        self._captures.append((placed, note))
        if capture.kind != "revisit" and note.role == "document":
            self._waiting[capture.doc_id] = placed
            self._settled.add(capture.doc_id)
        self._links += len(note.links)
        if len(self._captures) >= _BATCH or self._links >= _BATCH_LINKS:
            self.commit()
        return placed

    def record_aside(
        self, capture: Capture, payload: bytes, note: Note, exchange: Exchange
    ) -> None:
        """Write a capture that is no document: a feed, a robots.txt, a redirect.

        One that repeats the newest payload of its address becomes a revisit; one of this very run
        is there already (a killed run that goes on, many pages behind one redirect).
        """
        key = (capture.doc_id, note.role)
        known = self._aside.get(key) or self.catalog.newest(*key)
        if known is not None and known.payload_sha256 == capture.payload_sha256:
            self._aside[key] = dataclasses.replace(known, fetched_at=capture.fetched_at)
            if known.fetched_at == capture.fetched_at:
                return
            capture_id = stable_id(capture.capture_id, "revisit")
            if self.catalog.capture(capture_id) is not None:
                return
            capture = dataclasses.replace(capture, capture_id=capture_id, kind="revisit")
            payload = b""
            note = dataclasses.replace(
                note,
                links=(),
                refers_to=record_id(known.capture_id),
                refers_to_date=known.fetched_at,
            )
        else:
            self._aside[key] = capture
        self.record(capture, payload, note, exchange)

    def put_page(self, page: Page) -> None:
        """Write the state of a page whose fetch gave no capture, with the next batch."""
        self._pages.append(page)

    def commit(self) -> None:
        """Make everything so far survive: archive first, catalog second."""
        self._writer.sync()
        if self._captures:
            self.catalog.add_captures(self._captures, recheck=self._recheck)
        if self._pages:
            self.catalog.put_pages(self._pages)
        for shard_id, captures in self._writer.closed:
            self.catalog.add_shard(shard_id, captures)
        self._writer.closed.clear()
        self._captures.clear()
        self._links = 0
        self._pages.clear()
        self._waiting.clear()

    def finish(self) -> None:
        """Write what waits and close the archive file."""
        self.commit()
        self._writer.close()
        self.commit()


@contextmanager
def recording(workspace: Workspace, config: Config, now: datetime) -> Iterator[Recorder]:
    """Open archive and catalog for one run, in agreement with each other.

    The caller holds the workspace lock. A run that ends with an error leaves its file open: the
    next one finishes it.

    Raises:
        ConfigError: The catalog is of a newer version, or unreadable.
        BrokenArchiveError: A file that the catalog does not know yet is damaged.
        OSError: The disk is full; run again when there is room.
    """
    recheck = timedelta(days=config.fetch.recheck_days)
    workspace.archive.mkdir(parents=True, exist_ok=True)
    writer = ArchiveWriter(
        workspace,
        f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        max_captures=config.fetch.shard_captures,
        max_bytes=config.fetch.shard_bytes,
    )
    with open_catalog(workspace) as catalog:
        recover(workspace)
        reconcile(workspace, catalog, recheck)
        listed = read_takedowns(workspace)
        if listed:
            catalog.take_down(closed(listed.values()))
        recorder = Recorder(catalog, writer, recheck, listed.keys())
        try:
            yield recorder
        except KeyboardInterrupt:
            recorder.finish()
            raise
        except BaseException:
            writer.abandon()
            raise
        recorder.finish()


def closed(rows: Iterable[Takedown]) -> list[Page]:
    """Return the pages of taken-down documents, as they are never asked for again."""
    return [
        Page(
            doc_id=row.doc_id,
            url=row.url,
            host=urlsplit(row.url).netloc if row.url else None,
            state="gone",
            reason=REASON,
        )
        for row in rows
    ]


def open_catalog(workspace: Workspace) -> Catalog:
    """Open the catalog.

    Raises:
        ConfigError: It is of a newer version, or unreadable.
    """
    try:
        return Catalog(workspace)
    except CatalogError as error:
        raise ConfigError(str(error)) from error


def reconcile(workspace: Workspace, catalog: Catalog, recheck: timedelta) -> None:
    """Enter the shards that the catalog misses; if one that it knows is gone, enter all anew."""
    paths = {shard_id_of(path): path for path in workspace.shards("archive")}
    if catalog.shards() - set(paths):
        catalog.clear()
    for shard_id in sorted(set(paths) - catalog.shards()):
        entries = [(entry.capture, entry.note) for entry in read_entries(paths[shard_id])]
        catalog.add_captures(entries, recheck=recheck)
        catalog.add_shard(shard_id, len(entries))


def rebuild_catalog(workspace: Workspace, config: Config) -> None:
    """Make the catalog again from the archive alone; one that cannot be used is moved aside.

    Raises:
        BrokenArchiveError: A file of the archive is damaged.
    """
    try:
        catalog = Catalog(workspace)
    except CatalogError:
        workspace.catalog.replace(workspace.catalog.with_suffix(".sqlite.old"))
        catalog = Catalog(workspace)
    with catalog:
        catalog.clear()
        recover(workspace)
        reconcile(workspace, catalog, timedelta(days=config.fetch.recheck_days))
