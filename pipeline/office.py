"""Is a ZIP archive a Word document? Told by the names in its list of contents, nothing unpacked.

In: the bytes of a file. A DOCX, an XLSX, a Java archive and a ZIP of photographs begin alike.
"""

from __future__ import annotations

import re

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ZIP = b"PK\x03\x04"
_END = b"PK\x05\x06"
_END_BYTES = 22 + 65_535  # the end mark with the longest comment that may follow it
_TYPES = b"[Content_Types].xml"
# Word, LibreOffice and Google Docs all name the main part so; Word may number it.
_MAIN = re.compile(rb"word[/\\]document\d*\.xml", re.IGNORECASE)


def is_docx(data: bytes) -> bool:
    """Tell whether ``data`` is a Word document (DOCX, with or without macros, or a template).

    A file whose end is missing is judged by the names that stand before its parts, so that a broken
    document is called a broken document and not "an archive".
    """
    if not data.startswith(_ZIP):
        return False
    names = _list_of_contents(data)
    return _TYPES in names and _MAIN.search(names) is not None


def _list_of_contents(data: bytes) -> bytes:
    """Return the bytes of the central directory; the whole file where it has none."""
    place = data.rfind(_END, max(0, len(data) - _END_BYTES))
    if place < 0 or place + 20 > len(data):
        return data
    size = int.from_bytes(data[place + 12 : place + 16], "little")
    # Counted back from the end mark: bytes before the archive shift the offset that it states.
    return data[place - size : place] if 0 < size <= place else data
