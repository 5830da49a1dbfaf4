"""The forms that the gazetteer compares: folded names, and place ids as integers.

Values in, values out. Folding keeps every code point in its place, so that what is found in folded
text is found at the same offsets in the text itself, whatever the text holds.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEMENDAGRI = 100_000_000  # beyond the largest ISO code in base 36 (5 digits: 60,466,175)
_OWN = 200_000_000  # beyond the largest Kemendagri code (4 digits)

_STROKES = {
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ß": "s",
    "æ": "a",
    "Æ": "A",
}
_STROKES |= {"œ": "o", "Œ": "O", "ı": "i", "þ": "t", "Þ": "T", "ð": "d", "Ð": "D", "ə": "a"}
_STROKES |= {"Ə": "A", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N"}
# Letters by their class in Unicode, apostrophes to whoever writes them: "Hawaiʻi", "Sanaʼa".
_STROKES |= dict.fromkeys("ʻʼʽʾʿˈ`´", " ")
_SHOUTED = re.compile("[A-Z][A-Z]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class _FoldTable(dict[int, str]):
    """Code point -> one folded character, filled as characters are met: a cache, not a setting."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _STROKES.get(character)
        if folded is None:
            base = unicodedata.normalize("NFKD", character)[:1]
            folded = base if base.isascii() and base.isalnum() else character
            if not folded.isalnum():
                folded = " "
        self[code] = folded
        return folded


_TABLE = _FoldTable()
_ASCII = {code: _TABLE[code] for code in range(128)}


def fold_name(text: str) -> str:
    """Fold ``text`` for matching names; the result has exactly as many code points.

    Accents go, whatever is no letter or digit becomes a space (hyphens and apostrophes too), a row
    of capitals keeps only its first. The case of other words stays: "of" is not the town of Of.
    """
    # `str.translate` takes 40 ns a character, 1 ns where all are ASCII: the others go first.
    if not text.isascii():
        text = _NOT_ASCII.sub(lambda m: _TABLE[ord(m.group())], text)
    return _SHOUTED.sub(lambda m: m.group()[0] + m.group()[1:].lower(), text.translate(_ASCII))


# The scan form: `fold_name` with one byte for each code point, so that a hit's offsets need no
# table. Six bits tell the letter, one that it is a capital, one that it is a space; each byte then
# takes over the two flags of the byte behind it. So the last letter of a word differs from the same
# letter within one, and a space before a capital (`NAME_START`) from all other bytes: a name is
# found only where it ends a word, and the automaton jumps from capital to capital. (It does so
# for a start below 0x80 only: the reason for the order of the bits.)
_CAPITAL, _SPACE = 0x20, 0x40
_FLAGS = _CAPITAL | _SPACE
NAME_START = _SPACE | _CAPITAL
_CAPITAL_BIT, _FLAG_BITS = np.uint8(_CAPITAL), np.uint8(_FLAGS)
_DIGITS, _OTHER, _LINE_END = 0x80, 0x8A, 0x8B  # ten digits, a letter that is not Latin, end of line


def _scan_codes() -> bytes:
    """Return the code of each Latin-1 character; the table of `bytes.translate`."""
    codes = bytearray([_OTHER]) * 256
    for code in range(256):
        folded = _TABLE[code]
        if not folded.isascii():
            continue
        if folded.isdigit():
            codes[code] = _DIGITS + int(folded)
        elif folded.isalpha():
            codes[code] = (ord(folded) & 0x1F) | (_CAPITAL if folded.isupper() else 0)
        else:
            codes[code] = _SPACE
    return bytes(codes)


_CODES = _scan_codes()
_LINE = _SPACE | _LINE_END  # ends a word as a space does
_LINE_CODES = _CODES[:10] + bytes([_LINE]) + _CODES[11:]

# What is mostly all that keeps an English text out of Latin-1; each is a space to us.
_PUNCTUATION = "’“”—–‘…"
# Code point -> ASCII character that it folds to, `_NO_LETTER`, or 0 while it was not met yet.
_LATIN = np.zeros(0x110000, dtype="u1")
_NO_LETTER = 0xB5  # a byte of Latin-1 that folds to no ASCII letter, as letters of other scripts do


def scan_form(text: str) -> tuple[bytes, bool]:
    """Return the scan form of ``text``, and whether letters other than Latin ones are in it."""
    if not text.isascii():
        for character in _PUNCTUATION:
            text = text.replace(character, " ")
    try:
        return _marked(text.encode("latin-1").translate(_CODES)), False
    except UnicodeEncodeError:
        return _wide_form(text)


def _wide_form(text: str) -> tuple[bytes, bool]:
    """Return what `scan_form` does, for text with letters beyond Latin-1."""
    codes: NDArray[Any] = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype="<u2")
    if len(codes) != len(text):  # beyond the first plane: two units a code point
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    at = np.flatnonzero(codes > 0x7F)
    rare = codes[at]
    latin = _LATIN[rare]
    if not latin.all():
        for code in np.unique(rare[latin == 0]).tolist():
            folded = _TABLE[code]
            _LATIN[code] = ord(folded) if folded.isascii() else _NO_LETTER
        latin = _LATIN[rare]
    narrow = codes.astype("u1")
    narrow[at] = latin
    return _marked(narrow.tobytes().translate(_CODES)), bool((latin == _NO_LETTER).any())


def patterns_of(keys: bytes) -> list[bytes]:
    """Return names in scan form, from lines of folded ones.

    What begins with a small letter has its place in the list, but is never found.
    """
    lines = b" " + keys.replace(b"\n", b"\n ") + b"\n"
    found = _marked(lines.translate(_LINE_CODES)).split(bytes([_LINE]))[:-1]
    start = bytes([NAME_START])
    return [start + pattern[1:] for pattern in found]


# Scripts that put no spaces around a name (0), before it only (1), on both sides (2).
_SPACING = ((0x0400, 0x06FF, 2), (0xAC00, 0xD7AF, 1))


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Tell whether a name in another script than Latin ends and begins as its script asks."""
    code = ord(text[start])
    spacing = next((n for first, last, n in _SPACING if first <= code <= last), 0)
    if spacing and text[start - 1 : start].isalnum():
        return False
    return spacing < 2 or not text[end : end + 1].isalnum()


def has_space(form: bytes) -> bool:
    """Tell whether a scan form is of several words."""
    return _SPACE in form or NAME_START in form


def _marked(codes: bytes) -> bytes:
    form = np.frombuffer(bytearray(codes), dtype="u1")
    head, tail = form[:-1], form[1:]
    flags = np.bitwise_and(head, tail)
    np.bitwise_and(flags, _CAPITAL_BIT, out=flags)
    # A capital behind a capital is a small letter: "BANDUNG" is "Bandung", "McALLEN" is "McAllen".
    np.bitwise_xor(tail, flags, out=tail)
    np.bitwise_and(tail, _FLAG_BITS, out=flags)
    np.bitwise_or(head, flags, out=head)
    return form.tobytes()


def encode_id(place_id: str) -> int:
    """Return the integer that stands for a place id in the file.

    ``gn:1650357`` is GeoNames', ``iso:JP`` a country, ``iso:VN-43`` a division that GeoNames lacks,
    ``id:34.71`` an Indonesian (Kemendagri) code, ``own:52110`` one that no source has.

    Raises:
        ValueError: The scheme is not one of these.
    """
    scheme, _, value = place_id.partition(":")
    if scheme == "gn":
        return int(value)
    if scheme == "iso":
        return -int(value.replace("-", "").lower(), 36)
    if scheme == "own":
        return -(_OWN + int(value))
    if scheme == "id":
        return -(_KEMENDAGRI + int(value.replace(".", "")))
    raise ValueError(f"no such id scheme: {place_id!r}")


def decode_id(code: int) -> str:
    """Return the place id that `encode_id` made ``code`` from."""
    if code > 0:
        return f"gn:{code}"
    if code <= -_OWN:
        return f"own:{-code - _OWN}"
    if code <= -_KEMENDAGRI:
        digits = str(-code - _KEMENDAGRI)
        return f"id:{digits[:2]}" + (f".{digits[2:]}" if digits[2:] else "")
    letters = np.base_repr(-code, 36)
    return f"iso:{letters[:2]}" + (f"-{letters[2:]}" if letters[2:] else "")
