"""The codebook and the languages as data: read, checked, frozen.

In: ``models/codebook.yml`` and ``models/languages/<bcp47>.yml``. Out: `Codebook` and `Languages`. A
wrong entry stops the run with the file, the key and how to mend it: a label that the codebook does
not know would otherwise vanish silently from every table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.config import ConfigError
from pipeline.model_files import Entry, Patterns, read_model, wrong

# Dimensions for which a language file lists terms, and the ids that need none in any language.
TERM_DIMENSIONS = ("instrument", "sector", "actor", "process", "output", "smart_city")
WITHOUT_TERMS = frozenset(
    # `unspecified` and `other` are what no term names; levels follow from the kinds of the parties;
    # a smart-city dimension follows from the sectors (rule 12) and needs terms only for "smart X".
    {"instrument.unspecified", "sector.other", "process.paradiplomacy"}
    | {f"process.{level}" for level in ("g2g", "g2b", "g2ngo", "g2a", "g2io", "b2b", "p2p")}
)
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Category(Entry):
    """One id of a dimension; see the head of ``codebook.yml`` for the fields."""

    label: str
    definition: str
    notes: tuple[str, ...] = ()
    ext: bool = False
    level: Identifier | None = None
    order: int | None = None
    smart_city: tuple[Identifier, ...] = ()
    terms: dict[str, Patterns] = Field(default_factory=dict)


class Dimension(Entry):
    """One question that a coder answers, and the ids that answer it."""

    label: str
    definition: str
    notes: tuple[str, ...] = ()
    ext: bool = False
    categories: dict[Identifier, Category]


class CueGroup(Entry):
    """A group of cue words: the ids of a dimension, or a group of its own without ids."""

    dimension: Identifier | None = None
    only: tuple[Identifier, ...] = ()
    label: str = ""
    definition: str = ""


class Codebook(Entry):
    """All dimensions, with the look-ups that stages need."""

    version: str
    unit: str
    not_an_agreement: tuple[str, ...]
    dimensions: dict[Identifier, Dimension]
    cues: dict[Identifier, CueGroup]

    @classmethod
    def load(cls, models: Path) -> Codebook:
        """Read ``codebook.yml`` in ``models``.

        Raises:
            ConfigError: The file is missing, is not YAML, or refers to an id that it does not
            define.
        """
        path = models / "codebook.yml"
        codebook = read_model(path, cls)
        problems = list(codebook._dangling())
        if problems:
            raise wrong(path, problems, "Use an id that the file defines.")
        return codebook

    def ids(self, dimension: str) -> tuple[str, ...]:
        """Return the ids of a dimension in the order of the file.

        Raises:
            KeyError: There is no such dimension: a mistake in code, not in data.
        """
        return tuple(self.dimensions[dimension].categories)

    def category(self, dimension: str, category: str) -> Category:
        """Return one category of a dimension."""
        return self.dimensions[dimension].categories[category]

    def level_of(self, kind: str) -> str:
        """Return the level of a record with a partner of this kind; the other is a government."""
        return self.category("party_kind", kind).level or "g2g"

    def stage_order(self, stage: str) -> int:
        """Return the place of a stage in the life of an agreement: 1 is exploring."""
        return self.category("stage", stage).order or 0

    def smart_city_of(self, sector: str) -> tuple[str, ...]:
        """Return the smart-city dimensions that a sector maps to (codebook rule 12)."""
        return self.category("sector", sector).smart_city

    @cached_property
    def cue_labels(self) -> frozenset[str]:
        """All labels that a cue may bear: ``stage.signed``, ``pair``, ..."""
        labels: set[str] = set()
        for name, group in self.cues.items():
            if group.dimension is None:
                labels.add(name)
            else:
                labels |= {f"{name}.{i}" for i in group.only or self.ids(group.dimension)}
        return frozenset(labels)

    def _dangling(self) -> Iterator[str]:
        """Yield a line for every reference to an id that is not defined."""
        known = {name: set(d.categories) for name, d in self.dimensions.items()}
        for name, dimension in self.dimensions.items():
            for key, category in dimension.categories.items():
                if category.level and category.level not in known.get("level", set()):
                    yield f"dimensions.{name}.categories.{key}.level: no level {category.level!r}"
                for wanted in set(category.smart_city) - known.get("smart_city", set()):
                    yield f"dimensions.{name}.categories.{key}.smart_city: no dimension {wanted!r}"
        for name, group in self.cues.items():
            if group.dimension and group.dimension not in known:
                yield f"cues.{name}.dimension: no dimension {group.dimension!r}"
            for wanted in set(group.only) - known.get(group.dimension or "", set()):
                yield f"cues.{name}.only: no id {wanted!r}"


class DateRule(Entry):
    """One way to write a date: words and slots, and what to make of it (see `dates`)."""

    match: str
    make: str
    shift: int | None = None
    unit: str | None = None


class DateWords(Entry):
    """How a language writes dates. ``months`` and ``weekdays`` count from 1 (January, Monday)."""

    day_first: bool = True
    capitals: bool = False  # months and weekdays are written with a capital
    months: dict[Annotated[int, Field(ge=1, le=12)], tuple[str, ...]]
    weekdays: dict[Annotated[int, Field(ge=1, le=7)], tuple[str, ...]]
    numbers: dict[str, int | str] = Field(default_factory=dict)
    units: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rules: tuple[DateRule, ...] = ()


class Language(Entry):
    """What one language file says. ``words`` holds lists for single users (``screen.tie``).

    ``extends`` names a close relative whose lists count as well, before its own (Malay extends
    Indonesian); only the names of months and weekdays are never taken over.
    """

    code: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]
    name: str
    extends: str | None = None
    dates: DateWords
    terms: dict[str, dict[Identifier, Patterns]]
    cues: dict[str, Patterns] = Field(default_factory=dict)
    words: dict[str, Patterns] = Field(default_factory=dict)


class Languages(Entry):
    """All languages by code, in the order of their codes."""

    by_code: dict[str, Language]

    @classmethod
    def load(cls, models: Path) -> Languages:
        """Read ``languages/*.yml`` in ``models`` and check every label against the codebook.

        Raises:
            ConfigError: A file is not YAML, has an unknown key, a label that is no codebook id, a
                ``code`` that is not the file's name, or extends a language that extends another;
                or there is no language at all.
        """
        codebook = Codebook.load(models)
        found: dict[str, Language] = {}
        for path in sorted((models / "languages").glob("*.yml")):
            language = read_model(path, Language)
            problems = list(_unknown_labels(language, codebook))
            if language.code != path.stem:
                problems.append(f"code: {language.code!r} in a file called {path.name}")
            if problems:
                raise wrong(path, problems, "The ids stand in models/codebook.yml.")
            found[language.code] = language
        if not found:
            msg = f"{models / 'languages'}: no language file. Restore models/ from the repository."
            raise ConfigError(msg)
        whole = {code: _extended(language, found, models) for code, language in found.items()}
        return cls(by_code=whole)

    def get(self, code: str) -> Language | None:
        """Return the file for ``code`` or its base language (``en-GB`` reads ``en``), else None."""
        return self.by_code.get(code) or self.by_code.get(code.split("-")[0])

    def __len__(self) -> int:
        """Return how many languages have a file."""
        return len(self.by_code)


def _extended(language: Language, found: Mapping[str, Language], models: Path) -> Language:
    """Return a language with the lists of the one that it extends put before its own."""
    if language.extends is None:
        return language
    base = found.get(language.extends)
    if base is None or base.extends is not None:
        path = models / "languages" / f"{language.code}.yml"
        problem = f"extends: {language.extends!r} has no file, or extends another language"
        raise wrong(path, [problem], "Name a language file that stands on its own.")
    dimensions = {*base.terms, *language.terms}
    terms = {d: _joined(base.terms.get(d, {}), language.terms.get(d, {})) for d in dimensions}
    dates = {
        "numbers": {**base.dates.numbers, **language.dates.numbers},
        "units": _joined(base.dates.units, language.dates.units),
        "words": _joined(base.dates.words, language.dates.words),
        "rules": base.dates.rules + language.dates.rules,
    }
    return language.model_copy(
        update={
            "terms": terms,
            "cues": _joined(base.cues, language.cues),
            "words": _joined(base.words, language.words),
            "dates": language.dates.model_copy(update=dates),
        }
    )


def _joined(
    base: Mapping[str, tuple[str, ...]], own: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {key: base.get(key, ()) + own.get(key, ()) for key in {**base, **own}}


def missing_terms(language: Language, codebook: Codebook) -> tuple[str, ...]:
    """Return the ``dimension.id`` for which a language has no term yet, in codebook order."""
    wanted = (f"{d}.{i}" for d in TERM_DIMENSIONS for i in codebook.ids(d))
    lacking = [
        w
        for w in wanted
        if w not in WITHOUT_TERMS and not terms_of(language, codebook, *w.split("."))
    ]
    lacking += sorted(label for label in codebook.cue_labels if not language.cues.get(label))
    return tuple(lacking)


def terms_of(
    language: Language, codebook: Codebook, dimension: str, category: str
) -> tuple[str, ...]:
    """Return a category's terms: the language file's and those that the codebook itself carries."""
    own = language.terms.get(dimension, {}).get(category, ())
    return own + codebook.category(dimension, category).terms.get(language.code, ())


def _unknown_labels(language: Language, codebook: Codebook) -> Iterator[str]:
    for dimension, categories in language.terms.items():
        if dimension not in TERM_DIMENSIONS:
            yield f"terms.{dimension}: no such dimension; there are {', '.join(TERM_DIMENSIONS)}"
            continue
        for category in categories:
            if category not in codebook.ids(dimension):
                yield f"terms.{dimension}.{category}: not in the codebook"
    for label in language.cues:
        if label not in codebook.cue_labels:
            yield f"cues.{label}: not in the codebook"
