"""WordPress, GDELT and Media Cloud: addresses asked for, answers read, and nothing that breaks."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.captures import Link
from pipeline.fetchers import gdelt, mediacloud, wordpress
from pipeline.fetchers.found import Found
from pipeline.urls import canonical_url

RECORDINGS = Path(__file__).parent / "recordings"
NOW = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
QUERY = '"sister city" OR (kota kembar) sourcecountry:indonesia'
MUTANTS = 700  # of each recording
EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=4_000)).map(lambda span: EPOCH + span)


def recorded(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def stamped(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


# WordPress


@pytest.mark.parametrize(
    ("given_", "path"),
    [
        ("https://kotacontoh.example/", "/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/berita", "/berita/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/wp-json", "/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/wp-json/wp/v2/", "/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/wp-json/wp/v2/posts", "/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/wp-json/wp/v2/siaran-pers?x=1", "/wp-json/wp/v2/siaran-pers"),
    ],
)
def test_a_wordpress_site_is_asked_for_what_changed_last(given_: str, path: str) -> None:
    (url,) = wordpress.start_urls(given_, NOW)
    assert canonical_url(url) == url
    assert urlsplit(url).path == path
    asked = query_of(url)
    assert (asked["orderby"], asked["per_page"], asked["page"]) == ("modified", "100", "1")
    assert asked["modified_after"] == "2026-03-02T20:30:00"
    assert "modified_after" not in query_of(*wordpress.start_urls(given_, None))
    assert wordpress.start_urls("mailto:x@kotacontoh.example", None) == ()


def test_posts_have_the_offset_of_their_site() -> None:
    (url,) = wordpress.start_urls("https://kotacontoh.example/", None)
    found = wordpress.read_posts(recorded("wordpress/posts.json"), url)
    assert found.problem is None
    assert found.follow == ()
    first, second, third = found.links
    assert first == Link(
        url="https://kotacontoh.example/2026/03/02/penandatanganan-kerja-sama/",
        published="2026-03-02T05:30:00+07:00",
        modified="2026-03-04T01:00:00+00:00",
    )
    assert second.url == "https://kotacontoh.example/?p=812"
    assert (third.published, third.modified) == (None, None)


def test_a_full_page_leads_to_the_next_and_the_last_says_so() -> None:
    (url,) = wordpress.start_urls("https://kotacontoh.example/", None)
    body = ("[" + ",".join(f'{{"link": "/satu-{n}"}}' for n in range(100)) + "]").encode()
    found = wordpress.read_posts(body, url)
    (onward,) = found.follow
    assert query_of(onward.url) == query_of(url) | {"page": "2"}
    assert len(found.links) == 100
    end = recorded("wordpress/last_page.json")
    assert wordpress.is_end(end)
    assert wordpress.read_posts(end, onward.url) == Found()
    closed = wordpress.read_posts(recorded("wordpress/closed.json"), url)
    assert closed.problem == "WordPress: no posts but: rest_disabled"
    assert not wordpress.is_end(recorded("wordpress/closed.json"))


# GDELT


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=200)))
def test_gdelt_days_cover_the_window_without_gap_or_overlap(
    since: datetime, span: timedelta
) -> None:
    now = since + span
    urls = gdelt.start_urls(QUERY, since, now)
    asked = [query_of(url) for url in urls]
    begins = [stamped(a["startdatetime"]) for a in asked]
    ends = [stamped(a["enddatetime"]) for a in asked]
    assert all(canonical_url(url) == url for url in urls)
    assert all(b - a == timedelta(seconds=1) for a, b in zip(ends[1:], begins, strict=False))
    assert ends[0] >= now.replace(microsecond=0)
    oldest = max(since, now - timedelta(days=88))
    assert begins[-1] <= oldest
    assert begins[-1] > oldest - timedelta(days=1)


def test_an_article_is_a_link_without_a_date() -> None:
    (url, *_) = gdelt.start_urls(QUERY, NOW, NOW)
    assert query_of(url)["query"] == QUERY
    found = gdelt.read_articles(recorded("gdelt/articles.json"), url)
    assert found == Found(
        links=(
            Link(url="https://koran.example/kota/nota-kesepahaman-1"),
            Link(url="https://times.example/news/sister-city-signed"),
        )
    )
    assert gdelt.read_articles(b"{}", url) == Found()
    assert len(gdelt.read_articles(recorded("gdelt/bad_escape.json"), url).links) == 1
    told = gdelt.read_articles(recorded("gdelt/too_short.txt"), url).problem or ""
    assert "too short to be searched for" in told


def test_a_full_slice_is_asked_for_in_halves_down_to_a_least_length() -> None:
    rows = ",".join(f'{{"url": "https://koran.example/satu-dua-{n}"}}' for n in range(250))
    body = f'{{"articles": [{rows}]}}'.encode()
    (url,) = gdelt.start_urls(QUERY, NOW, NOW)
    waiting, leaves = [url], []
    while waiting:
        address = waiting.pop()
        found = gdelt.read_articles(body, address)
        assert len(found.links) == 250
        assert all(canonical_url(link.url) == link.url for link in found.follow)
        waiting += [link.url for link in found.follow]
        leaves += [] if found.follow else [address]
    asked = sorted((query_of(u)["startdatetime"], query_of(u)["enddatetime"]) for u in leaves)
    ends = [stamped(end) for _, end in asked]
    begins = [stamped(begin) for begin, _ in asked]
    assert all(b - a == timedelta(seconds=1) for a, b in zip(ends, begins[1:], strict=False))
    assert (asked[0][0], asked[-1][1]) == ("20260302000000", "20260302235959")
    assert 48 < len(leaves) <= 96


def test_a_slice_is_final_when_late_articles_are_in() -> None:
    (url,) = gdelt.start_urls(QUERY, NOW, NOW)
    assert not gdelt.is_final(url, NOW)
    assert not gdelt.is_final(url, datetime(2026, 3, 4, 23, tzinfo=UTC))
    assert gdelt.is_final(url, datetime(2026, 3, 5, 1, tzinfo=UTC))
    assert not gdelt.is_final("https://api.gdeltproject.org/api/v2/doc/doc", NOW)


# Media Cloud


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_media_cloud_months_cover_the_window_without_gap_or_overlap(
    since: datetime, span: timedelta
) -> None:
    urls = mediacloud.start_urls(QUERY, since, since + span)
    asked = [query_of(url) for url in urls]
    assert all(canonical_url(url) == url for url in urls)
    begins = [datetime.fromisoformat(a["start"]) for a in asked]
    ends = [datetime.fromisoformat(a["end"]) for a in asked]
    assert all(b - a == timedelta(days=1) for a, b in zip(ends[1:], begins, strict=False))
    assert begins[-1].date() == since.date()
    assert ends[0].date() >= (since + span).date()


def test_a_month_keeps_its_address_while_it_runs() -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    assert mediacloud.start_urls(QUERY, first, NOW) == mediacloud.start_urls(
        QUERY, first, NOW + timedelta(days=20)
    )


def test_stories_have_their_day_and_lead_to_the_next_page() -> None:
    (url,) = mediacloud.start_urls(QUERY, NOW, NOW, (34_412_234, 5))
    assert (query_of(url)["cs"], query_of(url)["q"]) == ("34412234,5", QUERY)
    found = mediacloud.read_stories(recorded("mediacloud/stories.json"), url)
    assert found.links == (
        Link(url="https://koran.example/kota/kembar-baru", published="2026-03-01"),
        Link(url="https://times.example/twin-towns-sign", published="2026-02-28"),
    )
    (onward,) = found.follow
    assert query_of(onward.url) == query_of(url) | {"pagination_token": "dG9rZW4="}
    again = mediacloud.read_stories(recorded("mediacloud/stories.json"), onward.url)
    assert again.follow == ()
    told = mediacloud.read_stories(recorded("mediacloud/refused.json"), url).problem
    assert told == "Media Cloud: no stories but: Invalid token."


def test_a_month_is_final_when_late_stories_are_in() -> None:
    (url,) = mediacloud.start_urls(QUERY, NOW, NOW)
    assert not mediacloud.is_final(url, datetime(2026, 4, 3, tzinfo=UTC))
    assert mediacloud.is_final(url, datetime(2026, 4, 7, tzinfo=UTC))


# Whatever a server sends


HOSTILE = [
    b"",
    b"null",
    b"[" * 100_000,
    b'[{"link": "javascript:alert(1)"}, {"link": 5}, 7, null, {"link": "http://u:p@h.example/"}]',
    b'{"articles": [{"url": "file:///etc/passwd"}, {"url": null}, [], NaN]}',
    b'{"stories": {"url": "x"}, "pagination_token": 5}',
    b'{"stories": [{"url": "https://h.example/\\ud800"}], "pagination_token": "\\ud800"}',
    b"<html><body>502 Bad Gateway</body></html>",
    b" " * 30_000_000,
]


def mutants(body: bytes, seed: str) -> list[bytes]:
    draw = random.Random(seed)
    made = []
    for _ in range(MUTANTS):
        data = bytearray(body)
        for _ in range(draw.randint(1, 6)):
            place = draw.randrange(len(data) + 1)
            match draw.randrange(4):
                case 0:
                    data[place : place + 1] = bytes([draw.randrange(256)])
                case 1:
                    del data[place : place + draw.randint(1, 40)]
                case 2:
                    data[place:place] = data[: draw.randint(1, 60)]
                case _:
                    data[place:place] = draw.choice(
                        [b"null", b"{", b"]", b"1e999", b'"', b"\\ud800"]
                    )
        made.append(bytes(data))
    return made


@pytest.mark.parametrize("name", ["wordpress", "gdelt", "mediacloud"])
def test_no_answer_breaks_a_reader(name: str) -> None:
    reader, url = {
        "wordpress": (wordpress.read_posts, wordpress.start_urls("https://k.example/", None)[0]),
        "gdelt": (gdelt.read_articles, gdelt.start_urls(QUERY, NOW, NOW)[0]),
        "mediacloud": (mediacloud.read_stories, mediacloud.start_urls(QUERY, NOW, NOW)[0]),
    }[name]
    bodies = list(HOSTILE)
    for path in sorted((RECORDINGS / name).glob("*.*")):
        bodies += mutants(path.read_bytes(), f"{name} {path.name}")
    assert len(bodies) > 2_000
    for body in bodies:
        found = reader(body, url)
        assert found.problem is None or found.links == ()
        assert all(canonical_url(link.url) == link.url for link in found.links + found.follow)
