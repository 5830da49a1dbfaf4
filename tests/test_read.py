"""The read stage: one shard of captures in, documents, rejections and issues out, nothing lost."""

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipeline import read
from pipeline.archive import DOCUMENT_TYPE, ArchiveWriter, BrokenArchiveError
from pipeline.captures import Exchange, Note, make_capture
from pipeline.config import Config, ReadConfig
from pipeline.engine import plan, run_stage
from pipeline.paths import Workspace
from pipeline.readers.dispatch import HTML, RECORD, TEXT
from pipeline.records import Capture, Document, Issue, Rejection
from pipeline.sources import ReadHints, Source
from pipeline.store import read_all

FETCHED = "2026-11-24T02:00:00Z"
STORY = (
    "Wali kota menerima tamu dari Gimhae di balai kota pada Senin pagi, sesudah hujan reda.",
    "Keduanya membicarakan magang bagi lulusan sekolah kejuruan dan belum menandatangani apa pun.",
)
Made = tuple[Capture, bytes, Note]


def capture(
    payload: bytes,
    media_type: str = HTML,
    *,
    name: str = "a",
    kind: str = "response",
    status: int = 200,
    fetched_at: str = FETCHED,
    role: str = "document",
    hint: str | None = None,
    source_id: str = "kota-rekaan",
) -> Made:
    made = make_capture(
        doc_id=f"doc-{name}",
        kind=kind,
        payload=payload,
        url=f"https://kota.example/{name}",
        source_id=source_id,
        source_kind="government",
        source_country="ID",
        timezone="Asia/Jakarta",
        languages=("id",),
        discovered_by="feed",
        hint_published=hint,
        fetched_at=fetched_at,
        media_type=media_type,
        status=status,
    )
    return made, payload, Note(role=role)


def html(*paragraphs: str, head: str = "<title>Tamu dari Gimhae</title>") -> bytes:
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    return f"<html lang=id><head>{head}</head><body>{body}</body></html>".encode()


def shelve(workspace: Workspace, made: Sequence[Made]) -> None:
    writer = ArchiveWriter(workspace, "20261124T020000Z", max_captures=1_000, max_bytes=1 << 30)
    for one, payload, note in made:
        exchange = Exchange(
            request_line="GET / HTTP/1.1",
            request_headers=(),
            status_line=f"HTTP/1.1 {one.status} -",
            response_headers=(("Content-Type", one.media_type),),
        )
        writer.write(one, payload, note=note, exchange=None if one.kind == "resource" else exchange)
    writer.close()


def run(
    workspace: Workspace, config: ReadConfig | None = None, options: Sequence[str] = ()
) -> dict[str, int]:
    whole = Config(read=config or ReadConfig())
    return run_stage(read.STAGE, workspace, whole, engine="serial", options=options).counts


def rows(workspace: Workspace, kind: type, part: str = "") -> list:
    shards = (workspace.shard("documents", p.stem, part) for p in workspace.shards("documents"))
    return list(read_all(shards, kind))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    yield Workspace(tmp_path)


def test_every_capture_ends_in_exactly_one_place(workspace: Workspace) -> None:
    record = json.dumps({"text": "Teks impor.", "language": "id"}).encode()
    shelve(
        workspace,
        [
            capture(html(*STORY), name="story", hint="2020-05-03T22:05:00Z"),
            capture(record, DOCUMENT_TYPE, name="import", kind="resource"),
            capture(b"Catatan\n\nTeks biasa.", TEXT, name="text", kind="resource"),
            capture(html("Sebentar.", head="<title>Just a moment...</title>"), name="wall"),
            capture(b"%PDF-1.4 cut", "application/pdf", name="cut"),
            capture(b"gone", name="gone", status=410, role="gone"),
            capture(b"<html>not found", name="missing", status=404),
            capture(html(*STORY), name="listing", role="discovery"),
        ],
    )
    counts = run(workspace)
    documents, rejections = rows(workspace, Document), rows(workspace, Rejection, "rejections")
    assert [d.doc_id for d in documents] == ["doc-story", "doc-import", "doc-text"]
    assert {r.doc_id: r.reason.split(":")[0] for r in rejections} == {
        "doc-wall": "blocked",
        "doc-cut": "PDF",
        "doc-missing": "status 404",
    }
    assert (counts["seen"], counts["forwarded"], counts["rejected"]) == (6, 3, 3)
    assert all(r.stage == "read" and r.capture_id and r.url for r in rejections)


def test_a_document_carries_what_capture_and_page_say(workspace: Workspace) -> None:
    shelve(workspace, [capture(html(*STORY), hint="2020-05-03T22:05:00Z")])
    run(workspace)
    (document,) = rows(workspace, Document)
    assert document.text == "\n".join(STORY)
    assert (document.title, document.language) == ("Tamu dari Gimhae", "id")
    assert (document.published, document.published_by) == ("2020-05-04", "feed")
    assert (document.source_kind, document.source_country) == ("government", "ID")
    assert (document.retrieved_at, document.reader) == (FETCHED, "html:fast")
    assert document.word_count == sum(len(p.split()) for p in STORY)
    assert (len(document.text_sha256), len(document.minhash)) == (64, 128)


def test_two_captures_of_a_page_are_two_versions_and_a_revisit_is_none(
    workspace: Workspace,
) -> None:
    later = "2026-11-25T02:00:00Z"
    first = capture(html(*STORY))
    repeat = make_capture(
        doc_id="doc-a",
        kind="revisit",
        payload=b"",
        url=first[0].url,
        source_id="kota-rekaan",
        source_kind="government",
        discovered_by="feed",
        fetched_at="2026-11-26T02:00:00Z",
        media_type=HTML,
        payload_sha256=first[0].payload_sha256,
        payload_length=first[0].payload_length,
    )
    note = Note(refers_to=first[0].capture_id, refers_to_date=FETCHED)
    changed = capture(html(*STORY, "Kalimat ketiga menyusul."), fetched_at=later)
    shelve(workspace, [first, changed, (repeat, b"", note)])
    counts = run(workspace)
    documents = rows(workspace, Document)
    assert [d.doc_id for d in documents] == ["doc-a", "doc-a"]
    assert documents[0].text_sha256 != documents[1].text_sha256
    assert documents[0].capture_id != documents[1].capture_id
    assert (counts["seen"], counts["revisits"]) == (2, 1)


def test_values_that_are_not_understood_are_issues(workspace: Workspace) -> None:
    record = {"text": "Kota Hue\u0302 dan Yogya.", "published": "tahun lalu"}
    shelve(workspace, [capture(json.dumps(record).encode(), RECORD, kind="resource")])
    counts = run(workspace)
    (document,) = rows(workspace, Document)
    issues = rows(workspace, Issue, "issues")
    assert document.text == "Kota Huê dan Yogya."
    assert document.published is None
    assert [(i.field, i.capture_id) for i in issues] == [
        ("text", document.capture_id),
        ("published", document.capture_id),
    ]
    assert counts["issues"] == 2


def test_a_page_that_kills_its_parser_is_a_rejection_and_the_next_one_is_read(
    workspace: Workspace,
) -> None:
    # Thousands of attributes on each tag keep an HTML parser busy far longer than this limit.
    names = b" ".join(map(bytes, itertools.product(b"abcdefghijklmnop", repeat=3)))[:15_599]
    bomb = b"<html><body>" + (b"<i " + names + b">x</i>") * 300
    shelve(workspace, [capture(bomb, name="bomb"), capture(html(*STORY), name="story")])
    run(workspace, ReadConfig(seconds=2))
    (document,) = rows(workspace, Document)
    (rejection,) = rows(workspace, Rejection, "rejections")
    assert document.doc_id == "doc-story"
    assert rejection.doc_id == "doc-bomb"
    assert rejection.reason == "parser timeout: the parser was killed after 2 s"


def test_a_shard_is_read_once_and_again_when_a_limit_changes(workspace: Workspace) -> None:
    shelve(workspace, [capture(html(*STORY))])
    run(workspace)
    before = workspace.shards("documents")[0].read_bytes()
    assert plan(read.STAGE, workspace, Config())[0] == []
    assert len(plan(read.STAGE, workspace, Config(read=ReadConfig(pdf_pages=7)))[0]) == 1
    workspace.shards("documents")[0].unlink()
    run(workspace)
    assert workspace.shards("documents")[0].read_bytes() == before


def test_a_damaged_archive_stops_the_stage_and_leaves_no_half_shard(workspace: Workspace) -> None:
    shelve(workspace, [capture(html(*STORY), name=str(i)) for i in range(5)])
    path = workspace.shards("archive")[0]
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(BrokenArchiveError):
        run(workspace)
    assert workspace.shards("documents") == ()


PORTAL = html(*STORY, head="<title>Portal</title>").replace(
    b"<body>", b"<body><h3 class=judul>Judul</h3><p class=tgl>3 Mei 2020</p>"
)


def source(source_id: str = "kota-rekaan", **hints: object) -> Source:
    return Source(
        id=source_id,
        name="Kota Rekaan",
        publisher="Kota Rekaan",
        country="ID",
        timezone="Asia/Jakarta",
        languages=("id",),
        kind="government",
        homepage="https://kota.example/",
        fetch=({"method": "feed", "url": "https://kota.example/feed"},),  # type: ignore[arg-type]
        read=ReadHints(**hints) if hints else None,  # type: ignore[arg-type]
    )


def test_the_selectors_of_a_source_are_used_for_its_own_documents_only(
    workspace: Workspace,
) -> None:
    options = read.options_of([source(title=".judul"), source("lain")])
    assert len(options) == 1
    shelve(workspace, [capture(PORTAL), capture(PORTAL, name="b", source_id="lain")])
    counts = run(workspace, options=options)
    assert [d.title for d in rows(workspace, Document)] == ["Judul", "Portal"]
    assert "without_selectors" not in counts


def test_a_selector_that_finds_nothing_is_counted_and_costs_no_document(
    workspace: Workspace,
) -> None:
    shelve(workspace, [capture(PORTAL), capture(html(*STORY), name="b")])
    counts = run(workspace, options=read.options_of([source(title=".judul", text=".hilang")]))
    assert (counts["forwarded"], counts["without_selectors"]) == (2, 2)
    issues = rows(workspace, Issue, "issues")
    assert [(i.doc_id, i.field) for i in issues] == [
        ("doc-a", "read.text"),
        ("doc-b", "read.title"),
        ("doc-b", "read.text"),
    ]
    assert all("general reader" in i.reason for i in issues)


def test_selectors_hold_to_the_end_of_their_last_day_at_the_publisher(
    workspace: Workspace,
) -> None:
    late, early = "2026-11-24T17:00:00Z", "2026-11-24T16:59:59Z"  # midnight in Jakarta, and before
    made = [
        capture(PORTAL, name="early", fetched_at=early),
        capture(PORTAL, name="late", fetched_at=late),
        capture(b"Catatan", TEXT, name="text", kind="resource", fetched_at=late),
    ]
    shelve(workspace, made)
    options = read.options_of([source(title=".judul", valid_until="2026-11-24")])
    counts = run(workspace, options=options)
    assert [d.title for d in rows(workspace, Document)] == ["Judul", "Portal", "Catatan"]
    (issue,) = rows(workspace, Issue, "issues")
    assert (issue.doc_id, issue.field, issue.value) == ("doc-late", "read", "2026-11-24")
    assert counts["without_selectors"] == 1


def test_a_changed_selector_reads_again_and_one_of_another_source_concerns_no_shard(
    workspace: Workspace,
) -> None:
    shelve(workspace, [capture(PORTAL)])
    shard = workspace.shards("archive")[0].name.split(".")[0]
    ours, theirs = source(title=".judul"), source("lain", title="h1")
    every = read.options_of([theirs, ours])
    # Before and after the shard was read, the same options concern it.
    assert read.concerning(workspace, shard, every) == read.options_of([ours])
    run(workspace, options=read.options_of([ours]))
    assert read.concerning(workspace, shard, every) == read.options_of([ours])
    assert read.concerning(workspace, shard, ()) == ()
    assert plan(read.STAGE, workspace, Config(), read.options_of([ours]))[0] == []
    assert len(plan(read.STAGE, workspace, Config(), read.options_of([source(text="p")]))[0]) == 1
    assert read.options_of([source()]) == ()


def test_a_selector_of_a_source_that_a_shard_has_not_lets_the_shard_hold(
    workspace: Workspace,
) -> None:
    shelve(workspace, [capture(PORTAL)])
    run(workspace, options=read.options_of([source(title=".judul")]))
    more = read.options_of([source("lain", title="h1"), source(title=".judul")])
    assert plan(read.STAGE, workspace, Config(), more)[0] == []
