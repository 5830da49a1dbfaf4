"""What is known of hosts in a run: when each was asked, how fast, and when it may be again.

In: rows of the catalog. Out: gates, and rows again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.catalog_rows import Host

# Least pauses in seconds that services ask of programs, where they say so outside robots.txt: GDELT
# one request in five seconds, the Wayback Machine's index twenty a minute, Media Cloud two.
ASKED_PAUSES = {"api.gdeltproject.org": 6.0, "web.archive.org": 3.0, "search.mediacloud.org": 30.0}


@dataclass(slots=True)
class Gate:
    """The state of one host, guarded by its lock."""

    host: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended_at: float = 0.0  # monotonic seconds, of the last request
    begun_at: float = 0.0  # of the first request in this run
    last_request_at: datetime | None = None
    latency: float = 0.0
    not_before: datetime | None = None
    failures: int = 0


def gate_of(row: Host) -> Gate:
    """Return the gate of a host that former runs knew."""
    return Gate(
        host=row.host,
        latency=row.latency,
        last_request_at=_moment(row.last_request_at),
        not_before=_moment(row.not_before),
    )


def row_of(gate: Gate) -> Host:
    """Return what was learnt of a host, for the catalog."""
    return Host(
        host=gate.host,
        latency=round(gate.latency, 3),
        last_request_at=gate.last_request_at.isoformat() if gate.last_request_at else None,
        not_before=gate.not_before.isoformat() if gate.not_before else None,
    )


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
