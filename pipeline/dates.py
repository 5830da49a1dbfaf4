"""Dates in text: where they stand and what they mean, as EDTF with the precision that the text has.

In: a text, a language's date words and rules (``models/languages``), the publication date. Out:
`DateExpression` spans. Explicit dates are ``stated``; relative ones ("last week", "Selasa lalu",
"16 July" without a year) are ``resolved`` against the publication date, and have no value where
that is unknown.

Every rule is a pattern that begins with known words or a digit, so a text is scanned word by word
and a rule is tried only where it can begin: the longest reading wins. What looks like a date but is
none (the year of a law, of a world fair, a count of people) is read too, so that it cannot become
one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.codebook import DateWords
from pipeline.date_reading import read
from pipeline.date_rules import WORD, Compiled, Context, compile_rules, name_values, unit_values
from pipeline.date_values import Value
from pipeline.date_years import YearCheck
from pipeline.text import fold_with_offsets

LABELS = ("day", "week", "month", "year", "decade", "range", "law", "name")
TENSE_WINDOW = 90  # characters before a date in which "will" decides its year or week
_NUMERIC = re.compile(r"(?<![\d/])(\d\d?)/(\d\d?)/(?:\d{4}|\d\d)(?![\d/])")
_STOP = re.compile(r"[.!?;\n]\s")
_OPENING = " \t\u00a0\"'“”‘’(["
_TRAILING = " \t\u00a0\n,("  # what an optional part left behind when the rest of it did not come
_CURRENCY = "$€£¥₹#@"  # a number right after one of these is no day and no year
_JOINTS = tuple(".,:/-\u2013")  # between digits they join: a time, a decimal, a code, a telephone
_NAMED_GROUPS = {"month", "month2", "weekday", "weekday2"}
_WITH_YEAR = ("year", "year2", "iso", "numeric", "yy", "roman")
_RELATIVE = frozenset({"weekday", "weekend", "shift", "ago", "ahead", "month", "anchor", "season"})
ANCHOR_WINDOW = 250  # characters, about two sentences, over which "two years later" looks back


@dataclass(frozen=True, slots=True)
class DateExpression:
    """A date in a text: code points ``[start, end)``, its label, its EDTF value and its basis.

    ``label`` is one of `LABELS` (``law`` and ``name``: the year of a law, of a fair or a school's
    name, never with a value); ``basis`` is ``stated`` or ``resolved``.
    """

    start: int
    end: int
    label: str
    value: str | None
    basis: str


def parse_day(edtf: str | None) -> date | None:
    """Return the calendar day that an EDTF string states, or None if it states less or more."""
    try:
        return date.fromisoformat(edtf) if edtf and len(edtf) == 10 else None
    except ValueError:
        return None


@dataclass(slots=True)
class _Scan:
    """One text on its way through the rules."""

    text: str
    folded: str
    offsets: list[int]
    published: date | None
    is_american: bool
    named: tuple[int, str] | None = None  # where the last date with a value ended, and that value


@dataclass(frozen=True, slots=True)
class _Hit:
    """One reading: folded offsets, label and value, and what it was read from."""

    start: int
    end: int
    value: Value
    compiled: Compiled
    match: re.Match[str]


class DateFinder:
    """Finds the dates of one language. Immutable; made once per process."""

    def __init__(self, words: DateWords, code: str) -> None:
        """Compile the rules of a language.

        Raises:
            ConfigError: A rule cannot be read.
        """
        self._words = words
        self._table = compile_rules(words, code)
        self._months = name_values(words.months)
        self._weekdays = name_values(words.weekdays)
        self._units = unit_values(words)
        self._years = YearCheck(words.words)
        self._future = _any_of(words.words.get("future", ()))
        self._past = _any_of(words.words.get("past", ()))

    def find(self, text: str, published: date | None) -> list[DateExpression]:
        """Return the dates in ``text`` in order, never overlapping.

        Args:
            text: Any text; offsets of the result count in it.
            published: The publication date as a calendar day, if it is known.
        """
        scan = self._scan(text, published)
        found: list[DateExpression] = []
        position = 0
        known = self._table.by_word
        for match in WORD.finditer(scan.folded):
            word = match.group()  # nine of ten words begin no date: this line is the hot path
            if word not in known and not word[0].isdecimal():
                word = word.rstrip("0123456789")  # "May4, 2016"
                if word not in known:
                    continue
            if match.start() < position or (
                word in self._table.bound
                and not self._goes_on(scan.folded, match.start() + len(word))
            ):
                continue
            hit = self._at(scan, word, match.start())
            if hit is None:
                continue
            position = hit.end
            if hit.value[0] != "none":
                span = scan.offsets[hit.start], scan.offsets[hit.end - 1] + 1
                basis = "resolved" if _is_relative(hit) else "stated"
                found.append(DateExpression(*span, *hit.value, basis))
                if hit.value[1]:
                    scan.named = hit.end, hit.value[1]
        return found

    def _goes_on(self, folded: str, end: int) -> bool:
        """Tell whether the next word is one that a date can hold."""
        following = WORD.search(folded, end)
        if following is None:
            return False
        word = following.group()
        return word[0].isdecimal() or word.rstrip("0123456789") in self._table.vocabulary

    def _scan(self, text: str, published: date | None) -> _Scan:
        folded, offsets = fold_with_offsets(text)
        return _Scan(text, folded, offsets, published, self._is_american(folded))

    def _at(self, scan: _Scan, word: str, start: int) -> _Hit | None:
        """Return the longest reading that begins with the word at ``start``.

        A rule may begin with context that is no part of the date ("in May"); if the date itself has
        a longer reading ("May 2016"), that one wins.
        """
        entry = self._entry(word, scan.folded, start)
        if entry is None:
            return None
        hit = self._best(scan, start, entry)
        if hit is None or hit.start == start:
            return hit
        inner_word = WORD.match(scan.folded, hit.start)
        inner = self._at(scan, inner_word.group(), hit.start) if inner_word else None
        return inner if inner is not None and inner.end > hit.end else hit

    def _entry(self, word: str, folded: str, start: int) -> tuple[Compiled, ...] | None:
        """Return the rules that may begin with a word, or with a number that is a whole one."""
        before = folded[max(0, start - 2) : start]
        if not word[0].isdecimal():
            is_second = (
                before[-1:] == "-" and before[:1].isalpha()
            )  # "tahun-tahun lalu", "post-May"
            return None if is_second else self._table.by_word.get(word)
        if before and (before[-1] in _CURRENCY or (before[-1] in _JOINTS and before[0].isalnum())):
            return None
        digits = len(word) if word.isdecimal() else len(word) - len(word.lstrip("0123456789"))
        return self._table.by_digits.get(digits)

    def _best(self, scan: _Scan, start: int, rules: tuple[Compiled, ...]) -> _Hit | None:
        """Return the longest reading at ``start``; of equal ones the first in the language file."""
        matches = [(m, c) for c in rules if (m := c.pattern.match(scan.folded, start))]
        matches.sort(key=lambda mc: -mc[0].end())
        context: Context | None = None
        for match, compiled in matches:
            if not self._stands(scan, match, compiled):
                continue
            if context is None:
                context = self._context(scan, start)
            value = read(match, compiled.rule, context)
            if value is not None:
                first = match.start("span") if "span" in match.re.groupindex else start
                end = first + len(scan.folded[first : match.end()].rstrip(_TRAILING))
                return _Hit(first, end, value, compiled, match)
        return None

    def _context(self, scan: _Scan, start: int) -> Context:
        return Context(
            words=self._words,
            months=self._months,
            weekdays=self._weekdays,
            units=self._units,
            published=scan.published,
            is_future=_has_before(self._future, scan.folded, start),
            is_past=_has_before(self._past, scan.folded, start),
            is_american=scan.is_american,
            anchor=_anchor_at(scan, start),
        )

    def _stands(self, scan: _Scan, match: re.Match[str], compiled: Compiled) -> bool:
        """Tell whether a match is a whole expression, with capitals where the language has them."""
        folded, end, make = scan.folded, match.end(), compiled.rule.make
        tail = folded[end : end + 2]
        if folded[end - 1].isdecimal() and tail[:1] in _JOINTS and tail[1:].isdecimal():
            return False
        if make == "year" and not self._years.is_year(folded, match.start("year"), end):
            return False
        groups = match.re.groupindex
        if "day" in groups and "year" in groups and match.group("year"):
            return True  # "10 may 2016": nothing but a date, however it is written
        return not self._words.capitals or self._has_capitals(scan, match, make)

    def _has_capitals(self, scan: _Scan, match: re.Match[str], make: str) -> bool:
        for group in _NAMED_GROUPS & match.re.groupindex.keys():
            start = match.start(group)
            if start >= 0 and not scan.text[scan.offsets[start]].isupper():
                return False
        return self._is_week_or_sunday(scan, match, make)

    def _is_week_or_sunday(self, scan: _Scan, match: re.Match[str], make: str) -> bool:
        """Settle words that are a weekday and a unit (Indonesian Minggu, minggu) by the capital."""
        groups = match.re.groupindex
        if "unit" in groups and match.group("unit") in self._weekdays:
            start = match.start("unit")
            return scan.text[scan.offsets[start]].islower() or _opens_sentence(scan.folded, start)
        if make == "weekday" and match.group("weekday") in self._units:
            is_bare = match.end("weekday") == match.end()
            return is_bare or not _opens_sentence(scan.folded, match.start("weekday"))
        return True

    def _is_american(self, folded: str) -> bool:
        """Tell whether a numeric date of the document can only be month first (7/18/2005)."""
        if "/" not in folded:
            return not self._words.day_first
        pairs = [(int(m[1]), int(m[2])) for m in _NUMERIC.finditer(folded)]
        if any(first > 12 >= second for first, second in pairs):
            return False
        return not self._words.day_first or any(second > 12 >= first for first, second in pairs)


def _any_of(words: Sequence[str]) -> re.Pattern[str] | None:
    alternatives = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    return re.compile(rf"\b(?:{alternatives})\b") if alternatives else None


def _has_before(tense: re.Pattern[str] | None, folded: str, start: int) -> bool:
    """Tell whether a word of the future, or of the past, stands before a date in its sentence."""
    if tense is None:
        return False
    window = _STOP.split(folded[max(0, start - TENSE_WINDOW) : start])[-1]
    return tense.search(window) is not None


def _anchor_at(scan: _Scan, start: int) -> str | None:
    """Return the date that was named last before ``start``, if its paragraph is the same."""
    if scan.named is None or start - scan.named[0] > ANCHOR_WINDOW:
        return None
    return None if "\n" in scan.folded[scan.named[0] : start] else scan.named[1]


def _is_relative(hit: _Hit) -> bool:
    """Tell whether the publication date had a part in the value."""
    rule = hit.compiled.rule
    if rule.make in _RELATIVE or rule.unit is not None:
        return True
    groups = hit.match.groupdict()
    if (groups.get("days") or "").count("/") > 1:
        return False
    return rule.make in ("date", "days") and not any(groups.get(name) for name in _WITH_YEAR)


def _opens_sentence(folded: str, start: int) -> bool:
    """Tell whether the word at ``start`` is the first of a sentence or a line."""
    before = folded[:start].rstrip(_OPENING)
    return not before or before[-1] in ".!?\n:"
