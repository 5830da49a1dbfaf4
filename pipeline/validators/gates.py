"""Gates: has a figure moved further from the last release than its tolerance allows?

In: the rows of two releases, as values. Out: one `Move` per figure out of tolerance. A figure is a
number of rows (``agreements``), of a table's rows from one source (``documents@id-jakarta``), or
the share of filled cells of a column in per cent (``agreements.signed_date``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.validators.findings import Row

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far a figure may move from one release to the next."""

    drop_percent: float
    jump_percent: float
    fill_points: float
    least_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A figure that moved too far. ``is_fill``: per cent of cells, else a number of rows."""

    figure: str
    was: float
    now: float
    allowed: str
    is_fill: bool

    def as_text(self) -> str:
        """Return the gate, the figure and the tolerance on one line."""
        gate = "fill rate" if self.is_fill else "count"
        unit = " %" if self.is_fill else ""
        return (
            f"{gate} of {self.figure} went from {self.was:g}{unit} to {self.now:g}{unit}; "
            f"allowed: {self.allowed}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A move that a person accepted, with the level it left: a second one asks again."""

    figure: str
    was: float
    now: float
    reason: str


def figures_of(table: str, rows: Iterable[Row]) -> dict[str, float]:
    """Return the figures of one table: rows, rows by source, filled cells by column in per cent."""
    total = 0
    filled: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    columns: dict[str, None] = {}
    for row in rows:
        total += 1
        for column, cell in row.items():
            columns[column] = None
            filled[column] += cell != ""
        if "source_id" in row:
            sources[row["source_id"]] += 1
    found: dict[str, float] = {table: float(total)}
    found |= {f"{table}@{source}": float(n) for source, n in sorted(sources.items())}
    found |= {f"{table}.{c}": round(100 * filled[c] / total, 2) for c in columns}
    return found


def moves_of(
    before: Figures, after: Figures, allowed: Tolerances, accepted: Sequence[Accepted] = ()
) -> list[Move]:
    """Return the figures that moved too far and that nobody accepted, in their order.

    A count below ``least_rows`` on both sides is too small for a percentage to mean anything; so
    are the fill rates of such a table. A table that vanished is a drop of 100 %.
    """
    found = []
    for figure, was in sorted(before.items()):
        move = _move(figure, was, before, after, allowed)
        if move is None:
            continue
        # The nights between refusal and acceptance add a little: measure from the accepted level.
        levels = [a.now for a in accepted if a.figure == figure and a.was == was]
        if all(_move(figure, x, {**before, figure: x}, after, allowed) for x in levels):
            found.append(move)
    return found


def _move(
    figure: str, was: float, before: Figures, after: Figures, allowed: Tolerances
) -> Move | None:
    if _is_fill(figure):
        return _fill(figure, was, before, after, allowed)
    return _count(figure, was, after.get(figure, 0.0), allowed)


def _is_fill(figure: str) -> bool:
    return "." in figure and "@" not in figure


def _count(figure: str, was: float, now: float, allowed: Tolerances) -> Move | None:
    if max(was, now) < allowed.least_rows or was == 0:
        return None
    # A young dataset triples in a night: what it gains is measured against a size that means much.
    percent = 100 * (now - was) / (max(was, allowed.least_rows) if now > was else was)
    if -allowed.drop_percent <= percent <= allowed.jump_percent:
        return None
    text = f"-{allowed.drop_percent:g} % to +{allowed.jump_percent:g} %"
    return Move(figure=figure, was=was, now=now, allowed=text, is_fill=False)


def _fill(
    figure: str, was: float, before: Figures, after: Figures, allowed: Tolerances
) -> Move | None:
    table = figure.partition(".")[0]
    if min(before.get(table, 0), after.get(table, 0)) < allowed.least_rows:
        return None
    now = after.get(figure, 0.0)
    if was - now <= allowed.fill_points:
        return None
    text = f"at most {allowed.fill_points:g} points less"
    return Move(figure=figure, was=was, now=now, allowed=text, is_fill=True)
