"""Recall: how much of an official register the dataset has, and why the rest is missing.

In: a register (CSV), ``corpus/build`` and the shards. Out: a verdict per row with the reason where
it is missing, and an estimate of how many agreements there are in all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.built import BuiltMention, PartyRow
from pipeline.config import ConfigError
from pipeline.export_inputs import document_rows
from pipeline.gazetteer import DATA_FILE, Gazetteer
from pipeline.paths import Workspace
from pipeline.records import Agreement, Document, Event, Mention, Rejection
from pipeline.store import read_all, read_records
from pipeline.text import fold
from pipeline.validators.register import (
    Held,
    Index,
    Recapture,
    RegisterRow,
    Side,
    Verdict,
    parse_register,
    recapture,
    shares,
)

STAGES = ("documents", "annotations", "codings", "mentions")  # whose rejections give reasons
OFFICIAL = "government"
_NAMES = 40  # names of a place to look for in texts: all that it commonly has
_REASONS = 3  # reasons shown for a row, the most common first


@dataclass(frozen=True, slots=True)
class Recall:
    """The result: a verdict per row, the reason for each missing one, the estimate."""

    verdicts: tuple[Verdict, ...]
    reasons: Mapping[int, str]  # by line of the register
    total: Recapture

    def as_data(self) -> dict[str, object]:
        """Return plain values for JSON."""
        found, fitting = shares(self.verdicts)
        return {
            "rows": len(self.verdicts),
            "found": found,
            "found_with_fitting_year": fitting,
            "recall": round(found / len(self.verdicts), 4) if self.verdicts else None,
            "register": [
                {
                    "line": v.row.line,
                    "party": v.row.party,
                    "partner": v.row.partner,
                    "year": v.row.year,
                    "agreement_ids": list(v.agreement_ids),
                    "year_fits": v.year_fits,
                    "reason": self.reasons.get(v.row.line),
                }
                for v in self.verdicts
            ],
            "estimate": {
                "official": self.total.first,
                "others": self.total.second,
                "both": self.total.both,
                "agreements": self.total.estimate,
                "low": self.total.low,
                "high": self.total.high,
            },
        }

    def as_text(self) -> str:
        """Return the result for people."""
        found, fitting = shares(self.verdicts)
        count = len(self.verdicts)
        lines = [
            f"{found} of {count} rows found ({100 * found / count:.0f} %), "
            f"{fitting} of them in a fitting year or without one"
            if count
            else "the register has no rows"
        ]
        for v in self.verdicts:
            name = f"{v.row.party} – {v.row.partner}" + (f" {v.row.year}" if v.row.year else "")
            if v.agreement_ids:
                year = "" if v.year_fits is not False else ", in another year"
                lines.append(f"  found    {name}: {', '.join(v.agreement_ids)}{year}")
            else:
                lines.append(f"  missing  {name}: {self.reasons.get(v.row.line, '')}")
        return "\n".join([*lines, *self._estimate()])

    def _estimate(self) -> Iterator[str]:
        t = self.total
        yield (
            f"agreements in official documents {t.first}, in others {t.second}, in both {t.both}"
        )
        if t.estimate is None or t.low is None or t.high is None:
            yield "too few stand in both to estimate how many there are"
        else:
            yield (
                f"about {t.estimate:.0f} agreements in all (95 %: {t.low:.0f} to {t.high:.0f}), "
                "if the two groups report independently; else more"
            )


def run_recall(workspace: Workspace, register: Path) -> Recall:
    """Compare the newest build with a register.

    Raises:
        ConfigError: The register cannot be read, or nothing was built yet.
    """
    try:
        text = register.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{register}: cannot be read ({error}). A register is a CSV file in UTF-8."
        raise ConfigError(msg) from error
    rows = parse_register(text, str(register))
    path = workspace.build / "agreements.parquet"
    if not path.exists():
        msg = f"{path}: nothing was built yet. Run `cityaccords extract` first."
        raise ConfigError(msg)
    folder = workspace.models / "gazetteer"
    gazetteer = Gazetteer.load(folder) if (folder / DATA_FILE).exists() else None
    index = Index(
        _held(workspace, read_records(path, Agreement)),
        gazetteer.lookup if gazetteer else lambda name: (),
    )
    verdicts = tuple(index.find(row) for row in rows)
    missing = [v.row for v in verdicts if not v.agreement_ids]
    reasons = _reasons(workspace, missing, gazetteer) if missing else {}
    return Recall(verdicts, reasons, _estimate(workspace))


def _held(workspace: Workspace, agreements: Iterable[Agreement]) -> Iterator[Held]:
    """Yield what is held of each agreement."""
    parties = {p.id: p for p in read_records(workspace.build / "parties.parquet", PartyRow)}
    ids: dict[str, tuple[str, str]] = {}
    for built in read_records(workspace.build / "mentions.parquet", BuiltMention):
        ids[built.agreement_id] = (built.local_party_id, built.partner_id)
    years: dict[str, set[int]] = defaultdict(set)
    for event in read_records(workspace.build / "events.parquet", Event):
        years[event.agreement_id] |= set(_years(event.date))
    for a in agreements:
        one, other = (
            Side(i, (p.name, *parties[i].aliases) if i in parties else (p.name,))
            for i, p in zip(
                ids.get(a.agreement_id, ("", "")), (a.local_party, a.partner), strict=True
            )
        )
        known = years[a.agreement_id] | {
            y for d in (a.first_date, a.signed_date, a.latest_date) for y in _years(d)
        }
        yield Held(a.agreement_id, (one, other), frozenset(known))


def _years(date: str | None) -> Iterator[int]:
    """Yield the years at both ends of an EDTF date."""
    for end in (date or "").split("/"):
        if end[:4].isdecimal():
            yield int(end[:4])


def _estimate(workspace: Workspace) -> Recapture:
    """Estimate the number of agreements from official and other documents."""
    kinds = {d.doc_id: d.source_kind for d in document_rows(workspace)}
    groups: dict[bool, set[str]] = {True: set(), False: set()}
    for built in read_records(workspace.build / "mentions.parquet", BuiltMention):
        groups[kinds.get(built.mention.doc_id) == OFFICIAL].add(built.agreement_id)
    return recapture(groups[True], groups[False])


def _reasons(
    workspace: Workspace, rows: Sequence[RegisterRow], gazetteer: Gazetteer | None
) -> dict[int, str]:
    """Say for each missing row how far the documents that name both sides came."""
    stopped: dict[str, str] = {}
    for stage in STAGES:
        for path in workspace.shards(stage):
            beside = path.with_name(f"{path.stem}.rejections.parquet")
            if beside.exists():
                stopped |= {r.doc_id: r.reason for r in read_records(beside, Rejection)}
    below = {m.doc_id for m in read_all(workspace.shards("mentions"), Mention)}
    naming = _documents_naming(workspace, rows, gazetteer)
    return {row.line: _reason(naming[row.line], stopped, below) for row in rows}


def _reason(docs: tuple[set[str], set[str]], stopped: Mapping[str, str], below: set[str]) -> str:
    one, other = docs
    common = sorted(one & other)
    if not common:
        return (
            f"no document names both ({len(one)} name the party, {len(other)} the partner): "
            "the sources do not have it"
        )
    reasons = Counter(
        stopped.get(d, "read, but this pair was not taken for an agreement" if d in below else "")
        or "not yet read to the end: run `cityaccords extract`"
        for d in common
    )
    told = "; ".join(f"{n} × {r}" for r, n in reasons.most_common(_REASONS))
    count = "1 document names" if len(common) == 1 else f"{len(common)} documents name"
    return f"{count} both: {told}"


def _documents_naming(
    workspace: Workspace, rows: Sequence[RegisterRow], gazetteer: Gazetteer | None
) -> dict[int, tuple[set[str], set[str]]]:
    """Return, by line, the documents that name the party and those that name the partner."""
    owners: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for row in rows:
        for side, name in enumerate((row.party, row.partner)):
            for spelling in _spellings(name, gazetteer):
                owners[spelling].add((row.line, side))
    spellings = sorted(owners)
    automaton = AhoCorasick([f" {s} " for s in spellings], matchkind=MatchKind.Standard)
    found: dict[int, tuple[set[str], set[str]]] = {r.line: (set(), set()) for r in rows}
    for document in read_all(workspace.shards("documents"), Document):
        text = f" {' '.join(_words(document.text))} "
        for index, _, _ in automaton.find_matches_as_indexes(text, overlapping=True):
            for line, side in owners[spellings[index]]:
                found[line][side].add(document.doc_id)
    return found


def _spellings(name: str, gazetteer: Gazetteer | None) -> set[str]:
    """Return the folded spellings of a name and, for a place, its other names."""
    names = [name]
    if gazetteer is not None and (ids := gazetteer.lookup(name)):
        names += gazetteer.names_of(ids[0])[:_NAMES]
    return {" ".join(_words(n)) for n in names} - {""}


def _words(text: str) -> list[str]:
    """Return the folded words of a text, without what stands between them."""
    return "".join(c if c.isalnum() else " " for c in fold(text)).split()
