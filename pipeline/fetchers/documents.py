"""A researcher's own corpus as JSONL: one object per line, only ``text`` is required."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.functional_validators import BeforeValidator

KINDS = ("news", "government", "other")


def _name(value: object) -> object:
    """Let numbers be identifiers: spreadsheets export them so."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Row(BaseModel):
    """The keys that we read; others are kept in the archive and not used."""

    model_config = ConfigDict(strict=True, extra="ignore")
    text: str
    doc_id: Annotated[str | None, BeforeValidator(_name)] = None
    url: str | None = None
    title: str | None = None
    published: str | None = None
    language: str | None = None
    source_kind: str | None = None

    @field_validator("source_kind")
    @classmethod
    def _known_kind(cls, value: str | None) -> str | None:
        if value and value not in KINDS:
            msg = f"{value!r} is none of {', '.join(KINDS)}"
            raise ValueError(msg)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One document to import. ``payload`` is the whole object as JSON in a fixed form."""

    line: int
    payload: bytes
    external_id: str | None
    text_sha256: str
    url: str | None
    published: str | None
    language: str | None
    source_kind: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no document, and why."""

    line: int
    problem: str


def read_rows(lines: Iterable[bytes]) -> Iterator[ImportRow | BadLine]:
    """Yield the document of each line, or what is wrong with it. Blank lines are passed over.

    The text is kept code point for code point. Empty values of other keys count as missing.
    """
    for number, raw in enumerate(lines, start=1):
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if line.strip():
            yield _read_row(number, line)


def _read_row(number: int, line: bytes) -> ImportRow | BadLine:
    try:
        value = json.loads(line.decode("utf-8"))
        payload = json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8")
        if not isinstance(value, dict):
            return BadLine(number, "not a JSON object")
        row = _Row.model_validate(value)
    except UnicodeDecodeError as error:
        return BadLine(number, f"not UTF-8 at byte {error.start}")
    except UnicodeEncodeError:
        return BadLine(number, "holds half of a surrogate pair, which is no character")
    except json.JSONDecodeError as error:
        return BadLine(number, f"not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return BadLine(number, "nested too deeply")
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the line"
        return BadLine(number, f"{key}: {first['msg']}")
    return ImportRow(
        line=number,
        payload=payload,
        external_id=row.doc_id or None,
        text_sha256=hashlib.sha256(row.text.encode()).hexdigest(),
        url=row.url or None,
        published=row.published or None,
        language=row.language or None,
        source_kind=row.source_kind or "other",
    )
