"""The demo: three sites over HTTP into a checked dataset, and nothing fetched twice."""

import csv
import fcntl
import json
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, Command

# Pages that robots.txt forbids, and script text: what they claim must never come out.
FORBIDDEN = ("Nagoya", "Perth", "Savannah")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.slow
def test_the_demo_mines_all_documents_and_a_second_one_fetches_nothing(
    command: Command, tmp_path: Path
) -> None:
    with (Path(tempfile.gettempdir()) / "cityaccords-sample.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # the sample sites have fixed ports
        first = command("--workspace", str(tmp_path), "demo", "--json")
        second = command("--workspace", str(tmp_path), "demo", "--json")
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    gold = (ROOT / "corpus" / "sample" / "gold" / "documents.jsonl").read_text("utf-8")
    urls = {json.loads(line)["url"] for line in gold.splitlines()}
    outputs = tmp_path / "outputs" / "agreements"
    assert {d["url"] for d in rows(outputs / "documents.csv")} == urls
    assert json.loads(first.stdout)["validate"]["ok"] is True
    fetched = json.loads(second.stdout)["ingest"]["sources"]
    assert sum(source["fetched"] for source in fetched) == 0
    assert all(s["skipped"] == s["shards"] for s in json.loads(second.stdout)["stages"])

    agreements = rows(outputs / "agreements.csv")
    assert len(agreements) > 30
    names = {a["partner_name"] for a in agreements} | {a["local_party_name"] for a in agreements}
    assert not [name for name in names if any(word in name for word in FORBIDDEN)]
    assert not [a for a in agreements if "Batam" in a["local_party_name"]]

    relevant = next(d["url"] for d in rows(outputs / "documents.csv") if d["is_relevant"] == "true")
    inspected = command("--workspace", str(tmp_path), "inspect", relevant)
    assert inspected.returncode == 0, inspected.stderr
    assert "|place:" in inspected.stdout
