"""Thirty nights over sources that grow, change, vanish, fail and return: nothing goes astray.

In this process and with small documents; ``python -m tests.torture nights`` does the same with the
real command, more documents and kills.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import build, engine, export, export_history, runs, validate
from pipeline.digests import ArchiveDigests
from pipeline.engine import file_digest
from pipeline.exporters import formats
from pipeline.exporters.formats import FORMATS
from pipeline.ingest import run_ingest
from pipeline.paths import Workspace, atomic_write
from pipeline.validate import CHECKS
from tests.torture import world as worlds
from tests.torture.balance import KEYS, Balance, Row, difference, tables_of, told

NIGHTS = 30
START = datetime(2026, 3, 1, 2, tzinfo=UTC)
STAGES = ("read", "tag", "classify", "relate")


def is_full(night: int) -> bool:
    """Tell whether a night writes every format and asks Frictionless too: a second of CPU."""
    return night % 15 == 14


def slim(monkeypatch: pytest.MonkeyPatch, night: int) -> None:
    """Leave out, on most nights, what costs much and does not follow from the night before.

    The tables are written and checked on all of them, by all of our own checks.
    """
    checks = [c for c in CHECKS if c[0] != "data package" or is_full(night)]
    some = FORMATS if is_full(night) else ()
    monkeypatch.setattr(validate, "CHECKS", tuple(checks))
    for module in (formats, validate):
        monkeypatch.setattr(module, "FORMATS", some)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do once what is the same on every night: the map, and digests of our code and models.

    That also keeps an edit of the checkout while the test runs from looking like new code.
    """
    monkeypatch.setattr(export, "_land", functools.cache(export._land))
    code = functools.cache(engine.code_digest)
    known = functools.cache(engine.models_digest)
    for module in (engine, build, export_history):
        monkeypatch.setattr(module, "code_digest", code)
        monkeypatch.setattr(
            module, "models_digest", lambda where, names: known(where, tuple(names))
        )


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_thirty_nights_keep_ids_and_history_lose_nothing_and_stay_flat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = worlds.make(3, nights=NIGHTS)
    balance, problems, processed = Balance(tmp_path), [], []
    with worlds.served(world) as hosts:
        worlds.prepare(tmp_path, world)
        with (tmp_path / "cityaccords.toml").open("a") as handle:
            handle.write('[tag]\nspacy_model = ""\n')  # rules only: the model is not what is tested
        for night in range(NIGHTS):
            world.show(night)
            slim(monkeypatch, night)
            run = runs.open_run(tmp_path, START + timedelta(days=night), engine="serial")
            shards = balance.shards
            run_ingest(run.workspace, run.config, now=run.now, allow_private=hosts)
            done = {r.stage: r for r in runs.extract(run)}
            _, checked = runs.publish_checked(run)
            if not checked.ok:
                problems.append(f"night {night}: {checked.as_text()}")
            problems += balance.close(world.urls(night))
            processed.append({s: done[s].shards - done[s].skipped for s in STAGES})
            new = balance.shards - shards
            if any(count != new for count in processed[-1].values()):
                problems.append(f"night {night}: {new} new shards, worked on {processed[-1]}")
    assert problems == []
    assert balance.shards == NIGHTS
    events = _what_happened(tables_of(tmp_path / "outputs" / "agreements"), world)
    assert min(events.values()) > 0, events  # a world in which nothing happens proves nothing


def _what_happened(tables: dict[str, list[Row]], world: worlds.World) -> dict[str, int]:
    documents = tables["documents"]
    return {
        "agreements": max(0, len(tables["agreements"]) - 9),
        "never had": sum(r["stage"] == "ingest" for r in tables["rejections"]),
        "new versions": sum(int(d["version_count"]) > 1 for d in documents),
        "reprints": sum(
            int(a["document_count"]) > int(a["independent_count"]) for a in tables["agreements"]
        ),
        "vanished": sum(s.away is not None for s in world.stories),
        "failed": sum(s.failing is not None for s in world.stories),
    }


def test_the_balance_finds_each_kind_of_damage(tmp_path: Path) -> None:
    row = {"agreement_id": "CA-000001", "label": "a", "signed_date": "1985"}
    moved = {**row, "signed_date": "1986"}
    other = {**row, "agreement_id": "CA-000002"}
    key = KEYS["agreements"]
    assert difference("agreement", [row], [row], key) == set()
    assert difference("agreement", [row], [moved, other], key) == {
        ("agreement", "CA-000001", "changed", "signed_date", "1986"),
        ("agreement", "CA-000002", "added", "", ""),
    }
    assert difference("agreement", [row, other], [row], key) == {
        ("agreement", "CA-000002", "removed", "", "")
    }
    line = {
        "record_type": "agreement",
        "record_id": "CA-000001",
        "change": "changed",
        "field": "signed_date",
        "new_value": "1986",
    }
    assert told([line]) == difference("agreement", [row], [moved], key)


def test_an_archive_file_is_read_once_for_its_digest_and_again_when_it_is_another(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    workspace.archive.mkdir(parents=True)
    one, two = (workspace.archive / f"{name}.warc.gz" for name in ("one", "two"))
    one.write_bytes(b"first")
    two.write_bytes(b"second")
    read: list[str] = []

    def digests() -> list[str]:
        known = ArchiveDigests(workspace, lambda p: read.append(p.name) or file_digest(p))
        found = [known.of(path) for path in workspace.shards("archive")]
        known.save()
        return found

    before = digests()
    assert read == ["one.warc.gz", "two.warc.gz"]
    assert digests() == before
    assert len(read) == 2
    with atomic_write(one) as handle:  # as a takedown does: of the same length
        handle.write(b"_irst")
    after = digests()
    assert (after[0] != before[0], after[1] == before[1]) == (True, True)
    assert read[2:] == ["one.warc.gz"]
    two.unlink()
    assert digests() == after[:1]
    (workspace.build / "digests.json").write_text('{"one.warc.gz": 1}')
    assert digests() == after[:1]
