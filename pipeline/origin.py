"""Where a capture comes from: the fields that it has from its source."""

from __future__ import annotations

from typing import TypedDict

from pipeline.sources import Source


class Origin(TypedDict):
    """Arguments of ``captures.make_capture`` that say where a capture comes from."""

    source_id: str
    source_kind: str
    source_country: str | None
    timezone: str | None
    languages: tuple[str, ...]
    discovered_by: str
    hint_published: str | None


def origin_of(source: Source, discovered_by: str, hint_published: str | None = None) -> Origin:
    """Return where a capture for a source comes from, and how it was found."""
    return {
        "source_id": source.id,
        "source_kind": source.kind,
        "source_country": source.country,
        "timezone": source.timezone,
        "languages": source.languages,
        "discovered_by": discovered_by,
        "hint_published": hint_published,
    }


def import_origin(source_id: str, discovered_by: str) -> Origin:
    """Return where a capture of a researcher's own file comes from."""
    return {
        "source_id": source_id,
        "source_kind": "other",
        "source_country": None,
        "timezone": None,
        "languages": (),
        "discovered_by": discovered_by,
        "hint_published": None,
    }
