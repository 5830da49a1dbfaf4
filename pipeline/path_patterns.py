"""Path patterns, as robots.txt and tdmrep.json have them, and the paths that they are matched with.

A path can be compared as it is written or with its percent signs undone: see `as_written` and
`as_decoded`. Pattern and path must be in the same reading.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_PATH_START = re.compile(r"[/?;]")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_KEPT = {0x23, 0x24, 0x25, 0x2A, 0x2F, 0x3F}  # # $ % * / ? mean something else when decoded
_SAFE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "  # all of ASCII that is no letter or digit
_ALLOWED = "%*$/?#!&'()+,-.:;=@_~[]"  # what RFC 3986 lets stand in an address, and the escapes


class Pattern:
    """A path pattern of robots.txt: ``*`` is anything, ``$`` at the end is the end.

    Matching takes time in proportion to pattern and path, whatever the pattern.
    """

    __slots__ = ("_is_anchored", "_parts", "is_plain", "priority", "text")

    def __init__(self, text: str) -> None:
        """Take a pattern in one of the two readings."""
        self.text = text
        self.priority = len(text)  # octets: what is not ASCII is escaped
        self._is_anchored = text.endswith("$")
        self._parts = text.removesuffix("$").replace("$", "%24").split("*")
        self.is_plain = not self._is_anchored and len(self._parts) == 1 and "$" not in text

    def matches(self, path: str) -> bool:
        """Tell whether it matches a path in the same reading."""
        first, *rest = self._parts
        if not rest:
            return path == first if self._is_anchored else path.startswith(first)
        if not path.startswith(first):
            return False
        position = len(first)
        for part in rest[:-1]:
            found = path.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
        if self._is_anchored:
            return len(path) - len(rest[-1]) >= position and path.endswith(rest[-1])
        return path.find(rest[-1], position) >= 0


def path_of(url: str) -> str:
    """Return path, parameters and query of an address, as written; ``/`` where it has none."""
    rest = url.partition("#")[0]
    scheme, mark, after = rest.partition("://")
    if mark and not _PATH_START.search(scheme):
        rest = after
    elif rest.startswith("//"):
        rest = rest[2:]
    start = _PATH_START.search(rest)
    found = rest[start.start() :] if start else "/"
    return found if found.startswith("/") else f"/{found}"


def as_written(text: str) -> str:
    """Return a pattern as Google compares it: non-ASCII escaped, escapes in capitals."""
    escaped = text if text.isascii() else quote(text, safe=_SAFE, errors="replace")
    return _ESCAPE.sub(lambda match: match[0].upper(), escaped)


def as_decoded(text: str) -> str:
    """Return a pattern or path as RFC 9309 compares it: escapes undone where that is no matter.

    Escapes of characters that mean something in a pattern or an address stay, in capitals.
    """

    def plain(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return chr(code) if 0x20 < code < 0x7F and code not in _KEPT else match[0].upper()

    return quote(_ESCAPE.sub(plain, as_written(text)), safe=_ALLOWED)


def literal(path: str) -> str:
    """Return a path in which characters that mean something in a pattern mean themselves."""
    return path.replace("$", "%24").replace("*", "%2A")
