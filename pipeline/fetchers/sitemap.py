"""Sitemaps: index files, gzip, news sitemaps, text files; entities and outside files stay shut."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pipeline.bodies import BodyError, read_body
from pipeline.captures import Link
from pipeline.fetchers.feed import read_feed
from pipeline.fetchers.found import MAX_LINKS, Found, machine_date
from pipeline.urls import resolve

MAX_BYTES = 52_428_800  # the standard's limit for one map, unpacked


def read_sitemap(payload: bytes, url: str, limit: int = MAX_BYTES) -> Found:
    """Return the documents and the further maps that a sitemap names.

    ``lastmod`` of a document is no publication date and is not taken for one, but its last change;
    a news sitemap's ``publication_date`` is. ``lastmod`` of a map says whether it must be asked for
    again.

    Args:
        payload: The map, as XML, gzipped XML or one address per line; a feed will do too.
        url: Where it was found.
        limit: Most bytes after unpacking.
    """
    try:
        if payload.startswith(b"\x1f\x8b"):
            payload = read_body([payload], "gzip", limit)
    except BodyError as error:
        return Found(problem=f"sitemap: {error}")
    start = payload[:1_024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"http"):
        lines = payload.decode("utf-8-sig", "replace").splitlines()[:MAX_LINKS]
        found = (resolve(url, line) for line in lines if line.strip())
        return Found(links=tuple(dict.fromkeys(Link(url=u) for u in found if u is not None)))
    if not start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return Found(problem="no sitemap")
    if b"<rss" in start or b"<feed" in start:
        return read_feed(payload, url)
    return _read_xml(payload, url)


def _read_xml(payload: bytes, url: str) -> Found:
    from lxml import etree

    links: dict[str, Link] = {}
    follow: dict[str, Link] = {}
    try:
        for kind, values in _elements(etree, payload):
            target = resolve(url, values.get("loc", ""))
            if target is None or len(links) + len(follow) >= MAX_LINKS:
                continue
            if kind == "sitemap":
                follow.setdefault(
                    target, Link(url=target, published=machine_date(values.get("lastmod")))
                )
            else:
                when = machine_date(values.get("publication_date"))
                changed = machine_date(values.get("lastmod"))
                links.setdefault(target, Link(url=target, published=when, modified=changed))
    except (etree.LxmlError, ValueError, LookupError) as error:
        logging.getLogger(__name__).info("%s: %s", url, error)
        if not links and not follow:
            return Found(problem="sitemap not understood")
    if not links and not follow and b"urlset" not in payload and b"sitemapindex" not in payload:
        return Found(problem="no sitemap")
    return Found(links=tuple(links.values()), follow=tuple(follow.values()))


def _elements(etree: Any, payload: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each ``url`` and ``sitemap`` element with the text of its parts, and forget it."""
    events = etree.iterparse(
        BytesIO(payload),
        events=("end",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,  # half of a map is better than none; what is read is checked as a URL
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in events:
        if not isinstance(element.tag, str):
            continue
        kind = etree.QName(element).localname.lower()
        if kind not in ("url", "sitemap"):
            continue
        yield kind, dict(_parts(etree, element))
        element.clear()


def _parts(etree: Any, element: Any) -> Iterator[tuple[str, str]]:
    """Yield name and text of the children, and of a news entry's own; images have a `loc` too."""
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child).localname.lower()
        if name == "news":
            for part in child:
                if isinstance(part.tag, str):
                    yield etree.QName(part).localname.lower(), (part.text or "").strip()
        else:
            yield name, (child.text or "").strip()
