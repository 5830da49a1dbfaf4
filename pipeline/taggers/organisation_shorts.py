"""Short and indirect mentions: "Brawijaya", "the foundation", "X City Hall said".

In: a text and the organisations already found. Out: candidates for what stands for one of them. A
word of a kind ("yayasan tersebut") counts only where exactly one organisation of that kind was
named before it: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.taggers.organisation_cues import is_place
from pipeline.taggers.organisation_mentions import ANAPHOR, CUE, Candidate, bare_name

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer
    from pipeline.records import Annotation
    from pipeline.taggers.organisation_runs import Run
    from pipeline.taggers.organisation_types import Registers

_SHORT, _ANAPHOR = CUE + 0.05, 0.6  # scores: above a cue beside a name, below any name
_LEAST, _MOST_WORDS = 4, 2  # letters and words of what is left of a name without its head
_HEADS = frozenset(
    "universitas university institut institute politeknik yayasan foundation".split()
)
_JOINTS = frozenset("of the for".split())
# Words of a kind with the kinds that they can mean, and the word that the name then has in it.
_KINDS: dict[str, tuple[str, ...]] = {
    "yayasan": ("ngo",),
    "foundation": ("ngo",),
    "charity": ("ngo",),
    "universitas": ("academia",),
    "university": ("academia",),
    "kampus": ("academia",),
    "institut": ("academia",),
    "institute": ("academia",),
    "politeknik": ("academia",),
    "perusahaan": ("business",),
    "company": ("business",),
    "firm": ("business",),
    "firma": ("business",),
    "asosiasi": ("association",),
    "association": ("association",),
    "chamber": ("association",),
    "kedutaan": ("national_government",),
    "embassy": ("national_government",),
    "kementerian": ("national_government",),
    "ministry": ("national_government",),
    "network": ("city_network",),
    "jaringan": ("city_network",),
}
# A word that the name must hold in either language; the others say only the kind.
_SAME: dict[str, tuple[str, ...]] = {
    "yayasan": ("yayasan", "foundation", "stiftung"),
    "foundation": ("yayasan", "foundation", "stiftung"),
    "institut": ("institut", "institute"),
    "institute": ("institut", "institute"),
    "universitas": ("universit",),
    "university": ("universit",),
    "politeknik": ("politeknik", "polytechnic"),
    "chamber": ("chamber", "kamar", "kadin"),
    "kedutaan": ("kedutaan", "embassy"),
    "embassy": ("kedutaan", "embassy"),
    "kementerian": ("kementerian", "ministry"),
    "ministry": ("kementerian", "ministry"),
}
_WORDS_OF = {
    kind: tuple(word for word, kinds in _KINDS.items() if kind in kinds)
    for kind in sorted({kind for kinds in _KINDS.values() for kind in kinds})
}
_ENGLISH = frozenset(
    "foundation charity university institute company firm association chamber embassy ministry "
    "network".split()
)
# After "the foundation" these words begin a name or bind it to another body.
_BOUND = (" of ", " for ", " in ", "-", "‑")
_TOWN_HALL = re.compile(
    r" City Hall(?= (?:said|says|will|has|had|signed|hired|plans|announced|agreed|officials|wants|"
    r"invited|approved|confirmed|declined|promised|hopes|expects)\b)"
)
_PLACE_WORDS = frozenset("at in to from near outside inside of around toward towards".split())


def find_short_names(
    runs: Sequence[Run],
    names: Sequence[Candidate],
    text: str,
    registers: Registers,
    gazetteer: Gazetteer | None,
) -> Iterator[Candidate]:
    """Yield runs that are a found name without its head: "Waseda" after "Waseda University"."""
    shorts: dict[tuple[str, ...], Candidate] = {}
    for name in names:
        words = _without_head(text[name.start : name.end], registers)
        if words and not is_place_name(" ".join(words), gazetteer):
            shorts.setdefault(tuple(w.lower() for w in words), name)
    stops = registers.grammar.stops
    for run in runs if shorts else ():
        tokens = run.tokens
        while tokens and tokens[0].low in stops:
            tokens = tokens[1:]
        if 0 < len(tokens) <= _MOST_WORDS and (name_ := shorts.get(tuple(t.low for t in tokens))):
            value = name_.value or bare_name(text[name_.start : name_.end])
            yield name_._replace(
                start=tokens[0].start,
                end=tokens[-1].end,
                score=_SHORT,
                value=value,
                evidence=f"{name_.evidence}; short name",
            )


def is_place_name(name: str, gazetteer: Gazetteer | None) -> bool:
    """Tell whether a short name is a town's: "Porto" is not its university."""
    return gazetteer is None or bool(gazetteer.lookup(name)) or is_place(name, gazetteer)


def _without_head(name: str, registers: Registers) -> list[str]:
    """Return the words of a name that are its own; nothing if there are none or too many."""
    words = [w for w in name.split() if w.lower() not in _JOINTS]
    kept = [w for w in words if w.lower() not in _HEADS]
    grammar = registers.grammar
    if len(kept) == len(words) or not 0 < len(kept) <= _MOST_WORDS:
        return []
    plain = any(
        w.lower() in grammar.fields
        or w.lower() in grammar.heads
        or w.lower() in grammar.adjectives
        or w.lower() in registers.countries
        or w.lower() in _COMMON
        or not w[0].isupper()
        for w in kept
    )
    return [] if plain or len(" ".join(kept)) < _LEAST else kept


_COMMON = frozenset(
    """negeri islam terbuka nasional muhammadiyah kristen katolik open state global city community
    international royal free new asian european pacific central""".split()
)


def find_anaphors(text: str, names: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield "the foundation", "yayasan tersebut" where one organisation alone can be meant."""
    words = {word for name in names for word in _WORDS_OF.get(name.kind, ())}
    for word in sorted(words):
        for start, end in _uses_of(text, word):
            meant = _meant(text, word, start, names)
            if meant is not None:
                value, name = meant
                yield name._replace(
                    start=start,
                    end=end,
                    score=_ANAPHOR,
                    value=value,
                    evidence=f"{ANAPHOR} {word}",
                )


def _uses_of(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Yield where a word of a kind stands with "the" before or "tersebut", "itu" behind it."""
    if word in _ENGLISH:
        for at in _occurrences(text, f"he {word}"):
            start, end = at - 1, at + 3 + len(word)
            before = text[start - 1 : start] if start > 0 else ""
            is_the = start >= 0 and text[start] in "Tt" and not before.isalnum()
            after = text[end : end + 5]
            if is_the and not after[:1].isalnum() and not after.startswith(_BOUND):
                yield start, end
        return
    for tail in (" tersebut", " itu"):
        for at in _occurrences(text, word[1:] + tail):
            start, end = at - 1, at + len(word) - 1 + len(tail)
            before = text[start - 1 : start] if start > 0 else ""
            is_word = start >= 0 and text[start].lower() == word[0] and not before.isalnum()
            if is_word and not text[end : end + 1].isalnum():
                yield start, end


def _occurrences(text: str, words: str) -> Iterator[int]:
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _meant(
    text: str, word: str, start: int, names: Sequence[Candidate]
) -> tuple[str, Candidate] | None:
    """Return the one organisation before ``start`` that the word can mean, with its full name."""
    asked = _SAME.get(word)
    meant: dict[str, Candidate] = {}
    for name in names:
        if name.start >= start:
            break
        if name.kind in _KINDS[word]:
            value = name.value or bare_name(text[name.start : name.end])
            if asked is None or any(a in value.lower() for a in asked):
                meant.setdefault(value, name)
    return next(iter(meant.items())) if len(meant) == 1 else None


def find_town_halls(text: str, places: Sequence[Annotation]) -> Iterator[Candidate]:
    """Yield town halls that act ("São Paulo City Hall hired …"), not those that one meets at."""
    for place in places if " City Hall" in text else ():
        match = _TOWN_HALL.match(text, place.span.end)
        before = text[max(0, place.span.start - 12) : place.span.start].split()[-1:]
        if match and not (before and before[0].lower() in _PLACE_WORDS):
            yield Candidate(
                place.span.start, match.end(), "government_office", CUE, "town hall that acts"
            )
