"""Model files in YAML: read, checked against a pydantic model, complained about by name.

In: a path and a model. Out: an instance. An error names the file, the key and how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from pipeline.config import ConfigError

Model = TypeVar("Model", bound=BaseModel)


class Entry(BaseModel):
    """A part of a model file: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


def _split(value: object) -> object:
    """Let patterns be written as a text block, parted by commas or line breaks."""
    if not isinstance(value, str):
        return value
    return tuple(p for p in (piece.strip() for piece in re.split(r"[,\n]", value)) if p)


Patterns = Annotated[tuple[str, ...], BeforeValidator(_split)]


def read_model(path: Path, model: type[Model]) -> Model:
    """Read one file.

    Raises:
        ConfigError: It is missing, is not YAML, or has a key or value that the model refuses.
    """
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
        raise wrong(path, lines, "Compare with the entries beside it.") from error


def wrong(path: Path, problems: Iterable[str], remedy: str) -> ConfigError:
    """Return the error that says what is wrong in a file, line by line, and what to do."""
    lines = [f"{path}: cannot be used", *(f"  {line}" for line in problems), remedy]
    return ConfigError("\n".join(lines))
