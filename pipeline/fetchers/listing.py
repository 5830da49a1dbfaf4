"""HTML pages as lists of links: index pages with their pager, and PDFs that a document links to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.captures import Link
from pipeline.fetchers.found import (
    MAX_LINKS,
    Found,
    machine_date,
    nests_deeply,
    numeric_date,
    numeric_order,
)
from pipeline.urls import resolve, site_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_BYTES = 5_000_000  # an index page is small; larger ones are not for this parser
_PAGE_LINKS = 5_000  # of one index page; with more it is an attack, or a map in disguise
_ROWS = ("tr", "li", "article", "dt", "section")  # elements that usually hold one item of a list
_CLIMB = 4  # how far above a link its row is looked for
_ROW_TEXT = 600  # characters; a row with more is a region of the page
_NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|mp[34]|avi|zip|rar|7z|doc|xlsx?|pptx?|xml|rss|json)$",
    re.I,
)
_FILES = (".pdf", ".docx")
_FILE = re.compile(rb"\.(?:pdf|docx)", re.I)  # most pages name none, and need not be parsed
_CANONICAL = re.compile(rb"""<link\s+rel=["']canonical["']\s+href=["']([^"'<>&\s]+)["']\s*/?>""")
_HEAD_END = re.compile(rb"</head\b|<body\b", re.I)
_NEXT_WORDS = re.compile(r"^(?:next|older|berikut(?:nya)?|selanjutnya|lanjut|›|»|>|→)\W*$", re.I)
# Without a pattern, a document is told by its address: a slug of several words, or a long number.
_SLUG = re.compile(r"[^/]+(?:[-_][^/]+){3,}|\d{5,}", re.I)


def _tree(payload: bytes) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(payload)


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return (resolve(url, node.attributes.get("href") or "") if node else None) or url


def read_listing(
    payload: bytes, url: str, link_pattern: str | None = None, next_pattern: str | None = None
) -> Found:
    """Return the documents that an index page lists, and its next pages.

    Args:
        payload: The page.
        url: Where it was found.
        link_pattern: Only canonical addresses in which it is found are documents. Without it, those
            on the same site whose last part is a slug of several words or a long number.
        next_pattern: Addresses in which it is found are further pages. Without it, the one that the
            page itself calls the next.
    """
    if len(payload) > MAX_BYTES:
        return Found(problem=f"index page larger than {MAX_BYTES:,} bytes")
    if nests_deeply(payload):
        return Found(problem="index page nested too deeply")
    tree = _tree(payload)
    base = _base(tree, url)
    wanted = re.compile(link_pattern) if link_pattern else None
    onward = re.compile(next_pattern) if next_pattern else None
    order: str | None = None
    body = tree.body
    if body is not None:
        order = numeric_order(body.text(separator=" ")[:MAX_BYTES])
    links: dict[str, Link] = {}
    follow: dict[str, Link] = {}
    for node in tree.css("a[href]")[:_PAGE_LINKS]:
        target = resolve(base, node.attributes.get("href") or "")
        if target is None or target == url:
            continue
        if onward.search(target) if onward else _is_next(node):
            follow.setdefault(target, Link(url=target))
        elif wanted.search(target) if wanted else _is_document(target, url):
            known = links.get(target)
            if known is None or known.published is None:
                links[target] = Link(url=target, published=_date_beside(node, order))
    problem = None if links or follow else "no links to documents on the page"
    return Found(links=tuple(links.values()), follow=tuple(follow.values()), problem=problem)


def _is_next(node: LexborNode) -> bool:
    rel = (node.attributes.get("rel") or "").lower().split()
    return "next" in rel or bool(_NEXT_WORDS.match(node.text(strip=True)[:40]))


def _is_document(target: str, url: str) -> bool:
    path = urlsplit(target).path.rstrip("/")
    if site_of(target) != site_of(url) or _NO_PAGE.search(path):
        return False
    last = path.rsplit("/", 1)[-1]
    return path.lower().endswith(_FILES) or bool(_SLUG.search(last))


def _date_beside(node: LexborNode, order: str | None) -> str | None:
    """Return the date in the row of a link: of a ``time`` element, else the only numeric one."""
    row: LexborNode | None = node
    for _ in range(_CLIMB):
        row = row.parent if row is not None else None
        if row is None or row.tag in ("body", "html"):
            return None
        text = row.text(separator=" ")
        if len(text) > _ROW_TEXT:
            return None
        stamps = {n.attributes.get("datetime") for n in row.css("time[datetime]")}
        if len(stamps) == 1:
            return machine_date(stamps.pop())
        found = numeric_date(text, order)
        if found is not None:
            return found
        if row.tag in _ROWS:
            return None
    return None


def pdf_links(payload: bytes, url: str) -> tuple[Link, ...]:
    """Return the PDFs and Word documents on the same site that a page links to."""
    if len(payload) > MAX_BYTES or not _FILE.search(payload) or nests_deeply(payload):
        return ()
    tree = _tree(payload)
    base, site = _base(tree, url), site_of(url)
    found: dict[str, Link] = {}
    for target in _file_targets(tree, base):
        if site_of(target) == site:
            found.setdefault(target, Link(url=target))
    return tuple(found.values())


def _file_targets(tree: LexborHTMLParser, base: str) -> Iterator[str]:
    for node in tree.css("a[href]")[:MAX_LINKS]:
        href = node.attributes.get("href") or ""
        if any(ending in href.lower() for ending in _FILES):
            target = resolve(base, href)
            if target is not None and urlsplit(target).path.lower().endswith(_FILES):
                yield target


def _names_itself(head: bytes, url: str) -> bool:
    """Tell whether the only canonical link of a head is the page's own address, as most are."""
    found = _CANONICAL.findall(head)
    return len(found) == 1 == head.count(b"canonical") and found[0] == url.encode()


def canonical_link(payload: bytes, url: str) -> str | None:
    """Return the address that a page calls its own, if that can be believed.

    It must be on the same site, and only the start page has its address: content systems with a
    wrong template say so of every page.
    """
    head = payload[:200_000]  # bytes; `link` stands in the head
    if b"canonical" not in head:
        return None
    end = _HEAD_END.search(head)
    head = head[: end.start()] if end else head
    if b"<base" not in head.lower() and _names_itself(head, url):
        return url
    tree = _tree(head)
    for node in tree.css("link[rel][href]"):
        if "canonical" in (node.attributes.get("rel") or "").lower().split():
            target = resolve(_base(tree, url), node.attributes.get("href") or "")
            if target is None or site_of(target) != site_of(url):
                return None
            return None if urlsplit(target).path == "/" != urlsplit(url).path else target
    return None
