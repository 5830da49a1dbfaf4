"""Visits hosts politely: one request at a time, after a pause, where robots.txt allows it.

Several threads may share a visitor. Each host has a gate that lets one request through at a time
and keeps the pause after it; robots.txt and every redirect pass through the same gates. There is no
switch that turns this off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pipeline import robots
from pipeline.catalog_rows import Host, Robots
from pipeline.config import FetchConfig
from pipeline.urls import host_of
from pipeline.web import Failed, Fetched, Outcome, Redirect, Transport

_LATENCY_FACTOR = 5.0  # Heritrix: a host that needs 2 s for an answer gets 10 s of rest
_LATENCY_DELAY = 30.0  # s; Heritrix's limit for that rest
_FAILURES = 5  # temporary failures in a row, after which a host is left alone for this run
_HOST_SECONDS = 7_200.0  # a host whose pauses are long gets two hours of a run, not all night
_ROBOTS_AGE = timedelta(hours=24)  # RFC 9309, 2.4


def user_agent(version: str, contact: str) -> str:
    """Return the honest name of this crawler: what it is, and where to complain."""
    shown = f"mailto:{contact}" if "@" in contact and "://" not in contact else contact
    return f"{robots.AGENT}/{version} (+{shown})"


@dataclass(slots=True)
class _Gate:
    """The state of one host, guarded by its lock."""

    host: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended_at: float = 0.0  # monotonic seconds, of the last request
    begun_at: float = 0.0  # of the first request in this run
    last_request_at: datetime | None = None
    latency: float = 0.0
    not_before: datetime | None = None
    failures: int = 0


class Visitor:
    """Asks for addresses on behalf of one run."""

    def __init__(
        self,
        config: FetchConfig,
        agent: str,
        *,
        now: datetime,
        hosts: Iterable[Host] = (),
        known_robots: Iterable[Robots] = (),
        allow_private: frozenset[str] = frozenset(),
        pause: Callable[[float], bool | None] = time.sleep,
    ) -> None:
        """Begin with what former runs learnt.

        Args:
            config: Limits and the least pause.
            agent: The ``User-Agent``, see `user_agent`.
            now: The run's time: robots.txt ages and host pauses count by it.
            hosts: Pace of hosts as the catalog remembers it.
            known_robots: robots.txt files as the catalog remembers them.
            allow_private: ``HOST:PORT`` names that may have private addresses.
            pause: Waits for seconds; true if the run was stopped meanwhile.
        """
        self._config, self._agent, self._now = config, agent, now
        self._allow_private, self._pause = allow_private, pause
        self._guard = threading.Lock()
        self._local = threading.local()
        self._gates = {h.host: _gate_of(h) for h in hosts}
        self._robots = {r.origin: r for r in known_robots if self._is_fresh(r)}
        self._robots_locks: dict[str, threading.Lock] = {}

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        stays: Callable[[str], bool] = lambda _: True,
    ) -> Outcome:
        """Ask for one address and follow its redirects, politely.

        Args:
            url: A canonical address.
            etag: Sent back as it came.
            last_modified: Sent back as it came.
            stays: Tells whether a redirect's target may be asked; other hosts are left in peace.
        """
        return self._follow(url, etag, last_modified, stays=stays, is_robots=False)

    def _follow(
        self,
        url: str,
        etag: str | None,
        last_modified: str | None,
        *,
        stays: Callable[[str], bool],
        is_robots: bool,
    ) -> Outcome:
        for _ in range(self._config.max_redirects + 1):
            closed = self._closed(self._gate(url))
            if closed is not None:
                return Failed(url=url, reason=closed, kind="later")
            if not is_robots and not self.allows(url):
                verdict = self._robots_of(url).verdict
                told = "by robots.txt" if verdict == robots.RULES else "robots.txt not readable"
                temporary = verdict == robots.UNREACHABLE
                return Failed(url=url, reason=told, kind="disallowed", temporary=temporary)
            outcome = self._ask(url, etag, last_modified)
            if not isinstance(outcome, Redirect):
                return outcome
            if not stays(outcome.target):
                return Failed(url=url, reason="redirects to another site")
            url = outcome.target
        return Failed(url=url, reason=f"more than {self._config.max_redirects} redirects")

    def allows(self, url: str) -> bool:
        """Tell whether robots.txt lets us ask for an address; it is fetched if need be."""
        known = self._robots_of(url)
        return robots.allows(known.verdict, known.text, url)

    def verdict(self, url: str) -> str:
        """Say in one word what robots.txt says of an address."""
        if self._robots_of(url).verdict == robots.UNREACHABLE:
            return "unreadable"
        return "allowed" if self.allows(url) else "disallowed"

    def _robots_of(self, url: str) -> Robots:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._guard:
            known = self._robots.get(origin)
            lock = self._robots_locks.setdefault(origin, threading.Lock())
        if known is not None:
            return known
        with lock:  # two threads must not both ask; no gate is held here, so no cycle can form
            with self._guard:
                known = self._robots.get(origin)
            if known is None:
                known = self._fetch_robots(origin)
                with self._guard:
                    self._robots[origin] = known
            return known

    def _fetch_robots(self, origin: str) -> Robots:
        outcome = self._follow(
            f"{origin}/robots.txt", None, None, stays=lambda _: True, is_robots=True
        )
        verdict, text = robots.UNREACHABLE, None
        if isinstance(outcome, Fetched):
            verdict, text = robots.RULES, robots.decode(outcome.payload)
        elif isinstance(outcome, Failed) and outcome.status:
            verdict = robots.verdict_of(outcome.status)
        elif isinstance(outcome, Failed) and "redirects" in outcome.reason:
            verdict = robots.MISSING  # RFC 9309, 2.3.1.2: more than five count as unavailable
        checked_at = f"{self._now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return Robots(origin=origin, verdict=verdict, text=text, checked_at=checked_at)

    def _is_fresh(self, row: Robots) -> bool:
        age = self._now - datetime.fromisoformat(row.checked_at)
        return row.verdict != robots.UNREACHABLE and timedelta(0) <= age < _ROBOTS_AGE

    def _ask(self, url: str, etag: str | None, last_modified: str | None) -> Outcome | Redirect:
        """Make one request through the gate of its host."""
        gate = self._gate(url)
        with gate.lock:
            closed = self._closed(gate)
            wait = self._wait_of(gate)
            if closed is None and time.monotonic() + wait - gate.begun_at > _HOST_SECONDS:
                closed = "time for this host is used up"
            if closed is None and wait > 0 and self._pause(wait):
                closed = "stopped"
            if closed is not None:
                return Failed(url=url, reason=closed, kind="later")
            begun = time.monotonic()
            outcome = self._transport().get(url, etag, last_modified)
            self._after(gate, outcome, begun)
        return outcome

    def _gate(self, url: str) -> _Gate:
        host = host_of(url)
        with self._guard:
            return self._gates.setdefault(host, _Gate(host))

    def _closed(self, gate: _Gate) -> str | None:
        """Return why a host is not asked again in this run, or None."""
        if gate.not_before is not None and gate.not_before > self._now:
            return f"the host asked us to wait until {gate.not_before:%Y-%m-%d %H:%M} UTC"
        if gate.failures >= _FAILURES:
            return f"the host failed {_FAILURES} times in a row"
        return None

    def _wait_of(self, gate: _Gate) -> float:
        """Return the seconds to wait before the next request to a host."""
        moment = time.monotonic()
        if not gate.begun_at:
            gate.begun_at = moment
            if gate.last_request_at is None:
                return 0.0
            passed = (datetime.now(UTC) - gate.last_request_at).total_seconds()
            gate.ended_at = moment - max(0.0, passed)
        return gate.ended_at + self.delay(gate.host) - moment

    def _after(self, gate: _Gate, outcome: Outcome | Redirect, begun: float) -> None:
        gate.ended_at = time.monotonic()
        gate.latency = gate.ended_at - begun
        gate.last_request_at = datetime.now(UTC)
        if isinstance(outcome, Failed) and outcome.temporary:
            gate.failures += 1
            if outcome.retry_after is not None:
                gate.not_before = self._now + timedelta(seconds=outcome.retry_after)
        else:
            gate.failures = 0

    def delay(self, host: str) -> float:
        """Return the pause in seconds after a request to a host."""
        with self._guard:
            gate = self._gates.get(host)
            known = [self._robots.get(f"{scheme}://{host}") for scheme in ("http", "https")]
        declared = [robots.crawl_delay(r.verdict, r.text) for r in known if r is not None]
        adaptive = min(_LATENCY_FACTOR * (gate.latency if gate else 0.0), _LATENCY_DELAY)
        return max(self._config.min_delay_seconds, adaptive, *declared, 0.0)

    def _transport(self) -> Transport:
        """Return this thread's own transport: sessions are not shared."""
        made: Transport | None = getattr(self._local, "transport", None)
        if made is None:
            made = Transport(self._config, self._agent, self._allow_private)
            self._local.transport = made
        return made

    def host_rows(self) -> list[Host]:
        """Return what was learnt of hosts, for the catalog."""
        with self._guard:
            gates = list(self._gates.values())
        return [_row_of(gate) for gate in gates if gate.last_request_at is not None]

    def robots_rows(self) -> list[Robots]:
        """Return what robots.txt files said, for the catalog."""
        with self._guard:
            return list(self._robots.values())


def _gate_of(row: Host) -> _Gate:
    return _Gate(
        host=row.host,
        latency=row.latency,
        last_request_at=_moment(row.last_request_at),
        not_before=_moment(row.not_before),
    )


def _row_of(gate: _Gate) -> Host:
    return Host(
        host=gate.host,
        latency=round(gate.latency, 3),
        last_request_at=gate.last_request_at.isoformat() if gate.last_request_at else None,
        not_before=gate.not_before.isoformat() if gate.not_before else None,
    )


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
