"""Bodies as they come over the wire, decoded piece by piece under a limit.

The limit is on decoded bytes: two megabytes of gzip can hold two gigabytes. A stream that ends
before its own end mark is cut, and a cut body is a failure, never a page.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Protocol

_PIECE = 1 << 16  # decoded bytes at a time, so that a bomb is noticed while it is small
_MAX_ENCODINGS = 2  # `gzip, br` occurs; longer chains are attacks


class BodyError(Exception):
    """The body cannot be used; the message is the reason."""


class _Decoder(Protocol):
    def feed(self, data: bytes) -> Iterable[bytes]: ...
    def is_complete(self) -> bool: ...


class _Plain:
    def feed(self, data: bytes) -> Iterable[bytes]:
        yield data

    def is_complete(self) -> bool:
        return True


class _Zlib:
    """gzip (several members, too) and deflate, with or without the zlib header."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._bits = zlib.MAX_WBITS | 16 if is_gzip else zlib.MAX_WBITS
        self._is_gzip = is_gzip
        self._inflate = zlib.decompressobj(self._bits)
        self._begun = False

    def feed(self, data: bytes) -> Iterable[bytes]:
        if not self._begun and not self._is_gzip and data:
            self._begun = True
            if data[0] & 0x0F != 8 or int.from_bytes(data[:2], "big") % 31:  # RFC 1950's mark
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        while data:
            if self._inflate.eof:
                if not self._is_gzip or not data.startswith(b"\x1f\x8b"):
                    return  # padding behind the end
                self._inflate = zlib.decompressobj(self._bits)
            yield self._inflate.decompress(data, _PIECE)
            data = self._inflate.unconsumed_tail or self._inflate.unused_data

    def is_complete(self) -> bool:
        return self._inflate.eof


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]

        self._inflate = brotli.Decompressor()
        self._error = brotli.error

    def feed(self, data: bytes) -> Iterable[bytes]:
        while data or not self._inflate.can_accept_more_data():
            if self._inflate.is_finished():
                return
            try:
                part = self._inflate.process(data, output_buffer_limit=_PIECE)
            except self._error as error:
                msg = "not what its content encoding says (brotli)"
                raise BodyError(msg) from error
            yield part
            data = b""

    def is_complete(self) -> bool:
        return bool(self._inflate.is_finished())


def _decoder(name: str) -> _Decoder:
    if name in ("gzip", "x-gzip"):
        return _Zlib(is_gzip=True)
    if name == "deflate":
        return _Zlib(is_gzip=False)
    if name == "br":
        return _Brotli()
    msg = f"content encoding {name!r}, which we did not ask for"
    raise BodyError(msg)


def read_body(pieces: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """Return the decoded body.

    Args:
        pieces: The bytes of the wire, transfer encoding undone.
        encoding: The ``Content-Encoding`` header.
        limit: Most decoded bytes.

    Raises:
        BodyError: It is too large, cut, or not what its encoding says.
    """
    names = [
        n.strip().lower() for n in encoding.split(",") if n.strip().lower() not in ("", "identity")
    ]
    if len(names) > _MAX_ENCODINGS:
        msg = f"{len(names)} content encodings on each other"
        raise BodyError(msg)
    decoders = [_decoder(name) for name in reversed(names)] or [_Plain()]
    body = bytearray()
    received = 0
    for piece in pieces:
        received += len(piece)
        for part in _through(decoders, piece):
            body += part
            if len(body) > limit:
                msg = f"larger than {limit:,} bytes"
                raise BodyError(msg)
    if received and not all(decoder.is_complete() for decoder in decoders):
        msg = "cut inside its content encoding"
        raise BodyError(msg)
    return bytes(body)


def _through(decoders: list[_Decoder], data: bytes) -> Iterable[bytes]:
    if not decoders:
        yield data
        return
    try:
        for part in decoders[0].feed(data):
            yield from _through(decoders[1:], part)
    except zlib.error as error:
        msg = f"not what its content encoding says ({error})"
        raise BodyError(msg) from error
