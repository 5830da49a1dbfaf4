"""The gates: which figures moved too far since the last release."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import ConfigError, GatesConfig
from pipeline.levels import accept_levels, check_levels, refuse, refused_one, unpublished
from pipeline.paths import Workspace
from pipeline.validators.gates import Accepted, Tolerances, figures_of, moves_of

NOW = datetime(2026, 1, 3, tzinfo=UTC)
ALLOWED = Tolerances(drop_percent=10, jump_percent=100, fill_points=10, least_rows=20)


def rows(count: int, source: str = "a", title: str = "t") -> list[dict[str, str]]:
    return [{"doc_id": str(n), "source_id": source, "title": title} for n in range(count)]


def test_figures_are_rows_rows_by_source_and_filled_cells() -> None:
    found = figures_of("documents", [*rows(3), *rows(1, "b.c", "")])
    assert found["documents"] == 4
    assert found["documents@a"] == 3
    assert found["documents@b.c"] == 1
    assert found["documents.title"] == 75.0


@pytest.mark.parametrize(
    ("after", "figures"),
    [
        (90, []),  # exactly the tolerance
        (89, ["documents", "documents@a"]),
        (200, []),
        (201, ["documents", "documents@a"]),
        (0, ["documents", "documents@a"]),
    ],
)
def test_a_count_may_move_as_far_as_its_tolerance_and_no_further(
    after: int, figures: list[str]
) -> None:
    moved = moves_of(
        figures_of("documents", rows(100)), figures_of("documents", rows(after)), ALLOWED
    )
    assert [m.figure for m in moved] == figures


def test_one_source_that_vanishes_is_told_although_the_table_stays_within_tolerance() -> None:
    before = figures_of("documents", [*rows(1_000), *rows(50, "b.c")])
    moved = moves_of(before, figures_of("documents", rows(1_000)), ALLOWED)
    assert [(m.figure, m.was, m.now) for m in moved] == [("documents@b.c", 50, 0)]


def test_a_column_that_empties_is_refused_with_figure_and_tolerance() -> None:
    before, after = rows(100), [*rows(80), *rows(20, title="")]
    (move,) = moves_of(figures_of("documents", before), figures_of("documents", after), ALLOWED)
    assert move.as_text() == (
        "fill rate of documents.title went from 100 % to 80 %; allowed: at most 10 points less"
    )


def test_small_tables_have_no_percentages() -> None:
    assert not moves_of(figures_of("t", rows(19)), figures_of("t", rows(1)), ALLOWED)


def test_an_accepted_move_passes_once_and_another_asks_again() -> None:
    accepted = [Accepted(figure="documents", was=100, now=50, reason="a source was closed")]
    before = {"documents": 100.0}
    assert not moves_of(before, {"documents": 50.0}, ALLOWED, accepted)
    assert not moves_of(before, {"documents": 52.0}, ALLOWED, accepted)
    assert moves_of(before, {"documents": 40.0}, ALLOWED, accepted)
    assert moves_of({"documents": 50.0}, {"documents": 25.0}, ALLOWED, accepted)


def release(root: Path, name: str, count: int, folder: str = "outputs/.releases") -> Path:
    path = root / folder / "agreements" / name
    path.mkdir(parents=True)
    lines = "".join(f"{n},a,t\n" for n in range(count))
    (path / "documents.csv").write_text(f"doc_id,source_id,title\n{lines}", "utf-8")
    return path


def test_a_refused_level_is_accepted_by_one_command_with_its_reason(tmp_path: Path) -> None:
    workspace, gates = Workspace(tmp_path), GatesConfig()
    first = release(tmp_path, "20260101T000000Z", 100)
    (tmp_path / "outputs/agreements").symlink_to(first)
    assert check_levels(workspace, gates, "agreements", first).count == 0
    second = release(tmp_path, "20260102T000000Z", 50)
    refused = check_levels(workspace, gates, "agreements", second)
    assert refused.count == 2  # the table and its only source
    assert "validate --accept" in refused.failures[0].remedy
    second = refuse(workspace, "agreements", second)
    moves = accept_levels(workspace, gates, "agreements", 'closed: "a"', NOW)
    assert [m.figure for m in moves] == ["documents", "documents@a"]
    assert check_levels(workspace, gates, "agreements", second).count == 0


def test_nothing_is_accepted_without_a_reason_or_a_refused_release(tmp_path: Path) -> None:
    workspace, gates = Workspace(tmp_path), GatesConfig()
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs/agreements").symlink_to(release(tmp_path, "20260101T000000Z", 100))
    with pytest.raises(ConfigError, match="no refused release"):
        accept_levels(workspace, gates, "agreements", "why", NOW)
    refuse(workspace, "agreements", release(tmp_path, "20251231T000000Z", 50))
    with pytest.raises(ConfigError, match="no refused release"):  # of a night before that one
        accept_levels(workspace, gates, "agreements", "why", NOW)
    refuse(workspace, "agreements", release(tmp_path, "20260102T000000Z", 50))
    with pytest.raises(ConfigError, match="needs a reason"):
        accept_levels(workspace, gates, "agreements", " ", NOW)


def test_only_the_newest_refused_release_is_kept_and_what_kills_left_is_found(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    first = release(tmp_path, "20260101T000000Z", 100)
    (tmp_path / "outputs/agreements").symlink_to(first)
    for day in (2, 3, 4):
        refuse(workspace, "agreements", release(tmp_path, f"2026010{day}T000000Z", 1))
    refused = tmp_path / "outputs/.refused/agreements"
    assert [p.name for p in refused.iterdir()] == ["20260104T000000Z"]
    assert refused_one(workspace, "agreements") == refused / "20260104T000000Z"
    assert list(first.parent.iterdir()) == [first]
    assert unpublished(workspace, "agreements") == []
    killed = release(tmp_path, "20260105T000000Z", 1)
    assert unpublished(workspace, "agreements") == [killed]
