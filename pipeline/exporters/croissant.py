"""``croissant.json``: the dataset for machine learning tools (Croissant 1.0, MLCommons)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.exporters.datapackage import LICENCE, version_of
from pipeline.exporters.release import Release
from pipeline.schema import Column, Table

# JSON-LD is as free as the standard is.
Node = dict[str, Any]
_TYPES = {"integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean"}
# The context that the specification asks for (docs.mlcommons.org/croissant, appendix 1), with the
# two names that version 1.1 adds: its validator takes both versions.
_CONTEXT: Node = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write(release: Release, path: Path) -> None:
    """Write the description."""
    version = version_of(release.created)
    found: Node = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": release.dataset,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "description": (
            "Agreements that cities and regions make with partners, mined from news and press "
            "releases. Every coded cell leads to the sentence that it rests on."
        ),
        "license": LICENCE["path"],
        "creator": {"@type": "sc:Organization", "name": "City Accords contributors"},
        "keywords": ["city diplomacy", "paradiplomacy", "sister cities", "agreements"],
        "version": ".".join(str(int(part)) for part in f"{version}.0.0".split(".")[:3]),
        "citeAs": f"City Accords contributors: City Accords, {release.dataset}, {version}.",
        "distribution": [_file(release, table) for table in release.tables],
        "recordSet": [_records(release, table) for table in release.tables],
    }
    if release.created:
        found["datePublished"] = release.created[:10]
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _file(release: Release, table: Table) -> Node:
    facts = release.facts[table.file]
    return {
        "@type": "cr:FileObject",
        "@id": table.file,
        "name": table.file,
        "description": table.description,
        "contentUrl": table.file,
        "contentSize": f"{facts.size} B",
        "encodingFormat": "text/csv",
        "sha256": facts.sha256,
    }


def _records(release: Release, table: Table) -> Node:
    found: Node = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description,
        "field": [_field(release, table, column) for column in table.columns],
    }
    if table.unique:
        found["key"] = [{"@id": f"{table.name}/{name}"} for name in table.key]
    return found


def _field(release: Release, table: Table, column: Column) -> Node:
    found: Node = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": f"{column.description} {column.rule}".strip(),
        "dataType": _TYPES.get(column.type, "sc:Text"),
        "source": {"fileObject": {"@id": table.file}, "extract": {"column": column.name}},
    }
    other, _, field = table.foreign.get(column.name, "").partition(".")
    files = {t.name: t.file for t in release.tables}
    # The reference loader (mlcroissant 1.1) joins what is referenced: it fails where the other
    # record set refers to a third one, so we name its file, and where a column may be all empty.
    if other in files and column.required:
        found["references"] = {
            "fileObject": {"@id": files[other]},
            "extract": {"column": field},
        }
    return found
