"""When feeds and pages are asked again: laws that hold for every history, and what answers say."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.answers import Failed, Fetched, Outcome, Unchanged
from pipeline.captures import Exchange
from pipeline.catalog import Catalog
from pipeline.catalog_rows import Feed
from pipeline.catalog_writes import poll_of
from pipeline.config import Config
from pipeline.crawl_discovery import Discovery, held_back, read_entry, weight_of
from pipeline.ingest_report import Tally
from pipeline.paths import Workspace
from pipeline.polling import (
    DEFAULTS,
    WEIGHTS,
    Brought,
    Limits,
    Missed,
    Poll,
    after,
    declared_seconds,
    tells_change,
    waits,
    woken,
)
from pipeline.recorder import Recorder, recording
from pipeline.sources import Source

NOW = "2026-11-24T02:00:00Z"
BEGIN = datetime(2026, 11, 24, 2, tzinfo=UTC)
HOUR, DAY = 3_600.0, 86_400.0

seconds = st.none() | st.floats(allow_nan=True, allow_infinity=True)
brought = st.builds(Brought, new=st.integers(0, 10**6), changed=st.booleans(), declared=seconds)
missed = st.builds(
    Missed,
    reason=st.just("HTTP 500"),
    weight=st.sampled_from(sorted(WEIGHTS)),
    retry_after=seconds,
)
histories = st.lists(brought | missed, max_size=40)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def due_in(poll: Poll, now: str = NOW) -> float:
    assert poll.next_due is not None
    wait = datetime.fromisoformat(poll.next_due) - datetime.fromisoformat(now)
    return wait.total_seconds()


def reached(history: list[Brought | Missed]) -> Poll:
    poll = Poll()
    for event in history:
        poll = after(poll, event, NOW)
    return poll


# Laws


@given(histories)
def test_no_wait_is_shorter_than_the_least_nor_longer_than_the_most(
    history: list[Brought | Missed],
) -> None:
    poll = Poll()
    for event in history:
        poll = after(poll, event, NOW)
        if isinstance(event, Brought):
            assert DEFAULTS.least <= poll.interval <= DEFAULTS.most
            assert DEFAULTS.least * 7 / 8 <= due_in(poll) <= DEFAULTS.most
            assert poll.failures == 0
            assert poll.disabled_at is None
        else:
            assert 1_800 <= due_in(poll) <= 30 * DAY
            assert poll.failures > 0


@given(histories, st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_more_new_documents_never_mean_a_longer_wait(
    history: list[Brought | Missed], few: int, more: int, changed: bool
) -> None:
    few, more = sorted((few, more))
    poll = reached(history)
    slow = after(poll, Brought(new=few, changed=changed), NOW)
    fast = after(poll, Brought(new=more, changed=True), NOW)
    assert due_in(fast) <= due_in(slow)


@given(histories, seconds, seconds)
def test_a_publisher_that_asks_for_more_patience_is_not_asked_sooner(
    history: list[Brought | Missed], one: float | None, other: float | None
) -> None:
    short, long = sorted((one or 0.0, other or 0.0))
    if short != short or long != long:
        return
    poll = reached(history)
    hasty = after(poll, Brought(new=1, declared=short), NOW)
    patient = after(poll, Brought(new=1, declared=long), NOW)
    assert due_in(hasty) <= due_in(patient)
    assert due_in(patient) >= min(max(long, 0.0), 20 * HOUR)


@given(histories, st.sampled_from(sorted(WEIGHTS)))
def test_each_failure_in_a_row_waits_as_long_as_the_one_before_or_longer(
    history: list[Brought | Missed], weight: str
) -> None:
    poll, last = reached([*history, Brought()]), 0.0
    for _ in range(40):
        poll = after(poll, Missed(reason="HTTP 500", weight=weight), NOW)
        assert due_in(poll) >= last
        last = due_in(poll)


@given(
    st.lists(st.tuples(brought, st.floats(-1.0, 1.0)), min_size=20, max_size=30),
    st.floats(0, 48 * HOUR),
)
def test_nightly_runs_that_begin_an_hour_early_or_late_ask_a_healthy_feed_every_fourth_night(
    nights: list[tuple[Brought, float]], declared: float
) -> None:
    poll, asked = Poll(), []
    for night, (event, hours) in enumerate(nights):
        now = stamp(BEGIN + timedelta(days=night, hours=hours))
        if not waits(poll, now):
            asked.append(night)
            poll = after(poll, replace(event, declared=declared), now)
    gaps = [late - early for early, late in pairwise(asked)]
    assert max(gaps) <= 4
    assert len(nights) - 1 - asked[-1] <= 4


@given(st.lists(st.floats(-1.0, 1.0), min_size=5, max_size=30), st.floats(0, 48 * HOUR))
def test_a_feed_with_something_new_each_night_is_asked_each_night(
    offsets: list[float], declared: float
) -> None:
    poll = Poll(interval=DEFAULTS.most)
    for night, hours in enumerate(offsets):
        now = stamp(BEGIN + timedelta(days=night, hours=hours))
        assert not waits(poll, now)
        poll = after(poll, Brought(new=1, changed=True, declared=declared), now)


@given(st.lists(st.floats(-1.0, 1.0), min_size=29, max_size=29))
def test_a_feed_that_fails_is_tried_each_night_until_it_is_disabled(offsets: list[float]) -> None:
    poll = Poll()
    for night, hours in enumerate(offsets):
        now = stamp(BEGIN + timedelta(days=night, hours=hours))
        assert not waits(poll, now)
        poll = after(poll, Missed(reason="HTTP 410"), now)
        assert poll.disabled_at is None
    assert after(poll, Missed(reason="HTTP 410"), NOW).disabled_at == NOW


# Feeds, case by case


def test_a_feed_that_brings_something_is_asked_sooner_and_a_quiet_one_later() -> None:
    quiet = [DEFAULTS.least]
    poll = Poll()
    for _ in range(8):
        poll = after(poll, Brought(), NOW)
        quiet.append(poll.interval)
    assert quiet == [HOUR * n for n in (1, 2, 4, 8, 16, 32, 64, 96, 96)]
    assert poll.last_new_at is None
    woke = after(poll, Brought(new=3, changed=True), NOW)
    assert (woke.interval, woke.last_new_at) == (DAY, NOW)
    assert after(woke, Brought(new=1, changed=True), NOW).interval == DAY / 2
    assert after(woke, Brought(changed=True), NOW).interval == DAY


def test_an_answer_that_does_not_say_how_long_it_holds_leaves_what_was_said_before() -> None:
    poll = after(Poll(), Brought(new=1, declared=6 * HOUR), NOW)
    assert due_in(poll) == 6 * HOUR
    assert due_in(after(poll, Brought(new=1), NOW)) == 6 * HOUR
    assert due_in(after(poll, Brought(new=1, declared=60.0), NOW)) == 0.875 * HOUR


def test_a_feed_is_disabled_with_words_for_people_looked_at_monthly_and_enabled_by_name() -> None:
    poll = Poll()
    for _ in range(30):
        poll = after(poll, Missed(reason="HTTP 410"), NOW)
    assert poll.disabled_at == NOW
    assert due_in(poll) == 30 * DAY
    assert poll.status == (
        "disabled since 2026-11-24 after failures of weight 30, at last: HTTP 410. It is tried "
        "again on 2026-12-24. To enable it now: mend its address in the source file, or run "
        "`cityaccords ingest --source ID`"
    )
    later = after(poll, Missed(reason="HTTP 404"), "2026-12-24T02:00:00Z")
    assert later.disabled_at == NOW
    assert later.status is not None
    assert later.status.startswith("disabled since 2026-11-24 after failures of weight 31")
    enabled = woken(poll)
    assert not waits(enabled, NOW)
    assert after(enabled, Missed(reason="HTTP 410"), NOW).disabled_at == NOW
    assert after(enabled, Missed(reason="HTTP 500", weight="soft"), NOW).disabled_at is None
    assert after(enabled, Brought(), NOW).failures == 0


def test_a_person_wakes_a_quiet_feed_but_not_one_whose_server_asked_to_wait() -> None:
    quiet = after(Poll(interval=DAY), Brought(), NOW)
    assert waits(quiet, NOW)
    assert not waits(woken(quiet), NOW)
    told = after(quiet, Missed(reason="HTTP 429", weight="temporary", retry_after=7_200), NOW)
    assert due_in(told) == 7_200
    assert woken(told) == told


def test_a_retry_after_beyond_a_month_or_no_number_is_not_believed() -> None:
    for wait, expected in ((1e12, 30 * DAY), (float("nan"), 1_800), (-5.0, 1_800)):
        assert due_in(after(Poll(), Missed(reason="x", retry_after=wait), NOW)) == expected


def test_the_limits_are_settings() -> None:
    limits = Limits(least=60.0, most=120.0, give_up=1.0, probe=DAY)
    poll = Poll()
    for _ in range(5):
        poll = after(poll, Brought(), NOW, limits)
    assert poll.interval == 120.0
    assert due_in(after(poll, Missed(reason="x"), NOW, limits)) == DAY


@pytest.mark.parametrize(
    ("outcome", "weight"),
    [
        (Failed(url="u", reason="HTTP 410", kind="gone", status=410), "hard"),
        (Failed(url="u", reason="HTTP 404", kind="gone", status=404), "soft"),
        (Failed(url="u", reason="HTTP 403", kind="blocked", status=403), "hard"),
        (Failed(url="u", reason="HTTP 429", temporary=True, status=429), "temporary"),
        (Failed(url="u", reason="HTTP 503", temporary=True, status=503), "temporary"),
        (Failed(url="u", reason="HTTP 500", temporary=True, status=500), "soft"),
        (Failed(url="u", reason="connection failed", temporary=True), "soft"),
        (Failed(url="u", reason="by robots.txt", kind="disallowed"), "hard"),
        (Failed(url="u", reason="not readable", kind="disallowed", temporary=True), "temporary"),
        (Failed(url="u", reason="redirects to another site"), "hard"),
    ],
)
def test_failures_weigh_by_how_final_they_look(outcome: Failed, weight: str) -> None:
    assert weight_of(outcome) == weight


def test_a_feed_that_waits_is_no_failure_and_says_why_only_where_it_failed() -> None:
    tally = Tally("s")
    soon = "2026-11-25T00:00:00Z"
    assert not held_back(Feed(source_id="s", url="u"), tally, NOW)
    assert not held_back(Feed(source_id="s", url="u", next_due=NOW), tally, NOW)
    assert held_back(Feed(source_id="s", url="u", next_due=soon, status="ok"), tally, NOW)
    assert not tally.reasons
    failed = Feed(source_id="s", url="u", next_due=soon, status="HTTP 503", failures=0.25)
    assert held_back(failed, tally, NOW)
    assert tally.counts == {"waiting": 2}
    assert dict(tally.reasons) == {f"waiting: until {soon}: u: HTTP 503": 1}


# What answers say of themselves


@pytest.mark.parametrize(
    ("payload", "headers", "expected"),
    [
        (b"<rss><channel><ttl>60</ttl>", {}, HOUR),
        (b"<rss><channel><ttl> 5 </ttl>", {"Cache-Control": "public, max-age=600"}, 600.0),
        (b"<sy:updatePeriod>hourly</sy:updatePeriod>", {}, HOUR),
        (
            b"<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            {},
            6 * HOUR,
        ),
        (b"<syn:updatePeriod>weekly</syn:updatePeriod>", {}, 7 * DAY),
        (b"<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</x>", {}, HOUR),
        (b"<sy:updatePeriod>sometimes</sy:updatePeriod>", {}, None),
        (b"<ttl>-5</ttl>", {}, None),
        (b"<ttl>" + b"9" * 400 + b"</ttl>", {}, None),
        (b"<ttl>0</ttl>", {}, None),
        (b" " * 70_000 + b"<ttl>60</ttl>", {}, None),
        (b"", {"cache-control": "MAX-AGE=60"}, 60.0),
        (b"", {"cache-control": 'max-age="90"', "age": "30"}, 60.0),
        (b"", {"cache-control": "max-age=60", "age": "90"}, None),
        (b"", {"cache-control": "no-cache, max-age=60"}, None),
        (b"", {"cache-control": "No-Store"}, None),
        (b"", {"cache-control": "s-maxage=60"}, None),
        (b"", {"cache-control": "max-age"}, None),
        (
            b"",
            {
                "Expires": "Tue, 24 Nov 2026 04:00:00 GMT",
                "Date": "Tue, 24 Nov 2026 02:30:00 GMT",
            },
            1.5 * HOUR,
        ),
        (b"", {"Expires": "Tue, 24 Nov 2026 04:00:00 GMT"}, 2 * HOUR),
        (b"", {"Expires": "Tue, 24 Nov 2026 01:00:00 GMT"}, None),
        (b"", {"Expires": "0"}, None),
        (b"", {"Expires": "-1", "Date": "soon"}, None),
        (b"", {}, None),
    ],
)
def test_an_answer_says_how_long_it_holds(
    payload: bytes, headers: dict[str, str], expected: float | None
) -> None:
    assert declared_seconds(payload, headers.items(), NOW) == expected


@given(
    st.binary(),
    st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()),
)
def test_whatever_an_answer_says_is_a_length_of_time_or_nothing(
    payload: bytes, headers: dict[str, str]
) -> None:
    told = declared_seconds(payload, headers.items(), NOW)
    assert told is None or told > 0
    assert due_in(after(Poll(), Brought(declared=told), NOW)) <= DAY


# Pages that their source says it changed


@pytest.mark.parametrize(
    ("modified", "checked_at", "expected"),
    [
        ("2026-11-23T10:00:00+00:00", "2026-11-23T02:00:00Z", True),
        ("2026-11-23T01:59:59+00:00", "2026-11-23T02:00:00Z", False),
        # The same moment in the publisher's own time is compared in UTC.
        ("2026-11-23T08:59:00+07:00", "2026-11-23T02:00:00Z", False),
        ("2026-11-23T09:01:00+07:00", "2026-11-23T02:00:00Z", True),
        # Without an offset it is the publisher's: 08:59 in Jakarta is 01:59 UTC.
        ("2026-11-23T08:59:00", "2026-11-23T02:00:00Z", False),
        ("2026-11-23T09:01:00", "2026-11-23T02:00:00Z", True),
        # A day lasts until 17:00 UTC in Jakarta.
        ("2026-11-23", "2026-11-23T16:59:00Z", True),
        ("2026-11-23", "2026-11-23T17:00:00Z", False),
        # Today's date: the day has begun at the publisher, so it is not in the future.
        ("2026-11-24", "2026-11-23T02:00:00Z", True),
        # A wrong clock.
        ("2026-11-24T02:00:01+00:00", "2026-11-23T02:00:00Z", False),
        ("2026-11-25", "2026-11-23T02:00:00Z", False),
        ("9999-12-31", "2026-11-23T02:00:00Z", False),
        ("9999-12-31T23:59:59-12:00", "2026-11-23T02:00:00Z", False),
        ("0001-01-01", "2026-11-23T02:00:00Z", False),
        # A month or a year alone says that the page changed only where all of it came later.
        ("2026-11", "2026-11-23T02:00:00Z", False),
        ("2026", "2025-11-23T02:00:00Z", True),
        ("yesterday", "2026-11-23T02:00:00Z", False),
        ("", "2026-11-23T02:00:00Z", False),
    ],
)
def test_a_change_after_the_last_look_is_told_in_utc(
    modified: str, checked_at: str, expected: bool
) -> None:
    assert tells_change(modified, checked_at, NOW, zone="Asia/Jakarta") == expected


def test_a_day_at_an_unknown_place_ends_where_it_ends_last() -> None:
    for zone in (None, "Mars/Olympus", "../etc"):
        assert tells_change("2026-11-22", "2026-11-23T11:59:00Z", NOW, zone=zone)
        assert not tells_change("2026-11-22", "2026-11-23T12:00:00Z", NOW, zone=zone)


def test_a_page_is_not_asked_twice_by_one_run() -> None:
    assert not tells_change("2026-11-24", NOW, NOW)


def test_a_source_that_stamps_every_page_every_night_is_believed_ever_less() -> None:
    checked, alarms, asked = BEGIN, 0, []
    for night in range(1, 61):
        now = BEGIN + timedelta(days=night)
        if tells_change(stamp(now), stamp(checked), stamp(now), alarms=alarms):
            asked.append(night)
            checked, alarms = now, alarms + 1
    assert asked == [1, 2, 4, 8, 16, 32]


@given(st.text(), st.integers(0, 10**6))
def test_no_date_that_a_source_gives_breaks_the_rule(modified: str, alarms: int) -> None:
    assert tells_change(modified, "2026-11-23T02:00:00Z", NOW, alarms=alarms) in (True, False)


# A run: entry points, and what they lead to


class Site:
    """Answers for a source, without a network, and the run that settles them."""

    def __init__(self, root: Path, **entry: object) -> None:
        self.workspace, self.night = Workspace(root), 0
        self.source = Source.model_validate(
            {
                "id": "s",
                "name": "S",
                "publisher": "S",
                "country": "ID",
                "timezone": "Asia/Jakarta",
                "languages": ["id"],
                "kind": "news",
                "homepage": "https://s.example/",
                "fetch": [{"method": "sitemap", "url": MAP} | entry],
            }
        )

    def run(self, answers: dict[str, Outcome], *, is_killed: bool = False, batch: int = 50) -> str:
        """Ask what is due as the crawl does, one night later, and name what was asked."""
        self.night += 1
        now = stamp(BEGIN + timedelta(days=self.night))
        tally, asked, (entry,) = Tally("s"), [], self.source.fetch
        with recording(self.workspace, Config(), datetime.fromisoformat(now)) as recorder:
            discovery = Discovery(recorder, now, batch=batch)
            waiting = [MAP]
            while waiting:
                url = waiting.pop(0)
                feed = discovery.feed("s", url)
                if url in asked or url not in answers or held_back(feed, tally, now):
                    continue
                asked.append(url)
                moment = datetime.fromisoformat(now)
                found = read_entry(self.source, entry, feed, answers[url], moment)
                waiting += discovery.settle(self.source, entry, feed, answers[url], found, tally)
            if not is_killed:
                discovery.finish()
        return " ".join(url.rpartition("/")[2] for url in asked)

    def feed(self, url: str) -> Feed:
        with Catalog(self.workspace) as catalog:
            return catalog.feed("s", url)


MAP, PART = "https://s.example/map.xml", "https://s.example/part.xml"


def exchange(**headers: str) -> Exchange:
    return Exchange(
        request_line="GET / HTTP/1.1",
        request_headers=(),
        status_line="HTTP/1.1 200 OK",
        response_headers=tuple(headers.items()),
    )


def found_at(url: str, payload: str, **headers: str) -> Fetched:
    return Fetched(
        url=url,
        status=200,
        media_type="application/xml",
        payload=payload.encode(),
        exchange=exchange(**headers),
        etag='"e"',
        last_modified=None,
    )


def same(url: str) -> Unchanged:
    return Unchanged(url=url, exchange=exchange(), etag=None, last_modified=None)


def pages(*names: str) -> str:
    found = "".join(f"<url><loc>https://s.example/{name}</loc></url>" for name in names)
    return f"<urlset>{found}</urlset>"


INDEX = f"<sitemapindex><sitemap><loc>{PART}</loc></sitemap></sitemapindex>"


def test_an_entry_point_waits_by_what_all_its_parts_brought(tmp_path: Path) -> None:
    site = Site(tmp_path)
    answers: dict[str, Outcome] = {
        MAP: found_at(MAP, INDEX),
        PART: found_at(PART, pages("a", "b")),
    }
    assert site.run(answers) == "map.xml part.xml"
    root = site.feed(MAP)
    assert (root.interval, root.last_new_at) == (HOUR, stamp(BEGIN + timedelta(days=1)))
    assert root.next_due is not None
    assert site.feed(PART).next_due is None  # a part is asked when its map says so
    answers = {MAP: same(MAP), PART: same(PART)}
    nights = [site.run(answers) for _ in range(20)]
    assert nights[:5] == ["map.xml part.xml"] * 5
    assert nights[-8:].count("map.xml part.xml") == 2
    assert nights[-8:].count("") == 6
    assert site.feed(MAP).etag == '"e"'


def test_an_entry_point_does_not_wait_for_a_run_that_was_killed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    answers: dict[str, Outcome] = {MAP: found_at(MAP, pages("a"))}
    site.run(answers, is_killed=True, batch=1)
    assert site.feed(MAP).checked_at is not None
    assert site.feed(MAP).next_due is None


@pytest.mark.parametrize(
    "part",
    [
        None,  # left over: the run's limit of parts was reached
        Failed(url=PART, reason="HTTP 500", temporary=True, status=500),
        Failed(url=PART, reason="the host failed 5 times in a row", kind="later"),
    ],
)
def test_an_entry_point_does_not_wait_for_what_was_not_asked_or_failed(
    tmp_path: Path, part: Failed | None
) -> None:
    site = Site(tmp_path)
    answers: dict[str, Outcome] = {MAP: found_at(MAP, INDEX)}
    if part is not None:
        answers[PART] = part
    site.run(answers)
    assert site.feed(MAP).next_due is None
    assert site.run({MAP: same(MAP), PART: found_at(PART, pages("a"))}) == "map.xml part.xml"
    assert site.feed(MAP).next_due is not None


def test_a_feed_that_fails_or_is_none_weighs_and_waits_and_comes_back(tmp_path: Path) -> None:
    site = Site(tmp_path, method="feed")
    site.run({MAP: found_at(MAP, "<html><body>Moved</body></html>")})
    assert (site.feed(MAP).failures, site.feed(MAP).status) == (0.5, "no feed")
    site.run({MAP: Failed(url=MAP, reason="HTTP 410", kind="gone", status=410)})
    assert (site.feed(MAP).failures, site.feed(MAP).status) == (1.5, "HTTP 410")
    rss = "<rss version='2.0'><channel><ttl>720</ttl><item><link>https://s.example/a</link></item>"
    site.run({MAP: found_at(MAP, rss + "</channel></rss>", **{"Cache-Control": "max-age=60"})})
    feed = site.feed(MAP)
    assert (feed.failures, feed.status, feed.declared) == (0.0, "ok", 12 * HOUR)
    assert due_in(poll_of(feed), feed.checked_at or "") == 12 * HOUR


def test_states_of_feeds_are_written_together_and_after_what_they_speak_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    put, sync = Catalog.put_feeds, Recorder.commit

    def put_feeds(self: Catalog, feeds: Iterable[Feed]) -> None:
        held = list(feeds)
        told.append(f"{len(held)} feeds")
        put(self, held)

    def commit(self: Recorder) -> None:
        told.append("captures")
        sync(self)

    monkeypatch.setattr(Catalog, "put_feeds", put_feeds)
    monkeypatch.setattr(Recorder, "commit", commit)
    Site(tmp_path).run({MAP: found_at(MAP, INDEX), PART: found_at(PART, pages("a"))})
    assert told[:2] == ["captures", "2 feeds"]
    assert told.count("2 feeds") == 1
