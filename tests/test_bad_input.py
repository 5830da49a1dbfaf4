"""Bad input: a message that says what, where and how to mend, the right exit code, nothing lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.__main__ import CONFIGURATION, DISK, LOCKED, OK
from pipeline.lock import lock
from pipeline.paths import Workspace
from tests.conftest import NOW, ROOT, TEXTS, Command


def read_csv(path: Path) -> list[dict[str, str]]:
    from pipeline.evaluate import read_csv as rows

    return rows(path)


def test_a_line_that_is_not_json_is_named_and_nothing_is_imported(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(TEXTS[0]) + "\n{'text': 'single quotes'}\n")
    done = command("--workspace", str(tmp_path / "ws"), "ingest", "--documents", str(path))
    assert done.returncode == CONFIGURATION
    assert f"{path}" in done.stderr
    assert "2" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "ws").rglob("*.warc.gz*")) == []


@pytest.mark.parametrize("name", ["empty.jsonl", "missing.jsonl"])
def test_an_empty_or_missing_corpus_is_a_clear_error(
    command: Command, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name.startswith("empty"):
        path.write_text("")
    done = command("--workspace", str(tmp_path / "ws"), "ingest", "--documents", str(path))
    assert done.returncode == CONFIGURATION
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_unreadable_files_are_rejected_with_a_reason_and_the_rest_goes_on(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nnot a PDF")
    (folder / "empty.html").write_bytes(b"")
    (folder / "good.txt").write_text(TEXTS[1]["text"], "utf-8")
    workspace = tmp_path / "ws"
    imported = command("--workspace", str(workspace), "ingest", "--files", str(folder))
    assert imported.returncode == OK, imported.stderr
    done = command("--workspace", str(workspace), "extract")
    assert done.returncode == OK, done.stderr
    outputs = workspace / "outputs" / "agreements"
    documents = read_csv(outputs / "documents.csv")
    assert [d["external_id"].split("/")[-1] for d in documents] == ["good.txt"]
    reasons = {r["stage"]: r["reason"] for r in read_csv(outputs / "rejections.csv")}
    dropped = read_csv(outputs / "rejections.csv")
    assert any("PDF" in r["reason"] for r in dropped), reasons
    # The empty file is either refused at the door, by name, or rejected by the reader.
    said = imported.stdout + imported.stderr + json.dumps(dropped)
    assert "empty" in said


def test_an_unknown_source_key_is_named_with_file_and_line(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "corpus" / "sources" / "id"
    folder.mkdir(parents=True)
    text = (ROOT / "corpus" / "sample" / "sources" / "id" / "kota.yml").read_text("utf-8")
    (folder / "kota.yml").write_text(text + "colour: blue\n", "utf-8")
    (tmp_path / "cityaccords.toml").write_text('[fetch]\ncontact = "me@example.org"\n')
    done = command("--workspace", str(tmp_path), "ingest")
    assert done.returncode == CONFIGURATION
    assert "kota.yml" in done.stderr
    assert "colour" in done.stderr
    assert str(len(text.splitlines()) + 1) in done.stderr


def test_fetching_without_a_contact_shows_the_two_lines_to_add(
    command: Command, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "corpus" / "sample" / "sources", tmp_path / "corpus" / "sources")
    done = command("--workspace", str(tmp_path), "ingest")
    assert done.returncode == CONFIGURATION
    assert "[fetch]" in done.stderr
    assert "contact = " in done.stderr


def test_a_missing_model_is_named(
    command: Command, checkout: Path, corpus: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "ws"
    command("--workspace", str(workspace), "ingest", "--documents", str(corpus))
    (checkout / "models" / "codebook.yml").unlink()
    done = command("--workspace", str(workspace), "extract", checkout=checkout)
    assert done.returncode == CONFIGURATION
    assert "codebook.yml" in done.stderr
    assert "model missing" in done.stderr


def test_a_second_run_while_one_holds_the_lock_exits_7(
    command: Command, corpus: Path, tmp_path: Path
) -> None:
    with lock(Workspace(tmp_path / "ws")):
        done = command("--workspace", str(tmp_path / "ws"), "ingest", "--documents", str(corpus))
    assert done.returncode == LOCKED
    assert str(os.getpid()) in done.stderr
    again = command("--workspace", str(tmp_path / "ws"), "ingest", "--documents", str(corpus))
    assert again.returncode == OK, again.stderr


def test_a_full_disk_exits_3_and_the_run_resumes(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    big = tmp_path / "big.jsonl"
    # Random letters do not compress, so the archive outgrows the disk.
    rows = [{"doc_id": str(i), "text": os.urandom(20_000).hex()} for i in range(40)]
    big.write_text("".join(json.dumps(r) + "\n" for r in rows))
    python = f"{sys.executable} -m pipeline --now {NOW} --workspace {mount}"
    script = f"""
        mount -t tmpfs -o size=600k tmpfs {mount} || exit 99
        {python} ingest --documents {big}; echo "first $?"
        mount -o remount,size=100m {mount}
        {python} ingest --documents {big} > {tmp_path}/second.txt; echo "second $?"
        {python} read --json > {tmp_path}/read.json; echo "read $?"
    """
    done = subprocess.run(
        ["/usr/bin/unshare", "-m", "sh", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("a file system of its own cannot be mounted by this user")
    assert f"first {DISK}" in done.stdout, done.stdout + done.stderr
    assert "Free some space" in done.stderr
    assert "second 0" in done.stdout, done.stderr
    assert "read 0" in done.stdout, done.stderr
    counts = json.loads((tmp_path / "read.json").read_text())[0]["counts"]
    assert counts["seen"] == len(rows)
