"""What the taggers of organisations and persons look up: names, heads, offices, small words.

Names are matched as they are written (case counts: "ITS" is a university, "its" is not).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

# kind of a head that names a building: found, so that no other head claims its words, and dropped
VENUE = "venue"
EDGES = ".,;:()'’\""  # signs around a word
# Short names of states as they are written with full stops.
STATES = {"u.s": "us", "u.s.a": "usa", "u.k": "uk", "u.a.e": "uae"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One organisation of a register.

    After a word of ``not_after`` its acronym means something else: "bayar PBB" is a tax.
    """

    id: str
    name: str
    kind: str
    country: str | None
    not_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """A word, or words, that make a capitalised run a name.

    ``place`` is how it stands in the name: ``before``, ``around``, ``agency`` (before, Indonesian),
    ``bureau`` (around, English), ``office`` (before), ``council`` (around), ``legal_before``,
    ``legal_after``.
    """

    words: tuple[str, ...]
    kind: str
    place: str
    country: str | None = None
    is_weak: bool = False


class Phrases:
    """Words and groups of words in one automaton; the longest at each place is found."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take the phrases, in lower case."""
        self.words = tuple(sorted(phrases))
        self._automaton = AhoCorasick(
            self.words,
            matchkind=MatchKind.LeftmostLongest,
            store_patterns=False,
            implementation=Implementation.DFA,  # twice as fast; a megabyte or two for so few words
        )

    def find(self, lowered: str) -> list[tuple[int, int, int]]:
        """Return number, start and end of each phrase in a text in lower case."""
        return self._automaton.find_matches_as_indexes(lowered)


@dataclass(frozen=True, slots=True)
class Grammar:
    """Heads by their first word, and the small words that decide where a name ends."""

    heads: Mapping[str, tuple[Head, ...]]
    fields: frozenset[str]
    connectors: frozenset[str]
    stops: frozenset[str]
    not_names: frozenset[str]
    cues: Mapping[str, str]
    adjectives: frozenset[str]
    countries: frozenset[str]
    governments: frozenset[str]
    ties: frozenset[str]
    joins: frozenset[str]
    hints: Mapping[str, str]
    abbreviations: Mapping[str, str]
    admin: frozenset[str]
    head_countries: Mapping[str, str]
    cue_phrases: Phrases

    def country_of_head(self, name: str) -> str | None:
        """Return the country whose law alone knows such a body: "Dinas", "Universiti", "DPRD"."""
        words = name.lower().split()
        return next(
            (
                self.head_countries[key]
                for size in (2, 1)
                if (key := " ".join(words[:size])) in self.head_countries
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class OfficeWords:
    """Offices of persons in one language's texts, and what stands around a person's name.

    ``offices``: words in lower case to office id. A language's texts use its own words, and English
    ones those of Indonesia too; "Mayor" in an Indonesian text is a major. ``states``: words before
    an office, and what they make its holder ("acting", "former", "elect" or nothing). ``phrases``:
    the offices and their plurals, ``verbs``: those of saying. ``enders``: words that end a
    name; ``refusers``: words that no name has.
    """

    offices: Mapping[str, str]
    states: Mapping[str, str]
    titles: frozenset[str]
    degrees: frozenset[str]
    cue_verbs: frozenset[str]
    not_persons: frozenset[str]
    units: frozenset[str]
    phrases: Phrases
    verbs: Phrases
    enders: frozenset[str]
    refusers: frozenset[str]


class Hit(NamedTuple):
    """A registered name in a text: code points ``[start, end)``; an acronym or a full name."""

    start: int
    end: int
    entry: Registered
    is_acronym: bool


class NameIndex:
    """All registered names and acronyms in one automaton. Immutable; safe between threads."""

    def __init__(self, names: Mapping[str, tuple[Registered, bool]]) -> None:
        """Take each name with the organisation that it means and whether it is an acronym."""
        self._entries = tuple(names.values())
        self.names = names
        self._automaton = AhoCorasick(tuple(names), store_patterns=False)

    def find(self, text: str) -> Iterator[Hit]:
        """Yield whole-word hits in order, never overlapping, the longest at each place."""
        reach = 0
        found = [
            (start, -end, pattern)
            for pattern, start, end in self._automaton.find_matches_as_indexes(
                text, overlapping=True
            )
            if _is_whole(text, start, end)
        ]
        for start, negative_end, pattern in sorted(found):
            if start >= reach:
                reach = -negative_end
                entry, is_acronym = self._entries[pattern]
                if not (
                    entry.not_after and is_acronym and _last_word(text, start) in entry.not_after
                ):
                    yield Hit(start, reach, entry, is_acronym)


def _last_word(text: str, offset: int) -> str:
    return (text[max(0, offset - 20) : offset].split() or [""])[-1].lower()


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell whether ``[start, end)`` begins and ends at word boundaries.

    A hyphen binds ("ITS-nya" too).
    """
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isalnum() or before in "-@#_./" or after.isalnum() or after in "_@")


@dataclass(frozen=True, slots=True)
class Registers:
    """Everything that the taggers of organisations and persons look up."""

    index: NameIndex
    grammar: Grammar
    offices_by_language: Mapping[str, OfficeWords]
    countries: Mapping[str, str]
    country_names: Mapping[str, str]
    country_firsts: frozenset[str]

    def offices(self, language: str) -> OfficeWords:
        """Return the office words for texts in a language (BCP 47); English where it has none."""
        return (
            self.offices_by_language.get(language.split("-")[0]) or self.offices_by_language["en"]
        )
