"""What ``build`` reads: mentions with the facts of their documents, and the index of all documents.

Shard by shard: of a document only facts and spans are kept, its text goes when the next shard
comes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipeline.builders.model import DocumentFacts, Telling
from pipeline.builders.quotes import Quoter, fit_mention, step_sentences
from pipeline.builders.reprints import grams_of, publisher_of
from pipeline.builders.tables import DOCUMENTS, NEWEST, NO_RELEVANCE, RELEVANCE
from pipeline.built import DocumentRow
from pipeline.paths import Workspace, atomic_write, shard_id_of
from pipeline.records import Document, Issue, Mention, Rejection
from pipeline.store import COUNTS, FINGERPRINT, read_records, schema_of

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000  # document rows in memory at a time while the index is written
_MEMORY = "1GB"  # what DuckDB may hold before it spills; a million documents need about a third


@dataclass(frozen=True, slots=True)
class DocumentFinding:
    """What the build found out about one document with a mention.

    ``original`` is the document that it reprints, itself if none; ``best`` the score of its best
    mention; ``stands`` whether any of them counts.
    """

    original: str
    best: float
    stands: bool


@dataclass(slots=True)
class Inputs:
    """What was read of all shards."""

    tellings: list[Telling] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    best: dict[str, float] = field(default_factory=dict)
    below: int = 0

    def complain(self, mention: Mention, name: str, value: str, reason: str) -> None:
        """Note a value that could not be used."""
        self.issues.append(
            Issue(
                doc_id=mention.doc_id,
                capture_id=mention.capture_id,
                stage="build",
                field=name,
                value=value,
                reason=reason,
            )
        )


def read_inputs(
    workspace: Workspace, candidate: float, progress: Callable[[int, int], None]
) -> Inputs:
    """Read the mentions of all shards and the facts of the documents that carry them.

    Args:
        workspace: Where the shards are.
        candidate: Least score of a mention that counts.
        progress: Called with the shards read and all.
    """
    inputs = Inputs()
    shards = workspace.shards("mentions")
    best = inputs.best
    last: dict[str, Document] = {}
    for done, path in enumerate(shards, start=1):
        mentions = read_records(path, Mention)
        inputs.seen |= {m.doc_id for m in mentions}
        kept = [m for m in mentions if m.score >= candidate]
        inputs.below += len(mentions) - len(kept)
        if mentions:
            wanted = {m.capture_id for m in mentions}
            documents = _documents(workspace.shard("documents", shard_id_of(path)), wanted)
            _take(inputs, kept, documents)
            for m in mentions:
                best[m.doc_id] = max(best.get(m.doc_id, 0.0), m.score)
                if m.capture_id in documents and m.score < candidate:
                    last[m.doc_id] = _without_text(documents[m.capture_id])
        progress(done, len(shards))
    standing = {t.mention.doc_id for t in inputs.tellings}
    for doc_id in sorted(last.keys() - standing):
        document = last[doc_id]
        inputs.rejections.append(
            Rejection(
                doc_id=doc_id,
                capture_id=document.capture_id,
                url=document.url,
                source_id=document.source_id,
                stage="build",
                reason=(
                    f"best mention scores {best[doc_id]:.4f}, "
                    f"below the candidate threshold {candidate:.4f}"
                ),
            )
        )
    return inputs


def _without_text(document: Document) -> Document:
    return replace(document, text="", minhash=())


def _documents(path: Path, wanted: set[str]) -> dict[str, Document]:
    if not path.exists():
        return {}
    return {d.capture_id: d for d in read_records(path, Document) if d.capture_id in wanted}


def _take(inputs: Inputs, mentions: Iterable[Mention], documents: Mapping[str, Document]) -> None:
    """Add the mentions of one shard, their spans made fit to quote."""
    facts: dict[str, DocumentFacts] = {}
    quoters: dict[str, Quoter] = {}
    for mention in mentions:
        document = documents.get(mention.capture_id)
        if document is None:
            reason = "its document is not there: run read, tag, classify and relate again"
            inputs.complain(mention, "mention", mention.mention_id, reason)
            continue
        if document.capture_id not in facts:
            facts[document.capture_id] = facts_of(document)
            quoters[document.capture_id] = Quoter(document.text)
        quoter = quoters[document.capture_id]
        fitted, lost = fit_mention(quoter, mention)
        for name in lost:
            inputs.complain(mention, name, "", "its span lies outside the text")
        if fitted is None:
            continue
        inputs.tellings.append(
            Telling(
                mention=fitted,
                document=facts[document.capture_id],
                first_seen=document.retrieved_at,
                sentences=step_sentences(quoter, fitted),
            )
        )


def facts_of(document: Document) -> DocumentFacts:
    """Return what a build keeps of a document version."""
    return DocumentFacts(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        source_id=document.source_id,
        publisher=publisher_of(document.url, document.source_id),
        is_official=document.source_kind == "government",
        published=document.published,
        retrieved_at=document.retrieved_at,
        text_sha256=document.text_sha256,
        minhash=document.minhash,
        grams=grams_of(document.text),
    )


class DocumentIndex:
    """All documents of a corpus, looked at through DuckDB; nothing is kept in Python."""

    def __init__(self, workspace: Workspace) -> None:
        """Find the newest version of every document."""
        import duckdb

        self._db: duckdb.DuckDBPyConnection = duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "threads": 1,
                "temp_directory": str(workspace.build / ".duckdb"),
                "autoinstall_known_extensions": False,
            }
        )
        documents = [str(p) for p in workspace.shards("documents")]
        codings = [str(p) for p in workspace.shards("codings")]
        self.is_empty = not documents
        if self.is_empty:
            return
        self._db.execute(NEWEST, {"documents": documents})
        if codings:
            self._db.execute(RELEVANCE, {"codings": codings})
        else:
            self._db.execute(NO_RELEVANCE)

    def __enter__(self) -> Self:
        """Use the index in a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._db.close()

    def newest(self, doc_ids: Iterable[str]) -> dict[str, str]:
        """Return the capture_id of the newest version of each of these documents."""
        import pyarrow as pa

        if self.is_empty:
            return {}
        self._db.register(
            "wanted", pa.table({"doc_id": pa.array(sorted(set(doc_ids)), pa.string())})
        )
        rows = self._db.execute(
            "SELECT doc_id, capture_id FROM newest SEMI JOIN wanted USING (doc_id)"
        )
        return {str(doc_id): str(capture_id) for doc_id, capture_id in rows.fetchall()}

    def write(
        self,
        path: Path,
        found: Mapping[str, DocumentFinding],
        realised: Collection[str],
        fingerprint: str,
    ) -> int:
        """Write the rows of all documents, sorted by doc_id, and return how many there are.

        Args:
            path: Where they go.
            found: What the build found out about the documents that have a mention, by doc_id.
            realised: Documents that tell an output other than the instrument.
            fingerprint: What the rows depend on.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        metadata = {FINGERPRINT: fingerprint.encode(), COUNTS: b"{}"}
        schema = schema_of(DocumentRow).with_metadata(metadata)
        count = 0
        ids = sorted(found)
        findings = pa.table(
            {
                "doc_id": pa.array(ids, pa.string()),
                "original": pa.array([found[i].original for i in ids], pa.string()),
                "best": pa.array([found[i].best for i in ids], pa.float64()),
                "stands": pa.array([found[i].stands for i in ids], pa.bool_()),
                "realised": pa.array([i in realised for i in ids], pa.bool_()),
            }
        )
        with (
            atomic_write(path) as handle,
            pq.ParquetWriter(handle, schema, compression="zstd") as writer,
        ):
            if not self.is_empty:
                self._db.register("findings", findings)
                for batch in self._db.sql(DOCUMENTS).to_arrow_reader(_BATCH):
                    table = pa.Table.from_batches([batch])
                    columns = [table.column(f.name).cast(f.type) for f in schema]
                    writer.write_table(pa.Table.from_arrays(columns, schema=schema))
                    count += table.num_rows
        return count
