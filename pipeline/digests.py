"""Digests of closed archive files, each computed once.

A closed file is never touched again (a takedown replaces it by another file), so its digest holds
as long as size, time and inode do. Without this every night would read the whole archive to learn
that nothing changed. Bits that rot are found by ``validate``, which reads what is cited.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from pipeline.paths import Workspace, atomic_write

FILE = "digests.json"  # in corpus/build; made again where it is missing or broken
_State = list[int]


class ArchiveDigests:
    """The digests of a workspace's archive, as far as they are known."""

    def __init__(self, workspace: Workspace, digest: Callable[[Path], str]) -> None:
        """Take the workspace and what computes a digest; nothing is read yet."""
        self._path = workspace.build / FILE
        self._archive = workspace.archive
        self._digest = digest
        self._known: dict[str, tuple[_State, str]] | None = None
        self._is_new = False

    def of(self, path: Path) -> str:
        """Return the digest of one file; read it only where it is not the file that was known."""
        facts = path.stat()
        state = [facts.st_size, facts.st_mtime_ns, facts.st_ino]
        known = self._load().get(path.name)
        if known is not None and known[0] == state:
            return known[1]
        digest = self._digest(path)
        self._load()[path.name] = (state, digest)
        self._is_new = True
        return digest

    def save(self) -> None:
        """Write what was learnt, for the next run.

        Raises:
            OSError: The disk is full; the next run reads the files again.
        """
        if not self._is_new or self._known is None:
            return
        there = {n: v for n, v in self._known.items() if (self._archive / n).exists()}
        with atomic_write(self._path) as handle:
            handle.write(json.dumps(there, sort_keys=True, indent=0).encode())
        self._is_new = False

    def _load(self) -> dict[str, tuple[_State, str]]:
        if self._known is None:
            try:
                told = json.loads(self._path.read_text("utf-8"))
                self._known = {
                    str(name): ([int(x) for x in state], str(digest))
                    for name, (state, digest) in told.items()
                }
            except (OSError, ValueError, TypeError, AttributeError):
                self._known = {}
        return self._known
