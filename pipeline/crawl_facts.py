"""What is read in an answer before it is written, in the thread that asked for it.

Compressing, hashing and looking for walls, links and opt-outs is most of the work on a page.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from pipeline.answers import Failed, Fetched
from pipeline.captures import Link
from pipeline.fetchers.blocks import soft_block
from pipeline.fetchers.files import HTML, PDF, TEXT, sniff
from pipeline.fetchers.listing import canonical_link, pdf_links
from pipeline.opt_outs import OptOut
from pipeline.warc import pack


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a document's page holds.

    Attributes:
        sha256: Of the payload.
        packed: The payload as the archive holds it, see `warc.pack`.
        canonical: The address that the page calls its own, if that can be believed.
        pdfs: The PDFs that it links to.
        wish: What its publisher says of machines, if anything.
    """

    sha256: str
    packed: bytes
    canonical: str | None
    pdfs: tuple[Link, ...]
    wish: OptOut | None


def facts_of(page: Fetched, *, wants_pdfs: bool, wish: OptOut | None = None) -> PageFacts:
    """Read what is written of a page."""
    is_html = sniff(page.payload) == HTML
    return PageFacts(
        sha256=hashlib.sha256(page.payload).hexdigest(),
        packed=pack(page.payload),
        canonical=canonical_link(page.payload, page.url) if is_html else None,
        pdfs=pdf_links(page.payload, page.url) if is_html and wants_pdfs else (),
        wish=wish,
    )


def checked(outcome: Fetched) -> Fetched | Failed:
    """Return a failure for an answer that holds no document."""
    if not outcome.payload.strip():
        return Failed(url=outcome.url, reason="empty body", temporary=True)
    wall = soft_block(outcome.exchange.response_headers, outcome.payload)
    if wall is not None:
        return Failed(url=outcome.url, reason=wall, kind="blocked", status=outcome.status)
    kind = sniff(outcome.payload)
    if kind not in (HTML, PDF, TEXT):
        return Failed(url=outcome.url, reason=f"neither HTML nor PDF nor text ({kind})")
    declared = outcome.media_type.partition(";")[0].strip().lower()
    fits = declared == kind or (kind == HTML and "html" in declared) or kind == TEXT
    return outcome if fits else replace(outcome, media_type=kind)
