"""The gate on quality: the program that made a release is measured on the sample, once.

It mines the pages of ``corpus/sample`` in a workspace of its own, from their files and without a
network, and compares the figures with the floors that the release carries. What was measured is
remembered in ``corpus/build/quality.json`` by the program's fingerprint, so an unchanged night pays
nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.config import ConfigError, load_config
from pipeline.evaluate import FLOOR_KEYS, figure, run_evaluate
from pipeline.exporters.quality import RECORD, program_digest, read_record
from pipeline.goldset import GoldSet, load_gold
from pipeline.paths import Workspace
from pipeline.runs import Run
from pipeline.sources import Source
from pipeline.validators.findings import Result
from pipeline.validators.floors import (
    FILE,
    SET,
    Floors,
    Measured,
    check_floors,
    keep_figures,
    recall_figures,
)

NAME = "quality floors"
_TYPES = {".html": "text/html", ".pdf": "application/pdf"}  # of the sample's documents
_AGAIN = "Run `cityaccords export` again, so that the release says what made it."


def quality_gate(run: Run) -> Callable[[Path], Result]:
    """Return the check of a release folder; where models have no floors it looks at nothing."""

    def check(release: Path) -> Result:
        record = read_record(release / RECORD)
        if record is None:
            return _failed("it does not say how good its program is", _AGAIN)
        if SET not in record.floors:
            return Result()
        known = run.workspace.build / FILE
        measured = recall_figures(known, record.program)
        if measured is None:
            if record.program != program_digest(run.workspace.models):
                problem = "code or models changed since it was made, and it was never measured"
                return _failed(problem, _AGAIN)
            try:
                measured = measure(run)
            except (ConfigError, OSError) as error:
                return _failed(f"the sample could not be mined: {error}", "Mend that, and repeat.")
            keep_figures(known, record.program, measured)
        return check_floors(Floors(record.sets[SET], record.floors[SET]), measured)

    return check


def measure(run: Run) -> Measured:
    """Mine the sample with the workspace's models and score it.

    Raises:
        ConfigError: The sample, or a model, is missing or broken.
        OSError: The disk is full.
    """
    from pipeline import runs, sample

    gold = load_gold(sample.SAMPLE / "gold")
    with tempfile.TemporaryDirectory(prefix="cityaccords-quality-") as folder:
        workspace = Workspace(Path(folder))
        (workspace.root / "models").symlink_to(run.workspace.models.resolve())
        sample.prepare(workspace)
        own = replace(run, workspace=workspace, config=load_config(workspace.config))
        _enter(own, gold, sample.SAMPLE / "sites")
        runs.extract(own)
        result = run_evaluate(gold, runs.export(own).path, workspace)
    return Measured(gold.fingerprint, {key: figure(result, key) for key in FLOOR_KEYS})


def _enter(run: Run, gold: GoldSet, sites: Path) -> None:
    """Put the pages of a gold set into the archive, as if they had been fetched."""
    from pipeline.captures import Exchange, Note, make_capture, url_doc_id
    from pipeline.origin import origin_of
    from pipeline.recorder import recording, stamp
    from pipeline.sources import load_sources

    owners = {urlsplit(s.homepage).netloc: s for s in load_sources(run.workspace.sources)}
    lines = Exchange(
        request_line="", request_headers=(), status_line="HTTP/1.1 200 OK", response_headers=()
    )
    with recording(run.workspace, run.config, run.now) as recorder:
        for row in gold.documents:
            source, path = _page(row["url"], owners, sites)
            payload = path.read_bytes()
            capture = make_capture(
                doc_id=url_doc_id(row["url"]),
                kind="response",
                payload=payload,
                url=row["url"],
                **origin_of(source, "sample"),
                fetched_at=stamp(run.now),
                media_type=_TYPES.get(path.suffix, "text/plain"),
            )
            recorder.record(capture, payload, Note(), lines)


def _page(url: str, owners: dict[str, Source], sites: Path) -> tuple[Source, Path]:
    parts = urlsplit(url)
    source = owners.get(parts.netloc)
    if source is None:
        msg = f"{url}: no source of corpus/sample has this address. Restore it from the repository."
        raise ConfigError(msg)
    path = sites / source.id / unquote(parts.path).lstrip("/")
    return source, path / "index.html" if path.is_dir() else path


def _failed(problem: str, remedy: str) -> Result:
    result = Result()
    result.fail(FILE, SET, "", problem, remedy)
    return result
