"""Export: the contract's files, the same bytes for the same inputs, published in one step."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.build import run_build
from pipeline.codebook import Codebook
from pipeline.config import Config, ConfigError
from pipeline.export import KEPT_RELEASES, publish_release, run_export
from pipeline.export_inputs import UnfinishedBuildError
from pipeline.exporters import csvtext
from pipeline.exporters.formats import FORMATS
from pipeline.exporters.tables import ON_DEMAND, TABLES, table
from pipeline.paths import CHECKOUT, Workspace
from pipeline.records import Annotation, Coding, Document, Mention, Party, Span
from pipeline.schema import Table
from pipeline.store import write_records
from tests.dataset_builders import (
    BOSTON,
    KYOTO,
    MPF,
    YOGYAKARTA,
    document,
    fill,
    light_models,
    mention,
    relevance,
)

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
# The columns of the output contract, at least and in this order (DESIGN, section 5).
CONTRACT = {
    "documents": "doc_id, external_id, url, source_id, source_kind, title, published, retrieved_at, language, is_relevant, relevance_score, outputs_realised, word_count, duplicate_of, version_count, capture_id",  # noqa: E501
    "codings": "doc_id, capture_id, dimension, category, score, coder, start, end, quote",
    "mentions": "mention_id, doc_id, capture_id, agreement_id, instrument_group, local_party_name, local_party_kind, local_party_country, local_party_id, partner_name, partner_kind, partner_country, partner_id, level, scope, instrument, stage, modality, is_background, follow_up, date, date_kind, start_date, sectors, score, start, end, evidence",  # noqa: E501
    "agreements": "agreement_id, label, local_party_name, local_party_kind, local_party_country, local_party_id, partner_name, partner_kind, partner_country, partner_id, level, scope, instrument, sectors, stage, first_date, signed_date, latest_date, ended_date, renewal_count, follow_up, document_count, independent_count, official_count, score, tier",  # noqa: E501
    "events": "event_id, agreement_id, stage, date, date_kind, modality, doc_id, capture_id, start, end, quote",  # noqa: E501
    "relations": "agreement_id, relation, other_agreement_id, other_party_name, doc_id, capture_id, start, end, quote",  # noqa: E501
    "evidence": "record_type, record_id, field, value, doc_id, capture_id, start, end, quote, basis",  # noqa: E501
    "places": "id, name, kind, country, latitude, longitude, population, source_ids",
    "partners": "id, name, kind, country, aliases",
    "coverage": "source_id, month, discovered, fetched, documents, relevant",
    "rejections": "doc_id, url, source_id, stage, reason",
    "annotations": "doc_id, capture_id, layer, label, start, end, text, referent_id, name, country, latitude, longitude, score, tagger",  # noqa: E501
}
BESIDE = {"datapackage.json", "codebook.md", "CITATION.cff", "SHA256SUMS", "report.html"} | {
    "CHANGES.md",
    "manifest.json",
    "quality.json",
}


def format_files() -> set[str]:
    """Return the files of all formats beside CSV."""
    return {f.name.format(table=t.name) for f in FORMATS for t in (*TABLES, *ON_DEMAND)}


def corpus() -> tuple[list[Document], list[Mention], list[Coding]]:
    one = document(
        "one",
        "Yogyakarta renewed its ties with Kyoto Prefecture on 18 July 2005. They began in 1985.",
        kind="government",
        published="2005-07-19",
    )
    two = document("two", "Yogyakarta and Medical Peace Foundation signed an MoU on health.")
    none = document("none", "The market was busy.", title="=cmd|' /C calc'!A0")
    mentions = [
        mention(one, YOGYAKARTA, KYOTO, stage="renewed", date="2005-07-18", start_date="1985"),
        mention(two, YOGYAKARTA, MPF, instrument="mou", sectors=["health", "education"], score=0.4),
    ]
    coded = Coding(
        doc_id=none.doc_id,
        capture_id=none.capture_id,
        dimension="actor",
        category="media",
        score=0.8,
        evidence=(Span(start=0, end=10),),
        coder="rules.v1",
    )
    return [one, two, none], mentions, [relevance(one), relevance(none, 0.1), coded]


def make(
    root: Path, *, shards: int = 1, annotations: bool = False, at: datetime = NOW
) -> Workspace:
    light_models(root)
    docs, mentions, codings = corpus()
    workspace = fill(root, docs, mentions, codings, shards=shards)
    run_build(workspace, Config(), now=at)
    run_export(workspace, Config(), annotations=annotations, now=at)
    return workspace


def rows(workspace: Workspace, name: str) -> list[dict[str, str]]:
    path = workspace.outputs / "agreements" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def bytes_of(workspace: Workspace) -> dict[str, bytes]:
    folder = workspace.outputs / "agreements"
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_columns_are_those_of_the_contract_in_its_order(name: str) -> None:
    wanted = CONTRACT[name].split(", ")
    assert list(table(name).header[: len(wanted)]) == wanted


@pytest.mark.parametrize("found", [*TABLES, *ON_DEMAND], ids=lambda t: t.name)
def test_every_column_is_described_and_every_derived_one_has_its_rule(found: Table) -> None:
    codebook = Codebook.load(CHECKOUT / "models")
    for column in found.columns:
        assert column.description.endswith((".", ":")), column.name
        assert (column.role == "derived") == bool(column.rule), column.name
        assert not column.dimension or column.dimension in codebook.dimensions
    assert set(found.key) <= set(found.header)
    for target in found.foreign.values():
        other, field = target.split(".")
        assert field in table(other).header


def test_all_files_of_the_contract_are_written_and_summed(tmp_path: Path) -> None:
    workspace = make(tmp_path, annotations=True)
    names = set(bytes_of(workspace))
    assert names == BESIDE | {t.file for t in (*TABLES, *ON_DEMAND)} | format_files()
    folder = workspace.outputs / "agreements"
    sums = dict(
        reversed(line.split("  "))
        for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    )
    assert set(sums) == names - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_package_is_valid_and_describes_every_file(tmp_path: Path) -> None:
    from frictionless import Package

    workspace = make(tmp_path)
    path = workspace.outputs / "agreements" / "datapackage.json"
    report = Package(str(path)).validate()
    assert report.valid, report.flatten(["type", "message"])
    package = json.loads(path.read_text("utf-8"))
    assert {r["path"] for r in package["resources"]} >= {t.file for t in TABLES}
    assert package["created"] == "2026-11-01T00:00:00Z"
    assert next(r["rows"] for r in package["resources"] if r["name"] == "mentions") == 2


def test_cells_are_written_as_the_contract_says(tmp_path: Path) -> None:
    workspace = make(tmp_path)
    first, second = rows(workspace, "agreements")
    assert first["agreement_id"] == "CA-000001"
    assert (first["first_date"], first["ended_date"], first["score"]) == ("1985", "", "0.9000")
    assert second["sectors"] == "education; health"
    assert {m["is_background"] for m in rows(workspace, "mentions")} == {"false"}
    by_name = {d["external_id"]: d for d in rows(workspace, "documents")}
    assert [by_name[n]["is_relevant"] for n in ("one", "two", "none")] == ["true", "true", "false"]
    assert by_name["none"]["title"] == "=cmd|' /C calc'!A0"
    assert [r["sector"] for r in rows(workspace, "agreement_sectors")] == ["education", "health"]
    raw = bytes_of(workspace)["documents.csv"]
    assert b"\r" not in raw and raw.endswith(b"\n") and not raw.startswith(b"\xef\xbb\xbf")


def test_an_irrelevant_document_has_no_code_but_its_relevance(tmp_path: Path) -> None:
    workspace = make(tmp_path)
    none = next(d for d in rows(workspace, "documents") if d["external_id"] == "none")
    codes = [c for c in rows(workspace, "codings") if c["doc_id"] == none["doc_id"]]
    assert [c["dimension"] for c in codes] == ["relevance"]


def test_quotes_slice_back_and_long_codings_are_cut(tmp_path: Path) -> None:
    light_models(tmp_path)
    long = "Yogyakarta and Boston agreed, " + ", ".join(f"point {i} of it" for i in range(40)) + "."
    doc = document("long", long)
    coding = Coding(
        doc_id=doc.doc_id,
        capture_id=doc.capture_id,
        dimension="output",
        category="formal_agreement",
        score=0.9,
        evidence=(Span(start=0, end=len(long)), Span(start=0, end=len(long))),
        coder="rules.v1",
    )
    workspace = fill(tmp_path, [doc], [mention(doc, YOGYAKARTA, BOSTON)], [coding])
    run_build(workspace, Config(), now=NOW)
    run_export(workspace, Config(), now=NOW)
    quoted = [
        ("evidence", "quote"),
        ("mentions", "evidence"),
        ("codings", "quote"),
        ("events", "quote"),
    ]
    for name, column in quoted:
        for row in rows(workspace, name):
            assert row[column] == long[int(row["start"]) : int(row["end"])] != ""
            assert len(row[column].split()) <= 60
    assert sum(c["category"] == "formal_agreement" for c in rows(workspace, "codings")) == 1


def test_the_same_inputs_give_the_same_bytes_in_any_number_of_shards_and_at_any_time(
    tmp_path: Path,
) -> None:
    one = make(tmp_path / "one")
    many = make(tmp_path / "many", shards=3, at=NOW + timedelta(days=400))
    assert bytes_of(one) == bytes_of(many)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(range(5)), shards=st.integers(1, 4))
def test_shuffled_shards_give_the_same_bytes(
    order: Sequence[int], shards: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def write(root: Path, sequence: Sequence[int], count: int) -> Workspace:
        light_models(root)
        docs = [
            document(
                f"n{i}",
                f"Yogyakarta and Kyoto Prefecture met in {2000 + i // 2}.",
                published=f"20{i:02d}-01-01",
            )
            for i in range(5)
        ]
        told = [mention(d, YOGYAKARTA, KYOTO, date=str(2000 + i // 2)) for i, d in enumerate(docs)]
        workspace = fill(
            root, [docs[i] for i in sequence], [told[i] for i in sequence], shards=count
        )
        run_build(workspace, Config(), now=NOW)
        run_export(workspace, Config(), now=NOW)
        return workspace

    root = tmp_path_factory.mktemp("shuffled")
    straight = write(root / "a", range(5), 1)
    assert bytes_of(write(root / "b", order, shards)) == bytes_of(straight)


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))),
        max_size=5,
    )
)
def test_any_unicode_text_comes_back_from_a_csv(cells: list[tuple[str, str]]) -> None:
    data = b"".join(csvtext.encode(("a", "b"), cells)).decode("utf-8")
    import io

    back = [(r["a"], r["b"]) for r in csvtext.decode(io.StringIO(data, newline=""))]
    assert back == cells


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40))
def test_any_unicode_title_and_text_pass_through_the_whole_export(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    root = tmp_path_factory.mktemp("unicode")
    light_models(root)
    doc = document("a", f"{text} Yogyakarta – Boston", title=text)
    partner = Party(name=text.strip() or "x", kind="business", country="US")
    workspace = fill(root, [doc], [mention(doc, YOGYAKARTA, partner, instrument="mou")])
    run_build(workspace, Config(), now=NOW)
    run_export(workspace, Config(), now=NOW)
    assert rows(workspace, "documents")[0]["title"] == text
    (told,) = rows(workspace, "mentions")
    assert told["evidence"] == doc.text[int(told["start"]) : int(told["end"])]
    assert told["partner_name"] == partner.name


def test_stages_that_have_not_run_give_empty_files_and_a_warning(tmp_path: Path) -> None:
    light_models(tmp_path)
    workspace = Workspace(tmp_path)
    report = run_export(workspace, Config(), now=NOW)
    assert {w.split()[0] for w in report.warnings} == {"read", "tag", "classify", "relate", "build"}
    assert set(report.rows.values()) == {0}
    for found in TABLES:
        data = bytes_of(workspace)[found.file].decode()
        assert data == ",".join(found.header) + "\n"


def test_annotations_come_on_demand_with_their_words(tmp_path: Path) -> None:
    light_models(tmp_path)
    docs, mentions, codings = corpus()
    workspace = fill(tmp_path, docs, mentions, codings)
    found = Annotation(
        doc_id=docs[0].doc_id,
        capture_id=docs[0].capture_id,
        span=Span(start=0, end=10),
        layer="place",
        label="city",
        referent_id="id:34.71",
        country="ID",
        tagger="places",
    )
    stale = Annotation(
        doc_id=docs[0].doc_id,
        capture_id="0" * 16,
        span=Span(start=0, end=10),
        layer="cue",
        label="pair",
        tagger="cues",
    )
    write_records(
        workspace.shard("annotations", "20261101T000000Z-000"), Annotation, [found, stale]
    )
    run_build(workspace, Config(), now=NOW)
    run_export(workspace, Config(), now=NOW)
    assert "annotations.csv" not in bytes_of(workspace)
    run_export(workspace, Config(), annotations=True, now=NOW)
    (row,) = rows(workspace, "annotations")
    assert (row["text"], row["layer"], row["referent_id"]) == ("Yogyakarta", "place", "id:34.71")


def test_an_interrupted_build_is_not_exported(tmp_path: Path) -> None:
    workspace = make(tmp_path)
    write_records(workspace.build / "mentions.parquet", Mention, [], fingerprint="another")
    with pytest.raises(UnfinishedBuildError, match="cityaccords build"):
        run_export(workspace, Config(), now=NOW)


def test_seven_releases_are_kept_and_the_symlink_shows_the_newest(tmp_path: Path) -> None:
    light_models(tmp_path)
    workspace = Workspace(tmp_path)
    for day in range(KEPT_RELEASES + 3):
        report = run_export(workspace, Config(), now=NOW + timedelta(days=day))
    kept = sorted(p.name for p in report.release.parent.iterdir())
    assert len(kept) == KEPT_RELEASES
    assert report.path.is_symlink()
    assert report.path.resolve() == report.release.resolve()
    assert kept[-1] == report.release.name == "20261203T050000Z"
    again = run_export(workspace, Config(), now=NOW + timedelta(days=KEPT_RELEASES + 2))
    assert again.release.name == "20261203T050000Z-02"


def test_a_release_can_wait_for_its_checks_before_it_is_published(tmp_path: Path) -> None:
    light_models(tmp_path)
    workspace = Workspace(tmp_path)
    first = run_export(workspace, Config(), now=NOW)
    waiting = run_export(workspace, Config(), now=NOW + timedelta(days=1), publish=False)
    assert first.path.resolve() == first.release.resolve()
    publish_release(workspace, "agreements", waiting.release)
    assert first.path.resolve() == waiting.release.resolve()


@pytest.mark.parametrize("name", ["", "../x", "A B", ".releases", "x/y"])
def test_a_dataset_needs_a_plain_name(tmp_path: Path, name: str) -> None:
    light_models(tmp_path)
    with pytest.raises(ConfigError, match="no name"):
        run_export(Workspace(tmp_path), Config(), dataset=name, now=NOW)


def test_a_folder_in_the_way_is_left_alone(tmp_path: Path) -> None:
    light_models(tmp_path)
    (tmp_path / "outputs" / "agreements").mkdir(parents=True)
    with pytest.raises(ConfigError, match="not a symlink"):
        run_export(Workspace(tmp_path), Config(), now=NOW)


@pytest.mark.slow
def test_an_export_killed_before_publishing_leaves_yesterdays_dataset(tmp_path: Path) -> None:
    workspace = make(tmp_path)
    before = bytes_of(workspace)
    docs, mentions, codings = corpus()
    fill(tmp_path, docs[:1], mentions[:1], codings[:1])
    run_build(workspace, Config(), now=NOW)
    command = [
        sys.executable,
        "-c",
        "import sys, datetime as d; from pathlib import Path\n"
        "from pipeline.export import run_export; from pipeline.config import Config\n"
        "from pipeline.paths import Workspace\n"
        "now = d.datetime(2027, 1, 1, tzinfo=d.UTC)\n"
        "run_export(Workspace(Path(sys.argv[1])), Config(), now=now)",
        str(tmp_path),
    ]
    environment = {**os.environ, "CITYACCORDS_FAULT": "export.before_publish"}
    killed = subprocess.run(command, env=environment, cwd=CHECKOUT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert bytes_of(workspace) == before
    run_export(workspace, Config(), now=NOW + timedelta(days=90))
    assert len(rows(workspace, "documents")) == 1


def test_the_codebook_names_every_column_and_category(tmp_path: Path) -> None:
    text = bytes_of(make(tmp_path))["codebook.md"].decode()
    for found in TABLES:
        assert f"### {found.file}" in text
        for column in found.columns:
            assert f"| `{column.name}` |" in text
    for name, dimension in Codebook.load(CHECKOUT / "models").dimensions.items():
        assert f"(`{name}`)" in text
        for category in dimension.categories:
            assert f"| `{category}` |" in text
