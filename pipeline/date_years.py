"""Is a bare four-digit number a year? By the words around it, never by its looks alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.text import fold

MODERN = range(1800, 2100)  # a year that needs no preposition
_BEFORE = re.compile(r"([^\W_]+[.']?|[^\w\s])\s*$")
_AFTER = re.compile(r"\s*([^\W_]+|[^\w\s])")
_LOOK = 24  # characters that hold the word before


class YearCheck:
    """Decides on bare years of one language by its ``dates.words``."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        """Take the lists of a language: words around, endings of plurals, prefixes of verbs."""

        def folded(name: str) -> frozenset[str]:
            return frozenset(fold(w) for w in words.get(name, ()))

        self._year_before = folded("year_before")
        self._count_before = folded("count_before")
        self._count_after = folded("count_after")
        self._determiner = folded("determiner")
        self._plural_after = folded("plural_after")
        self._count_prefix = tuple(folded("count_prefix"))
        self._plural = tuple(folded("plural"))
        self._singular = tuple(folded("singular"))

    def is_year(self, text: str, start: int, end: int) -> bool:
        """Tell whether the number at ``[start, end)`` of folded ``text`` reads as a year.

        A word of counting after it ("2000 people") or before it ("some 2000") makes it a count,
        "in" or "(" before it a year; a plural noun after it is counted unless an article stands
        before it.
        """
        before_match = _BEFORE.search(text[max(0, start - _LOOK) : start])
        after_match = _AFTER.match(text, end)
        before = before_match.group(1).rstrip(".") if before_match else ""
        after = after_match.group(1) if after_match else ""
        is_year_word = before in self._year_before or before == "("
        number = int(text[start:end])
        if after in self._count_after or after == "%":
            return False
        if before in self._count_before and not is_year_word:
            return False
        if self._is_counted(after) and before not in self._determiner:
            # "in 2016 cities agreed": a year all the same; "in 2000 homes": round numbers are
            # counts
            return before in self._plural_after and number % 100 != 0
        if (
            not is_year_word
            and after.isalpha()
            and before.startswith(self._count_prefix or ("\n",))
        ):
            return False  # an active verb has an object: "memimpin 2016 relawan"
        return is_year_word or (number in MODERN and number % 500 != 0) or after == ")"

    def _is_counted(self, word: str) -> bool:
        return (
            bool(self._plural) and word.endswith(self._plural) and not word.endswith(self._singular)
        )
