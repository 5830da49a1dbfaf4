"""The commands: one module each, with arguments and a call. `COMMANDS` is the registry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline import __version__
from pipeline.commands import (
    demo,
    doctor,
    evaluate,
    export,
    extract,
    forget,
    ingest,
    inspect,
    recall,
    refresh,
    release,
    report,
    source,
    stages,
    train,
    validate,
)
from pipeline.commands._context import Settings

COMMANDS = (
    ("ingest", ingest.ingest),
    ("read", stages.read),
    ("tag", stages.tag),
    ("classify", stages.classify),
    ("relate", stages.relate),
    ("build", stages.build),
    ("extract", extract.extract),
    ("export", export.export),
    ("refresh", refresh.refresh),
    ("release", release.release),
    ("validate", validate.validate),
    ("report", report.report),
    ("inspect", inspect.inspect),
    ("evaluate", evaluate.evaluate),
    ("recall", recall.recall),
    ("forget", forget.forget),
    ("doctor", doctor.doctor),
    ("train", train.train),
    ("demo", demo.demo),
)

app = typer.Typer(
    name="cityaccords",
    help="Mine news and press releases for the agreements that cities and regions make with "
    "partners; every cell of the dataset leads to the sentence it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _function in COMMANDS:
    app.command(_name)(_function)
app.add_typer(source.app, name="source")


def _instant(value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        msg = f"{value!r} is not an ISO 8601 time such as 2026-11-24T02:00:00Z"
        raise typer.BadParameter(msg, param_hint="--now") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"cityaccords {__version__}")
        raise typer.Exit


@app.callback()
def configure(
    context: typer.Context,
    workspace: Annotated[
        Path, typer.Option(help="Folder that holds corpus/ and outputs/; made on first use.")
    ] = Path(),
    workers: Annotated[
        int, typer.Option(min=0, help="Worker processes; 0 means one per core.")
    ] = 0,
    engine: Annotated[str, typer.Option(help="serial or processes; both give the same bytes.")] = (
        "processes"
    ),
    now: Annotated[
        str | None, typer.Option(help="The clock, as ISO 8601; the default is the real one.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keep the options of the whole program for the command."""
    del version
    if engine not in ("serial", "processes"):
        msg = f"{engine!r} is not an engine: serial or processes"
        raise typer.BadParameter(msg, param_hint="--engine")
    if workspace.exists() and not workspace.is_dir():
        msg = f"{workspace} is a file; a workspace is a folder"
        raise typer.BadParameter(msg, param_hint="--workspace")
    context.obj = Settings(workspace, engine, workers, _instant(now))
