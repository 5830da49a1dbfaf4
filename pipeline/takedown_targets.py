"""Which documents a takedown means, and which others say the same words.

In: an address or a doc_id, the catalog and the texts that were read. Out: takedowns, and the copies
that a person should judge.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from pipeline.captures import url_doc_id
from pipeline.catalog_reads import Address
from pipeline.config import ConfigError
from pipeline.paths import Workspace
from pipeline.recorder import open_catalog
from pipeline.takedowns import Takedown, read_takedowns
from pipeline.urls import canonical_url, is_same_page

_DOC_ID = re.compile(r"[0-9a-f]{16}")
_DRESSED = re.compile(r"^(?:www|m|amp)\.")  # hosts that show the pages of the bare host
# Words under which a text is a notice that many pages share ("Page not found"), and no copy.
_LEAST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Copy:
    """Another document with the very same text."""

    doc_id: str
    url: str | None

    @property
    def target(self) -> str:
        """What ``forget`` takes to take it down."""
        return self.url or self.doc_id


@dataclass(frozen=True, slots=True)
class Targets:
    """The documents to take down by id, whether any is known, and other documents' copies."""

    documents: dict[str, Takedown]
    is_known: bool
    copies: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """A version that was read."""

    doc_id: str
    url: str | None
    signature: str


def targets_of(workspace: Workspace, target: str, date: str) -> Targets:
    """Return what a takedown means.

    That is the document at the address, with or without ``www``; imports that give it as theirs;
    addresses that led to it, and, where the address itself led elsewhere, the document there; and
    the same page in another dress (``/amp``, ``m.``) with the same parameters or the same text.

    Args:
        workspace: Where catalog and texts are.
        target: An http or https address, or a doc_id.
        date: The day of the takedown.

    Raises:
        ConfigError: The target is neither.
    """
    address = None if _DOC_ID.fullmatch(target) else canonical_url(target)
    if address is None and not _DOC_ID.fullmatch(target):
        msg = f"{target!r} is no http or https address and no doc_id. Give one of the two."
        raise ConfigError(msg)
    first: dict[str, str | None] = {target: None}
    if address is not None:
        first = {url_doc_id(url): url for url in with_and_without_www(address)}
    with open_catalog(workspace) as catalog:
        known = catalog.addresses()
    texts = _texts(workspace)
    ids = _reached(known, frozenset(first), texts)
    found = {i: Takedown(doc_id=i, url=url, date=date) for i, url in first.items()}
    for a in known:
        if a.doc_id in ids:
            found[a.doc_id] = Takedown(
                doc_id=a.doc_id, url=a.url or address, source_id=a.source_id, date=date
            )
    listed = read_takedowns(workspace)  # who finishes a takedown finds the first day there
    copies = {t.doc_id: t.url for t in _same_words(texts, ids) if t.doc_id not in found}
    return Targets(
        {i: listed.get(i, row) for i, row in found.items()},
        bool(ids & ({a.doc_id for a in known} | {t.doc_id for t in texts})),
        tuple(Copy(i, url) for i, url in sorted(copies.items(), key=lambda c: (c[1] or "", c[0]))),
    )


def with_and_without_www(url: str) -> list[str]:
    """Return an address and its twin on the host with, or without, ``www``; numbers have none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        bare = parts.netloc.removeprefix("www.")
        if "." in host.removeprefix("www."):
            other = bare if bare != parts.netloc else f"www.{bare}"
            return [url, urlunsplit(parts._replace(netloc=other))]
    return [url]


def _reached(
    known: Sequence[Address], first: frozenset[str], texts: Sequence[_Text]
) -> frozenset[str]:
    """Follow redirects and other dresses until no address comes along."""
    urls = {a.doc_id: a.url for a in known}
    # Texts too: of a text that was imported twice the catalog keeps the later address.
    named = [*((a.doc_id, a.url) for a in known), *((t.doc_id, t.url) for t in texts)]
    ids = first | {doc_id for doc_id, url in named if url and url_doc_id(url) in first}
    while True:
        # Many dead pages lead to a front page: it, and all that lead there, are not meant.
        ids |= {
            a.reason
            for a in known
            if a.state == "moved" and a.doc_id in ids and a.reason and not _is_front(urls, a.reason)
        }
        more = {a.doc_id for a in known if a.state == "moved" and a.reason in ids}
        own = [url for i in ids if (url := urls.get(i))]
        same = {t.doc_id for t in _same_words(texts, ids)}
        more |= {
            a.doc_id
            for a in known
            if a.url and any(_is_dress(a.url, url, a.doc_id in same) for url in own)
        }
        if more <= ids:
            return ids
        ids |= more


def _is_front(urls: Mapping[str, str | None], doc_id: str) -> bool:
    parts = urlsplit(urls.get(doc_id) or "x")
    return parts.path in ("", "/") and not parts.query


def _is_dress(one: str, other: str, has_same_text: bool) -> bool:
    """Tell whether two addresses show one document: not by its words alone, but by its place."""
    a, b = urlsplit(one), urlsplit(other)
    if _DRESSED.sub("", a.netloc) != _DRESSED.sub("", b.netloc) or not is_same_page(one, other):
        return False
    return a.query == b.query or has_same_text


def _same_words(texts: Sequence[_Text], ids: Collection[str]) -> list[_Text]:
    """Return the versions that have the text of a version of one of the documents."""
    own = {t.signature for t in texts if t.doc_id in ids}
    return [t for t in texts if t.signature in own]


def _texts(workspace: Workspace) -> list[_Text]:
    """Return the signature of every version that was read; a short one is like no other."""
    import pyarrow.parquet as pq

    found: list[_Text] = []
    for path in workspace.shards("documents"):
        columns = ["doc_id", "url", "text_sha256", "word_count"]
        for row in pq.read_table(path, columns=columns).to_pylist():
            sign = row["text_sha256"] if row["word_count"] >= _LEAST_WORDS else row["doc_id"]
            found.append(_Text(row["doc_id"], row["url"], sign))
    return found
