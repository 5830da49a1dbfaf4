"""``train``: rebuild every model from its data (``make models``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def train(
    context: typer.Context,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Name of one model; repeat for several.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the corpora of ner-id; default ../shared/data/id-ner."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Rebuild the models that ship with the checkout; the same data give the same files.

    Example: cityaccords train --only classifiers
    """
    from pipeline.training import train as run_training

    with running(context) as run:
        results = run_training(run, tuple(only or ()), data)
    text = "\n".join(f"{name}: {summary}" for name, summary in results.items())
    show(results, as_json, f"{text}\nNext: cityaccords evaluate")
