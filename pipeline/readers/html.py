"""HTML to the text of its document: a fast pass with a gate, a strong extractor behind it.

The fast pass (`html_blocks`, `html_root`) reads nine pages in ten. Where its result is small, or
most sentences of the page lie outside it, trafilatura reads the page again. Pages built to hang a
parser get a cheap pass only.
"""

from __future__ import annotations

import html as entities
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.readers import Payload, Published, Reading, Remark, Selectors
from pipeline.readers.charset import decode
from pipeline.readers.html_blocks import Page, clean, size_of
from pipeline.readers.html_byline import byline_of
from pipeline.readers.html_cheap import CHEAP_CHARS, cheap_blocks, head_of, is_pathological
from pipeline.readers.html_judge import is_good
from pipeline.readers.html_metadata import Metadata, read_metadata, title_of
from pipeline.readers.html_noise import NOISE_CHARS, NOISE_OPENING
from pipeline.readers.html_root import Extract, extract
from pipeline.readers.html_selected import (
    Chosen,
    choose_date,
    choose_facts,
    choose_text,
    cut,
    lost,
)
from pipeline.readers.html_walk import blocks_of
from pipeline.readers.html_walls import WALL_CHARS, refuse_if_none
from pipeline.readers.published import Judge, month_first, published_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

# The gate, chosen on the odd pages of two public sets; wider ones gain .0005 in F1 or lose it.
SURE = 0.5  # share of the page's clean sentences that the root must hold
INSIDE = 0.4  # share of all the page's sentences, boilerplate included, that the text must have
SMALL = 600  # letters of a document that must have more,
MOST = 0.8  # this share
SHORTEST = 140  # letters below which a document is read a second time in any case
BODY_CHARS = 20_000  # of a page's whole text, white space and all, before it is looked at for walls


def _doubtful(result: Extract, page: Page) -> bool:
    """The gate: is the fast pass unsure of its result?"""
    sentences = sum(b.size for b in page.blocks if is_good(b))
    return (
        result.confidence < SURE
        or result.size < max(INSIDE * sentences, SHORTEST)
        or result.size < min(SMALL, MOST * sentences)
    )


def _second_reading(tree: LexborHTMLParser) -> str:
    """Read a page by trafilatura, in the shape of the fast pass: a paragraph per line."""
    from trafilatura import extract as read_again

    tree.strip_tags(["button", "select", "textarea", "dialog", "template", "iframe", "svg"])
    html = tree.html or ""
    text = (
        read_again(html, fast=True, include_comments=False, include_tables=True, deduplicate=False)
        or ""
    )
    lines = []
    for raw in text.split("\n"):
        cells = [clean(cell) for cell in raw.strip().removeprefix("- ").split("|")]
        line = " | ".join(cell for cell in cells if cell.strip("-"))
        if line and not (len(line) < NOISE_CHARS and NOISE_OPENING.match(line)):
            lines.append(line)
    return "\n".join(lines)


def _choose(
    result: Extract, page: Page, found: Metadata, tree: LexborHTMLParser
) -> tuple[str, str]:
    """Return the text and the name of the pass that gave it."""
    text, reader = result.text, "html:fast"
    if _doubtful(result, page):
        again = _second_reading(tree)
        if size_of(again) >= min(SMALL, result.size):
            text, reader = again, "html:trafilatura"
    if found.article_body and size_of(text) < SMALL < size_of(found.article_body):
        text = "\n".join(filter(None, map(clean, re.split(r"[\r\n]+", found.article_body))))
        reader = "html:json-ld"
    return text, reader


def _selected_text(
    tree: LexborHTMLParser, selectors: Selectors, title: str | None, remarks: list[Remark]
) -> Extract | None:
    """Return the text that the source file's selector finds; None, with a remark, without one."""
    if not selectors.text:
        return None
    kept = Extract(tuple(choose_text(tree, selectors.text, title)), 1.0)
    if kept.size:
        return kept
    remarks.append(lost("text", selectors.text))
    return None


def _published(
    found: Metadata,
    tree: LexborHTMLParser,
    page: Page,
    place: tuple[int, int],
    payload: Payload,
    chosen: Chosen,
    html: str,
) -> tuple[Published | None, list[Remark]]:
    """Return the date: the one that the source file points to, else the one that is found."""
    judge = Judge(payload, order=month_first(payload, found.language))
    selected = choose_date(chosen, judge)
    if selected is not None:
        return selected, judge.remarks
    published, remarks = published_of(found, tree, page.blocks, place, payload, html)
    return published, judge.remarks + remarks


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:  # an address that is none, of an imported file
        return ""


def read_html(payload: Payload) -> Reading:
    """Read one page.

    Raises:
        UnreadableError: A wall, an error page or too little text.
    """
    from selectolax.lexbor import LexborHTMLParser

    html = decode(payload.body, payload.media_type)
    cheap = is_pathological(html)
    tree = LexborHTMLParser(head_of(html) if cheap else html)
    found, inert = read_metadata(tree)
    host = _host(payload.url)
    # A page made to hang a parser is not searched with selectors either.
    selectors = Selectors() if cheap else payload.selectors or Selectors()
    chosen = choose_facts(tree, selectors)
    remarks = list(chosen.remarks)
    for node in inert:
        node.decompose()
    cut(tree, selectors)
    title = chosen.title or title_of(found, host)
    if cheap:
        page = cheap_blocks(html)
        kept = Extract(tuple(b for b in page.blocks if b.size >= CHEAP_CHARS), 0.0)
        text, reader = kept.text, "html:cheap"
    elif selected := _selected_text(tree, selectors, title, remarks):
        page, kept = blocks_of(tree), selected
        text, reader = kept.text, "html:selectors"
    else:
        page = blocks_of(tree)
        kept = extract(page, _description(found))
        text, reader = _choose(kept, page, found, tree)
    lines = text.split("\n")
    if title and lines and lines[0].strip() == title:
        text = "\n".join(lines[1:])
    if size_of(text) < WALL_CHARS:
        refuse_if_none(text, title, clean(tree.body.text()[:BODY_CHARS]) if tree.body else "")
    place = _place_of(kept, page)
    published, doubts = _published(
        found, tree, page, place, payload, chosen, "" if cheap else tree.html or ""
    )
    return Reading(
        text=text,
        reader=reader,
        title=title,
        published=published,
        declared_language=found.language,
        byline=byline_of(found, tree, page.blocks, place, host),
        remarks=(*remarks, *doubts),
    )


def _description(found: Metadata) -> str:
    stated = found.tags.get("og:description") or found.tags.get("description") or ""
    return clean(entities.unescape(stated))


def _place_of(kept: Extract, page: Page) -> tuple[int, int]:
    """Return the places of the document's first and last paragraph among all blocks of the page."""
    if not kept.blocks:
        return 0, 0
    first, last = (
        next(
            (i for i, b in enumerate(page.blocks) if b is end),
            next((i for i, b in enumerate(page.blocks) if b.text == end.text), 0),
        )
        for end in (kept.blocks[0], kept.blocks[-1])
    )
    return first, max(first, last)
