"""Named entities of English text by the packaged spaCy model, on gated sentences only.

The model costs some 40 ms for 300 words, two hundred times the rules: so it sees only sentences
that can carry a party, and all of a document in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.config import ConfigError
from pipeline.records import Annotation, Document, Span

if TYPE_CHECKING:
    from spacy.language import Language

# The English model's entity recogniser has an embedding layer of its own: all else can stay out.
_UNUSED = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
LANGUAGE = "en"
_LONGEST_SENTENCE = 2_000  # characters; a longer one is a table or a list without line breaks
_CUE_LAYERS = frozenset(("instrument", "stage", "cue", "sector"))

Gate = Callable[[Span], bool]


@dataclass(frozen=True, slots=True)
class Entity:
    """What the model calls a span: code points ``[start, end)``, an OntoNotes label."""

    start: int
    end: int
    label: str


@lru_cache(maxsize=1)
def load_model(name: str) -> Language:
    """Load the model once per process, only its entity recogniser.

    Raises:
        ConfigError: It is not installed.
    """
    import spacy  # heavy: half a second that commands without tagging do not pay

    try:
        return spacy.load(name, exclude=_UNUSED)
    except (OSError, ImportError) as error:
        msg = (
            f"tag.spacy_model = {name!r} cannot be loaded ({error}). Run `make setup`, name an "
            'installed model in cityaccords.toml, or set spacy_model = "" to tag by rules only.'
        )
        raise ConfigError(msg) from error


def find_entities(
    document: Document, sentences: Sequence[Span], gate: Gate, model: str
) -> tuple[Entity, ...]:
    """Return the entities in the sentences that ``gate`` keeps, in text order.

    Args:
        document: Any document; other languages than English have none.
        sentences: Its sentences (`text.sentences`).
        gate: Says which sentences are worth the cost (`make_gate`).
        model: Import name of the spaCy model; empty means rules only.

    Raises:
        ConfigError: The model is not installed.
    """
    if not model or document.language.split("-")[0] != LANGUAGE:
        return ()
    kept = [s for s in sentences if s.end - s.start <= _LONGEST_SENTENCE and gate(s)]
    if not kept:
        return ()
    parsed = load_model(model).pipe([s.of(document.text) for s in kept], batch_size=len(kept))
    return tuple(
        Entity(sentence.start + entity.start_char, sentence.start + entity.end_char, entity.label_)
        for sentence, doc in zip(kept, parsed, strict=True)
        for entity in doc.ents
    )


def make_gate(text: str, annotations: Sequence[Annotation]) -> Gate:
    """Return a gate that keeps sentences which can name a party.

    A sentence is kept if it, or a neighbour, carries an instrument or a stage cue, or if it names a
    place and has a capitalised run of two words beside it. Only then can a party stand in it.
    """
    cues = sorted(
        a.span.start for a in annotations if a.layer in _CUE_LAYERS and a.layer != "sector"
    )
    places = sorted((a.span.start, a.span.end) for a in annotations if a.layer == "place")

    def keeps(sentence: Span) -> bool:
        margin = 200  # code points: about one sentence before and after
        if any(sentence.start - margin <= c < sentence.end + margin for c in cues):
            return True
        inside = [(s, e) for s, e in places if sentence.start <= s < sentence.end]
        return bool(inside) and _has_run(text, sentence, inside)

    return keeps


def _has_run(text: str, sentence: Span, places: Sequence[tuple[int, int]]) -> bool:
    """Tell whether two capitalised words stand side by side outside the places."""
    from pipeline.taggers.organisation_runs import find_runs

    part = sentence.of(text)
    return any(
        len(run.tokens) > 1
        and not any(
            s - sentence.start <= run.start and run.end <= e - sentence.start for s, e in places
        )
        for run in find_runs(part)
    )
