"""The evidence audit: every coded cell has words, and the words stand where the dataset says.

In: rows of the CSV files, and texts by version. Out: a `Result` per check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pipeline.text import QUOTE_WORDS
from pipeline.validators.findings import Result, Row, Tables

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
    given = {(e["record_type"], e["record_id"], e["field"], e["value"]) for e in rows["evidence"]}
    known: dict[str, set[str]] = {}
    for record_type, (table, key, columns) in CODED.items():
        known[record_type] = {row[key] for row in rows[table]}
        for row in rows[table]:
            for column, silent in columns.items():
                value = row[column]
                if value in ("", silent):
                    continue
                result.examined += 1
                if (record_type, row[key], column, value) not in given:
                    problem = f"{value!r} has no words in evidence.csv"
                    remedy = "The relator must give a span for it, or leave the cell empty."
                    result.fail(f"{table}.csv", row[key], column, problem, remedy)
    for e in rows["evidence"]:
        if e["record_id"] not in known.get(e["record_type"], set()):
            problem = f"no such {e['record_type']}"
            result.fail("evidence.csv", e["record_id"], e["field"], problem, "Export again.")
    return result


def quoted_rows(rows: Tables) -> Iterable[tuple[str, str, str, Row]]:
    """Yield (file, row, column, row's cells) of every quote in the dataset."""
    for table, key, column in QUOTED:
        for row in rows[table]:
            if row[column] or row["start"]:
                yield f"{table}.csv", row[key], column, row


def check_quotes(
    rows: Tables, texts: Callable[[frozenset[str]], Iterable[tuple[str, str, str]]]
) -> Result:
    """Every quote is a slice of the stored version, and at most sixty words long.

    Args:
        rows: The tables.
        texts: Gives (capture_id, doc_id, text) for the versions asked for, in any order.
    """
    result = Result()
    by_capture: dict[str, list[tuple[str, str, str, Row]]] = {}
    for found in quoted_rows(rows):
        by_capture.setdefault(found[3]["capture_id"], []).append(found)
    for capture_id, doc_id, text in texts(frozenset(by_capture)):
        for file, place, column, row in by_capture.pop(capture_id, []):
            result.examined += 1
            problem = _wrong_quote(row, column, doc_id, text)
            if problem:
                result.fail(
                    file, place, column, problem, "Run `cityaccords build` and export again."
                )
    for quotes in by_capture.values():
        for file, place, column, row in quotes:
            problem = f"no stored version {row['capture_id']}"
            result.fail(file, place, column, problem, "Run `cityaccords extract` again.")
    return result


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
