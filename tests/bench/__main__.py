"""``make bench``: documents per CPU-second, from stored HTML to records, beside a peer."""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT.parent / "shared" / "data" / "article-extraction" / "html"
SAMPLE = ROOT / "corpus" / "sample" / "sites"
ROUNDS = 1  # both sides in CPU time, which a busy machine hardly changes


def pages(folder: Path, limit: int) -> list[Path]:
    """Write the pages to measure on as plain HTML files, at most ``limit``."""
    if PAGES.is_dir():
        for path in sorted(PAGES.glob("*.html.gz"))[:limit]:
            (folder / path.name.removesuffix(".gz")).write_bytes(gzip.decompress(path.read_bytes()))
    else:
        print(f"{PAGES} is not on this machine: measuring on the sample corpus instead")
        for number, path in enumerate(sorted(SAMPLE.rglob("*.html"))[:limit]):
            (folder / f"{number:03}.html").write_bytes(path.read_bytes())
    return sorted(folder.glob("*.html"))


def run(module: str, paths: list[Path]) -> dict[str, object]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", module, *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{module} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure both sides in turn and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=181, help="pages (the peer takes .25 s each)")
    limit = parser.parse_args().limit
    best: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        chosen = pages(Path(folder), limit)
        for _ in range(ROUNDS):
            for module in ("tests.bench.pipeline_run", "tests.bench.stack"):
                found = run(module, chosen)
                kept = best.get(module)
                if kept is None or found["cpu_seconds"] < kept["cpu_seconds"]:
                    best[module] = found
    ours, peer = best["tests.bench.pipeline_run"], best["tests.bench.stack"]
    for name, found in (("City Accords", ours), ("assembled stack", peer)):
        rate = found["documents"] / found["cpu_seconds"]
        print(f"{name:16} {rate:7.1f} documents per CPU-second, peak {found['peak_mb']:.0f} MB")
    for stage, found in ours["stages"].items():
        each = 1000 * found["cpu_seconds"] / max(1, found["seen"])
        print(f"  {stage:10} {each:6.2f} ms per document, {found['seen']} seen")
    for name, key in (
        ("entity models", "tagged_seconds"),
        ("rules only", "tagged_by_rules_seconds"),
    ):
        rate = ours["documents"] / ours[key]
        print(f"stored HTML to tags, {name}: {rate:.1f} documents per CPU-second")
    print(f"ratio {peer['cpu_seconds'] / ours['cpu_seconds']:.1f} on {ours['documents']} pages")


if __name__ == "__main__":
    main()
