"""One capture as WARC records, and back.

A capture is three records: the answer (``response``, ``resource`` or ``revisit``), the ``request``
(HTTP only) and a ``metadata`` record with our own facts as JSON. A closed file ends with a record
that counts its captures, so that a file cut between two captures is found out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from pipeline.records import Capture, stable_id
from pipeline.warc import Record, broken, http_head, read_records, record_id, write_record

OPEN = ".open"  # suffix of a file that is still written
ANSWERS = ("response", "resource", "revisit")
_FORMAT = 1  # of the JSON in the metadata records
_PLACED = ("warc_file", "warc_offset")  # they follow from where the record stands
_FACTS = tuple(f.name for f in dataclasses.fields(Capture) if f.name not in _PLACED)
_REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


def url_doc_id(canonical_url: str) -> str:
    """Return the id of the document at a canonical URL (see ``urls``), the same for http and https.

    A site that changes from one to the other, or serves both, has each document once.
    """
    return stable_id("url", canonical_url.partition("://")[2])


def make_capture(
    *,
    doc_id: str,
    kind: str,
    payload: bytes,
    url: str | None,
    source_id: str,
    source_kind: str,
    discovered_by: str,
    fetched_at: str,
    media_type: str,
    external_id: str | None = None,
    source_country: str | None = None,
    timezone: str | None = None,
    languages: tuple[str, ...] = (),
    hint_published: str | None = None,
    status: int = 200,
    payload_sha256: str | None = None,
    payload_length: int | None = None,
) -> Capture:
    """Return a capture that has no place yet; a revisit names the payload that it repeats."""
    sha = payload_sha256 or hashlib.sha256(payload).hexdigest()
    return Capture(
        capture_id=stable_id(doc_id, kind, url, fetched_at, sha),
        doc_id=doc_id,
        kind=kind,
        url=url,
        external_id=external_id,
        source_id=source_id,
        source_kind=source_kind,
        source_country=source_country,
        timezone=timezone,
        languages=languages,
        discovered_by=discovered_by,
        hint_published=hint_published,
        fetched_at=fetched_at,
        status=status,
        media_type=media_type,
        payload_sha256=sha,
        payload_length=len(payload) if payload_length is None else payload_length,
        warc_file="",
        warc_offset=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The HTTP lines around a payload; no request line where the request is not known."""

    request_line: str
    request_headers: tuple[tuple[str, str], ...]
    status_line: str
    response_headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A document that a feed, sitemap or index page names, with the dates it gives, if any.

    ``modified`` is when the source says that it last changed it; that is no publication date.
    """

    url: str
    published: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the catalog must remember beside the capture.

    ``role`` is ``document``, ``discovery`` (a feed, sitemap or index page, with the links in it),
    ``gone`` (what a server now answers for a lost document), ``robots`` and ``tdmrep`` (a site's
    words to machines) or ``redirect`` (without its body, which is not read).

    ``refers_to`` and its date name the record of an imported WARC, or the capture whose payload a
    revisit repeats. ``target_url`` is where the payload came from, if not from the canonical
    address; ``aliases`` led to it. ``opt_out`` is what the publisher says of machines, where the
    page is kept all the same (``fetch.opt_outs``).
    """

    role: str = "document"
    target_url: str | None = None
    aliases: tuple[str, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    links: tuple[Link, ...] = ()
    refers_to: str | None = None
    refers_to_date: str | None = None
    opt_out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One capture as it stands in the archive, with its decoded payload and its note."""

    capture: Capture
    payload: bytes
    note: Note


@dataclass(frozen=True, slots=True)
class End:
    """The record that ends a closed file."""

    captures: int


def encode_info(name: str, run_id: str, date: str) -> bytes:
    """Return the first record of a file: what wrote it, in which run."""
    lines = f"software: cityaccords\r\nformat: WARC File Format 1.1\r\nisPartOf: {run_id}\r\n"
    buffer = BytesIO()
    write_record(
        buffer,
        "warcinfo",
        f"{name}:info",
        date=date,
        payload=lines.encode(),
        media_type="application/warc-fields",
        headers={"WARC-Filename": name},
    )
    return buffer.getvalue()


def encode_end(shard_id: str, captures: int, date: str) -> bytes:
    """Return the last record of a file."""
    body = {"format": _FORMAT, "end": shard_id, "captures": captures}
    buffer = BytesIO()
    _write_json(buffer, f"{shard_id}:end", date, body, {})
    return buffer.getvalue()


def encode_capture(
    capture: Capture,
    payload: bytes,
    note: Note,
    exchange: Exchange | None,
) -> bytes:
    """Return the records of one capture; the same arguments give the same bytes.

    Raises:
        ValueError: A response or revisit without its HTTP lines.
    """
    if exchange is None and capture.kind != "resource":
        msg = f"a {capture.kind} needs the HTTP lines around it"
        raise ValueError(msg)
    uri = note.target_url or capture.url or f"urn:cityaccords:{capture.doc_id}"
    name, date = capture.capture_id, capture.fetched_at
    headers = {
        "WARC-Target-URI": uri,
        "WARC-Payload-Digest": f"sha256:{capture.payload_sha256}",
        "WARC-Refers-To": note.refers_to or "",
        "WARC-Refers-To-Date": note.refers_to_date or "",
    }
    if capture.kind == "revisit":
        headers |= {"WARC-Profile": _REVISIT, "WARC-Refers-To-Target-URI": uri}
    tied = {"WARC-Target-URI": uri, "WARC-Concurrent-To": record_id(name)}
    media_type, answer = capture.media_type, b""
    if exchange is not None:
        media_type = "application/http; msgtype=response"
        answer = http_head(exchange.status_line, exchange.response_headers, len(payload))
    buffer = BytesIO()
    write_record(
        buffer,
        capture.kind,
        name,
        date=date,
        payload=payload,
        media_type=media_type,
        headers=headers,
        http=answer,
    )
    if exchange is not None and exchange.request_line:
        write_record(
            buffer,
            "request",
            f"{name}:request",
            date=date,
            payload=b"",
            media_type="application/http; msgtype=request",
            headers=tied,
            http=http_head(exchange.request_line, exchange.request_headers, None),
        )
    facts = {key: getattr(capture, key) for key in _FACTS}  # `asdict` copies and is slow
    body = {"format": _FORMAT, "capture": facts, "note": dataclasses.asdict(note)}
    _write_json(buffer, f"{name}:facts", date, body, tied)
    return buffer.getvalue()


def _write_json(
    out: BytesIO, name: str, date: str, body: Mapping[str, object], headers: Mapping[str, str]
) -> None:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    write_record(
        out,
        "metadata",
        name,
        date=date,
        payload=text.encode("utf-8", "surrogatepass"),
        media_type="application/json",
        headers=headers,
    )


def scan(path: Path) -> Iterator[tuple[Entry | End, int]]:
    """Yield each whole capture of a file, and its end record, with the offset behind it.

    Raises:
        BrokenArchiveError: The file is cut inside a capture, or altered.
    """
    answer: Record | None = None
    for record in read_records(path):
        if record.kind in ANSWERS and answer is None:
            answer = record
        elif record.kind == "metadata":
            body = _parse(path, record)
            if answer is None and "end" in body:
                yield End(int(body["captures"])), record.end
            elif answer is not None and "capture" in body:
                yield _entry(path, answer, body), record.end
                answer = None
            else:
                raise broken(path, record.offset, "facts without a capture")
        elif record.kind not in ("request", "warcinfo"):
            raise broken(path, record.offset, f"a record {record.kind!r} is not of ours")
    if answer is not None:
        raise broken(path, answer.offset, "the last capture is not whole")


def _parse(path: Path, record: Record) -> Mapping[str, Any]:
    try:
        body: Mapping[str, Any] = json.loads(record.block)
    except ValueError as error:
        raise broken(path, record.offset, f"facts that are not JSON ({error})") from error
    if body.get("format") != _FORMAT:
        raise broken(path, record.offset, "facts that another version wrote")
    return body


def _entry(path: Path, answer: Record, body: Mapping[str, Any]) -> Entry:
    facts, note = dict(body["capture"]), dict(body["note"])
    facts["languages"] = tuple(facts["languages"])
    note["aliases"] = tuple(note["aliases"])
    note["links"] = tuple(Link(**link) for link in note["links"])
    name = path.name.removesuffix(OPEN)
    capture = Capture(**facts, warc_file=name, warc_offset=answer.offset)
    return Entry(capture=capture, payload=checked(path, capture, answer), note=Note(**note))


def checked(path: Path, capture: Capture, answer: Record) -> bytes:
    """Return the payload of a record if it is the one that the capture promises.

    Raises:
        BrokenArchiveError: Its length or SHA-256 differs.
    """
    payload = answer.payload()
    if capture.kind == "revisit" or (answer.is_taken_down and not payload):
        return payload
    if len(payload) != capture.payload_length:
        raise broken(path, answer.offset, "the payload has another length")
    if hashlib.sha256(payload).hexdigest() != capture.payload_sha256:
        raise broken(path, answer.offset, "the payload has another SHA-256")
    return payload
