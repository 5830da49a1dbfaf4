"""Validate: a good dataset passes, and each kind of damage is found where it is."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.build import run_build
from pipeline.config import Config, ConfigError
from pipeline.export import run_export
from pipeline.exporters.tables import TABLES
from pipeline.paths import Workspace
from pipeline.records import Document, Mention
from pipeline.store import write_records
from pipeline.validate import CHECKS, ValidateReport, run_validate
from pipeline.validators.evidence_checks import CODED
from tests.dataset_builders import (
    KYOTO,
    MPF,
    YOGYAKARTA,
    archive,
    document,
    fill,
    light_models,
    mention,
    relevance,
)

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
NAMES = ("files", *(name for name, _ in CHECKS))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published dataset with its archive: two shards, two versions, text beyond ASCII."""
    tmp_path = tmp_path_factory.mktemp("published")
    light_models(tmp_path)
    old = document("one", "Yogyakarta ended its ties with Kyoto Prefecture — « selesai ».")
    old = Document(**{**_fields(old), "retrieved_at": "2026-01-01T00:00:00Z"})
    one = document("one", "Yogyakarta renewed ties with Kyoto Prefecture — 🤝 — on 18 July 2005.")
    two = document("two", "Yogyakarta and Medical Peace Foundation signed an MoU on health.")
    docs = [old, one, two]
    mentions = [
        mention(old, YOGYAKARTA, KYOTO, stage="ended"),
        mention(one, YOGYAKARTA, KYOTO, stage="renewed", date="2005-07-18"),
        mention(two, YOGYAKARTA, MPF, instrument="mou", sectors=["health"], follow_up="concrete"),
    ]
    made = fill(tmp_path, docs, mentions, [relevance(one)], shards=2)
    archive(made, docs)
    run_build(made, Config(), now=NOW)
    run_export(made, Config(), now=NOW)
    return tmp_path


@pytest.fixture
def workspace(published: Path, tmp_path: Path) -> Workspace:
    """A copy of the published dataset, to be damaged."""
    root = tmp_path / "copy"
    shutil.copytree(published, root, symlinks=True)
    return Workspace(root)


def _fields(doc: Document) -> dict[str, object]:
    return {name: getattr(doc, name) for name in Document.__slots__}


def validate(workspace: Workspace) -> ValidateReport:
    return run_validate(workspace, Config(), dataset="agreements")


def edit(workspace: Workspace, name: str, change: Callable[[list[dict[str, str]]], None]) -> None:
    """Change a table and mend its sum, as somebody would who wants to deceive."""
    folder = workspace.outputs / "agreements"
    path = folder / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        rows, header = list(reader), list(reader.fieldnames or [])
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sums = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = [f"{digest}  {path.name}" if s.endswith(f"  {path.name}") else s for s in sums]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n", "utf-8")


def failing(report: ValidateReport) -> set[str]:
    return {name for name, result in report.results.items() if result.count}


def test_a_good_dataset_passes_every_check_and_nothing_is_vacuous(workspace: Workspace) -> None:
    report = validate(workspace)
    assert report.ok, report.as_text()
    assert tuple(report.results) == NAMES
    assert all(result.examined for result in report.results.values())
    assert report.results["captures in archive"].examined == 3
    assert "ok" in report.as_text()
    assert report.as_data()["ok"] is True


def test_every_coded_column_of_the_schema_is_audited() -> None:
    for table in TABLES:
        audited = {c for name, _, columns in CODED.values() if name == table.name for c in columns}
        if audited:
            assert audited == set(table.coded)


def test_a_cell_without_words_fails(workspace: Workspace) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        rows[0]["signed_date"] = "1985"

    edit(workspace, "agreements", change)
    report = validate(workspace)
    assert "evidence of cells" in failing(report)
    failure = report.results["evidence of cells"].failures[0]
    assert (failure.file, failure.row, failure.cell) == (
        "agreements.csv",
        "CA-000001",
        "signed_date",
    )
    assert failure.remedy


def test_a_quote_that_is_not_in_the_text_fails(workspace: Workspace) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        rows[0]["quote"] = rows[0]["quote"].upper()
        rows[1]["start"] = str(int(rows[1]["start"]) + 1)

    edit(workspace, "evidence", change)
    assert validate(workspace).results["quotes in texts"].count == 2


def test_an_altered_archive_fails(workspace: Workspace) -> None:
    path = workspace.shards("archive")[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    report = validate(workspace)
    assert failing(report) == {"captures in archive"}
    assert path.name in report.as_text()


def test_a_missing_archive_fails(workspace: Workspace) -> None:
    for path in workspace.shards("archive"):
        path.unlink()
    assert failing(validate(workspace)) == {"captures in archive"}


def test_a_changed_file_fails_before_anything_else(workspace: Workspace) -> None:
    path = workspace.outputs / "agreements" / "places.csv"
    path.write_text(path.read_text("utf-8") + "x\n", "utf-8")
    report = validate(workspace)
    assert tuple(report.results) == ("files",)
    assert report.failures[0].file == "places.csv"
    (workspace.outputs / "agreements" / "codings.csv").unlink()
    (workspace.outputs / "agreements" / "stray.txt").write_text("x", "utf-8")
    assert {f.file for f in validate(workspace).failures} == {
        "places.csv",
        "codings.csv",
        "stray.txt",
    }


@pytest.mark.parametrize(
    ("table", "column", "value", "check"),
    [
        ("agreements", "stage", "married", "cells"),
        ("agreements", "score", "0.9", "cells"),
        ("agreements", "agreement_id", "CA-1", "cells"),
        ("agreements", "agreement_id", "CA-000009", "registry"),
        ("agreements", "partner_id", "gn:404", "links"),
        ("agreements", "document_count", "9", "counts"),
        ("agreements", "sectors", "tourism", "long tables"),
        ("mentions", "mention_id", "", "cells"),
        ("mentions", "doc_id", "0" * 16, "links"),
        ("documents", "is_relevant", "false", "counts"),
        ("documents", "language", "", "cells"),
        ("coverage", "documents", "77", "counts"),
        ("partners", "name", " ".join(["long"] * 61), "lengths"),
    ],
)
def test_each_kind_of_damage_is_found(
    workspace: Workspace, table: str, column: str, value: str, check: str
) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        rows[0][column] = value

    edit(workspace, table, change)
    assert check in failing(validate(workspace))


def test_a_doubled_key_and_a_wrong_order_are_found(workspace: Workspace) -> None:
    edit(workspace, "agreements", lambda rows: rows.append(rows[0]))
    report = validate(workspace)
    assert report.results["keys"].count == 2
    assert "data package" in failing(report)


def test_a_stage_that_loses_a_document_is_found(workspace: Workspace) -> None:
    path = workspace.shards("mentions")[0]
    write_records(path, Mention, [], counts={"seen": 5, "forwarded": 3, "rejected": 1})
    assert failing(validate(workspace)) == {"stages"}


def test_without_a_dataset_the_message_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cityaccords export"):
        run_validate(Workspace(tmp_path), Config())


def test_a_release_is_checked_before_it_is_published(workspace: Workspace) -> None:
    waiting = run_export(workspace, Config(), now=NOW, publish=False)
    assert run_validate(workspace, Config(), release=waiting.release).ok


def test_an_empty_dataset_is_valid(tmp_path: Path) -> None:
    light_models(tmp_path)
    workspace = Workspace(tmp_path)
    run_export(workspace, Config(), now=NOW)
    assert run_validate(workspace, Config()).ok
