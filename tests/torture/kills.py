"""SIGKILL to a real ``ingest``, again and again, until a run gets through; then the balance.

A series is one workspace. Its first half fetches everything; then a third of the documents change
and 31 days pass, so that the second half sees 304 answers and new versions. Kills come in three
kinds: at a named fault point, a few milliseconds after a chosen request (the server sends the
signal), and at any time of a run, its start and its recovery of the last kill included. An import
series does the same with ``ingest --documents``.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.faults import FAULT_POINTS
from tests.torture import checks
from tests.torture.plan import Plan
from tests.torture.site import NOW, Site, feed_entry, ingest, prepare, served

COUNT = 500
HOSTS, DOCUMENTS = 6, 20
FETCH = {"min_delay_seconds": 0.05, "shard_captures": 12}  # several files are closed in each run
POINTS = tuple(point for point in FAULT_POINTS if point.startswith("ingest."))
MONTH = timedelta(days=31)  # documents are asked for again after 30 days
KILLED = -9
_PER_HALF = 8  # kills, after which a half may run to its end
_HITS = (1, 1, 2, 3, 5, 8, 13)  # which pass of a fault point kills: early ones more often
_FIRST_SECONDS = 0.3  # before this nothing of ours runs yet
_IMPORTED = 120  # rows of an import series


@dataclass
class Found:
    """The balance of all series."""

    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    series: int = 0
    lost: int = 0
    doubled: int = 0
    run_seconds: float = 0.0  # of an undisturbed half, start included: kills by time come within
    import_seconds: float = 1.0
    problems: list[str] = field(default_factory=list)


def _moment(minutes: int, *, later: bool) -> str:
    start = datetime.fromisoformat(NOW) + (MONTH if later else timedelta(0))
    return f"{start + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def _half(site: Site, workspace: Path, pick: random.Random, found: Found, *, later: bool) -> None:
    """Run and kill until the number of kills is reached, then run until a run gets through.

    Half of the series keep one ``--now``, half let a minute pass with every restart.
    """
    clock_moves = pick.random() < 0.5
    for number in range(100):
        now = _moment(number if clock_moves else 0, later=later)
        kind = pick.choice(("point", "request", "time")) if number < _PER_HALF else "none"
        found.runs += 1
        if kind == "point":
            point = pick.choice(POINTS)
            fault = f"{point}:{pick.choice(_HITS)}"
            run = ingest(workspace, site, now=now, env={"CITYACCORDS_FAULT": fault})
            kind = point
        elif kind == "request":
            at = (pick.randint(1, HOSTS * DOCUMENTS // 4), pick.random() * 0.06)
            run = ingest(workspace, site, now=now, kill_at=at)
        else:
            after = pick.uniform(_FIRST_SECONDS, found.run_seconds) if kind == "time" else None
            run = ingest(workspace, site, now=now, kill_after=after)
        if run.code == KILLED:
            found.kills[kind] += 1
        elif run.code:
            found.problems.append(f"a run ended with {run.code}: {run.stderr[-1500:]}")
            return
        else:
            return
    found.problems.append("100 runs, and none got through")


def _entries(number: int, origin: str) -> list[dict[str, object]]:
    """Each third host has a map or an index page in place of a feed."""
    method, path = (("feed", "/feed.xml"), ("sitemap", "/sitemap.xml"), ("listing", "/news"))[
        number % 3
    ]
    return [feed_entry(origin) | {"method": method, "url": f"{origin}{path}"}]


def _undisturbed(site: Site, folder: Path, found: Found) -> Path:
    workspace = prepare(folder / "undisturbed", site, fetch=FETCH, entries=_entries)
    site.set(changed=0)
    for later in (False, True):
        site.set(changed=3 if later else 0)
        run = ingest(workspace, site, now=_moment(0, later=later))
        if run.code:
            raise SystemExit(f"the undisturbed run ended with {run.code}: {run.stderr[-1500:]}")
        found.run_seconds = run.seconds
    return workspace


def _series(site: Site, folder: Path, pick: random.Random, found: Found, undisturbed: Path) -> None:
    workspace = prepare(folder, site, fetch=FETCH, entries=_entries)
    for later in (False, True):
        site.set(changed=3 if later else 0)
        _half(site, workspace, pick, found, later=later)
    _balance(workspace, undisturbed, found)


def _balance(workspace: Path, undisturbed: Path, found: Found) -> None:
    problems = checks.consistency(workspace)
    lost, doubled, more = checks.compare(workspace, undisturbed)
    found.series += 1
    found.lost += lost
    found.doubled += doubled
    found.problems += [f"series {found.series}: {told}" for told in problems + more]


def _import(site: Site, workspace: Path, found: Found, env: dict[str, str], after: float) -> int:
    arguments = ("ingest", "--documents", str(workspace.parent / "corpus.jsonl"))
    found.runs += 1
    killed = {"kill_after": after} if after else {}
    return ingest(workspace, site, *arguments, env=env, **killed).code  # type: ignore[arg-type]


def _import_series(site: Site, folder: Path, pick: random.Random, found: Found) -> None:
    """Kill an import of JSONL rows until one gets through."""
    folder.mkdir()
    rows = [
        {"doc_id": str(n), "text": f"Document number {n} of our own. " * 20}
        for n in range(_IMPORTED)
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    workspace, undisturbed = folder / "ws", folder / "undisturbed"
    for made in (workspace, undisturbed):
        prepare(made, site, fetch=FETCH, hosts=())
    begun = time.monotonic()
    assert _import(site, undisturbed, found, {}, 0.0) == 0
    found.import_seconds = time.monotonic() - begun
    for _ in range(_PER_HALF):
        point = pick.choice(POINTS) if pick.random() < 0.6 else ""
        env = {"CITYACCORDS_FAULT": f"{point}:{pick.choice(_HITS[:4])}"} if point else {}
        after = 0.0 if point else pick.uniform(_FIRST_SECONDS, found.import_seconds)
        if _import(site, workspace, found, env, after) != KILLED:
            break
        found.kills[f"import, {point or 'time'}"] += 1
    if _import(site, workspace, found, {}, 0.0):
        found.problems.append("an import did not get through")
    _balance(workspace, undisturbed, found)


def run(count: int, seed: int, *, keep: Path | None = None) -> Found:
    """Kill at least ``count`` times and return the balance.

    Args:
        count: Least number of kills.
        seed: Decides where they fall.
        keep: Where workspaces with a problem are left for a look; None: nowhere.
    """
    found = Found()
    pick = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Plan("changing", HOSTS, DOCUMENTS, seed)) as site,
    ):
        root = Path(folder)
        undisturbed = _undisturbed(site, root, found)
        found.problems += checks.consistency(undisturbed)
        while found.kills.total() < count and len(found.problems) < 100:
            number, before = found.series, len(found.problems)
            path = root / f"series-{number}"
            if number % 6 == 5:
                _import_series(site, path, pick, found)
            else:
                _series(site, path, pick, found, undisturbed)
            if keep is not None and len(found.problems) > before:
                shutil.copytree(path, keep / path.name, dirs_exist_ok=True)
            shutil.rmtree(path)
    return found


def show(found: Found) -> None:
    """Print the balance."""
    print(f"{found.kills.total()} kills in {found.runs} runs of {found.series} series:")
    for kind, number in sorted(found.kills.items()):
        print(f"  {number:4} {kind}")
    print(f"captures lost {found.lost}, doubled {found.doubled}")
    for told in found.problems:
        print(f"  WRONG {told}")
