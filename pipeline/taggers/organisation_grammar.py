"""The grammar files: heads of organisations and offices of persons, per language.

In: the blocks of ``heads.yml`` and ``offices.yml`` as they stand there. Out: the look-up tables
`Grammar` and `OfficeWords`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.taggers.organisation_types import VENUE, Grammar, Head, OfficeWords, Phrases


class Strict(BaseModel):
    """A part of a file, in which a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_mapping(value: object) -> object:
    """Let a plain list stand for a mapping to nothing."""
    return dict.fromkeys(value, "") if isinstance(value, list) else value


_Words = Annotated[dict[str, str], BeforeValidator(_as_mapping)]


class GrammarBlock(Strict):
    """One language's block of ``heads.yml``."""

    before: dict[str, tuple[str, ...]] = {}
    around: dict[str, tuple[str, ...]] = {}
    agencies: _Words = Field(default_factory=dict)
    offices: tuple[str, ...] = ()
    legal_before: _Words = Field(default_factory=dict)
    legal_after: _Words = Field(default_factory=dict)
    weak: tuple[str, ...] = ()
    cues: dict[str, tuple[str, ...]] = {}
    fields: tuple[str, ...] = ()
    connectors: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    abbreviations: dict[str, str] = {}
    admin: tuple[str, ...] = ()
    only_in: dict[str, tuple[str, ...]] = {}
    governments: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    hints: dict[str, tuple[str, ...]] = {}


class OfficesBlock(Strict):
    """One language's block of ``offices.yml``."""

    offices: dict[str, tuple[str, ...]] = {}
    acting: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    elect: tuple[str, ...] = ()
    other_states: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    degrees: tuple[str, ...] = ()
    cue_verbs: tuple[str, ...] = ()
    not_persons: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


# Whose office words a language's texts use beside their own: English ones write of bupati and
# prefects,
# Malay and Indonesian share most; any other language falls back on English.
_SHARED = {"en": None, "id": ("ms",), "ms": ("id",)}


def make_grammar(
    blocks: Mapping[str, GrammarBlock | tuple[str, ...]], countries: frozenset[str]
) -> Grammar:
    """Merge the languages: each one's texts name the other's organisations.

    An Indonesian text names English universities, and the other way round.
    """
    languages = [block for block in blocks.values() if isinstance(block, GrammarBlock)]
    lists = {name: block for name, block in blocks.items() if not isinstance(block, GrammarBlock)}
    heads: dict[str, list[Head]] = {}
    for word in lists.get("venues", ()):
        head = Head(tuple(word.split()), VENUE, "venue")
        heads.setdefault(head.words[0], []).append(head)
    for block in languages:
        for head in _heads_of(block):
            heads.setdefault(head.words[0], []).append(head)
    cues = {word: kind for b in languages for kind, words in b.cues.items() for word in words}
    return Grammar(
        heads={
            first: tuple(sorted(found, key=lambda h: -len(h.words)))
            for first, found in heads.items()
        },
        fields=_union(b.fields for b in languages),
        connectors=_union(b.connectors for b in languages),
        stops=_union(b.stops for b in languages),
        not_names=frozenset(lists.get("not_names", ())),
        cues=cues,
        cue_phrases=Phrases(cues),
        adjectives=_union(b.adjectives for b in languages),
        countries=countries,
        governments=_union((*b.governments, *b.admin) for b in languages),
        ties=_union(b.ties for b in languages),
        joins=_union(b.joins for b in languages),
        hints={w: kind for b in languages for kind, words in b.hints.items() for w in words},
        admin=_union(b.admin for b in languages),
        head_countries={
            word: country
            for b in languages
            for country, words in b.only_in.items()
            for word in words
        },
        abbreviations={short: full for b in languages for short, full in b.abbreviations.items()},
    )


def _heads_of(block: GrammarBlock) -> Iterator[Head]:
    def head(word: str, kind: str, place: str, country: str = "") -> Head:
        return Head(tuple(word.split()), kind, place, country or None, word in block.weak)

    for kind, words in block.before.items():
        yield from (head(w, kind, "before") for w in words)
    for kind, words in block.around.items():
        yield from (head(w, kind, "around") for w in words)
    bureau, council = ("bureau", "council") if block.around else ("agency", "office")
    yield from (head(w, kind, bureau) for w, kind in block.agencies.items())
    yield from (head(w, "government_office", council) for w in block.offices)
    yield from (head(w, "business", "legal_before", c) for w, c in block.legal_before.items())
    yield from (head(w, "business", "legal_after", c) for w, c in block.legal_after.items())


def make_offices(blocks: Mapping[str, OfficesBlock], grammar: Grammar) -> dict[str, OfficeWords]:
    """Return the office words for the texts of each language."""
    return {language: _office_words(language, blocks, grammar) for language in blocks}


def _office_words(
    language: str, blocks: Mapping[str, OfficesBlock], grammar: Grammar
) -> OfficeWords:
    """Join a language's own words, which come first, with those that its texts borrow."""
    shared = _SHARED.get(language, ("en",))
    others = [name for name in blocks if name != language] if shared is None else list(shared)
    chosen = [blocks[name] for name in (language, *others) if name in blocks]
    words: dict[str, str] = {}
    for block in chosen:
        for office, forms in block.offices.items():
            for form in forms:
                words.setdefault(form, office)
    own = chosen[:1] if shared is None else chosen  # a title of another language is a name here
    degrees = _union(b.degrees for b in blocks.values())
    not_persons = _union(b.not_persons for b in blocks.values())
    units = _union(b.units for b in own)
    plurals = {f"{p}s" for p in words if p.isascii() and " of " not in p}
    verbs = _union(b.cue_verbs for b in own)
    return OfficeWords(
        offices=words,
        states=_states(chosen),
        titles=_union(b.titles for b in own),
        degrees=degrees,
        cue_verbs=verbs,
        not_persons=not_persons,
        units=units,
        phrases=Phrases(words.keys() | plurals),
        verbs=Phrases(verbs),
        enders=degrees | (grammar.stops - _NAMES_TOO) | frozenset(words) | grammar.not_names,
        refusers=frozenset(grammar.heads) | not_persons | units,
    )


# Balinese and Batak names begin with words that are articles elsewhere.
_NAMES_TOO = frozenset(("sang", "si"))


def _states(blocks: Iterable[OfficesBlock]) -> dict[str, str]:
    """Return the words before an office with what each says of its holder, empty for "new"."""
    states: dict[str, str] = {}
    for block in blocks:
        states |= dict.fromkeys(block.other_states, "")
        states |= dict.fromkeys(block.acting, "acting")
        states |= dict.fromkeys(block.former, "former")
        states |= dict.fromkeys(block.elect, "elect")
    return states


def _union(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(word for group in groups for word in group)
