"""Where things live in a workspace. No module but this one joins a file name to ``corpus/``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.faults import fault_point

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds ``corpus/`` and ``outputs/``; any folder, also an empty one, is valid."""

    root: Path

    @property
    def config(self) -> Path:
        """The optional configuration file."""
        return self.root / "cityaccords.toml"

    @property
    def models(self) -> Path:
        """The workspace's own ``models/`` if it has one, else the checkout's."""
        own = self.root / "models"
        return own if own.is_dir() else CHECKOUT / "models"

    @property
    def corpus(self) -> Path:
        """What we read."""
        return self.root / "corpus"

    @property
    def sources(self) -> Path:
        """Source files, one folder per country."""
        return self.corpus / "sources"

    @property
    def archive(self) -> Path:
        """Closed WARC files and the open one."""
        return self.corpus / "archive"

    @property
    def catalog(self) -> Path:
        """The SQLite file with the state of every URL."""
        return self.corpus / "catalog.sqlite"

    @property
    def judgements(self) -> Path:
        """People's decisions and the id registry: no command deletes or rewrites these."""
        return self.corpus / "judgements"

    @property
    def takedowns(self) -> Path:
        """The documents that were taken down: what ``forget`` appends to."""
        return self.judgements / "takedowns.csv"

    @property
    def lock(self) -> Path:
        """The lock file that one writing run holds."""
        return self.corpus / ".lock"

    @property
    def fetching(self) -> Path:
        """A file that is there while a run fetches; a killed run leaves it behind."""
        return self.corpus / ".fetching"

    @property
    def build(self) -> Path:
        """What ``build`` made of all shards: agreements, events, claims."""
        return self.corpus / "build"

    @property
    def outputs(self) -> Path:
        """What we publish."""
        return self.root / "outputs"

    def shards(self, folder: str) -> tuple[Path, ...]:
        """Return the closed shards of ``archive`` or of a derived folder, oldest first."""
        pattern = "*.warc.gz" if folder == "archive" else "*.parquet"
        found = (self.corpus / folder).glob(pattern)
        return tuple(sorted(p for p in found if folder == "archive" or "." not in p.stem))

    def shard(self, folder: str, shard_id: str, part: str = "") -> Path:
        """Return the file of one shard; the ledgers' ``part`` is ``rejections`` or ``issues``."""
        if folder == "archive":
            return self.archive / f"{shard_id}.warc.gz"
        return (
            self.corpus / folder / (f"{shard_id}.{part}.parquet" if part else f"{shard_id}.parquet")
        )


def shard_id_of(path: Path) -> str:
    """Return the stem that a WARC and all files derived from it share."""
    return path.name.split(".", 1)[0]


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` and put it in place, whole and synced, on success.

    A process that dies inside leaves ``path`` as it was, and a ``.tmp`` file that nothing reads.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        fault_point("store.before_rename")
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    fault_point("store.after_rename")


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
