"""Teasers: rows of boxes or list items of one shape that each point to another document."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pipeline.readers.html_blocks import Block, Page

CARDS = (
    3  # so many siblings of one shape, each with a linked headline, are teasers of other documents
)
CARD_CHARS = 600
HEADLINE_CHARS = 25  # of a linked headline; a name is shorter
TEXT_CHARS = 100  # beside the headline in one paragraph, for a teaser without a heading of its own
TEASERS = 5  # such items in a row; prose with a long link in five items running is rare
ROW_SHARE = 0.7  # of a row must be teasers: a list may end in "more"
CUT = ("…", "...", "[…]", "[...]")


def is_cut(block: Block) -> bool:
    """Tell whether a block is the beginning of a text that goes on elsewhere."""
    return block.size >= HEADLINE_CHARS and block.text.endswith(CUT)


def _is_headline(block: Block) -> bool:
    return block.linked >= HEADLINE_CHARS and block.linked > 0.8 * len(block.text)


def _is_teaser(block: Block) -> bool:
    """Tell whether a paragraph may be a linked headline with the beginning of its text."""
    return block.linked >= HEADLINE_CHARS and len(block.text) - block.linked >= TEXT_CHARS


@dataclass(slots=True)
class _Sums:
    """What the blocks inside a box are."""

    size: int = 0
    blocks: int = 0
    headline: bool = False
    teaser: bool = False


def _sums_of(page: Page) -> list[_Sums]:
    """Sum up over the subtree of each box."""
    sums = [_Sums() for _ in page.boxes]
    for block in page.blocks:
        own = sums[block.box]
        own.size += block.size
        own.blocks += 1
        if _is_headline(block) or is_cut(block):
            own.headline = True
        elif _is_teaser(block):
            own.teaser = True
    for index in range(len(sums) - 1, 0, -1):
        inner, outer = sums[index], sums[page.boxes[index].parent]
        outer.size += inner.size
        outer.blocks += inner.blocks
        outer.headline |= inner.headline
        outer.teaser |= inner.teaser
    return sums


def mark_cards(page: Page) -> None:
    """Mark rows of teasers as noise."""
    sums = _sums_of(page)
    rows: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for index in range(1, len(sums)):
        box = page.boxes[index]
        if sums[index].blocks:
            rows[box.parent, box.tag, box.name].append(index)
    for row in rows.values():
        if len(row) < CARDS:
            continue
        small = [i for i in row if sums[i].size <= CARD_CHARS]
        cards = [i for i in small if sums[i].headline and sums[i].blocks > 1]
        alone = [i for i in small if sums[i].teaser and sums[i].blocks == 1]
        for found, least in ((cards, CARDS), (alone, TEASERS)):
            if len(found) >= max(least, ROW_SHARE * len(row)):
                for index in found:
                    page.boxes[index].noise = 1
