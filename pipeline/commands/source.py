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
        bool,
        typer.Option("--fetch", help="Also ask for its entries and for the newest document."),
    ] = False,
    allow_private: Annotated[
        list[str] | None,
        typer.Option("--allow-private", help="HOST:PORT of this machine to let through."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Validate source files and read their golden pages; with --fetch, ask the sources.

    Exit code 4 for a wrong file; 5 where a golden page reads otherwise, too many documents are
    rejected, or an entry gives nothing.

    Example: cityaccords source check antara --fetch
    """
    from pipeline.config import ConfigError
    from pipeline.ingest import SourcesError
    from pipeline.source_check import asking, check_sources
    from pipeline.sources import load_sources

    with running(context) as run:
        chosen = [s for s in load_sources(run.workspace.sources) if source in (None, s.id)]
        if source and not chosen:
            msg = f"{run.workspace.sources}: no source with id {source!r}"
            raise ConfigError(msg)
        w, c, now = run.workspace, run.config, run.now
        hosts = frozenset(allow_private or ())
        probe = asking(w, c, now=now, allow_private=hosts) if fetch else None
        found = check_sources(w, c, chosen, now=now, probe=probe)
    text = "\n".join(finding.as_text() for finding in found)
    show(
        [finding.as_data() for finding in found],
        as_json,
        text or "No sources yet: docs/how-to/add-a-source.md says how to add one.",
    )
    ill = [finding.source.id for finding in found if not finding.is_well]
    if ill:
        msg = f"sources that need a look: {', '.join(ill)}"
        raise SourcesError(msg)
