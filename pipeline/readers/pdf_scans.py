"""Pages that are pictures: seen as such, drawn in grey, recognised, and laid out as lines."""

from __future__ import annotations

import ctypes
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.readers.ocr import (
    OcrError,
    Picture,
    Word,
    obstacle,
    packs_for,
    recognise,
    seconds_left,
)
from pipeline.readers.pdf_layout import in_reading_order
from pipeline.readers.pdf_letters import Line

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

DPI = 200  # 1.3 s a page; 300 take 1.9 s and read print of 8 to 12 points no better
MAX_PIXELS = 9_000_000  # a page of A4 at 300 dpi; larger pages are drawn coarser
MIN_DPI = 60  # below it letters of 12 points have no shape
MAX_PAGES = 40  # of one document; 20 s are enough for some 12, `read.seconds` gives more
MIN_QUALITY = 0.5  # mean confidence; of a photograph or of handwriting it is 0.2 to 0.4
TURN_BELOW = 0.65  # a page read so badly may lie on its side: it is read again
MOST_OBJECTS = 12  # a scan is one picture, or some stripes, and perhaps a layer of text after it
COVER = 0.5  # share of the page
LEVEL = 0.003  # slope below which lines are level: 2 points over a page's width
MIN_SLOPE_WORDS = 4
MAX_PICTURE_PIXELS = 150_000_000  # of an embedded picture: unpacked in grey that is 150 MB


@dataclass(frozen=True, slots=True)
class Recognised:
    """Lines of a page and the mean confidence of its letters."""

    lines: list[Line]
    quality: float


class Recogniser:
    """Recognises pages of one document until its time or its number of pages is used up."""

    def __init__(self, languages: Sequence[str]) -> None:
        """Prepare; nothing is started before a page is given."""
        self._languages = languages
        self._began = time.monotonic()
        self._pages = 0
        self._slowest = 1.0
        self.obstacle: str | None = None

    def read(self, page: PdfPage) -> Recognised | None:
        """Return what stands on a page; None, and `obstacle` the reason, where that cannot be."""
        self.obstacle = self.obstacle or obstacle(self._languages) or self._budget()
        packs = packs_for(self._languages)
        if self.obstacle or packs is None:
            return None
        self._pages += 1
        began = time.monotonic()
        try:
            picture = picture_of(page)
            words = recognise(picture, packs, seconds=seconds_left(self._began))
            if _quality(words) < TURN_BELOW and seconds_left(self._began) > 2 * (
                time.monotonic() - began
            ):
                again = recognise(picture, packs, seconds=seconds_left(self._began), turn=True)
                words = max(words, again, key=lambda w: _quality(w) * math.sqrt(1 + len(w)))
        except OcrError as error:
            self.obstacle = str(error)
            return None
        self._slowest = max(self._slowest, time.monotonic() - began)
        return Recognised(lines_of(*_upright(words, picture)), _quality(words))

    def _budget(self) -> str | None:
        if self._pages >= MAX_PAGES:
            return f"at most {MAX_PAGES} pages of a document are recognised"
        if seconds_left(self._began) < self._slowest:
            return "no time left for recognition: raise read.seconds"
        return None


def is_picture(page: PdfPage) -> bool:
    """Tell whether pictures cover most of a page: a scan, perhaps with a layer of text."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    if page.get_rotation() in (90, 270):
        width, height = height, width
    edges = [ctypes.c_float() for _ in range(4)]
    covered = 0.0
    for index in range(min(MOST_OBJECTS, pdfium.FPDFPage_CountObjects(page.raw))):
        thing = pdfium.FPDFPage_GetObject(page.raw, index)
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind not in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            continue
        if kind == pdfium.FPDF_PAGEOBJ_FORM and not _holds_picture(thing):
            continue
        if pdfium.FPDFPageObj_GetBounds(thing, *(ctypes.byref(e) for e in edges)):
            left, bottom, right, top = (e.value for e in edges)
            covered += max(0.0, min(right, width) - max(left, 0.0)) * max(
                0.0, min(top, height) - max(bottom, 0.0)
            )
    return bool(covered >= COVER * max(1.0, width * height))


def _holds_picture(form: object) -> bool:
    import pypdfium2.raw as pdfium

    count = min(MOST_OBJECTS, max(0, pdfium.FPDFFormObj_CountObjects(form)))
    kinds = (
        pdfium.FPDFPageObj_GetType(pdfium.FPDFFormObj_GetObject(form, i)) for i in range(count)
    )
    return pdfium.FPDF_PAGEOBJ_IMAGE in kinds


def has_hidden_text(page: PdfPage) -> bool:
    """Tell whether the first texts of a page are drawn invisibly: a layer laid under a scan."""
    import pypdfium2.raw as pdfium

    seen = 0
    for index in range(min(4 * MOST_OBJECTS, pdfium.FPDFPage_CountObjects(page.raw))):
        thing = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_TEXT:
            if pdfium.FPDFTextObj_GetTextRenderMode(thing) != pdfium.FPDF_TEXTRENDERMODE_INVISIBLE:
                return False
            seen += 1
    return seen > 0


def _check_pictures(page: PdfPage) -> None:
    """Refuse a page whose pictures are too large to unpack.

    Raises:
        OcrError: One is.
    """
    import pypdfium2.raw as pdfium

    wide, high = ctypes.c_uint(), ctypes.c_uint()
    for index in range(min(1_000, pdfium.FPDFPage_CountObjects(page.raw))):
        thing = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_IMAGE and (
            pdfium.FPDFImageObj_GetImagePixelSize(thing, ctypes.byref(wide), ctypes.byref(high))
            and wide.value * high.value > MAX_PICTURE_PIXELS
        ):
            msg = f"a picture of {wide.value:,} by {high.value:,} pixels is too large to recognise"
            raise OcrError(msg)


def picture_of(page: PdfPage) -> Picture:
    """Draw a page in grey, as it is shown.

    Raises:
        OcrError: It has no size, is too large for its letters to show, or cannot be drawn.
    """
    import pypdfium2

    _check_pictures(page)
    inches = [max(0.0, side) / 72 for side in page.get_size()]
    area = inches[0] * inches[1]
    dpi = min(DPI, int(math.sqrt(MAX_PIXELS / area))) if area > 0 else 0
    if dpi < MIN_DPI:
        msg = f"a page of {inches[0]:.0f} by {inches[1]:.0f} inches cannot be recognised"
        raise OcrError(msg)
    try:
        drawn = page.render(scale=dpi / 72, grayscale=True)
    except pypdfium2.PdfiumError as error:
        msg = f"a page cannot be drawn ({error})"
        raise OcrError(msg) from error
    rows, step, width = bytes(drawn.buffer), drawn.stride, drawn.width
    pixels = b"".join(rows[i * step : i * step + width] for i in range(drawn.height))
    picture = Picture(width, drawn.height, dpi, pixels)
    drawn.close()
    return picture


def _quality(words: Sequence[Word]) -> float:
    """Return the mean confidence, by letters; 0 for no words."""
    letters = sum(len(w.text) for w in words)
    return sum(w.confidence * len(w.text) for w in words) / letters if letters else 0.0


def _upright(words: Sequence[Word], picture: Picture) -> tuple[Sequence[Word], Picture]:
    """Turn the boxes of a page that lay on its side or on its head, as its lines run."""
    votes = [0, 0, 0, 0]  # quarters by which the page must be turned to the left
    for _, group in groupby(words, key=lambda w: w.line):
        line = list(group)
        across = line[-1].left + line[-1].right - line[0].left - line[0].right
        down = line[-1].top + line[-1].bottom - line[0].top - line[0].bottom
        if abs(across) >= abs(down):
            votes[0 if across >= 0 else 2] += len(line) - 1
        else:
            votes[1 if down > 0 else 3] += len(line) - 1
    for _ in range(votes.index(max(votes))):
        wide = picture.width
        words = [
            replace(w, left=w.top, top=wide - w.right, right=w.bottom, bottom=wide - w.left)
            for w in words
        ]
        picture = replace(picture, width=picture.height, height=wide)
    return words, picture


def lines_of(words: Sequence[Word], picture: Picture) -> list[Line]:
    """Lay out recognised words: levelled, then by our own columns and rows."""
    point = 72 / picture.dpi
    slope = _slope(words)
    found: list[Line] = []
    for _, group in groupby(words, key=lambda w: w.line):
        line = list(group)
        # One height for a line, so that a word without tall letters stands in its row.
        tall = statistics.median(w.bottom - w.top for w in line)
        for word in line:
            drop = slope * (word.left + word.right) / 2
            base = (picture.height - word.bottom + drop) * point
            middle = base + (word.bottom - word.top) * point / 2
            half = tall * point / 2
            found.append(
                Line(word.text, word.left * point, middle - half, word.right * point, middle + half)
            )
    return in_reading_order(found)


def _slope(words: Sequence[Word]) -> float:
    """Return by how much lines go down for each pixel to the right; 0 where they are level."""
    slopes = []
    for _, group in groupby(words, key=lambda w: w.line):
        line = list(group)
        run = line[-1].left - line[0].left
        if len(line) >= MIN_SLOPE_WORDS and run > 0:
            first = (line[0].top + line[0].bottom) / 2
            last = (line[-1].top + line[-1].bottom) / 2
            slopes.append((last - first) / run)
    slope = statistics.median(slopes) if slopes else 0.0
    return slope if abs(slope) > LEVEL else 0.0
