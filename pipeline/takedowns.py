"""The list of takedowns: documents that must not be kept, read, shown or asked for again.

In: the text of ``corpus/judgements/takedowns.csv``, which only grows. It is the first thing that
``forget`` writes, so that whatever dies afterwards, every later run knows. Out: for each document
its id and its address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.captures import Link, Note, url_doc_id
from pipeline.config import ConfigError
from pipeline.ledgers import append_lines, lines_of
from pipeline.paths import Workspace
from pipeline.records import Capture

REASON = "taken down on request"
COLUMNS = ("doc_id", "url", "source_id", "date")
STATUS = 451  # "Unavailable For Legal Reasons" (RFC 7725): what a taken-down capture bears
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """A document that was taken down, its address and source if known, and the day (UTC)."""

    doc_id: str
    url: str | None
    source_id: str | None = None
    date: str


def read_takedowns(workspace: Workspace) -> dict[str, Takedown]:
    """Return the takedowns of a workspace by doc_id.

    A last line without its line feed was left by a killed run and is passed over: that run did
    nothing else yet.

    Raises:
        ConfigError: A line is no takedown.
    """
    path = workspace.takedowns
    found: dict[str, Takedown] = {}
    for number, cells in lines_of(path, COLUMNS):
        if len(cells) != len(COLUMNS) or not _is_date(cells[-1]):
            msg = f"{path}:{number}: not a takedown. Lines are {','.join(COLUMNS)}; restore it."
            raise ConfigError(msg)
        doc_id, url, source_id, date = cells
        row = Takedown(doc_id=doc_id, url=url or None, source_id=source_id or None, date=date)
        found.setdefault(doc_id, row)
    return found


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def add_takedowns(workspace: Workspace, rows: Iterable[Takedown]) -> None:
    """Append takedowns that are not on the list yet, synced to disk; a torn last line goes.

    Raises:
        OSError: The disk is full.
    """
    known = read_takedowns(workspace)
    new = [row for row in rows if row.doc_id not in known]
    if not new:
        return
    cells = [(r.doc_id, r.url or "", r.source_id or "", r.date) for r in new]
    append_lines(workspace.takedowns, COLUMNS, cells)


def without(links: Iterable[Link], ids: Collection[str]) -> tuple[Link, ...]:
    """Return the links that lead to no document that was taken down."""
    return tuple(link for link in links if url_doc_id(link.url) not in ids)


def withheld(
    capture: Capture, note: Note, ids: Collection[str]
) -> tuple[Capture, bytes, Note] | None:
    """Return what may be archived of an answer that holds a taken-down document; None: all of it.

    Of the document itself that is an empty answer with status 451; of a feed or map that names it,
    the links to the others. So a page that came by another address, or by an import, leaves no
    word either.
    """
    own = {capture.doc_id, *(url_doc_id(u) for u in (capture.url, note.target_url) if u)}
    links = without(note.links, ids)
    if own.isdisjoint(ids):
        if len(links) == len(note.links):
            return None
        blank = replace(capture, payload_sha256=_EMPTY, payload_length=0)
        return blank, b"", replace(note, links=links)
    role = "gone" if note.role == "document" else note.role
    blank = replace(capture, payload_sha256=_EMPTY, payload_length=0, status=STATUS)
    return blank, b"", Note(role=role, aliases=note.aliases)
