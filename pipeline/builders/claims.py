"""Claims: for every coded cell of the dataset, the words that it rests on.

Coded cells are those of DESIGN's output contract: party names, kinds and countries; the instrument
unless unspecified; sectors; stage; modality unless asserted; background if true; follow-up unless
unknown; every date. The value of a claim is the text of the cell, to the letter. Derived cells
have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.builders.lifecycle import ASSERTED, Happening, Told
from pipeline.builders.model import Telling
from pipeline.records import Claim, FieldEvidence, Issue, Mention, Party, Span
from pipeline.schema import SEPARATOR

PARTY_FIELDS = ("name", "kind", "country")


@dataclass(frozen=True, slots=True)
class Supply:
    """Who supplies a published value, and the words for it."""

    telling: Telling
    span: Span
    basis: str


def joined(values: Sequence[str]) -> str:
    """Return several values as one cell, sorted."""
    return SEPARATOR.join(sorted(values))


def party_cells(side: str, party: Party) -> Iterator[tuple[str, str]]:
    """Yield the coded cells of one party as (field, value)."""
    yield f"{side}_name", party.name
    yield f"{side}_kind", party.kind
    if party.country:
        yield f"{side}_country", party.country


def coded_cells(mention: Mention) -> dict[str, str]:
    """Return the coded, non-empty cells of a mention's row: what needs evidence."""
    cells = dict(party_cells("local_party", mention.local_party))
    cells |= party_cells("partner", mention.partner)
    cells["stage"] = mention.stage
    optional = {
        "instrument": "" if mention.instrument == "unspecified" else mention.instrument,
        "sectors": joined(mention.sectors),
        "modality": "" if mention.modality == ASSERTED else mention.modality,
        "is_background": "true" if mention.is_background else "",
        "follow_up": "" if mention.follow_up == "unknown" else mention.follow_up,
        "date": mention.date or "",
        "date_kind": mention.date_kind or "",
        "start_date": mention.start_date or "",
    }
    return cells | {field: value for field, value in optional.items() if value}


Index = Mapping[str, Sequence[FieldEvidence]]


def index_of(mention: Mention) -> Index:
    """Return the evidence of a mention by the field that it is for, or for a part of."""
    found: dict[str, list[FieldEvidence]] = defaultdict(list)
    for item in mention.evidence:
        found[item.field.partition(".")[0]].append(item)
    return found


def supply(telling: Telling, field: str, index: Index | None = None) -> list[Supply]:
    """Return the words that a mention gives for a field, in text order.

    A kind or a country without words of its own rests on the party's name (basis ``referent``), the
    kind of a date on the date.

    Args:
        telling: The mention.
        field: A column of its row.
        index: Its evidence by field, if somebody has made that already.
    """
    index = index_of(telling.mention) if index is None else index
    found = list(index.get(field, ()))
    if field == "sectors":
        found += [e for e in index.get("sector", ()) if e.field == "sector"]
    if len(found) == 1:
        return [Supply(telling, found[0].span, found[0].basis)]
    if found:
        spans = {(e.span.start, e.span.end, e.basis): e for e in found}
        return [Supply(telling, e.span, e.basis) for _, e in sorted(spans.items())]
    side, _, part = field.rpartition("_")
    if part in ("kind", "country") and side in ("local_party", "partner"):
        return [Supply(telling, s.span, "referent") for s in supply(telling, f"{side}_name", index)]
    if field == "date_kind":
        return supply(telling, "date", index)
    return []


def mention_claims(telling: Telling) -> tuple[list[Claim], list[Issue]]:
    """Return the claims of one mention, and an issue for every coded cell without words."""
    claims: list[Claim] = []
    issues: list[Issue] = []
    m = telling.mention
    index = index_of(m)
    for field, value in coded_cells(m).items():
        supplies = supply(telling, field, index)
        if not supplies:
            reason = "a coded cell without evidence: the relator gave no span for it"
            issues.append(
                Issue(
                    doc_id=m.doc_id,
                    capture_id=m.capture_id,
                    stage="build",
                    field=field,
                    value=value,
                    reason=reason,
                )
            )
        claims += [claim("mention", m.mention_id, field, value, s) for s in supplies]
    return claims, issues


def claim(record_type: str, record_id: str, field: str, value: str, source: Supply) -> Claim:
    """Return one claim on the words of ``source``."""
    telling = source.telling
    return Claim(
        record_type=record_type,
        record_id=record_id,
        field=field,
        value=value,
        doc_id=telling.mention.doc_id,
        capture_id=telling.mention.capture_id,
        span=source.span,
        basis=source.basis,
        first_seen=telling.first_seen,
        last_seen=telling.document.retrieved_at,
        is_superseded=telling.is_superseded,
    )


def event_claims(event_id: str, event: Happening) -> Iterator[Claim]:
    """Yield the claims of one event: the published cells first, then how other texts tell it.

    A text that gives the same event a vaguer or another date stands here with its own value.
    """
    others = [t for t in event.tellings if t is not event.best]
    for told in [event.best, *sorted(others, key=lambda t: t.rank)]:
        yield claim("event", event_id, "stage", event.stage, stage_words(told))
        if event.modality != ASSERTED:
            yield claim("event", event_id, "modality", event.modality, modality_words(told))
        if told.date:
            yield claim("event", event_id, "date", told.date, date_words(told))
            if told.date_kind:
                yield claim("event", event_id, "date_kind", told.date_kind, date_words(told))


def stage_words(told: Told) -> Supply:
    """Return the words that tell the stage of a step."""
    return Supply(told.telling, told.span, told.basis)


def date_words(told: Told) -> Supply:
    """Return the words that date a step."""
    return Supply(told.telling, told.date_span, told.date_basis)


def modality_words(told: Told) -> Supply:
    """Return the words that make a step planned, denied or hypothetical."""
    words = told.telling.evidence("modality")
    if words is None or told.modality != told.telling.mention.modality:
        return stage_words(told)
    return Supply(told.telling, words.span, words.basis)


def party_claims(
    agreement_id: str, side: str, party: Party, party_id: str, tellings: Mapping[str, Telling]
) -> Iterator[Claim]:
    """Yield the claims of one party of an agreement.

    Args:
        agreement_id: The agreement.
        side: Its column in ``agreements.csv``: ``local_party`` or ``partner``.
        party: The party as published.
        party_id: Its id, by which it is found in each mention, on whichever side.
        tellings: Who supplies its name, kind and country.
    """
    for field, value in party_cells(side, party):
        part = field.removeprefix(f"{side}_")
        telling = tellings.get(part)
        if telling is None:
            continue
        inside = f"{telling.side(party_id)}_{part}"
        said = getattr(telling.party(party_id), part) == value
        for source in supply(telling, inside):
            # A register or another mention gives the published form; the span names the thing.
            basis = source.basis if said else "referent"
            yield claim(
                "agreement", agreement_id, field, value, Supply(telling, source.span, basis)
            )
