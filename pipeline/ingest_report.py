"""What an ingest run did, per source: counts, reasons, and the words for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pipeline.catalog_rows import RunRow

OUTCOMES = (
    "discovered",
    "fetched",
    "new",
    "changed",
    "unchanged",
    "failed",
    "blocked",
    "gone",
    "disallowed",
    "waiting",
)
_PARTS = ("new", "changed")  # of what was fetched; imports do not tell them apart
_REASONS_SHOWN = 5  # per source: more than that is a list, not a summary


@dataclass(slots=True)
class Tally:
    """What one run did for one source. ``reasons`` counts why documents are missing.

    ``parts`` says how many of those fetched are ``new`` and how many ``changed``, if that is known.
    ``examples`` has one address for each reason that has one. ``received`` is bytes of answers
    after unpacking, ``seconds`` the time spent on requests, pauses left out.
    """

    source_id: str
    counts: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    received: int = 0
    seconds: float = 0.0

    def add(
        self, outcome: str, reason: str | None = None, count: int = 1, url: str | None = None
    ) -> None:
        """Count an outcome; ``new`` and ``changed`` documents count as fetched too."""
        if outcome in _PARTS:
            self.parts[outcome] += count
        self.counts["fetched" if outcome in _PARTS else outcome] += count
        if reason is not None:
            told = f"{outcome}: {reason}"
            self.reasons[told] += count
            if url is not None:
                self.examples.setdefault(told, url)

    def add_answer(self, received: int, seconds: float, requests: int = 1) -> None:
        """Count the traffic of an answer: bytes, seconds, and requests with its redirects."""
        self.requests += requests
        self.received += received
        self.seconds += seconds

    def of(self, outcome: str) -> int:
        """Return how often an outcome occurred; it is one of `OUTCOMES`."""
        return (self.parts if outcome in _PARTS else self.counts)[outcome]

    def as_data(self) -> dict[str, object]:
        """Return plain values, outcomes in their fixed order, reasons by number."""
        counts = {name: self.of(name) for name in OUTCOMES}
        reasons = dict(sorted(self.reasons.items(), key=lambda item: (-item[1], item[0])))
        traffic = {
            "requests": self.requests,
            "received_bytes": self.received,
            "seconds": round(self.seconds, 3),
        }
        return {"source_id": self.source_id, **counts, **traffic, "reasons": reasons}

    def as_text(self) -> str:
        """Return a line of counts and a line for each frequent reason."""
        whole = [name for name in OUTCOMES if self.counts[name]]
        parts = ", ".join(f"{self.parts[name]:,} {name}" for name in _PARTS if self.parts[name])
        shown = [f"{self.counts[name]:,} {name}" for name in whole]
        if parts:
            shown[whole.index("fetched")] += f" ({parts})"
        lines = [f"{self.source_id}: {', '.join(shown) or 'nothing due'}"]
        ranked = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"  {count:,} × {reason}" for reason, count in ranked[:_REASONS_SHOWN]]
        if len(ranked) > _REASONS_SHOWN:
            lines.append(f"  and {len(ranked) - _REASONS_SHOWN} reasons more (see --json)")
        return "\n".join(lines)

    def as_row(self, run_id: str, started_at: str, reasons: str) -> RunRow:
        """Return the row of the catalog; what was not told apart stays unknown there."""
        told = self.counts["fetched"] == self.parts.total()
        counts: dict[str, int] = {
            name: self.counts[name] for name in OUTCOMES if name not in _PARTS
        }
        return RunRow(
            run_id=run_id,
            source_id=self.source_id,
            started_at=started_at,
            reasons=reasons,
            new=self.parts["new"] if told else None,
            changed=self.parts["changed"] if told else None,
            requests=self.requests,
            received=self.received,
            seconds=round(self.seconds, 3),
            **counts,
        )


@dataclass(frozen=True, slots=True)
class PlannedFetch:
    """One line of a dry run: what would be asked for, and what robots.txt says about it."""

    host: str
    url: str
    source_id: str
    robots: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What one run did. ``broken_sources`` broke their assertions or failed three runs in a row."""

    run_id: str
    sources: tuple[Tally, ...]
    planned: tuple[PlannedFetch, ...] = ()
    broken_sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_dry_run: bool = False

    def total(self, outcome: str) -> int:
        """Return how often an outcome occurred, over all sources."""
        return sum(tally.of(outcome) for tally in self.sources)

    def as_data(self) -> dict[str, object]:
        """Return the report as plain values."""
        plan = [
            {"host": p.host, "url": p.url, "source_id": p.source_id, "robots": p.robots}
            for p in self.planned
        ]
        return {
            "run_id": self.run_id,
            "dry_run": self.is_dry_run,
            "sources": [tally.as_data() for tally in self.sources],
            "planned": plan,
            "broken_sources": list(self.broken_sources),
            "notes": list(self.notes),
        }

    def as_text(self) -> str:
        """Return the report for people."""
        if self.is_dry_run:
            return self._plan_text()
        lines = [tally.as_text() for tally in self.sources] or ["no sources"]
        return "\n".join([*lines, *self.notes])

    def _plan_text(self) -> str:
        lines: list[str] = []
        for host in sorted({p.host for p in self.planned}):
            asked = [p for p in self.planned if p.host == host]
            lines.append(f"{host}: {len(asked):,} requests")
            lines += [f"  {p.robots:<12} {p.source_id}  {p.url}" for p in asked]
        return "\n".join([*(lines or ["nothing is due"]), *self.notes])
