"""Starts the torture server and our command as processes, and measures the command from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.torture.plan import Plan, Request

ROOT = Path(__file__).resolve().parents[2]
# Which checkout's command is tested: another one than this, to compare two versions.
CHECKOUT = Path(os.environ.get("TORTURE_CHECKOUT", ROOT))
NOW = "2026-11-24T02:00:00Z"
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Site:
    """A running server: its hosts, and how to ask it what it saw."""

    plan: Plan
    hosts: list[str]  # ``HOST:PORT`` of each
    control: int
    process: subprocess.Popen[str]

    @property
    def origins(self) -> list[str]:
        """The address of each host, without a slash at the end."""
        return [f"http://{host}" for host in self.hosts]

    def ask(self, **question: object) -> Any:
        """Ask the server's control port."""
        with socket.create_connection(("127.0.0.1", self.control), timeout=60) as sock:
            sock.sendall(json.dumps(question).encode() + b"\n")
            with sock.makefile("rb") as lines:
                return json.loads(lines.readline())

    def log(self, start: int = 0) -> list[Request]:
        """Return the requests that the server saw, from number ``start`` on."""
        return [Request(**row) for row in self.ask(ask="log", start=start)]

    def set(self, **options: object) -> None:
        """Change what the server shows."""
        self.plan.options.update(options)
        self.ask(ask="set", options=options)


@contextmanager
def served(plan: Plan) -> Iterator[Site]:
    """Run a server process for the length of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.torture.server", json.dumps(asdict(plan))],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Site(plan, told["hosts"], told["control"], process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def source_id(number: int) -> str:
    """Return the id of the source on a host."""
    return f"host-{number:04d}"


def prepare(
    workspace: Path,
    site: Site,
    *,
    fetch: Mapping[str, object] | None = None,
    entries: Callable[[int, str], Sequence[Mapping[str, object]]] | None = None,
    hosts: Sequence[int] | None = None,
    **source: object,
) -> Path:
    """Write a workspace: a configuration, and one source per host.

    Args:
        workspace: The folder; made if it is not there.
        site: The server.
        fetch: Keys of ``[fetch]`` beside the contact.
        entries: Gives the ``fetch`` list of a host by number and origin; default: its feed.
        hosts: Numbers of the hosts that get a source; default: all.
        source: Further keys of each source file.
    """
    folder = workspace / "corpus" / "sources" / "id"
    folder.mkdir(parents=True, exist_ok=True)
    values = {"contact": "torture@example.org", "min_delay_seconds": 0.05} | dict(fetch or {})
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    (workspace / "cityaccords.toml").write_text("\n".join(["[fetch]", *lines, ""]))
    for number in range(len(site.hosts)) if hosts is None else hosts:
        origin = site.origins[number]
        chosen = entries(number, origin) if entries else [feed_entry(origin)]
        known = {
            "id": source_id(number),
            "name": f"Host {number}",
            "publisher": f"Host {number}",
            "country": "ID",
            "timezone": "Asia/Jakarta",
            "languages": ["id"],
            "kind": "news",
            "homepage": f"{origin}/",
            "fetch": [dict(entry) for entry in chosen],
        }
        text = yaml.safe_dump(known | source, sort_keys=False)
        (folder / f"{source_id(number)}.yml").write_text(text)
    return workspace


def feed_entry(origin: str) -> dict[str, object]:
    """Return the entry of a source for its feed."""
    return {"method": "feed", "url": f"{origin}/feed.xml"}


@dataclass
class Sample:
    """The command at one moment: seconds since its start, resident bytes, CPU seconds, threads."""

    at: float
    rss: int
    cpu: float
    threads: int


@dataclass
class Run:
    """One finished run of our command. ``code`` is negative where a signal ended it."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_rss: int
    stdout: str
    stderr: str
    begun: float
    samples: list[Sample] = field(default_factory=list)
    is_cut: bool = False  # it did not end by itself within the limit

    def report(self) -> dict[str, Any]:
        """Return what ``--json`` printed."""
        return dict(json.loads(self.stdout))


def command(
    workspace: Path, site: Site, *arguments: str, now: str = NOW, refused: Sequence[int] = ()
) -> list[str]:
    """Return the command line of a run; hosts in ``refused`` are not let through the guard."""
    hosts = [host for number, host in enumerate(site.hosts) if number not in refused]
    allowed = [part for host in hosts for part in ("--allow-private", host)]
    head = [sys.executable, "-m", "pipeline", "--workspace", str(workspace), "--now", now]
    return [*head, *(arguments or ("ingest", "--json")), *allowed]


def ingest(
    workspace: Path,
    site: Site,
    *arguments: str,
    now: str = NOW,
    env: Mapping[str, str] | None = None,
    kill_after: float | None = None,
    kill_at: tuple[int, float] | None = None,
    sample_seconds: float = 0.25,
    limit_seconds: float = 1_800.0,
    refused: Sequence[int] = (),
) -> Run:
    """Run ``ingest`` as a process (group) of its own and wait for it.

    Args:
        workspace: As `prepare` made it.
        site: The server; its hosts are let through the address guard.
        arguments: Replace ``ingest --json``.
        now: The run's time.
        env: Further environment, ``CITYACCORDS_FAULT`` for instance.
        kill_after: Seconds after which the whole process group gets a SIGKILL.
        kill_at: Requests after which the server sends that signal, and how many seconds later.
        sample_seconds: Time between two looks at memory and CPU.
        refused: Numbers of hosts that stay forbidden private addresses.
        limit_seconds: A run that takes longer is killed and marked as cut.
    """
    out, err = workspace / "stdout.txt", workspace / "stderr.txt"
    begun = time.monotonic()
    with out.open("w") as stdout, err.open("w") as stderr:
        process = subprocess.Popen(
            command(workspace, site, *arguments, now=now, refused=refused),
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        if kill_at is not None:
            requests, delay = kill_at
            site.ask(ask="kill", group=process.pid, requests=requests, delay=delay)
        samples, usage, status = _watch(process, begun, kill_after, sample_seconds, limit_seconds)
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    run = Run(
        code=code,
        seconds=time.monotonic() - begun,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_rss=usage.ru_maxrss * 1024,
        stdout=out.read_text(),
        stderr=err.read_text(),
        begun=begun,
        samples=samples,
    )
    run.is_cut = kill_after is None and run.seconds >= limit_seconds
    return run


def _watch(
    process: subprocess.Popen[bytes],
    begun: float,
    kill_after: float | None,
    sample_seconds: float,
    limit_seconds: float,
) -> tuple[list[Sample], Any, int]:
    end = begun + (limit_seconds if kill_after is None else kill_after)
    samples: list[Sample] = []
    pause, looked = 0.002, 0.0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            return samples, usage, status
        now = time.monotonic()
        if now >= end:
            os.killpg(process.pid, signal.SIGKILL)
            end = now + 60.0
        if now - looked >= sample_seconds:
            looked = now
            sample = _sample(process.pid, now - begun)
            if sample is not None:
                samples.append(sample)
        time.sleep(min(pause, max(0.0, end - now)))
        pause = min(pause * 1.5, 0.02)


def _sample(pid: int, at: float) -> Sample | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return None
    cpu = (int(fields[11]) + int(fields[12])) / _TICK
    return Sample(at, int(fields[21]) * _PAGE, cpu, int(fields[17]))
