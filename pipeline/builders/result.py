"""The rows of some agreements, made from their drafts once they have their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.builders import assemble, claims, lineage, plausible, resolve
from pipeline.built import BuiltMention, PartyRow, PlaceRow
from pipeline.gazetteer import Gazetteer
from pipeline.records import Agreement, Claim, Event, Issue


@dataclass(slots=True)
class Result:
    """Rows of some agreements, and what relations between all agreements are made of.

    ``claim_counts`` says how many claims each agreement has, in the order of ``claims``.
    """

    mentions: list[BuiltMention] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    claim_counts: list[tuple[str, int]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    ties: list[lineage.Tie] = field(default_factory=list)
    stubs: list[lineage.Stub] = field(default_factory=list)


def add_rows(result: Result, found: assemble.Draft, agreement_id: str) -> None:
    """Add the rows of one agreement."""
    agreement = assemble.named(found, agreement_id)
    before = len(result.claims)
    result.agreements.append(agreement)
    result.stubs.append(lineage.stub_of(agreement))
    result.ties += lineage.ties_of(agreement_id, found.tellings)
    result.events += assemble.events(found, agreement_id)
    result.claims += assemble.claims(found, agreement_id)
    result.issues += _impossible(agreement, found)
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
    result.claim_counts.append((agreement_id, len(result.claims) - before))


def _impossible(agreement: Agreement, found: assemble.Draft) -> Iterator[Issue]:
    """Yield an issue for every step that cannot have come when it is told to have."""
    for step, reason in plausible.impossible(found.life):
        m = step.telling.mention
        yield Issue(
            doc_id=m.doc_id,
            capture_id=m.capture_id,
            stage="build",
            field="date",
            value=step.date or "",
            reason=f"{agreement.agreement_id}: {reason}",
        )


class Parties:
    """One row per party, named and typed as in its first agreement with a country."""

    def __init__(self, bodies: Mapping[str, resolve.Body]) -> None:
        """Start without any; ``bodies`` are the resolved parties by id."""
        self._bodies = bodies
        self._counted: Counter[str] = Counter()
        self._first: dict[str, tuple[str, str, str | None]] = {}

    def add(self, party_id: str, name: str, kind: str, country: str | None) -> None:
        """Take a party of one agreement; agreements come in the order of their ids."""
        self._counted[party_id] += 1
        if party_id not in self._first or (not self._first[party_id][2] and country):
            self._first[party_id] = (name, kind, country)

    def rows(self) -> list[PartyRow]:
        """Return the rows, sorted by id."""
        return [
            PartyRow(
                id=party_id,
                name=name,
                kind=kind,
                country=country,
                aliases=tuple(sorted(self._bodies[party_id].names.keys() - {name})),
                agreement_count=self._counted[party_id],
            )
            for party_id, (name, kind, country) in sorted(self._first.items())
        ]


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
