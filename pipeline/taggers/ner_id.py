"""Named entities of Indonesian text by our own model, a conditional random field.

In: ``models/ner-id`` (its card tells what it was trained on) and a gazetteer. Out: persons,
organisations and places as code-point spans. The features are in `ner_id_features`, the training in
`pipeline.trainers.ner_id`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pipeline.config import ConfigError
from pipeline.gazetteer import Gazetteer
from pipeline.taggers.ner_id_features import features, spans_of, tokenise
from pipeline.taggers.ner_id_lexicon import PHRASES, WORDS, Lexicon

FOLDER = "ner-id"
MODEL = "model.crfsuite"


class Name(NamedTuple):
    """A name in a text: code points ``[start, end)`` and PER, ORG or LOC."""

    start: int
    end: int
    type: str


class Recogniser:
    """Finds names in Indonesian sentences. Not for several threads at once: the field has state."""

    def __init__(self, field: bytes, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
        """Take the content of a model file, the word list and the gazetteer.

        Raises:
            ValueError: The field is damaged.
        """
        self._field = field  # the tagger reads from it and does not hold it
        self._tagger = open_field(field)
        self._lexicon = lexicon
        self.gazetteer = gazetteer

    @classmethod
    def load(cls, models: Path, gazetteer: Gazetteer) -> Recogniser:
        """Read the model from ``models / "ner-id"``.

        Raises:
            ConfigError: A file of it is missing or damaged.
        """
        folder = models / FOLDER
        for name in (MODEL, WORDS, PHRASES):
            if not (folder / name).is_file():
                msg = f"{folder / name}: model missing. Restore it from the repository."
                raise ConfigError(msg)
        try:
            # Into memory: the file may be replaced by `make models` while a run reads it.
            return cls((folder / MODEL).read_bytes(), Lexicon.load(folder), gazetteer)
        except ValueError as error:
            msg = f"{folder}: model damaged ({error}). Restore it from the repository."
            raise ConfigError(msg) from error

    def is_office(self, word: str) -> bool:
        """Tell whether a word is an office or a title by itself ("Menhan", "Wawali")."""
        return self._lexicon.phrases.get((word.lower(),), "").startswith("office:")

    def find(self, text: str) -> tuple[Name, ...]:
        """Return the names in one sentence, in order, never overlapping."""
        tokens = tokenise(text)
        if not tokens:
            return ()
        tags = self._tagger.tag(features(text, tokens, self._lexicon, self.gazetteer))
        return tuple(
            Name(tokens[first][0], tokens[end - 1][1], kind) for first, end, kind in spans_of(tags)
        )


def open_field(field: bytes) -> Any:
    """Return a tagger of python-crfsuite over ``field``, which the caller must keep.

    Raises:
        ValueError: It is damaged.
    """
    import pycrfsuite  # a C extension that commands without tagging need not load

    # The library trusts the sizes in the header: a short file would be read beyond its end.
    if field[:4] != b"lCRF" or int.from_bytes(field[4:8], "little") != len(field):
        msg = "not a whole model of CRFsuite"
        raise ValueError(msg)
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(field)
    return tagger
