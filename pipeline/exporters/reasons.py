"""Why documents were dropped and why cells changed: counted by reason, and some of them shown."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Rows = Iterable[Mapping[str, str]]
Counted = tuple[tuple[str, str, int], ...]
SHOWN = 30  # changes, and ids that went, that a page shows: the files have them all
_DETAIL = re.compile(r"\s*\(.*\)", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_FIRST = {"removed": 0, "added": 1, "changed": 2}
# What moves with every new document, so that it would hide what one wants to see.
_QUIET = re.compile(r"score|label|.*_count")
_GONE = ("agreement_id", "status", "merged_into", "reason", "date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row of ``changes.csv`` as a page shows it."""

    agreement_id: str
    what: str
    field: str
    was: str
    now: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """One id that no longer stands."""

    agreement_id: str
    status: str
    merged_into: str
    reason: str
    date: str


@dataclass(frozen=True, slots=True)
class History:
    """What changed since the last release, and the ids that went, ever.

    ``counts`` are rows of changes.csv by kind of change and reason, ``lines`` those to show:
    removed and added agreements first, then cells. ``gone`` are the newest tombstones.
    """

    counts: Counted = ()
    lines: tuple[Change, ...] = ()
    gone: tuple[Gone, ...] = ()
    statuses: tuple[tuple[str, int], ...] = ()


def rejections_of(rows: Rows) -> Counted:
    """Count rejections by stage and reason, apart from numbers and details in brackets."""
    return _ordered(
        Counter((r["stage"], _NUMBER.sub("…", _DETAIL.sub("", r["reason"]))) for r in rows)
    )


def history_of(changes: Rows, tombstones: Rows) -> History:
    """Return what two files tell of the time before; each is read once, a few rows are held."""
    counts: Counter[tuple[str, str]] = Counter()
    statuses: Counter[str] = Counter()

    def counted() -> Iterator[Mapping[str, str]]:
        for row in changes:
            counts[row["change"], row["reason"]] += 1
            yield row

    def gone() -> Iterator[Mapping[str, str]]:
        for row in tombstones:
            statuses[row["status"]] += 1
            yield row

    shown = heapq.nsmallest(SHOWN, counted(), key=_rank)
    newest = heapq.nsmallest(SHOWN, gone(), key=lambda r: (-_day(r), r["agreement_id"]))
    return History(
        _ordered(counts),
        tuple(_change(row) for row in shown),
        tuple(Gone(**{name: row[name] for name in _GONE}) for row in newest),
        tuple(sorted(statuses.items())),
    )


def _rank(row: Mapping[str, str]) -> tuple[bool, bool, int]:
    return (
        row.get("record_type", "agreement") != "agreement",
        _QUIET.fullmatch(row.get("field", "")) is not None,
        _FIRST.get(row["change"], len(_FIRST)),
    )


def _change(row: Mapping[str, str]) -> Change:
    return Change(
        agreement_id=row.get("agreement_id", ""),
        what=f"{row['change']} event" if row.get("record_type") == "event" else row["change"],
        field=row.get("field", ""),
        was=row.get("old_value", ""),
        now=row.get("new_value", ""),
        reason=row["reason"],
    )


def _day(row: Mapping[str, str]) -> int:
    return int(row["date"].replace("-", "") or 0)


def _ordered(counts: Counter[tuple[str, str]]) -> Counted:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((first, second, count) for (first, second), count in ordered)
