"""The words around place names, one merged table per document language.

The words are data (``models/gazetteer/cues.yml``); this module only gives them a shape. Taggers
read no files, so the caller passes the file's text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pipeline.taggers.organisation_types import Phrases

# Read beside the document's own language: English words stand in texts of any language, romanised
# words of administration ("-shi", "-do") belong to none.
ALWAYS = ("any", "en")
# What the words beside a name can say; one word can say several things.
ROLES = ("title", "admin", "organisation", "street", "facility", "honorific", "locative")


Roles = tuple[tuple[str, str | None], ...]  # (role, kind or nothing)


BEFORE, AFTER, SUFFIX = "before", "after", "suffix"  # where a word of administration stands


@dataclass(frozen=True, slots=True)
class Rank:
    """A word of administration that makes the name beside it a government of a kind.

    ``is_weak``: it says so of other things too ("Smart City"), and a model must confirm it;
    ``is_strict``: no government of another kind bears it ("county", not "municipality").
    """

    word: str
    side: str
    kind: str
    is_weak: bool
    is_strict: bool
    is_title: bool


@dataclass(frozen=True, slots=True)
class Ranks:
    """Words of administration for governments that no gazetteer lists.

    ``stops`` are never part of a name beside them, ``bodies`` may follow ("X County Council"),
    ``countries`` are those that alone have such a word.
    """

    phrases: Phrases
    by_word: Mapping[str, tuple[Rank, ...]]
    stops: frozenset[str]
    bodies: frozenset[str]
    countries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlaceCues:
    """Cue words in lower case.

    ``before`` maps the words right before a name to ``(role, kind)`` pairs, ``after`` those right
    after it; ``kind`` is ``None`` for roles without one. ``given_names`` and ``not_places`` keep
    their capitals. ``adjectival`` are nouns behind which a country's name
    is an adjective, ``ties`` words of a bond between governments, ``ranks`` words of administration
    that make any name a government. ``officials`` matches an office and what it leads, up to the
    name of its government. ``special_ranks`` are words of an official form of rank that no usual
    name has, ``rank_words`` those and the plain ones beside them.
    """

    before: Mapping[str, Roles]
    after: Mapping[str, Roles]
    speech: frozenset[str]
    months: frozenset[str]
    abbreviations: frozenset[str]
    given_names: frozenset[str]
    not_places: frozenset[str]
    adjectival: frozenset[str]
    ties: frozenset[str]
    ranks: Ranks
    officials: re.Pattern[str] | None
    special_ranks: frozenset[str]
    rank_words: frozenset[str]


def parse_cues(text: str) -> dict[str, PlaceCues]:
    """Return language -> cues from the text of ``cues.yml``; ``any`` serves all other languages.

    Raises:
        yaml.YAMLError: The text is no YAML.
    """
    data: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return {
        language: _merge([data[k] for k in (language, *ALWAYS) if k in data]) for language in data
    }


def cues_for(table: Mapping[str, PlaceCues], language: str) -> PlaceCues:
    """Return the cues for a language (its primary subtag counts), else those of any language."""
    return table.get(language.split("-", 1)[0].lower(), table["any"])


def _merge(parts: list[Mapping[str, Any]]) -> PlaceCues:
    before: dict[str, dict[tuple[str, str | None], None]] = {}
    after: dict[str, dict[tuple[str, str | None], None]] = {}
    for part in parts:
        for key, role, table in (
            ("titles", "title", before),
            ("admin_before", "admin", before),
            ("admin_after", "admin", after),
        ):
            for kind, words in part.get(key, {}).items():
                for word in words:
                    table.setdefault(word.lower(), {})[role, kind] = None
        for key, role, table in (
            ("organisation_before", "organisation", before),
            ("organisation_after", "organisation", after),
            ("streets", "street", after),
            ("streets_before", "street", before),
            ("facilities", "facility", after),
            ("facilities_before", "facility", before),
            ("honorifics", "honorific", before),
            ("locative", "locative", before),
        ):
            for word in part.get(key, ()):
                table.setdefault(word.lower(), {})[role, None] = None

    def words_of(key: str) -> frozenset[str]:
        values = (part.get(key, "") for part in parts)
        words = (w for v in values for w in (v.split() if isinstance(v, str) else v))
        return frozenset(w.replace("_", " ") for w in words)

    return PlaceCues(
        before={word: tuple(roles) for word, roles in before.items()},
        after={word: tuple(roles) for word, roles in after.items()},
        speech=words_of("speech"),
        months=words_of("months"),
        abbreviations=words_of("abbreviations"),
        given_names=words_of("given_names"),
        not_places=words_of("not_places"),
        adjectival=words_of("adjectival"),
        ties=words_of("ties"),
        officials=_officials(words_of("officials")),
        special_ranks=words_of("special_ranks"),
        rank_words=words_of("special_ranks") | words_of("plain_ranks"),
        ranks=_ranks([part["unlisted"] for part in parts if "unlisted" in part]),
    )


def _officials(words: frozenset[str]) -> re.Pattern[str] | None:
    """Compile "Kadis | Pariwisata dan Budaya |": an office, and up to six words that it leads."""
    if not words:
        return None
    offices = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?:^|\W)(?i:{offices})(?:,? (?:[A-Z]\w*|dan|&)){{0,6}} $")


def _ranks(parts: list[Mapping[str, Any]]) -> Ranks:
    """Shape the words of the ``unlisted`` blocks."""
    by_word: dict[str, list[Rank]] = {}
    loose = {w for part in parts for w in (*part.get("weak", ()), *part.get("loose", ()))}
    weak = {w for part in parts for w in part.get("weak", ())}
    for part in parts:
        for key, side in (
            ("before", BEFORE),
            ("titles", BEFORE),
            ("after", AFTER),
            ("suffix", SUFFIX),
        ):
            for kind, words in part.get(key, {}).items():
                for word in words:
                    strict = kind != "city" and word not in loose
                    rank = Rank(word, side, kind, word in weak, strict, key == "titles")
                    by_word.setdefault(word, []).append(rank)
    for part in parts:
        by_word.update({word: [] for word in part.get("none", ())})
    return Ranks(
        phrases=Phrases(by_word),
        by_word={word: tuple(ranks) for word, ranks in by_word.items()},
        stops=frozenset(w for part in parts for w in part.get("stops", "").split()),
        bodies=frozenset(w for part in parts for w in part.get("bodies", "").split()),
        countries={w: c for part in parts for w, c in part.get("countries", {}).items()},
    )
