"""How fast and how well the HTML reader does beside trafilatura with metadata, on the same pages.

Usage: python -m tests.bench.bench_read --pages DIR [--rounds N]

``DIR`` holds ``*.html`` or ``*.html.gz``, also in a folder ``html``. With a ``ground-truth.json``
beside them (name of a page to ``articleBody``, as in article-extraction-benchmark) the 4-shingle F1
of that benchmark is given too: shingles of four words, counts normalised per page, precision and
recall averaged over pages.
"""

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pipeline.readers import Payload, UnreadableError
from pipeline.readers.html import read_html

SHINGLE = 4
_WORD = re.compile(r"\w+")
Reader = Callable[[bytes], str]


def ours(page: bytes) -> str:
    """Text by our reader, which also finds title, date and language."""
    try:
        return read_html(Payload(body=page, media_type="text/html")).text
    except UnreadableError:
        return ""


def peer(page: bytes) -> str:
    """Text by trafilatura, which also finds title and date."""
    from trafilatura import extract

    found = extract(page, with_metadata=True, output_format="json", include_comments=False)
    return json.loads(found)["text"] or "" if found else ""


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the counted runs of four words; a shorter text is one run."""
    words = _WORD.findall(text)
    count = max(1, len(words) - SHINGLE + 1)
    return Counter(run for i in range(count) if (run := tuple(words[i : i + SHINGLE])))


def quality(truths: list[str], texts: list[str]) -> tuple[float, float, float]:
    """Return F1, precision and recall over pages."""
    precisions, recalls = [], []
    for truth, text in zip(truths, texts, strict=True):
        right, found = shingles(truth), shingles(text)
        hits = (right & found).total()
        if found:
            precisions.append(hits / found.total())
        if right:
            recalls.append(hits / right.total())
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return 2 * precision * recall / (precision + recall), precision, recall


def pages_in(folder: Path) -> dict[str, bytes]:
    """Return the pages of a folder by name."""
    inside = folder / "html" if (folder / "html").is_dir() else folder
    pages = {}
    for path in sorted(inside.iterdir()):
        name = path.name.removesuffix(".gz")
        if name.endswith(".html"):
            data = path.read_bytes()
            pages[name.removesuffix(".html")] = (
                gzip.decompress(data) if path.suffix == ".gz" else data
            )
    return pages


def measure(pages: dict[str, bytes], rounds: int) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Run both readers in turn; return their texts and their least CPU seconds for all pages."""
    readers: dict[str, Reader] = {"ours": ours, "trafilatura": peer}
    texts: dict[str, list[str]] = {}
    seconds = dict.fromkeys(readers, float("inf"))
    for page in list(pages.values())[:5]:  # imports and caches
        for reader in readers.values():
            reader(page)
    for _ in range(rounds):
        for name, reader in readers.items():
            begun = time.process_time()
            texts[name] = [reader(page) for page in pages.values()]
            seconds[name] = min(seconds[name], time.process_time() - begun)
    return texts, seconds


def main() -> int:
    """Measure and print; skip with a message where there are no pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    pages = pages_in(arguments.pages) if arguments.pages.is_dir() else {}
    if not pages:
        print(f"skipped: no *.html or *.html.gz in {arguments.pages}")
        return 0
    texts, seconds = measure(pages, arguments.rounds)
    truth_file = arguments.pages / "ground-truth.json"
    truth = json.loads(truth_file.read_text("utf-8")) if truth_file.exists() else None
    print(f"{len(pages)} pages, {sum(map(len, pages.values())) / 1e6:.1f} MB")
    for name, spent in seconds.items():
        line = f"{name:12} {len(pages) / spent:7.1f} documents per CPU-second"
        if truth:
            f1, precision, recall = quality([truth[n]["articleBody"] for n in pages], texts[name])
            line += f"   F1 {f1:.4f}  precision {precision:.4f}  recall {recall:.4f}"
        print(line)
    print(f"ratio {seconds['trafilatura'] / seconds['ours']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
