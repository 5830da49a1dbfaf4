"""What must hold after every night, looked at from outside: files, ids, history, the catalog.

A `Balance` remembers the nights before; `Balance.close` returns what does not hold after one more.
"""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

Row = dict[str, str]
Tables = dict[str, list[Row]]
KEYS = {"agreements": "agreement_id", "events": "event_id"}
_FOLLOW = ("capture_id", "start", "end")  # of events: they follow from the document's version
KEPT = 7  # candidates that a workspace keeps
PARTY = ("local_party_id", "local_party_name", "partner_id", "partner_name")
STAGES = ("documents", "annotations", "codings", "mentions")


def tables_of(folder: Path) -> Tables:
    """Return every CSV file of a dataset."""
    found: Tables = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            found[path.stem] = list(csv.DictReader(handle))
    return found


def pair_of(agreement: Row) -> frozenset[str]:
    """Return the two parties of an agreement, whichever is local."""
    one = agreement["local_party_id"] or agreement["local_party_name"]
    other = agreement["partner_id"] or agreement["partner_name"]
    return frozenset((one, other))


def difference(kind: str, old: list[Row], new: list[Row], key: str) -> set[tuple[str, ...]]:
    """Return what two releases differ in, as changes.csv should tell it."""
    before, after = ({row[key]: row for row in rows} for rows in (old, new))
    found: set[tuple[str, ...]] = set()
    found |= {(kind, i, "added", "", "") for i in after.keys() - before.keys()}
    found |= {(kind, i, "removed", "", "") for i in before.keys() - after.keys()}
    for i in before.keys() & after.keys():
        found |= {
            (kind, i, "changed", column, after[i][column])
            for column in after[i]
            if before[i][column] != after[i][column] and column not in (*_FOLLOW, key)
        }
    return found


def told(rows: list[Row]) -> set[tuple[str, ...]]:
    """Return what changes.csv tells, in the same form."""
    return {
        (r["record_type"], r["record_id"], r["change"], r["field"], r["new_value"])
        if r["change"] == "changed"
        else (r["record_type"], r["record_id"], r["change"], "", "")
        for r in rows
    }


@dataclass(slots=True)
class Balance:
    """What is remembered of the nights so far."""

    root: Path
    night: int = -1
    before: Tables = field(default_factory=dict)
    pairs: dict[str, frozenset[str]] = field(default_factory=dict)
    registry: bytes = b""
    shards: int = 0

    def close(self, urls: set[str], *, archives: int = 1) -> list[str]:
        """Return what does not hold after this night.

        Args:
            urls: Addresses that were ever shown to it.
            archives: Most archive files that it may have added; each killed run leaves one.
        """
        self.night += 1
        tables = tables_of(self.root / "outputs" / "agreements")
        problems = [
            *self._ids(tables),
            *(self._history(tables) if self.before else []),
            *self._lost(tables, urls),
            *self._files(archives),
        ]
        self.before = tables
        return [f"night {self.night}: {problem}" for problem in problems]

    def _ids(self, tables: Tables) -> list[str]:
        """An id means one pair for ever, the register only grows, and nothing goes untold."""
        problems = []
        for row in tables["agreements"]:
            known = self.pairs.setdefault(row["agreement_id"], pair_of(row))
            if known != pair_of(row):
                problems.append(f"{row['agreement_id']} was {set(known)}, is {set(pair_of(row))}")
        registry = (self.root / "corpus" / "judgements" / "agreements.csv").read_bytes()
        if not registry.startswith(self.registry):
            problems.append("the register of ids was rewritten")
        self.registry = registry
        given = {line.split(",")[0] for line in registry.decode().splitlines()[1:]}
        stand = {row["agreement_id"] for row in tables["agreements"]}
        rest = {row["agreement_id"] for row in tables["tombstones"]}
        if given != stand | rest or stand & rest:
            problems.append(f"ids without agreement or tombstone: {sorted(given - stand - rest)}")
        return problems

    def _history(self, tables: Tables) -> list[str]:
        """changes.csv is exactly the difference to the night before."""
        data = [name for name in tables if name != "changes"]
        if all(tables[name] == self.before[name] for name in data):
            same = tables["changes"] == self.before["changes"]
            return [] if same else ["nothing is different, and changes.csv is"]
        wanted: set[tuple[str, ...]] = set()
        for name, key in KEYS.items():
            wanted |= difference(name[:-1], self.before[name], tables[name], key)
        found = told(tables["changes"])
        problems = [f"not in changes.csv: {x}" for x in sorted(wanted - found)]
        problems += [f"in changes.csv only: {x}" for x in sorted(found - wanted)]
        if any(not r["reason"] or r["reason"] == "unknown" for r in tables["changes"]):
            problems.append("a change without a reason")
        return problems

    def _lost(self, tables: Tables, urls: set[str]) -> list[str]:
        """Every document that was found is read, rejected with a reason, or due at a known time."""
        held = {r["doc_id"] for n in ("documents", "rejections") for r in tables[n]}
        path = self.root / "corpus" / "catalog.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            pages = db.execute("SELECT doc_id, url, state, next_due FROM documents").fetchall()
        problems = [
            f"{url} is {state} and stands nowhere"
            for doc_id, url, state, next_due in pages
            if doc_id not in held and next_due is None
        ]
        unknown = {url for _, url, _, _ in pages} - urls
        return problems + [f"{url}: nobody named it" for url in unknown]

    def _files(self, archives: int) -> list[str]:
        """Nothing piles up: few archive files a night, one shard each, no drafts."""
        corpus, outputs = self.root / "corpus", self.root / "outputs"
        archive = len(list((corpus / "archive").glob("*.warc.gz")))
        problems = []
        if archive > self.shards + archives:
            problems.append(f"{archive - self.shards} new archive files")
        self.shards = archive
        for folder in STAGES:
            count = len(list((corpus / folder).glob("*.parquet")))
            if count > 3 * archive:  # rows, rejections, issues
                problems.append(f"{count} files in {folder} for {archive} shards")
        kept = list((outputs / ".releases" / "agreements").iterdir())
        if len(kept) > KEPT:
            problems.append(f"{len(kept)} candidates are kept")
        left = [p for root in (corpus, outputs) for p in root.rglob("*.tmp")]
        left += list((corpus / "archive").glob("*.open"))
        return problems + [f"{path} was left behind" for path in left]
