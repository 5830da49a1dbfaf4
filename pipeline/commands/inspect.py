"""``inspect``: one document, its spans, its agreements, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands._context import Json, console, running, show

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from pipeline.examine import Examination
    from pipeline.records import Annotation, Coding, Document, Mention

_STYLES = {
    "place": "black on bright_green",
    "organisation": "black on bright_cyan",
    "person": "black on bright_yellow",
    "date": "black on bright_magenta",
    "instrument": "bold white on blue",
    "cue": "bold white on red",
    "sector": "underline green",
}
_LAYERS = tuple(_STYLES)  # where spans overlap, the earlier layer is shown


def inspect(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A file, - for standard input, a URL, or an id.")],
    allow_private: Annotated[
        list[str] | None,
        typer.Option("--allow-private", help="HOST:PORT of this machine to let through."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one document with its spans marked, its agreements with their sentences, and why.

    Example: cityaccords inspect release.pdf
    """
    from pipeline.examine import examine

    with running(context) as run:
        found = examine(run, target, allow_private=frozenset(allow_private or ()))
    if as_json:
        show(asdict(found), True, "")
        return
    _show(found)


def _show(found: Examination) -> None:
    from rich.markup import escape
    from rich.rule import Rule
    from rich.text import Text

    out = console()
    document = found.document
    if document is None:
        for rejection in found.rejections:
            out.print(f"[bold red]not read[/]: {escape(rejection.reason)}")
        return
    out.print(Rule(escape(document.title or "(no title)")))
    where = document.url or document.external_id or document.doc_id
    facts = (where, document.language, f"published {document.published or 'unknown'}")
    found_by = f"({document.published_by})" if document.published_by else ""
    out.print(" · ".join(escape(f) for f in facts), escape(found_by), style="dim", highlight=False)
    out.print()
    out.print(_marked(document, found.annotations, coloured=out.is_terminal))
    out.print()
    out.print(
        _legend() if out.is_terminal else Text("Spans are marked [text|layer:label]."), style="dim"
    )
    for rejection in found.rejections:
        out.print(f"[bold red]stopped at {rejection.stage}[/]: {escape(rejection.reason)}")
    for number, mention in enumerate(found.mentions, 1):
        out.print()
        out.print(_mention_table(number, mention, document))
        for reason in mention.reasons:
            out.print(f"  why: {escape(reason)}", style="dim", highlight=False)
    if not found.mentions:
        out.print("\nNo agreement by the rules of the codebook.")
    if found.codings:
        out.print()
        out.print(_coding_table(found.codings, document))


def _visible(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Choose spans that do not overlap: by layer, then the longer one."""
    order = sorted(
        (a for a in annotations if a.layer in _STYLES and a.span.end > a.span.start),
        key=lambda a: (_LAYERS.index(a.layer), a.span.start - a.span.end, a.span.start),
    )
    taken: list[Annotation] = []
    for a in order:
        if all(a.span.end <= b.span.start or b.span.end <= a.span.start for b in taken):
            taken.append(a)
    return sorted(taken, key=lambda a: a.span.start)


def _marked(document: Document, annotations: Sequence[Annotation], *, coloured: bool) -> Text:
    from rich.text import Text

    result = Text()
    at = 0
    for a in _visible(annotations):
        result.append(document.text[at : a.span.start])
        words = a.span.of(document.text)
        if coloured:
            result.append(words, style=_STYLES[a.layer])
        else:
            result.append(f"[{words}|{a.layer}:{a.label}]")
        at = a.span.end
    result.append(document.text[at:])
    return result


def _legend() -> Text:
    from rich.text import Text

    result = Text()
    for layer, style in _STYLES.items():
        result.append(f" {layer} ", style=style)
        result.append(" ")
    return result


def _mention_table(number: int, mention: Mention, document: Document) -> Table:
    from rich.table import Table
    from rich.text import Text

    parties = f"{mention.local_party.name} – {mention.partner.name}"
    title = f"Agreement {number}: {parties}  (score {mention.score:.2f})"
    table = Table(title=Text(title), title_justify="left", title_style="bold")
    table.add_column("field", no_wrap=True)
    table.add_column("value", no_wrap=True)
    table.add_column("because it says")
    table.add_column("basis", no_wrap=True)
    for e in mention.evidence:
        cells = (e.field, e.value, f"“{e.span.of(document.text)}”", e.basis)
        table.add_row(*(Text(cell) for cell in cells))
    derived = f"{mention.level}, {mention.scope}"
    table.add_row("level, scope", derived, Text("follow from kinds and countries", style="dim"), "")
    return table


def _coding_table(codings: Sequence[Coding], document: Document) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Document codes", title_justify="left", title_style="bold")
    for heading in ("dimension", "category", "score", "because it says", "coder"):
        table.add_column(heading, no_wrap=heading != "because it says")
    for c in codings:
        quotes = " … ".join(f"“{s.of(document.text)}”" for s in c.evidence[:3])
        cells = (c.dimension, c.category, f"{c.score:.2f}", quotes, c.coder)
        table.add_row(*(Text(cell) for cell in cells))
    return table
