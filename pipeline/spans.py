"""Stretches of a text, in code points. `records` exports them too: they are parts of records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open range ``[start, end)`` of code points in a document's text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the characters of ``text`` that the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch ``[start, end)`` of a text, in code points, in another language than the rest."""

    start: int
    end: int
    language: str
