"""Room on the disk: what killed runs left goes, and a run that cannot fit does not begin."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from pipeline.paths import Workspace

# Of the size of the published dataset: once for the new folder, once for what Excel and SQLite
# write on the side while they are made, once for what a night adds to the corpus.
FACTOR = 3
# The first run has nothing to go by: one full archive file (64 MB) and what is derived from it.
LEAST = 150_000_000


def make_room(workspace: Workspace, dataset: str) -> None:
    """Clear up after killed runs, then refuse to begin where the result does not fit.

    The caller holds the workspace lock: nobody else writes there.

    Raises:
        OSError: Too little is free (exit code 3). Nothing was written.
    """
    sweep(workspace)
    require_space(workspace, dataset)


def sweep(workspace: Workspace) -> None:
    """Remove files that a killed run was writing; no reader knows their names.

    Drafts of releases are left to ``releases.settle``: one that is in the register gets its name.
    """
    for pattern in ("corpus/.*.tmp", "corpus/*/.*.tmp", "outputs/.*.tmp", "outputs/.r*/*/.*.tmp"):
        for path in workspace.root.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder; 0 where there is none."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def needed_bytes(workspace: Workspace, dataset: str) -> int:
    """Return how much room a run needs, judged by the dataset that is published now."""
    return max(LEAST, FACTOR * size_of((workspace.outputs / dataset).resolve()))


def require_space(workspace: Workspace, dataset: str) -> None:
    """Refuse to begin where the disk cannot hold the result (exit code 3).

    Raises:
        OSError: Too little is free. Nothing was written.
    """
    needed, folder = needed_bytes(workspace, dataset), workspace.root.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        told = f"{free / 1e6:,.0f} MB are free and about {needed / 1e6:,.0f} MB are needed"
        raise OSError(errno.ENOSPC, f"{told}; nothing was begun", str(folder))
