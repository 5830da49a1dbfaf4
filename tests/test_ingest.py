"""Ingest from end to end: sources over HTTP, imports, what is kept, and what a kill leaves."""

import errno
import gzip
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from pipeline.archive import DOCUMENT_TYPE, ArchiveWriter, read_captures, read_entries
from pipeline.captures import url_doc_id
from pipeline.catalog import Catalog
from pipeline.config import Config, ConfigError, FetchConfig
from pipeline.ingest import (
    IngestReport,
    fetch_url,
    import_documents,
    import_files,
    import_warc,
    rebuild_catalog,
    run_ingest,
)
from pipeline.lock import LockedError, lock
from pipeline.paths import CHECKOUT, Workspace
from pipeline.records import Capture, stable_id
from pipeline.sources import Source
from pipeline.warc import http_head, write_record
from tests import hostile
from tests.hostile import HostileServer, Page, html, page, robots, serving, tagged

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CONFIG = Config(
    fetch=FetchConfig(
        contact="test@example.org",
        min_delay_seconds=0.05,
        deadline_seconds=1.0,
        max_bytes=1_000_000,
    )
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def source_of(server: HostileServer, name: str = "harian", **changes: object) -> Source:
    fetch = [{"method": "feed", "url": server.url("/feed")}]
    values = {
        "id": name,
        "name": name,
        "publisher": name,
        "country": "ID",
        "timezone": "Asia/Jakarta",
        "languages": ["id"],
        "kind": "news",
        "homepage": server.url("/"),
        "fetch": fetch,
    }
    return Source.model_validate(values | changes)


def feed(*paths: str) -> Page:
    def show(handler: hostile.Handler) -> None:
        items = "".join(f"<item><link>{handler.server.url(path)}</link></item>" for path in paths)
        body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()
        tagged(body, "application/rss+xml")(handler)

    return show


def site(pages: Mapping[str, Page], rules: str = "User-agent: *\nAllow: /\n") -> dict[str, Page]:
    return {"/robots.txt": robots(rules), "/feed": feed(*pages), **pages}


def ingest(
    workspace: Workspace, *sources: Source, now: datetime = NOW, **options: object
) -> IngestReport:
    hosts = {entry.url.split("/")[2] for source in sources for entry in source.fetch if entry.url}
    return run_ingest(
        workspace,
        options.pop("config", CONFIG),  # type: ignore[arg-type]
        now=now,
        sources=sources,
        allow_private=frozenset(hosts),
        **options,  # type: ignore[arg-type]
    )


def captures(workspace: Workspace) -> list[tuple[Capture, bytes]]:
    return [item for path in workspace.shards("archive") for item in read_captures(path)]


def counts(report: IngestReport) -> dict[str, int]:
    parts = ("new", "changed")  # of what was fetched
    found = report.sources[0].counts.items()
    return {name: n for name, n in found if n and name not in parts}


def days(number: int) -> datetime:
    return NOW + timedelta(days=number)


# Over HTTP


def test_a_feed_is_fetched_and_asked_again_conditionally(workspace: Workspace) -> None:
    pages = {f"/{n}": tagged(html(f"document {n}")) for n in range(4)}
    with serving(site(pages)) as server:
        source = source_of(server)
        assert counts(ingest(workspace, source)) == {"discovered": 4, "fetched": 4}
        before = len(server.requests)
        assert counts(ingest(workspace, source, now=days(1))) == {}
        later = server.requests[before:]
        assert [r.path for r in later] == ["/robots.txt", "/feed"]
        assert "if-none-match" in later[-1].headers
    found = captures(workspace)
    assert [payload for _, payload in found] == [html(f"document {n}") for n in range(4)]
    capture = found[0][0]
    assert capture.doc_id == url_doc_id(capture.url or "")
    assert (capture.kind, capture.status, capture.discovered_by) == ("response", 200, "feed")
    assert (capture.source_country, capture.timezone) == ("ID", "Asia/Jakarta")
    assert capture.fetched_at == "2026-11-24T02:00:00Z"


def test_sitemaps_and_listings_are_followed_to_their_end(workspace: Workspace) -> None:
    pages = {f"/news/{n}": page(html(str(n))) for n in range(9)}
    indexed = "<sitemapindex><sitemap><loc>{0}/s1</loc></sitemap></sitemapindex>"

    def show(text: str) -> Page:
        return lambda handler: page(text.format(handler.server.url("")).encode())(handler)

    pages |= {
        "/robots.txt": robots(""),
        "/map": show(indexed),
        "/s1": show("<urlset><url><loc>{0}/news/0</loc></url></urlset>"),
        "/list": show("<a href='/news/1'>a</a><a href='/list/2'>next</a>"),
        "/list/2": show("<a href='/news/2'>a</a><a href='/list'>1</a><a href='/list/3'>next</a>"),
        "/list/3": show("<a href='/news/3'>a</a><a href='/list/3'>next</a>"),
    }
    with serving(pages) as server:
        source = source_of(
            server,
            fetch=[
                {"method": "sitemap", "url": server.url("/map")},
                {"method": "listing", "url": server.url("/list"), "link_pattern": "/news/"},
            ],
        )
        assert counts(ingest(workspace, source)) == {"discovered": 4, "fetched": 4}
        asked = Counter(server.paths())
        assert max(asked.values()) == 1
        ingest(workspace, source, now=days(1))
        again = Counter(server.paths()) - asked
        assert set(again) == {"/robots.txt", "/map", "/s1", "/list"}  # nothing new: the pager stops


def test_a_pager_that_was_cut_short_is_finished_the_next_time(workspace: Workspace) -> None:
    pages = {
        "/robots.txt": robots(""),
        "/n/1": page(html("1")),
        "/n/2": page(html("2")),
        "/list": page(b"<a href='/n/1'>a</a><a href='/list/2'>next</a>"),
        "/list/2": hostile.status(500),
    }
    with serving(pages) as server:
        entry = {"method": "listing", "url": server.url("/list"), "link_pattern": "/n/"}
        source = source_of(server, fetch=[entry])
        assert counts(ingest(workspace, source)) == {"discovered": 1, "fetched": 1, "failed": 1}
        server.pages["/list/2"] = page(b"<a href='/n/2'>a</a>")
        assert counts(ingest(workspace, source, now=days(1))) == {"discovered": 1, "fetched": 1}


def test_a_listing_has_a_limit_of_pages(workspace: Workspace) -> None:
    def endless(handler: hostile.Handler) -> None:
        number = int(handler.path.rsplit("/", 1)[1]) + 1
        page(f"<a href='/n/{number}'>a</a><a href='/list/{number}'>next</a>".encode())(handler)

    pages = {"/robots.txt": robots(""), **{f"/list/{n}": endless for n in range(50)}}
    with serving(pages) as server:
        entry = {"method": "listing", "url": server.url("/list/0"), "link_pattern": "/n/"}
        source = source_of(server, fetch=[entry | {"max_pages": 3}])
        report = ingest(workspace, source)
        assert report.total("discovered") == 3


def test_a_changed_page_is_a_new_version_and_an_unchanged_one_a_revisit(
    workspace: Workspace,
) -> None:
    pages = site(
        {"/same": page(html("same")), "/tag": tagged(html("tag")), "/new": page(html("v1"))}
    )
    with serving(pages) as server:
        source = source_of(server)
        ingest(workspace, source)
        server.pages["/new"] = page(html("v2"))
        report = ingest(workspace, source, now=days(31))
        assert counts(report) == {"unchanged": 2, "fetched": 1}
        assert counts(ingest(workspace, source, now=days(32))) == {}
    found = captures(workspace)
    kinds = Counter(capture.kind for capture, _ in found)
    assert kinds == {"response": 4, "revisit": 2}
    versions = [p for c, p in found if (c.url or "").endswith("/new")]
    assert versions == [html("v1"), html("v2")]
    first = {c.doc_id: c for c, _ in found[:3]}
    for capture, payload in found[3:]:
        if capture.kind == "revisit":
            assert payload == b""
            assert capture.payload_sha256 == first[capture.doc_id].payload_sha256
    revisits = [
        entry.note
        for path in workspace.shards("archive")
        for entry in read_entries(path)
        if entry.capture.kind == "revisit"
    ]
    assert all(
        note.refers_to and note.refers_to_date == "2026-11-24T02:00:00Z" for note in revisits
    )


def test_a_vanished_page_is_recorded_and_a_missing_one_let_go(workspace: Workspace) -> None:
    with serving(site({"/there": page(html("there")), "/never": hostile.status(404)})) as server:
        source = source_of(server)
        report = ingest(workspace, source)
        assert counts(report) == {"discovered": 2, "fetched": 1, "gone": 1}
        assert report.sources[0].reasons == {"gone: HTTP 404": 1}
        server.pages["/there"] = hostile.status(410)
        assert counts(ingest(workspace, source, now=days(31))) == {"gone": 1}
        assert counts(ingest(workspace, source, now=days(70))) == {}
        doc_id = url_doc_id(server.url("/there"))
    entries = [e for path in workspace.shards("archive") for e in read_entries(path)]
    gone = [e for e in entries if e.note.role == "gone"]
    assert [(e.capture.doc_id, e.capture.status) for e in gone] == [(doc_id, 410)]
    assert len(captures(workspace)) == 1
    with Catalog(workspace) as catalog:
        known = catalog.page(doc_id)
        assert known is not None
        assert (known.state, known.capture_id is not None) == ("gone", True)


def test_every_bad_answer_has_its_kind_and_its_reason(workspace: Workspace) -> None:
    pages = site(
        {
            "/ok": page(html("ok")),
            "/secret/x": page(html("secret")),
            "/403": hostile.status(403),
            "/wall": page(b"<html><title>Just a moment...</title></html>"),
            "/cut": hostile.truncated,
            "/image": page(b"\x89PNG\r\n", "image/png"),
            "/empty": page(b"  "),
            "/away": hostile.redirect("http://other.example/"),
            "/bomb": hostile.bomb("gzip", 3_000_000),
            "/loop": hostile.redirect("/loop"),
        },
        "User-agent: *\nDisallow: /secret/\n",
    )
    with serving(pages) as server:
        report = ingest(workspace, source_of(server))
        assert "/secret/x" not in server.paths()
    tally = report.sources[0]
    assert counts(report) == {
        "discovered": 10,
        "fetched": 1,
        "disallowed": 1,
        "blocked": 2,
        "failed": 6,
    }
    assert set(tally.reasons) == {
        "disallowed: by robots.txt",
        "blocked: HTTP 403",
        "blocked: browser check",
        "failed: cut: fewer bytes than announced",
        "failed: neither HTML nor PDF nor DOCX nor text (image/png)",
        "failed: empty body",
        "failed: redirects to another site",
        "failed: larger than 1,000,000 bytes",
        "failed: more than 5 redirects",
    }
    assert len(captures(workspace)) == 1


def test_an_unreachable_robots_file_stops_a_host(workspace: Workspace) -> None:
    pages = site({"/a": page(html("a"))}) | {"/robots.txt": hostile.status(503)}
    with serving(pages) as server:
        source = source_of(server)
        report = ingest(workspace, source)
        assert server.paths() == ["/robots.txt"]
        assert counts(report) == {"disallowed": 1}
        server.pages["/robots.txt"] = robots("")
        assert counts(ingest(workspace, source, now=days(1))) == {"discovered": 1, "fetched": 1}


def test_retry_after_postpones_the_host_and_nothing_is_lost(workspace: Workspace) -> None:
    pages = site({f"/{n}": page(html(str(n))) for n in range(3)})
    pages["/0"] = hostile.status(429, Retry_After="7200")
    with serving(pages) as server:
        source = source_of(server)
        begun = time.monotonic()
        report = ingest(workspace, source)
        assert time.monotonic() - begun < 5
        assert counts(report) == {"discovered": 3, "failed": 1}
        assert any("wait until 2026-11-24 04:00" in reason for reason in report.sources[0].reasons)
        asked = len(server.requests)
        ingest(workspace, source, now=NOW + timedelta(hours=1))
        assert len(server.requests) == asked
        server.pages["/0"] = page(html("0"))
        assert counts(ingest(workspace, source, now=NOW + timedelta(hours=3))) == {"fetched": 3}


def test_temporary_failures_are_tried_again_later_and_given_up_at_last(
    workspace: Workspace,
) -> None:
    with serving(site({"/a": hostile.status(500), "/b": hostile.status(400)})) as server:
        source = source_of(server)
        asked = []
        for day in range(0, 60, 3):
            ingest(workspace, source, now=days(day))
            asked.append(Counter(server.paths()))
        assert asked[-1]["/a"] == 12
        assert asked[-1]["/b"] == 3


def test_redirects_and_canonical_links_lead_to_one_document(workspace: Workspace) -> None:
    link = "<link rel=canonical href='/a'>"
    pages = site(
        {
            "/old": hostile.redirect("/a", 301),
            "/a": page(html("a", extra=link)),
            "/a?utm_source=feed": page(html("a", extra=link)),
            "/print": page(html("a", extra=link)),
            "/evil": page(html("evil", extra="<link rel=canonical href='http://other.example/x'>")),
        }
    )
    with serving(pages) as server:
        source = source_of(server)
        report = ingest(workspace, source)
        assert counts(report) == {"discovered": 4, "fetched": 2, "unchanged": 2}
        urls = {capture.url for capture, _ in captures(workspace)}
        assert urls == {server.url("/a"), server.url("/evil")}
        asked = len(server.requests)
        ingest(workspace, source, now=days(1))
        assert len(server.requests) - asked == 2
        with Catalog(workspace) as catalog:
            moved = catalog.page(url_doc_id(server.url("/old")))
            assert moved is not None
            assert (moved.state, moved.reason) == ("moved", url_doc_id(server.url("/a")))


def test_a_template_that_calls_all_pages_the_same_loses_none(workspace: Workspace) -> None:
    link = "<link rel=canonical href='/berita'>"
    with serving(site({f"/{n}": page(html(str(n), extra=link)) for n in range(4)})) as server:
        source = source_of(server)
        assert counts(ingest(workspace, source))["fetched"] == 4
        assert counts(ingest(workspace, source, now=days(31))) == {"unchanged": 4}
    found = [c for c, _ in captures(workspace) if c.kind == "response"]
    assert len({c.doc_id for c in found}) == 4


def test_linked_pdfs_of_the_site_are_documents_too(workspace: Workspace) -> None:
    text = "<a href='/r/release.pdf'>PDF</a><a href='http://other.example/x.pdf'>no</a>"
    pages = site({"/a": page(html("a", text))})
    pages["/r/release.pdf"] = page(b"%PDF-1.4 release", "application/octet-stream")
    with serving(pages) as server:
        assert counts(ingest(workspace, source_of(server))) == {"discovered": 2, "fetched": 2}
        found = {c.url: c for c, _ in captures(workspace)}
        pdf = found[server.url("/r/release.pdf")]
        assert (pdf.media_type, pdf.discovered_by) == ("application/pdf", "pdf_link")
        other = Workspace(workspace.root.parent / "without")
        assert counts(ingest(other, source_of(server, pdf_links=False)))["fetched"] == 1


def test_links_to_other_sites_are_not_followed(workspace: Workspace) -> None:
    with serving({"/secret": page(html("secret"))}) as inner:

        def leading(handler: hostile.Handler) -> None:
            links = f"<item><link>{inner.url('/secret')}</link></item><item><link>/a</link></item>"
            page(f"<rss version='2.0'><channel>{links}</channel></rss>".encode())(handler)

        pages = {"/robots.txt": robots(""), "/feed": leading, "/a": page(html("a"))}
        with serving(pages) as server:
            assert counts(ingest(workspace, source_of(server))) == {"discovered": 1, "fetched": 1}
        assert inner.requests == []


def test_one_document_of_two_sources_is_fetched_once(workspace: Workspace) -> None:
    with serving(site({"/a": page(html("a"))})) as server:
        report = ingest(workspace, source_of(server, "one"), source_of(server, "two"))
        assert report.total("discovered") == 2
        assert report.total("fetched") == 1
        assert server.paths().count("/a") == 1
    with Catalog(workspace) as catalog:
        assert [row[0] for row in catalog.coverage({})] == ["one", "two"]


def test_a_limit_holds_and_the_rest_comes_later(workspace: Workspace) -> None:
    with serving(site({f"/{n}": page(html(str(n))) for n in range(7)})) as server:
        source = source_of(server)
        assert counts(ingest(workspace, source, limit=3)) == {"discovered": 7, "fetched": 3}
        assert counts(ingest(workspace, source, limit=3)) == {"fetched": 3, "waiting": 1}
        assert counts(ingest(workspace, source)) == {"fetched": 1, "waiting": 1}


def test_a_dry_run_fetches_nothing_but_robots(workspace: Workspace) -> None:
    with serving(site({"/a": page(html("a"))}, "User-agent: *\nDisallow: /feed\n")) as server:
        report = ingest(workspace, source_of(server), dry_run=True)
        assert server.paths() == ["/robots.txt"]
        assert [(p.host, p.robots) for p in report.planned] == [(server.host, "disallowed")]
        assert f"{server.host}: 1 requests" in report.as_text()
    assert captures(workspace) == []


def test_hosts_go_side_by_side_each_at_its_pace(workspace: Workspace) -> None:
    pages = {f"/{n}": page(html(str(n))) for n in range(6)}
    rules = "User-agent: *\nCrawl-delay: 0.12\n"
    with serving(site(pages, rules)) as one, serving(site(pages)) as two:
        begun = time.monotonic()
        ingest(workspace, source_of(one, "one"), source_of(two, "two"))
        took = time.monotonic() - begun
        first, second = hostile.trace(one), hostile.trace(two)
    assert (first.count, second.count) == (9, 9)  # with robots.txt, tdmrep.json and the feed
    assert (first.overlaps, second.overlaps) == (0, 0)
    assert second.closest >= 0.05
    gaps = [b.begun - a.begun for a, b in zip(one.requests, one.requests[1:], strict=False)]
    assert min(gaps[1:]) >= 0.12
    assert took < 7 * 0.12 + 7 * 0.05 + 0.6


def test_fetching_needs_a_contact_and_says_which_two_lines(workspace: Workspace) -> None:
    with serving(site({})) as server:
        with pytest.raises(ConfigError) as caught:
            ingest(workspace, source_of(server), config=Config())
        assert '[fetch]\ncontact = "you@example.org"' in str(caught.value)
        assert str(workspace.config) in str(caught.value)
        assert server.requests == []


def test_an_unknown_source_is_named_with_those_that_there_are(workspace: Workspace) -> None:
    with serving(site({})) as server, pytest.raises(ConfigError, match=r"no source x.*harian"):
        ingest(workspace, source_of(server), source_ids=("x",))


def test_no_sources_is_no_error(workspace: Workspace) -> None:
    report = run_ingest(workspace, CONFIG, now=NOW)
    assert "no source files" in report.as_text()


def test_a_source_that_fails_three_runs_or_breaks_its_assertion_is_broken(
    workspace: Workspace,
) -> None:
    with serving({"/robots.txt": robots(""), "/feed": hostile.status(404)}) as server:
        source = source_of(server)
        broken = [ingest(workspace, source, now=days(n)).broken_sources for n in range(3)]
        assert broken == [(), (), ("harian",)]
    with serving(site({"/a": page(html("a"))})) as server:
        short = source_of(server, "kurang", assertions={"min_documents": 2})
        assert ingest(workspace, short).broken_sources == ("kurang",)
        assert ingest(workspace, short, limit=1).broken_sources == ()


def test_a_search_without_its_key_is_reported_and_not_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CITYACCORDS_MEDIACLOUD_TOKEN", raising=False)
    with serving({}) as server:
        source = source_of(server, fetch=[{"method": "mediacloud", "query": "x"}])
        report = ingest(workspace, source)
        assert counts(report) == {"failed": 1}
        assert "CITYACCORDS_MEDIACLOUD_TOKEN" in report.as_text()
        assert server.requests == []


def test_a_wordpress_site_is_read_to_its_last_full_page(workspace: Workspace) -> None:
    def posts(handler: hostile.Handler) -> None:
        if "page=1&" not in handler.path:
            end = {"code": "rest_post_invalid_page_number", "data": {"status": 400}}
            handler.answer(400, json.dumps(end).encode(), Content_Type="application/json")
            return
        rows = [{"link": handler.server.url(f"/berita-{n % 3}")} for n in range(100)]
        handler.answer(200, json.dumps(rows).encode(), Content_Type="application/json")

    pages = {f"/berita-{n}": page(html(str(n))) for n in range(3)}
    with serving(site(pages) | {"/wp-json/wp/v2/posts": posts}) as server:
        source = source_of(server, fetch=[{"method": "wordpress", "url": server.url("/")}])
        assert counts(ingest(workspace, source)) == {"discovered": 3, "fetched": 3}
        assert sum(path.startswith("/wp-json") for path in server.paths()) == 2


def test_a_report_speaks_json_and_plain_words(workspace: Workspace) -> None:
    with serving(site({"/a": hostile.status(400)})) as server:
        report = ingest(workspace, source_of(server))
    assert json.loads(json.dumps(report.as_data()))["sources"][0]["failed"] == 1
    told, _, summary = report.as_text().partition("\nSummary: ")
    assert told == "harian: 1 discovered, 1 failed\n  1 × failed: HTTP 400"
    assert "HTTP 400" in Path(summary).read_text(encoding="utf-8")


def test_progress_is_told(workspace: Workspace) -> None:
    seen: list[tuple[int, int]] = []
    with serving(site({"/a": page(html("a"))})) as server:
        ingest(workspace, source_of(server), progress=lambda _, d, t: seen.append((d, t)))
    assert [done for done, _ in seen] == [1, 2]
    assert seen[-1] == (2, 2)


def test_one_page_is_fetched_with_the_same_manners(workspace: Workspace) -> None:
    pages = {"/robots.txt": robots("User-agent: *\nDisallow: /no\n"), "/a": page(html("a"))}
    with serving(pages) as server:
        allowed = frozenset({server.host})
        for _ in range(2):
            fetch_url(workspace, CONFIG, server.url("/a#x"), now=NOW, allow_private=allowed)
        with pytest.raises(ConfigError, match=r"not fetched: by robots\.txt"):
            fetch_url(workspace, CONFIG, server.url("/no"), now=NOW, allow_private=allowed)
        with pytest.raises(ConfigError, match="not fetched"):
            fetch_url(workspace, CONFIG, server.url("/a"), now=NOW)
        with pytest.raises(ConfigError, match="not an http"):
            fetch_url(workspace, CONFIG, "file:///etc/passwd", now=NOW)
    assert [payload for _, payload in captures(workspace)] == [html("a")]


# The archive is the truth


def state_of(workspace: Workspace) -> list[tuple[object, ...]]:
    """Return documents and captures as the catalog has them, without what only it can know."""
    connection = sqlite3.connect(workspace.catalog)
    rows = connection.execute(
        "SELECT doc_id, url, state, payload_sha256, capture_id, etag FROM documents ORDER BY 1"
    ).fetchall()
    rows += connection.execute("SELECT * FROM captures ORDER BY 1").fetchall()
    rows += connection.execute("SELECT * FROM discoveries ORDER BY 1, 2").fetchall()
    rows += connection.execute("SELECT * FROM shards ORDER BY 1").fetchall()
    connection.close()
    return rows


def test_the_catalog_is_rebuilt_from_the_archive_alone(workspace: Workspace) -> None:
    pages = site(
        {f"/{n}": tagged(html(str(n))) for n in range(5)} | {"/old": hostile.redirect("/0")}
    )
    with serving(pages) as server:
        source = source_of(server)
        ingest(workspace, source)
        ingest(workspace, source, now=days(31))
        before = state_of(workspace)
        rebuild_catalog(workspace, CONFIG)
        assert state_of(workspace) == before
        workspace.catalog.write_bytes(b"rubbish" * 1_000)
        for leftover in workspace.corpus.glob("catalog.sqlite-*"):
            leftover.unlink()
        rebuild_catalog(workspace, CONFIG)
        assert state_of(workspace) == before


def test_a_lost_archive_file_is_fetched_again(workspace: Workspace) -> None:
    config = Config(fetch=CONFIG.fetch.model_copy(update={"shard_captures": 3}))
    with serving(site({f"/{n}": page(html(str(n))) for n in range(6)})) as server:
        source = source_of(server)
        ingest(workspace, source, config=config)
        shards = workspace.shards("archive")
        assert len(shards) == 3
        shards[1].unlink()
        report = ingest(workspace, source, config=config, now=days(1))
        assert report.total("fetched") == 3
    assert len({c.doc_id for c, _ in captures(workspace)}) == 6


def test_a_newer_catalog_is_a_configuration_error(workspace: Workspace, tmp_path: Path) -> None:
    with Catalog(workspace):
        pass
    connection = sqlite3.connect(workspace.catalog)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    file = jsonl(tmp_path, {"text": "a"})
    with pytest.raises(ConfigError, match="newer"):
        import_documents(workspace, CONFIG, file, source_id="d", now=NOW)


def test_a_second_run_is_told_who_holds_the_workspace(workspace: Workspace) -> None:
    held = pytest.raises(LockedError, match=f"process {os.getpid()} since 20")
    with lock(workspace), held, lock(workspace):
        pass
    with lock(workspace):
        pass


# Imports


def jsonl(folder: Path, *rows: object) -> Path:
    file = folder / "corpus.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def test_documents_are_imported_code_point_for_code_point(
    workspace: Workspace, tmp_path: Path
) -> None:
    text = " Kota\r\nJogja\u2028\u00a0é\U0001f600 "
    rows = [
        {"doc_id": "x1", "text": text, "url": "https://a.example/1", "published": "2020-01-02"},
        {"text": "no id", "language": "en", "source_kind": "government", "note": {"kept": True}},
    ]
    file = jsonl(tmp_path, *rows)
    report = import_documents(workspace, CONFIG, file, source_id="mine", now=NOW)
    assert counts(report) == {"fetched": 2}
    (first, payload), (second, other) = captures(workspace)
    assert json.loads(payload) == rows[0]
    assert json.loads(other) == rows[1]
    assert (first.external_id, first.url, first.kind) == ("x1", "https://a.example/1", "resource")
    assert first.doc_id == stable_id("external", "mine", "x1")
    assert first.media_type == DOCUMENT_TYPE
    assert (first.hint_published, first.source_kind) == ("2020-01-02", "other")
    assert (second.languages, second.source_kind) == (("en",), "government")


def test_importing_again_changes_nothing_and_a_new_text_is_a_version(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = jsonl(tmp_path, {"doc_id": 1, "text": "a"}, {"text": "b"}, {"text": "b"})
    report = import_documents(workspace, CONFIG, file, source_id="d", now=NOW)
    assert counts(report) == {"fetched": 2, "unchanged": 1}
    shards = workspace.shards("archive")
    again = import_documents(workspace, CONFIG, file, source_id="d", now=days(1))
    assert counts(again) == {"unchanged": 3}
    assert workspace.shards("archive") == shards
    file = jsonl(tmp_path, {"doc_id": 1, "text": "changed"})
    report = import_documents(workspace, CONFIG, file, source_id="d", now=days(2))
    assert counts(report) == {"fetched": 1}
    versions = [c.doc_id for c, _ in captures(workspace)]
    assert versions.count(stable_id("external", "d", "1")) == 2


def test_bad_lines_are_listed_and_nothing_is_imported(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(
        '{"text": "ok"}\nnot json\n{"doc_id": "a", "text": "1"}\n{"doc_id": "a", "text": "2"}\n'
    )
    with pytest.raises(ConfigError) as caught:
        import_documents(workspace, CONFIG, file, source_id="d", now=NOW)
    text = str(caught.value)
    assert text.startswith(f"{file}: 2 of 4 lines are no documents; nothing was imported.")
    assert "line 2: not JSON" in text
    assert "line 4: doc_id 'a' was already given in line 3" in text
    assert not workspace.corpus.exists()


@pytest.mark.parametrize("content", ["", "\n\n \n"])
def test_an_empty_file_is_said_to_be_empty(
    workspace: Workspace, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text(content)
    with pytest.raises(ConfigError, match="the file is empty"):
        import_documents(workspace, CONFIG, file, source_id="d", now=NOW)
    with pytest.raises(ConfigError, match="no such file"):
        import_documents(workspace, CONFIG, tmp_path / "none", source_id="d", now=NOW)


def test_files_are_imported_by_content_and_named_by_their_path(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "page.txt").write_bytes(html("page"))
    (folder / "a" / "paper.pdf").write_bytes(b"%PDF-1.4")
    (folder / "notes.md").write_text("# Kota A dan Kota B", "utf-8")
    (folder / "empty.html").write_bytes(b"")
    (folder / "photo.html").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / ".hidden").write_bytes(b"x")
    report = import_files(workspace, CONFIG, [folder], source_id="files", now=NOW)
    assert counts(report) == {"fetched": 3, "failed": 2}
    found = {c.external_id: c.media_type for c, _ in captures(workspace)}
    assert found == {
        "a/page.txt": "text/html",
        "a/paper.pdf": "application/pdf",
        "notes.md": "text/plain",
    }
    again = import_files(workspace, CONFIG, [folder], source_id="files", now=days(1))
    assert counts(again) == {"unchanged": 3, "failed": 2}
    with pytest.raises(ConfigError, match="no such file"):
        import_files(workspace, CONFIG, [tmp_path / "none"], source_id="f", now=NOW)
    (folder / "b").mkdir()
    (folder / "b" / "notes.md").write_text("other")
    with pytest.raises(ConfigError, match="same name"):
        paths = [folder / "notes.md", folder / "b" / "notes.md"]
        import_files(workspace, CONFIG, paths, source_id="f", now=NOW)


def foreign_warc(path: Path, records: list[tuple[str, str, bytes, dict[str, str]]]) -> None:
    out = BytesIO()
    write_record(
        out, "warcinfo", "i", date="2019-01-01T00:00:00Z", payload=b"a: b\r\n",
        media_type="application/warc-fields", headers={},
    )  # fmt: skip
    for number, (url, status, body, headers) in enumerate(records):
        write_record(
            out,
            "response",
            str(number),
            date="2019-05-06T07:08:09Z",
            payload=body,
            media_type="application/http; msgtype=response",
            headers={"WARC-Target-URI": url},
            http=http_head(f"HTTP/1.1 {status}", tuple(headers.items()), None),
        )
    path.write_bytes(out.getvalue())


def test_foreign_warcs_are_filtered_and_rewritten(workspace: Workspace, tmp_path: Path) -> None:
    kind = {"Content-Type": "text/html; charset=iso-8859-1"}
    packed = gzip.compress(html("packed"))
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(html("chunks")), html("chunks"))
    foreign_warc(
        tmp_path / "cc.warc.gz",
        [
            ("https://a.example/1?utm_source=x", "200 OK", html("one"), kind),
            ("https://a.example/2", "404 Not Found", html("no"), kind),
            ("https://a.example/3", "200 OK", packed, kind | {"Content-Encoding": "gzip"}),
            ("https://a.example/4", "200 OK", html("plain"), kind | {"Content-Encoding": "gzip"}),
            ("https://a.example/5", "200 OK", chunks, kind | {"Transfer-Encoding": "chunked"}),
            ("https://a.example/6", "200 OK", b"\x89PNG", {"Content-Type": "image/png"}),
            ("ftp://a.example/7", "200 OK", html("ftp"), kind),
            ("https://a.example/8", "200 OK", b"%PDF-1.4", {"Content-Type": "application/pdf"}),
        ],
    )
    report = import_warc(workspace, CONFIG, [tmp_path / "cc.warc.gz"], source_id="warc", now=NOW)
    assert counts(report) == {"fetched": 5, "failed": 3}
    found = captures(workspace)
    assert [p for _, p in found] == [
        html("one"),
        html("packed"),
        html("plain"),
        html("chunks"),
        b"%PDF-1.4",
    ]
    first = found[0][0]
    assert (first.url, first.fetched_at) == ("https://a.example/1", "2019-05-06T07:08:09Z")
    assert first.media_type == "text/html; charset=iso-8859-1"
    entry = next(read_entries(workspace.shards("archive")[0]))
    assert entry.note.refers_to is not None
    assert entry.note.refers_to.startswith("<urn:uuid:")
    again = import_warc(workspace, CONFIG, [tmp_path / "cc.warc.gz"], source_id="warc", now=days(1))
    assert counts(again) == {"unchanged": 5, "failed": 3}


def test_a_cut_foreign_warc_gives_what_is_whole(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "cut.warc.gz"
    rng = random.Random(1)
    bodies = [html(str(n), " ".join(str(rng.random()) for _ in range(400))) for n in range(3)]
    kind = {"Content-Type": "text/html"}
    foreign_warc(
        path, [(f"https://a.example/{n}", "200 OK", b, kind) for n, b in enumerate(bodies)]
    )
    path.write_bytes(path.read_bytes()[:-1_500])
    report = import_warc(workspace, CONFIG, [path], source_id="warc", now=NOW)
    assert report.total("fetched") == 2
    assert report.total("failed") == 1
    path.write_bytes(b"no warc")
    report = import_warc(workspace, CONFIG, [path], source_id="warc", now=NOW)
    assert report.total("fetched") == 0
    assert report.total("failed") == 1
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(ConfigError, match=r"no \.warc"):
        import_warc(workspace, CONFIG, [tmp_path / "x.txt"], source_id="w", now=NOW)


# Full disk and kills


def test_a_full_disk_loses_nothing_and_the_next_run_goes_on(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = jsonl(tmp_path, *({"doc_id": n, "text": f"text {n}"} for n in range(120)))
    real, left = ArchiveWriter._append, [71]

    def full(self: ArchiveWriter, data: bytes) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device", "disk")
        real(self, data)

    monkeypatch.setattr(ArchiveWriter, "_append", full)
    with pytest.raises(OSError, match="No space"):
        import_documents(workspace, CONFIG, file, source_id="d", now=NOW)
    report = import_documents(workspace, CONFIG, file, source_id="d", now=NOW)
    assert counts(report) == {"unchanged": 69, "fetched": 51}
    assert len(captures(workspace)) == len({c.doc_id for c, _ in captures(workspace)}) == 120


def test_a_full_disk_in_the_catalog_is_a_disk_error(workspace: Workspace) -> None:
    with Catalog(workspace) as catalog:

        @sa.event.listens_for(catalog._engine, "before_cursor_execute")
        def before(*_: object) -> None:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = 13
            raise error

        with pytest.raises(OSError, match="No space") as caught:
            catalog.add_shard("s", 1)
        assert caught.value.errno == errno.ENOSPC


IMPORT = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline.config import Config, FetchConfig
from pipeline.ingest import import_documents
from pipeline.paths import Workspace
config = Config(fetch=FetchConfig(shard_captures=40))
now = datetime.fromisoformat("2026-11-24T02:00:00+00:00")
import_documents(Workspace(Path(sys.argv[1])), config, Path(sys.argv[2]), source_id="d", now=now)
"""


def run_import(workspace: Workspace, file: Path, fault: str = "") -> int:
    return subprocess.run(
        [sys.executable, "-c", IMPORT, str(workspace.root), str(file)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "CITYACCORDS_FAULT": fault},
        check=False,
        timeout=60,
    ).returncode


@pytest.mark.parametrize(
    "fault",
    [
        "ingest.record_written:1",
        "ingest.record_written:41",
        "ingest.record_written:77",
        "ingest.before_close:1",
        "ingest.before_close:3",
    ],
)
def test_a_kill_during_an_import_loses_and_doubles_nothing(
    workspace: Workspace, tmp_path: Path, fault: str
) -> None:
    file = jsonl(tmp_path, *({"doc_id": n, "text": f"text {n}"} for n in range(100)))
    assert run_import(workspace, file, fault) == -signal.SIGKILL
    assert run_import(workspace, file) == 0
    assert run_import(workspace, file) == 0
    found = captures(workspace)
    assert sorted(int(c.external_id or "") for c, _ in found) == list(range(100))
    known = state_of(workspace)
    rebuild_catalog(workspace, Config(fetch=FetchConfig(shard_captures=40)))
    assert state_of(workspace) == known


CRAWL = """
import sys
from datetime import datetime
from pathlib import Path
from pipeline.config import Config, FetchConfig
from pipeline.ingest import run_ingest
from pipeline.paths import Workspace
fetch = FetchConfig(contact="t@example.org", min_delay_seconds=0.05, shard_captures=9)
run_ingest(
    Workspace(Path(sys.argv[1])), Config(fetch=fetch), allow_private=frozenset(sys.argv[2:]),
    now=datetime.fromisoformat("2026-11-24T02:00:00+00:00"),
)
"""


def start_crawl(workspace: Workspace, hosts: list[str], fault: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CRAWL, str(workspace.root), *hosts],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "CITYACCORDS_FAULT": fault},
    )


def put_source(workspace: Workspace, server: HostileServer, name: str) -> None:
    folder = workspace.sources / "id"
    folder.mkdir(parents=True, exist_ok=True)
    values = source_of(server, name).model_dump(mode="json", exclude_defaults=True)
    (folder / f"{name}.yml").write_text(yaml.safe_dump(values), "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    ["ingest.record_written:1", "ingest.record_written:11", "ingest.before_close:2", "0.7", "1.0"],
)
def test_a_kill_during_a_crawl_ends_in_the_same_state(
    workspace: Workspace, tmp_path: Path, fault: str
) -> None:
    pages = {f"/{n}": tagged(html(str(n))) for n in range(12)}
    calm = Workspace(tmp_path / "calm")
    with serving(site(pages)) as one, serving(site(pages)) as two:
        hosts = [one.host, two.host]
        for place in (workspace, calm):
            put_source(place, one, "one")
            put_source(place, two, "two")
        assert start_crawl(calm, hosts).wait(60) == 0
        timed = fault[0].isdigit()
        process = start_crawl(workspace, hosts, "" if timed else fault)
        if timed:
            try:
                process.wait(float(fault))
            except subprocess.TimeoutExpired:
                process.kill()
        assert process.wait(60) == -signal.SIGKILL or timed
        assert start_crawl(workspace, hosts).wait(60) == 0

    def told(place: Workspace) -> list[tuple[object, ...]]:
        return sorted(
            (c.doc_id, c.url, c.source_id, c.payload_sha256, c.kind, c.capture_id)
            for c, _ in captures(place)
        )

    assert told(workspace) == told(calm)
    assert len(told(workspace)) == 24
