"""Take gold sets through the pipeline, each in a workspace of its own, and score what comes out.

The sample's own gold set and the held-out ones are always there. The development set lies beside
the checkout (``../shared/gold``); where it is absent it is named as skipped.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import runs, sample
from pipeline.config import load_config
from pipeline.evaluate import run_evaluate
from pipeline.goldset import GoldSet, load_gold
from pipeline.paths import CHECKOUT, Workspace
from pipeline.runs import Run

SHARED = CHECKOUT.parent / "shared" / "gold"
SAMPLE_GOLD = sample.SAMPLE / "gold"
HELD_OUT = CHECKOUT / "tests" / "gold"
KNOWN = (
    SAMPLE_GOLD,
    *(
        HELD_OUT / name
        for name in (
            "heldout-en",
            "heldout-id",
            "fresh-en",
            "fresh-id",
            "fresh-en-2",
            "fresh-id-2",
            "fresh-en-3",
            "fresh-id-3",
        )
    ),
    SHARED / "dev",
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The score of one gold set."""

    name: str
    gold: GoldSet
    result: dict[str, Any]


def name_of(path: Path) -> str:
    """Return the short name under which a gold set has its floors."""
    path = path.resolve()
    return "sample" if path == SAMPLE_GOLD.resolve() else path.name


@contextmanager
def exported(run: Run, gold: GoldSet) -> Iterator[tuple[Workspace, Path]]:
    """Mine the documents of a gold set in a temporary workspace; gives it and its export."""
    with tempfile.TemporaryDirectory(prefix="cityaccords-gold-") as folder:
        workspace = Workspace(Path(folder))
        own = replace(run, workspace=workspace)
        if gold.path.resolve() == SAMPLE_GOLD.resolve():
            own = _fetch_sample(own)
        else:
            from pipeline.ingest import import_documents

            file = gold.path / "documents.jsonl"
            import_documents(workspace, own.config, file, source_id="gold", now=run.now)
        runs.extract(own)
        yield workspace, runs.export(own).path


def _fetch_sample(run: Run) -> Run:
    from pipeline.ingest import run_ingest

    sample.prepare(run.workspace)
    run = replace(run, config=load_config(run.workspace.config))
    with sample.served() as hosts:
        run_ingest(run.workspace, run.config, now=run.now, allow_private=hosts)
    return run


def evaluate(run: Run, folders: Sequence[Path]) -> Iterator[Evaluation]:
    """Score gold folders one after the other.

    Raises:
        ConfigError: A folder is not a gold set.
    """
    for folder in folders:
        gold = load_gold(folder)
        with exported(run, gold) as (workspace, outputs):
            yield Evaluation(name_of(folder), gold, run_evaluate(gold, outputs, workspace))
