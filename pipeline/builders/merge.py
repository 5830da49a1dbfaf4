"""Merge mentions into agreements: many documents, one agreement.

**Rule.** Only mentions of one unordered pair of parties can be one agreement; language does not
count. Within a pair:

1. A twinning is one agreement for good: later signings renew it.
2. Another named instrument is one agreement per signing. Signing dates less than a year apart are
   one signing told differently, unless both are days and lie more than a quarter apart, or more
   than a month where the texts name different sectors. Dates further apart are two agreements,
   unless the later text itself says that it renews or goes back to the earlier one (stage renewed,
   or a start date that fits).
3. Two different instruments are one agreement where their signings fall within a month (the press
   calls one paper by two names; within three days for a twinning) and no document tells them as
   two. An implementing arrangement or a contract is never one paper with what it implements.
4. A plan or talks lead to the next signing in the pair, at most eighteen months later, of the same
   instrument if there is one. A letter of intent leads to the twinning that follows it, or to the
   next signing within three years.
5. An unspecified instrument belongs to the only agreement of the pair, else to the twinning, else
   to the one signed nearest before. One that was signed a year or more from all of them, or talked
   of more than eighteen months before, is an agreement of its own.
6. An undated mention of a named instrument belongs to the only agreement with that instrument,
   else to the last one signed before the report.

What these rules leave apart stays apart: two records for one agreement can be joined by a reader,
one record for two cannot be taken apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pipeline.builders import edtf
from pipeline.builders.model import Telling
from pipeline.builders.strands import (
    BEFORE_SIGNING,
    INTENT,
    TWINNING,
    UNSPECIFIED,
    Strand,
    signing_of,
    when,
)

# What puts a framework to work: a paper of its own by what it is.
IMPLEMENTING = frozenset({"implementing_arrangement", "contract"})
ONE_SIGNING = (
    366  # days: reports on one signing give the year, the month or a wrong day, not a year more
)
QUARTER = 92  # days: two days further apart are no slip of a pen or of a wrong month
ONE_PAPER = 31  # days: within which "MoU" and "agreement" in two reports are one paper
ONE_CEREMONY = 3  # days: within which "twinning" and "MoU" in two reports are one paper
PLAN_LEADS = 549  # days (eighteen months) from a plan to the signing that it leads to
INTENT_LEADS = (
    1_096  # days (three years): a letter of intent runs for about two, councils take time
)
EXACT = 31  # days: a date at least as exact as a month can open a signing of its own


def merge_pair(tellings: Iterable[Telling]) -> list[list[Telling]]:
    """Return the agreements of one pair of parties, each as its tellings, in order of signing.

    The result depends on what the tellings say, never on their order.
    """
    by_instrument: dict[str, list[Telling]] = defaultdict(list)
    for telling in sorted(tellings, key=lambda t: t.key):
        by_instrument[telling.mention.instrument].append(telling)
    vague = by_instrument.pop(UNSPECIFIED, [])
    intents = by_instrument.pop(INTENT, [])
    strands: list[Strand] = []
    for instrument, found in sorted(by_instrument.items()):
        if instrument == TWINNING:
            dates = [d for t in found if (d := signing_of(t))]
            first = min(dates, key=edtf.order, default=None)
            strands.append(Strand({TWINNING}, found, first))
        else:
            strands += split_by_signing(instrument, found)
    strands = _lead_plans(_join_papers(strands))
    for strand in split_by_signing(INTENT, intents):
        _lead_intent(strand, strands)
    for telling in vague:
        _place_vague(telling, strands)
    return [s.tellings for s in sorted(strands, key=lambda s: s.key)]


def split_by_signing(instrument: str, tellings: Sequence[Telling]) -> list[Strand]:
    """Split tellings of one instrument into agreements by signing date (rules 2 and 6)."""
    strands: list[Strand] = []
    dated = [t for t in tellings if signing_of(t)]
    exact = [t for t in dated if edtf.width(signing_of(t)) <= EXACT]
    for telling in sorted(exact, key=lambda t: (edtf.order(signing_of(t)), t.key)):
        date = signing_of(telling)
        last = strands[-1] if strands else None
        if last is not None and _is_one_signing(last, telling, date):
            last.add(telling)
        else:
            strands.append(Strand({instrument}, [telling], date))
    rough = [t for t in dated if edtf.width(signing_of(t)) > EXACT]
    for telling in sorted(rough, key=lambda t: (edtf.order(signing_of(t)), t.key)):
        date = signing_of(telling)
        fits = [s for s in strands if edtf.compatible(s.signed, date)]
        if fits:
            fits[0].add(telling)
        else:
            strands.append(Strand({instrument}, [telling], date))
            strands.sort(key=lambda s: s.key)
    ordered = sorted(strands, key=lambda s: s.key)
    for telling in (t for t in tellings if not signing_of(t)):
        if not ordered:
            ordered.append(Strand({instrument}, [telling]))
        else:
            _last_before(ordered, when(telling)).add(telling)
    return ordered


def _is_one_signing(strand: Strand, telling: Telling, date: str | None) -> bool:
    """Tell whether a date is another report of the signing of a strand (rule 2)."""
    apart = edtf.gap(strand.signed, date)
    if apart is None or apart > ONE_SIGNING:
        return False
    if apart <= ONE_PAPER or edtf.width(strand.signed) or edtf.width(date):
        return True
    named, told = strand.sectors, set(telling.mention.sectors)
    is_other_matter = bool(named and told and not named & told)
    return apart <= QUARTER and not is_other_matter


def _within(a: str | None, b: str | None, days: int) -> bool:
    apart = edtf.gap(a, b)
    return apart is not None and apart <= days


def _last_before(ordered: Sequence[Strand], date: str | None) -> Strand:
    """Return the strand signed last before ``date``, else the first one signed.

    Args:
        ordered: Strands in the order of their signings.
        date: When something was told or done; None where nobody knows.
    """
    if date is None:
        return ordered[0]
    reached = edtf.latest(date)[0]
    before = [s for s in ordered if s.signed and edtf.order(s.signed)[0] <= reached]
    return before[-1] if before else ordered[0]


def _join_papers(strands: list[Strand]) -> list[Strand]:
    """Join strands of different instruments that are one signing (rule 3)."""
    result: list[Strand] = []
    for strand in sorted(strands, key=lambda s: s.key):
        for earlier in result:
            if _is_one_paper(earlier, strand):
                earlier.absorb(strand)
                break
        else:
            result.append(strand)
    return result


def _is_one_paper(a: Strand, b: Strand) -> bool:
    if bool(a.instruments & IMPLEMENTING) != bool(b.instruments & IMPLEMENTING):
        return False
    days = ONE_CEREMONY if TWINNING in a.instruments | b.instruments else ONE_PAPER
    return _within(a.signed, b.signed, days) and not a.captures & b.captures


def _lead_plans(strands: list[Strand]) -> list[Strand]:
    """Let strands that never came to a signing lead to the next one that did (rule 4)."""
    signed = [s for s in strands if s.has_signing]
    result = list(signed)
    for plan in (s for s in strands if not s.has_signing):
        target = _next_signing(plan, signed, PLAN_LEADS)
        if target is not None and not target.captures & plan.captures:
            target.absorb(plan)
        else:
            result.append(plan)
    return result


def _next_signing(plan: Strand, strands: Sequence[Strand], days: int) -> Strand | None:
    """Return the strand signed within ``days`` after the newest telling of ``plan``.

    The first one of the same instrument, else the first one that is no arrangement under another.
    """
    known = [d for t in plan.tellings if (d := when(t))]
    if not known:
        return None
    newest = max(edtf.order(d)[0] for d in known)
    after = [
        s
        for s in sorted(strands, key=lambda s: s.key)
        if s.signed and newest - EXACT <= edtf.latest(s.signed)[0] <= newest + days
    ]
    same = [s for s in after if s.instruments & plan.instruments]
    other = [s for s in after if not s.instruments & IMPLEMENTING]
    return next(iter(same or other), None)


def _lead_intent(strand: Strand, strands: list[Strand]) -> None:
    """Put a letter of intent where it leads (rule 4)."""
    twinning = next((s for s in strands if TWINNING in s.instruments), None)
    if twinning is not None and not _can_lead(strand, twinning):
        twinning = None
    others = [s for s in strands if TWINNING not in s.instruments]
    target = twinning or _next_signing(strand, others, INTENT_LEADS)
    if target is None:
        strands.append(strand)
    else:
        signed = target.signed
        target.absorb(strand)
        target.signed = signed or target.signed


def _can_lead(intent: Strand, twinning: Strand) -> bool:
    """Tell whether a twinning can be what a letter aims at: it was not signed long before it."""
    letters = [edtf.latest(d)[0] for t in intent.tellings if (d := when(t))]
    if not letters or not twinning.signed:
        return True
    return edtf.latest(twinning.signed)[0] >= min(letters) - ONE_PAPER


def _place_vague(telling: Telling, strands: list[Strand]) -> None:
    """Put a mention without a named instrument where it belongs (rule 5)."""
    date = signing_of(telling)
    named = [s for s in strands if s.instruments != {UNSPECIFIED}]
    free = [s for s in named if not _tells_another(telling, s) and not _is_far(telling, s)]
    if not free:
        same = [
            s
            for s in strands
            if s.instruments == {UNSPECIFIED}
            and (not date or not s.signed or _within(s.signed, date, ONE_SIGNING))
            and not _tells_another(telling, s)
        ]
        if same:
            same[0].add(telling)
            same[0].signed = min(same[0].signed, date, key=edtf.order)
        else:
            strands.append(Strand({UNSPECIFIED}, [telling], date))
    elif len(free) == 1:
        free[0].add(telling)
    else:
        twinning = next((s for s in free if TWINNING in s.instruments), None)
        free.sort(key=lambda s: s.key)
        (twinning or _last_before(free, when(telling))).add(telling)


def _is_far(telling: Telling, strand: Strand) -> bool:
    """Tell whether a mention is dated where a strand cannot have been (rule 5)."""
    if TWINNING in strand.instruments or not strand.signed:
        return False
    signed = signing_of(telling)
    if signed:
        return not _within(signed, strand.signed, ONE_SIGNING)
    date = telling.mention.date
    if telling.mention.stage in BEFORE_SIGNING and date:
        return edtf.latest(strand.signed)[0] > edtf.latest(date)[0] + PLAN_LEADS
    return False


def _tells_another(telling: Telling, strand: Strand) -> bool:
    """Tell whether the text itself sets this mention apart from a strand that it also tells."""
    if telling.mention.capture_id not in strand.captures:
        return False
    date = signing_of(telling)
    return bool(date and strand.signed and not _within(date, strand.signed, PLAN_LEADS))
