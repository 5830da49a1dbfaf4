"""The archives of others: the Wayback Machine's index and replay, Common Crawl's news files."""

import gzip
import itertools
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import brotli
import pytest

from pipeline.captures import Link
from pipeline.fetchers import members, wayback
from pipeline.fetchers.commoncrawl import (
    Position,
    is_warc,
    read_paths,
    start_urls,
    stream_pages,
)
from pipeline.fetchers.found import Found
from pipeline.fetchers.warc import Skipped, WarcPage, read_pages
from pipeline.urls import canonical_url, site_of

RECORDINGS = Path(__file__).parent / "recordings"
WAYBACK = RECORDINGS / "wayback"
NEWS = RECORDINGS / "commoncrawl"
OURS = frozenset({"kotasatu.example"})
LIMIT = 1_000_000
LIST = "https://data.commoncrawl.org/crawl-data/CC-NEWS/2026/03/warc.paths.gz"


def recorded(name: str) -> bytes:
    return (WAYBACK / name).read_bytes()


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


# The Wayback Machine's index


@pytest.mark.parametrize(
    ("url", "asked", "match"),
    [
        ("https://kotasatu.example", "kotasatu.example", "host"),
        ("https://WWW.kotasatu.example:443/#top", "www.kotasatu.example", "host"),
        ("https://kotasatu.example/*", "kotasatu.example", "host"),
        ("https://*.kotasatu.example/", "kotasatu.example", "domain"),
        ("https://kotasatu.example/berita/", "kotasatu.example/berita/", "prefix"),
        ("https://kotasatu.example/berita/*", "kotasatu.example/berita/", "prefix"),
        ("https://kotasatu.example/?p=", "kotasatu.example/?p=", "prefix"),
        ("http://kotasatu.example/a?x=1&y=2", "kotasatu.example/a?x=1&y=2", "prefix"),
    ],
)
def test_the_address_of_a_source_says_how_much_is_asked_for(
    url: str, asked: str, match: str
) -> None:
    (found,) = wayback.start_urls(url, None)
    assert found.startswith("https://web.archive.org/cdx/search/cdx?")
    assert canonical_url(found) == found
    fields = query(found)
    assert fields["url"] == [asked]
    assert fields["matchType"] == [match]
    assert "from" not in fields


def test_a_query_asks_for_pages_and_pdfs_once_each_in_bounded_answers() -> None:
    since = datetime.fromisoformat("2026-01-02T07:00:00+07:00")
    (found,) = wayback.start_urls("https://kotasatu.example/", since)
    fields = query(found)
    assert fields["from"] == ["20260102000000"]
    assert fields["output"] == ["json"]
    assert fields["collapse"] == ["urlkey"]
    assert fields["showResumeKey"] == ["true"]
    assert 0 < int(fields["limit"][0]) <= 10_000
    kinds = "mimetype:(text/html|application/xhtml.xml|application/pdf)"
    assert sorted(fields["filter"]) == [kinds, "statuscode:200"]
    assert set(fields["fl"][0].split(",")) >= {"timestamp", "original", "mimetype", "statuscode"}


PRIVATE = [
    "http://127.0.0.1/", "http://localhost/", "http://10.0.0.1:8080/x", "http://[::1]/",
    "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/", "http://2130706433/",
    "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/", "http://intranet/", "http://a.local/",
    "http://router.lan/", "http://db.internal/", "http://x.localhost/", "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/", "http://user@kotasatu.example/", "ftp://kotasatu.example/",
    "http://abc.onion/", "", "kotasatu.example", "http://1.2.3.4.5/", "http://a.0xff/",
]  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_what_no_public_server_has_is_neither_asked_for_nor_replayed(url: str) -> None:
    assert wayback.start_urls(url, None) == ()
    assert wayback.first_seen_url(url) is None
    assert wayback.replay_url(url, "20260101000000") is None
    assert wayback.original_of(f"https://web.archive.org/web/20260101000000id_/{url}") is None


def test_an_answer_gives_replay_addresses_and_the_next_query() -> None:
    (asked,) = wayback.start_urls("https://kotasatu.example/", None)
    found = wayback.read_cdx(recorded("cdx_first.json"), asked)
    assert found.problem is None
    replay = "https://web.archive.org/web/"
    assert found.links == tuple(
        Link(url=replay + rest)
        for rest in (
            "20260103081502id_/http://www.kotasatu.example/berita/2026/01/kerja-sama-kota-kembar",
            "20260211230159id_/https://kotasatu.example/berita/2026/02/delegasi?a=1&b=2",
            "20260215101010id_/https://kotasatu.example/unduh/siaran-pers.pdf",
            "20260221101010id_/https://kotasatu.example/jalan//ganda/~seksi?q=a%26b",
        )
    )
    (follow,) = found.follow
    assert canonical_url(follow.url) == follow.url
    key = "example%2Ckotasatu%29%2Fjalan%2Fganda%2F%7Eseksi%3Fq%3Da%2526b+20260221101011"
    before, after = parse_qsl(urlsplit(asked).query), parse_qsl(urlsplit(follow.url).query)
    assert sorted(after) == sorted([*before, ("resumeKey", key)])
    last = wayback.read_cdx(recorded("cdx_last.json"), follow.url)
    assert len(last.links) == 1
    assert last.follow == ()


def test_an_index_that_leads_in_a_circle_ends() -> None:
    (asked,) = wayback.start_urls("https://kotasatu.example/", None)
    (follow,) = wayback.read_cdx(recorded("cdx_first.json"), asked).follow
    again = wayback.read_cdx(recorded("cdx_first.json"), follow.url)
    assert len(again.links) == 4
    assert again.follow == ()


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (recorded("error_excluded.txt"), "excluded"),
        (recorded("error_robots.txt"), "robots.txt"),
        (recorded("error_server.txt"), "fromKey > toKey"),
        (recorded("error_page.html"), "page instead"),
        (recorded("cdx_first.json")[:-40], "cut"),
        (b"", "cut or empty"),
        (b"{}", "no rows"),
        (b"[1, 2]", "no rows"),
        (b"null", "no rows"),
        (b"7" * 5_000, "archive index"),
        (b'[["urlkey", "digest"], ["a", "b"]]', "moment or address"),
        (b'[[["timestamp"], {"original": 1}]]', "moment or address"),
        (b"[" * 100_000, "cut"),
        (b"\xff\xfe\x00", "archive index"),
        (b"[" + b" " * wayback.MAX_BYTES, "larger"),
    ],
)
def test_what_is_no_answer_of_the_index_is_a_problem(payload: bytes, problem: str) -> None:
    found = wayback.read_cdx(payload, wayback.CDX)
    assert found.links == found.follow == ()
    assert problem in (found.problem or "")
    assert wayback.first_seen(payload) is None


def test_an_index_without_captures_is_sound() -> None:
    assert wayback.read_cdx(recorded("cdx_empty.json"), wayback.CDX) == Found()


def test_rows_of_odd_shape_are_left_out() -> None:
    header = ["timestamp", "original", ["x"], "statuscode"]
    good = ["20260101000000", "https://kotasatu.example/a", None, "200"]
    odd = [
        [],
        ["20260101000000"],
        [20260101000000, "https://kotasatu.example/b", None, "200"],
        ["20260101000000", ["https://kotasatu.example/c"], None, "200"],
        ["20260101000000", "https://kotasatu.example/d", None, 200],
        ["20260101", "https://kotasatu.example/e", None, "200"],
        ["19800101000000", "https://kotasatu.example/e", None, "200"],
        ["٢٠٢٦٠١٠١٠٠٠٠٠٠", "https://kotasatu.example/f", None, "200"],
        ["20260101000000", "https://kotasatu.example/\ud800", None, "200"],
        ["20260101000000", "https://kotasatu.example/" + "g" * 1_990, None, "200"],
        {"timestamp": "20260101000000"},
    ]
    payload = json.dumps([header, good, *odd[:-1]]).encode()
    assert [k.url[-2:] for k in wayback.read_cdx(payload, wayback.CDX).links] == ["/a"]
    assert wayback.read_cdx(json.dumps([header, *odd]).encode(), wayback.CDX).problem


# Replay


ORIGINALS = [
    "https://kotasatu.example/", "http://kotasatu.example/a?b=1&a=2&utm_source=x",
    "HTTP://Kotasatu.Example:80", "https://kotasatu.example:8443/a//b///c/",
    "https://kotasatu.example/a/../b/./c", "https://kotasatu.example/?u=https://x.example//y?z",
    "https://kotasatu.example/%7ea/%2f%3F%23%25?x=%26%3D&y", "https://kotasatu.example/b.php?12",
    "https://kotasatu.example/é ü?ñ=ß", "https://bücher.example/a;jsessionid=AB?sid=12",
    "https://kotasatu.example/http://x.example/", "https://kotasatu.example/a?x=1#top",
    "https://kotasatu.example/a+b?c+d=e+f&c=%2B", "http://8.8.8.8/a", "https://kotasatu.example/..",
    "https://kotasatu.example/?fbclid=1", "https://kotasatu.example/%", "https://kotasatu.example/?",
    "https://kotasatu.example/?a=?b=c", "https://kotasatu.example/web/2020id_/x", "http://a.id/|[]",
]  # fmt: skip


@pytest.mark.parametrize("original", ORIGINALS)
@pytest.mark.parametrize("moment", [None, "20260102030405", "2026-01-02T03:04:05Z"])
def test_a_replay_address_is_canonical_and_leads_back(original: str, moment: str | None) -> None:
    replay = wayback.replay_url(original, moment)
    assert replay is not None
    assert canonical_url(replay) == replay
    assert wayback.original_of(replay) == canonical_url(original)
    expected = "2id_" if moment is None else "20260102030405id_"
    assert replay == f"https://web.archive.org/web/{expected}/{canonical_url(original)}"


def test_a_replay_address_is_canonical_for_any_original() -> None:
    rng = random.Random(1)
    alphabet = "ab/.?&=%;:@+~#2f|[]{}\\^'\"<> é*(),!$_-"
    made = 0
    for _ in range(3_000):
        tail = "".join(rng.choices(alphabet, k=rng.randint(0, 25)))
        replay = wayback.replay_url(f"https://kotasatu.example/{tail}", "20260102030405")
        if replay is not None:
            made += 1
            assert canonical_url(replay) == replay
            assert wayback.original_of(replay) == canonical_url(f"https://kotasatu.example/{tail}")
    assert made > 2_900


@pytest.mark.parametrize(
    ("moment", "digits"),
    [("2026", "2026"), ("2026-01-02", "20260102000000"),
     ("2026-01-02T07:00:00+07:00", "20260102000000"), ("2026-01-02T03:04:05", "20260102030405")],
)  # fmt: skip
def test_moments_are_read_in_either_form(moment: str, digits: str) -> None:
    replay = wayback.replay_url("https://kotasatu.example/", moment)
    assert replay == f"https://web.archive.org/web/{digits}id_/https://kotasatu.example/"


@pytest.mark.parametrize("moment", ["", "x", "2", "20260102030405id_/http://x.example/",
                                    "0001-01-01T00:00:00+14:00", "2026-13-01"])  # fmt: skip
def test_a_moment_that_is_none_gives_no_replay(moment: str) -> None:
    assert wayback.replay_url("https://kotasatu.example/", moment) is None


@pytest.mark.parametrize(
    ("url", "original"),
    [
        ("https://web.archive.org/web/20260102030405/http://kotasatu.example:80/a",
         "http://kotasatu.example/a"),
        ("http://web.archive.org/web/20260102030405if_/https://kotasatu.example",
         "https://kotasatu.example/"),
        ("https://web.archive.org:443/web/2026id_/http:/kotasatu.example/a?x=1&utm_source=y",
         "http://kotasatu.example/a?x=1"),
        ("https://web.archive.org/web/http://kotasatu.example/", None),
        ("https://web.archive.org/web//http://kotasatu.example/", "http://kotasatu.example/"),
        ("https://web.archive.org/web/id_/http://kotasatu.example/", "http://kotasatu.example/"),
        ("https://web.archive.org/web/*/http://kotasatu.example/", None),
        ("https://web.archive.org/web/2026id_/http%3A%2F%2Fkotasatu.example/", None),
        ("https://web.archive.org/web/2026id_/kotasatu.example/", None),
        ("https://web.archive.org/web/2026id_/http:///kotasatu.example/", None),
        ("https://web.archive.org/web/2026id_/http://kotasatu.example/../../../x", None),
        ("https://web.archive.org/save/http://kotasatu.example/", None),
        ("https://web.archive.org.evil.example/web/2026id_/http://kotasatu.example/", None),
        ("https://evil.example/web/2026id_/http://kotasatu.example/", None),
        ("https://evil.example/web.archive.org/web/2026id_/http://kotasatu.example/", None),
        ("https://evil.web.archive.org/web/2026id_/http://kotasatu.example/", None),
        ("https://web.archive.org:8443/web/2026id_/http://kotasatu.example/", None),
        ("https://web.archive.org@evil.example/web/2026id_/http://kotasatu.example/", None),
        ("https://web.archive.org/web/2026id_/https://web.archive.org/web/2026id_/http://a.id/",
         None),
        ("https://web.archive.org/web/2026id_/http://archive.org/web/2026/http://a.id/", None),
        ("https://web.archive.org/web/2026id_/javascript:alert(1)", None),
        ("", None),
        ("https://[", None),
    ],
)  # fmt: skip
def test_only_the_archive_and_only_public_originals_count(url: str, original: str | None) -> None:
    assert wayback.original_of(url) == original


def test_a_capture_says_when_it_was_made() -> None:
    headers = [tuple(pair) for pair in json.loads(recorded("replay_headers.json"))]
    assert wayback.memento_time(headers) == "2026-01-03T08:15:02Z"
    assert wayback.memento_time([h for h in headers if h[0] != "memento-datetime"]) is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [("Sat, 03 Jan 2026 08:15:02 +0700", "2026-01-03T01:15:02Z"),
     ("Sat, 03 Jan 2026 08:15:02 -0000", "2026-01-03T08:15:02Z"), ("", None), ("yesterday", None),
     ("Mon, 31 Dec 9999 23:00:00 -1400", None),
     ("Tue, 01 Jan 1980 00:00:00 GMT", None),
     ("Sat, 99 Jan 2026 08:15:02 GMT", None),
     ("9" * 9_999, None), ("Sat, 03 Jan 99999999999 08:15:02 GMT", None)],
)  # fmt: skip
def test_a_capture_time_is_utc_or_none(value: str, moment: str | None) -> None:
    assert wayback.memento_time((("Memento-Datetime", value),)) == moment


def test_the_first_capture_of_an_address() -> None:
    asked = wayback.first_seen_url("http://kotasatu.example/berita/1?utm_source=x&b=1&a=2")
    assert asked is not None
    assert canonical_url(asked) == asked
    fields = query(asked)
    assert fields["url"] == ["http://kotasatu.example/berita/1?a=2&b=1"]
    assert fields["limit"] == ["1"]
    assert "matchType" not in fields
    assert wayback.first_seen(recorded("first_seen.json")) == "2019-07-04T12:00:00Z"
    assert wayback.first_seen(recorded("cdx_first.json")) == "2026-01-03T08:15:02Z"
    assert wayback.first_seen(recorded("cdx_empty.json")) is None


# Common Crawl: lists of files


def test_one_list_for_each_month_from_the_first_on() -> None:
    since, now = datetime(2025, 11, 30, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    base = "https://data.commoncrawl.org/crawl-data/CC-NEWS"
    assert start_urls(since, now) == tuple(
        f"{base}/{month}/warc.paths.gz" for month in ("2025/11", "2025/12", "2026/01", "2026/02")
    )
    assert start_urls(datetime(1, 1, 1), now)[0] == f"{base}/2016/08/warc.paths.gz"  # noqa: DTZ001
    assert start_urls(now, since) == ()
    assert all(canonical_url(url) == url for url in start_urls(since, now))


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_a_list_names_the_files_of_a_month(pack: Callable[[bytes], bytes]) -> None:
    payload = pack((NEWS / "warc.paths").read_bytes())
    found = read_paths(payload, LIST, None)
    assert found.problem is None
    assert found.links == ()
    assert [f.published for f in found.follow] == [
        "2026-03-01T00:12:34Z", "2026-03-01T02:03:05Z", "2026-03-02T23:59:59Z",
        "2026-03-31T19:13:15Z",
    ]  # fmt: skip
    assert all(is_warc(f.url) and canonical_url(f.url) == f.url for f in found.follow)
    host = "https://data.commoncrawl.org/"
    assert found.follow[0].url == (
        f"{host}crawl-data/CC-NEWS/2026/03/CC-NEWS-20260301001234-00042.warc.gz"
    )
    later = read_paths(payload, LIST, datetime(2026, 3, 1, 2, 3, 5, tzinfo=UTC))
    assert later.follow == found.follow[1:]
    none = read_paths(payload, LIST, datetime(2026, 4, 1, tzinfo=UTC))
    assert none == Found()


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ((NEWS / "no_such_month.xml").read_bytes(), "no list"),
        (gzip.compress(b"x" * 6_000_000, mtime=0), "larger"),
        (b"crawl-data/" * 600_000, "larger"),
        (gzip.compress(b"crawl-data/x\n", mtime=0)[:-4], "cut"),
        (b"\x1f\x8bnonsense", "not what"),
        (b"../../etc/passwd\nhttps://evil.example/crawl-data/CC-NEWS/2026/03/"
         b"CC-NEWS-20260301001234-00042.warc.gz\ncrawl-data/CC-NEWS/2026/03/../../x.warc.gz",
         "no list"),
        (b"crawl-data/CC-NEWS/2026/03/CC-NEWS-20261301001234-00042.warc.gz", "no list"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_files_is_a_problem(payload: bytes, problem: str) -> None:
    found = read_paths(payload, LIST, None)
    assert problem in (found.problem or "")
    assert found.follow == ()


def test_only_news_files_are_streamed() -> None:
    good = (
        "https://data.commoncrawl.org/crawl-data/CC-NEWS/2026/03/CC-NEWS-20260301001234-1.warc.gz"
    )
    assert is_warc(good)
    for bad in (
        LIST,
        good + "/x",
        good.replace("CC-NEWS-", "CC-MAIN-"),
        "https://[",
        "",
        good[:-3],
    ):
        assert not is_warc(bad)


# Common Crawl: pages out of a file


def _lines(name: str, **values: object) -> bytes:
    return (NEWS / name).read_text().format(**values).replace("\n", "\r\n").encode()


def record(number: int, url: str, body: bytes, length: int | str | None = None) -> bytes:
    """A response as Common Crawl's crawler writes it; `length` is what it says of itself."""
    http = _lines("http.txt", length=len(body), number=number) + body
    said = len(http) if length is None else length
    head = _lines("response.txt", number=number, url=url, length=0)
    head = head.replace(b"Content-Length: 0", b"Content-Length: %s" % str(said).encode(), 1)
    return head + http + b"\r\n\r\n"


def page(number: int, size: int = 40) -> bytes:
    words = " ".join(str(random.Random(number * 1_000 + i).random()) for i in range(size))
    return f"<html><body><h1>Halaman {number}</h1><p>{words}</p></body></html>".encode()


def news(count: int = 12, size: int = 40) -> list[bytes]:
    """Members of a file: an info record, then requests and responses, every third one ours."""
    info = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 9\r\n\r\nrobots: x\r\n\r\n"
    found = [gzip.compress(info, mtime=0)]
    for i in range(count):
        host = "www.kotasatu.example" if i % 3 == 0 else f"kotasatu.example.koran{i}.example"
        url = f"https://{host}/berita/{i}?id={i}"
        request = record(i, url, b"").replace(b"WARC-Type: response", b"WARC-Type: request")
        found.append(gzip.compress(request, mtime=0))
        found.append(gzip.compress(record(i, url, page(i, size)), mtime=0))
    return found


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


def stream(data: bytes, start: int = 0, size: int = 999) -> list[WarcPage | Skipped | Position]:
    return list(stream_pages(cut(data[start:], size), OURS, LIMIT, start))


def pages(found: list[WarcPage | Skipped | Position]) -> list[WarcPage]:
    return [item for item in found if isinstance(item, WarcPage)]


def reasons(found: list[WarcPage | Skipped | Position]) -> list[str]:
    return [item.reason for item in found if isinstance(item, Skipped)]


def test_the_pages_of_our_domains_come_out_as_the_plain_reader_gives_them() -> None:
    data = b"".join(news())
    found = stream(data)
    plain = [p for p in read_pages(BytesIO(data), LIMIT) if isinstance(p, WarcPage)]
    assert pages(found) == [p for p in plain if site_of(p.url) in OURS]
    assert [p.url[-1] for p in pages(found)] == ["0", "3", "6", "9"]
    first = pages(found)[0]
    assert first.payload == page(0)
    assert first.fetched_at == "2026-03-01T00:12:35Z"
    assert first.etag == '"invented-0"'
    assert reasons(found) == []
    assert found[-1] == Position(len(data))


@pytest.mark.parametrize("size", [1, 7, 512, 65_536, 10_000_000])
def test_the_size_of_the_chunks_does_not_matter(size: int) -> None:
    data = b"".join(news())
    assert stream(data, 0, size) == stream(data)


def test_a_file_of_nothing_gives_nothing() -> None:
    assert stream(b"") == []
    assert list(stream_pages([b"", b""], OURS, LIMIT, 77)) == []
    assert list(stream_pages([b"".join(news())], frozenset(), LIMIT))[:-1] == []


def test_from_any_position_the_stream_gives_exactly_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.fetchers.commoncrawl._POSITION_EVERY", 3_000)
    whole = news(30)
    whole[7] = gzip.compress(record(3, "https://kotasatu.example/x", page(3), length=5))
    whole[20] = whole[20][:60] + b"broken" + whole[20][66:]
    data = b"".join(whole)
    found = stream(data)
    positions = [i for i, item in enumerate(found) if isinstance(item, Position)]
    assert len(positions) > len(pages(found)) + len(reasons(found))
    assert len(reasons(found)) == 2
    for i in positions:
        item = found[i]
        assert isinstance(item, Position)
        for size in (333, 65_536):
            assert stream(data, item.offset, size) == found[i + 1 :]


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://kotasatu.example/a", True),
        ("http://KOTASATU.example:80/a", True),
        ("https://a.b.kotasatu.example./a", True),
        ("<https://kotasatu.example/a>", True),
        ("https://kotasatu.example", True),
        ("https://kotasatu.example?x", True),
        ("https://xn--kta-sna.example/", True),
        ("https://k\u00f6ta.example/", True),
        ("http://127.0.0.1:8731/a", True),
        ("http://127.0.0.1:8732/a", False),
        ("https://notkotasatu.example/a", False),
        ("https://kotasatu.example.evil.example/", False),
        ("https://evil.example/kotasatu.example", False),
        ("https://evil.example\\.kotasatu.example/", False),
        ("https://kotasatu.example@evil.example/", False),
        ("https://kotasatu.example:pw@evil.example/", False),
        ("https://evil.example#.kotasatu.example/", False),
        ("dns:kotasatu.example", False),
        ("ftp://kotasatu.example/", False),
    ],
)
def test_a_domain_is_told_by_the_host_alone(url: str, is_ours: bool) -> None:
    domains = OURS | {"xn--kta-sna.example", "127.0.0.1:8731"}
    data = gzip.compress(record(1, url, page(1)))
    found = list(stream_pages([data], domains, LIMIT))
    assert len(pages(found)) == is_ours
    assert all(site_of(p.url) in domains for p in pages(found))
    assert reasons(found) == []


URL = "https://kotasatu.example/berita/1"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record(1, URL, page(1), length=100), "longer than it says"),
        (record(1, URL, page(1), length=9_999), "shorter than it says"),
        (record(1, URL, page(1), length=999_999_999_999), "shorter than it says"),
        (record(1, URL, page(1), length=-1), "without length"),
        (record(1, URL, page(1), length="x"), "without length"),
        (record(1, URL, page(1), length="9" * 5_000), "without length"),
        (record(1, URL, page(1)) + record(2, URL, page(2)), "longer than it says"),
        (record(1, URL, b"x" * 1_000_001), "larger than"),
        (record(1, URL, b"<html>" + b"x" * 2_000_000), "larger than"),
        (record(1, URL, b"\x89PNG...."), "neither HTML nor PDF"),
        (record(1, URL, b""), "neither HTML nor PDF"),
        (record(1, URL, page(1)).replace(b"200 OK", b"404 Not Found").replace(
            b"Content-Length: ", b"Content-Length: ", 1), "longer"),
        (record(1, URL, page(1)).replace(b"WARC/1.0", b"WARC/9.9"), "no WARC record"),
        (record(1, URL, page(1)).replace(b"2026-03-01T", b"0001-01-01T").replace(
            b":35Z", b":+1"), ""),
        (record(1, URL, page(1)).replace(b"WARC-Date: 2026-03-01T00:12:35Z",
                                         b"WARC-Date: 0001-01-01T00:00:00+14:00"), "no date"),
        (record(1, URL, page(1)).replace(b"WARC-IP-Address: 192.0.2.7", b" "), "broken"),
        (b"GET / HTTP/1.1\r\n\r\n", "no WARC header"),
        (b"WARC/1.0\r\nX: " + b"x" * 200_000, "no WARC header"),
        (b"WARC/1.0\r\nX: y", "no WARC header"),
    ],
)  # fmt: skip
def test_a_record_that_lies_is_skipped_with_the_reason_and_the_rest_is_read(
    broken: bytes, reason: str
) -> None:
    parts = news(4)
    data = b"".join([*parts[:4], gzip.compress(broken), *parts[4:]])
    found = stream(data)
    assert [p.url[-1] for p in pages(found)] == ["0", "3"]
    assert len(reasons(found)) == 1
    assert reason in reasons(found)[0]
    assert found[-1] == Position(len(data))


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes, "gzip": gzip.compress, "br": brotli.compress, "deflate": zlib.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
}  # fmt: skip


def _encoded(body: bytes, encoding: str, *, is_chunked: bool) -> bytes:
    body = ENCODINGS[encoding](body)
    lines = [b"Content-Encoding: " + encoding.encode()]
    if is_chunked:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    http = b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body
    return _lines("response.txt", number=1, url=URL, length=len(http)) + http + b"\r\n\r\n"


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bodies_that_their_crawler_left_encoded_are_decoded_under_the_limit(
    encoding: str,
    is_chunked: bool,
) -> None:
    rng = random.Random(9)
    whole = _encoded(page(1), encoding, is_chunked=is_chunked)
    assert pages(stream(gzip.compress(whole)))[0].payload == page(1)
    bomb = _encoded(b"<html>" + bytes(20_000_000), encoding, is_chunked=is_chunked)
    assert reasons(stream(gzip.compress(bomb, 1))) in (
        ["larger than 1,000,000 bytes"],
        ["larger than 1,190,536 bytes"],  # of the record, where its body is not encoded
    )
    for mutant in mutants(rng, whole, 200):
        assert isinstance(stream(gzip.compress(mutant, 1))[-1], Position)


def test_no_record_inside_a_page_is_taken_for_one() -> None:
    forged = record(9, "https://kotasatu.example/forged", page(9))
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)  # level 0 stores: the bytes stand as they are
    outer = record(1, "https://evil.example/", gzip.compress(forged) * 5 + forged)
    member = packer.compress(outer) + packer.flush()
    assert gzip.compress(forged)[10:] in member
    parts = news(4)
    assert pages(stream(b"".join([*parts, member]))) == pages(stream(b"".join(parts)))
    assert pages(stream(member[:-20])) == []


@pytest.mark.parametrize("damage", ["flip", "zero", "drop", "add", "head", "tail"])
@pytest.mark.parametrize("which", [1, 2, 7, 8])
def test_after_a_broken_member_the_next_sound_one_is_read(damage: str, which: int) -> None:
    parts = news(6)
    member = parts[which]
    middle = len(member) // 2
    parts[which] = {
        "flip": member[:middle] + bytes([member[middle] ^ 0xFF]) + member[middle + 1 :],
        "zero": member[:middle] + bytes(20) + member[middle + 20 :],
        "drop": member[: middle - 9] + member[middle:],
        "add": member[:middle] + b"rubbish" + member[middle:],
        "head": b"\x00\x00\x00" + member[3:],
        "tail": member[:-8] + b"\x00" * 8,
    }[damage]
    data = b"".join(parts)
    found = stream(data)
    expected = [p for p in pages(stream(b"".join(news(6)))) if which != 2 or p.payload != page(0)]
    expected = [p for p in expected if which != 8 or p.payload != page(3)]
    assert pages(found) == expected
    assert any("broken record at byte" in told for told in reasons(found))
    assert found[-1] == Position(len(data))
    assert found == stream(data, 0, 50)


def test_what_a_broken_member_swallowed_is_read_again() -> None:
    body = random.Random(3).randbytes(200_000)
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    member = packer.compress(record(1, "https://evil.example/", body)) + packer.flush()
    # Cut here, its last stored block takes in the members behind it; the stream is read in pieces
    # of 65,536 bytes, and one ends among them.
    short = member[:195_000]
    assert len(short) < 3 * 65_536 < len(member)
    found = stream(b"".join([short, *news(12, 400)]), 0, 4_096)
    assert [p.url[-1] for p in pages(found)] == ["0", "3", "6", "9"]
    assert len(reasons(found)) == 1


@pytest.mark.parametrize("gap", range(65_520, 65_540))
def test_a_member_is_found_across_the_pieces_of_the_stream(gap: int) -> None:
    found = stream(b"x" * gap + news(1)[2], 0, 4_096)
    assert len(pages(found)) == len(reasons(found)) == 1


def test_a_gap_full_of_false_beginnings_is_given_up() -> None:
    false = b"\x1f\x8b\x08" + bytes(7)
    few = stream(b"".join([b"x", false * 900, *news(1)]))
    assert len(pages(few)) == 1
    many = stream(b"".join([b"x", false * 1_100, *news(1)]))
    assert pages(many) == []
    assert "no sound one follows" in reasons(many)[0]
    assert isinstance(many[-1], Skipped)


def test_a_broken_record_longer_than_what_is_kept_is_left_too() -> None:
    parts = news(4)
    long = gzip.compress(record(1, "https://evil.example/", random.Random(2).randbytes(3_000_000)))
    at = len(long) - 2_000
    parts[2:2] = [long[:at] + bytes(9) + long[at + 9 :]]
    found = stream(b"".join(parts), 0, 65_536)
    assert [p.url[-1] for p in pages(found)] == ["0", "3"]
    assert len(reasons(found)) == 1


def test_a_cut_stream_has_no_position_behind_the_cut() -> None:
    data = b"".join(news(6))
    whole = pages(stream(data))
    boundaries = set(itertools.accumulate(len(part) for part in news(6))) | {0}
    for end in range(0, len(data), 97):
        found = stream(data[:end])
        assert pages(found) == whole[: len(pages(found))]
        positions = [item.offset for item in found if isinstance(item, Position)]
        assert set(positions) <= boundaries
        if end in boundaries:
            assert reasons(found) == []
        else:
            assert len(reasons(found)) == 1
            assert "ends inside the record" in reasons(found)[0]
            again = stream(data, max(positions, default=0))
            assert pages(found) + pages(again) == whole


def test_what_is_no_warc_ends_with_the_reason() -> None:
    for data in (b"<html>404</html>", b"WARC/1.0\r\n\r\n" * 9_000, gzip.compress(b"hello")):
        found = stream(data)
        assert pages(found) == []
        assert len(reasons(found)) == 1


def test_an_error_of_the_line_comes_through() -> None:
    def line() -> Iterator[bytes]:
        yield b"".join(news(3)) * 200
        raise ConnectionResetError

    found = stream_pages(line(), OURS, LIMIT)
    with pytest.raises(ConnectionResetError):
        list(found)


def _packed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush()


@pytest.mark.parametrize("host", ["kotasatu.example", "evil.example"])
def test_a_bomb_in_one_record_is_left_and_the_rest_is_read(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "_MAX_MEMBER", 50_000_000)
    head = record(1, f"https://{host}/", b"", length=90_000_000)[:-4]
    blocks = itertools.chain([head], itertools.repeat(bytes(1_000_000), 90))
    bomb = b"".join(_packed(blocks))
    assert len(bomb) < 1_000_000
    parts = news(4)
    data = b"".join([*parts[:4], bomb, *parts[4:]])
    tracemalloc.start()
    found = stream(data, 0, 65_536)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [p.url[-1] for p in pages(found)] == ["0", "3"]
    assert len(reasons(found)) == 1
    assert "broken record" in reasons(found)[0]
    assert found[-1] == Position(len(data))
    assert peak < 32_000_000


@pytest.mark.parametrize(
    "endless",
    [
        lambda: _packed(itertools.chain(
            [record(1, URL, b"", length=10**11)[:-4]], itertools.repeat(bytes(100_000)))),
        lambda: _packed(itertools.chain([b"WARC/1.0\r\nX: "], itertools.repeat(b"x" * 100_000))),
        lambda: itertools.chain([b"\x1f\x8b\x08\x08" + bytes(6)], itertools.repeat(b"n" * 65_536)),
        lambda: itertools.chain([b"\x1f\x8b\x08" + bytes(7)],
                                itertools.repeat(b"\x00\x00\x00\xff\xff" * 9_999)),
        lambda: itertools.chain(news(1), itertools.repeat(b"garbage" * 9_999)),
        lambda: itertools.chain([gzip.compress(b"x")[:12]],
                                itertools.repeat((b"\x1f\x8b\x08" + bytes(7)) * 999)),
    ],
    ids=["body", "header", "gzip name", "empty blocks", "garbage", "false beginnings"],
)  # fmt: skip
def test_a_stream_without_end_ends_with_the_reason(
    endless: Callable[[], Iterator[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "_MAX_MEMBER", 3_000_000)
    tracemalloc.start()
    found = list(stream_pages(endless(), OURS, LIMIT))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reasons(found)
    assert isinstance(found[-1], Skipped)
    assert peak < 16_000_000


def test_memory_stays_flat_over_a_long_stream() -> None:
    parts = b"".join(news(60, 900))

    def peak(times: int) -> int:
        tracemalloc.start()
        count = sum(1 for _ in stream_pages(itertools.repeat(parts, times), OURS, LIMIT))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count >= 20 * times
        return top

    short = peak(2)
    assert peak(20) < short + 1_000_000


# Mutants


def mutants(rng: random.Random, data: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            at = rng.randrange(len(changed) + 1)
            end = min(len(changed), at + rng.choice((1, 1, 2, 8, 64, 1_000)))
            changed[at:end] = rng.choice(
                (b"", rng.randbytes(end - at), bytes(end - at), changed[at:end] * 2,
                 bytes(b ^ (1 << rng.randrange(8)) for b in changed[at:end]))
            )  # fmt: skip
            if rng.random() < 0.1:
                del changed[at:]
        yield bytes(changed)


def test_mutated_answers_of_the_index_never_raise() -> None:
    rng = random.Random(20_260_301)
    (asked,) = wayback.start_urls("https://kotasatu.example/", None)
    sound = 0
    for path in sorted(WAYBACK.iterdir()):
        for mutant in mutants(rng, path.read_bytes(), 250):
            found = wayback.read_cdx(mutant, asked)
            wayback.first_seen(mutant)
            sound += bool(found.links)
            assert found.problem is None or not (found.links or found.follow)
            for link in (*found.links, *found.follow):
                assert canonical_url(link.url) == link.url
                assert urlsplit(link.url).netloc == "web.archive.org"
            assert all(wayback.original_of(link.url) for link in found.links)
    assert sound > 50


def test_mutated_addresses_and_headers_never_raise() -> None:
    rng = random.Random(5)
    seeds = [o.encode() for o in ORIGINALS] + [u.encode() for u in PRIVATE if u]
    for seed in seeds:
        replay = b"https://web.archive.org/web/20260102030405id_/" + seed
        for mutant in mutants(rng, replay, 60):
            text = mutant.decode("utf-8", rng.choice(("replace", "surrogateescape")))
            original = wayback.original_of(text)
            assert original is None or canonical_url(original) == original
            wayback.replay_url(text, text)
            wayback.start_urls(text, None)
            wayback.first_seen_url(text)
            is_warc(text)
    for mutant in mutants(rng, b"Sat, 03 Jan 2026 08:15:02 GMT", 1_000):
        moment = wayback.memento_time((("Memento-Datetime", mutant.decode("latin-1")),))
        assert moment is None or datetime.fromisoformat(moment)


def test_mutated_lists_of_files_never_raise() -> None:
    rng = random.Random(6)
    plain = (NEWS / "warc.paths").read_bytes()
    for payload in (plain, gzip.compress(plain)):
        for mutant in mutants(rng, payload, 1_000):
            found = read_paths(mutant, LIST, None)
            assert all(is_warc(f.url) for f in found.follow)


def test_a_mutated_file_gives_no_page_that_was_not_in_it() -> None:
    rng = random.Random(7)
    data = b"".join(news(6))
    whole = pages(stream(data))
    lost = 0
    for mutant in mutants(rng, data, 2_500):
        found = stream(mutant, 0, 4_096)
        assert all(p in whole for p in pages(found))
        lost += len(pages(found)) < len(whole)
        if reasons(found) == []:
            assert isinstance(found[-1], Position)
    assert lost > 500


def test_mutated_records_in_sound_members_never_raise(capfd: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(8)
    seed = record(1, URL, page(1, 3))
    rest = news(1)
    for mutant in mutants(rng, seed, 3_000):
        found = list(stream_pages([gzip.compress(mutant, 1), *rest], OURS, LIMIT))
        assert pages(found)[-1].payload == page(0)
        assert all(site_of(p.url) in OURS for p in pages(found))
        assert isinstance(found[-1], Position)
    assert capfd.readouterr().err == ""
