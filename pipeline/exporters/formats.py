"""The list of all formats beside CSV: the registry."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.exporters import codebook_html, croissant, geojson, graph, parquet, sqlite, xlsx
from pipeline.exporters.datapackage import FileFacts
from pipeline.exporters.release import Release

_PIECE = 1 << 20  # bytes read at a time for the hash


@dataclass(frozen=True, slots=True)
class Format:
    """One file, or one per table where the name has ``{table}``.

    ``write`` gets the release and the path to write to.
    """

    name: str
    title: str
    mediatype: str
    write: Callable[[Release, Path], None]

    def files(self, release: Release) -> tuple[str, ...]:
        """Return the names of the files that it writes."""
        if "{table}" not in self.name:
            return (self.name,)
        return tuple(self.name.format(table=t.name) for t in release.tables)


FORMATS: tuple[Format, ...] = (
    Format("{table}.parquet", "Parquet", "application/vnd.apache.parquet", parquet.write),
    Format("cityaccords.sqlite", "SQLite", "application/vnd.sqlite3", sqlite.write),
    Format(
        "cityaccords.xlsx",
        "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        xlsx.write,
    ),
    Format("parties.geojson", "GeoJSON", "application/geo+json", geojson.write_parties),
    Format("agreements.geojson", "GeoJSON", "application/geo+json", geojson.write_agreements),
    Format("network.graphml", "GraphML", "application/graphml+xml", graph.write_graphml),
    Format("network.gexf", "GEXF", "application/gexf+xml", graph.write_gexf),
    Format("croissant.json", "Croissant", "application/ld+json", croissant.write),
    Format("codebook.html", "Codebook", "text/html", codebook_html.write),
)


def write_formats(release: Release) -> dict[str, FileFacts]:
    """Write every format into the release's folder; return size and hash by file name.

    Raises:
        ValueError: A cell is no value of its column's type, or two rows have one key.
        OSError: The disk is full.
    """
    written: dict[str, FileFacts] = {}
    for form in FORMATS:
        for name in form.files(release):
            path = release.folder / name
            form.write(release, path)
            written[name] = facts_of(path)
    return written


def facts_of(path: Path) -> FileFacts:
    """Return size and hash of a written file, once it is safe on the disk."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
        for piece in _pieces(handle.read):
            digest.update(piece)
            size += len(piece)
    return FileFacts(size=size, sha256=digest.hexdigest(), rows=0)


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(_PIECE):
        yield piece


def mediatype_of(name: str) -> str:
    """Return the media type of a file that is no CSV table."""
    suffix = name.rpartition(".")[2]
    for form in FORMATS:
        if form.name.rpartition(".")[2] == suffix:
            return form.mediatype
    return _PLAIN.get(suffix, "text/plain")


_PLAIN = {"md": "text/markdown", "cff": "application/yaml", "html": "text/html"}
