"""Which box holds the document, which of its blocks belong to it, and how sure that is.

Method: every block is judged good (reads like a sentence) or junk (links, labels). The root is the
box with the greatest sum of good minus junk over its subtree (a maximum-weight subtree, in the line
of content extraction by composite text density, Sun et al. 2011). Inside the root, lines that are
not sentences stay where they stand between good blocks: sub-headings, list items, table rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.readers.html_blocks import HEADINGS, Block, Box, Page
from pipeline.readers.html_cards import is_cut, mark_cards
from pipeline.readers.html_judge import is_furniture, is_good, is_pointer
from pipeline.readers.html_noise import META_CHARS

JUNK_WEIGHT = 1.0
JUNK_CHARS = 40  # what one label ("More", a date, a name) counts at most
MOST = {1: 0.6, 2: 0.75, 3: 0.75}
CLEAN_SHARE = (
    0.4  # with less than this share of the sentences left, the largest noise mark is taken back
)
RESCUES = 3
CORE_SHARE = 0.5  # of the root's sentences: the deepest box with so many is the core
BRANCH_JUNK = 0.3  # junk to sentences in a branch beside the core; .15 to .6 differ by .002 in F1
LEAD_BLOCKS = 3  # a standfirst between the title and the root has at most this many paragraphs
OPENING_CHARS = 40  # of a description: so many letters in a row are no chance
DESCRIBED_CHARS = 500  # a smaller box is the standfirst, or a teaser of the document
TITLED_CHARS = 400  # of sentences: an article with less is a teaser of itself
OTHER_CHARS = 200
REPEAT_CHARS = 60  # a shorter line may rightly stand twice
BODY_NAME = re.compile(
    r"(?i)article[-_]{0,2}(?:body|content|text)|(?:story|post|entry|news|detail|page)[-_]{0,2}(?:body|content|text)|"
    r"(?:read__content|isi[-_]?berita|konten|itp_bodycontent|detail__body)"
)
_PROSE = frozenset({"p", "li", "dd", "dt", "td", "tr", "blockquote", "pre"})


@dataclass(frozen=True, slots=True)
class Extract:
    """Kept blocks in order, and from 0 to 1 how sure it is that they are the document."""

    blocks: tuple[Block, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The document, one paragraph, heading, list item or table row per line."""
        return "\n".join(b.text for b in self.blocks)

    @property
    def size(self) -> int:
        """Letters of all blocks."""
        return sum(b.size for b in self.blocks)


def _noise_marks(page: Page, good: list[bool]) -> list[bool]:
    """Mark the boxes that are boilerplate.

    A wrapper of the whole page may be called "has-sidebar", and an article may stand in a form: a
    subtree with most of the page's sentences is none.
    """
    sums = [0] * len(page.boxes)
    for block, fine in zip(page.blocks, good, strict=True):
        if fine:
            sums[block.box] += block.size
    for index in range(len(sums) - 1, 0, -1):
        sums[page.boxes[index].parent] += sums[index]
    flags = [bool(b.noise) and sums[i] <= MOST[b.noise] * sums[0] for i, b in enumerate(page.boxes)]
    flags[0] = False
    marks = _spread(page, flags)
    for _ in range(RESCUES):
        clean = sum(
            b.size for b, fine in zip(page.blocks, good, strict=True) if fine and not marks[b.box]
        )
        wrong = [
            i for i, f in enumerate(flags) if f and page.boxes[i].noise == 1 and sums[i] > clean
        ]
        if clean > CLEAN_SHARE * sums[0] or not wrong:
            break
        flags[max(wrong, key=lambda i: sums[i])] = False
        marks = _spread(page, flags)
    return marks


def _spread(page: Page, flags: list[bool]) -> list[bool]:
    """Mark the subtrees of all flagged boxes."""
    marks = list(flags)
    for index in range(1, len(marks)):
        marks[index] = marks[index] or marks[page.boxes[index].parent]
    return marks


def _sum_up(page: Page, blocks: list[tuple[Block, bool]]) -> None:
    for block, fine in blocks:
        box = page.boxes[block.box]
        if fine:
            box.good += block.size - block.linked
        else:
            box.junk += max(
                block.linked, 10 if block.tag in HEADINGS else min(block.size, JUNK_CHARS)
            )
    for index in range(len(page.boxes) - 1, 0, -1):
        box, parent = page.boxes[index], page.boxes[page.boxes[index].parent]
        parent.good += box.good
        parent.junk += box.junk


@lru_cache(maxsize=8192)
def _bonus(name: str, tag: str) -> float:
    return 1.15 if BODY_NAME.search(name) else 1.1 if tag == "article" else 1.0


def _worth(box: Box) -> float:
    return (_bonus(box.name, box.tag) * box.good if box.good else 0.0) - JUNK_WEIGHT * box.junk


def _inside(page: Page, root: int) -> list[bool]:
    """Mark the boxes of the subtree of ``root``."""
    marks = [False] * len(page.boxes)
    marks[root] = True
    for index in range(root + 1, len(page.boxes)):
        marks[index] = marks[page.boxes[index].parent]
    return marks


def _core(page: Page, root: int) -> int:
    """Return the deepest container below ``root`` that still holds half of its sentences."""
    core = root
    for index in range(root + 1, len(page.boxes)):
        if (
            page.boxes[index].parent == core
            and page.boxes[index].tag not in _PROSE
            and page.boxes[index].good >= CORE_SHARE * page.boxes[root].good
        ):
            core = index
    return core


def _prune(page: Page, root: int, marks: list[bool]) -> list[bool]:
    """Unmark branches beside the core that are not clean prose: teasers, pleas, other texts."""
    core = _core(page, root)
    path = {root}
    index = core
    while index != root:
        path.add(index)
        index = page.boxes[index].parent
    dropped = [False] * len(page.boxes)
    for index in range(root + 1, len(page.boxes)):
        box = page.boxes[index]
        if not marks[index]:
            continue
        if dropped[box.parent]:
            dropped[index] = True
        elif box.parent in path and index not in path and box.parent != core:
            dropped[index] = box.junk > BRANCH_JUNK * box.good
    return [m and not d for m, d in zip(marks, dropped, strict=True)]


def _lead(blocks: list[tuple[Block, bool]], start: int) -> list[Block]:
    """Return the standfirst: the few good blocks between the title and the root."""
    title = next((i for i in range(start - 1, -1, -1) if blocks[i][0].tag == "h1"), None)
    if title is None:
        return []
    found = [b for b, fine in blocks[title + 1 : start] if fine]
    return found if len(found) <= LEAD_BLOCKS else []


def _kept(page: Page, blocks: list[tuple[Block, bool]]) -> list[Block]:
    """Keep good blocks, the short lines between them, and short sentences at either end."""
    places = [i for i, (_, fine) in enumerate(blocks) if fine]
    if not places:
        return []
    first, last = places[0], places[-1]
    while first > 0 and _continues(page, blocks[first - 1][0], blocks[first][0]):
        first -= 1
    while last + 1 < len(blocks) and _continues(page, blocks[last + 1][0], blocks[last][0]):
        last += 1
    return [
        b
        for b, fine in blocks[first : last + 1]
        if fine or not (is_pointer(b) or b.tag == "h1" or is_furniture(b))
    ]


def _continues(page: Page, block: Block, neighbour: Block) -> bool:
    """Tell whether a short block at an end stands among the paragraphs: under one parent."""
    return (
        page.boxes[block.box].parent == page.boxes[neighbour.box].parent
        and block.tag in _PROSE
        and not (is_pointer(block) or is_furniture(block))
    )


def _without_repeats(blocks: list[Block]) -> list[Block]:
    """Drop pull quotes: a line that already stands in the text."""
    seen: set[str] = set()
    kept = []
    for block in blocks:
        if block.text in seen:
            continue
        if block.size >= REPEAT_CHARS:
            seen.add(block.text)
        kept.append(block)
    return kept


def _titled(page: Page, root: int) -> int:
    """Return the ``article`` with the page's only first heading where others stand beside it."""
    inside = _inside(page, root)
    heads = [b.box for b in page.blocks if b.tag == "h1"]
    if len(heads) != 1 or not inside[heads[0]]:
        return root
    titled = heads[0]
    while titled != root and page.boxes[titled].tag != "article":
        titled = page.boxes[titled].parent
    if titled == root or page.boxes[titled].good < TITLED_CHARS:
        return root
    own = _inside(page, titled)
    others = (
        i
        for i, box in enumerate(page.boxes)
        if box.tag == "article" and inside[i] and not own[i] and box.good >= OTHER_CHARS
    )
    return titled if next(others, None) is not None else root


def _without_ends(blocks: list[Block]) -> list[Block]:
    """Drop what heads nothing at the end: "More topics:", a heading of the next box."""
    while len(blocks) > 1 and (
        blocks[-1].tag in HEADINGS
        or (blocks[-1].size < META_CHARS and blocks[-1].text.endswith(":"))
    ):
        blocks = blocks[:-1]
    return blocks


def _described(page: Page, opening: str, root: int) -> int:
    """Return a box elsewhere that holds the paragraph which the page's description quotes, or 0.

    It is the document where the greatest box of the page is a list of others, or comments.
    """
    place = next((i for i, b in enumerate(page.blocks) if b.text.startswith(opening)), None)
    if place is None or is_cut(page.blocks[place]) or not is_good(page.blocks[place]):
        return 0
    path, above = [], page.blocks[place].box
    while above >= 0:
        path.append(above)
        above = page.boxes[above].parent
    outside = set()
    above = root
    while above >= 0:
        outside.add(above)
        above = page.boxes[above].parent
    inner = [i for i in path if i not in outside and page.boxes[i].good >= DESCRIBED_CHARS]
    return 0 if root in path else max(inner, key=lambda i: _worth(page.boxes[i]), default=0)


def extract(page: Page, description: str = "") -> Extract:
    """Choose the root and keep its text.

    Args:
        page: All blocks.
        description: What the page says of itself in its head, or nothing.
    """
    mark_cards(page)
    good = [is_good(b) for b in page.blocks]
    if not any(good):
        return Extract((), 0.0)
    noise = _noise_marks(page, good)
    blocks = [(b, g) for b, g in zip(page.blocks, good, strict=True) if not noise[b.box]]
    _sum_up(page, blocks)
    root = max(range(len(page.boxes)), key=lambda i: (_worth(page.boxes[i]), i))
    if len(description) >= OPENING_CHARS:
        root = _described(page, description[:OPENING_CHARS], root) or root
    root = _titled(page, root)
    marks = _prune(page, root, _inside(page, root))
    start = next((i for i, (b, _) in enumerate(blocks) if marks[b.box]), 0)
    kept = _lead(blocks, start) + _kept(page, [(b, g) for b, g in blocks if marks[b.box]])
    kept = _without_ends(_without_repeats(kept))
    share = page.boxes[root].good / max(1.0, page.boxes[0].good)
    return Extract(tuple(kept), share)
