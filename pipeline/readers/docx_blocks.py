"""What a DOCX file becomes: blocks, and the paragraphs, runs and rows that are open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Subtrees without text of the final document.
SKIPPED = frozenset(
    """moveFrom delText instrText delInstrText rPrChange pPrChange tblPrChange trPrChange tcPrChange
    sectPrChange numberingChange sectPr tblPr tblGrid tabs numPr rt separator continuationSeparator
    annotationRef sdtPr sdtEndPr smartTagPr customXmlPr fldData dataBinding""".split()
)
MAX_ELEMENTS = 2_000_000  # of one part; 100,000 paragraphs have 400,000. Read in about 7 s
OFF = frozenset({"0", "false", "off"})
BREAKS = frozenset({"br", "cr"})
MARKS = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-"}


@dataclass(slots=True)
class Block:
    """One paragraph or table row, with what tells a title from a paragraph."""

    text: str
    style: str = ""
    is_bold: bool = False
    is_row: bool = False
    notes: tuple[str, ...] = ()  # ids of footnotes and endnotes, as "footnote:2"


@dataclass(slots=True)
class Paragraph:
    """A paragraph that is not closed yet."""

    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    boxes: list[Block] = field(default_factory=list)  # text boxes that hang on this paragraph
    style: str = ""
    letters: int = 0
    bold: int = 0
    is_joined: bool = False  # its end mark was deleted: the next paragraph continues it


@dataclass(slots=True)
class Run:
    """A stretch of text with one look."""

    is_hidden: bool = False
    is_bold: bool = False


@dataclass(slots=True)
class Row:
    """A table row that is not closed yet, its cells with the blocks inside."""

    cells: list[list[Block]] = field(default_factory=list)
    is_deleted: bool = False
    skips_cell: bool = False  # the open cell was deleted


def local_name(tag: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def value_of(attributes: Mapping[str, str], name: str = "val") -> str:
    """Return an attribute by its local name; an empty string where it is missing."""
    return next((v for k, v in attributes.items() if local_name(k) == name), "")
