"""Does a frozen release still hold, file by file, and against the archive?

In: a version. Out: a report like that of ``validate``; nothing is changed. A release outlives the
program that made it: columns, categories and readers move on. So one that was made by the code and
models of today gets every check; an older one is checked by what it says of itself: its sums, the
register, and its own description of its columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.config import Config, ConfigError
from pipeline.export_history import MANIFEST, parts_of
from pipeline.exporters.csvtext import decode
from pipeline.exporters.history import read_manifest
from pipeline.paths import Workspace
from pipeline.validate import Dataset, ValidateReport, check_datapackage, run_validate
from pipeline.validators.findings import Result, Row
from pipeline.versions import NOTICE, RELEASED, SUMS, folder_of, read_register, sums_of

_MADE = ("code", "vocabulary", "model")  # parts that decide what a check expects
_RESTORE = "Restore the release from a backup: a frozen release is never made again."


def check_release(
    workspace: Workspace, config: Config, dataset: str, version: str
) -> ValidateReport:
    """Check one frozen release.

    Raises:
        ConfigError: There is no such version, or it was withdrawn.
    """
    folder = folder_of(workspace, dataset, version)
    if (folder / NOTICE).exists():
        msg = f"{dataset} {version} was withdrawn; {folder / NOTICE} says why."
        raise ConfigError(msg)
    report = ValidateReport(f"{dataset} {version}")
    report.results["release"] = _against_register(workspace, dataset, version, folder)
    if not report.ok:
        return report
    if _is_of_today(workspace, folder):
        report.results |= run_validate(workspace, config, dataset=dataset, release=folder).results
        return report
    rows = {path.stem: list(_rows(path)) for path in sorted(folder.glob("*.csv"))}
    report.results["data package"] = check_datapackage(Dataset(workspace, folder, (), rows))
    return report


def _against_register(workspace: Workspace, dataset: str, version: str, folder: Path) -> Result:
    """Every file has the digest of SHA256SUMS, and SHA256SUMS the one of the register."""
    result = Result()
    if not (folder / SUMS).exists():
        result.fail(SUMS, "", "", "the release is not there", _RESTORE)
        return result
    (told,) = (
        e.sha256
        for e in read_register(workspace)
        if (e.dataset, e.version, e.event) == (dataset, version, RELEASED)
    )
    if hashlib.sha256((folder / SUMS).read_bytes()).hexdigest() != told:
        result.fail(SUMS, "", "", "it is not the one that was released", _RESTORE)
    sums = sums_of(folder)
    for name, digest in sums.items():
        result.examined += 1
        if not (folder / name).exists():
            result.fail(name, "", "", "it is missing", _RESTORE)
        elif _digest(folder / name) != digest:
            result.fail(name, "", "", "it was changed after the release", _RESTORE)
    for path in sorted(folder.iterdir()):
        if path.name not in sums and path.name != SUMS:
            result.fail(path.name, "", "", "it is not of this release", "Take it away.")
    return result


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _is_of_today(workspace: Workspace, folder: Path) -> bool:
    """Tell whether the program and models of today made it."""
    made = read_manifest((folder / MANIFEST).read_text("utf-8"))
    today = parts_of(workspace)
    return made is not None and all(made.parts[p] == today[p] for p in _MADE)


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        yield from decode(handle)
