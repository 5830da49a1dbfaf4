"""The statements that write to the catalog, and the pages that captures make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from pipeline import catalog_rows as t
from pipeline.captures import Link, Note, url_doc_id
from pipeline.catalog_rows import Feed, Page
from pipeline.polling import Poll, tells_change
from pipeline.records import Capture

_KEPT = ("capture_id", "payload_sha256", "fetched_at")  # of the newest payload
_CHUNK = 500  # ids per IN list: SQLite allows 32,766 variables, its planner likes fewer


def reset(db: sa.Connection) -> None:
    """Take back what the archive gives, and keep the rest.

    Pages whose state stands in the archive are as if just discovered: those whose capture is not
    there any more are asked for again. Failures, refusals, removals and their times stay. Feeds
    lose what would hide pages that only a lost file told of (ETag, hash of the body, the time of
    the last look), but keep their pace and their failures.
    """
    for table in (t.captures, t.shards):
        db.execute(sa.delete(table))
    p, f = t.documents, t.feeds
    lost = dict.fromkeys((*_KEPT, "etag", "last_modified"))
    db.execute(sa.update(p).values(lost))
    is_given = p.c.state.in_(("fetched", "unchanged", "moved"))
    found = sa.select(sa.func.min(t.discoveries.c.discovered_at))
    since = found.where(t.discoveries.c.doc_id == p.c.doc_id).scalar_subquery()
    due = sa.case((p.c.url.is_(None), None), else_=since)
    again = {"state": "discovered", "reason": None, "checked_at": None, "failures": 0.0}
    db.execute(sa.update(p).where(is_given).values(again | {"alarms": 0, "next_due": due}))
    unread = dict.fromkeys(("etag", "last_modified", "body_sha256", "checked_at", "position"))
    db.execute(sa.update(f).values(unread | {"follow": "[]"}))
    db.execute(sa.update(f).where(f.c.failures == 0).values(next_due=None))


def put(db: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> None:
    """Insert a row or replace the one with its key."""
    keys = [column.name for column in table.primary_key]
    rest = {key: value for key, value in row.items() if key not in keys}
    statement = insert(table).values(dict(row))
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


def put_feeds(db: sa.Connection, feeds: Sequence[Feed]) -> None:
    """Insert or replace the states of feeds."""
    if not feeds:
        return
    statement = insert(t.feeds)
    rest = {c.name: statement.excluded[c.name] for c in t.feeds.columns if not c.primary_key}
    keys = [column.name for column in t.feeds.primary_key]
    statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    db.execute(statement, [_flat(feed) for feed in feeds])


def poll_of(feed: Feed) -> Poll:
    """Return what decides when a feed is asked again."""
    return Poll(**{field.name: getattr(feed, field.name) for field in fields(Poll)})


def with_poll(feed: Feed, poll: Poll) -> Feed:
    """Return a feed with another state of polling."""
    return replace(feed, **_flat(poll))  # type: ignore[arg-type]


def _flat(value: object) -> dict[str, object]:
    """Return the fields of a flat dataclass; ``asdict`` copies deeply and is ten times slower."""
    return {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]


def put_captures(db: sa.Connection, captured: Sequence[tuple[Capture, Note]]) -> None:
    """Enter captures; known ones stay as they are."""
    rows = [
        _flat(capture) | {"role": note.role, "languages": json.dumps(capture.languages)}
        for capture, note in captured
    ]
    if rows:
        db.execute(insert(t.captures).on_conflict_do_nothing(), rows)


def put_pages(db: sa.Connection, pages: Sequence[Page]) -> None:
    """Write pages; of one that was asked for later already, only the capture it lacks is taken.

    A page without a new payload keeps its capture.
    """
    if not pages:
        return
    statement = insert(t.documents)
    given, old = statement.excluded, t.documents.c
    newer = sa.or_(old.checked_at.is_(None), old.checked_at <= given.checked_at)
    values: dict[str, sa.ColumnElement[Any]] = {
        column.name: sa.case((newer, given[column.name]), else_=old[column.name])
        for column in old
        if column.name != "doc_id"
    }
    # An older capture still gives its payload to a page that has none, or an even older one.
    brings = sa.and_(
        given.capture_id.is_not(None),
        sa.or_(newer, old.fetched_at.is_(None), old.fetched_at < given.fetched_at),
    )
    values |= {name: sa.case((brings, given[name]), else_=old[name]) for name in _KEPT}
    is_other = given.capture_id.is_not(old.capture_id)
    values["alarms"] = sa.case((sa.and_(brings, is_other), 0), else_=old.alarms)
    statement = statement.on_conflict_do_update(index_elements=["doc_id"], set_=values)
    db.execute(statement, [_flat(page) for page in pages])


def pages_of(captured: Sequence[tuple[Capture, Note]], recheck: timedelta | None) -> list[Page]:
    """Return the pages that captures make, and those at addresses that led to them."""
    pages = []
    for capture, note in captured:
        if note.role in t.PAGE_ROLES:
            pages.append(page_of(capture, note, recheck))
        # A redirect to a document that was asked for by itself has that document as its link.
        led = [url_doc_id(link.url) for link in note.links if note.role == "redirect"]
        target = led[0] if led else capture.doc_id
        pages += [moved(alias, target, capture.fetched_at) for alias in note.aliases]
    return pages


def page_of(capture: Capture, note: Note, recheck: timedelta | None) -> Page:
    """Return the page that a capture makes."""
    gone, revisit = note.role == "gone", capture.kind == "revisit"
    again = None
    if capture.kind != "resource" and not gone and recheck is not None:
        again = _later(capture.fetched_at, recheck)
    return Page(
        doc_id=capture.doc_id,
        url=capture.url,
        host=urlsplit(capture.url).netloc if capture.url else None,
        state="gone" if gone else "unchanged" if revisit else "fetched",
        reason=f"HTTP {capture.status}" if gone else None,
        etag=note.etag,
        last_modified=note.last_modified,
        payload_sha256=None if gone else capture.payload_sha256,
        capture_id=None if gone or revisit else capture.capture_id,
        fetched_at=None if gone or revisit else capture.fetched_at,
        checked_at=capture.fetched_at,
        next_due=again,
    )


def moved(asked: str, doc_id: str, checked_at: str) -> Page:
    """Return the page at an address that led to another document."""
    return Page(
        doc_id=url_doc_id(asked),
        url=asked,
        host=urlsplit(asked).netloc,
        state="moved",
        reason=doc_id,
        checked_at=checked_at,
    )


def _later(moment: str, wait: timedelta) -> str:
    return f"{datetime.fromisoformat(moment) + wait:%Y-%m-%dT%H:%M:%SZ}"


def take_down(db: sa.Connection, pages: Sequence[Page]) -> None:
    """Close pages for good: never due, not to be woken, their payloads and tags forgotten.

    A page that was never looked at cannot have changed since (`_wake`), and what has no time is
    never due.
    """
    for page in pages:
        put(db, t.documents, _flat(page))
        db.execute(
            sa.update(t.captures)
            .where(
                t.captures.c.doc_id == page.doc_id,
                t.captures.c.role == "document",
                t.captures.c.kind != "revisit",
            )
            .values(role="gone")
        )


def put_discoveries(db: sa.Connection, captures: Sequence[Capture]) -> None:
    """Enter how the sources of captures came to them."""
    rows = [
        {
            "doc_id": capture.doc_id,
            "source_id": capture.source_id,
            "discovered_at": capture.fetched_at,
            "discovered_by": capture.discovered_by,
            "hint_published": capture.hint_published,
        }
        for capture in captures
    ]
    if rows:
        db.execute(insert(t.discoveries).on_conflict_do_nothing(), rows)


def discover(
    db: sa.Connection,
    source_id: str,
    method: str,
    links: Iterable[Link],
    now: str,
    zone: str | None = None,
) -> int:
    """Enter pages that a source names, and return how many are new to it.

    A known page that changed since we last looked, so the source says, is due at once.
    """
    by_id = {url_doc_id(link.url): link for link in links}
    _wake(db, {i: link.modified for i, link in by_id.items() if link.modified}, now, zone)
    found = list(by_id)
    known: set[str] = set()
    d = t.discoveries.c
    for start in range(0, len(found), _CHUNK):
        some = d.doc_id.in_(found[start : start + _CHUNK])
        known |= set(db.scalars(sa.select(d.doc_id).where(d.source_id == source_id, some)))
    # A known page comes again where this time its date stands beside it.
    new = {i: link for i, link in by_id.items() if i not in known or link.published is not None}
    if not new:
        return 0
    pages = [
        _flat(
            Page(
                doc_id=doc_id,
                url=link.url,
                host=urlsplit(link.url).netloc,
                state="discovered",
                next_due=now,
            )
        )
        for doc_id, link in new.items()
    ]
    db.execute(insert(t.documents).on_conflict_do_nothing(), pages)
    rows = [
        {
            "doc_id": doc_id,
            "source_id": source_id,
            "discovered_at": now,
            "discovered_by": method,
            "hint_published": link.published,
        }
        for doc_id, link in new.items()
    ]
    statement = insert(t.discoveries)
    given = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["doc_id", "source_id"],
        set_={"hint_published": given.hint_published, "discovered_by": given.discovered_by},
        where=d.hint_published.is_(None),
    )
    db.execute(statement, rows)
    return len(by_id.keys() - known)


def _wake(db: sa.Connection, modified: Mapping[str, str], now: str, zone: str | None) -> None:
    """Make known pages due that changed since they were last asked for.

    One that failed or was refused keeps its own time: a server may have asked for the wait.
    """
    p, found = t.documents.c, list(modified)
    waits = sa.and_(p.next_due.is_not(None), p.state.in_(("failed", "blocked", "disallowed")))
    woken = []
    for start in range(0, len(found), _CHUNK):
        asleep = sa.select(p.doc_id, p.checked_at, p.alarms).where(
            p.doc_id.in_(found[start : start + _CHUNK]),
            p.checked_at.is_not(None),
            sa.or_(p.next_due.is_(None), p.next_due > now),
            sa.not_(waits),
        )
        woken += [
            {"woken": doc_id}
            for doc_id, checked_at, alarms in db.execute(asleep)
            if tells_change(modified[doc_id], checked_at, now, zone=zone, alarms=alarms)
        ]
    if woken:
        statement = sa.update(t.documents).where(p.doc_id == sa.bindparam("woken"))
        db.execute(statement.values(next_due=now, alarms=p.alarms + 1), woken)
