"""What makes a stage run again: a cue, a reader, a setting; never a model card."""

import json
from pathlib import Path

import pytest

from pipeline.engine import code_digest, models_digest
from tests.conftest import Command

STAGES = ("read", "tag", "classify", "relate", "build")


def held(command: Command, checkout: Path, workspace: Path) -> dict[str, bool]:
    """Run extract and tell for each stage whether its shards still held."""
    done = command("--workspace", str(workspace), "extract", "--json", checkout=checkout)
    assert done.returncode == 0, done.stderr
    stages = json.loads(done.stdout)["stages"]
    return {s["stage"]: s["skipped"] == s["shards"] > 0 for s in stages}


@pytest.mark.slow
def test_what_runs_again_after_a_change(
    command: Command, checkout: Path, corpus: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "ws"
    done = command("--workspace", str(workspace), "ingest", "--documents", str(corpus))
    assert done.returncode == 0, done.stderr
    assert not any(held(command, checkout, workspace).values())
    assert all(held(command, checkout, workspace).values())

    for card in (checkout / "models").rglob("README.md"):
        card.write_text(card.read_text("utf-8") + "\nOne more sentence.\n", "utf-8")
    (checkout / "models" / "training").mkdir(exist_ok=True)
    (checkout / "models" / "training" / "new.jsonl").write_text("{}\n")
    assert all(held(command, checkout, workspace).values())

    language = checkout / "models" / "languages" / "en.yml"
    text = language.read_text("utf-8")
    assert "\nterms:\n" in text
    language.write_text(text.replace("\nterms:\n", "\n# a new cue\nterms:\n", 1), "utf-8")
    after_cue = held(command, checkout, workspace)
    assert after_cue == {name: name == "read" for name in STAGES}

    reader = checkout / "pipeline" / "readers" / "charset.py"
    reader.write_text(reader.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert not any(held(command, checkout, workspace).values())

    (workspace / "cityaccords.toml").write_text("[fetch]\nmax_pages = 7\n")
    assert all(held(command, checkout, workspace).values())
    (workspace / "cityaccords.toml").write_text("[read]\npdf_pages = 7\n")
    assert not held(command, checkout, workspace)["read"]


def test_a_code_digest_follows_imports_and_nothing_else(checkout: Path) -> None:
    names = ("pipeline.read", "pipeline.tag")
    before = [code_digest(name, checkout) for name in names]
    (checkout / "pipeline" / "doctor.py").write_text("# no stage imports this\n")
    assert [code_digest(name, checkout) for name in names] == before
    # Digests are kept per process, so a changed file is looked at under another root.
    twin = checkout.with_name("twin")
    checkout.rename(twin)
    path = twin / "pipeline" / "taggers" / "screen.py"
    path.write_text(path.read_text("utf-8") + "\n# changed\n", "utf-8")
    after = [code_digest(name, twin) for name in names]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_models_digest_ignores_cards_and_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "weights.json").write_text("1")
    digest = models_digest(tmp_path, ["a"])
    (tmp_path / "a" / "README.md").write_text("card")
    assert models_digest(tmp_path, ["a"]) == digest
    (tmp_path / "a" / "weights.json").write_text("2")
    assert models_digest(tmp_path, ["a"]) != digest
    with pytest.raises(Exception, match="model missing"):
        models_digest(tmp_path, ["b"])
