"""All rows of a build, made from the drafts once they have their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.builders import assemble, claims, lineage, resolve
from pipeline.builders.derived import codings_of
from pipeline.built import BuiltMention, PartyRow, PlaceRow
from pipeline.gazetteer import Gazetteer
from pipeline.records import Agreement, Claim, Coding, Event, Issue, Relation


@dataclass(slots=True)
class Result:
    """All rows of a build."""

    mentions: list[BuiltMention] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    parties: list[PartyRow] = field(default_factory=list)
    places: list[PlaceRow] = field(default_factory=list)
    codings: list[Coding] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    resting: tuple[str, ...] = ()


def rows_of(drafts: Mapping[str, assemble.Draft], bodies: Mapping[str, resolve.Body]) -> Result:
    """Return all rows: agreements by id, then what hangs on them, each list in its own order.

    Args:
        drafts: The agreements by their ids.
        bodies: The resolved parties by id.
    """
    result = Result()
    members = {}
    counted: Counter[str] = Counter()
    for agreement_id, found in sorted(drafts.items()):
        agreement = assemble.named(found, agreement_id)
        members[agreement_id] = found.tellings
        result.agreements.append(agreement)
        result.events += assemble.events(found, agreement_id)
        result.claims += assemble.claims(found, agreement_id)
        counted.update(p.referent_id or "" for p in (agreement.local_party, agreement.partner))
        for telling in found.tellings:
            stated, issues = claims.mention_claims(telling)
            result.claims += stated
            result.issues += issues
            result.mentions.append(
                BuiltMention(
                    mention=telling.mention,
                    agreement_id=agreement_id,
                    local_party_id=telling.local_id,
                    partner_id=telling.partner_id,
                    is_superseded=telling.is_superseded,
                )
            )
    by_id = {a.agreement_id: a for a in result.agreements}
    result.relations = lineage.relations(members, by_id, {i: b.names for i, b in bodies.items()})
    result.parties = _parties(result.agreements, bodies, counted)
    result.codings = codings_of(result.mentions)
    result.mentions.sort(key=lambda b: b.mention.mention_id)
    result.events.sort(key=lambda e: e.event_id)
    return result


def _parties(
    agreements: Iterable[Agreement], bodies: Mapping[str, resolve.Body], counted: Mapping[str, int]
) -> list[PartyRow]:
    """Return one row per party, named and typed as in its first agreement with a country."""
    found: dict[str, PartyRow] = {}
    for agreement in agreements:
        for party in (agreement.local_party, agreement.partner):
            key = party.referent_id or ""
            if key in found and (found[key].country or not party.country):
                continue
            aliases = tuple(sorted(bodies[key].names.keys() - {party.name}))
            found[key] = PartyRow(
                id=key,
                name=party.name,
                kind=party.kind,
                country=party.country,
                aliases=aliases,
                agreement_count=counted[key],
            )
    return [found[key] for key in sorted(found)]


def places_of(parties: Iterable[PartyRow], gazetteer: Gazetteer | None) -> list[PlaceRow]:
    """Return the places that parties are, and the countries of all: each can be mapped."""
    if gazetteer is None:
        return []
    wanted = {i for p in parties for i in (p.id, f"iso:{p.country}") if i in gazetteer}
    places = [gazetteer.place(place_id) for place_id in sorted(wanted)]
    return [
        PlaceRow(
            id=p.id,
            name=p.name,
            kind=p.kind,
            country=p.country,
            latitude=p.latitude,
            longitude=p.longitude,
            population=p.population,
            source_ids=p.source_ids,
        )
        for p in places
    ]
