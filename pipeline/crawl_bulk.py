"""Files of a gigabyte that are streamed, and the pages of a source taken out of them.

Common Crawl's news WARCs: a page is entered when it has come, and how far a file is read with it,
so that a killed run goes on inside the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from pipeline.answers import Failed, Trail, Unchanged
from pipeline.captures import Exchange, Note, make_capture, url_doc_id
from pipeline.catalog_rows import Feed
from pipeline.crawl_discovery import Discovery, sites_of
from pipeline.crawl_workers import Answer, Job
from pipeline.fetchers.commoncrawl import Position, stream_pages
from pipeline.fetchers.warc import Skipped, WarcPage
from pipeline.ingest_report import Tally
from pipeline.origin import Origin, origin_of
from pipeline.recorder import Recorder
from pipeline.sources import Source
from pipeline.urls import site_of
from pipeline.visitor import Visitor
from pipeline.web import StreamError

_NOT_SATISFIABLE = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE.value
# The file itself is not kept, so there are no lines around it: its pages are.
_NO_LINES = Exchange(request_line="", request_headers=(), status_line="", response_headers=())


def read_file(visitor: Visitor, job: Job, limit: int) -> Iterator[Answer]:
    """Yield the wanted pages of a file, and at last what came of the file.

    Args:
        visitor: Asks for it.
        job: An entry whose address is a file; it goes on where an earlier run ended.
        limit: Most decoded bytes of one page.
    """
    trail, start = Trail(), position_of(job.feed)
    is_whole = False
    try:
        chunks = visitor.stream(job.url, start, trail)
        for found in stream_pages(chunks, domains_of(job), limit, start):
            is_whole = isinstance(found, Position)  # a file that ends inside a record has none
            yield Answer(job, found, is_last=False)
    except StreamError as error:
        # Behind the last byte there is nothing: a run was killed before it could say so.
        is_whole = start > 0 and str(error) == f"HTTP {_NOT_SATISFIABLE}"
        if not is_whole:
            yield Answer(job, Failed(url=job.url, reason=str(error), temporary=True), trail)
            return
    if is_whole:
        yield Answer(job, Unchanged(url=job.url, exchange=_NO_LINES), trail)
    else:
        told = "cut inside a record"
        yield Answer(job, Failed(url=job.url, reason=told, temporary=True), trail)


def domains_of(job: Job) -> frozenset[str]:
    """Return the sites whose pages are wanted: those of the entry's query, or of its source."""
    named = (job.entry.query or "").split() if job.entry is not None else []
    return frozenset(site_of(f"https://{name.lower()}/") for name in named) or sites_of(job.source)


def position_of(feed: Feed | None) -> int:
    """Return up to which byte a file was read."""
    return 0 if feed is None or feed.position is None else feed.position


@dataclass(frozen=True, slots=True)
class BulkRecorder:
    """Enters pages that come out of a file.

    ``owners`` has the source of each site, so that a page belongs to its publisher also where one
    entry reads the file for many.
    """

    recorder: Recorder
    discovery: Discovery
    owners: Mapping[str, Source] = field(default_factory=dict)

    def settle(self, job: Job, found: WarcPage | Skipped | Position, tally: Tally) -> None:
        """Enter one page, or how far the file is read."""
        if isinstance(found, Skipped):
            tally.add("failed", found.reason, url=job.url)
        elif isinstance(found, WarcPage):
            source = self.owners.get(site_of(found.url), job.source)
            tally.add(enter_page(self.recorder, found, origin_of(source, "commoncrawl")))
        else:
            self.discovery.note_position(job.source.id, job.url, found.offset)


def enter_page(recorder: Recorder, page: WarcPage, origin: Origin) -> str:
    """Enter a page of a foreign WARC, and return what it is: ``new``, ``changed`` or ``unchanged``.

    It keeps the time at which it was fetched and the id of the record that it came from.
    """
    capture = make_capture(
        doc_id=url_doc_id(page.url),
        kind="response",
        payload=page.payload,
        url=page.url,
        **origin,
        fetched_at=page.fetched_at,
        media_type=page.media_type,
    )
    if recorder.has(capture):
        return "unchanged"
    note = Note(
        etag=page.etag,
        last_modified=page.last_modified,
        refers_to=page.record_id,
        refers_to_date=page.fetched_at,
    )
    is_known = recorder.latest(capture.doc_id) is not None
    recorder.record(capture, page.payload, note, page.exchange)
    return "changed" if is_known else "new"
