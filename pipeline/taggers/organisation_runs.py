"""Runs of capitalised words: where a name can be, cut into tokens.

In: a text. Out: `Run`s of `Token`s. Works for every script that has capitals; offsets are code
points.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from functools import lru_cache
from typing import NamedTuple

# Letters up to Cyrillic and the Latin of Vietnamese: the scripts with capitals in our languages'
# texts.
_CODES = (range(0x41, 0x530), range(0x1E00, 0x1F00))
# Words that keep their full stop inside a name. Initials ("J.") are added by the pattern.
_DOTTED = (
    "Co|Ltd|Inc|Corp|St|Dr|Prof|Ir|Drs|Dra|Hj|Sdn|Bhd|Pty|Pte|Mt|Jr|Bros|Kab|Tbk|Gov|Hon|Mr|Mrs|Ms|"
    "Sh|KH|PT|CV"
)
# Words of a run at most: a longer one is a list or a heading without commas, and is cut, so that
# the work on a run stays bounded.
_LONGEST = 40
# Small words that may stand between two capitalised words of one name; `Grammar.connectors` decides
# which of them really join. Kept here too because the pattern must know where a run goes on.
_SMALL = (
    "of|for|and|the|dan|de|del|la|las|los|da|do|dos|das|des|du|der|den|dem|van|von|für|und|et|y|e|"
    "bin|binti|al|el|ibn|ter|ten"
)


class Token(NamedTuple):
    """One word of a run: code points ``[start, end)`` and its lower-case form.

    ``is_name``: it has a capital, is a number or a hyphenated word; ``is_shouted``: capitals only.
    """

    start: int
    end: int
    low: str
    is_name: bool
    is_shouted: bool


class Run:
    """A stretch of capitalised words, numbers and the small words between them.

    ``lows`` are its words in lower case; the tokens are cut when someone asks for them.
    """

    __slots__ = ("_text", "_tokens", "end", "has_hyphen", "lows", "start")

    def __init__(self, start: int, end: int, text: str) -> None:
        """Take code points ``[start, end)`` and what stands there."""
        self.start = start
        self.end = end
        self.lows = text.lower().split()
        self.has_hyphen = "-" in text
        self._text = text
        self._tokens: tuple[Token, ...] | None = None

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The words of the run."""
        if self._tokens is None:
            self._tokens = _cut(self._text, self.start)
        return self._tokens


@lru_cache(maxsize=1)
def capitals() -> str:
    """Return a character class's inside with every upper-case letter of the supported scripts."""
    return "".join(c for codes in _CODES for c in map(chr, codes) if c.isupper())


@lru_cache(maxsize=1)
def _run_pattern() -> re.Pattern[str]:
    """Compile the pattern of a run. It begins with a character class, so that the scan is fast."""
    upper = capitals()
    dotted = "|".join(rf"(?<=\b{word}\.)" for word in (*_DOTTED.split("|"), f"[{upper}]"))
    tail = rf"\w*(?:[-–'’.&+@]\w+|-(?= und [{upper}]))*(?:\.(?=[\s,]|[{upper}]\.)(?:{dotted}))?"
    word = rf"(?:[{upper}]{tail}|[a-z]{{1,2}}-[{upper}]\w+|&(?=\s[{upper}]))"
    gap = r"[ \u00a0]{1,2}"
    small = rf"(?:{_SMALL}){gap}"
    number = rf"{gap}\d[\d.-]*\w*(?={gap}{word})|{gap}\d+\b(?=[\s.,])"
    return re.compile(
        rf"[{upper}](?<![\w-].){tail}(?:{gap}(?:{small}){{0,3}}{word}|{number}){{0,{_LONGEST}}}"
    )


@lru_cache(maxsize=4)
def find_runs(text: str) -> tuple[Run, ...]:
    """Return the runs of ``text`` in order. A run never crosses a line break or a comma.

    The last texts are kept, for the taggers of organisations and of persons read the same one.
    """
    return tuple(Run(m.start(), m.end(), m.group()) for m in _run_pattern().finditer(text))


def run_at(text: str, offset: int) -> Run | None:
    """Return the run over ``offset``."""
    runs = find_runs(text)
    index = bisect_right(_starts(text), offset) - 1
    return runs[index] if index >= 0 and offset < runs[index].end else None


@lru_cache(maxsize=4)
def _starts(text: str) -> list[int]:
    return [run.start for run in find_runs(text)]


def tokenise(text: str, start: int, end: int) -> tuple[Token, ...]:
    """Cut ``[start, end)`` at spaces (no-break ones too)."""
    return _cut(text[start:end], start)


_TOKEN = tuple.__new__  # twice as fast as the class's own constructor, and called for every word


def _cut(part: str, start: int) -> tuple[Token, ...]:
    tokens = []
    for word in part.replace("\u00a0", " ").split(" "):
        end = start + len(word)
        if word:
            low = word.lower()
            is_name = low != word or word[0].isdigit() or "-" in word
            tokens.append(_TOKEN(Token, (start, end, low, is_name, word.isupper())))
        start = end + 1
    return tuple(tokens)


class Spans:
    """Disjoint ranges of code points, asked in logarithmic time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sorted: list[tuple[int, int]] = []

    def add(self, start: int, end: int) -> None:
        """Add a range that touches none of those here."""
        insort(self._sorted, (start, end))

    def covers(self, start: int, end: int) -> bool:
        """Tell whether one range here holds all of ``[start, end)``."""
        index = bisect_left(self._sorted, (start, end)) - 1
        if index + 1 < len(self._sorted) and self._sorted[index + 1][0] == start:
            index += 1
        return index >= 0 and self._sorted[index][1] >= end

    def touches(self, start: int, end: int) -> bool:
        """Tell whether ``[start, end)`` shares a character with a range here."""
        index = bisect_left(self._sorted, (end, 0)) - 1
        return index >= 0 and self._sorted[index][1] > start
