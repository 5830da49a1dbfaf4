"""The tables of the catalog, and their rows as types.

The schema has a version: a newer one is refused, an older one gets what it lacks (`missing`).
Columns are only ever added, nullable or with a default, so that nothing is lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

VERSION = 2
# discovered: named by a source, not yet asked for. fetched, unchanged: it stands in the archive.
# moved: redirects to another document (`reason` is its id). failed: will be tried again, or is
# given up when nothing is due. blocked: a consent wall, CAPTCHA or refusal. disallowed: by
# robots.txt. gone: it was there and is not any more.
STATES = tuple("discovered fetched unchanged moved failed blocked disallowed gone".split())
# Roles of captures that make a document's row: others are feeds, robots.txt files and redirects.
PAGE_ROLES = ("document", "gone")
METADATA = sa.MetaData()


def _text(name: str, *, key: bool = False, null: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=key, nullable=null and not key)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _count(name: str) -> sa.Column[int]:
    """Return a whole number that begins at 0, also in the rows of an older schema."""
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))


def _amount(name: str) -> sa.Column[float]:
    """Return a number that begins at 0, also in the rows of an older schema."""
    return sa.Column(name, sa.Float, nullable=False, server_default=sa.text("0"))


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
    _count("alarms"),
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
    _amount("interval"),
    _amount("declared"),
    _text("last_new_at"),
    _text("disabled_at"),
    sa.Column("position", sa.Integer),
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
    # Null where the run did not tell new documents from changed ones: imports, and older rows.
    sa.Column("new", sa.Integer),
    sa.Column("changed", sa.Integer),
    _count("waiting"),
    _count("requests"),
    _count("received"),
    _amount("seconds"),
)


def set_pragmas(connection: Any, _: object) -> None:
    """Prepare a connection of the catalog."""
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # rows are batched, so the guarantee against a power cut is cheap
        "foreign_keys = ON",
        "busy_timeout = 30000",  # ms: long enough for a reader's checkpoint, short enough to notice
    ):
        connection.execute(f"PRAGMA {pragma}")


def missing(db: sa.Connection) -> list[str]:
    """Return the statements that give the tables of an older schema their newer columns."""
    statements = []
    for table in METADATA.sorted_tables:
        held = {row.name for row in db.exec_driver_sql(f"PRAGMA table_info({table.name})")}
        for column in table.columns:
            if held and column.name not in held:
                made = CreateColumn(column).compile(dialect=db.dialect)
                statements.append(f"ALTER TABLE {table.name} ADD COLUMN {made}")
    return statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document as the catalog knows it; ``state`` is one of `STATES`.

    ``alarms`` counts how often a source said that it changed, since it last did.
    """

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
    alarms: int = 0


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
    ``position`` is the byte up to which a file that is streamed was read.
    The last four, ``failures``, ``status`` and ``next_due`` are explained at `polling.Poll`.
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
    interval: float = 0.0
    declared: float = 0.0
    last_new_at: str | None = None
    disabled_at: str | None = None
    position: int | None = None


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
    """What one run did for one source.

    ``fetched`` is new and changed documents, which rows of older versions do not tell apart;
    ``received`` is bytes of answers after unpacking; ``seconds`` are those spent on its requests.
    """

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
    new: int | None = None
    changed: int | None = None
    waiting: int = 0
    requests: int = 0
    received: int = 0
    seconds: float = 0.0

    @property
    def is_failure(self) -> bool:
        """Whether the run brought nothing but failures."""
        missed = self.failed + self.blocked + self.disallowed
        return missed > 0 and self.fetched + self.unchanged + self.discovered == 0
