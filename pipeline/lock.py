"""The workspace lock: one writing run at a time, freed by the system when its process ends."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.paths import Workspace


class LockedError(Exception):
    """Another run holds the workspace (exit code 7). The message says which and since when."""


@contextmanager
def lock(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace while the block runs.

    The lock is the kernel's (``flock``): a killed run leaves none behind; the file only tells who
    holds it. It does not work between machines on a network disk.

    Raises:
        LockedError: Another process holds it.
    """
    workspace.lock.parent.mkdir(parents=True, exist_ok=True)
    with workspace.lock.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise LockedError(_message(workspace, handle.read())) from error
        handle.truncate(0)
        json.dump({"pid": os.getpid(), "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}, handle)
        handle.flush()
        yield


def _message(workspace: Workspace, told: str) -> str:
    try:
        holder = json.loads(told)
        who = f"process {holder['pid']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return f"{workspace.root}: in use by {who}. Wait until it has finished, or stop that process."
