"""``refresh``: the nightly run."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import (
    Json,
    refuse_broken_shares,
    running,
    show,
    stage_data,
    stage_lines,
)


def refresh(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the folder under outputs/.")] = "agreements",
    allow_private: Annotated[
        list[str] | None,
        typer.Option("--allow-private", help="HOST:PORT of this machine to let through."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ingest, extract, check, and only then publish; on failure yesterday's dataset stays.

    Example: cityaccords refresh
    """
    from pipeline import runs
    from pipeline.commands._quality import NAME, quality_gate
    from pipeline.ingest import SourcesError, run_ingest
    from pipeline.space import make_room

    hosts = frozenset(allow_private or ())
    with running(context) as run, run.lock():
        make_room(run.workspace, dataset)
        fetched = run_ingest(
            run.workspace, run.config, now=run.now, allow_private=hosts, progress=run.progress
        )
        reports = runs.extract(run)
        exported, checked = runs.publish_checked(run, dataset, {NAME: quality_gate(run)})
    data = {
        "ingest": fetched.as_data(),
        "stages": stage_data(reports),
        "dataset": str(exported.path),
        "validate": checked.as_data(),
    }
    text = f"{fetched.as_text()}\n{stage_lines(reports)}\n{checked.as_text()}"
    show(data, as_json, f"{text}\nNext: cityaccords report")
    if not checked.ok:
        msg = f"{dataset}: {checked.failure_count} failures; not published, yesterday's stays. "
        msg += f"It waits for a look in {exported.release}."
        raise runs.GateError(msg)
    if fetched.broken_sources:
        names = ", ".join(fetched.broken_sources)
        msg = f"sources that broke their assertions or failed three runs in a row: {names}"
        raise SourcesError(msg)
    refuse_broken_shares(run)
