"""`Gazetteer.find` beside spaCy's PhraseMatcher: the same names, the same texts, the same run.

Both are measured in CPU time on one core, in turns, and the best round of each counts: a busy
machine slows either. The peer's time includes the tokenisation that it needs; ours includes
folding, candidates and grades, which the peer does not give.
``python -m tests.bench.bench_gazetteer`` runs it.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.gazetteer import Gazetteer

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ROOT.parent / "shared" / "data" / "article-extraction" / "ground-truth.json"
TRAINING = ROOT / "models" / "training"
NAMES = 200_000  # names given to the peer; we always look for all
ROUNDS = 5


def texts() -> list[str]:
    """Return the texts of the extraction benchmark, else our training documents."""
    if TEXTS.is_file():
        found = json.loads(TEXTS.read_text(encoding="utf-8"))
        return [page["articleBody"] for page in found.values()]
    print(f"{TEXTS} is not on this machine: measuring on the training documents instead")
    lines = [p.read_text(encoding="utf-8") for p in sorted(TRAINING.glob("*/documents.jsonl"))]
    return [json.loads(line)["text"] for line in "\n".join(lines).splitlines() if line]


def cpu_seconds(work: Callable[[], int]) -> tuple[float, int]:
    """Return the CPU time of one call and its number of hits."""
    started = time.process_time()
    hits = work()
    return time.process_time() - started, hits


def phrase_matcher(names: list[str]) -> Callable[[list[str]], int]:
    """Return the peer: tokenise with the blank English pipeline, then match."""
    import spacy
    from spacy.matcher import PhraseMatcher

    nlp = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab)
    matcher.add("PLACE", list(nlp.tokenizer.pipe(names)))
    return lambda docs: sum(len(matcher(doc)) for doc in nlp.tokenizer.pipe(docs))


def main() -> None:
    """Measure both in turns and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    started = time.process_time()
    gazetteer = Gazetteer.load(ROOT / "models" / "gazetteer")
    loaded = time.process_time() - started
    documents = texts()
    names = gazetteer.all_names()
    peer = phrase_matcher(random.Random(0).sample(names, min(NAMES, len(names))))
    ours = theirs = float("inf")
    for _ in range(rounds):
        seconds, hits = cpu_seconds(lambda: sum(len(list(gazetteer.find(t))) for t in documents))
        ours = min(ours, seconds)
        seconds, peer_hits = cpu_seconds(lambda: peer(documents))
        theirs = min(theirs, seconds)
    words = sum(len(t.split()) for t in documents) / len(documents)
    print(f"{len(documents)} documents of {words:.0f} words; loaded in {loaded:.2f} CPU-seconds")
    for name, spent, found, known in (
        ("Gazetteer.find", ours, hits, len(names)),
        ("PhraseMatcher", theirs, peer_hits, min(NAMES, len(names))),
    ):
        rate = len(documents) / spent
        print(f"{name:15} {rate:9,.0f} documents per CPU-second, {known:,} names, {found:,} hits")
    print(f"ratio {theirs / ours:.0f}")


if __name__ == "__main__":
    main()
