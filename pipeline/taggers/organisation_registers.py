"""The registers that name organisations and offices, read from files into look-up tables.

In: ``models/registers/*.yml`` and ``models/gazetteer/countries.tsv``. Out: one frozen `Registers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from pipeline.config import ConfigError
from pipeline.taggers.organisation_forms import other_forms
from pipeline.taggers.organisation_grammar import (
    GrammarBlock,
    OfficesBlock,
    Strict,
    make_grammar,
    make_offices,
)
from pipeline.taggers.organisation_types import EDGES, STATES, NameIndex, Registered, Registers

if TYPE_CHECKING:
    from pipeline.gazetteer import Gazetteer

__all__ = ["Registers", "load_registers"]

Kind = Literal[
    "business",
    "academia",
    "ngo",
    "association",
    "city_network",
    "international_organisation",
    "national_government",
    "media",
    "government_office",
]
Parsed = TypeVar("Parsed")
FOLDER = "registers"
COUNTRIES = "gazetteer/countries.tsv"
_GRAMMAR = ("heads.yml", "offices.yml")  # every other .yml of the folder is a register of names
_LEAST_ACRONYM = 2  # "UI", "EU": one letter names nothing


class _Row(Strict):
    """One line of a register file.

    All scalars are read as text: NO is Norway, not a truth value.
    """

    id: str
    name: str
    acronyms: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    kind: Kind | None = None
    country: str | None = None


class _Register(Strict):
    """One register file: a kind and a country hold for every row that does not say otherwise."""

    source: str
    kind: Kind
    country: str | None = None
    organisations: tuple[_Row, ...]


def load_registers(models: Path, gazetteer: Gazetteer | None = None) -> Registers:
    """Read all registers under ``models``.

    Args:
        models: The models folder.
        gazetteer: Where English country names come from; without it only those of
            ``countries.tsv``.

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
    heads = _parse(folder / "heads.yml", TypeAdapter(dict[str, GrammarBlock | tuple[str, ...]]))
    offices = _parse(folder / "offices.yml", TypeAdapter(dict[str, OfficesBlock]))
    grammar = make_grammar(heads, frozenset(countries))
    return Registers(
        NameIndex(names),
        grammar,
        make_offices(offices, grammar),
        countries,
        country_names,
        frozenset(name.split()[0].strip(EDGES) for name in (*countries, *STATES)),
    )


def _parse(path: Path, adapter: TypeAdapter[Parsed]) -> Parsed:
    try:
        text = path.read_text("utf-8")
        # The base loader makes strings only: safer than safe, and NO stays Norway.
        return adapter.validate_python(yaml.load(text, yaml.CBaseLoader))  # noqa: S506
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
    """Return every spelling; one that would mean two organisations means none.

    What a register writes counts before what a rule makes of a name in the other language.
    """
    written = _Spellings()
    turned = _Spellings()
    seen: set[str] = set()
    for entry, row in rows:
        if entry.id in seen:
            msg = f"registers: two organisations have the id {entry.id}. Rename one."
            raise ConfigError(msg)
        seen.add(entry.id)
        for name, is_acronym in _spellings(row):
            written.add(name, entry, is_acronym)
        for name in _turned(entry, row):
            turned.add(name, entry, False)
    made = {n: f for n, f in turned.clear().items() if n not in written.names}
    return {**made, **written.clear()}


class _Spellings:
    """Spellings of organisations, and which of them would mean two."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[Registered, bool]] = {}
        self._ambiguous: set[str] = set()

    def add(self, name: str, entry: Registered, is_acronym: bool) -> None:
        """Add one spelling; what was added last counts among an organisation's own."""
        if name in self.names and self.names[name][0] is not entry:
            self._ambiguous.add(name)
        self.names[name] = (entry, is_acronym)

    def clear(self) -> dict[str, tuple[Registered, bool]]:
        """Return the spellings that mean one organisation."""
        return {n: found for n, found in self.names.items() if n not in self._ambiguous}


def _turned(entry: Registered, row: _Row) -> Iterator[str]:
    """Yield the names of a school in the other language."""
    if entry.kind != "academia":
        return
    for name in (row.name, *row.also):
        for form in other_forms(name, is_indonesian=entry.country == "ID"):
            yield form
            yield form.upper()


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
    """Return names and demonyms (lower case) with their countries, and one English name of each."""
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
