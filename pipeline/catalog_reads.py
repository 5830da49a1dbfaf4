"""The questions to the catalog that are more than one look-up: the work queue, and coverage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

import sqlalchemy as sa

from pipeline import catalog_rows as t
from pipeline.catalog_rows import Due, Feed, Page, RunRow

_CHUNK = 500  # ids per IN list: SQLite allows 32,766 variables, its planner likes fewer
_GIVEN_UP = ("failed", "blocked", "disallowed", "gone")
_MONTH = re.compile(r"^(\d{4}(?:-\d{2})?).*|.+", re.DOTALL)  # EDTF or a time, else nothing


def due(db: sa.Connection, source_id: str, now: str, limit: int) -> list[Due]:
    """Return the pages of a source that are due, new ones first, the latest published first."""
    d, p = t.discoveries, t.documents
    # The plus keeps SQLite from the index over sources, which leads through all that a source ever
    # gave; the partial index holds what will be due some day, its start what is due now.
    own = sa.literal_column("+discoveries.source_id") == source_id
    wanted = (
        sa.select(p, d.c.source_id, d.c.discovered_by, d.c.hint_published)
        .join(d, d.c.doc_id == p.c.doc_id)
        .where(p.c.next_due.is_not(None), p.c.next_due <= now, own)
        .order_by(
            p.c.checked_at.is_not(None), d.c.hint_published.desc(), d.c.discovered_at, p.c.url
        )
        .limit(limit)
    )
    return [_due_of(row._mapping) for row in db.execute(wanted)]


def _due_of(row: sa.RowMapping) -> Due:
    page = Page(**{field.name: row[field.name] for field in fields(Page)})
    names = ("source_id", "discovered_by", "hint_published")
    return Due(page=page, **{name: row[name] for name in names})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a document is, what became of it, and a source that named it, if any did."""

    doc_id: str
    url: str | None
    state: str
    reason: str | None
    source_id: str | None


def addresses(db: sa.Connection, *, given_up: bool = False) -> list[Address]:
    """Return the address of every page, or of those that were never had and are not due again."""
    p, d = t.documents.c, t.discoveries.c
    lost = sa.and_(p.capture_id.is_(None), p.next_due.is_(None), p.state.in_(_GIVEN_UP))
    wanted = (
        sa.select(p.doc_id, p.url, p.state, p.reason, sa.func.min(d.source_id))
        .select_from(t.documents.outerjoin(t.discoveries, d.doc_id == p.doc_id))
        .where(lost if given_up else sa.true())
        .group_by(p.doc_id)
    )
    return [Address(*row) for row in db.execute(wanted)]


def newest(db: sa.Connection, doc_id: str, role: str) -> str | None:
    """Return the id of the newest capture with a payload that an address has in one role."""
    c = t.captures.c
    wanted = (
        sa.select(c.capture_id)
        .where(c.doc_id == doc_id, c.role == role, c.kind != "revisit")
        .order_by(c.fetched_at.desc())
        .limit(1)
    )
    return db.execute(wanted).scalar()


def feeds(db: sa.Connection, source_id: str, url: str | None = None) -> list[Feed]:
    """Return the states of the feeds, maps and index pages of a source, by address, or of one."""
    f = t.feeds.c
    wanted = sa.select(t.feeds).where(f.source_id == source_id).order_by(f.url)
    if url is not None:
        wanted = wanted.where(f.url == url)
    return [Feed(**row._mapping) for row in db.execute(wanted)]


def document_count(db: sa.Connection, source_id: str) -> int:
    """Return how many documents of a source stand in the archive."""
    d, p = t.discoveries.c, t.documents.c
    wanted = (
        sa.select(sa.func.count())
        .select_from(t.discoveries.join(t.documents, p.doc_id == d.doc_id))
        .where(d.source_id == source_id, p.capture_id.is_not(None))
    )
    return int(db.execute(wanted).scalar_one())


def runs(db: sa.Connection, source_id: str, limit: int) -> list[RunRow]:
    """Return the newest runs of one source, newest first."""
    r = t.runs.c
    wanted = sa.select(t.runs).where(r.source_id == source_id).order_by(r.started_at.desc())
    return [RunRow(**row._mapping) for row in db.execute(wanted.limit(limit))]


def runs_since(db: sa.Connection, started_at: str) -> dict[str, list[RunRow]]:
    """Return the runs since a time by source id, newest first."""
    r = t.runs.c
    wanted = sa.select(t.runs).where(r.started_at >= started_at).order_by(r.started_at.desc())
    found: dict[str, list[RunRow]] = {}
    for row in db.execute(wanted):
        found.setdefault(row.source_id, []).append(RunRow(**row._mapping))
    return found


def coverage(
    db: sa.Connection, published: Mapping[str, str | None]
) -> list[tuple[str, str, int, int]]:
    """Count per source and month what was discovered and fetched; see `Catalog.coverage`."""
    moved = _moved(db)
    hints = {(source, doc_id): hint for source, doc_id, hint in moved if hint}
    counted = set[tuple[str, str]]()
    counts: dict[tuple[str, str], list[int]] = {}

    def count(source_id: str, doc_id: str, hint: str | None, has_capture: bool) -> None:
        told = published.get(doc_id) or hint or hints.get((source_id, doc_id)) or ""
        numbers = counts.setdefault((source_id, _MONTH.sub(r"\1", told)), [0, 0])
        numbers[0] += 1
        numbers[1] += has_capture

    ends = {doc_id for _, doc_id, _ in moved}
    d, p = t.discoveries.c, t.documents.c
    named = sa.select(d.source_id, d.doc_id, d.hint_published, p.capture_id).join(
        t.documents, p.doc_id == d.doc_id
    )
    for source_id, doc_id, hint, capture_id in db.execute(named.where(p.state != "moved")):
        count(source_id, doc_id, hint, capture_id is not None)
        if doc_id in ends:
            counted.add((source_id, doc_id))
    archived = _archived(db, ends)
    for source_id, doc_id, hint in moved:  # where another source asked for the page itself
        if (source_id, doc_id) not in counted:
            counted.add((source_id, doc_id))
            count(source_id, doc_id, hint, doc_id in archived)
    return sorted((*key, *numbers) for key, numbers in counts.items())  # type: ignore[misc]


def _moved(db: sa.Connection) -> list[tuple[str, str, str | None]]:
    """Return source, final document and date of each discovery of an address that moved."""
    d, p = t.discoveries.c, t.documents.c
    targets: dict[str, str] = {
        doc_id: target
        for doc_id, target in db.execute(sa.select(p.doc_id, p.reason).where(p.state == "moved"))
        if target
    }
    wanted = (
        sa.select(d.source_id, d.doc_id, d.hint_published)
        .join(t.documents, p.doc_id == d.doc_id)
        .where(p.state == "moved")
        .order_by(d.source_id, d.doc_id)
    )
    return [(source, _end(doc_id, targets), hint) for source, doc_id, hint in db.execute(wanted)]


def _end(doc_id: str, targets: Mapping[str, str]) -> str:
    """Follow an address that moved to its document; in a circle, to its smallest id."""
    seen = [doc_id]
    while (following := targets.get(seen[-1])) is not None:
        if following in seen:
            return min(seen[seen.index(following) :])
        seen.append(following)
    return seen[-1]


def _archived(db: sa.Connection, doc_ids: set[str]) -> set[str]:
    p, asked = t.documents.c, sorted(doc_ids)
    found: set[str] = set()
    for start in range(0, len(asked), _CHUNK):
        some = p.doc_id.in_(asked[start : start + _CHUNK])
        found |= set(db.scalars(sa.select(p.doc_id).where(some, p.capture_id.is_not(None))))
    return found
