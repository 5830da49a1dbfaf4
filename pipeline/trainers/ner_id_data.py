"""The corpora of the Indonesian entity model, brought to one form.

In: idner-news-2k and NER-UI (tokens with B- I- O tags) and the package nlp-id, whose news sentences
are read **without** labels of names. Out: sentences as text, words and tags over our own words.

The two corpora differ, and names of NER-UI are changed to what idner-news-2k calls a name: titles
stay outside, a bracketed short form belongs to the long one, hyphens stand inside words.
"""

from __future__ import annotations

import hashlib
import importlib.util
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import ConfigError
from pipeline.taggers.ner_id_features import spans_of, tokenise

SOURCE = (
    "idner-news-2k: github.com/khairunnisaor/idner-news-2k (MIT); NER-UI: "
    "github.com/indolem/indolem, folder ner/data/nerui, fold 1 (CC BY 4.0)"
)
PACKAGE = "nlp_id-0.1.23.0-py3-none-any.whl"
_TEXTS = "nlp_id/data/dataset_postag.txt"
# Of the text file inside the wheel; another version would give other weights.
TEXTS_SHA256 = "c2b6ef45dc1c5ddb8df0a6b2e0cf28270a9ff0a7518f71c9a60a5e0dbf8aa9b0"
_TYPES = {"PERSON": "PER", "LOCATION": "LOC", "ORGANIZATION": "ORG"}
_TITLES = frozenset(("prof", "dr", "drs", "ir", "pak", "bu", "ibu", "bapak"))
_LONGEST_SHORT_FORM = 12  # characters of "(PPP)", "(Kadin)"

Token = tuple[str, str]  # word, tag


class MissingCorpusError(ConfigError):
    """The data to train on are not on this machine; the weights in the repository stay."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: its text, our words in it, their tags, and the names by the corpus's words.

    ``gold`` holds ``(first, end, type)`` over ``words``, the corpus's own words as spans.
    """

    text: str
    tokens: Sequence[tuple[int, int]]
    tags: Sequence[str]
    words: Sequence[tuple[int, int]]
    gold: frozenset[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Corpora:
    """All that is trained and measured on."""

    train: list[Sentence]
    dev: list[Sentence]
    other: list[Sentence]  # NER-UI
    unlabelled: list[list[Token]]  # words with their part of speech


def load_corpora(folder: Path) -> Corpora:
    """Read the corpora of ``folder``.

    Raises:
        MissingCorpusError: One is not there.
    """
    own, other = folder / "idner-news-2k", folder / "ner-ui"
    files = [own / "train.txt", own / "dev.txt"]
    files += [other / f"{part}.tsv" for part in ("train", "dev", "test")]
    missing = [str(f) for f in files if not f.is_file()]
    if missing:
        msg = f"{', '.join(missing)}: not found. Put the corpora there ({SOURCE})."
        raise MissingCorpusError(msg)
    train, dev, *parts = [list(_read(f)) for f in files]
    return Corpora(
        [_sentence(s) for s in train],
        [_sentence(s) for s in dev],
        [_sentence(_like_idner(s)) for part in parts for s in part],
        _unlabelled(folder),
    )


def read_sentences(path: Path) -> list[Sentence]:
    """Read a file of idner-news-2k."""
    return [_sentence(s) for s in _read(path)]


def _read(path: Path) -> Iterator[list[Token]]:
    sentence: list[Token] = []
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        fields = line.split("\t") if "\t" in line else line.split()
        if len(fields) > 1:
            place, _, kind = fields[-1].strip().partition("-")
            tag = f"{place}-{_TYPES.get(kind, kind)}" if kind else place
            sentence.append((fields[0].strip(), tag))
        elif sentence:
            yield sentence
            sentence = []


def _like_idner(sentence: Sequence[Token]) -> list[Token]:
    """Change a sentence of NER-UI to the habits of idner-news-2k."""
    words = [word for word, _ in sentence]
    tags = [tag for _, tag in sentence]
    for i, word in enumerate(words):
        if tags[i] == "B-PER" and word.lower().strip(".") in _TITLES:
            tags[i] = "O"
            if i + 1 < len(tags) and tags[i + 1] == "I-PER":
                tags[i + 1] = "B-PER"
        if tags[i - 1 : i + 3][1:] == ["O", "B-ORG", "O"] and tags[i - 1].endswith("ORG"):
            short = words[i : i + 3]
            if (short[0], short[2]) == ("(", ")") and len(short[1]) < _LONGEST_SHORT_FORM:
                tags[i : i + 3] = ["I-ORG"] * 3
    return _joined(words, tags)


def _joined(words: Sequence[str], tags: Sequence[str]) -> list[Token]:
    """Write "Saint - Germain" inside a name as one word."""
    result: list[Token] = []
    i = 0
    while i < len(words):
        inside = tags[i][0] == "I" and i + 1 < len(words) and tags[i + 1][0] == "I"
        if words[i] in {"-", "/"} and inside and result:
            word, tag = result[-1]
            result[-1] = (word + words[i] + words[i + 1], tag)
            i += 2
            continue
        result.append((words[i], tags[i]))
        i += 1
    return result


def _sentence(pairs: Sequence[Token]) -> Sentence:
    text = " ".join(word for word, _ in pairs)
    words, at = [], 0
    for word, _ in pairs:
        words.append((at, at + len(word)))
        at += len(word) + 1
    gold = list(spans_of(tag for _, tag in pairs))
    tokens = tokenise(text)
    tags = ["O"] * len(tokens)
    for first, end, kind in gold:
        inside = _trimmed(text, tokens, words[first][0], words[end - 1][1])
        for i in inside:
            place = "B" if i == inside[0] else "I"
            if i == inside[-1]:
                place = "U" if place == "B" else "L"
            tags[i] = f"{place}-{kind}"
    return Sentence(text, tokens, tags, words, frozenset(gold))


def _trimmed(text: str, tokens: Sequence[tuple[int, int]], start: int, end: int) -> list[int]:
    """Return the tokens of a name without signs at its edges, save a bracket that closes one."""
    inside = [i for i, (s, e) in enumerate(tokens) if s < end and e > start]
    shown = {i: text[slice(*tokens[i])] for i in inside}
    while inside and not any(map(str.isalnum, shown[inside[0]])):
        inside.pop(0)
    while inside and not any(map(str.isalnum, shown[inside[-1]])):
        if shown[inside[-1]] == ")" and any(shown[i] == "(" for i in inside):
            break
        inside.pop()
    return inside


def _unlabelled(folder: Path) -> list[list[Token]]:
    wheel = folder / PACKAGE
    data = _inside(wheel) if wheel.is_file() else _installed()
    if data is None or hashlib.sha256(data).hexdigest() != TEXTS_SHA256:
        msg = (
            f"{wheel}: {'not found' if data is None else 'another version'}. Run `pip download "
            f"--no-deps nlp-id==0.1.23.0 --dest {folder}`."
        )
        raise MissingCorpusError(msg)
    result: dict[tuple[str, ...], list[Token]] = {}
    for block in data.decode("utf-8").split("\n\n"):
        rows = [line.split("\t") for line in block.splitlines() if "\t" in line]
        sentence = [(row[0].strip(), row[1].strip()) for row in rows if row[0].strip()]
        if sentence:
            result.setdefault(tuple(word for word, _ in sentence), sentence)
    return list(result.values())


def _inside(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(_TEXTS)


def _installed() -> bytes | None:
    found = importlib.util.find_spec("nlp_id")
    places = found.submodule_search_locations if found else None
    path = Path(next(iter(places))).parent / _TEXTS if places else None
    return path.read_bytes() if path is not None and path.is_file() else None
