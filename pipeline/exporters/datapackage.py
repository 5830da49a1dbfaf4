"""``datapackage.json``: what the files are, for machines (Frictionless Data Package v1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.codebook import Codebook
from pipeline.schema import Column, Table, values_of

# Data Package words (specs.frictionlessdata.io); the JSON is as free as the standard is.
Descriptor = dict[str, Any]
LICENCE = {
    "name": "CC-BY-4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
    "title": "Creative Commons Attribution 4.0",
}
GEONAMES = {"title": "GeoNames (places, CC BY 4.0)", "path": "https://www.geonames.org/"}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Size, SHA-256 and rows of one written file."""

    size: int
    sha256: str
    rows: int


def field_of(column: Column, table: Table, codebook: Codebook) -> Descriptor:
    """Return the Table Schema field of a column."""
    constraints: Descriptor = {}
    if column.required:
        constraints["required"] = True
    if table.unique and table.key == (column.name,):
        constraints["unique"] = True
    values = values_of(column, codebook)
    if values and not column.many:
        constraints["enum"] = list(values)
    if column.pattern:
        constraints["pattern"] = column.pattern
    description = f"{column.description} Rule: {column.rule}" if column.rule else column.description
    found: Descriptor = {"name": column.name, "type": column.type, "description": description}
    if column.type == "boolean":
        found |= {"trueValues": ["true"], "falseValues": ["false"]}
    return found | ({"constraints": constraints} if constraints else {})


def schema_of(table: Table, codebook: Codebook) -> Descriptor:
    """Return the Table Schema of a file."""
    found: Descriptor = {
        "fields": [field_of(c, table, codebook) for c in table.columns],
        "missingValues": [""],
    }
    # A primary key must not be empty (Table Schema); keys with optional parts are checked by
    # validate.
    required = {c.name for c in table.columns if c.required}
    if table.unique and set(table.key) <= required:
        found["primaryKey"] = list(table.key)
    links = [(column, *target.split(".")) for column, target in table.foreign.items()]
    if links:
        found["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": resource, "fields": [field]}}
            for column, resource, field in links
        ]
    return found


def datapackage(
    dataset: str,
    tables: Sequence[Table],
    facts: Mapping[str, FileFacts],
    codebook: Codebook,
    *,
    created: str | None,
    software: str,
    others: Mapping[str, FileFacts],
    mediatype: Callable[[str], str],
) -> bytes:
    """Return the descriptor of a dataset.

    Args:
        dataset: Its name.
        tables: Its CSV files.
        facts: Size, hash and rows, by file name.
        codebook: Where the categories come from.
        created: The newest retrieval of a document, so that the same inputs give the same bytes.
        software: Version of the program.
        others: Size and hash of all other files, by name.
        mediatype: Gives the media type of one of them by its name.
    """
    descriptor: Descriptor = {
        # Not tabular-data-package: the same tables stand here in other formats too.
        "profile": "data-package",
        "name": dataset,
        "title": "City Accords: agreements that cities and regions make with partners",
        "description": (
            "Mined from news and press releases; every coded cell leads to the sentence that it "
            "rests "
            "on (evidence.csv). Dates are EDTF, scores calibrated chances; an empty cell is "
            "unknown."
        ),
        "version": version_of(created),
        "licenses": [LICENCE],
        "sources": [GEONAMES],
        "contributors": [{"title": "City Accords contributors", "role": "author"}],
        "keywords": ["city diplomacy", "paradiplomacy", "sister cities", "agreements"],
        "codebook": f"codebook.md, version {codebook.version}",
        "software": f"cityaccords {software}",
        "resources": [
            *(_table(table, facts[table.file], codebook) for table in tables),
            *(_file(name, others[name], mediatype(name)) for name in sorted(others)),
        ],
    }
    if created:
        descriptor["created"] = created
    return (json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n").encode()


def _table(table: Table, facts: FileFacts, codebook: Codebook) -> Descriptor:
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "title": table.title,
        "description": table.description,
        "path": table.file,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"lineTerminator": "\n"},
        "bytes": facts.size,
        "hash": f"sha256:{facts.sha256}",
        "rows": facts.rows,
        "schema": schema_of(table, codebook),
    }


def _file(name: str, facts: FileFacts, mediatype: str) -> Descriptor:
    """Return the entry of a file that is no CSV table.

    ``type`` keeps Frictionless from opening it as a table: for Parquet and Excel that needs
    plugins that a reader may not have.
    """
    return {
        "profile": "data-resource",
        "type": "file",
        # A resource's name has lower-case letters, digits, ".", "_" and "-" only.
        "name": f"file-{name.lower()}",
        "path": name,
        "format": name.rpartition(".")[2].lower(),
        "mediatype": mediatype,
        "bytes": facts.size,
        "hash": f"sha256:{facts.sha256}",
    }


def version_of(created: str | None) -> str:
    """Return the version of the data: the day up to which documents were retrieved."""
    return created[:10].replace("-", ".") if created else "0"
