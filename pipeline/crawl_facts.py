"""What is read in an answer before it is written, in the thread that asked for it.

Compressing, hashing and looking for walls, links and opt-outs is most of the work on a page.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from pipeline.answers import Failed, Fetched
from pipeline.captures import Link, Note, encode_capture, make_capture, url_doc_id
from pipeline.catalog_rows import Due
from pipeline.fetchers.blocks import soft_block
from pipeline.fetchers.files import HTML, PDF, TEXT, sniff
from pipeline.fetchers.listing import canonical_link, pdf_links
from pipeline.fetchers.wayback import original_of
from pipeline.office import DOCX
from pipeline.opt_outs import OptOut
from pipeline.origin import origin_of
from pipeline.records import Capture
from pipeline.sources import Source
from pipeline.urls import is_same_page


@dataclass(frozen=True, slots=True)
class Draft:
    """A capture as it will stand in the archive, and its records as bytes."""

    capture: Capture
    note: Note
    records: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a document's page holds.

    Attributes:
        sha256: Of the payload.
        canonical: The address that the page calls its own, if that can be believed.
        pdfs: The PDFs that it links to.
        wish: What its publisher says of machines, if anything.
        draft: The capture under the address that it probably belongs to.
    """

    sha256: str
    canonical: str | None
    pdfs: tuple[Link, ...]
    wish: OptOut | None
    draft: Draft


def facts_of(
    page: Fetched, source: Source, due: Due, now: str, wish: OptOut | None = None
) -> PageFacts:
    """Read a page and draft its capture.

    Args:
        page: As it was fetched.
        source: For which source.
        due: The row of the work queue that asked for it.
        now: Time of the run.
        wish: What its publisher says of machines, if anything.
    """
    is_html = sniff(page.payload) == HTML
    sha = hashlib.sha256(page.payload).hexdigest()
    named = canonical_link(page.payload, page.url) if is_html else None
    own = original_of(page.url) or (named if named and is_same_page(named, page.url) else page.url)
    return PageFacts(
        sha256=sha,
        canonical=named,
        pdfs=pdf_links(page.payload, page.url) if is_html and source.pdf_links else (),
        wish=wish,
        draft=draft_of(page, sha, source, due, own, now, wish),
    )


def draft_of(
    page: Fetched, sha256: str, source: Source, due: Due, own: str, now: str, wish: OptOut | None
) -> Draft:
    """Return the capture of a page under the address ``own``."""
    asked = due.page.url or page.url
    capture = make_capture(
        doc_id=url_doc_id(own),
        kind="response",
        payload=page.payload,
        url=own,
        **origin_of(source, due.discovered_by, due.hint_published),
        fetched_at=now,
        status=page.status,
        media_type=page.media_type,
        payload_sha256=sha256,
    )
    note = Note(
        etag=page.etag,
        last_modified=page.last_modified,
        target_url=None if own == page.url else page.url,
        aliases=tuple(sorted(a for a in {asked, page.url} if url_doc_id(a) != capture.doc_id)),
        opt_out=None if wish is None else f"{wish.rule}: {wish.words}",
    )
    return Draft(capture, note, encode_capture(capture, page.payload, note, page.exchange))


def checked(outcome: Fetched) -> Fetched | Failed:
    """Return a failure for an answer that holds no document."""
    if not outcome.payload.strip():
        return Failed(url=outcome.url, reason="empty body", temporary=True)
    wall = soft_block(outcome.exchange.response_headers, outcome.payload)
    if wall is not None:
        return Failed(url=outcome.url, reason=wall, kind="blocked", status=outcome.status)
    kind = sniff(outcome.payload)
    if kind not in (HTML, PDF, DOCX, TEXT):
        return Failed(url=outcome.url, reason=f"neither HTML nor PDF nor DOCX nor text ({kind})")
    declared = outcome.media_type.partition(";")[0].strip().lower()
    fits = declared == kind or (kind == HTML and "html" in declared) or kind == TEXT
    return outcome if fits else replace(outcome, media_type=kind)
