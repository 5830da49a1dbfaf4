"""What a robots.txt allows: Google's questions, corners of RFC 9309, sizes, delays and signals."""

import itertools
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import robots
from pipeline.path_patterns import Pattern, as_decoded, as_written, path_of

DATA = Path(__file__).parent / "data"
_LINE = 2_083 * 8  # bytes; Google's limit of a line


def _rows(name: str) -> list[Any]:
    cases = yaml.safe_load((DATA / name).read_text("utf-8"))
    rows = []
    for case in cases:
        text = case.get("robots")
        if text is None:
            text = robots.decode(case["bytes"].encode("latin-1"))
        filler = ""
        if "long" in case:
            label, letter = case["long"]
            filler = "/x/".ljust(_LINE - 2 - len(label), letter)
        for expected, key in ((True, "allowed"), (False, "forbidden")):
            for path in case.get(key, ()):
                url = path if path == "" or "://" in path[:8] else f"http://city.example{path}"
                agent = case.get("agent", robots.AGENT)
                row = (text.replace("LONG", filler), agent, url.replace("LONG", filler), expected)
                rows.append(pytest.param(*row, id=f"{case['why']}: {key} {path}"))
    return rows


GOOGLE = _rows("robots_google.yml")


def test_all_of_googles_questions_are_there() -> None:
    assert len(GOOGLE) == 145


@pytest.mark.parametrize(("text", "agent", "url", "expected"), GOOGLE)
def test_a_question_of_googles_has_its_answer(
    text: str, agent: str, url: str, expected: bool
) -> None:
    assert robots.allows(robots.RULES, text, url, agent) is expected


@pytest.mark.parametrize(("text", "agent", "url", "expected"), _rows("robots_rfc.yml"))
def test_a_corner_of_rfc_9309_has_its_answer(
    text: str, agent: str, url: str, expected: bool
) -> None:
    assert robots.allows(robots.RULES, text, url, agent) is expected


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", "/"),
        ("http://city.example", "/"),
        ("http://city.example/", "/"),
        ("http://city.example/maps", "/maps"),
        ("http://city.example/maps/", "/maps/"),
        ("http://city.example/a/b?c=http://d.example/", "/a/b?c=http://d.example/"),
        ("http://city.example/a/b?c=d&e=f#part", "/a/b?c=d&e=f"),
        ("city.example", "/"),
        ("city.example/", "/"),
        ("city.example/maps", "/maps"),
        ("city.example/maps/", "/maps/"),
        ("city.example/a/b?c=d&e=f#part", "/a/b?c=d&e=f"),
        ("maps", "/"),
        ("maps/", "/"),
        ("/maps", "/maps"),
        ("maps/old", "/old"),
        ("city.example?maps", "/?maps"),
        ("city.example/a;b#c", "/a;b"),
        ("//city.example/b/c", "/b/c"),
        ("http://city.example#a/b", "/"),
        ("http://[bad/x", "/x"),
    ],
)
def test_the_path_of_an_address_is_what_rules_are_matched_with(url: str, path: str) -> None:
    assert path_of(url) == path


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("http://city.example", "http://city.example"),
        ("/a/b/c", "/a/b/c"),
        ("é", "%C3%A9"),
        ("%ef", "%EF"),
        ("/100%", "/100%"),
        ("/%zz", "/%zz"),
    ],
)
def test_a_pattern_is_escaped_as_google_does(pattern: str, written: str) -> None:
    assert as_written(pattern) == written


# Sizes


def _padded(head: str, line: str, filler: str = "#" + "x" * 98 + "\n") -> bytes:
    """A file in which ``line`` begins three bytes before the limit."""
    length = robots.MAX_BYTES - len(head) - 3
    whole, rest = divmod(length, len(filler))
    return (head + filler * whole + "#" * (rest - 1) + "\n" + line).encode()


def test_a_rule_that_the_limit_cuts_is_no_rule() -> None:
    """Half of `Disallow: /private` forbids everything, half of `Allow: /private` allows it."""
    for rule in ("Disallow: /private/x\n", "Allow: /private/x\n"):
        payload = _padded("User-agent: *\nDisallow: /private\n", rule)
        assert len(payload) > robots.MAX_BYTES
        text = robots.decode(payload)
        assert len(text) <= robots.MAX_BYTES
        assert robots.allows(robots.RULES, text, "http://city.example/other")
        assert not robots.allows(robots.RULES, text, "http://city.example/private/x")


def test_a_rule_that_ends_at_the_limit_counts() -> None:
    head, rule = "User-agent: *\n", "Disallow: /x"
    payload = (head + "#" * (robots.MAX_BYTES - len(head) - len(rule) - 1) + "\n" + rule).encode()
    assert len(payload) == robots.MAX_BYTES
    for behind in (b"", b"\n", b"\r\nAllow: /x\n"):
        text = robots.decode(payload + behind)
        assert not robots.allows(robots.RULES, text, "http://city.example/x")


def test_one_endless_line_is_no_rule_and_no_crash() -> None:
    assert robots.decode(b"Disallow: /" + b"a" * 600_000) == ""
    text = robots.decode(b"User-agent: *\nDisallow: /x\nAllow: /" + b"x" * 600_000)
    assert not robots.allows(robots.RULES, text, "http://city.example/x")


@pytest.mark.parametrize(
    "rule",
    [
        "Disallow: /" + "*a" * 8_000 + "b",
        "Disallow: /" + "a*" * 8_000 + "$",
        "Disallow: /" + "*" * 16_000,
        "Disallow: /" + "%41" * 5_000,
        "Disallow: /" + "é" * 8_000,
    ],
)
@pytest.mark.parametrize("path", ["a" * 1_900, "ab" * 950, "%41" * 600, "é" * 900])
def test_no_pattern_takes_more_time_than_its_length(rule: str, path: str) -> None:
    text = "User-agent: *\n" + f"{rule}\n" * 30
    begun = time.process_time()
    robots.allows(robots.RULES, text, f"http://city.example/{path}")
    assert time.process_time() - begun < 5.0  # 0.8 s at most were measured


def test_half_a_megabyte_of_rules_is_answered_quickly() -> None:
    lines = [f"Disallow: /p{n}/*x\nAllow: /p{n}/y{n}" for n in range(12_000)]
    text = "User-agent: *\n" + "\n".join(lines)
    robots.allows(robots.RULES, text, "http://city.example/")
    begun = time.process_time()
    for number in range(10):
        assert robots.allows(robots.RULES, text, f"http://city.example/p11999/y11999/{number}x")
        assert not robots.allows(robots.RULES, text, f"http://city.example/p11999/{number}x")
    assert (time.process_time() - begun) / 20 < 0.1  # 0.005 s each were measured


# Pauses


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Crawl-delay: 7", 7),
        ("Crawl-delay: 0.5", 0.5),
        ("Crawl-delay: 1,5", 1.5),
        ("Crawl-delay: .25", 0.25),
        ("crawl delay: 3", 3),
        ("CRAWLDELAY: 3", 3),
        ("Crawl-delay 4", 4),
        ("Crawl-delay: 10s", 10),
        ("Crawl-delay: 10 seconds", 10),
        ("Crawl-delay: 2 minutes", 120),
        ("Crawl-delay: 500ms", 0.5),
        ("Crawl-delay: 10 # please", 10),
        ("Crawl-delay: 0", 0),
        ("Crawl-delay: 99999", 300),
        ("Crawl-delay: 1e9", 300),
        ("Crawl-delay: inf", 300),
        ("Crawl-delay: " + "9" * 5_000, 300),
        ("Crawl-delay: 1e999999", 300),
        ("Crawl-delay: soon", 0),
        ("Crawl-delay: -5", 0),
        ("Crawl-delay: nan", 0),
        ("Crawl-delay:", 0),
        ("Crawl-delay: 1.2.3", 0),
        ("Crawl-delay: ٣", 3),
        ("Crawl-delay: 2\nCrawl-delay: 9\nCrawl-delay: 4", 9),
        ("Request-rate: 1/10", 10),
        ("Request-rate: 1/2m", 120),
        ("Request-rate: 4/10s 0900-1700", 2.5),
        ("Request-rate: 1/9d", 300),
        ("Request-rate: 0/10", 0),
        ("Request-rate: often", 0),
        ("Crawl-delay: 3\nRequest-rate: 1/8", 8),
    ],
)
def test_a_pause_is_read_as_it_is_meant_and_has_a_limit(line: str, seconds: float) -> None:
    assert robots.crawl_delay(robots.RULES, f"User-agent: *\n{line}\n") == seconds


def test_the_pause_is_the_one_of_our_group() -> None:
    text = "User-agent: *\nCrawl-delay: 9\nUser-agent: other\nCrawl-delay: 99\n"
    assert robots.crawl_delay(robots.RULES, text) == 9
    assert robots.crawl_delay(robots.RULES, f"{text}User-agent: CityAccords\nAllow: /\n") == 0
    assert robots.crawl_delay(robots.MISSING, text) == 0


# Maps and signals


def test_maps_are_found_anywhere_and_once() -> None:
    text = (
        "Sitemap: https://city.example/a.xml\nUser-agent: *\nDisallow: /\n"
        "site-map : https://city.example/b.xml # new\nSITEMAP:https://city.example/a.xml\n"
        "Sitemap:\nSitemaps: https://city.example/c.xml\r#Sitemap: https://city.example/d.xml\n"
    )
    expected = tuple(f"https://city.example/{name}.xml" for name in "abc")
    assert robots.sitemaps(robots.RULES, text) == expected
    assert robots.sitemaps(robots.UNREACHABLE, text) == ()


def test_usage_lines_of_our_group_hold_for_the_longest_path() -> None:
    text = (
        "User-agent: *\nContent-Usage: tdm=n\nContent-Usage: /open/ tdm=y\n"
        "Content-Signal: search=yes, ai-train=no\nAllow: /\n"
        "User-agent: other\nContent-Usage: tdm=y\n"
    )
    ask = robots.usage
    assert ask(robots.RULES, text, "http://city.example/x") == (
        ("content-usage", "tdm=n"),
        ("content-signal", "search=yes, ai-train=no"),
    )
    assert ("content-usage", "tdm=y") in ask(robots.RULES, text, "http://city.example/open/x")
    assert ask(robots.RULES, f"{text}User-agent: cityaccords\nAllow: /\n", "http://a/") == ()
    assert ask(robots.MISSING, text, "http://city.example/x") == ()


def test_usage_lines_outside_a_group_are_for_all() -> None:
    text = "Content-Usage: tdm=n\nUser-agent: cityaccords\nDisallow: /x\n"
    assert robots.usage(robots.RULES, text, "http://a/") == (("content-usage", "tdm=n"),)
    both = "User-agent: *\nContent-Usage: tdm=y\nContent-Usage: tdm=n\nContent-Usage: /a\n"
    found = robots.usage(robots.RULES, both, "http://a/")
    assert [value for _, value in found] == ["tdm=y", "tdm=n"]


def test_readings_of_patterns_meet_for_every_ascii_character() -> None:
    """Whatever is escaped, in the rule or in the address, in either case, is found again."""
    for code, lower in itertools.product(range(0x21, 0x7F), (True, False)):
        escaped = f"%{code:02x}" if lower else f"%{code:02X}"
        pattern = Pattern(as_decoded(f"/a{escaped}b"))
        assert pattern.matches(as_decoded(f"/a%{code:02X}b"))
