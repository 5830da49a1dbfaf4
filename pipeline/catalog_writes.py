"""The statements that write to the catalog, and the pages that captures make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from pipeline import catalog_rows as t
from pipeline.captures import Link, Note, url_doc_id
from pipeline.catalog_rows import Due, Page
from pipeline.records import Capture

_KEPT = ("capture_id", "payload_sha256", "fetched_at")  # of the newest payload
_CHUNK = 500  # ids per IN list: SQLite allows 32,766 variables, its planner likes fewer


def put(db: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> None:
    """Insert a row or replace the one with its key."""
    keys = [column.name for column in table.primary_key]
    rest = {key: value for key, value in row.items() if key not in keys}
    statement = insert(table).values(dict(row))
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


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
    """Write pages unless something newer is known; one without a new payload keeps its capture."""
    if not pages:
        return
    statement = insert(t.documents)
    given, old = statement.excluded, t.documents.c
    values: dict[str, sa.ColumnElement[Any]] = {
        column.name: given[column.name] for column in old if column.name != "doc_id"
    }
    values |= {name: sa.func.coalesce(given[name], old[name]) for name in _KEPT}
    statement = statement.on_conflict_do_update(
        index_elements=["doc_id"],
        set_=values,
        where=sa.or_(old.checked_at.is_(None), old.checked_at <= given.checked_at),
    )
    db.execute(statement, [_flat(page) for page in pages])


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


def moved(asked: str, capture: Capture) -> Page:
    """Return the page at an address that led to another document."""
    return Page(
        doc_id=url_doc_id(asked),
        url=asked,
        host=urlsplit(asked).netloc,
        state="moved",
        reason=capture.doc_id,
        checked_at=capture.fetched_at,
    )


def _later(moment: str, wait: timedelta) -> str:
    return f"{datetime.fromisoformat(moment) + wait:%Y-%m-%dT%H:%M:%SZ}"


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
    db: sa.Connection, source_id: str, method: str, links: Iterable[Link], now: str
) -> int:
    """Enter pages that a source names, and return how many are new to it."""
    by_id = {url_doc_id(link.url): link for link in links}
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


def due_of(row: sa.RowMapping) -> Due:
    """Return one row of the work queue."""
    page = Page(**{field.name: row[field.name] for field in fields(Page)})
    names = ("source_id", "discovered_by", "hint_published")
    return Due(page=page, **{name: row[name] for name in names})
