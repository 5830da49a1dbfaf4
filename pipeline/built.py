"""The rows of ``corpus/build/`` that are no records: what ``build`` hands to ``export``."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records import Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltMention:
    """A mention in its agreement."""

    mention: Mention
    agreement_id: str
    local_party_id: str
    partner_id: str
    is_superseded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRow:
    """A resolved party: a government by place, an organisation by name, kind and country."""

    id: str
    name: str
    kind: str
    country: str | None
    aliases: tuple[str, ...]
    agreement_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """A place of the gazetteer that the dataset refers to."""

    id: str
    name: str
    kind: str
    country: str | None
    latitude: float
    longitude: float
    population: int
    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingId:
    """An id of the registry whose agreement does not stand now; ``doc_id`` once told it."""

    agreement_id: str
    merged_into: str | None
    doc_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCorrection:
    """A cell that a person's correction decided; the digest is of what that person wrote."""

    agreement_id: str
    field: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """The newest version of one document, with what the build found out about it."""

    doc_id: str
    external_id: str | None
    url: str | None
    source_id: str
    source_kind: str
    title: str | None
    published: str | None
    retrieved_at: str
    language: str
    is_relevant: bool
    relevance_score: float | None
    outputs_realised: bool
    word_count: int
    duplicate_of: str | None
    version_count: int
    capture_id: str
    byline: str | None = None
    published_by: str | None = None
    published_confidence: float | None = None
    text_quality: float | None = None
