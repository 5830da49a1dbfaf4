"""Fetchers and URL identity: pure functions, also on the worst of input."""

import gzip
import random
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.captures import Link
from pipeline.fetchers.blocks import soft_block
from pipeline.fetchers.documents import BadLine, ImportRow, read_rows
from pipeline.fetchers.feed import read_feed
from pipeline.fetchers.files import HTML, PDF, TEXT, sniff
from pipeline.fetchers.found import machine_date, numeric_date, numeric_order
from pipeline.fetchers.listing import canonical_link, pdf_links, read_listing
from pipeline.fetchers.methods import METHODS
from pipeline.fetchers.sitemap import read_sitemap
from pipeline.sources import Method
from pipeline.urls import canonical_url, resolve, site_of

BASE = "https://news.example/x/feed"


# URLs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "HTTP://News.Example:80/a/../b/./c?utm_source=x&b=2&a=1#top",
            "http://news.example/b/c?a=1&b=2",
        ),
        ("https://news.example", "https://news.example/"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://news.example/a?PHPSESSID=1f&id=7", "https://news.example/a?id=7"),
        ("https://news.example/a;jsessionid=AB?x=1", "https://news.example/a?x=1"),
        ("https://news.example/a?sid=0123456789abcdef0", "https://news.example/a"),
        ("https://news.example/a?sid=12", "https://news.example/a?sid=12"),
        ("https://news.example/a?cid=4&gclid=x&fbclid=y", "https://news.example/a?cid=4"),
        ("https://news.example/b.php?12345", "https://news.example/b.php?12345"),
        ("https://news.example/%7euser/é", "https://news.example/~user/%C3%A9"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        (" https://news.example/a\n", "https://news.example/a"),
    ],
)
def test_spellings_of_one_address_are_one_document(url: str, expected: str) -> None:
    assert canonical_url(url) == expected
    assert canonical_url(expected) == expected


@pytest.mark.parametrize(
    "url",
    ["", "a", "/a", "//h/a", "ftp://h/", "file:///etc/passwd", "data:,x", "javascript:x", "http://",
     "http:///a", "http://u@h/", "http://u:p@h/", "http://h:99999/", "http://h:x/", "http://[h]/",
     "http://[::1", "http://h h/", "http://h\x00/", "http://%68/", "mailto:a@b.example",
     "https://h/" + "a" * 3_000],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_none(url: str) -> None:
    assert canonical_url(url) is None


@settings(max_examples=300)
@given(st.text(max_size=40), st.sampled_from(["https://news.example/", "http://h:80/a?", ""]))
def test_canonical_is_final(tail: str, head: str) -> None:
    once = canonical_url(head + tail)
    if once is not None:
        assert canonical_url(once) == once
        assert site_of(once)
    resolve("https://news.example/", tail)


def test_a_site_is_a_registered_domain_or_an_authority() -> None:
    assert site_of("https://press.kota.jogjakota.go.id/a") == "jogjakota.go.id"
    assert site_of("https://www.city.kyoto.lg.jp/") == site_of("https://kyoto.lg.jp/")
    assert site_of("http://127.0.0.1:8731/a") == "127.0.0.1:8731"
    assert site_of("http://localhost:1/") != site_of("http://localhost:2/")


# Dates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-20T14:30:00+07:00", "2026-10-20T14:30:00+07:00"),
        ("2026-10-20T14:30:00Z", "2026-10-20T14:30:00+00:00"),
        ("Tue, 20 Oct 2026 05:00:00 +0700", "2026-10-20T05:00:00+07:00"),
        ("2026-10-20", "2026-10-20"),
        ("2026-10", "2026-10"),
        ("2026-13-45", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_machine_dates_keep_their_offset_and_precision(
    text: str | None, expected: str | None
) -> None:
    assert machine_date(text) == expected


def test_numeric_dates_are_read_only_where_their_order_is_known() -> None:
    assert numeric_order("01/02/2020 and 25/02/2020") == "day"
    assert numeric_order("01/02/2020 and 02/25/2020") == "month"
    assert numeric_order("01/02/2020") is None
    assert numeric_order("25/02/2020 02/25/2020") is None
    assert numeric_date("on 01-02-2020.", "day") == "2020-02-01"
    assert numeric_date("on 01-02-2020.", "month") == "2020-01-02"
    assert numeric_date("on 01-02-2020.", None) is None
    assert numeric_date("2020/2/1", None) == "2020-02-01"
    assert numeric_date("01-02-2020 to 03-02-2020", "day") is None
    assert numeric_date("31-02-2020", "day") is None
    assert numeric_date("192.168.1.2020", "day") is None


# Feeds

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>
<item><title>one</title><link>/a/1</link><pubDate>Tue, 20 Oct 2026 05:00:00 +0700</pubDate></item>
<item><title>two</title><link>https://news.example/a/2?utm_medium=rss</link></item>
<item><title>two again</title><link>https://news.example/a/2</link></item>
<item><guid isPermaLink="false">tag:x</guid></item></channel></rss>"""


def test_rss_links_are_resolved_deduplicated_and_dated() -> None:
    found = read_feed(RSS, BASE)
    assert found.links == (
        Link(url="https://news.example/a/1", published="2026-10-20T05:00:00+07:00"),
        Link(url="https://news.example/a/2"),
    )


def test_atom_updates_are_no_publication_dates_but_dc_dates_are() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="?page=2"/>
    <entry><link href="/1"/><updated>2026-01-01T00:00:00Z</updated></entry></feed>"""
    found = read_feed(atom, BASE)
    assert found.links == (Link(url="https://news.example/1"),)
    assert found.follow == (Link(url="https://news.example/x/feed?page=2"),)
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <item><link>/1</link><dc:date>2026-01-02T10:00:00+09:00</dc:date></item></rdf:RDF>"""
    assert read_feed(rdf, BASE).links[0].published == "2026-01-02T10:00:00+09:00"


def test_json_feeds_are_read() -> None:
    feed = (
        b'{"items": [{"url": "/1", "date_published": "2026-01-02T03:04:05+07:00"}, 7, {"id": 3}],'
    )
    feed += b'"next_url": "/2"}'
    found = read_feed(feed, BASE)
    assert found.links == (
        Link(url="https://news.example/1", published="2026-01-02T03:04:05+07:00"),
    )
    assert found.follow == (Link(url="https://news.example/2"),)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b'{"items": 3}', b"<html><p>404</p></html>", b"\x00\xff", b"x" * 6_000_000],
)
def test_what_is_no_feed_is_reported(payload: bytes) -> None:
    assert read_feed(payload, BASE).problem is not None


def test_an_empty_feed_is_sound() -> None:
    empty = b'<rss version="2.0"><channel><title>t</title></channel></rss>'
    assert read_feed(empty, BASE).problem is None


def test_a_feed_is_never_taken_for_a_file_name(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_bytes(RSS)
    assert read_feed(str(secret).encode(), BASE).links == ()
    assert read_feed(f"file://{secret}".encode(), BASE).links == ()


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY s SYSTEM "file:///etc/hostname">
<!ENTITY e0 "ha"><!ENTITY e1 "&e0;&e0;&e0;&e0;"><!ENTITY e2 "&e1;&e1;&e1;&e1;">
<!ENTITY e3 "&e2;&e2;&e2;&e2;"><!ENTITY e4 "&e3;&e3;&e3;&e3;"><!ENTITY e5 "&e4;&e4;&e4;&e4;">
<!ENTITY e6 "&e5;&e5;&e5;&e5;"><!ENTITY e7 "&e6;&e6;&e6;&e6;"><!ENTITY e8 "&e7;&e7;&e7;&e7;">]>"""


def test_entities_stay_shut() -> None:
    host = (
        Path("/etc/hostname").read_text("utf-8").strip() if Path("/etc/hostname").exists() else "?"
    )
    rss = (
        ENTITIES + b'<rss version="2.0"><channel><item><link>/&s;&e8;</link></item></channel></rss>'
    )
    site = ENTITIES + b"<urlset><url><loc>https://news.example/&s;&e8;</loc></url></urlset>"
    for found in (read_feed(rss, BASE), read_sitemap(site, BASE)):
        assert all(host not in link.url and len(link.url) < 100 for link in found.links)


# Sitemaps

MAP = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc> https://news.example/1 </loc><lastmod>2020-01-01</lastmod>
<image:image><image:loc>https://news.example/photo.jpg</image:loc></image:image></url>
<url><loc>https://news.example/2</loc><news:news><news:publication_date>2026-01-02</news:publication_date>
</news:news></url></urlset>"""


def test_a_sitemap_gives_pages_not_images_and_lastmod_is_no_publication_date() -> None:
    expected = (
        Link(url="https://news.example/1", modified="2020-01-01"),
        Link(url="https://news.example/2", published="2026-01-02"),
    )
    assert read_sitemap(MAP, BASE).links == expected
    assert read_sitemap(gzip.compress(MAP), BASE).links == expected


def test_an_index_gives_maps_with_their_change() -> None:
    index = b"""<sitemapindex><sitemap><loc>/s1.xml.gz</loc><lastmod>2026-01-02T00:00:00Z</lastmod>
    </sitemap><sitemap><loc>javascript:x</loc></sitemap></sitemapindex>"""
    found = read_sitemap(index, BASE)
    assert found.links == ()
    assert found.follow == (
        Link(url="https://news.example/s1.xml.gz", published="2026-01-02T00:00:00+00:00"),
    )


def test_a_text_map_and_a_feed_are_maps_too() -> None:
    assert read_sitemap(b"https://news.example/1\nhttps://news.example/2\n", BASE).links == (
        Link(url="https://news.example/1"),
        Link(url="https://news.example/2"),
    )
    assert len(read_sitemap(RSS, BASE).links) == 2


def test_a_gzip_bomb_is_no_map() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 30_000_000)
    assert "larger" in (read_sitemap(bomb, BASE, limit=1_000_000).problem or "")


@pytest.mark.parametrize("payload", [b"", b"<html></html>", b"not found", b"\x1f\x8bx", b"<"])
def test_what_is_no_map_is_reported(payload: bytes) -> None:
    assert read_sitemap(payload, BASE).problem is not None


# Index pages

LISTING = b"""<html><body><nav><a href="/">Home</a><a href="/search?q=x">Search</a></nav>
<table><tr><td>25-10-2026</td><td><a href="/berita/kota-a-dan-kota-b-teken-mou">A</a></td></tr>
<tr><td>01-02-2026</td><td><a href="https://news.example/2026/siaran-pers-no-12.pdf">B</a></td></tr></table>
<ul><li><time datetime="2026-01-05T06:00:00+07:00">5 Jan</time><a href="?id=77">C</a></li></ul>
<a href="https://other.example/a-very-long-slug-indeed">elsewhere</a>
<a href="/foto/wali-kota-dan-tamu-resmi.jpg">photo</a>
<a href="/indeks?page=2">Selanjutnya \xc2\xbb</a></body></html>"""


def test_a_listing_without_patterns_finds_documents_pager_and_dates() -> None:
    found = read_listing(LISTING, "https://news.example/indeks")
    assert found.links == (
        Link(url="https://news.example/berita/kota-a-dan-kota-b-teken-mou", published="2026-10-25"),
        Link(url="https://news.example/2026/siaran-pers-no-12.pdf", published="2026-02-01"),
    )
    assert found.follow == (Link(url="https://news.example/indeks?page=2"),)


def test_a_listing_with_patterns_takes_what_they_say() -> None:
    found = read_listing(LISTING, "https://news.example/indeks", r"\?id=\d+", r"page=\d+")
    assert found.links == (
        Link(url="https://news.example/indeks?id=77", published="2026-01-05T06:00:00+07:00"),
    )
    assert len(found.follow) == 1


def test_a_page_without_documents_is_reported() -> None:
    assert read_listing(b"<p>maintenance</p>", BASE).problem is not None
    assert read_listing(b"", BASE).problem is not None


def test_pdfs_of_the_same_site_are_found() -> None:
    page = b"""<base href="https://cdn.news.example/files/"><a href="a.PDF?v=1">x</a>
    <a href="https://evil.example/b.pdf">y</a><a href="http://127.0.0.1/c.pdf">z</a>"""
    assert pdf_links(page, "https://news.example/1") == (
        Link(url="https://cdn.news.example/files/a.PDF?v=1"),
    )


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/a", "https://news.example/a"),
        ("https://m.news.example/a?utm_source=x", "https://m.news.example/a"),
        ("https://evil.example/a", None),
        ("/", None),
        ("javascript:x", None),
        ("", "https://news.example/a/amp"),
    ],
)
def test_a_canonical_link_is_believed_within_the_site(href: str, expected: str | None) -> None:
    page = f'<html><head><link rel="canonical" href="{href}"></head></html>'.encode()
    assert canonical_link(page, "https://news.example/a/amp") == expected


def test_a_page_without_a_canonical_link_has_none() -> None:
    assert canonical_link(b"<p>canonical", "https://news.example/a") is None


# Content


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n", PDF),
        (b"\n\n%PDF-1.4", PDF),
        (b"<!DOCTYPE html><p>", HTML),
        (b"\xef\xbb\xbf<html>", HTML),
        (b"  <p>fragment</p>", HTML),
        ("<html>".encode("utf-16"), HTML),
        (b"Kota A dan Kota B", TEXT),
        (b"", TEXT),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"PK\x03\x04", "application/zip"),
        (b"<?xml version='1.0'?><rss>", "application/xml"),
        (b"<?xml version='1.0'?><html xmlns='x'>", HTML),
        (b"\x00\x01\x02", "application/octet-stream"),
    ],
)
def test_content_says_what_it_is(data: bytes, expected: str) -> None:
    assert sniff(data) == expected


def test_walls_are_told_from_pages_that_speak_of_them() -> None:
    wall = (
        b"<html><head><title>Just a moment...</title></head><script>window._cf_chl_opt={}</script>"
    )
    assert soft_block((), wall) == "browser check"
    assert soft_block((("CF-Mitigated", "challenge"),), b"<p>x") == "browser check"
    assert soft_block((), b"<title>Before you continue to News</title>") == "consent wall"
    story = b"<html><title>City buys CAPTCHA-free ticket machines</title><p>" + b"text " * 20_000
    assert soft_block((), story) is None
    assert soft_block((), b"<html><title>Kota A teken MoU</title><p>cookie consent</p>") is None


# Documents


def test_rows_keep_their_text_and_bad_lines_say_why() -> None:
    lines = [
        b'\xef\xbb\xbf{"text": " a\\r\\nb\\u00a0 ", "doc_id": 7, "extra": [1]}\n',
        b"\n",
        b'{"text": "b", "published": "", "source_kind": "government"}\n',
        b'{"text": 3}\n',
        b'{"text": "c", "source_kind": "blog"}\n',
        b'["text"]\n',
        b'{"text": "\\ud800"}\n',
        b"{\xff}\n",
        b'{"text": "c"\n',
        b"[" * 100_000,
    ]
    rows = list(read_rows(lines))
    good = [row for row in rows if isinstance(row, ImportRow)]
    bad = [row for row in rows if isinstance(row, BadLine)]
    assert [(r.line, r.external_id, r.source_kind) for r in good] == [
        (1, "7", "other"),
        (3, None, "government"),
    ]
    assert b'" a\\r\\nb\xc2\xa0 "' in good[0].payload
    assert b'"extra": [1]' in good[0].payload
    assert [row.line for row in bad] == [4, 5, 6, 7, 8, 9, 10]


# Mutants


def mutants(seed: bytes, count: int) -> list[bytes]:
    rng = random.Random(len(seed))
    made = []
    for _ in range(count):
        data = bytearray(seed)
        for _ in range(rng.randint(1, 12)):
            place = rng.randrange(len(data) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                data[place:place] = rng.randbytes(rng.randint(1, 4))
            elif kind == 1:
                del data[place : place + rng.randint(1, 30)]
            elif kind == 2:
                data[place:place] = data[rng.randrange(len(data) + 1) :][:40]
            else:
                data[place:place] = rng.choice([b"<", b"&", b"]]>", b"<![CDATA[", b"\x00", b'"'])
        made.append(bytes(data))
    return made


@pytest.mark.parametrize("seed", [RSS, MAP, LISTING, b'{"items": [{"url": "/1"}]}'])
def test_malformed_input_gives_a_result_and_never_an_exception(seed: bytes) -> None:
    for payload in mutants(seed, 60):
        for found in (
            read_feed(payload, BASE),
            read_sitemap(payload, BASE),
            read_listing(payload, BASE),
        ):
            assert all(canonical_url(link.url) == link.url for link in found.links)
        pdf_links(payload, BASE)
        canonical_link(payload, BASE)
        sniff(payload)


def test_every_method_that_a_source_file_may_name_is_there() -> None:
    assert set(METHODS) == set(get_args(Method))
