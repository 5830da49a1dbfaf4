"""``recall``: how much of an official register the dataset has, and why the rest is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def recall(
    context: typer.Context,
    register: Annotated[
        Path, typer.Argument(help="CSV with the columns party, partner, year (may be empty).")
    ],
    as_json: Json = False,
) -> None:
    """Compare the newest build with an official list, row by row, and estimate what is unseen.

    Example: cityaccords recall twinnings-of-the-association-of-cities.csv
    """
    from pipeline.recall import run_recall

    with running(context) as run:
        found = run_recall(run.workspace, register)
    show(found.as_data(), as_json, found.as_text())
