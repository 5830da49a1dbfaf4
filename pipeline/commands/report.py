"""``report``: what a dataset holds."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def report(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the folder under outputs/.")] = "agreements",
    as_json: Json = False,
) -> None:
    """Summarise what the dataset holds, what was rejected and why.

    Example: cityaccords report
    """
    from pipeline.report import run_report

    with running(context) as run:
        summary = run_report(run.workspace, dataset=dataset)
    show(summary.as_data(), as_json, summary.as_text())
