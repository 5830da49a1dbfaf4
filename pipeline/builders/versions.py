"""Versions of a document: the newest one speaks, an older one where it says something else."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pipeline.builders.model import Telling
from pipeline.records import Party


def _party(party: Party) -> tuple[str | None, ...]:
    return (party.referent_id, party.name, party.kind, party.country)


def content(telling: Telling) -> tuple[object, ...]:
    """Return what a mention says, without where it says it: equal contents are one statement."""
    m = telling.mention
    steps = sorted((s.stage, s.date or "", s.modality) for s in m.steps)
    return (
        *_party(m.local_party),
        *_party(m.partner),
        m.instrument,
        tuple(sorted(m.sectors)),
        m.stage,
        m.modality,
        m.is_background,
        m.follow_up,
        m.date,
        m.date_kind,
        m.start_date,
        tuple(steps),
    )


def settle(tellings: Iterable[Telling], newest: Mapping[str, str]) -> tuple[list[Telling], int]:
    """Keep what the newest version of each document says, and what only an older one says.

    Args:
        tellings: Mentions of all versions of all documents.
        newest: capture_id of the newest version, by doc_id.

    Returns:
        The tellings that stand, older ones marked superseded, in content order; and how many were
        dropped because a newer version says exactly the same. ``first_seen`` of a statement is the
        retrieval of the oldest version that makes it.
    """
    by_doc: dict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        by_doc[telling.mention.doc_id].append(telling)
    standing: list[Telling] = []
    dropped = 0
    for doc_id, found in by_doc.items():
        found.sort(
            key=lambda t: (t.document.retrieved_at, t.document.capture_id, t.key), reverse=True
        )
        seen: dict[tuple[object, ...], int] = {}
        for telling in found:
            is_old = telling.mention.capture_id != newest.get(doc_id)
            what = content(telling)
            if is_old and what in seen:
                place = seen[what]
                earlier = min(standing[place].first_seen, telling.first_seen)
                standing[place] = dataclasses.replace(standing[place], first_seen=earlier)
                dropped += 1
                continue
            seen.setdefault(what, len(standing))
            standing.append(dataclasses.replace(telling, is_superseded=is_old))
    standing.sort(key=lambda t: t.key)
    return standing, dropped
