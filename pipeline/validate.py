"""Validate: may this dataset be published? Every check is a function in `CHECKS`.

In: ``outputs/<dataset>``, the stored versions and the archive. Out: a report; nothing is changed. A
dataset fails if any check finds a single failure.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.archive import BrokenArchiveError, read_captures
from pipeline.builders.registry import parse_registry
from pipeline.codebook import Codebook
from pipeline.config import Config, ConfigError
from pipeline.engine import file_digest
from pipeline.exporters.csvtext import FIELD_LIMIT
from pipeline.exporters.formats import FORMATS
from pipeline.exporters.tables import ON_DEMAND, TABLES
from pipeline.paths import Workspace, shard_id_of
from pipeline.records import Rejection
from pipeline.schema import Table
from pipeline.store import BrokenShardError, counts_of, read_records
from pipeline.validators import evidence_checks, table_checks
from pipeline.validators.findings import Result, Row
from pipeline.validators.findings import ValidateReport as ValidateReport

OTHERS = (
    "datapackage.json",
    "codebook.md",
    "CITATION.cff",
    "report.html",
    "CHANGES.md",
    "manifest.json",
    "quality.json",
)
FRICTIONLESS_ROWS = 20_000  # per file: it reads about 4,000 rows a second; our own checks read all
MOST_GROUPS = 64  # files with quotes that are open at a time
_STAGES = {"documents": "read", "annotations": "tag", "codings": "classify", "mentions": "relate"}
_EXPORT = "Run `cityaccords export` again."


@dataclass(slots=True)
class Dataset:
    """A published dataset; its tables are read from their files whenever a check asks."""

    workspace: Workspace
    folder: Path
    tables: tuple[Table, ...]
    rows: Mapping[str, Iterable[Row]] = field(default_factory=dict)
    headers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    codebook: Codebook | None = None


def run_validate(
    workspace: Workspace,
    config: Config,
    *,
    dataset: str = "agreements",
    release: Path | None = None,
) -> ValidateReport:
    """Check a dataset.

    Args:
        workspace: Where the dataset, the stored versions and the archive are.
        config: Not used yet; every stage takes it.
        dataset: Its name.
        release: A release that is not published yet, to check instead of the published one.

    Raises:
        ConfigError: There is no such dataset.
    """
    del config
    folder = release or workspace.outputs / dataset
    if not folder.is_dir():
        msg = f"{folder}: no dataset here. Run `cityaccords export` first."
        raise ConfigError(msg)
    report = ValidateReport(dataset)
    report.results["files"] = check_files(folder)
    if not report.ok:
        return report  # what is not there, or altered, cannot be checked further
    loaded = _load(workspace, folder)
    for name, check in CHECKS:
        report.results[name] = check(loaded)
    return report


def check_files(folder: Path) -> Result:
    """Every file of the contract is there and has the SHA-256 that SHA256SUMS gives."""
    result = Result()
    sums: dict[str, str] = {}
    if (folder / "SHA256SUMS").exists():
        for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
            digest, _, name = line.partition("  ")
            sums[name] = digest
    formats = {f.name.format(table=t.name) for f in FORMATS for t in TABLES}
    for name in [*(t.file for t in TABLES), *OTHERS, *sorted(formats), "SHA256SUMS"]:
        result.examined += 1
        if not (folder / name).exists():
            result.fail(name, "", "", "it is missing", _EXPORT)
    for name, digest in sums.items():
        path = folder / name
        if path.exists() and file_digest(path) != digest:
            result.fail(name, "", "", "it was changed after the export", _EXPORT)
    for path in sorted(folder.iterdir()):
        if path.name not in sums and path.name != "SHA256SUMS":
            result.fail(path.name, "", "", "it is not in SHA256SUMS", _EXPORT)
    return result


class _Rows:
    """The rows of a CSV file, read anew on every pass: a long one never lies in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[Row]:
        csv.field_size_limit(FIELD_LIMIT)
        with self.path.open(encoding="utf-8", newline="") as handle:
            lines = csv.reader(handle)
            header = next(lines, [])
            missing = [""] * len(header)
            for cells in lines:
                if cells:
                    yield dict(zip(header, [*cells, *missing], strict=False))


def _load(workspace: Workspace, folder: Path) -> Dataset:
    tables = (*TABLES, *(t for t in ON_DEMAND if (folder / t.file).exists()))
    rows = {table.name: _Rows(folder / table.file) for table in tables}
    loaded = Dataset(workspace, folder, tables, rows, codebook=Codebook.load(workspace.models))
    for table in tables:
        with (folder / table.file).open(encoding="utf-8", newline="") as handle:
            loaded.headers[table.name] = tuple(next(csv.reader(handle), []))
    return loaded


def check_datapackage(d: Dataset) -> Result:
    """The package is valid under frictionless (the first rows of very long files)."""
    from frictionless import Checklist, Package

    result = Result()
    long = any(
        sum(1 for _ in islice(rows, FRICTIONLESS_ROWS + 1)) > FRICTIONLESS_ROWS
        for rows in d.rows.values()
    )
    # A cut file has other sums and lacks rows that others refer to; our own checks see all rows.
    skipped = ["foreign-key", "hash-count", "byte-count", "row-count"] if long else []
    package = Package(str(d.folder / "datapackage.json"))
    report = package.validate(
        Checklist(skip_errors=skipped), limit_rows=FRICTIONLESS_ROWS if long else None
    )
    result.examined = len(report.tasks)
    for error in report.errors:
        result.fail("datapackage.json", "", "", error.message, _EXPORT)
    for task in report.tasks:
        for error in task.errors:
            number = getattr(error, "row_number", "")
            place, column = f"row {number}" if number else "", getattr(error, "field_name", "")
            result.fail(f"{task.name}.csv", place, column, error.message, _EXPORT)
    return result


def check_registry(d: Dataset) -> Result:
    """Every agreement id is well formed and stands in the registry."""
    result = Result()
    path = d.workspace.judgements / "agreements.csv"
    text = path.read_text("utf-8") if path.exists() else ""
    known = {row.agreement_id for row in parse_registry(text, str(path))}
    for agreement in d.rows["agreements"]:
        result.examined += 1
        if agreement["agreement_id"] not in known:
            problem = f"it is not in {path}"
            result.fail(
                "agreements.csv", agreement["agreement_id"], "", problem, "Run build again."
            )
    return result


def check_quotes(d: Dataset) -> Result:
    """Every quote slices back from the stored version."""
    shards = d.workspace.shards("documents")
    homes: dict[str, int] = {}
    groups: dict[int, list[Path]] = {}
    for number, path in enumerate(shards):
        group = number * min(MOST_GROUPS, len(shards)) // len(shards)
        groups.setdefault(group, []).append(path)
        homes |= dict.fromkeys((c for (c,) in _columns(path, "capture_id")), group)

    def texts(group: int) -> Iterator[tuple[str, str, str]]:
        for path in groups[group]:
            yield from _columns(path, "capture_id", "doc_id", "text")

    return evidence_checks.check_quotes(d.rows, homes, texts)


def _columns(path: Path, *names: str) -> Iterator[Any]:
    """Yield some columns of a shard, row by row.

    Raises:
        BrokenShardError: The file is cut.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=list(names))
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"{path}: not a readable Parquet file ({error}). Delete it and run `read` again."
        raise BrokenShardError(msg) from error
    yield from zip(*(map(str, table.column(name).to_pylist()) for name in names), strict=True)


def check_archive(d: Dataset) -> Result:
    """The payload of every cited capture stands in the archive with its SHA-256."""
    result = Result()
    cited = dict(evidence_checks.cited_captures(d.rows))
    remedy = "Restore the archive from a backup; it is the proof of every quote."
    result.examined = len(cited)
    for path in d.workspace.shards("documents"):
        here = {c for (c,) in _columns(path, "capture_id")} & cited.keys()
        if not here:
            continue
        warc = d.workspace.shard("archive", shard_id_of(path))
        try:
            for capture, payload in read_captures(warc):
                intact = hashlib.sha256(payload).hexdigest() == capture.payload_sha256
                if capture.capture_id in here and intact:
                    here.discard(capture.capture_id)
                    del cited[capture.capture_id]
        except (BrokenArchiveError, OSError) as error:
            problem = f"{error}; {len(here)} cited captures rest on it"
            result.fail(warc.name, "", "", problem, remedy)
            for capture_id in here:  # told by the line above: not once more for each
                cited.pop(capture_id, None)
    for capture_id, file in sorted(cited.items()):
        problem = f"capture {capture_id} does not verify in the archive"
        result.fail(file, "", "capture_id", problem, remedy)
    return result


def check_stages(d: Dataset) -> Result:
    """Every stage accounts for each document: seen = forwarded + rejected, each with a reason."""
    result = Result()
    paths = [(stage, p) for folder, stage in _STAGES.items() for p in d.workspace.shards(folder)]
    build = d.workspace.build / "agreements.parquet"
    for stage, path in [*paths, *([("build", build)] if build.exists() else [])]:
        counts = counts_of(path)
        seen, kept, dropped = (counts.get(k, 0) for k in ("seen", "forwarded", "rejected"))
        result.examined += 1
        if seen != kept + dropped:
            problem = f"{stage} saw {seen}, forwarded {kept} and rejected {dropped}"
            result.fail(path.name, "", "", problem, f"Run `cityaccords {stage}` again.")
        ledger = path.with_name(f"{path.stem}.rejections.parquet")
        listed = len(read_records(ledger, Rejection)) if ledger.exists() else None
        if listed is not None and listed != dropped:
            problem = f"{stage} rejected {dropped} documents and gave {listed} reasons"
            result.fail(ledger.name, "", "", problem, f"Run `cityaccords {stage}` again.")
    return result


def check_headers(d: Dataset) -> Result:
    """See `table_checks.check_headers`."""
    return table_checks.check_headers(d.tables, d.headers)


def check_cells(d: Dataset) -> Result:
    """See `table_checks.check_cells`."""
    codebook = d.codebook or Codebook.load(d.workspace.models)
    return table_checks.check_cells(d.tables, d.rows, codebook)


CHECKS: tuple[tuple[str, Callable[[Dataset], Result]], ...] = (
    ("columns", check_headers),
    ("data package", check_datapackage),
    ("cells", check_cells),
    ("keys", lambda d: table_checks.check_keys(d.tables, d.rows)),
    ("links", lambda d: table_checks.check_links(d.tables, d.rows)),
    ("lengths", lambda d: table_checks.check_lengths(d.tables, d.rows)),
    ("long tables", lambda d: table_checks.check_long_tables(d.rows)),
    ("counts", lambda d: table_checks.check_counts(d.rows)),
    ("registry", check_registry),
    ("evidence of cells", lambda d: evidence_checks.check_evidence(d.rows)),
    ("quotes in texts", check_quotes),
    ("captures in archive", check_archive),
    ("stages", check_stages),
)
