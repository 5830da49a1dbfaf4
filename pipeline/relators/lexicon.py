"""Closed-class words of a language that the relators need: connectors, anaphora, roles.

In: the ``words`` of a language file. Out: a `Lexicon` of compiled patterns.
Open-class words (cues of stage, modality, instrument terms) are annotations made by the taggers;
here stand only the few grammatical words that tie spans together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PREFIX = "relate."


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled word lists of one language; a list that a language lacks is ``None`` or empty."""

    language: str
    references: re.Pattern[str] | None  # a line that heads a list of references
    contrast: re.Pattern[str] | None  # group 1: where the second clause begins
    joins: re.Pattern[str] | None  # "with", "dengan": ties two parties
    joins_next: re.Pattern[str] | None  # those of them that govern only what comes next: "to"
    relative: re.Pattern[str] | None  # "which": begins a clause with a subject of its own
    coordinates: re.Pattern[str] | None  # "and", ",": sets parties in a row
    locative: re.Pattern[str] | None  # "in", "at": the party after it is a place
    locative_word: re.Pattern[str] | None  # the same words anywhere
    possessive: (
        re.Pattern[str] | None
    )  # "of", "'s", "from": the office or thing before it is the party's
    admin_before: (
        re.Pattern[str] | None
    )  # "City of", "Pemkot": makes the place after it a government
    admin_after: re.Pattern[str] | None  # "City Council", "'s mayor": makes the place before it one
    onlooker: (
        re.Pattern[str] | None
    )  # witnesses, hosts, go-betweens: the party after it takes no part
    envoy: (
        re.Pattern[str] | None
    )  # "ambassador of", at the end of a string: the state after it only sends one
    looking_on: (
        re.Pattern[str] | None
    )  # "looked on", at the start of a string: the party before it takes no part
    home: str | None  # the country whose governments texts in this language are mostly about
    home_heads: re.Pattern[str] | None  # "yayasan": a body so called is of the home country
    capital: (
        re.Pattern[str] | None
    )  # "capital of", at the end of a string: the place after it is no party
    capital_word: re.Pattern[str] | None  # the same words anywhere
    settlement: re.Pattern[str] | None  # "town", at the start: the wider place before it says where
    counterpart: (
        re.Pattern[str] | None
    )  # "his colleague from": the party after it faces the local one
    between: re.Pattern[str] | None  # "between", at the end of a string
    inside: re.Pattern[str] | None  # "in", at the end of a string: only a place can follow
    inside_word: re.Pattern[str] | None  # the same words anywhere
    origin: re.Pattern[str] | None  # "from", at the end of a string: where somebody comes from
    attribute: re.Pattern[str] | None  # "-based", at the start: the place only describes
    including: re.Pattern[str] | None  # "including", at the end of a string: a row is counted out
    relation: re.Pattern[str] | None  # "ties", "partnership": words of a standing relation
    government: tuple[tuple[str, re.Pattern[str]], ...]  # kind, "the city"
    organisation: tuple[tuple[str, re.Pattern[str]], ...]  # kind, "the company"
    both: re.Pattern[str] | None  # "the two cities", "kedua belah pihak"


def make_lexicon(language: str, lists: Mapping[str, Sequence[str]]) -> Lexicon:
    """Compile the word lists of one language.

    Args:
        language: BCP 47 tag.
        lists: The ``words`` of a language file. Those called ``relate.<name>`` or, by kind of
            party, ``relate.government.<kind>`` and ``relate.organisation.<kind>`` are read. Entries
            are plain phrases in which a space stands for any white space.
    """

    def words(name: str) -> Sequence[str]:
        return lists.get(f"{PREFIX}{name}", ())

    def by_kind(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        head = f"{PREFIX}{name}."
        pairs = [
            (key.removeprefix(head), pattern(lists[key])) for key in lists if key.startswith(head)
        ]
        return tuple((kind, compiled) for kind, compiled in pairs if compiled is not None)

    contrast = words("contrast")
    return Lexicon(
        language=language,
        references=_heading(words("references")),
        contrast=re.compile(rf"[,)\]]\s+({_any(contrast)})\b", re.IGNORECASE) if contrast else None,
        joins=pattern(words("joins")),
        joins_next=pattern(words("joins_next")),
        relative=pattern(words("relative")),
        coordinates=pattern(words("coordinates")),
        locative=ending(words("locative")),
        locative_word=pattern(words("locative")),
        possessive=ending(words("possessive")),
        admin_before=ending(words("admin_before")),
        admin_after=beginning(words("admin_after")),
        onlooker=pattern(words("onlooker")),
        envoy=ending(words("envoy")),
        looking_on=beginning(words("looking_on")),
        home=next(iter(words("home")), None),
        home_heads=beginning(words("home_heads")),
        capital=ending(words("capital")),
        capital_word=pattern(words("capital")),
        settlement=beginning(words("settlement")),
        counterpart=pattern(words("counterpart")),
        between=ending(words("between")),
        inside=ending(words("inside")),
        inside_word=pattern(words("inside")),
        origin=ending(words("origin")),
        attribute=re.compile(rf"(?:{_any(words('attribute'))})", re.IGNORECASE)
        if words("attribute")
        else None,
        including=ending(words("including")),
        relation=pattern(words("relation")),
        government=by_kind("government"),
        organisation=by_kind("organisation"),
        both=pattern(words("both")),
    )


def pattern(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds any of ``phrases`` as whole words, whatever the case."""
    return re.compile(rf"\b(?:{_any(phrases)})(?!\w)", re.IGNORECASE) if phrases else None


def ending(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds any of ``phrases`` at the end of a string, before white space."""
    return re.compile(rf"(?<!\w)(?:{_any(phrases)})\s*$", re.IGNORECASE) if phrases else None


def _heading(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """Return a pattern for a line that holds one of ``phrases`` alone.

    With or without heading marks.
    """
    if not phrases:
        return None
    return re.compile(
        rf"^[#*\s]*(?:\d+\.?\s*)?(?:{_any(phrases)})[*:\s]*$", re.IGNORECASE | re.MULTILINE
    )


def beginning(phrases: Sequence[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds any of ``phrases`` at the start of a string.

    After white space.
    """
    return re.compile(rf"\s*(?:{_any(phrases)})(?!\w)", re.IGNORECASE) if phrases else None


def _any(phrases: Sequence[str]) -> str:
    ordered = sorted(phrases, key=lambda p: (-len(p), p))
    return "|".join(r"\s+".join(re.escape(w) for w in phrase.split()) for phrase in ordered)
