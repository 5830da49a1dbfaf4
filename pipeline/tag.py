"""Tag: stand-off spans for places, organisations, persons, dates, sectors, instruments and cues.

In: ``documents`` of a shard. Out: ``annotations``, with a rejection for every document that the
screen stops. To add a tagger, write it in ``taggers`` and call it in `annotate`: that list is the
registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pipeline.codebook import Codebook, Languages
from pipeline.dates import DateFinder
from pipeline.engine import Counts, ShardTask, Stage
from pipeline.gazetteer import Gazetteer
from pipeline.records import Annotation, Document, Issue, Rejection, Span
from pipeline.store import read_records, write_records
from pipeline.taggers.dates import tag_dates
from pipeline.taggers.entities import ENGLISH, INDONESIAN, Entity, Gate, find_entities, make_gate
from pipeline.taggers.ner_id import Recogniser
from pipeline.taggers.organisation_registers import Registers, load_registers
from pipeline.taggers.organisations import tag_organisations
from pipeline.taggers.persons import tag_persons
from pipeline.taggers.place_cues import PlaceCues, parse_cues
from pipeline.taggers.places import tag_places
from pipeline.taggers.screen import screen
from pipeline.taggers.stretches import Stretch, part_of, stretches
from pipeline.taggers.terms import UNDETERMINED, TermHit, TermMatcher, patterns_of, tag_terms
from pipeline.text import sentences

STAGE = Stage(
    name="tag",
    inputs=("documents",),
    output="annotations",
    models=("codebook.yml", "languages", "gazetteer", "registers", "ner-id"),
    config=("tag",),
)
ALL = "all"  # option: tag and forward also what the screen would stop
_NAMED = frozenset((ENGLISH, *INDONESIAN))  # languages with an entity model
FALLBACK = "en"  # whose dates are read in a language without a file: numbers, English month names


class Words:
    """Matchers by language, made when a document first needs them."""

    def __init__(self, codebook: Codebook, languages: Languages) -> None:
        """Take the data; nothing is compiled yet."""
        self._codebook = codebook
        self._languages = languages
        self._terms: dict[str, TermMatcher] = {}
        self._dates: dict[str, DateFinder] = {}

    def terms(self, language: str) -> TermMatcher:
        """Return the terms of a language, or of all languages where it has no file."""
        own = self._languages.get(language)
        code = own.code if own else UNDETERMINED
        if code not in self._terms:
            chosen = [own] if own else list(self._languages.by_code.values())
            patterns = patterns_of(chosen, self._codebook, undetermined=own is None)
            self._terms[code] = TermMatcher(patterns)
        return self._terms[code]

    def dates(self, language: str) -> DateFinder:
        """Return the dates of a language, or those of `FALLBACK`."""
        own = self._languages.get(language) or self._languages.by_code[FALLBACK]
        if own.code not in self._dates:
            self._dates[own.code] = DateFinder(own.dates, own.code)
        return self._dates[own.code]


@dataclass(frozen=True, slots=True)
class Tools:
    """What tagging needs; loaded once per process."""

    words: Words
    gazetteer: Gazetteer
    cues: dict[str, PlaceCues]
    registers: Registers
    spacy_model: str
    names: Recogniser | None


@lru_cache(maxsize=2)
def load(models: Path, digest: str, spacy_model: str) -> Tools:
    """Load what tagging needs from ``models``; ``digest`` only keys the cache.

    Raises:
        ConfigError: A model file is missing or wrong.
    """
    del digest
    gazetteer = Gazetteer.load(models / "gazetteer")
    return Tools(
        words=Words(Codebook.load(models), Languages.load(models)),
        gazetteer=gazetteer,
        cues=parse_cues((models / "gazetteer" / "cues.yml").read_text("utf-8")),
        registers=load_registers(models, gazetteer),
        spacy_model=spacy_model,
        names=Recogniser.load(models, gazetteer) if spacy_model else None,
    )


def annotate(document: Document, hits: Sequence[TermHit], tools: Tools) -> list[Annotation]:
    """Return all annotations of one document, by start, end, layer and label."""
    terms, dates = tag_terms(document, hits), dates_of(document, tools.words)
    names = _names(document, tools)
    entities = _entities(document, terms, [*names, *dates], tools)
    if entities:
        names = _names(document, tools, entities)
    terms = _outside(terms, dates)  # the "may" of "10 May 2019" is no hypothesis
    return sorted([*terms, *names, *dates], key=_place_in_text)


def _names(document: Document, tools: Tools, entities: tuple[Entity, ...] = ()) -> list[Annotation]:
    """Return places, organisations and persons, by rules and registers and what a model found."""
    found = [(e.start, e.end, e.label) for e in entities]
    places = tag_places(document, tools.gazetteer, tools.cues, entities=found)
    organisations = tag_organisations(
        document, tools.registers, entities=entities, places=places, gazetteer=tools.gazetteer
    )
    persons = tag_persons(
        document,
        tools.registers,
        places=places,
        organisations=organisations,
        entities=entities,
        gazetteer=tools.gazetteer,
    )
    return [*places, *organisations, *persons]


def find_terms(document: Document, words: Words) -> list[TermHit]:
    """Return the terms of a document, each stretch read with the words of its language."""
    if not document.passages:
        return words.terms(document.language).find(document.text)
    return [
        replace(hit, start=hit.start + stretch.start, end=hit.end + stretch.start)
        for stretch in stretches(document)
        for hit in words.terms(stretch.language).find(part_of(document, stretch).text)
    ]


def dates_of(document: Document, words: Words) -> list[Annotation]:
    """Return the dates of a document, likewise."""
    return [
        _shifted(date, stretch)
        for stretch in stretches(document)
        for date in tag_dates(part_of(document, stretch), words.dates(stretch.language))
    ]


def _shifted(annotation: Annotation, stretch: Stretch) -> Annotation:
    """Return an annotation of a stretch with offsets in the whole document."""
    start, end = annotation.span.start + stretch.start, annotation.span.end + stretch.start
    return replace(annotation, span=Span(start=start, end=end)) if stretch.start else annotation


def _outside(terms: Iterable[Annotation], dates: Sequence[Annotation]) -> list[Annotation]:
    """Return the terms that do not lie within a date."""
    inside = {i for d in dates for i in range(d.span.start, d.span.end)}
    return [t for t in terms if not (t.span.start in inside and t.span.end - 1 in inside)]


def _place_in_text(annotation: Annotation) -> tuple[int, int, str, str]:
    return annotation.span.start, annotation.span.end, annotation.layer, annotation.label


def _entities(
    document: Document,
    terms: Sequence[Annotation],
    named: Iterable[Annotation],
    tools: Tools,
) -> tuple[Entity, ...]:
    """Return what the models find in the sentences where a party can stand that no rule named."""
    parts = [s for s in stretches(document) if s.language.split("-")[0] in _NAMED]
    if not parts:
        return ()
    gate = make_gate(document.text, terms, ((a.span.start, a.span.end) for a in named))
    return tuple(
        replace(entity, start=entity.start + part.start, end=entity.end + part.start)
        for part in parts
        for entity in _entities_of(part_of(document, part), part.start, gate, tools)
    )


def _entities_of(part: Document, base: int, gate: Gate, tools: Tools) -> tuple[Entity, ...]:
    """Return the entities of one stretch that begins at ``base``, with offsets from there."""

    def keeps(sentence: Span) -> bool:
        return gate(Span(start=sentence.start + base, end=sentence.end + base))

    spans = sentences(part.text)
    return find_entities(part, spans, keeps, tools.spacy_model, tools.names)


def run_shard(task: ShardTask) -> Counts:
    """Tag one shard; see the module docstring."""
    tools = load(task.models, task.models_digest, task.config.tag.spacy_model)
    takes_all = ALL in task.options
    annotations: list[Annotation] = []
    rejections: list[Rejection] = []
    documents = read_records(task.path("documents"), Document)
    for document in documents:
        hits = find_terms(document, tools.words)
        reason = None if takes_all else screen(hits)
        if reason is None:
            annotations += annotate(document, hits, tools)
        else:
            rejections.append(
                Rejection(
                    doc_id=document.doc_id,
                    capture_id=document.capture_id,
                    url=document.url,
                    source_id=document.source_id,
                    stage=STAGE.name,
                    reason=reason,
                )
            )
    counts = {
        "seen": len(documents),
        "forwarded": len(documents) - len(rejections),
        "rejected": len(rejections),
        "annotations": len(annotations),
    }
    write_records(task.path(STAGE.output, "rejections"), Rejection, rejections)
    write_records(task.path(STAGE.output, "issues"), Issue, [])
    write_records(
        task.path(STAGE.output),
        Annotation,
        annotations,
        fingerprint=task.fingerprint,
        counts=counts,
    )
    return counts
