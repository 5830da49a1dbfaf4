"""What a check says: how much it looked at, and every failure with its place and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

Row = Mapping[str, str]
Tables = Mapping[str, Iterable[Row]]  # each read anew from its file whenever it is asked for
KEPT = 50  # failures listed per check: the fifty-first tells nothing new, but it is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One thing that is wrong: in which file, row and cell, and what to do."""

    file: str
    row: str
    cell: str
    problem: str
    remedy: str

    def as_text(self) -> str:
        """Return the failure on one line."""
        place = " ".join(filter(None, (self.file, self.row, self.cell)))
        return f"{place}: {self.problem}. {self.remedy}"


@dataclass(slots=True)
class Result:
    """The outcome of one check."""

    examined: int = 0
    count: int = 0
    failures: list[Failure] = field(default_factory=list)

    def fail(self, file: str, row: str, cell: str, problem: str, remedy: str) -> None:
        """Note one failure."""
        self.count += 1
        if len(self.failures) < KEPT:
            self.failures.append(
                Failure(file=file, row=row, cell=cell, problem=problem, remedy=remedy)
            )

    def look(self, examined: Iterable[object]) -> None:
        """Count what was looked at."""
        self.examined += sum(1 for _ in examined)


@dataclass(slots=True)
class ValidateReport:
    """The outcome: per check how much was looked at and how much of it failed."""

    dataset: str
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Tell whether nothing failed."""
        return self.failure_count == 0

    @property
    def failure_count(self) -> int:
        """The number of failures of all checks."""
        return sum(r.count for r in self.results.values())

    @property
    def failures(self) -> list[Failure]:
        """The failures that are listed, at most fifty per check."""
        return [f for r in self.results.values() for f in r.failures]

    def as_data(self) -> dict[str, object]:
        """Return the outcome as plain values."""
        return {
            "dataset": self.dataset,
            "ok": self.ok,
            "checks": {
                name: {"examined": r.examined, "failures": r.count}
                for name, r in self.results.items()
            },
            "failures": [
                {
                    "file": f.file,
                    "row": f.row,
                    "cell": f.cell,
                    "problem": f.problem,
                    "remedy": f.remedy,
                }
                for f in self.failures
            ],
        }

    def as_text(self) -> str:
        """Return the outcome for a terminal."""
        lines = []
        for name, r in self.results.items():
            state = "ok" if r.count == 0 else f"{r.count:,} failures"
            lines.append(f"{name:<24} {r.examined:>9,} examined  {state}")
            lines += [f"    {f.as_text()}" for f in r.failures]
            if r.count > len(r.failures):
                lines.append(f"    … and {r.count - len(r.failures):,} more")
        return "\n".join(lines)


def name_of(row: Row, key: Sequence[str]) -> str:
    """Return what names a row: the values of its key."""
    return "/".join(row.get(column, "") for column in key)


def side_by_side(
    records: Iterable[tuple[str, Row]], given: Iterable[tuple[str, Row]]
) -> Iterator[tuple[Row | None, list[Row]]]:
    """Yield each record with the rows of another file that carry its key; both are sorted by it.

    A key that only the other file has comes with None. So nothing but one group is in memory.
    """
    groups = ((key, [row for _, row in found]) for key, found in groupby(given, lambda g: g[0]))
    group = next(groups, None)
    for key, record in records:
        while group is not None and group[0] < key:
            yield None, group[1]
            group = next(groups, None)
        if group is not None and group[0] == key:
            yield record, group[1]
            group = next(groups, None)
        else:
            yield record, []
    while group is not None:
        yield None, group[1]
        group = next(groups, None)
