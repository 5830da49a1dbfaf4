"""Terms: instruments, sectors and cues of the codebook, found by one scan per language.

In: a text and the patterns of a language file (`patterns` explains them). Out: `TermHit` spans. Two
marks stand before a pattern: ``=MoU`` minds capitals, and where ``!user agreement`` is the longest
match nothing is tagged.

Every pattern becomes literal needles of one Aho-Corasick automaton; one with a wildcard after its
first word is checked by a regular expression at the place that its needle found. Matches are whole
words: ``mou`` is not in "moulding". Within a group (a layer, or one kind of cue) the longest match
wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from pipeline.codebook import TERM_DIMENSIONS, Codebook, Language, terms_of
from pipeline.records import Annotation, Document, Span
from pipeline.taggers.folding import FoldedText
from pipeline.taggers.patterns import SUFFIXES, PatternError, needles, sequences

TAGGER = "terms.v1"
UNDETERMINED = "und"  # BCP 47 for a language that is not known
SCREEN = "screen"  # layer of the words that only the cascade's screen reads
_GROUPED = ("cue", SCREEN)  # layers whose groups may overlap: a group is a label up to its dot
LAYERS = ("instrument", "sector")  # dimensions whose terms are a layer; the others' are cues
REACH = 400  # characters that hold the rest of any pattern: up to three words per gap
_UNSPACED = (
    "\u0e00"  # from Thai on: Lao, kana, Han; Hangul has spaces, but particles cling to its words
)


@dataclass(frozen=True, slots=True)
class TermHit:
    """One term in a text: code points ``[start, end)`` and the label it speaks for."""

    start: int
    end: int
    layer: str
    label: str


class _Needle(NamedTuple):
    """What the automaton's match of one needle still has to pass."""

    layer: str
    label: str
    group: str
    is_blocked: bool
    cased: str | None  # the spelling that must stand in the text, capitals included
    tail: str | None  # the whole pattern, where the needle is only its beginning
    stem: str  # what must stand close behind for the tail to match
    is_open: bool  # any letters may follow
    prefixes: frozenset[str] | None  # of a root that may take some, and suffixes


class _Entry(NamedTuple):
    """All needles with one text: those that end there, and by stem those of which it is a part."""

    plain: tuple[_Needle, ...]
    is_open: bool
    tails: tuple[tuple[str, tuple[_Needle, ...]], ...]
    roots: tuple[_Needle, ...]

    @classmethod
    def of(cls, needles: Iterable[_Needle]) -> _Entry:
        """Sort needles by what they still have to pass."""
        plain: list[_Needle] = []
        roots: list[_Needle] = []
        tails: dict[str, list[_Needle]] = {}
        for needle in needles:
            if needle.prefixes is not None:
                roots.append(needle)
            else:
                (plain if needle.tail is None else tails.setdefault(needle.stem, [])).append(needle)
        return cls(
            tuple(plain),
            any(n.is_open for n in plain),
            tuple((stem, tuple(group)) for stem, group in tails.items()),
            tuple(roots),
        )


class TermMatcher:
    """Finds the terms of one or more languages. Immutable; made once per process."""

    def __init__(self, patterns: Mapping[tuple[str, str], Iterable[str]]) -> None:
        """Compile ``patterns``: a list per (layer, label).

        Raises:
            PatternError: A pattern cannot be read; the message names it and its label.
        """
        found: dict[str, dict[_Needle, None]] = {}
        for (layer, label), sources in patterns.items():
            for source in dict.fromkeys(sources):
                for text, needle in _compile(source, layer, label):
                    found.setdefault(text, {})[needle] = None
        self._entries = [_Entry.of(needles) for needles in found.values()]
        self._automaton = AhoCorasick(
            list(found),
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
            store_patterns=False,
        )

    def find(self, text: str) -> list[TermHit]:
        """Return the terms in ``text``, by start, then end, then layer and label."""
        folded = FoldedText(text)
        best: dict[str, list[tuple[int, int, _Needle]]] = {}
        for start, stop, needle in self._matches(folded.text):
            if needle.cased is None or folded.source(start, stop) == needle.cased:
                best.setdefault(needle.group, []).append((start, stop, needle))
        hits = [
            TermHit(*folded.span(start, stop), needle.layer, needle.label)
            for found in best.values()
            for start, stop, needle in _longest(found)
            if not needle.is_blocked
        ]
        return sorted(set(hits), key=lambda h: (h.start, h.end, h.layer, h.label))

    def _matches(self, folded: str) -> Iterator[tuple[int, int, _Needle]]:
        """Yield every needle that stands in a folded text with all that its pattern asks for."""
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            entry = self._entries[index]
            if entry.roots:
                yield from _affixed(folded, start, end, entry.roots)
            if _joins(folded[start - 1], folded[start]):
                continue
            is_whole = not _joins(folded[end - 1], folded[end])
            if is_whole or entry.is_open:
                stop = end if is_whole else _word_end(folded, end)
                yield from ((start, stop, n) for n in entry.plain if is_whole or n.is_open)
            if entry.tails:
                # Most beginnings stand alone, and an expression costs ten times as much as this.
                rest = folded[end : end + REACH]
                for stem, needles in entry.tails:
                    if stem in rest:
                        yield from _whole_patterns(folded, start, needles)


def patterns_of(
    languages: Iterable[Language], codebook: Codebook, *, undetermined: bool = False
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return all patterns of some languages as `TermMatcher` takes them.

    Instruments and sectors are layers of their own. Terms of the other dimensions become cues that
    name it (``process.technology_transfer``), beside the cues of the language files
    (``stage.signed``). With ``undetermined`` the codebook's own terms of the language ``und`` come
    too: instrument words of languages that have no file.
    """
    patterns: dict[tuple[str, str], tuple[str, ...]] = {}
    for language in languages:
        for dimension in TERM_DIMENSIONS:
            for category in codebook.ids(dimension):
                is_layer = dimension in LAYERS
                key = (dimension, category) if is_layer else ("cue", f"{dimension}.{category}")
                found = terms_of(language, codebook, dimension, category)
                patterns[key] = patterns.get(key, ()) + found
        for label, found in language.cues.items():
            patterns["cue", label] = patterns.get(("cue", label), ()) + found
        for name, found in language.words.items():
            if name.startswith(f"{SCREEN}."):
                key = (SCREEN, name.removeprefix(f"{SCREEN}."))
                patterns[key] = patterns.get(key, ()) + found
    if undetermined:
        for category in codebook.ids("instrument"):
            found = codebook.category("instrument", category).terms.get(UNDETERMINED, ())
            patterns["instrument", category] = patterns.get(("instrument", category), ()) + found
    return patterns


def tag_terms(document: Document, hits: Iterable[TermHit]) -> list[Annotation]:
    """Return what the hits of `TermMatcher.find` say; a cue's value is its last part."""
    return [
        Annotation(
            doc_id=document.doc_id,
            capture_id=document.capture_id,
            span=Span(start=hit.start, end=hit.end),
            layer=hit.layer,
            label=hit.label,
            value=hit.label.rsplit(".", 1)[-1] if hit.layer == "cue" else None,
            tagger=TAGGER,
        )
        for hit in hits
        if hit.layer != SCREEN
    ]


@cache
def _tail(pattern: str) -> re.Pattern[str]:
    """Compile a tail when its needle is first met: most never are, and thousands take a second."""
    return re.compile(pattern)


def _joins(left: str, right: str) -> bool:
    """Tell whether two neighbours are letters of one word; scripts without spaces never say so."""
    return left.isalnum() and right.isalnum() and left < _UNSPACED and right < _UNSPACED


def _word_end(folded: str, end: int) -> int:
    while _joins(folded[end - 1], folded[end]):
        end += 1
    return end


def _affixed(
    folded: str, start: int, end: int, needles: Iterable[_Needle]
) -> Iterator[tuple[int, int, _Needle]]:
    """Yield roots whose word has no letters but those of its affixes around them."""
    first, stop = start, _word_end(folded, end)
    while _joins(folded[first - 1], folded[first]):
        first -= 1
    if folded[end:stop] not in SUFFIXES:
        return
    for needle in needles:
        if folded[first:start] in (needle.prefixes or ()):
            if needle.tail is None:
                yield first, stop, needle
            elif needle.stem in folded[stop : stop + REACH]:
                yield from _whole_patterns(folded, first, (needle,))


def _whole_patterns(
    folded: str, start: int, needles: Iterable[_Needle]
) -> Iterator[tuple[int, int, _Needle]]:
    for needle in needles:
        match = _tail(needle.tail or "").match(folded, start)
        if match:
            yield start, match.end(), needle


def _longest(found: list[tuple[int, int, _Needle]]) -> Iterator[tuple[int, int, _Needle]]:
    """Yield matches that no longer one overlaps; of equal ones all labels, unless one blocks."""
    found.sort(key=lambda m: (m[0] - m[1], m[0], not m[2].is_blocked))
    taken: list[tuple[int, int, bool]] = []
    for start, stop, needle in found:
        clash = [t for t in taken if t[0] < stop and start < t[1]]
        if all((start, stop) == t[:2] and not t[2] for t in clash):
            taken.append((start, stop, needle.is_blocked))
            yield start, stop, needle


def _compile(source: str, layer: str, label: str) -> Iterator[tuple[str, _Needle]]:
    is_blocked, body = source.startswith("!"), source.removeprefix("!").strip()
    is_cased, body = body.startswith("="), body.removeprefix("=")
    group = label.split(".")[0] if layer in _GROUPED else layer
    try:
        rows = [(body,)] if is_cased else list(sequences(body))
        found = [needle for row in rows for needle in needles(row)]
    except PatternError as error:
        msg = f"{layer} {label}: pattern {source!r}: {error}"
        raise PatternError(msg) from error
    cased = body if is_cased else None
    for b in found:
        rest = b.whole, b.stem, b.is_open, b.prefixes
        yield b.text, _Needle(layer, label, group, is_blocked, cased, *rest)
