"""Records of a gzipped WARC as it comes over the wire, one gzip member each, in constant memory.

A member's length stands nowhere: its end is found by unpacking it. Looking for the next member's
first bytes instead would be faster, but a page can hold such bytes, and with them a forged record.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_PIECE = 1 << 16  # bytes of the stream at a time, whatever the size of the caller's chunks
_FIRST = 2_048  # bytes unpacked first: as a rule they hold the record's header
_STEP = 4_096  # bytes unpacked at a time: at most 4 MB come out, as deflate packs at most 1,032:1
_MAX_HEAD = 65_536  # a WARC header has half a kilobyte
_MAX_MEMBER = 1 << 28  # bytes, packed or not: Common Crawl cuts pages at 1 MiB, others at 100 MB
_MAX_BREAKS = 1_000  # a file of 40,000 records that breaks more often is no WARC
_RESCAN = 1 << 20  # packed bytes kept, to look again for what a broken member has swallowed
_PROBE = 1_024  # packed bytes after which a member must have shown what it is
_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04][\x00-\x0d\xff]", re.S)
_MEMBER_BYTES = 10
_MAX_FALSE = 1_000  # beginnings of no record behind one break; packed data has one in 10^12 bytes
_GZIP = zlib.MAX_WBITS | 16


@dataclass(frozen=True, slots=True)
class Member:
    """One record, or what stands in its place.

    ``record`` holds the unpacked bytes of a record that was wanted. ``problem`` says why there is
    none. ``end`` is the offset at which the next record begins; None where the stream cannot be
    read further.
    """

    record: bytes | None
    problem: str | None
    end: int | None


class _CutError(Exception):
    """The stream ends inside a member."""


class _BrokenError(Exception):
    """The member cannot be unpacked; the message is the reason."""


class _Window:
    """The stream around the place where reading stands.

    Bytes before ``mark`` are forgotten, and so are those of a member that has become too long.
    """

    def __init__(self, chunks: Iterable[bytes], start: int) -> None:
        self._pieces = _pieces(chunks)
        self.data = b""
        self.at = 0  # where reading stands in ``data``
        self.mark = 0  # where the member begins, or what is kept of it
        self._base = start

    @property
    def offset(self) -> int:
        return self._base + self.at

    def more(self) -> bool:
        """Take one more piece; False at the end of the stream."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        keep = self.mark if self.at - self.mark <= _RESCAN else self.at
        self.data = self.data[keep:] + piece
        self.at -= keep
        self.mark = 0
        self._base += keep
        return True

    def peek(self, size: int) -> memoryview:
        """Return at least one and at most so many bytes; none at the end of the stream."""
        while self.at >= len(self.data) and self.more():
            pass
        return memoryview(self.data)[self.at : self.at + size]

    def move(self, at: int) -> None:
        """Begin a member here."""
        self.at = self.mark = at


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut large chunks and join small ones: the window copies what it keeps with every piece."""
    waiting = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        for at in range(0, len(view), _PIECE):
            waiting += view[at : at + _PIECE]
            if len(waiting) >= _PIECE:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


def read_members(
    chunks: Iterable[bytes], wants: Callable[[bytes], bool], limit: int, start: int = 0
) -> Iterator[Member]:
    """Yield the members of a gzipped WARC, each with its record where that is wanted.

    Args:
        chunks: The stream, in pieces of any size.
        wants: Asked with each record's WARC header, blank line included; the body of a record that
            is not wanted is unpacked and forgotten, and its length does not matter.
        limit: Most unpacked bytes of a wanted record.
        start: Offset in the file at which the stream begins; a member must begin there.
    """
    window = _Window(chunks, start)
    breaks = 0
    while len(window.peek(1)):
        window.move(window.at)
        begun = window.offset
        try:
            record, problem = _read(window, wants, limit)
        except _CutError:
            # Nothing after it is looked at: what follows a cut is asked for again, and whole.
            yield Member(None, f"the stream ends inside the record at byte {begun:,}", None)
            return
        except _BrokenError as error:
            breaks += 1
            is_found = breaks <= _MAX_BREAKS and _find_next(window)
            told = f"broken record at byte {begun:,} ({error})"
            if not is_found:
                told += "; no sound one follows"
            yield Member(None, told, window.offset if is_found else None)
            if not is_found:
                return
        else:
            yield Member(record, problem, window.offset)


def _read(
    window: _Window, wants: Callable[[bytes], bool], limit: int
) -> tuple[bytes | None, str | None]:
    """Unpack one member up to its end; its checksum is verified by the way."""
    inflate = zlib.decompressobj(_GZIP)
    body = _Body(wants, limit)
    last = window.offset + _MAX_MEMBER
    step = _FIRST
    while not inflate.eof:
        view = window.peek(step)
        if not view:
            raise _CutError
        try:
            out = inflate.decompress(view)
        except zlib.error as error:
            raise _BrokenError(str(error)) from error
        window.at += len(view) - len(inflate.unused_data)
        body.size += len(out)
        if body.is_kept:
            body.add(out)
        if body.size > _MAX_MEMBER or window.offset > last:
            msg = f"more than {_MAX_MEMBER:,} bytes"
            raise _BrokenError(msg)
        step = _STEP
    return body.settle()


class _Body:
    """What comes out of one member, kept as long as it may be wanted."""

    def __init__(self, wants: Callable[[bytes], bool], limit: int) -> None:
        self.size = 0
        self.is_kept = True
        self._wants = wants
        self._limit = limit
        self._kept = bytearray()
        self._is_known = False  # whether the header has been seen and is wanted
        self._problem: str | None = None

    def add(self, out: bytes) -> None:
        self._kept += out
        if not self._is_known:
            self._look()
        elif len(self._kept) > self._limit:
            self._drop(f"larger than {self._limit:,} bytes")

    def _look(self) -> None:
        kept = self._kept
        end = kept.find(b"\r\n\r\n", 0, _MAX_HEAD)
        if not kept.startswith(b"WARC/"[: len(kept)]) or (end < 0 and len(kept) >= _MAX_HEAD):
            self._drop("no WARC header")
        elif end >= 0:
            self._is_known = self._wants(bytes(kept[: end + 4]))
            if not self._is_known:
                self._drop(None)

    def _drop(self, problem: str | None) -> None:
        self._kept = bytearray()
        self.is_kept = False
        self._problem = problem

    def settle(self) -> tuple[bytes | None, str | None]:
        """Return the record, if it is wanted and whole, or the problem, if there is one."""
        if self.size and self.is_kept and not self._is_known:
            self._drop("no WARC header")
        if self.size and self.is_kept and len(self._kept) > self._limit:
            self._drop(f"larger than {self._limit:,} bytes")
        # An empty member is padding, and no problem.
        return (bytes(self._kept) if self.size and self.is_kept else None), self._problem


def _find_next(window: _Window) -> bool:
    """Go to the next member after a broken one; False where there is none.

    A member counts if a WARC record comes out of it. That could be one which stands inside a page,
    but only a record that was damaged on its way is searched, and nobody can choose which.
    """
    window.move(window.mark + 1)
    begun = window.offset
    false = 0
    while window.offset - begun <= _MAX_MEMBER and false <= _MAX_FALSE:
        found = _MEMBER.search(window.data, window.at)
        if found is None:
            # A member's first bytes may be at the end here and go on in the next piece.
            window.move(max(window.at, len(window.data) - _MEMBER_BYTES + 1))
            if not window.more():
                return False
            continue
        window.move(found.start())
        while len(window.data) - window.at < _PROBE and window.more():
            pass
        if _is_record(window.data[window.at : window.at + _PROBE]):
            return True
        false += 1
        window.move(window.at + 1)
    return False


def _is_record(probe: bytes) -> bool:
    try:
        return zlib.decompressobj(_GZIP).decompress(probe, 8).startswith(b"WARC/")
    except zlib.error:
        return False
