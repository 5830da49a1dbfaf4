"""From the records of a build to the rows of the tables, in the order of the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pipeline.built import BuiltMention, DocumentRow, PartyRow, PlaceRow
from pipeline.exporters.csvtext import Row, brief, row
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

# Words of a version: (capture_id, start, end) -> start, end and words to quote for that span.
Quotes = Mapping[tuple[str, int, int], tuple[int, int, str]]


def _words(quotes: Quotes, capture_id: str, span: Span) -> tuple[int, int, str]:
    return quotes.get((capture_id, span.start, span.end), (span.start, span.end, ""))


def document_row(d: DocumentRow) -> Row:
    """Return a row of documents.csv."""
    return row(
        d.doc_id,
        d.external_id,
        d.url,
        d.source_id,
        d.source_kind,
        d.title,
        d.published,
        d.retrieved_at,
        d.language,
        d.is_relevant,
        d.relevance_score,
        d.outputs_realised,
        d.word_count,
        d.duplicate_of,
        d.version_count,
        d.capture_id,
        d.byline,
        d.published_by,
        d.published_confidence,
        d.text_quality,
    )


def coding_rows(c: Coding, quotes: Quotes) -> Iterator[Row]:
    """Yield the rows of one coding: one per span, or one without words."""
    base = (c.doc_id, c.capture_id, c.dimension, c.category, c.score, c.coder)
    for words in sorted({_words(quotes, c.capture_id, span) for span in c.evidence}):
        yield row(*base, *words)
    if not c.evidence:
        yield row(*base, None, None, None)


def mention_row(b: BuiltMention, quotes: Quotes) -> Row:
    """Return a row of mentions.csv."""
    m, local, partner = b.mention, b.mention.local_party, b.mention.partner
    return row(
        m.mention_id,
        m.doc_id,
        m.capture_id,
        b.agreement_id,
        m.instrument_group,
        local.name,
        local.kind,
        local.country,
        b.local_party_id,
        partner.name,
        partner.kind,
        partner.country,
        b.partner_id,
        m.level,
        m.scope,
        m.instrument,
        m.stage,
        m.modality,
        m.is_background,
        m.follow_up,
        m.date,
        m.date_kind,
        m.start_date,
        m.sectors,
        m.score,
        *_words(quotes, m.capture_id, m.span),
        b.is_superseded,
    )


def agreement_row(a: Agreement) -> Row:
    """Return a row of agreements.csv."""
    local, partner = a.local_party, a.partner
    return row(
        a.agreement_id,
        a.label,
        local.name,
        local.kind,
        local.country,
        local.referent_id,
        partner.name,
        partner.kind,
        partner.country,
        partner.referent_id,
        a.level,
        a.scope,
        a.instrument,
        a.sectors,
        a.stage,
        a.first_date,
        a.signed_date,
        a.latest_date,
        a.ended_date,
        a.renewal_count,
        a.follow_up,
        a.document_count,
        a.independent_count,
        a.official_count,
        a.score,
        a.tier,
        a.dormant,
    )


def event_row(e: Event, quotes: Quotes) -> Row:
    """Return a row of events.csv."""
    base = (e.event_id, e.agreement_id, e.stage, e.date, e.date_kind, e.modality)
    return row(*base, e.doc_id, e.capture_id, *_words(quotes, e.capture_id, e.span))


def relation_row(r: Relation, quotes: Quotes) -> Row:
    """Return a row of relations.csv."""
    base = (r.agreement_id, r.relation, r.other_agreement_id, r.other_party_name)
    return row(*base, r.doc_id, r.capture_id, *_words(quotes, r.capture_id, r.span))


def claim_row(c: Claim, quotes: Quotes) -> Row:
    """Return a row of evidence.csv."""
    return row(
        c.record_type,
        c.record_id,
        c.field,
        c.value,
        c.doc_id,
        c.capture_id,
        *_words(quotes, c.capture_id, c.span),
        c.basis,
        c.first_seen,
        c.last_seen,
        c.is_superseded,
    )


def place_row(p: PlaceRow) -> Row:
    """Return a row of places.csv."""
    return row(p.id, p.name, p.kind, p.country, p.latitude, p.longitude, p.population, p.source_ids)


def party_row(p: PartyRow) -> Row:
    """Return a row of partners.csv."""
    return row(p.id, p.name, p.kind, p.country, p.aliases, p.agreement_count)


def rejection_row(r: Rejection) -> Row:
    """Return a row of rejections.csv."""
    return row(r.doc_id, r.url, r.source_id, r.stage, r.reason)


def issue_row(i: Issue) -> Row:
    """Return a row of issues.csv."""
    return row(i.doc_id, i.capture_id, i.stage, i.field, brief(i.value), brief(i.reason))


def annotation_row(
    a: Annotation, quotes: Quotes, coordinates: Mapping[str, tuple[float, float]]
) -> Row:
    """Return a row of annotations.csv."""
    latitude, longitude = coordinates.get(a.referent_id or "", (None, None))
    return row(
        a.doc_id,
        a.capture_id,
        a.layer,
        a.label,
        *_words(quotes, a.capture_id, a.span),
        a.referent_id,
        a.value,
        a.country,
        latitude,
        longitude,
        a.score,
        a.tagger,
    )


def long_rows(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Row]:
    """Yield the long table of a column with several values."""
    for record_id, values in pairs:
        for value in sorted(set(values)):
            yield row(record_id, value)
