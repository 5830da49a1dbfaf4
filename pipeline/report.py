"""Report: what a published dataset holds, from its files alone.

In: ``outputs/<dataset>/*.csv``. Out: the same figures as ``report.html`` shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.config import ConfigError
from pipeline.exporters.csvtext import decode
from pipeline.exporters.summary import IF_THERE, SUMMARISED, Summary, summarise
from pipeline.paths import Workspace


def run_report(workspace: Workspace, *, dataset: str = "agreements") -> Summary:
    """Summarise a published dataset.

    Raises:
        ConfigError: There is no such dataset; the message says how to make it.
    """
    folder = workspace.outputs / dataset
    missing = [name for name in SUMMARISED if not (folder / f"{name}.csv").exists()]
    if missing:
        msg = (
            f"{folder}: no dataset here ({missing[0]}.csv is missing). "
            "Run `cityaccords extract`, or `cityaccords export` if the stages have run."
        )
        raise ConfigError(msg)
    names = [*SUMMARISED, *(n for n in IF_THERE if (folder / f"{n}.csv").exists())]
    return summarise({name: _rows(folder / f"{name}.csv") for name in names})


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        yield from decode(handle)
