"""The records that the stages exchange: frozen, typed, one screen each.

Parquet schemas (`store`) and CSV columns (`exporters`) derive from these classes, so a field is
added here and nowhere else. Offsets are code points of one version's ``text``.
Unknown is ``None``, never an empty string. Times are UTC ISO 8601 strings; dates are EDTF strings.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pipeline.spans import Passage as Passage
from pipeline.spans import Span as Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One answer of a server, or one imported record, as it stands in the archive.

    ``kind`` is ``response`` (fetched), ``resource`` (imported) or ``revisit`` (unchanged payload).
    ``source_*``, ``timezone`` and ``discovered_*`` are what was known of the source at that moment:
    later stages read them from here, so that they stay pure functions of the shard.
    """

    capture_id: str
    doc_id: str
    kind: str
    url: str | None
    external_id: str | None
    source_id: str
    source_kind: str
    source_country: str | None
    timezone: str | None
    languages: tuple[str, ...]
    discovered_by: str
    hint_published: str | None
    fetched_at: str
    status: int
    media_type: str
    payload_sha256: str
    payload_length: int
    warc_file: str
    warc_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Clean text of one version of one document. Never changed after it was written.

    ``published_confidence`` and ``text_quality`` go from 0 to 1. The second is how well characters
    were recognised and is unknown for text that came as text. ``passages`` are whole paragraphs in
    another language than ``language``.
    """

    doc_id: str
    capture_id: str
    external_id: str | None
    source_id: str
    source_kind: str
    source_country: str | None
    url: str | None
    title: str | None
    text: str
    language: str
    published: str | None
    published_by: str | None
    retrieved_at: str
    reader: str
    word_count: int
    text_sha256: str
    minhash: tuple[int, ...]
    byline: str | None = None
    published_confidence: float | None = None
    text_quality: float | None = None
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One stand-off statement about a span: what it is (``label``), what it denotes, who said so.

    ``value`` is the normalised reading: EDTF for a date, the full name for an acronym, the person's
    office for a person. ``detail`` says in a few words which evidence decided.
    """

    doc_id: str
    capture_id: str
    span: Span
    layer: str
    label: str
    value: str | None = None
    referent_id: str | None = None
    country: str | None = None
    score: float = 1.0
    tagger: str = ""
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """One category given to a document, with the spans that carry it."""

    doc_id: str
    capture_id: str
    dimension: str
    category: str
    score: float
    evidence: tuple[Span, ...]
    coder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of an agreement as one document gives it."""

    name: str
    kind: str
    country: str | None = None
    referent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEvidence:
    """The span that carries one field of a mention.

    ``basis``: ``stated`` (the words say it), ``referent`` (the span names a thing and a register
    supplies the value) or ``resolved`` (a relative date read against the publication date).
    """

    field: str
    value: str
    span: Span
    basis: str = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A dated lifecycle step that the document tells beside the newest one."""

    stage: str
    date: str | None
    date_kind: str | None
    modality: str
    span: Span
    basis: str = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A tie between this agreement and another one that the document names."""

    relation: str
    other_party_name: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One agreement (a dyad) in one document; ``span`` is the sentence shown as its evidence."""

    mention_id: str
    doc_id: str
    capture_id: str
    local_party: Party
    partner: Party
    level: str
    scope: str
    instrument: str
    instrument_group: str | None
    sectors: tuple[str, ...]
    stage: str
    modality: str
    is_background: bool
    follow_up: str
    date: str | None
    date_kind: str | None
    start_date: str | None
    steps: tuple[Step, ...]
    lineage: tuple[Lineage, ...]
    score: float
    span: Span
    evidence: tuple[FieldEvidence, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One agreement over all documents. ``tier`` is ``vetted`` or ``candidate``.

    ``dormant`` is derived, and None where nothing that was reached has a date.
    """

    agreement_id: str
    label: str
    local_party: Party
    partner: Party
    level: str
    scope: str
    instrument: str
    sectors: tuple[str, ...]
    stage: str
    first_date: str | None
    signed_date: str | None
    latest_date: str | None
    ended_date: str | None
    renewal_count: int
    follow_up: str
    document_count: int
    independent_count: int
    official_count: int
    score: float
    tier: str
    dormant: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One lifecycle step of one agreement, with the sentence that tells it."""

    event_id: str
    agreement_id: str
    stage: str
    date: str | None
    date_kind: str | None
    modality: str
    doc_id: str
    capture_id: str
    span: Span
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A tie between two agreements, or between one and a party outside the dataset."""

    agreement_id: str
    relation: str
    other_agreement_id: str | None
    other_party_name: str | None
    doc_id: str
    capture_id: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One coded cell: where it stands in the dataset, and the words that it rests on."""

    record_type: str
    record_id: str
    field: str
    value: str
    doc_id: str
    capture_id: str
    span: Span
    basis: str
    first_seen: str
    last_seen: str
    is_superseded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A document that a stage did not forward, and why."""

    doc_id: str
    capture_id: str
    url: str | None
    source_id: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A value that a stage could not understand. Reported, never guessed."""

    doc_id: str
    capture_id: str
    stage: str
    field: str
    value: str
    reason: str


def stable_id(*parts: str | None, length: int = 16) -> str:
    """Return a hex id of ``parts``: the first 64 bits of their SHA-256 unless told otherwise.

    Each part goes in with its length, so ``("ab", "c")`` and ``("a", "bc")`` differ, and ``None``
    differs from ``""``. With 64 bits, a corpus of 10 million documents has a collision chance of
    about 3 in a million.
    """
    joined = "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:length]
