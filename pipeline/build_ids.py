"""The ids of a build: agreements matched with the registry, new rows appended to it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.builders import registry
from pipeline.built import RestingId
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


def pairs_of(ids: Sequence[str], unnamed: Sequence[registry.Unnamed]) -> dict[str, frozenset[str]]:
    """Return the two parties of each agreement."""
    given = zip(ids, unnamed, strict=True)
    return {i: frozenset((u.local_party, u.partner)) for i, u in given}


def resting_ids(
    resting: Sequence[registry.Row],
    ids: Sequence[str],
    unnamed: Sequence[registry.Unnamed],
    heirs: Mapping[str, str],
) -> list[RestingId]:
    """Return the ids that stand for no agreement of the build, and which one took each over.

    Args:
        resting: Those that the registry has, and no document tells apart.
        ids: The ids of all agreements that the texts make.
        unnamed: These agreements.
        heirs: The agreement that stands for each that a person found to be the same as it.
    """
    found = [registry.resting_id(r) for r in resting]
    rows = [replace(r, merged_into=heirs.get(r.merged_into or "", r.merged_into)) for r in found]
    for agreement_id, told in zip(ids, unnamed, strict=True):
        if agreement_id in heirs:
            rows.append(
                RestingId(
                    agreement_id=agreement_id,
                    merged_into=heirs[agreement_id],
                    doc_id=told.anchor[0],
                )
            )
    return sorted(rows, key=lambda r: registry.number_of(r.agreement_id))
