"""The list of all files of a dataset: the registry of the schema."""

from __future__ import annotations

from pipeline.exporters import schema_agreements as a
from pipeline.exporters import schema_documents as d
from pipeline.exporters import schema_history as h
from pipeline.exporters import schema_mentions as m
from pipeline.exporters import schema_parties as p
from pipeline.schema import Table

HISTORY: tuple[Table, ...] = (h.CHANGES, h.TOMBSTONES)  # made from the others and the last release
TABLES: tuple[Table, ...] = (
    a.AGREEMENTS,
    m.MENTIONS,
    a.EVENTS,
    a.RELATIONS,
    m.EVIDENCE,
    d.DOCUMENTS,
    d.CODINGS,
    p.PARTNERS,
    p.PLACES,
    d.COVERAGE,
    d.REJECTIONS,
    d.ISSUES,
    p.AGREEMENT_SECTORS,
    p.MENTION_SECTORS,
    p.PARTNER_ALIASES,
    p.PLACE_SOURCE_IDS,
    *HISTORY,
)
ON_DEMAND: tuple[Table, ...] = (d.ANNOTATIONS,)


def table(name: str) -> Table:
    """Return the table of this name.

    Raises:
        KeyError: There is none: a mistake in code.
    """
    return {t.name: t for t in (*TABLES, *ON_DEMAND)}[name]
