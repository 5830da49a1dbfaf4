"""What heads a partner: "a memorandum on waste with P", "ties with P, Q and R", "P and L sign".

In: a `Scene` and a `Candidate`. Out: features by name. All members of a row are seen where its
first member stands: what is said of "with P, Q and R" is said of R too.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

from pipeline.records import Span
from pipeline.relators.candidates import Candidate, Link
from pipeline.relators.parties import ActorMention
from pipeline.relators.rows import row_of
from pipeline.relators.scene import Scene

Features = dict[str, float]
_REACH = 110  # characters before a partner in which the noun that takes it may stand
_LOOSE = (
    9  # words between that noun and its connector: "a memorandum on the treatment of waste with"
)
_AFTER_TIE = 3  # words between a word of a tie and "including": "sister cities in Asia, including"
_ACTING = frozenset(("name", "admin"))  # ways to name a state as one that acts
_STOP = re.compile(r"[.;:!?\n]")


def head_features(scene: Scene, candidate: Candidate) -> Features:
    """Return the features of what heads the partner, over all its links."""
    f: Features = {}
    if candidate.best.how != "pair" and candidate.best.second is not None:
        f.update(_of_mention(scene, candidate, candidate.best.second))
    total: Features = {}
    for m in candidate.partner.named[:8]:
        if m.how == "within":
            continue
        for name, value in _of_mention(scene, candidate, m).items():
            total[name] = max(total.get(name, 0.0), value)
    f.update({f"any_{k}": v for k, v in total.items()})
    if candidate.best.how in ("understood", "before", "after"):
        f["x_headed_understood"] = f.get("headed", 0.0)
    if (
        candidate.local.party.country
        and candidate.local.party.country == candidate.partner.party.country
    ):
        f["x_headed_domestic"] = f.get("headed", 0.0)
    _hub(f, scene, candidate)
    return f


def headed_link(scene: Scene, candidate: Candidate) -> Link:
    """Return the best link as its row's first member sees it."""
    best = candidate.best
    if best.second is None or best.how == "pair":
        return best
    head = row_head(scene, candidate, best.second)
    return best if head is best.second else replace(best, second=head)


def _of_mention(scene: Scene, candidate: Candidate, mention: ActorMention) -> Features:
    f: Features = {}
    view, words = scene.view, scene.view.words
    head = row_head(scene, candidate, mention)
    unit = view.units[head.unit]
    low = max(unit.span.start, head.span.start - _REACH)
    reach = view.text[low : head.span.start]
    joins = list(words.joins.finditer(reach)) if words.joins is not None else []
    others = _others(scene, candidate, low, head.span.start)
    tail = reach[joins[-1].end() :] if joins else ""
    apart = any(p is not None and p.search(tail) for p in (words.inside, words.origin))
    if joins and len(tail.split()) <= 4 and not apart:
        cut = joins[-1].start()
        marks = [
            a.span
            for a in (*unit.of("instrument"), *unit.of("cue", "stage."))
            if low <= a.span.start and a.span.end <= low + cut
        ]
        nouns = (
            [
                Span(start=low + m.start(), end=low + m.end())
                for m in words.relation.finditer(reach, 0, cut)
            ]
            if words.relation
            else []
        )
        for name, spans in (("headed", marks), ("headed_loosely", nouns)):
            best = 0.0
            for s in spans:
                gap = view.text[s.end : low + cut]
                third = any(s.end <= o.start and o.end <= low + cut for o in others)
                if not third and not _STOP.search(gap):
                    n = len(gap.split())
                    best = max(best, 1.0 if n <= 2 else 0.6 if n <= _LOOSE else 0.0)
            if best:
                f[name] = best
        f["joined_head"] = 1.0
        near = words.joins_next
        plain = near is None or near.fullmatch(joins[-1].group()) is None
        # "with towns in France and Germany": the second state is no more taken than the first
        plain = plain and not (words.inside_word and words.inside_word.search(tail))
        f["taken_state"] = float(plain and candidate.partner.is_country and head.how in _ACTING)
    _included(f, scene, candidate, mention)
    f.update(_parallel(scene, head, unit.sentence))
    _acts(f, scene, candidate, head, unit.sentence)
    _apposed(f, scene, candidate, head)
    return f


def _included(f: Features, scene: Scene, candidate: Candidate, mention: ActorMention) -> None:
    """Note a row that is counted out behind a word of a tie: "its sister cities, including P, Q".

    Where the local side stands in that row itself, both are partners of another.
    """
    view, words = scene.view, scene.view.words
    if words.including is None:
        return
    row = row_of(scene, candidate.partner, mention)
    starts = [
        m.span.start
        for a in scene.actors
        if a.key in row
        for m in a.mentions
        if m.unit == mention.unit and m.how not in ("within", "anaphor", "dateline", "person")
    ]
    start = min([*starts, mention.span.start])
    unit = view.units[mention.unit]
    low = max(unit.span.start, start - _REACH)
    reach = view.text[low:start]
    hit = words.including.search(reach)
    if hit is None:
        return
    cut = low + hit.start()
    marks = [a.span for a in unit.of("instrument") if low <= a.span.start and a.span.end <= cut]
    if words.relation is not None:
        ties = words.relation.finditer(reach, 0, hit.start())
        marks += [Span(start=low + m.start(), end=low + m.end()) for m in ties]
    if any(len(view.text[m.end : cut].split()) <= _AFTER_TIE for m in marks):
        f["included"] = f["headed"] = 1.0
        f["both_included"] = float(candidate.local.key in row)
        owns = (m for m in candidate.local.mentions if m.unit == mention.unit)
        f["included_of"] = float(any(m.span.end <= cut for m in owns) and not f["both_included"])


def _parallel(scene: Scene, head: ActorMention, sentence: int) -> Features:
    """Count the pairs that a sentence builds alike: "A with B since 1988, C with D since 1990"."""
    joins = scene.view.words.joins
    if joins is None:
        return {}
    span = scene.view.sentences[sentence]
    marks = sorted(
        {
            (m.span.start, m.span.end, a.is_government)
            for a in scene.actors
            for m in a.mentions
            if span.start <= m.span.start < span.end and m.how in ("name", "admin", "office")
        }
    )
    found = []
    for (_, end, is_government), (start, _, _) in pairwise(marks):
        gap = scene.view.text[end:start].strip()
        if is_government and joins.fullmatch(gap):
            found.append(start)
    if len(found) < 2 or head.span.start not in found:
        return {}
    return {"parallel": 1.0}


def _acts(
    f: Features, scene: Scene, candidate: Candidate, head: ActorMention, sentence: int
) -> None:
    """Both sides stand before one stage cue, or one before and one after, with nobody between."""
    view = scene.view
    units = [u for u in view.units if u.sentence == sentence]
    cues = [c.span for u in units for c in u.of("cue", "stage.")] + [
        c.span for u in units for c in u.of("instrument")
    ]
    if not cues:
        return
    locals_ = [
        m.span
        for m in candidate.local.mentions
        if view.units[m.unit].sentence == sentence
        and m.how not in ("within", "dateline", "location")
    ]
    for s in locals_:
        left, right = sorted((s, head.span), key=lambda x: x.start)
        if right.start < left.end:
            continue
        third = _others(scene, candidate, left.end, right.start)
        after = [c for c in cues if c.start >= right.end]
        between = [c for c in cues if left.end <= c.start and c.end <= right.start]
        if after and not third:
            f["both_act"] = 1.0
        if between and not third:
            f["one_acts"] = 1.0
        f["same_sentence"] = 1.0


def _apposed(f: Features, scene: Scene, candidate: Candidate, head: ActorMention) -> None:
    """The pair stands in an aside that describes the partner: "X, a sister city of Y, lost"."""
    view = scene.view
    for m in candidate.local.mentions:
        if m.unit == head.unit and 0 < m.span.start - head.span.end < 60:
            gap = view.text[head.span.end : m.span.start]
            unit = view.units[m.unit]
            cued = any(
                a.span.start >= head.span.end and a.span.end <= m.span.start
                for a in unit.of("instrument")
            )
            if gap.lstrip().startswith((",", "(")) and cued and not unit.has("cue", "stage."):
                f["apposed"] = 1.0


def _others(scene: Scene, candidate: Candidate, low: int, high: int) -> list[Span]:
    own = {candidate.local.key, candidate.partner.key}
    return [
        m.span
        for a in scene.actors
        if a.key not in own
        for m in a.mentions
        if low <= m.span.start and m.span.end <= high and m.how not in ("within", "location")
    ]


def row_head(scene: Scene, candidate: Candidate, mention: ActorMention) -> ActorMention:
    """Return the first mention of the row that a partner stands in, the local side left out."""
    row = row_of(scene, candidate.partner, mention)
    if len(row) < 2:
        return mention
    members = [
        m
        for a in scene.actors
        if a.key in row and a.key != candidate.local.key
        for m in a.mentions
        if m.unit == mention.unit
        and m.span.start <= mention.span.start
        and m.how not in ("within", "anaphor", "dateline", "person")
        and mention.span.start - m.span.start < 400
    ]
    return min(members, key=lambda m: m.span.start, default=mention)


def _hub(f: Features, scene: Scene, candidate: Candidate) -> None:
    """How far the local side outweighs every other government of the document."""
    mine = scene.weight(candidate.local)
    rest = max(
        (
            w
            for k, w in scene.weights.items()
            if k not in (candidate.local.key, candidate.partner.key)
        ),
        default=0.0,
    )
    f["hub_lead"] = math.tanh(math.log((mine + 0.02) / (rest + 0.02)))
