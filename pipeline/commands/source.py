"""``source check``: are the source files right, and do the sources answer?"""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show

app = typer.Typer(help="The source registry, corpus/sources/.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `check` a command of its own, also while it is the only one."""


@app.command("check")
def check(
    context: typer.Context,
    source: Annotated[str | None, typer.Argument(metavar="ID", help="Only this source.")] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Also say what a run would fetch now (dry run).")
    ] = False,
    allow_private: Annotated[
        list[str] | None,
        typer.Option("--allow-private", help="HOST:PORT of this machine to let through."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Validate source files; with --fetch, ask the sources what they have.

    Example: cityaccords source check antara --fetch
    """
    from pipeline.config import ConfigError
    from pipeline.ingest import run_ingest
    from pipeline.sources import load_sources

    with running(context) as run:
        found = [s for s in load_sources(run.workspace.sources) if source in (None, s.id)]
        if source and not found:
            msg = f"{run.workspace.sources}: no source with id {source!r}"
            raise ConfigError(msg)
        text = "\n".join(
            f"{s.id}: {s.name} ({s.country}), {len(s.fetch)} fetch entries" for s in found
        )
        data: object = [s.model_dump(mode="json") for s in found]
        if fetch:
            report = run_ingest(
                run.workspace,
                run.config,
                now=run.now,
                source_ids=tuple(s.id for s in found),
                dry_run=True,
                allow_private=frozenset(allow_private or ()),
            )
            text, data = f"{text}\n{report.as_text()}", report.as_data()
    show(data, as_json, text or "No sources yet: docs/how-to/add-a-source.md says how to add one.")
