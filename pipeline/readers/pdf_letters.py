"""Letters of a PDF page with their boxes, upright, and lines in the order of the file.

The text of a page drawn sideways is turned before anyone looks at it. Letters whose code says
nothing (a font without a table to Unicode) are told by `grade`.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

MERGED = "\ufffe"
MAX_CHARS = 500_000  # of one page; a dense page of a newspaper has 30,000
FAR = 20_000.0  # points; the largest page that PDF allows has 14,400
WIDE = 1.1  # heights: no letter is wider, but for ideographs, which are as wide as high
ASIDE_CHARS = 4  # shorter ones are marks
ANGLE_STEP = 24  # each so many letters the direction of writing is asked: it is a slow question
QUARTER = math.pi / 2
OBLIQUE = 4  # a watermark from corner to corner
SLANT = 0.1  # quarter turns (9 degrees); a scan is never so crooked
PLAIN_WORDS = 20  # fewer words say nothing of a page
SAMPLE_CHARS, SAMPLE_WORDS = 2_000, 80  # of a page that is judged by its words
MANY, FEW_LETTERS = 200, 0.3  # of so many marks fewer are letters: codes; leaders are not so many
FEW_CLEAN = 0.5  # share of letters that stand in clean words; of a page of formulas it is 0.6
MANY_SCRIPTS = 6  # blocks of 128 letters, most of them a script: no page has so many
SHIFTS, LAST = (29, 31), 0x7E  # from the number of the space to 0x20
SHIFTED_GRADE = 0.85
_TOKEN = re.compile(r"\S+")
_WORDS = re.compile(r"[^\W\d_]{4,}")
_BLANK = re.compile("[\\s\u00ad\x02\ufffe]")
_FOREIGN = re.compile("[\u0370-\u1cff\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")
# A word, perhaps with a hyphen or a quote in it, or a number with its unit; marks around them.
_CLEAN = re.compile(
    r"[^\w\s\x00-\x1f]{0,3}(?:[^\W\d_]+(?:[-'’./&@][^\W\d_]+)*\d{0,4}|[^\W\d_]{0,3}[\d.,:/%°€$()-]+[^\W\d_]{0,3})"
    r"[^\w\s\x00-\x1f]{0,6}"
)
_ALNUM = re.compile(r"[^\W_]")
_NO_LETTER = re.compile("[\ufffd\x00\x01\x03-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ud800-\udfff]")
_LIKELY = re.compile(r"(?!.*[bcdfghjklmnpqrstvwxz]{6})(?=.*[aeiouyäöüåøæœ])")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
_LIGATURE = re.compile("[ﬀ-ﬆ]")
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Line:
    """One line of text. Coordinates in points, the origin at the lower left corner of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    is_row: bool = False

    @property
    def height(self) -> float:
        """Height of the line's letters."""
        return self.top - self.bottom


class Letters:
    """The letters of a page: ``text`` has one for each index of the file, `box` says where."""

    def __init__(self, textpage: PdfTextPage) -> None:
        """Read the letters of a page; ``too_many`` tells that the rest was left out."""
        import pypdfium2.raw as pdfium

        self._raw = textpage.raw
        self._rect = pdfium.FS_RECTF()
        self._pointer = ctypes.byref(self._rect)
        self._ask, self._angle = pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_GetCharAngle
        count = textpage.count_chars()
        self.too_many = count > MAX_CHARS
        count = min(count, MAX_CHARS)
        text = str(textpage.get_text_range(0, count)) if count > 0 else ""
        if len(text) != count:  # letters beyond 16 bits or left out: asked one by one
            text = "".join(_letter(pdfium.FPDFText_GetUnicode(self._raw, i)) for i in range(count))
        self.text = text
        votes = [0] * (OBLIQUE + 1)
        for index in range(0, len(text), ANGLE_STEP):
            if not text[index].isspace():
                votes[self.turn_of(index)] += 1
        self.turn = max(range(4), key=lambda turn: votes[turn])
        self.is_mixed = sum(1 for count in votes if count) > 1

    def turn_of(self, index: int) -> int:
        """Return the direction of one letter: quarter turns clockwise, or `OBLIQUE`."""
        turns = self._angle(self._raw, index) / QUARTER
        return round(turns) % 4 if abs(turns - round(turns)) < SLANT else OBLIQUE

    def is_astray(self, index: int) -> bool:
        """Tell whether a letter runs in another direction than most: stamps, notes at the edge."""
        return self.is_mixed and self.turn_of(index) != self.turn

    def box(self, index: int) -> Box:
        """Return left, bottom, right and top: as wide as its advance, as high as its font."""
        self._ask(self._raw, index, self._pointer)
        rect = self._rect
        box = rect.left, rect.bottom, rect.right, rect.top
        if self.turn == 0 and box[0] > -FAR and box[1] > -FAR and box[2] < FAR and box[3] < FAR:
            return box
        return turned(box, self.turn)


def _letter(code: int) -> str:
    if 0xD800 <= code < 0xE000 or not 0 < code <= 0x10FFFF:
        return "\ufffd"
    return chr(code)


def turned(box: Box, turn: int) -> Box:
    """Turn a box so that text which ran ``turn`` quarters clockwise runs to the right.

    No number or one beyond any page becomes the edge of what is possible.
    """
    left, bottom, right, top = (max(-FAR, min(FAR, v)) if v == v else 0.0 for v in box)
    if turn == 0:
        return left, bottom, right, top
    if turn == 1:
        return -top, left, -bottom, right
    if turn == 2:
        return -right, -top, -left, -bottom
    return bottom, -right, top, -left


def plain_lines(letters: Letters) -> list[Line]:
    """Return the lines in the order of the file, with the box from first to last letter."""
    lines: list[Line] = []
    start = 0
    # Where a line ends inside a word, pdfium writes U+FFFE and runs the lines together.
    for raw in re.findall(rf"[^\n{MERGED}]*[\n{MERGED}]?", letters.text):
        stripped = raw.strip()
        if stripped:
            first = start + len(raw) - len(raw.lstrip())
            if letters.is_astray(first):
                start += len(raw)
                continue
            left, bottom, right, top = letters.box(first)
            last = letters.box(start + len(raw.rstrip()) - 1)
            box = (left, min(bottom, last[1]), max(right, last[2]), max(top, last[3]))
            lines.append(Line(stripped, *box))
        start += len(raw)
    return lines


def words_of(letters: Letters) -> list[Line]:
    """Gather the letters into words with their boxes, in the order of the file.

    Of a word that is as long as its letters, the ends are asked for only.
    """
    found: list[Line] = []
    for match in _TOKEN.finditer(letters.text):
        first, last = match.start(), match.end() - 1
        if letters.is_mixed and letters.is_astray(first):
            continue
        left, bottom, right, top = letters.box(first)
        if last > first:
            _, bottom2, right2, top2 = letters.box(last)
            middle, height = (bottom2 + top2) / 2, max(top - bottom, top2 - bottom2, 1.0)
            # pdfium parts what is far apart; the width of the mean letter shows what it did not
            if not (
                bottom <= middle <= top and left < right2 <= left + WIDE * height * len(match[0])
            ):
                found += _letter_by_letter(letters, first, last + 1)
                continue
            bottom, right, top = min(bottom, bottom2), max(right, right2), max(top, top2)
        found.append(Line(match[0], left, bottom, right, top))
    return found


def _letter_by_letter(letters: Letters, start: int, stop: int) -> list[Line]:
    """Cut a run of letters into words where they jump."""
    found: list[Line] = []
    word: list[str] = []
    box: list[float] | None = None
    for index in range(start, stop):
        left, bottom, right, top = letters.box(index)
        if box is not None and _breaks(box, left, bottom, top):
            _close(found, word, box)
            box = None
        word.append(letters.text[index])
        if box is None:
            box = [left, bottom, right, top]
        elif right > left:
            box = [min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top)]
    _close(found, word, box)
    return found


def _breaks(box: list[float], left: float, bottom: float, top: float) -> bool:
    """Tell whether a letter belongs to another word: a jump to the side or to another line."""
    height = max(box[3] - box[1], top - bottom, 1.0)
    middle = (bottom + top) / 2
    return (
        abs(left - box[2]) > height or not box[1] - 0.5 * height <= middle <= box[3] + 0.5 * height
    )


def _close(found: list[Line], letters: list[str], box: list[float] | None) -> None:
    if letters and box is not None:
        left, bottom, right, top = box
        found.append(Line("".join(letters), left, bottom, right, top))
    letters.clear()


def asides(letters: Letters) -> list[Line]:
    """Return lines that run straight but in another direction than the page: after its text."""
    return [
        Line(text, 0.0, 0.0, 0.0, 0.0)
        for match in re.finditer(rf"[^\r\n{MERGED}]+", letters.text)
        if len(text := match[0].strip()) >= ASIDE_CHARS
        and letters.is_astray(first := match.start() + len(match[0]) - len(match[0].lstrip()))
        and letters.turn_of(first) != OBLIQUE
    ]


def unligated(text: str) -> str:
    """Write ligatures out, and put accents onto their letters."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _LIGATURE.sub(lambda m: m[0].translate(_LIGATURES), text))


def grade(text: str) -> float:
    """Return how far a text looks like one, 0 to 1: codes that are letters, words that have vowels.

    Words in other scripts than the Latin one are taken as they are.
    """
    solid = len(text) - len(_BLANK.findall(text))
    if not solid:
        return 1.0
    score = 1 - len(_NO_LETTER.findall(text)) / solid
    lettered = len(_ALNUM.findall(text))
    if solid >= MANY and lettered < FEW_LETTERS * solid:
        score *= lettered / (FEW_LETTERS * solid)
    sample = text[:SAMPLE_CHARS]
    foreign = _FOREIGN.findall(sample)
    if len(foreign) > 0.3 * len(sample):  # some scripts set no spaces
        blocks = {ord(c) >> 7 for c in foreign if c < "\u2000"}
        return score if len(blocks) <= MANY_SCRIPTS else score * MANY_SCRIPTS / len(blocks)
    words = _judged(sample)
    if len(words) >= PLAIN_WORDS:
        score *= sum(1 for word in words if _is_likely(word)) / len(words)
    marks = sample.split()
    if len(marks) >= PLAIN_WORDS or solid >= MANY:
        clean = sum(len(mark) for mark in marks if _CLEAN.fullmatch(mark))
        score *= min(1.0, clean / (FEW_CLEAN * sum(map(len, marks))))
    return score


def _judged(text: str) -> list[str]:
    """Return Latin words without their accents; short ones in capitals may be acronyms."""
    words = (w for w in _WORDS.findall(text) if not (w.isupper() and len(w) <= 6))
    return [p for w in islice(words, SAMPLE_WORDS) if (p := _plain(w)).isascii()]


def _plain(word: str) -> str:
    """Take the accents off a word."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _is_likely(word: str) -> bool:
    """Tell whether a word can be one: it has a vowel, and capitals only where words have them."""
    inner = word[1:]
    is_cased = inner.islower() or word.isupper() or sum(c.isupper() for c in inner) <= 2
    return is_cased and _LIKELY.match(word.casefold()) is not None


def unshifted(text: str) -> str | None:
    """Read codes of a font without a table to Unicode as the usual numbers of its glyphs.

    The glyphs of ASCII mostly come in its order, in TrueType fonts from number 3 on, in those of
    PostScript from 1 on. Returns None where neither makes Latin words.
    """
    for shift in SHIFTS:
        tried = "".join(
            chr(ord(c) + shift) if c not in "\r\n" and 0 < ord(c) <= LAST - shift else c
            for c in text
        )
        if len(_judged(tried)) >= PLAIN_WORDS and grade(tried) >= SHIFTED_GRADE:
            return tried
    return None
