"""The archive: what is written comes back, damage is found, and a kill loses nothing."""

import errno
import gzip
import hashlib
import io
import json
import pickle
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipeline import archive
from pipeline.archive import (
    ArchiveWriter,
    BrokenArchiveError,
    read_captures,
    read_entries,
    read_payload,
    recover,
)
from pipeline.captures import Exchange, Link, Note
from pipeline.paths import Workspace
from pipeline.records import Capture, stable_id

EXCHANGE = Exchange(
    request_line="GET /a?b=ü HTTP/1.1",
    request_headers=(("Host", "a.example"), ("User-Agent", "test")),
    status_line="HTTP/1.1 200 OK",
    response_headers=(
        ("Content-Type", "text/html"),
        ("Content-Encoding", "gzip"),
        ("Transfer-Encoding", "chunked"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Ünicode", "é\r\nInjected: yes"),
    ),
)


def capture_of(number: int, payload: bytes, kind: str = "response") -> Capture:
    return Capture(
        capture_id=stable_id(str(number), kind),
        doc_id=stable_id("url", str(number)),
        kind=kind,
        url=f"https://a.example/{number}",
        external_id=None,
        source_id="s",
        source_kind="news",
        source_country="ID",
        timezone="Asia/Jakarta",
        languages=("id", "en"),
        discovered_by="feed",
        hint_published="2026-01-01T05:00:00+07:00",
        fetched_at="2026-01-02T03:04:05Z",
        status=200,
        media_type="text/html; charset=utf-8",
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        payload_length=len(payload),
        warc_file="",
        warc_offset=0,
    )


def writer_in(folder: Path, captures: int = 1_000, size: int = 10**9) -> ArchiveWriter:
    return ArchiveWriter(
        Workspace(folder), "20260102T030405Z", max_captures=captures, max_bytes=size
    )


def fill(folder: Path, payloads: list[bytes], **limits: int) -> list[Capture]:
    writer = writer_in(folder, **limits)
    placed = [
        writer.write(capture_of(n, p), p, note=Note(etag='"x"'), exchange=EXCHANGE)
        for n, p in enumerate(payloads)
    ]
    writer.close()
    return placed


def only_shard(folder: Path) -> Path:
    (path,) = Workspace(folder).shards("archive")
    return path


PAYLOADS = [b"", b"plain", "ümlaut – dash".encode(), bytes(range(256)) * 9, b"\r\n\r\nWARC/1.1\r\n"]


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    placed = fill(tmp_path, PAYLOADS)
    read = list(read_captures(only_shard(tmp_path)))
    assert [payload for _, payload in read] == PAYLOADS
    assert [capture for capture, _ in read] == placed
    assert [read_payload(Workspace(tmp_path), capture) for capture in placed] == PAYLOADS


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_any_bytes_come_back(payloads: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), payloads)
        assert [p for _, p in read_captures(only_shard(Path(folder)))] == payloads


def test_the_same_captures_give_the_same_bytes(tmp_path: Path) -> None:
    fill(tmp_path / "a", PAYLOADS)
    fill(tmp_path / "b", PAYLOADS)
    assert only_shard(tmp_path / "a").read_bytes() == only_shard(tmp_path / "b").read_bytes()


def test_a_general_warc_reader_understands_the_file(tmp_path: Path) -> None:
    fill(tmp_path, [b"<p>hello</p>"])
    with only_shard(tmp_path).open("rb") as handle:
        records = [
            (r.rec_type, r.http_headers, r.content_stream().read())
            for r in ArchiveIterator(handle, check_digests="raise")
        ]
    assert [kind for kind, _, _ in records] == [
        "warcinfo",
        "response",
        "request",
        "metadata",
        "metadata",
    ]
    _, headers, payload = records[1]
    assert payload == b"<p>hello</p>"
    assert headers.get_header("Content-Length") == str(len(payload))
    assert headers.get_header("X-Archive-Orig-Content-Encoding") == "gzip"
    assert headers.get_header("Content-Encoding") is None
    assert [v for k, v in headers.headers if k == "Set-Cookie"] == ["a=1", "b=2"]
    assert headers.get_header("Injected") is None


def test_files_are_closed_by_number_and_by_size(tmp_path: Path) -> None:
    fill(tmp_path / "number", [b"x"] * 5, captures=2)
    names = [p.name for p in Workspace(tmp_path / "number").shards("archive")]
    assert names == [f"20260102T030405Z-00{n}.warc.gz" for n in (1, 2, 3)]
    fill(tmp_path / "size", [random.Random(n).randbytes(6_000) for n in range(5)], size=10_000)
    assert len(Workspace(tmp_path / "size").shards("archive")) == 3


def test_a_second_run_at_the_same_time_continues_the_numbers(tmp_path: Path) -> None:
    fill(tmp_path, [b"a"])
    fill(tmp_path, [b"b"])
    shards = Workspace(tmp_path).shards("archive")
    assert [p for s in shards for _, p in read_captures(s)] == [b"a", b"b"]


def test_an_unused_writer_leaves_no_file(tmp_path: Path) -> None:
    writer_in(tmp_path).close()
    assert not (tmp_path / "corpus").exists()


def test_an_open_file_is_no_shard(tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    writer.write(capture_of(1, b"x"), b"x", note=Note(), exchange=EXCHANGE)
    assert Workspace(tmp_path).shards("archive") == ()
    writer.close()
    assert len(Workspace(tmp_path).shards("archive")) == 1


def test_roles_and_notes_come_back_and_only_documents_are_yielded(tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    notes = [
        Note(role="discovery", links=(Link(url="https://a.example/1", published="2026-01-01"),)),
        Note(target_url="https://a.example/amp", aliases=("https://a.example/old",)),
        Note(role="gone"),
    ]
    for number, note in enumerate(notes):
        writer.write(capture_of(number, b"x"), b"x", note=note, exchange=EXCHANGE)
    revisit = capture_of(9, b"x", "revisit")
    writer.write(
        revisit,
        b"",
        note=Note(refers_to="<urn:uuid:1>", refers_to_date="2026-01-01T00:00:00Z"),
        exchange=EXCHANGE,
    )
    writer.close()
    entries = list(read_entries(only_shard(tmp_path)))
    assert [entry.note for entry in entries[:3]] == notes
    assert [c.kind for c, _ in read_captures(only_shard(tmp_path))] == ["response", "revisit"]
    assert entries[3].payload == b""


def test_every_cut_of_a_closed_file_is_found(tmp_path: Path) -> None:
    fill(tmp_path, PAYLOADS)
    path = only_shard(tmp_path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 29):
        path.write_bytes(whole[:size])
        with pytest.raises(BrokenArchiveError):
            list(read_captures(path))


def test_no_altered_byte_gives_altered_data(tmp_path: Path) -> None:
    fill(tmp_path, PAYLOADS)
    path = only_shard(tmp_path)
    whole = path.read_bytes()
    expected = list(read_captures(path))
    rng, found = random.Random(7), 0
    for _ in range(200):
        place = rng.randrange(len(whole))
        altered = bytearray(whole)
        altered[place] ^= 1 << rng.randrange(8)
        path.write_bytes(altered)
        try:
            assert list(read_captures(path)) == expected  # a gzip header has bytes without meaning
        except BrokenArchiveError:
            found += 1
    assert found > 170


def test_a_whole_capture_taken_out_is_found(tmp_path: Path) -> None:
    placed = fill(tmp_path, [b"a" * 50, b"b" * 50, b"c" * 50])
    path = only_shard(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: placed[1].warc_offset] + whole[placed[2].warc_offset :])
    with pytest.raises(BrokenArchiveError, match="1 captures are missing"):
        list(read_captures(path))


def test_a_payload_that_was_replaced_with_valid_gzip_is_found(tmp_path: Path) -> None:
    placed = fill(tmp_path, [b"aaaa", b"bbbb"])
    path = only_shard(tmp_path)
    whole = path.read_bytes()
    start, end = placed[1].warc_offset, whole.index(b"\x1f\x8b", placed[1].warc_offset + 2)
    forged = gzip.decompress(whole[start:end]).replace(b"bbbb", b"cccc")
    path.write_bytes(whole[:start] + gzip.compress(forged) + whole[end:])
    with pytest.raises(BrokenArchiveError, match="SHA-256"):
        list(read_captures(path))
    with pytest.raises(BrokenArchiveError, match="SHA-256"):
        read_payload(Workspace(tmp_path), placed[1])


def test_the_message_names_file_offset_and_remedy_also_from_a_worker(tmp_path: Path) -> None:
    placed = fill(tmp_path, [b"a", b"b"])
    path = only_shard(tmp_path)
    path.write_bytes(path.read_bytes()[: placed[1].warc_offset + 20])
    with pytest.raises(BrokenArchiveError) as caught:
        list(read_captures(path))
    text = str(pickle.loads(pickle.dumps(caught.value)))  # noqa: S301 - our own object
    assert str(path) in text
    assert f"byte {placed[1].warc_offset}" in text
    assert "Put the file back from a copy" in text


def test_a_missing_file_is_a_broken_archive(tmp_path: Path) -> None:
    (placed,) = fill(tmp_path, [b"a"])
    only_shard(tmp_path).unlink()
    with pytest.raises(BrokenArchiveError, match="missing"):
        read_payload(Workspace(tmp_path), placed)


def test_recovery_keeps_every_whole_capture_at_every_cut(tmp_path: Path) -> None:
    placed = fill(tmp_path / "whole", PAYLOADS)
    whole = only_shard(tmp_path / "whole").read_bytes()
    starts = [capture.warc_offset for capture in placed]
    rng = random.Random(3)
    cuts = sorted({*starts, len(whole), *(rng.randrange(len(whole)) for _ in range(60))})
    workspace = Workspace(tmp_path / "cut")
    workspace.archive.mkdir(parents=True)
    for cut in cuts:
        left = workspace.archive / "20260102T030405Z-001.warc.gz.open"
        left.write_bytes(whole[:cut])
        closed = recover(workspace)
        read = [capture for path in closed for capture, _ in read_captures(path)]
        assert read == placed[: len(read)]
        ends = [*starts[1:], len(whole)]
        assert len(read) >= sum(end <= cut for end in ends[:-1])
        assert list(workspace.archive.glob("*.open")) == []
        for path in closed:
            path.unlink()


def test_recovering_a_complete_open_file_changes_no_byte(tmp_path: Path) -> None:
    fill(tmp_path, PAYLOADS)
    path = only_shard(tmp_path)
    whole = path.read_bytes()
    path.rename(path.with_name(path.name + ".open"))
    recover(Workspace(tmp_path))
    assert only_shard(tmp_path).read_bytes() == whole


def test_a_full_disk_leaves_whole_captures_and_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writer_in(tmp_path)
    writer.write(capture_of(1, b"a"), b"a", note=Note(), exchange=EXCHANGE)

    class FullDisk:
        def __init__(self, handle: io.FileIO) -> None:
            self.handle = handle

        def write(self, data: memoryview) -> int:
            self.handle.write(data[:100])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> Callable[..., object]:
            return getattr(self.handle, name)  # type: ignore[no-any-return]

    real = writer._handle
    monkeypatch.setattr(writer, "_handle", FullDisk(real))  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space") as caught:
        writer.write(capture_of(2, b"b"), b"b", note=Note(), exchange=EXCHANGE)
    assert str(caught.value.filename).endswith(".warc.gz.open")
    monkeypatch.setattr(writer, "_handle", real)
    writer.write(capture_of(3, b"c"), b"c", note=Note(), exchange=EXCHANGE)
    writer.close()
    assert [p for _, p in read_captures(only_shard(tmp_path))] == [b"a", b"c"]


def test_facts_of_another_version_are_refused(tmp_path: Path) -> None:
    (placed,) = fill(tmp_path, [b"a"])
    path = only_shard(tmp_path)
    members = path.read_bytes().split(b"\x1f\x8b\x08\x00")
    text = gzip.decompress(b"\x1f\x8b\x08\x00" + members[4])
    assert json.loads(text.split(b"\r\n\r\n")[1])["capture"]["capture_id"] == placed.capture_id
    members[4] = gzip.compress(text.replace(b'"format": 1', b'"format": 9'))[4:]
    path.write_bytes(b"\x1f\x8b\x08\x00".join(members))
    with pytest.raises(BrokenArchiveError, match="another version"):
        list(read_captures(path))


def test_imported_documents_have_a_media_type_of_their_own() -> None:
    assert archive.DOCUMENT_TYPE.endswith("+json")
