"""Frozen releases: a version that is never given twice, and files that never change again."""

from __future__ import annotations

import csv
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from pipeline import runs, space
from pipeline.build import run_build
from pipeline.config import Config, ConfigError
from pipeline.export import run_export
from pipeline.paths import CHECKOUT, Workspace
from pipeline.records import Document, Mention
from pipeline.release_checks import check_release
from pipeline.releases import POINTS, ReleaseReport
from pipeline.takedowns import Takedown, add_takedowns
from pipeline.validators.findings import Result
from pipeline.versions import (
    NOTICE,
    RELEASED,
    Entry,
    enter,
    next_version,
    number_of,
    read_register,
    standing,
)
from pipeline.withdrawals import withdraw
from tests.conftest import Command
from tests.dataset_builders import (
    BOSTON,
    KYOTO,
    MPF,
    YOGYAKARTA,
    archive,
    document,
    fill,
    light_models,
    mention,
)

NOVEMBER = datetime(2026, 11, 24, 5, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 5, tzinfo=UTC)
Told = Sequence[tuple[Document, Sequence[Mention]]]


def kyoto(year: str = "1985") -> tuple[Document, list[Mention]]:
    doc = document("a", f"Yogyakarta and Kyoto Prefecture signed a sister pact in {year}.")
    return doc, [mention(doc, YOGYAKARTA, KYOTO, date=year)]


def boston() -> tuple[Document, list[Mention]]:
    doc = document("b", "Yogyakarta and Boston signed a sister city agreement in 2001.")
    return doc, [mention(doc, YOGYAKARTA, BOSTON, date="2001")]


def seoul() -> tuple[Document, list[Mention]]:
    doc = document("c", "Yogyakarta and Medical Peace Foundation signed an MoU in 2011.")
    return doc, [mention(doc, YOGYAKARTA, MPF, date="2011", instrument="mou")]


def night(root: Path, told: Told, at: datetime = NOVEMBER) -> Workspace:
    """Replace the corpus by what is told, and publish it as a night does."""
    for name in ("documents", "mentions", "codings", "archive"):
        shutil.rmtree(root / "corpus" / name, ignore_errors=True)
    if not (root / "models").exists():
        light_models(root)
    documents = [d for d, _ in told]
    workspace = fill(root, documents, [m for _, given in told for m in given])
    archive(workspace, documents)
    run_build(workspace, Config(), now=at)
    run_export(workspace, Config(), now=at)
    return workspace


def freeze(workspace: Workspace, at: datetime = NOVEMBER) -> ReleaseReport:
    run = runs.open_run(workspace.root, at, engine="serial")
    return runs.release(run)[0]


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def latest(workspace: Workspace) -> Path:
    return workspace.outputs / "agreements-latest"


def test_a_release_holds_the_candidates_tables_byte_by_byte_under_a_version(
    tmp_path: Path,
) -> None:
    workspace = night(tmp_path, [kyoto(), boston()])
    candidate, report = digests(workspace.outputs / "agreements"), freeze(workspace)
    assert (report.version, report.is_new, report.previous) == ("2026.11.1", True, None)
    folder = workspace.outputs / "releases" / "agreements" / "2026.11.1"
    assert latest(workspace).resolve() == folder.resolve()
    frozen = digests(folder)
    assert frozen.keys() == candidate.keys()
    tables = {name for name in frozen if name.endswith(".csv")} - {"changes.csv"}
    assert len(tables) > 15
    assert {n: frozen[n] for n in tables} == {n: candidate[n] for n in tables}
    assert candidate == digests(workspace.outputs / "agreements")  # and the candidate stays
    assert not os.access(folder / "agreements.csv", os.W_OK) or os.geteuid() == 0
    assert (folder / "agreements.csv").stat().st_mode & 0o222 == 0


def test_every_file_that_names_a_version_names_that_of_the_release(tmp_path: Path) -> None:
    import openpyxl

    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    folder, version = latest(workspace), "2026.11.1"
    assert json.loads((folder / "datapackage.json").read_text("utf-8"))["version"] == version
    croissant = json.loads((folder / "croissant.json").read_text("utf-8"))
    assert croissant["version"] == version
    assert version in croissant["citeAs"]
    citation = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert (citation["version"], str(citation["date-released"])) == (version, "2026-11-24")
    for name in ("report.html", "codebook.html", "CHANGES.md"):
        assert version in (folder / name).read_text("utf-8"), name
        assert "2026.11.01" not in (folder / name).read_text("utf-8"), name
    book = openpyxl.load_workbook(folder / "cityaccords.xlsx", read_only=True)
    first = [str(row[0]) for row in book.worksheets[0].iter_rows(values_only=True) if row]
    assert f"Version {version}, CC BY 4.0" in first
    book.close()
    listed = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    told = {name: digest for digest, name in (line.split("  ") for line in listed)}
    assert told == {n: d for n, d in digests(folder).items() if n != "SHA256SUMS"}


def test_unchanged_data_make_no_second_release(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    night(tmp_path, [kyoto()], NOVEMBER.replace(hour=6))
    again = freeze(workspace, DECEMBER)
    assert (again.version, again.is_new) == ("2026.11.1", False)
    assert "no new release" in again.as_text()
    assert len(read_register(workspace)) == 1


def test_changes_are_those_since_the_last_release_and_not_since_the_last_night(
    tmp_path: Path,
) -> None:
    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    night(tmp_path, [kyoto(), boston()], NOVEMBER.replace(hour=6))
    night(tmp_path, [kyoto(), boston(), seoul()], NOVEMBER.replace(hour=7))
    report = freeze(workspace, DECEMBER)
    assert (report.version, report.previous) == ("2026.12.1", "2026.11.1")
    added = {
        (r["agreement_id"], r["change"], r["reason"])
        for r in rows(latest(workspace), "changes")
        if r["record_type"] == "agreement"
    }
    assert added == {(f"CA-00000{n}", "added", "source") for n in (2, 3)}
    nightly = {r["agreement_id"] for r in rows(workspace.outputs / "agreements", "changes")}
    assert nightly == {"CA-000003"}
    text = (latest(workspace) / "CHANGES.md").read_text("utf-8")
    assert text.startswith("# agreements 2026.12.1: changes since 2026.11.1\n")
    assert f"| {report.changes // 2:,} |" in text


def test_a_version_is_never_given_twice_also_after_its_folder_was_deleted(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    night(tmp_path, [boston()], NOVEMBER.replace(hour=6))
    assert freeze(workspace).version == "2026.11.2"
    shutil.rmtree(workspace.outputs / "releases")
    shutil.rmtree(workspace.outputs / ".releases")
    (workspace.outputs / "agreements").unlink()
    night(tmp_path, [boston()], NOVEMBER.replace(hour=7))
    report = freeze(workspace)
    assert (report.version, report.previous) == ("2026.11.3", None)
    assert [e.version for e in standing(workspace, "agreements")] == ["2026.11.3"]


def test_versions_count_by_month_and_as_numbers(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert next_version(workspace, "agreements", NOVEMBER) == "2026.11.1"
    for number in (1, 2, 9, 10):
        enter(workspace, [Entry("agreements", f"2026.11.{number}", RELEASED, "2026-11-24", "0")])
    assert next_version(workspace, "agreements", NOVEMBER) == "2026.11.11"
    assert next_version(workspace, "agreements", DECEMBER) == "2026.12.1"
    assert next_version(workspace, "other", NOVEMBER) == "2026.11.1"
    (workspace.outputs / "releases" / "other" / "2026.11.4").mkdir(parents=True)
    assert next_version(workspace, "other", NOVEMBER) == "2026.11.5"
    assert [number_of(v) for v in ("2026.11.0", "2026.1.1", "x", "2026.11.1.1")] == [None] * 4


def test_a_line_of_the_register_that_is_none_is_named_and_a_torn_one_is_replaced(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    first = Entry("agreements", "2026.11.1", RELEASED, "2026-11-24", "0")
    enter(workspace, [first])
    path = workspace.judgements / "releases.csv"
    with path.open("a") as handle:
        handle.write("agreements,2026.11.2,rel")
    assert read_register(workspace) == [first]
    second = dataclasses.replace(first, version="2026.11.2")
    enter(workspace, [first, second])
    assert read_register(workspace) == [first, second]
    with path.open("a") as handle:
        handle.write("agreements,two,released,2026-11-24,0,\n")
    with pytest.raises(ConfigError, match=r"releases\.csv:4"):
        read_register(workspace)


def test_a_release_outlives_the_nights_and_still_validates(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto(), boston()])
    freeze(workspace)
    before = digests(latest(workspace))
    for hour in range(6, 18):  # more nights than are kept
        run_export(workspace, Config(), now=NOVEMBER.replace(hour=hour))
    assert digests(latest(workspace)) == before
    checked = check_release(workspace, Config(), "agreements", "2026.11.1")
    assert checked.ok, checked.as_text()
    assert {"release", "quotes in texts", "captures in archive"} <= checked.results.keys()


def test_a_release_that_was_touched_fails_and_so_does_one_with_new_sums(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    path = latest(workspace) / "agreements.csv"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"1985", b"1986"))
    checked = check_release(workspace, Config(), "agreements", "2026.11.1")
    assert [f.file for f in checked.failures] == ["agreements.csv"]
    sums = latest(workspace) / "SHA256SUMS"
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  agreements.csv"
        if line.endswith("  agreements.csv")
        else line
        for line in sums.read_text("utf-8").splitlines()
    ]
    sums.chmod(0o644)
    sums.write_text("\n".join(lines) + "\n", "utf-8")
    checked = check_release(workspace, Config(), "agreements", "2026.11.1")
    assert [f.file for f in checked.failures] == ["SHA256SUMS"]
    with pytest.raises(ConfigError, match=r"There are: 2026\.11\.1"):
        check_release(workspace, Config(), "agreements", "2026.11.2")


def test_a_release_of_an_older_program_is_checked_by_its_own_description(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    path = tmp_path / "models" / "codebook.yml"
    path.write_text(path.read_text("utf-8") + "# a word more\n", "utf-8")
    checked = check_release(workspace, Config(), "agreements", "2026.11.1")
    assert checked.ok, checked.as_text()
    assert checked.results.keys() == {"release", "data package"}
    assert checked.results["data package"].examined > 15


def test_a_candidate_of_another_program_is_not_released(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    path = tmp_path / "models" / "codebook.yml"
    path.write_text(path.read_text("utf-8") + "# a word more\n", "utf-8")
    with pytest.raises(ConfigError, match="not those that made the candidate"):
        freeze(workspace)
    assert list((workspace.outputs / "releases" / "agreements").iterdir()) == []


@pytest.mark.parametrize("damage", ["altered", "archive"])
def test_a_candidate_that_fails_a_check_is_not_released(tmp_path: Path, damage: str) -> None:
    workspace = night(tmp_path, [kyoto()])
    if damage == "altered":
        path = workspace.outputs / "agreements" / "agreements.csv"
        path.write_bytes(path.read_bytes().replace(b"1985", b"1986"))
    else:
        shutil.rmtree(workspace.archive)
    with pytest.raises(runs.GateError, match=r"agreements\.csv|does not verify|No such file"):
        freeze(workspace)
    assert read_register(workspace) == []
    assert not latest(workspace).exists()
    folder = workspace.outputs / "releases" / "agreements"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_without_a_candidate_there_is_nothing_to_release(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="refresh"):
        freeze(Workspace(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_release_that_is_killed_is_finished_or_made_anew_by_the_same_command(
    tmp_path: Path, point: str
) -> None:
    workspace = night(tmp_path, [kyoto()])
    script = (
        "import sys, datetime as d; from pathlib import Path; from pipeline import runs\n"
        "now = d.datetime(2026, 11, 24, 5, tzinfo=d.UTC)\n"
        "runs.release(runs.open_run(Path(sys.argv[1]), now, engine='serial'))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "CITYACCORDS_FAULT": point},
        cwd=CHECKOUT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    report = freeze(workspace)
    assert report.version == "2026.11.1"
    folder = workspace.outputs / "releases" / "agreements"
    assert [p.name for p in folder.iterdir()] == ["2026.11.1"]
    assert [e.version for e in read_register(workspace)] == ["2026.11.1"]
    assert latest(workspace).resolve() == (folder / "2026.11.1").resolve()
    assert check_release(workspace, Config(), "agreements", "2026.11.1").ok


def test_a_takedown_withdraws_the_releases_that_hold_the_document_and_no_others(
    tmp_path: Path,
) -> None:
    workspace = night(tmp_path, [boston()])
    freeze(workspace)
    doc, told = kyoto()
    night(tmp_path, [boston(), (doc, told)], NOVEMBER.replace(hour=6))
    freeze(workspace)
    add_takedowns(workspace, [Takedown(doc_id=doc.doc_id, url=doc.url, date="2026-12-01")])
    assert withdraw(workspace, {doc.doc_id}, "2026-12-01") == ("agreements 2026.11.2",)
    folder = workspace.outputs / "releases" / "agreements"
    assert [p.name for p in (folder / "2026.11.2").iterdir()] == [NOTICE]
    notice = (folder / "2026.11.2" / NOTICE).read_text("utf-8")
    taken = [e for e in read_register(workspace) if e.version == "2026.11.2"]
    assert [e.event for e in taken] == ["released", "withdrawn"]
    assert taken[0].sha256 in notice
    assert doc.doc_id not in notice and "Kyoto" not in notice and doc.url not in notice
    assert latest(workspace).resolve().name == "2026.11.1"
    assert (
        check_release(workspace, Config(), "agreements", "2026.11.1").results["release"].count == 0
    )
    with pytest.raises(ConfigError, match="withdrawn"):
        check_release(workspace, Config(), "agreements", "2026.11.2")
    assert withdraw(workspace, {doc.doc_id}, "2026-12-02") == ()
    night(tmp_path, [boston(), seoul()], NOVEMBER.replace(hour=7))
    report = freeze(workspace)
    assert (report.version, report.previous) == ("2026.11.3", "2026.11.1")
    text = (latest(workspace) / "CHANGES.md").read_text("utf-8")
    assert "Withdrawn (WITHDRAWN.md in its place): 2026.11.2." in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", ["withdraw.registered", "store.before_rename", "withdraw.away", "withdraw.noticed"]
)
def test_a_withdrawal_that_is_killed_is_finished_by_the_next(tmp_path: Path, point: str) -> None:
    doc, told = kyoto()
    workspace = night(tmp_path, [(doc, told), boston()])
    freeze(workspace)
    script = (
        "import sys; from pathlib import Path; from pipeline.paths import Workspace\n"
        "from pipeline.withdrawals import withdraw\n"
        "withdraw(Workspace(Path(sys.argv[1])), {sys.argv[2]}, '2026-12-01')"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), doc.doc_id],
        env={**os.environ, "CITYACCORDS_FAULT": point},
        cwd=CHECKOUT,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert withdraw(workspace, {doc.doc_id}, "2026-12-02") == ("agreements 2026.11.1",)
    folder = workspace.outputs / "releases" / "agreements"
    assert [p.name for p in sorted(folder.iterdir())] == ["2026.11.1"]
    assert [p.name for p in (folder / "2026.11.1").iterdir()] == [NOTICE]
    assert "2026-12-01" in (folder / "2026.11.1" / NOTICE).read_text("utf-8")
    assert len(read_register(workspace)) == 2
    assert not latest(workspace).is_symlink()


def test_a_full_disk_is_found_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = night(tmp_path, [kyoto()])
    size = space.size_of(workspace.outputs / "agreements")
    assert space.needed_bytes(workspace, "agreements") == space.LEAST
    monkeypatch.setattr(space, "LEAST", 0)
    assert space.needed_bytes(workspace, "agreements") == space.FACTOR * size
    usage = shutil.disk_usage(tmp_path)
    short = usage._replace(free=space.FACTOR * size - 1)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda path: short)
    with pytest.raises(OSError, match="nothing was begun") as caught:
        space.require_space(workspace, "agreements")
    assert caught.value.errno == errno.ENOSPC
    enough = usage._replace(free=space.FACTOR * size)
    monkeypatch.setattr(space.shutil, "disk_usage", lambda path: enough)
    space.require_space(workspace, "agreements")


def test_what_killed_runs_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    freeze(workspace)
    kept = {p for p in tmp_path.rglob("*") if "models" not in p.parts}
    draft = workspace.outputs / "releases" / "agreements" / ".2026.11.2.tmp"  # may be in the list
    draft.mkdir()
    left = [
        workspace.corpus / "documents" / ".x.parquet.7.tmp",
        workspace.corpus / ".catalog.7.tmp",
        workspace.outputs / ".agreements.7.tmp",
        workspace.outputs / ".releases" / "agreements" / ".20261124T050000Z.tmp" / "a.csv",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    space.sweep(workspace)
    assert {p for p in tmp_path.rglob("*") if "models" not in p.parts} == kept | {draft}


@pytest.mark.parametrize("name", ["refresh", "release"])
def test_refresh_and_release_end_with_three_where_the_disk_is_too_small(
    command: Command, tmp_path: Path, name: str
) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import shutil, types\n"
        "shutil.disk_usage = lambda path: types.SimpleNamespace(free=1_000_000)\n"
    )
    path = f"{hook}{os.pathsep}{CHECKOUT}"
    done = command("--workspace", str(tmp_path / "ws"), name, env={"PYTHONPATH": path})
    assert done.returncode == 3, done.stderr
    assert "1 MB are free and about 150 MB are needed; nothing was begun" in done.stderr
    assert not (tmp_path / "ws" / "outputs").exists()


def test_a_value_that_breaks_its_column_is_a_refusal_and_a_full_disk_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from xlsxwriter.exceptions import FileCreateError

    from pipeline import export

    workspace = night(tmp_path, [kyoto()])
    before = (workspace.outputs / "agreements").resolve()
    run = runs.open_run(tmp_path, DECEMBER, engine="serial")

    def fails(error: Exception) -> None:
        def write(release: object) -> None:
            raise error

        monkeypatch.setattr(export, "write_formats", write)

    fails(ValueError("evidence.csv: two rows have one key"))
    for publish in (runs.export, runs.publish_checked):
        with pytest.raises(runs.GateError, match="two rows have one key"):
            publish(run)
    for full in (
        sqlite3.OperationalError("database or disk is full"),
        FileCreateError(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
    ):
        fails(full)
        with pytest.raises(OSError, match="no space") as caught:
            runs.publish_checked(run)
        assert caught.value.errno == errno.ENOSPC
    assert (workspace.outputs / "agreements").resolve() == before
    assert [p for p in before.parent.iterdir() if p != before] == []


def test_a_refused_candidate_waits_for_a_look_and_yesterdays_stays(tmp_path: Path) -> None:
    workspace = night(tmp_path, [kyoto()])
    before = (workspace.outputs / "agreements").resolve()

    def refuses(folder: Path) -> Result:
        result = Result()
        result.fail((folder / "agreements.csv").name, "", "", "not good enough", "Mend it.")
        return result

    for day in (1, 2):
        run = runs.open_run(tmp_path, DECEMBER.replace(day=day), engine="serial")
        exported, checked = runs.publish_checked(run, more={"quality": refuses})
        assert (checked.ok, checked.failure_count) == (False, 1)
    assert (workspace.outputs / "agreements").resolve() == before
    assert list(before.parent.iterdir()) == [before]
    refused = workspace.outputs / ".refused" / "agreements"
    assert [p.name for p in refused.iterdir()] == ["20261202T050000Z"]
    assert exported.release == refused / "20261202T050000Z"
    assert (exported.release / "agreements.csv").exists()
    _, checked = runs.publish_checked(run)
    assert checked.ok
    assert (workspace.outputs / "agreements").resolve().name == "20261202T050000Z"


def test_release_and_its_check_by_the_command_line(command: Command, tmp_path: Path) -> None:
    night(tmp_path, [kyoto(), boston()])
    common = ("--workspace", str(tmp_path))
    done = command(*common, "release", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["is_new"]) == ("2026.11.1", True)
    assert told["validate"]["ok"] is True
    again = command(*common, "release")
    assert (again.returncode, "no new release" in again.stdout) == (0, True)
    checked = command(*common, "validate", "--release", "2026.11.1")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "quotes in texts" in checked.stdout
    (latest(Workspace(tmp_path)) / "stray.txt").write_text("x")
    refused = command(*common, "validate", "--release", "2026.11.1")
    assert refused.returncode == 6
    assert "it is not of this release" in refused.stdout
