"""What speaks for and against a pair: named numbers, each readable in a reason line.

In: a `Scene` and a `Candidate`. Out: features by name, most 0 or 1; a name says what 1 means.
"""

from __future__ import annotations

import math

from pipeline.records import Annotation, Span
from pipeline.relators.candidates import Candidate, Link
from pipeline.relators.crosses import cross
from pipeline.relators.heads import head_features, headed_link
from pipeline.relators.parties import ActorMention
from pipeline.relators.passages import passage_features
from pipeline.relators.rows import row_of
from pipeline.relators.scene import Scene

Features = dict[str, float]
STAGES = ("exploring", "intended", "signed", "implemented", "renewed", "ended")
_ITEM = 5  # words between two items of one list of partners
_NEAR = 45  # characters before a party in which a connector or an onlooker word governs it
_ONLOOKER_REACH = 90
_TIE = 45  # characters between a cue and the party that it takes
_DIRECT = 12  # words between two parties that one cue joins directly


def features_of(scene: Scene, candidate: Candidate) -> Features:
    """Return the features of one candidate; absent means 0."""
    f: Features = {}
    best = headed_link(scene, candidate)
    _kinds(f, scene, candidate)
    _link(f, scene, candidate, best)
    _cues(f, scene, best)
    if best.first and best.second and best.first.unit == best.second.unit and best.how == "both":
        _gap(f, scene, best.first, best.second)
    _row(f, scene, candidate, best)
    _syntax(f, scene, candidate, best)
    _document(f, scene, candidate)
    f.update(passage_features(scene, candidate))
    f.update(head_features(scene, candidate))
    cross(f)
    return {k: v for k, v in f.items() if v}


def _kinds(f: Features, scene: Scene, candidate: Candidate) -> None:
    local, partner = candidate.local.party, candidate.partner.party
    f[f"partner_{partner.kind}"] = 1.0
    f[f"local_{local.kind}"] = 1.0
    f["both_governments"] = float(candidate.partner.is_government)
    f["partner_is_country"] = float(candidate.partner.is_country)
    known = bool(local.country and partner.country)
    f["same_country"] = float(known and local.country == partner.country)
    f["two_countries"] = float(known and local.country != partner.country)
    f["same_kind"] = float(local.kind == partner.kind)
    f["own_country"] = float(candidate.partner.is_country and local.country == partner.country)
    f["local_home"] = float(scene.home is not None and local.country == scene.home)
    f["partner_home"] = float(scene.home is not None and partner.country == scene.home)
    f["both_abroad"] = float(
        not f["local_home"] and not f["partner_home"] and scene.home is not None
    )
    f["domestic_governments"] = float(candidate.partner.is_government and f["same_country"])


def _link(f: Features, scene: Scene, candidate: Candidate, best: Link) -> None:
    f[f"link_{best.how}"] = 1.0
    if best.second is not None:
        f[f"partner_as_{best.second.how}"] = 1.0
        _before(f, scene, best.second, "partner")
    if best.first is not None:
        f[f"local_as_{best.first.how}"] = 1.0
        _before(f, scene, best.first, "local")
    f["links"] = math.log1p(len(candidate.links))
    f["explicit_links"] = math.log1p(sum(x.how == "both" for x in candidate.links))
    f["links_with_instrument"] = math.log1p(sum(x.unit.has("instrument") for x in candidate.links))
    f["links_with_stage"] = math.log1p(sum(x.unit.has("cue", "stage.") for x in candidate.links))
    f["pair_link"] = float(any(x.how == "pair" for x in candidate.links))
    f["early"] = float(best.unit.sentence < 3)


def _before(f: Features, scene: Scene, mention: ActorMention, side: str) -> None:
    """What stands right before a party: a connector, a preposition of place, an onlooker word."""
    words, text = scene.view.words, scene.view.text
    start = mention.span.start
    unit = scene.view.units[mention.unit]
    f[f"{side}_after_with"] = float(mention.is_joined)
    if words.onlooker is not None:
        reach = text[max(unit.span.start, start - _ONLOOKER_REACH) : start]
        f[f"{side}_onlooker"] = float(words.onlooker.search(reach) is not None)
    after = text[mention.span.end : mention.span.end + 40]
    f[f"{side}_possessive"] = float(after[:2] in ("'s", "’s"))
    f[f"{side}_looks_on"] = float(
        words.looking_on is not None and bool(words.looking_on.match(after))
    )


def _cues(f: Features, scene: Scene, link: Link) -> None:
    units, unit = scene.view.units, link.unit
    same = [u for u in units if u.sentence == unit.sentence]
    near = [
        u for u in units if u.paragraph == unit.paragraph and 0 < abs(u.index - unit.index) <= 2
    ]
    for scope, group in (("unit", [unit]), ("sentence", same), ("near", near)):
        f[f"instrument_{scope}"] = float(any(u.has("instrument") for u in group))
        f[f"stage_{scope}"] = float(any(u.has("cue", "stage.") for u in group))
    for a in unit.of("instrument"):
        f[f"has_{a.label}"] = 1.0
    for stage in STAGES:
        f[f"stage_{stage}"] = float(any(u.has("cue", f"stage.{stage}") for u in same))
        f[f"near_{stage}"] = float(any(u.has("cue", f"stage.{stage}") for u in near))
    for cue in ("modality", "follow_up", "background", "lineage", "pair"):
        f[f"cue_{cue}"] = float(any(u.has("cue", cue) for u in same))
    f["sector"] = float(any(u.has("sector") for u in same))
    f["date"] = float(any(u.has("date") for u in same))


def _gap(f: Features, scene: Scene, first: ActorMention, second: ActorMention) -> None:
    """What stands between two parties in one unit."""
    view = scene.view
    gap = view.between(first.span, second.span)
    f["gap_words"] = math.log1p(len(gap.split()))
    f["local_first"] = float(first.span.start < second.span.start)
    left, right = sorted((first.span, second.span), key=lambda s: s.start)
    f["gap_cue"] = float(bool(_inside(scene, left, right, "cue", "stage.")))
    f["gap_instrument"] = float(bool(_inside(scene, left, right, "instrument", "")))
    f["gap_with"] = float(bool(view.words.joins and view.words.joins.search(gap)))
    f["gap_and"] = float(bool(view.words.coordinates and view.words.coordinates.search(gap)))
    f["gap_dash"] = float(gap.strip() in ("-", "–", "—"))
    f["gap_only_comma"] = float(gap.strip() == ",")
    others = sum(
        1
        for a in scene.actors
        for m in a.mentions
        if left.end <= m.span.start
        and m.span.end <= right.start
        and m.how not in ("anaphor", "within")
    )
    f["gap_others"] = math.log1p(others)
    f["short_with"] = float(f["gap_with"] and len(gap.split()) <= 6 and not others)
    f["short_and"] = float(f["gap_and"] and len(gap.split()) <= 6 and not others)


def _inside(scene: Scene, left: Span, right: Span, layer: str, prefix: str) -> list[Annotation]:
    return [
        a
        for a in scene.view.layer(layer, prefix)
        if left.end <= a.span.start and a.span.end <= right.start
    ]


def _row(f: Features, scene: Scene, candidate: Candidate, link: Link) -> None:
    """Is the partner one of a row of its like.

    ("A, B and C")? Does the row hold the local side too?
    """
    if link.second is None or link.how == "pair":
        return
    row = row_of(scene, candidate.partner, link.second)
    f["row"] = math.log1p(len(row) - 1)
    f["row_holds_local"] = float(candidate.local.key in row)
    before = scene.view.text[link.unit.span.start : link.second.span.start]
    f["after_colon"] = float(":" in before)
    if link.first is not None and not candidate.partner.is_government:
        owners = row_of(scene, candidate.local, link.first)  # "A, B and C joined the network"
        f["row_of_locals"] = math.log1p(len(owners) - 1)


def _syntax(f: Features, scene: Scene, candidate: Candidate, link: Link) -> None:
    """Who stands where around a word of stage or instrument.

    Before it acts, after it is acted with.
    """
    if link.second is None or link.how == "pair":
        return
    unit, text, words = link.unit, scene.view.text, scene.view.words
    second = link.second.span
    others = [
        m.span
        for a in scene.actors
        if a is not candidate.partner
        for m in a.mentions
        if m.unit == unit.index
        and m.how not in ("location", "within")
        and (m.span.end <= second.start or second.end <= m.span.start)
    ]
    marks = [*unit.of("cue", "stage."), *unit.of("instrument")]
    before = [c for c in marks if c.span.end <= second.start and second.start - c.span.end <= _TIE]
    after = [c for c in marks if c.span.start >= second.end and c.span.start - second.end <= _TIE]
    f["tied_before"] = float(
        any(not _any_between(others, c.span.end, second.start) for c in before)
    )
    f["tied_after"] = float(any(not _any_between(others, second.end, c.span.start) for c in after))
    reach = text[max(unit.span.start, second.start - _NEAR) : second.start]
    f["counterpart"] = float(bool(words.counterpart and words.counterpart.search(reach)))
    _subject(f, scene, candidate, link)
    if link.first is not None and link.how in ("sentence", "before", "after"):
        f["both_joined"] = float(link.first.is_joined and link.second.is_joined)
        # "cooperation with A; cooperation with B": items of one list, each the list owner's partner
        f["both_after_with"] = f["both_joined"] * (link.how == "sentence")
    if link.first is None or link.how != "both":
        return
    first = link.first.span
    left, right = sorted((first, second), key=lambda s: s.start)
    head = text[max(unit.span.start, left.start - 30) : left.start]
    f["between"] = float(bool(words.between and words.between.search(_without_admin(scene, head))))
    straddled = [c for c in marks if left.end <= c.span.start and c.span.end <= right.start]
    f["cue_between"] = float(bool(straddled))
    gap = scene.view.between(first, second)
    third = [m for m in others if left.end <= m.start and m.end <= right.start]
    f["direct"] = float(bool(straddled) and not third and len(gap.split()) <= _DIRECT)
    ends = [c for c in marks if c.span.start >= right.end]
    f["both_before_cue"] = float(bool(ends) and not third)
    if words.joins is None or f["between"]:
        return
    in_row = f.get("row_holds_local", 0.0) > 0 and words.joins.search(head) is not None
    both = link.first.is_joined and link.second.is_joined
    f["both_joined"] = float(both)
    # "with A, B" and "cooperation with A, cooperation with B": each the partner of a third
    siblings = words.joins.search(gap) is None or len(gap.split()) <= _ITEM
    f["both_after_with"] = float(in_row or (both and siblings))


def _subject(f: Features, scene: Scene, candidate: Candidate, link: Link) -> None:
    """Who stands right before the first word of stage in the sentence.

    One of the two, or somebody else?
    """
    units = [u for u in scene.view.units if u.sentence == link.unit.sentence]
    cues = [c for u in units for c in u.of("cue", "stage.")]
    if not cues:
        return
    cue = min(
        cues,
        key=lambda c: abs(c.span.start - link.second.span.start) if link.second else c.span.start,
    )
    start = scene.view.sentences[link.unit.sentence].start
    before = [
        (m.span.start, a)
        for a in scene.actors
        for m in a.mentions
        if start <= m.span.start
        and m.span.end <= cue.span.start
        and m.how not in ("within", "dateline", "location")
    ]
    if not before:
        f["subject_none"] = 1.0
        return
    actor = max(before, key=lambda x: x[0])[1]
    if actor is candidate.local:
        f["subject_local"] = 1.0
    elif actor is candidate.partner:
        f["subject_partner"] = 1.0
    else:
        f["subject_government" if actor.is_government else "subject_other"] = 1.0


def _any_between(spans: list[Span], start: int, end: int) -> bool:
    return any(start <= s.start and s.end <= end for s in spans)


def _without_admin(scene: Scene, head: str) -> str:
    """Drop the government word before a name: "between the City of"."""
    admin = scene.view.words.admin_before
    match = admin.search(head) if admin is not None else None
    return head[: match.start()] if match is not None else head


def _document(f: Features, scene: Scene, candidate: Candidate) -> None:
    view = scene.view
    at = candidate.best.unit.index
    f["local_weight"] = scene.weight_at(candidate.local, at)
    f["partner_weight"] = scene.weight_at(candidate.partner, at)
    f["local_is_focus"] = float(candidate.local is scene.focus_at(at))
    f["partner_is_focus"] = float(candidate.partner is scene.focus_at(at))
    for side, actor in (("local", candidate.local), ("partner", candidate.partner)):
        f[f"{side}_in_title"] = float(actor.party.name in (view.document.title or ""))
    f["partner_mentions"] = math.log1p(len(candidate.partner.mentions))
    f["doc_instruments"] = math.log1p(len(view.layer("instrument")))
    f["doc_stages"] = math.log1p(len(view.layer("cue", "stage.")))
    f["doc_sister"] = float(bool(view.layer("instrument", "sister_city")))
    f["governments"] = math.log1p(sum(a.is_government for a in scene.actors))
    acting = {m.how for m in candidate.partner.mentions}
    f["partner_acts"] = float(bool(acting & {"office", "admin"}))
    f["partner_only_location"] = float(acting <= {"location"})
    f["local_joined"] = candidate.local.joined_share
    f["partner_joined"] = candidate.partner.joined_share
    local_ways = {m.how for m in candidate.local.mentions}
    f["local_only_dateline"] = float(local_ways <= {"dateline", "location", "anaphor"})
    f["local_only_location"] = float(local_ways <= {"location"})
    f["local_acts"] = float(bool(local_ways & {"office", "admin"}))
