"""What origins say of visitors in robots.txt and tdmrep.json, asked once and kept for a day."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from pipeline import robots
from pipeline.answers import Failed, Fetched, Outcome
from pipeline.catalog_rows import Robots
from pipeline.opt_outs import OptOut, TdmRep

_TDMREP = "/.well-known/tdmrep.json"  # TDM Reservation Protocol, 3.1
_AGE = timedelta(hours=24)  # RFC 9309, 2.4
Ask = Callable[[str], Outcome]  # asks for an address and follows its redirects, politely


@lru_cache(maxsize=256)
def _rules(text: str) -> TdmRep:
    return TdmRep.parse(text.encode())


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Origins:
    """The robots.txt and tdmrep.json of every origin of a run. Threads may share it."""

    def __init__(self, known: Iterable[Robots], now: datetime) -> None:
        """Begin with what former runs learnt, as far as it still holds.

        Args:
            known: robots.txt files as the catalog remembers them.
            now: The run's time, by which they age.
        """
        self._now = now
        self._guard = threading.Lock()
        self._old = {row.origin: row for row in known}  # too old to allow anything, yet a pace
        self._rows = {o: row for o, row in self._old.items() if self._is_fresh(row)}
        self._locks: dict[str, threading.Lock] = {}
        self._changed: set[str] = set()

    def of(self, url: str, ask: Ask) -> Robots:
        """Return what the robots.txt of an address's origin says; it is asked for if need be."""
        origin = _origin(url)
        return self._known(origin, f"{origin}/robots.txt", ask)

    def reservation(self, url: str, ask: Ask) -> OptOut | None:
        """Return what the ``tdmrep.json`` of an origin reserves for an address, if anything."""
        address = f"{_origin(url)}{_TDMREP}"
        row = self._known(address, address, ask)
        return _rules(row.text).reserved(url) if row.verdict == robots.RULES and row.text else None

    def _known(self, name: str, address: str, ask: Ask) -> Robots:
        with self._guard:
            known = self._rows.get(name)
            lock = self._locks.setdefault(name, threading.Lock())
        if known is not None:
            return known
        with lock:  # two threads must not both ask; no gate is held here, so no cycle can form
            with self._guard:
                known = self._rows.get(name)
            if known is None:
                known = self._read(name, ask(address))
                with self._guard:
                    self._rows[name] = known
                    self._changed.add(name)
            return known

    def crawl_delay(self, host: str) -> float:
        """Return the pause in seconds that a host asks for, as far as its robots.txt is known."""
        with self._guard:
            origins = [f"{scheme}://{host}" for scheme in ("http", "https")]
            rows = [self._rows.get(origin) or self._old.get(origin) for origin in origins]
        delays = (robots.crawl_delay(r.verdict, r.text) for r in rows if r is not None)
        return max(delays, default=0.0)

    def changed(self) -> list[Robots]:
        """Return what was learnt since the last call, for the catalog."""
        with self._guard:
            rows = [self._rows[origin] for origin in sorted(self._changed)]
            self._changed.clear()
        return rows

    def _read(self, origin: str, outcome: Outcome) -> Robots:
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
        return row.verdict != robots.UNREACHABLE and timedelta(0) <= age < _AGE
