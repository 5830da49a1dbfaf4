"""Feeds: RSS, Atom and JSON Feed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pipeline.captures import Link
from pipeline.fetchers.found import MAX_LINKS, Found, machine_date, nests_deeply
from pipeline.urls import resolve

_RSS_DATES = ("published", "created", "updated")
MAX_ITEMS = 5_000  # the parser takes a millisecond an item; feeds hold some dozens
_ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)\b", re.I)
MAX_BYTES = 5_000_000  # feeds hold the newest items; larger ones are archives or attacks


def read_feed(payload: bytes, url: str, media_type: str = "") -> Found:
    """Return the documents that a feed names.

    Args:
        payload: The feed. The parser gets bytes only: given a string, it would open it as a file.
        url: Where it was found; relative links are read against it.
        media_type: The ``Content-Type``, whose charset counts.
    """
    if len(payload) > MAX_BYTES:
        return Found(problem=f"feed larger than {MAX_BYTES:,} bytes")
    if payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _read_json(payload, url)
    if len(_ITEM.findall(payload)) > MAX_ITEMS or nests_deeply(payload):
        return Found(problem=f"feed with more than {MAX_ITEMS:,} items, or nested too deeply")
    import feedparser

    headers = {"content-location": url}
    if media_type:
        headers["content-type"] = media_type
    try:
        parsed = feedparser.parse(BytesIO(payload), response_headers=headers, sanitize_html=False)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # feedparser's loose parser breaks on a few malformed files; each such feed is reported.
        return Found(problem=f"feed not understood ({type(error).__name__})")
    if not parsed.get("version") and not parsed.entries:
        return Found(problem="no feed")
    # feedparser calls `dc:date` of RSS "updated"; in Atom that word means what it says.
    keys = ("published", "created") if "atom" in parsed.get("version", "") else _RSS_DATES
    links = _unique(_entry_links(parsed.entries, url, keys))
    return Found(links=links, follow=_next_page(parsed.feed, url))


def _entry_links(entries: list[Any], url: str, keys: tuple[str, ...]) -> Iterator[Link]:
    for entry in entries[:MAX_LINKS]:
        # Re-publishers keep the first address in an element of their own.
        candidates = [dict.get(entry, key) for key in ("feedburner_origlink", "link", "id")]
        targets = (resolve(url, c) for c in candidates if isinstance(c, str) and c.strip())
        target = next((t for t in targets if t is not None), None)
        if target is not None:
            yield Link(url=target, published=_published(entry, keys))


def _published(entry: Any, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        # Plain `dict.get`: feedparser's own invents an "updated" where there is none.
        found = machine_date(dict.get(entry, key))
        if found is not None:
            return found
        parsed = dict.get(entry, f"{key}_parsed")
        if parsed is not None:  # feedparser reads more forms than the two standards, as UTC
            return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", parsed)
    return None


def _next_page(feed: Any, url: str) -> tuple[Link, ...]:
    """Return the next page of a paged feed (RFC 5005)."""
    for link in feed.get("links", ()):
        target = resolve(url, link.get("href") or "") if link.get("rel") == "next" else None
        if target is not None and target != url:
            return (Link(url=target),)
    return ()


def _read_json(payload: bytes, url: str) -> Found:
    try:
        value = json.loads(payload.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return Found(problem="neither a feed nor JSON")
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        return Found(problem="JSON, but no JSON Feed")
    links = []
    for item in items[:MAX_LINKS]:
        if not isinstance(item, dict):
            continue
        address = item.get("url") or item.get("external_url") or item.get("id")
        target = resolve(url, address) if isinstance(address, str) else None
        when = item.get("date_published")
        if target is not None:
            links.append(
                Link(url=target, published=machine_date(when if isinstance(when, str) else None))
            )
    later = value.get("next_url")
    target = resolve(url, later) if isinstance(later, str) else None
    follow = (Link(url=target),) if target is not None and target != url else ()
    return Found(links=_unique(iter(links)), follow=follow)


def _unique(links: Iterator[Link]) -> tuple[Link, ...]:
    """Keep the first of each address."""
    found: dict[str, Link] = {}
    for link in links:
        found.setdefault(link.url, link)
    return tuple(found.values())
