r"""CSV as the contract wants it: values to cells, rows to text, and text back to rows.

UTF-8, one header line, ``\\n``, empty means missing. Text is written as it is, also where it
begins with ``=`` or ``@``: a CSV is data, and a reader that runs formulas must be told not to.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from pipeline.schema import SEPARATOR
from pipeline.text import QUOTE_WORDS

Cell = str | int | float | bool | None | tuple[str, ...]
Row = tuple[str, ...]
DECIMALS = 4  # of scores; a calibrated score says nothing finer
_QUOTE = '"'
_SPECIAL = re.compile(r'[",\r\n]')
_PIECE = 1_000  # rows written at a time: some 200 kB, so memory stays flat and calls few
FIELD_LIMIT = 10_000_000  # characters that a cell may have when read back


def cell(value: Cell) -> str:
    """Return the text of one value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}"
    if isinstance(value, tuple):
        return SEPARATOR.join(sorted(value))
    return str(value)


def row(*values: Cell) -> Row:
    """Return the texts of several values."""
    return tuple(map(cell, values))


def brief(text: str) -> str:
    """Return the first 60 words of a text: nothing that we publish is longer."""
    words = text.split()
    return text if len(words) <= QUOTE_WORDS else " ".join(words[:QUOTE_WORDS]) + " …"


def line(cells: Iterable[str]) -> str:
    """Return one line of a CSV file (RFC 4180 quoting).

    The standard library's writer leaves a lone carriage return unquoted when lines end in a line
    feed; its reader then ends the row there.
    """
    return (
        ",".join(f'"{c.replace(_QUOTE, _QUOTE * 2)}"' if _SPECIAL.search(c) else c for c in cells)
        + "\n"
    )


def encode(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a CSV file in pieces."""
    piece = [line(header)]
    for values in rows:
        piece.append(line(values))
        if len(piece) == _PIECE:
            yield "".join(piece).encode()
            piece.clear()
    yield "".join(piece).encode()


def decode(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, opened with ``newline=""``, by column."""
    csv.field_size_limit(FIELD_LIMIT)
    yield from csv.DictReader(lines)
