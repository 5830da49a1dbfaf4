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
    assert [(c.agreement_id, c.field) for c in found] == [
        ("CA-000012", "signed_date"),
        ("", ""),
        ("CA-000031", ""),
    ]


def test_words_that_stand_twice_are_no_place() -> None:
    assert find_once("ab ab", "ab") is None
    assert find_once("ab", "b") is not None


PAPER = "Yogyakarta and Kyoto Prefecture signed a charter in 1995, the memorandum of 1985 anew."


def twice(root: Path, text: str = PAPER, *, at: str = "01") -> tuple[Workspace, Document]:
    """Two agreements of one pair that only a reader can tell to be one."""
    one = document("a", TEXT)
    two = document("b", text, retrieved_at=f"2026-11-{at}T00:00:00Z")
    light_models(root)
    told = [
        mention(one, YOGYAKARTA, KYOTO, instrument="mou", date="1985"),
        mention(two, YOGYAKARTA, KYOTO, instrument="cooperation_agreement", date="1995"),
        mention(one, YOGYAKARTA, BOSTON, instrument="mou", date="2001"),
    ]
    workspace = fill(root, [one, two], told)
    archive(workspace, [one, two])
    return workspace, two


def same(doc: Document, one: str = "CA-000002", other: str = "CA-000001") -> str:
    return (
        f"same_as:\n  - agreement: {one}\n    same_as: {other}\n    doc_id: '{doc.doc_id}'\n"
        f"    quote: the memorandum of 1985 anew\n    reason: one paper\n"
    )


def ids(release: Path) -> list[str]:
    return [r["agreement_id"] for r in rows(release, "agreements")]


def test_an_agreement_that_is_another_one_is_merged_into_it_on_every_run(tmp_path: Path) -> None:
    workspace, two = twice(tmp_path)
    assert ids(publish(workspace, 1)) == ["CA-000001", "CA-000002", "CA-000003"]
    decide(workspace, same(two))
    after = publish(workspace, 2)
    assert ids(after) == ["CA-000001", "CA-000003"]
    first = rows(after, "agreements")[0]
    assert (first["document_count"], first["first_date"], first["latest_date"]) == (
        "2",
        "1985",
        "1995",
    )
    (stone,) = rows(after, "tombstones")
    assert (stone["agreement_id"], stone["status"], stone["merged_into"], stone["reason"]) == (
        "CA-000002",
        "merged",
        "CA-000001",
        "reviewer",
    )
    assert {r["reason"] for r in rows(after, "changes")} == {"reviewer"}
    assert {m["agreement_id"] for m in rows(after, "mentions")} == {"CA-000001", "CA-000003"}
    report = run_validate(workspace, Config())
    assert report.ok, report.as_text()
    assert ids(publish(workspace, 3)) == ["CA-000001", "CA-000003"]
    decide(workspace, "")  # taken back: the old id stands again
    again = publish(workspace, 4)
    assert ids(again) == ["CA-000001", "CA-000002", "CA-000003"]
    assert rows(again, "tombstones") == []


def test_a_sameness_is_reopened_when_the_text_under_it_changed(tmp_path: Path) -> None:
    workspace, two = twice(tmp_path)
    publish(workspace, 1)
    decide(workspace, same(two))
    assert len(ids(publish(workspace, 2))) == 2
    twice(tmp_path, PAPER.replace("1985 anew", "1985, not again"), at="05")
    after = publish(workspace, 3)
    assert len(ids(after)) == 3
    (issue,) = [i for i in rows(after, "issues") if i["field"].startswith("correction")]
    assert (issue["field"], issue["value"]) == ("correction CA-000002 same_as", "CA-000001")
    assert issue["reason"].startswith("re-opened")


def test_agreements_of_other_parties_are_never_the_same(tmp_path: Path) -> None:
    workspace, two = twice(tmp_path)
    publish(workspace, 1)
    decide(workspace, same(two, "CA-000003"))
    after = publish(workspace, 2)
    assert len(ids(after)) == 3
    (issue,) = [i for i in rows(after, "issues") if i["field"].startswith("correction")]
    assert "parties.yml must say so first" in issue["reason"]


def test_a_corrected_cell_of_a_merged_agreement_is_reopened(tmp_path: Path) -> None:
    workspace, two = twice(tmp_path)
    publish(workspace, 1)
    cells = cell(two, "1996", quote="signed a charter in 1995").replace("CA-000001", "CA-000002")
    decide(workspace, cells + same(two))
    after = publish(workspace, 2)
    (issue,) = [i for i in rows(after, "issues") if i["field"].startswith("correction")]
    assert "was merged into CA-000001" in issue["reason"]


@pytest.mark.parametrize(
    ("pairs", "line"),
    [
        ([("CA-000002", "CA-000001"), ("CA-000001", "CA-000002")], 7),
        ([("CA-000002", "CA-000001"), ("CA-000002", "CA-000003")], 7),
        ([("CA-000002", "CA-000002")], 2),
    ],
)
def test_a_sameness_that_contradicts_itself_is_named_with_its_line(
    pairs: list[tuple[str, str]], line: int
) -> None:
    text = "same_as:\n" + "".join(
        f"  - agreement: {one}\n    same_as: {other}\n    doc_id: '0f3a5c7e9b1d2f46'\n"
        "    quote: anew\n    reason: one paper\n"
        for one, other in pairs
    )
    with pytest.raises(ConfigError, match=f"corrections.yml:{line}: "):
        parse_corrections(text, "corrections.yml", CODES)


def test_of_a_chain_of_samenesses_the_last_one_stands(tmp_path: Path) -> None:
    workspace, two = twice(tmp_path)
    one = document("a", TEXT)
    third = mention(two, YOGYAKARTA, KYOTO, instrument="contract", date="2003")
    told = [
        mention(one, YOGYAKARTA, KYOTO, instrument="mou", date="1985"),
        mention(two, YOGYAKARTA, KYOTO, instrument="cooperation_agreement", date="1995"),
        third,
    ]
    fill(tmp_path, [one, two], told)
    publish(workspace, 1)
    decide(workspace, same(two, "CA-000003", "CA-000002") + same(two).removeprefix("same_as:\n"))
    after = publish(workspace, 2)
    assert ids(after) == ["CA-000001"]
    assert [s["merged_into"] for s in rows(after, "tombstones")] == ["CA-000001"] * 2
