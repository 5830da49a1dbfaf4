"""How fast the PDF reader is beside pdfplumber and pypdf, in one run, and are the words the same?

Usage: python -m tests.bench.bench_pdf [--pdfs DIR] [--pages N] [--worst N]

Without ``--pdfs`` it reads documents of our own making (`tests.pdf_samples`), whose text is known:
then each reader's F1 against the truth is given too. A file that any reader refuses or cannot read
is left out for all, and counted; so is one of which ours recognised pages (OCR). Text is compared
as bags of words (token F1) and as bags of word pairs, which see order. Imports are not timed.
"""

import argparse
import io
import logging
import re
import statistics
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.readers import Payload, UnreadableError
from pipeline.readers.pdf import read_pdf
from tests.pdf_samples import all_samples, sample

EQUAL = 0.98  # token F1 to pdfplumber from which a file has equal text: the plain ones
_WORD = re.compile(r"\w+")
Reader = Callable[[bytes], tuple[str, str]]


def ours(body: bytes) -> tuple[str, str]:
    """Text and name of our reader, which also finds title and date and repairs paragraphs."""
    found = read_pdf(Payload(body=body, media_type="application/pdf", pdf_pages=2_000))
    return f"{found.title or ''}\n{found.text}", found.reader


def plumber(body: bytes) -> tuple[str, str]:
    """Text by pdfplumber."""
    import pdfplumber

    with pdfplumber.open(io.BytesIO(body)) as document:
        return "\n".join(page.extract_text() or "" for page in document.pages), "pdfplumber"


def pypdf(body: bytes) -> tuple[str, str]:
    """Text by pypdf."""
    from pypdf import PdfReader

    return "\n".join(p.extract_text() for p in PdfReader(io.BytesIO(body)).pages), "pypdf"


READERS: dict[str, Reader] = {"ours": ours, "pdfplumber": plumber, "pypdf": pypdf}


def tokens(text: str, size: int = 1) -> Counter[tuple[str, ...]]:
    """Return the counted runs of ``size`` words; hyphens at line ends are mended for all."""
    mended = re.sub(r"(\w)[-\u00ad\u2010]\s*\n\s*(?=[a-z])", r"\1", text).replace("\u00ad", "")
    words = [w.casefold() for w in _WORD.findall(mended.replace("ﬁ", "fi").replace("ﬂ", "fl"))]
    return Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def f1(one: str, other: str, size: int = 1) -> float:
    """Return the F1 of two texts as bags of runs of words; 1 for two empty ones."""
    a, b = tokens(one, size), tokens(other, size)
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def timed(reader: Reader, body: bytes) -> tuple[str, str, float] | None:
    """Return text, reader and CPU seconds; None where it does not read the file."""
    began = time.process_time()
    try:
        text, name = reader(body)
    except Exception as error:  # peers raise anything
        return None if not isinstance(error, UnreadableError) else ("", "refused", 0.0)
    return text, name, time.process_time() - began


def page_count(body: bytes) -> int:
    """Return the number of pages by pdfium; 0 where it does not open the file."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError:
        return 0
    count = len(document)
    document.close()
    return count


def samples(folder: Path | None) -> dict[str, tuple[bytes, str | None]]:
    """Return bodies, and their text where it is known, by name."""
    if folder is not None:
        return {p.name: (p.read_bytes(), None) for p in sorted(folder.rglob("*.pdf"))}
    return {s.name: (s.body, s.text) for s in all_samples() if not s.is_scan}


@dataclass
class Score:
    """What one run measured."""

    pages: int = 0
    left_out: int = 0
    refused: int = 0
    recognised: int = 0
    seconds: Counter[str] = field(default_factory=Counter)
    equal_pages: int = 0
    equal_seconds: Counter[str] = field(default_factory=Counter)
    words: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pairs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    alike: list[tuple[float, float, str]] = field(default_factory=list)

    def add(self, name: str, body: bytes, truth: str | None, most_pages: int) -> None:
        """Read one file by all readers."""
        count = page_count(body)
        found = {k: timed(r, body) for k, r in READERS.items()} if 0 < count <= most_pages else {}
        texts = {key: result for key, result in found.items() if result is not None}
        if len(texts) < len(READERS):
            self.left_out += 1
            return
        how = texts["ours"][1]
        self.refused += how == "refused"
        self.recognised += how == "pdf:ocr"
        if how != "pdf":
            return
        self.pages += count
        mine, plumbed, third = (texts[key][0] for key in READERS)
        is_equal = f1(mine, plumbed) >= EQUAL
        self.equal_pages += count if is_equal else 0
        for key, (text, _, seconds) in texts.items():
            self.seconds[key] += seconds
            self.equal_seconds[key] += seconds if is_equal else 0.0
            if truth is not None:
                self.words[key].append(f1(truth, text))
                self.pairs[key].append(f1(truth, text, 2))
        self.alike.append((f1(mine, plumbed), f1(mine, third), name))

    def show(self, most_pages: int, worst: int) -> None:
        """Print all figures."""
        print(
            f"{len(self.alike)} files, {self.pages} pages; {self.refused} refused by ours, "
            f"{self.recognised} by OCR, {self.left_out} left out "
            f"(not opened by all, or over {most_pages} pages)"
        )
        for key in READERS:
            spent = max(self.seconds[key], 1e-9)
            line = f"{key:<11}{self.pages / spent:8.1f} pages/CPU-s"
            line += f" ({self.seconds['pdfplumber'] / spent:5.1f}x pdfplumber)"
            equal = max(self.equal_seconds[key], 1e-9)
            line += f"   with equal text {self.equal_pages / equal:8.1f}"
            line += f" ({self.equal_seconds['pdfplumber'] / equal:5.1f}x)"
            if self.words[key]:
                line += f"   F1 to the truth: words {statistics.mean(self.words[key]):.4f}"
                line += f", pairs {statistics.mean(self.pairs[key]):.4f}"
            print(line)
        if not self.alike:
            return
        for index, peer in ((0, "pdfplumber"), (1, "pypdf")):
            values = [row[index] for row in self.alike]
            mean, median = statistics.mean(values), statistics.median(values)
            print(f"ours ~ {peer}: token F1 mean {mean:.4f}, median {median:.4f}")
        best = [max(a, b) for a, b, _ in self.alike]
        print(f"ours ~ the nearer of both: mean {statistics.mean(best):.4f}")
        for a, b, name in sorted(self.alike, key=lambda row: max(row[:2]))[:worst]:
            print(f"   {a:.3f} {b:.3f} {name}")


def main(folder: Path | None, most_pages: int, worst: int) -> int:
    """Measure and print."""
    score = Score()
    for reader in READERS.values():  # imports and first uses
        timed(reader, sample("official letter").body)
    for name, (body, truth) in samples(folder).items():
        score.add(name, body, truth, most_pages)
    score.show(most_pages, worst)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pdfs", type=Path)
    parser.add_argument("--pages", type=int, default=60, help="leave out longer files")
    parser.add_argument("--worst", type=int, default=0, help="name so many files that differ most")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    sys.exit(main(options.pdfs, options.pages, options.worst))
