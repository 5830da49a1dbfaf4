"""Build: many documents, one agreement.

In: all shards of ``documents``, ``codings`` and ``mentions``, and people's judgements. Out:
``corpus/build/*.parquet``, written as a set: the file written last carries the fingerprint that all
others carry too. The only file outside is the append-only registry of ids. Memory follows mentions,
not documents.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pipeline.build_inputs import DocumentFinding, DocumentIndex, Inputs, read_inputs
from pipeline.builders import assemble, registry, reprints, resolve, versions
from pipeline.builders.derived import realised
from pipeline.builders.judgements import parse_judgements
from pipeline.builders.merge import merge_pair
from pipeline.builders.model import Telling
from pipeline.builders.result import Result, places_of, rows_of
from pipeline.builders.thresholds import Thresholds, parse_thresholds
from pipeline.built import BuiltMention, PartyRow, PlaceRow
from pipeline.codebook import Codebook
from pipeline.config import Config
from pipeline.engine import StageReport, code_digest, file_digest, models_digest
from pipeline.faults import fault_point
from pipeline.gazetteer import DATA_FILE, Gazetteer
from pipeline.paths import Workspace, sync_folder
from pipeline.records import Agreement, Claim, Coding, Event, Issue, Rejection, Relation
from pipeline.store import counts_of, fingerprint_of, write_records

LAST = "agreements"  # written last: while it bears an old fingerprint the set is not whole
GAZETTEER = f"gazetteer/{DATA_FILE}"
THRESHOLDS = "thresholds.yml"
PARTIES = "parties.yml"
REGISTRY = "agreements.csv"
_Row = TypeVar("_Row")


@dataclass(slots=True)
class BuildReport:
    """What a build did. Counts of documents: seen = forwarded + rejected."""

    counts: dict[str, int] = field(default_factory=dict)
    skipped: bool = False
    warnings: list[str] = field(default_factory=list)
    resting_ids: tuple[str, ...] = ()

    def as_stage_report(self) -> StageReport:
        """Return the same as other stages report."""
        return StageReport("build", 1, int(self.skipped), dict(self.counts))


def run_build(
    workspace: Workspace,
    config: Config,
    *,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> BuildReport:
    """Bring ``corpus/build`` up to date; skipped when its fingerprint still holds.

    Args:
        workspace: Where the shards and the judgements are.
        config: Settings; only ``build`` counts.
        now: The time that stands beside new ids in the registry; no published file shows it.
        progress: Called with the number of shards read and of all.

    Raises:
        ConfigError: A judgement, the registry, the codebook or the thresholds are wrong.
        OSError: The disk is full. What was built before is intact, or is built again next time.
    """
    report = BuildReport(warnings=_warnings(workspace))
    path = workspace.build / f"{LAST}.parquet"
    if fingerprint_of(path) == fingerprint(workspace, config):
        report.skipped, report.counts = True, counts_of(path)
        return report
    thresholds = _thresholds(workspace)
    inputs = read_inputs(workspace, thresholds.candidate, progress)
    with DocumentIndex(workspace) as index:
        newest = index.newest(t.mention.doc_id for t in inputs.tellings)
        tellings, repeated = versions.settle(inputs.tellings, newest)
        result, originals = _make(workspace, config, thresholds, tellings, inputs, now)
        standing = {b.mention.doc_id for b in result.mentions}
        report.resting_ids = result.resting
        report.counts = {
            "seen": len(inputs.seen),
            "forwarded": len(standing),
            "rejected": len(inputs.seen - standing),
            "mentions": len(result.mentions),
            "below_threshold": inputs.below,
            "repeated": repeated,
            "agreements": len(result.agreements),
            "events": len(result.events),
            "claims": len(result.claims),
        }
        mark = fingerprint(workspace, config)  # again: the registry has grown
        found = {
            d: DocumentFinding(original=originals.get(d, d), best=score, stands=d in standing)
            for d, score in inputs.best.items()
        }
        index.write(workspace.build / "documents.parquet", found, realised(result.mentions), mark)
    _write(workspace, result, inputs, mark, report.counts)
    return report


def fingerprint(workspace: Workspace, config: Config) -> str:
    """Return the digest of everything that a build depends on."""
    names = [n for n in ("codebook.yml", THRESHOLDS, GAZETTEER) if (workspace.models / n).exists()]
    parts = [
        code_digest("pipeline.build"),
        models_digest(workspace.models, names),
        json.dumps(config.values(("build",)), sort_keys=True),
    ]
    for name in (PARTIES, REGISTRY):
        path = workspace.judgements / name
        parts.append(file_digest(path) if path.exists() else "")
    for folder in ("documents", "codings", "mentions"):
        parts += [
            f"{folder}/{p.name} {fingerprint_of(p) or file_digest(p)}"
            for p in workspace.shards(folder)
        ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _warnings(workspace: Workspace) -> list[str]:
    return [
        f"{workspace.models / name}: not there, so {lack}. Restore it or run `make models`."
        for name, lack in (
            (THRESHOLDS, "the built-in thresholds stand in"),
            (GAZETTEER, "places have the names that documents give them, and no coordinates"),
        )
        if not (workspace.models / name).exists()
    ]


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def _thresholds(workspace: Workspace) -> Thresholds:
    path = workspace.models / THRESHOLDS
    return parse_thresholds(_text(path), str(path))


def _gazetteer(workspace: Workspace) -> Gazetteer | None:
    folder = (workspace.models / GAZETTEER).parent
    return Gazetteer.load(folder) if (folder / DATA_FILE).exists() else None


def _make(
    workspace: Workspace,
    config: Config,
    thresholds: Thresholds,
    tellings: Sequence[Telling],
    inputs: Inputs,
    now: datetime,
) -> tuple[Result, dict[str, str]]:
    """Make all rows, and the original of each document that carries a mention."""
    path = workspace.judgements / PARTIES
    nodes, bodies = resolve.resolve(tellings, parse_judgements(_text(path), str(path)))
    pairs = _pairs(tellings, nodes, inputs)
    told = [t for found in pairs.values() for t in found]
    documents = {}
    for telling in sorted(told, key=lambda t: t.document.retrieved_at):
        documents[telling.mention.doc_id] = telling.document
    by_doc: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for telling in told:
        by_doc[telling.mention.doc_id].add(telling.pair)
    originals = reprints.originals(documents.values(), by_doc)
    gazetteer = _gazetteer(workspace)
    codebook = Codebook.load(workspace.models)
    rules = assemble.Rules(
        focus_country=config.build.focus_country,
        stage_order={s: codebook.stage_order(s) for s in codebook.ids("stage")},
        level_of=codebook.level_of,
        place_names={b: gazetteer.place(b).name for b in bodies if b in gazetteer}
        if gazetteer
        else {},
        vetted=thresholds.vetted,
    )
    drafts = []
    for _, found in sorted(pairs.items()):
        for strand in merge_pair(found):
            sources = reprints.independent_sources((t.document for t in strand), originals)
            drafts.append(assemble.draft(strand, bodies, sources, rules))
    ids, resting = _register(workspace, [d.unnamed(bodies) for d in drafts], now)
    result = rows_of(dict(zip(ids, drafts, strict=True)), bodies)
    inputs.issues += result.issues
    result.resting = tuple(r.agreement_id for r in resting)
    result.places = places_of(result.parties, gazetteer)
    return result, originals


def _pairs(
    tellings: Iterable[Telling], nodes: Mapping[resolve.Node, str], inputs: Inputs
) -> dict[tuple[str, str], list[Telling]]:
    """Group tellings by their pair of parties; a party cannot agree with itself."""
    pairs: dict[tuple[str, str], list[Telling]] = defaultdict(list)
    for telling in tellings:
        m = telling.mention
        local, partner = nodes[resolve.node_of(m.local_party)], nodes[resolve.node_of(m.partner)]
        if local == partner:
            inputs.complain(m, "partner_name", m.partner.name, "both parties resolve to one")
            continue
        resolved = replace(telling, local_id=local, partner_id=partner)
        pairs[resolved.pair].append(resolved)
    return pairs


def _register(
    workspace: Workspace, unnamed: Sequence[registry.Unnamed], now: datetime
) -> tuple[list[str], list[registry.Row]]:
    """Give ids and append new ones to the registry, which is never rewritten."""
    path = workspace.judgements / REGISTRY
    text = _text(path)
    rows = registry.parse_registry(text, str(path))
    added_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ids, added, resting = registry.assign(unnamed, rows, added_at)
    if added:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = registry.repair(text) + registry.lines_of(added, header=not text)
        with path.open("ab") as handle:
            handle.write(lines.encode())
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)
        fault_point("build.registry_appended")
    return ids, resting


def _write(
    workspace: Workspace, result: Result, inputs: Inputs, mark: str, counts: Mapping[str, int]
) -> None:
    """Write the set; the agreements come last."""

    def put(name: str, kind: type[_Row], rows: Iterable[_Row]) -> None:
        path = workspace.build / f"{name}.parquet"
        write_records(path, kind, rows, fingerprint=mark, counts=counts if name == LAST else None)

    issues = sorted(
        inputs.issues, key=lambda i: (i.doc_id, i.capture_id, i.field, i.value, i.reason)
    )
    put("mentions", BuiltMention, result.mentions)
    put("events", Event, result.events)
    put("relations", Relation, result.relations)
    put("claims", Claim, result.claims)
    put("parties", PartyRow, result.parties)
    put("places", PlaceRow, result.places)
    put("rejections", Rejection, inputs.rejections)
    put("codings", Coding, result.codings)
    put("issues", Issue, issues)
    put(LAST, Agreement, result.agreements)
