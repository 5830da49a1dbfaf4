"""WordPress, GDELT and Media Cloud: addresses asked for, answers read, and nothing that breaks."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.captures import Link
from pipeline.fetchers import gdelt, mediacloud, wordpress
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.urls import canonical_url

RECORDINGS = Path(__file__).parent / "recordings"
NOW = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
QUERY = '"sister city" OR (kota kembar) sourcecountry:indonesia'
MUTANTS = 2_000  # of each kind, over the recordings of a service
QUERIES = st.text(min_size=1, max_size=60).filter(
    lambda text: bool(text.strip()) and text.isprintable()
)
QUARTER = timedelta(minutes=15)
EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=4_000)).map(lambda span: EPOCH + span)


def recorded(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def stamped(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def paired(later: list[datetime], earlier: list[datetime]) -> list[timedelta]:
    return [b - a for a, b in zip(earlier, later, strict=True)]


@pytest.fixture
def far_west(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in a time zone far from UTC, where a moment without offset taken for local is seen."""
    monkeypatch.setenv("TZ", "Pacific/Honolulu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_west")
def test_moments_without_offset_are_utc_wherever_the_program_runs() -> None:
    bare = NOW.replace(tzinfo=None)
    site = "https://kotacontoh.example/"
    assert wordpress.start_urls(site, bare) == wordpress.start_urls(site, NOW)
    for search in (gdelt, mediacloud):
        (url,) = search.start_urls(QUERY, NOW, NOW)
        assert search.start_urls(QUERY, bare, bare) == (url,)
        for days in range(50):
            asked_at = NOW + timedelta(days=days)
            told = search.is_final(url, asked_at.replace(tzinfo=None))
            assert told == search.is_final(url, asked_at)


@given(QUERIES)
def test_a_query_comes_out_of_its_address_as_it_went_in(query: str) -> None:
    for search, key in ((gdelt, "query"), (mediacloud, "q")):
        for url in search.start_urls(query, NOW, NOW):
            assert canonical_url(url) == url
            assert query_of(url)[key] == query.strip()


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
        ("https://kotacontoh.example/index.php/wp-json", "/index.php/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/wp-jsonx", "/wp-jsonx/wp-json/wp/v2/posts"),
        ("https://kotacontoh.example/wp/v2/sites/a.example/posts", "/wp/v2/sites/a.example/posts"),
        ("https://kotacontoh.example/?rest_route=/", "/"),
    ],
)
def test_a_wordpress_site_is_asked_for_what_changed_last(given_: str, path: str) -> None:
    (url,) = wordpress.start_urls(given_, NOW)
    assert canonical_url(url) == url
    assert urlsplit(url).path == path
    asked = query_of(url)
    assert (asked["orderby"], asked["per_page"], asked["page"]) == ("modified", "100", "1")
    assert asked["modified_after"] == "2026-03-02T20:29:59Z"  # the site leaves out that second
    assert "modified_after" not in query_of(*wordpress.start_urls(given_, None))
    assert wordpress.start_urls("mailto:x@kotacontoh.example", None) == ()


@pytest.mark.parametrize("route", ["/", "/wp/v2", "/wp/v2/", "/wp/v2/posts"])
def test_a_wordpress_site_without_readable_addresses_is_asked_by_parameter(route: str) -> None:
    (url,) = wordpress.start_urls(f"https://kotacontoh.example/?rest_route={route}", None)
    assert query_of(url)["rest_route"] == "/wp/v2/posts"
    (url,) = wordpress.start_urls("https://kotacontoh.example/?rest_route=/wp/v2/berita", None)
    assert query_of(url)["rest_route"] == "/wp/v2/berita"


def test_parameters_of_a_wordpress_address_stay_also_on_the_next_page() -> None:
    given_ = "https://kotacontoh.example/wp-json/wp/v2/posts?per_page=20&tags[]=1&tags[]=2&page=9"
    (url,) = wordpress.start_urls(given_, None)
    fields = parse_qsl(urlsplit(url).query)
    assert [value for key, value in fields if key == "tags[]"] == ["1", "2"]
    assert {("page", "1"), ("per_page", "20")} < set(fields)
    posts = [{"link": f"/satu-{n}"} for n in range(20)]
    (onward,) = wordpress.read_posts(json.dumps(posts).encode(), url).follow
    assert canonical_url(onward.url) == onward.url
    assert set(fields) ^ set(parse_qsl(urlsplit(onward.url).query)) == {
        ("page", "1"),
        ("page", "2"),
    }
    assert wordpress.read_posts(json.dumps(posts[1:]).encode(), url).follow == ()
    (many,) = wordpress.start_urls(given_.replace("=20", "=5000"), None)
    assert query_of(many)["per_page"] == "100"


@pytest.mark.parametrize(
    ("local", "universal", "published"),
    [
        ("2026-03-02T05:30:00", "2026-03-01T22:30:00", "2026-03-02T05:30:00+07:00"),
        ("2026-03-01T19:00:00", "2026-03-01T22:30:00", "2026-03-01T19:00:00-03:30"),
        ("2026-03-02T04:15:00", "2026-03-01T22:30:00", "2026-03-02T04:15:00+05:45"),
        ("2026-03-01T22:30:00", "2026-03-01T22:30:00", "2026-03-01T22:30:00+00:00"),
        ("2026-03-02T12:30:00", "2026-03-01T22:30:00", "2026-03-02T12:30:00+14:00"),
        ("2026-03-02T12:45:00", "2026-03-01T22:30:00", "2026-03-02T12:45:00"),
        ("2026-03-02T05:31:00", "2026-03-01T22:30:00", "2026-03-02T05:31:00"),
        ("2026-03-02T05:30:00+07:00", "2026-03-01T22:30:00", "2026-03-02T05:30:00+07:00"),
        ("2026-03-02T05:30:00", "2026-03-01T22:30:00Z", "2026-03-02T05:30:00+07:00"),
        ("2026-03-02T05:30:00", "0000-00-00T00:00:00", "2026-03-02T05:30:00"),
        ("", "2026-03-01T22:30:00", "2026-03-01T22:30:00+00:00"),
        ("2026-03-02", "2026-03-02", None),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", None),
        ("2026-02-30T00:00:00", "2026-W09-1T00:00:00", None),
    ],
)
def test_a_post_is_dated_as_its_two_clocks_say(
    local: str, universal: str, published: str | None
) -> None:
    row = {"link": "https://kotacontoh.example/a", "date": local, "date_gmt": universal}
    (url,) = wordpress.start_urls("https://kotacontoh.example/", None)
    (link,) = wordpress.read_posts(json.dumps([row]).encode(), url).links
    assert link.published == published


def test_a_post_without_a_link_is_none_and_no_page_of_wordpress_is_final() -> None:
    (url,) = wordpress.start_urls("https://kotacontoh.example/", None)
    rows = [{}, 7, None, {"link": ""}, {"link": "#isi"}, {"link": 5}, {"link": url}]
    assert wordpress.read_posts(json.dumps(rows).encode(), url) == Found()
    assert not wordpress.is_final(url, NOW + timedelta(days=9_000))


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
    assert set(paired(begins[:-1], ends[1:])) <= {timedelta(seconds=1)}
    assert {end - begin for begin, end in zip(begins, ends, strict=True)} == {
        timedelta(days=1, seconds=-1)
    }
    assert begins[0] <= now
    assert ends[0] >= now.replace(microsecond=0)
    oldest = max(since, now - timedelta(days=88))
    assert begins[-1] <= oldest
    assert begins[-1] > oldest - timedelta(days=1)
    assert now - begins[-1] < timedelta(days=89)  # the shortest three months
    later = gdelt.start_urls(QUERY, since, now + timedelta(days=1))
    assert set(urls[:-1]) <= set(later)  # a day has the same address every night


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
    for name, words in (("too_short", "too short or too long"), ("too_often", "every 5 seconds")):
        told = gdelt.read_articles(recorded(f"gdelt/{name}.txt"), url)
        assert words in (told.problem or "")
        assert told.links == ()


def test_titles_that_are_no_json_do_not_cost_their_addresses() -> None:
    (url,) = gdelt.start_urls(QUERY, NOW, NOW)
    whole = recorded("gdelt/bad_escape.json")
    with pytest.raises(ValueError, match="escape"):
        json.loads(whole, strict=False)
    assert [link.url for link in gdelt.read_articles(whole, url).links] == [
        "https://koran.example/satu-dua-tiga",
        "https://times.example/news/quoted",
    ]
    full = b'{"articles": [' + b",".join(
        [rb'{"url": "https://k.example/a-b", "title": "\d"}'] * 250
    )
    assert len(gdelt.read_articles(full + b"]}", url).follow) == 2


def test_an_answer_that_is_cut_short_is_a_failure_at_every_byte() -> None:
    (url,) = gdelt.start_urls(QUERY, NOW, NOW)
    for name in ("articles", "bad_escape"):
        body = recorded(f"gdelt/{name}.json").rstrip()
        for length in range(len(body)):
            found = gdelt.read_articles(body[:length], url)
            assert found.problem is not None
            assert found.links == found.follow == ()


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
    assert set(paired(begins[1:], ends[:-1])) == {timedelta(seconds=1)}
    assert (asked[0][0], asked[-1][1]) == ("20260302000000", "20260302235959")
    assert len(leaves) == 24 * 4  # GDELT's clock ticks every quarter of an hour


@given(MOMENTS, st.integers(1, 2_000), st.integers(0, 2_000_000))
def test_two_halves_cover_the_whole_without_gap_or_overlap(
    begin: datetime, quarters: int, more: int
) -> None:
    begin = begin.replace(microsecond=0)
    end = begin + quarters * QUARTER - timedelta(seconds=1) + timedelta(seconds=more % 900)
    (url, *_) = gdelt.start_urls(QUERY, NOW, NOW)
    for key, moment in (("startdatetime", begin), ("enddatetime", end)):
        url = url.replace(query_of(url)[key], f"{moment:%Y%m%d%H%M%S}")
    body = json.dumps({"articles": [{"url": "https://k.example/a-b"}] * 250}).encode()
    halves = [query_of(link.url) for link in gdelt.read_articles(body, url).follow]
    if quarters == 1:
        assert halves == []
        return
    first, second = halves
    assert (stamped(first["startdatetime"]), stamped(second["enddatetime"])) == (begin, end)
    middle = stamped(second["startdatetime"])
    assert middle - stamped(first["enddatetime"]) == timedelta(seconds=1)
    assert (middle - begin) % QUARTER == timedelta(0)
    assert begin < middle <= end
    assert first["query"] == second["query"] == QUERY


def test_a_slice_is_final_when_late_articles_are_in() -> None:
    (url,) = gdelt.start_urls(QUERY, NOW, NOW)
    assert not gdelt.is_final(url, NOW)
    assert not gdelt.is_final(url, datetime(2026, 3, 4, 23, tzinfo=UTC))
    assert gdelt.is_final(url, datetime(2026, 3, 5, 1, tzinfo=UTC))
    assert not gdelt.is_final("https://api.gdeltproject.org/api/v2/doc/doc", NOW)
    for begin, end in (("", ""), ("1", "2"), ("99991231000000", "99991231235959"), ("2" * 14,) * 2):
        assert not gdelt.is_final(f"{gdelt.API}?startdatetime={begin}&enddatetime={end}", NOW)


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
    assert set(paired(begins[:-1], ends[1:])) <= {timedelta(days=1)}
    assert all((b.year, b.month) == (e.year, e.month) for b, e in zip(begins, ends, strict=True))
    assert begins[-1].date() == since.date()
    assert ends[0].date() >= (since + span).date() >= begins[0].date()
    later = mediacloud.start_urls(QUERY, since, since + span + timedelta(days=31))
    assert set(urls) <= set(later)  # a month has the same address every night


def test_media_cloud_is_not_asked_for_years_before_it_began() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    urls = mediacloud.start_urls(QUERY, first, NOW)
    assert query_of(urls[-1])["start"] == "2008-01-01"
    assert len(urls) == (2026 - 2008) * 12 + 3
    assert mediacloud.start_urls(QUERY, NOW, first) == ()


def test_a_month_keeps_its_address_while_it_runs() -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    assert mediacloud.start_urls(QUERY, first, NOW) == mediacloud.start_urls(
        QUERY, first, NOW + timedelta(days=20)
    )


def test_stories_have_their_day_and_lead_to_the_next_page() -> None:
    (url,) = mediacloud.start_urls(QUERY, NOW, NOW, (34_412_234, 5))
    assert (query_of(url)["cs"], query_of(url)["q"]) == ("5,34412234", QUERY)
    assert query_of(url)["sort_order"] == "asc"
    assert mediacloud.start_urls(QUERY, NOW, NOW, (5, 34_412_234, 5)) == (url,)
    found = mediacloud.read_stories(recorded("mediacloud/stories.json"), url)
    assert found.links == (
        Link(url="https://koran.example/kota/kembar-baru", published="2026-03-01"),
        Link(url="https://times.example/twin-towns-sign", published="2026-02-28"),
        Link(url="https://times.example/undated"),
    )
    (onward,) = found.follow
    assert query_of(onward.url) == query_of(url) | {"pagination_token": "MjAyNi0wMy0wMgE3_w-~"}
    again = mediacloud.read_stories(recorded("mediacloud/stories.json"), onward.url)
    assert again.follow == ()
    assert mediacloud.read_stories(recorded("mediacloud/last_page.json"), onward.url) == Found()
    endless = b'{"stories": [], "pagination_token": "more"}'
    assert mediacloud.read_stories(endless, url) == Found()
    for name, words in (("refused", "Invalid token."), ("no_collection", "Must have at least one")):
        told = mediacloud.read_stories(recorded(f"mediacloud/{name}.json"), url).problem
        assert (told or "").startswith(f"Media Cloud: no stories but: {words}")


@given(st.text(max_size=200))
def test_a_next_page_has_its_token_in_a_canonical_address(token: str) -> None:
    (url,) = mediacloud.start_urls(QUERY, NOW, NOW)
    body = {"stories": [{"url": "https://k.example/a"}], "pagination_token": token}
    for onward in mediacloud.read_stories(json.dumps(body).encode(), url).follow:
        assert canonical_url(onward.url) == onward.url
        assert query_of(onward.url).keys() == query_of(url).keys() | {"pagination_token"}
        assert mediacloud.is_final(onward.url, datetime(2026, 4, 7, tzinfo=UTC))


@pytest.mark.parametrize("day", ["01 Mar 20", "2026-02-30", "2026-03", "٢٠٢٦-٠٣-٠١", "20260301", 5])
def test_a_day_in_another_form_is_not_guessed(day: object) -> None:
    (url,) = mediacloud.start_urls(QUERY, NOW, NOW)
    body = {"stories": [{"url": "https://k.example/a", "publish_date": day}]}
    (link,) = mediacloud.read_stories(json.dumps(body).encode(), url).links
    assert link.published is None


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
    b"9" * 5_000,
    b'{"code": "\\ud800", "note": "\\ud800", "message": "\\u001b[2J"}',
    b'{"articles": [' + b'"url" ' * 200_000 + b"]}",
    b'{"articles": [' + b'"url":"' * 200_000 + b"]}",
    b'{"articles"' + b" " * 1_000_000 + b":" + b"] " * 200_000 + b"}" + b" " * 100_000 + b"x",
    b'{"articles": ["url": "\\ud800", "url": "\\x", "url": "http:\\/\\/h.example\\/a", \\ ]}',
]


def altered_bytes(body: bytes, draw: random.Random) -> bytes:
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
                data[place:place] = draw.choice([b"null", b"{", b"]", b"1e999", b'"', b"\\ud800"])
    return bytes(data)


VALUES: list[object] = [
    *(
        None,
        True,
        -1,
        10**400,
        1e308,
        float("nan"),
        float("inf"),
        "",
        " ",
        [],
        {},
        [[]],
        {"": None},
    ),
    *(
        "\ud800",
        "\x00\x1b[2J",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//h.example",
        "#",
        "?",
    ),
    *(
        "http://[::1",
        "http://a:b@h.example/",
        "http://169.254.169.254/x",
        "https://h.example:99999/",
    ),
    *(
        "https://h.example/" + "a" * 3_000,
        "9999-12-31T23:59:59",
        "-0001-11-30T00:00:00",
        "x" * 70_000,
    ),
    *({"link": "https://h.example/"}, [{"url": "https://h.example/a b"}], "2026-03-01", "2" * 14),
]


def places(value: object) -> list[tuple[object, object]]:
    """List each container in a JSON value with each key or index in it."""
    if not isinstance(value, dict | list):
        return []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [pair for key, part in list(pairs) for pair in [(value, key), *places(part)]]


def altered_values(body: bytes, draw: random.Random) -> bytes:
    try:
        value = json.loads(body)
    except ValueError:
        return altered_bytes(body, draw)
    for _ in range(draw.randint(1, 4)):
        found = places(value)
        if not found or draw.random() < 0.02:
            value = copy.deepcopy(draw.choice(VALUES))
            continue
        holder, key = draw.choice(found)
        match draw.randrange(4):
            case 0:
                del holder[key]  # type: ignore[attr-defined]
            case 1 if isinstance(holder, list):
                holder *= draw.randint(2, 200)
                if len(holder) > 3_000:
                    del holder[3_000:]
            case _:
                holder[key] = copy.deepcopy(draw.choice(VALUES))  # type: ignore[index]
    text = json.dumps(value)
    if draw.random() < 0.1:  # each key twice: the last one counts
        text = text.replace('{"', '{"url": 7, "link": [], "date": {}, "')
    return text.encode()


READERS: dict[str, tuple[Callable[[bytes, str], Found], str]] = {
    "wordpress": (wordpress.read_posts, wordpress.start_urls("https://k.example/", NOW)[0]),
    "gdelt": (gdelt.read_articles, gdelt.start_urls(QUERY, NOW, NOW)[0]),
    "mediacloud": (mediacloud.read_stories, mediacloud.start_urls(QUERY, NOW, NOW)[0]),
}


def hold(found: Found) -> None:
    """Assert what is true of every finding, whatever was read."""
    assert found.problem is None or found.links == found.follow == ()
    assert len(found.links) <= MAX_LINKS
    for link in found.links + found.follow:
        assert canonical_url(link.url) == link.url
        for moment in filter(None, (link.published, link.modified)):
            assert datetime.fromisoformat(moment).isoformat()[:10] == moment[:10]
    assert all("k.example" in f.url or "/api/" in f.url for f in found.follow)
    (found.problem or "").encode()  # what cannot be written to a report would end the run there


@pytest.mark.parametrize("alter", [altered_bytes, altered_values])
@pytest.mark.parametrize("name", READERS)
def test_no_altered_answer_breaks_a_reader(
    name: str, alter: Callable[[bytes, random.Random], bytes]
) -> None:
    reader, url = READERS[name]
    draw = random.Random(f"{name} {alter.__name__}")
    bodies = [p.read_bytes() for p in sorted((RECORDINGS / name).glob("*")) if p.suffix != ".md"]
    outcomes = set()
    for _ in range(MUTANTS):
        found = reader(alter(draw.choice(bodies), draw), url)
        hold(found)
        outcomes.add((found.problem is None, bool(found.links), bool(found.follow)))
    assert {(False, False, False), (True, True, False)} <= outcomes  # both ways were gone


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("name", READERS)
def test_no_hostile_answer_breaks_a_reader(name: str, body: bytes) -> None:
    reader, url = READERS[name]
    hold(reader(body, url))


@pytest.mark.parametrize("name", READERS)
def test_an_answer_with_a_million_entries_gives_no_more_than_the_limit(name: str) -> None:
    reader, url = READERS[name]
    rows = b",".join(b'{"link":"/%d","url":"https://h.example/%d"}' % (n, n) for n in range(60_000))
    whole = b"[%s]" % rows if name == "wordpress" else b'{"articles":[%s]}' % rows
    found = reader(whole.replace(b"articles", b"stories") if name == "mediacloud" else whole, url)
    hold(found)
    assert len(found.links) == MAX_LINKS
    assert (reader(b"[" + b"7," * 9_999_999 + b"7]", url)).links == ()


@pytest.mark.parametrize("name", READERS)
def test_an_address_that_is_none_of_ours_breaks_no_reader(name: str) -> None:
    reader, _ = READERS[name]
    rows = b",".join([b'{"link": "/a", "url": "https://h.example/a"}'] * 250)
    for url in ("", "x", "https://h.example/", "https://h.example/?page=-1&page=x"):
        for body in (b"[%s]" % rows, b'{"articles": [%s]}' % rows, b'{"stories": [%s]}' % rows):
            reader(body, url)
