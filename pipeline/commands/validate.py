"""``validate``: is every coded cell of the published dataset backed by its sentence?"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def validate(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="Name of the folder under outputs/.")] = "agreements",
    release: Annotated[
        str, typer.Option("--release", help="Check this frozen release, YYYY.MM.N, instead.")
    ] = "",
    accept: Annotated[
        str, typer.Option("--accept", help="Accept the level of the refused one: the reason.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check schema, keys, counts, and every coded cell against its sentence and capture.

    Example: cityaccords validate
    """
    from pipeline import runs
    from pipeline.commands._quality import NAME, quality_gate

    if accept:
        _accept(context, dataset, accept, as_json)
        return
    with running(context) as run:
        report = runs.validate(run, dataset, version=release)
        if not release:  # a frozen one may be of an older program
            report.results[NAME] = quality_gate(run)(run.workspace.outputs / dataset)
    show(report.as_data(), as_json, report.as_text())
    if not report.ok:
        msg = (
            f"{report.dataset}: {report.failure_count} failures, listed above. Nothing was changed."
        )
        raise runs.GateError(msg)


def _accept(context: typer.Context, dataset: str, reason: str, as_json: bool) -> None:
    from pipeline.levels import FILE, accept_levels

    with running(context) as run, run.lock():
        moves = accept_levels(run.workspace, run.config.gates, dataset, reason, run.now)
        path = run.workspace.judgements / FILE
    told = "\n".join(m.as_text() for m in moves)
    text = f"{told}\nAccepted in {path}." if moves else "Nothing moved too far: nothing to accept."
    show({"accepted": [m.figure for m in moves]}, as_json, f"{text}\nNext: cityaccords refresh")
