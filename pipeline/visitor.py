"""Visits hosts politely: one request at a time, after a pause, where robots.txt allows it.

Several threads may share a visitor. Each host has a gate that lets one request through at a time
and keeps the pause after it; robots.txt and every redirect pass through the same gates. There is no
switch that turns this off.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from pipeline import robots
from pipeline.answers import Failed, Fetched, Outcome, Redirect, Step, Trail
from pipeline.catalog_rows import Host, Robots
from pipeline.config import FetchConfig
from pipeline.gates import ASKED_PAUSES, Gate, gate_of, row_of
from pipeline.opt_outs import OptOut
from pipeline.origins import Origins
from pipeline.urls import host_of
from pipeline.web import StreamError, Transport

_LATENCY_FACTOR = 5.0  # Heritrix: a host that needs 2 s for an answer gets 10 s of rest
_LATENCY_DELAY = 30.0  # s; Heritrix's limit for that rest
_FEW_HOSTS = 20  # at the same moment; a machine serves them without a queue
_FAILURES = 5  # temporary failures in a row, after which a host is left alone for this run
_HOST_SECONDS = 7_200.0  # a host whose pauses are long gets two hours of a run, not all night


def user_agent(version: str, contact: str) -> str:
    """Return the honest name of this crawler: what it is, and where to complain."""
    shown = f"mailto:{contact}" if "@" in contact and "://" not in contact else contact
    return f"{robots.AGENT}/{version} (+{shown})"


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
        rests_first: bool = False,
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
            rests_first: Pause before the first request to each host too: the last run was killed,
                and may have asked it a moment ago.
        """
        self._config, self._agent, self._now = config, agent, now
        self._allow_private, self._pause = allow_private, pause
        self._guard = threading.Lock()
        self._local = threading.local()
        self._gates = {h.host: gate_of(h) for h in hosts}
        self._asked: set[str] = set()  # hosts, since the last `host_rows`
        self._origins = Origins(known_robots, now)
        self._rests_from = time.monotonic() if rests_first else None

    def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        stays: Callable[[str], bool] = lambda _: True,
        is_known: Callable[[str], bool] = lambda _: False,
        headers: Mapping[str, str] | None = None,
        trail: Trail | None = None,
    ) -> Outcome:
        """Ask for one address and follow its redirects, politely.

        Args:
            url: A canonical address.
            etag: Sent back as it came.
            last_modified: Sent back as it came.
            stays: Tells whether a redirect's target may be asked; other hosts are left in peace.
            is_known: Tells whether a redirect's target is asked for in this run anyway.
            headers: Sent to the host of ``url`` only, and kept out of the archive: a key of an API.
            trail: Gets the answers on the way: robots.txt files and redirects.
        """
        trail = Trail() if trail is None else trail
        host = host_of(url)
        for _ in range(self._config.max_redirects + 1):
            refusal = self._refusal(url, trail)
            if refusal is not None:
                return refusal
            own = headers if host_of(url) == host else None
            outcome = self._ask(url, trail, etag, last_modified, own)
            if not isinstance(outcome, Redirect):
                return outcome
            trail.steps.append(Step("redirect", outcome.fetched))
            if is_known(outcome.target):
                return Failed(url=outcome.target, reason="asked for already", kind="moved")
            if not stays(outcome.target):
                return Failed(url=url, reason="redirects to another site")
            url = outcome.target
        return Failed(url=url, reason=f"more than {self._config.max_redirects} redirects")

    def stream(self, url: str, start: int, trail: Trail) -> Iterator[bytes]:
        """Yield the bytes of a large file as they come, with the same manners; no redirects.

        Raises:
            StreamError: It may not be asked for, cannot be had, or breaks off.
        """
        refusal = self._refusal(url, trail)
        if refusal is not None:
            raise StreamError(refusal.reason)
        gate = self._gate(url)
        with gate.lock:
            wait = self._wait_of(gate)
            if wait > 0 and self._pause(wait):
                msg = "stopped"
                raise StreamError(msg)
            try:
                yield from self._transport().stream(url, start, _HOST_SECONDS)
            finally:  # its length says nothing of how fast the host answers
                gate.ended_at = time.monotonic()
                gate.last_request_at = datetime.now(UTC)
                with self._guard:
                    self._asked.add(gate.host)

    def _refusal(self, url: str, trail: Trail) -> Failed | None:
        """Return why an address is not asked for, or None."""
        closed = self._closed(self._gate(url))
        if closed is not None:
            return Failed(url=url, reason=closed, kind="later")
        known = self._robots_of(url, trail)
        if robots.allows(known.verdict, known.text, url):
            return None
        told = "by robots.txt" if known.verdict == robots.RULES else "robots.txt not readable"
        temporary = known.verdict == robots.UNREACHABLE
        return Failed(url=url, reason=told, kind="disallowed", temporary=temporary)

    def allows(self, url: str) -> bool:
        """Tell whether robots.txt lets us ask for an address; it is fetched if need be."""
        known = self._robots_of(url, Trail())
        return robots.allows(known.verdict, known.text, url)

    def verdict(self, url: str) -> str:
        """Say in one word what robots.txt says of an address."""
        if self._robots_of(url, Trail()).verdict == robots.UNREACHABLE:
            return "unreadable"
        return "allowed" if self.allows(url) else "disallowed"

    def usage(self, url: str, trail: Trail) -> tuple[tuple[str, str], ...]:
        """Return what robots.txt says of the use of an address, as if they were headers."""
        known = self._robots_of(url, trail)
        return robots.usage(known.verdict, known.text, url)

    def site_wish(self, url: str, trail: Trail) -> OptOut | None:
        """Return what the ``tdmrep.json`` of a site reserves for an address, if it may be read."""

        def ask(address: str) -> Outcome:
            refusal = self._refusal(address, trail)
            return refusal or self._ask_aside(address, trail, "tdmrep")

        return self._origins.reservation(url, ask)

    def _robots_of(self, url: str, trail: Trail) -> Robots:
        return self._origins.of(url, lambda address: self._ask_aside(address, trail, "robots"))

    def _ask_aside(self, url: str, trail: Trail, role: str) -> Outcome:
        """Ask for a robots.txt, whose redirects may lead to other hosts (RFC 9309, 2.3.1.2)."""
        for _ in range(self._config.max_redirects + 1):
            closed = self._closed(self._gate(url))
            if closed is not None:
                return Failed(url=url, reason=closed, kind="later")
            outcome = self._ask(url, trail)
            if isinstance(outcome, Redirect):
                trail.steps.append(Step("redirect", outcome.fetched))
                url = outcome.target
                continue
            if isinstance(outcome, Fetched):
                trail.steps.append(Step(role, outcome))
            return outcome
        return Failed(url=url, reason=f"more than {self._config.max_redirects} redirects")

    def _ask(
        self,
        url: str,
        trail: Trail,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Outcome | Redirect:
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
            outcome = self._transport().get(url, etag, last_modified, headers)
            self._after(gate, outcome, begun)
        trail.requests += 1
        trail.seconds += gate.latency
        return outcome

    def _gate(self, url: str) -> Gate:
        host = host_of(url)
        with self._guard:
            return self._gates.setdefault(host, Gate(host))

    def _closed(self, gate: Gate) -> str | None:
        """Return why a host is not asked again in this run, or None."""
        if gate.not_before is not None and gate.not_before > self._now:
            return f"the host asked us to wait until {gate.not_before:%Y-%m-%d %H:%M} UTC"
        if gate.failures >= _FAILURES:
            return f"the host failed {_FAILURES} times in a row"
        return None

    def _wait_of(self, gate: Gate) -> float:
        """Return the seconds to wait before the next request to a host."""
        moment = time.monotonic()
        if not gate.begun_at:
            gate.begun_at = moment
            if self._rests_from is not None:
                gate.ended_at = self._rests_from
                return gate.ended_at + self.delay(gate.host) - moment
            if gate.last_request_at is None:
                return self._phase(gate.host)
            passed = (datetime.now(UTC) - gate.last_request_at).total_seconds()
            gate.ended_at = moment - max(0.0, passed)
        return gate.ended_at + self.delay(gate.host) - moment

    def _phase(self, host: str) -> float:
        """Return the seconds before the first request to a host that is one of many.

        If all were asked at once, each would look slow because we are, and get a longer pause.
        """
        if len(self._gates) <= _FEW_HOSTS:
            return 0.0
        return zlib.crc32(host.encode()) / 2**32 * self._config.min_delay_seconds

    def _after(self, gate: Gate, outcome: Outcome | Redirect, begun: float) -> None:
        gate.ended_at = time.monotonic()
        gate.latency = gate.ended_at - begun
        gate.last_request_at = datetime.now(UTC)
        with self._guard:
            self._asked.add(gate.host)
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
        adaptive = min(_LATENCY_FACTOR * (gate.latency if gate else 0.0), _LATENCY_DELAY)
        declared = max(self._origins.crawl_delay(host), ASKED_PAUSES.get(host, 0.0))
        return max(self._config.min_delay_seconds, adaptive, declared)

    def _transport(self) -> Transport:
        """Return this thread's own transport: sessions are not shared."""
        made: Transport | None = getattr(self._local, "transport", None)
        if made is None:
            made = Transport(self._config, self._agent, self._allow_private)
            self._local.transport = made
        return made

    def host_rows(self) -> list[Host]:
        """Return what was learnt of hosts since the last call, for the catalog."""
        with self._guard:
            gates = [self._gates[host] for host in sorted(self._asked)]
            self._asked.clear()
        return [row_of(gate) for gate in gates]

    def robots_rows(self) -> list[Robots]:
        """Return the robots.txt files that were read since the last call, for the catalog."""
        return self._origins.changed()
