"""People's decisions on parties, read from the text of ``corpus/judgements/parties.yml``.

A decision names two or more parties, each by id (``gn:1642911``) or as ``Name | kind | country``::

    same:
      - parties: ["Harapan Rakyat Foundation | ngo | ID", "HRF | ngo | ID"]
        reason: the foundation's own page uses both
    not_same:
      - parties: ["Portland | city | US", "gn:5746545"]
        reason: one is in Maine

``undecided`` keeps two parties apart as ``not_same`` does, and says that nobody knows yet. Taking a
line out undoes it: nothing else remembers the decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.config import ConfigError

JUDGEMENTS = ("same", "not_same", "undecided")


class _Decision(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    parties: tuple[str, ...] = Field(min_length=2)
    reason: str = ""
    by: str = ""
    on: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    same: tuple[_Decision, ...] = ()
    not_same: tuple[_Decision, ...] = ()
    undecided: tuple[_Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgements:
    """Groups of parties that are one, and groups whose members are to stay apart."""

    same: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()


def parse_judgements(text: str, where: str) -> Judgements:
    """Read the decisions.

    Args:
        text: The file's text; an empty one holds no decision.
        where: The file's name, for messages.

    Raises:
        ConfigError: It is not YAML, has an unknown key or a decision with fewer than two parties;
            the message gives file, line and what to write.
    """
    node, data = parse_yaml(text, where)
    try:
        found = _File.model_validate(data)
    except ValidationError as error:
        lines = [
            f"{where}:{line_of(node, e['loc'])}: {'.'.join(map(str, e['loc'])) or 'file'}: "
            f"{e['msg']}"
            for e in error.errors()
        ]
        allowed = (
            f"Allowed are {', '.join(JUDGEMENTS)}, each a list of {{parties, reason, by, on}}."
        )
        raise ConfigError("\n".join([*lines, allowed])) from error
    apart = tuple(d.parties for d in (*found.not_same, *found.undecided))
    return Judgements(same=tuple(d.parties for d in found.same), apart=apart)


def parse_yaml(text: str, where: str) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a YAML text, for line numbers, and its values as texts.

    Raises:
        ConfigError: It is not YAML; the message gives file and line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return node, as_text(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        msg = (
            f"{where}:{line}: not valid YAML ({getattr(error, 'problem', error)}). Mend that line."
        )
        raise ConfigError(msg) from error


def as_text(value: Any) -> Any:
    """YAML reads ``on: 2026-11-24`` as a date and ``NO`` as false; decisions hold text only."""
    if isinstance(value, dict):
        return {k: as_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_text(v) for v in value]
    return value if value is None or isinstance(value, str) else str(value)


def line_of(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """Return the line on which the value at ``path`` begins, or the nearest one above it."""
    line = 1
    for step in path:
        if node is None:
            break
        line = node.start_mark.line + 1
        following: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, following = key.start_mark.line + 1, value
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value)
        ):
            following = node.value[step]
            line = node.value[step].start_mark.line + 1
        node = following
    return line
