"""The life of one agreement: which steps it took, when, and how far it has come.

**Steps** are the newest step of each mention, the further dated steps it tells, and its start
date (a signed step). **Events** are steps told alike: same stage, same modality, dates that can
be the same day (or lie within a month: one act, reported apart). An undated telling joins the
newest dated event of its stage. **Published date** of an event: an official document's before the
media's, then the most exact date that fits it, then the later report's. **Stage** of the
agreement: the newest asserted step by date; an undated step counts only if it is further in the
codebook's order and not reported before the newest dated one. What was planned, hypothetical or
denied was not reached: without any asserted step a plan is `intended`, the rest is `exploring`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.builders import edtf
from pipeline.builders.model import Telling
from pipeline.records import Span, stable_id

ONE_ACT = 31  # days between two reported dates of one and the same act
ASSERTED = "asserted"
STARTED = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One step as one document tells it, with the words for its stage and for its date."""

    stage: str
    modality: str
    date: str | None
    date_kind: str | None
    span: Span
    basis: str
    date_span: Span
    date_basis: str
    telling: Telling

    @property
    def key(self) -> tuple[object, ...]:
        """A total order that depends on content alone."""
        return (*self.telling.key, self.span.start, self.span.end, self.date or "", self.stage)

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key, best first: official, newer version, exact, later report, higher score."""
        document = self.telling.document
        report = -edtf.latest(document.published)[0]
        return (
            not document.is_official,
            self.telling.is_superseded,
            edtf.width(self.date),
            report,
            -self.telling.mention.score,
            self.key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event before it has an id: ``best`` supplies its date, ``tellings`` all tell it."""

    stage: str
    modality: str
    best: Told
    tellings: tuple[Told, ...]

    @property
    def date(self) -> str | None:
        """The published date."""
        return self.best.date

    def event_id(self, agreement_id: str) -> str:
        """Return the id of the event: a hash of the agreement, stage, modality and date."""
        return stable_id(agreement_id, self.stage, self.modality, self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The events of an agreement in order, and the ones that supply its published values."""

    events: tuple[Happening, ...]
    stage: str
    stage_from: Told
    first: Happening | None
    signed: Happening | None
    latest: Happening | None
    ended: Happening | None
    renewal_count: int


def steps_of(telling: Telling) -> list[Told]:
    """Return all steps that one mention tells."""
    m = telling.mention
    stage, date, start = (telling.evidence(f) for f in ("stage", "date", "start_date"))
    own = stage.span if stage else m.span
    found = [
        Told(
            stage=m.stage,
            modality=m.modality,
            date=m.date,
            date_kind=m.date_kind,
            span=own,
            basis=stage.basis if stage else "stated",
            date_span=date.span if date else own,
            date_basis=date.basis if date else "stated",
            telling=telling,
        )
    ]
    for step in m.steps:
        found.append(
            Told(
                stage=step.stage,
                modality=step.modality,
                date=step.date,
                date_kind=step.date_kind,
                span=step.span,
                basis=step.basis,
                date_span=step.span,
                date_basis=step.basis,
                telling=telling,
            )
        )
    told_start = any(f.stage == "signed" and edtf.compatible(f.date, m.start_date) for f in found)
    if m.start_date and not told_start:
        span, basis = (start.span, start.basis) if start else (m.span, "stated")
        found.append(
            Told(
                stage="signed",
                modality=ASSERTED,
                date=m.start_date,
                date_kind=STARTED,
                span=span,
                basis=basis,
                date_span=span,
                date_basis=basis,
                telling=telling,
            )
        )
    return found


def happenings(steps: Iterable[Told]) -> list[Happening]:
    """Group steps told alike into events, in order of date; undated ones last."""
    groups: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for step in steps:
        groups[step.stage, step.modality].append(step)
    found: list[Happening] = []
    for (stage, modality), told in groups.items():
        for cluster in _clusters(told):
            best = choose(cluster)
            found.append(
                Happening(stage=stage, modality=modality, best=best, tellings=tuple(cluster))
            )
    found.sort(key=lambda h: (edtf.order(h.date), h.stage, h.modality, h.best.key))
    return found


def _clusters(told: Sequence[Told]) -> list[list[Told]]:
    """Cluster steps of one stage and modality by date: exact dates first, then vague, then none."""
    dated = [t for t in told if edtf.bounds(t.date)]
    dated.sort(key=lambda t: (edtf.width(t.date), edtf.order(t.date), t.key))
    clusters: list[list[Told]] = []
    placed: dict[str | None, list[Told]] = {}  # a date goes where it went before
    for step in dated:
        if step.date not in placed:
            fits = [c for c in clusters if _one_act(c[0].date, step.date)]
            fits.sort(
                key=lambda c: (edtf.gap(c[0].date, step.date) or 0, edtf.order(c[0].date), c[0].key)
            )
            if not fits:
                clusters.append([])
            placed[step.date] = fits[0] if fits else clusters[-1]
        placed[step.date].append(step)
    undated = sorted((t for t in told if not edtf.bounds(t.date)), key=lambda t: t.key)
    if undated and clusters:
        max(clusters, key=lambda c: edtf.latest(c[0].date)).extend(undated)
    elif undated:
        clusters.append(undated)
    return clusters


def _one_act(a: str | None, b: str | None) -> bool:
    """Tell whether two dates can be one act: they overlap, or two exact ones lie within a month."""
    apart = edtf.gap(a, b)
    return apart is not None and (
        apart == 0 or (apart <= ONE_ACT and edtf.width(a) == edtf.width(b) == 0)
    )


def choose(cluster: Sequence[Told]) -> Told:
    """Choose who supplies the published date of an event (rule in the head of this module)."""
    dated = [t for t in cluster if edtf.bounds(t.date)] or list(cluster)
    lead = min(dated, key=lambda t: t.rank)
    fitting = [t for t in dated if t is lead or edtf.compatible(t.date, lead.date)]
    return min(fitting, key=lambda t: (edtf.width(t.date), t.rank))


def live(tellings: Sequence[Telling], order: Mapping[str, int]) -> Life:
    """Tell the life of one agreement.

    Args:
        tellings: All that is told of it, at least one. Superseded ones count only where there is no
            current one: a statement that was taken back does not shape the published record.
        order: The codebook's order of the stages.
    """
    current = [t for t in tellings if not t.is_superseded] or list(tellings)
    events = happenings(step for telling in current for step in steps_of(telling))
    asserted = [e for e in events if e.modality == ASSERTED]
    dated = [e for e in asserted if edtf.bounds(e.date)]
    newest = max(dated, key=lambda e: (edtf.latest(e.date), order.get(e.stage, 0)), default=None)
    stage, source = _reached(events, asserted, newest, order)
    signed = [e for e in dated if e.stage == "signed"]
    ended = [e for e in dated if e.stage == "ended"]
    return Life(
        events=tuple(events),
        stage=stage,
        stage_from=source,
        first=min(dated, key=lambda e: (edtf.order(e.date), order.get(e.stage, 0)), default=None),
        signed=min(signed, key=lambda e: edtf.order(e.date), default=None),
        latest=newest,
        ended=max(ended, key=lambda e: edtf.latest(e.date)) if ended and stage == "ended" else None,
        renewal_count=sum(e.stage == "renewed" for e in asserted),
    )


def _reached(
    events: Sequence[Happening],
    asserted: Sequence[Happening],
    newest: Happening | None,
    order: Mapping[str, int],
) -> tuple[str, Told]:
    """Return the stage that was reached and the step that says so."""
    if not asserted:
        planned = [e for e in events if e.modality == "planned" and order.get(e.stage, 0) > 1]
        pool = planned or list(events)
        best = min((e.best for e in pool), key=lambda t: t.rank)
        return ("intended" if planned else "exploring"), best
    candidates = [e for e in asserted if not edtf.bounds(e.date)]
    if newest is not None:
        reached = order.get(newest.stage, 0)
        day = edtf.order(newest.date)[0]
        candidates = [
            e for e in candidates if order.get(e.stage, 0) > reached and _reported(e) >= day
        ]
        candidates.append(newest)
    final = max(candidates, key=lambda e: (order.get(e.stage, 0), edtf.latest(e.date)))
    return final.stage, min(final.tellings, key=lambda t: t.rank)


def _reported(event: Happening) -> int:
    """Return the newest day on which an event was reported; unknown counts as now."""
    days = [edtf.bounds(t.telling.document.published) for t in event.tellings]
    return max((d[1] if d else edtf.LAST_DAY) for d in days)
