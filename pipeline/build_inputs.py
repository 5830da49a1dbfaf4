"""What ``build`` reads: mentions with the facts of their documents, one shard at a time.

Each shard becomes three spill files: its tellings (a line of JSON each, beside the columns that the
next passes sort by), the scores of its documents, and the signatures of those that carry a telling.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.build_corrections import load_corrections, without_struck
from pipeline.build_rows import read_columns
from pipeline.builders import edtf
from pipeline.builders.bands import bands_of
from pipeline.builders.derived import is_realised
from pipeline.builders.model import DocumentFacts, Telling
from pipeline.builders.packed import pack
from pipeline.builders.quotes import Quoter, fit_mention, step_sentences
from pipeline.builders.reprints import grams_of, publisher_of
from pipeline.builders.resolve import node_of
from pipeline.builders.versions import content
from pipeline.builders.wording import lead_of
from pipeline.paths import Workspace, shard_id_of
from pipeline.records import Document, Issue, Mention

if TYPE_CHECKING:
    import pyarrow as pa

TELLINGS = {
    "place": "int64",
    "doc_id": "string",
    "capture_id": "string",
    "retrieved_at": "string",
    "content": "string",
    "start": "int64",
    "end": "int64",
    "mention_id": "string",
    "local": "string",
    "local_name": "string",
    "local_kind": "string",
    "local_country": "string",
    "partner": "string",
    "partner_name": "string",
    "partner_kind": "string",
    "partner_country": "string",
    "level": "string",
    "scope": "string",
    "score": "float64",
    "is_realised": "bool",
    "packed": "string",
}
SCORES = {
    "place": "int64",
    "doc_id": "string",
    "capture_id": "string",
    "score": "float64",
    "is_below": "bool",
    "is_found": "bool",
    "url": "string",
    "source_id": "string",
}
DOCUMENTS = {
    "doc_id": "string",
    "capture_id": "string",
    "retrieved_at": "string",
    "text_sha256": "string",
    "is_official": "bool",
    "publisher": "string",
    "first_day": "int64",
    "last_day": "int64",
    "day": "int64",
    "bands": "binary",
    "minhash": "binary",
    "grams": "binary",
    "lead": "string",
    "language": "string",
}
SPILLS: Mapping[str, Mapping[str, str]] = {
    "tellings": TELLINGS,
    "scores": SCORES,
    "documents": DOCUMENTS,
}
_PLACES = 1 << 32  # mentions that one shard may hold; a shard closes at a thousand documents


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard to read: where it is, which one it is in order, and where the spill goes."""

    root: Path
    shard_id: str
    number: int
    candidate: float
    work: Path


def complaint(mention: Mention, name: str, value: str, reason: str) -> Issue:
    """Return an issue on a value that could not be used."""
    return Issue(
        doc_id=mention.doc_id,
        capture_id=mention.capture_id,
        stage="build",
        field=name,
        value=value,
        reason=reason,
    )


def tasks_of(workspace: Workspace, candidate: float, work: Path) -> list[ShardTask]:
    """Return a task for each shard of mentions, in the order of the shards.

    Args:
        workspace: Where the shards are.
        candidate: Least score of a mention that counts.
        work: The folder of the spill files.
    """
    return [
        ShardTask(workspace.root, shard_id_of(path), number, candidate, work)
        for number, path in enumerate(workspace.shards("mentions"))
    ]


def read_shard(task: ShardTask) -> list[Issue]:
    """Write the spill files of one shard and return what could not be used."""
    workspace = Workspace(task.root)
    mentions = read_columns(workspace.shard("mentions", task.shard_id), Mention)
    documents = _documents(
        workspace.shard("documents", task.shard_id), {m.capture_id for m in mentions}
    )
    mentions = without_struck(mentions, documents, load_corrections(workspace))
    kept = [m for m in mentions if m.score >= task.candidate]
    tellings, issues = tellings_of(kept, documents)
    base = task.number * _PLACES
    told = enumerate(zip(tellings, pack(tellings), strict=True))
    _spill(task, "tellings", [_telling_row(base + i, t, line) for i, (t, line) in told])
    scores = [_score_row(base + i, m, documents, task.candidate) for i, m in enumerate(mentions)]
    _spill(task, "scores", scores)
    telling = {t.mention.capture_id for t in tellings}
    _spill(task, "documents", [_document_row(facts_of(documents[c])) for c in sorted(telling)])
    return issues


def _documents(path: Path, wanted: set[str]) -> dict[str, Document]:
    if not path.exists():
        return {}
    return {d.capture_id: d for d in read_columns(path, Document) if d.capture_id in wanted}


def tellings_of(
    mentions: Iterable[Mention], documents: Mapping[str, Document]
) -> tuple[list[Telling], list[Issue]]:
    """Return mentions with the facts of their documents, their spans made fit to quote."""
    facts: dict[str, DocumentFacts] = {}
    quoters: dict[str, Quoter] = {}
    tellings: list[Telling] = []
    issues: list[Issue] = []
    for mention in mentions:
        document = documents.get(mention.capture_id)
        if document is None:
            reason = "its document is not there: run read, tag, classify and relate again"
            issues.append(complaint(mention, "mention", mention.mention_id, reason))
            continue
        if document.capture_id not in facts:
            facts[document.capture_id] = _plain_facts(document)
            quoters[document.capture_id] = Quoter(document.text)
        quoter = quoters[document.capture_id]
        fitted, lost = fit_mention(quoter, mention)
        for name in lost:
            issues.append(complaint(mention, name, "", "its span lies outside the text"))
        if fitted is None:
            continue
        tellings.append(
            Telling(
                mention=fitted,
                document=facts[document.capture_id],
                first_seen=document.retrieved_at,
                sentences=step_sentences(quoter, fitted),
            )
        )
    return tellings, issues


def _plain_facts(document: Document) -> DocumentFacts:
    return DocumentFacts(
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        source_id=document.source_id,
        publisher=publisher_of(document.url, document.source_id),
        is_official=document.source_kind == "government",
        published=document.published,
        retrieved_at=document.retrieved_at,
        text_sha256=document.text_sha256,
        language=document.language,
    )


def facts_of(document: Document) -> DocumentFacts:
    """Return what a build keeps of a document version, with the signatures of its text."""
    return replace(
        _plain_facts(document),
        minhash=document.minhash,
        grams=grams_of(document.text),
        lead=lead_of(document.text),
    )


def _telling_row(place: int, telling: Telling, packed: str) -> dict[str, object]:
    m = telling.mention
    said = hashlib.sha256(json.dumps(content(telling)).encode()).hexdigest()
    return {
        "place": place,
        "doc_id": m.doc_id,
        "capture_id": m.capture_id,
        "retrieved_at": telling.document.retrieved_at,
        "content": said[:24],
        "start": m.span.start,
        "end": m.span.end,
        "mention_id": m.mention_id,
        "local": json.dumps(node_of(m.local_party), ensure_ascii=False),
        "local_name": m.local_party.name,
        "local_kind": m.local_party.kind,
        "local_country": m.local_party.country,
        "partner": json.dumps(node_of(m.partner), ensure_ascii=False),
        "partner_name": m.partner.name,
        "partner_kind": m.partner.kind,
        "partner_country": m.partner.country,
        "level": m.level,
        "scope": m.scope,
        "score": m.score,
        "is_realised": is_realised(m),
        "packed": packed,
    }


def _score_row(
    place: int, mention: Mention, documents: Mapping[str, Document], candidate: float
) -> dict[str, object]:
    document = documents.get(mention.capture_id)
    return {
        "place": place,
        "doc_id": mention.doc_id,
        "capture_id": mention.capture_id,
        "score": mention.score,
        "is_below": mention.score < candidate,
        "is_found": document is not None,
        "url": document.url if document else None,
        "source_id": document.source_id if document else None,
    }


def _document_row(facts: DocumentFacts) -> dict[str, object]:
    import numpy as np

    order, days = edtf.order(facts.published), edtf.bounds(facts.published)
    return {
        "doc_id": facts.doc_id,
        "capture_id": facts.capture_id,
        "retrieved_at": facts.retrieved_at,
        "text_sha256": facts.text_sha256,
        "is_official": facts.is_official,
        "publisher": facts.publisher,
        "first_day": order[0],
        "last_day": order[1],
        "day": days[0] if days and days[0] == days[1] else None,
        "bands": bands_of(facts.minhash),
        "minhash": np.array(facts.minhash, dtype=np.int64).tobytes(),
        "grams": facts.grams,
        "lead": facts.lead,
        "language": facts.language,
    }


def schema_of_spill(name: str) -> pa.Schema:
    """Return the schema of a spill file."""
    import pyarrow as pa

    kinds: dict[str, pa.DataType] = {
        "string": pa.string(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "binary": pa.binary(),
    }
    return pa.schema({field: kinds[kind] for field, kind in SPILLS[name].items()})


def _spill(task: ShardTask, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {field: [row[field] for row in rows] for field in SPILLS[name]}
    table = pa.table(columns, schema=schema_of_spill(name))
    path = task.work / name / f"{task.number:08d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=1)
