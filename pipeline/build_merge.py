"""One bucket of a build: its mentions merged into agreements, and the rows of these.

A bucket holds all mentions of some pairs of parties, so that buckets know nothing of each other and
any worker may take any. Each is merged twice: once to learn which agreements need an id, and once
with the ids to write the rows. That is cheaper than to keep a million mentions in between.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.build_rows import SortedRows, gathered, issue_key, write_sorted
from pipeline.builders import assemble, lineage, reprints, result
from pipeline.builders.merge import merge_pair
from pipeline.builders.model import Telling
from pipeline.builders.packed import unpack
from pipeline.builders.plausible import Sleep
from pipeline.builders.registry import Unnamed
from pipeline.builders.resolve import Body
from pipeline.builders.twins import join_twins
from pipeline.built import BuiltMention
from pipeline.records import Agreement, Claim, Event, Issue

PENDING = 30_000  # claims held before they are written: some 30 MB
TOGETHER = 400  # mentions unpacked at a time: enough for columns to pay, some 4 MB


@dataclass(frozen=True, slots=True)
class Settings:
    """What merging depends on beside the mentions, kept in a file for all workers."""

    focus_country: str
    vetted: float
    today: str | None
    dormant_years: int
    stage_order: Mapping[str, int]
    levels: Mapping[str, str]
    place_names: Mapping[str, str]
    bodies: Mapping[str, Body]

    def save(self, path: Path) -> None:
        """Write them."""
        plain = {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "bodies"
        }
        bodies = {
            i: [sorted(b.ids), b.names, dict(b.kinds), dict(b.countries)]
            for i, b in self.bodies.items()
        }
        path.write_text(json.dumps({**plain, "bodies": bodies}, ensure_ascii=False), "utf-8")

    def rules(self) -> assemble.Rules:
        """Return them as one draft needs them."""
        return assemble.Rules(
            focus_country=self.focus_country,
            stage_order=self.stage_order,
            level_of=self.levels.__getitem__,
            place_names=self.place_names,
            vetted=self.vetted,
            sleep=Sleep(self.today, self.dormant_years),
        )


@lru_cache(maxsize=1)
def _settings(path: Path) -> Settings:
    """Return the settings of a build, read once per process; each build has a path of its own."""
    data = json.loads(path.read_text("utf-8"))
    bodies = {
        i: Body(i, frozenset(ids), names, Counter(kinds), Counter(countries))
        for i, (ids, names, kinds, countries) in data.pop("bodies").items()
    }
    return Settings(**data, bodies=bodies)


@dataclass(frozen=True, slots=True)
class BucketTask:
    """A bucket to merge: its mentions, the settings, and the ids of its agreements once known.

    ``heirs`` says which agreement stands for one that a person found to be the same as it.
    """

    folder: Path
    settings: Path
    work: Path
    ids: tuple[str, ...] = ()
    heirs: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def number(self) -> int:
        """Which bucket it is."""
        return int(self.folder.name.partition("=")[2])


@dataclass(frozen=True, slots=True)
class Found:
    """An agreement of a bucket that needs an id; the pair orders it among those of all buckets."""

    pair: tuple[str, str]
    place: int
    unnamed: Unnamed


@dataclass(slots=True)
class Written:
    """What a bucket wrote, by table, and what the relations between agreements need."""

    files: dict[str, list[SortedRows]] = dataclasses.field(
        default_factory=lambda: defaultdict(list)
    )
    ties: list[lineage.Tie] = dataclasses.field(default_factory=list)
    stubs: list[lineage.Stub] = dataclasses.field(default_factory=list)


def compare_stories(folder: Path) -> list[tuple[int, int]]:
    """Return the documents of one bucket that tell one story, as pairs of ages."""
    import pyarrow.parquet as pq

    by_pair: dict[str, list[reprints.Story]] = defaultdict(list)
    for path in sorted(folder.glob("*.parquet")):
        for row in pq.ParquetFile(path).read().to_pylist():
            by_pair[row["pair"]].append(
                reprints.Story(
                    key=f"{row['age']:012d}",
                    day=row["day"],
                    grams=row["grams"],
                    lead=row["lead"],
                    language=row["language"],
                )
            )
    return sorted(
        (int(a), int(b)) for _, told in sorted(by_pair.items()) for a, b in reprints.retold(told)
    )


def find_agreements(task: BucketTask) -> list[Found]:
    """Return the agreements of a bucket, in an order that depends on content alone."""
    bodies = _settings(task.settings).bodies
    return [Found(d.tellings[0].pair, place, d.unnamed(bodies)) for place, d in _drafts(task)]


def with_ids(
    tasks: Sequence[BucketTask],
    places: Sequence[tuple[int, int]],
    ids: Sequence[str],
    heirs: Mapping[str, str],
) -> list[BucketTask]:
    """Return the tasks with the ids of their agreements.

    Args:
        tasks: The buckets.
        places: Where each agreement is: which bucket, and which one in it.
        ids: The id of each.
        heirs: See `BucketTask`.
    """
    given: list[dict[int, str]] = [{} for _ in tasks]
    for (number, place), agreement_id in zip(places, ids, strict=True):
        given[number][place] = agreement_id
    return [
        dataclasses.replace(task, ids=tuple(i for _, i in sorted(own.items())), heirs=heirs)
        for task, own in zip(tasks, given, strict=True)
    ]


def write_agreements(task: BucketTask) -> Written:
    """Write the rows of a bucket's agreements, whose ids are known by now."""
    written = Written()
    rows = result.Result()
    for number, found in _drafts(task):
        result.add_rows(rows, found, task.ids[number])
        if len(rows.claims) >= PENDING:
            _flush(task, rows, written, number)
            rows = result.Result()
    _flush(task, rows, written, len(task.ids))
    for name, files in written.files.items():
        path = task.work / "rows" / f"{name}-{task.number}.arrow"
        written.files[name] = [gathered(path, files)]
    return written


def _drafts(task: BucketTask) -> Iterator[tuple[int, assemble.Draft]]:
    """Yield the agreements of a bucket, each with its place among those that texts alone make."""
    settings = _settings(task.settings)
    rules, first = settings.rules(), 0
    for tellings, originals in _families(task.folder):
        pairs: dict[tuple[str, str], list[Telling]] = defaultdict(list)
        for telling in tellings:
            pairs[telling.pair].append(telling)
        strands = {pair: merge_pair(found) for pair, found in sorted(pairs.items())}
        told = dict(enumerate(join_twins(strands), start=first))
        first += len(told)
        for number, strand in _joined(told, task).items():
            sources = reprints.independent_sources((t.document for t in strand), originals)
            yield number, assemble.draft(strand, settings.bodies, sources, rules)


def _joined(told: dict[int, list[Telling]], task: BucketTask) -> dict[int, list[Telling]]:
    """Return the strands by place, those that a person joined with the one that stands for them."""
    if not task.heirs:
        return told
    place_of = {task.ids[place]: place for place in told}
    for agreement_id, heir in sorted(task.heirs.items()):
        if agreement_id in place_of and heir in place_of:
            told[place_of[heir]] += told.pop(place_of[agreement_id])
    return told


def _families(folder: Path) -> Iterator[tuple[list[Telling], dict[str, str]]]:
    """Yield the tellings of each family of pairs, with the original of each document."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(folder.glob("*.parquet"))
    table = pa.concat_tables([pq.ParquetFile(f).read() for f in files]).combine_chunks()
    families = list(map(str, table.column("family").to_pylist()))
    order = sorted(range(len(families)), key=families.__getitem__)
    bounds = _bounds([families[i] for i in order])
    for some in _together(bounds):
        start = some[0][0]
        rows = table.take(pa.array(order[start : some[-1][1]]))
        tellings = _tellings(rows)
        originals = rows.column("original").to_pylist()
        for first, last in some:
            here = slice(first - start, last - start)
            docs = (t.mention.doc_id for t in tellings[here])
            yield tellings[here], dict(zip(docs, map(str, originals[here]), strict=True))


def _bounds(families: Sequence[str]) -> list[tuple[int, int]]:
    """Return where each run of equal values begins and ends."""
    starts = [i for i, f in enumerate(families) if i == 0 or f != families[i - 1]]
    return list(zip(starts, [*starts[1:], len(families)], strict=True))


def _together(bounds: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Yield ranges that follow each other, so many that they hold `TOGETHER` rows or a bit more."""
    some: list[tuple[int, int]] = []
    for first, last in bounds:
        some.append((first, last))
        if last - some[0][0] >= TOGETHER:
            yield some
            some = []
    if some:
        yield some


def _tellings(rows: Any) -> list[Telling]:
    """Return the tellings of rows, with what the build has found of each since it was packed."""
    late = ("local_id", "partner_id", "is_superseded", "first_seen")
    found = unpack(rows.column("packed").to_pylist())
    for name in late:
        # Nobody else holds these records yet, and a copy of each for four fields is dear.
        put = getattr(Telling, name).__set__
        for telling, value in zip(found, rows.column(name).to_pylist(), strict=True):
            put(telling, value)
    return found


def _flush(task: BucketTask, rows: result.Result, written: Written, number: int) -> None:
    """Write what is pending, each table sorted by the key of its rows."""
    claims: list[str] = []
    for agreement_id, count in rows.claim_counts:
        claims += [f"{agreement_id} {place:09d}" for place in range(count)]
    tables: list[tuple[str, type[object], Sequence[object], list[str]]] = [
        ("agreements", Agreement, rows.agreements, [a.agreement_id for a in rows.agreements]),
        ("events", Event, rows.events, [e.event_id + e.agreement_id for e in rows.events]),
        ("claims", Claim, rows.claims, claims),
        (
            "mentions",
            BuiltMention,
            rows.mentions,
            [b.mention.mention_id + b.agreement_id for b in rows.mentions],
        ),
        ("issues", Issue, rows.issues, [issue_key(i) for i in rows.issues]),
    ]
    for name, kind, given, keys in tables:
        if given:
            path = task.work / "rows" / f"{name}-{task.number}-{number}.arrow"
            written.files[name].append(write_sorted(path, kind, given, keys))
    written.ties += rows.ties
    written.stubs += rows.stubs
