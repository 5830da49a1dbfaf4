"""Levels: the figures of a new release against those of the published one.

In: two folders, the tolerances and ``corpus/judgements/accepted.yml``. Out: a check like
those of ``validate``. Accepting is a person's judgement with a reason, so it is kept with the other
judgements: in git, appended to, never rewritten by a command.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.config import ConfigError, GatesConfig
from pipeline.exporters.csvtext import decode
from pipeline.exporters.tables import HISTORY, TABLES
from pipeline.paths import Workspace, sync_folder
from pipeline.validators.findings import Result
from pipeline.validators.gates import Accepted, Move, Tolerances, figures_of, moves_of

FILE = "accepted.yml"
_REMEDY = 'If this is right: `cityaccords validate{} --accept "REASON"`, then refresh again.'
# What changed is another number every night, and says nothing of the level.
_COMPARED = tuple(t for t in TABLES if t not in HISTORY)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    figure: str
    was: float
    now: float
    reason: str = Field(min_length=1)
    accepted_at: str


_ENTRIES = TypeAdapter(list[_Entry])


def check_levels(workspace: Workspace, gates: GatesConfig, dataset: str, release: Path) -> Result:
    """Compare a release with the published one; the first release has nothing to compare with."""
    result = Result()
    published = workspace.outputs / dataset
    if not published.is_dir() or published.resolve() == release.resolve():
        return result
    remedy = _REMEDY.format("" if dataset == "agreements" else f" --dataset {dataset}")
    before = figures_in(published)
    result.examined = len(before)
    for move in _moves(before, figures_in(release), workspace, gates):
        file = move.figure.split("@")[0].split(".")[0]
        result.fail(f"{file}.csv", "", "", move.as_text(), remedy)
    return result


def accept_levels(
    workspace: Workspace, gates: GatesConfig, dataset: str, reason: str, now: datetime
) -> list[Move]:
    """Append what the newest unpublished release moved too far, with the reason.

    Raises:
        ConfigError: No reason, nothing published, or no refused one after the published one.
    """
    published, waiting = workspace.outputs / dataset, refused_one(workspace, dataset)
    if not reason.strip():
        msg = "a new level needs a reason, one sentence."
        raise ConfigError(msg)
    # One that was refused before the published one was made says nothing of tonight.
    if not published.is_dir() or waiting is None or waiting.name <= published.resolve().name:
        msg = f"{dataset}: no refused release waits. Run `cityaccords refresh` first."
        raise ConfigError(msg)
    moves = _moves(figures_in(published), figures_in(waiting), workspace, gates)
    if moves:
        _append(workspace.judgements / FILE, moves, reason.strip(), now)
    return moves


def refuse(workspace: Workspace, dataset: str, candidate: Path) -> Path:
    """Put a refused candidate where the newest one can be looked at; the one before it goes.

    Raises:
        OSError: The disk is full.
    """
    folder = _refused(workspace, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    for old in list(folder.iterdir()):
        shutil.rmtree(old)
    candidate.rename(folder / candidate.name)
    sync_folder(folder)
    sync_folder(candidate.parent)
    return folder / candidate.name


def refused_one(workspace: Workspace, dataset: str) -> Path | None:
    """Return the newest candidate that was refused, if one is kept."""
    folder = _refused(workspace, dataset)
    found = sorted(folder.glob("[0-9]*")) if folder.is_dir() else []
    return found[-1] if found else None


def unpublished(workspace: Workspace, dataset: str) -> list[Path]:
    """Return the candidates that are newer than the published one: killed runs left them."""
    published = (workspace.outputs / dataset).resolve()
    folder = workspace.outputs / ".releases" / dataset
    found = sorted(folder.glob("[0-9]*")) if folder.is_dir() else []
    return [path for path in found if not published.is_dir() or path.name > published.name]


def _refused(workspace: Workspace, dataset: str) -> Path:
    return workspace.outputs / ".refused" / dataset


def figures_in(folder: Path) -> dict[str, float]:
    """Return the figures of a release, one row in memory at a time."""
    found: dict[str, float] = {}
    for table in _COMPARED:
        if (folder / table.file).exists():
            with (folder / table.file).open(encoding="utf-8", newline="") as handle:
                found |= figures_of(table.name, decode(handle))
    return found


def _moves(
    before: dict[str, float], after: dict[str, float], workspace: Workspace, gates: GatesConfig
) -> list[Move]:
    allowed = Tolerances(
        drop_percent=gates.drop_percent,
        jump_percent=gates.jump_percent,
        fill_points=gates.fill_points,
        least_rows=gates.least_rows,
    )
    return moves_of(before, after, allowed, _accepted(workspace.judgements / FILE))


def _accepted(path: Path) -> list[Accepted]:
    if not path.exists():
        return []
    try:
        entries = _ENTRIES.validate_python(yaml.safe_load(path.read_text("utf-8")) or [])
    except (yaml.YAMLError, ValidationError) as error:
        msg = f"{path}: {error}. Mend the entry; `validate --accept` wrote the others."
        raise ConfigError(msg) from error
    return [Accepted(figure=e.figure, was=e.was, now=e.now, reason=e.reason) for e in entries]


def _append(path: Path, moves: list[Move], reason: str, now: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        for m in moves:
            entry = {"figure": m.figure, "was": m.was, "now": m.now, "reason": reason}
            entry["accepted_at"] = now.isoformat()
            # JSON is YAML: one line an entry, safe whatever the reason holds.
            handle.write(f"- {json.dumps(entry, ensure_ascii=False)}\n")
    sync_folder(path.parent)
