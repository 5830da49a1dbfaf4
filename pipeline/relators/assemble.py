"""From a kept pair to a record: every field chosen, with its evidence and the reasons.

In: a subject, the choosers, the focus country. Out: a `Mention`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.records import Annotation, FieldEvidence, Mention, Party, Span, stable_id
from pipeline.relators.anchor import anchor_of, shown_span
from pipeline.relators.chooser import Choosers
from pipeline.relators.conditions import follow_up_traits, modality_traits
from pipeline.relators.dating import choose_date
from pipeline.relators.evidence import cue_words, field, party_evidence
from pipeline.relators.parties import Actor
from pipeline.relators.sectors import choose_sectors, sector_words
from pipeline.relators.steps import date_kind_of, founding_date, lineage_of, steps_of
from pipeline.relators.telling import shares
from pipeline.relators.territory import GENERAL, LEAD, OWN, SAID_ON
from pipeline.relators.traits import Shares, Subject, traits_of

# A plan is not a signature: "signed" must be so much surer than another stage. In cross-validation
# this takes a sixth off the false signatures and nothing off the share of right stages.
_HANDICAPS = {"signed": 0.85}


@dataclass(frozen=True, slots=True)
class Rules:
    """What assembling needs beside the subject."""

    choosers: Choosers
    focus_country: str
    level_of: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Fields:
    """The chosen values and the words that carry them."""

    instrument: str
    stage: str
    modality: str
    is_background: bool
    follow_up: str
    anchor: Annotation | None
    words: dict[str, Span]
    told: Shares = ()


def orient(local: Actor, partner: Actor, focus_country: str) -> tuple[Actor, Actor]:
    """Return the local party first.

    The focus country's government, else the one the body names first.
    """
    if not partner.is_government:
        return local, partner
    home = [a for a in (local, partner) if a.party.country == focus_country]
    if len(home) == 1:
        return (local, partner) if home[0] is local else (partner, local)
    first = min((local, partner), key=lambda a: a.mentions[0].span.start)
    return (local, partner) if first is local else (partner, local)


def assemble(subject: Subject, rules: Rules) -> Mention:
    """Make the record of one kept pair."""
    chosen = choose_fields(subject, rules.choosers)
    document = subject.scene.view.document
    local, partner = orient(subject.pair.local, subject.pair.partner, rules.focus_country)
    evidence = [
        *party_evidence(subject, local, "local"),
        *party_evidence(subject, partner, "partner"),
    ]
    at = chosen.anchor.span if chosen.anchor else subject.pair.best.unit.span
    dated = choose_date(subject, chosen.stage, chosen.modality, at, rules.choosers["date"])
    date = dated.value if dated else None
    kind = date_kind_of(chosen.stage, chosen.modality, chosen.instrument) if date else None
    start = founding_date(subject, chosen.stage, date)
    sectors = choose_sectors(
        subject, chosen.is_background, chosen.instrument, rules.choosers["sector"]
    )
    evidence += _field_evidence(subject, chosen)
    evidence += _date_evidence(subject, dated, kind, start)
    for sector in sectors:
        words = sector_words(subject, sector)
        if words is not None:
            evidence.append(field(subject, "sectors", sector, words.span))
    span = shown_span(subject, chosen.anchor, chosen.told)
    return Mention(
        mention_id=stable_id(
            document.doc_id,
            document.capture_id,
            local.key,
            partner.key,
            chosen.instrument,
            str(span.start),
        ),
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        local_party=local.party,
        partner=partner.party,
        level=rules.level_of(partner.party.kind),
        scope=scope_of(local.party, partner.party),
        instrument=chosen.instrument,
        instrument_group=None,
        sectors=sectors,
        stage=chosen.stage,
        modality=chosen.modality,
        is_background=chosen.is_background,
        follow_up=chosen.follow_up,
        date=date,
        date_kind=kind,
        start_date=start.value if start else None,
        steps=steps_of(subject, chosen.stage, date),
        lineage=lineage_of(subject),
        score=subject.scored.score,
        span=span,
        evidence=tuple(evidence),
        reasons=reasons_of(subject, chosen),
    )


def scope_of(local: Party, partner: Party) -> str:
    """Return ``domestic`` where both countries are known and the same, else ``international``."""
    same = local.country is not None and local.country == partner.country
    return "domestic" if same else "international"


def choose_fields(subject: Subject, choosers: Choosers) -> Fields:
    """Choose the fields that words of the text carry.

    A value without words falls back to the default.
    """
    told = shares(subject, choosers["telling"]) if "telling" in choosers else ()
    traits = traits_of(subject, told)
    words: dict[str, Span] = {}
    stage = choosers["stage"].choose(traits, _HANDICAPS)
    stated = any(s.of("cue", "stage.") for s in subject.stretches(OWN, LEAD, SAID_ON))
    if not stated and anchor_of(subject, stage, "asserted", told) is None:
        stage = "signed"  # no words carry any stage: the relation itself is stated
    instrument = choosers["instrument"].choose(traits)
    named = cue_words(subject, "instrument", instrument)
    if stage == "signed" and instrument == "letter_of_intent" and named is not None:
        stage = "intended"  # codebook rule 3: a letter of intent is an intention, also when signed
    modality = choosers["modality"].choose(modality_traits(traits, stage))
    anchor = anchor_of(subject, stage, modality, told)
    if instrument != "unspecified":
        if named is None:
            instrument = "unspecified"
        else:
            words["instrument"] = named.span
    words["stage"] = anchor.span if anchor else (named.span if named else _partner_words(subject))
    if modality != "asserted":
        modal = cue_words(subject, "cue", f"modality.{modality}") or (
            anchor if modality == "planned" else None
        )
        if modal is None:
            modality = "asserted"
        else:
            words["modality"] = modal.span
    is_background = choosers["background"].choose(traits) == "yes"
    follow_up = headed_follow_up(subject) or choosers["follow_up"].choose(
        follow_up_traits(traits, stage, modality)
    )
    if follow_up != "unknown":
        carried = _follow_up_words(subject, follow_up, stage, anchor)
        if carried is None:
            follow_up = "unknown"
        else:
            words["follow_up"] = carried
    return Fields(instrument, stage, modality, is_background, follow_up, anchor, words, told)


def headed_follow_up(subject: Subject) -> str | None:
    """Return the follow-up that the head of a list states for all its items, if one does.

    "Those which have had a concrete follow-up are cooperation with A, cooperation with B": what
    stands before the first item is said of each, unless the item has words of its own.
    """
    for lead in subject.stretches(LEAD):
        told = {a.label for a in lead.of("cue", "follow_up.")}
        own = [s for s in subject.stretches(OWN) if s.unit.sentence == lead.unit.sentence]
        if len(told) == 1 and own and not any(s.of("cue", "follow_up.") for s in own):
            return told.pop().removeprefix("follow_up.")
    return None


def _partner_words(subject: Subject) -> Span:
    best = subject.pair.best
    return best.second.span if best.second else best.unit.span


def _follow_up_words(
    subject: Subject, value: str, stage: str, anchor: Annotation | None
) -> Span | None:
    """Return the words for a follow-up.

    Something implemented, or ended by silence, tells it too.
    """
    cue = cue_words(subject, "cue", f"follow_up.{value}")
    if cue is None and value == "concrete":
        cue = cue_words(subject, "cue", "stage.implemented")
    if cue is None and value == "none" and stage == "ended":
        cue = anchor
    if cue is None and value == "none":
        cue = cue_words(subject, "cue", "modality.denied")
    return cue.span if cue else None


def _field_evidence(subject: Subject, chosen: Fields) -> list[FieldEvidence]:
    found = []
    for name, value in (
        ("instrument", chosen.instrument),
        ("stage", chosen.stage),
        ("modality", chosen.modality),
        ("follow_up", chosen.follow_up),
    ):
        if name in chosen.words:
            found.append(field(subject, name, value, chosen.words[name]))
    if chosen.is_background:
        cue = cue_words(subject, "cue", "background")
        near = cue is not None and any(
            s.span.start <= cue.span.start < s.span.end
            for s in subject.stretches(OWN, LEAD, SAID_ON)
        )
        words = cue.span if cue is not None and near else _partner_words(subject)
        found.append(field(subject, "is_background", "true", words))
    return found


def _date_evidence(
    subject: Subject, dated: Annotation | None, kind: str | None, start: Annotation | None
) -> list[FieldEvidence]:
    found = []
    for name, words in (("date", dated), ("start_date", start)):
        if words is not None and words.value:
            basis = "resolved" if words.detail == "resolved" else "stated"
            found.append(field(subject, name, words.value, words.span, basis))
    if dated is not None and kind:
        found.append(field(subject, "date_kind", kind, dated.span))
    return found


def reasons_of(subject: Subject, chosen: Fields) -> tuple[str, ...]:
    """Return short lines on why.

    How the parties are tied, what carries the stage, what moved the score.
    """
    pair, text = subject.pair, subject.scene.view.text
    how = {
        "both": "both parties in one clause",
        "sentence": "both parties in one sentence",
        "before": "the local party in the clause before",
        "understood": "the local party is whom the document is about",
        "after": "the partner is named shortly before",
        "pair": "the text speaks of the two together",
    }[pair.best.how]
    lines = [f"score {subject.scored.score:.2f}: {how}"]
    if chosen.anchor is not None:
        words = " ".join(chosen.anchor.span.of(text).split())
        lines.append(f"stage {chosen.stage} ({chosen.modality}) by “{words}”")
    else:
        lines.append(f"stage {chosen.stage} ({chosen.modality}): the relation itself is stated")
    own = sum(s.rank == OWN for s in subject.territory)
    lines.append(
        f"told in {own} clause(s), {sum(s.rank == GENERAL for s in subject.territory)} general ones"
    )
    return tuple(lines)
