"""Characters on pictures, by the Tesseract of the system: words with their boxes and confidences.

In: a grey picture. Out: words. The program gets the picture through a pipe, writes no file and runs
on one thread, so that its answer is always the same. It has limits of its own, and the kernel kills
it together with the process that started it (Linux; elsewhere its limit on CPU time ends it).
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from pipeline.readers.language import primary
from pipeline.sandbox import GRACE_SECONDS

INSTALL = "install tesseract-ocr and tesseract-ocr-ind"
MEMORY_BYTES = 1_000_000_000  # a page of 9 megapixels takes 0.2 GB with two languages
ALONE_SECONDS = 60.0  # budget of a document outside of a sandbox, where no alarm is set
RESERVE_SECONDS = 2.0  # what comes after recognition: lines, title, date
LIST_SECONDS = 10.0  # `--list-langs` takes 0.02 s
MAX_LANGUAGES = 3  # each further one costs time and tempts into wrong words
ALWAYS = ("ind", "eng")  # agreements stand in both more often than a source's language says
PACKS = {
    "id": "ind", "en": "eng", "ms": "msa", "jv": "jav", "su": "sun", "ja": "jpn", "ko": "kor",
    "zh": "chi_sim", "de": "deu", "fr": "fra", "es": "spa", "pt": "por", "nl": "nld", "it": "ita",
    "ru": "rus", "ar": "ara", "th": "tha", "vi": "vie", "tr": "tur", "pl": "pol",
}  # fmt: skip
SPECK = 0.5  # a mark without letter or digit below this confidence is dirt
_PR_SET_PDEATHSIG = 1
_COLUMNS = 12
_WORD_LEVEL = "5"


class OcrError(Exception):
    """No answer from Tesseract. The message is the reason."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A grey picture, one byte a pixel, row by row from the top; ``dpi`` is its resolution."""

    width: int
    height: int
    dpi: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word. Pixels from the upper left corner; confidence 0 to 1.

    ``line`` is the same for words that Tesseract put on one line.
    """

    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float
    line: tuple[int, int, int]


@lru_cache(maxsize=1)
def installed() -> tuple[str | None, frozenset[str]]:
    """Return the path of Tesseract and its language packs; None where it is not installed."""
    path = shutil.which("tesseract")
    if path is None:
        return None, frozenset()
    try:
        done = subprocess.run(  # noqa: S603 (the system's own program, no foreign argument)
            [path, "--list-langs"],
            capture_output=True,
            timeout=LIST_SECONDS,
            check=False,
            env=_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None, frozenset()
    names = done.stdout.decode("utf-8", "replace").splitlines()[1:]
    return path, frozenset(name.strip() for name in names if name.strip())


def packs_for(languages: Sequence[str]) -> str | None:
    """Return the packs for a source's languages, as Tesseract wants them; None where none fits."""
    _, have = installed()
    wanted = [PACKS.get(primary(tag) or "", "") for tag in languages] + list(ALWAYS)
    chosen = [name for name in dict.fromkeys(wanted) if name in have][:MAX_LANGUAGES]
    return "+".join(chosen) or None


def obstacle(languages: Sequence[str]) -> str | None:
    """Return what is missing for recognition, as an instruction; None where nothing is."""
    path, _ = installed()
    if path is None:
        return INSTALL
    return None if packs_for(languages) else f"no language pack for Tesseract: {INSTALL}"


def seconds_left(began: float) -> float:
    """Return how long recognition may go on, by the alarm that the sandbox set for this document.

    So a longer ``read.seconds`` gives time for more pages. Without an alarm a document has
    `ALONE_SECONDS` from ``began`` (of the monotonic clock).
    """
    left = signal.getitimer(signal.ITIMER_REAL)[0]
    whole = left - GRACE_SECONDS if left else ALONE_SECONDS - (time.monotonic() - began)
    return whole - RESERVE_SECONDS


def recognise(
    picture: Picture, packs: str, *, seconds: float, turn: bool = False
) -> tuple[Word, ...]:
    """Return the words on a picture.

    Args:
        picture: The page.
        packs: Language packs, from `packs_for`.
        seconds: The program is killed after so long.
        turn: Find out first how the page is turned (a quarter slower; needs the pack ``osd``).

    Raises:
        OcrError: Not installed, too slow, or broken off.
    """
    path, have = installed()
    if path is None:
        raise OcrError(INSTALL)
    mode = "1" if turn and "osd" in have else "3"
    command = [path, "stdin", "stdout", "-l", packs, "--dpi", str(picture.dpi), "--psm", mode]
    head = b"P5 %d %d 255\n" % (picture.width, picture.height)
    try:
        done = subprocess.run(  # noqa: S603 (packs come from `installed`)
            [*command, "-c", "tessedit_create_tsv=1"],
            input=head + picture.pixels,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=max(0.1, seconds),
            check=False,
            env=_environment(),
            preexec_fn=_confine(os.getpid(), seconds),  # one thread, and no lock is held
        )
    except subprocess.TimeoutExpired:
        msg = f"recognition of a page took more than {seconds:.0f} s"
        raise OcrError(msg) from None
    except (OSError, subprocess.SubprocessError) as error:
        msg = f"Tesseract does not start ({error})"
        raise OcrError(msg) from error
    if done.returncode != 0:
        msg = f"Tesseract broke off (code {done.returncode})"
        raise OcrError(msg)
    return _words(done.stdout.decode("utf-8", "replace"))


def _environment() -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if k in ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")
    }
    return kept | {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C"}


def _confine(parent: int, seconds: float) -> Callable[[], None]:
    """Return what the new process does before it is Tesseract: tie itself to us, set limits."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    limits = (
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )

    def confine() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)
        for kind, most in limits:
            with suppress(OSError, ValueError):
                _, hard = resource.getrlimit(kind)
                wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(kind, (wanted, wanted))

    return confine


def _words(table: str) -> tuple[Word, ...]:
    """Read Tesseract's table of words; what it does not say in full is left out."""
    found = []
    for row in table.splitlines():
        cells = row.split("\t")
        if len(cells) != _COLUMNS or cells[0] != _WORD_LEVEL:
            continue
        text = cells[11].strip()
        try:
            block, part, line, left, top, width, height = (
                int(cells[i]) for i in (2, 3, 4, 6, 7, 8, 9)
            )
            confidence = float(cells[10]) / 100
        except ValueError:
            continue
        if not text or (confidence < SPECK and not any(c.isalnum() for c in text)):
            continue
        place = (left, top, left + width, top + height)
        found.append(Word(text, *place, max(0.0, min(1.0, confidence)), (block, part, line)))
    return tuple(found)
