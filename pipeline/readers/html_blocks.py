"""Blocks of text, the boxes (containers) around them, and how their white space is cleaned."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
ROW_CHARS = 500  # a longer table row is layout, not data: its cells are read as blocks of their own
BREAK = "\x1e"  # stands for <br>: a record separator cannot occur in HTML text
_BREAKS = re.compile(rf"{BREAK}\s*{BREAK}")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u200e\u200f]")
_WIDE = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(slots=True)
class Box:
    """A container element: where it hangs, and the sums over its subtree that choose the root."""

    parent: int
    tag: str
    name: str  # class and id
    noise: int = 0  # grade: 1 boilerplate by its tag or class, 2 surely (comments), 3 not shown
    good: float = 0.0
    junk: float = 0.0
    chars: int = 0
    linked: int = 0


@dataclass(slots=True)
class Block:
    """One paragraph, heading, list item or table row. In ``size`` an ideograph counts two."""

    text: str
    tag: str
    box: int
    linked: int
    size: int = 0


@dataclass(slots=True)
class Page:
    """All blocks in document order with their boxes; box 0 is the body."""

    boxes: list[Box] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def clean(text: str) -> str:
    """Squeeze white space and drop characters that have no width."""
    if not text.isascii() and _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def size_of(text: str) -> int:
    """Return the length in letters: an ideograph or a Thai letter counts two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def lines_at_breaks(text: str) -> list[str]:
    """Split at ``<br>``: two end a paragraph, one does after a full stop or before a capital."""
    lines: list[str] = []
    for paragraph in _BREAKS.split(text):
        current = ""
        for raw in paragraph.split(BREAK):
            piece = clean(raw)
            if not piece:
                continue
            if current and (current[-1] in '.!?:;…”"»)。' or not piece[0].islower()):
                lines.append(current)
                current = piece
            else:
                current = f"{current} {piece}" if current else piece
        if current:
            lines.append(current)
    return lines
