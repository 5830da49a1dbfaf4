"""Read: bytes of captures to documents with title, date, language and signatures.

In: one closed WARC of ``archive``. Out: ``documents`` in the order of the archive, every version of
a page one row; a ``Rejection`` for each capture that gives none, an ``Issue`` for each value that
was not understood. HTML and PDF are parsed in a sandbox, one child per shard that is being read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.archive import read_captures
from pipeline.config import ReadConfig
from pipeline.engine import Counts, ShardTask, Stage
from pipeline.readers import Payload, Reading, UnreadableError
from pipeline.readers.dispatch import (
    decode_reading,
    encode_payload,
    kind_of,
    needs_sandbox,
    read_frame,
    reader_of,
)
from pipeline.readers.language import detect
from pipeline.readers.signatures import minhash, text_sha256
from pipeline.records import Capture, Document, Issue, Rejection
from pipeline.sandbox import Sandbox
from pipeline.store import write_records
from pipeline.text import words

STAGE = Stage(name="read", inputs=("archive",), output="documents", models=(), config=("read",))
OK = 200


@dataclass(slots=True)
class _Shelf:
    """What a shard gives."""

    documents: list[Document] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    revisits: int = 0

    def counts(self) -> Counts:
        """Return the counts of the stage; a revisit is no document and is counted apart."""
        forwarded, rejected = len(self.documents), len(self.rejections)
        return {
            "seen": forwarded + rejected,
            "forwarded": forwarded,
            "rejected": rejected,
            "issues": len(self.issues),
            "revisits": self.revisits,
        }


def payload_of(capture: Capture, body: bytes, config: ReadConfig) -> Payload:
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
        language=reading.language or detect(reading.text, expected),
        published=reading.published.date if reading.published else None,
        published_by=reading.published.method if reading.published else None,
        retrieved_at=capture.fetched_at,
        reader=reading.reader,
        word_count=len(words(reading.text)),
        text_sha256=text_sha256(reading.text),
        minhash=minhash(reading.text),
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


def _shelve(capture: Capture, body: bytes, box: Sandbox, config: ReadConfig, shelf: _Shelf) -> None:
    """Put one capture where it belongs: exactly one of documents, rejections and revisits."""
    if capture.kind == "revisit":
        shelf.revisits += 1
        return
    if capture.kind == "response" and capture.status != OK:
        shelf.rejections.append(
            _reject(capture, f"status {capture.status}: the server had no document there")
        )
        return
    try:
        reading = read_payload(payload_of(capture, body, config), box)
    except UnreadableError as error:
        shelf.rejections.append(_reject(capture, str(error)))
        return
    shelf.documents.append(document_of(capture, reading))
    for remark in reading.remarks:
        issue = Issue(
            doc_id=capture.doc_id,
            capture_id=capture.capture_id,
            stage=STAGE.name,
            field=remark.field,
            value=remark.value,
            reason=remark.reason,
        )
        shelf.issues.append(issue)


def run_shard(task: ShardTask) -> Counts:
    """Read all captures of one shard.

    Raises:
        BrokenArchiveError: The WARC is cut or altered.
        SandboxError: The parser process cannot be started.
        OSError: The disk is full.
    """
    config, shelf = task.config.read, _Shelf()
    with Sandbox(read_frame, seconds=config.seconds, memory_mb=config.memory_mb) as box:
        for capture, body in read_captures(task.path("archive")):
            _shelve(capture, body, box, config, shelf)
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
