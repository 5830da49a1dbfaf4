"""What a check says: how much it looked at, and every failure with its place and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]
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


def name_of(row: Row, key: Sequence[str]) -> str:
    """Return what names a row: the values of its key."""
    return "/".join(row.get(column, "") for column in key)
