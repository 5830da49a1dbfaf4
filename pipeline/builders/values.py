"""The published value of each field that is no date, chosen from what the mentions say.

**Rule.** Of the values given, the one with: a current version before a superseded one, an official
document before the media, more independent sources, a higher score, the later report; at last the
first in the alphabet. The others stay visible in ``mentions.csv`` and ``evidence.csv``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from pipeline.builders import edtf
from pipeline.builders.model import SUBNATIONAL, Telling
from pipeline.builders.resolve import natural
from pipeline.builders.strands import INTENT, UNSPECIFIED

FOLLOW_UPS = ("concrete", "visits_only", "none", "unknown")  # the strongest first
SECTOR_SHARE = 0.25  # of the sources that name sectors: below it a sector is one reporter's colour
SCORE_CAP = 0.99  # sources are never wholly independent, so no number of them makes a certainty

Sources = Mapping[str, str]  # doc_id -> the independent source that the document belongs to


def rank(telling: Telling) -> tuple[object, ...]:
    """Sort key, best first, for who supplies a value."""
    return (
        telling.is_superseded,
        not telling.document.is_official,
        telling.mention.is_background,
        -telling.mention.score,
        -edtf.latest(telling.document.published)[0],
        telling.key,
    )


def choose(
    tellings: Sequence[Telling], value_of: Callable[[Telling], str | None], sources: Sources
) -> tuple[str, Telling] | None:
    """Return the published value and who supplies it; None where nobody gives one."""
    by_value: dict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        value = value_of(telling)
        if value:
            by_value[value].append(telling)
    if not by_value:
        return None

    def weight(value: str) -> tuple[object, ...]:
        given = by_value[value]
        return (
            all(t.is_superseded for t in given),
            not any(t.document.is_official for t in given),
            -len({sources.get(t.mention.doc_id, t.mention.doc_id) for t in given}),
            -max(t.mention.score for t in given),
            -max(edtf.latest(t.document.published)[0] for t in given),
            value,
        )

    best = min(by_value, key=weight)
    return best, min(by_value[best], key=rank)


def choose_instrument(tellings: Sequence[Telling], sources: Sources) -> tuple[str, Telling]:
    """Return the instrument: what a letter of intent led to before the letter, named before not."""
    named = [t for t in tellings if t.mention.instrument not in (INTENT, UNSPECIFIED)]
    letters = [t for t in tellings if t.mention.instrument == INTENT]
    found = choose(named or letters or tellings, lambda t: t.mention.instrument, sources)
    return found or (UNSPECIFIED, min(tellings, key=rank))


def choose_follow_up(tellings: Sequence[Telling]) -> tuple[str, Telling]:
    """Return the strongest follow-up that any text tells, and the best text that does."""
    current = [t for t in tellings if not t.is_superseded] or list(tellings)
    strongest = min((t.mention.follow_up for t in current), key=_strength)
    return strongest, min((t for t in current if t.mention.follow_up == strongest), key=rank)


def _strength(follow_up: str) -> int:
    return FOLLOW_UPS.index(follow_up) if follow_up in FOLLOW_UPS else len(FOLLOW_UPS)


def choose_sectors(tellings: Sequence[Telling], sources: Sources) -> dict[str, Telling]:
    """Return the published sectors, each with its best telling.

    A sector stands if an official document names it, or at least a quarter of the independent
    sources that name any.
    """
    current = [t for t in tellings if not t.is_superseded] or list(tellings)
    naming: dict[str, list[Telling]] = defaultdict(list)
    for telling in current:
        for sector in telling.mention.sectors:
            naming[sector].append(telling)

    def count(given: Sequence[Telling]) -> int:
        return len({sources.get(t.mention.doc_id, t.mention.doc_id) for t in given})

    everyone = count([t for t in current if t.mention.sectors])
    return {
        sector: min(given, key=rank)
        for sector, given in sorted(naming.items())
        if any(t.document.is_official for t in given) or count(given) >= SECTOR_SHARE * everyone
    }


def orient(a: tuple[str, str, str | None], b: tuple[str, str, str | None], focus: str) -> bool:
    """Tell whether ``a`` is the local party of the two, each given as (id, kind, country).

    Rule: the sub-national government; of two, the one in the focus country; else the older id.
    """
    for side_a, side_b in (
        (a[1] in SUBNATIONAL, b[1] in SUBNATIONAL),
        (a[2] == focus, b[2] == focus),
    ):
        if side_a != side_b:
            return side_a
    return natural(a[0]) <= natural(b[0])


def combined_score(tellings: Sequence[Telling], sources: Sources) -> float:
    """Return the score of an agreement: one minus the chance that all its sources err.

    Each independent source counts once, with its best mention; capped at `SCORE_CAP`.
    """
    best: dict[str, float] = {}
    for telling in tellings:
        source = sources.get(telling.mention.doc_id, telling.mention.doc_id)
        best[source] = max(best.get(source, 0.0), telling.mention.score)
    wrong = 1.0
    for score in sorted(best.values()):  # sorted: the same product to the last bit on every run
        wrong *= 1.0 - min(max(score, 0.0), SCORE_CAP)
    return min(1.0 - wrong, SCORE_CAP)


def scope_of(local: str | None, partner: str | None, told: Sequence[str]) -> str:
    """Return the scope: by the countries where both are known, else what most mentions say."""
    if local and partner:
        return "domestic" if local == partner else "international"
    counted = {s: told.count(s) for s in sorted(set(told))}
    return max(counted, key=lambda s: counted[s]) if counted else "international"
