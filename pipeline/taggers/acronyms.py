"""Acronyms that a document explains itself: "Harapan Rakyat Foundation (HRF)", "BX (Badan X)".

The short form is checked against the long one after Schwartz and Hearst (2003, "A simple algorithm
for identifying abbreviation definitions in biomedical text"): its letters must occur in order in
the long form, the first one at the beginning of a word. Indonesian acronyms of syllables
("Diskominfo") pass too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.records import Span

# "(MPF)", "(disingkat MPF)", "(UCLG-MEWA)": 2 to 15 characters with at least two capitals or one
# inside.
_IN_BRACKETS = re.compile(
    r"\((?:(?:disingkat|selanjutnya disebut|atau|or|abbreviated|hereinafter|known as|the) )?"
    r"[\"“‘']?"
    r"(?P<short>[^\W\d_][\w&./-]{1,14}(?: [A-Z]{2,8})?)[\"”’']?(?:[;,][^)]{0,40})?\)"
)
_LONG_IN_BRACKETS = re.compile(
    r"\b(?P<short>[A-Z][\w&-]{1,11}) \((?P<long>[^\W\d_a-z][^()\n]{6,100})\)"
)
_SHORTEST_LONG = 12  # characters of a short form at most
_BEFORE = 120  # characters before a bracket that may hold the long form
_LONGEST = 12  # words of the long form at most; Schwartz-Hearst: min(|short| + 5, 2 |short|)


@dataclass(frozen=True, slots=True)
class Binding:
    """A short form, the name it stands for, and where each stands in the definition."""

    short: str
    long: str
    short_span: Span
    long_span: Span


def bind_acronyms(text: str) -> tuple[Binding, ...]:
    """Return the definitions in ``text``, in order; of two for one short form the first counts."""
    found: dict[str, Binding] = {}
    if "(" not in text:
        return ()
    for match in _IN_BRACKETS.finditer(text):
        binding = _bind_before(text, match)
        if binding and binding.short not in found:
            found[binding.short] = binding
    for match in _explained(text):
        short, long = match.group("short"), match.group("long")
        if short not in found and _is_short(short) and _starts(short, long) and fits(short, long):
            spans = (Span(start=match.start(g), end=match.end(g)) for g in ("short", "long"))
            found[short] = Binding(short, long, *spans)
    return tuple(sorted(found.values(), key=lambda b: b.short_span.start))


def _explained(text: str) -> Iterator[re.Match[str]]:
    """Yield "HRF (Harapan Rakyat Foundation)", each looked for from its bracket."""
    at = text.find(" (")
    while at >= 0:
        first = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
        for start in range(max(first, at - _SHORTEST_LONG), at):
            if match := _LONG_IN_BRACKETS.match(text, start):
                yield match
                break
        at = text.find(" (", at + 1)


def _is_short(short: str) -> bool:
    """Tell whether a word looks like an acronym.

    Two capitals, or a capitalised word of syllables.
    """
    return sum(c.isupper() for c in short) >= 2


def _bind_before(text: str, match: re.Match[str]) -> Binding | None:
    short = match.group("short")
    if not short[0].isupper():
        return None
    line_start = text.rfind("\n", 0, match.start()) + 1
    before = text[max(line_start, match.start() - _BEFORE) : match.start()]
    start = long_start(short, before)
    if start is None:
        return None
    long = before[start:].rstrip()
    if not _is_short(short) and not long.startswith(short[:2]) and not _is_syllabic(short, long):
        return None
    first = match.start() - len(before) + start
    return Binding(
        short,
        long,
        Span(start=match.start("short"), end=match.end("short")),
        Span(start=first, end=first + len(long)),
    )


def long_start(short: str, before: str) -> int | None:
    """Return where the long form begins in ``before``, the text up to the bracket.

    Letters are matched from the end, each at its last chance; the first one must begin a word that
    begins with a capital. The words from there on may not be more than the acronym can stand for.
    """
    wanted = [c.lower() for c in short if c.isalnum()]
    position = len(before)
    for number in range(len(wanted) - 1, -1, -1):
        position -= 1
        while position >= 0 and not _is_match(before, position, wanted[number], first=number == 0):
            position -= 1
        if position < 0:
            return None
    words = before[position:].split()
    limit = min(_LONGEST, max(len(wanted) + 5, 2 * len(wanted)))
    return position if 2 <= len(words) <= limit else None


def _is_match(before: str, position: int, letter: str, *, first: bool) -> bool:
    character = before[position]
    if character.lower() != letter:
        return False
    return not first or (
        character.isupper() and (position == 0 or not before[position - 1].isalnum())
    )


def fits(short: str, long: str) -> bool:
    """Tell whether ``long`` can be what ``short`` stands for.

    Letters in order, first at the start.
    """
    return long_start(short, long) == 0


def _starts(short: str, long: str) -> bool:
    return long[0].lower() == short[0].lower()


def _is_syllabic(short: str, long: str) -> bool:
    """Tell whether a capitalised word is made of beginnings of the long form's words: "Unair"."""
    initials = {w[0].lower() for w in long.split() if w}
    return sum(c.lower() in initials for c in short) >= 2
