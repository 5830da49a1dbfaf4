"""Makes documents and mentions for tests of build, export, validate and report.

A mention is made from the sentence that tells it, and its evidence spans are found in the text,
so that every span of a test corpus slices back to its words as real ones do.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.archive import ArchiveWriter
from pipeline.build_inputs import facts_of
from pipeline.builders.model import Telling
from pipeline.builders.resolve import id_of, node_of
from pipeline.captures import Note
from pipeline.paths import CHECKOUT, Workspace, shard_id_of
from pipeline.records import (
    Capture,
    Coding,
    Document,
    FieldEvidence,
    Lineage,
    Mention,
    Party,
    Span,
    Step,
    stable_id,
)
from pipeline.store import read_records, write_records

YOGYAKARTA = Party(name="Yogyakarta", kind="city", country="ID", referent_id="id:34.71")
KYOTO = Party(name="Kyoto Prefecture", kind="province", country="JP", referent_id="gn:1857907")
BOSTON = Party(name="Boston", kind="city", country="US", referent_id="gn:4930956")
MPF = Party(name="Medical Peace Foundation", kind="ngo", country="KR")


def document(
    name: str,
    text: str,
    *,
    published: str | None = "2020-01-01",
    kind: str = "news",
    url: str | None = "",
    retrieved_at: str = "2026-11-01T00:00:00Z",
    title: str | None = "A title",
    language: str = "en",
    source_id: str = "",
    minhash: tuple[int, ...] = (),
) -> Document:
    """Return one document version; ``name`` decides its doc_id and, unless given, its publisher."""
    if url == "":
        url = f"https://{name}.example/story"
    return Document(
        doc_id=stable_id("doc", name),
        capture_id=stable_id("capture", name, text, retrieved_at),
        external_id=name,
        source_id=source_id or name,
        source_kind=kind,
        source_country="ID",
        url=url,
        title=title,
        text=text,
        language=language,
        published=published,
        published_by="meta",
        retrieved_at=retrieved_at,
        reader="test",
        word_count=len(text.split()),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        minhash=minhash,
    )


def find(text: str, words: str) -> Span:
    """Return where ``words`` stand in ``text``; the whole text where they do not."""
    start = text.find(words)
    return Span(start=start, end=start + len(words)) if start >= 0 else Span(start=0, end=len(text))


def mention(
    doc: Document,
    local: Party,
    partner: Party,
    *,
    sentence: str = "",
    instrument: str = "sister_city_agreement",
    stage: str = "signed",
    modality: str = "asserted",
    date: str | None = None,
    date_kind: str | None = None,
    start_date: str | None = None,
    sectors: Sequence[str] = (),
    follow_up: str = "unknown",
    background: bool = False,
    steps: Iterable[tuple[str, str | None]] = (),
    lineage: Iterable[tuple[str, str]] = (),
    score: float = 0.9,
    group: str | None = None,
) -> Mention:
    """Return a mention whose every coded cell rests on ``sentence`` (or the whole short text)."""
    span = find(doc.text, sentence) if sentence else Span(start=0, end=len(doc.text))
    kind = date_kind or ("signed" if date else None)
    cells = {
        "local_party_name": local.name,
        "local_party_kind": local.kind,
        "local_party_country": local.country,
        "partner_name": partner.name,
        "partner_kind": partner.kind,
        "partner_country": partner.country,
        "instrument": None if instrument == "unspecified" else instrument,
        "sectors": "; ".join(sorted(sectors)) or None,
        "stage": stage,
        "modality": None if modality == "asserted" else modality,
        "is_background": "true" if background else None,
        "follow_up": None if follow_up == "unknown" else follow_up,
        "date": date,
        "date_kind": kind,
        "start_date": start_date,
    }
    names = {
        "local_party_name": find(doc.text, local.name),
        "partner_name": find(doc.text, partner.name),
    }
    return Mention(
        mention_id=stable_id(
            doc.doc_id,
            doc.capture_id,
            local.name,
            partner.name,
            partner.kind,
            instrument,
            stage,
            date,
            start_date,
        ),
        doc_id=doc.doc_id,
        capture_id=doc.capture_id,
        local_party=local,
        partner=partner,
        level="g2g",
        scope="domestic" if local.country == partner.country else "international",
        instrument=instrument,
        instrument_group=group,
        sectors=tuple(sorted(sectors)),
        stage=stage,
        modality=modality,
        is_background=background,
        follow_up=follow_up,
        date=date,
        date_kind=kind,
        start_date=start_date,
        steps=tuple(
            Step(stage=s, date=d, date_kind="signed" if d else None, modality="asserted", span=span)
            for s, d in steps
        ),
        lineage=tuple(Lineage(relation=r, other_party_name=n, span=span) for r, n in lineage),
        score=score,
        span=span,
        evidence=tuple(
            FieldEvidence(field=field, value=value, span=names.get(field, span))
            for field, value in cells.items()
            if value
        ),
    )


def relevance(doc: Document, score: float = 0.9) -> Coding:
    """Return the relevance coding of a document."""
    return Coding(
        doc_id=doc.doc_id,
        capture_id=doc.capture_id,
        dimension="relevance",
        category="relevant",
        score=score,
        evidence=(),
        coder="rules.v1",
    )


def fill(
    root: Path,
    documents: Sequence[Document],
    mentions: Sequence[Mention],
    codings: Sequence[Coding] = (),
    *,
    shards: int = 1,
) -> Workspace:
    """Write a corpus of so many shards, as the stages before ``build`` would leave it."""
    workspace = Workspace(root)
    for number in range(shards):
        part = documents[number::shards]
        captures = {d.capture_id for d in part}
        name = f"20261101T000000Z-{number:03d}"
        inside = [m for m in mentions if m.capture_id in captures]
        coded = [c for c in codings if c.capture_id in captures]
        write_records(workspace.shard("documents", name), Document, part, fingerprint=_mark(part))
        write_records(workspace.shard("codings", name), Coding, coded, fingerprint=_mark(coded))
        write_records(workspace.shard("mentions", name), Mention, inside, fingerprint=_mark(inside))
    return workspace


def _mark(rows: Sequence[object]) -> str:
    return hashlib.sha256("".join(repr(dataclasses.astuple(r)) for r in rows).encode()).hexdigest()  # type: ignore[call-overload]


def telling(doc: Document, told: Mention) -> Telling:
    """Return a telling whose parties are their own ids, as after resolution."""
    ids = [id_of(node_of(p)) for p in (told.local_party, told.partner)]
    return Telling(
        mention=told,
        document=facts_of(doc),
        first_seen=doc.retrieved_at,
        local_id=ids[0],
        partner_id=ids[1],
    )


def light_models(root: Path, *, candidate: float = 0.3, vetted: float = 0.7) -> None:
    """Give a workspace models of its own: the real codebook, these thresholds, no gazetteer."""
    models = root / "models"
    models.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / "models" / "codebook.yml", models / "codebook.yml")
    (models / "thresholds.yml").write_text(f"candidate: {candidate}\nvetted: {vetted}\n", "utf-8")


def archive(workspace: Workspace, documents: Iterable[Document]) -> None:
    """Write the WARC that each shard of documents would come from."""
    by_capture = {d.capture_id: d for d in documents}
    for path in workspace.shards("documents"):
        run_id, _, _ = shard_id_of(path).rpartition("-")
        folder = workspace.archive
        writer = ArchiveWriter(workspace, f"{run_id}x", max_captures=10_000, max_bytes=10**9)
        for document in read_records(path, Document):
            payload = by_capture[document.capture_id].text.encode()
            writer.write(capture_of(document, payload), payload, note=Note())
        writer.close()
        newest = max(folder.glob(f"{run_id}x-*.warc.gz"))
        newest.rename(folder / f"{shard_id_of(path)}.warc.gz")


def capture_of(document: Document, payload: bytes) -> Capture:
    """Return the capture that a document was read from."""
    return Capture(
        capture_id=document.capture_id,
        doc_id=document.doc_id,
        kind="resource",
        url=document.url,
        external_id=document.external_id,
        source_id=document.source_id,
        source_kind=document.source_kind,
        source_country="ID",
        timezone=None,
        languages=(),
        discovered_by="import",
        hint_published=None,
        fetched_at=document.retrieved_at,
        status=200,
        media_type="text/plain",
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        payload_length=len(payload),
        warc_file="",
        warc_offset=0,
    )
