"""Relations between agreements, from the ties that the texts name.

**Rule.** A tie names another party. If the local government has an agreement with a party of that
name, the tie leads to it; of several, to the one signed last before this one. Otherwise the name
stands alone: the other agreement is outside the dataset.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pipeline.builders import edtf
from pipeline.builders.model import Telling
from pipeline.builders.names import core
from pipeline.records import Agreement, Relation
from pipeline.text import fold


def relations(
    members: Mapping[str, Sequence[Telling]],
    agreements: Mapping[str, Agreement],
    names: Mapping[str, Iterable[str]],
) -> list[Relation]:
    """Return the relations of all agreements, one per agreement, relation and other party.

    Args:
        members: Tellings by agreement id.
        agreements: The agreements by id.
        names: All names of a party, by its id.
    """
    by_local: dict[str, list[str]] = defaultdict(list)
    for agreement_id, agreement in sorted(agreements.items()):
        for party in (agreement.local_party, agreement.partner):
            by_local[party.referent_id or ""].append(agreement_id)
    found: dict[tuple[str, str, str], Relation] = {}
    for agreement_id, tellings in sorted(members.items()):
        for telling in sorted(tellings, key=lambda t: (t.is_superseded, t.key)):
            for tie in telling.mention.lineage:
                other = _target(agreement_id, tie.other_party_name, agreements, by_local, names)
                key = (agreement_id, tie.relation, other or fold(tie.other_party_name))
                found.setdefault(
                    key,
                    Relation(
                        agreement_id=agreement_id,
                        relation=tie.relation,
                        other_agreement_id=other,
                        other_party_name=tie.other_party_name or None,
                        doc_id=telling.mention.doc_id,
                        capture_id=telling.mention.capture_id,
                        span=telling.sentence(tie.span),
                    ),
                )
    return [found[key] for key in sorted(found)]


def _target(
    agreement_id: str,
    name: str,
    agreements: Mapping[str, Agreement],
    by_local: Mapping[str, Sequence[str]],
    names: Mapping[str, Iterable[str]],
) -> str | None:
    own = agreements[agreement_id]
    mine = {own.local_party.referent_id or "", own.partner.referent_id or ""}
    fits = []
    for party_id in sorted(mine):
        for candidate in by_local[party_id]:
            if candidate == agreement_id:
                continue
            there = agreements[candidate]
            for party in (there.local_party, there.partner):
                known = {*names.get(party.referent_id or "", ()), party.name}
                if party.referent_id != party_id and _same(name, party.kind, known):
                    fits.append(candidate)
    start = edtf.latest(own.first_date)[0]

    def preference(candidate: str) -> tuple[bool, int, str]:
        first = edtf.order(agreements[candidate].first_date)[0]
        return (first > start, -first, candidate)

    return min(fits, key=preference, default=None)


def _same(name: str, kind: str, known: Iterable[str]) -> bool:
    wanted = core(name, kind)
    return bool(wanted) and any(core(k, kind) == wanted for k in known)
