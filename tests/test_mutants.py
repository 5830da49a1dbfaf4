"""Malformed feeds, maps, robots.txt files, pages with opt-outs, and tdmrep files.

Whatever comes over the wire, a reader returns a value of its own type, and soon. Here 1,200 seeded
mutants are read; ``CITYACCORDS_TORTURE=1 pytest tests/test_mutants.py`` reads 12,000.
"""

import gzip
import json
import os
import random
import time
from collections.abc import Callable, Iterator

import pytest

from pipeline import robots
from pipeline.captures import Link
from pipeline.fetchers.blocks import soft_block
from pipeline.fetchers.feed import read_feed
from pipeline.fetchers.files import sniff
from pipeline.fetchers.found import Found
from pipeline.fetchers.sitemap import read_sitemap
from pipeline.opt_outs import OptOut, TdmRep, opt_outs

URL = "https://city.example/press/"
IS_TORTURE = bool(os.environ.get("CITYACCORDS_TORTURE"))
BATCH = 100  # mutants per test, so that two workers share them and a failure names its batch
BATCHES = 120 if IS_TORTURE else 12
MOST_SECONDS = 5.0  # of the processor, for one mutant; 0.7 s were measured for the slowest

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Siaran pers</title><link>https://city.example/</link>
<item><title>Kota &amp; kota</title><link>https://city.example/press/1</link>
<pubDate>Mon, 06 May 2024 08:00:00 +0700</pubDate><guid isPermaLink="false">1</guid></item>
<item><title><![CDATA[<b>MoU</b>]]></title><link>/press/2?utm_source=rss</link>
<dc:date>2024-05-07</dc:date><content:encoded><![CDATA[<p>x</p>]]></content:encoded></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://city.example/">
<title>Press</title><link rel="next" href="?page=2"/><updated>2024-05-06T08:00:00Z</updated>
<entry><title type="html">A &lt;i&gt;b&lt;/i&gt;</title><id>urn:1</id><link href="press/1"/>
<published>2024-05-06T08:00:00+09:00</published><content type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/"><channel rdf:about="https://city.example/"><title>t</title>
</channel><item rdf:about="https://city.example/press/1"><link>https://city.example/press/1</link>
</item></rdf:RDF>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Press",
        "next_url": "https://city.example/feed?page=2",
        "items": [
            {"id": "1", "url": "https://city.example/press/1", "date_published": "2024-05-06"},
            {"id": "https://city.example/press/2", "external_url": None, "tags": ["kota"]},
        ],
    }
)
MAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://city.example/press/1</loc><lastmod>2024-05-06</lastmod></url>
<url><loc>/press/2</loc><news:news><news:publication_date>2024-05-07T01:02:03+07:00
</news:publication_date><news:title>x</news:title></news:news></url></urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://city.example/map-1.xml.gz</loc><lastmod>2024-05-06</lastmod></sitemap>
</sitemapindex>"""
LINES = "https://city.example/press/1\nhttps://city.example/press/2\r\nhttps://city.example/\n"
ROBOTS = """User-agent: *
Disallow: /private/*.pdf$
Allow: /private/press%2f
Crawl-delay: 2.5
Content-Signal: search=yes, ai-train=no
Content-Usage: /press/ tdm=n

User-agent: cityaccords
Disallow: /kota/%E5%B8%82
Sitemap: https://city.example/map.xml
"""
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>Just a moment...</title>
<!-- <meta name="robots" content="noai"> --><meta name="robots" content="noarchive, noai">
<meta content='1' name=tdm-reservation><meta name="tdm-policy" content="https://city.example/p">
<script>var a = "<meta name='robots'>";</script></head><body><p>Verify you are human</p></body>"""
TDMREP = json.dumps(
    [
        {"location": "/press/*.pdf$", "tdm-reservation": 1, "tdm-policy": "https://city.example/p"},
        {"location": "/", "tdm-reservation": 0},
    ]
)


def _check_found(found: object) -> None:
    assert isinstance(found, Found)
    assert found.problem is None or (isinstance(found.problem, str) and found.problem)
    for link in (*found.links, *found.follow):
        assert isinstance(link, Link)
        assert link.url.startswith(("http://", "https://"))
        assert len(link.url) <= 2_000
        assert link.published is None or isinstance(link.published, str)


def _feed(payload: bytes) -> None:
    _check_found(read_feed(payload, URL, "application/rss+xml; charset=utf-8"))


def _sitemap(payload: bytes) -> None:
    _check_found(read_sitemap(payload, URL, 2_000_000))


def _robots(payload: bytes) -> None:
    text = robots.decode(payload)
    for path in ("", "private/a.pdf", "private/press%2F1", "kota/%E5%B8%82", "?q=*$"):
        allowed = robots.allows(robots.RULES, text, f"https://city.example/{path}")
        assert isinstance(allowed, bool)
        for name, value in robots.usage(robots.RULES, text, f"https://city.example/{path}"):
            assert name in ("content-usage", "content-signal")
            assert isinstance(value, str)
    assert 0.0 <= robots.crawl_delay(robots.RULES, text) <= robots.MAX_DELAY
    assert all(isinstance(url, str) for url in robots.sitemaps(robots.RULES, text))


def _page(payload: bytes) -> None:
    lines = payload[:4_000].decode("latin-1").splitlines()
    headers = tuple(line.partition(":")[::2] for line in lines)
    for media_type in ("text/html", "application/pdf"):
        for wish in opt_outs(headers, payload, media_type):
            assert isinstance(wish, OptOut)
            assert wish.words.isprintable()
            assert len(wish.words) <= 200
    assert isinstance(soft_block(headers, payload), str | None)
    assert "/" in sniff(payload)


def _tdmrep(payload: bytes) -> None:
    rules = TdmRep.parse(payload)
    for path in ("/", "/press/a.pdf", "", "/%E5%B8%82?*$"):
        assert isinstance(rules.reserved(path), OptOut | None)


READERS: dict[str, Callable[[bytes], None]] = {
    "feed": _feed,
    "sitemap": _sitemap,
    "robots": _robots,
    "page": _page,
    "tdmrep": _tdmrep,
}
SEEDS: dict[str, tuple[bytes, ...]] = {
    "feed": tuple(text.encode() for text in (RSS, ATOM, RDF, JSON_FEED)),
    "sitemap": (*(text.encode() for text in (MAP, INDEX, LINES)), gzip.compress(MAP.encode())),
    "robots": (ROBOTS.encode(), ROBOTS.encode("utf-16"), b"\xef\xbb\xbf" + ROBOTS.encode()),
    "page": (PAGE.encode(), PAGE.encode("utf-16"), b"X-Robots-Tag: noai\ntdm-reservation: 1\n"),
    "tdmrep": (TDMREP.encode(),),
}
TOKENS = (
    b"<", b">", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?xml", b"&#0;", b"&#x110000;",
    b"&lol;", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"{", b"[", b"\\u", b"\\ud800", b'"',
    b"*", b"$", b"%", b"%zz", b"1e999", b"-", b":", b"http://[", b"http://127.0.0.1/",
    b"\xed\xa0\x80", b"xmlns:a=", b"encoding='utf-7'", b"<!DOCTYPE x [",
    b"\xe2\x80\xae", b"9" * 400,
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-32", "latin-1", "cp037", "utf-7", "gb18030", "shift_jis")


def _flip(chance: random.Random, data: bytes, _: bytes) -> bytes:
    mutant = bytearray(data)
    for _ in range(chance.randrange(1, 12)):
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
    return bytes(mutant)


def _cut(chance: random.Random, data: bytes, _: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return chance.choice((data[:start], data[end:], data[start:end], data[:start] + data[end:]))


def _splice(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at, to = chance.randrange(len(data)), chance.randrange(len(other))
    return data[:at] + other[to:] + data[at:]


def _repeat(chance: random.Random, data: bytes, _: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    piece = data[start : min(end, start + 60)]
    return data[:start] + piece * chance.choice((2, 50, 1_000)) + data[start:]


def _insert(chance: random.Random, data: bytes, _: bytes) -> bytes:
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(len(data) + 1)
        data = data[:at] + chance.choice(TOKENS) * chance.choice((1, 1, 3, 200)) + data[at:]
    return data


def _nest(chance: random.Random, data: bytes, _: bytes) -> bytes:
    at = chance.randrange(len(data))
    unit = chance.choice((b"<a>", b"<item>", b"<url>", b"[", b'{"items":[', b"<!--", b"<div>"))
    return data[:at] + unit * chance.choice((300, 3_000, 20_000)) + data[at:]


def _attribute(chance: random.Random, data: bytes, _: bytes) -> bytes:
    at = data.find(b">", chance.randrange(len(data)))
    many = b"".join(b' a%d="%s"' % (n, b"x" * chance.choice((1, 500))) for n in range(200))
    return data[:at] + chance.choice((many, b' a="' + b"y" * 200_000 + b'"')) + data[at:]


def _encode(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """Another encoding than is declared, or another declaration than the encoding."""
    if chance.random() < 0.5:
        return data.decode("latin-1").encode(chance.choice(ENCODINGS), "replace")
    lie = chance.choice((b"utf-16", b"iso-2022-jp", b"utf-7", b"nonsense", b"ebcdic-cp-us", b""))
    return data.replace(b"utf-8", lie).replace(b"UTF-8", lie)


def _bomb(chance: random.Random, data: bytes, _: bytes) -> bytes:
    """Entities that double, that read files, that ask the network, and a foreign definition."""
    doubling = b"".join(
        b'<!ENTITY e%d "&e%d;&e%d;&e%d;&e%d;">' % (n, *([n - 1] * 4)) for n in range(1, 30)
    )
    outside = b"".join(
        b'<!ENTITY %s SYSTEM "%s">' % (name, address)
        for name, address in (
            (b"f", b"file:///etc/passwd"),
            (b"n", b"http://127.0.0.1:9/x"),
            (b"% p", b"http://127.0.0.1:9/x.dtd"),
        )
    )
    body = data.partition(b"?>")[2] or data
    use = chance.choice((b"&e29;", b"&f;&n;", b"&e3;"))
    at = body.find(b">", chance.randrange(len(body))) + 1
    head = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "kota">' + doubling + outside + b"]>"
    return head + body[:at] + use + body[at:]


MUTATIONS = (
    _flip,
    _flip,
    _cut,
    _cut,
    _splice,
    _splice,
    _repeat,
    _insert,
    _insert,
    _nest,
    _attribute,
    _encode,
    _bomb,
)


def mutants(kind: str, seed: int) -> Iterator[bytes]:
    """Yield the mutants of one batch; the same seed gives the same ones."""
    chance = random.Random(f"{kind}-{seed}")
    everything = [data for seeds in SEEDS.values() for data in seeds]
    for _ in range(BATCH // len(READERS)):
        data = chance.choice(SEEDS[kind])
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            data = chance.choice(MUTATIONS)(chance, data or b"<", chance.choice(everything))
        if kind == "sitemap" and chance.random() < 0.1:
            data = gzip.compress(data)[: chance.choice((None, -4, 40))]
        yield data


@pytest.mark.parametrize("kind", READERS)
def test_the_seeds_themselves_are_understood(kind: str) -> None:
    for data in SEEDS[kind]:
        READERS[kind](data)
    if kind in ("feed", "sitemap"):
        reader = read_feed if kind == "feed" else read_sitemap
        assert all(reader(data, URL).problem is None for data in SEEDS[kind])


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_mutant_gives_a_value_of_the_right_type_and_soon(batch: int) -> None:
    slowest = (0.0, "")
    for kind, read in READERS.items():
        for number, data in enumerate(mutants(kind, batch)):
            begun = time.process_time()
            try:
                read(data)
            except BaseException as error:
                error.add_note(f"mutant {number} of {kind}-{batch}: {data[:300]!r}")
                raise
            slowest = max(slowest, (time.process_time() - begun, f"{kind}-{batch} {number}"))
    assert slowest[0] < MOST_SECONDS, slowest


def test_the_full_run_has_thousands_of_different_mutants() -> None:
    """Drawn, not read: twenty batches are enough to see that hardly any two are alike."""
    drawn = [data for kind in READERS for batch in range(20) for data in mutants(kind, batch)]
    assert len(drawn) == 2_000
    assert len(set(drawn)) > 1_800  # cuts to nothing are alike
    assert 120 * BATCH >= 5_000
