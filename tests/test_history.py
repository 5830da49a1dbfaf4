"""What a release says of the one before it: changes with reasons, and ids that went."""

import csv
import hashlib
import itertools
import random
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.build import run_build
from pipeline.config import Config
from pipeline.export import run_export
from pipeline.exporters import history
from pipeline.exporters.changes import Basis, Why, changes_md, compare
from pipeline.paths import Workspace
from pipeline.records import Document, Mention
from pipeline.takedowns import Takedown, add_takedowns
from tests.dataset_builders import BOSTON, KYOTO, YOGYAKARTA, document, fill, light_models, mention

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
TICK = itertools.count(1)
FIRST = "Yogyakarta and Kyoto Prefecture signed a sister province agreement in 1985."
SECOND = "Yogyakarta and Boston signed a sister city agreement in 2001."
Told = Sequence[tuple[Document, Sequence[Mention]]]


def kyoto(
    text: str = FIRST, *, date: str = "1985", name: str = "a", at: str = "01"
) -> tuple[Document, list[Mention]]:
    doc = document(name, text, retrieved_at=f"2026-11-{at}T00:00:00Z", kind="government")
    return doc, [mention(doc, YOGYAKARTA, KYOTO, date=date)]


def boston() -> tuple[Document, list[Mention]]:
    doc = document("b", SECOND)
    return doc, [mention(doc, YOGYAKARTA, BOSTON, date="2001")]


def night(root: Path, told: Told) -> Path:
    """Replace the corpus by what is told, build, export and publish; returns the release."""
    shutil.rmtree(root / "corpus" / "documents", ignore_errors=True)
    shutil.rmtree(root / "corpus" / "mentions", ignore_errors=True)
    shutil.rmtree(root / "corpus" / "codings", ignore_errors=True)
    if not (root / "models").exists():
        light_models(root)
    workspace = fill(root, [d for d, _ in told], [m for _, given in told for m in given])
    run_build(workspace, Config(), now=NOW)
    moment = NOW.replace(second=next(TICK) % 60)
    return run_export(workspace, Config(), now=moment).release


def rows(release: Path, name: str = "changes") -> list[dict[str, str]]:
    with (release / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def told(release: Path, record_type: str = "agreement") -> list[tuple[str, str, str, str]]:
    return [
        (r["record_id"], r["change"], r["field"], r["reason"])
        for r in rows(release)
        if r["record_type"] == record_type
    ]


def digests(release: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in release.iterdir()}


def test_a_first_release_has_no_changes_and_no_tombstones(tmp_path: Path) -> None:
    release = night(tmp_path, [kyoto(), boston()])
    assert rows(release) == rows(release, "tombstones") == []
    assert "first release" in (release / "CHANGES.md").read_text("utf-8")


def test_the_same_inputs_give_the_same_bytes_also_after_a_change(tmp_path: Path) -> None:
    night(tmp_path, [kyoto()])
    second = night(tmp_path, [kyoto(), boston()])
    assert told(second) == [("CA-000002", "added", "", "source")]
    third = night(tmp_path, [kyoto(), boston()])
    assert second != third
    assert digests(second) == digests(third)


def test_a_new_text_changes_fields_and_names_the_source(tmp_path: Path) -> None:
    night(tmp_path, [kyoto(), boston()])
    changed = FIRST.replace("1985", "1986")
    release = night(tmp_path, [kyoto(changed, date="1986", at="02"), boston()])
    found = {
        (r["field"], r["old_value"], r["new_value"], r["reason"])
        for r in rows(release)
        if r["record_type"] == "agreement"
    }
    assert ("signed_date", "1985", "1986", "source") in found
    assert {r["agreement_id"] for r in rows(release)} == {"CA-000001"}


def test_another_reading_of_the_same_text_names_what_else_is_new(tmp_path: Path) -> None:
    night(tmp_path, [kyoto(), boston()])
    path = tmp_path / "models" / "codebook.yml"
    path.write_text(path.read_text("utf-8") + "# a word more\n", "utf-8")
    release = night(tmp_path, [kyoto(date="1985-07"), boston()])
    assert ("CA-000001", "changed", "signed_date", "vocabulary") in told(release)


def test_thresholds_are_a_part_of_the_models(tmp_path: Path) -> None:
    night(tmp_path, [kyoto(), boston()])
    (tmp_path / "models" / "thresholds.yml").write_text("candidate: 0.3\nvetted: 0.95\n", "utf-8")
    release = night(tmp_path, [kyoto(), boston()])
    assert set(told(release)) == {("CA-000001", "changed", "tier", "model")}


def test_a_decision_of_a_person_is_named_as_a_reviewer(tmp_path: Path) -> None:
    night(tmp_path, [kyoto(), boston()])
    judgements = tmp_path / "corpus" / "judgements"
    judgements.joinpath("parties.yml").write_text("undecided: []\n", "utf-8")
    release = night(tmp_path, [kyoto(date="1985-07"), boston()])
    assert ("CA-000001", "changed", "signed_date", "reviewer") in told(release)


def test_a_vanished_document_leaves_a_tombstone_whose_id_is_never_given_again(
    tmp_path: Path,
) -> None:
    night(tmp_path, [kyoto(), boston()])
    release = night(tmp_path, [boston()])
    assert told(release) == [("CA-000001", "removed", "", "source")]
    (stone,) = rows(release, "tombstones")
    assert stone["agreement_id"] == "CA-000001"
    assert (stone["status"], stone["merged_into"], stone["reason"]) == ("withdrawn", "", "source")
    doc = document(
        "c",
        "Boston and Kyoto Prefecture signed a letter of intent in 2011.",
        retrieved_at="2026-11-20T00:00:00Z",
    )
    later = night(tmp_path, [boston(), (doc, [mention(doc, BOSTON, KYOTO, date="2011")])])
    assert {r["agreement_id"] for r in rows(later, "agreements")} == {"CA-000002", "CA-000003"}
    assert rows(later, "tombstones") == [stone]  # its day and its reason stay
    back = night(tmp_path, [kyoto(), boston()])
    assert {r["agreement_id"] for r in rows(back, "agreements")} == {"CA-000001", "CA-000002"}
    assert [s["agreement_id"] for s in rows(back, "tombstones")] == ["CA-000003"]


def test_an_agreement_that_is_part_of_another_one_now_names_it(tmp_path: Path) -> None:
    one = document("a", FIRST)
    two = document("b", "Yogyakarta signed a sister province agreement with Kioto in 1985.")
    kioto = type(KYOTO)(name="Kioto", kind="province", country="JP")
    apart = [
        (one, [mention(one, YOGYAKARTA, KYOTO, date="1985")]),
        (two, [mention(two, YOGYAKARTA, kioto, date="1985")]),
    ]
    night(tmp_path, apart)
    judgements = tmp_path / "corpus" / "judgements"
    judgements.joinpath("parties.yml").write_text(
        'same:\n  - parties: ["gn:1857907", "Kioto | province | JP"]\n    reason: a spelling\n',
        "utf-8",
    )
    release = night(tmp_path, apart)
    (stone,) = rows(release, "tombstones")
    assert (stone["agreement_id"], stone["status"], stone["merged_into"]) == (
        "CA-000002",
        "merged",
        "CA-000001",
    )
    assert stone["reason"] == "reviewer"


def test_what_was_taken_down_shows_no_old_value(tmp_path: Path) -> None:
    night(tmp_path, [kyoto(), boston()])
    doc, _ = kyoto()
    add_takedowns(
        Workspace(tmp_path), [Takedown(doc_id=doc.doc_id, url=doc.url, date="2026-11-24")]
    )
    release = night(tmp_path, [boston()])
    (gone,) = [r for r in rows(release) if r["record_type"] == "agreement"]
    assert (gone["change"], gone["old_value"], gone["reason"]) == ("removed", "", "taken_down")
    assert rows(release, "tombstones")[0]["reason"] == "taken_down"


def test_a_broken_manifest_counts_as_no_last_release(tmp_path: Path) -> None:
    release = night(tmp_path, [kyoto()])
    for text in ("", "[]", '{"format": 1}', '{"format": 99}', "null"):
        assert history.read_manifest(text) is None
    kept = history.read_manifest((release / "manifest.json").read_text("utf-8"))
    assert kept is not None
    assert history.read_manifest(kept.encoded().decode()) == kept


@pytest.mark.parametrize("seed", range(20))
def test_comparing_two_sorted_tables_finds_exactly_what_differs(seed: int) -> None:
    draw = random.Random(seed)
    old = {f"CA-{n:06d}": draw.choice("abc") for n in draw.sample(range(30), 15)}
    new = {f"CA-{n:06d}": draw.choice("abc") for n in draw.sample(range(30), 15)}

    def table(values: dict[str, str]) -> list[dict[str, str]]:
        return [{"agreement_id": k, "stage": v} for k, v in sorted(values.items())]

    why = Why(Basis(), Basis())
    columns = ("agreement_id", "stage", "new_column")
    found = compare("agreement", "agreement_id", columns, table(old), table(new), why)
    want = dict.fromkeys(new.keys() - old.keys(), "added")
    want |= dict.fromkeys(old.keys() - new.keys(), "removed")
    want |= {k: "changed" for k in old.keys() & new.keys() if old[k] != new[k]}
    listed = list(found)
    assert {r[1]: r[3] for r in listed} == want
    assert [r[1] for r in listed] == sorted(want)
    assert b"| agreement |" in changes_md(listed, is_first=False)
