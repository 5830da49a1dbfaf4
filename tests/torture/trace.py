"""Manners, read off the server's log: pace, one at a time, robots.txt, Retry-After, 304.

Six kinds of hosts (`scenes.Manners`) are fetched in several runs straight after each other, one of
them killed. On the log of all runs, of any two requests to one host in a row, the second begins at
least the host's pause after the first ended. The pause is the greatest of the configured one, the
Crawl-delay, and five times what the answer before took.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.torture.plan import Plan, Request
from tests.torture.site import NOW, Run, Site, feed_entry, ingest, prepare, served, source_id

COUNT = 1_200  # addresses of the part that measures 304; the part on pace has its own few
KINDS = ("plain", "delay", "slow", "moved", "retry", "private")
DELAY, CRAWL_DELAY, LATENCY, RETRY = 0.2, 3.0, 0.15, 7_200
SLACK = 0.0005  # s: for the rounding of clocks; the server's log never makes a pause look shorter
LONGEST = 30.0  # s; the pause after a slow answer never grows beyond
UNCHANGED = 0.95  # least share of requests of a second run that are 304 or left out
_PER_HOST = 60


@dataclass
class Found:
    """What the log told."""

    runs: int = 0
    pace_runs: int = 0
    requests: int = 0
    hosts: int = 0
    pairs: int = 0
    too_close: int = 0
    overlaps: int = 0
    closest: dict[str, float] = field(default_factory=dict)  # pause ÷ what was due, by kind
    disallowed: int = 0
    lag: float = 0.0
    shares: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def pauses(
    log: Sequence[Request], kind: str, crawl_delay: float
) -> list[tuple[float, float, Request]]:
    """Return, for each request but the first of one host: its pause, the least one, the request."""
    ordered = sorted(log, key=lambda r: r.begun)
    pairs = []
    robots_seen = False
    for before, after in itertools.pairwise(ordered):
        robots_seen = robots_seen or before.path == "/robots.txt"
        declared = crawl_delay if kind == "delay" and robots_seen else 0.0
        latency = min(LONGEST, 5 * (before.ended - before.begun))
        pairs.append((after.begun - before.ended, max(DELAY, declared, latency), after))
    return pairs


def check_pace(site: Site, log: Sequence[Request], found: Found) -> None:
    """Enter what a log says about pace."""
    kinds = site.plan.options["kinds"]
    for host, kind in enumerate(kinds):
        own = [r for r in log if r.host == host]
        found.hosts += bool(own)
        for pause, least, request in pauses(own, kind, site.plan.options["crawl_delay"]):
            found.pairs += 1
            found.overlaps += pause < 0
            found.closest[kind] = min(found.closest.get(kind, 99.0), pause / least)
            if pause < least - SLACK:
                found.too_close += 1
                found.problems.append(
                    f"{kind} host {host}: {request.path} came {pause:.3f} s after the end of the"
                    f" request before, {least:.3f} s were due"
                )
    found.disallowed = sum(r.path.startswith("/private") for r in log)
    if found.disallowed:
        found.problems.append(f"{found.disallowed} requests for what robots.txt forbids")
    unasked = {r.host for r in log} - {r.host for r in log if r.path == "/robots.txt"}
    if unasked:
        found.problems.append(f"hosts {sorted(unasked)} were never asked for robots.txt")


def _at(days: float = 0, seconds: float = 0) -> str:
    moment = datetime.fromisoformat(NOW) + timedelta(days=days, seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _ran(run: Run, found: Found, codes: Sequence[int] = (0,)) -> Run:
    found.runs += 1
    if run.code not in codes:
        found.problems.append(f"run {found.runs}: code {run.code}: {run.stderr[-1500:]}")
    return run


def _check_retry(site: Site, workspace: Path, found: Found) -> None:
    """Run within and after the wait that a Retry-After asked for."""
    host = site.plan.options["kinds"].index("retry")
    own = [r for r in site.log() if r.host == host]
    refused = next((n for n, r in enumerate(own) if r.status == 503), None)
    if refused is None or own[refused + 1 :]:
        found.problems.append("the host that said Retry-After was asked again in the same run")
    for seconds, is_due in ((RETRY - 60, False), (RETRY + 60, True)):
        before = len(site.log())
        _ran(ingest(workspace, site, now=_at(seconds=seconds)), found)
        asked = any(r.host == host for r in site.log(before))
        if asked != is_due:
            told = "was not asked after" if is_due else "was asked before"
            found.problems.append(f"the host that said Retry-After {told} its time")


def pace(seed: int, folder: Path, *, documents: int = 8, crawl_delay: float = CRAWL_DELAY) -> Found:
    """Run the part on pace: several runs over hosts of each kind, and the check of their log."""
    found = Found()
    options = {
        "kinds": [*KINDS, "moved"],
        "crawl_delay": crawl_delay,
        "latency": LATENCY,
        "retry": RETRY,
    }
    with served(Plan("manners", len(KINDS) + 1, documents, seed, options)) as site:
        origins = site.origins
        fetch = {"min_delay_seconds": DELAY}

        def entries(number: int, origin: str) -> list[dict[str, object]]:
            # A host that moved its documents to the next one counts that one among its own.
            onward = origins[(number + 1) % len(origins)]
            moved = options["kinds"][number] == "moved"  # type: ignore[index]
            return [feed_entry(origin), *([feed_entry(onward)] if moved else [])]

        workspace = prepare(folder / "pace", site, fetch=fetch, entries=entries)
        _second_source(workspace, origins[0])
        _ran(ingest(workspace, site), found)
        _check_retry(site, workspace, found)
        killed = ingest(workspace, site, now=_at(31), kill_at=(20, 0.0))
        _ran(killed, found, codes=(-9,))
        _ran(ingest(workspace, site, now=_at(31)), found)
        log = site.log()
        found.requests, found.pace_runs = len(log), found.runs
        found.lag = site.ask(ask="stats")["lag_seconds"]
        check_pace(site, log, found)
    return found


def _second_source(workspace: Path, origin: str) -> None:
    """Add a second source on the first host: two sources, one host, one pace."""
    folder = workspace / "corpus" / "sources" / "id"
    text = (folder / f"{source_id(0)}.yml").read_text()
    text = text.replace(f"id: {source_id(0)}", "id: second", 1)
    text = text.replace(f"{origin}/feed.xml", f"{origin}/sitemap.xml")
    (folder / "second.yml").write_text(text.replace("method: feed", "method: sitemap"))


def unchanged(urls: int, seed: int, folder: Path, found: Found) -> None:
    """Fetch a site, then again a day and a month later: what is asked, and what answers 304."""
    hosts = max(1, urls // _PER_HOST)
    with served(Plan("plain", hosts, min(urls, _PER_HOST), seed)) as site:
        fetch = {"min_delay_seconds": 0.05}
        workspace = prepare(folder / "unchanged", site, fetch=fetch)
        _ran(ingest(workspace, site), found)
        known = hosts * site.plan.documents
        for days in (1, 31):
            before = len(site.log())
            _ran(ingest(workspace, site, now=_at(days)), found)
            log = site.log(before)
            same = sum(r.status == 304 for r in log)
            asked = len({(r.host, r.path) for r in log if r.path.startswith("/doc/")})
            skipped = known - asked
            share = (same + skipped) / max(1, len(log) + skipped)
            found.shares.append(
                f"after {days} days: {known:,} addresses, {len(log):,} requests, {same:,} of them"
                f" 304, {skipped:,} addresses left out: {share:.1%} 304 or left out"
            )
            if share < UNCHANGED:
                found.problems.append(f"after {days} days only {share:.1%} were 304 or left out")


def run(count: int, seed: int, *, keep: Path | None = None) -> Found:
    """Run both parts."""
    with tempfile.TemporaryDirectory() as folder:
        root = keep or Path(folder)
        found = pace(seed, root)
        unchanged(count, seed, root, found)
    return found


def show(found: Found) -> None:
    """Print the figures."""
    print(
        f"{found.requests} requests to {found.hosts} hosts in {found.pace_runs} runs: {found.pairs}"
        f" pairs of neighbours, {found.too_close} too close, {found.overlaps} at once;"
        f" {found.disallowed} disallowed; the server was late by {found.lag * 1000:.0f} ms at most"
    )
    for kind, ratio in sorted(found.closest.items()):
        print(f"  {kind:8} shortest pause ÷ pause that was due: {ratio:.3f}")
    for line in found.shares:
        print(f"  {line}")
    for told in found.problems[:20]:
        print(f"  WRONG {told}")
