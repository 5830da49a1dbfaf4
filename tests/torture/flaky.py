"""A site on which 30 % of all answers go wrong, asked again and again until nothing is open.

Wrong are also robots.txt and feeds. The draw is by seed, address and number of the attempt, so that
a run can be repeated. After each run every address must have a state that ends or a time at which
it is tried again, and every payload in the archive must be the whole true one.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.torture import checks, content
from tests.torture.plan import Plan
from tests.torture.site import NOW, Site, ingest, prepare, served

COUNT = 2_000  # addresses
PER_HOST = 50
DEADLINE = 1.0  # s; low, so that stalls end soon
_STEP = timedelta(hours=3)  # between two runs
_RUNS = 80  # runs after which something is stuck: ten days of runs, waits end within seven
ENDED = ("fetched", "unchanged", "gone")


@dataclass
class Found:
    """What the runs came to."""

    urls: int = 0
    hosts: int = 0
    runs: int = 0
    requests: int = 0
    wrong_answers: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    after_first: Counter[str] = field(default_factory=Counter)
    payloads: int = 0
    longest: float = 0.0
    problems: list[str] = field(default_factory=list)


def _open(workspace: Path, found: Found) -> int:
    """Return how many addresses or feeds are still to be asked; one without a plan is a problem."""
    pages = checks.rows(workspace, "SELECT url, state, reason, next_due FROM documents")
    feeds = checks.rows(workspace, "SELECT url, status, next_due FROM feeds")
    found.states = Counter(page["state"] for page in pages)
    left = 0
    for page in pages:
        if page["state"] in ENDED:
            continue
        if page["next_due"] is not None:
            left += 1
        elif not page["reason"]:
            found.problems.append(f"{page['url']}: {page['state']}, no reason, never tried again")
        else:
            found.states["given up"] += 1
    left += sum(f["status"] != "ok" and f["next_due"] is not None for f in feeds)
    return left + (found.hosts - len(feeds))


def _true(site: Site) -> dict[str, str]:
    """Return the SHA-256 of each document's whole body by its address."""
    plan = site.plan
    return {
        f"{origin}{content.path_of(number)}": content.digest(plan.seed, origin, number)
        for origin in site.origins
        for number in range(plan.documents)
    }


def _check_payloads(workspace: Path, true: dict[str, str], found: Found) -> None:
    query = "SELECT url, payload_sha256 FROM captures WHERE role = 'document' AND kind = 'response'"
    captures = checks.rows(workspace, query)
    found.payloads = len(captures)
    for row in captures:
        if true.get(row["url"]) != row["payload_sha256"]:
            found.problems.append(f"{row['url']}: the archive holds another body than the true one")
    for url, number in Counter(row["url"] for row in captures).items():
        if number > 1:
            found.problems.append(f"{url}: {number} payloads of one unchanged document")


def _check_feeds(workspace: Path, site: Site, found: Found) -> None:
    numbers = range(site.plan.documents)
    true = {hashlib.sha256(content.feed(o, numbers)).hexdigest() for o in site.origins}
    query = "SELECT url, payload_sha256 FROM captures WHERE role = 'discovery'"
    for row in checks.rows(workspace, query):
        if row["payload_sha256"] not in true:
            found.problems.append(f"{row['url']}: a cut feed is in the archive")


def run(count: int, seed: int, *, keep: Path | None = None) -> Found:
    """Run until every address is settled, and return what came of it."""
    hosts, per_host = max(1, count // PER_HOST), min(count, PER_HOST)
    found = Found(urls=hosts * per_host, hosts=hosts)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Plan("flaky", hosts, per_host, seed, {"stall": DEADLINE + 1.0})) as site,
    ):
        workspace = prepare(
            (keep or Path(folder)) / "flaky",
            site,
            fetch={"min_delay_seconds": 0.05, "deadline_seconds": DEADLINE},
        )
        true = _true(site)
        for number in range(_RUNS):
            now = f"{datetime.fromisoformat(NOW) + number * _STEP:%Y-%m-%dT%H:%M:%SZ}"
            ended = ingest(workspace, site, now=now)
            found.runs += 1
            found.longest = max(found.longest, ended.seconds)
            if ended.code not in (0, 5):
                found.problems.append(f"run {number}: code {ended.code}: {ended.stderr[-1500:]}")
                break
            left = _open(workspace, found)
            if not number:
                found.after_first = found.states.copy()
            if not left:
                break
        else:
            found.problems.append(f"after {_RUNS} runs {left} addresses or feeds are still open")
        log = site.log()
        found.requests = len(log)
        found.wrong_answers = Counter(r.note for r in log if r.note)
        known = {r["url"] for r in checks.rows(workspace, "SELECT url FROM documents")}
        found.problems += [f"{url}: never discovered" for url in sorted(true.keys() - known)]
        _check_payloads(workspace, true, found)
        _check_feeds(workspace, site, found)
        found.problems += checks.consistency(workspace)
    return found


def show(found: Found) -> None:
    """Print the figures."""
    wrong = found.wrong_answers.total()
    print(
        f"{found.urls:,} addresses, {found.requests:,} requests in {found.runs} runs (the longest"
        f" {found.longest:.0f} s), {wrong:,} wrong answers ({wrong / max(1, found.requests):.0%})"
    )
    print("  " + ", ".join(f"{n} {kind}" for kind, n in sorted(found.wrong_answers.items())))
    print(f"after the first run: {dict(found.after_first)}; at the end: {dict(found.states)}")
    print(f"{found.payloads:,} payloads in the archive compared with the true ones")
    for told in found.problems[:20]:
        print(f"  WRONG {told}")
