"""Our side: the same pages from the archive to records. Run as a program; prints one JSON line.

The pages are imported first; reading, tagging, classifying and relating are then measured with the
models loaded, as the peer's are, including the CPU time of the sandbox child.
"""

import json
import os
import resource
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

# Pages of our own, so that every model is loaded before the clock starts, as the peer's are.
WARM_UP = Path(__file__).resolve().parents[2] / "corpus" / "sample" / "sites"


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


def main(paths: list[str]) -> None:
    """Mine the pages and print documents, CPU seconds and peak memory."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from pipeline.ingest import import_files
    from pipeline.paths import Workspace
    from pipeline.runs import PER_DOCUMENT, open_run, run_stages

    now = datetime(2026, 11, 24, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as folder:
        first = open_run(Path(warm), now, engine="serial")
        import_files(first.workspace, first.config, [WARM_UP], source_id="b", now=now)
        run_stages(first, PER_DOCUMENT)
        run = replace(first, workspace=Workspace(Path(folder)))
        chosen = [Path(p) for p in paths]
        import_files(run.workspace, run.config, chosen, source_id="b", now=now)
        stages = {}
        start = cpu_seconds()
        for name in PER_DOCUMENT:
            before = cpu_seconds()
            report = run_stages(run, [name])[0]
            stages[name] = {"cpu_seconds": cpu_seconds() - before, **report.counts}
        seconds = cpu_seconds() - start
    peaks = [
        resource.getrusage(w).ru_maxrss / 1024
        for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    result = {"documents": len(paths), "cpu_seconds": seconds, "peak_mb": max(peaks)}
    print(json.dumps(result | {"stages": stages}))


if __name__ == "__main__":
    main(sys.argv[1:])
