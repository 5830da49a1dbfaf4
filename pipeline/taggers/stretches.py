"""The stretches of a document by language: what is read with the words of which language.

A bilingual release is tagged with the terms, dates and entity model of each paragraph's own
language. Everything that ties a document together (places, organisations, persons) sees it whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.records import Document


@dataclass(frozen=True, slots=True)
class Stretch:
    """Code points ``[start, end)`` of a text in one language."""

    start: int
    end: int
    language: str


def stretches(document: Document) -> list[Stretch]:
    """Return the stretches of a document: they follow each other and cover its text."""
    found: list[Stretch] = []
    at = 0
    for passage in sorted(document.passages, key=lambda p: p.start):
        if at < passage.start:
            found.append(Stretch(at, passage.start, document.language))
        found.append(Stretch(passage.start, passage.end, passage.language))
        at = passage.end
    if at < len(document.text) or not found:
        found.append(Stretch(at, len(document.text), document.language))
    return found


def part_of(document: Document, stretch: Stretch) -> Document:
    """Return the document cut down to one stretch; offsets count from its start."""
    if (stretch.start, stretch.end) == (0, len(document.text)):
        return document
    text = document.text[stretch.start : stretch.end]
    return replace(document, text=text, language=stretch.language, passages=())
