"""Mentions of an organisation elsewhere: by its acronym, its alias, its bare name.

In: a text and the candidates found so far. Out: more candidates, and the best of those that
overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.taggers.acronyms import Binding, bind_acronyms, fits
from pipeline.taggers.organisation_runs import Spans, find_runs
from pipeline.taggers.organisation_types import Registered, Registers

# Scores order the evidence and are what `relate` weighs; they are judgements, not frequencies.
REGISTER, BOUND, ACRONYM, ECHO, CUE, SLOT, MODEL = 0.98, 0.95, 0.9, 0.85, 0.7, 0.6, 0.4
ANAPHOR = "anaphor"
_KNOWN_AS = re.compile(
    r",? \(?(?:(?:or |atau )?"
    r"(?:better|also|commonly|widely|locally|formerly|previously|popularly)? ?"
    r"known (?:locally |formerly |popularly |simply )?as|abbreviated as|abbreviated|"
    r"(?:yang )?(?:lebih |juga |akrab |biasa )?(?:dikenal|disingkat|disebut) ?"
    r"(?:sebagai|dengan nama)?) (?:the )?[\"“‘']?"
)
_BETWEEN = (" and ", " dan ", " & ", " serta ", ", ")  # stands between two names of a row
_SHORT_WORD, _COMMON = 3, 2  # letters; words: "of" and "and" in common prove nothing
_LEAST_ECHO = 5  # letters: a shorter bare name ("Vera") is too common a word to look for again
_LEGAL_PREFIX = re.compile(r"^(?:PT|CV|UD|P\.T\.|PT\.|CV\.|Pt|Cv)\s+")
_LEGAL_TAIL = re.compile(
    r",?\s+(?:\(?(?:Persero|PERSERO|Perseroda)\)?)?(?:,?\s*T[Bb][Kk]\.?)?$"
    r"|, (?:Inc|Ltd|Corp|LLC|LLP)\.?$"
)


class Candidate(NamedTuple):
    """A candidate: where, what, and how sure."""

    start: int
    end: int
    kind: str
    score: float
    evidence: str
    value: str | None = None
    entry: Registered | None = None
    country: str | None = None


def apply_definitions(
    text: str, names: Sequence[Candidate], registers: Registers
) -> list[Candidate]:
    """Apply the document's own definitions.

    The acronym means its long form, here and further on.
    """
    result = list(names)
    for binding in bind_acronyms(text):
        named = _long_form(text, binding, result, registers)
        uses = _uses(text, binding.short)
        if named is None:
            # The document gives the acronym another meaning than a register does.
            result = [
                n
                for n in result
                if not ((n.start, n.end) in uses and n.evidence == "register acronym")
            ]
            continue
        result = [n for n in result if (n.start, n.end) not in uses and not overlaps(n, named)] + [
            named
        ]
        value = named.value or text[named.start : named.end]
        for start, end in uses:
            bound = named._replace(
                start=start,
                end=end,
                score=BOUND,
                evidence="acronym explained in the document",
                value=value,
            )
            if not overlaps(bound, named):
                result.append(bound)
    return result


def find_aliases(text: str, names: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the name after "better known as".

    The same organisation under the name that people use.
    """
    for name in names:
        match = _KNOWN_AS.match(text, name.end)
        run = next((r for r in find_runs(text) if r.start == match.end()), None) if match else None
        if run is not None:
            yield name._replace(
                start=run.start, end=run.end, value=None, score=BOUND, evidence="known as"
            )


def _long_form(
    text: str, binding: Binding, names: Sequence[Candidate], registers: Registers
) -> Candidate | None:
    """Return the organisation of a definition's long form, as wide as it says."""
    span = binding.long_span
    inside = [
        n
        for n in names
        if n.start < span.end
        and span.start < n.end
        and n.evidence != "register acronym"
        and n.score > MODEL
    ]
    acronym = registers.index.names.get(binding.short)
    last = next((n for n in inside if n.end == span.end), None)
    before = [n for n in inside if last is not None and n.end < last.start]
    if last is not None and any(text[n.end : last.start] in _BETWEEN for n in before):
        return last  # "Universitas Airlangga and | Gadjah Mada University (UGM)"
    for name in inside:
        if name.end == span.end or name.start == span.start:
            wider = fits(binding.short, text[name.start : span.end])
            return name._replace(end=max(name.end, span.end) if wider else name.end)
    if acronym is not None and _alike(binding.long, acronym[0].name):
        entry = acronym[0]
        return Candidate(
            span.start,
            span.end,
            entry.kind,
            BOUND,
            "register acronym explained here",
            None,
            entry,
            entry.country,
        )
    return None


def _alike(long: str, name: str) -> bool:
    """Tell whether a long form is a variant of a registered name: two longer words in common."""
    common = set(long.lower().split()) & set(name.lower().split())
    return sum(len(word) > _SHORT_WORD for word in common) >= _COMMON


def _uses(text: str, short: str) -> list[tuple[int, int]]:
    """Return every whole-word occurrence of a short form."""
    found = []
    start = text.find(short)
    while start >= 0:
        end = start + len(short)
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]
        if not (before.isalnum() or before in ("-", "_") or after.isalnum() or after == "_"):
            found.append((start, end))
        start = text.find(short, end)
    return found


def find_echoes(text: str, names: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield later mentions of a name without its legal form: "PT Vera Park", then "Vera Park"."""
    seen: set[str] = set()
    for name in names:
        value = name.value or bare_name(text[name.start : name.end])
        if (
            value in seen
            or name.score < CUE
            or len(value) < _LEAST_ECHO
            or not (" " in value or name.kind == "business")
        ):
            continue
        seen.add(value)
        for start, end in _uses(text, value):
            if not (name.start <= start and end <= name.end):
                evidence = f"{name.evidence}; named so elsewhere"
                yield name._replace(
                    start=start, end=end, score=min(name.score, ECHO), evidence=evidence
                )


def settle(names: Iterable[Candidate]) -> list[Candidate]:
    """Keep the best of overlapping candidates: by score, then length, then order."""
    spans = Spans()
    kept = []
    for name in sorted(names, key=lambda n: (-n.score, n.start - n.end, n.start)):
        if not spans.touches(name.start, name.end):
            spans.add(name.start, name.end)
            kept.append(name)
    return sorted(kept, key=lambda n: n.start)


def overlaps(one: Candidate, other: Candidate) -> bool:
    """Tell whether two candidates share a character."""
    return one.start < other.end and other.start < one.end


def bare_name(name: str) -> str:
    """Return a firm's name without its Indonesian legal form.

    DESIGN 5, "without office and admin words".
    """
    return _LEGAL_TAIL.sub("", _LEGAL_PREFIX.sub("", name)) or name
