"""Run a stage over shards: skip what still holds, map the rest, serially or in processes.

A per-document stage is a module with a ``STAGE`` and a function ``run_shard(task) -> Counts``.
Workers get paths and return counts, never documents, so that any engine can map the same function.
To add one (a cluster, say), write a function like `_serial` that maps ``run_shard`` over tasks and
add it to `ENGINES`; nothing else knows which engine runs.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeline.config import Config, ConfigError
from pipeline.digests import ArchiveDigests
from pipeline.paths import CHECKOUT, Workspace, shard_id_of
from pipeline.store import counts_of, fingerprint_of

# Model files that explain models but never change a result.
_CARDS = ("README.md", "card.md", "LICENSE")
# One BLAS thread per worker: two workers with two threads each are slower than two with one.
_BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Stage:
    """What a per-document stage reads and writes, and what its result depends on.

    Args:
        name: The stage's name, which is also its module under ``pipeline``.
        inputs: Folders under ``corpus/`` whose shard of the same name is read.
        output: Folder under ``corpus/`` that gets one shard per input shard.
        models: Files or folders under ``models/`` whose content decides the result, as a literal.
        config: ``section`` or ``section.key`` names that the stage reads.
        concerning: Which of a run's options can change the result of one shard; None: all can.
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    models: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    concerning: Callable[[Workspace, str, Sequence[str]], tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class ShardTask:
    """Everything a worker needs for one shard; picklable, paths only."""

    stage: str
    shard_id: str
    workspace: Path
    models: Path
    models_digest: str
    config: Config
    fingerprint: str
    options: tuple[str, ...] = ()

    def path(self, folder: str, part: str = "") -> Path:
        """Return the file of this shard in ``folder``."""
        return Workspace(self.workspace).shard(folder, self.shard_id, part)


Counts = dict[str, int]  # at least seen, forwarded, rejected


class WorkerLostError(Exception):
    """A worker process died, most often for want of memory. Finished shards are kept."""


@dataclass(slots=True)
class StageReport:
    """What one stage did over all shards."""

    stage: str
    shards: int = 0
    skipped: int = 0
    counts: Counts = field(default_factory=dict)

    def add(self, counts: Counts, *, skipped: bool) -> None:
        """Add one shard's counts."""
        self.shards += 1
        self.skipped += skipped
        for key, value in counts.items():
            self.counts[key] = self.counts.get(key, 0) + value


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@cache
def _imports_of(path: Path) -> frozenset[str]:
    """Return the names of our own modules that a source file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(name for name in found if name.split(".")[0] == "pipeline")


def _source_of(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.exists():
            return candidate
    return None


def code_digest(module: str, root: Path = CHECKOUT) -> str:
    """Return a digest of a module's source and of all modules of ours that it comes to import."""
    todo, seen = [module], dict[str, str]()
    while todo:
        name = todo.pop()
        path = _source_of(name, root)
        if name in seen or path is None:
            continue
        seen[name] = file_digest(path)
        todo += _imports_of(path)
    return hashlib.sha256(json.dumps(sorted(seen.items())).encode()).hexdigest()


def models_digest(models: Path, names: Sequence[str]) -> str:
    """Return a digest of the named model files; model cards and training data never count.

    Raises:
        ConfigError: A named file or folder is missing.
    """
    digests: dict[str, str] = {}
    for name in names:
        path = models / name
        if not path.exists():
            msg = f"{path}: model missing. Restore it from the repository or run `make models`."
            raise ConfigError(msg)
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.name not in _CARDS:
                digests[file.relative_to(models).as_posix()] = file_digest(file)
    return hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()


def _input_digest(workspace: Workspace, folder: str, shard_id: str, archive: ArchiveDigests) -> str:
    path = workspace.shard(folder, shard_id)
    if not path.exists():
        return ""
    return archive.of(path) if folder == "archive" else fingerprint_of(path)


def plan(
    stage: Stage, workspace: Workspace, config: Config, options: Sequence[str] = ()
) -> tuple[list[ShardTask], list[ShardTask]]:
    """Return the tasks to run and those whose output still holds, both in shard order."""
    models = models_digest(workspace.models, stage.models)
    base = [
        code_digest(f"pipeline.{stage.name}"),
        models,
        json.dumps(config.values(stage.config), sort_keys=True, default=str),
    ]
    archive = ArchiveDigests(workspace, file_digest)
    todo: list[ShardTask] = []
    done: list[ShardTask] = []
    for path in workspace.shards(stage.inputs[0]):
        shard_id = shard_id_of(path)
        own = tuple(options)
        if stage.concerning is not None:
            own = stage.concerning(workspace, shard_id, options)
        inputs = [_input_digest(workspace, folder, shard_id, archive) for folder in stage.inputs]
        fingerprint = hashlib.sha256(
            "\n".join([*base, json.dumps(own), *inputs]).encode()
        ).hexdigest()
        task = ShardTask(
            stage=stage.name,
            shard_id=shard_id,
            workspace=workspace.root,
            models=workspace.models,
            models_digest=models,
            config=config,
            fingerprint=fingerprint,
            options=own,
        )
        holds = fingerprint_of(workspace.shard(stage.output, shard_id)) == fingerprint
        (done if holds else todo).append(task)
    archive.save()
    return todo, done


def _run_one(task: ShardTask) -> Counts:
    """Run one shard in whatever process this is."""
    module = importlib.import_module(f"pipeline.{task.stage}")
    run_shard: Callable[[ShardTask], Counts] = module.run_shard
    return run_shard(task)


def _serial(tasks: Sequence[ShardTask], workers: int) -> Iterator[Counts]:
    del workers
    yield from map(_run_one, tasks)


def _processes(tasks: Sequence[ShardTask], workers: int) -> Iterator[Counts]:
    """Map over a pool of non-daemonic processes: a worker may have a sandbox child of its own."""
    if len(tasks) < 2 or workers < 2:
        yield from _serial(tasks, workers)
        return
    for name in _BLAS:
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(workers, len(tasks)), mp_context=context) as pool:
        try:
            for future in as_completed([pool.submit(_run_one, task) for task in tasks]):
                yield future.result()
        except BrokenProcessPool as error:
            msg = (
                f"{tasks[0].stage}: a worker process was killed (out of memory?). Finished shards "
                "are kept: run the same command again, perhaps with --workers 1."
            )
            raise WorkerLostError(msg) from error


ENGINES: dict[str, Callable[[Sequence[ShardTask], int], Iterable[Counts]]] = {
    "serial": _serial,
    "processes": _processes,
}


def run_stage(
    stage: Stage,
    workspace: Workspace,
    config: Config,
    *,
    engine: str = "processes",
    workers: int = 0,
    options: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> StageReport:
    """Bring every shard of a stage up to date.

    Args:
        stage: The stage.
        workspace: Where its shards are.
        config: Settings; only the keys that the stage declares count.
        engine: A key of `ENGINES`.
        workers: Number of processes; 0 means one per core.
        options: Switches of this run that change its result (they count in the fingerprint).
        progress: Called with the number of finished shards and of all.

    Returns:
        Counts over all shards, also of those that were skipped because they still hold.
    """
    todo, done = plan(stage, workspace, config, options)
    report = StageReport(stage.name)
    for task in done:
        report.add(counts_of(task.path(stage.output)), skipped=True)
    progress(len(done), len(done) + len(todo))
    for counts in ENGINES[engine](todo, workers or os.cpu_count() or 1):
        report.add(counts, skipped=False)
        progress(report.shards, len(done) + len(todo))
    return report
