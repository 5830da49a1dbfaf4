"""From scored pairs to the agreements of one document, together: laws first, then the best fit.

In: a `Scene`, its candidates with features and scores, a threshold. Out: the accepted candidates
and, for each refused one, the reason. Laws are the codebook's: no agreement among the partners of
one signing (rule 7), no domestic cooperation without a named instrument, none with the state one
belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.relators.actors import STATELESS
from pipeline.relators.candidates import REPORT, Candidate
from pipeline.relators.features import Features
from pipeline.relators.lists import Listing, find_lists, listing_of
from pipeline.relators.rows import row_of
from pipeline.relators.scene import Scene

# A second local government for the same partner needs this share of the best one's score: below
# it the text only mentions both ("Bogotá signed with Guangzhou", Guangzhou and the host in one
# sentence).
_RIVAL = 0.75
_PLACES = frozenset(("location", "dateline", "within"))  # ways to name a town as a mere place
# A pair as sure as this may have a partner that is only ever a place (so had 9 of 14 in
# cross-validation), and needs neither an instrument nor a government that acts.
_SURE = 0.6
_TOLD = 0.8  # below the share seen (.94, and .85 at the lower end of its 90 % interval)
_TRIANGLE = 0.5  # from here on three governments are each the other's partner (4 of 5)
_GUESS = 0.4  # score of a name that only the entity model calls a body


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate, its features and the probability that it is an agreement."""

    candidate: Candidate
    features: Features
    score: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What was kept, best first, and why the best of the others was not."""

    kept: tuple[Scored, ...]
    refused: tuple[tuple[Scored, str], ...]


def decode(
    scene: Scene, scored: Sequence[Scored], threshold: float, *, is_doubtful: bool = False
) -> Decision:
    """Choose the agreements of a document.

    Pairs are taken best first; each must break no law and fit those taken before it. In a text that
    is doubtfully about agreements each needs an instrument by name.
    """
    kept: list[Scored] = []
    refused: list[tuple[Scored, str]] = []
    for item in sorted(scored, key=lambda s: (-s.score, s.candidate.best.unit.index, _names(s))):
        reason = _law(item) or _idle(scene, item, is_doubtful)
        if reason is None and item.score < threshold:
            reason = f"score {item.score:.2f} under {threshold:.2f}"
        reason = reason or _misfit(scene, item, kept)
        if reason is None:
            kept.append(item)
        else:
            refused.append((item, reason))
    return Decision(tuple(kept), tuple(refused))


def harmonise(scene: Scene, scored: Sequence[Scored]) -> list[Scored]:
    """Give partners in one row with one local side one score: the best of theirs.

    "Twinned with A, B and C": either all are partners or none (codebook rule 14), and the words
    that say so stand beside one of them. So it is with the lines of a list under one lead-in.
    """
    scored = [_told(item) for item in scored]
    rows: dict[tuple[object, ...], list[int]] = {}
    for i, item in enumerate(scored):
        best = item.candidate.best
        if best.second is not None and best.how != "pair":
            row = row_of(scene, item.candidate.partner, best.second)
            if len(row) > 1:
                rows.setdefault((item.candidate.local.key, best.unit.sentence, row), []).append(i)
        if best.first is not None and not item.candidate.partner.is_government:
            row = row_of(scene, item.candidate.local, best.first)  # "A, B and C joined the network"
            if len(row) > 1:
                key = (item.candidate.partner.key, best.unit.sentence, row)
                rows.setdefault(key, []).append(i)
    result = list(scored)
    parallels = _parallels(scene, scored)
    for members in [*rows.values(), *parallels, *_listed(scene, scored)]:
        top = max(scored[i].score for i in members)
        if members in parallels and all(scored[i].features.get("any_parallel") for i in members):
            top = max(top, _TOLD)  # "A with B in health, and C with D in schools": 15 of 15
        for i in members:
            result[i] = replace(scored[i], score=top)
    return result


def _parallels(scene: Scene, scored: Sequence[Scored]) -> list[list[int]]:
    """Group the pairs that one sentence builds alike: "A with B, C with D and E with F"."""
    groups: dict[tuple[int, str], list[int]] = {}
    for i, item in enumerate(scored):
        best = item.candidate.best
        if item.features.get("short_with") and best.first is not None and best.second is not None:
            gap = scene.view.between(best.first.span, best.second.span).split()
            if len(gap) == 1 and best.first.span.start < best.second.span.start:
                groups.setdefault((best.unit.sentence, gap[0].casefold()), []).append(i)
    return [members for members in groups.values() if len(members) > 1]


def _told(item: Scored) -> Scored:
    """Raise the score of a party that a list or "its sister cities, including" names.

    61 of 64 such pairs of the training texts and of real pages are agreements, though each line
    by itself says next to nothing. A state is more often where something lies.
    """
    f, partner = item.features, item.candidate.partner
    is_told = f.get("listed_under") or (f.get("any_included_of") and partner.is_government)
    if not is_told or partner.is_country or item.score >= _TOLD:
        return item
    return replace(item, score=_TOLD)


def _listed(scene: Scene, scored: Sequence[Scored]) -> list[list[int]]:
    """Group the pairs of one local side whose partners open the lines of one list."""
    lists = find_lists(scene)
    groups: dict[tuple[str, Listing], list[int]] = {}
    for i, item in enumerate(scored):
        listing = listing_of(item.candidate, lists)
        if listing is not None and item.features.get("listed_under"):
            groups.setdefault((item.candidate.local.key, listing), []).append(i)
    return [members for members in groups.values() if len(members) > 1]


def _names(item: Scored) -> tuple[str, str]:
    return item.candidate.local.party.name, item.candidate.partner.party.name


def _law(item: Scored) -> str | None:
    """Return the law of the codebook that forbids this pair, if any."""
    local, partner = item.candidate.local.party, item.candidate.partner.party
    if item.features.get("own_country"):
        return "a government and its own state"
    if local.name.casefold() == partner.name.casefold() and local.kind == partner.kind:
        return "one party twice"
    if item.features.get("both_after_with") or item.features.get("any_both_included"):
        return "both stand in one row of partners: they are no parties to each other"
    if _faint(item):
        return "the partner is only a dateline, a state named in passing, or a guess of the tagger"
    if _is_domestic(item) and not instrument_named(item.candidate):
        return "domestic cooperation without a named instrument"
    return None


def _is_domestic(item: Scored) -> bool:
    """Tell whether both sides are of one country, as far as the text says.

    A firm or a university that no word places elsewhere is of the country it is told in, unless a
    word of agreement takes it ("cooperation with X made in 2004"); a network or an international
    organisation is of none.
    """
    if item.features.get("same_country"):
        return True
    partner = item.candidate.partner.party
    headed = item.features.get("any_headed") or item.features.get("any_headed_loosely")
    return partner.country is None and partner.kind not in STATELESS and not headed


def _faint(item: Scored) -> bool:
    """Tell whether the partner is hardly one, however the rest of the text looks.

    A state after no "with" (1 of 394 such pairs of the training texts is an agreement), a name
    that only the entity model calls a body (6 of 361), a city that only the dateline names
    (1 of 124), a town that is the seat of a body and does nothing itself (0 of 7), a government
    that is only ever a place where something happens or somebody comes from (22 of 820), unless
    the pair is sure all the same.
    """
    f, partner = item.features, item.candidate.partner
    if partner.is_country and not f.get("any_taken_state"):
        return True
    if 0 < partner.sure <= _GUESS and not f.get("any_headed"):
        return True
    ways = {m.how for m in partner.mentions}
    is_joined = any(m.is_joined for m in partner.mentions)
    acts = ways & {"admin", "office", "person"} or is_joined
    if partner.is_government and "within" in ways and not acts:
        return True
    if partner.is_government and not is_joined and ways <= _PLACES and item.score < _SURE:
        return True
    return ways - {"within"} == {"dateline"}


def _idle(scene: Scene, item: Scored, is_doubtful: bool) -> str | None:
    """Refuse a pair where no government of the text acts and no instrument stands near.

    Ordinary news names towns as places, teams and datelines; an agreement has a government that is
    shown by an office, a government word or its holder, or at least an instrument. A pair that is
    surer than `_SURE` needs none: in cross-validation 4 of 6 such pairs were agreements.
    """
    if item.features.get("listed_under"):
        return None
    candidate = item.candidate
    beside = any(link.unit.has("instrument") for link in candidate.links)
    if len(scene.view.units) > REPORT and candidate.best.how == "understood" and not beside:
        return "a long text names the partner neither with the government nor beside an instrument"
    governments = (a for a in scene.actors if a.is_government)
    acts = any(m.how in ("admin", "office", "person") for a in governments for m in a.mentions)
    named = bool(candidate.near_instruments) or beside
    if candidate.partner.party.kind == "city_network":  # joining one names none (codebook rule 17)
        named = named or any(x.unit.has("cue", "stage.") for x in candidate.links)
    if is_doubtful and not named:
        return "no instrument is named, and the text is hardly about agreements"
    if acts or named or item.score >= _SURE:
        return None
    return "no instrument is named and no government acts"


def instrument_named(candidate: Candidate) -> bool:
    """Tell whether an instrument is named where the pair is linked (a unit.

    Or the one beside it).
    """
    return any(
        a.label != "unspecified" for link in candidate.links for a in link.unit.of("instrument")
    ) or bool(candidate.near_instruments)


def _misfit(scene: Scene, item: Scored, kept: Sequence[Scored]) -> str | None:
    """Return why a pair does not fit beside those kept before it.

    All of them at least as likely.
    """
    local, partner = item.candidate.local, item.candidate.partner
    for other in kept:
        rival = other.candidate.local
        if (
            partner is other.candidate.partner
            and local is not rival
            and _rivals(scene, item, other)
        ):
            return f"{partner.party.name} belongs to {rival.party.name} here"
    if partner.is_government and item.score < _TRIANGLE and _among_partners(item.candidate, kept):
        return "both are partners of the same government"
    return None


def _rivals(scene: Scene, item: Scored, other: Scored) -> bool:
    """Tell whether a partner that one government has already is not a second one's too.

    It is where the two stand in one row, or where the second pair is tied by words of its own.
    """
    a, b = item.candidate, other.candidate
    if a.partner.is_government:
        return item.score < _RIVAL * other.score
    if a.best.first is not None and b.best.first is not None:
        row = row_of(scene, a.local, a.best.first)
        if b.local.key in row:
            return False
    own_words = a.best.how in ("both", "after") and a.best.unit is not b.best.unit
    return not (own_words and (a.best.unit.has("cue", "stage.") or a.best.unit.has("instrument")))


def _among_partners(candidate: Candidate, kept: Sequence[Scored]) -> bool:
    """Tell whether both sides are partners of one government that was kept with better scores."""
    partners: dict[str, set[str]] = {}
    for other in kept:
        a, b = other.candidate.local.key, other.candidate.partner.key
        partners.setdefault(a, set()).add(b)
        partners.setdefault(b, set()).add(a)
    pair = {candidate.local.key, candidate.partner.key}
    return any(pair <= others for hub, others in partners.items() if hub not in pair)


def by_key(items: Sequence[Scored]) -> Mapping[tuple[str, str], Scored]:
    """Index scored pairs by the keys of their sides, for tests and training."""
    return {(s.candidate.local.key, s.candidate.partner.key): s for s in items}
