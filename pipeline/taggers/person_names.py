"""Names of persons: where one begins and ends beside an office, a title or a verb of saying.

In: a text with the places and organisations already found in it. Out: `Name` spans without titles,
degrees, places and offices.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.gazetteer import ALTERNATE, Gazetteer
from pipeline.records import Annotation
from pipeline.taggers.organisation_runs import Run, Token, find_runs
from pipeline.taggers.organisation_types import OfficeWords, Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Place

_LONGEST = 6  # words of a name: "Muhammad Zainul Majdi bin Haji Ahmad"
_SURE = 0.5  # score of an organisation that a name cannot overlap
_KNOWN_PLACE = 50_000  # people: a smaller town's name is more often a person's ("Eri", "Kamil")
_PARTICLES = frozenset(
    "bin binti van von de der den del la da dos do di al el ibn y ter ten und".split()
)
_NAMES_TOO = frozenset(
    ("sang", "si")
)  # Balinese and Batak names begin with words that are articles elsewhere


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name: code points ``[start, end)`` and the words."""

    start: int
    end: int
    value: str
    evidence: str = ""


@dataclass(frozen=True, slots=False)
class Context:
    """A text and all that is known about it before persons are looked for."""

    text: str
    registers: Registers
    places: tuple[Annotation, ...]
    organisations: tuple[Annotation, ...]
    gazetteer: Gazetteer | None
    language: str

    @cached_property
    def offices(self) -> OfficeWords:
        """The office words for the text's language."""
        return self.registers.offices(self.language)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The capitalised runs of the text."""
        return find_runs(self.text)

    @cached_property
    def _run_starts(self) -> list[int]:
        return [r.start for r in self.runs]

    @cached_property
    def taken(self) -> list[tuple[int, int]]:
        """Spans of organisations, where no name may stand.

        The model's opinion alone does not count.
        """
        return sorted((a.span.start, a.span.end) for a in self.organisations if a.score >= _SURE)

    def run_at(self, offset: int) -> Run | None:
        """Return the run that holds or begins at ``offset``."""
        index = bisect_right(self._run_starts, offset) - 1
        run = self.runs[index] if index >= 0 else None
        return run if run is not None and offset < run.end else None

    def run_ending(self, offset: int) -> Run | None:
        """Return the run that ends at ``offset``."""
        run = self.run_at(offset - 1) if offset else None
        return run if run is not None and run.end == offset else None

    def place_named(self, name: str) -> Place | None:
        """Return the largest government of some size that is usually called ``name``."""
        if self.gazetteer is None:
            return None
        for toponym in self.gazetteer.find(name):
            if toponym.end - toponym.start != len(name):
                return None
            for place_id, grade in zip(toponym.candidates, toponym.grades, strict=True):
                place = self.gazetteer.place(place_id)
                if grade != ALTERNATE and place.population >= _KNOWN_PLACE:
                    return place
        return None

    def is_place(self, name: str) -> bool:
        """Tell whether ``name`` is a country or a place of some size."""
        return name.lower() in self.registers.countries or self.place_named(name) is not None

    def is_home_place(self, name: str) -> bool:
        """Tell whether ``name`` is an Indonesian place in an Indonesian text.

        Units stand before those.
        """
        place = self.place_named(name) if self.language == "id" else None
        return place is not None and place.country == "ID"

    def clean(self, start: int, end: int) -> Name | None:
        """Return the name inside ``[start, end)`` without titles; nothing if it is no person's."""
        run = self.run_at(start)
        tokens = [t for t in run.tokens if start <= t.start and t.end <= end] if run else []
        if any(p.span.start < end and start < p.span.end for p in self.places):
            return None
        return self.name_of(tokens, "")

    def name_of(self, tokens: list[Token], evidence: str) -> Name | None:
        """Return the name that ``tokens`` begin with, after titles."""
        offices, grammar = self.offices, self.registers.grammar
        while tokens and (tokens[0].low in offices.titles or tokens[0].low in offices.acting):
            tokens = tokens[1:]
        kept: list[Token] = []
        for token in tokens[:_LONGEST]:
            if (
                self.is_taken(token.start, token.end)
                or token.low in offices.degrees
                or token.low[0].isdigit()
            ):
                break
            if (
                (token.low in grammar.stops and token.low not in _NAMES_TOO)
                or token.low in offices.offices
                or token.low in grammar.not_names
            ):
                break
            if not token.is_name and token.low not in _PARTICLES:
                break
            kept.append(token)
        while kept and not kept[-1].is_name:
            kept.pop()
        if not kept or all(t.low in grammar.fields for t in kept):
            return None
        if any(
            t.low in grammar.heads or t.low in offices.not_persons or t.low in offices.units
            for t in kept
        ):
            return None
        start, end = kept[0].start, kept[-1].end
        value = (
            self.text[start:end].removesuffix("'s").removesuffix("’s").rstrip(".")
            if not self.text[start:end].endswith("Jr.")
            else self.text[start:end]
        )
        if len(value) < 2 or self.is_place(value) or self._in_place(start, start + len(value)):
            return None
        return Name(start, start + len(value), value, evidence)

    def is_taken(self, start: int, end: int) -> bool:
        """Tell whether ``[start, end)`` touches an organisation.

        These are in order and do not overlap.
        """
        index = bisect_left(self.taken, (end, 0)) - 1
        return index >= 0 and self.taken[index][1] > start

    def _in_place(self, start: int, end: int) -> bool:
        return any(p.span.start <= start and end <= p.span.end for p in self.places)

    def opens_sentence(self, offset: int) -> bool:
        """Tell whether a sentence or a line begins at ``offset``."""
        before = self.text[max(0, offset - 3) : offset].rstrip(' "“(')
        return not before or before[-1] in ".!?\n–—"

    def spoken(self) -> Iterator[Name]:
        """Yield the names that a title or a verb of saying introduces."""
        offices = self.offices
        for run in self.runs:
            tokens = list(run.tokens)
            for index, token in enumerate(tokens[:-1]):
                if token.low in offices.titles and (
                    name := self.name_of(tokens[index + 1 :], f"title {token.low}")
                ):
                    yield name
                    break
            else:
                verb = self.text[max(0, run.start - 15) : run.start].rstrip().rsplit(None, 1)[
                    -1:
                ] or [""]
                word = verb[0].strip(',"”’').lower()
                if (
                    tokens[0].low in offices.cue_verbs
                ):  # "Menurut Sutiaji", "Namanya Willem de Jong"
                    word, tokens = tokens[0].low, tokens[1:]
                elif self.text[run.start - 1 : run.start] != " ":
                    continue
                name = self.name_of(tokens, f"verb {word}") if word in offices.cue_verbs else None
                if name is not None and not (name.value.isupper() and len(name.value) > 1):
                    yield name  # "Menurut POTM": capitals alone are an organisation
