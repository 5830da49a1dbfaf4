"""Build: many documents, one agreement.

In: all shards of ``documents``, ``codings`` and ``mentions``, and people's judgements. Out:
``corpus/build/*.parquet``, written as a set: the file written last carries the fingerprint that all
others carry too. The only file outside is the append-only registry of ids.

**Passes.** Each shard is read once (``build_inputs``). Parties are resolved, and mentions put into
buckets by pair of parties (``build_index``). Any worker merges a bucket (``build_merge``), and the
sorted rows of all are merged (``build_rows``). So memory follows the parties, the agreements and
the largest pair, not the mentions, and the bytes are the same for any number of workers.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline import build_rows
from pipeline.build_corrections import CORRECTIONS, replay
from pipeline.build_crew import Crew, crew_of, work_folder
from pipeline.build_ids import REGISTRY, pairs_of, register, resting_ids
from pipeline.build_index import Index
from pipeline.build_inputs import read_shard, tasks_of
from pipeline.build_merge import (
    BucketTask,
    Settings,
    Written,
    compare_stories,
    find_agreements,
    with_ids,
    write_agreements,
)
from pipeline.builders import lineage, registry, resolve, twins
from pipeline.builders.derived import codings_of
from pipeline.builders.judgements import parse_judgements
from pipeline.builders.plausible import Sleep
from pipeline.builders.result import Parties, places_of
from pipeline.builders.thresholds import Thresholds, parse_thresholds
from pipeline.built import AppliedCorrection, BuiltMention, PartyRow, PlaceRow, RestingId
from pipeline.codebook import Codebook
from pipeline.config import Config
from pipeline.engine import StageReport, code_digest, file_digest, models_digest
from pipeline.gazetteer import DATA_FILE, Gazetteer
from pipeline.paths import Workspace
from pipeline.records import Agreement, Claim, Coding, Event, Issue, Rejection, Relation
from pipeline.store import counts_of, fingerprint_of

LAST = "agreements"  # written last: while it bears an old fingerprint the set is not whole
GAZETTEER = f"gazetteer/{DATA_FILE}"
THRESHOLDS = "thresholds.yml"
PARTIES = "parties.yml"
MANY_SHARDS = 8  # fewer are read sooner than other processes start, which takes three seconds
PER_BUCKET = 2_500  # mentions: enough buckets for all workers from ten thousand mentions on
MOST_BUCKETS = 64  # files of a table open in the last merge; at a million mentions 50 MB each


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
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> BuildReport:
    """Bring ``corpus/build`` up to date; skipped when its fingerprint still holds.

    Args:
        workspace: Where the shards and the judgements are.
        config: Settings; only ``build`` counts.
        now: The time that stands beside new ids in the registry; no published file shows it.
        workers: Processes for shards and buckets; 0 means one per core, or this process alone
            where there is little to do. The bytes are the same.
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
    if not workers:
        many = len(workspace.shards("mentions")) >= MANY_SHARDS
        workers = (os.cpu_count() or 1) if many else 1
    with work_folder(workspace) as work, crew_of(workers) as crew:
        _Build(workspace, config, now, work, crew).run(report, progress)
    return report


def fingerprint(workspace: Workspace, config: Config) -> str:
    """Return the digest of everything that a build depends on."""
    names = [n for n in ("codebook.yml", THRESHOLDS, GAZETTEER) if (workspace.models / n).exists()]
    parts = [
        code_digest("pipeline.build"),
        models_digest(workspace.models, names),
        json.dumps(config.values(("build",)), sort_keys=True),
    ]
    for name in (PARTIES, REGISTRY, CORRECTIONS):
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


class _Build:
    """One build, pass by pass."""

    def __init__(
        self, workspace: Workspace, config: Config, now: datetime, work: Path, crew: Crew
    ) -> None:
        self.workspace, self.config, self.now = workspace, config, now
        self.work, self.crew = work, crew
        self.thresholds = _thresholds(workspace)
        self.gazetteer = _gazetteer(workspace)
        self.issues: list[Issue] = []
        self.bodies: dict[str, resolve.Body] = {}

    def run(self, report: BuildReport, progress: Callable[[int, int], None]) -> None:
        """Build everything and write it, the agreements last."""
        tasks = tasks_of(self.workspace, self.thresholds.candidate, self.work)
        for done, issues in enumerate(self.crew(read_shard, tasks), start=1):
            self.issues += issues
            progress(done, len(tasks))
        with Index(self.workspace, self.work) as index:
            repeated = index.settle()
            self._resolve(index)
            self._find_copies(index)
            buckets, found = self._merge(index)
            unnamed = [f for f, _ in found]
            ids, resting = register(self.workspace, unnamed, self.now)
            sleep = Sleep(index.today(), self.config.build.dormant_years)
            pairs = pairs_of(ids, unnamed)
            self.corrections = replay(self.workspace, pairs, sleep, self.issues)
            self.resting = resting_ids(resting, ids, unnamed, self.corrections.heirs())
            report.resting_ids = tuple(r.agreement_id for r in self.resting)
            written = self._write_buckets(buckets, [b for _, b in found], ids)
            rejections = index.conclude(self.thresholds.candidate)
            report.counts = {
                **index.counts(),
                "repeated": repeated,
                **{n: sum(f.count for f in written.files[n]) for n in (LAST, "events", "claims")},
            }
            mark = fingerprint(self.workspace, self.config)  # again: the registry has grown
            index.write_documents(self.workspace.build / "documents.parquet", mark)
            self._write(index, written, rejections, mark, report.counts)

    def _resolve(self, index: Index) -> None:
        """Resolve the parties and send every mention into the bucket of its pair."""
        path = self.workspace.judgements / PARTIES
        lookup = self.gazetteer.lookup if self.gazetteer else lambda name: ()
        nodes, self.bodies = resolve.resolve_seen(
            index.seen(), parse_judgements(_text(path), str(path)), lookup
        )
        families = twins.families(self.bodies, lookup)
        buckets = min(MOST_BUCKETS, 1 + index.tellings() // PER_BUCKET)
        self.issues += index.tell(nodes, families, buckets)

    def _place_names(self) -> dict[str, str]:
        known = self.gazetteer
        return {b: known.place(b).name for b in self.bodies if b in known} if known else {}

    def _find_copies(self, index: Index) -> None:
        """Find which documents are one source."""
        index.age()
        edges = list(index.copies())
        for found in self.crew(compare_stories, index.write_stories(self.work / "stories")):
            edges += found
        index.join_sources(edges)

    def _merge(
        self, index: Index
    ) -> tuple[list[BucketTask], list[tuple[registry.Unnamed, tuple[int, int]]]]:
        """Merge every bucket; return the agreements, each with its bucket and place in it."""
        codebook = Codebook.load(self.workspace.models)
        path = self.work / "settings.json"
        Settings(
            focus_country=self.config.build.focus_country,
            vetted=self.thresholds.vetted,
            today=index.today(),
            dormant_years=self.config.build.dormant_years,
            stage_order={s: codebook.stage_order(s) for s in codebook.ids("stage")},
            levels={k: codebook.level_of(k) for k in codebook.ids("party_kind")},
            place_names=self._place_names(),
            bodies=self.bodies,
        ).save(path)
        folders = index.write_buckets(self.work / "buckets")
        tasks = [BucketTask(folder, path, self.work) for folder in folders]
        found = [
            (f.pair, f.place, number, f.unnamed)
            for number, given in enumerate(self.crew(find_agreements, tasks))
            for f in given
        ]
        found.sort(key=lambda f: (f[0], f[1]))
        return tasks, [(unnamed, (number, place)) for _, place, number, unnamed in found]

    def _write_buckets(
        self, tasks: Sequence[BucketTask], places: Sequence[tuple[int, int]], ids: Sequence[str]
    ) -> Written:
        named = with_ids(tasks, places, ids, self.corrections.heirs())
        every = Written()
        for written in self.crew(write_agreements, named):
            for name, files in written.files.items():
                every.files[name] += files
            every.ties += written.ties
            every.stubs += written.stubs
        return every

    def _write(
        self,
        index: Index,
        written: Written,
        rejections: Sequence[Rejection],
        mark: str,
        counts: Mapping[str, int],
    ) -> None:
        """Write the set; the agreements come last."""

        def put(name: str, kind: type[object], tables: Iterable[build_rows.Table]) -> None:
            path = self.workspace.build / f"{name}.parquet"
            last = counts if name == LAST else None
            build_rows.write_tables(path, kind, tables, fingerprint=mark, counts=last)

        def rows(name: str, kind: type[object], given: Iterable[object]) -> None:
            put(name, kind, build_rows.in_chunks(given, kind))

        stubs = {s.agreement_id: s for s in written.stubs}
        names = {i: b.names for i, b in self.bodies.items()}
        parties, files = self._parties(written), written.files
        path = self.work / "rows" / "issues-build.arrow"
        keys = [build_rows.issue_key(i) for i in self.issues]
        files["issues"].append(build_rows.write_sorted(path, Issue, self.issues, keys))
        put("mentions", BuiltMention, build_rows.merged(files["mentions"]))
        put("events", Event, build_rows.merged(files["events"]))
        rows("relations", Relation, lineage.relations(written.ties, stubs, names))
        put("claims", Claim, self.corrections.claims(build_rows.merged(files["claims"])))
        rows("corrections", AppliedCorrection, self.corrections.applied())
        rows("parties", PartyRow, parties)
        rows("places", PlaceRow, places_of(parties, self.gazetteer))
        rows("rejections", Rejection, rejections)
        rows("resting", RestingId, self.resting)
        rows("codings", Coding, codings_of(index.said()))
        put("issues", Issue, build_rows.merged(files["issues"]))
        put(LAST, Agreement, self.corrections.agreements(build_rows.merged(files[LAST])))

    def _parties(self, written: Written) -> list[PartyRow]:
        found, columns = Parties(self.bodies), ("local_party", "partner")
        for row in build_rows.records_of(written.files[LAST], columns):
            for p in (row[c] for c in columns):
                found.add(p["referent_id"], p["name"], p["kind"], p["country"])
        return found.rows()
