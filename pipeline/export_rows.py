"""The rows of every table, from the build and from the shards, sorted by the table's key.

What is there once per document passes in a stream; what is there once per mention is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pipeline.built import BuiltMention, PartyRow, PlaceRow
from pipeline.export_inputs import Source, annotations_of, codings_of, document_rows
from pipeline.exporters import rows
from pipeline.exporters.csvtext import Row, row
from pipeline.paths import shard_id_of
from pipeline.records import Agreement, Claim, Coding, Event, Issue, Rejection, Relation
from pipeline.schema import Table
from pipeline.store import read_all
from pipeline.takedowns import REASON, read_takedowns

_Record = TypeVar("_Record")
_LEDGERS = ("documents", "annotations", "codings", "mentions")


def _documents(source: Source) -> Iterator[Row]:
    return map(rows.document_row, document_rows(source.workspace))


def _codings(source: Source) -> Iterable[Row]:
    found = source.built("codings", Coding)
    for path in source.workspace.shards("codings"):
        found += codings_of(source, shard_id_of(path))
    found.sort(key=lambda c: (c.doc_id, c.capture_id, c.dimension, c.category, c.coder))
    return (line for coding in found for line in rows.coding_rows(coding, source.quotes))


def _mentions(source: Source) -> Iterable[Row]:
    return [rows.mention_row(b, source.quotes) for b in source.built("mentions", BuiltMention)]


def _agreements(source: Source) -> Iterable[Row]:
    return [rows.agreement_row(a) for a in source.built("agreements", Agreement)]


def _events(source: Source) -> Iterable[Row]:
    return [rows.event_row(e, source.quotes) for e in source.built("events", Event)]


def _relations(source: Source) -> Iterable[Row]:
    return [rows.relation_row(r, source.quotes) for r in source.built("relations", Relation)]


def _evidence(source: Source) -> Iterable[Row]:
    claims = source.built("claims", Claim)
    claims.sort(
        key=lambda c: (
            c.record_type,
            c.record_id,
            c.field,
            c.value,
            c.doc_id,
            c.capture_id,
            c.span.start,
            c.span.end,
            c.basis,
        )
    )
    previous = None
    for claim in claims:
        line = rows.claim_row(claim, source.quotes)
        if line != previous:
            yield line
        previous = line


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


def _ledger(source: Source, part: str, kind: type[_Record]) -> list[_Record]:
    found = source.built(part, kind)
    for folder in _LEDGERS:
        for path in source.workspace.shards(folder):
            found += read_all([source.workspace.shard(folder, shard_id_of(path), part)], kind)
    return found


def _rejections(source: Source) -> Iterable[Row]:
    found = {rows.rejection_row(r) for r in _ledger(source, "rejections", Rejection)}
    for taken in read_takedowns(source.workspace).values():
        found.add(row(taken.doc_id, taken.url, taken.source_id or "unknown", "forget", REASON))
    return sorted(found, key=lambda r: (r[0], r[3], r[4], r[1]))


def _issues(source: Source) -> Iterable[Row]:
    return sorted({rows.issue_row(i) for i in _ledger(source, "issues", Issue)})


def _annotations(source: Source) -> Iterable[Row]:
    from pipeline.gazetteer import DATA_FILE, Gazetteer

    folder = source.workspace.models / "gazetteer"
    gazetteer = Gazetteer.load(folder) if (folder / DATA_FILE).exists() else None
    coordinates: dict[str, tuple[float, float]] = {}
    found: list[tuple[tuple[str, int, int], Row]] = []
    for path in source.workspace.shards("annotations"):
        for a in annotations_of(source, shard_id_of(path)):
            place = a.referent_id or ""
            if gazetteer is not None and place not in coordinates and place in gazetteer:
                known = gazetteer.place(place)
                coordinates[place] = (known.latitude, known.longitude)
            key = (a.doc_id, a.span.start, a.span.end)
            found.append((key, rows.annotation_row(a, source.quotes, coordinates)))
    return [line for _, line in sorted(found)]


def _agreement_sectors(source: Source) -> Iterable[Row]:
    agreements = source.built("agreements", Agreement)
    return rows.long_rows((a.agreement_id, a.sectors) for a in agreements)


def _mention_sectors(source: Source) -> Iterable[Row]:
    built = source.built("mentions", BuiltMention)
    return rows.long_rows((b.mention.mention_id, b.mention.sectors) for b in built)


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
