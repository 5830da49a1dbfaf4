"""The ids of a build: agreements matched with the registry, new rows appended to it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.builders import registry
from pipeline.faults import fault_point
from pipeline.paths import Workspace, sync_folder

REGISTRY = "agreements.csv"


def register(
    workspace: Workspace, unnamed: Sequence[registry.Unnamed], now: datetime
) -> tuple[list[str], list[registry.Row]]:
    """Give ids and append new ones to the registry, which is never rewritten."""
    path = workspace.judgements / REGISTRY
    text = path.read_text("utf-8") if path.exists() else ""
    rows = registry.parse_registry(text, str(path))
    added_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ids, added, resting = registry.assign(unnamed, rows, added_at)
    if added:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = registry.repair(text) + registry.lines_of(added, header=not text)
        with path.open("ab") as handle:
            handle.write(lines.encode())
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)
        fault_point("build.registry_appended")
    return ids, resting
