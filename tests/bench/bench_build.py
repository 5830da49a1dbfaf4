"""How a build grows: synthetic mentions by the ten thousand, seconds and memory of each size.

``python -m tests.bench.bench_build 10000 100000 1000000`` makes each corpus in a folder of its own,
builds it in a process of its own, prints the growth, and draws it into ``docs/build-growth.svg``.
The corpora are invented, but shaped like real ones: agreements have a signing and later events,
each reported by a few documents within days, a fifth of them reprints; one document in ten tells
several agreements; some have a second version; one in sixteen is in the other language. Their
sentences are words of our training documents at random, so that they cost what sentences cost to
take apart and to compare, and mean as little alike as two reports do.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PER_SHARD = 1_000  # documents, as in real shards
PER_AGREEMENT = 8  # mentions, so that parties and agreements grow with the corpus
EVENTS = 3  # per agreement: a signing, something done, a renewal
REPRINTS = 0.2  # of documents are copies of another one on the event
OTHER_LANGUAGE = 1 / 16  # of documents are in another language than the rest on the event
WORDS = 110  # per document
MONTHS = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober".split()
MONTHS += ["November", "Desember"]
CHECKED = 1.6  # time may grow that many times faster than the mentions before the bench fails


class World:
    """Invented parties and words; the same seed makes the same corpus."""

    def __init__(self, mentions: int, seed: int = 7) -> None:
        """Make as many parties as agreements need: pairs are many, parties are few."""
        self.random = random.Random(seed)
        syllables = "ba ku ri ton mel da shi gar no pe lu vi ka sa ra ho ten mi jo wa".split()
        pick = self.random.choice
        self.vocabularies = {language: vocabulary(language) for language in ("id", "en")}
        count = max(40, int(4 * math.sqrt(mentions / PER_AGREEMENT)))
        self.cities = [
            ("".join(pick(syllables) for _ in range(4)).title() + f" {i:x}", pick(("ID", "JP")))
            for i in range(count)
        ]

    def lead(self, parties: list, day: date, language: str) -> str:
        """Return a first sentence that names both parties and the day, in words of its own."""
        one, two = (p.name for p in self.random.sample(parties, 2))
        words = [self.random.choice(self.vocabularies[language]) for _ in range(9)]
        told = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        return f"{one} {' '.join(words[:3])} {two} {' '.join(words[3:6])} {told} {words[6]}."

    def text(self, first: str, language: str) -> str:
        """Return some sentences that nobody else has; Zipf's law holds for their words."""
        words = self.vocabularies[language]
        size = len(words)
        found = [first]
        while sum(map(len, found)) < WORDS * 5:
            sentence = [words[int(size ** self.random.random()) - 1] for _ in range(14)]
            sentence[self.random.randrange(14)] = self.random.choice(words).title()
            found.append(" ".join(sentence).capitalize() + ".")
        return " ".join(found)


def vocabulary(language: str) -> list[str]:
    """Return the words of our training documents in a language, the most frequent first."""
    counts: Counter[str] = Counter()
    for path in sorted((ROOT / "models" / "training").glob(f"{language}*/documents.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            counts.update(re.findall(r"\b[a-z]{2,}\b", json.loads(line)["text"]))
    return sorted(counts, key=lambda word: (-counts[word], word))


def documents(world: World, wanted: int) -> Iterator[tuple[object, list[object]]]:
    """Yield documents with their mentions, in the order in which they came out by agreement."""
    from pipeline.records import Party

    made = 0
    number = 0
    pick = world.random
    while made < wanted:
        sides = pick.sample(range(len(world.cities)), 2)
        parties = [
            Party(name=name, kind="city", country=country, referent_id=f"gn:{i + 1}")
            for i in sides
            for name, country in (world.cities[i],)
        ]
        instrument = pick.choice(("sister_city_agreement", "mou", "cooperation_agreement"))
        signed = date(1990, 1, 1) + timedelta(days=pick.randrange(12_000))
        for event in range(EVENTS):
            day = signed + timedelta(days=event * pick.randrange(200, 900))
            stage = ("signed", "implemented", "renewed")[event]
            stories: dict[str, str] = {}
            for _ in range(round(PER_AGREEMENT / EVENTS)):
                number += 1
                language = "en" if number % round(1 / OTHER_LANGUAGE) == 0 else "id"
                lead = world.lead(parties, day, language)
                if language not in stories or pick.random() > REPRINTS:
                    stories[language] = world.text(lead, language)
                story = stories[language]
                if lead not in story:
                    lead = story.split(".")[0] + "."
                text = story if pick.random() > 0.5 else story.rsplit(" ", 12)[0]
                out = day + timedelta(days=pick.randrange(2))
                document, told = _told(number, text, lead, out, parties, instrument, stage, day)
                yield document, told
                made += len(told)
                if pick.random() < 0.02:  # a corrected version of the same document
                    again = f"{text} Corrected."
                    document, told = _told(
                        number, again, lead, out, parties, instrument, stage, day
                    )
                    yield document, told
                    made += len(told)


def _told(
    number: int,
    text: str,
    lead: str,
    out: date,
    parties: list,
    instrument: str,
    stage: str,
    day: date,
) -> tuple[object, list[object]]:
    from pipeline.readers.signatures import minhash
    from tests.dataset_builders import document, mention

    made = document(
        f"d{number}",
        text,
        published=out.isoformat(),
        kind="government" if number % 11 == 0 else "news",
        url=f"https://paper{number % 400}.example/{number}",
        retrieved_at=f"2026-11-{1 + text.endswith('Corrected.'):02d}T00:00:00Z",
        source_id=f"paper{number % 400}",
        language="en" if number % round(1 / OTHER_LANGUAGE) == 0 else "id",
        minhash=minhash(text),
    )
    told = [
        mention(
            made,
            *parties,
            sentence=lead,
            instrument=instrument,
            stage=stage,
            date=day.isoformat(),
            date_kind="signed" if stage == "signed" else "started",
            sectors=("health", "education")[: 1 + number % 2],
            score=0.4 + 0.5 * (number % 7) / 7,
        )
    ]
    if number % 10 == 0:
        told.append(mention(made, *parties, sentence=lead, instrument="contract", stage="signed"))
    return made, told


def fill(root: Path, mentions: int) -> int:
    """Write a corpus of so many mentions and return how many documents carry them."""
    import pyarrow.parquet as pq

    from pipeline.build_rows import table_of
    from pipeline.paths import Workspace
    from pipeline.records import Coding, Document, Mention
    from tests.dataset_builders import light_models

    light_models(root)
    workspace = Workspace(root)
    count = 0

    def write(shard: list[tuple[object, list[object]]], number: int) -> None:
        name = f"20261101T000000Z-{number:05d}"
        told = [m for _, found in shard for m in found]
        for folder, kind, rows in (
            ("documents", Document, [d for d, _ in shard]),
            ("codings", Coding, []),
            ("mentions", Mention, told),
        ):
            path = workspace.shard(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table_of(rows, kind), path, compression="zstd", row_group_size=1_000)

    shard: list[tuple[object, list[object]]] = []
    for one in documents(World(mentions), mentions):
        shard.append(one)
        count += 1
        if len(shard) == PER_SHARD:
            write(shard, count // PER_SHARD)
            shard = []
    write(shard, 99_999)
    return count


def build(root: Path, workers: int) -> None:
    """Build the corpus in ``root`` and print one line of JSON."""
    from pipeline.build import run_build
    from pipeline.config import Config
    from pipeline.paths import Workspace

    before = time.perf_counter()
    report = run_build(
        Workspace(root), Config(), now=datetime(2026, 11, 24, tzinfo=UTC), workers=workers
    )
    seconds = time.perf_counter() - before
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        json.dumps(
            {
                "mentions": report.counts["mentions"],
                "agreements": report.counts["agreements"],
                "claims": report.counts["claims"],
                "seconds": seconds,
                "cpu_seconds": sum(u.ru_utime + u.ru_stime for u in (own, children)),
                "peak_mb": own.ru_maxrss / 1024,
                "worker_mb": children.ru_maxrss / 1024,
            }
        )
    )


def measure(mentions: int, workers: int, folder: Path) -> dict[str, float]:
    """Make and build one corpus, the build in a process of its own."""
    root = folder / str(mentions)
    before = time.perf_counter()
    if not (root / "corpus").exists():
        fill(root, mentions)
    made = time.perf_counter() - before
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.bench.bench_build",
            "--build",
            root,
            "--workers",
            str(workers),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{found['mentions']:>9,} mentions {found['agreements']:>8,} agreements "
        f"{found['claims']:>11,} claims {found['seconds']:8.1f} s "
        f"{found['cpu_seconds']:8.1f} CPU s "
        f"{1e6 * found['cpu_seconds'] / found['mentions']:7.0f} µs each "
        f"peak {found['peak_mb']:.0f} MB, a worker {found['worker_mb']:.0f} MB "
        f"(corpus made in {made:.0f} s)",
        flush=True,
    )
    return found


def svg(found: list[dict[str, float]]) -> str:
    """Return the growth as a drawing: CPU time and memory over mentions, both axes logarithmic."""
    width, height, left, top = 640, 360, 70, 30

    def at(value: float, low: float, high: float) -> float:
        return (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))

    xs = [f["mentions"] for f in found]
    low_x, high_x = (
        10 ** math.floor(math.log10(min(xs))),
        10 ** math.ceil(math.log10(max(xs)) - 0.02),
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 20} {height + 60}" '
        'font-family="sans-serif" font-size="12">',
        "<title>How a build grows with the number of mentions</title>",
        f'<rect width="{width + 20}" height="{height + 60}" fill="#fff"/>',
    ]
    low_y, high_y = 1.0, 10_000.0
    for power in range(5):
        y = top + height - height * at(10**power, low_y, high_y)
        lines.append(f'<path d="M{left} {y:.0f}H{width - 20}" stroke="#ddd"/>')
        lines.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{10**power:,}</text>')
    for power in range(round(math.log10(low_x)), round(math.log10(high_x)) + 1):
        x = left + (width - 20 - left) * at(10**power, low_x, high_x)
        lines.append(f'<path d="M{x:.0f} {top}V{top + height}" stroke="#ddd"/>')
        lines.append(
            f'<text x="{x:.0f}" y="{top + height + 18}" text-anchor="middle">{10**power:,}</text>'
        )
    for key, colour, label, row in (
        ("cpu_seconds", "#1f5fa8", "CPU-seconds, all processes", 0),
        ("total_mb", "#b3541e", "MB at most, all processes", 1),
    ):
        points = [
            (
                left + (width - 20 - left) * at(f["mentions"], low_x, high_x),
                top + height - height * at(max(f[key], low_y), low_y, high_y),
            )
            for f in found
        ]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        lines.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (x, y), f in zip(points, found, strict=True):
            lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            beside = y + (26, -8)[row]  # time below its line, memory above
            lines.append(
                f'<text x="{x - 6:.1f}" y="{beside:.1f}" text-anchor="end" fill="{colour}">'
                f"{f[key]:,.0f}</text>"
            )
        lines.append(
            f'<text x="{left + 12}" y="{top + 18 + 18 * row}" fill="{colour}">{label}</text>'
        )
    lines.append(
        f'<text x="{(left + width) / 2:.0f}" y="{top + height + 40}" text-anchor="middle">'
        "mentions</text></svg>"
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure each size, print the growth, draw it, and fail where it is far from linear."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keep the corpora there")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help="add the figures to this file, one JSON a line")
    parser.add_argument("--svg", type=Path, help="draw the growth, all of the log, into this file")
    given = parser.parse_args()
    if given.build:
        build(given.build, given.workers)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(n, given.workers, given.folder or Path(folder)) for n in given.sizes]
    for f in found:
        f["total_mb"] = f["peak_mb"] + given.workers * f["worker_mb"]
    if given.log:
        with given.log.open("a", encoding="utf-8") as handle:
            handle.writelines(json.dumps(f) + "\n" for f in found)
        found = [json.loads(line) for line in given.log.read_text("utf-8").splitlines()]
        found.sort(key=lambda f: f["mentions"])
    if given.svg:
        given.svg.write_text(svg(found), "utf-8")
    for small, large in itertools.pairwise(found):
        times = large["mentions"] / small["mentions"]
        growth = large["cpu_seconds"] / small["cpu_seconds"] / times
        print(f"{times:.0f} times the mentions: {growth:.2f} times the CPU seconds per mention")
        if growth > CHECKED:
            sys.exit("the build does not grow linearly")


if __name__ == "__main__":
    main()
