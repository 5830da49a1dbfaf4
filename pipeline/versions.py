"""Versions of frozen releases: which were given, which still stand, and where.

A version is ``YYYY.MM.N``: the month in which it was frozen (UTC) and a number in it. Every
version ever given has a line in ``corpus/judgements/releases.csv``, which only grows, so a number
is never given twice, whatever became of its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.config import ConfigError
from pipeline.ledgers import append_lines, lines_of
from pipeline.paths import Workspace

FILE = "releases.csv"
COLUMNS = ("dataset", "version", "event", "date", "sha256", "reason")
RELEASED, WITHDRAWN = "released", "withdrawn"
SUMS = "SHA256SUMS"
NOTICE = "WITHDRAWN.md"  # all that is left in the folder of a release that was taken back
_VERSION = re.compile(r"(\d{4})\.(\d{2})\.([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the register.

    ``sha256`` is the digest of the release's SHA256SUMS, and so of all its files; ``date`` the day
    of the event (UTC).
    """

    dataset: str
    version: str
    event: str
    date: str
    sha256: str
    reason: str = ""


def number_of(version: str) -> tuple[int, int, int] | None:
    """Return year, month and number of a version; None where it is none. Versions sort by it."""
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def releases_of(workspace: Workspace, dataset: str) -> Path:
    """Return the folder of all frozen releases of a dataset."""
    return workspace.outputs / "releases" / dataset


def folder_of(workspace: Workspace, dataset: str, version: str) -> Path:
    """Return the folder of a release.

    Raises:
        ConfigError: It is no version, or was never released.
    """
    given = [e.version for e in read_register(workspace) if e.dataset == dataset]
    if number_of(version) is None or version not in given:
        names = ", ".join(dict.fromkeys(given)) or "none"
        msg = f"{dataset} has no release {version!r}. There are: {names}."
        raise ConfigError(msg)
    return releases_of(workspace, dataset) / version


def latest_link(workspace: Workspace, dataset: str) -> Path:
    """Return the symlink that shows the newest release."""
    return workspace.outputs / f"{dataset}-latest"


def read_register(workspace: Workspace) -> list[Entry]:
    """Return the register, oldest line first.

    Raises:
        ConfigError: A line is none of ours.
    """
    path = workspace.judgements / FILE
    found = []
    for number, cells in lines_of(path, COLUMNS):
        is_whole = len(cells) == len(COLUMNS) and number_of(cells[1]) is not None
        if not is_whole or cells[2] not in (RELEASED, WITHDRAWN):
            msg = f"{path}:{number}: not a release. Lines are {','.join(COLUMNS)}; restore it."
            raise ConfigError(msg)
        found.append(Entry(*cells))
    return found


def enter(workspace: Workspace, entries: Iterable[Entry]) -> None:
    """Append to the register what does not stand there yet.

    Raises:
        OSError: The disk is full.
    """
    known = {(e.dataset, e.version, e.event) for e in read_register(workspace)}
    new = [e for e in entries if (e.dataset, e.version, e.event) not in known]
    if new:
        append_lines(workspace.judgements / FILE, COLUMNS, [astuple(e) for e in new])


def standing(workspace: Workspace, dataset: str) -> list[Entry]:
    """Return the releases that are there and were not withdrawn, oldest first."""
    entries = [e for e in read_register(workspace) if e.dataset == dataset]
    gone = {e.version for e in entries if e.event == WITHDRAWN}
    folder = releases_of(workspace, dataset)
    found = [
        e
        for e in entries
        if e.event == RELEASED and e.version not in gone and (folder / e.version / SUMS).exists()
    ]
    return sorted(found, key=lambda e: number_of(e.version) or (0, 0, 0))


def withdrawn(workspace: Workspace, dataset: str) -> list[Entry]:
    """Return the lines that took a release back, oldest first."""
    return [e for e in read_register(workspace) if (e.dataset, e.event) == (dataset, WITHDRAWN)]


def next_version(workspace: Workspace, dataset: str, now: datetime) -> str:
    """Return the version after every one that the register or the disk has of this month."""
    month = now.astimezone(UTC)
    names = [e.version for e in read_register(workspace) if e.dataset == dataset]
    folder = releases_of(workspace, dataset)
    names += [p.name for p in folder.iterdir()] if folder.is_dir() else []
    numbers = filter(None, map(number_of, names))
    last = max((n for y, m, n in numbers if (y, m) == (month.year, month.month)), default=0)
    return f"{month:%Y.%m}.{last + 1}"


def sums_of(folder: Path) -> dict[str, str]:
    """Return the digests in a folder's SHA256SUMS by file name."""
    lines = (folder / SUMS).read_text("utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
