"""Releases: the published candidate, frozen under a version that a paper can cite.

In: ``outputs/<dataset>`` as a night left it. Out: ``outputs/releases/<dataset>/<YYYY.MM.N>/`` and
the symlink ``outputs/<dataset>-latest``. Nothing prunes or rewrites a release; only a takedown
withdraws one, and leaves a notice in its place (``withdrawals``).

The tables are the candidate's, byte by byte, but for ``changes.csv``: a release says what changed
since the last *release*. All other files are made anew from the tables, because they hold the
changes or the version. The order makes a kill harmless: the draft is whole and checked, then the
register has its line, then the draft gets its name (``settle`` finishes what a kill left).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.config import Config, ConfigError
from pipeline.export_history import MANIFEST, History, history_of
from pipeline.exporters.datapackage import FileFacts
from pipeline.exporters.tables import HISTORY, ON_DEMAND, TABLES
from pipeline.faults import fault_point
from pipeline.paths import Workspace, sync_folder
from pipeline.release_files import Frozen, write_tables_and_more
from pipeline.validate import ValidateReport, check_files, run_validate
from pipeline.validators.findings import Result
from pipeline.versions import (
    RELEASED,
    SUMS,
    Entry,
    enter,
    latest_link,
    next_version,
    read_register,
    releases_of,
    standing,
    sums_of,
    withdrawn,
)

POINTS = ("release.drafted", "release.registered", "release.named")  # where a test may kill
_READ_ONLY = 0o444
CHANGES = HISTORY[0].file


class RefusedError(Exception):
    """The candidate or its frozen form does not pass its checks; nothing was released."""


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """What ``release`` did. ``changes`` counts rows of changes.csv since ``previous``."""

    dataset: str
    version: str
    path: str
    is_new: bool
    previous: str | None
    changes: int
    candidate: str

    def as_data(self) -> dict[str, object]:
        """Return it as plain values."""
        return asdict(self)

    def as_text(self) -> str:
        """Return it for a terminal."""
        if not self.is_new:
            return f"The data are those of release {self.version}: no new release. {self.path}"
        since = f"{self.changes:,} changes since {self.previous}" if self.previous else "the first"
        return f"Released {self.dataset} {self.version} ({since}): {self.path}"


def run_release(
    workspace: Workspace, config: Config, *, dataset: str = "agreements", now: datetime
) -> tuple[ReleaseReport, ValidateReport | None]:
    """Freeze the published candidate, if it differs from the last release.

    Args:
        workspace: Where the candidate is.
        config: Settings of the checks.
        dataset: The name of the dataset.
        now: The day of the release; its month is part of the version.

    Returns:
        What was done, and the outcome of the checks; None where there was nothing to release.

    Raises:
        ConfigError: Nothing is published, or code, models or judgements are others by now.
        RefusedError: A check failed. The message lists the failures.
        OSError: The disk is full. No release was made.
    """
    link = workspace.outputs / dataset
    if not (link / SUMS).exists():
        msg = f"{link}: nothing is published here. Run `cityaccords refresh` first."
        raise ConfigError(msg)
    settle(workspace, dataset)
    candidate = link.resolve()
    _require(check_files(candidate), "the candidate was altered after its export")
    last = standing(workspace, dataset)
    if last and _data_of(candidate) == _data_of(_folder(workspace, last[-1])):
        return _report(workspace, last[-1], candidate, is_new=False), None
    version = next_version(workspace, dataset, now)
    draft = releases_of(workspace, dataset) / f".{version}.tmp"
    try:
        checked = _draft(workspace, config, candidate, draft, dataset, version, last, now)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    fault_point("release.drafted")
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    entry = Entry(dataset, version, RELEASED, day, _digest(draft / SUMS))
    enter(workspace, [entry])
    fault_point("release.registered")
    _name(workspace, entry)
    previous = last[-1].version if last else None
    return _report(workspace, entry, candidate, is_new=True, previous=previous), checked


def settle(workspace: Workspace, dataset: str) -> None:
    """Finish what a killed run left: a release in the register gets its name, drafts go."""
    folder = releases_of(workspace, dataset)
    if not folder.is_dir():
        return
    for entry in (e for e in read_register(workspace) if e.dataset == dataset):
        draft = folder / f".{entry.version}.tmp"
        is_ours = (draft / SUMS).exists() and _digest(draft / SUMS) == entry.sha256
        if is_ours and entry.event == RELEASED and not (folder / entry.version).exists():
            _name(workspace, entry)
    for leftover in folder.glob(".*.tmp"):
        shutil.rmtree(leftover)
    show_latest(workspace, dataset)


def show_latest(workspace: Workspace, dataset: str) -> None:
    """Lead ``outputs/<dataset>-latest`` to the newest release that stands; without one it goes.

    Raises:
        ConfigError: Something else stands where the symlink goes.
    """
    link, found = latest_link(workspace, dataset), standing(workspace, dataset)
    if link.exists() and not link.is_symlink():
        msg = f"{link}: not a symlink that release made. Move it away and run it again."
        raise ConfigError(msg)
    if not found:
        link.unlink(missing_ok=True)
        return
    target = _folder(workspace, found[-1]).relative_to(link.parent)
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    sync_folder(link.parent)


def _folder(workspace: Workspace, entry: Entry) -> Path:
    return releases_of(workspace, entry.dataset) / entry.version


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _data_of(folder: Path) -> dict[str, str]:
    """Return the digests of what is cited: the tables and their meanings, not their changes."""
    wanted = {t.file for t in (*TABLES, *ON_DEMAND)} - {CHANGES} | {"codebook.md"}
    return {name: digest for name, digest in sums_of(folder).items() if name in wanted}


def _require(result: Result, problem: str) -> None:
    if result.count:
        told = "\n".join(f"    {f.as_text()}" for f in result.failures)
        msg = f"{problem}; nothing was released.\n{told}"
        raise RefusedError(msg)


def _draft(
    workspace: Workspace,
    config: Config,
    candidate: Path,
    draft: Path,
    dataset: str,
    version: str,
    last: list[Entry],
    now: datetime,
) -> ValidateReport:
    """Write and check the whole folder under a name that nothing reads."""
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    package = json.loads((candidate / "datapackage.json").read_text("utf-8"))
    facts = _copy_tables(candidate, draft, package)
    before = _folder(workspace, last[-1]) if last else None
    history = history_of(workspace, draft, before, package.get("created"))
    _require_same_making(candidate, history)
    write_tables_and_more(
        Frozen(
            workspace=workspace,
            folder=draft,
            candidate=candidate,
            dataset=dataset,
            version=version,
            previous=last[-1].version if last else None,
            withdrawn=tuple(e.version for e in withdrawn(workspace, dataset)),
            created=package.get("created"),
            now=now,
        ),
        facts,
        history.changes,
    )
    checked = run_validate(workspace, config, dataset=dataset, release=draft)
    if not checked.ok:
        msg = f"{dataset} {version}: {checked.failure_count} failures; nothing was released.\n"
        raise RefusedError(msg + checked.as_text())
    for path in draft.iterdir():
        path.chmod(_READ_ONLY)  # so that no editor changes a release by mistake
    return checked


def _copy_tables(
    candidate: Path, draft: Path, package: Mapping[str, Iterable[Mapping[str, object]]]
) -> dict[str, FileFacts]:
    """Copy every table but the changes; return size, hash and rows of each."""
    rows = {str(r["path"]): int(str(r["rows"])) for r in package["resources"] if "rows" in r}
    facts: dict[str, FileFacts] = {}
    for table in (*TABLES, *ON_DEMAND):
        if table.file != CHANGES and (candidate / table.file).exists():
            facts[table.file] = replace(
                copied(candidate / table.file, draft / table.file), rows=rows[table.file]
            )
    return facts


def copied(source: Path, target: Path) -> FileFacts:
    """Copy a file to the disk itself; return size and hash of the copy."""
    from pipeline.exporters.formats import facts_of

    shutil.copyfile(source, target)
    return facts_of(target)


def _require_same_making(candidate: Path, history: History) -> None:
    """Refuse a candidate of another program or other judgements: its reasons would be wrong."""
    if history.manifest.encoded() != (candidate / MANIFEST).read_bytes():
        msg = (
            "code, models or judgements are not those that made the candidate. "
            "Run `cityaccords refresh` (or `extract`), then release again."
        )
        raise ConfigError(msg)


def _name(workspace: Workspace, entry: Entry) -> None:
    """Give a finished draft its name, and lead the symlink to it."""
    folder = releases_of(workspace, entry.dataset)
    sync_folder(folder / f".{entry.version}.tmp")
    (folder / f".{entry.version}.tmp").rename(folder / entry.version)
    sync_folder(folder)
    fault_point("release.named")
    show_latest(workspace, entry.dataset)


def _report(
    workspace: Workspace,
    entry: Entry,
    candidate: Path,
    *,
    is_new: bool,
    previous: str | None = None,
) -> ReleaseReport:
    folder = _folder(workspace, entry)
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    changes = next(int(r["rows"]) for r in package["resources"] if r["path"] == CHANGES)
    return ReleaseReport(
        dataset=entry.dataset,
        version=entry.version,
        path=str(folder),
        is_new=is_new,
        previous=previous,
        changes=changes,
        candidate=candidate.name,
    )
