"""Parquet shards: any Unicode round-trips, a cut file is found out, a failed write is none."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.paths import atomic_write
from pipeline.records import (
    Annotation,
    FieldEvidence,
    Mention,
    Party,
    Rejection,
    Span,
    stable_id,
)
from pipeline.store import BrokenShardError, counts_of, fingerprint_of, read_records, write_records

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SPAN = st.builds(Span, start=st.integers(0, 99), end=st.integers(0, 99))
ANNOTATION = st.builds(
    Annotation,
    doc_id=TEXT,
    capture_id=TEXT,
    span=SPAN,
    layer=TEXT,
    label=TEXT,
    value=st.none() | TEXT,
    referent_id=st.none() | TEXT,
    country=st.none() | TEXT,
    score=st.floats(0, 1),
    tagger=TEXT,
    detail=st.none() | TEXT,
)
REQUIRED = """mention_id doc_id capture_id level scope instrument stage modality
    follow_up""".split()
MENTION = st.builds(
    Mention,
    **dict.fromkeys(REQUIRED, TEXT),
    local_party=st.builds(Party, name=TEXT, kind=TEXT, country=st.none() | TEXT),
    partner=st.builds(Party, name=TEXT, kind=TEXT, referent_id=st.none() | TEXT),
    instrument_group=st.none() | TEXT,
    sectors=st.lists(TEXT, max_size=3).map(tuple),
    is_background=st.booleans(),
    date=st.none() | TEXT,
    date_kind=st.none() | TEXT,
    start_date=st.none() | TEXT,
    steps=st.just(()),
    lineage=st.just(()),
    score=st.floats(0, 1),
    span=SPAN,
    evidence=st.lists(st.builds(FieldEvidence, field=TEXT, value=TEXT, span=SPAN), max_size=2).map(
        tuple
    ),
    reasons=st.lists(TEXT, max_size=2).map(tuple),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ANNOTATION, max_size=5), mentions=st.lists(MENTION, max_size=3))
def test_records_round_trip(
    tmp_path: Path, rows: list[Annotation], mentions: list[Mention]
) -> None:
    write_records(tmp_path / "a.parquet", Annotation, rows)
    write_records(tmp_path / "m.parquet", Mention, mentions)
    assert read_records(tmp_path / "a.parquet", Annotation) == rows
    assert read_records(tmp_path / "m.parquet", Mention) == mentions


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    row = Rejection(doc_id="d", capture_id="c", url=None, source_id="s", stage="tag", reason="é")
    for name in ("a", "b"):
        write_records(tmp_path / name, Rejection, [row], fingerprint="f", counts={"seen": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert fingerprint_of(tmp_path / "a") == "f"
    assert counts_of(tmp_path / "a") == {"seen": 1}


def test_a_cut_shard_has_no_fingerprint_and_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    row = Rejection(doc_id="d", capture_id="c", url=None, source_id="s", stage="tag", reason="r")
    write_records(path, Rejection, [row], fingerprint="f")
    path.write_bytes(path.read_bytes()[:-20])
    assert fingerprint_of(path) == ""
    with pytest.raises(BrokenShardError, match=r"x\.parquet.*Delete it and run the stage again"):
        read_records(path, Rejection)


def test_a_shard_of_another_type_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "x.parquet", Rejection, [])
    with pytest.raises(BrokenShardError, match="another version"):
        read_records(tmp_path / "x.parquet", Annotation)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), atomic_write(path) as handle:
        handle.write(b"new")
        raise OSError(28, "full")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@given(st.lists(st.none() | TEXT, max_size=4), st.lists(st.none() | TEXT, max_size=4))
def test_ids_are_stable_and_differ_with_their_parts(
    a: list[str | None], b: list[str | None]
) -> None:
    assert stable_id(*a) == stable_id(*a)
    assert (stable_id(*a) == stable_id(*b)) == (a == b)
