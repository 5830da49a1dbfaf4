"""A document that changed between two runs: two versions, and every cell still has its sentence."""

import csv
import json
from pathlib import Path

import pytest

from tests.conftest import TEXTS, Command

LATER = "2026-12-24T02:00:00Z"
# The second version drops the sentence with the date and adds one; letters beyond ASCII on purpose.
CHANGED = (
    "Die Stadt schweigt. The City of Leeds signed a twinning agreement with Durban, South Africa. "
    "“Noël – ça va? 東京” was the motto of this year's naïve exchange of teachers."
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.slow
def test_a_changed_document_keeps_both_versions_and_passes_the_audit(
    command: Command, tmp_path: Path
) -> None:
    workspace = ("--workspace", str(tmp_path / "ws"))
    first, second = dict(TEXTS[1]), dict(TEXTS[1]) | {"text": CHANGED}
    for text, now in ((first, "2026-11-24T02:00:00Z"), (second, LATER), (second, LATER)):
        path = tmp_path / "one.jsonl"
        path.write_text(json.dumps(text, ensure_ascii=False) + "\n", "utf-8")
        done = command(*workspace, "--now", now, "ingest", "--documents", str(path))
        assert done.returncode == 0, done.stderr
    assert "1 unchanged" in done.stdout
    done = command(*workspace, "extract")
    assert done.returncode == 0, done.stderr
    outputs = tmp_path / "ws" / "outputs" / "agreements"
    (document,) = rows(outputs / "documents.csv")
    assert document["version_count"] == "2"
    assert document["retrieved_at"] == LATER
    captures = {e["capture_id"] for e in rows(outputs / "evidence.csv")}
    assert document["capture_id"] in captures
    (agreement,) = rows(outputs / "agreements.csv")
    assert {agreement["local_party_name"], agreement["partner_name"]} == {"Leeds", "Durban"}
    assert agreement["document_count"] == "1"
    audit = command(*workspace, "validate", "--json")
    assert audit.returncode == 0, audit.stdout
    assert json.loads(audit.stdout)["ok"] is True
