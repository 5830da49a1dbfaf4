"""A real SIGKILL at every fault point, then the same command: nothing lost, nothing doubled."""

import hashlib
from pathlib import Path

import pytest

from pipeline.faults import FAULT_POINTS
from tests.conftest import Command

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
