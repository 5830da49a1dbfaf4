"""Records of foreign WARC files: pages that were fetched by others, Common Crawl for instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from pipeline.bodies import BodyError, read_body
from pipeline.captures import Exchange
from pipeline.fetchers.files import HTML, PDF, sniff
from pipeline.office import DOCX
from pipeline.urls import canonical_url


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcPage:
    """One page of a foreign WARC: its record, and the decoded payload."""

    url: str
    fetched_at: str
    record_id: str
    media_type: str
    payload: bytes
    exchange: Exchange
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A response that is no document, and why."""

    reason: str


def read_pages(stream: IO[bytes], limit: int) -> Iterator[WarcPage | Skipped]:
    """Yield the HTML and PDF pages with status 200 of a WARC; other responses with the reason.

    Args:
        stream: The file, gzipped or not.
        limit: Most decoded bytes of one page.

    Raises:
        ValueError: The file is no WARC.
    """
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    try:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                is_http = record.http_headers is not None
                yield _page(record, limit) if is_http else Skipped("no HTTP response")
    except ArchiveLoadFailed as error:
        raise ValueError(str(error)) from error


def _page(record: Any, limit: int) -> WarcPage | Skipped:
    """Return the page of a response record."""
    head, rec = record.http_headers, record.rec_headers
    status = head.get_statuscode() or ""
    url = canonical_url(rec.get_header("WARC-Target-URI") or "")
    if status != "200":
        return Skipped(f"status {status or 'missing'}")
    if url is None:
        return Skipped("no web address")
    if rec.get_header("WARC-Truncated"):
        return Skipped("truncated by its crawler")
    try:
        payload = _payload(record, head.get_header("Content-Encoding") or "", limit)
        moment = _utc(datetime.fromisoformat(rec.get_header("WARC-Date") or ""))
    except BodyError as error:
        return Skipped(str(error))
    except (ValueError, OverflowError):  # the latter: the first or last day that there is
        return Skipped("no date")
    kind = sniff(payload)
    if kind not in (HTML, PDF, DOCX) or not payload.strip():
        return Skipped(f"neither HTML nor PDF nor DOCX ({kind})")
    declared = (head.get_header("Content-Type") or "").strip()
    fits = kind == declared.partition(";")[0].lower() or (kind == HTML and "html" in declared)
    return WarcPage(
        url=url,
        fetched_at=f"{moment.isoformat()[:19]}Z",
        record_id=rec.get_header("WARC-Record-ID") or "",
        media_type=declared if fits else kind,
        payload=payload,
        exchange=Exchange(
            request_line="",
            request_headers=(),
            status_line=f"{head.protocol} {head.statusline}",
            response_headers=tuple(head.headers),
        ),
        etag=head.get_header("ETag"),
        last_modified=head.get_header("Last-Modified"),
    )


def _utc(moment: datetime) -> datetime:
    """Return a moment in UTC; the standard says that a date without offset is UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _payload(record: Any, encoding: str, limit: int) -> bytes:
    """Return the decoded body; crawlers differ in how much of the decoding they have done."""
    from warcio.bufferedreaders import ChunkedDataReader

    stream = record.raw_stream
    if (record.http_headers.get_header("Transfer-Encoding") or "").lower() == "chunked":
        stream = ChunkedDataReader(stream)
    raw = bytearray()
    while piece := stream.read(1 << 16):
        raw += piece
        if len(raw) > limit:
            msg = f"larger than {limit:,} bytes"
            raise BodyError(msg)
    if getattr(record.raw_stream, "limit", 0) > 0:
        msg = "cut inside a record"
        raise BodyError(msg)
    outer = encoding.lower().rpartition(",")[2].strip()
    is_decoded = outer in ("gzip", "x-gzip") and not raw.startswith(b"\x1f\x8b")
    return bytes(raw) if is_decoded else read_body([bytes(raw)], encoding, limit)
