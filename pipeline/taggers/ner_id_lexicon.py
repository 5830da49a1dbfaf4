"""The word list of the Indonesian entity model: words with what is known of them, and phrases.

In: ``words.tsv`` and ``phrases.tsv`` of ``models/ner-id``; `pipeline.trainers.ner_id_words` makes
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

WORDS, PHRASES = "words.tsv", "phrases.tsv"


@dataclass(frozen=True, slots=True)
class Word:
    """A row of the word list; empty fields are unknown.

    ``clusters`` are groups of words with like neighbours, coarse to fine; ``habits`` say what part
    of speech, how often a capital and how often a proper noun; ``label`` what it mostly named in
    unlabelled news, by an earlier pass of the model.
    """

    clusters: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class Lexicon:
    """Words by their normal form, and phrases of registers as tuples of lower-case words.

    Names of organisations stand apart from the words for offices and heads, since a name may begin
    with a head: "Universitas" in "Universitas Padjadjaran" is both.
    """

    words: Mapping[str, Word]
    phrases: Mapping[tuple[str, ...], str]  # words for offices and heads of names: their kind
    organisations: frozenset[tuple[str, ...]]
    acronyms: frozenset[str]  # as written

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """Read both lists.

        Raises:
            FileNotFoundError: One is missing.
        """
        words = {}
        for row in (folder / WORDS).read_text("utf-8").split("\n")[:-1]:
            word, clusters, habits, label = row.split("\t")
            words[word] = Word(
                tuple(clusters.split()) if clusters else (),
                tuple(habits.split()) if habits else (),
                label,
            )
        phrases, organisations, acronyms = {}, set(), set()
        for row in (folder / PHRASES).read_text("utf-8").split("\n")[:-1]:
            phrase, tag = row.split("\t")
            if tag == "acronym":
                acronyms.add(phrase)
            elif tag == "organisation":
                organisations.add(tuple(phrase.split()))
            else:
                phrases[tuple(phrase.split())] = tag
        return cls(words, phrases, frozenset(organisations), frozenset(acronyms))

    def save(self, folder: Path) -> None:
        """Write both lists, sorted."""
        rows = [
            f"{word}\t{' '.join(w.clusters)}\t{' '.join(w.habits)}\t{w.label}\n"
            for word, w in sorted(self.words.items())
        ]
        (folder / WORDS).write_text("".join(rows), "utf-8")
        pairs = [(" ".join(phrase), tag) for phrase, tag in self.phrases.items()]
        pairs += [(" ".join(phrase), "organisation") for phrase in self.organisations]
        pairs += [(acronym, "acronym") for acronym in self.acronyms]
        lines = [f"{phrase}\t{tag}\n" for phrase, tag in sorted(pairs)]
        (folder / PHRASES).write_text("".join(lines), "utf-8")

    @cached_property
    def longest(self) -> tuple[dict[str, int], dict[str, int]]:
        """How many words the longest phrase and organisation have that begin with a word."""
        return _longest(self.phrases), _longest(self.organisations)


def _longest(phrases: Iterable[tuple[str, ...]]) -> dict[str, int]:
    result: dict[str, int] = {}
    for phrase in phrases:
        result[phrase[0]] = max(result.get(phrase[0], 0), len(phrase))
    return result
