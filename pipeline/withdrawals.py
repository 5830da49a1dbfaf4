"""Takes back frozen releases that quote a document which was taken down.

A release is never rewritten: its sums are in papers. So one that holds rows of such a document is
withdrawn as a whole. Its number stays taken, the register says when and why, and a notice stands
where it stood, with the digest by which a copy can be known (decision 10).

Order, so that a kill is finished by the same command: a line in the register, the notice beside
the release, the release out of the way, the notice in its place, the release deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from pipeline.faults import fault_point
from pipeline.paths import Workspace, atomic_write, sync_folder
from pipeline.releases import settle, show_latest
from pipeline.versions import (
    NOTICE,
    SUMS,
    WITHDRAWN,
    Entry,
    enter,
    read_register,
    releases_of,
    standing,
    withdrawn,
)

REASON = "a document that it quotes was taken down on request"
_PIECE = 1 << 20  # bytes read at a time
# It tells where documents were dropped, and holds none of their words.
_NO_WORDS = ("rejections.csv",)


def datasets(workspace: Workspace) -> list[str]:
    """Return the datasets that ever had a release."""
    return sorted({entry.dataset for entry in read_register(workspace)})


def withdraw(workspace: Workspace, doc_ids: Collection[str], date: str) -> tuple[str, ...]:
    """Withdraw every release that holds rows of one of the documents.

    Args:
        workspace: Where the releases are.
        doc_ids: Documents that were taken down.
        date: The day of the takedown.

    Returns:
        Dataset and version of each, also of those that a killed run had begun with.

    Raises:
        OSError: The disk is full; give the command again when there is room.
    """
    found: list[str] = []
    for dataset in datasets(workspace):
        settle(workspace, dataset)
        folder = releases_of(workspace, dataset)
        for entry in standing(workspace, dataset):
            if _holds(folder / entry.version, doc_ids):
                taken = Entry(dataset, entry.version, WITHDRAWN, date, entry.sha256, REASON)
                enter(workspace, [taken])
                fault_point("withdraw.registered")
        for entry in withdrawn(workspace, dataset):
            if _replace(folder, entry):
                found.append(f"{dataset} {entry.version}")
        show_latest(workspace, dataset)
    return tuple(found)


def _holds(folder: Path, doc_ids: Collection[str]) -> bool:
    """Tell whether a table of a release names one of the documents."""
    wanted = [doc_id.encode() for doc_id in doc_ids]
    longest = max(map(len, wanted), default=0)
    for path in sorted(folder.glob("*.csv")):
        if path.name in _NO_WORDS:
            continue
        with path.open("rb") as handle:
            tail = b""
            while piece := handle.read(_PIECE):
                data = tail + piece
                if any(doc_id in data for doc_id in wanted):
                    return True
                tail = data[-longest:]
    return False


def _replace(folder: Path, entry: Entry) -> bool:
    """Put the notice where the release was; tells whether anything was left to do."""
    place, gone = folder / entry.version, folder / f".{entry.version}.gone"
    is_done = (place / NOTICE).exists() and not gone.exists()
    if is_done:
        return False
    if not (place / NOTICE).exists():
        notice = folder / f".{entry.version}.notice"
        shutil.rmtree(notice, ignore_errors=True)  # half of it, from a killed run
        notice.mkdir()
        with atomic_write(notice / NOTICE) as handle:
            handle.write(_notice(entry).encode())
        if (place / SUMS).exists():
            place.rename(gone)
            fault_point("withdraw.away")
        shutil.rmtree(place, ignore_errors=True)  # half a folder: somebody deleted by hand
        notice.rename(place)
        sync_folder(folder)
    fault_point("withdraw.noticed")
    if gone.exists():
        shutil.rmtree(gone)
        sync_folder(folder)
    return True


def _notice(entry: Entry) -> str:
    return f"""# {entry.dataset} {entry.version} was withdrawn

On {entry.date} this release was taken back: {entry.reason}. A frozen release is
never rewritten, so it went as a whole. Its number will not be given again.

The SHA-256 of its SHA256SUMS was
`{entry.sha256}`.
Who has a copy can tell it by that, and is asked not to pass it on.

The releases that stand are beside this folder; the newest is `outputs/{entry.dataset}-latest`.
`CHANGES.md` of the next one names this one as withdrawn.
"""
