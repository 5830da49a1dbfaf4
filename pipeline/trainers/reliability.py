"""Draw how far scores can be trusted: a reliability diagram and a curve of precision and recall.

In: the figures of a cross-validation (``models/relator/figures.json``). Out: SVG text, by our own
code, so that no drawing library is needed. Same figures, same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

_SIDE = 320  # of the square of the data, in pixels: labels of tenths stay apart
_MARGIN = 56  # room for the numbers and the name of an axis
_SIZE = _SIDE + 2 * _MARGIN
_STYLE = "font:12px sans-serif;background:#fff"
_INK, _PALE, _MARK = "#222", "#bbb", "#0b5cad"


def reliability_svg(title: str, bins: Sequence[Mapping[str, object]], ece: float) -> str:
    """Return a diagram with a point and an interval per bin; on the diagonal scores are right.

    Args:
        title: What is scored, and how many.
        bins: Per bin the mean ``score``, the share that is ``right`` and its ``right_interval``.
        ece: The expected calibration error, 0 to 1.
    """
    body = [_line((0.0, 0.0), (1.0, 1.0), _PALE)]
    for row in bins:
        score, right = _number(row["score"]), _number(row["right"])
        interval = row["right_interval"]
        if not isinstance(interval, Sequence):
            raise TypeError("right_interval: two numbers expected")
        low, high = (_number(end) for end in interval)
        body.append(_line((score, low), (score, high), _MARK))
        body.append(f'<circle cx="{_x(score)}" cy="{_y(right)}" r="4" fill="{_MARK}"/>')
    return _frame(f"{title}; ECE {ece:.3f}", "mean score", "share that is right", body)


def curve_svg(title: str, points: Sequence[Mapping[str, object]]) -> str:
    """Return precision against recall, one point per threshold, joined in the order given."""
    at = [(_x(_number(p["recall"])), _y(_number(p["precision"]))) for p in points]
    path = " ".join(f"{x},{y}" for x, y in at)
    line = f'<polyline points="{path}" fill="none" stroke="{_MARK}" stroke-width="2"/>'
    return _frame(title, "recall", "precision", [line])


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"a number expected, not {value!r}")
    return float(value)


def _x(value: float) -> float:
    return round(_MARGIN + value * _SIDE, 1)


def _y(value: float) -> float:
    return round(_MARGIN + (1 - value) * _SIDE, 1)


def _line(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    (a, b), (c, d) = start, end
    return f'<line x1="{_x(a)}" y1="{_y(b)}" x2="{_x(c)}" y2="{_y(d)}" stroke="{colour}"/>'


def _frame(title: str, across: str, up: str, body: Sequence[str]) -> str:
    middle, low = _SIZE / 2, _SIZE - 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_SIZE}" height="{_SIZE}" '
        f'viewBox="0 0 {_SIZE} {_SIZE}" style="{_STYLE}">',
        f"<title>{escape(title)}</title>",
        f'<rect x="{_MARGIN}" y="{_MARGIN}" width="{_SIDE}" height="{_SIDE}" '
        f'fill="none" stroke="{_INK}"/>',
        _text(middle, 28, title),
        _text(middle, low, across),
        f'<g transform="rotate(-90 16 {middle})">{_text(16, middle, up)}</g>',
        *_ticks(),
        *body,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _ticks() -> Iterator[str]:
    for fifth in range(6):
        value = fifth / 5
        yield _text(_x(value), _y(0) + 18, f"{value:.1f}")
        yield _text(_x(0) - 18, _y(value) + 4, f"{value:.1f}")


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle" fill="{_INK}">{escape(words)}</text>'
