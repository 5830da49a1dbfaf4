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
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_SOURCES = "script,style,meta,title,h1,h2"
MAX_JSON_CHARS = 1_000_000  # larger data islands are application state, not a description
MAX_HEADINGS = 8  # the title is among the first
MAX_JSON_NODES = 5_000
_USEFUL = re.compile(r'"(?:datePublished|headline|articleBody|dateCreated|author)"')
_PERSON = re.compile(r"(?:^|/)Person$")
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
_SEPARATORS = re.compile(r"\s+[|–—•·»›:/-]+\s+|\s*\|\s*")


@dataclass(slots=True)
class Metadata:
    """Statements of the head, unjudged; dates as (value, method) in order of trust."""

    headline: str | None = None
    article_body: str | None = None
    authors: list[str] = field(default_factory=list)
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


def _persons(stated: object) -> Iterator[str]:
    """Yield names, or ids of objects elsewhere, of those who are persons in ``author``."""
    for one in stated if isinstance(stated, list) else [stated]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict) and "Organization" not in _types(one):
            name = one.get("name") or one.get("@id")
            yield from (
                n for n in (name if isinstance(name, list) else [name]) if isinstance(n, str)
            )


def _read_json_ld(text: str, found: Metadata) -> None:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        found.published += [(v, "json-ld") for v in _BROKEN_DATE.findall(text)[:1]]
        return
    others: list[tuple[str, str]] = []
    people: dict[str, str] = {}
    authors: list[str] = []
    for item in _objects(data):
        if _PERSON.search(_types(item)) and isinstance(item.get("name"), str):
            people[str(item.get("@id"))] = str(item["name"])
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
            authors.extend(_persons(item.get("author")))
            headline, body = item.get("headline") or item.get("name"), item.get("articleBody")
            if isinstance(headline, str) and not found.headline:
                found.headline = clean(entities.unescape(headline)) or None
            if isinstance(body, str) and len(body) > len(found.article_body or ""):
                found.article_body = body
    found.published += others
    found.authors += [people.get(who, who) for who in authors if who in people or who[:4] != "http"]


def read_metadata(tree: LexborHTMLParser) -> tuple[Metadata, list[LexborNode]]:
    """Collect what the head says, in one search of the tree.

    Returns:
        What was found, and the scripts and styles, which the caller removes.
    """
    found, inert = Metadata(), []
    titles: list[LexborNode] = []
    for node in tree.css(_SOURCES):
        tag = node.tag
        if tag == "meta":
            _read_meta(node.attributes, found)
        elif tag == "title":
            titles.append(node)
        elif tag in ("h1", "h2"):
            _read_heading(node, found.h1 if tag == "h1" else found.h2)
        else:
            inert.append(node)
            if tag == "script" and "ld+json" in (node.attributes.get("type") or "").lower():
                text = node.text()
                if len(text) <= MAX_JSON_CHARS and _USEFUL.search(text):
                    _read_json_ld(text.strip().strip(";"), found)
    if titles:
        title = next((t for t in titles if t.parent and t.parent.tag == "head"), titles[0])
        found.page_title = clean(title.text())
    root = tree.root
    found.language = root.attributes.get("lang") if root is not None else None
    return found, inert


def _read_meta(attributes: dict[str, str | None], found: Metadata) -> None:
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
    content = attributes.get("content")
    if name and content:
        found.tags.setdefault(name.strip().lower(), content.strip())


def _read_heading(node: LexborNode, headings: list[str]) -> None:
    if len(headings) < MAX_HEADINGS and (text := clean(node.text(separator=" "))):
        headings.append(text)


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
        return title[:cut].rstrip(" |–—•·»›:/-\t")
    return title


def _beside_site(found: Metadata, host: str) -> str | None:
    """Return the other part of the page title where the only ``h1`` is the name of the site."""
    parts = [p for p in _SEPARATORS.split(found.page_title or "") if p]
    if len(found.h1) != 1 or len(parts) < 2:
        return None
    name = re.sub(r"\W+", "", found.h1[0]).casefold()
    others = [p for p in parts if not _same(p, found.h1[0])]
    if len(others) == len(parts) or not name:
        return None
    headed = next((p for p in others if any(_same(p, h) for h in found.h2)), None)
    return headed or (others[0] if name in re.sub(r"\W+", "", host) else None)


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
    if (part := _beside_site(found, host)) is not None:
        return part
    if len(found.h1) == 1 or (found.h1 and found.page_title and found.h1[0] in found.page_title):
        return found.h1[0]
    if found.page_title:
        return _without_site(found.page_title, found, host) or None
    return found.h1[0] if found.h1 else None
