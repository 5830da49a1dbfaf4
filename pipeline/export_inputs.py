"""What ``export`` reads: the build, the newest versions, and the words that the dataset quotes.

What there is once per mention or more often passes in batches, and the quoted words lie in a
database that spills to disk. So memory follows the documents (an id and a date of each), not the
evidence, of which there are fifteen rows a mention.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from pipeline.builders.columns import records_in
from pipeline.builders.quotes import fit_span
from pipeline.built import DocumentRow
from pipeline.paths import Workspace, shard_id_of
from pipeline.records import Annotation, Coding, Span
from pipeline.store import fingerprint_of, read_all, read_records, schema_of

if TYPE_CHECKING:
    import duckdb

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
BATCH = 20_000  # rows in memory at a time: 20 MB of claims
_MEMORY = "512MB"  # what the database may hold before it spills
# Where the files of a build quote from: version and span, in DuckDB's words.
_SPANS = {
    "claims": "SELECT capture_id, span",
    "mentions": "SELECT mention.capture_id AS capture_id, mention.span AS span",
    "events": "SELECT capture_id, span",
    "relations": "SELECT capture_id, span",
    "codings": "SELECT capture_id, unnest(evidence) AS span",
}
Key = tuple[str, int, int]
Quotes = dict[Key, tuple[int, int, str]]


class UnfinishedBuildError(Exception):
    """The files of the build are not of one run. The message says what to do."""


class Words:
    """The words that a dataset quotes: by version, start and end of the span they stand for."""

    def __init__(self, folder: Path) -> None:
        """Open an empty store that spills into a folder."""
        import duckdb

        self._db: duckdb.DuckDBPyConnection = duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "threads": 1,
                "temp_directory": str(folder),
                "autoinstall_known_extensions": False,
            }
        )
        self._db.execute("CREATE TABLE wanted (capture_id VARCHAR, first BIGINT, last BIGINT)")
        self._db.execute(
            "CREATE TABLE words (capture_id VARCHAR, first BIGINT, last BIGINT, "
            "start BIGINT, stop BIGINT, quote VARCHAR)"
        )

    def close(self) -> None:
        """Give the memory and the disk back."""
        self._db.close()

    def want(self, path: Path) -> None:
        """Note what a file of the build quotes."""
        self._db.execute(
            f"INSERT INTO wanted SELECT DISTINCT capture_id, span.start, span.end FROM "  # noqa: S608 - ours
            f"({_SPANS[path.stem]} FROM read_parquet($path))",
            {"path": str(path)},
        )

    def read(self, texts: Sequence[tuple[str, str]], asked: Iterable[Key]) -> None:
        """Keep what is wanted of some versions.

        Args:
            texts: Id and text of each version.
            asked: Spans that are wanted beside those noted.
        """
        import pyarrow as pa

        here = pa.table({"capture_id": [c for c, _ in texts]})
        spans = {*self._query(here, "SELECT * FROM wanted SEMI JOIN given USING (capture_id)")}
        text_of = dict(texts)
        found: list[tuple[str, int, int, int, int, str]] = []
        for key in sorted({*spans, *asked}):
            capture_id, start, end = key
            text = text_of.get(capture_id, "")
            if 0 <= start < end <= len(text):
                fitted = fit_span(text, Span(start=start, end=end))
                found.append((*key, fitted.start, fitted.end, fitted.of(text)))
        if found:
            columns = zip(*found, strict=True)
            names = ("capture_id", "first", "last", "start", "stop", "quote")
            table = pa.table({n: list(c) for n, c in zip(names, columns, strict=True)})
            self._query(table, "INSERT INTO words SELECT * FROM given")

    def of(self, keys: Iterable[Key]) -> Quotes:
        """Return start, end and words of some spans; those outside their text are left out."""
        import pyarrow as pa

        unique = set(keys)
        if not unique:
            return {}
        columns = zip(*unique, strict=True)
        names = ("capture_id", "first", "last")
        table = pa.table({n: list(c) for n, c in zip(names, columns, strict=True)})
        rows = self._query(
            table, "SELECT w.* FROM given JOIN words w USING (capture_id, first, last)"
        )
        return {(c, a, b): (start, stop, quote) for c, a, b, start, stop, quote in rows}

    def _query(self, given: object, query: str) -> list[Any]:
        self._db.register("given", given)
        rows = self._db.execute(query).fetchall()
        self._db.unregister("given")
        return rows

    def sorted_rows(
        self, paths: Sequence[Path], order: str, kind: type[_Record]
    ) -> Iterator[list[_Record]]:
        """Yield the records of Parquet files in an order, a batch at a time.

        Args:
            paths: The files; of equal rows those of the first one come first.
            order: Columns, in DuckDB's words.
            kind: The type of the records.
        """
        import pyarrow as pa

        if not paths:
            return
        listed = [str(p) for p in paths]
        names = ", ".join(f'"{name}"' for name in schema_of(cast("Hashable", kind)).names)
        cursor = self._db.cursor()  # of its own: `of` asks while the rows pass
        found = cursor.sql(
            f"SELECT {names} FROM read_parquet($paths, filename=true, file_row_number=true) "  # noqa: S608 - ours
            f"ORDER BY {order}, list_position($paths, filename), file_row_number",
            params={"paths": listed},
        )
        for batch in found.to_arrow_reader(BATCH):
            yield records_in(pa.Table.from_batches([batch]), kind)
        cursor.close()


@dataclass(slots=True)
class Source:
    """The state of a workspace from which a dataset is written; close it when that is done."""

    workspace: Workspace
    with_annotations: bool
    has_build: bool
    words: Words
    documents: dict[str, tuple[str, bool]] = field(default_factory=dict)
    created: str | None = None
    coverage: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    published: dict[str, str | None] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Use the source in a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.words.close()

    def path(self, name: str) -> Path:
        """Return where a file of the build is."""
        return self.workspace.build / f"{name}.parquet"

    def built(self, name: str, kind: type[_Record]) -> list[_Record]:
        """Return the records of one small file of the build; none without a build."""
        path = self.path(name)
        return read_records(path, kind) if path.exists() else []

    def batches(self, name: str, kind: type[_Record]) -> Iterator[list[_Record]]:
        """Yield the records of one file of the build as they stand, a batch at a time."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.path(name)
        if not path.exists():
            return
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.remove_metadata() != schema_of(cast("Hashable", kind)):
                yield read_records(path, kind)  # says what is wrong with it
            for batch in file.iter_batches(BATCH):
                yield records_in(pa.Table.from_batches([batch]), kind)


def open_source(workspace: Workspace, scratch: Path, *, with_annotations: bool) -> Source:
    """Look at the workspace and collect the words that the dataset quotes.

    Args:
        workspace: Where the build and the shards are.
        scratch: A folder for what does not fit in memory.
        with_annotations: Whether annotations are quoted too.

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
    source = Source(workspace, with_annotations, has_build, Words(scratch))
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
    import pyarrow.parquet as pq

    for name in _SPANS:
        if source.path(name).exists():
            source.words.want(source.path(name))
    for path in source.workspace.shards("documents"):
        table = pq.read_table(path, columns=["capture_id", "text"])
        texts = zip(*(table.column(i).to_pylist() for i in range(2)), strict=True)
        source.words.read(list(texts), set(_asked(source, shard_id_of(path))))


def _asked(source: Source, shard_id: str) -> Iterator[Key]:
    """Yield the spans that a shard's codings, and annotations if asked for, quote."""
    for coding in codings_of(source, shard_id):
        for span in coding.evidence:
            yield coding.capture_id, span.start, span.end
    if source.with_annotations:
        for annotation in annotations_of(source, shard_id):
            yield annotation.capture_id, annotation.span.start, annotation.span.end


def is_exported(source: Source, coding: Coding) -> bool:
    """Tell whether a classifier's coding is published.

    Those of newest versions are; of irrelevant documents only the relevance: a document that tells
    no agreement has no other code (codebook rule 13).
    """
    capture_id, is_relevant = source.documents.get(coding.doc_id, ("", False))
    if coding.capture_id != capture_id or coding.dimension not in _CODED:
        return False
    if coding.category == "outputs_realised":
        return False  # a column of documents.csv, no category of the output dimension
    return is_relevant or coding.dimension == "relevance"


def codings_of(source: Source, shard_id: str) -> Iterator[Coding]:
    """Yield a shard's codings that are published."""
    path = source.workspace.shard("codings", shard_id)
    return (c for c in read_all([path], Coding) if is_exported(source, c))


def annotations_of(source: Source, shard_id: str) -> Iterator[Annotation]:
    """Yield a shard's annotations of newest versions."""
    for annotation in read_all([source.workspace.shard("annotations", shard_id)], Annotation):
        if annotation.capture_id == source.documents.get(annotation.doc_id, ("", False))[0]:
            yield annotation
