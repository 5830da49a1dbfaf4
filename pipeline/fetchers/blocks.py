"""Soft blocks: answers that say 200 but hold a consent wall, a CAPTCHA or a browser check."""

from __future__ import annotations

import re

_SMALL = 60_000  # bytes; a whole news page with one of these words in a script is larger
_HEADERS = ("cf-mitigated", "x-datadome", "x-amzn-waf-action")
_MARKS = (
    ("browser check", rb"cf-browser-verification|_cf_chl_opt|jschl[_-]answer"),
    ("browser check", rb"<title>\s*(?:just a moment|checking your browser|ddos-guard)"),
    ("browser check", rb"sucuri_cloudproxy|/_incapsula_resource|bot verification"),
    ("access denied", rb"<title>\s*(?:access denied|attention required!|403 forbidden)"),
    ("CAPTCHA", rb"px-captcha|geo\.captcha-delivery\.com|<title>[^<]*captcha"),
    ("consent wall", rb"<title>[^<]*(?:cookie consent|before you continue)"),
    ("consent wall", rb"consent\.(?:google|yahoo)\.com/(?:m|v2/collectconsent|collectconsent)\b"),
)
_COMPILED = tuple((name, re.compile(pattern, re.I)) for name, pattern in _MARKS)

_ANY = re.compile(b"|".join(b"(?:" + pattern + b")" for _, pattern in _MARKS), re.I)


def soft_block(headers: tuple[tuple[str, str], ...], payload: bytes) -> str | None:
    """Return which kind of wall a page is, or None for a page.

    Only short pages count: a wall has no text, and a document may speak of CAPTCHAs.
    """
    for name, value in headers:
        if name.lower() in _HEADERS and value.lower() in ("challenge", "captcha", "blocked"):
            return "browser check"
    if len(payload) > _SMALL:
        return None
    if not _ANY.search(payload):
        return None
    return next(kind for kind, pattern in _COMPILED if pattern.search(payload))
