"""20,000 documents in one run: resident memory over time must be flat.

Looked at every quarter second from outside. Compared are the second and the last quarter of the
time between the first and the last request; the first quarter holds the start.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.plan import Plan
from tests.torture.site import ingest, prepare, served

COUNT = 20_000
HOSTS = 200
TOLERANCE = 0.10  # growth from the second to the last quarter: noise of the allocator, no leak
LIMIT = 300_000_000  # bytes; the figure for a run under attack, so all the more for this


@dataclass
class Found:
    """What was measured; bytes."""

    urls: int = 0
    requests: int = 0
    seconds: float = 0.0
    quarters: tuple[float, ...] = ()
    peak: int = 0
    problems: list[str] = field(default_factory=list)


def run(count: int, seed: int, *, keep: Path | None = None) -> Found:
    """Fetch ``count`` documents and return how memory went."""
    per_host = max(1, count // HOSTS)
    found = Found(urls=per_host * HOSTS)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Plan("plain", HOSTS, per_host, seed)) as site,
    ):
        fetch = {"min_delay_seconds": 0.05}
        workspace = prepare((keep or Path(folder)) / "memory", site, fetch=fetch)
        ended = ingest(workspace, site)
        log = site.log()
    found.requests, found.seconds, found.peak = len(log), ended.seconds, ended.peak_rss
    if ended.code:
        found.problems.append(f"code {ended.code}: {ended.stderr[-1500:]}")
        return found
    begun, end = log[0].begun - ended.begun, max(r.ended for r in log) - ended.begun
    length = (end - begun) / 4
    found.quarters = tuple(
        statistics.mean(
            [s.rss for s in ended.samples if 0 <= s.at - begun - n * length <= length] or [0]
        )
        for n in range(4)
    )
    fetched = sum(source["fetched"] for source in ended.report()["sources"])
    if fetched != found.urls:
        found.problems.append(f"{fetched:,} documents fetched, not {found.urls:,}")
    if found.quarters[3] > found.quarters[1] * (1 + TOLERANCE):
        found.problems.append("memory grew from the second to the last quarter")
    if found.peak > LIMIT:
        found.problems.append(f"peak above {LIMIT / 1e6:.0f} MB")
    return found


def show(found: Found) -> None:
    """Print the figures."""
    quarters = " ".join(f"{value / 1e6:.1f}" for value in found.quarters)
    growth = found.quarters[3] / found.quarters[1] - 1 if found.quarters else float("nan")
    print(
        f"{found.urls:,} documents of {HOSTS} hosts, {found.requests:,} requests in"
        f" {found.seconds:.0f} s: mean MB by quarter {quarters}, peak {found.peak / 1e6:.1f} MB,"
        f" last to second quarter {growth:+.1%} (tolerance {TOLERANCE:.0%})"
    )
    for told in found.problems:
        print(f"  WRONG {told}")
