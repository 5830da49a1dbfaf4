"""``python -m tests.torture NAME``: one long test of ingest, its figures, exit code 1 if it fails.

``all`` runs every one in turn.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

NAMES = ("kills", "flaky", "memory", "trace", "hostile", "nights")


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("name", choices=(*NAMES, "all"))
    parser.add_argument(
        "--count", type=int, help="kills, URLs or nights; each test has its default"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for workspaces in which something failed")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that child processes are ended
    failed = []
    for name in NAMES if wanted.name == "all" else (wanted.name,):
        module = importlib.import_module(f"tests.torture.{name}")
        begun = time.monotonic()
        print(f"== {name}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f}")
        sys.stdout.flush()
        found = module.run(wanted.count or module.COUNT, wanted.seed, keep=wanted.keep)
        module.show(found)
        told = "passed" if not found.problems else f"FAILED ({len(found.problems)} problems)"
        print(f"{name} {told} in {time.monotonic() - begun:.0f} s\n")
        failed += [name] if found.problems else []
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
