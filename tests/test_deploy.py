"""The deployment files call commands that exist and stay within the folders that they name."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from pipeline.commands import COMMANDS

DEPLOY = Path(__file__).resolve().parents[1] / "docs/how-to/deploy"
CALL = re.compile(r"bin/cityaccords (?:--workspace \S+ )?([a-z]+)")


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text("utf-8"))
    return parser


def test_service_and_cron_line_call_commands_that_exist() -> None:
    names = {name for name, _ in COMMANDS}
    for file in ("cityaccords.service", "crontab"):
        called = CALL.findall((DEPLOY / file).read_text("utf-8"))
        assert called, file
        assert set(called) <= names, file


def test_the_service_may_write_where_a_run_writes_and_the_timer_makes_up_for_lost_nights() -> None:
    service = unit("cityaccords.service")["Service"]
    home = service["WorkingDirectory"]
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"].split() == [f"{home}/corpus", f"{home}/outputs"]
    assert unit("cityaccords.timer")["Timer"]["Persistent"] == "true"


def test_the_cron_line_has_five_fields_and_a_log() -> None:
    lines = (DEPLOY / "crontab").read_text("utf-8").splitlines()
    (line,) = [x for x in lines if not x.startswith("#")]
    assert re.match(r"\d+ \d+ \* \* \* cd /\S+ && ", line)
    assert line.endswith(">> refresh.log 2>&1")
