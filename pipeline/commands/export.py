"""``export``: write and publish a dataset from what exists."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def export(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the folder under outputs/.")] = "agreements",
    annotations: Annotated[
        bool, typer.Option("--annotations", help="Also write annotations.csv (large).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write outputs/DATASET from what exists; stages not yet run give empty files.

    Example: cityaccords export --annotations
    """
    from pipeline import runs

    with running(context) as run, run.lock():
        report = runs.export(run, dataset, annotations=annotations)
    lines = [f"{name}: {rows:,} rows" for name, rows in report.rows.items()]
    lines += [f"warning: {w}" for w in report.warnings]
    lines += [f"Written to {report.path}", "Next: cityaccords validate"]
    data = {"path": str(report.path), "rows": report.rows, "warnings": list(report.warnings)}
    show(data, as_json, "\n".join(lines))
