"""``evaluate``: how right is it? Scores against gold sets, and the floors that only rise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def evaluate(
    context: typer.Context,
    gold: Annotated[
        list[Path] | None, typer.Argument(help="Gold folders; without one, all that are here.")
    ] = None,
    floors: Annotated[
        bool, typer.Option("--floors", help="Exit 6 if a figure is below its floor.")
    ] = False,
    raise_floors: Annotated[
        bool, typer.Option("--raise-floors", help="Lift the floors to these figures.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Mine the documents of gold sets and score the export against their codings.

    Example: cityaccords evaluate ../shared/gold/dev
    """
    from pipeline.evaluate import Floors, as_text
    from pipeline.gold import KNOWN, evaluate
    from pipeline.runs import GateError

    folders = list(gold or [path for path in KNOWN if path.is_dir()])
    skipped = [] if gold else [path for path in KNOWN if not path.is_dir()]
    results, failures = {}, []
    with running(context) as run:
        held = Floors.load(run.workspace.models)
        for found in evaluate(run, folders):
            results[found.name] = found.result
            show(None, False, "" if as_json else as_text(found.name, found.result))
            failures += held.failures(found.name, found.gold, found.result)
            if raise_floors:
                held = held.raised(found.name, found.gold, found.result)
        if raise_floors:
            held.save(run.workspace.models)
    if as_json:
        show(results, True, "")
    for path in skipped:
        typer.echo(f"skipped: {path} is not on this machine", err=True)
    if floors and failures:
        msg = "quality fell below its floors (models/floors.json):\n" + "\n".join(failures)
        raise GateError(msg)
