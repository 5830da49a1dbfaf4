"""Why documents were dropped and why cells changed, counted by reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

Rows = Iterable[Mapping[str, str]]
Counted = tuple[tuple[str, str, int], ...]
_DETAIL = re.compile(r"\s*\(.*\)", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def rejections_of(rows: Rows) -> Counted:
    """Count rejections by stage and reason, apart from numbers and details in brackets."""
    return _ordered(
        Counter((r["stage"], _NUMBER.sub("…", _DETAIL.sub("", r["reason"]))) for r in rows)
    )


def changes_of(rows: Rows) -> Counted:
    """Count what changed since the last release by kind of change and reason."""
    return _ordered(Counter((r["change"], r["reason"]) for r in rows))


def _ordered(counts: Counter[tuple[str, str]]) -> Counted:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((first, second, count) for (first, second), count in ordered)
