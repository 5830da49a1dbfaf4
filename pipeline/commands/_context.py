"""What the commands share: the global options, progress, and the two ways to show a result."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.engine import StageReport
    from pipeline.runs import Run

PIPE_COLUMNS = 120  # of a table that goes to a file or a pipe
LINE_SECONDS = 30.0  # without a terminal, one progress line in this time at the most

Json = Annotated[bool, typer.Option("--json", help="Show the result as JSON.")]


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of the whole program."""

    workspace: Path
    engine: str
    workers: int
    now: datetime


@contextmanager
def running(context: typer.Context) -> Iterator[Run]:
    """Open the workspace with progress shown: a bar on a terminal, else a line now and then."""
    from dataclasses import replace

    from pipeline.runs import open_run

    settings: Settings = context.obj
    run = open_run(
        settings.workspace, settings.now, engine=settings.engine, workers=settings.workers
    )
    if not sys.stderr.isatty():
        yield replace(run, progress=_Lines())
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, object] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield replace(run, progress=step)


class _Lines:
    """Progress as lines on standard error, at most one in `LINE_SECONDS`."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Write a line if the last one is old enough."""
        if time.monotonic() - self._last >= LINE_SECONDS:
            self._last = time.monotonic()
            sys.stderr.write(f"{name}: {done} of {total}\n")


def console() -> Console:
    """Return the console for results; colours only on a terminal, none with NO_COLOR."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)


def show(result: object, as_json: bool, text: str) -> None:
    """Print a result as JSON or as the text made for people."""
    typer.echo(json.dumps(result, ensure_ascii=False, indent=1, default=str) if as_json else text)


def stage_lines(reports: Sequence[StageReport]) -> str:
    """Return one aligned line per stage: what it saw, forwarded and rejected."""
    lines = []
    for report in reports:
        counts = ", ".join(f"{value:,} {key}" for key, value in report.counts.items())
        held = f"{report.skipped} of {report.shards} shards still held" if report.shards else ""
        lines.append(
            f"{report.stage:>9}  {counts or 'nothing to do'}" + (f"  ({held})" if held else "")
        )
    return "\n".join(lines)


def stage_data(reports: Sequence[StageReport]) -> list[Mapping[str, object]]:
    """Return the same as plain values."""
    return [
        {"stage": r.stage, "shards": r.shards, "skipped": r.skipped, "counts": dict(r.counts)}
        for r in reports
    ]
