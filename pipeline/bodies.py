"""Bodies as they come over the wire, decoded piece by piece under a limit.

The limit is on decoded bytes: two megabytes of gzip can hold two gigabytes. What lies between two
encodings, and what comes over the wire, is limited too: a stream of empty blocks yields nothing for
ever. A stream that ends before its own end mark is cut, and a cut body is a failure, never a page.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from backports.zstd import ZstdDecompressor

_PIECE = 1 << 16  # bytes at a time, in and out, so that a bomb is noticed while it is small
_MAX_ENCODINGS = 2  # `gzip, br` occurs; longer chains are attacks
_MAX_MEMBERS = 10_000  # in 20 MB of bgzip there are 320; a tiny member costs as much as a large one
_SLACK = 1 << 16  # bytes for headers and end marks
_GROWTH = 8  # an encoding makes incompressible data at most 1/8 longer, in truth below 1/100
_WINDOW_LOG = 23  # RFC 9659: an HTTP body may ask for a window of 8 MB at most
_GZIP_MARK = b"\x1f\x8b"
_ZSTD_MARK = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = b"\x2a\x4d\x18"  # the end of a skippable frame's mark, whose first byte is 50-5F


class BodyError(Exception):
    """The body cannot be used; the message is the reason."""


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]: ...
    def is_complete(self) -> bool: ...


def _inflated(inflate: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while not inflate.eof:
        part = inflate.decompress(data, _PIECE)
        yield part
        data = inflate.unconsumed_tail
        if not data and len(part) < _PIECE:  # a full piece may have left output inside
            return


class _Deflate:
    """The zlib format (RFC 1950) or, as some servers understand the name, raw deflate."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()
        self._held = b""
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._begun:
            data = self._held + data
            if len(data) < 2:  # the mark has two bytes
                self._held = data
                return
            self._begun = True
            if data[0] & 0x0F != 8 or int.from_bytes(data[:2], "big") % 31:  # RFC 1950's mark
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        yield from _inflated(self._inflate, data)  # what is behind the end is padding

    def is_complete(self) -> bool:
        return self._inflate.eof


class _Members:
    """Encodings that are sequences of members, each whole in itself: gzip and zstd.

    Bytes behind a member that do not begin another are padding.
    """

    _mark_length = 0

    def __init__(self) -> None:
        self._held = b""  # too few bytes to tell whether another member begins
        self._count = 0
        self._in_padding = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        data = self._held + data
        self._held = b""
        while data and not self._in_padding:
            if self._at_end() or self._count == 0:
                if self._count and len(data) < self._mark_length:
                    self._held = data
                    return
                if self._count and not self._is_mark(data):
                    self._in_padding = True
                    return
                self._begin()
            yield from self._member(data)
            data = self._rest()

    def is_complete(self) -> bool:
        return self._at_end()

    def _begin(self) -> None:
        self._count += 1
        if self._count > _MAX_MEMBERS:
            msg = f"more than {_MAX_MEMBERS:,} members in its content encoding"
            raise BodyError(msg)
        self._renew()

    def _renew(self) -> None:
        raise NotImplementedError

    def _at_end(self) -> bool:
        raise NotImplementedError

    def _is_mark(self, data: bytes) -> bool:
        raise NotImplementedError

    def _member(self, data: bytes) -> Iterator[bytes]:
        raise NotImplementedError

    def _rest(self) -> bytes:
        raise NotImplementedError


class _Gzip(_Members):
    _mark_length = len(_GZIP_MARK)

    def _renew(self) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def _at_end(self) -> bool:
        return self._count > 0 and self._inflate.eof

    def _is_mark(self, data: bytes) -> bool:
        return data.startswith(_GZIP_MARK)

    def _member(self, data: bytes) -> Iterator[bytes]:
        yield from _inflated(self._inflate, data)

    def _rest(self) -> bytes:
        return self._inflate.unused_data if self._inflate.eof else b""


class _Zstd(_Members):
    _mark_length = len(_ZSTD_MARK)
    _inflate: ZstdDecompressor

    def __init__(self) -> None:
        from backports import zstd

        super().__init__()
        self._make = zstd.ZstdDecompressor
        self._error = zstd.ZstdError
        self._options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}

    def _renew(self) -> None:
        self._inflate = self._make(options=self._options)

    def _at_end(self) -> bool:
        return self._count > 0 and self._inflate.eof

    def _is_mark(self, data: bytes) -> bool:
        return data.startswith(_ZSTD_MARK) or (data[1:4] == _ZSTD_SKIPPED and data[0] >> 4 == 5)

    def _member(self, data: bytes) -> Iterator[bytes]:
        try:
            part = self._inflate.decompress(data, _PIECE)
            yield part
            while not self._inflate.eof and not self._inflate.needs_input:
                yield self._inflate.decompress(b"", _PIECE)
        except self._error as error:
            msg = "not what its content encoding says (zstd)"
            raise BodyError(msg) from error

    def _rest(self) -> bytes:
        return self._inflate.unused_data if self._inflate.eof else b""


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self._inflate = brotli.Decompressor()
        self._error = brotli.error

    def feed(self, data: bytes) -> Iterator[bytes]:
        is_full = False
        while data or is_full or not self._inflate.can_accept_more_data():
            try:  # bytes behind the end are an error here
                part = self._inflate.process(data, output_buffer_limit=_PIECE)
            except self._error as error:
                msg = "not what its content encoding says (brotli)"
                raise BodyError(msg) from error
            yield part
            if self._inflate.is_finished():
                return
            data, is_full = b"", len(part) >= _PIECE  # a full piece may have left output inside

    def is_complete(self) -> bool:
        return bool(self._inflate.is_finished())


_DECODERS: dict[str, type[_Deflate | _Gzip | _Zstd | _Brotli]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}


class BusyError(BodyError):
    """There was no room for a large body in time; it may be asked for again."""


def read_body(
    pieces: Iterable[bytes],
    encoding: str,
    limit: int,
    has_room: Callable[[int], bool] = lambda _: True,
) -> bytes:
    """Return the decoded body.

    Args:
        pieces: The bytes of the wire, transfer encoding undone.
        encoding: The ``Content-Encoding`` header.
        limit: Most decoded bytes.
        has_room: Asked with the length so far, and waits until there is room for more.

    Raises:
        BodyError: It is too large, cut, or not what its encoding says; or there was no room.
    """
    told = (name.strip().lower() for name in encoding.split(","))
    names = [name for name in told if name not in ("", "identity")]
    if len(names) > _MAX_ENCODINGS:
        msg = f"{len(names)} content encodings on each other"
        raise BodyError(msg)
    for name in names:
        if name not in _DECODERS:
            msg = f"content encoding {name[:40]!r}, which we did not ask for"
            raise BodyError(msg)
    stream: Iterable[bytes] = pieces
    for name in reversed(names):
        stream = _decoded(_counted(stream, limit), _DECODERS[name]())
    body = bytearray()
    for part in stream:
        body += part
        if len(body) > limit:
            raise _too_large(limit)
        if not has_room(len(body)):
            msg = "no room for another large body in time"
            raise BusyError(msg)
    return bytes(body)


def _counted(stream: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Pass on what is encoded, in small pieces, as long as it can belong to a body in the limit."""
    most = limit + limit // _GROWTH + _SLACK
    count = 0
    for piece in stream:
        count += len(piece)
        if count > most:
            raise _too_large(limit)
        for start in range(0, len(piece), _PIECE):
            yield piece[start : start + _PIECE]


def _decoded(stream: Iterable[bytes], decoder: _Decoder) -> Iterator[bytes]:
    received = False
    try:
        for piece in stream:
            received = True
            yield from decoder.feed(piece)
    except zlib.error as error:
        msg = f"not what its content encoding says ({error})"
        raise BodyError(msg) from error
    if received and not decoder.is_complete():
        msg = "cut inside its content encoding"
        raise BodyError(msg)


def _too_large(limit: int) -> BodyError:
    return BodyError(f"larger than {limit:,} bytes")
