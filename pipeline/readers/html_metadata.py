"""What a page says about itself in its head: JSON-LD, meta tags, title, language."""

from __future__ import annotations

import html as entities
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.readers.html_blocks import clean

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MAX_JSON_CHARS = 1_000_000  # larger data islands are application state, not a description
MAX_HEADINGS = 8  # the title is among the first
MAX_JSON_NODES = 5_000
_USEFUL = re.compile(r'"(?:datePublished|headline|articleBody|dateCreated)"')
_ARTICLE = re.compile(
    r"(?:Article|BlogPosting|NewsItem|Report|PressRelease|LiveBlogPosting|SocialMediaPosting)$"
)
# Lists of other documents and what readers said: their dates and headlines are not the page's.
_FOREIGN_KEYS = frozenset(
    "itemListElement comment comments review reviews video image associatedMedia hasPart isPartOf "
    "citation mentions about relatedLink potentialAction breadcrumb author publisher subjectOf "
    "interactionStatistic liveBlogUpdate isBasedOn significantLink".split()
)
_DATE_KEYS = ("datePublished", "dateCreated", "uploadDate")
_BROKEN_DATE = re.compile(r'"datePublished"\s*:\s*"([^"\\]{8,40})"')
_SEPARATORS = re.compile(r"\s+[|–—•·»:/-]+\s+|\s*\|\s*")


@dataclass(slots=True)
class Metadata:
    """Statements of the head, unjudged; dates as (value, method) in order of trust."""

    headline: str | None = None
    article_body: str | None = None
    published: list[tuple[str, str]] = field(default_factory=list)
    modified: list[tuple[str, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    page_title: str | None = None
    h1: list[str] = field(default_factory=list)
    h2: list[str] = field(default_factory=list)
    language: str | None = None


def _objects(value: object) -> Iterator[dict[str, object]]:
    """Yield the JSON objects of a JSON-LD block that describe the page itself."""
    todo, seen = [value], 0
    while todo and seen < MAX_JSON_NODES:
        item = todo.pop(0)
        seen += 1
        if isinstance(item, list):
            todo += item
        elif isinstance(item, dict):
            yield item
            todo += [
                v for k, v in item.items() if k not in _FOREIGN_KEYS and isinstance(v, dict | list)
            ]


def _types(item: dict[str, object]) -> str:
    kind = item.get("@type")
    if isinstance(kind, list):
        return next((str(k) for k in kind if _ARTICLE.search(str(k))), str(kind[0]) if kind else "")
    return str(kind or "")


def _read_json_ld(text: str, found: Metadata) -> None:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        found.published += [(v, "json-ld") for v in _BROKEN_DATE.findall(text)[:1]]
        return
    others: list[tuple[str, str]] = []
    for item in _objects(data):
        is_article = _ARTICLE.search(_types(item)) is not None
        dates = [
            (str(item[k]), "json-ld")
            for k in _DATE_KEYS
            if isinstance(item.get(k), str) and item[k]
        ]
        (found.published if is_article else others).extend(dates[:1])
        modified = item.get("dateModified")
        if isinstance(modified, str):
            found.modified.append((modified, "json-ld"))
        if is_article:
            headline, body = item.get("headline") or item.get("name"), item.get("articleBody")
            if isinstance(headline, str) and not found.headline:
                found.headline = clean(entities.unescape(headline)) or None
            if isinstance(body, str) and len(body) > len(found.article_body or ""):
                found.article_body = body
    found.published += others


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """Collect what the head says. Call it before scripts are removed from the tree."""
    found = Metadata()
    for node in tree.css('script[type*="ld+json" i]'):
        text = node.text()
        if len(text) <= MAX_JSON_CHARS and _USEFUL.search(text):
            _read_json_ld(text.strip().strip(";"), found)
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        content = attributes.get("content")
        if name and content:
            found.tags.setdefault(name.strip().lower(), content.strip())
    title = tree.css_first("head title") or tree.css_first("title")
    found.page_title = clean(title.text()) if title is not None else None
    found.h1, found.h2 = _headings(tree, "h1"), _headings(tree, "h2")
    root = tree.css_first("html")
    found.language = root.attributes.get("lang") if root is not None else None
    return found


def _headings(tree: LexborHTMLParser, tag: str) -> list[str]:
    texts = (clean(node.text(separator=" ")) for node in tree.css(tag)[:MAX_HEADINGS])
    return [text for text in texts if text]


def _same(a: str, b: str) -> bool:
    return re.sub(r"\W+", "", a).casefold() == re.sub(r"\W+", "", b).casefold()


def _without_site(title: str, found: Metadata, host: str) -> str:
    """Cut the site's name off a page title."""
    site = found.tags.get("og:site_name") or found.tags.get("application-name") or ""
    label = re.sub(r"\W+", "", site).casefold()
    parts = [p for p in _SEPARATORS.split(title) if p]
    if len(parts) < 2:
        return title
    if any(_same(parts[0], h) for h in found.h1 + found.h2):
        return parts[0]
    squeezed = re.sub(r"\W+", "", parts[-1]).casefold()
    if squeezed and (
        squeezed == label
        or squeezed in host.replace("-", "").replace(".", "")
        or (label and label in squeezed)
    ):
        cut = title.rfind(parts[-1])
        return title[:cut].rstrip(" |–—•·»:/-\t")
    return title


def title_of(found: Metadata, host: str = "") -> str | None:
    """Return the document's title: JSON-LD, Open Graph, first heading, page title, in this order.

    Publishers cut headlines in JSON-LD at 110 letters: a heading that continues one wins.
    """
    candidates = [found.headline, found.tags.get("og:title"), found.tags.get("twitter:title")]
    for raw in candidates:
        title = clean(entities.unescape(raw)) if raw else ""
        if not title:
            continue
        stem = title.rstrip(". …")
        longer = next((h for h in found.h1 if len(h) > len(stem) and h.startswith(stem)), None)
        return longer or _without_site(title, found, host)
    if len(found.h1) == 1 or (found.h1 and found.page_title and found.h1[0] in found.page_title):
        return found.h1[0]
    if found.page_title:
        return _without_site(found.page_title, found, host) or None
    return found.h1[0] if found.h1 else None
