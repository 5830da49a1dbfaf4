"""The words around place names, one merged table per document language.

The words are data (``models/gazetteer/cues.yml``); this module only gives them a shape. Taggers
read no files, so the caller passes the file's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

# Read beside the document's own language: English words stand in texts of any language, romanised
# words of administration ("-shi", "-do") belong to none.
ALWAYS = ("any", "en")
# What the words beside a name can say; one word can say several things.
ROLES = ("title", "admin", "organisation", "street", "honorific", "locative")


Roles = tuple[tuple[str, str | None], ...]  # (role, kind or nothing)


@dataclass(frozen=True, slots=True)
class PlaceCues:
    """Cue words in lower case.

    ``before`` maps the words right before a name to ``(role, kind)`` pairs, ``after`` those right
    after it; ``kind`` is ``None`` for roles without one. ``given_names`` and ``not_places`` keep
    their capitals. ``adjectival`` are nouns behind which a country's name
    is an adjective, ``ties`` words of a bond between governments.
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
    )
