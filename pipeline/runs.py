"""Runs: stages in their order, under one lock. Commands call these; stages know nothing of them.

`extract` brings all derived data up to date, `refresh` is the nightly run, `examine` takes one
document through the same stages in a workspace of its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
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
    from pipeline.validate import ValidateReport

PER_DOCUMENT = ("read", "tag", "classify", "relate")
DATASET = "agreements"


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


def export(run: Run, dataset: str = DATASET, *, annotations: bool = False) -> ExportReport:
    """Write and publish the dataset from what exists."""
    from pipeline.export import run_export

    report = run_export(
        run.workspace, run.config, dataset=dataset, annotations=annotations, now=run.now
    )
    run.progress("export", 1, 1)
    return report


def validate(run: Run, dataset: str = DATASET) -> ValidateReport:
    """Check the published dataset, every coded cell against its sentence."""
    from pipeline.validate import run_validate

    return run_validate(run.workspace, run.config, dataset=dataset)


def publish_checked(run: Run, dataset: str = DATASET) -> tuple[ExportReport, ValidateReport]:
    """Write a release, check it, and publish it only if every check passes."""
    from pipeline.export import publish_release, run_export
    from pipeline.levels import check_levels
    from pipeline.validate import run_validate

    exported = run_export(run.workspace, run.config, dataset=dataset, publish=False, now=run.now)
    checked = run_validate(run.workspace, run.config, dataset=dataset, release=exported.release)
    checked.results["levels"] = check_levels(
        run.workspace, run.config.gates, dataset, exported.release
    )
    if checked.ok:
        publish_release(run.workspace, dataset, exported.release)
    return exported, checked
