"""What stands around one name in the text: the evidence that recognition and resolution weigh.

Values in, values out. Only a few words on either side are read: enough for every cue of the table,
and the cost of a name does not grow with the document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.taggers.place_cues import PlaceCues, Roles

WINDOW = 48  # characters looked at on either side: the longest cue has 22, three words have some 25
PHRASE = 4  # longest cue in words ("lieutenant governor of the")
_TOUCHING = "-(\"“‘'/"  # what may stand between a cue and the name without a space
_OPENING = " \t\"'“”‘’(["
_DATELINE = frozenset((" (", " -", " –", " —", "--"))
_PART_OF = (" Borough of ", " Boroughs of ")  # "London Borough of Camden" is Camden
_OF = frozenset(("of", "from", "in", "at", "dari", "di"))
_PROSE = re.compile(r"(?<![\w-])[a-z]{4,}")  # a headline has few small words, and short ones
_ARTICLES = frozenset(
    "the a an this that its their our his her both why like what while yet now also only".split()
)
_CLOSING = ".,;:!?\"'“”‘’()[]"


@dataclass(slots=True)
class Context:
    """The neighbourhood of one name. ``kinds`` are those that admin words and titles ask for."""

    kinds: frozenset[str] = frozenset()
    admin: str = ""  # the admin word or title that stood there
    is_title: bool = False
    locative: str = ""
    organisation: str = ""
    person: str = ""  # why the name looks like a person's
    sentence_start: bool = False
    previous: str = ""  # the word right before, without punctuation; "" across punctuation
    following: str = ""
    is_embedded: bool = False  # a capitalised word that is no cue touches the name
    is_enclosed: bool = False  # such words on both sides, in a line that is no headline
    facility: bool = False  # a building or a water bears the name: "Trent Building"
    speech: bool = False
    street: bool = False
    tied: bool = False  # joined to a word of a bond: "partnership with X", "the X twinning"
    official: bool = False  # behind an office and what it leads: "Kadis Pariwisata X Nama"
    dateline: bool = False  # a paragraph opens with the name: "BANTAM, Conn. (AP)", "Bandung -"


def context_of(text: str, start: int, end: int, cues: PlaceCues) -> Context:
    """Read the words before and after ``text[start:end]``."""
    context = Context()
    left = text[max(0, start - WINDOW) : start]
    left = left[left.rfind("\n") + 1 :]
    right = text[end : end + WINDOW].split("\n", 1)[0]
    stripped = left.rstrip(_OPENING)
    context.sentence_start = not stripped or stripped[-1] in ".!?•–—|-"
    context.dateline = not stripped and right[:2] in {" (", " -", " –", " —", "--"} | (
        {", "} if text[start:end].isupper() else set()
    )
    _read_before(context, left, cues)
    if cues.officials is not None and left.endswith(" ") and not context.kinds:
        context.official = cues.officials.search(left) is not None
    _read_after(context, right, cues, text[start:end])
    _read_inside(context, text[start:end], cues)
    context.is_enclosed = context.is_enclosed and _PROSE.search(f"{left} {right}") is not None
    context.tied = _is_tied(context, left, cues)
    _guard_person(context, text[start:end], cues)
    return context


def _read_before(context: Context, left: str, cues: PlaceCues) -> None:
    words = left.split()[-PHRASE:]
    if not words or not (left[-1].isspace() or left[-1] in _TOUCHING):
        return
    last = words[-1].strip('"“”‘’([')
    if last[-1:] in ",;:!?)]" or last in {"-", "–", "—", "&", "/", ""}:
        return
    bare = last.rstrip(".")
    if bare != last and len(bare) > 1 and bare.lower() not in cues.abbreviations:
        return  # the full stop ends a sentence
    context.previous = bare
    lowered = [w.strip('"“”‘’([').lower() for w in words[:-1]] + [bare.lower()]
    for size in range(len(lowered), 0, -1):
        roles = cues.before.get(" ".join(lowered[-size:]))
        if roles:
            first = words[-size].lstrip('"“”‘’([')
            _take(context, roles, " ".join(lowered[-size:]), capital=first[:1].isupper())
            return
    context.is_embedded = (
        bare[:1].isupper()
        and bare.isalpha()
        and bare.lower() not in cues.months
        and bare.lower() not in _ARTICLES
        and not (cues.officials is not None and _opens_sentence(left, words[-1]))
    )


def _opens_sentence(left: str, word: str) -> bool:
    """Tell whether the word before a name owes its capital to the sentence: "Rapor Bandung".

    Asked in Indonesian only, where a noun often stands straight before a name.
    """
    before = left.rstrip()[: -len(word)].rstrip(_OPENING)
    opens = not before or before[-1] in ".!?"
    return opens and word[:1].isupper() and not word[1:].isupper()


def _take(context: Context, roles: Roles, phrase: str, *, capital: bool) -> None:
    kinds = frozenset(kind for role, kind in roles if kind and role in {"admin", "title"})
    names = {role for role, _ in roles}
    if kinds:
        context.kinds, context.admin, context.is_title = kinds, phrase, "title" in names
    if "locative" in names:
        context.locative = phrase
    if "street" in names:
        context.street = True
    if capital and not kinds:
        context.facility = "facility" in names
        if "organisation" in names:
            context.organisation = phrase
        if "honorific" in names:
            context.person = f"after {phrase!r}"


def _read_after(context: Context, right: str, cues: PlaceCues, name: str) -> None:
    if right.startswith(_PART_OF):
        context.person = "the name of a ward begins with it"
        return
    if right[:1] not in {" ", "-", "\xa0"}:
        return
    words = right[1:].split(None, 2)[:2]
    if not words:
        return
    first = words[0].rstrip(_CLOSING + "…").removesuffix("’s").removesuffix("'s")
    context.following = first
    context.speech = first.lower() in cues.speech
    phrases = [first.lower()]
    if len(words) > 1 and first == words[0]:
        phrases.insert(0, f"{first} {words[1].rstrip(_CLOSING)}".lower())
    if " " in name:
        phrases.insert(0, f"{name.rsplit(' ', 1)[-1]} {first}".lower())  # "Osh City | Hall"
    for phrase in phrases:
        if roles := cues.after.get(phrase):
            _take_after(context, roles, phrase, capital=first[:1].isupper())
            return
    follows = (
        right[0] != "-"
        and first[:1].isupper()
        and first.lower() not in cues.months
        and first not in cues.not_places
    )
    is_name = context.is_embedded and not context.previous.isupper()
    context.is_enclosed = is_name and follows
    context.is_embedded = context.is_embedded or follows


def _read_inside(context: Context, name: str, cues: PlaceCues) -> None:
    """Read the kind that a name itself has behind a hyphen: "Gangbuk-gu"."""
    word = name.rpartition("-")[2].lower() if "-" in name and not context.kinds else ""
    kinds = frozenset(kind for role, kind in cues.after.get(word, ()) if role == "admin" and kind)
    if kinds and not name.isupper():
        context.kinds, context.admin = kinds, word


def _take_after(context: Context, roles: Roles, phrase: str, *, capital: bool) -> None:
    for role, kind in roles:
        if role == "admin" and kind and (not context.kinds or _overrules(context, kind)):
            context.kinds, context.admin = frozenset({kind}), phrase
        elif role == "organisation" and capital:
            context.organisation = context.organisation or phrase
        elif role == "street" and capital:
            context.street = True
        elif role == "facility" and capital:
            context.facility = True


def _overrules(context: Context, kind: str) -> bool:
    """Tell whether the word behind beats a title: "Governor of Kisumu County" rules a county."""
    return context.is_title and kind not in context.kinds


def _is_tied(context: Context, left: str, cues: PlaceCues) -> bool:
    """Tell whether a connector joins the name to a word of a bond, or such a word follows it."""
    if context.following.lower() in cues.ties:
        return True
    if not context.locative:
        return False
    clause = re.split(r"[.;:!?]", left)[-1]
    return any(w.strip(_CLOSING).lower() in cues.ties for w in clause.split()[:-1])


def _guard_person(context: Context, name: str, cues: PlaceCues) -> None:
    """Mark what looks like a person's name: after a given name or initial, before a family name."""
    if context.kinds:
        return
    if context.previous in cues.given_names and not context.locative:
        context.person = context.person or f"after the given name {context.previous}"
    elif len(context.previous) == 1 and context.previous.isupper() and context.previous not in "IA":
        context.person = "after an initial"
    elif name in cues.given_names and context.following[:1].isupper() and not context.locative:
        context.person = "a given name before a name"


def surnames(text: str, persons: Sequence[tuple[int, int]]) -> frozenset[str]:
    """Return the family names of persons with two names or more, to know a bare one by.

    A person of one name is left out: small recognisers call many a town one. So is the town in
    "Ann Lee of Towson".
    """
    names = (text[start:end].split() for start, end in persons)
    return frozenset(words[-1] for words in names if len(words) > 1 and words[-2] not in _OF)
