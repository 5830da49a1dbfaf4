"""What the Indonesian entity model sees: words, and what is known about each.

In: a text, a gazetteer and the model's word list. Out: words as code-point spans, and a list of
features for each. Training and prediction use the same functions, so they see the same.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from pipeline.gazetteer import Gazetteer
from pipeline.taggers.ner_id_lexicon import Lexicon, Word

UNKNOWN = "?"
# Words that keep their full stop: it does not end the sentence, and names hold it ("Acme Inc.").
_ABBREVIATED = frozenset(
    """inc co corp ltd tbk dr drs dra ir prof h hj kh jl jln st jr sr mr mrs ms no pt cv kab kec gg
    s r rm moh muh m a""".split()
)
# A word may hold hyphens, full stops, slashes and apostrophes: "PDI-P", "DPR/MPR", "Detik.com".
_TOKEN = re.compile(
    r"[^\W_][\u0300-\u036f]*(?:[^\W_]|[\u0300-\u036f])*"
    r"(?:[-'’.,/&@:+_](?:[^\W_]|[\u0300-\u036f])+)*\+?|[^\w\s]|_"
)
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_REPEATED = re.compile(r"(.)\1+")
_SMALL_TOWN, _BIG_TOWN = 50_000, 500_000  # people; the bands that a place's feature tells apart
_CACHE = 50_000  # shapes of words; some 5 MB

Spans = Sequence[tuple[int, int]]


def tokenise(text: str) -> list[tuple[int, int]]:
    """Return the words and signs of a text as code-point spans."""
    result: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if text[end : end + 1] == "." and _keeps_stop(match[0]):
            end += 1
        elif match[0] == "." and result and result[-1][1] == start + 1:
            continue
        result.append((start, end))
    return result


def _keeps_stop(word: str) -> bool:
    return (
        (len(word) == 1 and word.isupper())
        or word.lower() in _ABBREVIATED
        or _INITIALS.fullmatch(word) is not None
    )


def normal(word: str) -> str:
    """Return the form by which the word list knows a word: lower case, every digit a zero."""
    return _DIGIT.sub("0", word.lower())


@lru_cache(maxsize=_CACHE)
def _shapes(word: str) -> tuple[str, str]:
    """Return the shape of a word ("Xxxxx-dd") and its short form ("Xx-d")."""
    shape = _LETTER.sub(lambda m: "X" if m[0].isupper() else "x", _DIGIT.sub("d", word))
    return shape, _REPEATED.sub(r"\1", shape)


def features(text: str, tokens: Spans, lexicon: Lexicon, gazetteer: Gazetteer) -> list[list[str]]:
    """Return the features of each token of one sentence."""
    words = [text[start:end] for start, end in tokens]
    lows = [word.lower() for word in words]
    normals = [normal(word) for word in words]
    shapes = [_shapes(word) for word in words]
    capital = [word[:1].isupper() for word in words]
    places = _places(text, tokens, gazetteer)
    marks = zip(places, _organisations(words, lows, lexicon), _phrases(lows, lexicon), strict=True)
    known = [lexicon.words.get(low, _NOTHING) for low in normals]
    base = [_of_word(*row) for row in zip(normals, shapes, capital, known, marks, strict=True)]
    labels = [
        (word.label or UNKNOWN) if up else "" for word, up in zip(known, capital, strict=True)
    ]
    count = len(words)
    result = []
    for i in range(count):
        row = [f"0{x}" for x in base[i]]
        for step in (-2, -1, 1, 2):
            if 0 <= i + step < count:
                row += [f"{step:+}{x}" for x in base[i + step]]
            elif i + step in (-1, count):
                row.append(f"{step:+}#")
        row += _affixes(normals[i])
        row.append(f"S={shapes[i][0]}")
        row += _around(i, normals, shapes)
        row += _seen(i, labels)
        if capital[i]:
            row += _run(i, normals, capital)
        if not any(capital[1:]):
            row.append("nocap")
        result.append(row)
    return result


_NOTHING = Word()


def _of_word(
    low: str, shapes: tuple[str, str], capital: bool, known: Word, marks: tuple[str, str, str]
) -> list[str]:
    place, organisation, phrase = marks
    row = [f"w={low}", f"s={shapes[1]}"]
    row += [f"k{i}={c}" for i, c in enumerate(known.clusters)] or ["k=?"]
    row += [f"h{i}={h}" for i, h in enumerate(known.habits)] or [f"h=?{'U' if capital else 'l'}"]
    if place:
        row += [f"g={place}", f"G={place[0]}{place[2]}"]
    if organisation:
        row.append(f"r={organisation}")
    if phrase:
        row.append(f"o={phrase}")
    return row


def _affixes(low: str) -> list[str]:
    sizes = [n for n in (1, 2, 3, 4) if len(low) > n]
    return [f"p={low[:n]}" for n in sizes] + [f"x={low[-n:]}" for n in sizes]


def _around(i: int, normals: Sequence[str], shapes: Sequence[tuple[str, str]]) -> list[str]:
    """Pairs and triples with the neighbours."""
    row = []
    first, last = i == 0, i == len(normals) - 1
    if not first:
        row += [f"b-={normals[i - 1]}|{normals[i]}", f"s-={shapes[i - 1][1]}|{shapes[i][1]}"]
    if not last:
        row += [f"b+={normals[i]}|{normals[i + 1]}", f"s+={shapes[i][1]}|{shapes[i + 1][1]}"]
    if not first and not last:
        row.append(f"s3={shapes[i - 1][1]}|{shapes[i][1]}|{shapes[i + 1][1]}")
        row.append(f"c3={normals[i - 1]}|{normals[i + 1]}")
    return row


def _seen(i: int, labels: Sequence[str]) -> list[str]:
    """What the capitalised word and its neighbours named elsewhere; the last sign is how often."""
    row = []
    for step in (-1, 0, 1):
        label = labels[i + step] if 0 <= i + step < len(labels) else ""
        if label:
            row += [f"q{step}{label}", f"Q{step}{label[:-1]}"]
    if i and labels[i] and labels[i - 1]:
        row.append(f"qq{labels[i - 1][:-1]}{labels[i][:-1]}")
    if i + 1 < len(labels) and labels[i] and labels[i + 1]:
        row.append(f"qn{labels[i][:-1]}{labels[i + 1][:-1]}")
    return row


def _run(i: int, normals: Sequence[str], capital: Sequence[bool]) -> list[str]:
    """What stands around the run of capitalised words that holds word ``i``."""
    before, after = i - 1, i + 1
    while before >= 0 and capital[before]:
        before -= 1
    while after < len(capital) and capital[after]:
        after += 1
    row = [
        f"rb={normals[before] if before >= 0 else '^'}",
        f"ra={normals[after] if after < len(normals) else '$'}",
        f"rl={min(i - before, 4)},{min(after - i, 4)}",
    ]
    if before + 1 < i:
        row.append(f"r0={normals[before + 1]}")
    if after - 1 > i:
        row.append(f"r9={normals[after - 1]}")
    return row


def _places(text: str, tokens: Spans, gazetteer: Gazetteer) -> list[str]:
    """Mark the words of the gazetteer's names: where in the name, home or abroad, kind, size."""
    result = [""] * len(tokens)
    starts = {start: i for i, (start, _) in enumerate(tokens)}
    ends = {end: i for i, (_, end) in enumerate(tokens)}
    for hit in gazetteer.find(text):
        first, last = starts.get(hit.start), ends.get(hit.end)
        if first is None or last is None:
            continue
        place = gazetteer.place(hit.candidates[0])
        size = (place.population >= _SMALL_TOWN) + (place.population >= _BIG_TOWN)
        home = "i" if place.country == "ID" else "w"
        mark = f"{home}{place.kind[0]}{size}{min(hit.grades)}"
        result[first] = f"B{mark}"
        result[first + 1 : last + 1] = [f"I{mark}"] * (last - first)
    return result


def _phrases(lows: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Mark the words for offices and heads of names, the longest from the left."""
    result = [""] * len(lows)
    for first, end in _longest_from_left(lows, lexicon.phrases, lexicon.longest[0]):
        result[first:end] = [lexicon.phrases[tuple(lows[first:end])]] * (end - first)
    return result


def _organisations(words: Sequence[str], lows: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Mark the words of registered names, B and I, and registered acronyms, A."""
    result = ["A" if word in lexicon.acronyms else "" for word in words]
    for first, end in _longest_from_left(lows, lexicon.organisations, lexicon.longest[1]):
        result[first:end] = ["B", *["I"] * (end - first - 1)]
    return result


def _longest_from_left(
    lows: Sequence[str], phrases: Container[tuple[str, ...]], longest: Mapping[str, int]
) -> Iterator[tuple[int, int]]:
    i = 0
    while i < len(lows):
        for size in range(min(longest.get(lows[i], 0), len(lows) - i), 0, -1):
            if tuple(lows[i : i + size]) in phrases:
                yield i, i + size
                i += size - 1
                break
        i += 1


def spans_of(tags: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Read ``(first, end, type)`` from tags B- I- L- U- O; a broken sequence is read by its types.

    An I or L after another type, or after O, begins a name, as the CoNLL scorer reads it.
    """
    start, kind = 0, ""
    last = 0
    for i, tag in enumerate(tags):
        last = i + 1
        begins = tag[:1] in {"B", "U"} or (tag != "O" and tag[2:] != kind)
        if kind and (tag == "O" or begins):
            yield start, i, kind
            kind = ""
        if begins:
            start, kind = i, tag[2:]
    if kind:
        yield start, last, kind
