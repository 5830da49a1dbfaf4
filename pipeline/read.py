"""Read: bytes of captures to documents with title, date, language and signatures.

In: one closed WARC of ``archive``. Out: ``documents`` in the order of the archive, every version of
a page one row; a ``Rejection`` for each capture that gives none, an ``Issue`` for each value that
was not understood. HTML, PDF and DOCX are parsed in a sandbox, one child per process.

The selectors of source files come in as options (`options_of`), one per source that has some: so
they are part of the fingerprint, and a shard stays a pure function of its input. Of those only the
ones that concern a shard count for it (`concerning`).
"""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from pipeline.archive import read_captures
from pipeline.config import ReadConfig
from pipeline.engine import Counts, ShardTask, Stage
from pipeline.paths import Workspace
from pipeline.readers import Payload, Reading, Remark, Selectors, UnreadableError
from pipeline.readers.calendar_dates import local_day, zone_of
from pipeline.readers.dispatch import (
    decode_reading,
    encode_payload,
    kind_of,
    needs_sandbox,
    read_frame,
    reader_of,
)
from pipeline.readers.html_selected import FIELD
from pipeline.readers.language import detect
from pipeline.readers.passages import passages
from pipeline.readers.signatures import minhash, text_sha256
from pipeline.records import Capture, Document, Issue, Rejection
from pipeline.sandbox import Sandbox
from pipeline.sources import ReadHints, Source
from pipeline.store import fingerprint_of, write_records
from pipeline.text import words

OK = 200
Hints = Mapping[str, ReadHints]  # by source id


def options_of(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the options of a run of this stage: the selectors of each source that has some."""
    return tuple(
        json.dumps([s.id, s.read.model_dump(mode="json", exclude_defaults=True)], sort_keys=True)
        for s in sorted(sources, key=lambda s: s.id)
        if s.read is not None and s.read != ReadHints()
    )


def concerning(workspace: Workspace, shard_id: str, options: Sequence[str]) -> tuple[str, ...]:
    """Return the options that can change the result of one shard: those of its own sources.

    What a shard holds, its output says where it was read before, else the archive itself.
    """
    if not options:
        return ()
    output = workspace.shard(STAGE.output, shard_id)
    if fingerprint_of(output):
        import pyarrow.parquet as pq

        parts = (output, workspace.shard(STAGE.output, shard_id, "rejections"))
        columns = (pq.read_table(p, columns=["source_id"]) for p in parts if p.exists())
        ids = {str(name) for table in columns for name in table["source_id"].to_pylist()}
    else:
        captures = read_captures(workspace.shard("archive", shard_id))
        ids = {capture.source_id for capture, _ in captures if capture.kind != "revisit"}
    return tuple(option for option in options if json.loads(option)[0] in ids)


STAGE = Stage(
    name="read",
    inputs=("archive",),
    output="documents",
    models=(),
    config=("read",),
    concerning=concerning,
)


def hints_in(options: Sequence[str]) -> Hints:
    """Return the selectors that options carry, by source id."""
    return {name: ReadHints.model_validate(given) for name, given in map(json.loads, options)}


def selectors_at(
    fetched_at: str, timezone: str | None, hints: ReadHints | None
) -> tuple[Selectors | None, Remark | None]:
    """Return the selectors that hold for a capture; a remark where they held once, but not then.

    They hold until the end of ``valid_until`` at the publisher's, by the time of the capture and
    not by today's: what was fetched while they were right is read with them for ever.
    """
    if hints is None:
        return None, None
    day = local_day(datetime.fromisoformat(fetched_at), zone_of(timezone)) or fetched_at[:10]
    if hints.valid_until is not None and day > hints.valid_until.isoformat():
        reason = "fetched after this day, until which the selectors are valid: not used"
        return None, Remark(field=FIELD, value=hints.valid_until.isoformat(), reason=reason)
    return Selectors(
        title=hints.title, text=hints.text, published=hints.published, remove=hints.remove
    ), None


@dataclass(slots=True)
class _Shelf:
    """What a shard gives."""

    documents: list[Document] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    revisits: int = 0
    unguided: int = 0  # documents in which a selector of their source found nothing, or is outdated

    def counts(self) -> Counts:
        """Return the counts of the stage; a revisit is no document and is counted apart."""
        forwarded, rejected = len(self.documents), len(self.rejections)
        return {
            "seen": forwarded + rejected,
            "forwarded": forwarded,
            "rejected": rejected,
            "issues": len(self.issues),
            "revisits": self.revisits,
            **({"without_selectors": self.unguided} if self.unguided else {}),
        }


def payload_of(
    capture: Capture, body: bytes, config: ReadConfig, selectors: Selectors | None = None
) -> Payload:
    """Return what the readers may know of a capture."""
    return Payload(
        body=body,
        media_type=capture.media_type,
        url=capture.url,
        timezone=capture.timezone,
        languages=capture.languages,
        hint_published=capture.hint_published,
        fetched_at=capture.fetched_at,
        pdf_pages=config.pdf_pages,
        selectors=selectors,
    )


def read_payload(payload: Payload, box: Sandbox) -> Reading:
    """Read one payload, foreign formats in the sandbox.

    Raises:
        UnreadableError: It gives no document. The message is the reason.
    """
    kind = kind_of(payload)
    if not needs_sandbox(kind):
        return reader_of(kind)(payload)
    outcome = box.call(encode_payload(payload, kind))
    if outcome.value is None:
        msg = f"parser {outcome.kind}: {outcome.reason}"
        raise UnreadableError(msg)
    try:
        return decode_reading(outcome.value)
    except ValueError as error:
        msg = f"parser crash: {error}"
        raise UnreadableError(msg) from error


def document_of(capture: Capture, reading: Reading) -> Document:
    """Return the document that a reading of a capture is."""
    expected = (reading.declared_language, *capture.languages)
    language = reading.language or detect(reading.text, expected)
    return Document(
        doc_id=capture.doc_id,
        capture_id=capture.capture_id,
        external_id=capture.external_id,
        source_id=capture.source_id,
        source_kind=capture.source_kind,
        source_country=capture.source_country,
        url=capture.url,
        title=reading.title or None,
        text=reading.text,
        language=language,
        published=reading.published.date if reading.published else None,
        published_by=reading.published.method if reading.published else None,
        retrieved_at=capture.fetched_at,
        reader=reading.reader,
        word_count=len(words(reading.text)),
        text_sha256=text_sha256(reading.text),
        minhash=minhash(reading.text),
        byline=reading.byline,
        published_confidence=reading.published.confidence if reading.published else None,
        text_quality=reading.text_quality,
        passages=passages(reading.text, language),
    )


def _reject(capture: Capture, reason: str) -> Rejection:
    return Rejection(
        doc_id=capture.doc_id,
        capture_id=capture.capture_id,
        url=capture.url,
        source_id=capture.source_id,
        stage=STAGE.name,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """What reading one capture takes beside the capture."""

    box: Sandbox
    config: ReadConfig
    hints: Hints


def _shelve(capture: Capture, body: bytes, desk: _Desk, shelf: _Shelf) -> None:
    """Put one capture where it belongs: exactly one of documents, rejections and revisits."""
    if capture.kind == "revisit":
        shelf.revisits += 1
        return
    if capture.kind == "response" and capture.status != OK:
        shelf.rejections.append(
            _reject(capture, f"status {capture.status}: the server had no document there")
        )
        return
    selectors, expired = selectors_at(
        capture.fetched_at, capture.timezone, desk.hints.get(capture.source_id)
    )
    try:
        payload = payload_of(capture, body, desk.config, selectors)
        reading = read_payload(payload, desk.box)
    except UnreadableError as error:
        shelf.rejections.append(_reject(capture, str(error)))
        return
    shelf.documents.append(document_of(capture, reading))
    is_page = reading.reader.startswith("html:")
    remarks = (expired, *reading.remarks) if expired and is_page else reading.remarks
    shelf.unguided += any(remark.field.partition(".")[0] == FIELD for remark in remarks)
    shelf.issues += [_issue(capture, remark) for remark in remarks]


def _issue(capture: Capture, remark: Remark) -> Issue:
    return Issue(
        doc_id=capture.doc_id,
        capture_id=capture.capture_id,
        stage=STAGE.name,
        field=remark.field,
        value=remark.value,
        reason=remark.reason,
    )


@lru_cache(maxsize=1)
def _parser(seconds: float, memory_mb: int) -> Sandbox:
    """Return this process's parser, which lives as long: a start costs as much as a hundred pages.

    Its child dies with this process, however that ends.
    """
    box = Sandbox(read_frame, seconds=seconds, memory_mb=memory_mb)
    atexit.register(box.close)
    return box


def run_shard(task: ShardTask) -> Counts:
    """Read all captures of one shard.

    Raises:
        BrokenArchiveError: The WARC is cut or altered.
        SandboxError: The parser process cannot be started.
        OSError: The disk is full.
    """
    config, shelf = task.config.read, _Shelf()
    desk = _Desk(_parser(config.seconds, config.memory_mb), config, hints_in(task.options))
    for capture, body in read_captures(task.path("archive")):
        _shelve(capture, body, desk, shelf)
    counts = shelf.counts()
    write_records(task.path(STAGE.output, "rejections"), Rejection, shelf.rejections)
    write_records(task.path(STAGE.output, "issues"), Issue, shelf.issues)
    write_records(
        task.path(STAGE.output),
        Document,
        shelf.documents,
        fingerprint=task.fingerprint,
        counts=counts,
    )
    return counts
