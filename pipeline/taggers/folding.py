"""A text folded for the scan for terms, and the way back from its offsets to the text's own.

In: any text. Out: `FoldedText`: no case, no accents, a space at both ends, and one space wherever
the words of a term may be parted: at hyphens, no-break spaces, single line breaks, runs of spaces.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from pipeline.text import fold_with_offsets

# What does not fold to one character each: all that is not ASCII, and white space in a row. Most
# texts have no such rows but line breaks, and the plain expression is three times as fast.
_PLAIN = re.compile(r"[^\x00-\x7f]|\n+")
_SPACED = re.compile(r"[^\x00-\x7f]|\n[ \t\r\n]*|[ \t\r]+[ \t\r\n]+|-\r?\n[ \t\r\n]*")
_ROWS = ("  ", " \n", "\n ", "-\n", "\t", "\r")  # what only the second one handles
_INVISIBLE = dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")  # soft hyphen, zero width
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013", " ")
_PARAGRAPH = "\n\n"  # no term goes over it


class FoldedText:
    """A folded text. It keeps notes only where folding changed the length: there are few."""

    __slots__ = ("_bounds", "_original", "_shifts", "text")

    def __init__(self, text: str) -> None:
        """Fold ``text``."""
        self._original = text
        self._bounds = [0]  # offsets in the folded text without its first space ...
        self._shifts = [0]  # ... and what to add to an offset from there on
        pieces = [" "]
        at = shift = 0
        special = _SPACED if any(row in text for row in _ROWS) else _PLAIN
        for match in special.finditer(text):
            index, end = match.span()
            piece = _fold(match.group())
            pieces += (text[at:index].lower(), piece)
            at = end
            if len(piece) != end - index or len(piece) != 1:
                shift = self._note(index - shift, index, end, len(piece))
        pieces += (text[at:].lower(), " ")
        self.text = "".join(pieces)
        for link in "-\t\r":
            self.text = self.text.replace(link, " ")

    def _note(self, position: int, index: int, end: int, length: int) -> int:
        """Note that ``[index, end)`` became ``length`` characters; all of them lie at ``index``."""
        for k in range(1, length):
            self._bounds.append(position + k)
            self._shifts.append(index - position - k)
        shift = end - position - length
        self._bounds.append(position + length)
        self._shifts.append(shift)
        return shift

    def offset(self, folded: int) -> int:
        """Return the offset in the original text of an offset in the folded one."""
        position = folded - 1  # the space before the text
        found = position + self._shifts[bisect_right(self._bounds, position) - 1]
        return min(max(0, found), len(self._original))

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return the span in the original text of a folded one that is not empty."""
        return self.offset(start), self.offset(stop - 1) + 1

    def source(self, start: int, stop: int) -> str:
        """Return what the original text has at a folded span."""
        return self._original[self.offset(start) : self.offset(stop)]


@lru_cache(maxsize=4_096)  # a text repeats its quotation marks and accents
def _fold(piece: str) -> str:
    if len(piece) > 1 or piece == "\n":
        return _PARAGRAPH if piece.count("\n") > 1 else " "
    known = _INVISIBLE.get(piece, _DASHES.get(piece))
    return fold_with_offsets(piece)[0] if known is None else known
