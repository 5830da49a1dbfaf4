"""Is this installation healthy? Each check is a function in `CHECKS` and says how to mend."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive import BrokenArchiveError, read_captures
from pipeline.config import ConfigError
from pipeline.paths import CHECKOUT
from pipeline.runs import Run
from pipeline.sources import load_sources

_FREE_BYTES = 1_000_000_000  # a shard and its derived files take some 200 MB; five of them is tight
_ARCHIVES_READ = 3  # newest WARCs whose every payload is checked; `validate` checks what is cited
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)(?: ; (.*?))?\s*\\?$")


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: ``ok``, ``warning`` or ``failure``, and what to do."""

    level: str
    check: str
    message: str


def _python(run: Run) -> Iterator[tuple[str, str]]:
    del run
    version = ".".join(map(str, sys.version_info[:3]))
    level = "ok" if sys.version_info[:2] == (3, 11) else "failure"
    yield level, f"Python {version}" + ("" if level == "ok" else "; make setup needs 3.11")


def _packages(run: Run) -> Iterator[tuple[str, str]]:
    del run
    lock = CHECKOUT / "requirements.lock"
    if not lock.exists():
        yield "failure", f"{lock} is missing: restore it from the repository"
        return
    wrong, count = [], 0
    for line in lock.read_text("utf-8").splitlines():
        pin = _PIN.match(line)
        if pin is None or "colorama" in line or ">= '3.12'" in line:
            continue
        count += 1
        try:
            have = importlib.metadata.version(pin[1])
        except importlib.metadata.PackageNotFoundError:
            have = "missing"
        if have != pin[2]:
            wrong.append(f"{pin[1]} {have} (lock: {pin[2]})")
    if wrong:
        yield "warning", f"not as locked: {', '.join(wrong[:5])}. Run `make setup`."
    else:
        yield "ok", f"{count} packages as locked"


def _models(run: Run) -> Iterator[tuple[str, str]]:
    from pipeline.codebook import Codebook, Languages
    from pipeline.gazetteer import Gazetteer

    models = run.workspace.models
    codebook = Codebook.load(models)
    languages = Languages.load(models)
    gazetteer = Gazetteer.load(models / "gazetteer")
    yield "ok", f"codebook {codebook.version}, languages {', '.join(sorted(languages.by_code))}"
    yield "ok", f"gazetteer with {len(gazetteer):,} places"
    name = run.config.tag.spacy_model
    if name and importlib.util.find_spec(name) is None:
        yield (
            "failure",
            f"spaCy model {name} is not installed. Run `make setup`, or set tag.spacy_model.",
        )


def _configuration(run: Run) -> Iterator[tuple[str, str]]:
    path = run.workspace.config
    if not run.config.fetch.contact:
        yield (
            "warning",
            (
                f"no contact: fetching over HTTP will refuse to start. Add to {path}:\n"
                '    [fetch]\n    contact = "you@example.org"'
            ),
        )
    else:
        yield "ok", f"contact {run.config.fetch.contact}"


def _disk(run: Run) -> Iterator[tuple[str, str]]:
    root = run.workspace.root
    free = shutil.disk_usage(root if root.exists() else Path()).free
    level = "ok" if free >= _FREE_BYTES else "warning"
    yield level, f"{free / 1e9:.1f} GB free at {root.resolve()}"


def _sources(run: Run) -> Iterator[tuple[str, str]]:
    sources = load_sources(run.workspace.sources)
    yield "ok", f"{len(sources)} sources"
    private = [s.id for s in sources if "127.0.0.1" in s.homepage or "localhost" in s.homepage]
    if private:
        names = ", ".join(private)
        yield "warning", f"{names}: on this machine; fetching needs --allow-private HOST:PORT"


def _catalog(run: Run) -> Iterator[tuple[str, str]]:
    path = run.workspace.catalog
    if not path.exists():
        yield "ok", "no catalog yet"
        return
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    if verdict == "ok":
        yield "ok", "catalog is sound"
    else:
        yield "failure", f"{path}: {verdict}. Run `cityaccords doctor --rebuild`."


def _archive(run: Run) -> Iterator[tuple[str, str]]:
    left = sorted(run.workspace.archive.glob("*.open"))
    if left:
        yield "warning", f"{len(left)} WARC left open by a killed run; the next ingest closes it"
    shards = run.workspace.shards("archive")
    count = 0
    for path in shards[-_ARCHIVES_READ:]:
        count += sum(1 for _ in read_captures(path))
    yield "ok", f"{len(shards)} WARCs; {count:,} captures of the newest verified"


def _scans(run: Run) -> Iterator[tuple[str, str]]:
    from pipeline.readers.ocr import ALWAYS, INSTALL, installed

    del run
    path, packs = installed()
    missing = [name for name in ALWAYS if name not in packs]
    if path is None or missing:
        lack = f"packs {', '.join(missing)} of Tesseract" if path else "Tesseract"
        yield (
            "warning",
            f"{lack} not installed: scanned PDFs are not read. To read them, {INSTALL}.",
        )
    else:
        yield "ok", f"Tesseract with {', '.join(sorted(packs))}"


CHECKS: tuple[tuple[str, Callable[[Run], Iterator[tuple[str, str]]]], ...] = (
    ("python", _python),
    ("packages", _packages),
    ("models", _models),
    ("configuration", _configuration),
    ("disk", _disk),
    ("sources", _sources),
    ("catalog", _catalog),
    ("archive", _archive),
    ("scans", _scans),
)


def examine_installation(run: Run) -> list[Finding]:
    """Run every check; one that breaks is a failure with its own words, and the rest go on."""
    findings = []
    for name, check in CHECKS:
        try:
            findings += [Finding(level, name, message) for level, message in check(run)]
        except (ConfigError, BrokenArchiveError, sqlite3.Error, OSError) as error:
            findings.append(Finding("failure", name, str(error)))
    return findings
