"""``forget``: take a document down."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def forget(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="URL", help="Its address, or its doc_id.")],
    as_json: Json = False,
) -> None:
    """Take a document down: its words go from archive and dataset, and it is never fetched again.

    Example: cityaccords forget https://example.org/news/42
    """
    from pipeline.forget import run_forget

    with running(context) as run, run.lock():
        report = run_forget(run, target)
    show(report.as_data(), as_json, f"{report.as_text()}\nNext: cityaccords validate")
