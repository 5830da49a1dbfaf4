"""The tables of the catalog, and their rows as types.

The schema has a version: a newer one is refused, an older one is made again from the archive.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

VERSION = 1
# discovered: named by a source, not yet asked for. fetched, unchanged: it stands in the archive.
# moved: redirects to another document (`reason` is its id). failed: will be tried again, or is
# given up when nothing is due. blocked: a consent wall, CAPTCHA or refusal. disallowed: by
# robots.txt. gone: it was there and is not any more.
STATES = tuple("discovered fetched unchanged moved failed blocked disallowed gone".split())
METADATA = sa.MetaData()


def _text(name: str, *, key: bool = False, null: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=null and not key)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=False)


shards = sa.Table("shards", METADATA, _text("shard_id", key=True), _whole("captures"))

captures = sa.Table(
    "captures",
    METADATA,
    _text("capture_id", key=True),
    _text("role", null=False),
    sa.Column("doc_id", sa.Text, nullable=False, index=True),
    _text("kind", null=False),
    _text("url"),
    _text("external_id"),
    _text("source_id", null=False),
    _text("source_kind", null=False),
    _text("source_country"),
    _text("timezone"),
    _text("languages", null=False),
    _text("discovered_by", null=False),
    _text("hint_published"),
    _text("fetched_at", null=False),
    _whole("status"),
    _text("media_type", null=False),
    _text("payload_sha256", null=False),
    _whole("payload_length"),
    _text("warc_file", null=False),
    _whole("warc_offset"),
)

documents = sa.Table(
    "documents",
    METADATA,
    _text("doc_id", key=True),
    sa.Column("url", sa.Text, index=True),
    _text("host"),
    sa.Column("state", sa.Text, sa.CheckConstraint(f"state IN {STATES}"), nullable=False),
    _text("reason"),
    _text("etag"),
    _text("last_modified"),
    _text("payload_sha256"),
    _text("capture_id"),
    _text("fetched_at"),
    _text("checked_at"),
    _real("failures"),
    _text("next_due"),
)
# The work queue: only rows that will be due some day are in it, however large the catalog grows.
sa.Index("documents_due", documents.c.next_due, sqlite_where=documents.c.next_due.is_not(None))

discoveries = sa.Table(
    "discoveries",
    METADATA,
    sa.Column("doc_id", sa.Text, sa.ForeignKey("documents.doc_id"), primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True, index=True),
    _text("discovered_at", null=False),
    _text("discovered_by", null=False),
    _text("hint_published"),
)

feeds = sa.Table(
    "feeds",
    METADATA,
    _text("source_id", key=True),
    _text("url", key=True),
    _text("etag"),
    _text("last_modified"),
    _text("body_sha256"),
    _text("checked_at"),
    _real("failures"),
    _text("status"),
    _text("next_due"),
    _text("follow", null=False),
)

hosts = sa.Table(
    "hosts",
    METADATA,
    _text("host", key=True),
    _text("last_request_at"),
    _real("latency"),
    _text("not_before"),
)

robots = sa.Table(
    "robots",
    METADATA,
    _text("origin", key=True),
    _text("verdict", null=False),
    _text("text"),
    _text("checked_at", null=False),
)

runs = sa.Table(
    "runs",
    METADATA,
    _text("run_id", key=True),
    _text("source_id", key=True),
    _text("started_at", null=False),
    _whole("discovered"),
    _whole("fetched"),
    _whole("unchanged"),
    _whole("failed"),
    _whole("blocked"),
    _whole("gone"),
    _whole("disallowed"),
    _text("reasons", null=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document as the catalog knows it; ``state`` is one of `STATES`."""

    doc_id: str
    url: str | None
    host: str | None
    state: str
    reason: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_sha256: str | None = None
    capture_id: str | None = None
    fetched_at: str | None = None
    checked_at: str | None = None
    failures: float = 0.0
    next_due: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A page to fetch, for which source, and how that source found it."""

    page: Page
    source_id: str
    discovered_by: str
    hint_published: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The state of one feed, sitemap or index page of one source.

    ``follow`` is a JSON list of the feeds, maps or pages that it leads to, with their date or null.
    """

    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    checked_at: str | None = None
    failures: float = 0.0
    status: str | None = None
    next_due: str | None = None
    follow: str = "[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What was learnt of one host: its pace, and when it may be asked again."""

    host: str
    last_request_at: str | None = None
    latency: float = 0.0
    not_before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The robots.txt of one origin (scheme and host); ``verdict`` is one of those in ``robots``."""

    origin: str
    verdict: str
    text: str | None
    checked_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """What one run did for one source."""

    run_id: str
    source_id: str
    started_at: str
    discovered: int = 0
    fetched: int = 0
    unchanged: int = 0
    failed: int = 0
    blocked: int = 0
    gone: int = 0
    disallowed: int = 0
    reasons: str = "{}"

    @property
    def is_failure(self) -> bool:
        """Whether the run brought nothing but failures."""
        missed = self.failed + self.blocked + self.disallowed
        return missed > 0 and self.fetched + self.unchanged + self.discovered == 0
