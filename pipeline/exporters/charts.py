"""Bar charts for the report: heights and labels, drawn by the template as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_BARS = 150  # years or months in one chart: below two pixels a bar says nothing on a phone


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of two stacked parts; everything in per cent of the chart's width and height."""

    x: float
    width: float
    lower: float
    upper: float
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars, and the value at the top of the chart."""

    bars: tuple[Bar, ...]
    top: int


def years_chart(years: Mapping[str, tuple[int, int]]) -> BarChart:
    """Return the chart of (vetted, candidate) agreements by year, gaps included."""
    if not years:
        return BarChart((), 0)
    last = int(max(years))
    first = max(int(min(years)), last - MAX_BARS + 1)
    names = [str(year) for year in range(first, last + 1)]
    step = next(s for s in (1, 2, 5, 10, 20, 50) if len(names) / s <= 9)
    labels = {n: n for n in names if int(n) % step == 0}
    return _chart(names, {n: years.get(n, (0, 0)) for n in names}, labels, ("vetted", "candidate"))


def months_chart(months: Mapping[str, tuple[int, int]]) -> BarChart:
    """Return the chart of documents by month: (relevant, others); gaps included."""
    exact = sorted(m for m in months if len(m) == 7 and m[:4].isdigit())
    if not exact:
        return BarChart((), 0)
    names = _months_between(exact[0], exact[-1])[-MAX_BARS:]
    split = {}
    for name in names:
        documents, relevant = months.get(name, (0, 0))
        split[name] = (relevant, documents - relevant)
    step = max(1, -(-len(names) // 8))
    labels = {n: n for i, n in enumerate(names) if i % step == 0}
    return _chart(names, split, labels, ("relevant", "other"))


def _months_between(first: str, last: str) -> list[str]:
    start = int(first[:4]) * 12 + int(first[5:7]) - 1
    end = int(last[:4]) * 12 + int(last[5:7]) - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end + 1)]


def _chart(
    names: list[str],
    values: Mapping[str, tuple[int, int]],
    labels: Mapping[str, str],
    parts: tuple[str, str],
) -> BarChart:
    top = max(sum(values[n]) for n in names) or 1
    width = 100 / len(names)
    bars = tuple(
        Bar(
            x=i * width,
            width=min(width * 0.78, 6.0),
            lower=100 * values[name][0] / top,
            upper=100 * values[name][1] / top,
            title=f"{name}: {values[name][0]} {parts[0]}, {values[name][1]} {parts[1]}",
            label=labels.get(name, ""),
        )
        for i, name in enumerate(names)
    )
    return BarChart(bars, top)
