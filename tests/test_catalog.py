"""The catalog: states, the work queue, and that the archive alone can rebuild it."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.captures import Link, Note, url_doc_id
from pipeline.catalog import Catalog, CatalogError
from pipeline.catalog_rows import VERSION, Feed, Host, Page, Robots, RunRow
from pipeline.paths import Workspace
from pipeline.recorder import make_capture

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


def test_the_work_queue_is_served_from_its_partial_index(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:
        catalog.discover("s", "feed", links("1"), NOW)
    connection = sqlite3.connect(workspace.catalog)
    question = "EXPLAIN QUERY PLAN SELECT * FROM documents WHERE next_due <= 'x'"
    plan = " ".join(str(row) for row in connection.execute(question))
    connection.close()
    assert "documents_due" in plan
