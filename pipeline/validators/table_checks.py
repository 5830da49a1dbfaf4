"""Checks of the tables alone: header, cells, keys, links, lengths.

In: the rows of the CSV files. Out: a `Result` per check.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence

from pipeline.codebook import Codebook
from pipeline.schema import SEPARATOR, Column, Table, values_of
from pipeline.text import QUOTE_WORDS
from pipeline.validators.findings import Result, Tables, name_of, side_by_side

_AGAIN = "Export again; if it stays, it is a bug in the exporters."
# Columns that hold a text of their own: a title is published as such, a reason is our own sentence,
# aliases and sectors are lists.
_FREE_LENGTH = frozenset({"title", "reason", "aliases", "source_ids", "url"})


def check_headers(tables: Sequence[Table], headers: Mapping[str, Sequence[str]]) -> Result:
    """Every file has the contract's columns, in its order, extra ones behind."""
    result = Result()
    for table in tables:
        result.examined += 1
        found = tuple(headers.get(table.name, ()))
        if found != table.header:
            problem = f"its columns are {', '.join(found) or 'missing'}"
            result.fail(
                table.file, "", "", problem, f"Expected {', '.join(table.header)}. {_AGAIN}"
            )
    return result


def check_cells(tables: Sequence[Table], rows: Tables, codebook: Codebook) -> Result:
    """Every cell has its type, its pattern and one of its values."""
    result = Result()
    for table in tables:
        rules = [(c, frozenset(values_of(c, codebook)), _pattern(c)) for c in table.columns]
        for row in rows[table.name]:
            result.examined += 1
            for column, values, pattern in rules:
                problem = _wrong(row.get(column.name, ""), column, values, pattern)
                if problem:
                    result.fail(table.file, name_of(row, table.key), column.name, problem, _AGAIN)
    return result


_TYPES = {
    "integer": re.compile(r"-?\d+"),
    "number": re.compile(r"-?\d+\.\d{4}"),
    "boolean": re.compile(r"true|false"),
    "string": re.compile(r".*", re.DOTALL),
}


def _pattern(column: Column) -> re.Pattern[str]:
    return re.compile(column.pattern) if column.pattern else _TYPES[column.type]


def _wrong(value: str, column: Column, values: frozenset[str], pattern: re.Pattern[str]) -> str:
    if not value:
        return "empty, but it must not be" if column.required else ""
    given = value.split(SEPARATOR) if column.many else [value]
    unknown = [v for v in given if values and v not in values]
    if unknown:
        return f"{unknown[0]!r} is not one of its values"
    return "" if pattern.fullmatch(value) else f"{value[:40]!r} is no {column.type} of its form"


def check_keys(tables: Sequence[Table], rows: Tables) -> Result:
    """Keys are unique, and rows are sorted by them."""
    result = Result()
    for table in tables:
        previous: tuple[str, ...] | None = None
        digests = array("Q")  # of the keys, eight bytes each: the keys would take a hundred times
        for values in _keys(table, rows):
            result.examined += 1
            if len(table.key) == 1 and previous is not None and values < previous:
                result.fail(table.file, "/".join(values), "", "it is out of order", _AGAIN)
            previous = values
            if table.unique:
                digests.append(_digest(values))
        for values in _doubled(table, rows, digests):
            result.fail(table.file, "/".join(values), "", "its key stands twice", _AGAIN)
    return result


def _keys(table: Table, rows: Tables) -> Iterator[tuple[str, ...]]:
    return (tuple(row.get(column, "") for column in table.key) for row in rows[table.name])


def _digest(values: tuple[str, ...]) -> int:
    told = "\0".join(values).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "little")


def _doubled(table: Table, rows: Tables, digests: array[int]) -> Iterator[tuple[str, ...]]:
    """Yield the keys that stand in an earlier row; only digests that come twice are looked at."""
    import numpy as np

    found, counts = np.unique(np.frombuffer(digests, dtype=np.uint64), return_counts=True)
    suspects = set(found[counts > 1].tolist())
    seen: set[tuple[str, ...]] = set()
    for values in _keys(table, rows) if suspects else ():
        if _digest(values) in suspects:
            if values in seen:
                yield values
            seen.add(values)


def check_links(tables: Sequence[Table], rows: Tables) -> Result:
    """Every id that refers to another file is there."""
    result = Result()
    known: dict[str, set[str]] = {}
    for table in tables:
        links = []
        for column, target in table.foreign.items():
            other, field = target.split(".")
            if target not in known:
                known[target] = {row[field] for row in rows[other]}
            links.append((column, other, known[target]))
        for row in rows[table.name] if links else ():
            for column, other, ids in links:
                value = row.get(column, "")
                result.examined += bool(value)
                if value and value not in ids:
                    problem = f"{value!r} is not in {other}.csv"
                    result.fail(table.file, name_of(row, table.key), column, problem, _AGAIN)
    return result


def check_lengths(tables: Sequence[Table], rows: Tables) -> Result:
    """No cell holds more than sixty words: exports carry facts and short quotes, never texts."""
    result = Result()
    for table in tables:
        limited = [c.name for c in table.columns if c.name not in _FREE_LENGTH]
        for row in rows[table.name]:
            for column in limited:
                result.examined += 1
                count = len(row.get(column, "").split())
                if count > QUOTE_WORDS:
                    problem = f"{count} words, {QUOTE_WORDS} are allowed"
                    result.fail(table.file, name_of(row, table.key), column, problem, _AGAIN)
    return result


def check_long_tables(rows: Tables) -> Result:
    """A long table holds exactly the values that its joined column holds."""
    result = Result()
    for name, of, key, column, value in (
        ("agreement_sectors", "agreements", "agreement_id", "sectors", "sector"),
        ("mention_sectors", "mentions", "mention_id", "sectors", "sector"),
    ):
        records = ((row[key], row) for row in rows[of])
        for record, found in side_by_side(records, ((row[key], row) for row in rows[name])):
            if record is None:
                continue  # an id that is not there: the links tell
            result.examined += 1
            joined = SEPARATOR.join(sorted(row[value] for row in found))
            if joined != record[column]:
                problem = f"{record[column]!r}, but {name}.csv has {joined!r}"
                result.fail(f"{of}.csv", record[key], column, problem, _AGAIN)
    return result


def check_counts(rows: Tables) -> Result:
    """Relevance, coverage and the counts of agreements follow from the other files."""
    result = Result()
    told = {m["doc_id"] for m in rows["mentions"]}
    counted = {"documents": 0, "relevant": 0}
    for document in rows["documents"]:
        result.examined += 1
        counted["documents"] += 1
        counted["relevant"] += document["is_relevant"] == "true"
        if (document["is_relevant"] == "true") != (document["doc_id"] in told):
            problem = f"{document['is_relevant']}, but mentions.csv says otherwise"
            result.fail("documents.csv", document["doc_id"], "is_relevant", problem, _AGAIN)
    for column, expected in counted.items():
        result.examined += 1
        total = sum(int(r[column]) for r in rows["coverage"])
        if total != expected:
            problem = f"adds up to {total}, documents.csv has {expected}"
            result.fail("coverage.csv", "", column, problem, _AGAIN)
    by_agreement: dict[str, set[str]] = {}
    for mention in rows["mentions"]:
        by_agreement.setdefault(mention["agreement_id"], set()).add(mention["doc_id"])
    for agreement in rows["agreements"]:
        result.examined += 1
        have = len(by_agreement.get(agreement["agreement_id"], ()))
        if have != int(agreement["document_count"]):
            problem = f"{agreement['document_count']}, mentions.csv has {have} documents"
            place = agreement["agreement_id"]
            result.fail("agreements.csv", place, "document_count", problem, _AGAIN)
    return result
