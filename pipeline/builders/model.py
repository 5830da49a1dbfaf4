"""What the builders pass to each other.

A **telling** is one mention together with what is known of the document version that carries it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records import FieldEvidence, Mention, Party, Span

GOVERNMENTS = frozenset({"city", "regency", "province", "national_government"})
SUBNATIONAL = frozenset({"city", "regency", "province"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a build must know of one document version that carries a mention; never its text.

    ``grams`` are sorted 32-bit hashes of the text's word 3-grams, packed as bytes; ``lead`` is how
    the text begins. Both are empty where only the mention counts.
    """

    doc_id: str
    capture_id: str
    source_id: str
    publisher: str
    is_official: bool
    published: str | None
    retrieved_at: str
    text_sha256: str
    minhash: tuple[int, ...] = ()
    grams: bytes = b""
    lead: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A mention, its document and the ids of its two parties once they are resolved.

    ``first_seen`` is when the archive first held a version that says the same. ``sentences`` maps
    the spans that tell a step or a tie to the sentence to quote for them.
    """

    mention: Mention
    document: DocumentFacts
    first_seen: str
    is_superseded: bool = False
    local_id: str = ""
    partner_id: str = ""
    sentences: tuple[tuple[Span, Span], ...] = ()

    @property
    def key(self) -> tuple[str, int, int, str]:
        """A total order that depends on content alone."""
        m = self.mention
        return (m.doc_id, m.span.start, m.span.end, m.mention_id)

    @property
    def pair(self) -> tuple[str, str]:
        """The two party ids in an order that ignores which one is local."""
        first, second = sorted((self.local_id, self.partner_id))
        return first, second

    @property
    def report_date(self) -> str:
        """When the document came out, or, where that is unknown, an empty string."""
        return self.document.published or ""

    def party(self, party_id: str) -> Party:
        """Return the party of this id as the document gives it."""
        return self.mention.local_party if party_id == self.local_id else self.mention.partner

    def side(self, party_id: str) -> str:
        """Return ``local_party`` or ``partner``: under which fields a party's evidence stands."""
        return "local_party" if party_id == self.local_id else "partner"

    def evidence(self, field: str) -> FieldEvidence | None:
        """Return the first piece of evidence for a field, in text order of its spans."""
        found = [e for e in self.mention.evidence if e.field == field]
        return min(found, key=lambda e: (e.span.start, e.span.end), default=None)

    def sentence(self, span: Span) -> Span:
        """Return the sentence to quote for a span, or the span where none was kept."""
        return dict(self.sentences).get(span, span)
