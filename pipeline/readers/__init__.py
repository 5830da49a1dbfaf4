"""Readers: bytes of one capture in, clean text and what is known of it out.

No files, no network, no clock.

One module per kind of payload (`html`, `pdf`, `docx`, `text`, `json_document`); `dispatch` chooses
among them by content first and by the declared type second.
"""

from __future__ import annotations

from dataclasses import dataclass


class UnreadableError(Exception):
    """A payload gives no document. The message is the reason that stands in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """CSS selectors that a source file gives for its pages (``read:``); each may be missing."""

    title: str | None = None
    text: str | None = None
    published: str | None = None
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The bytes of one capture with what its server or its importer said about them.

    Args:
        body: Decoded bytes (no transfer or content encoding).
        media_type: Declared type, perhaps with ``; charset=``.
        url: Where it came from; may carry a date, never a name.
        timezone: IANA name of the publisher's zone, for dates with a clock time.
        languages: Languages of the source, the main one first.
        hint_published: Date that a feed, a listing or an importer gave.
        fetched_at: UTC time of the capture: no document was published after it.
        pdf_pages: Most pages of a PDF; a Word document may have as many letters as fit on them.
        selectors: Where a page's title, text and date stand, as its source file says.
    """

    body: bytes
    media_type: str
    url: str | None = None
    timezone: str | None = None
    languages: tuple[str, ...] = ()
    hint_published: str | None = None
    fetched_at: str = ""
    pdf_pages: int = 300
    selectors: Selectors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A value that a reader did not understand or had to change: becomes an ``Issue``."""

    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication date in EDTF, how it was found, and how sure that is (0 to 1)."""

    date: str
    method: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader made of a payload.

    ``language`` is what an imported record states and wins over detection; ``declared_language`` is
    the page's ``lang`` attribute, a hint that templates often get wrong. ``byline`` names who wrote
    it, without "by" and role. ``text_quality`` (0 to 1) is how well characters were recognised, for
    text that was recognised from a picture.
    """

    text: str
    reader: str
    title: str | None = None
    published: Published | None = None
    language: str | None = None
    declared_language: str | None = None
    byline: str | None = None
    text_quality: float | None = None
    remarks: tuple[Remark, ...] = ()
