"""The forms that the gazetteer compares: folded names, and place ids as integers.

Values in, values out. Folding keeps every code point in its place, so that what is found in folded
text is found at the same offsets in the text itself, whatever the text holds.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

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
_SHOUTED = re.compile(" [A-Z][A-Z]+")
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

    Accents go, whatever is no letter or digit becomes a space (hyphens and apostrophes too), a word
    all in capitals keeps only its first. The case of other words stays: "of" is not the town of Of.
    """
    return fold_in(f" {text}")[1:]


def fold_in(text: str) -> str:
    """Fold ``text`` as `fold_name` does; a word all in capitals must have a space before it."""
    # `str.translate` takes 40 ns a character, 1 ns where all are ASCII: the others go first.
    if not text.isascii():
        text = _NOT_ASCII.sub(lambda m: _TABLE[ord(m.group())], text)
    return _SHOUTED.sub(lambda m: m.group()[:2] + m.group()[2:].lower(), text.translate(_ASCII))


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
