"""The stages one by one: ``read``, ``tag``, ``classify``, ``relate``, ``build``."""

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

_NEXT = {"read": "tag", "tag": "classify", "classify": "relate", "relate": "build"}


def _one(context: typer.Context, name: str, as_json: bool, options: tuple[str, ...] = ()) -> None:
    from pipeline.runs import build as run_build
    from pipeline.runs import run_stages

    with running(context) as run, run.lock():
        reports = [run_build(run)] if name == "build" else run_stages(run, [name], options)
    following = _NEXT.get(name, "export")
    show(stage_data(reports), as_json, f"{stage_lines(reports)}\nNext: cityaccords {following}")
    if name == "read":
        refuse_broken_shares(run)


def read(context: typer.Context, as_json: Json = False) -> None:
    """Turn archived captures into clean documents.

    Example: cityaccords read
    """
    _one(context, "read", as_json)


def tag(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Also tag what the screen rejected.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Mark places, organisations, persons, dates, sectors, instruments and cues.

    Example: cityaccords tag --all
    """
    _one(context, "tag", as_json, ("all",) if everything else ())


def classify(context: typer.Context, as_json: Json = False) -> None:
    """Give documents the codebook's actor, process, output and smart-city categories.

    Example: cityaccords classify
    """
    _one(context, "classify", as_json)


def relate(context: typer.Context, as_json: Json = False) -> None:
    """Find who agreed with whom, at which stage, with the sentence for every field.

    Example: cityaccords relate
    """
    _one(context, "relate", as_json)


def build(context: typer.Context, as_json: Json = False) -> None:
    """Make one agreement of many mentions.

    Example: cityaccords build
    """
    _one(context, "build", as_json)
