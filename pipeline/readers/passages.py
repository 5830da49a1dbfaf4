"""Paragraphs of a document that are in another language than the rest: bilingual releases.

Frequent words decide, and the statistics of letters must agree. Malay and Indonesian share both, so
that neither is ever claimed inside the other. Lists of names have no frequent words and stay with
their document.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.readers.language import detect, primary
from pipeline.records import Passage

SAMPLE_CHARS = 400  # of a paragraph; frequent words come every few words
OPENING_CHARS = 160  # enough for most to be known as the document's own
MIN_WORDS = 12  # a shorter paragraph is a heading, a name or an address: it says nothing
MIN_LETTERS = 30  # likewise where words are not divided by spaces
OWN = 0.1  # so large a share of its own frequent words and a paragraph is not looked at again
FOREIGN = 0.25  # share of frequent words that running text of a language has at least
STRAY = 0.05  # share that text of another language may have by chance ("in", "de", "a")
SCRIPT = 0.5  # share of letters of a foreign script
# The most frequent words that say nothing but the language, of public frequency lists.
_WORDS = {
    "en": "the of and to in for is on that by with was as at from are be an a has have will this it"
    " were which its their they he she his her we our you not or but had been would who can",
    "id": "yang dan di ke dari untuk dengan pada dalam ini itu adalah akan oleh tidak juga sebagai"
    " telah para dapat serta atau bahwa karena oleh tersebut antara kami kita mereka ia saya sudah"
    " bisa secara menjadi lebih harus seperti hal bagi kepada hingga agar namun",
    "ms": "yang dan di ke dari untuk dengan pada dalam ini itu adalah akan oleh tidak juga sebagai"
    " telah para dapat serta atau bahawa kerana tersebut antara kami kita mereka ia saya sudah"
    " boleh secara menjadi lebih harus seperti hal bagi kepada sehingga agar namun",
    "nl": "de het een en van in is op te dat die voor met zijn aan niet er om ook als door naar bij"
    " uit werd worden deze wordt nog heeft tot over hun maar zij wij",
    "de": "der die das und in den von zu mit ist des im für auf ein eine dem nicht sich auch als an"
    " es wird werden sind bei einer aus nach oder um am einen wurde hat zur zum dass wir",
    "fr": "le la les de des du et en un une à est pour dans que qui sur par au aux plus pas ce"
    " cette avec sont il elle se ont été leur entre ou ses nous vous",
    "es": "el la los las de del y en un una que a por con para se su al es como más fue este esta"
    " ha entre lo sus han son sobre o no también",
    "pt": "o a os as de do da dos das e em um uma que para com por no na nos nas se ao à é mais foi"
    " como sua seu são pela pelo entre ou não também",
    "it": "il lo la i gli le di del della dei delle e in un una che a per con da al alla è non si"
    " sono nel nella anche come più dal ha tra su",
}
_SAME = {"ms": "id"}  # one family: what is told from others, not from each other
_SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "zh": re.compile("[\u3400-\u9fff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
}
# Languages that share a script: the letters of one paragraph do not tell them apart for sure.
_FAMILIES = (
    frozenset("ru uk be bg mk sr kk ky tg mn".split()),
    frozenset("ar fa ur ps ug ku".split()),
    frozenset(("ja", "zh")),
)
_KANA_SHARE = 0.05  # Japanese writes its endings in kana; Chinese has none
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")


@cache
def _frequent(language: str) -> frozenset[str]:
    return frozenset(_WORDS[language].split())


def _share(words: list[str], language: str) -> float:
    return sum(map(_frequent(language).__contains__, words)) / max(1, len(words))


def _script_of(sample: str, main: str) -> str | None:
    """Return the language that a foreign script stands for; ``main`` where that fits."""
    letters = len(_LETTER.findall(sample))
    if sample.isascii() or letters < MIN_LETTERS:
        return None
    counts = {code: len(p.findall(sample)) / letters for code, p in _SCRIPTS.items()}
    if counts["ja"] >= _KANA_SHARE and counts["ja"] + counts["zh"] >= SCRIPT:
        return "ja"
    best = max(counts, key=lambda code: counts[code])
    if counts[best] < SCRIPT:
        return None
    if any(best in family and main in family for family in _FAMILIES):
        return main
    return best if best in ("ja", "ko", "zh", "th") else detect(sample)


def _language_of(paragraph: str, main: str) -> str | None:
    """Return the language of a paragraph: ``main``, another one for sure, or None if open."""
    if main in _WORDS:  # nearly every paragraph ends here
        opening = paragraph[:OPENING_CHARS].lower().split()
        if len(opening) >= MIN_WORDS and _share(opening, main) >= OWN:
            return main
    sample = paragraph[:SAMPLE_CHARS]
    words = _WORD.findall(sample.lower())
    if main in _WORDS:
        if len(words) >= MIN_WORDS and _share(words, main) >= OWN:
            return main
        if script := _script_of(sample, main):
            return script
    elif script := _script_of(sample, main):
        return script
    if len(words) < MIN_WORDS or (main in _WORDS and _share(words, main) >= STRAY):
        return None
    best = max(_WORDS, key=lambda code: _share(words, code))
    if _share(words, best) < FOREIGN or _SAME.get(best, best) == _SAME.get(main, main):
        return None
    seen = detect(sample)
    return seen if _SAME.get(seen, seen) == _SAME.get(best, best) else None


def passages(text: str, language: str) -> tuple[Passage, ...]:
    """Return the whole paragraphs that surely are in another language than the document.

    Short paragraphs and lists go with their neighbours, where those agree; at either end of the
    text with the only one they have.

    Args:
        text: Clean text, a paragraph per line.
        language: The language of the document.
    """
    main = primary(language) or language
    if "\n" not in text or main == "und":
        return ()
    spans: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((at, at + len(line)))
        at += len(line) + 1
    said = [_language_of(text[start:end], main) for start, end in spans]
    if all(code in (None, main) for code in said) or main not in said:
        return ()
    return tuple(
        Passage(start=spans[first][0], end=spans[last][1], language=code)
        for first, last, code in _runs(said, main)
    )


def _runs(said: list[str | None], main: str) -> list[tuple[int, int, str]]:
    """Return the runs of foreign paragraphs: first, last, language; gaps are filled."""
    runs: list[tuple[int, int, str]] = []
    before: tuple[int, str] | None = None  # the last paragraph that said something
    for place, code in enumerate(said):
        if code is None:
            continue
        if code != main:
            if before and before[1] == code:
                runs[-1] = (runs[-1][0], place, code)
            else:
                runs.append((place if before else 0, place, code))
        before = (place, code)
    if before and before[1] != main:  # what is left at the end has no other neighbour
        runs[-1] = (runs[-1][0], len(said) - 1, runs[-1][2])
    return runs
