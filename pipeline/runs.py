"""Runs: stages in their order, under one lock. Commands call these; stages know nothing of them.

`extract` brings all derived data up to date, `publish_checked` is what a night does with it,
`release` freezes what a night published, `examine` takes one document through the same stages in
a workspace of its own.
"""

from __future__ import annotations

import errno
import importlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Config, load_config
from pipeline.engine import Stage, StageReport, run_stage
from pipeline.lock import lock
from pipeline.paths import Workspace

if TYPE_CHECKING:
    from pipeline.export import ExportReport
    from pipeline.releases import ReleaseReport
    from pipeline.validate import ValidateReport
    from pipeline.validators.findings import Result

PER_DOCUMENT = ("read", "tag", "classify", "relate")
DATASET = "agreements"
# How libraries tell of a full disk in errors of their own: Excel, Parquet and DuckDB; SQLite.
_FULL = (os.strerror(errno.ENOSPC), "database or disk is full")


class GateError(Exception):
    """A quality gate refused (exit code 6). What was published before stays."""


def _silent(name: str, done: int, total: int) -> None:
    del name, done, total


@dataclass(frozen=True, slots=True)
class Run:
    """What every command needs: where, with which settings, at what time, on which engine."""

    workspace: Workspace
    config: Config
    now: datetime
    engine: str = "processes"
    workers: int = 0
    progress: Callable[[str, int, int], None] = field(default=_silent, compare=False)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the workspace for a writing command."""
        return lock(self.workspace)


def open_run(root: Path, now: datetime, *, engine: str = "processes", workers: int = 0) -> Run:
    """Open a workspace; any folder will do, and its configuration is optional.

    Raises:
        ConfigError: There is a configuration and it is wrong.
    """
    workspace = Workspace(root)
    return Run(workspace, load_config(workspace.config), now, engine, workers)


def _options(run: Run, name: str, given: Sequence[str]) -> Sequence[str]:
    """Return the options of a stage: `read` gets the selectors of the source files."""
    if name == "read":
        from pipeline.read import options_of
        from pipeline.sources import load_sources

        return options_of(load_sources(run.workspace.sources))
    return given if name == "tag" else ()


def run_stages(run: Run, names: Iterable[str], options: Sequence[str] = ()) -> list[StageReport]:
    """Bring the named per-document stages up to date, in the order given."""
    reports = []
    for name in names:
        stage: Stage = importlib.import_module(f"pipeline.{name}").STAGE

        def step(done: int, total: int, name: str = name) -> None:
            run.progress(name, done, total)

        reports.append(
            run_stage(
                stage,
                run.workspace,
                run.config,
                engine=run.engine,
                workers=run.workers,
                options=_options(run, name, options),
                progress=step,
            )
        )
    return reports


def build(run: Run) -> StageReport:
    """Make agreements of all mentions."""
    from pipeline.build import run_build

    report = run_build(
        run.workspace,
        run.config,
        now=run.now,
        workers=1 if run.engine == "serial" else run.workers,
    )
    run.progress("build", 1, 1)
    return report.as_stage_report()


def extract(run: Run) -> list[StageReport]:
    """Run read, tag, classify, relate and build."""
    return [*run_stages(run, PER_DOCUMENT), build(run)]


@contextmanager
def _telling(dataset: str) -> Iterator[None]:
    """Give what goes wrong while a dataset is written the error that has its exit code.

    Raises:
        GateError: A value or a key is not what its column allows: the data, not the program.
        OSError: The disk is full, also where a library tells so in its own words.
    """
    try:
        yield
    except Exception as error:
        if any(words in str(error) for words in _FULL):
            raise OSError(errno.ENOSPC, "no space left for the files of", dataset) from error
        if isinstance(error, ValueError):
            msg = f"{dataset}: {error}. Not published; the last one stays."
            raise GateError(msg) from error
        raise


def export(run: Run, dataset: str = DATASET, *, annotations: bool = False) -> ExportReport:
    """Write and publish the dataset from what exists.

    Raises:
        GateError: A cell breaks its column's rule. What was published stays.
    """
    from pipeline.export import run_export

    with _telling(dataset):
        report = run_export(
            run.workspace, run.config, dataset=dataset, annotations=annotations, now=run.now
        )
    run.progress("export", 1, 1)
    return report


def validate(run: Run, dataset: str = DATASET, *, version: str = "") -> ValidateReport:
    """Check the published dataset, every coded cell against its sentence; or a frozen release."""
    from pipeline.release_checks import check_release
    from pipeline.validate import run_validate

    if version:
        return check_release(run.workspace, run.config, dataset, version)
    return run_validate(run.workspace, run.config, dataset=dataset)


def publish_checked(
    run: Run, dataset: str = DATASET, more: Mapping[str, Callable[[Path], Result]] | None = None
) -> tuple[ExportReport, ValidateReport]:
    """Write a candidate, check it, and publish it only if every check passes.

    ``more`` are further checks of the written folder, by name.

    A refused one goes to ``outputs/.refused/<dataset>/``, where the newest is kept for a look.

    Raises:
        GateError: A cell breaks its column's rule, so that there is nothing to check.
    """
    from pipeline.export import publish_release, run_export
    from pipeline.levels import check_levels, refuse, unpublished
    from pipeline.validate import run_validate

    for left in unpublished(run.workspace, dataset):
        shutil.rmtree(left)  # of a run that was killed before it published
    with _telling(dataset):
        exported = run_export(
            run.workspace, run.config, dataset=dataset, publish=False, now=run.now
        )
        checked = run_validate(run.workspace, run.config, dataset=dataset, release=exported.release)
    checked.results["levels"] = check_levels(
        run.workspace, run.config.gates, dataset, exported.release
    )
    for name, check in (more or {}).items():
        checked.results[name] = check(exported.release)
    if checked.ok:
        publish_release(run.workspace, dataset, exported.release)
    else:
        exported.release = refuse(run.workspace, dataset, exported.release)
    return exported, checked


def release(run: Run, dataset: str = DATASET) -> tuple[ReleaseReport, ValidateReport | None]:
    """Freeze the published candidate under the next version, after its checks.

    Raises:
        GateError: A check refused. No release was made.
    """
    from pipeline.releases import RefusedError, run_release

    try:
        with _telling(dataset):
            return run_release(run.workspace, run.config, dataset=dataset, now=run.now)
    except RefusedError as error:
        raise GateError(str(error)) from error
