"""Organisations by their place in a sentence: what stands behind "a memorandum with".

In: a text and its capitalised runs. Out: candidates that no head word, register or cue explains,
in the slot where only a party can stand. Their kind is the one that most of their words hint at
("Environmental Defense Fund" is no firm); without a hint it is a firm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.records import Annotation
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_bounds import is_possessive
from pipeline.taggers.organisation_cues import trimmed
from pipeline.taggers.organisation_mentions import SLOT, Candidate
from pipeline.taggers.organisation_runs import Run, Token
from pipeline.taggers.organisation_types import Grammar, Registers

_BEFORE = 90  # characters before a name in which the bond and its connector stand
_WORDS = 2  # a single capitalised word there is as often a town or a person
_LONG = 3  # words: a name of two, without a hint, is a person's more often than not
_DEFAULT = "business"


def find_partners(
    text: str,
    runs: Sequence[Run],
    names: Sequence[Candidate],
    places: Sequence[Annotation],
    entities: Sequence[Entity],
    registers: Registers,
) -> Iterator[Candidate]:
    """Yield the names that a word of agreement and a connector lead up to.

    Args:
        text: The document's text.
        runs: Its capitalised runs.
        names: The organisations found already, which no new one may touch.
        places: The places: a name may hold one ("Amref Health Africa") but not begin with it.
        entities: The entity model's: what it calls a person is none.
        registers: For the words of bonds, connectors and hints.
    """
    if not entities:
        return  # nobody has looked for persons yet
    grammar = registers.grammar
    leads = _pattern(grammar.ties, grammar.joins)
    labels = [(e.start, e.end, e.label) for e in entities]
    openings = {p.span.start for p in places}
    for run in runs:
        if len(run.lows) < _WORDS or run.start in openings:
            continue
        if leads.search(text[max(0, run.start - _BEFORE) : run.start]) is None:
            continue
        tokens = _named(trimmed(run.tokens, registers), grammar)
        if not tokens:
            continue
        start, end = tokens[0].start, tokens[-1].end
        said = {label for s, e, label in labels if s < end and start < e}
        hinted = any(t.low in grammar.hints for t in tokens)
        if "PERSON" in said or not (hinted or "ORG" in said or len(tokens) >= _LONG):
            continue
        if not any(n.start < end and start < n.end for n in names):
            yield Candidate(
                start, end, _kind(tokens, grammar), SLOT, "stands behind a word of bond"
            )


def _named(tokens: Sequence[Token], grammar: Grammar) -> Sequence[Token]:
    """Return the words of a name that can be a body's, nothing if they name something else."""
    if sum(t.is_name for t in tokens) < _WORDS or is_possessive(tokens[-1]):
        return ()
    first, last = tokens[0].low, tokens[-1].low
    is_other = {first, last} & grammar.governments or last in grammar.not_names
    return () if is_other else tokens


@lru_cache(maxsize=4)
def _pattern(ties: frozenset[str], joins: frozenset[str]) -> re.Pattern[str]:
    """Compile "memorandum … with the", up to the end of the text before a name.

    A word that is both ("joined", "anggota") needs no other.
    """
    bond, join, both = map(_any, (ties, joins, ties & joins))
    return re.compile(
        rf"\b(?:(?:{bond})\b[^.;:!?\n]{{0,60}}?\b(?:{join})|{both})\s(?:the\s|pihak\s)?$",
        re.IGNORECASE,
    )


def _any(words: frozenset[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True)) or r"(?!)"


def _kind(tokens: Sequence[Token], grammar: Grammar) -> str:
    """Return the kind that most words hint at; between two kinds the last word decides."""
    hints = [grammar.hints[t.low] for t in tokens if t.low in grammar.hints]
    counts = Counter(hints)
    best = max(counts.values(), default=0)
    return next((k for k in reversed(hints) if counts[k] == best), _DEFAULT)
