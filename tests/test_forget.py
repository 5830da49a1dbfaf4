"""A takedown leaves no word of a document, whatever dies on the way, and nothing else changes."""

import csv
import dataclasses
import json
import shutil
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import ArchiveWriter, read_captures, read_entries, read_payload
from pipeline.blanking import blank
from pipeline.captures import Exchange, Link, Note, make_capture, url_doc_id
from pipeline.catalog import Catalog
from pipeline.catalog_rows import Page
from pipeline.faults import TAKEDOWN_POINTS
from pipeline.forget import run_forget
from pipeline.paths import Workspace
from pipeline.recorder import recording
from pipeline.runs import open_run
from pipeline.takedown_targets import targets_of, with_and_without_www
from pipeline.takedowns import REASON, Takedown, add_takedowns, read_takedowns
from tests.conftest import Command
from tests.dataset_builders import document, fill

NOW = "2026-11-24T02:00:00Z"
WORD = "Quillonia"  # an invented word that stands in the document to go alone
URL = "https://press.example/a/twins?id=1&x=2"
TEXTS = (
    {
        "url": URL,
        "title": f"Leeds and Durban sign in {WORD} Hall",
        "text": f"The City of Leeds signed a twinning agreement with Durban, South Africa, on 10 "
        f"May 1999 in {WORD} Hall.",
        "published": "1999-05-12",
        "language": "en",
        "source_kind": "government",
    },
    {
        "url": "https://press.example/a/other",
        "title": "Bekasi and Izumisano",
        "text": "The City of Bekasi signed a sister city agreement with Izumisano, Japan, on 25 "
        "November 2019.",
        "published": "2019-11-26",
        "language": "en",
        "source_kind": "government",
    },
)


def words_in(root: Path) -> list[str]:
    """Return the files that hold the secret word, also inside gzip members and Parquet pages."""
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink()):
        data = path.read_bytes()
        if path.name.endswith(".warc.gz"):
            data = b"".join(inflated(data))
        elif path.suffix == ".parquet":
            import pyarrow.parquet as pq

            data += repr(pq.read_table(path).to_pylist()).encode()
        if WORD.encode() in data:
            found.append(path.relative_to(root).as_posix())
    return found


def inflated(data: bytes) -> list[bytes]:
    members = []
    while data:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        members.append(inflate.decompress(data))
        data = inflate.unused_data
    return members


def rows(workspace: Path, name: str) -> list[dict[str, str]]:
    path = workspace / "outputs" / "agreements" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def first(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with two documents and two releases that quote both, validated."""
    folder = tmp_path_factory.mktemp("mined")
    workspace, file = folder / "ws", folder / "in.jsonl"
    file.write_text("".join(json.dumps(t) + "\n" for t in TEXTS), "utf-8")
    common = ("--workspace", str(workspace), "--engine", "serial")
    assert command(*common, "ingest", "--documents", str(file)).returncode == 0
    assert command(*common, "extract").returncode == 0
    assert command(*common, "export").returncode == 0
    # The quality of the program is measured here once and remembered in the workspace.
    assert command(*common, "validate").returncode == 0
    assert {"documents.csv", "mentions.csv"} <= {Path(p).name for p in words_in(workspace)}
    return workspace


@pytest.fixture
def mined(first: Path, tmp_path: Path) -> Path:
    """Return a copy of that workspace."""
    return Path(shutil.copytree(first, tmp_path / "ws", symlinks=True))


def check_gone(command: Command, workspace: Path) -> None:
    assert words_in(workspace) == []
    assert len(list((workspace / "outputs" / ".releases" / "agreements").iterdir())) == 1
    assert [d["url"] for d in rows(workspace, "documents")] == [TEXTS[1]["url"]]
    assert [a["partner_name"] for a in rows(workspace, "agreements")] != []
    told = [r for r in rows(workspace, "rejections") if r["reason"] == REASON]
    # The imported document, and the address itself, at which it is not to be fetched either.
    assert {(r["source_id"], r["stage"]) for r in told} == {
        ("documents", "forget"),
        ("unknown", "forget"),
    }
    checked = command("--workspace", str(workspace), "validate")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_no_word_of_the_document_is_left_and_a_second_takedown_changes_nothing(
    command: Command, mined: Path
) -> None:
    other = URL.replace("https", "http")  # the same page by its other scheme
    done = command("--workspace", str(mined), "--engine", "serial", "forget", other)
    assert done.returncode == 0, done.stderr
    check_gone(command, mined)
    archived = [p.read_bytes() for p in sorted((mined / "corpus/archive").glob("*.gz"))]
    again = command("--workspace", str(mined), "forget", "--json", other)
    assert json.loads(again.stdout)["captures"] == []
    assert archived == [p.read_bytes() for p in sorted((mined / "corpus/archive").glob("*.gz"))]
    listed = (mined / "corpus/judgements/takedowns.csv").read_text("utf-8")
    assert len(listed.splitlines()) == 1 + len(read_takedowns(Workspace(mined)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [*TAKEDOWN_POINTS, "store.before_rename", "store.after_rename", "export.before_publish"],
)
def test_a_takedown_that_is_killed_is_finished_by_the_same_command(
    command: Command, mined: Path, point: str
) -> None:
    common = ("--workspace", str(mined), "--engine", "serial", "forget", URL)
    assert command(*common, env={"CITYACCORDS_FAULT": point}).returncode == -9
    done = command(*common)
    assert done.returncode == 0, done.stderr
    check_gone(command, mined)


def exchange() -> Exchange:
    return Exchange(
        request_line="GET /a HTTP/1.1",
        request_headers=(("Host", "press.example"),),
        status_line="HTTP/1.1 200 OK",
        response_headers=(("Content-Type", "text/html"), ("X-Kept", "yes")),
    )


def page(url: str, payload: bytes, second: int, *, role: str = "document"):  # type: ignore[no-untyped-def]
    links = (Link(url=URL), Link(url="https://press.example/a/other")) if role != "document" else ()
    capture = make_capture(
        doc_id=url_doc_id(url),
        kind="response",
        payload=payload,
        url=url,
        source_id="press",
        source_kind="news",
        discovered_by="feed",
        fetched_at=f"2026-11-01T00:00:{second:02d}Z",
        media_type="text/html",
    )
    return capture, payload, Note(role=role, links=links, etag='"e"')


def written(root: Path) -> tuple[Workspace, Path]:
    """Write two versions of one page, a neighbour, and a feed that names both."""
    workspace = Workspace(root)
    writer = ArchiveWriter(workspace, "20261101T000000Z", max_captures=99, max_bytes=10**9)
    for capture, payload, note in (
        page("https://press.example/feed", f"<rss>{WORD}</rss>".encode(), 0, role="discovery"),
        page(URL, f"<p>{WORD} one</p>".encode(), 1),
        page("https://press.example/a/other", b"<p>the neighbour</p>", 2),
        page(URL.replace("https", "http"), f"<p>{WORD} two</p>".encode(), 3),
        page("https://press.example/a/third", f"<p>its own words on {URL}</p>".encode(), 4),
    ):
        writer.write(capture, payload, note=note, exchange=exchange())
    writer.close()
    return workspace, workspace.shards("archive")[0]


def test_blanking_leaves_every_other_byte_at_its_place(tmp_path: Path) -> None:
    workspace, path = written(tmp_path)
    before, old = list(read_entries(path)), path.read_bytes()
    ids = frozenset({url_doc_id(URL)})
    done = blank(path, lambda e: e.capture.doc_id in ids, ids, "2026-11-24")
    new, after = path.read_bytes(), list(read_entries(path))
    assert done == (before[1].capture.capture_id, before[3].capture.capture_id)
    assert len(new) == len(old)
    offsets = [e.capture.warc_offset for e in before] + [len(old)]
    assert [e.capture.warc_offset for e in after] == offsets[:-1]
    for number in (0, 2, 4):
        start, end = offsets[number], offsets[number + 1]
        assert new[start:end] == old[start:end]
        assert after[number] == before[number]
    for number in (1, 3):
        assert (after[number].payload, after[number].note.role) == (b"", "gone")
        assert after[number].capture.payload_sha256 == before[number].capture.payload_sha256
        assert read_payload(workspace, before[number].capture) == b""
    assert [c.url for c, _ in read_captures(path)] == [
        "https://press.example/a/other",
        "https://press.example/a/third",
    ]
    assert blank(path, lambda e: e.capture.doc_id in ids, ids, "2026-11-25") == ()
    assert path.read_bytes() == new


def test_other_readers_read_a_blanked_file_with_its_headers(tmp_path: Path) -> None:
    _, path = written(tmp_path)
    ids = frozenset({url_doc_id(URL)})
    blank(path, lambda e: e.capture.doc_id in ids, ids, "2026-11-24")
    with path.open("rb") as handle:
        answers = [
            (
                r.rec_headers.get_header("CityAccords-Taken-Down"),
                r.http_headers.get_header("X-Kept"),
            )
            for r in ArchiveIterator(handle)
            if r.rec_type == "response"
        ]
    taken = "2026-11-24"
    assert answers == [(day, "yes") for day in (None, taken, None, taken, None)]


@pytest.mark.parametrize("payload", [b"x", b"xy", b"word"])
def test_even_the_shortest_body_leaves_room_for_the_note_of_its_takedown(
    tmp_path: Path, payload: bytes
) -> None:
    workspace = Workspace(tmp_path)
    writer = ArchiveWriter(workspace, "20261101T000000Z", max_captures=99, max_bytes=10**9)
    capture, _, _ = page(URL, payload, 1)
    writer.write(capture, payload, note=Note(), exchange=exchange())
    writer.close()
    (path,) = workspace.shards("archive")
    assert blank(path, lambda e: True, frozenset({capture.doc_id}), "2026-11-24")
    assert [e.payload for e in read_entries(path)] == [b""]


def test_a_taken_down_address_is_never_due_and_never_kept_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = open_run(tmp_path, datetime.fromisoformat(NOW), engine="serial")
    report = run_forget(run, URL)  # before it was ever fetched
    assert not report.was_known
    link = Link(url=URL, published="2026-11-01", modified="2026-11-23T00:00:00Z")
    with recording(workspace, run.config, run.now) as recorder:
        recorder.catalog.discover("press", "feed", [link], NOW)
        assert recorder.catalog.due("press", "2030-01-01T00:00:00Z", 9) == []
        capture, payload, note = page(URL, f"<p>{WORD}</p>".encode(), 5)
        recorder.record(capture, payload, note, exchange())
        feed, text, told = page("https://press.example/feed", WORD.encode(), 6, role="discovery")
        recorder.record_aside(feed, text, told, exchange())
    (path,) = workspace.shards("archive")
    entries = list(read_entries(path))
    assert [e.payload for e in entries] == [b"", b""]
    assert [li.url for li in entries[1].note.links] == ["https://press.example/a/other"]
    assert list(read_captures(path)) == []
    workspace.catalog.unlink()  # and the list outlives the catalog
    with recording(workspace, run.config, run.now) as recorder:
        recorder.catalog.discover("press", "feed", [link], NOW)
        due = recorder.catalog.due("press", "2030-01-01T00:00:00Z", 9)
        assert [d.page.url for d in due] == ["https://press.example/a/other"]
    with Catalog(workspace) as catalog:
        known = catalog.page(url_doc_id(URL))
        assert known is not None
        assert (known.state, known.next_due) == ("gone", None)


def test_feeds_that_name_a_taken_down_page_lose_their_text_too(tmp_path: Path) -> None:
    workspace, path = written(tmp_path)
    run = open_run(tmp_path, datetime.fromisoformat(NOW), engine="serial")
    with recording(workspace, run.config, run.now):
        pass  # the catalog learns of the file
    report = run_forget(run, URL)
    assert len(report.captures) == 3
    assert WORD.encode() not in b"".join(inflated(path.read_bytes()))
    with Catalog(workspace) as catalog:
        assert catalog.newest(url_doc_id(URL), "document") is None


def test_a_torn_line_of_the_list_is_passed_over_and_replaced(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    one, two = (Takedown(doc_id=c * 16, url=None, date="2026-11-24") for c in "ab")
    add_takedowns(workspace, [one])
    with workspace.takedowns.open("a") as handle:
        handle.write("cccc,https://to")
    assert list(read_takedowns(workspace)) == [one.doc_id]
    add_takedowns(workspace, [one, two])
    assert list(read_takedowns(workspace)) == [one.doc_id, two.doc_id]


def known_workspace(root: Path) -> Workspace:
    """A catalog with addresses of one document in several dresses, and others beside it."""
    workspace = Workspace(root)
    words = "The City of Leeds signed a twinning agreement with Durban in South Africa in May 1999."
    other = words.replace("Durban", "Dortmund")
    front = "https://press.example/"
    texts = {
        "https://press.example/a/twins": words,
        "https://www.press.example/a/twins": words,
        "https://m.press.example/a/twins/amp": words,
        "https://press.example/a/twins?from=home": words,
        "https://press.example/a/twins?id=2": other,  # another document: the parameter tells
        "https://port.press.example/a/twins": words,  # another host of that publisher
        "https://gazette.example/copied": words,
        "https://gazette.example/short": "Page not found",
        "https://third.example/short": "Page not found",
        front: "All the news of the press of this town, every day, from early in the morning on.",
    }
    documents = [
        dataclasses.replace(
            document(url, text, url=url),
            doc_id=url_doc_id(url),
        )
        for url, text in texts.items()
    ]
    fill(root, documents, [])
    moved = {
        "https://press.example/old": "https://press.example/a/twins",
        "https://press.example/short/1": front,
        "https://press.example/short/2": front,
    }
    with Catalog(workspace) as catalog:
        catalog.put_pages(
            [Page(doc_id=url_doc_id(u), url=u, host="x", state="fetched") for u in texts]
            + [
                Page(doc_id=url_doc_id(u), url=u, host="x", state="moved", reason=url_doc_id(to))
                for u, to in moved.items()
            ]
        )
    return workspace


@pytest.mark.parametrize(
    "target",
    [
        "http://press.example/a/twins",
        "https://www.press.example/a/twins#top",
        "https://press.example/old",
        "https://press.example/a/twins?utm_source=x",
    ],
)
def test_one_document_is_found_at_all_its_addresses_and_copies_are_named(
    tmp_path: Path, target: str
) -> None:
    targets = targets_of(known_workspace(tmp_path), target, "2026-11-24")
    assert targets.is_known
    urls = {row.url for row in targets.documents.values()}
    assert urls - {"https://www.press.example/old"} == {
        "https://press.example/a/twins",
        "https://www.press.example/a/twins",
        "https://m.press.example/a/twins/amp",
        "https://press.example/a/twins?from=home",
        "https://press.example/old",
    } | ({target} if target.endswith("old") else set())
    assert [c.target for c in targets.copies] == [
        "https://gazette.example/copied",
        "https://port.press.example/a/twins",
    ]


def test_a_short_notice_has_no_copies_and_a_front_page_does_not_come_along(tmp_path: Path) -> None:
    workspace = known_workspace(tmp_path)
    short = targets_of(workspace, "https://gazette.example/short", "2026-11-24")
    assert short.copies == ()
    dead = targets_of(workspace, "https://press.example/short/1", "2026-11-24")
    assert {r.url for r in dead.documents.values()} == {
        "https://press.example/short/1",
        "https://www.press.example/short/1",
    }


def test_only_names_have_a_twin_with_www() -> None:
    assert with_and_without_www("https://www.a.example/x?y=1") == [
        "https://www.a.example/x?y=1",
        "https://a.example/x?y=1",
    ]
    for lonely in ("http://127.0.0.1:8000/x", "http://[::1]/x", "http://localhost/x"):
        assert with_and_without_www(lonely) == [lonely]


@pytest.mark.slow
def test_a_takedown_withdraws_the_frozen_release_and_tells_what_it_did(
    command: Command, mined: Path
) -> None:
    common = ("--workspace", str(mined), "--engine", "serial")
    copied = {**TEXTS[0], "url": "https://gazette.example/copied", "doc_id": "of its own"}
    more = mined / "more.jsonl"
    more.write_text(json.dumps(copied) + "\n", "utf-8")
    assert command(*common, "ingest", "--documents", str(more)).returncode == 0
    more.unlink()
    assert command(*common, "extract").returncode == 0
    released = command(*common, "release")
    assert released.returncode == 0, released.stderr
    refused = mined / "outputs/.refused/agreements/20261123T020000Z"
    refused.mkdir(parents=True)
    (refused / "mentions.csv").write_text(WORD)
    done = command(*common, "forget", URL)
    assert done.returncode == 0, done.stderr
    assert "Releases withdrawn: agreements 2026.11.1" in done.stdout
    (copy,) = [line for line in done.stdout.splitlines() if "cityaccords forget" in line]
    again = command(*common, "forget", copy.split()[-1])
    assert again.returncode == 0, again.stderr
    check_gone(command, mined)
    assert not refused.exists()
    place = mined / "outputs/releases/agreements/2026.11.1"
    assert [p.name for p in place.iterdir()] == ["WITHDRAWN.md"]
    assert not (mined / "outputs/agreements-latest").is_symlink()
    following = command(*common, "release")
    assert following.returncode == 0, following.stderr
    assert "Released agreements 2026.11.2" in following.stdout
