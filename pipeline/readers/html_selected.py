"""What the CSS selectors of a source file say of one page; the general reader does the rest.

A selector that finds nothing is a remark (the layout of the pages has changed), and the general
reader takes over for that part. `remove` may find nothing: not every page has every box.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.readers import Published, Remark, Selectors
from pipeline.readers.html_blocks import Block, Page, clean
from pipeline.readers.html_judge import is_pointer
from pipeline.readers.html_noise import NOISE_CHARS, NOISE_OPENING
from pipeline.readers.html_walk import blocks_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from pipeline.readers.published import Judge

FIELD = "read"  # remarks on selectors are about `read.title`, `read.text`, `read.published`
_SURE_NOISE = 2  # grade of boxes that are left out of a chosen text too: comments, hidden ones
_LOST = "the selector found nothing, so the general reader was used. Has the layout changed?"


def lost(part: str, selector: str, reason: str = _LOST) -> Remark:
    """Return the remark that a selector gave nothing."""
    return Remark(field=f"{FIELD}.{part}", value=selector[:80], reason=reason)


def nodes_of(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """Return what a selector finds; a selector that this version cannot read finds nothing."""
    from selectolax.lexbor import SelectolaxError

    try:
        return list(tree.css(selector))
    except (SelectolaxError, ValueError):  # sources refuses these; an older archive may hold one
        return []


@dataclass(frozen=True, slots=True)
class Chosen:
    """Title and date as the selectors give them, taken before anything is cut from the tree."""

    title: str | None
    dates: tuple[str, ...]
    remarks: tuple[Remark, ...]


def choose_facts(tree: LexborHTMLParser, selectors: Selectors) -> Chosen:
    """Return title and dates. Call it on the whole tree: ``meta`` may hold them."""
    remarks: list[Remark] = []
    title = None
    if selectors.title:
        found = (clean(n.text(separator=" ")) for n in nodes_of(tree, selectors.title))
        title = next(filter(None, found), None)
        if title is None:
            remarks.append(lost("title", selectors.title))
    dates: list[str] = []
    if selectors.published:
        for node in nodes_of(tree, selectors.published):
            stated = node.attributes.get("datetime") or node.attributes.get("content")
            value = clean(stated or node.text(separator=" "))
            dates += [value] if value else []
        if not dates:
            remarks.append(lost("published", selectors.published))
    return Chosen(title, tuple(dates), tuple(remarks))


def cut(tree: LexborHTMLParser, selectors: Selectors) -> None:
    """Take out what ``remove`` names."""
    for selector in selectors.remove:
        for node in nodes_of(tree, selector):
            if node.tag not in ("html", "body"):
                node.decompose()


def choose_text(tree: LexborHTMLParser, selector: str, title: str | None) -> list[Block]:
    """Return the blocks inside what a selector finds, in the order of the page.

    Everything counts but pointers ("Baca juga: …"), the title, comments and what is not shown.
    """
    blocks: list[Block] = []
    for node in _outermost(nodes_of(tree, selector)):
        page = blocks_of(tree, node)
        dropped = _dropped(page)
        blocks += [b for b in page.blocks if not dropped[b.box] and not _is_aside(b)]
    return [b for b in blocks if b.text != title]


def _is_aside(block: Block) -> bool:
    if block.tag == "tr":
        return block.size < NOISE_CHARS and NOISE_OPENING.match(block.text) is not None
    return is_pointer(block)


def _dropped(page: Page) -> list[bool]:
    """Mark the boxes that surely are no text of the document, and all inside them."""
    marks = [False] * len(page.boxes)
    for index in range(1, len(page.boxes)):
        box = page.boxes[index]
        marks[index] = marks[box.parent] or box.noise >= _SURE_NOISE
    return marks


def _outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Leave out what stands inside another find, so that no paragraph is read twice."""
    found = {node.mem_id for node in nodes}
    kept = []
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in found:
            above = above.parent
        if above is None:
            kept.append(node)
    return kept


def choose_date(chosen: Chosen, judge: Judge) -> Published | None:
    """Return the first of the chosen dates that is one."""
    for value in chosen.dates:
        accepted = judge.accept(value, "selector")
        if accepted is not None:
            return accepted
    return None
