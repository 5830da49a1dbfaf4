"""The registers that name organisations and offices, read from files into look-up tables.

In: ``models/registers/*.yml`` and ``models/gazetteer/countries.tsv``. Out: one frozen `Registers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.config import ConfigError
from pipeline.taggers.organisation_types import (
    VENUE,
    Grammar,
    Head,
    NameIndex,
    OfficeWords,
    Registered,
    Registers,
)

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

__all__ = ["Registers", "load_registers"]

Parsed = TypeVar("Parsed")
FOLDER = "registers"
COUNTRIES = "gazetteer/countries.tsv"
_GRAMMAR = ("heads.yml", "offices.yml")  # every other .yml of the folder is a register of names
_LEAST_ACRONYM = 2  # "UI", "EU": one letter names nothing


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Row(_Strict):
    """One line of a register file. All scalars are read as text: NO is Norway, not a truth value."""

    id: str
    name: str
    acronyms: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    kind: str | None = None
    country: str | None = None


class _Register(_Strict):
    """One register file: a kind and a country hold for every row that does not say otherwise."""

    source: str
    kind: str
    country: str | None = None
    organisations: tuple[_Row, ...]


def _as_mapping(value: object) -> object:
    """Let a plain list stand for a mapping to nothing."""
    return dict.fromkeys(value, "") if isinstance(value, list) else value


_Words = Annotated[dict[str, str], BeforeValidator(_as_mapping)]


class _Grammar(_Strict):
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


class _Offices(_Strict):
    """One language's block of ``offices.yml``."""

    offices: dict[str, tuple[str, ...]] = {}
    acting: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    degrees: tuple[str, ...] = ()
    cue_verbs: tuple[str, ...] = ()
    not_persons: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


# Whose office words a language's texts use beside their own: English ones write of bupati and prefects,
# Malay and Indonesian share most; any other language falls back on English.
_SHARED = {"en": None, "id": ("ms",), "ms": ("id",)}


def load_registers(models: Path, gazetteer: Gazetteer | None = None) -> Registers:
    """Read all registers under ``models``.

    Args:
        models: The models folder.
        gazetteer: Where English country names come from; without it only those of ``countries.tsv``.

    Raises:
        ConfigError: A file is missing or wrong; the message says which, where and how to mend it.
    """
    folder = models / FOLDER
    files = sorted(p for p in folder.glob("*.yml") if p.name not in _GRAMMAR)
    if not files:
        msg = f"{folder}: no register there. Restore the folder from the repository."
        raise ConfigError(msg)
    names = _index_names(row for path in files for row in _read_register(path))
    countries, country_names = _read_countries(models / COUNTRIES, gazetteer)
    heads = _parse(folder / "heads.yml", TypeAdapter(dict[str, _Grammar | tuple[str, ...]]))
    offices = _parse(folder / "offices.yml", TypeAdapter(dict[str, _Offices]))
    return Registers(
        NameIndex(names),
        _grammar(heads, frozenset(countries)),
        _offices(offices),
        countries,
        country_names,
    )


def _parse(path: Path, adapter: TypeAdapter[Parsed]) -> Parsed:
    try:
        return adapter.validate_python(yaml.load(path.read_text("utf-8"), yaml.CBaseLoader))  # noqa: S506 - makes strings only
    except FileNotFoundError as error:
        msg = f"{path}: missing. Restore it from the repository."
        raise ConfigError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path}: not valid YAML: {error}. Mend that line."
        raise ConfigError(msg) from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:10]]
        msg = "\n".join(
            [
                f"{path}: wrong entries",
                *lines,
                "The format is explained in models/registers/README.md.",
            ]
        )
        raise ConfigError(msg) from error


def _read_register(path: Path) -> Iterator[tuple[Registered, _Row]]:
    register = _parse(path, TypeAdapter(_Register))
    for row in register.organisations:
        country = row.country or register.country
        kind = row.kind or register.kind
        yield (
            Registered(
                id=f"org:{row.id}",
                name=row.name,
                kind=kind,
                country=country,
                not_after=row.not_after,
            ),
            row,
        )


def _index_names(rows: Iterable[tuple[Registered, _Row]]) -> dict[str, tuple[Registered, bool]]:
    """Return every spelling; one that would mean two organisations means none."""
    names: dict[str, tuple[Registered, bool]] = {}
    ambiguous: set[str] = set()
    seen: set[str] = set()
    for entry, row in rows:
        if entry.id in seen:
            msg = f"registers: two organisations have the id {entry.id}. Rename one."
            raise ConfigError(msg)
        seen.add(entry.id)
        for name, is_acronym in _spellings(row):
            if name in names and names[name][0] is not entry:
                ambiguous.add(name)
            names[name] = (entry, is_acronym)
    return {name: found for name, found in names.items() if name not in ambiguous}


def _spellings(row: _Row) -> Iterator[tuple[str, bool]]:
    """Yield the spellings of a row: names also in capitals, acronyms as given and in capitals."""
    for name in (row.name, *row.also):
        yield name, False
        yield name.upper(), False
    for acronym in row.acronyms:
        if len(acronym) >= _LEAST_ACRONYM:
            yield acronym, True
            yield acronym.upper(), True


def _read_countries(
    path: Path, gazetteer: Gazetteer | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return names and demonyms (lower case) with the country they tell, and one English name each."""
    if not path.exists():
        msg = f"{path}: missing. Restore it from the repository or run `make models`."
        raise ConfigError(msg)
    words: dict[str, str] = {}
    english: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines()[1:]:
        iso2, _, _, *columns = line.split("\t")
        forms = [form for column in columns for form in column.split("|") if form]
        if gazetteer is not None and f"iso:{iso2}" in gazetteer:
            english[iso2] = gazetteer.place(f"iso:{iso2}").name
            forms.append(english[iso2])
        words.update((form.lower(), iso2) for form in forms)
    return words, english


def _grammar(
    blocks: Mapping[str, _Grammar | tuple[str, ...]], countries: frozenset[str]
) -> Grammar:
    """Merge the languages: an Indonesian text names English universities, and the other way round."""
    languages = [block for block in blocks.values() if isinstance(block, _Grammar)]
    lists = {name: block for name, block in blocks.items() if not isinstance(block, _Grammar)}
    heads: dict[str, list[Head]] = {}
    for word in lists.get("venues", ()):
        head = Head(tuple(word.split()), VENUE, "venue")
        heads.setdefault(head.words[0], []).append(head)
    for block in languages:
        for head in _heads_of(block):
            heads.setdefault(head.words[0], []).append(head)
    return Grammar(
        heads={
            first: tuple(sorted(found, key=lambda h: -len(h.words)))
            for first, found in heads.items()
        },
        fields=_union(b.fields for b in languages),
        connectors=_union(b.connectors for b in languages),
        stops=_union(b.stops for b in languages),
        not_names=frozenset(lists.get("not_names", ())),
        cues={word: kind for b in languages for kind, cues in b.cues.items() for word in cues},
        adjectives=_union(b.adjectives for b in languages),
        countries=countries,
        admin=_union(b.admin for b in languages),
        abbreviations={short: full for b in languages for short, full in b.abbreviations.items()},
    )


def _heads_of(block: _Grammar) -> Iterator[Head]:
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


def _offices(blocks: Mapping[str, _Offices]) -> dict[str, OfficeWords]:
    return {language: _office_words(language, blocks) for language in blocks}


def _office_words(language: str, blocks: Mapping[str, _Offices]) -> OfficeWords:
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
    return OfficeWords(
        offices=words,
        acting=_union(b.acting for b in chosen),
        titles=_union(b.titles for b in own),
        degrees=_union(b.degrees for b in blocks.values()),
        cue_verbs=_union(b.cue_verbs for b in own),
        not_persons=_union(b.not_persons for b in blocks.values()),
        units=_union(b.units for b in own),
    )


def _union(groups: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(word for group in groups for word in group)
