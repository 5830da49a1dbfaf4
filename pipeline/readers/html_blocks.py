"""HTML tree to a flat list of text blocks, each with the boxes (containers) around it.

The tree is walked once, without recursion (a hostile page may nest 300,000 deep). Subtrees that are
boilerplate by tag or by class are not entered, unless they hold most of the page's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.readers.html_noise import NOISE_ROLE, noise_grade

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

# Elements without running text of the document.
NO_TEXT = (
    "script,style,template,iframe,svg,canvas,object,embed,video,audio,map,button,select,input,"
    "textarea,datalist,dialog,math,picture,img,link,meta,source,track,progress,meter,area,applet,frameset,rt,rp"
)
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
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
ROW_CHARS = 500  # a longer table row is layout, not data: its cells are read as blocks of their own
HIDDEN = 3  # grade of what readers do not see; 1 is boilerplate by name or tag, 2 surely so
INLINE_NOISE_CHARS = 200  # a longer span is text whatever its class says
BREAK = "\x1e"  # stands for <br>: a record separator cannot occur in HTML text
_BREAKS = re.compile(rf"{BREAK}\s*{BREAK}")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u200e\u200f]")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WIDE = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(slots=True)
class Box:
    """A container element: where it hangs, and the sums over its subtree that choose the root."""

    parent: int
    tag: str
    name: str  # class and id
    noise: int = 0  # grade: 1 boilerplate by its tag or class, 2 surely (comments), 3 not shown
    good: float = 0.0
    junk: float = 0.0
    chars: int = 0
    linked: int = 0


@dataclass(slots=True)
class Block:
    """One paragraph, heading, list item or table row. In ``size`` an ideograph counts two."""

    text: str
    tag: str
    box: int
    linked: int
    size: int = 0


@dataclass(slots=True)
class Page:
    """All blocks in document order with their boxes; box 0 is the body."""

    boxes: list[Box] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def clean(text: str) -> str:
    """Squeeze white space and drop characters that have no width."""
    if not text.isascii() and _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def size_of(text: str) -> int:
    """Return the length in letters: an ideograph or a Thai letter counts two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


# One entry per open element: its children, its box, its tag (that of the block around it if
# inline), is it inline, is it inside a link.
_Open = tuple["Iterator[LexborNode]", int, str, bool, bool]


class _Walker:
    """Builds a `Page`: text gathers in ``parts`` until a block element begins or ends."""

    def __init__(self) -> None:
        self.page = Page(boxes=[Box(-1, "body", "")])
        self.parts: list[str] = []
        self.linked = 0
        self.stack: list[_Open] = []

    def run(self, body: LexborNode) -> Page:
        """Walk the tree below ``body``."""
        stack, parts = self.stack, self.parts
        stack.append((body.iter(include_text=True), 0, "body", False, False))
        while stack:
            children, box, tag, inline, link = stack[-1]
            for node in children:
                name = node.tag
                if name == "-text":
                    text = node.text_content or ""
                    if parts or not text.isspace():
                        parts.append(text)
                        if link:
                            self.linked += len(text)
                elif self._opens(node, name, stack[-1]):
                    break
            else:
                stack.pop()
                if parts and not inline:
                    self._flush(tag, box)
        return self.page

    def _opens(self, node: LexborNode, tag: str | None, outer: _Open) -> bool:
        """Deal with a child element; say whether its own children come next."""
        _, box, block, _, link = outer
        if tag is None or tag[0] in "-!":
            return False
        if tag == "br":
            self.parts.append(BREAK)
            return False
        if tag in INLINE:
            if tag == "span" and _is_inline_noise(node):
                return False
            self.stack.append((node.iter(include_text=True), box, block, True, link or tag == "a"))
            return True
        if self.parts:
            self._flush(block, box)
        if tag == "hr" or (tag == "tr" and self._row(node, box)):
            return False
        noise, name = _noise(node, tag)
        if noise and tag in LINK_TAGS and node.css_first("p,br,main,article,h1") is None:
            return False
        self.page.boxes.append(Box(box, tag, name, noise))
        self.stack.append(
            (node.iter(include_text=True), len(self.page.boxes) - 1, tag, False, link)
        )
        return True

    def _flush(self, tag: str, box: int) -> None:
        """End the current block."""
        joined = "".join(self.parts)
        share = self.linked / max(1, len(joined))
        self.parts.clear()
        self.linked = 0
        for line in lines_at_breaks(joined) if BREAK in joined else (clean(joined),):
            if line:
                self.page.blocks.append(
                    Block(line, tag, box, round(share * len(line)), size_of(line))
                )

    def _row(self, row: LexborNode, box: int) -> bool:
        """Read a short table row as one block, cells joined by a bar; say whether it was one."""
        cells = [c for c in row.iter() if c.tag in {"td", "th"}]
        texts = [clean(c.text(separator=" ")) for c in cells]
        if len(cells) < 2 or sum(map(len, texts)) > ROW_CHARS or row.css_first("table") is not None:
            return False
        line = " | ".join(t for t in texts if t)
        if line:
            linked = sum(len(a.text()) for a in row.css("a"))
            self.page.blocks.append(Block(line, "tr", box, min(linked, len(line)), size_of(line)))
        return True


def _is_inline_noise(node: LexborNode) -> bool:
    """Tell whether a span is hidden, or a short label of boilerplate."""
    grade = _noise(node, "span")[0]
    return grade == HIDDEN or (grade > 0 and len(node.text()) < INLINE_NOISE_CHARS)


def _noise(node: LexborNode, tag: str) -> tuple[int, str]:
    """Grade a subtree (0 to 3) as boilerplate by tag and attributes; return its class and id."""
    attributes = node.attributes
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


def lines_at_breaks(text: str) -> list[str]:
    """Split at ``<br>``: two end a paragraph, one does after a full stop or before a capital."""
    lines: list[str] = []
    for paragraph in _BREAKS.split(text):
        current = ""
        for raw in paragraph.split(BREAK):
            piece = clean(raw)
            if not piece:
                continue
            if current and (current[-1] in '.!?:;…”"»)。' or not piece[0].islower()):
                lines.append(current)
                current = piece
            else:
                current = f"{current} {piece}" if current else piece
        if current:
            lines.append(current)
    return lines


def blocks_of(tree: LexborHTMLParser, root: LexborNode | None = None) -> Page:
    """Return the blocks of the page, or of what stands below ``root``.

    The tree must already be free of `NO_TEXT` elements.
    """
    body = tree.body if root is None else root
    if body is None:
        return Page()
    return _Walker().run(body)
