"""A release is refused when the program that made it is worse than its floors allow."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.commands import _quality
from pipeline.commands._quality import measure, quality_gate
from pipeline.exporters.quality import (
    RECORD,
    Record,
    program_digest,
    read_record,
    record_of,
)
from pipeline.paths import CHECKOUT, Workspace
from pipeline.runs import Run, open_run
from pipeline.validators.floors import (
    FILE,
    Floors,
    Measured,
    check_floors,
    keep_figures,
    recall_figures,
)
from tests.conftest import TEXTS, Command

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
FLOORS = Floors("gold", {"pair.p": 0.8, "read.kept": 1.0})


def problems(floors: Floors, measured: Measured) -> list[tuple[str, str]]:
    return [(f.cell, f.problem) for f in check_floors(floors, measured).failures]


def test_a_figure_at_its_floor_passes_and_one_below_it_is_named_with_both_values() -> None:
    assert problems(FLOORS, Measured("gold", {"pair.p": 0.8, "read.kept": 1.0})) == []
    found = problems(FLOORS, Measured("gold", {"pair.p": 0.7999, "read.kept": 1.0}))
    assert found == [("pair.p", "0.7999; its floor is 0.8")]
    assert check_floors(FLOORS, Measured("gold", {"pair.p": 0.8, "read.kept": 1.0})).examined == 2


def test_a_figure_that_is_no_longer_measured_does_not_pass() -> None:
    for figures in ({"pair.p": 0.9}, {"pair.p": 0.9, "read.kept": None}):
        (found,) = problems(FLOORS, Measured("gold", figures))
        assert found[0] == "read.kept" and "no longer measured" in found[1]


def test_floors_of_another_version_of_the_gold_set_say_nothing() -> None:
    ((_, told),) = problems(FLOORS, Measured("other", {"pair.p": 0.9, "read.kept": 1.0}))
    assert "another version of the gold set" in told


def test_figures_are_remembered_by_program_and_only_the_last_few(tmp_path: Path) -> None:
    path = tmp_path / "build" / FILE
    for number in range(20):
        keep_figures(path, f"program-{number}", Measured("gold", {"pair.p": number / 20}))
    keep_figures(path, "program-19", Measured("gold", {"pair.p": 0.5, "odd": None}))
    assert recall_figures(path, "program-19") == Measured("gold", {"pair.p": 0.5, "odd": None})
    assert recall_figures(path, "program-12") == Measured("gold", {"pair.p": 0.6})
    assert recall_figures(path, "program-11") is None
    assert len(json.loads(path.read_text("utf-8"))) == 8


@pytest.mark.parametrize("text", ["", "[]", "{", '{"p": 1}', '{"p": {"figures": {"a": "x"}}}'])
def test_a_broken_memory_is_measured_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / FILE
    path.write_text(text, "utf-8")
    assert recall_figures(path, "p") is None
    keep_figures(path, "q", Measured("gold", {}))
    assert recall_figures(path, "q") == Measured("gold", {})


def test_a_record_comes_back_as_it_was_written_and_a_broken_one_is_none(tmp_path: Path) -> None:
    record = Record("program", {"sample": "gold"}, {"sample": {"pair.p": 0.8}})
    path = tmp_path / RECORD
    path.write_bytes(record.encoded())
    assert read_record(path) == record
    for text in ("", "[]", '{"format": 2, "program": "p", "gold": {}}', '{"format": 1}'):
        path.write_text(text, "utf-8")
        assert read_record(path) is None
    assert read_record(tmp_path / "missing") is None


def test_the_record_of_the_models_has_their_floors(tmp_path: Path) -> None:
    held = json.loads((CHECKOUT / "models" / "floors.json").read_text("utf-8"))
    record = record_of(CHECKOUT / "models")
    assert record.floors == {name: entry["floors"] for name, entry in held.items()}
    assert record.sets["sample"] == held["sample"]["fingerprint"]
    (tmp_path / "floors.json").write_text("{", "utf-8")
    assert record_of(tmp_path).floors == {}


def test_the_program_is_another_one_when_a_model_changes_and_not_for_a_card_or_a_floor(
    tmp_path: Path,
) -> None:
    (tmp_path / "relator").mkdir()
    (tmp_path / "relator" / "weights.json").write_text("1", "utf-8")
    before = program_digest(tmp_path)
    for name in ("README.md", "floors.json", "curve.svg"):
        (tmp_path / name).write_text("x", "utf-8")
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "labels.jsonl").write_text("x", "utf-8")
    assert program_digest(tmp_path) == before
    (tmp_path / "relator" / "weights.json").write_text("2", "utf-8")
    assert program_digest(tmp_path) != before


def release_of(root: Path, record: Record) -> Path:
    folder = root / "release"
    folder.mkdir(exist_ok=True)
    (folder / RECORD).write_bytes(record.encoded())
    return folder


def run_in(root: Path) -> Run:
    return replace(open_run(root, NOW), engine="serial")


def test_a_program_is_measured_once_and_a_release_of_an_unknown_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, calls = run_in(tmp_path), list[Run]()

    def counted(given: Run) -> Measured:
        calls.append(given)
        return Measured("gold", {"pair.p": 0.7})

    monkeypatch.setattr(_quality, "measure", counted)
    program = program_digest(run.workspace.models)
    record = Record(program, {"sample": "gold"}, {"sample": {"pair.p": 0.8}})
    gate = quality_gate(run)
    for _ in range(3):
        result = gate(release_of(tmp_path, record))
        assert [f.problem for f in result.failures] == ["0.7; its floor is 0.8"]
    assert len(calls) == 1
    lower = Record(program, {"sample": "gold"}, {"sample": {"pair.p": 0.7}})
    assert gate(release_of(tmp_path, lower)).count == 0
    unknown = Record("another", {"sample": "gold"}, {"sample": {"pair.p": 0.1}})
    assert "never measured" in gate(release_of(tmp_path, unknown)).failures[0].problem
    assert len(calls) == 1


def test_models_without_floors_are_not_measured_and_no_record_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(_quality, "measure")
    gate = quality_gate(run_in(tmp_path))
    assert gate(release_of(tmp_path, Record("program"))).count == 0
    (tmp_path / "release" / RECORD).unlink()
    assert gate(tmp_path / "release").count == 1


@pytest.mark.slow
def test_damaged_models_fall_below_the_floors_and_mended_ones_pass_again(tmp_path: Path) -> None:
    """Nothing is played here: the sample is mined twice, without a network."""
    shutil.copytree(
        CHECKOUT / "models", tmp_path / "models", ignore=shutil.ignore_patterns("training")
    )
    run, floors = run_in(tmp_path), tmp_path / "models" / "floors.json"
    sound = measure(run)
    held = {k: int(v * 100) / 100 for k, v in sound.figures.items() if v is not None}
    assert held["pair.p"] > 0.5 and held["read.kept"] > 0.9
    gold = {"sample": {"fingerprint": sound.fingerprint, "floors": held}}
    floors.write_text(json.dumps(gold), "utf-8")

    known = Workspace(tmp_path).build / FILE
    models = run.workspace.models
    keep_figures(known, program_digest(models), sound)
    assert quality_gate(run)(release_of(tmp_path, record_of(models))).count == 0

    thresholds = models / "thresholds.yml"
    whole = thresholds.read_text("utf-8")
    raised = [
        "candidate: 0.97" if line.startswith("candidate:") else line for line in whole.splitlines()
    ]
    thresholds.write_text("\n".join(raised) + "\n", "utf-8")
    result = quality_gate(run)(release_of(tmp_path, record_of(models)))
    assert "pair.f1" in {f.cell for f in result.failures}

    thresholds.write_text(whole, "utf-8")
    assert quality_gate(run)(release_of(tmp_path, record_of(models))).count == 0


@pytest.mark.slow
def test_a_night_with_damaged_models_ends_with_code_6_and_yesterdays_stays(
    tmp_path: Path, command: Command
) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps(row) + "\n" for row in TEXTS), "utf-8")
    here = ("--workspace", str(tmp_path), "--engine", "serial")
    assert command(*here, "ingest", "--documents", str(texts)).returncode == 0
    models = tmp_path / "models"
    shutil.copytree(CHECKOUT / "models", models, ignore=shutil.ignore_patterns("training"))
    held = json.loads((models / "floors.json").read_text("utf-8"))
    low = {"pair.p": 0.1, "pair.f1": 0.1}  # far below: another test holds the true ones
    held["sample"]["floors"] = low
    (models / "floors.json").write_text(json.dumps(held), "utf-8")
    done = command(*here, "refresh")
    assert done.returncode == 0, done.stderr
    assert re.search(r"quality floors +2 examined  ok", done.stdout)
    published = (tmp_path / "outputs" / "agreements").resolve()
    assert json.loads((published / RECORD).read_text("utf-8"))["gold"]["sample"]["floors"] == low

    thresholds = models / "thresholds.yml"
    whole = thresholds.read_text("utf-8")
    thresholds.write_text(re.sub(r"(?m)^candidate: .*", "candidate: 0.999", whole), "utf-8")
    done = command(*here, "refresh")
    assert done.returncode == 6
    assert "pair.f1" in done.stdout and "its floor is 0.1" in done.stdout
    assert (tmp_path / "outputs" / "agreements").resolve() == published
    assert command(*here, "validate").returncode == 0  # measured before: it is remembered
