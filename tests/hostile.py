"""A server on 127.0.0.1 that behaves as badly as servers do, and logs every request.

Pages are functions of a request; `HostileServer` takes a mapping from path to page, so each test
says what its site is. The log holds path, start and end of each request, for tests of pace.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    """One request as the server saw it."""

    path: str
    headers: dict[str, str]
    begun: float
    ended: float = 0.0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileServer

    def do_GET(self) -> None:
        request = Request(
            self.path, {k.lower(): v for k, v in self.headers.items()}, time.monotonic()
        )
        self.server.requests.append(request)
        page = self.server.pages.get(self.path.partition("?")[0], not_found)
        with contextlib.suppress(ConnectionError, TimeoutError):
            page(self)
            self.wfile.flush()
        request.ended = time.monotonic()

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """Send a whole answer; underscores in header names become hyphens."""
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Length", str(len(body)))
        for name, value in named.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


Page = Callable[[Handler], None]


class HostileServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, pages: Mapping[str, Page]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = dict(pages)
        self.requests: list[Request] = []
        self.closing = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what these tests are about."""


@contextmanager
def serving(pages: Mapping[str, Page]) -> Iterator[HostileServer]:
    server = HostileServer(pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


def not_found(handler: Handler) -> None:
    handler.answer(404, b"nothing here", Content_Type="text/plain")


def html(title: str, text: str = "", extra: str = "") -> bytes:
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title>{extra}</head>"
        f"<body><article><h1>{title}</h1><p>{text or title}</p></article></body></html>"
    ).encode()


def page(body: bytes, media_type: str = "text/html; charset=utf-8", **headers: str) -> Page:
    """A page without validators."""
    return lambda handler: handler.answer(200, body, Content_Type=media_type, **headers)


def tagged(body: bytes, media_type: str = "text/html") -> Page:
    """A page with an ETag that is honoured."""
    tag = f'"{zlib.crc32(body):x}"'

    def show(handler: Handler) -> None:
        if handler.headers.get("If-None-Match") == tag:
            handler.answer(304, b"", ETag=tag)
        else:
            handler.answer(200, body, Content_Type=media_type, ETag=tag)

    return show


def robots(text: str) -> Page:
    return page(text.encode(), "text/plain")


def status(code: int, **headers: str) -> Page:
    return lambda handler: handler.answer(code, b"no", Content_Type="text/plain", **headers)


def redirect(target: str, code: int = 302) -> Page:
    return lambda handler: handler.answer(code, b"", Location=target)


def _wait(handler: Handler, seconds: float) -> bool:
    """Wait as a slow server does, but not longer than the test; true when it is over."""
    return handler.server.closing.wait(seconds)


def slow_header(handler: Handler) -> None:
    """One header line every 50 ms, for ever: no single read ever times out."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not _wait(handler, 0.05):
        number += 1
        handler.wfile.write(f"X-{number}: 1\r\n".encode() if number < 90 else b"X")
        handler.wfile.flush()


def slow_body(handler: Handler) -> None:
    """One byte every 50 ms."""
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n"
    )
    while not _wait(handler, 0.05):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def slow_unbounded_body(handler: Handler) -> None:
    """The same without a length: after a shutdown it looks like a whole page."""
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<p>"
    )
    while not _wait(handler, 0.05):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def silent(handler: Handler) -> None:
    """Take the request and say nothing."""
    while not _wait(handler, 0.5):
        pass


def endless_body(handler: Handler) -> None:
    """Chunks as fast as they are taken."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"%x\r\n" % 65_536 + b"a" * 65_536 + b"\r\n"
    while not handler.server.closing.is_set():
        handler.wfile.write(block)


def truncated(handler: Handler) -> None:
    """Ten bytes of a thousand."""
    handler.answer(200, b"<p>only ten", Content_Type="text/html", Content_Length="1000")
    handler.close_connection = True


def truncated_gzip(handler: Handler) -> None:
    """A right length around half of a gzip stream."""
    body = gzip.compress(html("cut", "word " * 500))
    half = body[: len(body) // 2]
    handler.answer(200, half, Content_Type="text/html", Content_Encoding="gzip")


def truncated_chunks(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<p>ab\r\n")
    handler.close_connection = True


def many_headers(handler: Handler) -> None:
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000))
    )
    handler.wfile.write(b"\r\n")


def no_http(handler: Handler) -> None:
    handler.wfile.write(b"220 smtp.example ESMTP\r\n")
    handler.close_connection = True


def bomb(encoding: str, size: int) -> Page:
    """``size`` decoded bytes in a small body."""
    return page(bomb_body(encoding, size), Content_Encoding=encoding)


def bomb_body(encoding: str, size: int) -> bytes:
    if encoding == "gzip":
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    elif encoding == "deflate":
        packer = zlib.compressobj(9)
    else:
        import brotli

        return bytes(brotli.compress(b"a" * size, quality=5))
    block = b"a" * 1_000_000
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


@dataclass
class Trace:
    """What a server log says about pace, per host."""

    closest: float = float("inf")
    overlaps: int = 0
    count: int = 0
    paths: list[str] = field(default_factory=list)


def trace(server: HostileServer) -> Trace:
    """Measure the log: seconds between the ends and starts of neighbours, and overlaps."""
    found = Trace(count=len(server.requests), paths=server.paths())
    ordered = sorted(server.requests, key=lambda request: request.begun)
    for before, after in itertools.pairwise(ordered):
        found.closest = min(found.closest, after.begun - before.begun)
        found.overlaps += after.begun < before.ended
    return found
