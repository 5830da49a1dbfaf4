"""Resolve the parties of all mentions: which names in which documents are one body.

**Rule.** A government or registered body is its referent id. Without one, a party is its core name
(see `names`), kind and country; an empty country fits the only known one. A party without a
referent joins the only referent of that core name, kind and country, or the only one in the corpus
that the gazetteer knows by that name in another language. A bare acronym joins the only body of its
kind whose initials or bracketed acronym it is, if the country fits and both deal with a common
counterpart; so does the short name of a university that is cut from its full one. Wherever two
candidates remain, nothing is joined: never on a tie. What people decided in ``parties.yml`` stands
above all this.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.builders.judgements import Judgements
from pipeline.builders.model import GOVERNMENTS, Telling
from pipeline.builders.names import (
    acronym_in,
    best_name,
    core,
    initials,
    is_acronym,
    is_contraction,
    may_be_contraction,
)
from pipeline.config import ConfigError
from pipeline.records import Party, stable_id

Node = tuple[
    str, str, str, str
]  # referent id, core, kind, country; a referent node has only the id


@dataclass(slots=True)
class Body:
    """One resolved party. ``ids`` are all ids that it would have by any of its names."""

    id: str
    ids: frozenset[str]
    names: dict[str, int]
    kinds: Counter[str]
    countries: Counter[str]

    @property
    def name(self) -> str:
        """The name most used in full (see `names.best_name`)."""
        return best_name(self.names.items())


@dataclass(slots=True)
class Seen:
    """What the mentions say about one node: how often it has a name, a kind, a country."""

    names: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    counterparts: set[Node] = field(default_factory=set)


def node_of(party: Party) -> Node:
    """Return what a party is before anything is joined."""
    if party.referent_id:
        return (party.referent_id, "", "", "")
    return ("", core(party.name, party.kind), party.kind, party.country or "")


def id_of(node: Node) -> str:
    """Return the id of a node: its referent, or a hash of core name, kind and country."""
    if node[0]:
        return node[0]
    return f"{'gov' if node[2] in GOVERNMENTS else 'org'}:{stable_id(*node[1:], length=12)}"


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that reads numbers as numbers: ``gn:9`` before ``gn:10``."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)


def resolve(
    tellings: Sequence[Telling], judgements: Judgements
) -> tuple[dict[Node, str], dict[str, Body]]:
    """Join the parties of all tellings.

    Returns:
        The id of each node, and the bodies by id.

    Raises:
        ConfigError: Two judgements contradict each other.
    """
    return resolve_seen(collect(tellings), judgements)


def resolve_seen(
    seen: Mapping[Node, Seen],
    judgements: Judgements,
    referents_of: Callable[[str], Iterable[str]] = lambda name: (),
) -> tuple[dict[Node, str], dict[str, Body]]:
    """See `resolve`; for a corpus too large to hold its tellings.

    Args:
        seen: What the tellings say about each node.
        judgements: What people decided.
        referents_of: The ids that a register knows for a name, in any language.
    """
    groups = _Groups(sorted(seen), judgements)
    by_name: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in sorted(seen):
        for kind in sorted(seen[node].kinds):
            for key in sorted({core(name, kind) for name in seen[node].names}):
                by_name[key, kind].append(node)
    for nodes in by_name.values():
        _join_names(nodes, seen, groups)
    _join_aliases(seen, groups, referents_of)
    _join_acronyms(seen, groups)
    bodies = {}
    ids: dict[Node, str] = {}
    for members in groups.members():
        body = _body(members, seen)
        bodies[body.id] = body
        ids |= dict.fromkeys(members, body.id)
    return ids, bodies


def collect(tellings: Iterable[Telling]) -> dict[Node, Seen]:
    """Return what the tellings say about each node."""
    seen: dict[Node, Seen] = defaultdict(Seen)
    for telling in tellings:
        parties = (telling.mention.local_party, telling.mention.partner)
        nodes = [node_of(p) for p in parties]
        for party, node, other in zip(parties, nodes, reversed(nodes), strict=True):
            entry = seen[node]
            entry.names[party.name] += 1
            entry.kinds[party.kind] += 1
            if party.country:
                entry.countries[party.country] += 1
            entry.counterparts.add(other)
    return dict(seen)


class _Groups:
    """Sets of nodes that are one body; judgements are joined first and may forbid later joins."""

    def __init__(self, nodes: Sequence[Node], judgements: Judgements) -> None:
        self._parent = {node: node for node in nodes}
        known = {id_of(node): node for node in nodes}
        self._apart: list[tuple[Node, ...]] = [
            tuple(_referred(group, known)) for group in judgements.apart
        ]
        for group in judgements.same:
            nodes_named = list(_referred(group, known))
            if not all(self.join(nodes_named[0], node) for node in nodes_named[1:]):
                msg = (
                    f"parties.yml: {' = '.join(group)} is called the same, but another decision "
                    "keeps them apart. Take one of the two out."
                )
                raise ConfigError(msg)

    def find(self, node: Node) -> Node:
        """Return the node that stands for the group."""
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node

    def join(self, a: Node, b: Node) -> bool:
        """Join two groups unless a decision keeps them apart; tell whether they are one now."""
        x, y = sorted((self.find(a), self.find(b)))
        if x == y:
            return True
        for group in self._apart:
            roots = [self.find(n) for n in group]
            if x in roots and y in roots:
                return False
        self._parent[y] = x
        return True

    def members(self) -> Iterator[list[Node]]:
        """Yield the groups, each sorted, in the order of their first node."""
        found: dict[Node, list[Node]] = defaultdict(list)
        for node in sorted(self._parent):
            found[self.find(node)].append(node)
        yield from found.values()


def _referred(group: Iterable[str], known: Mapping[str, Node]) -> Iterator[Node]:
    """Yield the nodes that a decision names; what no document mentions now is passed over."""
    for text in group:
        if "|" in text:
            name, kind, country = ([x.strip() for x in text.split("|")] + ["", ""])[:3]
            text = id_of(("", core(name, kind), kind, country))
        if text.strip() in known:
            yield known[text.strip()]


def _join_names(nodes: Sequence[Node], seen: Mapping[Node, Seen], groups: _Groups) -> None:
    """Join nodes of one core name and kind: by country, an empty one to the only candidate."""
    anonymous = [n for n in nodes if not n[0]]
    for node in sorted(anonymous, key=lambda n: (not n[3], n)):  # those with a country first
        country = node[3]
        fits = [
            other
            for other in nodes
            if other != node
            and (other[0] or other[3])
            and (not country or country in _countries(other, seen) or not _countries(other, seen))
        ]
        if len({groups.find(o) for o in fits}) == 1:
            groups.join(node, fits[0])


def _countries(node: Node, seen: Mapping[Node, Seen]) -> set[str]:
    return {node[3]} if node[3] else set(seen[node].countries)


def _join_aliases(
    seen: Mapping[Node, Seen], groups: _Groups, referents_of: Callable[[str], Iterable[str]]
) -> None:
    """Join a party without a referent to the only one in the corpus that a register names so."""
    for node in sorted(n for n in seen if not n[0] and n[2] in GOVERNMENTS):
        fits = [
            other
            for name in sorted(seen[node].names)
            for referent in referents_of(name)
            if (other := (referent, "", "", "")) in seen
            and node[2] in seen[other].kinds
            and _may_be_one(_countries(node, seen), _countries(other, seen))
        ]
        if len({groups.find(o) for o in fits}) == 1:
            groups.join(node, fits[0])


def _join_acronyms(seen: Mapping[Node, Seen], groups: _Groups) -> None:
    by_letters: dict[tuple[str, str], set[Node]] = defaultdict(set)
    bare: list[tuple[Node, str, str]] = []
    short: list[tuple[Node, str]] = []
    schools: list[tuple[Node, str]] = []
    for node in sorted(seen):
        for kind in sorted(seen[node].kinds):
            for name in sorted(seen[node].names):
                if is_acronym(name):
                    bare.append((node, kind, acronym_in(name) or ""))
                    continue
                if kind == "academia":
                    (short if may_be_contraction(name) else schools).append((node, name))
                for letters in {initials(name), acronym_in(name)} - {None, ""}:
                    by_letters[letters or "", kind].add(node)
    for node, kind, letters in bare:
        if kind not in GOVERNMENTS - {"national_government"}:
            _join_only(node, by_letters[letters, kind], seen, groups)
    for node, name in short:
        _join_only(node, {n for n, full in schools if is_contraction(name, full)}, seen, groups)


def _join_only(
    node: Node, candidates: Iterable[Node], seen: Mapping[Node, Seen], groups: _Groups
) -> None:
    """Join a short name to the only body that it can stand for and that deals with the same."""
    mine = {groups.find(c) for c in seen[node].counterparts}
    fits = {
        groups.find(other)
        for other in candidates
        if groups.find(other) != groups.find(node)
        and _may_be_one(_countries(node, seen), _countries(other, seen))
        and mine & {groups.find(c) for c in seen[other].counterparts}
    }
    if len(fits) == 1:
        groups.join(node, fits.pop())


def _may_be_one(a: set[str], b: set[str]) -> bool:
    return not a or not b or bool(a & b)


def _body(members: Sequence[Node], seen: Mapping[Node, Seen]) -> Body:
    names: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    for node in members:
        names += seen[node].names
        kinds += seen[node].kinds
        countries += seen[node].countries
    referents = sorted((n[0] for n in members if n[0]), key=natural)
    if referents:
        chosen = referents[0]
    else:
        main = min(members, key=lambda n: (not n[3], -sum(seen[n].names.values()), n))
        chosen = id_of(main)
    ids = frozenset(id_of(n) for n in members)
    return Body(
        id=chosen, ids=ids, names=dict(sorted(names.items())), kinds=kinds, countries=countries
    )
