"""Local files: which of them are documents, told by their content and not by their name."""

from __future__ import annotations

import re

from pipeline.office import DOCX, is_docx

HTML, PDF, TEXT = "text/html", "application/pdf", "text/plain"
_SNIFF = 2_048  # bytes looked at; a page with a longer comment before its first tag has a header
_TAG = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|article|div|p|h1)\b", re.I)
_XML = re.compile(rb"^\s*<\?xml\b|^\s*<(?:rss|feed|urlset|sitemapindex)\b", re.I)
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MAGIC = (
    (b"PK\x03\x04", "application/zip"),  # also the other Office files
    (b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),  # older Office files
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"\x1f\x8b", "application/gzip"),
)


def sniff(data: bytes) -> str:
    """Return the media type that the content has: servers and file names are often wrong."""
    head = data[:_SNIFF]
    if is_docx(data):
        return DOCX
    if b"%PDF-" in head[:1_024]:  # the standard lets rubbish stand before it
        return PDF
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(_BOMS[1:]):
        return HTML if _TAG.search(head.replace(b"\x00", b"")) else TEXT
    if b"\x00" in head:
        return "application/octet-stream"
    if _XML.search(head.removeprefix(_BOMS[0])) and not re.search(rb"<html\b", head, re.I):
        return "application/xml"
    return HTML if _TAG.search(head) else TEXT
