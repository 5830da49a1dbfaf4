"""``demo``: mine the sample corpus end to end."""

from __future__ import annotations

from pathlib import Path

import typer

from pipeline.commands._context import (
    Json,
    Settings,
    console,
    running,
    show,
    stage_data,
    stage_lines,
)

_ROWS = 12  # agreements shown: what fits a screen


def demo(context: typer.Context, as_json: Json = False) -> None:
    """Serve three sample sites on this machine, fetch them, and build the dataset.

    The texts are of our own writing, with real facts. Without --workspace it works in demo/, so
    that invented documents never mix with a corpus of yours.

    Example: cityaccords demo
    """
    from dataclasses import replace

    from pipeline import runs, sample
    from pipeline.config import load_config
    from pipeline.ingest import run_ingest

    settings: Settings = context.obj
    if settings.workspace == Path():
        context.obj = replace(settings, workspace=Path("demo"))
    with running(context) as run, run.lock():
        sample.prepare(run.workspace)
        run = replace(run, config=load_config(run.workspace.config))
        with sample.served() as hosts:
            fetched = run_ingest(
                run.workspace, run.config, now=run.now, allow_private=hosts, progress=run.progress
            )
        reports = runs.extract(run)
        exported = runs.export(run)
        checked = runs.validate(run)
    data = {
        "ingest": fetched.as_data(),
        "stages": stage_data(reports),
        "dataset": str(exported.path),
        "validate": checked.as_data(),
    }
    text = f"{fetched.as_text()}\n{stage_lines(reports)}\n{checked.as_text()}"
    show(data, as_json, text)
    if not as_json:
        _show_agreements(exported.path)
    if not checked.ok:
        msg = f"{exported.path}: {checked.failure_count} failures, listed above."
        raise runs.GateError(msg)


def _show_agreements(dataset: Path) -> None:
    from rich.markup import escape
    from rich.table import Table

    from pipeline.evaluate import read_csv

    rows = read_csv(dataset / "agreements.csv")
    table = Table(title=f"{len(rows)} agreements, the first {min(_ROWS, len(rows))}", box=None)
    for heading in ("id", "agreement", "instrument", "stage", "latest", "documents", "tier"):
        table.add_column(heading)
    for row in rows[:_ROWS]:
        cells = (row["agreement_id"], row["label"], row["instrument"], row["stage"])
        more = (row["latest_date"], row["document_count"], row["tier"])
        table.add_row(*(escape(cell) for cell in (*cells, *more)))
    out = console()
    out.print(table)
    out.print(f"Look at   {dataset / 'report.html'}", highlight=False)
    out.print(f"          {dataset / 'agreements.csv'} and, for each cell, evidence.csv")
    out.print("Next:     cityaccords --workspace demo inspect URL-OF-A-DOCUMENT")
