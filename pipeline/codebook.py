"""The codebook and the languages as data: read, checked, frozen.

In: ``models/codebook.yml`` and ``models/languages/<bcp47>.yml``. Out: `Codebook` and `Languages`. A
wrong entry stops the run with the file, the key and how to mend it: a label that the codebook does
not know would otherwise vanish silently from every table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.config import ConfigError

# Dimensions for which a language file lists terms, and the ids that need none in any language.
TERM_DIMENSIONS = ("instrument", "sector", "actor", "process", "output", "smart_city")
WITHOUT_TERMS = frozenset(
    # `unspecified` and `other` are what no term names; levels follow from the kinds of the parties;
    # a smart-city dimension follows from the sectors (rule 12) and needs terms only for "smart X".
    {"instrument.unspecified", "sector.other", "process.paradiplomacy"}
    | {f"process.{level}" for level in ("g2g", "g2b", "g2ngo", "g2a", "g2io", "b2b", "p2p")}
)
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Model = TypeVar("_Model", bound=BaseModel)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which only true and false are truth values: "on" and "no" are words."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if not tag.endswith(":bool") or first in "tTfF"
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


def _split(value: object) -> object:
    """Let patterns be written as a text block, parted by commas or line breaks."""
    if not isinstance(value, str):
        return value
    return tuple(p for p in (piece.strip() for piece in re.split(r"[,\n]", value)) if p)


Patterns = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Category(_Entry):
    """One id of a dimension; see the head of ``codebook.yml`` for the fields."""

    label: str
    definition: str
    notes: tuple[str, ...] = ()
    ext: bool = False
    level: Identifier | None = None
    order: int | None = None
    smart_city: tuple[Identifier, ...] = ()
    terms: dict[str, Patterns] = {}


class Dimension(_Entry):
    """One question that a coder answers, and the ids that answer it."""

    label: str
    definition: str
    notes: tuple[str, ...] = ()
    ext: bool = False
    categories: dict[Identifier, Category]


class CueGroup(_Entry):
    """A group of cue words: the ids of a dimension, or a group of its own without ids."""

    dimension: Identifier | None = None
    only: tuple[Identifier, ...] = ()
    label: str = ""
    definition: str = ""


class Codebook(_Entry):
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
        codebook = _read(path, cls)
        problems = list(codebook._dangling())
        if problems:
            raise ConfigError(_complain(path, problems, "Use an id that the file defines."))
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


class DateRule(_Entry):
    """One way to write a date: words and slots, and what to make of it (see `dates`)."""

    match: str
    make: str
    shift: int | None = None
    unit: str | None = None


class DateWords(_Entry):
    """How a language writes dates. ``months`` and ``weekdays`` count from 1 (January, Monday)."""

    day_first: bool = True
    capitals: bool = False  # months and weekdays are written with a capital
    months: dict[Annotated[int, Field(ge=1, le=12)], tuple[str, ...]]
    weekdays: dict[Annotated[int, Field(ge=1, le=7)], tuple[str, ...]]
    numbers: dict[str, int | str] = {}
    units: dict[str, tuple[str, ...]] = {}
    words: dict[str, tuple[str, ...]] = {}
    rules: tuple[DateRule, ...] = ()


class Language(_Entry):
    """What one language file says. ``words`` holds lists for single users (``screen.tie``)."""

    code: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]
    name: str
    dates: DateWords
    terms: dict[str, dict[Identifier, Patterns]]
    cues: dict[str, Patterns] = {}
    words: dict[str, Patterns] = {}


class Languages(_Entry):
    """All languages by code, in the order of their codes."""

    by_code: dict[str, Language]

    @classmethod
    def load(cls, models: Path) -> Languages:
        """Read ``languages/*.yml`` in ``models`` and check every label against the codebook.

        Raises:
            ConfigError: A file is not YAML, has an unknown key, a label that is no codebook id, or
            a
                ``code`` that is not the file's name; or there is no language at all.
        """
        codebook = Codebook.load(models)
        found: dict[str, Language] = {}
        for path in sorted((models / "languages").glob("*.yml")):
            language = _read(path, Language)
            problems = list(_unknown_labels(language, codebook))
            if language.code != path.stem:
                problems.append(f"code: {language.code!r} in a file called {path.name}")
            if problems:
                raise ConfigError(
                    _complain(path, problems, "The ids stand in models/codebook.yml.")
                )
            found[language.code] = language
        if not found:
            msg = f"{models / 'languages'}: no language file. Restore models/ from the repository."
            raise ConfigError(msg)
        return cls(by_code=found)

    def get(self, code: str) -> Language | None:
        """Return the file for ``code`` or its base language (``en-GB`` reads ``en``), else None."""
        return self.by_code.get(code) or self.by_code.get(code.split("-")[0])

    def __len__(self) -> int:
        """Return how many languages have a file."""
        return len(self.by_code)


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


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        data = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError as error:
        msg = f"{path}: model missing. Restore it from the repository."
        raise ConfigError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path}: not valid YAML: {error}. Mend that line."
        raise ConfigError(msg) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [f"{'.'.join(str(x) for x in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise ConfigError(_complain(path, lines, "Compare with the entries beside it.")) from error


def _complain(path: Path, problems: Iterable[str], remedy: str) -> str:
    return "\n".join([f"{path}: cannot be used", *(f"  {line}" for line in problems), remedy])
