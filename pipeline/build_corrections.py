"""People's corrections, replayed on a build: which still hold, and what they change.

In: ``corpus/judgements/corrections.yml``, the newest versions of the documents that it quotes, and
the tables of a build as they are written. Out: the same tables with the corrected cells and the
words that those rest on; and an issue for every correction that is re-opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.build_rows import read_columns, table_of
from pipeline.builders.corrections import (
    BASIS,
    CODED,
    Correction,
    corrected,
    find_once,
    heir_of,
    is_struck,
    parse_corrections,
)
from pipeline.builders.plausible import Sleep, corrected_sleep
from pipeline.built import AppliedCorrection
from pipeline.codebook import Codebook
from pipeline.paths import Workspace
from pipeline.records import Agreement, Claim, Document, Issue, Mention, Span
from pipeline.store import record_of

CORRECTIONS = "corrections.yml"


@dataclass(slots=True)
class Corrections:
    """The corrections of cells that hold, each with the version and the words that it rests on.

    ``same`` has those that hold of agreements that are the same as another one, by their id.
    """

    sleep: Sleep
    same: dict[str, Correction] = field(default_factory=dict)
    cells: list[tuple[Correction, Document, Span]] = field(default_factory=list)

    def agreements(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Yield the agreements with their corrected cells."""
        by_id: dict[str, list[Correction]] = {}
        for correction, _, _ in self.cells:
            by_id.setdefault(correction.agreement_id, []).append(correction)
        wanted = pa.array(sorted(by_id), pa.string())
        for table in tables:
            if not by_id or not pc.any(pc.is_in(table["agreement_id"], wanted)).as_py():
                yield table
                continue
            rows = [record_of(Agreement, row) for row in table.to_pylist()]
            for place, row in enumerate(rows):
                for correction in by_id.get(row.agreement_id, ()):
                    rows[place] = corrected(rows[place], correction)
                if row.agreement_id in by_id:
                    asleep = corrected_sleep(rows[place], self.sleep)
                    rows[place] = replace(rows[place], dormant=asleep)
            yield table_of(rows, Agreement)

    def claims(self, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Yield the claims: of a corrected cell only the words that the person gave."""
        cells = {("agreement", c.agreement_id, c.field) for c, _, _ in self.cells}
        ids = pa.array(sorted({c[1] for c in cells}), pa.string())
        for table in tables:
            if not cells or not pc.any(pc.is_in(table["record_id"], ids)).as_py():
                yield table
                continue
            columns = (table[c].to_pylist() for c in ("record_type", "record_id", "field"))
            yield table.filter(pa.array([c not in cells for c in zip(*columns, strict=True)]))
        own = [_claim(*cell) for cell in self.cells if cell[0].value is not None]
        if own:
            yield table_of(own, Claim)

    def applied(self) -> list[AppliedCorrection]:
        """Return what stands in the build of them."""
        return [
            AppliedCorrection(agreement_id=c.agreement_id, field=c.field, digest=c.digest)
            for c in (*(c for c, _, _ in self.cells), *self.same.values())
        ]

    def heirs(self) -> dict[str, str]:
        """Return which agreement stands for each that is the same as another one."""
        return {agreement_id: heir_of(agreement_id, self.same) for agreement_id in self.same}


def _claim(correction: Correction, document: Document, span: Span) -> Claim:
    return Claim(
        record_type="agreement",
        record_id=correction.agreement_id,
        field=correction.field,
        value=correction.value or "",
        doc_id=document.doc_id,
        capture_id=document.capture_id,
        span=span,
        basis=BASIS,
        first_seen=document.retrieved_at,
        last_seen=document.retrieved_at,
    )


def load_corrections(workspace: Workspace) -> tuple[Correction, ...]:
    """Return the corrections of a workspace.

    Raises:
        ConfigError: The file is wrong; the message gives its line.
    """
    path = workspace.judgements / CORRECTIONS
    if not path.exists():
        return ()
    codebook = Codebook.load(workspace.models)
    codes = {dimension: codebook.ids(dimension) for dimension in CODED.values()}
    return parse_corrections(path.read_text("utf-8"), str(path), codes)


def replay(
    workspace: Workspace,
    pairs: Mapping[str, frozenset[str]],
    sleep: Sleep,
    issues: list[Issue],
) -> Corrections:
    """Find which corrections still hold.

    Args:
        workspace: Where they and the documents are.
        pairs: The two parties of each agreement that stands, by its id.
        sleep: When an agreement counts as dormant.
        issues: Gets one for each that does not hold.
    """
    found = Corrections(sleep)
    given = load_corrections(workspace)
    newest = _newest(workspace, {c.doc_id for c in given}) if given else {}
    for correction in sorted(given, key=lambda c: not c.same_as):  # what stands is known first
        quoted = newest.get(correction.doc_id)
        span = find_once(quoted.text, correction.quote) if quoted else None
        why = "" if span else "its words do not stand once in the text"
        why = why or _obstacle(correction, pairs, found)
        if quoted is None or span is None or why:
            issues.append(_reopened(correction, quoted, why))
        elif correction.same_as:
            found.same[correction.agreement_id] = correction
        elif correction.agreement_id:
            found.cells.append((correction, quoted, span))
    return found


def _newest(workspace: Workspace, cited: Collection[str]) -> dict[str, Document]:
    newest: dict[str, Document] = {}
    for path in workspace.shards("documents"):
        for document in read_columns(path, Document):
            held = newest.get(document.doc_id)
            if document.doc_id in cited and (held is None or _age(held) < _age(document)):
                newest[document.doc_id] = document
    return newest


def _obstacle(
    correction: Correction, pairs: Mapping[str, frozenset[str]], found: Corrections
) -> str:
    """Return why a correction cannot be applied to the agreements that stand; empty if it can."""
    one, other = correction.agreement_id, correction.same_as
    if one and one not in pairs:
        return "no document tells its agreement now"
    if one in found.same and not other:
        return f"its agreement was merged into {heir_of(one, found.same)}"
    if other and other not in pairs:
        return f"no document tells {other} now"
    if other and pairs[one] != pairs[other]:
        return f"{other} is of other parties: if they are the same, parties.yml must say so first"
    return ""


def _age(document: Document) -> tuple[str, str]:
    return (document.retrieved_at, document.capture_id)


def _reopened(correction: Correction, document: Document | None, why: str) -> Issue:
    told = "its document is not there" if document is None else why
    told_as = "same_as" if correction.same_as else ""
    return Issue(
        doc_id=correction.doc_id,
        capture_id=document.capture_id if document else correction.doc_id,
        stage="build",
        field=f"correction {correction.agreement_id} {correction.field or told_as}".rstrip(),
        value=correction.value or correction.same_as,
        reason=f"re-opened, not applied: {told}",
    )


def without_struck(
    mentions: Sequence[Mention], documents: Mapping[str, Document], given: Sequence[Correction]
) -> list[Mention]:
    """Return mentions, those that a person found to tell no agreement with a score of nothing.

    So they fall below the threshold, and their document is rejected for want of a mention, or
    stands for its others.
    """
    quotes: dict[str, list[str]] = {}
    for correction in given:
        if not correction.agreement_id:
            quotes.setdefault(correction.doc_id, []).append(correction.quote)
    if not quotes:
        return list(mentions)
    kept = []
    for mention in mentions:
        document = documents.get(mention.capture_id)
        told = quotes.get(mention.doc_id, []) if document else []
        spans = [s for q in told if document and (s := find_once(document.text, q))]
        kept.append(replace(mention, score=0.0) if is_struck(mention, spans) else mention)
    return kept
