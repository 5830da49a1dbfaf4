"""``recall``: what an official register has that the dataset has not, why, and how many more."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.build import run_build
from pipeline.config import Config, ConfigError
from pipeline.paths import CHECKOUT, Workspace
from pipeline.recall import run_recall
from pipeline.records import Rejection
from pipeline.store import write_records
from pipeline.validators.register import (
    Held,
    Index,
    RegisterRow,
    Side,
    parse_register,
    recapture,
    shares,
)
from tests.dataset_builders import KYOTO, YOGYAKARTA, document, fill, mention

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
IDS = {"Portland": ("gn:1", "gn:2"), "Sapporo": ("gn:9",), "Kota Sapporo": ("gn:9",)}


def held(agreement_id: str, one: Side, other: Side, *years: int) -> Held:
    return Held(agreement_id, (one, other), frozenset(years))


DATASET = [
    held("CA-1", Side("gn:2", ("Portland",)), Side("gn:9", ("Sapporo", "札幌")), 1959),
    held("CA-2", Side("gn:2", ("Portland",)), Side("org:x", ("Universitas Hokkaido",)), 2010),
    held("CA-3", Side("gn:5", ("Gyeongsangbuk-do",)), Side("gn:7", ("Henan",)), 1995),
]


def verdict(party: str, partner: str, year: int | None = None) -> tuple[tuple[str, ...], object]:
    found = Index(DATASET, lambda n: IDS.get(n, ())).find(RegisterRow(2, party, partner, year))
    return found.agreement_ids, found.year_fits


@pytest.mark.parametrize(
    ("party", "partner", "year", "expected"),
    [
        ("Portland", "Sapporo", 1959, (("CA-1",), True)),
        ("Kota Sapporo", "Portland", 1960, (("CA-1",), True)),
        ("Sapporo", "Portland", 1985, (("CA-1",), False)),
        ("City of Portland", "Sapporo", None, (("CA-1",), None)),
        ("Portland", "Universitas Hokkaido", 2010, (("CA-2",), True)),
        ("Gyeongsangbukdo", "Henan Province", 1995, (("CA-3",), True)),
        ("Portland", "Henan", 1995, ((), None)),
        ("Sapporo", "Sapporo", None, ((), None)),
    ],
)
def test_a_row_is_found_in_any_order_and_spelling_but_never_by_one_side(
    party: str, partner: str, year: int | None, expected: object
) -> None:
    assert verdict(party, partner, year) == expected


def test_a_register_says_what_is_wrong_and_where() -> None:
    rows = parse_register("\ufeffparty,partner,year,note\nA,B,1985,x\nC, D ,,\n", "r.csv")
    assert [(r.line, r.party, r.partner, r.year) for r in rows] == [
        (2, "A", "B", 1985),
        (3, "C", "D", None),
    ]
    for text, told in (
        ("party,year\n", "r.csv:1: no column partner"),
        ("party,partner,year\nA,,1985\n", "r.csv:2: a row needs a party and a partner"),
        ("party,partner,year\nA,B,85\n", "r.csv:2: year '85'"),
        ("", "r.csv:1: no column"),
    ):
        with pytest.raises(ConfigError, match=r"r\.csv") as raised:
            parse_register(text, "r.csv")
        assert told in str(raised.value)


def test_the_estimate_is_chapmans_and_its_interval_holds_what_was_seen() -> None:
    # 200 marked, 150 caught of which 30 marked: (201 * 151) / 31 - 1.
    found = recapture([str(i) for i in range(200)], [str(i) for i in range(170, 320)])
    assert (found.first, found.second, found.both) == (200, 150, 30)
    assert found.estimate == pytest.approx(978.06, abs=0.01)
    assert found.low is not None and found.high is not None
    assert 320 < found.low < 978 < found.high < 1_500
    assert recapture(["a", "b"], ["b"]).estimate is None


@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 200)))
def test_no_estimate_is_below_what_was_seen(one: set[int], other: set[int]) -> None:
    found = recapture(set(map(str, one)), set(map(str, other)))
    if found.estimate is not None and found.low is not None and found.high is not None:
        assert len(one | other) <= found.low <= found.estimate + 1e-9
        assert found.estimate <= found.high + 1e-9


def test_each_missing_row_has_its_reason(tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(CHECKOUT / "models")
    one = document("one", "Yogyakarta renewed its ties with Kyoto Prefecture in 2005.")
    two = document("two", "In Bandung the choir of Braunschweig sang.", published="2020-01-01")
    workspace = fill(tmp_path, [one, two], [mention(one, YOGYAKARTA, KYOTO, date="2005")], [])
    shard = workspace.shards("documents")[0].stem
    stopped = Rejection(
        doc_id=two.doc_id,
        capture_id=two.capture_id,
        url=None,
        source_id="s",
        stage="tag",
        reason="no word of an agreement",
    )
    write_records(workspace.shard("annotations", shard, "rejections"), Rejection, [stopped])
    write_records(workspace.shard("annotations", shard), Rejection, [])
    run_build(workspace, Config(), now=NOW)
    register = tmp_path / "register.csv"
    register.write_text(
        "party,partner,year\nKyoto Prefecture,Yogyakarta,2005\nBandung,Brunswick,1960\n"
        "Padang,Hildesheim,1988\n",
        "utf-8",
    )
    found = run_recall(workspace, register)
    assert shares(found.verdicts) == (1, 1)
    assert "1 × no word of an agreement" in found.reasons[3]
    assert found.reasons[4].startswith("no document names both (0 name the party, 0 the partner)")
    assert "1 of 3 rows found (33 %)" in found.as_text()


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    register = tmp_path / "r.csv"
    register.write_text("party,partner,year\nA,B,1985\n", "utf-8")
    with pytest.raises(ConfigError, match="cityaccords extract"):
        run_recall(Workspace(tmp_path), register)
