"""The evidence audit: every coded cell has words, and the words stand where the dataset says.

In: rows of the CSV files, and texts by version. Out: a `Result` per check.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from pipeline.text import QUOTE_WORDS
from pipeline.validators.findings import Result, Row, Tables, side_by_side

_PARTY = ("local_party_name", "local_party_kind", "local_party_country")
_PARTNER = ("partner_name", "partner_kind", "partner_country")
# The coded columns of DESIGN's output contract, and the value that needs no words.
CODED: dict[str, tuple[str, str, dict[str, str]]] = {
    "mention": (
        "mentions",
        "mention_id",
        {
            **dict.fromkeys((*_PARTY, *_PARTNER, "sectors", "stage"), ""),
            "instrument": "unspecified",
            "modality": "asserted",
            "is_background": "false",
            "follow_up": "unknown",
            **dict.fromkeys(("date", "date_kind", "start_date"), ""),
        },
    ),
    "agreement": (
        "agreements",
        "agreement_id",
        {
            **dict.fromkeys((*_PARTY, *_PARTNER, "sectors", "stage"), ""),
            "instrument": "unspecified",
            "follow_up": "unknown",
            **dict.fromkeys(("first_date", "signed_date", "latest_date", "ended_date"), ""),
        },
    ),
    "event": (
        "events",
        "event_id",
        {"stage": "", "date": "", "date_kind": "", "modality": "asserted"},
    ),
}
# Where quotes stand: file, key, column with the words.
QUOTED = (
    ("evidence", "record_id", "quote"),
    ("mentions", "mention_id", "evidence"),
    ("events", "event_id", "quote"),
    ("relations", "agreement_id", "quote"),
    ("codings", "doc_id", "quote"),
)


def check_evidence(rows: Tables) -> Result:
    """Every coded cell has a row in evidence.csv with the same value."""
    result = Result()
    records = (
        (f"{record_type} {row[CODED[record_type][1]]}", {**row, "record_type": record_type})
        for record_type in sorted(CODED)
        for row in rows[CODED[record_type][0]]
    )
    given = ((f"{e['record_type']} {e['record_id']}", e) for e in rows["evidence"])
    for record, words in side_by_side(records, given):
        if record is not None:
            _check_cells(result, record, {(e["field"], e["value"]) for e in words})
            continue
        for e in words:
            problem = f"no such {e['record_type']}"
            result.fail("evidence.csv", e["record_id"], e["field"], problem, "Export again.")
    return result


def _check_cells(result: Result, row: Row, given: set[tuple[str, str]]) -> None:
    table, key, columns = CODED[row["record_type"]]
    for column, silent in columns.items():
        value = row[column]
        if value in ("", silent):
            continue
        result.examined += 1
        if (column, value) not in given:
            problem = f"{value!r} has no words in evidence.csv"
            remedy = "The relator must give a span for it, or leave the cell empty."
            result.fail(f"{table}.csv", row[key], column, problem, remedy)


def quoted_rows(rows: Tables) -> Iterable[tuple[str, str, str, Row]]:
    """Yield (file, row, column, row's cells) of every quote in the dataset."""
    for table, key, column in QUOTED:
        for row in rows[table]:
            if row[column] or row["start"]:
                yield f"{table}.csv", row[key], column, row


def check_quotes(
    rows: Tables,
    homes: Mapping[str, int],
    texts: Callable[[int], Iterable[tuple[str, str, str]]],
) -> Result:
    """Every quote is a slice of the stored version, and at most sixty words long.

    The quotes are sorted into files on the disk first, by where their text is: then each text is
    read once and no more than the quotes of one group are in memory.

    Args:
        rows: The tables.
        homes: The group of texts in which each stored version is.
        texts: Gives (capture_id, doc_id, text) of the versions of a group.
    """
    result = Result()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        files = {
            group: opened.enter_context((Path(folder) / str(group)).open("w+", encoding="utf-8"))
            for group in sorted(set(homes.values()))
        }
        for file, place, column, row in quoted_rows(rows):
            group = homes.get(row["capture_id"])
            if group is None:
                problem = f"no stored version {row['capture_id']}"
                result.fail(file, place, column, problem, "Run `cityaccords extract` again.")
                continue
            cells = (row["capture_id"], file, place, column, row["doc_id"])
            line = (*cells, row["start"], row["end"], row[column])
            files[group].write(json.dumps(line) + "\n")
        for group, handle in files.items():
            handle.seek(0)
            _check_group(result, map(json.loads, handle), texts(group))
    return result


def _check_group(
    result: Result, quotes: Iterable[list[str]], texts: Iterable[tuple[str, str, str]]
) -> None:
    by_capture: dict[str, list[list[str]]] = {}
    for capture_id, *cells in quotes:
        by_capture.setdefault(capture_id, []).append(cells)
    for capture_id, doc_id, text in texts:
        for file, place, column, cited, start, end, quote in by_capture.pop(capture_id, []):
            result.examined += 1
            row = {"doc_id": cited, "start": start, "end": end, column: quote}
            problem = _wrong_quote(row, column, doc_id, text)
            if problem:
                remedy = "Run `cityaccords build` and export again."
                result.fail(file, place, column, problem, remedy)


def _wrong_quote(row: Row, column: str, doc_id: str, text: str) -> str:
    quote = row[column]
    if row["doc_id"] != doc_id:
        return f"the version belongs to document {doc_id}"
    start, end = int(row["start"] or -1), int(row["end"] or -1)
    if not 0 <= start < end <= len(text) or text[start:end] != quote:
        return f"the text has {text[max(start, 0) : max(end, 0)][:60]!r} there"
    if len(quote.split()) > QUOTE_WORDS:
        return f"{len(quote.split())} words, {QUOTE_WORDS} are allowed"
    return ""


def cited_captures(rows: Tables) -> Mapping[str, str]:
    """Return a file that cites each capture, by capture_id."""
    return {row["capture_id"]: file for file, _, _, row in quoted_rows(rows)}
