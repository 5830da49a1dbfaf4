"""Takes payloads out of closed WARC files, and nothing else.

A blanked capture keeps its records, headers, date and digest; its body is empty, its status is 451,
and a header says since when. Every other byte of the file stays at its place: what the shorter
records leave free is filled with gzip comments, which readers pass over. So offsets that the
catalog holds stay right, and a kill leaves the old file or the new one.
"""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.captures import ANSWERS, Entry, scan
from pipeline.paths import atomic_write
from pipeline.takedowns import STATUS, without
from pipeline.warc import TAKEN_DOWN, Record, broken, read_records

_HEAD_END = b"\r\n\r\n"
_COMMENT = 0x10  # the gzip flag for a comment
_LEVEL = 9  # the smallest: the new records must fit where the old ones stood


@dataclass(frozen=True, slots=True)
class _Patch:
    offset: int
    data: bytes


def blank(
    path: Path, is_wanted: Callable[[Entry], bool], ids: Collection[str], date: str
) -> tuple[str, ...]:
    """Blank the captures of one closed file and return their ids; without any it stays as it is.

    Args:
        path: The WARC file.
        is_wanted: Tells of a capture whether it holds words that must go.
        ids: The documents that were taken down: links to them go too.
        date: The day of the takedown.

    Raises:
        BrokenArchiveError: The file is cut or altered.
        OSError: The disk is full; the file is as it was.
    """
    wanted = {
        entry.capture.warc_offset: entry.capture.capture_id
        for entry, _ in scan(path)
        if isinstance(entry, Entry) and (entry.payload or entry.note.links) and is_wanted(entry)
    }
    if not wanted:
        return ()
    patches = list(_patches(path, wanted, ids, date))
    with atomic_write(path) as handle, path.open("rb") as old:
        shutil.copyfileobj(old, handle, 1 << 20)
        for patch in patches:
            handle.seek(patch.offset)
            handle.write(patch.data)
    return tuple(wanted.values())


def _patches(
    path: Path, wanted: Collection[int], ids: Collection[str], date: str
) -> Iterator[_Patch]:
    """Yield new bytes for each wanted capture, exactly as long as its old records."""
    group: list[Record] = []
    for record in read_records(path):
        if record.kind in ANSWERS:
            group = [record] if record.offset in wanted else []
        elif group:
            group.append(record)
        if group and record.kind == "metadata":
            yield _Patch(group[0].offset, _blanked(path, group, ids, date))
            group = []


def _blanked(path: Path, group: list[Record], ids: Collection[str], date: str) -> bytes:
    """Return the records of one capture without its payload, filled up to their old length."""
    answer, *between, facts = group
    room = facts.end - answer.offset
    members = [
        _compressed(_empty_answer(_raw(path, answer), date)),
        *(_compressed(_raw(path, record)) for record in between),
        _compressed(_facts(_raw(path, facts), answer.kind, ids)),
    ]
    free = room - sum(map(len, members))
    if free < 0:
        problem = f"a body so short that the note of its takedown lacks {-free} bytes of room"
        raise broken(path, answer.offset, problem)
    members[0] = _padded(members[0], free)
    return b"".join(members)


def _raw(path: Path, record: Record) -> bytes:
    with path.open("rb") as handle:
        handle.seek(record.offset)
        return zlib.decompress(handle.read(record.end - record.offset), zlib.MAX_WBITS | 16)


def _compressed(data: bytes) -> bytes:
    return zlib.compress(data, _LEVEL, zlib.MAX_WBITS | 16)


def _padded(member: bytes, free: int) -> bytes:
    """Return a gzip member that is longer by ``free`` bytes: a comment ends with a zero byte."""
    if free == 0:
        return member
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, _COMMENT, 0, 0, 255)
    return head + b"-" * (free - 1) + b"\0" + member[len(head) :]


def _with_length(lines: list[bytes], length: int) -> list[bytes]:
    return [
        b"Content-Length: %d" % length if line.lower().startswith(b"content-length:") else line
        for line in lines
    ]


def _record(lines: list[bytes], block: bytes) -> bytes:
    return b"\r\n".join(_with_length(lines, len(block))) + _HEAD_END + block + _HEAD_END


def _empty_answer(raw: bytes, date: str) -> bytes:
    head, _, rest = raw.partition(_HEAD_END)
    lines = head.split(b"\r\n")
    block = b""
    if any(line.lower().startswith(b"content-type: application/http") for line in lines):
        http = rest.partition(_HEAD_END)[0].split(b"\r\n")
        block = b"\r\n".join(_with_length(http, 0)) + _HEAD_END
    mark = f"{TAKEN_DOWN}: {date}".encode()
    kept = [line for line in lines if not line.lower().startswith(TAKEN_DOWN.lower().encode())]
    return _record([*kept, mark], block)


def _facts(raw: bytes, kind: str, ids: Collection[str]) -> bytes:
    """Return the facts of a blanked capture: a document is gone now, other roles keep theirs."""
    from pipeline.captures import Link

    head, _, rest = raw.partition(_HEAD_END)
    body = json.loads(rest[: -len(_HEAD_END)])
    note = {key: value for key, value in body["note"].items() if value is not None}
    links = without((Link(**link) for link in note["links"]), ids)
    note["links"] = [
        {"url": li.url, "published": li.published, "modified": li.modified} for li in links
    ]
    if note["role"] == "document" and kind != "revisit":
        note["role"] = "gone"
        body["capture"]["status"] = STATUS
        note.pop("etag", None)
        note.pop("last_modified", None)
    body["note"] = note
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return _record(head.split(b"\r\n"), text.encode("utf-8", "surrogatepass"))
