"""``validate``: is every coded cell of the published dataset backed by its sentence?"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def validate(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the folder under outputs/.")] = "agreements",
    as_json: Json = False,
) -> None:
    """Check schema, keys, counts, and every coded cell against its sentence and capture.

    Example: cityaccords validate
    """
    from pipeline import runs

    with running(context) as run:
        report = runs.validate(run, dataset)
    show(report.as_data(), as_json, report.as_text())
    if not report.ok:
        msg = f"{dataset}: {report.failure_count} failures, listed above. Nothing was changed."
        raise runs.GateError(msg)
