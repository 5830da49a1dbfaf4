"""Named entities by a model, on gated sentences only: English by spaCy, Indonesian by our own.

spaCy costs some 40 ms for 300 words, two hundred times the rules, our field some 10: so they see
only sentences that can carry a party. Malay is read by the Indonesian model: names, titles and the
words beside them are mostly the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.config import ConfigError
from pipeline.gazetteer import CURATED, Gazetteer
from pipeline.records import Annotation, Document, Span
from pipeline.taggers.ner_id import Recogniser
from pipeline.taggers.organisation_runs import Run, Spans, find_runs

if TYPE_CHECKING:
    from spacy.language import Language

# The English model's entity recogniser has an embedding layer of its own: all else can stay out.
_UNUSED = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
ENGLISH = "en"
INDONESIAN = frozenset(("id", "ms"))
HOME = frozenset(("ID", "MY"))
_KNOWN_PLACE = 100_000  # people; family names are taken from smaller places
_LABELS = {"PER": "PERSON", "ORG": "ORG", "LOC": "GPE"}  # ours in the words of OntoNotes
# A government is the party of its place and belongs to the place tagger, though the corpora that
# our model learnt from call it an organisation.
_GOVERNMENT = re.compile(
    r"(?i)(?:pemerintah(?:an|\s+(?:kota|kabupaten|provinsi|daerah|negeri))?|pemkot?|pemkab|pemprov|"
    r"pemda|kerajaan|kota|kabupaten|kab\.|provinsi|negeri)\b"
)
_DASH = re.compile(r"[–—/]|\s-\s")
_ACRONYM_FIRST = re.compile(r"[A-Z]{3,}\s")  # "HM" and "KH" are titles
# A long name with its short form: "Organisasi Kesehatan Dunia (WHO)".
_WITH_SHORT = re.compile(r"(?P<long>.*[^\s(])(?P<gap>\s*\(\s*)(?P<short>[^\s()]+)\s*\)")
_LONGEST_SENTENCE = 2_000  # characters; a longer one is a table or a list without line breaks
_MARGIN = 200  # code points: about one sentence before and after

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
    document: Document,
    sentences: Sequence[Span],
    gate: Gate,
    model: str,
    names: Recogniser | None = None,
) -> tuple[Entity, ...]:
    """Return the entities in the sentences that ``gate`` keeps, in text order.

    Args:
        document: Any document; languages other than English, Indonesian and Malay have none.
        sentences: Its sentences (`text.sentences`).
        gate: Says which sentences are worth the cost (`make_gate`).
        model: Import name of the spaCy model; empty means rules only in English.
        names: The Indonesian model; ``None`` means rules only in Indonesian and Malay.

    Raises:
        ConfigError: The spaCy model is not installed.
    """
    language = document.language.split("-")[0]
    english = bool(model) and language == ENGLISH
    indonesian = names is not None and language in INDONESIAN
    if not (english or indonesian):
        return ()
    kept = [s for s in sentences if s.end - s.start <= _LONGEST_SENTENCE and gate(s)]
    if not kept:
        return ()
    if names is not None and indonesian:
        found = [e for s in kept for e in _indonesian(s.of(document.text), s.start, names)]
        return tuple(_without_towns(document.text, found, names.gazetteer))
    parsed = load_model(model).pipe([s.of(document.text) for s in kept], batch_size=len(kept))
    return tuple(
        Entity(sentence.start + entity.start_char, sentence.start + entity.end_char, entity.label_)
        for sentence, doc in zip(kept, parsed, strict=True)
        for entity in doc.ents
    )


def _indonesian(sentence: str, base: int, names: Recogniser) -> Iterator[Entity]:
    """Yield the model's names with the labels and limits that the other taggers expect."""
    for name in names.find(sentence):
        shown = sentence[name.start : name.end]
        for start, end in _LIMITS[name.type](shown, names):
            yield Entity(base + name.start + start, base + name.start + end, _LABELS[name.type])


def _person(shown: str, names: Recogniser) -> Iterator[tuple[int, int]]:
    """Yield a person's name without the land or office before it ("Lampung Ary Meizari").

    What is a land alone or ends with a place at home is an office ("Humas Kaltim"), what begins
    with an acronym a thing ("TPA Kawatuna"), and a dash joins two names of anything; the place
    tagger would take "Kaltim" for a family name.
    """
    if _DASH.search(shown) or (_ACRONYM_FIRST.match(shown) and not shown.isupper()):
        return
    first, gap, rest = shown.partition(" ")
    start = len(first) + 1 if gap and rest[:1].isupper() and names.is_office(first) else 0
    for hit in names.gazetteer.find(shown):
        place = names.gazetteer.place(hit.candidates[0])
        is_land = place.kind in {"country", "province"} and hit.grades[0] <= CURATED
        if is_land and hit.start == start:
            start = hit.end + 1
        elif hit.end == len(shown) and place.country in HOME and place.population >= _KNOWN_PLACE:
            return
    if start < len(shown):
        yield start, len(shown)


def _without_towns(text: str, entities: Sequence[Entity], gazetteer: Gazetteer) -> Iterator[Entity]:
    """Yield all but the single words called persons that a town is called and no longer name has.

    "Mori" after "Masashi Mori" is a person; "Sevilla" alone at the head of a sentence is not.
    """
    people = [text[e.start : e.end] for e in entities if e.label == "PERSON"]
    words = {word for name in people if " " in name for word in name.split()}
    for e in entities:
        shown = text[e.start : e.end]
        is_single = e.label == "PERSON" and shown not in words and " " not in shown
        if not (is_single and gazetteer.lookup(shown)):
            yield e


def _organisation(shown: str, _: Recogniser) -> Iterator[tuple[int, int]]:
    """Yield an organisation's name; its short form in brackets apart.

    A word in capitals says too little here: our model cannot tell a firm from a landfill ("TPA");
    acronyms are for the registers and for what the document explains.
    """
    if _GOVERNMENT.match(shown):
        return
    both = _WITH_SHORT.fullmatch(shown)
    for start, end in [both.span("long"), both.span("short")] if both else [(0, len(shown))]:
        if " " in shown[start:end] or not shown[start:end].isupper():
            yield start, end


def _place(shown: str, _: Recogniser) -> Iterator[tuple[int, int]]:
    yield 0, len(shown)


_LIMITS = {"PER": _person, "ORG": _organisation, "LOC": _place}


def make_gate(
    text: str, annotations: Sequence[Annotation], known: Iterable[tuple[int, int]] = ()
) -> Gate:
    """Return a gate that keeps sentences in which a party may stand that nobody has named yet.

    A sentence is kept if it, or a neighbour, carries an instrument or a stage cue, and if it has
    capitalised words that the rules left open: two side by side, or a single one that does not
    only begin the sentence. Of a relevant text that is one sentence in five.

    Args:
        text: The document's text.
        annotations: Its terms; other layers and other cues than those of stages do not count.
        known: Spans that rules have named: places, organisations, persons, dates.
    """
    opening = sorted(
        a.span.start
        for a in annotations
        if a.layer == "instrument" or (a.layer == "cue" and a.label.startswith("stage."))
    )
    named = Spans()
    for start, end in known:
        if not named.touches(start, end):
            named.add(start, end)
    runs = find_runs(text)
    starts = [run.start for run in runs]

    def keeps(sentence: Span) -> bool:
        if not _any_in(opening, sentence.start - _MARGIN, sentence.end + _MARGIN):
            return False
        first, last = bisect_left(starts, sentence.start), bisect_left(starts, sentence.end)
        return any(_is_open(run, sentence.start, named) for run in runs[first:last])

    return keeps


def _any_in(offsets: Sequence[int], start: int, end: int) -> bool:
    index = bisect_left(offsets, start)
    return index < len(offsets) and offsets[index] < end


def _is_open(run: Run, start: int, named: Spans) -> bool:
    """Tell whether a run of capitalised words may hold a name that is not ``named``."""
    tokens = run.tokens
    left = [t.is_name and not named.touches(t.start, t.end) for t in tokens]
    if len(tokens) == 1:
        return left[0] and run.start > start
    return any(map(all, pairwise(left)))
