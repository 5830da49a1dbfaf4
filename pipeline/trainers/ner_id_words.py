"""The word list of the Indonesian entity model: clusters, habits, registered names.

In: sentences without labels of names. Out: per word the groups of words with like neighbours
(PPMI of the two words on each side, 100 dimensions by singular values, k-means), its habits, and
from the registers the names of organisations, offices and heads. Deterministic: fixed seeds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.taggers.ner_id_features import normal
from pipeline.taggers.ner_id_lexicon import Lexicon, Word
from pipeline.trainers.ner_id_data import Corpora, Token

SEED = 1
_LEAST = 3  # a word must stand so often to have neighbours worth comparing
_CONTEXTS = 4_000  # commonest words count as neighbours; rarer ones are one
_DIMENSIONS = 100
_CLUSTERS = (64, 256, 1_000)
_REACH = ((-2, 0.5), (-1, 1.0), (1, 1.0), (2, 0.5))  # the nearer neighbour tells more
_SMOOTHING = 0.75  # Levy, Goldberg and Dagan 2015: keeps rare neighbours from standing out
_OPENING = frozenset('".:(')  # after these a capital is the sentence's, not the word's
_OFTEN, _MOSTLY = 0.9, 0.6  # parts of a word's mentions; bands of how sure its label is


def build_lexicon(corpora: Corpora, registers: Path) -> Lexicon:
    """Return the word list without labels; the registers are in ``registers``."""
    own = [[s.text[a:b] for a, b in s.tokens] for s in [*corpora.train, *corpora.other]]
    texts = [[word for word, _ in s] for s in corpora.unlabelled] + own
    clusters, habits = _clusters(texts), _habits(corpora.unlabelled)
    words = {
        word: Word(clusters.get(word, ()), habits.get(word, ())) for word in {*clusters, *habits}
    }
    return Lexicon(words, *_registered(registers))


def with_labels(lexicon: Lexicon, seen: Mapping[str, Counter[str]]) -> Lexicon:
    """Return the list with what each capitalised word named in text that the model labelled."""
    words = dict(lexicon.words)
    for word, counts in seen.items():
        total = counts.total()
        if total < 2:  # once is chance
            continue
        label, often = sorted(counts.items(), key=lambda x: (-x[1], x[0]))[0]
        sure = "9" if often > _OFTEN * total else "6" if often > _MOSTLY * total else "0"
        old = words.get(word, Word())
        words[word] = Word(old.clusters, old.habits, f"{label}{sure}{'a' if total < 5 else 'b'}")
    return replace(lexicon, words=words)


def _clusters(texts: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    from scipy.sparse.linalg import svds
    from sklearn.cluster import KMeans

    matrix, vocabulary = _neighbours(texts)
    size = min(_DIMENSIONS, min(matrix.shape) - 1)
    left, values, _ = svds(matrix, k=size, v0=np.ones(min(matrix.shape)))
    vectors = left * np.sqrt(values)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    groups = [
        KMeans(min(k, len(vectors)), n_init=1, max_iter=30, random_state=SEED).fit_predict(vectors)
        for k in _CLUSTERS
    ]
    return {word: tuple(str(g[i]) for g in groups) for i, word in enumerate(vocabulary)}


def _neighbours(texts: Sequence[Sequence[str]]) -> tuple[Any, list[str]]:
    """Return positive pointwise mutual information of words and neighbours, and the words."""
    from scipy.sparse import coo_matrix

    lines = [[normal(word) for word in text] for text in texts]
    counts = Counter(word for line in lines for word in line)
    ranked = sorted(counts.items(), key=lambda x: (-x[1], x[0]))
    vocabulary = [word for word, n in ranked if n >= _LEAST]
    index = {word: i for i, word in enumerate(vocabulary)}
    contexts = min(len(vocabulary), _CONTEXTS)
    rows, columns, values = [], [], []
    for line in lines:
        ids = [index.get(word, -1) for word in line]
        for i, word in enumerate(ids):
            if word < 0:
                continue
            for side, (step, weight) in enumerate(_REACH):
                column = _column(ids, i + step, contexts)
                if column is not None:
                    rows.append(word)
                    columns.append(side * (contexts + 3) + column)
                    values.append(weight)
    shape = (len(vocabulary), len(_REACH) * (contexts + 3))
    table = coo_matrix((values, (rows, columns)), shape=shape).tocsr()
    of_word = np.asarray(table.sum(1)).ravel()
    of_context: NDArray[np.float64] = np.asarray(table.sum(0)).ravel() ** _SMOOTHING
    of_context /= of_context.sum()
    table = table.tocoo()
    table.data = np.log(table.data / (of_word[table.row] * of_context[table.col]))
    table.data[table.data < 0] = 0
    result = table.tocsr()
    result.eliminate_zeros()
    return result, vocabulary


def _column(ids: Sequence[int], at: int, contexts: int) -> int | None:
    """Return the column of a neighbour: start, end and rare words have one each."""
    if at in (-1, len(ids)):
        return contexts + (at >= 0)
    if not 0 <= at < len(ids):
        return None
    if ids[at] < 0:
        return contexts + 2
    return ids[at] if ids[at] < contexts else None


def _habits(sentences: Iterable[Sequence[Token]]) -> dict[str, tuple[str, ...]]:
    capital: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for i, (word, kind) in enumerate(sentence):
            low = normal(word)
            kinds[low][kind] += 1
            if i and sentence[i - 1][0] not in _OPENING:
                capital[low][word[:1].isupper()] += 1
    result: dict[str, tuple[str, ...]] = {}
    for low, counts in kinds.items():
        small, big = capital[low]
        share = str(round(4 * big / (small + big))) if small + big else "?"
        best = sorted(counts.items(), key=lambda x: (-x[1], x[0]))[0][0]
        proper = round(4 * counts["NNP"] / counts.total())
        result[low] = (best, share, str(proper))
    return result


def _registered(
    folder: Path,
) -> tuple[dict[tuple[str, ...], str], frozenset[tuple[str, ...]], frozenset[str]]:
    """Return the words for offices and heads by kind, names of organisations, and acronyms."""
    phrases: dict[tuple[str, ...], str] = {}
    names: set[tuple[str, ...]] = set()
    acronyms: set[str] = set()
    for path in sorted(folder.glob("*.yml")):
        data = yaml.safe_load(path.read_text("utf-8"))
        if path.stem == "offices":
            for tag, value in data["id"].items():
                phrases |= {p: f"office:{tag}" for p in _texts(value) if p not in phrases}
        elif path.stem == "heads":
            for kind, value in data["id"]["before"].items():
                phrases |= {p: f"head:{kind}" for p in _texts(value) if p not in phrases}
        for row in data.get("organisations") or ():
            names.update(_texts([row["name"], *row.get("also", ())]))
            acronyms.update(map(str, row.get("acronyms", ())))
    return phrases, frozenset(names), frozenset(acronyms)


def _texts(value: object) -> Iterator[tuple[str, ...]]:
    """Yield every text inside ``value`` as a tuple of lower-case words."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value and (words := tuple(str(value).lower().split())):
        yield words


def count_labels(
    sentences: Iterable[tuple[Sequence[str], Sequence[str]]],
) -> dict[str, Counter[str]]:
    """Count what capitalised words were labelled as: ``(words, tags)`` of each sentence."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in sentences:
        for word, tag in zip(words, tags, strict=True):
            if word[:1].isupper():
                seen[normal(word)]["O" if tag == "O" else tag[2:]] += 1
    return seen
