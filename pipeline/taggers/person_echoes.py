"""One person among many mentions: echoes, aliases, the best of overlapping readings, full names.

In: the persons that an office, a title or the model tells of. Out: also their later mentions by
surname, first name or alias, each with office and full name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pipeline.taggers.organisation_runs import Run, Spans

if TYPE_CHECKING:
    from pipeline.taggers.person_names import Context

OTHER = "other"
ECHO = 0.8  # score of a later mention; see `persons`
_INITIAL = 2  # characters of an initial, "M" or "M."
_CALLED = re.compile(
    r",? \(?(?:yang )?(?:(?:akrab|biasa|kerap|lebih akrab) (?:di)?(?:sapa|panggil)(?:an)?|"
    r"(?:better|popularly|widely) known as|nicknamed) (?:sebagai )?(?:dengan nama )?[\"“]?"
)
_LEAST_ECHO = 4  # letters: "Lan" alone may be a word


class Person(NamedTuple):
    """A mention: where, which office, whose full name, for whom, how sure and why."""

    start: int
    end: int
    office: str
    value: str | None
    referent: str | None
    score: float
    evidence: str
    country: str | None = None


def find_echoes(context: Context, persons: Sequence[Person]) -> Iterator[Person]:
    """Yield later mentions of a person by full name, surname or (Indonesian) first name."""
    known: dict[str, Person] = {}
    for person in persons:
        if person.value is None:
            continue
        known.setdefault(person.value, person)
        words = person.value.split()
        if alias := _alias(context, person):
            known.setdefault(alias, person)
        while len(words) > 1 and (len(words[0]) <= _INITIAL or words[0].endswith(".")):
            words = words[1:]  # "M. Tauhid Soleman" is Tauhid later
        for part in (words[-1], words[0]) if len(words) > 1 else ():
            if len(part) >= _LEAST_ECHO and part[0].isupper() and not context.is_place(part):
                known.setdefault(part, person)
    lows = {w.lower() for name in known for w in name.split()}
    parts = {f"{word}{end}" for word in lows for end in ("", "'s", "’s")}
    for run in context.runs if parts else ():
        if not parts.isdisjoint(run.lows):
            yield from _echoes_in(context, run, known)


def _alias(context: Context, person: Person) -> str | None:
    """Return the name that people use: "Hendrar Prihadi, akrab disapa | Hendi"."""
    match = _CALLED.match(context.text, person.end)
    run = context.run_at(match.end()) if match else None
    if match is None or run is None or run.start != match.end():
        return None
    name = context.name_of(list(run.tokens), "")
    return name.value if name and len(name.value) >= _LEAST_ECHO else None


def _echoes_in(context: Context, run: Run, known: Mapping[str, Person]) -> Iterator[Person]:
    """Yield the known persons in one run.

    A full name anywhere, a part of one only as the whole name.

    "ujar Setiawan" here and "Prima Setiawan" there: the run that holds the word is the full name.
    """
    for first, token in enumerate(run.tokens):
        if token.low in context.registers.grammar.stops:
            continue
        whole = context.name_of(list(run.tokens[first:]), "")
        if whole is None:
            continue
        person = known.get(whole.value) or next(
            (p for w in whole.value.split() if (p := known.get(w)) and " " not in (p.value or "")),
            None,
        )
        if person is not None and not person.start <= whole.start < person.end:
            value = whole.value if " " in whole.value else person.value
            evidence = f"{person.evidence}; named so elsewhere"
            score = min(person.score, ECHO)
            yield person._replace(
                start=whole.start,
                end=whole.end,
                value=value,
                score=score,
                evidence=evidence,
            )
        return


def settle(persons: Sequence[Person]) -> list[Person]:
    """Keep the best of overlapping candidates.

    A better office elsewhere also names this mention.
    """
    kept: list[Person] = []
    spans = Spans()
    for person in sorted(persons, key=lambda p: (-p.score, p.start - p.end, p.start)):
        if not spans.touches(person.start, person.end):
            spans.add(person.start, person.end)
            kept.append(person)
    offices = {
        p.value: p for p in sorted(kept, key=lambda p: -p.start) if p.office != OTHER and p.value
    }
    named = [
        p._replace(
            office=offices[p.value].office,
            referent=offices[p.value].referent,
            country=offices[p.value].country,
            evidence=offices[p.value].evidence,
        )
        if p.office == OTHER and p.value in offices
        else p
        for p in kept
    ]
    return _with_full_names(sorted(named, key=lambda p: p.start))


def _with_full_names(persons: Sequence[Person]) -> list[Person]:
    """Give a bare surname the full name, where exactly one full name in the document has it."""
    full: dict[str, set[str]] = {}
    for person in persons:
        words = (person.value or "").split()
        for word in words if len(words) > 1 else ():
            full.setdefault(word, set()).add(person.value or "")
    result = []
    for person in persons:
        known = full.get(person.value or "", set())
        result.append(person._replace(value=next(iter(known))) if len(known) == 1 else person)
    return result
