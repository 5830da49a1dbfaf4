"""``doctor``: is this installation healthy?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.commands._context import Json, running, show

_MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}


def doctor(
    context: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First make the catalog anew from the archive.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check Python, packages, models, configuration, disk, sources, catalog and archive.

    Example: cityaccords doctor
    """
    from pipeline.config import ConfigError
    from pipeline.doctor import examine_installation

    with running(context) as run:
        if rebuild:
            from pipeline.ingest import rebuild_catalog

            with run.lock():
                rebuild_catalog(run.workspace, run.config)
        findings = examine_installation(run)
    lines = [f"{_MARKS[f.level]}  {f.check:13}  {f.message}" for f in findings]
    show([asdict(f) for f in findings], as_json, "\n".join(lines))
    failures = sum(f.level == "failure" for f in findings)
    if failures:
        msg = f"{failures} checks failed, see above"
        raise ConfigError(msg)
