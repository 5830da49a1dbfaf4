"""The rows of every table, from the build and from the shards, sorted by the table's key.

What there is once per mention, per coding or per document passes in batches; nothing of it is held.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from pipeline.builders.derived import CODER
from pipeline.built import BuiltMention, PartyRow, PlaceRow
from pipeline.export_inputs import (
    Key,
    Quotes,
    Source,
    annotations_of,
    document_rows,
    is_exported,
)
from pipeline.exporters import rows
from pipeline.exporters.csvtext import Row, row
from pipeline.paths import shard_id_of
from pipeline.records import (
    Agreement,
    Annotation,
    Claim,
    Coding,
    Event,
    Issue,
    Rejection,
    Relation,
    Span,
)
from pipeline.schema import Table
from pipeline.takedowns import REASON, read_takedowns

_Record = TypeVar("_Record")
_LEDGERS = ("documents", "annotations", "codings", "mentions")
_CLAIMS = (
    "record_type, record_id, field, value, doc_id, capture_id, span.start, span.end, basis, "
    "first_seen, last_seen, is_superseded"
)
_CODINGS = "doc_id, capture_id, dimension, category, coder"


def _documents(source: Source) -> Iterator[Row]:
    return map(rows.document_row, document_rows(source.workspace))


def _key(capture_id: str, span: Span) -> Key:
    return capture_id, span.start, span.end


def _quoting(
    source: Source,
    batches: Iterable[list[_Record]],
    key_of: Callable[[_Record], Key],
    line_of: Callable[[_Record, Quotes], Row],
) -> Iterator[Row]:
    """Yield the rows of records that quote one span each."""
    for batch in batches:
        quotes = source.words.of(map(key_of, batch))
        for record in batch:
            yield line_of(record, quotes)


def _codings(source: Source) -> Iterator[Row]:
    files = [p for p in (source.path("codings"), *source.workspace.shards("codings")) if p.exists()]
    for batch in source.words.sorted_rows(files, _CODINGS, Coding):
        kept = [c for c in batch if c.coder == CODER or is_exported(source, c)]
        quotes = source.words.of(_key(c.capture_id, s) for c in kept for s in c.evidence)
        for coding in kept:
            yield from rows.coding_rows(coding, quotes)


def _mentions(source: Source) -> Iterable[Row]:
    return _quoting(
        source,
        source.batches("mentions", BuiltMention),
        lambda b: _key(b.mention.capture_id, b.mention.span),
        rows.mention_row,
    )


def _agreements(source: Source) -> Iterable[Row]:
    return (rows.agreement_row(a) for b in source.batches("agreements", Agreement) for a in b)


def _events(source: Source) -> Iterable[Row]:
    batches = source.batches("events", Event)
    return _quoting(source, batches, lambda e: _key(e.capture_id, e.span), rows.event_row)


def _relations(source: Source) -> Iterable[Row]:
    batches = source.batches("relations", Relation)
    return _quoting(source, batches, lambda r: _key(r.capture_id, r.span), rows.relation_row)


def _evidence(source: Source) -> Iterable[Row]:
    files = [p for p in (source.path("claims"),) if p.exists()]
    claims = source.words.sorted_rows(files, _CLAIMS, Claim)
    lines = _quoting(source, claims, lambda c: _key(c.capture_id, c.span), rows.claim_row)
    return (line for line, _ in groupby(lines))


def _places(source: Source) -> Iterable[Row]:
    return [rows.place_row(p) for p in source.built("places", PlaceRow)]


def _partners(source: Source) -> Iterable[Row]:
    return [rows.party_row(p) for p in source.built("parties", PartyRow)]


def _coverage(source: Source) -> Iterable[Row]:
    """Join what the catalog knows of discovery with the documents that were read."""
    found: dict[tuple[str, str], list[int]] = {}
    if source.workspace.catalog.exists():
        from pipeline.catalog import Catalog

        with Catalog(source.workspace) as catalog:
            for source_id, month, discovered, fetched in catalog.coverage(source.published):
                found[source_id, month] = [discovered, fetched]
    for key in sorted(found.keys() | source.coverage.keys()):
        documents, relevant = source.coverage.get(key, [0, 0])
        # Without a catalog, what was read was also found and fetched; more is not known.
        discovered, fetched = found.get(key, [documents, documents])
        yield row(*key, discovered, fetched, documents, relevant)


def _ledger(source: Source, part: str) -> list[Path]:
    """Return the files that a part of the account stands in: of the build and of each shard."""
    shards = (
        source.workspace.shard(folder, shard_id_of(path), part)
        for folder in _LEDGERS
        for path in source.workspace.shards(folder)
    )
    return [p for p in (source.path(part), *shards) if p.exists()]


def _never_had(source: Source) -> Iterator[Row]:
    """Yield what a source named and no run could have: told, although no stage ever saw it."""
    if not source.workspace.catalog.exists():
        return
    from pipeline.catalog import Catalog

    with Catalog(source.workspace) as catalog:
        for page in catalog.addresses(given_up=True):
            if page.reason != REASON:  # those stand there with the stage that took them down
                why = f"{page.state}: {page.reason}" if page.reason else page.state
                yield row(page.doc_id, page.url, page.source_id or "unknown", "ingest", why)


def _rejections(source: Source) -> Iterable[Row]:
    def key(line: Row) -> tuple[str, ...]:
        return (line[0], line[3], line[4], line[1], line[2])

    order = "doc_id, stage, reason, coalesce(url, ''), source_id"
    batches = source.words.sorted_rows(_ledger(source, "rejections"), order, Rejection)
    told = (rows.rejection_row(r) for batch in batches for r in batch)
    taken = [
        row(t.doc_id, t.url, t.source_id or "unknown", "forget", REASON)
        for t in read_takedowns(source.workspace).values()
    ]
    lines = heapq.merge(told, sorted([*taken, *_never_had(source)], key=key), key=key)
    return (line for line, _ in groupby(lines))


def _issues(source: Source) -> Iterable[Row]:
    order = "doc_id, capture_id, stage, field"
    batches = source.words.sorted_rows(_ledger(source, "issues"), order, Issue)
    lines = (rows.issue_row(i) for batch in batches for i in batch)
    for _, same in groupby(lines, lambda line: line[:4]):  # long values are cut: sorted again
        yield from sorted(set(same))


def _annotations(source: Source) -> Iterable[Row]:
    from pipeline.gazetteer import DATA_FILE, Gazetteer

    folder = source.workspace.models / "gazetteer"
    gazetteer = Gazetteer.load(folder) if (folder / DATA_FILE).exists() else None
    coordinates: dict[str, tuple[float, float]] = {}
    found: list[tuple[tuple[str, int, int], Row]] = []
    for path in source.workspace.shards("annotations"):
        here: list[Annotation] = list(annotations_of(source, shard_id_of(path)))
        quotes = source.words.of(_key(a.capture_id, a.span) for a in here)
        for a in here:
            place = a.referent_id or ""
            if gazetteer is not None and place not in coordinates and place in gazetteer:
                known = gazetteer.place(place)
                coordinates[place] = (known.latitude, known.longitude)
            key = (a.doc_id, a.span.start, a.span.end)
            found.append((key, rows.annotation_row(a, quotes, coordinates)))
    return [line for _, line in sorted(found)]


def _agreement_sectors(source: Source) -> Iterable[Row]:
    batches = source.batches("agreements", Agreement)
    return rows.long_rows((a.agreement_id, a.sectors) for batch in batches for a in batch)


def _mention_sectors(source: Source) -> Iterable[Row]:
    batches = source.batches("mentions", BuiltMention)
    told = (b.mention for batch in batches for b in batch)
    return rows.long_rows((m.mention_id, m.sectors) for m in told)


def _partner_aliases(source: Source) -> Iterable[Row]:
    return rows.long_rows((p.id, p.aliases) for p in source.built("parties", PartyRow))


def _place_source_ids(source: Source) -> Iterable[Row]:
    return rows.long_rows((p.id, p.source_ids) for p in source.built("places", PlaceRow))


_ROWS: dict[str, Callable[[Source], Iterable[Row]]] = {
    "agreements": _agreements,
    "mentions": _mentions,
    "events": _events,
    "relations": _relations,
    "evidence": _evidence,
    "documents": _documents,
    "codings": _codings,
    "partners": _partners,
    "places": _places,
    "coverage": _coverage,
    "rejections": _rejections,
    "issues": _issues,
    "agreement_sectors": _agreement_sectors,
    "mention_sectors": _mention_sectors,
    "partner_aliases": _partner_aliases,
    "place_source_ids": _place_source_ids,
    "annotations": _annotations,
}


def rows_of(source: Source, table: Table) -> Iterable[Row]:
    """Return the rows of a table, sorted by its key."""
    return _ROWS[table.name](source)
