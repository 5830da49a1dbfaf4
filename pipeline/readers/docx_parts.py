"""A DOCX file as a package of parts: which part is what, and its bytes under a limit.

Only parts inside the file are opened, by name and on demand: pictures, macros, embedded files and
whatever a relationship points to outside are never touched.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.readers import UnreadableError

if TYPE_CHECKING:
    from lxml.etree import _Element

# Unpacked bytes of all parts that are read. A report of 300 pages has about 15 MB of them; a bomb
# of 400 KB has 400 MB.
MAX_BYTES = 60_000_000
MAX_SMALL_PART = 5_000_000  # relationships, styles, properties: read as a tree
PIECE = 1 << 16  # bytes unpacked at a time
_RELATIONS = "officeDocument/2006/relationships/"
_STRICT = "purl.oclc.org/ooxml/officeDocument/relationships/"  # the same in "Strict" files
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, OverflowError)


class Package:
    """The parts of one file.

    Args:
        body: The file.

    Raises:
        UnreadableError: It is no sound ZIP archive.
    """

    def __init__(self, body: bytes) -> None:
        """Read the list of contents; nothing is unpacked yet."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
        except (*_BROKEN, NotImplementedError) as error:
            raise _broken(str(error)) from error
        # Names are compared without case, and some programs write backslashes.
        self._infos = {
            i.filename.replace("\\", "/").lstrip("/").lower(): i for i in self._zip.infolist()
        }
        self._left = MAX_BYTES

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a part in pieces; nothing where there is no such part.

        Raises:
            UnreadableError: Encrypted, damaged, or the file unpacks to more than `MAX_BYTES`.
        """
        info = self._infos.get(name.lower())
        if info is None:
            return
        try:
            with self._zip.open(info) as part:
                while piece := part.read(PIECE):
                    self._left -= len(piece)
                    if self._left < 0:
                        msg = f"DOCX: unpacks to more than {MAX_BYTES // 1_000_000} MB. Not read."
                        raise UnreadableError(msg)
                    yield piece
        except NotImplementedError as error:
            msg = f"DOCX: packed in a way that is not read ({error}). Save it again in Word."
            raise UnreadableError(msg) from error
        except RuntimeError as error:  # zipfile's way to say that a password is needed
            msg = "DOCX: encrypted, a password is needed. Ask the publisher for an open copy."
            raise UnreadableError(msg) from error
        except _BROKEN as error:
            raise _broken(str(error)) from error

    def tree(self, name: str) -> _Element | None:
        """Return a small part as a tree; None where it is missing or no XML."""
        from lxml import etree

        data = b""
        for piece in self.pieces(name):
            data += piece
            if len(data) > MAX_SMALL_PART:
                return None
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(data, parser) if data else None
        except etree.XMLSyntaxError:
            return None
        # The format forbids document type declarations; they are how entity bombs are built.
        return None if root is None or root.getroottree().docinfo.doctype else root

    def related(self, part: str) -> dict[str, list[str]]:
        """Return the parts that ``part`` ("" for the file itself) names, by kind of relation.

        Targets outside the file are left out.
        """
        folder, name = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, list[str]] = {}
        for node in root if root is not None else ():
            kind, target = str(node.get("Type") or ""), str(node.get("Target") or "")
            if node.get("TargetMode") == "External" or not target:
                continue
            for base in (_RELATIONS, _STRICT):
                kind = kind.partition(base)[2] or kind
            path = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/")))
            found.setdefault(kind.rpartition("/")[2], []).append(path.lstrip("/"))
        return found

    def main(self) -> str:
        """Return the name of the main part.

        Raises:
            UnreadableError: There is none, or it belongs to a spreadsheet or a presentation.
        """
        named = self.related("").get("officeDocument", [])
        for name in [*named, "word/document.xml"]:
            if name.lower() in self._infos and not name.startswith(("xl/", "ppt/")):
                return name
        msg = "DOCX: has no main part (cut off, or not a Word document). Fetch it again."
        raise UnreadableError(msg)


def _broken(reason: str) -> UnreadableError:
    return UnreadableError(f"DOCX: broken ({reason[:100]}). Cut off or altered: fetch it again.")
