"""Named fault points: where a test may kill the process to prove that nothing is lost.

``CITYACCORDS_FAULT=name`` or ``name:3`` sends a real SIGKILL to this process the first or third
time that ``fault_point(name)`` is passed. Without the variable it costs one dictionary look-up.
"""

from __future__ import annotations

import os
import signal

FAULT_POINTS = (
    "ingest.record_written",  # a capture stands in the open WARC, the catalog does not know it yet
    "ingest.before_close",  # the WARC is complete, but still named .open
    "store.before_rename",  # a shard's temporary file is written and synced, not yet in its place
    "store.after_rename",  # the shard is in its place, the stage has not reported it
    "build.registry_appended",  # new agreement ids are in the registry, the build is not written
    "export.before_publish",  # the release folder is complete, the symlink still shows the old one
)
# Passed by `forget` alone.
TAKEDOWN_POINTS = (
    "forget.listed",  # the list has its line, nothing else has happened
    "forget.blanked",  # the archive holds its words no more, the catalog does not know
    "forget.catalogued",  # what was derived from it still stands
    "forget.derived",  # the published dataset still quotes it
    "forget.published",  # older releases still quote it
)
_passed: dict[str, int] = {}


def fault_point(name: str) -> None:
    """Kill this process here if the environment asks for it; otherwise do nothing."""
    wanted = os.environ.get("CITYACCORDS_FAULT")
    if not wanted:
        return
    target, _, count = wanted.partition(":")
    if target != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] >= int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
