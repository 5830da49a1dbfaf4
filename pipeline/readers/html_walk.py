"""HTML tree to a flat list of text blocks, each with the boxes around it.

The parser writes its tree out again, well formed, and the walk goes over those tags: that is faster
than to touch each node from Python. It is done once, without recursion (a hostile page may nest
300,000 deep). Subtrees that are boilerplate by tag or by class are marked; lists of links without a
paragraph are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.readers.html_blocks import (
    BREAK,
    ROW_CHARS,
    Block,
    Box,
    Page,
    clean,
    lines_at_breaks,
    size_of,
)
from pipeline.readers.html_tags import HIDDEN, INLINE, KINDS, LINK_TAGS, PASSING, RAW, facts

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

# Signs of running text.
_PARAGRAPHS = tuple(f"{tag}{end}" for tag in ("p", "br", "main", "article", "h1") for end in "> ")
INLINE_NOISE_CHARS = 200  # a longer span is text whatever its class says
LABEL_TAGS = 200  # with more tags in it a span is no label
GLANCES = 20  # tags looked at ahead, per tag of the page: pages of the wild need one
UNCLOSED = 50  # how many open elements an end tag may skip: the parser leaves none open
_COMMENT = re.compile("<!--.*?-->", re.DOTALL)


class _Walker:
    """Builds a `Page`: text gathers in ``parts`` until a block element begins or ends.

    A box is made when the first text inside it ends: most elements hold none of their own.
    """

    def __init__(self, html: str) -> None:
        # A comment may hold tags; those of the parser's own writing end at the first arrow.
        html = _COMMENT.sub("", html) if "<!--" in html else html
        self.pieces = html.split("<")
        self.page = Page(boxes=[Box(-1, "body", "")])
        self.parts: list[str] = []
        self.linked = 0
        self.links = 0  # open links
        self.glances = GLANCES * len(self.pieces)  # tags that may still be looked at ahead
        self.open: list[str] = []  # start tags of open block elements
        self.tags: list[str] = ["body"]  # their names, below that of the root
        self.boxes: list[int] = [0]  # the boxes of the outermost of them

    def run(self) -> Page:
        """Walk over the tags below the first one, which is the root."""
        pieces, parts, at = self.pieces, self.parts, 1
        markup = "wbr"  # the root's own tag opens no box
        while at < len(pieces):
            name, _, text = pieces[at].partition(">")
            markup = name if at > 1 else markup
            if markup in PASSING:
                pass
            elif markup[:1] == "/":
                self._closes(markup[1:])
            else:
                moved = self._begins(markup, at)
                if moved != at:
                    at = moved
                    text = pieces[at].partition(">")[2]
            at += 1
            if text and (parts or not text.isspace()):
                self._text(text)
        self._flush()
        return self.page

    def _text(self, text: str) -> None:
        if "&" in text:
            text = _unescape(text)
            if not self.parts and text.isspace():
                return
        self.parts.append(text if self.tags[-1] != "pre" else text.replace("\n", BREAK))
        if self.links:
            self.linked += len(text)

    def _begins(self, markup: str, at: int) -> int:
        """Deal with a start tag; return the place of the tag that was dealt with last."""
        tag = markup.partition(" ")[0]
        kind = KINDS.get(tag)
        if kind is None:
            if self.parts:
                self._flush()
            if tag in LINK_TAGS and (end := self._links_end(tag, at)):
                return end
            self.open.append(markup)
            self.tags.append(tag)
            return at
        if tag == "a":
            self.links += 1
            return at
        return self._special(kind, markup, at)

    def _special(self, kind: str, markup: str, at: int) -> int:
        """Deal with an element that opens no box."""
        if kind == "br":
            self.parts.append(BREAK)
        elif kind == "hr":
            self._flush()
        elif kind == "skipped":
            return self._end_of(markup.partition(" ")[0], at)
        elif kind == "tr":
            self._flush()
            end = self._row(at)
            if not end:
                self.open.append(markup)
                self.tags.append("tr")
            return end or at
        elif markup[:5] == "span " and self._is_label(markup, at):
            return self._end_of("span", at)
        return at

    def _closes(self, tag: str) -> None:
        """End an element, and those inside it that were left open."""
        if tag == "a":
            self.links -= self.links > 0
            return
        if self.parts:
            self._flush()
        tags = self.tags
        if tags[-1] != tag and tag not in tags[-UNCLOSED:]:
            return
        while len(tags) > 1:
            self.open.pop()
            if len(self.boxes) == len(tags):
                self.boxes.pop()
            if tags.pop() == tag:
                return

    def _box(self) -> int:
        """Return the box of the innermost open element, made now if there is none."""
        boxes, made = self.boxes, self.page.boxes
        for depth in range(len(boxes), len(self.tags)):
            noise, name = facts(self.open[depth - 1])
            made.append(Box(boxes[-1], self.tags[depth], name, noise))
            boxes.append(len(made) - 1)
        return boxes[-1]

    def _flush(self) -> None:
        """End the current block."""
        if not self.parts:
            return
        joined = "".join(self.parts)
        share = self.linked / len(joined)
        self.parts.clear()
        self.linked = 0
        box, tag = self._box(), self.tags[-1]
        for line in lines_at_breaks(joined) if BREAK in joined else (clean(joined),):
            if line:
                linked = round(share * len(line)) if share else 0
                self.page.blocks.append(Block(line, tag, box, linked, size_of(line)))

    def _end_of(self, tag: str, at: int) -> int:
        """Return the place of the end tag of the element that begins at ``at``."""
        pieces, depth, end = self.pieces, 1, f"/{tag}>"
        again = (f"{tag}>", f"{tag} ") if tag not in RAW else ()
        for place in range(at + 1, len(pieces)):
            piece = pieces[place]
            if piece.startswith(end):
                depth -= 1
                if not depth:
                    return place
            elif piece.startswith(again):
                depth += 1
        return len(pieces) - 1

    def _links_end(self, tag: str, at: int) -> int:
        """Return the place of the end of an element without a paragraph in it; 0 if it has one."""
        depth, end, again = 1, f"/{tag}>", (f"{tag}>", f"{tag} ")
        for place in range(at + 1, min(len(self.pieces), at + self.glances)):
            piece = self.pieces[place]
            if piece.startswith(_PARAGRAPHS):
                break
            if piece.startswith(end):
                depth -= 1
                if not depth:
                    return place
            elif piece.startswith(again):
                depth += 1
        else:
            place = at + self.glances
        self.glances -= min(self.glances, place - at)
        return 0

    def _is_label(self, markup: str, at: int) -> bool:
        """Tell whether a span is hidden, or marked as boilerplate and short."""
        noise = facts(markup)[0]
        depth = size = 0
        for piece in self.pieces[at : at + LABEL_TAGS] if 0 < noise < HIDDEN else ():
            depth += piece.startswith(("span>", "span "))
            depth -= piece.startswith("/span>")
            if not depth:
                return True
            size += len(piece.partition(">")[2])
            if size >= INLINE_NOISE_CHARS:
                return False
        return noise == HIDDEN

    def _row(self, at: int) -> int:
        """Read a short table row as one block, cells joined by a bar.

        Returns:
            The place of its end, or 0 where it is layout: one cell, a table in it, or long.
        """
        cells: list[list[str]] = []
        size = linked = links = 0
        at += 1
        while at < len(self.pieces):
            markup, _, text = self.pieces[at].partition(">")
            tag = markup.partition(" ")[0]
            if tag == "/tr":
                break
            if tag == "table" or size > 2 * ROW_CHARS:
                return 0
            if KINDS.get(tag) == "skipped":
                at = self._end_of(tag, at)
                markup, _, text = self.pieces[at].partition(">")
            at += 1
            if tag in ("td", "th"):
                cells.append([])
            links += (tag == "a") - (tag == "/a")
            if cells:
                # "Mo<b>U</b>" is one word, "Kobe<br>Japan" are two
                cells[-1].append(text if tag.removeprefix("/") in INLINE else f" {text}")
                size += len(text)
                linked += len(text) * (links > 0)
        texts = [clean(_unescape("".join(cell))) for cell in cells]
        if len(cells) < 2 or sum(map(len, texts)) > ROW_CHARS:
            return 0
        line = " | ".join(t for t in texts if t)
        if line:
            linked = min(linked, len(line))
            self.page.blocks.append(Block(line, "tr", self._box(), linked, size_of(line)))
        return at


def _unescape(text: str) -> str:
    """Undo what the parser escapes when it writes text."""
    for written, meant in (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(written, meant)
    return text


def blocks_of(tree: LexborHTMLParser, root: LexborNode | None = None) -> Page:
    """Return the blocks of the page, or of what stands below ``root``.

    The tree must be free of scripts and styles, whose content the parser does not escape.
    """
    top = tree.body if root is None else root
    return _Walker(top.html or "").run() if top is not None else Page()
