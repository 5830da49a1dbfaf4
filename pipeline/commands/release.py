"""``release``: freeze the nightly dataset under a version that can be cited."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def release(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the folder under outputs/.")] = "agreements",
    as_json: Json = False,
) -> None:
    """Check the published dataset and freeze it as outputs/releases/DATASET/YYYY.MM.N, for good.

    Example: cityaccords release
    """
    from pipeline import runs
    from pipeline.space import make_room

    with running(context) as run, run.lock():
        make_room(run.workspace, dataset)
        report, checked = runs.release(run, dataset)
    data = report.as_data() | ({"validate": checked.as_data()} if checked else {})
    text = report.as_text() + (f"\n{checked.as_text()}" if checked else "")
    show(data, as_json, f"{text}\nNext: cityaccords validate --release {report.version}")
