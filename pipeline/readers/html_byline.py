"""Who wrote a page: what it states for machines, then the line that readers see.

A name is given only where a person or a desk is named. The name of the publication, an address, an
account of the system ("admin", "Super User") and a role alone are none: then the answer is None.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.readers.html_blocks import Block, clean
from pipeline.readers.html_metadata import Metadata

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MAX_CHARS = 100  # a longer one is a biography
MAX_NAMES = 8  # more are the list of a whole desk
LINE_CHARS = 120  # a longer block is a paragraph
FOOT_BLOCKS = 3  # how far below the last paragraph "Editor: …" stands
# Meta tags that name authors, by trust.
NAMES = tuple(
    """
    author article:author article:author_name byl parsely-author sailthru.author citation_author
    dc.creator dcterms.creator dc.author rbauthors og:article:author authors penulis
    """.split()
)
_PERSON = (
    '[itemprop~="author"],a[rel~="author"],[class~="byline"],[class~="author-name"],'
    '[class~="author"],[class~="author_name"],[class~="authorname"],[class~="entry-author"]'
)
_OPENING = (
    r"(?:(?:written|posted|published|view\s+all\s+posts|all\s+posts|articles?)\s+by"
    r"|(?:veröffentlicht|geschrieben|verfasst|erstellt|zeige\s+alle\s+beiträge|artikel)\s+von"
    r"|by|vom|oleh|ditulis\s+oleh|penulis|pewarta|wartawan"
    r"|kontributor|reporter|laporan|jurnalis|von|por|par|di|door|av|autor(?:in)?|author|redator"
    r"|texte?|testo|скрипт|автор)"
)
_BY = re.compile(rf"^\W*{_OPENING}\b\s*[:|–—-]?\s*", re.IGNORECASE)
# In a visible line a bare "di" or "par" opens a sentence; these need the colon, or a capital after.
_LINE = re.compile(
    r"^\W*(?i:(?:written\s+|posted\s+|ditulis\s+)?(?:by|oleh|von|por)\b\s*:?"
    r"|(?:penulis|pewarta|wartawan|kontributor|reporter|jurnalis|laporan|author|autor(?:in)?|text"
    r"|words|di|par|door|av|автор)\s*[:|])\s*(?P<name>[^\W\d_].*)$"
)
# What follows the name: another role, a date, a place of work, an address.
_TAIL = re.compile(
    r"(?:\s*[|•·/»→]|\s[–—-]\s|\s*\(|,?\s+(?:editor|redaktur|penyunting|uploader|foto|fotografer"
    r"|photo|updated|published|posted|veröffentlicht|publié|on|am|le|el|pada|tanggal)\b"
    r"|,?\s+(?:senin|selasa|rabu|kamis|jumat|sabtu|minggu"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|,?\s*\d|\s+(?:https?:|www\.|\S+@)).*$",
    re.IGNORECASE | re.DOTALL,
)
_ROLE = re.compile(
    r",\s*(?:[\w' -]{0,30}\b(?:reporter|editor|correspondent|writer|journalist|contributor|staff|"
    r"redakteur(?:in)?|autor(?:in)?)\b[\w' -]{0,20})$",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"^(?:(?:the\s+)?(?:admin\w*|super\s*user|webmaster|root|user\d*|redaksi|tim\s+redaksi|editor"
    r"|editors|editorial(?:\s+(?:team|staff|board))?|staff|redaktion|redacci[oó]n|redação|redazione"
    r"|rédaction|la\s+r[ée]daction|guest|anonymous|anonim|unknown|none|null|undefined|author|penulis"
    r"|humas|operator|default|publisher|unbenannt|unnamed|an[oó]nimo|\w*admin|news|press|post(?:ed)?|n/?a|-+))$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?:|www\.|@|\.(?:com|org|net|id|de|fr|uk|go\.\w\w|co\.\w\w)\b", re.I)
# The codes of reporter and editor that close an Indonesian news item: "(hms/adv)".
_CODES = re.compile(r"\(([a-z]{2,6}(?:[/-][a-z]{2,6}){1,3})\)\W*$")


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


class _Names:
    """Judges names for one page."""

    def __init__(self, found: Metadata, host: str) -> None:
        sites = (found.tags.get("og:site_name"), found.tags.get("application-name"))
        self.sites = {_squeezed(site) for site in sites if site}
        self.host = _squeezed(host.removeprefix("www."))
        self.title = _squeezed(found.page_title or "")

    def judge(self, raw: str | None) -> str | None:
        """Return the name in what was stated, or None where it names nobody."""
        name = clean(entities.unescape(re.sub(r"<[^>]*>", " ", raw or "")))
        if _ADDRESS.match(name):
            return None
        name = _ROLE.sub("", _TAIL.sub("", _BY.sub("", name))).strip(" ,.;:|-–—\"'“”")
        key = _squeezed(name)
        if len(key) < 2 or len(name) > MAX_CHARS or not name[:1].isalpha():
            return None
        if _NOBODY.match(name) or _ADDRESS.search(name) or sum(map(str.isdigit, name)) > 1:
            return None
        if key in self.sites or (len(key) > 3 and self.host.startswith(key)) or key == self.title:
            return None
        return name

    def several(self, raws: Sequence[str]) -> str | None:
        """Return all that are names, each once."""
        names = list(dict.fromkeys(n for raw in raws if (n := self.judge(raw))))
        return "; ".join(names) if 0 < len(names) <= MAX_NAMES else None


def _marked(tree: LexborHTMLParser) -> Iterator[str]:
    """Yield what elements marked as the author say, the first of them only once."""
    for node in tree.css(_PERSON)[:2]:
        named = node.css_first('[itemprop~="name"],[class~="fn"],a') or node
        stated = named.attributes.get("content") or named.text(separator=" ")
        if len(stated) <= 2 * LINE_CHARS:  # white space counts here
            yield stated


def _shown(blocks: Sequence[Block], first: int, last: int) -> Iterator[str]:
    """Yield the names of lines such as "Oleh: …" by the headline or below the text."""
    head = blocks[max(0, first - 6) : first + 2]
    foot = blocks[max(first, last) : last + 1 + FOOT_BLOCKS]
    for block in (*head, *foot):
        match = _LINE.match(block.text) if block.size <= LINE_CHARS else None
        if match and match["name"][:1].isupper() and not match["name"].endswith((".", "?", "!")):
            yield match["name"]


def byline_of(
    found: Metadata,
    tree: LexborHTMLParser,
    blocks: Sequence[Block],
    place: tuple[int, int],
    host: str = "",
) -> str | None:
    """Return who wrote the page, several joined by semicolons; None where nobody is named surely.

    Args:
        found: What the head says.
        tree: The page.
        blocks: All its blocks.
        place: Where the document's first and last paragraphs stand among them.
        host: The host of the page's address.
    """
    names = _Names(found, host)
    if stated := names.several(found.authors):
        return stated
    for name in NAMES:
        if name in found.tags and (judged := names.judge(found.tags[name])):
            return judged
    for raw in (*_marked(tree), *_shown(blocks, *place)):
        if judged := names.judge(raw):
            return judged
    if blocks and (codes := _CODES.search(blocks[min(place[1], len(blocks) - 1)].text)):
        return codes[1]
    return None
