"""What the commands share: the global options, progress, and the two ways to show a result."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
        yield replace(run, progress=Lines())
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, object] = {}

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield replace(run, progress=step)


class Lines:
    """Progress as lines, at most one in `LINE_SECONDS`: how much, and how long it may still take.

    The time left is that of the steps so far, for those to come. It is a guess that ``ingest``
    corrects as it goes: each page that it reads may name more.
    """

    def __init__(
        self,
        write: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take where lines go (default: standard error) and a clock in seconds."""
        self._write, self._clock = write, clock
        self._last = clock()
        self._begun: dict[str, tuple[float, int]] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        """Write a line if the last one is old enough."""
        now = self._clock()
        # The first step of a stage is when its clock starts: what came before was another's time.
        begun, first = self._begun.setdefault(name, (now, done))
        if now - self._last < LINE_SECONDS:
            return
        self._last = now
        line = f"{name}: {done:,} of {total:,}"
        if total > 0:
            line += f" ({100 * done // total} %)"
        if done > first and total > done:
            line += f", about {span((now - begun) / (done - first) * (total - done))} left"
        (self._write or sys.stderr.write)(f"{line}\n")


def span(seconds: float) -> str:
    """Return a length of time in its two largest units: ``45 s``, ``2 min 10 s``, ``3 h 5 min``."""
    whole = max(1, round(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minute} min"
    return f"{minute} min {second} s" if minute else f"{second} s"


def console() -> Console:
    """Return the console for results; colours only on a terminal, none with NO_COLOR."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)


def show(result: object, as_json: bool, text: str) -> None:
    """Print a result as JSON or as the text made for people."""
    typer.echo(json.dumps(result, ensure_ascii=False, indent=1, default=str) if as_json else text)


def refuse_broken_shares(run: Run) -> None:
    """Raise where a source has more rejected documents than its file allows (exit code 5)."""
    from pipeline.ingest import SourcesError
    from pipeline.source_shares import broken_shares
    from pipeline.sources import load_sources

    broken = broken_shares(run.workspace, load_sources(run.workspace.sources))
    if broken:
        told = "\n".join(share.as_text() for share in broken)
        msg = f"sources with too many rejected documents (see `source check`):\n{told}"
        raise SourcesError(msg)


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
