"""Dates as annotations: what `pipeline.dates` finds, with its EDTF value and whence it is."""

from __future__ import annotations

from pipeline.dates import DateFinder, parse_day
from pipeline.records import Annotation, Document, Span

TAGGER = "dates.v1"
LAYER = "date"


def tag_dates(document: Document, finder: DateFinder) -> list[Annotation]:
    """Return the dates of a document in text order, never overlapping.

    ``label`` is the precision (day, week, month, year, decade, range) or says that it is none (law,
    name); ``value`` is EDTF, missing for a relative date without a publication date; ``detail`` is
    ``stated`` or ``resolved``.
    """
    return [
        Annotation(
            doc_id=document.doc_id,
            capture_id=document.capture_id,
            span=Span(start=found.start, end=found.end),
            layer=LAYER,
            label=found.label,
            value=found.value,
            tagger=TAGGER,
            detail=found.basis,
        )
        for found in finder.find(document.text, parse_day(document.published))
    ]
