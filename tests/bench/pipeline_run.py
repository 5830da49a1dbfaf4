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


# One relevant text of our own, so that every model is loaded before the clock starts.
WARM_UP = """The City of Leeds signed a twinning agreement with Durban, South Africa, on 10 May 1999.
Lord Mayor Keith Parker and the mayor of Durban agreed to exchange teachers and students."""


def cpu_seconds() -> float:
    """Return the user and system seconds of this process and its finished children."""
    own, children = (
        resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main(paths: list[str]) -> None:
    """Mine the pages and print documents, CPU seconds and peak memory."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from pipeline.ingest import import_files
    from pipeline.paths import Workspace
    from pipeline.runs import PER_DOCUMENT, open_run, run_stages

    now = datetime(2026, 11, 24, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as folder:
        first = open_run(Path(warm), now, engine="serial")
        page = Path(warm) / "page.txt"
        page.write_text(WARM_UP, "utf-8")
        import_files(first.workspace, first.config, [page], source_id="b", now=now)
        run_stages(first, PER_DOCUMENT)  # loads the models
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
