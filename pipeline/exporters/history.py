"""Ids that no longer stand, and the small file by which the next release tells what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pipeline.built import RestingId
from pipeline.exporters.changes import PARTS, Capture, Why
from pipeline.exporters.csvtext import Row

FORMAT = 1  # of manifest.json; another one counts as no last release
_LENGTH = 16  # characters of a digest: 64 bits


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``manifest.json`` holds; see `changes.Basis` for the first two."""

    parts: Mapping[str, str]
    corrections: Mapping[tuple[str, str], str]
    tables: Mapping[str, str]
    agreements: Mapping[str, str]

    def encoded(self) -> bytes:
        """Return the file; the same values give the same bytes."""
        body = {
            "format": FORMAT,
            "parts": dict(self.parts),
            "corrections": {f"{a} {c}": d for (a, c), d in self.corrections.items()},
            "tables": dict(self.tables),
            "agreements": dict(self.agreements),
        }
        return (json.dumps(body, sort_keys=True, indent=0) + "\n").encode()


def read_manifest(text: str) -> Manifest | None:
    """Return what a release left, or None where it is of another format or broken."""
    try:
        body = json.loads(text)
        if body["format"] != FORMAT:
            return None
        cells = {tuple(k.partition(" ")[::2]): str(v) for k, v in body["corrections"].items()}
        return Manifest(
            parts={p: str(body["parts"][p]) for p in PARTS},
            corrections={(a, c): d for (a, c), d in cells.items()},
            tables={str(k): str(v) for k, v in body["tables"].items()},
            agreements={str(k): str(v) for k, v in body["agreements"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def support_digest(captures: Collection[Capture]) -> str:
    """Return the digest of the captures that tell one agreement."""
    return hashlib.sha256(json.dumps(sorted(captures)).encode()).hexdigest()[:_LENGTH]


def tombstones(
    given: Iterable[str],
    standing: Collection[str],
    resting: Mapping[str, RestingId],
    before: Mapping[str, Mapping[str, str]],
    why: Why | None,
    date: str,
) -> list[Row]:
    """Return the rows of tombstones.csv.

    Args:
        given: Every id that the registry ever gave.
        standing: Those of this release.
        resting: What the build found of the others.
        before: Rows of the last release's file: what went before keeps its reason and its day.
        why: Finds reasons; None in a first release.
        date: The day that new rows get.
    """
    rows: list[Row] = []
    for agreement_id in sorted(set(given) - set(standing)):
        found = resting.get(agreement_id)
        heir = (found.merged_into if found else None) or ""
        if heir not in standing:
            heir = ""
        status = "merged" if heir else "withdrawn"
        old = before.get(agreement_id)
        if old is not None and (old["status"], old["merged_into"]) == (status, heir):
            rows.append((agreement_id, status, heir, old["reason"], old["date"]))
            continue
        rows.append((agreement_id, status, heir, _reason(agreement_id, found, why), date))
    return rows


def _reason(agreement_id: str, found: RestingId | None, why: Why | None) -> str:
    if why is not None and found is not None and found.doc_id in why.taken_down:
        return "taken_down"
    if why is None or agreement_id not in why.old.support:
        return "unknown"
    return "; ".join(sorted(why.reasons(agreement_id, "")))
