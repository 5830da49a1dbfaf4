"""Thirty nights with the real command: sources that grow, change, vanish and fail, and kills.

Each night is a ``refresh`` in a process of its own; a third of the nights are killed once or twice
at any moment and then run to their end. Every tenth night is followed by a ``release``. After each
night the balance must hold (`tests.torture.balance`), and memory, CPU and the shards that were
worked on must not grow with the number of nights.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.torture import world as worlds
from tests.torture.balance import Balance, tables_of
from tests.torture.site import CHECKOUT, Run, _watch

COUNT = 30  # nights
HOSTS, EACH, FIRST = 6, 24, 60
START = datetime(2026, 3, 1, 2, tzinfo=UTC)
KILLED, BROKE = -9, 5
_COMMAND = (sys.executable, "-m", "pipeline")
_KILLS = (0, 0, 1, 2)  # of a night
_LIMIT = 600.0  # s: a night that takes longer is stuck
# The last quarter beside the second. Of memory: the noise of the allocator. Of CPU: the corpus has
# trebled by then, and each document costs a little on every night (its row, its quotes); a tenth
# of a second of growth per hundred documents is within this, work that is done again is not.
MEMORY_TOLERANCE, CPU_TOLERANCE = 0.15, 0.5


@dataclass
class Night:
    """What one night took, and what the dataset held after it."""

    documents: int
    agreements: int
    cpu: float
    seconds: float
    peak: int
    worked: dict[str, int]
    new_shards: int
    kills: int


@dataclass
class Found:
    """All nights."""

    nights: list[Night] = field(default_factory=list)
    kills: int = 0
    releases: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def growth(self, name: str) -> float:
        """Return by how much a figure of the last quarter exceeds that of the second."""
        values = [getattr(night, name) for night in self.nights]
        quarter = max(1, len(values) // 4)
        before, after = values[quarter : 2 * quarter], values[-quarter:]
        return statistics.mean(after) / statistics.mean(before or values) - 1


def _run(root: Path, night: int, *arguments: str, kill_after: float | None = None) -> Run:
    now = START + timedelta(days=night)
    out, err = root.parent / "stdout.txt", root.parent / "stderr.txt"
    begun = time.monotonic()
    with out.open("w") as stdout, err.open("w") as stderr:
        process = subprocess.Popen(
            [*_COMMAND, "--workspace", str(root), "--now", now.isoformat(), *arguments],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        _, usage, status = _watch(process, begun, kill_after, 5.0, _LIMIT)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        code=process.returncode,
        seconds=time.monotonic() - begun,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_rss=usage.ru_maxrss * 1024,
        stdout=out.read_text(),
        stderr=err.read_text(),
        begun=begun,
    )


def run(count: int, seed: int, *, keep: Path | None = None) -> Found:
    """Live through ``count`` nights and return how they went."""
    pick, found = random.Random(f"nights {seed}"), Found()
    world = worlds.make(seed, hosts=HOSTS, nights=count, each=EACH, first=FIRST)
    with tempfile.TemporaryDirectory() as folder, worlds.served(world) as hosts:
        root = (keep or Path(folder)) / "nights"
        worlds.prepare(root, world)
        balance = Balance(root)
        allowed = [part for host in sorted(hosts) for part in ("--allow-private", host)]
        usual = 20.0  # s of a night, until one was measured
        for number in range(count):
            world.show(number)
            kills, shards = pick.choice(_KILLS), balance.shards
            done = 0
            for _ in range(kills):
                after = pick.uniform(0.3, usual)
                done += _run(root, number, "refresh", *allowed, kill_after=after).code == KILLED
            ended = _run(root, number, "refresh", "--json", *allowed)
            found.kills += done
            if ended.code not in (0, BROKE):
                told = (
                    f"night {number}: code {ended.code}: {(ended.stderr or ended.stdout)[-2000:]}"
                )
                found.problems.append(told)
                return found
            usual = 0.7 * usual + 0.3 * ended.seconds if done or number else ended.seconds
            found.problems += balance.close(world.urls(number), archives=1 + done)
            found.nights.append(_night(ended, balance, shards, done))
            if done == 0 and any(
                n > found.nights[-1].new_shards for n in found.nights[-1].worked.values()
            ):
                found.problems.append(f"night {number}: worked on {found.nights[-1].worked}")
            if number % 10 == 9:
                _release(root, number, found)
    if len(found.nights) >= 8 and found.growth("peak") > MEMORY_TOLERANCE:
        found.problems.append("memory grew from the second to the last quarter")
    if len(found.nights) >= 8 and found.growth("cpu") > CPU_TOLERANCE:
        found.problems.append("CPU grew from the second to the last quarter")
    return found


def _night(ended: Run, balance: Balance, shards: int, kills: int) -> Night:
    stages = json.loads(ended.stdout)["stages"]
    tables = balance.before
    return Night(
        documents=len(tables["documents"]),
        agreements=len(tables["agreements"]),
        cpu=ended.cpu_seconds,
        seconds=ended.seconds,
        peak=ended.peak_rss,
        worked={s["stage"]: s["shards"] - s["skipped"] for s in stages if s["stage"] != "build"},
        new_shards=balance.shards - shards,
        kills=kills,
    )


def _release(root: Path, night: int, found: Found) -> None:
    """Freeze the night's dataset, and check every release there is."""
    candidate = tables_of(root / "outputs" / "agreements")
    ended = _run(root, night, "release", "--json")
    if ended.code:
        found.problems.append(f"release after night {night}: {ended.stderr[-1500:]}")
        return
    found.releases.append(json.loads(ended.stdout)["version"])
    frozen = tables_of(root / "outputs" / "agreements-latest")
    if any(frozen[name] != candidate[name] for name in candidate if name != "changes"):
        found.problems.append(f"release {found.releases[-1]} is not its candidate")
    for version in found.releases:
        checked = _run(root, night, "validate", "--release", version)
        if checked.code:
            told = (checked.stdout + checked.stderr)[-1500:]
            found.problems.append(f"{version} after night {night}: {told}")


def show(found: Found) -> None:
    """Print the figures."""
    for number, n in enumerate(found.nights):
        if number % 5 == 4 or number == 0:
            print(
                f"night {number + 1:>2}: {n.documents:>4} documents, {n.agreements:>3} agreements,"
                f" {n.cpu:5.1f} s CPU, {n.seconds:5.1f} s, peak {n.peak / 1e6:.0f} MB,"
                f" {n.new_shards} new shards, worked on {max(n.worked.values(), default=0)}"
            )
    if len(found.nights) >= 4:
        print(
            f"{len(found.nights)} nights, {found.kills} kills, releases"
            f" {', '.join(found.releases) or 'none'}; last to second quarter: memory"
            f" {found.growth('peak'):+.1%}, CPU {found.growth('cpu'):+.1%}, documents"
            f" {found.growth('documents'):+.1%}"
        )
    for told in found.problems:
        print(f"  WRONG {told}")
