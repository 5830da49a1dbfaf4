"""What the hosts of a torture server answer: well-behaved, flaky, and with rules to obey.

`SCENES` maps a name to a maker of an answer function. Hostile answers are in ``attacks``.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.torture import content

if TYPE_CHECKING:
    from tests.torture.plan import Request
    from tests.torture.server import Answer, Connection, Scene, Server

MODIFIED = "Mon, 02 Nov 2026 08:00:00 GMT"
ALLOW = "User-agent: *\nDisallow: /private/\n"
REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified"}


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return a status line and headers."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\n{lines}\r\n".encode()


def whole(status: int, body: bytes, media_type: str = "text/html", **more: str) -> bytes:
    """Return a whole answer; underscores in header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in more.items()}
    length = str(len(body))
    fixed = {"Content-Type": media_type, "Content-Length": length, "Connection": "close"}
    return head(status, fixed | named) + body


def conditional(request: Request, body: bytes, media_type: str, tag: str, **more: str) -> bytes:
    """Return a whole answer, or 304 where the client has it already."""
    if request.headers.get("if-none-match") == tag:
        return head(304, {"ETag": tag, "Connection": "close"})
    return whole(200, body, media_type, ETag=tag, Last_Modified=MODIFIED, **more)


class Plain:
    """Hosts that work: robots.txt, one feed, a map, documents with validators, gzip where asked.

    Options: ``robots`` (the rules of all hosts), ``version`` (of all documents), ``map_links``.
    """

    def __init__(self, server: Server) -> None:
        """Belong to a server."""
        self.server = server
        self.plan = server.plan

    def __call__(self, connection: Connection, request: Request) -> Answer:
        del connection
        return self.page(request)

    def page(self, request: Request) -> bytes:
        """Return the true answer to a request."""
        path = request.path.partition("?")[0]
        origin = self.server.origins[request.host]
        numbers = range(self.plan.documents)
        if path == "/robots.txt":
            rules = str(self.plan.options.get("robots", ALLOW))
            return whole(200, rules.replace("{origin}", origin).encode(), "text/plain")
        if path == "/feed.xml":
            return self.tagged(request, content.feed(origin, numbers), "application/rss+xml")
        if path == "/sitemap.xml":
            return self.tagged(request, content.sitemap(origin, numbers), "application/xml")
        if path in ("/", "/news"):
            return self.tagged(request, content.listing(origin, numbers, None), "text/html")
        return self._document(request, path, origin)

    def tagged(self, request: Request, body: bytes, media_type: str) -> bytes:
        """Return a body with an ETag of its own, or 304."""
        return conditional(request, body, media_type, f'"{zlib.crc32(body):x}"')

    def _document(self, request: Request, path: str, origin: str) -> bytes:
        name = path.removeprefix("/doc/").removesuffix(".html")
        if not path.startswith("/doc/") or not name.isdecimal():
            return whole(404, b"nothing here", "text/plain")
        version = self.version(int(name))
        tag = f'"{self.plan.seed}-{name}-{version}"'
        if request.headers.get("if-none-match") == tag:
            return head(304, {"ETag": tag, "Connection": "close"})
        made, more = content.document, {}
        if "gzip" in request.headers.get("accept-encoding", ""):
            made, more = content.document_gzip, {"Content-Encoding": "gzip"}
        body = made(self.plan.seed, origin, int(name), version)
        kind = "text/html; charset=utf-8"
        return whole(200, body, kind, ETag=tag, Last_Modified=MODIFIED, **more)

    def version(self, number: int) -> int:
        """Return which version of a document is shown."""
        del number
        return int(self.plan.options.get("version", 0))


class Changing(Plain):
    """Hosts of which every n-th document is in its second version; n is the option ``changed``."""

    def version(self, number: int) -> int:
        """Return which version of a document is shown."""
        every = int(self.plan.options.get("changed", 0))
        return int(every > 0 and number % every == 0)


class Flaky(Plain):
    """Hosts of which a share of answers goes wrong, drawn by seed, address and attempt.

    Options: ``share`` (default 0.3) and ``stall``, seconds that a stalled answer takes.
    """

    _WRONG = (
        "500 502 503 503-wait 429 reset-first reset-middle cut-length cut-chunked cut-gzip "
        "stall-first stall-middle slow-head 304 garbage empty"
    ).split()

    def __call__(self, connection: Connection, request: Request) -> Answer:
        plan = self.plan
        pick = random.Random(f"{plan.seed} {request.host} {request.path} {request.count}")
        if pick.random() >= float(plan.options.get("share", 0.3)):
            return self.page(request)
        request.note = pick.choice(self._WRONG)
        return self._wrong(connection, request, self.page(request))

    def _wrong(self, connection: Connection, request: Request, true: bytes) -> Answer:
        name = request.note
        if name[0] == "5" or name == "429":
            more = {"Retry_After": "1800"} if name == "503-wait" else {}
            return whole(int(name[:3]), b"not now", "text/plain", **more)
        if name == "304":
            return head(304, {"Connection": "close"})
        if name == "garbage":
            return b"220 mail.example ESMTP ready\r\n"
        if name == "empty":
            return whole(200, b"")
        if name == "cut-gzip":
            body = gzip.compress(b"<p>half of a page " * 500)
            return whole(200, body[: len(body) // 2], Content_Encoding="gzip")
        if name == "cut-length":
            return true[: max(len(true) * 2 // 3, true.find(b"\r\n\r\n") + 5)][: len(true) - 1]
        return self._over_time(connection, name, true)

    async def _over_time(self, connection: Connection, name: str, true: bytes) -> None:
        stall = float(self.plan.options.get("stall", 5.0))
        start, _, body = true.partition(b"\r\n\r\n")
        if name == "reset-first":
            connection.reset()
        elif name == "reset-middle":
            await connection.send(true[: len(true) // 2])
            await asyncio.sleep(0.01)  # so that the client has read some of it
            connection.reset()
        elif name == "cut-chunked":
            kept = b"\r\n".join(x for x in start.split(b"\r\n") if not x.startswith(b"Content-Len"))
            await connection.send(kept + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
            part = body[: len(body) // 2] or b"x"
            await connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        elif name == "stall-first":
            await connection.pause(stall)
        elif name == "stall-middle":
            await connection.send(true[: len(true) // 2])
            await connection.pause(stall)
        else:
            await self._slow_head(connection, stall)

    async def _slow_head(self, connection: Connection, stall: float) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n")
        for number in range(int(stall / 0.05)):
            await connection.send(b"X-%d: 1\r\n" % number)
            await connection.pause(0.05)


SCENES: dict[str, Callable[[Server], Scene]] = {
    "plain": Plain,
    "changing": Changing,
    "flaky": Flaky,
}
