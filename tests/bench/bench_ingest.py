"""``python -m tests.bench.bench_ingest``: many polite hosts side by side, and a peer beside us.

Hosts on 127.0.0.1, each with a pause between two requests: the bound is hosts ÷ pause. Per host
the ratio is (n - 1) × pause ÷ (end of the last request - end of the first); 1.00 is the bound.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.torture.plan import Plan, Request
from tests.torture.site import ROOT, Run, Site, ingest, prepare, served

GOAL = 0.95  # of the bound, on two cores: the figure


def ratios(log: list[Request], delay: float) -> dict[str, float]:
    """Return how near the requests of a log come to the bound of one per ``delay`` and host."""
    hosts: dict[int, list[Request]] = {}
    for request in log:
        hosts.setdefault(request.host, []).append(request)
    spans = [
        ((len(found) - 1) * delay, found[-1].ended - found[0].ended)
        for found in (sorted(f, key=lambda r: r.begun) for f in hosts.values())
        if len(found) > 1
    ]
    each = sorted(bound / max(taken, 1e-9) for bound, taken in spans)
    begun, ended = min(r.begun for r in log), max(r.ended for r in log)
    return {
        "hosts": len(hosts),
        "requests": len(log),
        "median": statistics.median(each),
        "slowest": each[0],
        "total": sum(b for b, _ in spans) / sum(t for _, t in spans),
        "wall_seconds": ended - begun,
        "requests_per_second": len(log) / (ended - begun),
        "wall": (len(log) - len(hosts)) / (ended - begun) / (len(hosts) / delay),
    }


def steady_cpu(run: Run, log: list[Request]) -> float:
    """Return CPU milliseconds per request between the first and the last tenth of the requests."""
    ends = sorted(r.ended - run.begun for r in log)
    first, last = ends[len(ends) // 10], ends[len(ends) * 9 // 10]
    inside = [s for s in run.samples if first <= s.at <= last]
    if len(inside) < 2:
        return float("nan")
    made = sum(inside[0].at < end <= inside[-1].at for end in ends)
    return 1000 * (inside[-1].cpu - inside[0].cpu) / max(1, made)


def measure(site: Site, workspace: Path, delay: float) -> dict[str, float]:
    """Run ``ingest`` once over all hosts and return the figures."""
    prepare(workspace, site, fetch={"min_delay_seconds": delay})
    before = site.ask(ask="stats")
    run = ingest(workspace, site)
    after = site.ask(ask="stats")
    log = site.log(before["requests"])
    if run.code:
        raise SystemExit(f"ingest ended with {run.code}:\n{run.stderr[-2000:]}")
    totals = {k: sum(s[k] for s in run.report()["sources"]) for k in ("fetched", "failed")}
    archive = workspace / "corpus" / "archive"
    return ratios(log, delay) | {
        "fetched": totals["fetched"],
        "failed": totals["failed"],
        "seconds": run.seconds,
        "cpu_ms_per_request": 1000 * run.cpu_seconds / len(log),
        "cpu_ms_steady": steady_cpu(run, log),
        "cpu_cores": run.cpu_seconds / run.seconds,
        "server_cpu_ms": 1000 * (after["cpu_seconds"] - before["cpu_seconds"]) / len(log),
        "server_lag_ms": 1000 * after["lag_seconds"],
        "peak_rss_mb": run.peak_rss / 1e6,
        "threads": max((s.threads for s in run.samples), default=0),
        "archive_mb": sum(p.stat().st_size for p in archive.glob("*.warc.gz")) / 1e6,
        "disallowed": sum(r.path.startswith("/private/") for r in log),
    }


def show(found: dict[str, float], delay: float) -> None:
    """Print the figures of one run."""
    hosts = int(found["hosts"])
    print(
        f"{hosts} hosts, {int(found['requests']):,} requests, pause {delay:g} s:"
        f" bound {hosts / delay:.0f} requests/s, reached {found['requests_per_second']:.0f}"
    )
    print(
        f"  of the bound: median host {found['median']:.3f}, all hosts {found['total']:.3f},"
        f" slowest host {found['slowest']:.3f}, by the clock from first to last"
        f" request {found['wall']:.3f} (goal {GOAL})"
    )
    print(
        f"  CPU per request: {found['cpu_ms_per_request']:.2f} ms with start and end,"
        f" {found['cpu_ms_steady']:.2f} ms in the middle; server {found['server_cpu_ms']:.2f} ms,"
        f" its longest pause {found['server_lag_ms']:.0f} ms"
    )
    print(
        f"  {int(found['fetched']):,} fetched, {int(found['failed'])} failed in"
        f" {found['seconds']:.1f} s on {found['cpu_cores']:.2f} cores; peak"
        f" {found['peak_rss_mb']:.0f} MB, {int(found['threads'])} threads; archive"
        f" {found['archive_mb']:.1f} MB; load {os.getloadavg()[0]:.1f}"
    )


def true_documents(log: list[Request]) -> int:
    """Return how many different documents were handed out whole."""
    found = {(r.host, r.path.partition("?")[0]) for r in log if r.status == 200}
    return sum(path.startswith("/doc/") for _, path in found)


def _entries(number: int, origin: str) -> list[dict[str, object]]:
    del number
    paths = (("feed", "feed.xml"), ("sitemap", "sitemap.xml"), ("listing", "news"))
    made = [{"method": method, "url": f"{origin}/{path}"} for method, path in paths]
    # Index pages are told by pattern, as a source file would: the numbers of this site are short.
    return [e | ({"link_pattern": "/doc/"} if e["method"] == "listing" else {}) for e in made]


def _compared(log: list[Request], kept: int, delay: float) -> str:
    """Return one side of the comparison in words."""
    found = ratios(log, delay)
    asked = [r.path for r in log]
    extra = len(log) - len({(r.host, r.path) for r in log})
    return (
        f"{true_documents(log):,} documents, {len(log):,} requests ({extra} of them repeated,"
        f" {sum(p.endswith('utm_source=feed') for p in asked)} by a tracking address),"
        f" {sum(p.startswith('/private') for p in asked)} disallowed; kept {kept / 1e6:.1f} MB;"
        f" {found['requests_per_second']:.0f} requests/s, {found['total']:.3f} of the bound"
    )


def beside_peer(python: str, hosts: int, documents: int, delay: float, folder: Path) -> None:
    """Fetch the same hosts with our command and with Scrapy, and print both."""
    plan = Plan("press", hosts, documents, options={"spread": True})
    print(f"beside a peer: {hosts} hosts, each with {documents} documents in feed, maps and pager")
    with served(plan) as site:
        workspace = prepare(
            folder / "press", site, fetch={"min_delay_seconds": delay}, entries=_entries
        )
        run = ingest(workspace, site)
        log = site.log()
        kept = sum(p.stat().st_size for p in (workspace / "corpus/archive").glob("*.warc.gz"))
        print(f"  City Accords: {_compared(log, kept, delay)} as WARC, with all headers")
        print(f"    {1000 * run.cpu_seconds / len(log):.2f} ms CPU per request, code {run.code}")
        out = folder / "items.jsonl"
        wanted = {"origins": site.origins, "delay": delay, "out": str(out)}
        peer = [python, str(ROOT / "tests/bench/peer_scrapy.py"), json.dumps(wanted)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(peer, cwd=folder, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            print(f"  Scrapy failed:\n{done.stderr[-1500:]}")
            return
        log = site.log(len(log))
        print(f"  Scrapy: {_compared(log, out.stat().st_size, delay)} as items, without headers")
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"    {1000 * used / len(log):.2f} ms CPU per request")


def _peer_python(given: str) -> str | None:
    """Return a Python that has Scrapy, or None."""
    test = [given, "-c", "import scrapy"]
    try:
        found = subprocess.run(test, capture_output=True, check=False).returncode == 0
    except OSError:
        found = False
    return given if found else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--documents", type=int, default=40, help="documents per host")
    parser.add_argument("--delay", type=float, default=0.5, help="s between requests to one host")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--peer-hosts", type=int, default=50, help="hosts beside the peer; 0: none")
    parser.add_argument(
        "--peer", default=sys.executable, help="a Python that has Scrapy (no dependency of ours)"
    )
    wanted = parser.parse_args()
    plan = Plan("plain", wanted.hosts, wanted.documents)
    with tempfile.TemporaryDirectory() as folder:
        with served(plan) as site:
            found = measure(site, Path(folder) / "ours", wanted.delay)
        if wanted.json:
            print(json.dumps(found, indent=1))
            return
        show(found, wanted.delay)
        if not wanted.peer_hosts:
            return
        python = _peer_python(wanted.peer)
        if python is None:
            print(
                f"no peer: {wanted.peer} has no Scrapy. For the comparison: python3 -m venv DIR,"
                " DIR/bin/pip install scrapy, and --peer DIR/bin/python"
            )
            return
        beside_peer(python, wanted.peer_hosts, wanted.documents, wanted.delay, Path(folder))


if __name__ == "__main__":
    main()
