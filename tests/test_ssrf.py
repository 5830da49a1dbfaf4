"""Forbidden addresses in all spellings, and public ones that must not be taken for forbidden.

A listener on loopback counts connections; every connection that is tried at all is recorded, and
one to an address that is not public fails the test, whoever would have answered.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from pipeline.config import FetchConfig
from pipeline.fetchers.feed import read_feed
from pipeline.fetchers.listing import canonical_link, pdf_links, read_listing
from pipeline.fetchers.sitemap import read_sitemap
from pipeline.urls import canonical_url, resolve
from pipeline.visitor import Visitor, user_agent
from pipeline.web import Failed, Redirect, Transport
from tests import hostile
from tests.hostile import serving

DATA = Path(__file__).parent / "data"
CONFIG = FetchConfig(min_delay_seconds=0.05, deadline_seconds=5.0, max_bytes=100_000)
AGENT = user_agent("1.0", "test@example.org")
BASE = "https://city.example/news/"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret"
LOCAL = ("localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback")


def _read(name: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the lines of a data file, and what its names resolve to."""
    lines, names = [], {}
    for line in (DATA / name).read_text("utf-8").splitlines():
        if line.startswith("@"):
            host, *answers = line[1:].split()
            names[host] = answers
        elif line and not line.startswith("#"):
            lines.append(json.loads(line) if line.startswith('"') else line)
    return lines, names


FORBIDDEN, FORBIDDEN_NAMES = _read("ssrf.txt")
PUBLIC, PUBLIC_NAMES = _read("public_addresses.txt")


@dataclass
class Network:
    """What was tried: connections by address, and those that reached our listener."""

    port: int = 0
    tried: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    own_ports: list[int] = field(default_factory=list)  # of servers that a test itself asks

    def urls(self) -> list[str]:
        return [url.replace("{port}", str(self.port)) for url in FORBIDDEN]

    def offences(self) -> list[str]:
        """Return connections to other addresses than the public ones of our tables."""
        return [a for a in self.tried if a not in ("8.8.8.8", "2001:4860:4860::8888")]


def _resolver(names: dict[str, list[str]]) -> Callable[..., list[object]]:
    """A resolver that answers from a table, one answer after the other; numbers as libc does."""
    real = socket.getaddrinfo
    calls: dict[str, int] = {}

    def resolve_name(
        host: str | bytes | None, port: object, *args: object, **kwargs: object
    ) -> list[object]:
        name = (host.decode("idna") if isinstance(host, bytes) else host or "").rstrip(".").lower()
        if name.isascii() and not name.replace(".", "").isdigit():
            answers = names.get(name)
            if name in LOCAL or name.endswith(".localhost"):
                answers = ["127.0.0.1"]
            if answers is None and name.endswith(".example"):
                answers = ["8.8.8.8"]
            if answers is not None:
                nth = calls[name] = calls.get(name, -1) + 1
                address = answers[min(nth, len(answers) - 1)]
                kind = socket.AF_INET6 if ":" in address else socket.AF_INET
                where = (address, port, 0, 0) if ":" in address else (address, port)
                return [(kind, socket.SOCK_STREAM, 6, "", where)]
        flags = socket.AI_NUMERICHOST
        return list(real(host, port, 0, socket.SOCK_STREAM, 0, flags))  # type: ignore[arg-type]

    return resolve_name


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """Watch a listener on loopback, and let no connection leave the machine."""
    found = Network()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    found.port = listener.getsockname()[1]
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client:
                found.reached.append(client.recv(1_000).decode("latin-1"))
                client.sendall(ANSWER)

    thread = threading.Thread(target=listen)
    thread.start()
    connect = socket.socket.connect

    def watched(self: socket.socket, address: tuple[str, int]) -> None:
        found.tried.append(address[0].partition("%")[0])
        if address[0] == "127.0.0.1" and address[1] in (found.port, *found.own_ports):
            connect(self, address)
            return
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", _resolver({**FORBIDDEN_NAMES, **PUBLIC_NAMES}))
    yield found
    stop.set()
    thread.join()
    listener.close()


def ask(transport: Transport, url: str) -> str | None:
    """Return what is wrong with the outcome for a forbidden address, or None."""
    try:
        outcome = transport.get(url)
    except Exception as error:  # an error that escapes is a finding
        return f"{url!r}: {type(error).__name__}: {error}"
    if isinstance(outcome, Failed) and outcome.reason and outcome.kind in ("blocked", "failed"):
        return None
    return f"{url!r}: {outcome}"


def test_there_are_hundreds_of_different_spellings() -> None:
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 400
    assert len({line.split()[0] for line in PUBLIC}) == len(PUBLIC) >= 90


def test_the_listener_counts_what_reaches_it(network: Network) -> None:
    host = f"127.0.0.1:{network.port}"
    Transport(CONFIG, AGENT, frozenset({host})).get(f"http://{host}/secret")
    assert len(network.reached) == 1
    assert network.offences() == ["127.0.0.1"]


def test_no_spelling_reaches_a_forbidden_address(network: Network) -> None:
    """As it is written, and as our own canonical form of it: the first is what a bug would send."""
    transport = Transport(CONFIG, AGENT)
    wrong = []
    for url in network.urls():
        clean = canonical_url(url)
        wrong += [ask(transport, address) for address in (url, clean) if address is not None]
    assert [told for told in wrong if told] == []
    assert network.offences() == []
    assert network.reached == []


def test_no_spelling_on_a_port_of_its_own_is_let_through_by_another_name(network: Network) -> None:
    """`--allow-private localhost:PORT` names one host; other spellings of it stay shut."""
    transport = Transport(CONFIG, AGENT, frozenset({f"demo.test:{network.port}"}))
    assert [told for url in network.urls() if (told := ask(transport, url))] == []
    assert network.reached == []


def test_an_address_is_canonical_or_none_and_stays_so(network: Network) -> None:
    for url in network.urls():
        clean = canonical_url(url)
        if clean is not None:
            assert canonical_url(clean) == clean, url
            assert clean.startswith(("http://", "https://")), url
            assert "@" not in clean.split("/")[2], url
            assert clean.isprintable(), url


def _shown(url: str) -> bool:
    """Tell whether a spelling can stand in XML at all."""
    return all(char.isprintable() or char in "\t\r\n" for char in url)


def _feed(url: str) -> list[str]:
    item = f"<item><title>t</title><link>{escape(url)}</link></item>"
    rss = f'<rss version="2.0"><channel>{item}</channel></rss>'
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href='
        f'"{escape(url, {chr(34): "&quot;"})}"/></feed>'
    )
    found = read_feed(rss.encode(), BASE), read_feed(atom.encode(), BASE)
    items = read_feed(json.dumps({"version": "1", "items": [{"url": url}]}).encode(), BASE)
    return [link.url for page in (*found, items) for link in (*page.links, *page.follow)]


def _sitemap(url: str) -> list[str]:
    loc = f"<loc>{escape(url)}</loc>"
    pages = read_sitemap(f"<urlset><url>{loc}</url></urlset>".encode(), BASE)
    maps = read_sitemap(f"<sitemapindex><sitemap>{loc}</sitemap></sitemapindex>".encode(), BASE)
    lines = read_sitemap(f"http://city.example/\n{url}\n".encode(), BASE)
    return [link.url for page in (pages, maps, lines) for link in (*page.links, *page.follow)]


def _page(url: str) -> list[str]:
    shown = escape(url, {'"': "&quot;"})
    page = (
        f'<html><head><link rel="canonical" href="{shown}"><link rel="next" href="{shown}"></head>'
        f'<body><a href="{shown}">a</a><a href="{shown}.pdf">b</a>'
        f'<a rel="next" href="{shown}">c</a>'
        f'<iframe src="{shown}.pdf"></iframe><embed src="{shown}.pdf"></body></html>'
    ).encode()
    listing = read_listing(page, BASE, link_pattern="", next_pattern="")
    named = canonical_link(page, BASE)
    based = page.replace(b"<head>", f'<head><base href="{shown}">'.encode())
    pdfs = (*pdf_links(page, BASE), *pdf_links(based, BASE))
    links = [link.url for link in (*listing.links, *listing.follow, *pdfs)]
    return [*links, named] if named else links


@pytest.mark.parametrize("read", [_feed, _sitemap, _page], ids=["feed", "sitemap", "page"])
def test_no_link_of_a_feed_a_map_or_a_page_reaches_a_forbidden_address(
    read: Callable[[str], list[str]], network: Network
) -> None:
    transport = Transport(CONFIG, AGENT)
    links = {link for url in network.urls() if _shown(url) for link in read(url)}
    assert len(links) > 150  # the readers do find them
    assert [told for link in sorted(links) if (told := ask(transport, link))] == []
    assert network.offences() == []
    assert network.reached == []


def test_no_redirect_reaches_a_forbidden_address(network: Network) -> None:
    def leads_to(url: str) -> hostile.Page:
        line = url.replace("\r", "").replace("\n", "").encode("utf-8")

        def page(handler: hostile.Handler) -> None:
            handler.wfile.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ")
            handler.wfile.write(line + b"\r\nConnection: close\r\n\r\n")
            handler.close_connection = True

        return page

    pages = {f"/{n}": leads_to(url) for n, url in enumerate(network.urls())}
    with serving({"/robots.txt": hostile.status(404), **pages}) as outer:
        network.own_ports.append(outer.server_address[1])
        transport = Transport(CONFIG, AGENT, frozenset({outer.host}))
        wrong = []
        for path in pages:
            outcome = transport.get(outer.url(path))
            if isinstance(outcome, Redirect):
                if outcome.target.startswith(f"http://{outer.host}/"):
                    continue  # a relative one: back to the server itself, which may be asked
                wrong.append(ask(transport, outcome.target))
            elif not isinstance(outcome, Failed):
                wrong.append(f"{path}: {outcome}")
        assert [told for told in wrong if told] == []
        count = len(outer.requests)
    assert count == len(pages)
    # Each request to our own server is one connection to 127.0.0.1, and there is no other.
    assert len(network.offences()) == count
    assert network.reached == []


def test_a_visitor_ends_at_a_redirect_to_a_forbidden_address(network: Network) -> None:
    target = f"http://2130706433:{network.port}/secret"
    pages = {
        "/robots.txt": hostile.status(404),
        "/a": hostile.redirect(target),
        "/b": hostile.redirect("/a"),
    }
    with serving(pages) as outer:
        network.own_ports.append(outer.server_address[1])
        guest = Visitor(
            CONFIG,
            AGENT,
            now=datetime(2026, 11, 24, tzinfo=UTC),
            allow_private=frozenset({outer.host}),
            pause=lambda _: None,
        )
        for path in ("/a", "/b"):
            outcome = guest.get(outer.url(path))
            assert isinstance(outcome, Failed)
            # robots.txt of the target cannot be read, so the target itself is not asked for.
            assert outcome.kind in ("blocked", "disallowed")
    assert network.reached == []


def test_robots_txt_of_a_forbidden_host_is_not_asked_for(network: Network) -> None:
    guest = Visitor(CONFIG, AGENT, now=datetime(2026, 11, 24, tzinfo=UTC), pause=lambda _: None)
    for name in ("127.0.0.1", "localhost", "metadata.google.internal", "[::1]"):
        outcome = guest.get(f"http://{name}:{network.port}/secret")
        assert isinstance(outcome, Failed)
    assert network.offences() == []
    assert network.reached == []


def test_public_spellings_are_not_refused(network: Network) -> None:
    """Each is asked at the address that it names; there the network ends."""
    transport = Transport(CONFIG, AGENT)
    wrong = []
    for line in PUBLIC:
        url, expected = line.split()
        clean = canonical_url(url)
        network.tried.clear()
        outcome = transport.get(clean) if clean is not None else None
        if network.tried != [expected]:
            wrong.append(f"{url} as {clean}: {network.tried} {outcome}")
        outcome = transport.get(url)
        if isinstance(outcome, Failed) and outcome.kind == "blocked":
            wrong.append(f"{url}: {outcome}")
    assert wrong == []


def test_a_link_beside_a_forbidden_one_is_still_found() -> None:
    page = '<a href="http://127.0.0.1/x.pdf">a</a><a href="/report.pdf">b</a>'
    assert "https://city.example/report.pdf" in [
        link.url for link in pdf_links(page.encode(), BASE)
    ]
    assert resolve(BASE, "//[::1") is None
    assert resolve(BASE, "../a") == "https://city.example/a"
