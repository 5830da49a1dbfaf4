"""Our figures are those of the gold sets' own scorer; floors only rise; the paper comes out."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.evaluate import Floors, run_evaluate
from pipeline.gold import SHARED, exported
from pipeline.goldset import GoldSet, load_gold
from pipeline.runs import Run, open_run
from pipeline.validators.gold_names import SameNames
from tests.conftest import ROOT, Command

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"{SHARED} is not on this machine: the gold sets lie beside it"
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return open_run(tmp_path, datetime(2026, 11, 24, tzinfo=UTC), engine="serial")


@needs_shared
@pytest.mark.shared
@pytest.mark.slow
def test_our_figures_are_those_of_the_gold_sets_own_scorer(run: Run) -> None:
    gold = load_gold(SHARED / "dev")
    with exported(run, gold) as (workspace, outputs):
        ours = run_evaluate(gold, outputs, workspace)
        command = [sys.executable, str(SHARED / "score.py"), str(gold.path), str(outputs), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert _alike(json.loads(json.dumps(ours)), json.loads(done.stdout))


def _alike(ours: object, theirs: object) -> bool:
    """Compare figures; the scorer adds in the order of a set, so that the last digit may differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(_alike(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float):
        return abs(ours - theirs) < 1.5e-4
    return ours == theirs


@needs_shared
@pytest.mark.shared
@pytest.mark.slow
def test_the_framework_papers_own_table_comes_out_of_its_text(
    command: Command, tmp_path: Path
) -> None:
    paper = SHARED.parent / "seed" / "framework-paper.md"
    workspace = ("--workspace", str(tmp_path))
    assert command(*workspace, "ingest", "--files", str(paper)).returncode == 0
    done = command(*workspace, "extract")
    assert done.returncode == 0, done.stderr
    assert command(*workspace, "validate").returncode == 0
    check = [sys.executable, str(SHARED / "seed" / "check.py")]
    found = subprocess.run(
        [*check, str(tmp_path / "outputs" / "agreements")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert found.returncode == 0, found.stdout


def test_no_rule_names_the_papers_cities_or_partners() -> None:
    names = ("Suruga", "Miyagawa", "Karlsruhe", "Medical Peace", "Chiang Mai", "Jogjakarta with")
    files = [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "models" / "languages").glob("*.yml")]
    files += [*(ROOT / "models" / "registers").glob("*.yml"), ROOT / "models" / "codebook.yml"]
    files.remove(
        ROOT / "models" / "registers" / "academia_world.yml"
    )  # 744 names, theirs among them
    for path in files:
        text = path.read_text("utf-8")
        for name in names:
            assert name not in text, f"{path}: {name}"


def gold_of(fingerprint: str) -> GoldSet:
    return GoldSet(Path(), (), (), (), (), fingerprint)


def test_floors_rise_and_never_sink() -> None:
    result = {"pair": {"f1": 0.619, "p": 0.7}, "record": {"f1": 0.4}}
    floors = Floors().raised("x", gold_of("a"), result)
    assert floors.sets["x"]["floors"] == {"pair.f1": 0.61, "pair.p": 0.7, "record.f1": 0.4}
    lower = {"pair": {"f1": 0.5, "p": 0.8}, "record": {"f1": 0.4}}
    assert floors.failures("x", gold_of("a"), lower) == ["x: pair.f1 is 0.5, its floor 0.61"]
    again = floors.raised("x", gold_of("a"), lower)
    assert again.sets["x"]["floors"] == {"pair.f1": 0.61, "pair.p": 0.8, "record.f1": 0.4}
    assert "gold set changed" in floors.failures("x", gold_of("b"), result)[0]
    assert floors.failures("unknown", gold_of("a"), lower) == []


@pytest.mark.parametrize(
    ("gold", "found", "same"),
    [
        ("Kyoto Prefecture", "Prefektur Kyoto", True),
        ("Kyoto Prefecture", "Kyoto", True),
        ("West Java", "Jawa Barat", True),
        ("Bandung", "Bandung Barat", False),
        ("University of Boras", "Universitas Borås", False),
        ("Gyeongsangbuk-do", "Geongsangbuk-Do", True),
        ("Malang", "Magelang", False),
        ("Łódź", "Lodz", True),
    ],
)
def test_names_match_as_the_scorer_says(gold: str, found: str, same: bool) -> None:
    names = SameNames.from_rows([["Jawa Barat", "West Java", "Jabar"]])
    assert (names.similarity([gold], found) > 0) == same


def test_a_gold_folder_that_is_none_is_named(command: Command, tmp_path: Path) -> None:
    done = command("evaluate", str(tmp_path))
    assert done.returncode == 4
    assert "agreements.jsonl" in done.stderr
