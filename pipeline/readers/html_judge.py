"""What one block is: a sentence of a document, a pointer elsewhere, the furniture of a headline."""

from __future__ import annotations

from pipeline.readers.html_blocks import HEADINGS, Block
from pipeline.readers.html_noise import META_CHARS, META_LINE, NOISE_CHARS, NOISE_OPENING

SENTENCE_CHARS = 80  # a block this long reads like prose whatever its punctuation
SHORT_SENTENCE_CHARS = 30  # shorter ones need a full stop
LINKED = 0.5  # a block with a larger share of linked text is a pointer
_ENDS = tuple(".!?…\"”»。！？’')")


def is_pointer(block: Block) -> bool:
    """Tell whether a block is a link, a credit or a plea ("Baca juga: …")."""
    return block.linked > LINKED * len(block.text) or (
        block.size < NOISE_CHARS and NOISE_OPENING.match(block.text) is not None
    )


def is_furniture(block: Block) -> bool:
    """Tell whether a short line is a date, a byline or a reading time."""
    return block.size < META_CHARS and block.tag != "tr" and META_LINE.match(block.text) is not None


def is_good(block: Block) -> bool:
    """Tell whether a block reads like a sentence of a document."""
    if block.size < SHORT_SENTENCE_CHARS or is_pointer(block):
        return False
    if (
        block.tag in HEADINGS
    ):  # a standfirst is often marked up as a heading, a headline has no full stop
        return block.tag != "h1" and block.size >= SENTENCE_CHARS and block.text.endswith(_ENDS)
    return block.size >= SENTENCE_CHARS or block.text.endswith(_ENDS)
