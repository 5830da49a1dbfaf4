"""Hosts that are well run and want to be asked with care, each in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.torture import content
from tests.torture.scenes import ALLOW, SCENES, Plain, conditional, whole

if TYPE_CHECKING:
    from tests.torture.plan import Request
    from tests.torture.server import Answer, Connection


class Manners(Plain):
    """Hosts that each ask for another kind of care; ``kinds`` gives one word per host.

    ``delay`` (a Crawl-delay of ``crawl_delay`` s), ``slow`` (answers take ``latency`` s), ``moved``
    (robots.txt and documents redirect, every other one to the next host), ``retry`` (document 2
    answers 503 with Retry-After the first time), ``private`` (feed and redirects lead to what
    robots.txt forbids), ``plain``.
    """

    def __call__(self, connection: Connection, request: Request) -> Answer:
        options = self.plan.options
        kind = options["kinds"][request.host]
        if kind == "slow":
            return self._later(connection, self.page(request), float(options["latency"]))
        made = {"delay": self._delay, "moved": self._moved, "retry": self._retry}
        return made.get(kind, self._private if kind == "private" else self.page)(request)

    async def _later(self, connection: Connection, answer: bytes, seconds: float) -> None:
        await connection.pause(seconds)
        connection.write(answer)

    def _delay(self, request: Request) -> bytes:
        if request.path == "/robots.txt":
            rules = f"{ALLOW}Crawl-delay: {self.plan.options['crawl_delay']}\n"
            return whole(200, rules.encode(), "text/plain")
        return self.page(request)

    def _moved(self, request: Request) -> bytes:
        origins = self.server.origins
        onward = origins[(request.host + 1) % len(origins)]
        if request.path == "/robots.txt":
            return whole(301, b"", Location="/rules.txt")
        if request.path == "/rules.txt":
            return whole(200, ALLOW.encode(), "text/plain")
        if request.path.startswith("/doc/"):
            number = int(request.path.removeprefix("/doc/").removesuffix(".html"))
            base = onward if number % 2 else origins[request.host]
            return whole(302, b"", Location=f"{base}/new/{number}.html")
        return self.page(request)

    def _retry(self, request: Request) -> bytes:
        if request.path == content.path_of(2) and request.count == 1:
            return whole(503, b"later", "text/plain", Retry_After=str(self.plan.options["retry"]))
        return self.page(request)

    def _private(self, request: Request) -> bytes:
        origin = self.server.origins[request.host]
        if request.path == "/feed.xml":
            body = content.feed(origin, range(self.plan.documents))
            return whole(200, body.replace(b"/doc/1.html", b"/private/1.html"), "text/xml")
        if request.path == content.path_of(0):
            return whole(302, b"", Location="/private/secret")
        return self.page(request)

    def page(self, request: Request) -> bytes:
        """Return the true answer; ``/new/`` holds what moved."""
        if request.path.startswith("/new/"):
            origin = self.server.origins[request.host]
            number = int(request.path.removeprefix("/new/").removesuffix(".html"))
            body = content.document(self.plan.seed, f"{origin}/moved", number)
            return conditional(request, body, "text/html", f'"new-{number}"')
        return super().page(request)


class Press(Plain):
    """Hosts as press offices are: a short feed, a map of maps with all, index pages with a pager.

    The feed names what robots.txt forbids, one document twice (once with a tracking parameter), and
    one that redirects; every document is in the map or on an index page, many in both.
    """

    FEED, PAGE = 15, 10  # documents in the feed and on an index page

    def page(self, request: Request) -> bytes:
        """Return the answer to a request."""
        path = request.path.partition("?")[0]
        if path == "/old/4":
            return whole(301, b"", Location=content.path_of(4))
        entry = self._entry(path, request.path.partition("page=")[2])
        if entry is None:
            return super().page(request)
        body = entry.replace("{origin}", self.server.origins[request.host]).encode()
        return self.tagged(request, body, "text/html" if path == "/news" else "application/xml")

    def _entry(self, path: str, page: str) -> str | None:
        """Return a feed, map or index page; the origin is filled in later."""
        most, origin = self.plan.documents, "{origin}"
        if path == "/feed.xml":
            body = content.feed(origin, range(min(self.FEED, most))).decode()
            body = body.replace("/doc/1.html", "/private/1.html").replace("/doc/4.html", "/old/4")
            return body.replace("/doc/2.html", "/doc/3.html?utm_source=feed")
        if path == "/sitemap.xml":
            maps = "".join(f"<sitemap><loc>{origin}/map-{n}.xml</loc></sitemap>" for n in (1, 2))
            return f"<?xml version='1.0'?><sitemapindex>{maps}</sitemapindex>"
        if path in ("/map-1.xml", "/map-2.xml"):
            half = range(most // 2) if path == "/map-1.xml" else range(most // 2, most - 5)
            return content.sitemap(origin, half).decode()
        if path == "/news":
            number = int(page or 1)
            shown = range((number - 1) * self.PAGE, min(number * self.PAGE, most))
            onward = f"/news?page={number + 1}" if number * self.PAGE < most else None
            return content.listing(origin, shown, onward).decode()
        return None


SCENES["manners"] = Manners
SCENES["press"] = Press
