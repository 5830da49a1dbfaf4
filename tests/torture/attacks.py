"""What hostile hosts answer. A host has one role: ``where:attack``, or the name of a whole trap.

``where`` is ``doc``, ``feed`` or ``robots``: which of its answers is the attack; the others are
true ones. `WIRE` holds attacks on the connection and the HTTP layer; whole answers with a body that
is the attack stand in ``attack_bodies``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from tests.torture import content
from tests.torture.attack_bodies import BODIES, prepare
from tests.torture.scenes import ALLOW, SCENES, Plain, head, whole

if TYPE_CHECKING:
    from tests.torture.plan import Request
    from tests.torture.server import Answer, Connection, Server

_DRIP = 0.05  # s between two bytes of slow answers: no single read ever times out
_HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

Wire = Callable[["Connection"], Coroutine[Any, Any, None]]


async def _drip(connection: Connection, start: bytes, drop: bytes) -> None:
    await connection.send(start)
    while True:
        await connection.pause(_DRIP)
        await connection.send(drop)


async def slow_head(connection: Connection) -> None:
    """One header line after another, for ever."""
    await _drip(connection, b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n")


async def slow_line(connection: Connection) -> None:
    """A status line that never ends."""
    await _drip(connection, b"HTTP/1.1 200 ", b"O")


async def slow_body(connection: Connection) -> None:
    """A body of one byte at a time, with a length."""
    await _drip(connection, _HTML + b"Content-Length: 1000000\r\n\r\n", b"a")


async def slow_open_body(connection: Connection) -> None:
    """The same without a length."""
    await _drip(connection, _HTML + b"Connection: close\r\n\r\n<p>", b"a")


async def slow_chunks(connection: Connection) -> None:
    """Chunks of one byte."""
    await _drip(connection, _HTML + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n")


async def silent(connection: Connection) -> None:
    """Nothing at all."""
    while True:
        await connection.pause(1.0)


async def continues(connection: Connection) -> None:
    """Interim answers, for ever."""
    while True:
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 20)
        await connection.pause(0.001)


async def endless(connection: Connection) -> None:
    """Chunks as fast as they are taken."""
    await connection.send(_HTML + b"Transfer-Encoding: chunked\r\n\r\n")
    block = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    while True:
        await connection.send(block)


async def endless_open(connection: Connection) -> None:
    """A body without a length, as fast as it is taken."""
    await connection.send(_HTML + b"\r\n")
    while True:
        await connection.send(b"a" * 65_536)


async def endless_gzip(connection: Connection) -> None:
    """A gzip stream that never ends."""
    await connection.send(_HTML + b"Content-Encoding: gzip\r\n\r\n")
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    while True:
        await connection.send(packer.compress(b"a" * 1_000_000) or b"")
        await connection.pause(0.0)


async def giant_header(connection: Connection) -> None:
    """One header of 4 MB."""
    await connection.send(b"HTTP/1.1 200 OK\r\nX-Giant: ")
    for _ in range(64):
        await connection.send(b"a" * 65_536)
    await connection.send(b"\r\n\r\n")


async def many_headers(connection: Connection) -> None:
    """Headers, for ever."""
    await connection.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await connection.send(b"Set-Cookie: a=1\r\n" * 1_000)


async def reset(connection: Connection) -> None:
    """A reset in the middle of a body."""
    await connection.send(_HTML + b"Content-Length: 100000\r\n\r\n" + b"a" * 1_000)
    await connection.pause(0.01)
    connection.reset()


def _raw(data: bytes) -> Wire:
    async def show(connection: Connection) -> None:
        await connection.send(data)

    return show


_CHUNKED = _HTML + b"Transfer-Encoding: chunked\r\n\r\n"
WIRE: dict[str, Wire] = {
    "slow-head": slow_head,
    "slow-line": slow_line,
    "slow-body": slow_body,
    "slow-open-body": slow_open_body,
    "slow-chunks": slow_chunks,
    "silent": silent,
    "continues": continues,
    "endless": endless,
    "endless-open": endless_open,
    "endless-gzip": endless_gzip,
    "giant-header": giant_header,
    "many-headers": many_headers,
    "reset": reset,
    "cut-chunks": _raw(_CHUNKED + b"5\r\n<p>ab\r\n"),
    "no-chunk-size": _raw(_CHUNKED + b"zz\r\n<p>ab\r\n0\r\n\r\n"),
    "negative-chunk": _raw(_CHUNKED + b"-5\r\n<p>ab\r\n0\r\n\r\n"),
    "giant-chunk": _raw(_CHUNKED + b"fffffffffffffffff\r\n<p>ab"),
    "long-chunk-line": _raw(_CHUNKED + b"5;" + b"x" * 500_000 + b"\r\n<p>ab\r\n0\r\n\r\n"),
    "too-short": _raw(_HTML + b"Content-Length: 1000\r\n\r\n<p>only a few"),
    "negative-length": _raw(_HTML + b"Content-Length: -7\r\n\r\n<p>a negative length"),
    "two-lengths": _raw(_HTML + b"Content-Length: 5\r\nContent-Length: 90\r\n\r\n<p>ab"),
    "length-and-chunks": _raw(
        _HTML + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<p>ab"
    ),
    "giant-length": _raw(_HTML + b"Content-Length: 999999999999999\r\n\r\n<p>"),
    "no-http": _raw(b"220 mail.example ESMTP\r\n"),
    "no-answer": _raw(b""),
    "null-bytes": _raw(b"\0" * 10_000),
    "odd-status": _raw(b"HTTP/1.1 999999 \xff\xfe\r\nLength\r\n\r\nx"),
    "header-smuggle": _raw(_HTML + b"X-A: a\rb\x00\x0b\r\n: empty\r\nnone\r\n\r\n<p>x"),
}


# An attack on robots.txt after which nothing else may be asked of the host.
SHUT = (
    "slow-head",
    "slow-body",
    "silent",
    "endless",
    "reset",
    "robots-5xx",
    "no-http",
    "no-answer",
)
TRAPS = ("pager", "calendar", "map-of-maps", "robots-giant", "robots-bom", "robots-moved")
HEALTHY = "healthy"


class Hostile(Plain):
    """Hosts with roles: option ``roles`` has one per host, ``bad`` the addresses to lure to."""

    def __init__(self, server: Server) -> None:
        """Make the bombs before anybody waits for them."""
        super().__init__(server)
        prepare()

    def __call__(self, connection: Connection, request: Request) -> Answer:
        role = str(self.plan.options["roles"][request.host])
        where, _, name = role.partition(":")
        request.note = role
        if where == "lure":
            return self._lure(request, name)
        if where == "trap":
            return self._trap(request, name)
        if not name or not self._is_attacked(request.path, where):
            return self.page(request)
        if name in WIRE:
            return WIRE[name](connection)
        return BODIES[name]()

    def _is_attacked(self, path: str, where: str) -> bool:
        """Tell whether this address is the attack; of documents every one but the last."""
        if where == "robots":
            return path == "/robots.txt"
        if where == "feed":
            return path.startswith(("/feed", "/sitemap", "/news"))
        return path.startswith("/doc/") and path != content.path_of(self.plan.documents - 1)

    def _lure(self, request: Request, bad: str) -> bytes:
        """Lead to an address that is not public: by redirect, link, canonical link, PDF, robots."""
        path = request.path
        origin = self.server.origins[request.host]
        if path == "/robots.txt" and request.host % 3 == 0:
            return whole(302, b"", Location=f"{bad}robots.txt")
        if path == "/feed.xml":
            items = "".join(
                f"<item><link>{link}</link></item>"
                for link in (f"{origin}/hop/1", f"{bad}direct", f"{origin}/doc/1.html")
            )
            return whole(200, f"<rss><channel>{items}</channel></rss>".encode(), "text/xml")
        if path == "/sitemap.xml":
            maps = f"<sitemap><loc>{bad}map.xml</loc></sitemap>"
            return whole(200, f"<sitemapindex>{maps}</sitemapindex>".encode(), "text/xml")
        if path.startswith("/hop/"):
            return whole(302, b"", Location=f"{bad}hop")
        if path.startswith("/doc/"):
            body = (
                f"<html><head><title>Lure</title><link rel='canonical' href='{bad}canonical'>"
                f"</head><body><p>Text.</p><a href='{bad}a.pdf'>PDF</a></body></html>"
            )
            return whole(200, body.encode())
        return self.page(request)

    def _trap(self, request: Request, name: str) -> bytes:
        path = request.path
        if name.startswith("robots") and not path.startswith(("/doc/", "/moved/")):
            return self._robots_trap(request, name)
        if name == "pager" and path.startswith("/news"):
            number = int(request.path.partition("page=")[2] or 0)
            rows = "".join(
                f"<h2><a href='/doc/{number * 9 + n}.html'>{n}</a></h2>" for n in range(9)
            )
            more = f"<a rel='next' href='/news?page={number + 1}'>Next</a>"
            return whole(200, f"<html><body>{rows}{more}</body></html>".encode())
        if name == "calendar" and path.startswith("/news"):
            day = int(path.partition("day=")[2] or 0)
            days = "".join(f"<a href='/news?day={day + n}'>{n}</a>" for n in range(1, 31))
            more = f"<a rel='next' href='/news?day={day + 1}'>Next day</a>"
            return whole(200, f"<html><body>{days}{more}</body></html>".encode())
        if name == "map-of-maps" and path.startswith("/sitemap"):
            origin = self.server.origins[request.host]
            maps = "".join(
                f"<sitemap><loc>{origin}/sitemap/{request.count}{n}{path[-6:]}</loc></sitemap>"
                for n in range(20)
            )
            return whole(200, f"<sitemapindex>{maps}</sitemapindex>".encode(), "text/xml")
        return self.page(request)

    def _robots_trap(self, request: Request, name: str) -> bytes:
        """Forbid ``/private/`` in odd ways, and lead there."""
        path = request.path
        origin = self.server.origins[request.host]
        if path == "/robots.txt" and name == "robots-moved":
            return whole(301, b"", Location="/rules.txt")
        if path in ("/robots.txt", "/rules.txt"):
            rules = ALLOW.encode()
            if name == "robots-bom":
                rules = b"\xef\xbb\xbf" + rules.replace(b"\n", b"\r")
            if name == "robots-giant":
                rules += b"# long\n" * 2_000_000
            return whole(200, rules, "text/plain")
        if path == "/feed.xml":
            body = content.feed(origin, range(self.plan.documents))
            body = body.replace(b"/doc/1.html", b"/private/1.html")
            return whole(200, body.replace(b"/doc/2.html", b"/moved"), "text/xml")
        if path == "/moved":
            return head(302, {"Location": "/private/moved", "Connection": "close"})
        return self.page(request)


SCENES["hostile"] = Hostile
