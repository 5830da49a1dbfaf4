"""Sources as data: one YAML file per source, checked key by key, wrong ones named with their line.

In: ``corpus/sources/<iso2>/<id>.yml``. Out: `Source`. Aliases, anchors and tags are refused: a
source file needs none of them, and they are how a small YAML file becomes a large one or runs code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from pipeline.config import ConfigError

_MAX_BYTES = 32_768  # a source file has at most 60 lines; this is room for very long ones
# libyaml reads a registry of hundreds in a tenth of the time; it builds plain values only, too.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH = 8  # a source file needs three levels; PyYAML's time grows with the square of the depth
_HELP = "docs/how-to/add-a-source.md explains every key."
_BY_QUERY = ("gdelt", "mediacloud")  # they search an index of their own
GOLDEN = ".golden"  # ending of the folder beside a source file that holds its golden pages
Method = Literal[
    "feed", "sitemap", "listing", "wordpress", "gdelt", "mediacloud", "commoncrawl", "wayback"
]


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        msg = "must be an http or https address without a user name"
        raise ValueError(msg)
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        msg = f"is no regular expression ({error})"
        raise ValueError(msg) from error
    return value


def _selector(value: str) -> str:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("<p></p>").css(value)
    except (SelectolaxError, ValueError) as error:
        msg = f"is no CSS selector that can be used: {value!r}"
        raise ValueError(msg) from error
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        msg = "is no time zone such as Asia/Jakarta"
        raise ValueError(msg) from error
    return value


Address = Annotated[str, AfterValidator(_web_address)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Selector = Annotated[str, AfterValidator(_selector)]
Name = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FetchEntry(_Part):
    """One way to find a source's documents; ``query`` serves methods that search an archive."""

    method: Method
    url: Address | None = None
    query: str | None = None
    link_pattern: Pattern | None = Field(None, description="Only links that match are documents.")
    next_pattern: Pattern | None = Field(None, description="Links that lead to further pages.")
    since: date | None = Field(
        None, description="First day that an archive or search is asked for; else the source's."
    )
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = Field(
        50, description="Most feed, map or index pages to ask for in one run."
    )

    @model_validator(mode="after")
    def _says_where(self) -> FetchEntry:
        """Refuse an entry that says nothing of where to look."""
        if self.method in _BY_QUERY:
            if not (self.query or "").strip():
                msg = f"method {self.method} needs a `query`"
                raise ValueError(msg)
        elif self.method != "commoncrawl" and self.url is None:
            msg = f"method {self.method} needs a `url`"
            raise ValueError(msg)
        return self


class ReadHints(_Part):
    """CSS selectors for pages that the general reader gets wrong."""

    title: Selector | None = Field(None, description="The first find with words is the title.")
    text: Selector | None = Field(None, description="All finds together are the text.")
    published: Selector | None = Field(
        None, description="`datetime` or `content` of the find, else its words, is the date."
    )
    remove: tuple[Selector, ...] = Field((), description="What is cut out before all else.")
    valid_until: date | None = Field(
        None, description="Pages fetched after this day are left to the general reader."
    )


class Assertions(_Part):
    """What must hold after a run; a source that breaks them is reported (exit code 5)."""

    min_documents: Annotated[int, Field(ge=0)] = 0
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 1.0


class Source(_Part):
    """One source of documents."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    name: Name
    publisher: Name
    owner: str | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    timezone: Annotated[str, AfterValidator(_zone)]
    languages: Annotated[tuple[Name, ...], Field(min_length=1)]
    kind: Literal["news", "government", "other"]
    homepage: Address
    fetch: Annotated[tuple[FetchEntry, ...], Field(min_length=1)]
    pdf_links: bool = Field(True, description="Also fetch PDFs that a document links to.")
    read: ReadHints | None = None
    licence: str | None = None
    tdm: Literal["allowed", "reserved", "unknown"] = "unknown"
    frequency: str | None = None
    since: date | None = None
    verified_on: date | None = None
    known_issues: tuple[str, ...] = ()
    assertions: Assertions = Assertions()


class _RefusedError(Exception):
    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


Lines = dict[tuple[str | int, ...], int]


def load_sources(folder: Path) -> tuple[Source, ...]:
    """Read all source files below a folder, sorted by id; a folder that is not there has none.

    Raises:
        ConfigError: A file is wrong, or two have the same id. The message names file and line.
    """
    found: dict[str, tuple[Source, Path]] = {}
    for path in sorted(folder.rglob("*.yml")):
        if any(part.endswith(GOLDEN) for part in path.relative_to(folder).parts[:-1]):
            continue  # a stored page, whatever its name
        source = read_source(path)
        if source.id in found:
            msg = f"{path}:1: id {source.id!r} is taken by {found[source.id][1]}. Choose another."
            raise ConfigError(msg)
        if path.parent.name != source.country.lower() or path.stem != source.id:
            place = f"{source.country.lower()}/{source.id}.yml"
            msg = f"{path}:1: this file must stand at {place} below {folder}. Move it there."
            raise ConfigError(msg)
        found[source.id] = (source, path)
    return tuple(source for _, (source, _) in sorted(found.items()))


def read_source(path: Path) -> Source:
    """Read one source file.

    Raises:
        ConfigError: It is no YAML, has unknown keys or bad values; all are listed with their line.
    """
    data = path.read_bytes()
    if len(data) > _MAX_BYTES:
        msg = f"{path}:1: {len(data):,} bytes. A source file has at most 60 lines."
        raise ConfigError(msg)
    try:
        text = data.decode("utf-8-sig")
        value, lines = _parse(text)
        return Source.model_validate(value)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        msg = f"{path}:{line}: not UTF-8. Save the file as UTF-8."
        raise ConfigError(msg) from error
    except _RefusedError as error:
        msg = f"{path}:{error.line}: {error}. {_HELP}"
        raise ConfigError(msg) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        msg = f"{path}:{line}: {error.problem or 'not YAML'}. {_HELP}"
        raise ConfigError(msg) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            raise ConfigError("\n".join(_told(path, error, lines))) from error
        msg = f"{path}:1: not YAML: {error}. {_HELP}"
        raise ConfigError(msg) from error


def _parse(text: str) -> tuple[object, Lines]:
    """Return the plain value of a YAML text and the line of each key and item."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        bad = isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)
        if bad or getattr(event, "tag", None):
            raise _RefusedError(line, "aliases, anchors and tags are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise _RefusedError(line, "nested too deeply")
    lines: Lines = {}
    root = yaml.compose(text, Loader=_LOADER)
    if root is not None:
        _walk(root, (), lines)
    return yaml.load(text, Loader=_LOADER), lines  # noqa: S506 - a safe one


def _walk(node: yaml.Node, path: tuple[str | int, ...], lines: Lines) -> None:
    """Note the lines below a node, and refuse a key that is given twice."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            if here in lines:
                told = f"key {key.value!r} is given twice"
                raise _RefusedError(key.start_mark.line + 1, told)
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines)


def _told(path: Path, error: ValidationError, lines: Lines) -> Iterator[str]:
    for problem in error.errors():
        place: Sequence[str | int] = problem["loc"]
        named = ".".join(str(part) for part in place) or "the file"
        while place and tuple(place) not in lines:
            place = place[:-1]
        what = _words(problem["type"], problem["msg"], problem.get("input"))
        yield f"{path}:{lines.get(tuple(place), 1)}: {named}: {what}"
    yield _HELP


def _words(kind: str, message: str, given: object) -> str:
    """Say what is wrong in our own words where pydantic's do not help."""
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "model_type":
        return "must be keys with values"
    if kind == "missing":
        return "this key is missing"
    if kind == "string_type" and isinstance(given, bool):
        return "YAML reads this as true or false; put it in quotes"
    return message.removeprefix("Value error, ")
