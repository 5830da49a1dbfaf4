"""A person's correction is replayed on every build, for as long as its words stand."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.build import run_build
from pipeline.builders.corrections import find_once, parse_corrections
from pipeline.config import Config, ConfigError
from pipeline.export import run_export
from pipeline.paths import Workspace
from pipeline.records import Document
from pipeline.validate import run_validate
from tests.conftest import ROOT
from tests.dataset_builders import (
    BOSTON,
    KYOTO,
    YOGYAKARTA,
    archive,
    document,
    fill,
    light_models,
    mention,
)

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
CODES = {
    "instrument": ("mou", "sister_city_agreement"),
    "stage": ("signed", "ended"),
    "follow_up": ("none", "unknown"),
}
TEXT = "Yogyakarta and Kyoto Prefecture signed a pact in 1985. Later papers give 20 July 1985."
MATCH = "Yogyakarta and Boston met in 2001 for a match."
QUOTE = "Later papers give 20 July 1985."


def cell(
    doc: Document, value: str = "1985-07-20", *, field: str = "signed_date", quote: str = QUOTE
) -> str:
    return (
        f"agreements:\n  - agreement: CA-000001\n    field: {field}\n    value: {value}\n"
        f"    doc_id: '{doc.doc_id}'\n    quote: {quote}\n    reason: more exact\n"
    )


def make(root: Path, text: str = TEXT, *, at: str = "01") -> tuple[Workspace, Document, Document]:
    one = document("a", text, retrieved_at=f"2026-11-{at}T00:00:00Z")
    two = document("b", MATCH)
    light_models(root)
    told = [
        mention(one, YOGYAKARTA, KYOTO, date="1985"),
        mention(two, YOGYAKARTA, BOSTON, date="2001"),
    ]
    workspace = fill(root, [one, two], told)
    archive(workspace, [one, two])
    return workspace, one, two


def decide(workspace: Workspace, text: str) -> None:
    workspace.judgements.mkdir(parents=True, exist_ok=True)
    (workspace.judgements / "corrections.yml").write_text(text, "utf-8")


def publish(workspace: Workspace, second: int) -> Path:
    run_build(workspace, Config(), now=NOW)
    return run_export(workspace, Config(), now=NOW.replace(second=second)).release


def rows(release: Path, name: str) -> list[dict[str, str]]:
    with (release / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_corrected_cell_rests_on_the_words_that_the_person_gave(tmp_path: Path) -> None:
    workspace, one, _ = make(tmp_path)
    before = publish(workspace, 1)
    assert rows(before, "agreements")[0]["signed_date"] == "1985"
    decide(workspace, cell(one))
    after = publish(workspace, 2)
    assert rows(after, "agreements")[0]["signed_date"] == "1985-07-20"
    (words,) = [
        e
        for e in rows(after, "evidence")
        if (e["record_id"], e["field"]) == ("CA-000001", "signed_date")
    ]
    assert (words["quote"], words["basis"], words["value"]) == (QUOTE, "reviewer", "1985-07-20")
    assert [
        (r["field"], r["old_value"], r["new_value"], r["reason"]) for r in rows(after, "changes")
    ] == [("signed_date", "1985", "1985-07-20", "reviewer")]
    report = run_validate(workspace, Config())
    assert report.ok, report.as_text()
    decide(workspace, "")  # taken back
    assert rows(publish(workspace, 3), "agreements")[0]["signed_date"] == "1985"


def test_the_label_follows_a_corrected_first_date(tmp_path: Path) -> None:
    workspace, one, _ = make(tmp_path)
    decide(workspace, cell(one, "1984-05", field="first_date"))
    found = rows(publish(workspace, 1), "agreements")[0]
    assert found["label"].endswith("Kyoto Prefecture 1984")


def test_a_correction_is_reopened_when_the_text_under_it_changed(tmp_path: Path) -> None:
    workspace, one, _ = make(tmp_path)
    decide(workspace, cell(one))
    publish(workspace, 1)
    make(tmp_path, TEXT.replace("20 July", "21 July"), at="05")
    release = publish(workspace, 2)
    assert rows(release, "agreements")[0]["signed_date"] == "1985"
    (issue,) = [i for i in rows(release, "issues") if i["field"].startswith("correction")]
    assert "re-opened" in issue["reason"]
    assert issue["field"] == "correction CA-000001 signed_date"


@pytest.mark.parametrize("wrong", ["quote", "agreement", "document"])
def test_a_correction_of_what_is_not_there_is_reported_and_changes_nothing(
    tmp_path: Path, wrong: str
) -> None:
    workspace, one, _ = make(tmp_path)
    text = cell(one)
    text = {
        "quote": text.replace("20 July 1985.", "no such words"),
        "agreement": text.replace("CA-000001", "CA-000999"),
        "document": text.replace(one.doc_id, "0" * 16),
    }[wrong]
    decide(workspace, text)
    release = publish(workspace, 1)
    assert rows(release, "agreements")[0]["signed_date"] == "1985"
    assert [i for i in rows(release, "issues") if "re-opened" in i["reason"]]


def test_words_that_tell_no_agreement_give_none(tmp_path: Path) -> None:
    workspace, _, two = make(tmp_path)
    publish(workspace, 1)
    decide(
        workspace,
        f"not_agreements:\n  - doc_id: '{two.doc_id}'\n    quote: met in 2001 for a match\n"
        "    reason: a match\n",
    )
    release = publish(workspace, 2)
    assert [a["agreement_id"] for a in rows(release, "agreements")] == ["CA-000001"]
    assert {d["doc_id"]: d["is_relevant"] for d in rows(release, "documents")}[
        two.doc_id
    ] == "false"
    (gone,) = [c for c in rows(release, "changes") if c["record_type"] == "agreement"]
    assert (gone["change"], gone["reason"]) == ("removed", "reviewer")
    report = run_validate(workspace, Config())
    assert report.ok, report.as_text()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("agreements:\n  - agreement: CA-1\n", 2, "agreement"),
        ("agreement: []\n", 1, "agreement"),
        ("agreements: [\n", 2, "YAML"),
        ("", 0, ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, line: int, told: str) -> None:
    if not told:
        assert parse_corrections(text, "c.yml", CODES) == ()
        return
    with pytest.raises(ConfigError, match=rf"(?s)c\.yml:{line}.*{told}"):
        parse_corrections(text, "c.yml", CODES)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("signed_date", "July 1985", "no date"),
        ("stage", "married", "codebook has ended, signed"),
        ("instrument", "''", "no instrument"),
        ("partner_name", "Kioto", "cannot be corrected"),
    ],
)
def test_a_value_that_the_column_cannot_have_is_refused(field: str, value: str, told: str) -> None:
    doc = document("a", TEXT)
    with pytest.raises(ConfigError, match=rf"c\.yml:2: .*{told}"):
        parse_corrections(cell(doc, value, field=field), "c.yml", CODES)


def test_two_corrections_of_one_cell_are_refused() -> None:
    doc = document("a", TEXT)
    twice = cell(doc) + cell(doc, "1986").removeprefix("agreements:\n")
    with pytest.raises(ConfigError, match=r"c\.yml:8: .*corrected in c\.yml:2 too"):
        parse_corrections(twice, "c.yml", CODES)


def test_the_page_on_corrections_shows_what_is_accepted() -> None:
    page = (ROOT / "docs" / "how-to" / "correct-a-record.md").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    found = parse_corrections("".join(blocks), "page", CODES)
    assert [(c.agreement_id, c.field) for c in found] == [("CA-000012", "signed_date"), ("", "")]


def test_words_that_stand_twice_are_no_place() -> None:
    assert find_once("ab ab", "ab") is None
    assert find_once("ab", "b") is not None
