"""The command line: options anywhere, exit codes, help with an example, a fast start."""

import errno
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.__main__ import CONFIGURATION, DISK, LOCKED, USAGE, exit_code_of, hoist, main
from pipeline.commands import COMMANDS
from pipeline.config import ConfigError
from pipeline.lock import LockedError

HEAVY = ("spacy", "sklearn", "pyarrow", "trafilatura", "sqlalchemy", "pandas", "networkx", "duckdb")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_global_options_may_stand_after_the_command() -> None:
    assert hoist(["extract", "--workers", "2", "--json", "--workspace=demo"]) == [
        "--workers",
        "2",
        "--workspace=demo",
        "extract",
        "--json",
    ]
    assert hoist(["inspect", "--", "--now"]) == ["inspect", "--", "--now"]


@given(st.lists(st.sampled_from(["--workspace", "x", "extract", "--json", "--now=1", "--"])))
def test_hoisting_loses_no_argument_and_is_idempotent(arguments: list[str]) -> None:
    assert sorted(hoist(arguments)) == sorted(arguments)
    assert hoist(hoist(arguments)) == hoist(arguments)


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([name, "--help"])
    assert exit_info.value.code == 0
    assert "Example:" in capsys.readouterr().out


def test_help_loads_no_heavy_library() -> None:
    probe = f"import sys, pipeline.commands; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"


def test_errors_have_their_documented_exit_codes() -> None:
    assert exit_code_of(ConfigError("x")) == CONFIGURATION
    assert exit_code_of(LockedError("x")) == LOCKED
    assert exit_code_of(OSError(errno.ENOSPC, "full", "file")) == DISK
    assert exit_code_of(OSError(errno.EACCES, "no")) is None
    assert exit_code_of(ZeroDivisionError()) is None


def test_a_wrong_option_is_a_usage_error() -> None:
    done = run("extract", "--engine", "steam")
    assert done.returncode == USAGE
    assert "'steam' is not an engine" in done.stderr


def test_an_unknown_configuration_key_names_the_key_and_exits_4(tmp_path) -> None:
    (tmp_path / "cityaccords.toml").write_text('[fetch]\ncontakt = "me@example.org"\n')
    done = run("--workspace", str(tmp_path), "extract")
    assert done.returncode == CONFIGURATION
    assert "fetch.contakt" in done.stderr
    assert "Traceback" not in done.stderr
