"""``extract``: from the archive to CSVs."""

from __future__ import annotations

import typer

from pipeline.commands._context import (
    Json,
    refuse_broken_shares,
    running,
    show,
    stage_data,
    stage_lines,
)


def extract(context: typer.Context, as_json: Json = False) -> None:
    """Run read, tag, classify, relate, build and export; what still holds is skipped.

    Example: cityaccords --workers 2 extract
    """
    from pipeline import runs

    with running(context) as run, run.lock():
        reports = runs.extract(run)
        exported = runs.export(run)
    data = {"stages": stage_data(reports), "dataset": str(exported.path)}
    text = f"{stage_lines(reports)}\n   export  {exported.path}\nNext: cityaccords validate"
    show(data, as_json, text)
    refuse_broken_shares(run)
