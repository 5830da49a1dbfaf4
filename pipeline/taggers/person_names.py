"""Names of persons: where one begins and ends beside an office, a title or a verb of saying.

In: a text with the places and organisations already found in it. Out: `Name` spans without titles,
degrees, places and offices.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipeline.gazetteer import ALTERNATE, Gazetteer
from pipeline.records import Annotation
from pipeline.taggers.organisation_mentions import ANAPHOR
from pipeline.taggers.organisation_runs import Run, Token, find_runs
from pipeline.taggers.organisation_types import OfficeWords, Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Place

_LONGEST = 6  # words of a name: "Muhammad Zainul Majdi bin Haji Ahmad"
_SURE = 0.5  # score of an organisation that a name cannot overlap
_KNOWN_PLACE = 50_000  # people: a smaller town's name is more often a person's ("Eri", "Kamil")
_QUOTES = ',"”’'
_ACTIONS = frozenset("by oleh dipimpin diwakili didampingi dijabat".split())
_PARTICLES = frozenset(
    "bin binti van von de der den del la da dos do di al el ibn y ter ten und".split()
)


# Balinese names by order of birth and rank: before them "I" and "Ni" are part of the name.
_BALINESE = frozenset(
    """nyoman made ketut wayan gede putu kadek komang nengah gusti dewa ngurah luh ayu nym ngakan
    kompyang agung""".split()
)


def is_balinese(first: str, second: str) -> bool:
    """Tell whether two words in lower case begin a Balinese name: "I Nyoman", "Ni Luh"."""
    return first in ("i", "ni") and second in _BALINESE


@lru_cache(maxsize=20_000)  # names come back: a shard speaks of the same towns; some 5 MB
def _place_named(name: str, gazetteer: Gazetteer) -> Place | None:
    for toponym in gazetteer.find(name):
        if toponym.end - toponym.start != len(name):
            return None
        for place_id, grade in zip(toponym.candidates, toponym.grades, strict=True):
            place = gazetteer.place(place_id)
            if grade != ALTERNATE and place.population >= _KNOWN_PLACE:
                return place
    return None


class Name(NamedTuple):
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

    @cached_property
    def bodies(self) -> tuple[Annotation, ...]:
        """The organisations that an office can be held for, in order; not "the company" alone."""
        return tuple(
            a
            for a in self.organisations
            if a.score >= _SURE and not (a.detail or "").startswith(ANAPHOR)
        )

    @cached_property
    def body_starts(self) -> list[int]:
        """Where each of the `bodies` begins."""
        return [a.span.start for a in self.bodies]

    @cached_property
    def body_ends(self) -> list[int]:
        """Where each of the `bodies` ends."""
        return [a.span.end for a in self.bodies]

    def run_at(self, offset: int) -> Run | None:
        """Return the run that holds or begins at ``offset``."""
        index = bisect_right(self._run_starts, offset) - 1
        run = self.runs[index] if index >= 0 else None
        return run if run is not None and offset < run.end else None

    def run_ending(self, offset: int) -> Run | None:
        """Return the run that ends at ``offset``."""
        run = self.run_at(offset - 1) if offset else None
        return run if run is not None and run.end == offset else None

    def place_at(self, offset: int) -> Annotation | None:
        """Return the place that is marked over ``offset``."""
        index = bisect_right(self._place_starts, offset) - 1
        place = self.places[index] if index >= 0 else None
        return place if place is not None and offset < place.span.end else None

    @cached_property
    def _place_starts(self) -> list[int]:
        return [p.span.start for p in self.places]

    def place_named(self, name: str) -> Place | None:
        """Return the largest government of some size that is usually called ``name``."""
        return None if self.gazetteer is None else _place_named(name, self.gazetteer)

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
        offices = self.offices
        first = 0
        while first < len(tokens) and (
            tokens[first].low in offices.titles or tokens[first].low in offices.states
        ):
            first += 1
        kept: list[Token] = []
        for token in tokens[first : first + _LONGEST]:
            low = token.low
            if low in offices.enders or low[0].isdigit():
                break
            if not token.is_name and low not in _PARTICLES:
                break
            if self.taken and self.is_taken(token.start, token.end):
                break
            kept.append(token)
        while kept and not kept[-1].is_name:
            kept.pop()
        if not kept or all(t.low in self.registers.grammar.fields for t in kept):
            return None
        sure = len(kept) > 1 and is_balinese(kept[0].low, kept[1].low)  # "I Gusti … Jaya Negara"
        if not sure and not offices.refusers.isdisjoint([t.low for t in kept]):
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
        place = self.place_at(start)
        return place is not None and end <= place.span.end

    def opens_sentence(self, offset: int) -> bool:
        """Tell whether a sentence or a line begins at ``offset``."""
        before = self.text[max(0, offset - 3) : offset].rstrip(' "“(')
        return not before or before[-1] in ".!?\n–—"

    def spoken(self) -> Iterator[Name]:
        """Yield the names that a title or a verb of saying introduces."""
        titles = self.offices.titles
        for run in self.runs:
            if not titles.isdisjoint(run.lows) and (name := self._titled(run)):
                yield name
        for number, start, end in self.offices.verbs.find(self.lowered):
            verb = self.offices.verbs.words[number]
            if (run_ := self._run_of_verb(start, end)) and (name := self._said(run_, verb, start)):
                yield name

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, code point for code point ("İ" would become two)."""
        low = self.text.lower()
        if len(low) == len(self.text):
            return low
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)

    def _titled(self, run: Run) -> Name | None:
        """Return the name after the first title that has one."""
        tokens = list(run.tokens)
        for index, token in enumerate(tokens[:-1]):
            if token.low in self.offices.titles and (
                name := self.name_of(tokens[index + 1 :], f"title {token.low}")
            ):
                return name
        return None

    def _run_of_verb(self, start: int, end: int) -> Run | None:
        """Return the run that begins with a verb or stands behind it: "ujar A", "Menurut A"."""
        text = self.text
        if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
            return None
        if text[start].isupper() and (run := self.run_at(start)) and run.start == start:
            return run if text[end : end + 1] in (" ", "\u00a0") else None
        while text[end : end + 1] in _QUOTES and end < len(text):
            end += 1
        run = self.run_at(end + 1) if text[end : end + 1] == " " else None
        return run if run is not None and run.start == end + 1 else None

    def _said(self, run: Run, verb: str, start: int) -> Name | None:
        tokens = [t for t in run.tokens if t.start >= start + len(verb) or run.start > start]
        name = self.name_of(tokens, f"verb {verb}")
        # "Menurut POTM": capitals alone are an organisation; "led by" needs a full name.
        if name is None or (name.value.isupper() and len(name.value) > 1):
            return None
        return name if " " in name.value or verb.split()[-1] not in _ACTIONS else None
