"""From the tellings of one agreement to its record, its events and its claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.builders import edtf, values
from pipeline.builders.claims import (
    Supply,
    claim,
    date_words,
    event_claims,
    joined,
    party_claims,
    stage_words,
    supply,
)
from pipeline.builders.lifecycle import Happening, Life, live
from pipeline.builders.model import Telling
from pipeline.builders.plausible import Sleep, is_dormant
from pipeline.builders.registry import Unnamed
from pipeline.builders.resolve import Body
from pipeline.records import Agreement, Claim, Event, Party


@dataclass(frozen=True, slots=True)
class Rules:
    """What the codebook, the configuration and the thresholds say.

    ``place_names`` gives a referent's preferred name, None where no register knows it.
    """

    focus_country: str
    stage_order: Mapping[str, int]
    level_of: Callable[[str], str]
    place_names: Mapping[str, str]
    vetted: float
    sleep: Sleep


@dataclass(frozen=True, slots=True)
class Draft:
    """One agreement that has no id yet, and who supplies which of its values."""

    agreement: Agreement
    tellings: tuple[Telling, ...]
    life: Life
    suppliers: Mapping[str, Mapping[str, Telling]]
    instrument_from: Telling
    follow_up_from: Telling
    sectors_from: Mapping[str, Telling]

    def unnamed(self, bodies: Mapping[str, Body]) -> Unnamed:
        """Return what the registry must know."""
        local, partner = self.agreement.local_party.referent_id, self.agreement.partner.referent_id
        return Unnamed(
            local_party=local or "",
            partner=partner or "",
            party_ids=(bodies[local or ""].ids, bodies[partner or ""].ids),
            instruments=frozenset(t.mention.instrument for t in self.tellings),
            instrument=self.agreement.instrument,
            first_date=self.agreement.first_date,
            anchors=frozenset((t.mention.doc_id, t.mention.span.start) for t in self.tellings),
        )


def draft(
    tellings: Sequence[Telling], bodies: Mapping[str, Body], sources: values.Sources, rules: Rules
) -> Draft:
    """Make the record of one agreement.

    Args:
        tellings: All that is told of it, at least one.
        bodies: The resolved parties by id.
        sources: The independent source of each of its documents.
        rules: See `Rules`.
    """
    ordered = sorted(tellings, key=values.rank)
    sides = [_party(party_id, ordered, bodies, sources, rules) for party_id in ordered[0].pair]
    (one, one_from), (two, two_from) = sides
    is_local = values.orient(_facts(one), _facts(two), rules.focus_country)
    local, partner = (one, two) if is_local else (two, one)
    instrument, instrument_from = values.choose_instrument(ordered, sources)
    follow_up, follow_up_from = values.choose_follow_up(ordered)
    sectors_from = values.choose_sectors(ordered, sources)
    life = live(ordered, rules.stage_order)
    documents = {t.mention.doc_id: t.document for t in ordered}
    official = sum(d.is_official for d in documents.values())
    independent = len({sources[d] for d in documents})
    current = [t for t in ordered if not t.is_superseded]
    best = max((t.mention.score for t in current), default=0.0)
    is_vetted = best >= rules.vetted and (official >= 1 or independent >= 2)
    agreement = Agreement(
        agreement_id="",
        label=_label(local, partner, _date(life.first)),
        local_party=local,
        partner=partner,
        level=rules.level_of(partner.kind),
        scope=values.scope_of(local.country, partner.country, [t.mention.scope for t in ordered]),
        instrument=instrument,
        sectors=tuple(sectors_from),
        stage=life.stage,
        first_date=_date(life.first),
        signed_date=_date(life.signed),
        latest_date=_date(life.latest),
        ended_date=_date(life.ended),
        renewal_count=life.renewal_count,
        follow_up=follow_up,
        document_count=len(documents),
        independent_count=independent,
        official_count=official,
        score=values.combined_score(current or ordered, sources),
        tier="vetted" if is_vetted else "candidate",
        dormant=is_dormant(life, ordered, rules.sleep),
    )
    return Draft(
        agreement=agreement,
        tellings=tuple(ordered),
        life=life,
        suppliers={one.referent_id or "": one_from, two.referent_id or "": two_from},
        instrument_from=instrument_from,
        follow_up_from=follow_up_from,
        sectors_from=sectors_from,
    )


def _date(event: Happening | None) -> str | None:
    return event.date if event else None


def _facts(party: Party) -> tuple[str, str, str | None]:
    return party.referent_id or "", party.kind, party.country


def _party(
    party_id: str,
    tellings: Sequence[Telling],
    bodies: Mapping[str, Body],
    sources: values.Sources,
    rules: Rules,
) -> tuple[Party, dict[str, Telling]]:
    """Return a party as published, with its resolved id as referent, and who supplies what."""
    kind = values.choose(tellings, lambda t: t.party(party_id).kind, sources)
    country = values.choose(tellings, lambda t: t.party(party_id).country, sources)
    name = rules.place_names.get(party_id) or bodies[party_id].name
    said = [t for t in tellings if t.party(party_id).name == name]
    suppliers = {"name": (said or tellings)[0]}
    if kind:
        suppliers["kind"] = kind[1]
    if country:
        suppliers["country"] = country[1]
    party = Party(
        name=name,
        kind=kind[0] if kind else "",
        country=country[0] if country else None,
        referent_id=party_id,
    )
    return party, suppliers


def _label(local: Party, partner: Party, first: str | None) -> str:
    """Return ``ID-JP Yogyakarta–Kyoto 1985``; what is unknown is left out."""
    countries = "-".join(c for c in (local.country, partner.country) if c)
    return " ".join(filter(None, (countries, f"{local.name}–{partner.name}", edtf.year_of(first))))


def named(found: Draft, agreement_id: str) -> Agreement:
    """Return the record with its id."""
    return dataclasses.replace(found.agreement, agreement_id=agreement_id)


def events(found: Draft, agreement_id: str) -> Iterator[Event]:
    """Yield the events of an agreement, each with the sentence that tells it."""
    for event in found.life.events:
        telling = event.best.telling
        yield Event(
            event_id=event.event_id(agreement_id),
            agreement_id=agreement_id,
            stage=event.stage,
            date=event.date,
            date_kind=event.best.date_kind if event.date else None,
            modality=event.modality,
            doc_id=telling.mention.doc_id,
            capture_id=telling.mention.capture_id,
            span=telling.sentence(event.best.span),
            basis=event.best.date_basis if event.date else event.best.basis,
        )


def claims(found: Draft, agreement_id: str) -> Iterator[Claim]:
    """Yield the claims of an agreement and of its events."""
    a = found.agreement
    for side, party in (("local_party", a.local_party), ("partner", a.partner)):
        party_id = party.referent_id or ""
        yield from party_claims(agreement_id, side, party, party_id, found.suppliers[party_id])
    for field, value, sources in _supplied(found):
        seen = set()
        for source in sources:
            place = (source.telling.mention.capture_id, source.span, source.basis)
            if place not in seen:
                seen.add(place)
                yield claim("agreement", agreement_id, field, value, source)
    for event in found.life.events:
        yield from event_claims(event.event_id(agreement_id), event)


def _supplied(found: Draft) -> Iterator[tuple[str, str, list[Supply]]]:
    """Yield the coded cells of an agreement that are no party's: field, value, words."""
    a, life = found.agreement, found.life
    if a.instrument != "unspecified":
        yield "instrument", a.instrument, supply(found.instrument_from, "instrument")
    if a.sectors:
        yield "sectors", joined(a.sectors), _sector_words(found)
    yield "stage", a.stage, [stage_words(life.stage_from)]
    if a.follow_up != "unknown":
        yield "follow_up", a.follow_up, supply(found.follow_up_from, "follow_up")
    dates = (
        ("first_date", life.first),
        ("signed_date", life.signed),
        ("latest_date", life.latest),
        ("ended_date", life.ended),
    )
    for field, event in dates:
        if event is not None and event.date:
            yield field, event.date, [date_words(event.best)]


def _sector_words(found: Draft) -> list[Supply]:
    """Return the words for the published sectors: of each sector's own supplier, its own words."""
    words: list[Supply] = []
    for sector, telling in found.sectors_from.items():
        said = [
            e
            for e in telling.mention.evidence
            if e.field.startswith("sector")
            and (e.value == sector or e.field.endswith(f".{sector}"))
        ]
        own = [Supply(telling, e.span, e.basis) for e in said]
        words += own or supply(telling, "sectors")
    return words
