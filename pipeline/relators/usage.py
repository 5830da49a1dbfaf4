"""How a text uses a place name: as a government that acts, as a place, as a dateline.

In: a `View` and a place annotation. Out: one of the ways of `parties.ActorMention`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.records import Annotation
from pipeline.relators.lexicon import Lexicon
from pipeline.relators.view import View

# A dateline stands within this many characters of the start: "PORT-OF-SPAIN, Sept. 14 (Agency) -".
DATELINE_CHARS = 40
_DATELINE = re.compile(
    r"^(?:[^.!?\n]{0,45}?(?:\s[-–—]{1,3}\s|\||\)\s*[-–—]|:\s)|(?:[^\s.!?]+ ){0,3}[^\s.!?]+\.\s)"
)
_NEAR = 45  # characters before a party in which a connector governs it
_ARTICLES = ("the", "la", "le", "el", "los", "las", "les", "its", "their")
_BETWEEN = 4  # words between the two: "with the City of"
_APPOSITION = 45  # characters between a place and the wider one that it lies in
_ASIDE_BEFORE = re.compile(r"\w ?\(\s*$")
_ASIDE_AFTER = re.compile(r"\s*[,)]")
_OWNER = re.compile(r"['’]s\s")
_SEAT = 14  # characters between a body and the place where it sits: ", of the City "
_RANKS = {"city": 0, "regency": 1, "province": 2, "country": 3}


def dateline_end(text: str) -> int:
    """Return where the dateline of a text ends; 0 where it has none."""
    head = _DATELINE.match(text)
    return head.end() if head else 0


def how_used(
    view: View,
    place: Annotation,
    persons: Iterable[Annotation],
    dateline: int,
    places: Sequence[Annotation],
) -> str:
    """Decide how a place name is used."""
    text, span, words = view.text, place.span, view.words
    if span.end <= min(dateline, DATELINE_CHARS + 20) and span.start < DATELINE_CHARS:
        return "dateline"
    before, after = text[max(0, span.start - 80) : span.start], text[span.end : span.end + 30]
    if _describes(words, before, after) or _says_whose(words, place, after):
        return "within"
    if _ASIDE_BEFORE.search(before) and _ASIDE_AFTER.match(after):
        return "within"  # "Karatay (Konya) Municipality", "Seattle ( Washington , the USA )"
    if any(p.span.start <= span.start and span.end <= p.span.end for p in persons):
        return "office"
    later = [p for p in places if p.span.start >= dateline]  # a dateline's city holds no other
    if (
        _follows_place(text, place, later, words)
        or _seats_body(view, place)
        or _owns_body(view, place)
    ):
        return "within"
    head = words.admin_before.search(before) if words.admin_before else None
    if head is not None:
        inside = words.inside is not None and words.inside.search(before[: head.start()])
        return "location" if inside else "admin"
    if words.admin_after and words.admin_after.match(after):
        return "admin"
    if words.locative and words.locative.search(before):
        return "location"
    return "name"


def _describes(words: Lexicon, before: str, after: str) -> bool:
    """Tell whether a place only describes another: an envoy's state, "capital of X", "X-based"."""
    return bool(
        (words.envoy and words.envoy.search(before))
        or (words.capital and words.capital.search(before))
        or (words.attribute and words.attribute.match(after))
        or _holds_capital(words, before)
    )


def _holds_capital(words: Lexicon, before: str) -> bool:
    """Tell whether a place holds the one described: "the capital of China's island province of X".

    The words of its rank lead back to "capital of" without a comma or a connector between.
    """
    head = words.admin_before.search(before) if words.admin_before else None
    if head is None or words.capital_word is None:
        return False
    rest = before[: head.start()]
    hits = list(words.capital_word.finditer(rest))
    gap = rest[hits[-1].end() :] if hits else ","
    joined_on = words.joins is not None and words.joins.search(gap)
    return len(gap.split()) <= _BETWEEN and not set(gap) & set(",;.:") and not joined_on


def _says_whose(words: Lexicon, place: Annotation, after: str) -> bool:
    """Tell whether a wider place only says whose the next word is.

    "Indonesia's second city", "a Hertfordshire town", "Hainan's capital Haikou"; not "Japan's
    government".
    """
    owner = _OWNER.match(after)
    rest = after[owner.end() - 1 :] if owner else after
    if place.label == "country":
        head = words.admin_after
        return owner is not None and (head is None or head.match(rest) is None)
    inner = words.settlement
    return place.label != "city" and inner is not None and inner.match(rest) is not None


def _owns_body(view: View, place: Annotation) -> bool:
    """Tell whether a place only says whose the body after it is: "Germany's Ministry of Health"."""
    return any(
        b.layer == "organisation"
        and b.label != "government_office"
        and view.text[place.span.end : b.span.start] in (" ", "'s ", "’s ")
        for b in view.annotations
        if place.span.end < b.span.start <= place.span.end + 3
    )


def _seats_body(view: View, place: Annotation) -> bool:
    """Tell whether a place only says where the body before it sits.

    "Acme Corporation, of Boston", "Universitas Maju dari Kota Lama": the body is the party.
    """
    if view.words.possessive is None:
        return False
    for body in view.annotations:
        gap = view.text[body.span.end : place.span.start]
        if body.layer != "organisation" or body.label == "government_office":
            continue
        if 0 < place.span.start - body.span.end <= _SEAT:
            link = view.words.possessive.search(gap)
            if link is not None and not gap[: link.start()].strip(" ,"):
                return True
    return False


def _follows_place(
    text: str, here: Annotation, places: Sequence[Annotation], words: Lexicon
) -> bool:
    """Tell whether a place only says where the one before it lies.

    "Leiden, Netherlands", "Darwin, ibu kota Northern Territory": a wider place of the same country,
    soon after, with no word between that would make it a party of its own.
    """
    for other in places:
        if other.span.end > here.span.start or other.country != here.country:
            continue
        gap = _past_admin(text[other.span.end : here.span.start], words)
        if len(gap) > _APPOSITION or _RANKS.get(here.label, 0) <= _RANKS.get(other.label, 9):
            continue
        if gap in (", ", " (", ",", " - ", ", the "):
            return True
        plain = not set(gap) & set(".;:") and not (words.joins and words.joins.search(gap))
        if (
            plain
            and gap.startswith((",", " ("))
            and not (words.coordinates and words.coordinates.search(gap))
        ):
            return True
        if plain and words.locative and words.locative.search(gap):
            return True
    return False


def _past_admin(gap: str, words: Lexicon) -> str:
    """Drop the government word after a name: "Kericho | county, Kenya", "Boeny | region of X"."""
    match = words.admin_after.match(gap) if words.admin_after is not None else None
    if match is None:
        return gap
    rest = gap[match.end() :]
    owner = words.possessive.search(rest) if words.possessive is not None else None
    return ", " if owner is not None and not rest[: owner.start()].strip() else rest


def joined(view: View, start: int) -> bool:
    """Tell whether a connector ("with", "dengan") governs what begins at ``start``.

    At most four words may stand between ("with the City of"), and no comma; after a connector that
    governs only what comes next none but a government word ("twinned to the town of X", but not
    "voted to end X's ties").
    """
    words = view.words.joins
    if words is None:
        return False
    unit = view.unit_at(start)
    before = view.text[max(unit.span.start, start - _NEAR) : start]
    hits = list(words.finditer(before))
    if not hits:
        return False
    gap = before[hits[-1].end() :]
    relative = view.words.relative
    if relative is not None and relative.search(gap):
        return False  # "with which X has tied itself": X ties
    inside = view.words.inside_word
    if inside is not None and inside.search(gap):
        return False  # "with a campus in X", "with towns in X and Y": these are joined, not X
    between = view.words.between
    if between is not None and between.search(gap):
        return False  # "to tie a knot between X and Y"
    near = view.words.joins_next
    if near is not None and near.fullmatch(hits[-1].group()):
        admin = view.words.admin_before
        head = admin.search(gap) if admin is not None else None
        words_between = gap[: head.start() if head else None].split()
        return all(w[0].isupper() or w.casefold() in _ARTICLES for w in words_between)
    return len(gap.split()) <= _BETWEEN and not set(gap) & set(",;.:")
