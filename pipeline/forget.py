"""Forget: take one document down, everywhere that this pipeline keeps words of it.

In: an address (http or https is the same) or a doc_id. The order makes a kill at any point harmless
when the same command is given again, and every other command keeps to the list meanwhile:

1. ``corpus/judgements/takedowns.csv`` gets a line: from here on nothing of it is kept or asked for.
2. Its payloads, all versions, are blanked in the archive (``blanking``), and those of feeds, maps
   and other answers beside it that name it: they may hold its title or text.
3. The catalog closes its page.
4. All stages run, so that every derived row of it goes; then every candidate under ``outputs/`` is
   written again, and older and refused ones, whose quotes may be its words, are removed.
5. Frozen releases that hold rows of it are withdrawn: a notice stands in their place.

One document has many addresses: http and https, with and without ``www``, and what redirected or
pointed to it (``takedown_targets``). Other documents with the very same text are named, with the
command that takes them down too: another publisher's copy is for a person to judge.

**Not covered**: names of parties in the registry of ids, free blocks of the disk and snapshots of
the file system, and copies that others took of a release.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC

from pipeline import runs
from pipeline.archive import recover
from pipeline.blanking import blank
from pipeline.captures import Entry, url_doc_id
from pipeline.faults import fault_point
from pipeline.paths import Workspace, sync_folder
from pipeline.recorder import closed, open_catalog
from pipeline.takedown_targets import Copy, targets_of
from pipeline.takedowns import add_takedowns
from pipeline.withdrawals import withdraw

_SHOWN = 20  # copies listed on a terminal


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What a takedown did. ``captures`` are those blanked now; a second run has none left."""

    documents: tuple[str, ...]
    was_known: bool
    captures: tuple[str, ...]
    datasets: tuple[str, ...]
    removed_releases: int
    withdrawn: tuple[str, ...]
    copies: tuple[Copy, ...]
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
            f"older ones removed: {self.removed_releases}",
            f"Releases withdrawn: {', '.join(self.withdrawn) or 'none'}",
            "Not covered: backups, and copies that others took.",
        ]
        if self.copies:
            lines += [f"{len(self.copies)} other documents have the same text. To take down too:"]
            lines += [f"    cityaccords forget {copy.target}" for copy in self.copies[:_SHOWN]]
            more = len(self.copies) - _SHOWN
            lines += [f"    … and {more:,} more, all with --json"] if more > 0 else []
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
    targets = targets_of(workspace, target, date)
    wanted = targets.documents
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
    taken_back = withdraw(workspace, ids, rows[0].date)
    return ForgetReport(
        documents=tuple(sorted(wanted)),
        was_known=targets.is_known,
        captures=tuple(captures),
        datasets=datasets,
        removed_releases=removed,
        withdrawn=taken_back,
        copies=targets.copies,
        corrections=tuple(_cited(workspace, ids)),
    )


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
    """Write every candidate again and remove all older and refused ones."""
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
    refused = run.workspace.outputs / ".refused"
    for old in sorted(refused.glob("*/*")):
        shutil.rmtree(old)
        removed += 1
    return tuple(names), removed


def _cited(workspace: Workspace, ids: Collection[str]) -> Iterator[str]:
    """Yield the places where people's corrections cite a document: only they may change those."""
    path = workspace.judgements / "corrections.yml"
    if path.exists():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if any(doc_id in line for doc_id in ids):
                yield f"{path}:{number}"
