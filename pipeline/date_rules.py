"""Date rules compiled: from the patterns of a language file to regular expressions by first word.

In: `DateWords`. Out: `Compiled` rules and the table that says which may begin at a word. A pattern
is a row of tokens parted by spaces:

==================  ===============================================================================
``{day} {month}``   a slot; repeated slots number themselves (``day``, ``day2``)
``<to>``            any entry of that list in ``words``
``of``, ``a|b``     these words; punctuation stands for itself, ``-`` for any dash
``token?``          may be absent
``>``               what stands before it is only context; the date begins after it
==================  ===============================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pipeline.codebook import DateRule, DateWords
from pipeline.config import ConfigError
from pipeline.date_values import ROMAN
from pipeline.text import fold

WORD = re.compile(r"[^\W_]+")
# Between tokens: white space with at most one line break; nothing at all where no two letters meet.
_SPACE = r"(?:[^\S\n]+\n?[^\S\n]*|\n[^\S\n]*|(?<![a-z])|(?![a-z]))"
_END = r"(?![^\W\d_])"  # of a name: no letter follows; a digit may ("May4, 2016")
_TOKEN = re.compile(r"\S+")
_STOP = r"(?:(?!\w)|(?=t\d\d:))"  # of a date; the time of an ISO stamp is no part of it
_CONTEXT = ">"
_FULL_NAME = 4  # letters from which a name may stand without a day or year: "Sat" and "Mar" may not
_YEAR = r"(?:1\d|20|21)\d\d"
# Slot -> pattern and the lengths of the digit run that it can begin with. The group bears the
# slot's name.
_DIGITS: dict[str, tuple[str, tuple[int, ...]]] = {
    "day": (r"(?:0?[1-9]|[12]\d|3[01])(?!\d)%(ordinal)s", (1, 2)),
    "year": (rf"{_YEAR}(?!\d)", (4,)),
    "yy": (r"\d\d(?!\d)", (2,)),
    "iso": (rf"{_YEAR}(?:-\d\d-\d\d|/\d\d/\d\d|\.\d\d\.\d\d)(?!\d)", (4,)),
    "numeric": (
        r"\d\d?(?:/\d\d?/(?:\d{4}|\d\d)|\.\d\d?\.\d{4}|-\d\d?-\d{4})(?!\d)"
        r"|\d\d-\d\d-\d\d(?![\d-])",
        (1, 2),
    ),
    "roman": (rf"(?:{'|'.join(sorted(ROMAN, key=len, reverse=True))})(?!\w)", ()),
    "days": (r"\d\d? ?[-\u2013] ?\d\d?/\d\d?(?:/(?:\d{4}|\d\d))?(?!\d)", (1, 2)),
    "short": (r"\d\d?[/.-]\d\d?(?!\d)", (1, 2)),
    "code": (r"\d{1,5}[a-z]?(?:\.\d+)*", (1, 2, 3, 4, 5)),
    "quarter": (r"(?:q[1-4]|[1-4]q)", (1,)),
    "title": (r"[^\W\d_]+(?:[^\S\n][^\W\d_]+){0,3}", ()),  # of a law: up to four words
    "serial": (r"[\w.-]*\d[\w.-]*(?: ?/ ?[\w.-]+)+", (1, 2, 3, 4, 5)),
}
_FREE = ("{title}", "{code}", "{serial}")  # slots that any word may fill
_SLOT_WORDS = {"quarter": {"q1", "q2", "q3", "q4"}}  # words that a slot can begin with
_NAMES = {
    "month": "months",
    "fullmonth": "months",
    "weekday": "weekdays",
    "fullweekday": "weekdays",
}


@dataclass(frozen=True)
class Compiled:
    """One rule ready to match at a word's start; groups bear the names of the slots."""

    rule: DateRule
    expression: str
    starts: frozenset[str]
    digits: frozenset[int]
    is_long: bool  # at least two words, the second no free one

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled when a text first needs it: most rules wait for a rare word."""
        return re.compile(self.expression)


@dataclass(frozen=True, slots=True)
class Context:
    """What a reading depends on beside the match itself."""

    words: DateWords
    months: dict[str, int]
    weekdays: dict[str, int]
    units: dict[str, str]
    published: date | None
    is_future: bool
    is_past: bool
    is_american: bool
    anchor: str | None  # EDTF of the date named just before


@dataclass(frozen=True, slots=True)
class RuleTable:
    """Rules by the word, or the length of the digit run, that they begin with.

    ``bound`` words begin a date only before a word of the ``vocabulary`` or a number: "the" and
    "in" stand everywhere, and this look ahead spares trying all their rules.
    """

    by_word: Mapping[str, tuple[Compiled, ...]]
    by_digits: Mapping[int, tuple[Compiled, ...]]
    bound: frozenset[str]
    vocabulary: frozenset[str]


def name_values(names: Mapping[int, Iterable[str]]) -> dict[str, int]:
    """Return folded name -> number for months or weekdays; a closing full stop does not count."""
    return {fold(n).removesuffix("."): number for number, group in names.items() for n in group}


def unit_values(words: DateWords) -> dict[str, str]:
    """Return folded word -> unit id: ``pekan`` -> ``week``."""
    return {fold(w): unit for unit, group in words.units.items() for w in group}


def compile_rules(words: DateWords, code: str) -> RuleTable:
    """Compile all rules of a language.

    Raises:
        ConfigError: A rule has an unknown slot or list, or may begin with nothing.
    """
    compiled = []
    for rule in words.rules:
        try:
            compiled.append(_compile(rule, words))
        except (KeyError, re.error) as error:
            msg = f"models/languages/{code}.yml: dates.rules: {rule.match!r}: unknown {error}"
            raise ConfigError(msg) from error
    starts = sorted({s for c in compiled for s in c.starts})
    digits = sorted({n for c in compiled for n in c.digits})
    by_word = {s: tuple(c for c in compiled if s in c.starts) for s in starts}
    return RuleTable(
        bound=frozenset(s for s, rules in by_word.items() if all(c.is_long for c in rules)),
        vocabulary=_vocabulary(words),
        by_word=by_word,
        by_digits={n: tuple(c for c in compiled if n in c.digits) for n in digits},
    )


def _compile(rule: DateRule, words: DateWords) -> Compiled:
    counts: dict[str, int] = {}
    pattern, starts, digits, is_start = "", set[str](), set[int](), True
    for token in _TOKEN.findall(rule.match):
        if token == _CONTEXT:
            pattern += rf"{_SPACE}(?P<span>)"
            continue
        is_optional = len(token) > 1 and token.endswith("?")
        body = token[:-1] if is_optional else token
        expression, words_of, digits_of = _token(body, words, counts)
        if pattern and not pattern.endswith("(?P<span>)"):
            expression = _SPACE + expression
        pattern += f"(?:{expression})?" if is_optional else expression
        if is_start:
            starts |= words_of
            digits |= digits_of
            is_start = is_optional
    if is_start or not (starts or digits):
        raise KeyError("beginning")
    expression = rf"{pattern}{_STOP}"
    needed = [t for t in _TOKEN.findall(rule.match) if t != _CONTEXT and not t.endswith("?")]
    is_long = len(needed) > 1 and not any(slot in rule.match for slot in _FREE)
    return Compiled(rule, expression, frozenset(starts), frozenset(digits), is_long)


def _vocabulary(words: DateWords) -> frozenset[str]:
    """Return every word that a rule can hold, but for what stands in a free slot."""
    entries = [r.match for r in words.rules]
    entries += [*words.numbers, *_SLOT_WORDS["quarter"], *ROMAN]
    for names in (words.months, words.weekdays, words.units, words.words):
        entries += [name for group in names.values() for name in group]
    return frozenset(w for e in entries for w in WORD.findall(fold(e)))


def _token(body: str, words: DateWords, counts: dict[str, int]) -> tuple[str, set[str], set[int]]:
    """Return a token's expression, and the words or digit runs that it can begin with."""
    if body.startswith("{"):
        return _slot(body[1:-1], words, counts)
    entries: list[str] = []
    for part in body.split("|"):
        entries += (
            [fold(w) for w in words.words[part[1:-1]]]
            if part[0] == "<" and part != "<"
            else [fold(part)]
        )
    pieces = (r"[-\u2013\u2014]" if e == "-" else _loose(e) for e in _by_length(entries))
    starts = {m.group() for e in entries if (m := WORD.match(e))}
    return f"(?:{'|'.join(pieces)})", starts, set()


def _slot(slot: str, words: DateWords, counts: dict[str, int]) -> tuple[str, set[str], set[int]]:
    group = slot.removeprefix("full")
    counts[group] = counts.get(group, 0) + 1
    name = group if counts[group] == 1 else f"{group}{counts[group]}"
    if slot in _DIGITS:
        expression, runs = _DIGITS[slot]
        endings = "|".join(words.words.get("ordinal", ()))
        ordinal = f"(?:(?:{endings})\\b)?" if endings else ""
        if slot == "day":
            expression %= {"ordinal": ordinal}
        return f"(?P<{name}>{expression})", _SLOT_WORDS.get(slot, set()), set(runs)
    if slot == "number":
        numerals = _any(words.numbers)
        expression = rf"\d{{1,3}}(?!\d)|(?:{numerals})(?:[ -]?(?:{numerals})\b){{0,3}}"
        return f"(?P<{name}>{expression})", _firsts(words.numbers), {1, 2, 3}
    if slot == "unit":
        units = unit_values(words)
        return f"(?P<{name}>{_any(units)})", _firsts(units), set()
    source: dict[int, tuple[str, ...]] = getattr(words, _NAMES[slot])
    names = name_values(source)
    if slot.startswith("full"):
        longest = {fold(group[0]) for group in source.values()}
        names = {n: v for n, v in names.items() if n in longest or len(n) >= _FULL_NAME}
    short = {fold(n)[:-1] for group in source.values() for n in group if n.endswith(".")}
    ends = "|".join(rf"(?<=\b{re.escape(n)})\.(?!\s*$)" for n in _by_length(short & set(names)))
    expression = rf"(?P<{name}>{_any(names)}){_END}" + (f"(?:{ends})?" if ends else "")
    return expression, _firsts(names), set()


def _firsts(names: Iterable[str]) -> set[str]:
    return {m.group() for n in names if (m := WORD.match(n))}


def _any(names: Iterable[str]) -> str:
    return "|".join(_loose(n) for n in _by_length(names))


def _by_length(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda n: (-len(n), n))


def _loose(name: str) -> str:
    """Return a name's expression: any white space for a space, and a word's end after letters."""
    escaped = re.escape(name).replace(r"\ ", r"\s")
    return rf"{escaped}{_END}" if name[-1].isalnum() and name.isalpha() else escaped


def number_of(words: str, numbers: Mapping[str, int | str]) -> int | None:
    """Return the value of digits or number words: ``dua puluh lima`` is 25, ``twenty-five`` too.

    An entry of ``numbers`` that is ``"*10"`` multiplies what stands before it, ``"+10"`` adds to
    it.
    """
    if words.isdecimal():
        return int(words)
    total = last = 0
    for word in re.findall(r"[^\W\d_]+", words):
        value = numbers.get(word)
        if value is None:
            return None
        if isinstance(value, int):
            total, last = total + last, value
        elif value[0] == "*":
            last = (last or 1) * int(value[1:])
        else:
            last += int(value[1:])
    return total + last
