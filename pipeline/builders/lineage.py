"""Relations between agreements, from the ties that the texts name.

**Rule.** A tie names another party. If the local government has an agreement with a party of that
name, the tie leads to it; of several, to the one signed last before this one. Otherwise the name
stands alone: the other agreement is outside the dataset. A tie that names one of the agreement's
own parties ("puts the memorandum with Kyoto into practice") leads to another agreement of the same
pair: the one signed last before this one, an implementing arrangement rather to a framework than to
another arrangement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.builders import edtf
from pipeline.builders.model import Telling
from pipeline.builders.names import core
from pipeline.records import Agreement, Relation, Span
from pipeline.text import fold

IMPLEMENTING = ("implementing_arrangement", "contract")  # what frameworks are put to work by


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie of one agreement as one document tells it."""

    agreement_id: str
    relation: str
    other_party_name: str
    doc_id: str
    capture_id: str
    span: Span
    order: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Stub:
    """What must be known of an agreement to find it by a tie: its parties as (id, kind, name)."""

    agreement_id: str
    instrument: str
    first_date: str | None
    parties: tuple[tuple[str, str, str], tuple[str, str, str]]


def ties_of(agreement_id: str, tellings: Iterable[Telling]) -> list[Tie]:
    """Return the ties that the tellings of one agreement name."""
    return [
        Tie(
            agreement_id=agreement_id,
            relation=tie.relation,
            other_party_name=tie.other_party_name,
            doc_id=t.mention.doc_id,
            capture_id=t.mention.capture_id,
            span=t.sentence(tie.span),
            order=(t.is_superseded, *t.key, number),
        )
        for t in tellings
        for number, tie in enumerate(t.mention.lineage)
    ]


def stub_of(agreement: Agreement) -> Stub:
    """Return the stub of an agreement."""
    one, two = agreement.local_party, agreement.partner
    return Stub(
        agreement.agreement_id,
        agreement.instrument,
        agreement.first_date,
        (
            (one.referent_id or "", one.kind, one.name),
            (two.referent_id or "", two.kind, two.name),
        ),
    )


def relations(
    ties: Iterable[Tie], stubs: Mapping[str, Stub], names: Mapping[str, Iterable[str]]
) -> list[Relation]:
    """Return the relations of all agreements, one per agreement, relation and other party.

    Args:
        ties: All ties that any text names.
        stubs: All agreements by id.
        names: All names of a party, by its id.
    """
    by_party: dict[str, list[str]] = defaultdict(list)
    for agreement_id, stub in sorted(stubs.items()):
        for party_id, _, _ in stub.parties:
            by_party[party_id].append(agreement_id)
    found: dict[tuple[str, str, str], Relation] = {}
    for tie in sorted(ties, key=lambda t: (t.agreement_id, t.order)):
        other = _target(tie, stubs, by_party, names)
        key = (tie.agreement_id, tie.relation, other or fold(tie.other_party_name))
        found.setdefault(
            key,
            Relation(
                agreement_id=tie.agreement_id,
                relation=tie.relation,
                other_agreement_id=other,
                other_party_name=tie.other_party_name or None,
                doc_id=tie.doc_id,
                capture_id=tie.capture_id,
                span=tie.span,
            ),
        )
    return [found[key] for key in sorted(found)]


def _target(
    tie: Tie,
    stubs: Mapping[str, Stub],
    by_party: Mapping[str, Sequence[str]],
    names: Mapping[str, Iterable[str]],
) -> str | None:
    """Return the agreement that a tie leads to, None if it is outside the dataset."""
    own = stubs[tie.agreement_id]
    mine = {party_id for party_id, _, _ in own.parties}
    fits = []
    for party_id in sorted(mine):
        for candidate in by_party[party_id]:
            if candidate == tie.agreement_id:
                continue
            there = stubs[candidate].parties
            others = [p for p in there if p[0] != party_id]
            if any(_same(tie.other_party_name, p, names) for p in others):
                fits.append(candidate)
    start = edtf.latest(own.first_date)[0]

    def preference(candidate: str) -> tuple[bool, bool, int, str]:
        stub = stubs[candidate]
        first = edtf.order(stub.first_date)[0]
        is_framework = stub.instrument not in IMPLEMENTING
        wrong_kind = tie.relation == "implements" and not is_framework
        return (first > start, wrong_kind, -first, candidate)

    return min(fits, key=preference, default=None)


def _same(name: str, party: tuple[str, str, str], names: Mapping[str, Iterable[str]]) -> bool:
    party_id, kind, shown = party
    wanted = core(name, kind)
    return bool(wanted) and any(core(k, kind) == wanted for k in {*names.get(party_id, ()), shown})
