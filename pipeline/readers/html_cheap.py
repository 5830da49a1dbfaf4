"""A reader for pages that are made, or as good as made, to hang a parser: regular expressions only.

Measured: two crafted pages of 9 and 3 MB (200,000 paragraphs; 300,000 attributes on one tag) hold a
full extractor for more than 30 s, and 300,000 nested or attributed elements hold the HTML parser
itself. The text is whatever stands between block tags: boilerplate stays in, nothing is weighed.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator

from pipeline.readers.html_blocks import Block, Page, clean, size_of

MAX_CHARS = 5_000_000  # the largest article page of a public benchmark has 1 MB
MAX_TAGS = 200_000
MAX_DEPTH = 5_000  # of open elements; 90,000 hold the parser for a minute, pages have under 100
MAX_OPTIONS = 10_000  # of a selection list: 60,000 hold the parser for 20 s
HUGE_TAG_CHARS = 20_000  # a data: URI may be longer, but has no spaces
MAX_ATTRIBUTES = 4_000  # in one tag: the parser compares each with all others
HEAD_CHARS = 200_000  # where the description of such a page is looked for
CHEAP_CHARS = 40  # a shorter line is a label
MAX_BLOCKS = 20_000
_HUGE_TAG = re.compile(rf"<[a-zA-Z][^<>]{{{HUGE_TAG_CHARS},}}")
_NESTING = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
# Elements that do not nest in themselves, so that they may be left open.
_FLAT = frozenset(
    """p li br hr img input meta link source area base col embed param track wbr td tr th dd dt
    tbody thead tfoot option optgroup path circle rect line polygon use stop html head
    body""".split()
)
_NOT_TEXT = re.compile(
    r"<(script|style|template|svg)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL
)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|tr|td|h[1-6]|section|article|blockquote|table|body|main)\b[^>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*>")


def is_pathological(html: str) -> bool:
    """Tell whether a page is so large or so odd that only this reader may touch it."""
    if len(html) > MAX_CHARS:
        return True
    tags = html.count("<")
    if tags > MAX_TAGS or (tags > MAX_DEPTH and (_has_long_list(html) or _is_deep(html))):
        return True
    return any(len(tag.split(None, MAX_ATTRIBUTES)) > MAX_ATTRIBUTES for tag in _huge_tags(html))


def _has_long_list(html: str) -> bool:
    return html.count("<option") + html.count("<OPTION") > MAX_OPTIONS


def _is_deep(html: str) -> bool:
    """Tell whether elements nest so deep that the parser, which searches them, takes minutes."""
    depth = 0
    for slash, tag in _NESTING.findall(html):
        if tag.lower() not in _FLAT:
            depth = max(0, depth - 1) if slash else depth + 1
            if depth > MAX_DEPTH:
                return True
    return False


def _huge_tags(html: str) -> Iterator[str]:
    """Yield the tags longer than `HUGE_TAG_CHARS`: each covers a whole window of half that length.

    A script may do so too, and is passed over.
    """
    window, end = HUGE_TAG_CHARS // 2, -1
    for at in range(0, len(html) - window, window):
        if at < end or html.find("<", at, at + window) >= 0:
            continue
        start = html.rfind("<", 0, at) + 1
        end = html.find("<", at)
        piece = html[start : end if end >= 0 else len(html)]
        end = len(html) if end < 0 else end
        if len(piece) > HUGE_TAG_CHARS and piece[:1].isalpha():
            yield piece.partition(">")[0]


def head_of(html: str) -> str:
    """Return the head of a page, or its beginning, without tags that hang a parser."""
    end = html.find("</head>", 0, HEAD_CHARS)
    return _HUGE_TAG.sub("<x", html[: end if end >= 0 else HEAD_CHARS // 10])


def cheap_blocks(html: str) -> Page:
    """Return the text between block tags, up to `MAX_BLOCKS` of it."""
    page = Page()
    for piece in _BLOCK.split(_NOT_TEXT.sub(" ", html), maxsplit=4 * MAX_BLOCKS):
        text = clean(entities.unescape(_TAG.sub(" ", piece)))
        if text:
            page.blocks.append(Block(text, "p", 0, 0, size_of(text)))
        if len(page.blocks) >= MAX_BLOCKS:
            break
    return page
