"""All documents and mentions of a build, looked at through DuckDB; what grows with them is on disk.

What Python holds are the parties, and numbers for documents that are like another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pipeline.build_inputs import SPILLS, schema_of_spill
from pipeline.builders import tables, versions
from pipeline.builders.bands import sharing_a_band
from pipeline.builders.derived import Said
from pipeline.builders.packed import unpack, unpack_node
from pipeline.builders.reprints import DAYS, NEAR, Sources
from pipeline.builders.resolve import Node, Seen
from pipeline.built import DocumentRow
from pipeline.paths import Workspace, atomic_write
from pipeline.records import Issue, Rejection, Span
from pipeline.store import COUNTS, FINGERPRINT, schema_of

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    from numpy.typing import NDArray

_BATCH = 10_000  # rows in memory at a time while they stream
_MEMORY = "1GB"  # what DuckDB may hold before it spills; a million documents need about a third
_CANDIDATES = 20_000  # pairs of signatures compared at a time: 40 MB


class Index:
    """The database of one build, in memory up to a limit and then in the work folder."""

    def __init__(self, workspace: Workspace, work: Path) -> None:
        """Find the newest version of every document, and open the spill files."""
        import duckdb

        self._db: duckdb.DuckDBPyConnection = duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "threads": 1,
                "temp_directory": str(work / "duckdb"),
                "autoinstall_known_extensions": False,
                "preserve_insertion_order": False,
            }
        )
        documents = [str(p) for p in workspace.shards("documents")]
        codings = [str(p) for p in workspace.shards("codings")]
        self.is_empty = not documents
        if self.is_empty:
            self._db.execute(tables.NO_DOCUMENTS)
        else:
            self._db.execute(tables.NEWEST, {"documents": documents})
        if codings:
            self._db.execute(tables.RELEVANCE, {"codings": codings})
        else:
            self._db.execute(tables.NO_RELEVANCE)
        for view, name in (("tellings",) * 2, ("scores",) * 2, ("signatures", "documents")):
            files = sorted(str(p) for p in (work / name).glob("*.parquet"))
            if files:
                quoted = ", ".join("'" + f.replace("'", "''") + "'" for f in files)
                self._db.execute(f"CREATE VIEW {view} AS FROM read_parquet([{quoted}])")
            else:
                self._table(view, {c: [] for c in SPILLS[name]}, schema_of_spill(name))

    def __enter__(self) -> Self:
        """Use the index in a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._db.close()

    def _table(self, name: str, columns: Mapping[str, Any], schema: Any) -> None:
        """Make a table of columns that Python made."""
        import pyarrow as pa

        self._db.register("arriving", pa.table(columns, schema=schema))
        self._db.execute(f"CREATE TABLE {name} AS FROM arriving")
        self._db.unregister("arriving")

    def _rows(self, query: str, values: Mapping[str, object] | None = None) -> Iterator[Any]:
        cursor = self._db.cursor().execute(query, dict(values or {}))
        while batch := cursor.fetchmany(_BATCH):
            yield from batch
        cursor.close()

    def _number(self, rows: str) -> int:
        return int(self._db.sql(f"SELECT count(*) FROM {rows}").fetchall()[0][0])  # noqa: S608 - ours

    def settle(self) -> int:
        """Decide which mentions stand (see `versions`); return how many only repeat a newer one."""
        import pyarrow as pa

        self._db.execute(tables.SIMPLE)
        self._db.execute(tables.KEPT)
        kept: dict[str, list[object]] = {"place": [], "is_superseded": [], "first_seen": []}
        repeated = 0
        for doc_id, group in groupby(self._rows(tables.SEVERAL_VERSIONS), lambda r: r[0]):
            _, numbers, lines, newest = zip(*group, strict=True)
            found = unpack(lines)
            places = {(t.mention.capture_id, t.key): n for n, t in zip(numbers, found, strict=True)}
            standing, dropped = versions.settle(found, {doc_id: newest[0]})
            repeated += dropped
            for telling in standing:
                kept["place"].append(places[telling.mention.capture_id, telling.key])
                kept["is_superseded"].append(telling.is_superseded)
                kept["first_seen"].append(telling.first_seen)
        types: dict[str, pa.DataType] = {"place": pa.int64(), "is_superseded": pa.bool_()}
        schema = pa.schema({**types, "first_seen": pa.string()})
        self._table("later", kept, schema)
        self._db.execute("INSERT INTO kept SELECT place, is_superseded, first_seen FROM later")
        return repeated

    def seen(self) -> dict[Node, Seen]:
        """Return what the standing mentions say about each party."""
        found: dict[Node, Seen] = {}
        for node, name, kind, country, told in self._rows(tables.NODES):
            entry = found.setdefault(unpack_node(node), Seen())
            entry.names[name] += told
            entry.kinds[kind] += told
            if country:
                entry.countries[country] += told
        for local, partner in self._rows(tables.COUNTERPARTS):
            one, two = unpack_node(local), unpack_node(partner)
            found[one].counterparts.add(two)
            found[two].counterparts.add(one)
        return found

    def tell(
        self, ids: Mapping[Node, str], families: Mapping[str, str], buckets: int
    ) -> list[Issue]:
        """Give every standing mention its parties and its bucket; complain of pairs of one party.

        Args:
            ids: The id of each node.
            families: The family of each id that is in one with others.
            buckets: Into how many parts the mentions go.
        """
        import pyarrow as pa

        columns = {
            "node": [json.dumps(node, ensure_ascii=False) for node in ids],
            "id": list(ids.values()),
            "family": [families.get(i, i) for i in ids.values()],
        }
        self._table("parties", columns, pa.schema([(n, pa.string()) for n in columns]))
        self._db.execute(tables.TOLD, {"buckets": buckets})
        return [
            Issue(
                doc_id=doc_id,
                capture_id=capture_id,
                stage="build",
                field="partner_name",
                value=name,
                reason="both parties resolve to one",
            )
            for doc_id, capture_id, name in self._rows(tables.SELF_PAIRS)
        ]

    def age(self) -> None:
        """Order the documents that carry a mention by age."""
        self._db.execute(tables.AGES)

    def copies(self) -> list[tuple[int, int]]:
        """Return the documents of one text, or nearly, as pairs of ages."""
        return [*self._rows(tables.SAME_TEXT), *self._near_copies()]

    def _near_copies(self) -> Iterator[tuple[int, int]]:
        """Yield pairs that share a band of their signatures and are alike as a whole."""
        import numpy as np

        by_length: dict[int, tuple[list[int], list[bytes]]] = {}
        for age, bands in self._rows(tables.BANDS):
            ages, found = by_length.setdefault(len(bands), ([], []))
            ages.append(age)
            found.append(bands)
        for length, (ages, found) in by_length.items():
            matrix = np.frombuffer(b"".join(found), dtype=np.uint64).reshape(-1, length // 8)
            candidates = sharing_a_band(np.array(ages, dtype=np.int64), matrix)
            for start in range(0, len(candidates), _CANDIDATES):
                yield from self._alike(candidates[start : start + _CANDIDATES])

    def _alike(self, candidates: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        import numpy as np
        import pyarrow as pa

        self._db.execute("DROP TABLE IF EXISTS wanted")
        self._table("wanted", {"age": np.unique(candidates)}, pa.schema([("age", pa.int64())]))
        signature = {a: np.frombuffer(s, dtype=np.int64) for a, s in self._rows(tables.MINHASHES)}
        for one, two in candidates.tolist():
            a, b = signature[one], signature[two]
            if len(a) == len(b) and float((a == b).mean()) >= NEAR:
                yield one, two

    def write_stories(self, folder: Path) -> list[Path]:
        """Write, bucket by bucket, what is compared of documents that came out together."""
        return self._partition(tables.STORIES, folder, {"days": DAYS})

    def join_sources(self, edges: Iterable[tuple[int, int]]) -> None:
        """Note the original of every document that is like an older one."""
        import pyarrow as pa

        pairs = list(edges)
        ages = sorted({age for pair in pairs for age in pair})
        sources = Sources(map(str, ages))
        for one, two in pairs:
            sources.join(str(one), str(two))
        columns = {"age": ages, "first": [int(sources.find(str(a))) for a in ages]}
        self._table("joined", columns, pa.schema([("age", pa.int64()), ("first", pa.int64())]))
        self._db.execute(
            "CREATE TABLE originals AS SELECT d.doc_id, o.doc_id AS original FROM joined j "
            "JOIN ages d USING (age) JOIN ages o ON o.age = j.first"
        )

    def write_buckets(self, folder: Path) -> list[Path]:
        """Write the mentions to merge, bucket by bucket."""
        return self._partition(tables.MERGING, folder)

    def _partition(
        self, query: str, folder: Path, values: Mapping[str, object] | None = None
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder).replace("'", "''")
        self._db.execute(
            f"COPY ({query}) TO '{target}' (FORMAT parquet, PARTITION_BY (bucket), "
            "COMPRESSION zstd, COMPRESSION_LEVEL 1, OVERWRITE_OR_IGNORE)",
            dict(values or {}),
        )
        return sorted(folder.glob("bucket=*"), key=lambda p: int(p.name.partition("=")[2]))

    def said(self) -> Iterator[Said]:
        """Yield what the codes of documents follow from, sorted by document and version."""
        for doc_id, capture_id, start, end, level, scope, score in self._rows(tables.SAID):
            yield Said(doc_id, capture_id, Span(start=start, end=end), level, scope, score)

    def conclude(self, candidate: float) -> list[Rejection]:
        """Note what became of each document; return those whose mentions are all too weak."""
        self._db.execute(tables.FINDINGS)
        return [
            Rejection(
                doc_id=doc_id,
                capture_id=capture_id,
                url=url or None,
                source_id=source_id,
                stage="build",
                reason=(
                    f"best mention scores {best:.4f}, below the candidate threshold {candidate:.4f}"
                ),
            )
            for doc_id, capture_id, url, source_id, best in self._rows(tables.REJECTED)
        ]

    def counts(self) -> dict[str, int]:
        """Return counts of documents (seen = forwarded + rejected) and of mentions."""
        seen = self._number("findings")
        standing = self._number("findings WHERE stands")
        return {
            "seen": seen,
            "forwarded": standing,
            "rejected": seen - standing,
            "mentions": self._number("told WHERE local_id <> partner_id"),
            "below_threshold": self._number("scores WHERE is_below"),
        }

    def tellings(self) -> int:
        """Return how many mentions count."""
        return self._number("tellings")

    def today(self) -> str | None:
        """Return the day on which the newest version was retrieved."""
        (moment,) = self._db.sql("SELECT max(retrieved_at) FROM newest").fetchall()[0]
        return moment[:10] if moment else None

    def write_documents(self, path: Path, fingerprint: str) -> None:
        """Write the rows of all documents, sorted by doc_id."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        metadata = {FINGERPRINT: fingerprint.encode(), COUNTS: b"{}"}
        schema = schema_of(DocumentRow).with_metadata(metadata)
        with (
            atomic_write(path) as handle,
            pq.ParquetWriter(handle, schema, compression="zstd") as writer,
        ):
            if self.is_empty:
                return
            for batch in self._db.sql(tables.DOCUMENTS).to_arrow_reader(_BATCH):
                table = pa.Table.from_batches([batch])
                columns = [table.column(f.name).cast(f.type) for f in schema]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
