"""What ``export`` reads: the build, the newest versions, and the words that the dataset quotes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from pipeline.builders.quotes import fit_span
from pipeline.built import BuiltMention, DocumentRow
from pipeline.paths import Workspace, shard_id_of
from pipeline.records import (
    Annotation,
    Claim,
    Coding,
    Document,
    Event,
    Relation,
    Span,
)
from pipeline.store import fingerprint_of, read_all, read_records

_Record = TypeVar("_Record")
_PARTS = (
    "documents",
    "mentions",
    "events",
    "relations",
    "claims",
    "parties",
    "places",
    "codings",
    "agreements",
)
_CODED = ("actor", "process", "output", "smart_city", "sector", "relevance")
_MONTH = 7  # characters of a date up to the month


class UnfinishedBuildError(Exception):
    """The files of the build are not of one run. The message says what to do."""


@dataclass(slots=True)
class Source:
    """The state of a workspace from which a dataset is written."""

    workspace: Workspace
    with_annotations: bool
    has_build: bool
    documents: dict[str, tuple[str, bool]] = field(default_factory=dict)
    quotes: dict[tuple[str, int, int], tuple[int, int, str]] = field(default_factory=dict)
    created: str | None = None
    coverage: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    published: dict[str, str | None] = field(default_factory=dict)

    def built(self, name: str, kind: type[_Record]) -> list[_Record]:
        """Return the records of one file of the build; none without a build."""
        path = self.workspace.build / f"{name}.parquet"
        return read_records(path, kind) if path.exists() else []


def open_source(workspace: Workspace, *, with_annotations: bool) -> Source:
    """Look at the workspace and collect the words that the dataset quotes.

    Raises:
        UnfinishedBuildError: A build was killed while it wrote.
    """
    marks = {fingerprint_of(workspace.build / f"{name}.parquet") for name in _PARTS}
    has_build = marks != {""}
    if len(marks) > 1:
        msg = (
            f"{workspace.build}: a build was interrupted. "
            "Run `cityaccords build`, then export again."
        )
        raise UnfinishedBuildError(msg)
    source = Source(workspace, with_annotations, has_build)
    for document in document_rows(workspace):
        source.documents[document.doc_id] = (document.capture_id, document.is_relevant)
        source.created = max(source.created or "", document.retrieved_at)
        month = (document.published or "")[:_MONTH].partition("/")[0]
        count = source.coverage.setdefault((document.source_id, month), [0, 0])
        count[0] += 1
        count[1] += document.is_relevant
        source.published[document.doc_id] = document.published
    _collect_quotes(source)
    return source


def document_rows(workspace: Workspace) -> Iterator[DocumentRow]:
    """Yield the document index in order of doc_id, a batch at a time."""
    import pyarrow.parquet as pq

    path = workspace.build / "documents.parquet"
    if not path.exists():
        return
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for values in batch.to_pylist():
                yield DocumentRow(**values)


def _collect_quotes(source: Source) -> None:
    """Read the quoted words out of the texts, one shard at a time."""
    wanted: dict[str, set[Span]] = defaultdict(set)
    for claim in source.built("claims", Claim):
        wanted[claim.capture_id].add(claim.span)
    for built in source.built("mentions", BuiltMention):
        wanted[built.mention.capture_id].add(built.mention.span)
    for event in source.built("events", Event):
        wanted[event.capture_id].add(event.span)
    for relation in source.built("relations", Relation):
        wanted[relation.capture_id].add(relation.span)
    for coding in source.built("codings", Coding):
        wanted[coding.capture_id].update(coding.evidence)
    for path in source.workspace.shards("documents"):
        here = {k: set(v) for k, v in _asked(source, shard_id_of(path)).items()}
        for document in read_records(path, Document):
            spans = wanted.get(document.capture_id, set()) | here.get(document.capture_id, set())
            for span in spans:
                if 0 <= span.start < span.end <= len(document.text):
                    fitted = fit_span(document.text, span)
                    words = (fitted.start, fitted.end, fitted.of(document.text))
                    source.quotes[document.capture_id, span.start, span.end] = words


def _asked(source: Source, shard_id: str) -> dict[str, set[Span]]:
    """Return the spans that a shard's codings, and annotations if asked for, quote."""
    asked: dict[str, set[Span]] = defaultdict(set)
    for coding in codings_of(source, shard_id):
        asked[coding.capture_id].update(coding.evidence)
    if source.with_annotations:
        for annotation in annotations_of(source, shard_id):
            asked[annotation.capture_id].add(annotation.span)
    return asked


def codings_of(source: Source, shard_id: str) -> Iterator[Coding]:
    """Yield a shard's codings of newest versions; of irrelevant documents only the relevance.

    A document that tells no agreement has no other code (codebook rule 13).
    """
    path = source.workspace.shard("codings", shard_id)
    for coding in read_all([path], Coding):
        capture_id, is_relevant = source.documents.get(coding.doc_id, ("", False))
        if coding.capture_id != capture_id or coding.dimension not in _CODED:
            continue
        if coding.category == "outputs_realised":
            continue  # a column of documents.csv, no category of the output dimension
        if is_relevant or coding.dimension == "relevance":
            yield coding


def annotations_of(source: Source, shard_id: str) -> Iterator[Annotation]:
    """Yield a shard's annotations of newest versions."""
    for annotation in read_all([source.workspace.shard("annotations", shard_id)], Annotation):
        if annotation.capture_id == source.documents.get(annotation.doc_id, ("", False))[0]:
            yield annotation
