"""One document as the relators see it: sentences, clauses, and the annotations in each.

In: a `Document` and its annotations. Out: a `View`, built once per document and shared by all
parts.

A **unit** is a sentence or one clause of a list-like sentence: "cooperation with A made on D1;
cooperation with B signed on D2" gives two units, because what is said in one is not said of the
other. A list of references at the end of a text is left out: a title that it cites states nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.records import Annotation, Document, Span
from pipeline.relators.lexicon import Lexicon
from pipeline.text import sentences as split_sentences

# A line that ends like this was broken by a page or a column, not by its writer.
_OPEN_END = re.compile(r"[\w,(–—-]$")
Names = Callable[[str], Sequence[str]]
_SEMICOLON = re.compile(r";\s+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause: its place, its sentence and paragraph, and the annotations that start in it."""

    index: int
    span: Span
    sentence: int
    paragraph: int
    layers: dict[str, tuple[Annotation, ...]] = field(default_factory=dict)

    def of(self, layer: str, prefix: str = "") -> tuple[Annotation, ...]:
        """Return this unit's annotations of ``layer`` whose label starts with ``prefix``."""
        found = self.layers.get(layer, ())
        return found if not prefix else tuple(a for a in found if a.label.startswith(prefix))

    def has(self, layer: str, prefix: str = "") -> bool:
        """Tell whether `of` would return anything."""
        return any(a.label.startswith(prefix) for a in self.layers.get(layer, ()))


@dataclass(frozen=True, slots=True)
class View:
    """A document, its sentences and units, and the words of its language."""

    document: Document
    text: str
    sentences: tuple[Span, ...]
    units: tuple[Unit, ...]
    annotations: tuple[Annotation, ...]
    words: Lexicon
    starts: tuple[int, ...]
    register: Names

    def unit_at(self, offset: int) -> Unit:
        """Return the unit that holds a code point (the one before it, in a gap)."""
        return self.units[max(0, bisect_right(self.starts, offset) - 1)]

    def layer(self, name: str, prefix: str = "") -> tuple[Annotation, ...]:
        """Return all annotations of a layer whose label starts with ``prefix``, in text order."""
        return tuple(a for a in self.annotations if a.layer == name and a.label.startswith(prefix))

    def between(self, first: Span, second: Span) -> str:
        """Return the text between two spans, in either order; empty where they touch or overlap."""
        left, right = sorted((first, second), key=lambda s: s.start)
        return self.text[left.end : right.start] if right.start > left.end else ""


def no_names(place_id: str) -> Sequence[str]:
    """Stand in for a register of place names that knows none."""
    del place_id
    return ()


def make_view(
    document: Document,
    annotations: Iterable[Annotation],
    words: Lexicon,
    register: Names = no_names,
) -> View:
    """Build the view of one document.

    Args:
        document: The document.
        annotations: Its annotations of the same version, in any order.
        words: The closed-class words of its language.
        register: Gives the names of a place by its id; it expands an abbreviation.
    """
    text = document.text
    end = words.references.search(text) if words.references is not None else None
    limit = end.start() if end is not None else len(text)
    sentences = [s for s in merge_broken(text, split_sentences(text)) if s.start < limit]
    ordered = tuple(
        sorted(
            (a for a in annotations if a.span.start < limit),
            key=lambda a: (a.span.start, -a.span.end, a.layer, a.label),
        )
    )
    spans = [(clause, i) for i, s in enumerate(sentences) for clause in clauses(text, s, words)]
    paragraphs = _paragraphs(text, [clause for clause, _ in spans])
    starts = tuple(clause.start for clause, _ in spans)
    buckets: list[dict[str, list[Annotation]]] = [{} for _ in spans]
    names = [a.span for a in ordered if a.layer in ("organisation", "person")]
    for annotation in ordered:
        if annotation.layer == "sector" and _inside(annotation.span, names):
            continue  # "University" in a party's name names no field of cooperation
        index = bisect_right(starts, annotation.span.start) - 1
        if index >= 0:
            buckets[index].setdefault(annotation.layer, []).append(annotation)
    units = tuple(
        Unit(i, clause, sentence, paragraphs[i], {k: tuple(v) for k, v in buckets[i].items()})
        for i, (clause, sentence) in enumerate(spans)
    )
    return View(document, text, tuple(sentences), units, ordered, words, starts, register)


def _inside(span: Span, others: Sequence[Span]) -> bool:
    return any(o.start <= span.start and span.end <= o.end for o in others)


def merge_broken(text: str, spans: Sequence[Span]) -> list[Span]:
    """Join sentences that a line break cut in the middle.

    A piece that ends without punctuation, followed after a line break by one that begins in lower
    case, is one sentence: page and column breaks of papers and PDF do this.
    """
    merged: list[Span] = []
    for span in spans:
        if merged:
            last = merged[-1]
            gap = text[last.end : span.start]
            if "\n" in gap and text[span.start].islower() and _OPEN_END.search(last.of(text)):
                merged[-1] = Span(start=last.start, end=span.end)
                continue
        merged.append(span)
    return merged


def clauses(text: str, sentence: Span, words: Lexicon) -> list[Span]:
    """Cut a sentence at semicolons and before contrasting conjunctions ("while", "sedangkan")."""
    body = sentence.of(text)
    cuts = {m.end() for m in _SEMICOLON.finditer(body)}
    if words.contrast is not None:
        cuts |= {m.start(1) for m in words.contrast.finditer(body) if m.start(1) > 0}
    bounds = [0, *sorted(cuts), len(body)]
    spans = []
    for left, right in pairwise(bounds):
        start, end = left, right
        while end > start and body[end - 1].isspace():
            end -= 1
        if end > start:
            spans.append(Span(start=sentence.start + start, end=sentence.start + end))
    return spans


def _paragraphs(text: str, spans: Sequence[Span]) -> list[int]:
    """Number the paragraphs: a line break between two units begins a new one."""
    numbers: list[int] = []
    for i, span in enumerate(spans):
        if i == 0:
            numbers.append(0)
        else:
            broken = "\n" in text[spans[i - 1].end : span.start]
            numbers.append(numbers[-1] + broken)
    return numbers
