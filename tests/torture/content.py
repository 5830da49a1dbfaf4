"""What the torture server shows: documents, feeds, maps and pagers, each a function of the seed.

All text is of our own making: words of a short list in a seeded order. A document's bytes follow
from seed, host, number and version alone, so that a check can make them again and compare.
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from functools import lru_cache

WORDS = (
    "kota mitra kerja sama pemerintah wali delegasi pertemuan program pelabuhan taman sekolah "
    "pelajar budaya pariwisata ekonomi air jalan pasar warga council harbour exchange visit "
    "partner teachers library programme culture trade water street market residents planning "
    "festival museum training workshop letter spring autumn station bridge"
).split()
_TAILS = 64  # different long parts; the head of each document is its own
_SIZES = (20_000, 60_000)  # bytes of HTML, about what news documents have
_LINKS = 90  # links around a document: menus, related documents, footer
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"


def _text(pick: random.Random, words: int) -> str:
    return " ".join(pick.choices(WORDS, k=words)).capitalize() + "."


@lru_cache(maxsize=512)
def _tail(seed: int, number: int) -> tuple[bytes, bytes]:
    """Return the long part of a page, plain and as the last part of a deflate stream."""
    pick = random.Random(f"tail {seed} {number}")
    size = pick.randint(*_SIZES)
    menu = "".join(
        f'<li><a class="menu-item" href="/topic/{n}/{pick.choice(WORDS)}">{_text(pick, 4)}</a></li>'
        for n in range(_LINKS)
    )
    parts = [f"</article><aside><ul>{menu}</ul></aside><main>"]
    length = len(parts[0])
    while length < size:
        parts.append(f'<p class="body-text" data-block="{length}">{_text(pick, 60)}</p>\n')
        length += len(parts[-1])
    plain = ("".join(parts) + "</main></body></html>").encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return plain, packer.compress(plain) + packer.flush()


def _head(seed: int, origin: str, number: int, version: int) -> bytes:
    pick = random.Random(f"head {seed} {origin} {number} {version}")
    title = f"Document {number} of {origin}, version {version}"
    return (
        "<!DOCTYPE html><html lang='id'><head><meta charset='utf-8'>"
        f"<title>{title}</title><link rel='canonical' href='{origin}{path_of(number)}'></head>"
        f"<body><article><h1>{title}</h1><p>{_text(pick, 60)}</p>"
    ).encode()


def path_of(number: int) -> str:
    """Return the path of a document."""
    return f"/doc/{number}.html"


def document(seed: int, origin: str, number: int, version: int = 0) -> bytes:
    """Return the bytes of a document."""
    head = _head(seed, origin, number, version)
    return head + _tail(seed, (number * 7 + version) % _TAILS)[0]


def document_gzip(seed: int, origin: str, number: int, version: int = 0) -> bytes:
    """Return the same in gzip; only the short head is packed anew, so that a server is cheap."""
    head = _head(seed, origin, number, version)
    plain, packed = _tail(seed, (number * 7 + version) % _TAILS)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    front = packer.compress(head) + packer.flush(zlib.Z_SYNC_FLUSH)
    trailer = struct.pack("<II", zlib.crc32(plain, zlib.crc32(head)), len(head) + len(plain))
    return _GZIP_HEAD + front + packed + trailer


def digest(seed: int, origin: str, number: int, version: int = 0) -> str:
    """Return the SHA-256 of a document's bytes."""
    return hashlib.sha256(document(seed, origin, number, version)).hexdigest()


def feed(origin: str, numbers: range) -> bytes:
    """Return an RSS feed that names documents."""
    items = "".join(
        f"<item><title>Document {n}</title><link>{origin}{path_of(n)}</link>"
        f"<guid>{origin}{path_of(n)}</guid></item>"
        for n in numbers
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{origin}</title>"
        f"<link>{origin}/</link><description>Made for tests</description>{items}</channel></rss>"
    ).encode()


def sitemap(origin: str, numbers: range) -> bytes:
    """Return a sitemap that names documents."""
    urls = "".join(f"<url><loc>{origin}{path_of(n)}</loc></url>" for n in numbers)
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"
    ).encode()


def listing(origin: str, numbers: range, onward: str | None) -> bytes:
    """Return an index page that names documents and, perhaps, the next page."""
    links = "".join(
        f"<li><h2><a href='{origin}{path_of(n)}'>Document number {n} of this place</a></h2></li>"
        for n in numbers
    )
    more = f"<a rel='next' href='{onward}'>Next</a>" if onward else ""
    return f"<!DOCTYPE html><html><body><ul>{links}</ul>{more}</body></html>".encode()
