"""What stands in the archive beside documents, and what publishers' opt-outs do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest

from pipeline.answers import Failed, Fetched, Trail
from pipeline.archive import read_entries
from pipeline.captures import Entry, Exchange, url_doc_id
from pipeline.catalog import Catalog
from pipeline.catalog_rows import Due, Feed, Page
from pipeline.config import Config
from pipeline.crawl_bulk import BulkRecorder, read_file
from pipeline.crawl_discovery import Discovery
from pipeline.crawl_pages import PageRecorder
from pipeline.crawl_workers import Job
from pipeline.fetchers.wayback import replay_url
from pipeline.ingest_report import Tally
from pipeline.paths import Workspace
from pipeline.recorder import recording, stamp
from pipeline.sources import Source
from pipeline.visitor import Visitor
from pipeline.warc import http_head, write_record
from pipeline.web import StreamError
from tests.hostile import html, page, redirect, serving
from tests.test_ingest import CONFIG, NOW, counts, ingest, site, source_of

RESERVED = page(b'[{"location": "/", "tdm-reservation": 1}]', "application/json")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def entries(workspace: Workspace, role: str) -> list[Entry]:
    found = [entry for path in workspace.shards("archive") for entry in read_entries(path)]
    return [entry for entry in found if entry.note.role == role]


def with_policy(policy: str) -> Config:
    return Config(fetch=CONFIG.fetch.model_copy(update={"opt_outs": policy}))


# Opt-outs


def test_a_site_that_reserves_mining_is_not_even_asked_for_the_document(
    workspace: Workspace,
) -> None:
    pages = site({"/a": page(html("a"))}) | {"/.well-known/tdmrep.json": RESERVED}
    with serving(pages) as server:
        report = ingest(workspace, source_of(server))
        assert counts(report) == {"discovered": 1, "blocked": 1}
        assert "tdmrep.json" in next(iter(report.sources[0].reasons))
        assert "/a" not in server.paths()
    assert entries(workspace, "document") == []
    assert len(entries(workspace, "tdmrep")) == 1


@pytest.mark.parametrize(
    "refusing",
    [
        page(html("a"), X_Robots_Tag="noarchive"),
        page(html("a"), tdm_reservation="1"),
        page(html("a", extra='<meta name="tdm-reservation" content="1">')),
        page(html("a", extra='<meta name="robots" content="noai">')),
    ],
)
def test_an_opt_out_leaves_no_copy_unless_the_policy_says_record(
    tmp_path: Path, refusing: object
) -> None:
    with serving(site({"/a": refusing})) as server:  # type: ignore[dict-item]
        obeying, recording_ = Workspace(tmp_path / "obey"), Workspace(tmp_path / "record")
        assert counts(ingest(obeying, source_of(server))) == {"discovered": 1, "blocked": 1}
        report = ingest(recording_, source_of(server), config=with_policy("record"))
        assert counts(report) == {"discovered": 1, "fetched": 1}
    assert entries(obeying, "document") == []
    (kept,) = entries(recording_, "document")
    assert kept.note.opt_out


def test_a_wish_about_search_results_is_noted_and_the_document_kept(workspace: Workspace) -> None:
    with serving(site({"/a": page(html("a"), X_Robots_Tag="noindex")})) as server:
        ingest(workspace, source_of(server))
    (kept,) = entries(workspace, "document")
    assert "noindex" in (kept.note.opt_out or "")


def test_a_source_whose_publisher_reserves_mining_is_left_alone(workspace: Workspace) -> None:
    with serving(site({"/a": page(html("a"))})) as server:
        source = source_of(server, tdm="reserved", assertions={"min_documents": 1})
        report = ingest(workspace, source)
        assert (counts(report), report.broken_sources) == ({"blocked": 1}, ())
        assert server.requests == []
        report = ingest(workspace, source, config=with_policy("record"))
        assert counts(report) == {"discovered": 1, "fetched": 1}


# The way to a document


def test_the_way_to_a_document_is_archived_once(workspace: Workspace) -> None:
    pages = site({"/old": redirect("/new"), "/older": redirect("/new"), "/new": page(html("a"))})
    with serving(pages) as server:
        source = source_of(server)
        ingest(workspace, source)
        steps = entries(workspace, "redirect")
        assert sorted(e.capture.url or "" for e in steps) == [
            server.url("/old"),
            server.url("/older"),
        ]
        assert all(e.capture.status == 302 and e.payload == b"" for e in steps)
        assert len(entries(workspace, "robots")) == 1
        ingest(workspace, source, now=NOW + timedelta(days=2))
    first, second = entries(workspace, "robots")
    assert (first.capture.kind, second.capture.kind) == ("response", "revisit")
    assert second.capture.payload_sha256 == first.capture.payload_sha256
    assert second.note.refers_to_date == first.capture.fetched_at


def test_http_and_https_are_one_document() -> None:
    assert url_doc_id("http://a.example/x?b=1") == url_doc_id("https://a.example/x?b=1")
    assert url_doc_id("http://a.example/x") != url_doc_id("http://a.example:8080/x")
    assert url_doc_id("http://a.example/x") != url_doc_id("http://b.example/x")


def test_a_key_goes_to_its_host_alone_and_into_no_archive() -> None:
    with serving({"/a": page(b"{}", "application/json")}) as other:
        pages = {"/api": redirect(other.url("/a")), "/b": page(b"{}", "application/json")}
        with serving(pages) as api:
            visitor = Visitor(
                CONFIG.fetch, "agent", now=NOW, allow_private=frozenset({api.host, other.host})
            )
            key = {"Authorization": "Token s3cret"}
            trail = Trail()
            outcome = visitor.get(api.url("/b"), headers=key, trail=trail)
            visitor.get(api.url("/api"), headers=key, trail=trail)
            sent = {r.path: r.headers.get("authorization") for r in api.requests + other.requests}
    assert (sent["/b"], sent["/api"], sent["/a"]) == ("Token s3cret", "Token s3cret", None)
    assert isinstance(outcome, Fetched)
    assert "s3cret" not in repr((outcome, trail.steps))


# The Wayback Machine

LOST = "https://kota.example/berita/lama"
KOTA = Source.model_validate(
    {
        "id": "kota",
        "name": "Kota",
        "publisher": "Kota",
        "country": "ID",
        "timezone": "Asia/Jakarta",
        "languages": ["id"],
        "kind": "government",
        "homepage": "https://kota.example/",
        "fetch": [{"method": "wayback", "url": "https://kota.example/"}],
    }
)


def _fetched(url: str, body: bytes) -> Fetched:
    exchange = Exchange(
        request_line="GET / HTTP/1.1",
        request_headers=(),
        status_line="HTTP/1.1 200 OK",
        response_headers=(),
    )
    return Fetched(
        url=url,
        status=200,
        media_type="text/html",
        payload=body,
        exchange=exchange,
        etag=None,
        last_modified=None,
    )


def _due(url: str) -> Due:
    known = Page(doc_id=url_doc_id(url), url=url, host=None, state="discovered")
    return Due(page=known, source_id="kota", discovered_by="feed", hint_published="2019-03-04")


def test_a_lost_page_is_looked_for_in_the_wayback_machine(workspace: Workspace) -> None:
    gone = Failed(url=LOST, reason="HTTP 404", kind="gone", status=404)
    with recording(workspace, CONFIG, NOW) as recorder:
        pages = PageRecorder(recorder, stamp(NOW), CONFIG)
        method, (link,) = pages.settle(KOTA, _due(LOST), gone, None, Tally("kota"))
        assert method == "wayback"
        assert link.url == replay_url(LOST, "2019-03-04")
        plain = KOTA.model_copy(update={"fetch": ()})
        assert pages.settle(plain, _due(LOST), gone, None, Tally("kota"))[1] == ()
        later = Failed(url=LOST, reason="HTTP 500", temporary=True, status=500)
        assert pages.settle(KOTA, _due(LOST), later, None, Tally("kota"))[1] == ()


def test_a_replay_is_a_capture_of_the_original_and_never_replaces_one(
    workspace: Workspace,
) -> None:
    replay = replay_url(LOST, "20190304050607")
    assert replay is not None
    tally = Tally("kota")
    with recording(workspace, CONFIG, NOW) as recorder:
        pages = PageRecorder(recorder, stamp(NOW), CONFIG)
        pages.settle(KOTA, _due(replay), _fetched(replay, html("lama")), None, tally)
        recorder.commit()
        pages.settle(KOTA, _due(replay), _fetched(replay, html("lain")), None, tally)
    (kept,) = entries(workspace, "document")
    assert (kept.capture.url, kept.note.target_url) == (LOST, replay)
    with Catalog(workspace) as catalog:
        held, moved = catalog.page(url_doc_id(LOST)), catalog.page(url_doc_id(replay))
    assert held is not None
    assert moved is not None
    assert (held.state, moved.state, moved.reason) == ("fetched", "moved", held.doc_id)


# Files that are streamed


def _warc(*urls: str) -> bytes:
    out = BytesIO()
    for url in urls:
        body = html(url)
        write_record(
            out,
            "response",
            url,
            date="2026-03-01T00:00:00Z",
            payload=body,
            media_type="application/http; msgtype=response",
            headers={"WARC-Target-URI": url},
            http=http_head("HTTP/1.1 200 OK", (("Content-Type", "text/html"),), len(body)),
        )
    return out.getvalue()


class _Stream:
    """Stands for the visitor: streams a file, or refuses to."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.starts: list[int] = []

    def stream(self, url: str, start: int, trail: Trail) -> Iterator[bytes]:
        del url, trail
        self.starts.append(start)
        if not self.data:
            msg = "HTTP 503"
            raise StreamError(msg)
        yield self.data[start:]


def test_a_file_that_broke_off_goes_on_where_its_last_page_was_entered(
    workspace: Workspace,
) -> None:
    url = "https://data.commoncrawl.org/crawl-data/CC-NEWS/2026/03/CC-NEWS-20260301001234-00042.warc.gz"
    first = _warc("https://kota.example/berita/1", "https://elsewhere.example/x")
    data = first + _warc("https://kota.example/berita/2")
    entry = KOTA.fetch[0].model_copy(update={"method": "commoncrawl", "url": None})

    def run(stream: _Stream, known: Feed, now: datetime, most: int) -> tuple[Feed, bool]:
        with recording(workspace, CONFIG, now) as recorder:
            discovery = Discovery(recorder, stamp(now))
            bulk = BulkRecorder(recorder, discovery)
            job = Job(source=KOTA, url=url, entry=entry, feed=known)
            answers = read_file(stream, job, 1_000_000)  # type: ignore[arg-type]
            has_failed = False
            for answer in islice(answers, most):  # fewer than there are: a run that was killed
                if answer.is_last:
                    has_failed = isinstance(answer.outcome, Failed)
                else:
                    bulk.settle(job, answer.outcome, Tally("kota"))  # type: ignore[arg-type]
            return discovery.feed("kota", url), has_failed

    new = Feed(source_id="kota", url=url)
    assert run(_Stream(b""), new, NOW, 9) == (new, True)
    known, _ = run(_Stream(data), new, NOW, 2)
    assert known.position is not None
    assert 0 < known.position <= len(first)
    sound = _Stream(data)
    done, has_failed = run(sound, known, NOW + timedelta(days=1), 99)
    assert (sound.starts, done.position, has_failed) == ([known.position], len(data), False)
    found = entries(workspace, "document")
    assert [e.capture.url for e in found] == [f"https://kota.example/berita/{n}" for n in (1, 2)]
    assert all(e.capture.fetched_at == "2026-03-01T00:00:00Z" for e in found)
