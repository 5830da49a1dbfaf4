"""``ingest``: fetch what is due, or import what a researcher has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show


def ingest(
    context: typer.Context,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Id of a source; repeat for several.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Most documents per source in this run.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be fetched, fetch nothing.")
    ] = False,
    documents: Annotated[
        Path | None, typer.Option(help="JSONL file: one object with `text` per line.")
    ] = None,
    files: Annotated[
        list[Path] | None,
        typer.Option("--files", help="HTML, PDF, DOCX or text files, or folders."),
    ] = None,
    warc: Annotated[
        list[Path] | None, typer.Option("--warc", help="WARC files of other crawlers.")
    ] = None,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="More files for --files or --warc.")
    ] = None,
    source_id: Annotated[
        str | None, typer.Option(help="Source id that imported documents get.")
    ] = None,
    allow_private: Annotated[
        list[str] | None,
        typer.Option("--allow-private", help="HOST:PORT of this machine to let through."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch what is due from the sources, or import documents, files or WARCs.

    Example: cityaccords ingest --documents corpus.jsonl --source-id mayors
    """
    from pipeline import ingest as stage

    more = list(paths or ())
    chosen = [documents is not None, bool(files), bool(warc)]
    if sum(chosen) > 1 or (more and not (files or warc)):
        msg = "give one of --documents FILE, --files PATH …, --warc PATH …, or none to fetch"
        raise typer.BadParameter(msg)
    with running(context) as run, run.lock():
        w, c, now = run.workspace, run.config, run.now
        if documents is not None:
            name = source_id or "documents"
            report = stage.import_documents(w, c, documents, source_id=name, now=now)
        elif files:
            name = source_id or "files"
            report = stage.import_files(w, c, [*files, *more], source_id=name, now=now)
        elif warc:
            name = source_id or "warc"
            report = stage.import_warc(w, c, [*warc, *more], source_id=name, now=now)
        else:
            report = stage.run_ingest(
                w,
                c,
                now=now,
                source_ids=tuple(source or ()) or None,
                limit=limit,
                dry_run=dry_run,
                allow_private=frozenset(allow_private or ()),
                progress=run.progress,
            )
    show(report.as_data(), as_json, f"{report.as_text()}\nNext: cityaccords extract")
    if report.broken_sources:
        names = ", ".join(report.broken_sources)
        msg = f"sources that broke their assertions or failed three runs in a row: {names}"
        raise stage.SourcesError(msg)
