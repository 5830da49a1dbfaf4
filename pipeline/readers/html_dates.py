"""The date that readers of a page see: by its headline, at its foot, or in its dateline.

Dates in running text tell a story and date nothing. A date that stands by itself does, if it stands
within the document and not in a list beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.readers.calendar_dates import Found, dates_in

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

    from pipeline.readers.html_blocks import Block

_LABEL = re.compile(
    r"(?i)\b(?:publi\w*|posted|date|issued|released|diunggah|terbit\w*|diterbitkan|dipublikasikan|"
    r"diposting|dirilis|ditayangkan|tayang|tanggal|tgl|veröffentlicht|erschienen|erstellt|fecha|data|"
    r"gepubliceerd|pubblicato|опубликовано|датум)\b"
)
_MODIFIED_LABEL = re.compile(
    r"(?i)(?:updated|modified|last\s+update|diperbarui|diupdate|pembaruan|aktualisiert|"
    r"letzte\s+änderung|mis\s+à\s+jour|modifi|actualizad|atualizad|aggiornat|обновлено|uppdaterad|"
    r"bijgewerkt)\W*(?:\w+\W+){0,2}$"
)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_AFTER_DATELINE = re.compile(r"^\s*[)\]]?\s*(?:[-–—:|/]|\(\w)")
VISIBLE_CHARS = 160  # a longer block with a date in it tells a story
DATELINE_CHARS = 70  # how far into the first paragraph a dateline reaches
ALONE_CHARS = 60  # a longer block with a date in it says something else too
ALONE_LETTERS = 24  # beside the date: a weekday, "Datum:", a zone, a category
MAX_BLOCKS = 500  # looked at; a longer document bears its date above
FOOT_BLOCKS = 3  # a blog post may bear its date below, after its signature
_LETTERS = re.compile(r"[^\W\d_]")
# Two digits for the year are read only where nothing else stands in the block.
_SHORT_YEAR = re.compile(r"^\D{0,12}?(\d{1,2})\.(\d{1,2})\.(\d{2})\D{0,12}$")


def _headline(blocks: Sequence[Block], first: int) -> int | None:
    """Return the place of the headline above the first paragraph."""
    return next(
        (i for i in range(min(first, len(blocks) - 1), -1, -1) if blocks[i].tag == "h1"), None
    )


def _dates_of(block: Block, *, order: bool | None) -> list[Found]:
    """Return the dates of a block that may be those of publication: none of a headline's own."""
    if block.tag == "h1":
        return []
    found = dates_in(block.text, month_first=order)
    return [f for f in found if not _MODIFIED_LABEL.search(block.text[: f.start])]


def visible_date(blocks: Sequence[Block], first: int, *, order: bool | None) -> str | None:
    """Return the date by the headline, or the dateline of the first paragraph.

    Args:
        blocks: All blocks of the page in order, boilerplate too (bylines often are).
        first: Index of the document's first paragraph.
        order: See `pipeline.readers.published.month_first`.
    """
    title = _headline(blocks, first)
    start = max(0, (title if title is not None else first) - 4)
    plain: str | None = None
    for block in blocks[start : first + 1]:
        if block.size > VISIBLE_CHARS:
            continue
        for found in _dates_of(block, order=order):
            if _LABEL.search(block.text[: found.start]) or _CLOCK.search(block.text[found.end :]):
                return found.edtf
            if block.size < VISIBLE_CHARS // 2:
                plain = plain or found.edtf
    return plain or dateline(blocks[first].text if first < len(blocks) else "", order=order)


def date_alone(blocks: Sequence[Block], first: int, last: int, *, order: bool | None) -> str | None:
    """Return the first date that stands by itself between the headline and the document's end.

    Args:
        blocks: As for `visible_date`.
        first: Index of the document's first paragraph.
        last: Index of its last one.
        order: As for `visible_date`.
    """
    title = _headline(blocks, first)
    start = max(0, (title if title is not None else first) - FOOT_BLOCKS)
    for block in blocks[start : min(last + 1 + FOOT_BLOCKS, start + MAX_BLOCKS)]:
        if block.size > ALONE_CHARS:
            continue
        found = _dates_of(block, order=order)
        if len(found) == 1:
            rest = block.text[: found[0].start] + block.text[found[0].end :]
            if len(_LETTERS.findall(rest)) <= ALONE_LETTERS:
                return found[0].edtf
        short = _SHORT_YEAR.match(block.text)
        if short and order is not True:
            found = dates_in(f"{short[1]}.{short[2]}.20{short[3]}", month_first=False)
            if found:
                return found[0].edtf
    return None


def dateline(text: str, *, order: bool | None) -> str | None:
    """Return the date of "Yogyakarta, 18 Juli 2005 – …" or "Jakarta (12/07/2019) - …"."""
    for found in dates_in(text[:DATELINE_CHARS], month_first=order):
        before, after = text[: found.start].rstrip(" ,(["), text[found.end :]
        place = before.split(",")[0]
        if len(place.split()) <= 4 and place[:1].isupper() and _AFTER_DATELINE.match(after):
            return found.edtf
    return None


def times_in(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Yield statements in the body: microdata first, then ``<time>`` of the document."""
    for node in tree.css('[itemprop~="datePublished"],[property~="datePublished"],time[pubdate]')[
        :3
    ]:
        value = node.attributes.get("content") or node.attributes.get("datetime") or node.text()
        if value:
            yield value, "microdata"
    named = tree.css(
        'time[class*="publish" i],time.entry-date,[class*="publish" i] time,[class*="date" i] time'
    )[:2]
    for node in (
        named
        + tree.css("article time[datetime],main time[datetime]")[:1]
        + tree.css("time[datetime]")[:1]
    ):
        stated, name = node.attributes.get("datetime"), node.attributes.get("class") or ""
        if stated and not re.search(r"updat|modif", name):
            yield stated, "time"
