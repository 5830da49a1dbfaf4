"""Our side: the same pages from the archive to records. Run as a program; prints one JSON line.

The pages go through twice, so that every model is loaded, as in a run over thousands; the second
pass is measured, the CPU time of the sandbox child included. Then the same without entity models.
"""

import json
import os
import resource
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.runs import Run


def cpu_seconds() -> float:
    """Return the user and system seconds of this process and its children, living and dead."""
    own, children = (
        resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    dead = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    ticks = 0
    for line in Path("/proc/self/task").glob("*/children"):
        for pid in line.read_text("ascii").split():
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime
    return dead + ticks / os.sysconf("SC_CLK_TCK")


def peak_mb() -> float:
    """Return the largest memory of this process or a living child in MB."""
    peaks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
    for line in Path("/proc/self/task").glob("*/children"):
        for pid in line.read_text("ascii").split():
            status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
            peaks += [int(r.split()[1]) / 1024 for r in status.splitlines() if "VmHWM" in r]
    return max(peaks)


def mine(first: "Run", paths: list[Path], stages: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Take the pages through the stages in a new workspace; return seconds and counts of each."""
    from pipeline.ingest import import_files
    from pipeline.paths import Workspace
    from pipeline.runs import run_stages

    with tempfile.TemporaryDirectory() as folder:
        run = replace(first, workspace=Workspace(Path(folder)))
        import_files(run.workspace, run.config, paths, source_id="b", now=run.now)
        found = {}
        for name in stages:
            before = cpu_seconds()
            report = run_stages(run, [name])[0]
            found[name] = {"cpu_seconds": cpu_seconds() - before, **report.counts}
        return found


def main(paths: list[str]) -> None:
    """Mine the pages and print documents, CPU seconds and peak memory."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from pipeline.config import TagConfig
    from pipeline.runs import PER_DOCUMENT, open_run

    pages = [Path(p) for p in paths]
    with tempfile.TemporaryDirectory() as folder:
        run = open_run(Path(folder), datetime(2026, 11, 24, tzinfo=UTC), engine="serial")
    mine(run, pages, PER_DOCUMENT)
    stages = mine(run, pages, PER_DOCUMENT)
    rules = run.config.model_copy(update={"tag": TagConfig(spacy_model="")})
    mine(replace(run, config=rules), pages, ("read", "tag"))
    plain = mine(replace(run, config=rules), pages, ("read", "tag"))
    result = {
        "documents": len(paths),
        "cpu_seconds": sum(s["cpu_seconds"] for s in stages.values()),
        "tagged_seconds": stages["read"]["cpu_seconds"] + stages["tag"]["cpu_seconds"],
        "tagged_by_rules_seconds": sum(s["cpu_seconds"] for s in plain.values()),
        "peak_mb": peak_mb(),
    }
    print(json.dumps(result | {"stages": stages}))


if __name__ == "__main__":
    main(sys.argv[1:])
