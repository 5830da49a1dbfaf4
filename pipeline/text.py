"""Plain text: normalisation, sentences, folding for comparison, and quotes that slice back.

Values in, values out. All offsets are code points of the text that was passed in.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from pipeline.records import Span

QUOTE_WORDS = 60  # DESIGN 5: a quote is one sentence, at most 60 words

# Letters that NFKD leaves whole, though readers and gazetteers write them without the stroke.
_STROKES = str.maketrans(
    {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ß": "ss", "æ": "ae", "Æ": "ae"}
    | {"œ": "oe", "Œ": "oe", "ı": "i", "þ": "th", "Þ": "th", "’": "'", "‘": "'", "ʻ": "'"}
    | {"‐": "-", "‑": "-"}
)
_WORD = re.compile(r"\w+(?:['’.-]\w+)*")
# Words before a full stop that does not end a sentence, English and Indonesian.
_ABBREVIATIONS = frozenset(
    """dr drs dra ir prof mr mrs ms st sr jr hon gov sen rep gen col lt capt rev no nos jl jln kab
    kec prov pt cv tbk ltd inc co corp vs etc al approx dept univ fig vol pp hlm dkk dll dsb yth sdr
    bpk h hj kh tgk rm raden kol letkol mayjen brigjen komjen irjen a.n u.p s.d jan feb mar apr jun
    jul aug agt sept sep oct okt nov dec des u.s u.k s.h s.e s.t m.m m.si m.h m.sc ph.d s.sos s.pd
    m.pd i.e e.g a.m p.m""".split()
)
_BOUNDARY = re.compile(r"\n+|(?<=[.!?…])[\"”’')\]]*\s+(?=[\"“‘'(\[—–-]*\s?[^\W_a-z])")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CLAUSE = re.compile(r"[,;:—–]\s|\s[—–-]\s|\s(?=and\s|dan\s|serta\s|which\s|yang\s)")


def normalise(text: str) -> str:
    """Return ``text`` in NFC. Nothing else changes: no trimming, no newline conversion."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4_096)  # a text repeats its quotation marks and accents
def _fold_characters(text: str) -> str:
    # Compatibility forms first: a mathematical capital A has a case only once it is a plain A.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in folded.translate(_STROKES) if not unicodedata.combining(c))


def fold(text: str) -> str:
    """Return a key for comparing names: no case, no accents, strokes opened, spaces squeezed.

    The result has other offsets than ``text``; see `fold_with_offsets` where spans are needed.
    """
    folded = text.lower() if text.isascii() else fold_with_offsets(text)[0]
    return " ".join(folded.split())


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Fold character by character and keep where each folded character came from.

    Returns:
        The folded text and a list, one longer than it, of code point offsets into ``text``:
        folded range ``[i, j)`` covers ``[offsets[i], offsets[j])``.
    """
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _NOT_ASCII.finditer(text):
        index = match.start()
        pieces.append(text[at:index].lower())
        offsets.extend(range(at, index))
        piece = _fold_characters(match.group())
        pieces.append(piece)
        offsets.extend([index] * len(piece))
        at = match.end()
    pieces.append(text[at:].lower())
    offsets.extend(range(at, len(text) + 1))
    return "".join(pieces), offsets


def words(text: str) -> list[str]:
    """Return the words of ``text``, hyphenated and apostrophised ones whole."""
    return _WORD.findall(text)


def sentences(text: str) -> list[Span]:
    """Split into sentences: trimmed spans in text order that never overlap.

    A line break ends a sentence (readers keep one line per paragraph or list item). A full stop
    does not after an abbreviation, an initial or inside a number.
    """
    result: list[Span] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if "\n" not in match.group() and _is_abbreviation(text, start, match.start()):
            continue
        _append_trimmed(result, text, start, match.end())
        start = match.end()
    _append_trimmed(result, text, start, len(text))
    return result


def _is_abbreviation(text: str, start: int, stop: int) -> bool:
    """Tell whether the full stop before ``stop`` belongs to an abbreviation or an initial."""
    if text[stop - 1] != ".":
        return False
    token = text[start:stop].rsplit(None, 1)[-1].strip("\"“”'‘’([")[:-1]
    return token.casefold() in _ABBREVIATIONS or (len(token) == 1 and token.isupper())


def _append_trimmed(result: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        result.append(Span(start=start, end=end))


def sentence_at(spans: Sequence[Span], offset: int) -> int:
    """Return the index of the sentence that holds ``offset``, or of the one before a gap."""
    return max(0, bisect_right([s.start for s in spans], offset) - 1)


def quote_span(text: str, sentence: Span, focus: Span, max_words: int = QUOTE_WORDS) -> Span:
    """Return the part of ``sentence`` to quote: all of it, or clauses around ``focus``.

    The result is a sub-span of the sentence with at most ``max_words`` white-space separated words,
    cut at clause bounds where there are any and at words where there are none.
    """
    if len(sentence.of(text).split()) <= max_words:
        return sentence
    bounds = [
        sentence.start,
        *(m.end() + sentence.start for m in _CLAUSE.finditer(sentence.of(text))),
    ]
    if len(bounds) == 1:
        bounds += [m.end() + sentence.start for m in re.finditer(r"\s+", sentence.of(text))]
    bounds.append(sentence.end)
    first = max(0, bisect_right(bounds, focus.start) - 1)
    last = first + 1

    def size(i: int, j: int) -> int:
        return len(text[bounds[i] : bounds[j]].split())

    while (
        last < len(bounds) - 1 and bounds[last] < focus.end and size(first, last + 1) <= max_words
    ):
        last += 1
    grown = True
    while grown:
        grown = False
        if last < len(bounds) - 1 and size(first, last + 1) <= max_words:
            last, grown = last + 1, True
        if first > 0 and size(first - 1, last) <= max_words:
            first, grown = first - 1, True
    return _first_words(text, bounds[first], bounds[last], max_words)


def _first_words(text: str, start: int, end: int, max_words: int) -> Span:
    """Trim ``[start, end)`` and keep its first ``max_words`` words."""
    pieces = list(re.finditer(r"\S+", text[start:end]))[:max_words]
    if not pieces:
        return Span(start=start, end=start)
    return Span(start=start + pieces[0].start(), end=start + pieces[-1].end())
