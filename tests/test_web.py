"""Requests against a hostile server: addresses, deadlines, bodies, robots.txt and pace."""

import gzip
import ipaddress
import socket
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import robots
from pipeline.answers import Failed, Fetched, Redirect, Unchanged
from pipeline.bodies import BodyError, read_body
from pipeline.catalog_rows import Host, Robots
from pipeline.config import FetchConfig
from pipeline.guard import is_public
from pipeline.visitor import Visitor, user_agent
from pipeline.web import Transport
from tests import hostile
from tests.hostile import HostileServer, serving

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CONFIG = FetchConfig(min_delay_seconds=0.05, deadline_seconds=0.6, max_bytes=2_000_000)
AGENT = user_agent("1.0", "test@example.org")
OPEN_ROBOTS = {"/robots.txt": hostile.robots("User-agent: *\nAllow: /\n")}


def transport(*hosts: HostileServer, config: FetchConfig = CONFIG) -> Transport:
    return Transport(config, AGENT, frozenset(host.host for host in hosts))


def visitor(*hosts: HostileServer, config: FetchConfig = CONFIG, **kwargs: object) -> Visitor:
    return Visitor(
        config,
        AGENT,
        now=kwargs.pop("now", NOW),  # type: ignore[arg-type]
        allow_private=frozenset(host.host for host in hosts),
        **kwargs,  # type: ignore[arg-type]
    )


# Addresses

PRIVATE = """
127.0.0.1 127.8.9.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 0.1.2.3 100.64.0.1
192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1
255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd12::1 fe80::1
fec0::1 ff02::1 ff0e::1 2a00:1450::5efe:7f00:1 2a00:1450::200:5efe:8.8.8.8
""".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "36.95.1.1", "133.1.1.1", "2001:4860:4860::8888", "2400:cb00::1"]
)
def test_a_public_address_is_let_through(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def spellings(port: int) -> list[str]:
    """Ways to write 127.0.0.1 and its like in a URL."""
    numbers = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"]
    numbers += ["017700000001", "0", "0.0.0.0", "127.255.255.254", "localhost", "LOCALHOST"]  # noqa: S104 - a target, not a bind
    numbers += ["localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"]
    numbers += ["[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"]
    numbers += ["①②⑦.⓪.⓪.①", "127。0。0。1", "169.254.169.254", "[fe80::1]", "[fe80::1%25lo]"]
    urls = [f"{scheme}://{n}:{port}/secret" for n in numbers for scheme in ("http", "https")]
    urls += [f"http://user@127.0.0.1:{port}/secret", f"http://public.example@127.0.0.1:{port}/"]
    urls += [f"http://127.0.0.1:{port}#@public.example/", f"http://127.0.0.1:{port}\\@a.example/"]
    urls += [f"http:/\\127.0.0.1:{port}/", f"http://[127.0.0.1]:{port}/", "http://", "http://["]
    urls += ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/_", "data:,x"]
    urls += ["javascript:alert(1)", f"dict://127.0.0.1:{port}/", "http://a.example:99999/", "//x/"]
    return urls


def test_no_spelling_of_a_private_address_reaches_a_server() -> None:
    with serving({"/secret": hostile.page(b"secret")}) as server:
        asker = Transport(CONFIG, AGENT)
        outcomes = [asker.get(url) for url in spellings(server.server_address[1])]
        assert all(isinstance(outcome, Failed) for outcome in outcomes)
        assert server.requests == []


def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    with serving({"/secret": hostile.page(b"secret")}) as inner:
        targets = [*spellings(inner.server_address[1]), inner.url("/secret"), "/../../etc/passwd"]
        pages = {f"/{n}": hostile.redirect(t) for n, t in enumerate(targets) if t.isascii()}
        with serving({**OPEN_ROBOTS, **pages}) as outer:
            guest = visitor(outer, pause=lambda _: None)
            outcomes = [guest.get(outer.url(path)) for path in pages]
        assert all(isinstance(outcome, Failed) for outcome in outcomes)
        assert inner.requests == []


def test_only_the_named_port_of_a_private_host_is_let_through() -> None:
    with serving({"/": hostile.page(b"one")}) as one, serving({"/": hostile.page(b"two")}) as two:
        asker = transport(one)
        assert isinstance(asker.get(one.url("/")), Fetched)
        refused = asker.get(two.url("/"))
        assert isinstance(refused, Failed)
        assert (refused.kind, two.requests) == ("blocked", [])


def test_the_checked_address_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when checked and private when connected must not get through."""
    answers = iter(["8.8.8.8", "127.0.0.1", "127.0.0.1"])
    asked: list[str] = []
    connected: list[str] = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = host if host[0].isdigit() else next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(_: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    outcome = Transport(CONFIG, AGENT).get("http://rebinding.example/")
    assert isinstance(outcome, Failed)
    assert connected == ["8.8.8.8"]


# Deadlines and sizes


@pytest.mark.parametrize(
    "page",
    [hostile.slow_header, hostile.slow_body, hostile.slow_unbounded_body, hostile.silent],
    ids=lambda page: page.__name__,
)
def test_slowness_ends_at_the_deadline(page: hostile.Page) -> None:
    with serving({"/": page}) as server:
        begun = time.monotonic()
        outcome = transport(server).get(server.url("/"))
        assert time.monotonic() - begun < CONFIG.deadline_seconds + 1.0
    assert isinstance(outcome, Failed)
    assert (outcome.temporary, outcome.reason) == (True, "not finished within 0.6 s")


def test_a_server_that_never_answers_a_tls_handshake_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        begun = time.monotonic()
        outcome = Transport(CONFIG, AGENT, frozenset({host})).get(f"https://{host}/")
        assert time.monotonic() - begun < CONFIG.deadline_seconds + 1.0
    assert isinstance(outcome, Failed)
    assert outcome.temporary


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_bomb_is_stopped_at_the_cap_with_little_memory(encoding: str) -> None:
    body = hostile.bomb(encoding, 200_000_000)
    with serving({"/": body}) as server:
        tracemalloc.start()
        outcome = transport(server).get(server.url("/"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert isinstance(outcome, Failed)
    assert outcome.reason == "larger than 2,000,000 bytes"
    assert peak < 30_000_000


def test_endless_and_announced_giants_are_stopped() -> None:
    def giant(handler: hostile.Handler) -> None:
        handler.answer(200, b"x", Content_Length="1000000000000")

    with serving({"/endless": hostile.endless_body, "/giant": giant}) as server:
        tracemalloc.start()
        for path in ("/endless", "/giant"):
            outcome = transport(server).get(server.url(path))
            assert isinstance(outcome, Failed)
            assert "larger" in outcome.reason
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 300_000_000  # bytes; the limit of a body is a tenth of it


@pytest.mark.parametrize(
    "page",
    [
        hostile.truncated,
        hostile.truncated_gzip,
        hostile.truncated_chunks,
        hostile.many_headers,
        hostile.no_http,
        hostile.page(b"not gzip", Content_Encoding="gzip"),
        hostile.page(b"x", Content_Encoding="zstd"),
        hostile.page(b"x", Content_Encoding="gzip, gzip, gzip, gzip"),
        hostile.page(b"\xff\xff\xff", Content_Encoding="br"),
    ],
)
def test_a_body_that_is_not_whole_is_never_a_page(page: hostile.Page) -> None:
    with serving({"/": page}) as server:
        assert isinstance(transport(server).get(server.url("/")), Failed)


def test_bodies_are_decoded_and_headers_kept() -> None:
    text = hostile.html("encoded", "words " * 300)
    page = hostile.page(gzip.compress(text), Content_Encoding="gzip", ETag='"a"')
    with serving({"/a": page}) as server:
        outcome = transport(server).get(server.url("/a"))
    assert isinstance(outcome, Fetched)
    assert (outcome.payload, outcome.etag) == (text, '"a"')
    assert ("Content-Encoding", "gzip") in outcome.exchange.response_headers
    assert outcome.exchange.request_line == "GET /a HTTP/1.1"


def test_the_request_is_honest_and_carries_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    cookie = hostile.page(b"<p>x", Set_Cookie="track=1")
    with serving({"/a": cookie, "/b": cookie}) as server:
        asker = transport(server)
        asker.get(server.url("/a"))
        asker.get(server.url("/b"))
        last = server.requests[-1].headers
    assert last["user-agent"] == "cityaccords/1.0 (+mailto:test@example.org)"
    assert "cookie" not in last
    assert "referer" not in last


def test_validators_are_sent_back_as_they_came() -> None:
    seen: list[dict[str, str]] = []

    def page(handler: hostile.Handler) -> None:
        seen.append(dict(handler.headers))
        handler.answer(304, b"", ETag='W/"ü"')

    with serving({"/": page}) as server:
        outcome = transport(server).get(server.url("/"), 'W/"a b"', "Tue, 01 Jan 2030 00:00:00 GMT")
    assert isinstance(outcome, Unchanged)
    assert seen[0]["If-None-Match"] == 'W/"a b"'
    assert seen[0]["If-Modified-Since"] == "Tue, 01 Jan 2030 00:00:00 GMT"


@pytest.mark.parametrize(
    ("code", "kind", "temporary"),
    [
        (404, "gone", False),
        (410, "gone", False),
        (403, "blocked", False),
        (451, "blocked", False),
        (400, "failed", False),
        (429, "failed", True),
        (500, "failed", True),
        (503, "failed", True),
        (204, "failed", False),
    ],
)
def test_statuses_have_their_kind(code: int, kind: str, temporary: bool) -> None:
    with serving({"/": hostile.status(code)}) as server:
        outcome = transport(server).get(server.url("/"))
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.temporary, outcome.status) == (kind, temporary, code)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", 120, 120),
        ("9999999999", 30 * 86_400, 30 * 86_400),
        ("Fri, 01 Jan 2016 00:00:00 GMT", 0, 0),
        ("soon", None, None),
        ("-5", None, None),
    ],
)
def test_retry_after_is_a_value_and_nobody_sleeps(
    value: str, least: float | None, most: float | None
) -> None:
    with serving({"/": hostile.status(503, Retry_After=value)}) as server:
        begun = time.monotonic()
        outcome = transport(server).get(server.url("/"))
        assert time.monotonic() - begun < 1.0
    assert isinstance(outcome, Failed)
    if least is None or most is None:
        assert outcome.retry_after is None
    else:
        assert outcome.retry_after is not None
        assert least <= outcome.retry_after <= most


def test_bodies_of_several_members_and_raw_deflate_are_read() -> None:
    import zlib

    raw = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = raw.compress(b"text" * 100) + raw.flush()
    assert read_body([packed], "deflate", 10_000) == b"text" * 100
    assert read_body([zlib.compress(b"text")], "deflate", 10_000) == b"text"
    two = gzip.compress(b"one ") + gzip.compress(b"two")
    assert read_body([two[:9], two[9:]], "gzip", 10_000) == b"one two"
    assert read_body([gzip.compress(b"x") + b"\0\0"], "x-gzip", 10_000) == b"x"
    assert read_body([], "gzip", 10_000) == b""
    with pytest.raises(BodyError):
        read_body([gzip.compress(b"x" * 100)[:-4]], "gzip", 10_000)


# robots.txt


def test_a_disallowed_path_is_never_asked_for() -> None:
    pages = {
        "/robots.txt": hostile.robots("User-agent: *\nDisallow: /private\nAllow: /private/press\n"),
        "/private/a": hostile.page(b"secret"),
        "/private/press/b": hostile.page(b"<p>press"),
        "/leads": hostile.redirect("/private/a"),
    }
    with serving(pages) as server:
        guest = visitor(server, pause=lambda _: None)
        for path in ("/private/a", "/leads", "/private/x?y=1"):
            outcome = guest.get(server.url(path))
            assert isinstance(outcome, Failed)
            assert (outcome.kind, outcome.reason) == ("disallowed", "by robots.txt")
        assert isinstance(guest.get(server.url("/private/press/b")), Fetched)
        assert "/private/a" not in server.paths()


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        (hostile.status(404), True),
        (hostile.status(403), True),
        (hostile.status(401), True),
        (hostile.status(500), False),
        (hostile.status(503), False),
        (hostile.status(429), False),
        (hostile.slow_body, False),
        (hostile.truncated, False),
        (hostile.redirect("http://127.0.0.1:1/robots.txt"), False),
        (hostile.redirect("/robots.txt"), True),  # a loop counts as unavailable
        (hostile.redirect("/elsewhere.txt"), False),
        (hostile.page(b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n"), False),
        (hostile.page(b"User-agent: *\r\rDisallow: /\r"), False),
        (hostile.page(b"User-agent: cityaccords\nDisallow: /\n"), False),
        (hostile.page(b"User-agent: CITYACCORDS/9\nDisallow: /\n"), False),
        (hostile.page(b"User-agent: other\nDisallow: /\n"), True),
        (hostile.page(b"\x00\xff\xfe" * 1_000), True),
        (hostile.page(b"<html>not found</html>"), True),
        (hostile.page(b"User-agent: *\n" + b"#" * 600_000 + b"\nDisallow: /\n"), True),
        (hostile.page(b"User-agent: *\nDisallow: /\n" + b"Allow: /x\n" * 60_000), False),
    ],
)
def test_robots_follow_rfc_9309(rules: hostile.Page, allowed: bool) -> None:
    pages = {
        "/robots.txt": rules,
        "/a": hostile.page(b"<p>a"),
        "/elsewhere.txt": hostile.page(b"User-agent: *\nDisallow: /a\n"),
    }
    with serving(pages) as server:
        outcome = visitor(server, pause=lambda _: None).get(server.url("/a"))
        assert isinstance(outcome, Fetched) is allowed
        assert ("/a" in server.paths()) is allowed


def test_robots_are_asked_once_and_remembered_for_a_day() -> None:
    pages = {**OPEN_ROBOTS, "/a": hostile.page(b"<p>a")}
    with serving(pages) as server:
        first = visitor(server, pause=lambda _: None)
        first.get(server.url("/a"))
        first.get(server.url("/a"))
        rows = first.robots_rows()
        soon = visitor(
            server, known_robots=rows, pause=lambda _: None, now=NOW + timedelta(hours=23)
        )
        soon.get(server.url("/a"))
        assert server.paths().count("/robots.txt") == 1
        late = visitor(
            server, known_robots=rows, pause=lambda _: None, now=NOW + timedelta(hours=25)
        )
        late.get(server.url("/a"))
        assert server.paths().count("/robots.txt") == 2


def test_an_unreadable_robots_file_is_not_remembered() -> None:
    with serving({**OPEN_ROBOTS, "/a": hostile.page(b"<p>a")}) as server:
        row = Robots(
            origin=f"http://{server.host}",
            verdict=robots.UNREACHABLE,
            text=None,
            checked_at="2026-11-24T00:00:00Z",
        )
        outcome = visitor(server, known_robots=[row], pause=lambda _: None).get(server.url("/a"))
    assert isinstance(outcome, Fetched)


def test_crawl_delay_has_a_limit_and_nonsense_none() -> None:
    assert robots.crawl_delay(robots.RULES, "User-agent: *\nCrawl-delay: 7\n") == 7
    assert robots.crawl_delay(robots.RULES, "User-agent: *\nCrawl-delay: 99999\n") == 300
    assert robots.crawl_delay(robots.RULES, "User-agent: *\nCrawl-delay: soon\n") == 0
    assert robots.crawl_delay(robots.MISSING, None) == 0


# Pace


def test_the_pause_is_the_longest_of_minimum_crawl_delay_and_latency() -> None:
    pauses: list[float] = []

    def slow(handler: hostile.Handler) -> None:
        handler.server.closing.wait(0.1)
        handler.answer(200, b"<p>slow", Content_Type="text/html")

    pages = {
        "/robots.txt": hostile.robots("User-agent: *\nCrawl-delay: 0.3\n"),
        "/a": hostile.page(b"<p>a"),
        "/slow": slow,
    }
    with serving(pages) as server:
        guest = visitor(server, pause=lambda seconds: pauses.append(seconds))
        for path in ("/a", "/slow", "/a"):
            guest.get(server.url(path))
    assert 0.25 < pauses[0] <= 0.3
    assert 0.25 < pauses[1] <= 0.3
    assert 0.45 < pauses[2] < 0.9  # five times the latency of the slow page


def test_the_pause_is_remembered_over_runs() -> None:
    pauses: list[float] = []
    just_now = datetime.now(UTC).isoformat()
    with serving({**OPEN_ROBOTS, "/a": hostile.page(b"<p>a")}) as server:
        row = Host(host=server.host, last_request_at=just_now, latency=2.0)
        visitor(server, hosts=[row], pause=lambda seconds: pauses.append(seconds)).get(
            server.url("/a")
        )
    assert 8.0 < pauses[0] <= 10.0


def test_a_host_that_asks_to_wait_is_left_alone_until_then() -> None:
    pages = {**OPEN_ROBOTS, "/a": hostile.status(503, Retry_After="3600"), "/b": hostile.page(b"b")}
    with serving(pages) as server:
        guest = visitor(server, pause=lambda _: None)
        guest.get(server.url("/a"))
        asked = len(server.requests)
        outcome = guest.get(server.url("/b"))
        assert isinstance(outcome, Failed)
        assert outcome.kind == "later"
        rows = guest.host_rows()
        again = visitor(
            server, hosts=rows, pause=lambda _: None, now=NOW + timedelta(minutes=59)
        ).get(server.url("/b"))
        assert isinstance(again, Failed)
        assert again.kind == "later"
        assert len(server.requests) == asked
        late = visitor(server, hosts=rows, pause=lambda _: None, now=NOW + timedelta(minutes=61))
        assert isinstance(late.get(server.url("/b")), Fetched)


def test_a_host_that_fails_again_and_again_is_left_alone_for_the_run() -> None:
    with serving({**OPEN_ROBOTS, "/a": hostile.status(500)}) as server:
        guest = visitor(server, pause=lambda _: None)
        kinds = [guest.get(server.url("/a")) for _ in range(8)]
    assert [getattr(k, "kind", "") for k in kinds] == ["failed"] * 5 + ["later"] * 3


def test_a_stop_during_a_pause_makes_no_request() -> None:
    with serving({**OPEN_ROBOTS, "/a": hostile.page(b"a")}) as server:
        guest = visitor(server, pause=lambda _: True)
        guest.get(server.url("/a"))
        assert server.paths() == ["/robots.txt"]


def test_many_threads_keep_the_pace_of_one_host() -> None:
    pages = {**OPEN_ROBOTS, **{f"/{n}": hostile.page(b"<p>x") for n in range(12)}}
    with serving(pages) as server:
        guest = visitor(server)
        threads = [
            threading.Thread(target=guest.get, args=(server.url(f"/{n}"),)) for n in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = hostile.trace(server)
    assert found.count == 13
    assert found.overlaps == 0
    assert found.closest >= CONFIG.min_delay_seconds


def test_redirects_are_counted_paced_and_checked_on_every_host() -> None:
    with serving(
        {"/robots.txt": hostile.robots("User-agent: *\nDisallow: /no\n"), "/ok": hostile.page(b"k")}
    ) as other:
        pages = {
            **OPEN_ROBOTS,
            "/1": hostile.redirect("/2"),
            "/2": hostile.redirect(other.url("/ok")),
            "/no": hostile.redirect(other.url("/no")),
            "/loop": hostile.redirect("/loop"),
        }
        with serving(pages) as server:
            guest = visitor(server, other)
            found = guest.get(server.url("/1"))
            assert isinstance(found, Fetched)
            assert found.url == other.url("/ok")
            refused = guest.get(server.url("/no"))
            assert isinstance(refused, Failed)
            assert refused.kind == "disallowed"
            loop = guest.get(server.url("/loop"))
            assert isinstance(loop, Failed)
            assert loop.reason == "more than 5 redirects"
            assert hostile.trace(server).closest >= CONFIG.min_delay_seconds
        assert other.paths() == ["/robots.txt", "/ok"]


@pytest.mark.parametrize("contact", ["https://example.org/bot", "a@example.org"])
def test_the_agent_says_what_it_is_and_where_to_complain(contact: str) -> None:
    assert contact in user_agent("1.2.3", contact)
    assert user_agent("1.2.3", contact).startswith("cityaccords/1.2.3 (+")


def test_a_redirect_is_not_followed_by_the_transport_itself() -> None:
    with serving({"/a": hostile.redirect("/b")}) as server:
        outcome = transport(server).get(server.url("/a"))
    assert isinstance(outcome, Redirect)
    assert outcome.target == server.url("/b")
