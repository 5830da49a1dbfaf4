"""Forget: take one document down, everywhere that this pipeline keeps words of it.

In: an address (http or https is the same) or a doc_id. The order makes a kill at any point harmless
when the same command is given again, and every other command keeps to the list meanwhile:

1. ``corpus/judgements/takedowns.csv`` gets a line: from here on nothing of it is kept or asked for.
2. Its payloads, all versions, are blanked in the archive (``blanking``), and those of feeds, maps
   and other answers beside it that name it: they may hold its title or text.
3. The catalog closes its page.
4. All stages run, so that every derived row of it goes; then every dataset under ``outputs/`` is
   written again, and older releases, whose quotes may be its words, are removed.

**Not covered**: copies of the text at other addresses (other documents), names of parties in the
registry of ids, free blocks of the disk and snapshots of the file system, and copies that
others took of a published release.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC

from pipeline import runs
from pipeline.archive import recover
from pipeline.blanking import blank
from pipeline.captures import Entry, url_doc_id
from pipeline.config import ConfigError
from pipeline.faults import fault_point
from pipeline.paths import Workspace, sync_folder
from pipeline.recorder import closed, open_catalog
from pipeline.takedowns import Takedown, add_takedowns, read_takedowns
from pipeline.urls import canonical_url

_DOC_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What a takedown did. ``captures`` are those blanked now; a second run has none left."""

    documents: tuple[str, ...]
    was_known: bool
    captures: tuple[str, ...]
    datasets: tuple[str, ...]
    removed_releases: int
    corrections: tuple[str, ...]

    def as_data(self) -> dict[str, object]:
        """Return it as plain values."""
        return asdict(self)

    def as_text(self) -> str:
        """Return it for a terminal."""
        known = "" if self.was_known else " (not in the corpus; it will not be fetched)"
        lines = [
            f"Taken down: {', '.join(self.documents)}{known}",
            f"Payloads blanked in the archive: {len(self.captures)}",
            f"Datasets written again: {', '.join(self.datasets) or 'none'}; "
            f"older releases removed: {self.removed_releases}",
            "Not covered: copies at other addresses, backups, and copies that others took.",
        ]
        lines += [
            f"{place}: still quotes it. Take the line out by hand." for place in self.corrections
        ]
        return "\n".join(lines)


def run_forget(run: runs.Run, target: str) -> ForgetReport:
    """Take one document down. The caller holds the workspace lock.

    Args:
        run: The workspace and its settings; its time gives the day of the takedown.
        target: An http or https address, or a doc_id.

    Raises:
        ConfigError: It is neither.
        BrokenArchiveError: A file of the archive is damaged; the list has its line already.
        OSError: The disk is full; give the command again when there is room.
    """
    workspace = run.workspace
    recover(workspace)
    date = f"{run.now.astimezone(UTC):%Y-%m-%d}"
    wanted, was_known = _documents(workspace, target, date)
    add_takedowns(workspace, wanted.values())
    fault_point("forget.listed")
    rows = list(wanted.values())
    captures: list[str] = []
    marks = _marks(row.url for row in rows if row.url)
    ids = frozenset(wanted)

    def holds(entry: Entry) -> bool:
        return _holds(entry, ids, marks)

    for path in workspace.shards("archive"):
        captures += blank(path, holds, ids, rows[0].date)
    fault_point("forget.blanked")
    with open_catalog(workspace) as catalog:
        catalog.take_down(closed(rows))
    fault_point("forget.catalogued")
    if workspace.shards("archive"):
        runs.extract(run)
    fault_point("forget.derived")
    datasets, removed = _publish(run)
    return ForgetReport(
        documents=tuple(sorted(wanted)),
        was_known=was_known,
        captures=tuple(captures),
        datasets=datasets,
        removed_releases=removed,
        corrections=tuple(_cited(workspace, ids)),
    )


def _documents(workspace: Workspace, target: str, date: str) -> tuple[dict[str, Takedown], bool]:
    """Return the documents that a target means, and whether any of them is known.

    Those are the document at the address, imports that give it as theirs, addresses that led to
    it, and, where the address itself led elsewhere, the document there.
    """
    address = None if _DOC_ID.fullmatch(target) else canonical_url(target)
    if address is None and not _DOC_ID.fullmatch(target):
        msg = f"{target!r} is no http or https address and no doc_id. Give one of the two."
        raise ConfigError(msg)
    first = url_doc_id(address) if address else target
    with open_catalog(workspace) as catalog:
        known = catalog.addresses()
    found = {first: Takedown(doc_id=first, url=address, date=date)}
    own = [a for a in known if a.doc_id == first or (a.url and url_doc_id(a.url) == first)]
    led = {a.reason for a in own if a.state == "moved"}
    ids = {first, *(a.doc_id for a in own), *led}
    for a in known:
        if a.doc_id in ids or (a.state == "moved" and a.reason in ids):
            found[a.doc_id] = Takedown(
                doc_id=a.doc_id, url=a.url or address, source_id=a.source_id, date=date
            )
    listed = read_takedowns(workspace)  # who finishes a takedown finds the first day there
    return {i: listed.get(i, row) for i, row in found.items()}, bool(own)


def _marks(urls: Iterable[str]) -> tuple[bytes, ...]:
    """Return how an address may stand in a feed: without scheme, plain or with JSON's slashes."""
    found: set[bytes] = set()
    for url in urls:
        rest = url.partition("://")[2]
        if rest.rstrip("/").count("/"):  # a bare host stands on every page of it
            for text in (rest, rest.replace("/", "\\/"), rest.replace("&", "&amp;")):
                found.add(text.encode())
    return tuple(sorted(found))


def _holds(entry: Entry, ids: Collection[str], marks: tuple[bytes, ...]) -> bool:
    """Tell whether a capture holds words of a taken-down document."""
    capture, note = entry.capture, entry.note
    own = {capture.doc_id, *(url_doc_id(u) for u in (capture.url, note.target_url) if u)}
    if note.role in ("document", "gone"):
        return not own.isdisjoint(ids) and bool(entry.payload)
    named = any(url_doc_id(link.url) in ids for link in note.links)
    return named or any(mark in entry.payload for mark in marks)


def _publish(run: runs.Run) -> tuple[tuple[str, ...], int]:
    """Write every published dataset again and remove all its other releases."""
    root = run.workspace.outputs / ".releases"
    names, removed = [], 0
    for releases in sorted(p for p in root.glob("*") if p.is_dir()):
        link = run.workspace.outputs / releases.name
        current = link.resolve() if link.is_symlink() else None
        if current is not None:
            annotations = (current / "annotations.csv").exists()
            current = runs.export(run, releases.name, annotations=annotations).release.resolve()
            names.append(releases.name)
        fault_point("forget.published")
        for old in sorted(p for p in releases.iterdir() if p.is_dir()):
            if old.resolve() != current:
                shutil.rmtree(old)
                removed += 1
        sync_folder(releases)
    return tuple(names), removed


def _cited(workspace: Workspace, ids: Collection[str]) -> Iterator[str]:
    """Yield the places where people's corrections cite a document: only they may change those."""
    path = workspace.judgements / "corrections.yml"
    if path.exists():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if any(doc_id in line for doc_id in ids):
                yield f"{path}:{number}"
