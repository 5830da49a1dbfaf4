"""Every attack in one run, beside hosts that behave: nothing hangs, grows, or holds others up.

Each attack is a host of its own, so the server's log tells how long each was listened to. One more
server port is not let through the address guard: any request there, by whatever spelling of the
loopback address, is a failure.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture import attacks, checks
from tests.torture.plan import Plan, Request
from tests.torture.site import Site, ingest, prepare, served, source_id

COUNT = 1  # runs
DOCUMENTS, HEALTHY = 12, 10
DEADLINE, DELAY = 3.0, 0.2
OVERTIME = 2.0  # s after the deadline by which each attack must be over
MEMORY = 300_000_000  # bytes
LIMIT = 300.0  # s; the whole run: five attacks in a row on a host, with rests of 15 s, need 90
HELD_UP = 1.5  # so much longer healthy hosts may take than without attacks beside them
_CANARY = 0  # number of the host that must never be asked
_SPELLINGS = (
    "127.0.0.1 localhost LOCALHOST 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.1 "
    "127.0.1 127.0.0.1. 127.0.0.2 127.255.255.254 0.0.0.0 0 [::1] [::] [::ffff:127.0.0.1] "
    "[::ffff:7f00:1] [0:0:0:0:0:0:0:1] [::127.0.0.1] %31%32%37.0.0.1 127%2e0%2e0%2e1 "
    "①②⑦.⓪.⓪.① 127。0。0。1 user@127.0.0.1 example.org@127.0.0.1 127.0.0.1%00.example.org "
    "localhost.localdomain ip6-localhost"
).split()
_IN_FEEDS = (
    "slow-head slow-body silent endless continues many-headers cut-chunks bomb-gzip bomb-br "
    "entities-feed entities-map quadratic deep deep-html million-links binary redirect-loop "
    "too-large endless-gzip"
).split()


@dataclass
class Found:
    """What the attacks came to."""

    attacks: int = 0
    requests: int = 0
    seconds: float = 0.0
    longest: tuple[float, str] = (0.0, "")
    peak: int = 0
    code: int = 0
    forbidden: int = 0
    disallowed: int = 0
    alone: float = 0.0
    beside: float = 0.0
    gap_alone: float = 0.0
    gap_beside: float = 0.0
    kept: int = 0
    problems: list[str] = field(default_factory=list)


def roles(port: str) -> list[str]:
    """Return the role of each host; the first is the one that must not be asked."""
    own = [attacks.HEALTHY] * HEALTHY
    own += [f"doc:{name}" for name in (*attacks.WIRE, *attacks.BODIES) if name != "robots-5xx"]
    own += [f"feed:{name}" for name in _IN_FEEDS]
    own += [f"robots:{name}" for name in attacks.SHUT]
    own += [f"trap:{name}" for name in attacks.TRAPS]
    own += [f"lure:http://{name}:{port}/" for name in _SPELLINGS]
    return ["canary", *own]


def _entries(role: str, origin: str) -> list[dict[str, object]]:
    kinds = {
        "feed:entities-map": ("sitemap", "/sitemap.xml"),
        "feed:million-links": ("listing", "/news"),
        "feed:deep-html": ("listing", "/news"),
        "trap:pager": ("listing", "/news"),
        "trap:calendar": ("listing", "/news"),
        "trap:map-of-maps": ("sitemap", "/sitemap.xml"),
    }
    method, path = kinds.get(role, ("feed", "/feed.xml"))
    made: list[dict[str, object]] = [{"method": method, "url": f"{origin}{path}"}]
    if role.startswith("lure:"):
        made.append({"method": "sitemap", "url": f"{origin}/sitemap.xml"})
    return made


def _workspace(folder: Path, site: Site, chosen: Sequence[str], hosts: Sequence[int]) -> Path:
    """Write the sources; to a lure the bad address is its own, so that only the guard is left."""
    fetch = {"min_delay_seconds": DELAY, "deadline_seconds": DEADLINE, "max_pages": 60}
    workspace = prepare(
        folder,
        site,
        fetch=fetch,
        hosts=hosts,
        entries=lambda number, origin: _entries(chosen[number], origin),
    )
    for number in hosts:
        where, _, bad = chosen[number].partition(":")
        path = workspace / "corpus" / "sources" / "id" / f"{source_id(number)}.yml"
        text = path.read_text()
        if where == "lure" and "@" not in bad and "%" not in bad:
            text = text.replace(f"homepage: {site.origins[number]}/", f"homepage: '{bad}'")
        if chosen[number] == attacks.HEALTHY:
            text += f"assertions: {{min_documents: {DOCUMENTS}}}\n"
        path.write_text(text)
    return workspace


def _pace(log: Sequence[Request], hosts: Sequence[int]) -> tuple[float, float]:
    """Return how long healthy hosts took, the slowest of them, and the longest gap between two."""
    longest = gap = 0.0
    for host in hosts:
        own = sorted((r for r in log if r.host == host), key=lambda r: r.begun)
        longest = max(longest, own[-1].ended - own[0].begun if own else 0.0)
        gaps = [after.begun - before.ended for before, after in itertools.pairwise(own)]
        gap = max(gap, *gaps, 0.0)
    return longest, gap


def _check_log(log: Sequence[Request], found: Found) -> None:
    limit = DEADLINE + OVERTIME
    for request in log:
        taken = request.ended - request.begun if request.ended else float("inf")
        found.longest = max(found.longest, (taken, f"{request.note} {request.path}"))
        if taken > limit:
            found.problems.append(f"{request.note}: {request.path[:60]} took {taken:.1f} s")
        where, _, name = request.note.partition(":")
        if where == "robots" and name in attacks.SHUT and request.path != "/robots.txt":
            found.disallowed += 1
            found.problems.append(f"{request.note}: {request.path} was asked for all the same")
        if request.path.startswith("/private"):
            found.disallowed += 1
            found.problems.append(f"{request.note}: {request.path} is disallowed")
        if request.host == _CANARY:
            found.forbidden += 1
            host = request.headers.get("host", "")
            found.problems.append(f"a forbidden address was asked: {host}{request.path}")


def _check_kept(workspace: Path, found: Found) -> None:
    """No payload of an attack that cuts or never ends may be kept as a document."""
    query = "SELECT url, source_id FROM captures WHERE role = 'document' AND kind = 'response'"
    found.kept = len(checks.rows(workspace, query))
    found.problems += checks.consistency(workspace)


def _check_exit(workspace: Path, site: Site, number: int, found: Found) -> None:
    """A source that asserts documents and gets none must end in 5."""
    path = workspace / "corpus" / "sources" / "id" / f"{source_id(number)}.yml"
    path.write_text(path.read_text() + "assertions: {min_documents: 100}\n")
    run = ingest(workspace, site, "ingest", "--source", source_id(number), refused=(_CANARY,))
    if run.code != 5:
        found.problems.append(f"a source that broke its assertion ended with {run.code}, not 5")


def _once(seed: int, folder: Path, found: Found) -> None:
    chosen = roles("0")
    options = {"roles": chosen, "everywhere": [_CANARY]}
    with served(Plan("hostile", len(chosen), DOCUMENTS, seed, options)) as site:
        chosen = roles(site.hosts[_CANARY].rpartition(":")[2])
        site.set(roles=chosen)
        healthy = [n for n, role in enumerate(chosen) if role == attacks.HEALTHY]
        alone = ingest(
            _workspace(folder / "alone", site, chosen, healthy), site, refused=(_CANARY,)
        )
        if alone.code:
            found.problems.append(f"without attacks: code {alone.code}: {alone.stderr[-1500:]}")
        found.alone, found.gap_alone = _pace(site.log(), healthy)
        start = len(site.log())
        workspace = _workspace(folder / "hostile", site, chosen, range(1, len(chosen)))
        run = ingest(workspace, site, refused=(_CANARY,), limit_seconds=LIMIT)
        log = site.log(start)
        found.attacks, found.requests = len(chosen) - 1 - HEALTHY, len(log)
        found.seconds, found.peak, found.code = run.seconds, run.peak_rss, run.code
        found.beside, found.gap_beside = _pace(log, healthy)
        _check_log(log, found)
        if run.code == 0:
            _check_kept(workspace, found)
            _check_exit(workspace, site, chosen.index("doc:silent"), found)
    if run.is_cut:
        found.problems.append(f"the run had not ended after {LIMIT:g} s and was killed")
    elif run.code:
        found.problems.append(
            f"code {run.code}, single failures are no error: {run.stderr[-1500:]}"
        )
    if found.peak > MEMORY:
        found.problems.append(f"peak {found.peak / 1e6:.0f} MB, limit {MEMORY / 1e6:.0f} MB")
    if found.beside > HELD_UP * found.alone:
        found.problems.append("healthy hosts were held up")


def run(count: int, seed: int, *, keep: Path | None = None) -> Found:
    """Attack ``count`` times."""
    found = Found()
    for number in range(count):
        with tempfile.TemporaryDirectory() as folder:
            _once(seed + number, (keep or Path(folder)) / f"hostile-{number}", found)
    return found


def show(found: Found) -> None:
    """Print the figures."""
    print(
        f"{found.attacks} hosts attack, {found.requests} requests in {found.seconds:.0f} s, exit"
        f" code {found.code}; the longest attack took {found.longest[0]:.2f} s"
        f" ({found.longest[1]}), limit {DEADLINE + OVERTIME:g} s; peak {found.peak / 1e6:.0f} MB"
    )
    print(
        f"requests to forbidden addresses {found.forbidden} ({len(_SPELLINGS)} spellings), to"
        f" disallowed paths {found.disallowed}"
    )
    print(
        f"{HEALTHY} healthy hosts: {found.beside:.1f} s beside the attacks, {found.alone:.1f} s"
        f" alone; longest gap {found.gap_beside:.1f} s and {found.gap_alone:.1f} s"
    )
    for told in found.problems[:40]:
        print(f"  WRONG {told}")
