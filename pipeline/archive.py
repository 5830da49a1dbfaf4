"""The archive: WARC files that are written once, closed, and never touched again.

In: captures with their payload. Out: ``corpus/archive/<run>-NNN.warc.gz``, with the suffix
``.open`` until closed. What the catalog knows of documents can be rebuilt from here alone.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.captures import (
    ANSWERS,
    OPEN,
    End,
    Entry,
    Exchange,
    Note,
    checked,
    encode_capture,
    encode_end,
    encode_info,
    scan,
)
from pipeline.faults import fault_point
from pipeline.paths import Workspace, shard_id_of, sync_folder
from pipeline.records import Capture
from pipeline.warc import BrokenArchiveError, broken, read_records

__all__ = [
    "DOCUMENT_TYPE",
    "ArchiveWriter",
    "BrokenArchiveError",
    "read_captures",
    "read_entries",
    "read_payload",
    "recover",
]

# Media type of one imported JSONL row: a JSON object with `text` and whatever else the row gave.
DOCUMENT_TYPE = "application/vnd.cityaccords.document+json"


class ArchiveWriter:
    """Writes the captures of one ingest run into a series of WARC files.

    Nothing is created before the first capture. The caller must `sync` before it tells the catalog
    of a capture, and `close` at the end; a run that dies in between leaves work for `recover`.
    """

    def __init__(
        self, workspace: Workspace, run_id: str, *, max_captures: int, max_bytes: int
    ) -> None:
        """Prepare a series.

        Args:
            workspace: Where the archive is.
            run_id: Start of the file names: letters, digits and hyphens.
            max_captures: Captures after which a file is closed.
            max_bytes: Compressed bytes after which a file is closed.
        """
        self._folder, self._run_id = workspace.archive, run_id
        self._max_captures, self._max_bytes = max_captures, max_bytes
        self._handle: BinaryIO | None = None
        self._path = Path()
        self._offset = self._captures = 0
        self._last_date = ""
        self.closed: list[tuple[str, int]] = []  # shard ids and their number of captures

    def write(
        self,
        capture: Capture,
        payload: bytes,
        *,
        note: Note,
        exchange: Exchange | None = None,
        records: bytes | None = None,
    ) -> Capture:
        """Append one capture and return it with its place filled in.

        ``records`` are those of `encode_capture` for these arguments, if they were made before: by
        the thread that fetched the page, so that this one need not.

        Raises:
            OSError: The disk is full; the file is cut back to its last whole capture.
        """
        full = self._captures >= self._max_captures or self._offset >= self._max_bytes
        if self._handle is not None and full:
            self.close()
        if self._handle is None:
            self._open(capture.fetched_at)
        name = self._path.name.removesuffix(OPEN)
        placed = dataclasses.replace(capture, warc_file=name, warc_offset=self._offset)
        self._append(records or encode_capture(placed, payload, note, exchange))
        self._captures += 1
        self._last_date = capture.fetched_at
        fault_point("ingest.record_written")
        return placed

    def sync(self) -> None:
        """Make every capture written so far survive a power cut."""
        if self._handle is not None:
            os.fsync(self._handle.fileno())

    def close(self) -> None:
        """Finish the open file, if any: count record, sync, rename. It is never touched again."""
        if self._handle is None:
            return
        self._append(encode_end(shard_id_of(self._path), self._captures, self._last_date))
        self.sync()
        self.abandon()
        self.closed.append((shard_id_of(_rename_closed(self._path)), self._captures))

    def abandon(self) -> None:
        """Let go of the open file as it is (after an error); `recover` finishes it."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _open(self, date: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        present = self._folder.glob(f"{self._run_id}-*.warc.gz*")
        taken = [int(shard_id_of(path).rsplit("-", 1)[1]) for path in present]
        name = f"{self._run_id}-{max(taken, default=0) + 1:03d}.warc.gz"
        self._path = self._folder / (name + OPEN)
        # Unbuffered, so that what `write` took is what a kill leaves.
        self._handle = self._path.open("xb", buffering=0)
        self._offset = self._captures = 0
        self._append(encode_info(name, self._run_id, date))

    def _append(self, data: bytes) -> None:
        """Write all of ``data`` or nothing of it."""
        if self._handle is None:
            msg = "no open WARC file"
            raise RuntimeError(msg)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._handle.write(rest) :]
        except OSError as error:
            self._handle.truncate(self._offset)
            self._handle.seek(self._offset)
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self._offset += len(data)


def _rename_closed(path: Path) -> Path:
    fault_point("ingest.before_close")
    closed = path.with_name(path.name.removesuffix(OPEN))
    path.rename(closed)
    sync_folder(path.parent)
    return closed


def read_captures(path: Path) -> Iterator[tuple[Capture, bytes]]:
    """Yield the documents of one closed file with their decoded payload, in the order written.

    Revisits come with an empty payload; discovery and gone entries are left out.

    Raises:
        BrokenArchiveError: The file is cut or altered; nothing behind the damage is yielded.
    """
    for entry in read_entries(path):
        if entry.note.role == "document":
            yield entry.capture, entry.payload


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield every capture of one closed file, checked, and prove that none is missing.

    Raises:
        BrokenArchiveError: As for `read_captures`.
    """
    count, ended = 0, False
    for item, offset in scan(path):
        if ended:
            raise broken(path, offset, "records stand behind the one that ends the file")
        if isinstance(item, End):
            ended = True
            if item.captures != count:
                raise broken(path, offset, f"{item.captures - count} captures are missing")
        else:
            count += 1
            yield item
    if not ended:
        raise broken(path, path.stat().st_size, "the file is cut: its last record is missing")


def read_payload(workspace: Workspace, capture: Capture) -> bytes:
    """Return the decoded payload of one capture, checked against its length and SHA-256.

    Raises:
        BrokenArchiveError: The file is missing, or cut or altered at the capture's place.
    """
    path = workspace.archive / capture.warc_file
    if not path.exists():
        raise broken(path, capture.warc_offset, "the file is missing")
    record = next(read_records(path, capture.warc_offset), None)
    if record is None or record.kind not in ANSWERS:
        raise broken(path, capture.warc_offset, "no capture begins here")
    return checked(path, capture, record)


def recover(workspace: Workspace) -> tuple[Path, ...]:
    """Finish the files that a killed run left open, and return the closed ones.

    Each is cut behind its last whole capture, counted and renamed; one without any is removed. The
    caller holds the workspace lock.

    Raises:
        OSError: The disk is full; run again when there is room.
    """
    closed: list[Path] = []
    for path in sorted(workspace.archive.glob(f"*.warc.gz{OPEN}")):
        whole, count, date, ended = _whole_part(path)
        if count == 0:
            path.unlink()
            continue
        with path.open("r+b") as handle:
            handle.truncate(whole)
            handle.seek(whole)
            if not ended:
                handle.write(encode_end(shard_id_of(path), count, date))
            handle.flush()
            os.fsync(handle.fileno())
        closed.append(_rename_closed(path))
    return tuple(closed)


def _whole_part(path: Path) -> tuple[int, int, str, bool]:
    """Return the offset behind the last whole capture, their number, last date, if ended."""
    whole = count = 0
    date, ended = "", False
    try:
        for item, end in scan(path):
            whole = end
            if isinstance(item, End):
                ended = True
                break
            count += 1
            date = item.capture.fetched_at
    except BrokenArchiveError:
        pass  # a cut tail is what a kill leaves; everything before it was checked
    return whole, count, date, ended
