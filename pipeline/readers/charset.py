"""Bytes of a page or a text file to characters.

Order: byte order mark, valid UTF-8 (bytes that form it by chance are rare beyond a few letters),
the server's header, the page's own declaration, statistics. A declaration that yields gibberish is
doubted.
"""

from __future__ import annotations

import re

_UTF_16_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Encodings that use only ASCII bytes, so that the test for UTF-8 would swallow them.
_SEVEN_BIT = re.compile(rb"charset\s*=\s*[\"']?\s*(?:iso-2022-|hz-gb|utf-7)", re.IGNORECASE)
_GIBBERISH = re.compile("[\ufffd\x80-\x9f]")
GIBBERISH_SHARE = (
    0.002  # a few broken bytes are normal in old pages, two in a thousand are another encoding
)
SNIFF_BYTES = 4096  # where a page may declare its encoding


def _gibberish(text: str) -> float:
    return len(_GIBBERISH.findall(text)) / max(1, len(text))


def decode(body: bytes, media_type: str = "") -> str:
    """Return the characters of ``body``; never fails, broken bytes become U+FFFD."""
    if body.startswith(b"\xef\xbb\xbf"):
        return body[3:].decode("utf-8", "replace")
    if (
        not body.startswith(_UTF_16_32)
        and _wide(body) is None
        and not _SEVEN_BIT.search(body[:SNIFF_BYTES])
    ):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return _decode_declared(body, media_type)


def _decode_declared(body: bytes, media_type: str) -> str:
    from w3lib.encoding import html_to_unicode

    wide = _wide(body)
    if wide is not None:
        return body.decode(wide, "replace")
    try:
        encoding, text = html_to_unicode(media_type or None, body, auto_detect_fun=_detected)
    except (LookupError, UnicodeError):  # Python calls base64, idna and others encodings, too
        encoding = _detected(body)
        text = body.decode(encoding, "replace")
    share = _gibberish(text)
    if share <= GIBBERISH_SHARE:
        return text
    guess = _detected(body)
    if guess == encoding:
        return text
    try:
        other = body.decode(guess, "replace")
    except (LookupError, UnicodeError):
        return text
    return other if _gibberish(other) < share else text


def _wide(body: bytes) -> str | None:
    """Return UTF-16 without its mark, which the NULs of markup betray."""
    head = body[:SNIFF_BYTES]
    if body.startswith(_UTF_16_32) or len(head) < 8:
        return None
    if head[:1] == b"<" and head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    return "utf-16-be" if head[:2] == b"\0<" and head[::2].count(0) > len(head) // 4 else None


def _detected(body: bytes) -> str:
    """Return an encoding by statistics; the fast guess is doubted where it does not decode."""
    from charset_normalizer import from_bytes
    from resiliparse.parse.encoding import detect_encoding

    guess = detect_encoding(body) or "cp1252"
    try:
        body.decode(guess)
    except (LookupError, UnicodeError):
        best = from_bytes(body[:50_000]).best()
        return best.encoding if best is not None else "cp1252"
    return guess
