"""Files of a gigabyte that are streamed, and the pages of a source taken out of them.

Common Crawl's news WARCs: a page is entered when it has come, and how far a file is read with it,
so that a killed run goes on inside the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.answers import Failed, Unchanged
from pipeline.captures import Exchange, Note, url_doc_id
from pipeline.catalog_rows import Feed
from pipeline.crawl_discovery import Discovery, sites_of
from pipeline.crawl_workers import Answer, Job
from pipeline.fetchers.commoncrawl import Position, stream_pages
from pipeline.fetchers.warc import Skipped, WarcPage
from pipeline.ingest_report import Tally
from pipeline.recorder import Recorder, make_capture
from pipeline.sources import Source
from pipeline.visitor import Trail, Visitor
from pipeline.web import StreamError


def read_file(visitor: Visitor, job: Job, limit: int) -> Iterator[Answer]:
    """Yield the pages of the job's source in a file, and at last what came of the file.

    Args:
        visitor: Asks for it.
        job: An entry whose address is a file; it goes on where an earlier run ended.
        limit: Most decoded bytes of one page.
    """
    trail, start = Trail(), position_of(job.feed)
    try:
        chunks = visitor.stream(job.url, start, trail)
        for found in stream_pages(chunks, sites_of(job.source), limit, start):
            yield Answer(job, found, is_last=False)
    except StreamError as error:
        yield Answer(job, Failed(url=job.url, reason=str(error), temporary=True), trail)
        return
    nothing = Exchange(
        request_line="", request_headers=(), status_line="", response_headers=()
    )  # the file is not kept: its pages are
    yield Answer(
        job, Unchanged(url=job.url, exchange=nothing, etag=None, last_modified=None), trail
    )


def position_of(feed: Feed | None) -> int:
    """Return up to which byte a file was read."""
    return 0 if feed is None or feed.position is None else feed.position


@dataclass(frozen=True, slots=True)
class BulkRecorder:
    """Enters pages that come out of a file."""

    recorder: Recorder
    discovery: Discovery

    def settle(self, job: Job, found: WarcPage | Skipped | Position, tally: Tally) -> None:
        """Enter one page, or how far the file is read."""
        if isinstance(found, Skipped):
            tally.add("failed", found.reason, url=job.url)
        elif isinstance(found, WarcPage):
            self._page(job.source, found, tally)
        else:
            self.discovery.note_position(job.source.id, job.url, found.offset)

    def _page(self, source: Source, page: WarcPage, tally: Tally) -> None:
        capture = make_capture(
            doc_id=url_doc_id(page.url),
            kind="response",
            payload=page.payload,
            url=page.url,
            source_id=source.id,
            source_kind=source.kind,
            source_country=source.country,
            timezone=source.timezone,
            languages=source.languages,
            discovered_by="commoncrawl",
            fetched_at=page.fetched_at,
            media_type=page.media_type,
        )
        if self.recorder.has(capture):
            tally.add("unchanged")
            return
        note = Note(
            etag=page.etag,
            last_modified=page.last_modified,
            refers_to=page.record_id,
            refers_to_date=page.fetched_at,
        )
        is_known = self.recorder.latest(capture.doc_id) is not None
        self.recorder.record(capture, page.payload, note, page.exchange)
        tally.add("changed" if is_known else "new")
