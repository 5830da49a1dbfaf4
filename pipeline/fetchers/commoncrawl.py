"""Common Crawl's news: lists of WARC files by month, and pages of chosen publishers out of them.

A file has one gigabyte and some 40,000 pages of the whole world; fewer than one in a hundred is
ours. The WARC header alone decides, before anything else of a record is looked at.
See https://commoncrawl.org/blog/news-dataset-available.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlsplit

from pipeline.bodies import BodyError, read_body
from pipeline.captures import Link
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.fetchers.members import read_members
from pipeline.fetchers.warc import Skipped, WarcPage, read_pages
from pipeline.urls import canonical_url, resolve, site_of

BASE = "https://data.commoncrawl.org/crawl-data/CC-NEWS"
_FIRST_MONTH = (2016, 8)  # the data set begins there
MAX_BYTES = 5_000_000  # a month's list has 50 kB
_PATH = re.compile(r"crawl-data/CC-NEWS/\d{4}/\d{2}/CC-NEWS-(\d{14})-\d{1,9}\.warc\.gz")
_POSITION_EVERY = 1 << 22  # bytes: what a killed run must ask for again, a second of a good line
_HEAD_ROOM = 1 << 16  # bytes of WARC and HTTP header beside the body

# Header lines of a WARC record. The first of two equal names counts, as it does for the reader.
_TYPE = re.compile(rb"^WARC-Type:[ \t]*([^\r\n]*)", re.I | re.M)
_TARGET = re.compile(rb"^WARC-Target-URI:[ \t]*<?([^\r\n>]*)", re.I | re.M)
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,12})[ \t]*\r?$", re.I | re.M)
_BLANK = re.compile(rb"\n[ \t\r\f\v]*\n")
_PLAIN = re.compile(rb"https?://([a-z0-9.-]+(?::\d+)?)(?=[/?#]|\s*$)", re.I)


@dataclass(frozen=True, slots=True)
class Position:
    """Offset in the file behind a whole record: a later run can go on here with a range request.

    All that stands before it has been yielded. At the file's length, the file is done.
    """

    offset: int


def start_urls(since: datetime, now: datetime) -> tuple[str, ...]:
    """Return the address of each month's list of files, oldest first."""
    first, last = _utc(since), _utc(now)
    month = max((first.year, first.month), _FIRST_MONTH)
    found = []
    while month <= (last.year, last.month):
        found.append(f"{BASE}/{month[0]:04}/{month[1]:02}/warc.paths.gz")
        month = (month[0] + month[1] // 12, month[1] % 12 + 1)
    return tuple(found)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_paths(payload: bytes, url: str, since: datetime | None) -> Found:
    """Return the WARC files that a month's list names, oldest first.

    Args:
        payload: The list, gzipped or not.
        url: Where it was found; the files are asked for at the same host.
        since: Leave out files that were begun before. A file takes an hour or two to fill, so the
            first pages of a day may stand in the last file of the day before.
    """
    try:
        if payload.startswith(b"\x1f\x8b"):
            payload = read_body([payload], "gzip", MAX_BYTES)
    except BodyError as error:
        return Found(problem=f"list of WARC files: {error}")
    if len(payload) > MAX_BYTES:
        return Found(problem=f"list of WARC files larger than {MAX_BYTES:,} bytes")
    lines = [line.strip() for line in payload.decode("utf-8", "replace").splitlines()]
    files: dict[str, Link] = {}
    is_list = False
    for line in lines:
        found = _PATH.fullmatch(line)
        begun = None if found is None else _moment(found[1])
        target = None if begun is None else resolve(url, f"/{line}")
        if begun is None or target is None or len(files) >= MAX_LINKS:
            continue
        is_list = True
        if since is None or begun >= _utc(since):
            files.setdefault(target, Link(url=target, published=f"{begun:%Y-%m-%dT%H:%M:%SZ}"))
    if any(lines) and not is_list:
        return Found(problem="no list of WARC files")
    return Found(follow=tuple(sorted(files.values(), key=lambda file: file.published or "")))


def _moment(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def is_warc(url: str) -> bool:
    """Tell whether an address is that of a news WARC file: it is streamed, never fetched whole."""
    try:
        return _PATH.fullmatch(urlsplit(url).path.removeprefix("/")) is not None
    except ValueError:
        return False


def stream_pages(
    chunks: Iterable[bytes], domains: frozenset[str], limit: int, start: int = 0
) -> Iterator[WarcPage | Skipped | Position]:
    """Yield the pages of some publishers out of a gzipped WARC of any length, in constant memory.

    Nothing in the stream raises. What is wrong with it, or with one of our pages, is a `Skipped`;
    after a broken record reading goes on with the next one that is sound. A stream that ends inside
    a record has no `Position` behind that record: go on at the last one.

    Args:
        chunks: The stream, in pieces of any size. What it raises comes through.
        domains: Registered domains (`site_of`) whose pages are wanted.
        limit: Most decoded bytes of one page.
        start: Offset in the file at which the stream begins: 0, or that of a `Position`.
    """

    def is_wanted(head: bytes) -> bool:
        return _is_wanted(head, domains)

    # An eighth more, for a body that is encoded in chunks.
    members = read_members(chunks, is_wanted, limit + limit // 8 + _HEAD_ROOM, start)
    end = told = start
    for member in members:
        result: WarcPage | Skipped | None = None
        if member.problem is not None:
            result = Skipped(member.problem)
        elif member.record is not None:
            result = _page(member.record, domains, limit)
        if result is not None:
            yield result
        if member.end is None:
            return
        end = member.end
        # At multiples of the interval: the positions do not depend on where reading began.
        if result is not None or end // _POSITION_EVERY > told // _POSITION_EVERY:
            told = end
            yield Position(told)
    if end != told:
        yield Position(end)


def _is_wanted(head: bytes, domains: frozenset[str]) -> bool:
    """Tell whether a record is a response of one of the domains.

    The full reading of an address costs more than that of its record, so an ordinary one goes
    through it only if its host ends like one of the domains.
    """
    kind, target = _TYPE.search(head), _TARGET.search(head)
    if kind is None or target is None or kind[1].strip().lower() != b"response":
        return False
    plain = _PLAIN.match(target[1])
    if plain is not None and not _may_belong(plain[1].decode("ascii").lower(), domains):
        return False
    url = canonical_url(target[1].decode("utf-8", "replace"))
    return url is not None and site_of(url) in domains


def _may_belong(authority: str, domains: frozenset[str]) -> bool:
    if authority in domains:  # an address without a name is its own domain, port and all
        return True
    rest = authority.partition(":")[0].rstrip(".")
    while rest:
        if rest in domains:
            return True
        rest = rest.partition(".")[2]
    return False


def _page(record: bytes, domains: frozenset[str], limit: int) -> WarcPage | Skipped:
    """Read a record that stands alone in its member: its length must be what it says."""
    end = record.index(b"\r\n\r\n") + 4
    head = record[:end]
    length = _LENGTH.search(head)
    if length is None or _BLANK.search(head[: end - 2]):
        return Skipped("a WARC header without length, or broken")
    body_end = end + int(length[1])
    if body_end > len(record):
        return Skipped("a record shorter than it says")
    if record[body_end:].strip(b"\r\n"):
        return Skipped("a record longer than it says")
    try:
        page = next(read_pages(BytesIO(record), limit), Skipped("no HTTP response"))
    except ValueError:
        return Skipped("no WARC record")
    if isinstance(page, WarcPage) and site_of(page.url) not in domains:
        return Skipped("a record with two addresses")
    return page
