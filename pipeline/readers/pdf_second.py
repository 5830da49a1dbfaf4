"""A second reader of letters: pdfplumber, for pages whose letters pdfium gives as codes.

Programs disagree about fonts without a table to Unicode, and one of two is often right. It costs
some 80 ms a page, a hundred times pdfium, but a tenth of recognising the page as a picture.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, field

from pipeline.readers.pdf_letters import Line

MOST = 10  # pages of a document asked; where that many are codes, all are of one font
_FAILURES = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError)


@dataclass(slots=True)
class SecondReader:
    """Reads single pages of one document again; ``asked`` counts them."""

    body: bytes
    asked: int = field(default=0)

    def read(self, number: int) -> list[Line] | None:
        """Return the words of page ``number`` (from 1) with their boxes, in pdfium's coordinates.

        None where it cannot read the page either, or was asked too often.
        """
        if self.asked >= MOST:
            return None
        self.asked += 1
        import pdfplumber
        from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

        logging.getLogger("pdfminer").setLevel(logging.CRITICAL)  # our remarks say what is wrong
        try:
            with pdfplumber.open(io.BytesIO(self.body), pages=[number]) as document:
                page = document.pages[0]
                return [
                    Line(
                        word["text"],
                        float(word["x0"]),
                        float(page.height - word["bottom"]),
                        float(word["x1"]),
                        float(page.height - word["top"]),
                    )
                    for word in page.extract_words()
                ]
        except (MalformedPDFException, PdfminerException, *_FAILURES):
            return None
