"""WordprocessingML to blocks, element by element: nothing but the open paragraph is held as XML.

What a reader of the final version sees counts: inserted and moved-in text does, deleted and
moved-out text, hidden text, field codes and comments do not. Elements are told by their local name,
so that files of both dialects ("Transitional" and "Strict") are read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.readers import UnreadableError
from pipeline.readers.docx_blocks import (
    BREAKS,
    MARKS,
    MAX_ELEMENTS,
    OFF,
    SKIPPED,
    Block,
    Paragraph,
    Row,
    Run,
    local_name,
    value_of,
)
from pipeline.readers.html_blocks import BREAK, ROW_CHARS, clean, lines_at_breaks


class Walker:
    """A target for lxml's parser. ``sections`` maps the id of a note to its blocks; "" is the body.

    Args:
        max_letters: More text than this is refused: the file is a book.
    """

    def __init__(self, max_letters: int) -> None:
        """Prepare for one part."""
        self.sections: dict[str, list[Block]] = {}
        self._sinks: list[list[Block]] = [self.sections.setdefault("", [])]
        self._path: list[str] = []
        self._paragraphs: list[Paragraph] = []
        self._runs: list[Run] = []
        self._rows: list[Row] = []
        self._choices: list[bool] = []  # per open AlternateContent: was a choice taken?
        self._carried: Paragraph | None = None
        self._skipped = self._elements = 0
        self._is_text = False
        self._left = self._max_letters = max_letters
        self.has_foreign_chunk = False

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type declaration before its entities are looked at."""
        del name, public, system
        msg = "DOCX: has a document type declaration, which the format forbids. Not read."
        raise UnreadableError(msg)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            msg = f"DOCX: more than {MAX_ELEMENTS:,} elements. Not read."
            raise UnreadableError(msg)
        name = local_name(tag)
        self._path.append(name)
        if self._skipped:
            self._skipped += 1
        elif name in SKIPPED or self._is_deleted(name):
            self._skipped = 1
            self._note_mark(name)
        else:
            opener = _OPENERS.get(name)
            if opener is not None:
                opener(self, attributes)

    def end(self, tag: str) -> None:
        """Close an element."""
        name = local_name(tag)
        self._path.pop()
        if self._skipped:
            self._skipped -= 1
            return
        closer = _CLOSERS.get(name)
        if closer is not None:
            closer(self)

    def data(self, text: str) -> None:
        """Take characters."""
        if self._is_text and not self._skipped:
            self._add(text)

    def close(self) -> dict[str, list[Block]]:
        """End the part."""
        self._flush_carried()
        return self.sections

    def _above(self, depth: int = 2) -> str:
        return self._path[-depth] if len(self._path) >= depth else ""

    def _is_deleted(self, name: str) -> bool:
        """Tell whether an element and all below it are not part of the final version."""
        if name in ("del", "cellDel"):
            return True
        return name in ("Choice", "Fallback") and bool(self._choices) and self._choices[-1]

    def _note_mark(self, name: str) -> None:
        """Note a deletion that stands as a mark in the properties of a paragraph or a row."""
        if name not in ("del", "moveFrom", "cellDel"):
            return
        if self._above() == "rPr" and self._above(3) == "pPr" and self._paragraphs:
            self._paragraphs[-1].is_joined = True
        elif self._above() == "trPr" and self._rows:
            self._rows[-1].is_deleted = True
        elif self._above() == "tcPr" and self._rows and len(self._sinks) > 1:
            self._rows[-1].skips_cell = True

    def _open_paragraph(self, attributes: Mapping[str, str]) -> None:
        del attributes
        carried, self._carried = self._carried, None
        if carried is not None:
            carried.is_joined = False
        self._paragraphs.append(carried or Paragraph())

    def _close_paragraph(self) -> None:
        done = self._paragraphs.pop()
        if done.is_joined:
            self._carried = done
        else:
            self._emit(done)

    def _flush_carried(self) -> None:
        carried, self._carried = self._carried, None
        if carried is not None:
            self._emit(carried)

    def _emit(self, done: Paragraph) -> None:
        joined = "".join(done.parts)
        lines = lines_at_breaks(joined) if BREAK in joined else [clean(joined)]
        bold = done.letters > 0 and done.bold == done.letters
        made = [Block(line, done.style, bold) for line in lines if line]
        notes = tuple(done.notes)
        if made:
            made[-1].notes = notes
        elif notes:
            made = [Block("", notes=notes)]
        self._sinks[-1] += [*made, *done.boxes]

    def _open_run(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self._runs.append(Run())

    def _close_run(self) -> None:
        self._runs.pop()

    def _hide(self, attributes: Mapping[str, str]) -> None:
        if self._is_of_run() and value_of(attributes) not in OFF:
            self._runs[-1].is_hidden = True

    def _embolden(self, attributes: Mapping[str, str]) -> None:
        if self._is_of_run() and value_of(attributes) not in OFF:
            self._runs[-1].is_bold = True

    def _is_of_run(self) -> bool:
        return bool(self._runs) and self._above() == "rPr" and self._above(3) == "r"

    def _set_style(self, attributes: Mapping[str, str]) -> None:
        if self._paragraphs:
            self._paragraphs[-1].style = value_of(attributes)

    def _open_text(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self._is_text = True

    def _close_text(self) -> None:
        self._is_text = False

    def _add(self, text: str) -> None:
        run = self._runs[-1] if self._runs else None
        if not self._paragraphs or (run is not None and run.is_hidden):
            return
        self._left -= len(text)
        if self._left < 0:
            msg = f"DOCX: more than {self._max_letters:,} letters. Raise read.pdf_pages to read it."
            raise UnreadableError(msg)
        open_one = self._paragraphs[-1]
        open_one.parts.append(text)
        letters = len(text.strip())
        open_one.letters += letters
        open_one.bold += letters if run is not None and run.is_bold else 0

    def _break(self, attributes: Mapping[str, str]) -> None:
        # A page or a column ends where the paragraph goes on.
        self._add(" " if value_of(attributes, "type") in ("page", "column") else BREAK)

    def _refer(self, attributes: Mapping[str, str]) -> None:
        run = self._runs[-1] if self._runs else None
        if self._paragraphs and not (run is not None and run.is_hidden):
            kind = self._path[-1].removesuffix("Reference")
            self._paragraphs[-1].notes.append(f"{kind}:{value_of(attributes, 'id')}")

    def _open_row(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self._rows.append(Row())

    def _open_sink(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self._flush_carried()
        self._sinks.append([])

    def _close_cell(self) -> None:
        self._flush_carried()
        blocks = self._sinks.pop()
        row = self._rows[-1] if self._rows else None
        if row is None:  # a cell outside a row: broken, but its text is text
            self._sinks[-1] += blocks
            return
        if not row.skips_cell:
            row.cells.append(blocks)
        row.skips_cell = False

    def _close_row(self) -> None:
        row = self._rows.pop()
        if row.is_deleted:
            return
        cells = [" ".join(b.text for b in cell if b.text) for cell in row.cells]
        blocks = [block for cell in row.cells for block in cell]
        filled = [cell for cell in cells if cell]
        # A long row, or one with a single filled cell, is layout: its paragraphs stand for
        # themselves. The same limit as in a page.
        if len(filled) < 2 or sum(map(len, cells)) > ROW_CHARS:
            self._sinks[-1] += blocks
            return
        notes = tuple(note for block in blocks for note in block.notes)
        self._sinks[-1].append(Block(" | ".join(filled), is_row=True, notes=notes))

    def _close_box(self) -> None:
        self._flush_carried()
        blocks = self._sinks.pop()
        (self._paragraphs[-1].boxes if self._paragraphs else self._sinks[-1]).extend(blocks)

    def _open_note(self, attributes: Mapping[str, str]) -> None:
        self._flush_carried()
        key = f"{self._path[-1]}:{value_of(attributes, 'id')}"
        self._sinks.append(self.sections.setdefault(key, []))

    def _close_note(self) -> None:
        self._flush_carried()
        self._sinks.pop()

    def _open_alternatives(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self._choices.append(False)

    def _choose(self, attributes: Mapping[str, str]) -> None:
        del attributes
        if self._choices:
            self._choices[-1] = True

    def _close_alternatives(self) -> None:
        self._choices.pop()

    def _note_chunk(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self.has_foreign_chunk = True

    def _mark(self, attributes: Mapping[str, str]) -> None:
        del attributes
        self._add(MARKS[self._path[-1]])


_OPENERS: dict[str, Callable[[Walker, Mapping[str, str]], None]] = {
    "p": Walker._open_paragraph,
    "pStyle": Walker._set_style,
    "r": Walker._open_run,
    "vanish": Walker._hide,
    "b": Walker._embolden,
    "t": Walker._open_text,
    "footnoteReference": Walker._refer,
    "endnoteReference": Walker._refer,
    "tr": Walker._open_row,
    "tc": Walker._open_sink,
    "txbxContent": Walker._open_sink,
    "footnote": Walker._open_note,
    "endnote": Walker._open_note,
    "AlternateContent": Walker._open_alternatives,
    "Choice": Walker._choose,
    "altChunk": Walker._note_chunk,
    **dict.fromkeys(BREAKS, Walker._break),
    **dict.fromkeys(MARKS, Walker._mark),
}
_CLOSERS: dict[str, Callable[[Walker], None]] = {
    "p": Walker._close_paragraph,
    "r": Walker._close_run,
    "t": Walker._close_text,
    "tr": Walker._close_row,
    "tc": Walker._close_cell,
    "txbxContent": Walker._close_box,
    "footnote": Walker._close_note,
    "endnote": Walker._close_note,
    "AlternateContent": Walker._close_alternatives,
}
