"""The small files beside the tables: codebook, citation, checksums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.codebook import Codebook, Dimension
from pipeline.exporters.datapackage import version_of
from pipeline.schema import Column, Table, values_of

_ROLES = {
    "key": "key",
    "source": "as published or archived",
    "coded": "coded: has its words in evidence",
    "derived": "derived",
}


def codebook_md(tables: Sequence[Table], codebook: Codebook) -> bytes:
    """Return ``codebook.md``: every file, every column, every category."""
    lines = [
        "# Codebook",
        "",
        f"Version {codebook.version}. Generated from the schema and the codebook data that the "
        f"pipeline",
        "itself runs on, so that it cannot drift from the files beside it.",
        "",
        "CSV, UTF-8, one header line; an empty cell means unknown. Dates are EDTF (ISO 8601-2) "
        "and as",
        "exact as the text: `2005-07-18`, `2007-09`, `2016`, `2003/2012`. Several values in one "
        "cell are",
        "joined by `; ` and stand in a long table too. Scores are calibrated chances. `start` "
        "and `end`",
        "count code points of that version's text. Text that begins with `=`, `+`, `-` or `@` "
        "is written",
        "as it is: open the files as data, not as formulas.",
        "",
        "## Unit",
        "",
        codebook.unit.strip(),
        "",
        "Not an agreement:",
        "",
        *(f"- {line}" for line in codebook.not_an_agreement),
        "",
        "## Files",
        "",
    ]
    for table in tables:
        lines += _table(table, codebook)
    lines += ["## Categories", ""]
    for name, dimension in codebook.dimensions.items():
        lines += _dimension(name, dimension)
    return ("\n".join(lines).rstrip() + "\n").encode()


def _table(table: Table, codebook: Codebook) -> Iterable[str]:
    yield from (f"### {table.file}", "", table.description, "")
    yield f"Key: {', '.join(f'`{k}`' for k in table.key)}, by which the rows are sorted."
    yield from ("", "| column | type | kind | meaning |", "|---|---|---|---|")
    for column in table.columns:
        meaning = _meaning(column, codebook)
        yield f"| `{column.name}` | {column.type} | {_ROLES[column.role]} | {meaning} |"
    yield ""


def _meaning(column: Column, codebook: Codebook) -> str:
    parts = [column.description]
    if column.rule:
        parts.append(f"*Rule:* {column.rule}")
    values = values_of(column, codebook)
    if values:
        parts.append(f"One of {', '.join(f'`{v}`' for v in values)}." if not column.many else "")
    if column.many:
        parts.append("Several values.")
    return " ".join(filter(None, parts)).replace("|", "\\|")


def _dimension(name: str, dimension: Dimension) -> Iterable[str]:
    extra = " *(extension of the framework paper)*" if dimension.ext else ""
    yield from (f"### {dimension.label} (`{name}`){extra}", "", dimension.definition, "")
    yield from (f"- {note}" for note in dimension.notes)
    if dimension.notes:
        yield ""
    yield from ("| id | label | definition |", "|---|---|---|")
    for category, entry in dimension.categories.items():
        definition = " ".join([entry.definition, *entry.notes]).replace("|", "\\|")
        mark = " *(ext)*" if entry.ext else ""
        yield f"| `{category}` | {entry.label}{mark} | {definition} |"
    yield ""


def citation_cff(created: str | None) -> bytes:
    """Return ``CITATION.cff`` of the dataset."""
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these data, please cite them as below.",
        "type: dataset",
        'title: "City Accords: agreements that cities and regions make with partners"',
        "authors:",
        '  - name: "City Accords contributors"',
        f'version: "{version_of(created)}"',
        "license: CC-BY-4.0",
        "keywords: [city diplomacy, paradiplomacy, sister cities, agreements]",
    ]
    if created:
        lines.append(f'date-released: "{created[:10]}"')
    return ("\n".join(lines) + "\n").encode()


def sha256sums(digests: Mapping[str, str]) -> bytes:
    """Return ``SHA256SUMS`` as ``sha256sum --check`` reads it, sorted by file name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()
