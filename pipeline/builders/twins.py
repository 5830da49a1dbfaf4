"""Agreements told of a city in one text and of the province of the same name in another.

**Rule.** Two governments are twins if they share name and country and one is a city, the other a
province (Hue, Osaka, Yogyakarta); a Kota and a Kabupaten are never. Agreements of two pairs
that differ only by twins are one if all else fits: the instruments are the same, both are dated and
their signings can be one day or lie within a month, and no document tells both. The pair with an
official document stands, else the one told by more, else the one with the lower ids. Where two
agreements fit, nothing is joined.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.builders import edtf
from pipeline.builders.model import Telling
from pipeline.builders.names import core
from pipeline.builders.resolve import Body, natural
from pipeline.builders.strands import UNSPECIFIED, signing_of
from pipeline.text import fold

TWIN_KINDS = frozenset({"city", "province"})
ONE_SIGNING = 31  # days between two reports of one signing, as for one act of a life

Pair = tuple[str, str]


def families(
    bodies: Mapping[str, Body], referents_of: Callable[[str], Iterable[str]]
) -> dict[str, str]:
    """Return the family of each party that has a twin.

    Args:
        bodies: The resolved parties by id.
        referents_of: The ids that a register knows for a name, in any language.
    """
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for body_id, body in bodies.items():
        if not _may_have_twin(body):
            continue
        country = next(iter(body.countries))
        for name in sorted(body.names):
            known = [i for i in referents_of(name) if i in bodies and _may_have_twin(bodies[i])]
            same = [i for i in known if country in bodies[i].countries]
            if _bare(name):
                groups[_bare(name), country] |= {body_id, *same}
    family: dict[str, str] = {}
    for members in groups.values():
        kinds = [frozenset(bodies[m].kinds) for m in members]
        # Exactly one of each kind: of two cities of one name either could be the province's.
        if len(members) == 2 and kinds[0].isdisjoint(kinds[1]):
            first = min(members, key=natural)
            root = family.get(first, first)
            family |= dict.fromkeys(members, root)
    return family


def _may_have_twin(body: Body) -> bool:
    return bool(body.kinds) and set(body.kinds) <= TWIN_KINDS and len(body.countries) == 1


def _bare(name: str) -> str:
    words = [w for w in fold(core(name, "city")).split() if w not in _TITLES]
    return " ".join(words)


_TITLES = frozenset("di dki diy daerah istimewa special region prefektur fu do si shi".split())


@dataclasses.dataclass(slots=True)
class _Group:
    """One agreement of one pair, or of several that were joined."""

    pair: Pair
    tellings: list[Telling]

    @property
    def instruments(self) -> set[str]:
        return {t.mention.instrument for t in self.tellings} - {UNSPECIFIED}

    @property
    def documents(self) -> set[str]:
        return {t.mention.doc_id for t in self.tellings}

    @property
    def signings(self) -> list[str]:
        return [d for t in self.tellings if (d := signing_of(t)) and edtf.bounds(d)]

    @property
    def weight(self) -> tuple[object, ...]:
        """Sort key, the pair that stands first."""
        return (
            not any(t.document.is_official for t in self.tellings),
            -len(self.documents),
            natural(self.pair[0]),
            natural(self.pair[1]),
        )


def join_twins(strands: Mapping[Pair, Sequence[Sequence[Telling]]]) -> list[list[Telling]]:
    """Return the agreements of a family of pairs, those of twins joined.

    Args:
        strands: The agreements of each pair, each as its tellings.
    """
    groups = [_Group(p, list(t)) for p, found in sorted(strands.items()) for t in found]
    if len(strands) > 1:
        for group in sorted(groups, key=lambda g: g.weight, reverse=True):
            fits = [g for g in groups if g is not group and _one(g, group)]
            if len(fits) == 1:
                fits[0].tellings += _moved(group.tellings, fits[0])
                groups.remove(group)
    ordered = sorted(groups, key=lambda g: g.pair)
    return [g.tellings for g in ordered]


def _one(a: _Group, b: _Group) -> bool:
    if a.pair == b.pair or not a.instruments & b.instruments or a.documents & b.documents:
        return False
    gaps = [edtf.gap(x, y) for x in a.signings for y in b.signings]
    known = [g for g in gaps if g is not None]
    return bool(known) and max(known) <= ONE_SIGNING


def _moved(tellings: Iterable[Telling], to: _Group) -> list[Telling]:
    """Return tellings with the parties of another pair, each in the place of its twin."""
    first = to.tellings[0]
    sides = {_bare(first.party(i).name): i for i in to.pair}
    moved = []
    for t in tellings:
        local = _twin_of(t.local_id, t.mention.local_party.name, to.pair, sides)
        partner = _twin_of(t.partner_id, t.mention.partner.name, to.pair, sides)
        if local is None and partner is not None:
            local = next(i for i in to.pair if i != partner)
        if partner is None and local is not None:
            partner = next(i for i in to.pair if i != local)
        if local is None or partner is None or local == partner:
            local, partner = to.pair
        moved.append(dataclasses.replace(t, local_id=local, partner_id=partner))
    return moved


def _twin_of(party_id: str, name: str, pair: Pair, sides: Mapping[str, str]) -> str | None:
    return party_id if party_id in pair else sides.get(_bare(name))
