"""Merge mentions into agreements: many documents, one agreement.

**Rule.** Only mentions of one unordered pair of parties can be one agreement; language does not
count. Within a pair:

1. A twinning is one agreement for good: later signings renew it.
2. Another named instrument is one agreement per signing. Signing dates less than a year apart are
   one signing told differently. Dates further apart are two agreements, unless the later text
   itself says that it renews or goes back to the earlier one (stage renewed, or a start date that
   fits).
3. Two different instruments are one agreement where their signings fall within a month (the press
   calls one paper by two names) and no document tells them as two.
4. A plan or talks lead to the next signing in the pair, at most eighteen months later. A letter of
   intent leads to the twinning, or to the next signing within three years.
5. An unspecified instrument belongs to the only agreement of the pair, else to the twinning, else
   to the one signed nearest before.
6. An undated mention of a named instrument belongs to the only agreement with that instrument,
   else to the last one signed before the report.

What these rules leave apart stays apart: two records for one agreement can be joined by a reader,
one record for two cannot be taken apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.builders import edtf
from pipeline.builders.model import Telling

TWINNING = "sister_city_agreement"
INTENT = "letter_of_intent"
UNSPECIFIED = "unspecified"
ONE_SIGNING = (
    366  # days: reports on one signing give the year, the month or a wrong day, not a year more
)
ONE_PAPER = 31  # days: within which "MoU" and "agreement" in two reports are one paper
PLAN_LEADS = 549  # days (eighteen months) from a plan to the signing that it leads to
INTENT_LEADS = (
    1_096  # days (three years): a letter of intent runs for about two, councils take time
)
EXACT = 31  # days: a date at least as exact as a month can open a signing of its own
_BEFORE_SIGNING = ("exploring", "intended")


@dataclass(slots=True)
class Strand:
    """Tellings that are one agreement. ``signed`` is the date that identifies its signing."""

    instruments: set[str]
    tellings: list[Telling] = field(default_factory=list)
    signed: str | None = None

    @property
    def captures(self) -> set[str]:
        """The document versions that tell it."""
        return {t.mention.capture_id for t in self.tellings}

    @property
    def has_signing(self) -> bool:
        """Tell whether any text says that it came to a signing."""
        return any(t.mention.stage not in _BEFORE_SIGNING for t in self.tellings)

    @property
    def key(self) -> tuple[tuple[int, int], str, tuple[str, int, int, str]]:
        """Order by signing, then by content."""
        return edtf.order(self.signed), min(self.instruments), min(t.key for t in self.tellings)

    def absorb(self, other: Strand) -> None:
        """Take over another strand."""
        self.instruments |= other.instruments
        self.tellings += other.tellings
        self.signed = min(self.signed, other.signed, key=edtf.order)


def signing_of(telling: Telling) -> str | None:
    """Return the date on which a text says that the agreement was signed, or is to be, or began."""
    m = telling.mention
    if m.start_date:
        return m.start_date
    told = [s.date for s in m.steps if s.stage == "signed" and s.date]
    if told:
        return min(told, key=edtf.order)
    return m.date if m.stage == "signed" else None


def when(telling: Telling) -> str | None:
    """Return a date for ordering: the signing, the newest step, else the day of the report."""
    return signing_of(telling) or telling.mention.date or telling.document.published


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
        if last is not None and _within(last.signed, date, ONE_SIGNING):
            last.tellings.append(telling)
        else:
            strands.append(Strand({instrument}, [telling], date))
    rough = [t for t in dated if edtf.width(signing_of(t)) > EXACT]
    for telling in sorted(rough, key=lambda t: (edtf.order(signing_of(t)), t.key)):
        date = signing_of(telling)
        fits = [s for s in strands if edtf.compatible(s.signed, date)]
        if fits:
            fits[0].tellings.append(telling)
        else:
            strands.append(Strand({instrument}, [telling], date))
            strands.sort(key=lambda s: s.key)
    for telling in (t for t in tellings if not signing_of(t)):
        if strands:
            _last_before(strands, when(telling)).tellings.append(telling)
        else:
            strands.append(Strand({instrument}, [telling]))
    return strands


def _within(a: str | None, b: str | None, days: int) -> bool:
    apart = edtf.gap(a, b)
    return apart is not None and apart <= days


def _last_before(strands: Sequence[Strand], date: str | None) -> Strand:
    """Return the strand signed last before ``date``, else the first one signed."""
    ordered = sorted(strands, key=lambda s: s.key)
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
            if (
                _within(earlier.signed, strand.signed, ONE_PAPER)
                and not earlier.captures & strand.captures
            ):
                earlier.absorb(strand)
                break
        else:
            result.append(strand)
    return result


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
    """Return the first strand signed within ``days`` after the newest telling of ``plan``."""
    known = [d for t in plan.tellings if (d := when(t))]
    if not known:
        return None
    newest = max(edtf.order(d)[0] for d in known)
    after = [
        s
        for s in sorted(strands, key=lambda s: s.key)
        if s.signed and newest - EXACT <= edtf.latest(s.signed)[0] <= newest + days
    ]
    return after[0] if after else None


def _lead_intent(strand: Strand, strands: list[Strand]) -> None:
    """Put a letter of intent where it leads (rule 4)."""
    twinning = next((s for s in strands if TWINNING in s.instruments), None)
    target = twinning or _next_signing(strand, strands, INTENT_LEADS)
    if target is None:
        strands.append(strand)
    else:
        signed = target.signed
        target.absorb(strand)
        target.signed = signed or target.signed


def _place_vague(telling: Telling, strands: list[Strand]) -> None:
    """Put a mention without a named instrument where it belongs (rule 5)."""
    date = signing_of(telling)
    named = [s for s in strands if s.instruments != {UNSPECIFIED}]
    if not named:
        same = [
            s for s in strands if not date or not s.signed or _within(s.signed, date, ONE_SIGNING)
        ]
        if same:
            same[0].tellings.append(telling)
            same[0].signed = min(same[0].signed, date, key=edtf.order)
        else:
            strands.append(Strand({UNSPECIFIED}, [telling], date))
        return
    free = [s for s in named if not _tells_another(telling, s)]
    if not free:
        strands.append(Strand({UNSPECIFIED}, [telling], date))
    elif len(free) == 1:
        free[0].tellings.append(telling)
    else:
        twinning = next((s for s in free if TWINNING in s.instruments), None)
        (twinning or _last_before(free, when(telling))).tellings.append(telling)


def _tells_another(telling: Telling, strand: Strand) -> bool:
    """Tell whether the text itself sets this mention apart from a strand that it also tells."""
    if telling.mention.capture_id not in strand.captures:
        return False
    date = signing_of(telling)
    return bool(date and strand.signed and not _within(date, strand.signed, PLAN_LEADS))
