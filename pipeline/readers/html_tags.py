"""What a tag says: how the walk treats it, and whether its class or its role mark boilerplate."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.readers.html_noise import NOISE_ROLE, noise_grade

# Elements without running text of the document.
_SKIPPED = """script style template iframe svg canvas object video audio map button select textarea
    datalist dialog math picture progress meter applet frameset rt rp noembed noframes""".split()
RAW = frozenset({"script", "style", "iframe", "noembed", "noframes"})  # tags in them are text
_VOID = "area base basefont bgsound col embed frame img input keygen link meta param source track"
NOISE_TAGS = frozenset(
    {
        "nav",
        "noscript",
        "footer",
        "aside",
        "figure",
        "figcaption",
        "form",
        "menu",
        "amp-sidebar",
        "caption",
    }
)
LINK_TAGS = frozenset({"nav", "footer", "aside", "menu"})  # not entered without a paragraph inside
INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby
    s samp small span strike strong sub sup time tt u var wbr""".split()
)
KINDS = (
    dict.fromkeys(INLINE, "inline")
    | dict.fromkeys(_SKIPPED, "skipped")
    | dict.fromkeys(_VOID.split(), "void")
    | {"br": "br", "hr": "hr", "tr": "tr"}
)
PASSING = frozenset(mark + tag for tag in INLINE - {"a"} for mark in ("", "/"))
HIDDEN = 3  # grade of what readers do not see; 1 is boilerplate by name or tag, 2 surely so
CACHED_CHARS = 300  # a longer start tag carries data of its own and will not be met again
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ATTRIBUTE = re.compile(r' (class|id|style|role|hidden|aria-hidden)="([^"]*)"')


@lru_cache(maxsize=16_384)  # start tags repeat within a page and over the pages of a source
def _cachedfacts(markup: str) -> tuple[int, str]:
    return _facts_of(markup)


def facts(markup: str) -> tuple[int, str]:
    """Return a start tag's grade of boilerplate, and its class and id; see `_facts_of`."""
    return _cachedfacts(markup) if len(markup) <= CACHED_CHARS else _facts_of(markup)


def _facts_of(markup: str) -> tuple[int, str]:
    """Return a start tag's grade of boilerplate, and its class and id."""
    tag = markup.partition(" ")[0]
    return _noise(dict(_ATTRIBUTE.findall(markup)) if tag != markup else {}, tag)


def _noise(attributes: dict[str, str], tag: str) -> tuple[int, str]:
    """Grade a subtree (0 to 3) as boilerplate by tag and attributes; return its class and id."""
    if not attributes:
        return int(tag in NOISE_TAGS), ""
    name = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if tag in {"article", "main"}:
        return 0, name
    style = attributes.get("style")
    if (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or (style and _HIDDEN.search(style))
    ):
        return HIDDEN, name
    grade = noise_grade(name) if len(name) > 1 else 0
    role = attributes.get("role")
    if not grade and (tag in NOISE_TAGS or (role and NOISE_ROLE.match(role))):
        grade = 1
    return grade, name
