"""People's corrections, replayed on a build: which still hold, and what they change.

In: ``corpus/judgements/corrections.yml``, the newest versions of the documents that it quotes, and
the tables of a build as they are written. Out: the same tables with the corrected cells and the
words that those rest on; and an issue for every correction that is re-opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.build_rows import table_of
from pipeline.builders.corrections import (
    BASIS,
    CODED,
    Correction,
    corrected,
    find_once,
    is_struck,
    parse_corrections,
)
from pipeline.built import AppliedCorrection
from pipeline.codebook import Codebook
from pipeline.paths import Workspace
from pipeline.records import Agreement, Claim, Document, Issue, Mention, Span
from pipeline.store import read_records, record_of

CORRECTIONS = "corrections.yml"


@dataclass(slots=True)
class Corrections:
    """The corrections of cells that hold, each with the version and the words that it rests on."""

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
            for c, _, _ in self.cells
        ]


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


def replay(workspace: Workspace, ids: Collection[str], issues: list[Issue]) -> Corrections:
    """Find which corrections still hold.

    Args:
        workspace: Where they and the documents are.
        ids: The agreements that stand.
        issues: Gets one for each that does not hold.
    """
    given = load_corrections(workspace)
    found = Corrections()
    if not given:
        return found
    newest: dict[str, Document] = {}
    cited = {c.doc_id for c in given}
    for path in workspace.shards("documents"):
        for document in read_records(path, Document):
            held = newest.get(document.doc_id)
            if document.doc_id in cited and (held is None or _age(held) < _age(document)):
                newest[document.doc_id] = document
    for correction in given:
        quoted = newest.get(correction.doc_id)
        span = find_once(quoted.text, correction.quote) if quoted else None
        if quoted is None or span is None:
            issues.append(_reopened(correction, quoted, "its words do not stand once in the text"))
        elif correction.agreement_id and correction.agreement_id not in ids:
            issues.append(_reopened(correction, quoted, "no document tells its agreement now"))
        elif correction.agreement_id:
            found.cells.append((correction, quoted, span))
    return found


def _age(document: Document) -> tuple[str, str]:
    return (document.retrieved_at, document.capture_id)


def _reopened(correction: Correction, document: Document | None, why: str) -> Issue:
    told = "its document is not there" if document is None else why
    return Issue(
        doc_id=correction.doc_id,
        capture_id=document.capture_id if document else correction.doc_id,
        stage="build",
        field=f"correction {correction.agreement_id} {correction.field}".rstrip(),
        value=correction.value or "",
        reason=f"re-opened, not applied: {told}",
    )


def without_struck(
    mentions: Sequence[Mention], documents: Mapping[str, Document], given: Sequence[Correction]
) -> list[Mention]:
    """Return mentions, those that a person found to tell no agreement with a score of nothing.

    So they fall below the threshold, and their document is rejected for want of a mention, or
    stands for its others.
    """
    from dataclasses import replace

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
