"""How often and how fast publication dates are found beside htmldate, on the same pages.

Usage: python -m tests.bench.bench_dates --pages DIR [--addresses] [--half odd|even]

``DIR`` is the folder ``tests`` of htmldate's repository: ``eval_*.json`` name, for each address, a
file in ``cache``, ``eval`` or ``test_set`` and its date. Pages that our reader refuses (walls,
hardly any text) are counted apart: they become no documents. htmldate searches extensively.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.readers import Payload, UnreadableError
from pipeline.readers.html import read_html

FETCHED = "2026-11-24T00:00:00Z"
FOLDERS = ("test_set", "cache", "eval")


def pages_in(folder: Path) -> Iterator[tuple[str, bytes, str]]:
    """Yield address, page and true date."""
    for listing in sorted(folder.glob("eval_*.json"), reverse=True):
        for url, entry in json.loads(listing.read_text("utf-8")).items():
            found = (folder / sub / entry["file"] for sub in FOLDERS)
            path = next((p for p in found if p.is_file()), None)
            if path is not None:
                yield url, path.read_bytes(), entry["date"]


def ours(page: bytes, url: str | None) -> tuple[str | None, str]:
    """Return the date and how it was found; "refused" where the page gives no document."""
    payload = Payload(body=page, media_type="text/html", url=url, fetched_at=FETCHED)
    try:
        published = read_html(payload).published
    except UnreadableError:
        return None, "refused"
    return (published.date, published.method.partition(":")[0]) if published else (None, "none")


def peer(page: bytes, url: str | None) -> str | None:
    """Return the date that htmldate finds."""
    from htmldate import find_date

    try:
        return find_date(page, original_date=True, url=url, max_date=FETCHED[:10])
    except (ValueError, TypeError, AttributeError):  # it raises on a few broken pages
        return None


def main() -> int:
    """Measure and print; skip with a message where there are no pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--addresses", action="store_true", help="show both the address too")
    parser.add_argument("--half", choices=("odd", "even"))
    arguments = parser.parse_args()
    pages = list(pages_in(arguments.pages)) if arguments.pages.is_dir() else []
    if arguments.half:
        pages = pages[arguments.half == "odd" :: 2]
    if not pages:
        print(f"skipped: no eval_*.json with pages in {arguments.pages}")
        return 0
    methods: Counter[tuple[str, bool]] = Counter()
    right = refused = future = peer_right = peer_on_ours = 0
    seconds = [0.0, 0.0]
    for url, page, truth in pages:
        shown = url if arguments.addresses else None
        begun = time.process_time()
        date, method = ours(page, shown)
        middle = time.process_time()
        guess = peer(page, shown)
        seconds[0] += middle - begun
        seconds[1] += time.process_time() - middle
        methods[method, date == truth] += 1
        right += date == truth
        refused += method == "refused"
        future += (date or "") > FETCHED[:10]
        peer_right += guess == truth
        peer_on_ours += guess == truth and method != "refused"
    read = len(pages) - refused
    print(f"{len(pages)} pages, {refused} refused as no documents; {future} dates in the future")
    print(f"ours      {right / read:.4f} of {read} read pages, {right / len(pages):.4f} of all")
    print(f"htmldate  {peer_on_ours / read:.4f}                {peer_right / len(pages):.4f}")
    for method in sorted({m for m, _ in methods}):
        hits, misses = methods[method, True], methods[method, False]
        print(f"  {method:10} {hits:4} of {hits + misses:4} right: {hits / (hits + misses):.3f}")
    print(
        f"milliseconds a page: {seconds[0] / len(pages) * 1e3:.1f} for text, title, byline and "
        f"date; htmldate {seconds[1] / len(pages) * 1e3:.1f} for the date alone"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
