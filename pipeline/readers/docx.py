"""DOCX to text: the package's parts by zipfile, their XML by lxml, the walk by `docx_walk`.

Why not a converter: measured on one file with every feature, on 100,000 paragraphs and on a bomb of
400 KB (2026-11). python-docx 1.2 drops inserted text, notes, content controls and text boxes;
docx2python 3.7 reads moved text and text boxes twice; mammoth 1.13, the best of them, drops simple
fields (Word's dates), shows hidden text, needs 17 s for the paragraphs and more than 120 s for the
bomb. markitdown 0.1 is mammoth with a file type model beside it. lxml, on which two of them stand,
reads the paragraphs in 0.8 s here, and the bomb is refused after 0.1 s, in 24 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.readers import Payload, Published, Reading, Remark, UnreadableError
from pipeline.readers.docx_blocks import Block, local_name, value_of
from pipeline.readers.docx_parts import Package
from pipeline.readers.docx_walk import Walker
from pipeline.readers.html_blocks import size_of
from pipeline.readers.pdf import FILE_NAME, MIN_CHARS
from pipeline.readers.published import Judge, date_in_release, month_first

if TYPE_CHECKING:
    from lxml.etree import _Element

PAGE_LETTERS = 4_000  # of a densely set page: the limit on pages becomes one on letters
HEAD_BLOCKS = 12  # where a title is looked for
TITLE_CHARS = 300
MIN_TITLE_CHARS = 8
_TITLE_STYLES = ("title", "heading 1", "heading 2")  # by trust; Word keeps these names untranslated


def _walk(package: Package, name: str, max_letters: int, remarks: list[Remark]) -> Walker:
    """Read one part, piece by piece.

    Raises:
        UnreadableError: Broken XML, too much text, or a document type declaration.
    """
    from lxml import etree

    walker = Walker(max_letters)
    parser = etree.XMLParser(target=walker, resolve_entities=False, no_network=True, load_dtd=False)
    is_begun = False
    try:
        for piece in package.pieces(name):
            parser.feed(piece)
            is_begun = True
        if is_begun:
            parser.close()
    except etree.XMLSyntaxError as error:
        msg = f"DOCX: broken XML in {name} ({str(error)[:100]}). Save it again in Word."
        raise UnreadableError(msg) from error
    if walker.has_foreign_chunk:
        reason = "a part in another format (altChunk) stands in the document and was not read"
        remarks.append(Remark(field="text", value=name, reason=reason))
    return walker


def _optional(
    package: Package, name: str, max_letters: int, remarks: list[Remark]
) -> dict[str, list[Block]]:
    """Read a part without which the document is still one: a broken one is a remark."""
    try:
        return _walk(package, name, max_letters, remarks).sections
    except UnreadableError as error:
        remarks.append(Remark(field="text", value=name, reason=str(error)))
        return {}


def _style_names(package: Package, name: str) -> dict[str, str]:
    """Return the name of each paragraph style by its id: ids are translated, names are not."""
    root = package.tree(name)
    found: dict[str, str] = {}
    for node in root if root is not None else ():
        if isinstance(node.tag, str) and local_name(node.tag) == "style":
            label = next(
                (c for c in node if isinstance(c.tag, str) and local_name(c.tag) == "name"), None
            )
            if label is not None:
                found[value_of(dict(node.attrib), "styleId")] = value_of(dict(label.attrib)).lower()
    return found


def _properties(package: Package, name: str | None) -> dict[str, str]:
    """Return the core properties: title, created, modified."""
    root: _Element | None = package.tree(name) if name else None
    nodes = root if root is not None else ()
    return {
        local_name(n.tag): " ".join("".join(n.itertext()).split())
        for n in nodes
        if isinstance(n.tag, str)
    }


def _headers(
    package: Package, names: Iterable[str], max_letters: int, remarks: list[Remark]
) -> list[Block]:
    """Return the lines of all headers, each once; page numbers are none."""
    seen: dict[str, Block] = {}
    for name in sorted(set(names)):
        for block in _optional(package, name, max_letters, remarks).get("", []):
            if block.text.strip("0123456789 -–—|/."):
                seen.setdefault(block.text, block)
    return list(seen.values())


def _with_notes(blocks: list[Block], notes: dict[str, list[Block]]) -> list[str]:
    """Return all lines, the notes behind the body in the order in which it refers to them."""
    lines = [block.text for block in blocks if block.text]
    for key in dict.fromkeys(note for block in blocks for note in block.notes):
        lines += [block.text for block in notes.get(key, ()) if block.text]
    return lines


def _title(blocks: list[Block], stated: str, styles: dict[str, str]) -> tuple[str | None, int]:
    """Return the title, and the place of the block that it is (-1 where it is none of its own).

    What is set as a title counts first. The file's own title counts where the head bears it:
    templates leave wrong ones behind. Else it is the first line that is bold from end to end and
    says something.
    """
    head = [(i, b) for i, b in enumerate(blocks[:HEAD_BLOCKS]) if b.text and not b.is_row]
    head = [(i, b) for i, b in head if MIN_TITLE_CHARS <= len(b.text) <= TITLE_CHARS]
    for wanted in _TITLE_STYLES:
        for index, block in head:
            if styles.get(block.style, block.style.lower()) == wanted:
                return block.text, index
    if stated and not FILE_NAME.match(stated) and len(stated) >= MIN_TITLE_CHARS:
        for index, block in head:
            if block.text.casefold() == stated.casefold():
                return block.text, index
        if stated.casefold() in " ".join(b.text for _, b in head).casefold():
            return stated, -1
    for index, block in head:
        if block.is_bold and len(block.text.split()) >= 4 and not block.text.endswith((".", ":")):
            return block.text, index
    return None, -1


def _published(
    text: str, payload: Payload, core: dict[str, str], remarks: list[Remark]
) -> Published | None:
    """Return the date: stated in the text, by the feed or the address, last by the file itself."""
    order = month_first(payload, None)
    judge = Judge(payload, order=order)
    statements = (
        (date_in_release(text, order=order), "text"),
        (payload.hint_published, "feed"),
        (judge.url_date, "url"),
        (core.get("created"), "docx:created"),
        (core.get("modified"), "docx:modified"),
    )
    accepted = judge.first(statements)
    remarks += judge.remarks
    return accepted


def read_docx(payload: Payload) -> Reading:
    """Read one Word document.

    Raises:
        UnreadableError: Broken, encrypted, a bomb, too long, or (almost) empty.
    """
    package = Package(payload.body)
    remarks: list[Remark] = []
    most = PAGE_LETTERS * payload.pdf_pages
    main = package.main()
    related = package.related(main)
    body = _walk(package, main, most, remarks).sections[""]
    notes: dict[str, list[Block]] = {}
    for name in (*related.get("footnotes", ()), *related.get("endnotes", ())):
        notes |= _optional(package, name, most, remarks)
    head = _headers(package, related.get("header", ()), most, remarks)
    core = _properties(package, next(iter(package.related("").get("core-properties", ())), None))
    styles = _style_names(package, next(iter(related.get("styles", ())), "word/styles.xml"))
    title, place = _title(body, core.get("title", ""), styles)
    if place >= 0:
        body = [*body[:place], Block("", notes=body[place].notes), *body[place + 1 :]]
    text = "\n".join([*(b.text for b in head if b.text != title), *_with_notes(body, notes)])
    if size_of(text) < MIN_CHARS:
        msg = f"too short: {size_of(text)} letters of text, at least {MIN_CHARS} needed"
        raise UnreadableError(msg)
    return Reading(
        text=text,
        reader="docx",
        title=title,
        published=_published(text, payload, core, remarks),
        remarks=tuple(remarks),
    )
