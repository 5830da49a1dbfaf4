"""What a release says of the one before it: changes, tombstones and the manifest for the next.

In: the tables of the draft, those of the published release, and the inputs of the pipeline. Out:
rows and bytes. The same inputs over the same last release give the same bytes; a release that
repeats the last one (same manifest) repeats its changes too, so that an export run twice publishes
what it published before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.builders.registry import parse_registry
from pipeline.built import AppliedCorrection, RestingId
from pipeline.engine import code_digest, file_digest, models_digest
from pipeline.exporters import changes, csvtext, history
from pipeline.exporters.csvtext import Row
from pipeline.exporters.tables import HISTORY, TABLES, table
from pipeline.paths import Workspace
from pipeline.store import read_records
from pipeline.takedowns import read_takedowns

MANIFEST = "manifest.json"
_STAGES = ("read", "tag", "classify", "relate", "build", "export")
_VOCABULARY = ("codebook.yml", "gazetteer", "languages", "registers")
_MODEL = ("classifiers", "ner-id", "relator", "thresholds.yml")
_DECISIONS = ("parties.yml", "corrections.yml")
_COMPARED = (("agreement", "agreements", "agreement_id"), ("event", "events", "event_id"))


@dataclass(slots=True)
class History:
    """The history files of one draft."""

    manifest: history.Manifest
    is_first: bool
    changes: list[Row] = field(default_factory=list)
    tombstones: list[Row] = field(default_factory=list)


def parts_of(workspace: Workspace) -> dict[str, str]:
    """Return a fingerprint of each part of the pipeline that can change a value."""
    models = workspace.models

    def digest(names: tuple[str, ...]) -> str:
        return models_digest(models, [n for n in names if (models / n).exists()])

    files = [workspace.judgements / name for name in _DECISIONS]
    decided = [file_digest(path) if path.exists() else "" for path in files]
    code = [code_digest(f"pipeline.{stage}") for stage in _STAGES]
    return {
        "code": hashlib.sha256("\n".join(code).encode()).hexdigest(),
        "vocabulary": digest(_VOCABULARY),
        "model": digest(_MODEL),
        "reviewer": hashlib.sha256("\n".join(decided).encode()).hexdigest(),
    }


def history_of(
    workspace: Workspace,
    draft: Path,
    previous: Path | None,
    created: str | None,
) -> History:
    """Return what a draft says of the release before it.

    Args:
        workspace: Where models, judgements and the build are.
        draft: The folder with the tables of the new release.
        previous: The published release; None, or one without a manifest: this is the first.
        created: The time of the newest document: the day of new tombstones.
    """
    support = _support(draft)
    corrections = _corrections(workspace)
    manifest = history.Manifest(
        parts=parts_of(workspace),
        corrections=corrections,
        # All of them: a night that brings nothing but an irrelevant document is another release.
        tables={t.name: file_digest(draft / t.file) for t in TABLES if t not in HISTORY},
        agreements={a: history.support_digest(c) for a, c in support.items()},
    )
    old = _manifest(previous)
    found = History(manifest, is_first=old is None)
    if previous is not None and old == manifest:
        found.changes = [tuple(r.values()) for r in _rows(previous, "changes")]
    why = None
    if previous is not None and old is not None:
        was = _support(previous)
        wanted = changes.asked(was, support)
        why = changes.Why(
            changes.Basis(old.parts, was, _captures(previous, wanted), old.corrections),
            changes.Basis(manifest.parts, support, _captures(draft, wanted), corrections),
            frozenset(read_takedowns(workspace)),
        )
        if old != manifest:
            found.changes = list(_changes(previous, draft, why))
    found.tombstones = _tombstones(workspace, draft, previous, why, (created or "1970-01-01")[:10])
    return found


def _corrections(workspace: Workspace) -> dict[tuple[str, str], str]:
    """Return a fingerprint of each correction that the build applied, by agreement and column."""
    path = workspace.build / "corrections.parquet"
    found = read_records(path, AppliedCorrection) if path.exists() else []
    return {(c.agreement_id, c.field): c.digest for c in found}


def _manifest(previous: Path | None) -> history.Manifest | None:
    path = previous / MANIFEST if previous is not None else None
    return history.read_manifest(path.read_text("utf-8")) if path and path.exists() else None


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    path = folder / f"{name}.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as handle:
            yield from csvtext.decode(handle)


def _support(folder: Path) -> dict[str, frozenset[changes.Capture]]:
    found: dict[str, set[changes.Capture]] = {}
    for row in _rows(folder, "mentions"):
        found.setdefault(row["agreement_id"], set()).add((row["doc_id"], row["capture_id"]))
    return {agreement_id: frozenset(captures) for agreement_id, captures in found.items()}


def _captures(folder: Path, wanted: set[str]) -> frozenset[str]:
    """Return which of the wanted captures a release knows: as newest version, or as a source."""
    names = ("documents", "mentions")
    return frozenset(
        row["capture_id"] for n in names for row in _rows(folder, n) if row["capture_id"] in wanted
    )


def _changes(previous: Path, draft: Path, why: changes.Why) -> Iterator[Row]:
    for kind, name, key in _COMPARED:
        columns = table(name).header
        yield from changes.compare(
            kind, key, columns, _rows(previous, name), _rows(draft, name), why
        )


def _tombstones(
    workspace: Workspace, draft: Path, previous: Path | None, why: changes.Why | None, date: str
) -> list[Row]:
    registry = workspace.judgements / "agreements.csv"
    given = parse_registry(registry.read_text("utf-8"), str(registry)) if registry.exists() else []
    path = workspace.build / "resting.parquet"
    resting = read_records(path, RestingId) if path.exists() else []
    before = _rows(previous, "tombstones") if previous is not None else ()
    return history.tombstones(
        [row.agreement_id for row in given],
        {row["agreement_id"] for row in _rows(draft, "agreements")},
        {r.agreement_id: r for r in resting},
        {row["agreement_id"]: row for row in before},
        why,
        date,
    )
