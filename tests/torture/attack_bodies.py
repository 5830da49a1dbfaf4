"""Whole answers with a body that is the attack: bombs, entities, a million links, lies."""

from __future__ import annotations

import functools
import gzip
import zlib
from collections.abc import Callable

from tests.torture.scenes import whole

BOMB = 300_000_000  # decoded bytes: fifteen times the cap, and the limit of the whole process
LINKS = 1_000_000


@functools.cache
def _bomb(encoding: str) -> bytes:
    """Return a small body that decodes to `BOMB` bytes."""
    block = b"a" * 1_000_000
    if encoding == "br":
        import brotli

        made = brotli.Compressor(quality=1)
        return b"".join(made.process(block) for _ in range(BOMB // len(block))) + made.finish()
    bits = zlib.MAX_WBITS | 16 if encoding.startswith("gzip") else zlib.MAX_WBITS
    packer = zlib.compressobj(6, zlib.DEFLATED, bits)
    packed = b"".join(packer.compress(block) for _ in range(BOMB // len(block))) + packer.flush()
    return gzip.compress(packed, mtime=0) if encoding == "gzip, gzip" else packed


def _encoded(encoding: str) -> Callable[[], bytes]:
    return lambda: whole(200, _bomb(encoding), Content_Encoding=encoding)


_LAUGHS = "".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" if n else "<!ENTITY l0 'lol'>" for n in range(10)
)


def _entities(inside: str) -> bytes:
    return (
        f"<?xml version='1.0'?><!DOCTYPE x [{_LAUGHS}"
        "<!ENTITY f SYSTEM 'file:///etc/passwd'><!ENTITY h SYSTEM 'http://127.0.0.1:9/x'>]>"
        f"{inside}"
    ).encode()


def _quadratic() -> bytes:
    inside = "&a;" * 20_000
    text = f"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a '{'a' * 20_000}'>]>"
    return f"{text}<rss version='2.0'><channel><title>{inside}</title></channel></rss>".encode()


@functools.cache
def _links() -> bytes:
    """Return a page of `LINKS` links, in gzip: 18 MB decoded, just below the cap."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    names = ((a, b, c, d) for a in digits for b in digits for c in digits for d in digits)
    links = ("<a href=" + "".join(next(names)) + ">x</a>" for _ in range(LINKS))
    return gzip.compress("".join(links).encode(), 1, mtime=0)


def _deep() -> bytes:
    return b"<rss><channel>" + b"<item>" * 200_000 + b"</channel></rss>"


BODIES: dict[str, Callable[[], bytes]] = {
    "bomb-gzip": _encoded("gzip"),
    "bomb-br": _encoded("br"),
    "bomb-deflate": _encoded("deflate"),
    "bomb-twice": _encoded("gzip, gzip"),
    "encodings": lambda: whole(200, b"<p>x", Content_Encoding=", ".join(["gzip"] * 500)),
    "encoding-lie": lambda: whole(200, b"<p>not gzip", Content_Encoding="gzip"),
    "zstd": lambda: whole(200, b"\x28\xb5\x2f\xfd" + b"\0" * 50, Content_Encoding="zstd"),
    "entities-feed": lambda: whole(
        200, _entities("<rss version='2.0'><channel><title>&l9;&f;&h;</title></channel></rss>")
    ),
    "entities-map": lambda: whole(
        200, _entities("<urlset><url><loc>http://a/&l9;&f;&h;</loc></url></urlset>")
    ),
    "quadratic": lambda: whole(200, _quadratic(), "application/rss+xml"),
    "deep": lambda: whole(200, _deep(), "application/rss+xml"),
    "deep-html": lambda: whole(200, b"<div>" * 500_000),
    "million-links": lambda: whole(200, _links(), Content_Encoding="gzip"),
    "binary": lambda: whole(200, bytes(range(256)) * 4_000),
    "type-lie": lambda: whole(200, b"\x89PNG\r\n\x1a\n" + b"\0" * 5_000),
    "type-pdf": lambda: whole(200, b"%PDF-1.7\n" + b"0 obj " * 5_000, "text/html"),
    "type-none": lambda: whole(200, b"MZ" + b"\0" * 5_000, "text/html; charset=\xff".strip()),
    "too-large": lambda: whole(200, b"<p>" + b"a" * 21_000_000),
    "redirect-loop": lambda: whole(302, b"", Location="?again"),
    "redirect-file": lambda: whole(302, b"", Location="file:///etc/passwd"),
    "redirect-ftp": lambda: whole(302, b"", Location="ftp://127.0.0.1/x"),
    "redirect-script": lambda: whole(302, b"", Location="javascript:alert(1)"),
    "redirect-giant": lambda: whole(302, b"", Location="/" + "a" * 60_000),
    "redirect-none": lambda: whole(302, b""),
    "robots-5xx": lambda: whole(503, b"no"),
}


def prepare() -> None:
    """Make what takes long to make, before anybody waits for it."""
    for encoding in ("gzip", "br", "deflate", "gzip, gzip"):
        _bomb(encoding)
    _links()
