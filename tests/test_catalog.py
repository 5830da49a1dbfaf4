"""The catalog: states, the work queue, and that the archive alone can rebuild it."""

import dataclasses
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline.archive import ArchiveWriter, read_entries
from pipeline.captures import Link, Note, make_capture, url_doc_id
from pipeline.catalog import Catalog, CatalogError
from pipeline.catalog_rows import VERSION, Feed, Host, Page, Robots, RunRow
from pipeline.paths import Workspace

NOW = "2026-11-24T00:00:00Z"
LATER = "2027-01-01T00:00:00Z"
MONTH = timedelta(days=30)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def captured(url: str, payload: bytes = b"x", fetched_at: str = NOW, kind: str = "response"):  # type: ignore[no-untyped-def]
    return make_capture(
        doc_id=url_doc_id(url),
        kind=kind,
        payload=payload,
        url=url,
        source_id="s",
        source_kind="news",
        discovered_by="feed",
        fetched_at=fetched_at,
        media_type="text/html",
        languages=("id",),
    )


def links(*names: str, published: str | None = None) -> list[Link]:
    return [Link(url=f"https://a.example/{name}", published=published) for name in names]


def test_links_are_new_once_per_source(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        assert catalog.discover("s", "feed", links("1", "2"), NOW) == 2
        assert catalog.discover("s", "feed", links("2", "3"), NOW) == 1
        assert catalog.discover("t", "sitemap", links("3"), NOW) == 1
        assert len(catalog.due("s", NOW, 10)) == 3
        assert [d.discovered_by for d in catalog.due("t", NOW, 10)] == ["sitemap"]


def test_a_date_that_is_learnt_later_is_kept(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.discover("s", "sitemap", links("1"), NOW)
        assert catalog.discover("s", "listing", links("1", published="2020-02-03"), NOW) == 0
        assert catalog.discover("s", "feed", links("1", published="2021-01-01"), NOW) == 0
        (due,) = catalog.due("s", NOW, 10)
        assert (due.hint_published, due.discovered_by) == ("2020-02-03", "listing")


def test_the_newest_published_come_first_and_fetched_pages_last(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.add_captures([(captured("https://a.example/0"), Note())], recheck=timedelta(0))
        catalog.discover("s", "feed", links("1", published="2020-01-01"), NOW)
        catalog.discover("s", "feed", links("2", published="2024-01-01"), NOW)
        urls = [due.page.url for due in catalog.due("s", NOW, 10)]
        assert urls == [f"https://a.example/{n}" for n in (2, 1, 0)]
        assert len(catalog.due("s", NOW, 2)) == 2


def test_a_fetched_page_is_due_again_after_its_time(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.add_captures([(captured("https://a.example/1"), Note())], recheck=MONTH)
        assert catalog.due("s", NOW, 10) == []
        (due,) = catalog.due("s", LATER, 10)
        assert due.page.state == "fetched"


def test_an_imported_document_is_never_due(workspace: Workspace) -> None:
    capture = captured("https://a.example/1", kind="resource")
    with Catalog(workspace) as catalog:
        catalog.add_captures([(capture, Note())], recheck=MONTH)
        assert catalog.due("s", "9999", 10) == []
        assert catalog.capture(capture.capture_id) == capture


def test_a_revisit_keeps_the_payload_and_a_gone_page_its_capture(workspace: Workspace) -> None:
    url = "https://a.example/1"
    first = captured(url)
    revisit = captured(url, fetched_at="2026-12-24T00:00:00Z", kind="revisit")
    gone = captured(url, b"404", "2027-01-24T00:00:00Z")
    with Catalog(workspace) as catalog:
        catalog.add_captures([(first, Note(etag='"e"'))], recheck=MONTH)
        catalog.add_captures([(revisit, Note(etag='"e"'))], recheck=MONTH)
        page = catalog.page(url_doc_id(url))
        assert page is not None
        assert (page.state, page.capture_id) == ("unchanged", first.capture_id)
        catalog.add_captures([(gone, Note(role="gone"))], recheck=MONTH)
        page = catalog.page(url_doc_id(url))
        assert page is not None
        assert (page.state, page.reason, page.capture_id, page.next_due) == (
            "gone",
            "HTTP 200",
            first.capture_id,
            None,
        )


def test_an_older_capture_does_not_hide_a_newer_one(workspace: Workspace) -> None:
    url = "https://a.example/1"
    new, old = captured(url, b"new"), captured(url, b"old", "2020-01-01T00:00:00Z")
    with Catalog(workspace) as catalog:
        catalog.add_captures([(new, Note()), (old, Note())], recheck=MONTH)
        page = catalog.page(url_doc_id(url))
        assert page is not None
        assert page.capture_id == new.capture_id


def test_an_alias_is_moved_and_not_asked_again(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.discover("s", "feed", links("old"), NOW)
        note = Note(aliases=("https://a.example/old",))
        catalog.add_captures([(captured("https://a.example/new"), note)], recheck=MONTH)
        page = catalog.page(url_doc_id("https://a.example/old"))
        assert page is not None
        assert (page.state, page.reason) == ("moved", url_doc_id("https://a.example/new"))
        assert catalog.due("s", NOW, 10) == []


def test_entering_captures_twice_changes_nothing(workspace: Workspace) -> None:
    entries = [(captured(f"https://a.example/{n}"), Note()) for n in range(5)]
    with Catalog(workspace) as catalog:
        catalog.add_captures(entries, recheck=MONTH)
        before = dump(workspace)
        catalog.add_captures(entries, recheck=MONTH)
        assert dump(workspace) == before


def dump(workspace: Workspace) -> list[str]:
    with sqlite3.connect(workspace.catalog) as connection:
        text = list(connection.iterdump())
    connection.close()
    return text


def test_states_feeds_hosts_robots_and_runs_are_kept(workspace: Workspace) -> None:
    feed = Feed(source_id="s", url="u", etag="e", failures=0.25, follow='[["v", null]]')
    host = Host(host="a.example", latency=0.5, last_request_at=NOW)
    rules = Robots(origin="https://a.example", verdict="rules", text="x", checked_at=NOW)
    page = Page(doc_id="d", url="u", host="h", state="failed", reason="HTTP 500", next_due=LATER)
    run = RunRow(run_id="r", source_id="s", started_at=NOW, failed=2)
    with Catalog(workspace) as catalog:
        assert catalog.feed("s", "u") == Feed(source_id="s", url="u")
        catalog.put_feed(feed)
        catalog.put_hosts([host])
        catalog.put_robots([rules])
        catalog.put_pages([page])
        catalog.put_runs([run])
    with Catalog(workspace) as catalog:
        assert catalog.feed("s", "u") == feed
        assert catalog.hosts() == {"a.example": host}
        assert catalog.robots() == {"https://a.example": rules}
        assert catalog.page("d") == page
        assert catalog.runs("s", 5) == [run]
        assert run.is_failure


def test_coverage_counts_per_source_and_month(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.discover("s", "feed", links("1", "2", published="2024-05-06T01:02:03+07:00"), NOW)
        catalog.discover("s", "feed", links("3"), NOW)
        catalog.discover("s", "feed", links("4", published="soon"), NOW)
        catalog.add_captures([(captured("https://a.example/3"), Note())], recheck=MONTH)
        assert catalog.coverage({}) == [("s", "", 2, 1), ("s", "2024-05", 2, 0)]
        read = {url_doc_id("https://a.example/3"): "2023-07-08"}
        assert ("s", "2023-07", 1, 1) in catalog.coverage(read)
        assert catalog.document_count("s") == 1


def test_a_newer_schema_is_refused_with_a_remedy(workspace: Workspace) -> None:
    with Catalog(workspace):
        pass
    connection = sqlite3.connect(workspace.catalog)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(CatalogError, match="newer cityaccords"):
        Catalog(workspace)


def test_a_file_that_is_no_catalog_is_refused_with_a_remedy(workspace: Workspace) -> None:
    workspace.corpus.mkdir()
    workspace.catalog.write_bytes(b"no database at all, but long enough to look like one" * 30)
    with pytest.raises(CatalogError, match="Move it away"):
        Catalog(workspace)


def test_notes_of_an_archive_that_knew_no_changes_are_still_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_is = dataclasses.asdict

    def as_it_was(value: object) -> dict[str, object]:
        data: dict[str, object] = as_it_is(value)  # type: ignore[call-overload]
        for link in data.get("links", ()):  # type: ignore[attr-defined]
            del link["modified"]
        return data

    monkeypatch.setattr(dataclasses, "asdict", as_it_was)
    writer = ArchiveWriter(workspace, "20261124T000000Z", max_captures=10, max_bytes=10**6)
    note = Note(role="discovery", links=tuple(links("1", published="2020-01-01")))
    writer.write(captured("https://a.example/map", kind="resource"), b"x", note=note)
    writer.close()
    monkeypatch.undo()
    (shard,) = workspace.shards("archive")
    assert [entry.note for entry in read_entries(shard)] == [note]


# The schema of version 1, as it was written, with rows of that time.
VERSION_1 = """
CREATE TABLE documents (doc_id TEXT NOT NULL, url TEXT, host TEXT, state TEXT NOT NULL, reason TEXT,
  etag TEXT, last_modified TEXT, payload_sha256 TEXT, capture_id TEXT, fetched_at TEXT,
  checked_at TEXT, failures FLOAT NOT NULL, next_due TEXT, PRIMARY KEY (doc_id));
CREATE TABLE feeds (source_id TEXT NOT NULL, url TEXT NOT NULL, etag TEXT, last_modified TEXT,
  body_sha256 TEXT, checked_at TEXT, failures FLOAT NOT NULL, status TEXT, next_due TEXT,
  follow TEXT NOT NULL, PRIMARY KEY (source_id, url));
CREATE TABLE runs (run_id TEXT NOT NULL, source_id TEXT NOT NULL, started_at TEXT NOT NULL,
  discovered INTEGER NOT NULL, fetched INTEGER NOT NULL, unchanged INTEGER NOT NULL,
  failed INTEGER NOT NULL, blocked INTEGER NOT NULL, gone INTEGER NOT NULL,
  disallowed INTEGER NOT NULL, reasons TEXT NOT NULL, PRIMARY KEY (run_id, source_id));
INSERT INTO documents VALUES ('d', 'https://a.example/1', 'a.example', 'failed', 'HTTP 500', NULL,
  NULL, NULL, NULL, NULL, '2026-11-01T00:00:00Z', 0.25, '2026-11-02T00:00:00Z');
INSERT INTO feeds VALUES ('s', 'u', 'e', NULL, 'x', '2026-11-01T00:00:00Z', 1.0, 'HTTP 404',
  '2026-11-25T00:00:00Z', '[["v", null]]');
INSERT INTO runs VALUES ('r', 's', '2026-11-01T00:00:00Z', 5, 4, 3, 2, 1, 0, 0, '{}');
PRAGMA user_version = 1;
"""


def version_1(workspace: Workspace) -> None:
    workspace.corpus.mkdir()
    connection = sqlite3.connect(workspace.catalog)
    connection.executescript(VERSION_1)
    connection.close()


def test_a_catalog_of_version_1_gets_what_it_lacks_and_loses_nothing(workspace: Workspace) -> None:
    version_1(workspace)
    for _ in range(2):
        with Catalog(workspace) as catalog:
            page = catalog.page("d")
            assert page is not None
            assert (page.state, page.failures, page.alarms) == ("failed", 0.25, 0)
            feed = catalog.feed("s", "u")
            assert (feed.etag, feed.failures, feed.follow) == ("e", 1.0, '[["v", null]]')
            assert (feed.interval, feed.declared, feed.disabled_at) == (0.0, 0.0, None)
            (run,) = catalog.runs("s", 5)
            assert (run.discovered, run.fetched, run.new, run.changed) == (5, 4, None, None)
    with sqlite3.connect(workspace.catalog) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()


def test_a_migration_that_was_killed_is_finished_by_the_next_one(workspace: Workspace) -> None:
    version_1(workspace)
    connection = sqlite3.connect(workspace.catalog)
    connection.execute("ALTER TABLE feeds ADD COLUMN interval FLOAT DEFAULT 0 NOT NULL")
    connection.commit()
    connection.close()
    with Catalog(workspace) as catalog:
        assert catalog.feed("s", "u").disabled_at is None


def test_a_migrated_catalog_has_the_columns_of_a_new_one(
    workspace: Workspace, tmp_path: Path
) -> None:
    version_1(workspace)
    other = Workspace(tmp_path / "new")
    for each in (workspace, other):
        with Catalog(each):
            pass
    assert columns(workspace) == columns(other)


def columns(workspace: Workspace) -> dict[str, set[tuple[str, str, int, str]]]:
    connection = sqlite3.connect(workspace.catalog)
    names = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    found = {
        name: {tuple(row[1:5]) for row in connection.execute(f"PRAGMA table_info({name})")}
        for name in names
    }
    connection.close()
    return found


def test_feeds_are_written_together_and_woken_by_name(workspace: Workspace) -> None:
    quiet = Feed(source_id="s", url="quiet", next_due=LATER, interval=86_400.0)
    failing = Feed(source_id="s", url="failing", next_due=LATER, failures=1.0)
    disabled = Feed(source_id="s", url="off", next_due=LATER, failures=30.0, disabled_at=NOW)
    other = Feed(source_id="t", url="quiet", next_due=LATER)
    with Catalog(workspace) as catalog:
        catalog.put_feeds([])
        catalog.put_feeds([quiet, failing, disabled, other])
        catalog.put_feeds([replace(quiet, declared=60.0)])
        assert [f.url for f in catalog.feeds("s")] == ["failing", "off", "quiet"]
        assert catalog.wake_feeds("s") == 2
        assert catalog.feed("s", "quiet") == replace(quiet, declared=60.0, next_due=None)
        assert catalog.feed("s", "failing") == failing
        assert catalog.feed("s", "off").disabled_at is None
        assert catalog.feed("t", "quiet") == other


def changed(*names: str, modified: str) -> list[Link]:
    return [Link(url=f"https://a.example/{name}", modified=modified) for name in names]


def test_a_page_that_changed_after_our_last_look_is_due_at_once(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        entries = [(captured(f"https://a.example/{n}"), Note()) for n in (1, 2)]
        catalog.add_captures(entries, recheck=MONTH)
        at = "2026-11-25T00:00:00Z"
        catalog.discover("s", "sitemap", changed("1", modified="2026-11-24T06:00:00+00:00"), at)
        catalog.discover("s", "sitemap", changed("2", modified="2026-11-23T06:00:00+00:00"), at)
        (due,) = catalog.due("s", at, 10)
        assert (due.page.url, due.page.alarms) == ("https://a.example/1", 1)
        # Told twice, as when the map is entered again from the archive, it is one alarm.
        catalog.discover("s", "sitemap", changed("1", modified="2026-11-24T06:00:00+00:00"), at)
        page = catalog.page(url_doc_id("https://a.example/1"))
        assert page is not None
        assert page.alarms == 1


def test_a_new_payload_ends_the_alarms_and_a_revisit_does_not(workspace: Workspace) -> None:
    url = "https://a.example/1"
    with Catalog(workspace) as catalog:

        def alarm(day: int) -> None:
            told = changed("1", modified=f"2026-11-{day}T01:00:00+00:00")
            catalog.discover("s", "sitemap", told, f"2026-11-{day}T02:00:00Z")

        def look(day: int, payload: bytes, kind: str) -> int:
            capture = captured(url, payload, f"2026-11-{day}T02:00:00Z", kind)
            catalog.add_captures([(capture, Note())], recheck=MONTH)
            page = catalog.page(url_doc_id(url))
            assert page is not None
            return page.alarms

        look(23, b"x", "response")
        alarm(24)
        assert look(24, b"", "revisit") == 1
        alarm(25)
        assert look(25, b"", "revisit") == 2
        alarm(26)  # too soon after two in vain
        assert catalog.due("s", "2026-11-26T02:00:00Z", 10) == []
        alarm(27)
        assert look(27, b"y", "response") == 0


def test_a_failed_or_refused_page_keeps_its_time_and_one_given_up_is_tried(
    workspace: Workspace,
) -> None:
    waiting = {
        state: Page(
            doc_id=url_doc_id(f"https://a.example/{state}"),
            url=f"https://a.example/{state}",
            host="a.example",
            state=state,
            checked_at="2026-11-20T00:00:00Z",
            next_due=LATER,
        )
        for state in ("failed", "blocked", "disallowed")
    }
    lost = replace(
        waiting["failed"], doc_id=url_doc_id("https://a.example/lost"),
        url="https://a.example/lost", next_due=None,
    )  # fmt: skip
    with Catalog(workspace) as catalog:
        catalog.put_pages([*waiting.values(), lost])
        told = changed(*waiting, "lost", modified="2026-11-22")
        catalog.discover("s", "sitemap", told, NOW, "Asia/Jakarta")
        assert [due.page.url for due in catalog.due("s", NOW, 10)] == [lost.url]


def test_a_map_in_the_archive_wakes_pages_by_its_own_time_zone(workspace: Workspace) -> None:
    capture = replace(
        captured("https://a.example/map.xml", fetched_at="2026-11-26T00:00:00Z"),
        timezone="Asia/Jakarta",
    )
    # The 24th ended at 17:00 UTC in Jakarta, before our last look.
    note = Note(role="discovery", links=tuple(changed("1", "2", modified="2026-11-24")))
    looks = [
        (captured("https://a.example/1", fetched_at="2026-11-24T16:00:00Z"), Note()),
        (captured("https://a.example/2", fetched_at="2026-11-24T18:00:00Z"), Note()),
    ]
    with Catalog(workspace) as catalog:
        catalog.add_captures([*looks], recheck=MONTH)
        catalog.add_captures([(capture, note)], recheck=MONTH)
        due = catalog.due("s", "2026-11-26T00:00:00Z", 10)
        assert [d.page.url for d in due] == ["https://a.example/1"]


def test_answers_on_the_way_are_captures_but_no_documents(workspace: Workspace) -> None:
    steps = [
        (captured("https://a.example/robots.txt"), Note(role="robots")),
        (captured("https://a.example/old"), Note(role="redirect")),
    ]
    with Catalog(workspace) as catalog:
        catalog.add_captures(steps, recheck=MONTH)
        for capture, _ in steps:
            assert catalog.capture(capture.capture_id) == capture
            assert catalog.page(capture.doc_id) is None
        assert catalog.coverage({}) == []


def test_clearing_keeps_what_the_archive_cannot_give(workspace: Workspace) -> None:
    page = Page(doc_id="d", url="u", host="h", state="failed", reason="HTTP 500", next_due=LATER)
    kept = [
        replace(page, doc_id=state, state=state, checked_at=NOW, failures=0.5)
        for state in ("failed", "blocked", "disallowed", "gone")
    ]
    healthy = Feed(
        source_id="s", url="u", etag="e", body_sha256="b", checked_at=NOW, status="ok",
        next_due=LATER, follow='[["v", null]]', interval=7_200.0, declared=60.0, last_new_at=NOW,
        position=7,
    )  # fmt: skip
    failing = replace(healthy, url="v", failures=2.0, status="HTTP 500")
    disabled = replace(healthy, url="w", failures=30.0, disabled_at=NOW)
    nothing = dict.fromkeys(("etag", "body_sha256", "checked_at", "position"))
    unread = nothing | {"follow": "[]"}
    url = "https://a.example/1"
    with Catalog(workspace) as catalog:
        catalog.discover("s", "pdf_link", links("never-asked.pdf"), NOW)
        catalog.put_pages(kept)
        catalog.add_captures([(captured(url), Note(etag="e"))], recheck=MONTH)
        catalog.put_feeds([healthy, failing, disabled])
        catalog.add_shard("x", 1)
        catalog.clear()
        assert catalog.shards() == frozenset()
        assert [catalog.page(page.doc_id) for page in kept] == kept
        assert catalog.feed("s", "u") == replace(healthy, **unread, next_due=None)
        assert catalog.feed("s", "v") == replace(failing, **unread)
        assert catalog.feed("s", "w") == replace(disabled, **unread)
        # What the archive no longer holds is asked for again, without a condition.
        again = {due.page.url: due.page for due in catalog.due("s", NOW, 10)}
        assert set(again) == {url, "https://a.example/never-asked.pdf"}
        assert (again[url].state, again[url].etag, again[url].capture_id) == (
            "discovered",
            None,
            None,
        )


def test_a_cleared_catalog_is_the_same_again_after_the_archive_was_entered(
    workspace: Workspace,
) -> None:
    first, second = captured("https://a.example/1"), captured("https://a.example/2")
    seen = captured("https://a.example/1", fetched_at="2026-11-25T00:00:00Z", kind="revisit")
    found = captured("https://a.example/map", fetched_at="2026-11-26T00:00:00Z")
    told = tuple(changed("1", "2", "3", modified="2026-11-25T20:00:00+00:00"))
    entries = [
        (first, Note(etag="e", aliases=("https://a.example/old",))),
        (second, Note()),
        (seen, Note(etag="f")),
        (found, Note(role="discovery", links=told)),
    ]
    with Catalog(workspace) as catalog:
        catalog.add_captures(entries, recheck=MONTH)
        page = catalog.page(second.doc_id)
        assert page is not None
        # A failure after the capture: the failure stays, and the capture comes back to it.
        failed = replace(
            page, state="failed", reason="HTTP 500", checked_at="2026-11-27T00:00:00Z",
            failures=1.0, next_due=LATER,
        )  # fmt: skip
        catalog.put_pages([failed])
        before = dump(workspace)
        catalog.clear()
        catalog.add_captures(entries, recheck=MONTH)
        assert dump(workspace) == before
        assert catalog.page(second.doc_id) == failed


def test_an_older_capture_gives_its_payload_to_a_page_that_has_none(workspace: Workspace) -> None:
    url = "https://a.example/1"
    failed = Page(
        doc_id=url_doc_id(url), url=url, host="a.example", state="failed", checked_at=LATER
    )
    old = captured(url)
    with Catalog(workspace) as catalog:
        catalog.put_pages([failed])
        catalog.add_captures([(old, Note())], recheck=MONTH)
        page = catalog.page(failed.doc_id)
        assert page is not None
        assert (page.state, page.capture_id, page.fetched_at) == ("failed", old.capture_id, NOW)


def test_coverage_counts_each_document_once_whatever_became_of_it(workspace: Workspace) -> None:
    def at(state: str) -> Page:
        url = f"https://a.example/{state}"
        return Page(doc_id=url_doc_id(url), url=url, host="a.example", state=state, checked_at=NOW)

    refused = ("failed", "blocked", "disallowed", "gone")
    with Catalog(workspace) as catalog:
        told = links(*refused, "waiting", "old", "older", published="2024-05-06")
        catalog.discover("s", "sitemap", told, NOW)
        catalog.discover("s", "feed", told, NOW)
        catalog.discover("t", "feed", links("old", "older", published="2024-05-06"), NOW)
        catalog.put_pages([at(state) for state in refused])
        # Two addresses of one document, which source s fetched; t only named the addresses.
        note = Note(aliases=("https://a.example/old", "https://a.example/older"))
        catalog.add_captures([(captured("https://a.example/new"), note)], recheck=MONTH)
        assert catalog.coverage({}) == [("s", "2024-05", 6, 1), ("t", "2024-05", 1, 1)]
        read = {url_doc_id("https://a.example/new"): "2024-06-07"}
        assert catalog.coverage(read) == [
            ("s", "2024-05", 5, 0),
            ("s", "2024-06", 1, 1),
            ("t", "2024-06", 1, 1),
        ]
        # What once came into the archive stays fetched when it is refused later.
        page = catalog.page(url_doc_id("https://a.example/new"))
        assert page is not None
        catalog.put_pages([replace(page, state="disallowed")])
        assert catalog.coverage(read)[1:] == [("s", "2024-06", 1, 1), ("t", "2024-06", 1, 1)]


def test_coverage_ends_where_addresses_move_in_a_circle(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.discover("s", "feed", links("1", "2"), NOW)
        one, two = (url_doc_id(f"https://a.example/{n}") for n in (1, 2))
        for doc_id, target in ((one, two), (two, one)):
            page = catalog.page(doc_id)
            assert page is not None
            catalog.put_pages([replace(page, state="moved", reason=target, checked_at=NOW)])
        assert catalog.coverage({}) == [("s", "", 1, 0)]


def test_runs_since_a_time_are_listed_by_source(workspace: Workspace) -> None:
    rows = [
        RunRow(run_id=f"2026-11-{day}", source_id=source, started_at=f"2026-11-{day}T00:00:00Z")
        for source in "st"
        for day in (10, 20, 21)
    ]
    with Catalog(workspace) as catalog:
        catalog.put_runs(rows)
        found = catalog.runs_since("2026-11-20T00:00:00Z")
        assert {source: [run.run_id for run in runs] for source, runs in found.items()} == {
            "s": ["2026-11-21", "2026-11-20"],
            "t": ["2026-11-21", "2026-11-20"],
        }


def test_the_work_queue_of_a_large_catalog_is_read_from_its_partial_index(
    workspace: Workspace,
) -> None:
    with Catalog(workspace) as catalog:
        catalog.discover("s", "feed", links("due"), NOW)
        connection = sqlite3.connect(workspace.catalog)
        pages = [(f"d{n}", f"u{n}", NOW, LATER if n % 2 else None) for n in range(100_000)]
        connection.executemany(
            "INSERT INTO documents (doc_id, url, state, checked_at, failures, next_due)"
            " VALUES (?, ?, 'fetched', ?, 0, ?)",
            pages,
        )
        connection.executemany(
            "INSERT INTO discoveries (doc_id, source_id, discovered_at, discovered_by)"
            " VALUES (?, 's', ?, 'feed')",
            [(page[0], NOW) for page in pages],
        )
        connection.commit()
        statements: list[str] = []
        event = "before_cursor_execute"
        sa.event.listen(catalog._engine, event, lambda *given: statements.append(given[2]))
        for analysed in (False, True):
            if analysed:
                connection.execute("ANALYZE")
            assert [due.page.url for due in catalog.due("s", NOW, 10)] == ["https://a.example/due"]
            question = f"EXPLAIN QUERY PLAN {statements.pop()}"
            plan = [row[3] for row in connection.execute(question, (NOW, "s", 10, 0))]
            assert plan[0] == (
                "SEARCH documents USING INDEX documents_due (next_due>? AND next_due<?)"
            )
            assert all(not step.startswith("SCAN") for step in plan), plan
        connection.close()
