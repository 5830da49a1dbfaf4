"""What publishers ask of machines: headers, tags, tdmrep.json and signals; hostile ones, too."""

import random
import time

import pytest

from pipeline import robots
from pipeline.opt_outs import (
    ARCHIVING,
    IMAGES,
    INDEXING,
    MAX_TDMREP_BYTES,
    MINING,
    QUOTING,
    TRAINING,
    OptOut,
    TdmRep,
    opt_out,
    opt_outs,
)

Headers = tuple[tuple[str, str], ...]


def of_headers(*headers: tuple[str, str]) -> OptOut | None:
    return opt_out(headers, b"<p>text</p>", "text/html")


def of_page(head: str, media_type: str = "text/html; charset=utf-8") -> OptOut | None:
    page = f"<!DOCTYPE html><html><head>{head}</head><body><p>Kota kembar</p></body></html>"
    return opt_out((), page.encode(), media_type)


@pytest.mark.parametrize(
    ("value", "forbids"),
    [
        ("noarchive", ARCHIVING),
        ("NoArchive", ARCHIVING),
        ("nocache", ARCHIVING),
        ("noindex, noarchive", ARCHIVING),
        ("noindex,nofollow,noarchive", ARCHIVING),
        ("noindex noarchive", ARCHIVING),
        ("noai", MINING),
        ("noai, noimageai", MINING),
        ("noimageai", IMAGES),
        ("noindex", INDEXING),
        ("none", INDEXING),
        ("nosnippet", QUOTING),
        ("max-snippet:0", QUOTING),
        ("max-snippet: 0, max-image-preview: none", QUOTING),
        ("max-snippet:-1", None),
        ("index, follow, max-image-preview:large, max-snippet:-1", None),
        ("all", None),
        ("nofollow", None),
        ("", None),
        (",,,", None),
        ("unavailable_after: 25 Jun 2030 15:00:00 PST", INDEXING),
        ("unavailable_after: Saturday, 25-Jun-30 15:00:00 UTC, noarchive", ARCHIVING),
        ("googlebot: noarchive", None),
        ("googlebot: noarchive, noai", None),
        ("googlebot: noindex, cityaccords: noindex", MINING),
        ("cityaccords: noarchive", MINING),
        ("CityAccords: none", MINING),
        ("cityaccords: noindex, nofollow", MINING),
        ("cityaccords: index, follow", None),
        ("cityaccords: unavailable_after: 25 Jun 2030 15:00:00 PST", MINING),
        ("cityaccords : noai", MINING),
        ("*: noarchive", ARCHIVING),
        ("noarchive, otherbot: nofollow", ARCHIVING),
        ("otherbot: nofollow, *: noarchive", ARCHIVING),
        ("no archive please", None),
        ("noarchives", None),
    ],
)
def test_an_x_robots_tag_says_what_it_forbids(value: str, forbids: str | None) -> None:
    found = of_headers(("X-Robots-Tag", value))
    assert (found.forbids if found else None) == forbids


def test_several_headers_count_each_for_itself_and_the_most_restrictive_wins() -> None:
    found = opt_outs(
        (
            ("x-robots-tag", "googlebot: nofollow"),
            ("X-ROBOTS-TAG", "noindex"),
            ("X-Robots-Tag", "noarchive"),
            ("X-Robots-Tag", "noarchive"),
        ),
        b"",
        "text/html",
    )
    assert [wish.words for wish in found] == ["noindex", "noarchive"]
    worst = of_headers(("X-Robots-Tag", "noindex"), ("X-Robots-Tag", "noai"))
    assert worst == OptOut("X-Robots-Tag", "noai", MINING)


def test_indexing_is_not_archiving() -> None:
    for value in ("noindex", "none", "nosnippet", "noimageai"):
        found = of_headers(("X-Robots-Tag", value))
        assert found is not None
        assert not found.is_refusal
    for value in ("noarchive", "noai", "cityaccords: noindex"):
        found = of_headers(("X-Robots-Tag", value))
        assert found is not None
        assert found.is_refusal


@pytest.mark.parametrize(
    ("head", "forbids"),
    [
        ('<meta name="robots" content="noarchive">', ARCHIVING),
        ("<META CONTENT='NOARCHIVE' NAME=ROBOTS />", ARCHIVING),
        ("<meta name=robots content=noarchive>", ARCHIVING),
        ('<meta\n  name = "robots"\n  content = "index,\n noarchive">', ARCHIVING),
        ('<meta name="robots" content="&#110;oarchive">', ARCHIVING),
        ('<meta name="robots" content="noai, noimageai">', MINING),
        ('<meta name="cityaccords" content="noindex">', MINING),
        ('<meta name="CityAccords" content="none">', MINING),
        ('<meta name="googlebot" content="noarchive">', None),
        ('<meta name="robots" content="max-image-preview:large">', None),
        ('<meta name="robots">', None),
        ('<meta content="noarchive">', None),
        ('<meta name="description" content="robots noarchive">', None),
        ('<!-- <meta name="robots" content="noarchive"> -->', None),
        ('<!--><meta name="robots" content="noarchive">', ARCHIVING),
        ('<script>var a = \'<meta name="robots" content="noarchive">\';</script>', None),
        ('<style>/* <meta name="robots" content="noarchive"> */</style>', None),
        ('<title><meta name="robots" content="noarchive"></title>', None),
        ('<!-- a comment without end <meta name="robots" content="noarchive">', None),
        (
            '<meta name="robots" content="index"><meta name="robots" content="noarchive">',
            ARCHIVING,
        ),
        ('<metadata name="robots" content="noarchive">', None),
        ('<meta/name="robots"/content="noarchive">', ARCHIVING),
        ('<meta name="tdm-reservation" content="1">', MINING),
        ('<meta name="TDM-Reservation" content=" 1 ">', MINING),
        ('<meta name="tdm-reservation" content="0">', None),
        ('<meta name="tdm-reservation" content="yes">', None),
        ('<meta name="tdm-policy" content="https://city.example/policy.json">', None),
    ],
)
def test_a_meta_tag_says_what_it_forbids(head: str, forbids: str | None) -> None:
    found = of_page(head)
    assert (found.forbids if found else None) == forbids


def test_tags_are_read_in_html_only_and_in_its_encodings() -> None:
    tag = '<meta name="robots" content="noarchive">'
    assert of_page(tag, "text/plain") is None
    assert of_page(tag, "application/xhtml+xml") is not None
    assert of_page(tag, "") is not None
    wide = f"<html><head>{tag}</head></html>".encode("utf-16")
    assert opt_out((), wide, "text/html") is not None


def test_a_reservation_in_a_pdf_is_read() -> None:
    xmp = b"%PDF-1.7\n<rdf:Description xmlns:tdm='http://www.w3.org/ns/tdmrep/'>"
    element = xmp + b"<tdm:reservation> 1 </tdm:reservation>"
    attribute = xmp + b"<x tdm:reservation='1'/>"
    for payload in (element, attribute):
        found = opt_out((), payload, "application/pdf")
        assert found == OptOut("TDM reservation (meta)", "tdm-reservation: 1", MINING)
    assert opt_out((), xmp + b"<tdm:reservation>0</tdm:reservation>", "application/pdf") is None
    assert opt_out((), xmp + b"<tdm:reservation>10</tdm:reservation>", "application/pdf") is None


# TDM Reservation Protocol


def test_a_tdm_header_reserves_and_its_policy_is_kept() -> None:
    found = of_headers(("TDM-Reservation", "1"), ("tdm-policy", "https://city.example/p.json"))
    assert found is not None
    assert found.rule == "TDM reservation (header)"
    assert found.words == "tdm-reservation: 1; tdm-policy: https://city.example/p.json"
    assert found.is_refusal
    for value in ("0", "2", "true", "", "11"):
        assert of_headers(("tdm-reservation", value)) is None
    assert of_headers(("tdm-reservation", "0"), ("tdm-reservation", "1")) is not None


def test_file_header_and_tag_replace_each_other_in_the_order_of_the_protocol() -> None:
    page = b'<meta name="tdm-reservation" content="%b">'
    site = TdmRep.parse(b'[{"location": "/", "tdm-reservation": 1}]').reserved("/x")
    free: Headers = (("tdm-reservation", "0"),)
    held: Headers = (("tdm-reservation", "1"),)
    assert site is not None
    assert opt_out((), b"", "text/html", site) == site
    assert opt_out(free, b"", "text/html", site) is None
    assert opt_out(held, page % b"0", "text/html", site) is None
    assert opt_out(free, page % b"1", "text/html") is not None
    assert opt_out((("tdm-reservation", "no"),), b"", "text/html", site) == site


RULES = b"""[
 {"location": "/press/", "tdm-reservation": 1},
 {"location": "/maps/*.pdf$", "tdm-reservation": "1", "tdm-policy": "https://city.example/p"},
 {"location": "/maps/old/", "tdm-reservation": 0},
 {"location": "/maps/", "tdm-reservation": 1},
 {"location": "/%e5%b8%82/", "tdm-reservation": true},
 {"location": "news/", "tdm-reservation": 1},
 {"location": "https://city.example/shop", "tdm-reservation": 1},
 {"location": "/off/", "tdm-reservation": 2},
 {"location": "/foo-%24", "tdm-reservation": 1}
]"""


@pytest.mark.parametrize(
    ("path", "is_reserved"),
    [
        ("/press/1", True),
        ("https://city.example/press/1?x=1#y", True),
        ("/press", False),
        ("/Press/1", False),
        ("/maps/a.pdf", True),
        ("/maps/old/a.html", False),  # the first that matches counts
        ("/maps/old/a.pdf", True),
        ("/maps/a.html", True),
        ("/%E5%B8%82/x", True),
        ("/市/x", True),
        ("/news/1", True),
        ("/shop/1", True),
        ("/off/1", False),
        ("/foo-$", True),
        ("/pr%65ss/1", True),
        ("/", False),
        ("", False),
    ],
)
def test_the_first_matching_rule_of_a_tdm_file_counts(path: str, is_reserved: bool) -> None:
    found = TdmRep.parse(RULES).reserved(path)
    assert (found is not None) is is_reserved
    if found is not None:
        assert found.rule == "TDM reservation (tdmrep.json)"
        assert found.words.startswith("location: ")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[1, null, [], {}, true]",
        b'[{"location": "/"}]',
        b'[{"tdm-reservation": 1}]',
        b'[{"location": 1, "tdm-reservation": 1}]',
        b'[{"location": "", "tdm-reservation": 1}]',
        b'[{"location": "/", "tdm-reservation": [1]}]',
        b'[{"location": "/", "tdm-reservation": 1.5}]',
        b'[{"location": "/", "tdm-reservation": 1}',
        b"<html>not found</html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'[{"location": "/", "tdm-reservation": 1}]' + b" " * MAX_TDMREP_BYTES,
    ],
)
def test_a_tdm_file_that_cannot_be_read_is_as_if_it_were_not_there(payload: bytes) -> None:
    assert TdmRep.parse(payload).reserved("/x") is None


def test_a_tdm_file_may_be_one_rule_and_have_a_byte_order_mark() -> None:
    payload = b'\xef\xbb\xbf{"location": "/", "tdm-reservation": 1}'
    assert TdmRep.parse(payload).reserved("/x") is not None


# Signals


@pytest.mark.parametrize(
    ("name", "value", "forbids"),
    [
        ("Content-Usage", "tdm=n", MINING),
        ("Content-Usage", "bots=n", MINING),
        ("Content-Usage", "train-ai=n", TRAINING),
        ("Content-Usage", "train-ai=n, search=y", TRAINING),
        ("Content-Usage", "search=n", INDEXING),
        ("Content-Usage", 'tdm="n";exceptions=research', MINING),
        ("Content-Usage", "tdm=y", None),
        ("Content-Usage", "tdm", None),
        ("Content-Usage", "tdm=never", None),
        ("Content-Usage", "=n,,;", None),
        ("Content-Signal", "search=yes, ai-train=no", TRAINING),
        ("Content-Signal", "search=yes,ai-train=no,ai-input=no", MINING),
        ("Content-Signal", "ai-input=yes", None),
        ("content-signal", " AI-Input = NO ", MINING),
    ],
)
def test_a_usage_signal_says_what_it_forbids(name: str, value: str, forbids: str | None) -> None:
    found = of_headers((name, value))
    assert (found.forbids if found else None) == forbids


def test_signals_of_robots_txt_are_read_as_if_they_were_headers() -> None:
    text = "User-agent: *\nContent-Signal: search=yes, ai-input=no\nAllow: /\n"
    lines = robots.usage(robots.RULES, text, "https://city.example/x")
    found = opt_out((*lines, ("Server", "x")), b"", "text/html")
    assert found == OptOut("Content-Signal", "ai-input=no", MINING)


# Hostile ones

ATTACKS = {
    "many tags": b"<meta name=robots content=x>" * 200_000,
    "half tags": b"<meta robots" * 200_000,
    "one word": b"robots <meta " + b"a" * 3_000_000,
    "words in tags": (b"<meta robots " + b"a" * 1_990) * 1_000,
    "equals": b"<meta robots " + b"=" * 3_000_000,
    "quotes": b"<meta robots name=" + b"\"'" * 1_000_000,
    "comments": b"robots <!--" * 200_000,
    "scripts": b"robots <script>" * 200_000,
    "ends": b"robots </script --> " * 200_000,
    "lesser": b"robots" + b"<" * 3_000_000,
    "entities": b"<meta name=robots content='" + b"&#x6e;" * 400_000 + b"'>",
    "nul": b"robots\x00" * 400_000,
    "utf-16": b"\xff\xfe" + b"<\x00m\x00" * 300_000 + b"r\x00o\x00b\x00o\x00t\x00s\x00",
    "xmp": b"%PDF tdm:reservation" + b" " * 3_000_000,
    "many xmp": b"%PDF " + b"tdm:reservation = " * 200_000,
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("media_type", ["text/html", "application/pdf", "", "\x00;;"])
def test_a_hostile_page_takes_time_in_proportion_to_its_length(name: str, media_type: str) -> None:
    begun = time.process_time()
    opt_outs((), ATTACKS[name], media_type)
    assert time.process_time() - begun < 2.0  # 0.3 s were measured for the slowest


def test_hostile_headers_are_values_and_never_errors() -> None:
    chance = random.Random(5)
    letters = "noarchive:,;= \t\x00\u200b*cityaccords\"'%tdm=n1é\U0001f3d9\ud800"
    for _ in range(3_000):
        value = "".join(chance.choice(letters) for _ in range(chance.randrange(60)))
        name = chance.choice(["X-Robots-Tag", "Content-Usage", "tdm-reservation", "tdm-policy"])
        for wish in opt_outs(((name, value),), b"", "text/html"):
            assert wish.words.isprintable()
    long = of_headers(("X-Robots-Tag", "x," * 5_000_000))
    assert long is None
    many = tuple(("X-Robots-Tag", "x:" * 2_000) for _ in range(100_000))
    assert opt_out(many, b"", "text/html") is None


def test_the_words_that_are_kept_are_short_and_printable() -> None:
    found = of_headers(("tdm-reservation", "1"), ("tdm-policy", "x\n\x1b[31m" + "y" * 5_000))
    assert found is not None
    assert len(found.words) <= 200
    assert found.words.isprintable()
