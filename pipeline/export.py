"""Export: write the dataset from what exists, and publish it in one step.

In: ``corpus/build`` and the shards. Out: ``outputs/.releases/<dataset>/<run>/`` with all files of
the contract, and the symlink ``outputs/<dataset>`` that is moved to it when everything is
written. The same inputs give the same bytes: no file holds the clock.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline import __version__
from pipeline.codebook import Codebook
from pipeline.config import Config, ConfigError
from pipeline.export_history import MANIFEST, history_of
from pipeline.export_inputs import Source, open_source
from pipeline.export_rows import rows_of
from pipeline.exporters import csvtext, texts
from pipeline.exporters.changes import changes_md
from pipeline.exporters.datapackage import FileFacts, datapackage
from pipeline.exporters.formats import mediatype_of, write_formats
from pipeline.exporters.quality import RECORD, read_quality, record_of
from pipeline.exporters.release import Release
from pipeline.exporters.report_html import render
from pipeline.exporters.summary import IF_THERE, SUMMARISED, summarise
from pipeline.exporters.tables import HISTORY, ON_DEMAND, TABLES
from pipeline.exporters.worldmap import Dots, dots_of
from pipeline.faults import fault_point
from pipeline.gazetteer import DATA_FILE, Gazetteer
from pipeline.paths import Workspace, sync_folder

KEPT_RELEASES = 7  # a week of nights
TEMPLATES = Path(__file__).resolve().parent / "templates"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_STAGES = {"documents": "read", "annotations": "tag", "codings": "classify", "mentions": "relate"}


@dataclass(slots=True)
class ExportReport:
    """What was written. ``path`` is the published symlink, ``release`` the folder behind it."""

    path: Path
    release: Path
    rows: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def run_export(
    workspace: Workspace,
    config: Config,
    *,
    dataset: str = "agreements",
    annotations: bool = False,
    publish: bool = True,
    now: datetime,
) -> ExportReport:
    """Write a dataset and publish it.

    Args:
        workspace: Where the build and the shards are.
        config: Not used yet; every stage takes it.
        dataset: Name of the folder under ``outputs/``.
        annotations: Also write ``annotations.csv``.
        publish: Move the symlink too; without it the release waits for `publish_release`.
        now: Names the release folder; stands in no file.

    Raises:
        ConfigError: The name is no name, or something else stands where the symlink goes.
        UnfinishedBuildError: The build was interrupted.
        OSError: The disk is full. What was published before stays.
    """
    del config
    _check_name(workspace, dataset)
    releases = workspace.outputs / ".releases" / dataset
    folder = _new_folder(releases, now)
    report = ExportReport(path=workspace.outputs / dataset, release=folder)
    draft = folder.with_name(f".{folder.name}.tmp")
    scratch = folder.with_name(f".{folder.name}.words.tmp")  # `_prune` knows both by their names
    try:
        for path in (draft, scratch):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        with open_source(workspace, scratch, with_annotations=annotations) as source:
            report.warnings = _warnings(workspace, source)
            _write_all(draft, dataset, source, report)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sync_folder(releases)
    if publish:
        publish_release(workspace, dataset, folder)
    return report


def publish_release(workspace: Workspace, dataset: str, release: Path) -> None:
    """Make a written release the published one, and remove all but the newest seven.

    A process that dies before the last step leaves yesterday's dataset published.
    """
    fault_point("export.before_publish")
    _move_link(workspace.outputs / dataset, release)
    _prune(release.parent, keep=release)


def _check_name(workspace: Workspace, dataset: str) -> None:
    if dataset in ("runs", "releases") or dataset.endswith("-latest"):
        msg = f"{dataset!r} is no name for a dataset: outputs/{dataset} is used otherwise."
        raise ConfigError(msg)
    if not _NAME.fullmatch(dataset):
        msg = f"{dataset!r} is no name for a dataset: lower-case letters, digits, - and _."
        raise ConfigError(msg)
    path = workspace.outputs / dataset
    if path.exists() and not path.is_symlink():
        msg = f"{path}: not a symlink that export made. Move it away or choose another --dataset."
        raise ConfigError(msg)


def _new_folder(releases: Path, now: datetime) -> Path:
    """Return a release folder that does not exist; two exports in one second get different ones."""
    name = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder, number = releases / name, 1
    while folder.exists():
        number += 1
        folder = releases / f"{name}-{number:02d}"
    return folder


def _warnings(workspace: Workspace, source: Source) -> list[str]:
    missing = [stage for name, stage in _STAGES.items() if not workspace.shards(name)]
    if not source.has_build:
        missing.append("build")
    return [f"{stage} has not run: what it gives is left empty" for stage in missing]


def _write_all(draft: Path, dataset: str, source: Source, report: ExportReport) -> None:
    """Write every file of the contract into ``draft``."""
    tables = (*TABLES, *ON_DEMAND) if source.with_annotations else TABLES
    codebook = Codebook.load(source.workspace.models)
    facts: dict[str, FileFacts] = {}
    for table in (t for t in tables if t not in HISTORY):
        facts[table.file] = _write_table(draft / table.file, table.header, rows_of(source, table))
    link = source.workspace.outputs / dataset
    history = history_of(source.workspace, draft, link if link.exists() else None, source.created)
    for table, found in zip(HISTORY, (history.changes, history.tombstones), strict=True):
        facts[table.file] = _write_table(draft / table.file, table.header, found)
    facts = {table.file: facts[table.file] for table in tables}  # in the order of the schema
    report.rows |= {name: fact.rows for name, fact in facts.items()}
    others = write_formats(
        Release(
            folder=draft,
            dataset=dataset,
            tables=tables,
            facts=facts,
            codebook=codebook,
            created=source.created,
            software=__version__,
        )
    )
    pages = {
        "CHANGES.md": changes_md(history.changes, history.is_first),
        MANIFEST: history.manifest.encoded(),
        RECORD: record_of(source.workspace.models).encoded(),
        "codebook.md": texts.codebook_md(tables, codebook),
        "CITATION.cff": texts.citation_cff(source.created),
        "report.html": _report(draft, dataset, source, codebook),
    }
    for name, data in pages.items():
        others[name] = _write(draft / name, [data])
    package = datapackage(
        dataset,
        tables,
        facts,
        codebook,
        created=source.created,
        software=__version__,
        others=others,
        mediatype=mediatype_of,
    )
    others["datapackage.json"] = _write(draft / "datapackage.json", [package])
    digests = {name: fact.sha256 for name, fact in (facts | others).items()}
    _write(draft / "SHA256SUMS", [texts.sha256sums(digests)])
    sync_folder(draft)


def _write_table(path: Path, header: tuple[str, ...], rows: Iterable[csvtext.Row]) -> FileFacts:
    counted = _Counted(rows)
    written = _write(path, csvtext.encode(header, counted))
    return FileFacts(size=written.size, sha256=written.sha256, rows=counted.count)


class _Counted:
    """Rows that count themselves as they pass."""

    def __init__(self, rows: Iterable[csvtext.Row]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[csvtext.Row]:
        for row in self._rows:
            self.count += 1
            yield row


def _write(path: Path, pieces: Iterable[bytes]) -> FileFacts:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as handle:
        for piece in pieces:
            handle.write(piece)
            digest.update(piece)
            size += len(piece)
        handle.flush()
        os.fsync(handle.fileno())
    return FileFacts(size=size, sha256=digest.hexdigest(), rows=0)


def _report(draft: Path, dataset: str, source: Source, codebook: Codebook) -> bytes:
    """Return the page that shows what was written, read back from the files themselves."""
    names = [*SUMMARISED, *(n for n in IF_THERE if (draft / f"{n}.csv").exists())]
    summary = summarise({name: csv_rows(draft / f"{name}.csv") for name in names})
    template = (TEMPLATES / "report.html").read_text("utf-8")
    land, quality = _land(source.workspace), read_quality(source.workspace.models)
    return render(template, dataset, summary, codebook, land, source.created, quality)


def csv_rows(path: Path) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as handle:
        yield from csvtext.decode(handle)


def _land(workspace: Workspace) -> Dots:
    """Return where people live, as the map's background; empty without a gazetteer."""
    folder = workspace.models / "gazetteer"
    if not (folder / DATA_FILE).exists():
        return ()
    return dots_of((p.latitude, p.longitude) for p in Gazetteer.load(folder).places)


def _move_link(link: Path, folder: Path) -> None:
    """Move the symlink to the new release in one step."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(folder.relative_to(link.parent))
    temporary.replace(link)
    sync_folder(link.parent)


def _prune(releases: Path, keep: Path) -> None:
    """Remove what killed runs left, and all but the newest releases."""
    for leftover in releases.glob(".*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    found = sorted(p for p in releases.iterdir() if p.is_dir() and p != keep)
    for old in found[: max(0, len(found) - (KEPT_RELEASES - 1))]:
        shutil.rmtree(old)
