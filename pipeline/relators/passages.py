"""Where the sides of a pair stand in the document: paragraphs, titles, lists, all mentions.

In: a `Scene` and a `Candidate`. Out: features by name. A link shows one clause; what a partner is
to a document often shows in the others: it leads a paragraph of its own, it stands in the title,
words of agreement stand near it each time or never.
"""

from __future__ import annotations

import math
import re

from pipeline.records import Span
from pipeline.relators.candidates import Candidate
from pipeline.relators.parties import NAMED, ActorMention
from pipeline.relators.scene import Scene
from pipeline.text import fold

Features = dict[str, float]
_ITEM = re.compile(r"^\s*(?:[-–—•*·]|\(?[0-9a-z]{1,3}[.)]|\w+(?:,|:))\s")
_LEAD = 25  # characters from the start of a unit in which a party leads it
_SCALE = 12.0  # words at which nearness to a cue is halved


def passage_features(scene: Scene, candidate: Candidate) -> Features:
    """Return the features of where both sides stand."""
    f: Features = {}
    partner = [m for m in candidate.partner.mentions if m.how != "within"]
    local = [m for m in candidate.local.mentions if m.how != "within"]
    f["partner_sure"] = candidate.partner.sure
    f["local_sure"] = candidate.local.sure
    _near_cues(f, scene, candidate, partner, local)
    _leads(f, scene, candidate, partner)
    _titles(f, scene, candidate)
    _form(f, scene, candidate)
    _roles(f, scene, candidate)
    return f


def _near_cues(
    f: Features,
    scene: Scene,
    candidate: Candidate,
    partner: list[ActorMention],
    local: list[ActorMention],
) -> None:
    view = scene.view
    named = [m for m in partner if m.how != "anaphor"]
    for layer, prefix, name in (("instrument", "", "instrument"), ("cue", "stage.", "stage")):
        marks = [a.span for a in view.layer(layer, prefix)]
        best = max((_nearness(view.text, m.span, s) for m in named for s in marks), default=0.0)
        f[f"partner_to_{name}"] = best
        best = max(
            (_nearness(view.text, m.span, s) for m in local if m.how != "dateline" for s in marks),
            default=0.0,
        )
        f[f"local_to_{name}"] = best
        units = {m.unit for m in named}
        f[f"partner_share_{name}"] = sum(view.units[u].has(layer, prefix) for u in units) / max(
            1, len(units)
        )
    paragraphs = {view.units[m.unit].paragraph for m in named}
    inside = [u for u in view.units if u.paragraph in paragraphs]
    f["paragraph_instrument"] = float(any(u.has("instrument") for u in inside))
    f["paragraph_stage"] = float(any(u.has("cue", "stage.") for u in inside))
    own = {u.paragraph for u in view.units if any(m.unit == u.index for m in local)}
    f["paragraph_shared"] = len(paragraphs & own) / max(1, len(paragraphs))
    both = {view.units[m.unit].sentence for m in partner} & {
        view.units[m.unit].sentence for m in local
    }
    f["sentences_shared"] = math.log1p(len(both))
    f["partner_first_at"] = min((m.unit for m in named), default=0) / max(1, len(view.units))
    f["local_first_at"] = min((m.unit for m in local), default=0) / max(1, len(view.units))


def _nearness(text: str, a: Span, b: Span) -> float:
    """Return 1 for touching spans, half at twelve words, 0 across a paragraph."""
    left, right = sorted((a, b), key=lambda s: s.start)
    if right.start - left.end > 400:
        return 0.0
    gap = text[left.end : right.start]
    if "\n" in gap:
        return 0.0
    return float(0.5 ** (len(gap.split()) / _SCALE))


def _leads(f: Features, scene: Scene, candidate: Candidate, partner: list[ActorMention]) -> None:
    view = scene.view
    firsts = _first_in_paragraph(scene)
    named = [m for m in partner if m.how != "anaphor"]
    leads = [m for m in named if firsts.get(view.units[m.unit].paragraph) == candidate.partner.key]
    f["leads_paragraph"] = float(bool(leads))
    f["leads_unit"] = float(
        any(m.span.start - view.units[m.unit].span.start <= _LEAD for m in named)
    )
    unit = candidate.best.unit
    f["item"] = float(bool(_ITEM.match(view.text[unit.span.start : unit.span.start + 30])))
    f["leaders"] = math.log1p(len(set(firsts.values())))


def _first_in_paragraph(scene: Scene) -> dict[int, str]:
    found: dict[int, tuple[int, str]] = {}
    for actor in scene.actors:
        for m in actor.mentions:
            if m.how in ("within", "anaphor", "dateline", "person"):
                continue
            p = scene.view.units[m.unit].paragraph
            if p not in found or m.span.start < found[p][0]:
                found[p] = (m.span.start, actor.key)
    return {p: k for p, (_, k) in found.items()}


def _titles(f: Features, scene: Scene, candidate: Candidate) -> None:
    title = fold(scene.view.document.title or "")
    for side, actor in (("local", candidate.local), ("partner", candidate.partner)):
        shown = {fold(m.span.of(scene.view.text)) for m in actor.named}
        named = (
            re.search(rf"\b{re.escape(n)}\b", title) for n in shown | {fold(actor.party.name)} if n
        )
        f[f"{side}_titled"] = float(any(named))
    f["both_titled"] = f["local_titled"] * f["partner_titled"]


def _form(f: Features, scene: Scene, candidate: Candidate) -> None:
    """How the partner's name stands: cut out of a longer name, in brackets, a heading, a quote."""
    second = candidate.best.second
    if second is None or candidate.best.how == "pair":
        return
    text, unit = scene.view.text, scene.view.units[second.unit]
    before = text[max(unit.span.start, second.span.start - 40) : second.span.start]
    after = text[second.span.end : second.span.end + 40]
    shown = second.span.of(text)
    nxt = re.match(r" ([^\W\d_]\w*)", after)
    f["cut_after"] = float(bool(nxt and nxt.group(1)[0].isupper()))
    prv = re.search(r"(\S+) $", before)
    f["cut_before"] = float(
        bool(prv and prv.group(1)[0].isupper() and len(before.strip()) > len(prv.group(1)))
    )
    f["in_brackets"] = float(before.endswith("("))
    body = unit.span.of(text)
    f["all_capitals"] = float(shown.isupper() and len(shown) > 6)
    f["heading"] = float(body.isupper() or (len(body.split()) <= 8 and body[-1:] not in '.!?;:”"'))
    f["one_word"] = float(" " not in shown.strip())
    quoted = text[: second.span.start]
    f["quoted"] = float(quoted.count("“") > quoted.count("”") or quoted.count('"') % 2 == 1)


def _roles(f: Features, scene: Scene, candidate: Candidate) -> None:
    """Whether a side is ever more than a dateline, a place or where somebody comes from."""
    words, text = scene.view.words, scene.view.text
    for side, actor in (("local", candidate.local), ("partner", candidate.partner)):
        ways = [m for m in actor.mentions if m.how in NAMED]
        weak = 0
        for m in ways:
            before = text[max(0, m.span.start - 40) : m.span.start]
            origin = words.origin is not None and words.origin.search(before) is not None
            weak += m.how in ("dateline", "location") or origin
        f[f"{side}_weak"] = weak / max(1, len(ways))
        f[f"{side}_only_weak"] = float(weak == len(ways))
        f[f"{side}_dateline"] = float(any(m.how == "dateline" for m in ways))
    second = candidate.best.second
    if second is not None and candidate.best.how != "pair":
        before = text[max(0, second.span.start - 40) : second.span.start]
        f["partner_origin"] = float(bool(words.origin and words.origin.search(before)))
        f["partner_inside"] = float(bool(words.inside and words.inside.search(before)))
