"""Golden pages: a stored page of a source beside what must be read from it.

In: ``corpus/sources/<country>/<id>.golden/<name>.json`` with the page that it names beside it. Out:
what differs, in words. A page that a publisher holds rights in stays in your own workspace; the
shipped ones are of our own writing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.answers import Fetched
from pipeline.captures import Exchange
from pipeline.catalog_rows import Feed
from pipeline.config import ConfigError, ReadConfig
from pipeline.crawl_discovery import read_entry
from pipeline.fetchers.files import HTML, sniff
from pipeline.fetchers.listing import pdf_links
from pipeline.paths import Workspace
from pipeline.read import read_payload, selectors_at
from pipeline.readers import Payload, Reading, UnreadableError
from pipeline.readers.language import detect
from pipeline.sandbox import Sandbox
from pipeline.sources import GOLDEN, Address, Source
from pipeline.urls import canonical_url

_SHOWN = 120  # characters of a value in a message
_LINKS_SHOWN = 5


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Part):
    """What must be read. What is not given is not compared."""

    title: str | None = None
    published: str | None = None
    published_by: str | None = None
    language: str | None = None
    first_words: str | None = None
    last_words: str | None = None
    absent: tuple[str, ...] = ()
    links: tuple[Address, ...] | None = None
    follow: tuple[Address, ...] | None = None
    rejected: str | None = None


class Golden(_Part):
    """One golden page: where it came from and what must be read from it."""

    note: str | None = None
    page: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    url: Address
    media_type: str = HTML
    fetched_at: datetime
    hint_published: str | None = None
    entry: Annotated[int, Field(ge=1)] | None = None
    expected: Expected


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one golden page showed; no differences means that all is as expected."""

    path: Path
    differences: tuple[str, ...]

    def as_text(self) -> str:
        """Return one line per difference, or one that says that there are none."""
        if not self.differences:
            return f"  golden page {self.path.name}: as expected"
        return "\n".join(f"  golden page {self.path.name}: {d}" for d in self.differences)


def check_golden(
    workspace: Workspace, source: Source, box: Sandbox, config: ReadConfig
) -> tuple[Verdict, ...]:
    """Read all golden pages of a source, with its own selectors, and compare.

    Args:
        workspace: Where the source file is.
        source: The source.
        box: Runs ``readers.dispatch.read_frame``.
        config: Limits of reading.

    Raises:
        ConfigError: A golden page is described wrongly, or the page itself is missing.
    """
    folder = workspace.sources / source.country.lower() / f"{source.id}{GOLDEN}"
    return tuple(
        Verdict(path, tuple(_compare(path, source, box, config)))
        for path in sorted(folder.glob("*.json"))
    )


def _load(path: Path) -> tuple[Golden, bytes]:
    try:
        golden = Golden.model_validate_json(path.read_bytes())
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors()
        )
        msg = f"{path}: not a golden page: {told}. docs/how-to/add-a-source.md shows one."
        raise ConfigError(msg) from error
    page = path.parent / golden.page
    if not page.is_file():
        msg = f"{path}: names the page {golden.page!r}, which is not beside it."
        raise ConfigError(msg)
    return golden, page.read_bytes()


def _compare(path: Path, source: Source, box: Sandbox, config: ReadConfig) -> Iterator[str]:
    golden, body = _load(path)
    if golden.entry is not None:
        yield from _compare_entry(path, source, golden, body)
        return
    stamp = golden.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    selectors, expired = selectors_at(stamp, source.timezone, source.read)
    if expired is not None:
        yield f"{expired.field} until {expired.value}: {expired.reason}"
    payload = Payload(
        body=body,
        media_type=golden.media_type,
        url=golden.url,
        timezone=source.timezone,
        languages=source.languages,
        hint_published=golden.hint_published,
        fetched_at=stamp,
        pdf_pages=config.pdf_pages,
        selectors=selectors,
    )
    try:
        reading = read_payload(payload, box)
    except UnreadableError as error:
        if golden.expected.rejected is None or golden.expected.rejected not in str(error):
            yield f"rejected: {error}"
        return
    yield from _compare_reading(golden, reading, source)
    if golden.expected.links is not None:
        found = pdf_links(body, golden.url) if sniff(body) == HTML else ()
        yield from _compare_links("links", golden.expected.links, [link.url for link in found])


def _compare_reading(golden: Golden, reading: Reading, source: Source) -> Iterator[str]:
    wanted, text = golden.expected, reading.text
    if wanted.rejected is not None:
        yield f"should be rejected ({wanted.rejected!r}), but was read"
    published = reading.published
    language = reading.language or detect(text, (reading.declared_language, *source.languages))
    pairs = (
        ("title", wanted.title, reading.title),
        ("published", wanted.published, published.date if published else None),
        ("published_by", wanted.published_by, published.method if published else None),
        ("language", wanted.language, language),
    )
    yield from (_told(n, a, b) for n, a, b in pairs if a is not None and a != b)
    first, last = wanted.first_words, wanted.last_words
    if first is not None and not text.startswith(first):
        yield _told("the text begins", first, text[: len(first)])
    if last is not None and not text.endswith(last):
        yield _told("the text ends", last, text[-len(last) :])
    for words in wanted.absent:
        if words in text:
            yield f"the text has words that it should not have: {words[:_SHOWN]!r}"
    for remark in reading.remarks:
        if remark.field.startswith("read."):
            yield f"{remark.field}: {remark.value!r}: {remark.reason}"


def _told(name: str, wanted: str | None, got: str | None) -> str:
    return f"{name}: expected {_short(wanted)}, got {_short(got)}"


def _short(value: str | None) -> str:
    return "nothing" if value is None else repr(value[:_SHOWN])


def _compare_entry(path: Path, source: Source, golden: Golden, body: bytes) -> Iterator[str]:
    """Compare what a stored feed, map or index page gives."""
    number = golden.entry or 1
    if number > len(source.fetch):
        msg = f"{path}: entry {number}: the source has {len(source.fetch)} fetch entries."
        raise ConfigError(msg)
    entry = source.fetch[number - 1]
    url = canonical_url(golden.url) or golden.url
    exchange = Exchange(
        request_line="", request_headers=(), status_line="HTTP/1.1 200 OK", response_headers=()
    )
    answer = Fetched(
        url=url,
        status=200,
        media_type=golden.media_type,
        payload=body,
        exchange=exchange,
        etag=None,
        last_modified=None,
    )
    found = read_entry(source, entry, Feed(source_id=source.id, url=url), answer, golden.fetched_at)
    if found.problem is not None:
        yield f"{entry.method}: {found.problem}"
    for name, wanted, links in (
        ("links", golden.expected.links, found.links),
        ("follow", golden.expected.follow, found.follow),
    ):
        if wanted is not None:
            yield from _compare_links(name, wanted, [link.url for link in links])


def _compare_links(name: str, wanted: Sequence[str], got: Sequence[str]) -> Iterator[str]:
    missing = [url for url in wanted if url not in got]
    surplus = [url for url in got if url not in wanted]
    for told, urls in (("missing", missing), ("not expected", surplus)):
        if urls:
            more = f" and {len(urls) - _LINKS_SHOWN} more" if len(urls) > _LINKS_SHOWN else ""
            yield f"{name}: {told}: {', '.join(urls[:_LINKS_SHOWN])}{more}"
