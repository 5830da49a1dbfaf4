"""What to call an actor, and which actors are one.

In: a `View` and the table of actors. Out: the same table, names chosen, namesakes joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.records import Party
from pipeline.relators.parties import Actor, ActorMention
from pipeline.relators.view import View
from pipeline.text import fold

_ACRONYM = 3  # letters of the longest acronym of a place: NTB, DIY


def merge_namesakes(table: Mapping[str, Actor]) -> None:
    """Join governments of one name where the text calls only one of them by a government word.

    "Bogotá" and "Bogotá D.C." are one; "Kota Sorong" and "Kabupaten Sorong" are two (codebook,
    Parties).
    """
    groups: dict[str, list[Actor]] = {}
    for actor in table.values():
        if actor.is_government:
            groups.setdefault(fold(actor.party.name), []).append(actor)
    for group in groups.values():
        acting = [a for a in group if any(m.how in ("admin", "office") for m in a.mentions)]
        if len(group) < 2 or len(acting) > 1:
            continue
        keep = acting[0] if acting else max(group, key=lambda a: len(a.mentions))
        for other in group:
            if other is not keep and other.party.country == keep.party.country:
                keep.mentions += other.mentions
                other.mentions = []


def merge_bodies(table: Mapping[str, Actor], countries: set[str]) -> None:
    """Join "University of X" and "University of X Germany": the country says where, not which."""
    bodies = {key: a for key, a in table.items() if key.startswith("org:")}
    for key, actor in bodies.items():
        for country in countries:
            short = table.get(key.removesuffix(f" {country}").removesuffix(","))
            if short is not None and short is not actor and key.endswith(f" {country}"):
                short.mentions += actor.mentions
                actor.mentions = []
                p = short.party
                if p.country is None or p.kind in ("business", "ngo"):  # a branch is where it is
                    short.party = Party(
                        name=p.name,
                        kind=p.kind,
                        country=actor.party.country,
                        referent_id=p.referent_id,
                    )


_GENERIC = frozenset(
    """technologies technology group corporation corp company co inc ltd limited holdings holding
    international industries indonesia foundation plc ag gmbh persero tbk""".split()
)


def merge_short_names(table: Mapping[str, Actor]) -> None:
    """Join a body and the same with a general word behind it: "Huawei", "Huawei Technologies"."""
    bodies = {key: a for key, a in table.items() if key.startswith("org:") and a.mentions}
    for key, actor in bodies.items():
        words = key.removeprefix("org:").split()
        while len(words) > 1 and words[-1].strip(".,") in _GENERIC:
            words.pop()
            short = bodies.get("org:" + " ".join(words))
            if short is not None and short.mentions and short.party.kind == actor.party.kind:
                short.mentions += actor.mentions
                actor.mentions = []
                if short.party.country is None:
                    short.party = replace(short.party, country=actor.party.country)
                break


def name_by_use(view: View, actor: Actor) -> None:
    """Name a place as the text does: the form that is its full name, else the one named first.

    A form that only abbreviates (NTB, Tangsel) gives way to the name that it abbreviates, where the
    document or the register has one. The dateline's capitals count last.
    """
    if actor.key.startswith("org:"):
        return
    persons = {p.span for p in view.layer("person")}  # a holder's name is not the place's
    named = [m for m in actor.named if m.span not in persons]

    def last(m: ActorMention) -> tuple[bool, bool, int]:
        shout = m.span.of(view.text).isupper() and len(m.span.of(view.text)) > _ACRONYM
        return m.how == "dateline", shout, m.span.start

    order = sorted(named, key=last)
    shown = [n for m in order if (n := " ".join(m.span.of(view.text).split()))]
    full = actor.party.name
    if order and order[0].how != "dateline" and fold(full) in _datelines(view, actor):
        # "PRETORIA - The City of Tshwane": the city's own name, not its seat's
        usual = max(shown, key=lambda n: (shown.count(n), -shown.index(n)))
        if shown.count(usual) > 1 and not _abbreviates(usual, full):
            full = usual
    short = full.isupper() and len(full) <= _ACRONYM  # some registers call a place by its acronym
    name = None if short else next((n for n in shown if fold(n) == fold(full)), None)
    if name is None and not shown:
        return
    known = [*shown, full]
    if name is None:
        name = next((n for n in shown if not (n.isupper() and len(n) <= _ACRONYM)), shown[0])
        known += view.register(actor.key) if actor.party.referent_id else ()
    name = next((n for n in known if _abbreviates(name, n)), name)
    if actor.party.referent_id and len({fold(n) for n in shown}) > 1:
        forms = {m: " ".join(m.span.of(view.text).split()) for m in order if m.how != "dateline"}
        name = _official(view, actor, forms) or name
    p = actor.party
    actor.party = Party(name=name, kind=p.kind, country=p.country, referent_id=p.referent_id)


def _official(view: View, actor: Actor, shown: Mapping[ActorMention, str]) -> str | None:
    """Return the form that names the government, where the text has several for its place.

    The one beside a government word ("Kota Mangaung", else "Bloemfontein"); of several, or with
    none, the one that the register prefers ("Surakarta", else "Solo").
    """
    acting = [n for m, n in shown.items() if m.how == "admin"]
    usual = {fold(n) for n in view.register(actor.key)[:1]}
    preferred = next((n for n in acting or shown.values() if fold(n) in usual), None)
    return preferred or next(iter(acting), None)


def _datelines(view: View, actor: Actor) -> set[str]:
    spans = (m.span for m in actor.mentions if m.how == "dateline")
    return {fold(" ".join(s.of(view.text).split())) for s in spans}


def _abbreviates(short: str, full: str) -> bool:
    """Tell whether one word stands for several: its letters in their order, the first one first.

    NTB is Nusa Tenggara Barat, not West Nusa Tenggara; Tangsel is Tangerang Selatan. The last word
    may be there by any of its letters: Kaltara is Kalimantan Utara.
    """
    if " " in short or " " not in full or len(short) > len(full) - 3 or fold(short) in fold(full):
        return False
    words = fold(full).split()
    letters = iter("".join(words))
    if fold(short)[0] != words[0][0] or not all(c in letters for c in fold(short)):
        return False
    return all(w[0] in fold(short) for w in words[:-1])
