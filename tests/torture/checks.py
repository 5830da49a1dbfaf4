"""What must hold of a workspace after a run, read from its files and not through our own readers.

The catalog is read with sqlite3, the archive with warcio. Each check returns what is wrong in
words; an empty list is a pass.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

ANSWERS = ("response", "resource", "revisit")
_SHOWN = 10  # problems of one kind that are told one by one

State = Counter[tuple[str, str, str, str]]


@dataclass
class Archived:
    """One capture as it stands in the archive."""

    capture_id: str
    doc_id: str
    role: str
    kind: str
    sha256: str
    place: tuple[str, int]
    problems: list[str] = field(default_factory=list)


def rows(workspace: Path, query: str, *values: object) -> list[dict[str, Any]]:
    """Return what a query finds in the catalog."""
    path = workspace / "corpus" / "catalog.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        found = [dict(row) for row in db.execute(query, values)]
    db.close()
    return found


def archived(workspace: Path) -> Iterator[Archived]:
    """Yield every capture of the archive, its payload hashed anew."""
    for path in sorted((workspace / "corpus" / "archive").glob("*.warc.gz*")):
        yield from _captures_of(path)


def _captures_of(path: Path) -> Iterator[Archived]:
    ids: set[str] = set()
    answer: tuple[str, int, bytes, str] | None = None
    with path.open("rb") as handle:
        records = ArchiveIterator(handle)
        for record in records:
            name = record.rec_headers.get_header("WARC-Record-ID")
            kind = record.rec_type
            body = record.content_stream().read()
            offset = records.get_record_offset()  # after the body: it reads the record to its end
            twice = name in ids
            ids.add(name)
            if kind in ANSWERS:
                digest = record.rec_headers.get_header("WARC-Payload-Digest")
                answer = (kind, offset, body, digest)
            facts = json.loads(body) if kind == "metadata" else {}
            if "capture" in facts and answer is not None:
                found = _joined(path, answer, facts)
                if twice:
                    found.problems.append("its record id stands twice in the file")
                yield found
                answer = None


def _joined(path: Path, answer: tuple[str, int, bytes, str], facts: dict[str, Any]) -> Archived:
    kind, offset, payload, digest = answer
    told = facts["capture"]
    found = Archived(
        told["capture_id"],
        told["doc_id"],
        facts["note"]["role"],
        kind,
        told["payload_sha256"],
        (path.name, offset),
    )
    sha = hashlib.sha256(payload).hexdigest()
    if kind != "revisit" and sha != found.sha256:
        found.problems.append("the payload has another SHA-256 than the capture says")
    if kind != "revisit" and len(payload) != told["payload_length"]:
        found.problems.append("the payload has another length than the capture says")
    if digest != f"sha256:{found.sha256}":
        found.problems.append("the record's digest is not the capture's")
    return found


def consistency(workspace: Path) -> list[str]:
    """Return what is wrong between archive and catalog, and inside each."""
    problems = [f"{p.name} is left open" for p in workspace.rglob("*.open")]
    stands = list(archived(workspace))
    for capture in stands:
        problems += [f"{capture.place}: {told}" for told in capture.problems]
    twice = [i for i, n in Counter(c.capture_id for c in stands).items() if n > 1]
    problems += [f"capture {i} stands twice in the archive" for i in twice]
    known = {row["capture_id"]: row for row in rows(workspace, "SELECT * FROM captures")}
    by_id = {capture.capture_id: capture for capture in stands}
    problems += [f"capture {i} is not in the catalog" for i in sorted(by_id.keys() - known)]
    problems += [f"capture {i} is not in the archive" for i in sorted(known.keys() - by_id)]
    for name in by_id.keys() & known.keys():
        problems += _differences(by_id[name], known[name])
    problems += _sliced(workspace, known)
    return problems + _pages(workspace, known) + _shards(workspace, stands) + _sqlite(workspace)


def _differences(capture: Archived, row: dict[str, Any]) -> list[str]:
    told = {
        "place": (row["warc_file"], row["warc_offset"]) == capture.place,
        "document": row["doc_id"] == capture.doc_id,
        "kind": row["kind"] == capture.kind,
        "role": row["role"] == capture.role,
        "SHA-256": row["payload_sha256"] == capture.sha256,
    }
    wrong = [name for name, is_same in told.items() if not is_same]
    return [f"capture {capture.capture_id}: catalog and archive differ in {n}" for n in wrong]


def _sliced(workspace: Path, known: dict[str, dict[str, Any]]) -> list[str]:
    """Cut each capture that the catalog knows out of its file, by its offset alone."""
    problems = []
    for name, row in known.items():
        with (workspace / "corpus" / "archive" / row["warc_file"]).open("rb") as handle:
            handle.seek(row["warc_offset"])
            record = next(iter(ArchiveIterator(handle)), None)
            payload = b"" if record is None else record.content_stream().read()
        is_whole = hashlib.sha256(payload).hexdigest() == row["payload_sha256"]
        if record is None or record.rec_type != row["kind"]:
            problems.append(f"capture {name}: nothing of its kind stands at its offset")
        elif row["kind"] != "revisit" and not is_whole:
            problems.append(f"capture {name}: cut out, it has another SHA-256")
    return problems


def _pages(workspace: Path, known: dict[str, dict[str, Any]]) -> list[str]:
    """Check that each document's row leads to a capture of that document with that payload."""
    problems = []
    for page in rows(workspace, "SELECT * FROM documents"):
        name = page["capture_id"]
        capture = known.get(name) if name else None
        if name and capture is None:
            problems.append(f"document {page['url']}: its capture {name} is not known")
        elif capture is not None and (
            capture["doc_id"] != page["doc_id"]
            or (page["payload_sha256"] or "") != capture["payload_sha256"]
        ):
            problems.append(f"document {page['url']}: its capture {name} is of something else")
        elif page["state"] in ("fetched", "unchanged") and capture is None:
            problems.append(f"document {page['url']}: {page['state']}, but without a capture")
    return problems


def _shards(workspace: Path, stands: Sequence[Archived]) -> list[str]:
    held = Counter(c.place[0].removesuffix(".warc.gz") for c in stands)
    told = {r["shard_id"]: r["captures"] for r in rows(workspace, "SELECT * FROM shards")}
    if told == dict(held):
        return []
    wrong = sorted(n for n in held.keys() | told if held[n] != told.get(n))
    return [f"shard {n}: {held[n]} captures, the catalog says {told.get(n)}" for n in wrong]


def _sqlite(workspace: Path) -> list[str]:
    told = [r["integrity_check"] for r in rows(workspace, "PRAGMA integrity_check")]
    broken = rows(workspace, "PRAGMA foreign_key_check")
    problems = [f"sqlite: {line}" for line in told if line != "ok"]
    return problems + [f"sqlite: foreign key of {row}" for row in broken]


def final_state(workspace: Path) -> State:
    """Return how often each payload was kept of each document, with times left out.

    A run that follows a kill asks for robots.txt and entry points once more: these requests were
    made, so each may leave a revisit. Of documents revisits count too.
    """
    return Counter(
        (c.doc_id, c.role, c.kind, c.sha256)
        for c in archived(workspace)
        if c.role in ("document", "gone") or c.kind != "revisit"
    )


def page_states(workspace: Path) -> dict[str, tuple[str, str | None]]:
    """Return state and payload of each document by its address."""
    found = rows(workspace, "SELECT url, state, payload_sha256 FROM documents")
    return {row["url"]: (row["state"], row["payload_sha256"]) for row in found}


def discoveries(workspace: Path) -> set[tuple[str, str, str]]:
    """Return which source found which document in which way."""
    found = rows(workspace, "SELECT doc_id, source_id, discovered_by FROM discoveries")
    return {(row["doc_id"], row["source_id"], row["discovered_by"]) for row in found}


def compare(workspace: Path, undisturbed: Path) -> tuple[int, int, list[str]]:
    """Return how many captures are lost and doubled beside an undisturbed run, and all else."""
    ours, theirs = final_state(workspace), final_state(undisturbed)
    lost, doubled = theirs - ours, ours - theirs
    problems = [f"lost: {_short(k)}" for k in list(lost)[:_SHOWN]]
    problems += [f"one too many: {_short(k)} × {n}" for k, n in list(doubled.items())[:_SHOWN]]
    if page_states(workspace) != page_states(undisturbed):
        problems.append("documents have other states than after an undisturbed run")
    if discoveries(workspace) != discoveries(undisturbed):
        problems.append("discoveries are others than after an undisturbed run")
    return lost.total(), doubled.total(), problems


def _short(key: tuple[str, str, str, str]) -> str:
    return f"{key[1]} {key[2]} of document {key[0]}, payload {key[3][:12]}"
