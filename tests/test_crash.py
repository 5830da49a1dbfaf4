"""A real SIGKILL at every fault point, then the same command: nothing lost, nothing doubled."""

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from pipeline.faults import FAULT_POINTS
from tests.conftest import Command
from tests.torture import checks, kills
from tests.torture.plan import Plan
from tests.torture.site import ingest, prepare, served

KILLED = -9


def mine(command: Command, workspace: Path, corpus: Path, fault: str = "") -> list[int]:
    """Import and extract in one process; returns the exit codes."""
    env = {"CITYACCORDS_FAULT": fault} if fault else {}
    common = ("--workspace", str(workspace), "--engine", "serial")
    first = command(*common, "ingest", "--documents", str(corpus), env=env)
    if first.returncode:
        return [first.returncode]
    return [0, command(*common, "extract", env=env).returncode]


def digests(workspace: Path) -> dict[str, str]:
    """Return the SHA-256 of every published file."""
    folder = workspace / "outputs" / "agreements"
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


@pytest.fixture
def undisturbed(command: Command, corpus: Path, tmp_path: Path) -> dict[str, str]:
    assert mine(command, tmp_path / "undisturbed", corpus) == [0, 0]
    return digests(tmp_path / "undisturbed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "hit"),
    [(p, 1) for p in FAULT_POINTS] + [("ingest.record_written", 3), ("store.after_rename", 9)],
)
def test_a_killed_run_resumes_to_the_same_bytes(
    command: Command,
    corpus: Path,
    tmp_path: Path,
    undisturbed: dict[str, str],
    point: str,
    hit: int,
) -> None:
    workspace = tmp_path / "killed"
    codes = mine(command, workspace, corpus, f"{point}:{hit}")
    assert codes[-1] == KILLED, "the fault point was not passed"
    assert mine(command, workspace, corpus) == [0, 0]
    assert digests(workspace) == undisturbed
    assert list(workspace.rglob("*.open")) == []
    validated = command("--workspace", str(workspace), "validate")
    assert validated.returncode == 0, validated.stdout + validated.stderr


@pytest.mark.slow
def test_two_workers_give_the_bytes_of_one(
    command: Command, corpus: Path, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    workspace = tmp_path / "two"
    workspace.mkdir()
    (workspace / "cityaccords.toml").write_text("[fetch]\nshard_captures = 1\n")
    assert (
        command("--workspace", str(workspace), "ingest", "--documents", str(corpus)).returncode == 0
    )
    done = command("--workspace", str(workspace), "--workers", "2", "extract")
    assert done.returncode == 0, done.stderr
    assert digests(workspace) == undisturbed


@pytest.mark.slow
def test_a_fetching_run_that_is_killed_again_and_again_loses_and_doubles_nothing() -> None:
    found = kills.run(12, 7)
    assert found.problems == []
    assert (found.lost, found.doubled) == (0, 0)
    assert found.kills.total() >= 12


def _without_last_row(workspace: Path) -> None:
    _execute(workspace, "DELETE FROM captures WHERE rowid = (SELECT max(rowid) FROM captures)")


def _other_place(workspace: Path) -> None:
    _execute(workspace, "UPDATE captures SET warc_offset = 0 WHERE role = 'document'")


def _other_payload(workspace: Path) -> None:
    _execute(workspace, "UPDATE documents SET payload_sha256 = 'x' WHERE state = 'fetched'")


def _execute(workspace: Path, statement: str) -> None:
    with sqlite3.connect(workspace / "corpus" / "catalog.sqlite") as db:
        db.execute(statement)
    db.close()


def _twice(workspace: Path) -> None:
    path = next((workspace / "corpus" / "archive").glob("*.warc.gz"))
    path.with_name(f"again-{path.name}").write_bytes(path.read_bytes())


@pytest.mark.slow
def test_the_balance_after_kills_finds_each_kind_of_damage(tmp_path: Path) -> None:
    damages: tuple[Callable[[Path], None], ...] = (
        _without_last_row,
        _other_place,
        _other_payload,
        _twice,
    )
    with served(Plan("plain", 1, 3)) as site:
        whole = prepare(tmp_path / "whole", site)
        assert ingest(whole, site).code == 0
    assert checks.consistency(whole) == []
    assert checks.compare(whole, whole) == (0, 0, [])
    for damage in damages:
        hurt = tmp_path / damage.__name__
        copytree(whole, hurt)
        damage(hurt)
        assert checks.consistency(hurt) != [], damage.__name__
    doubled = checks.compare(tmp_path / "_twice", whole)
    assert doubled[1] > 0
    assert checks.compare(whole, tmp_path / "_twice")[0] == doubled[1]
