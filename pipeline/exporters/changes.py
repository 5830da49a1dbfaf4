"""What changed between two releases, and why. Values in, values out.

In: the rows of both, sorted by their keys, and what each release rests on (`Basis`). Out: rows of
``changes.csv``. Nothing here holds a whole table.

**Reasons.** First comes what is certain: a correction of this very cell; then a document that tells
the agreement and is new, has another text, or is gone. Only then the parts of the pipeline whose
fingerprints differ, all of them, because nobody can tell which one did it. Where none differs, the
corpus around the agreement moved: ``source``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.exporters.csvtext import Row

Cells = Mapping[str, str]
Capture = tuple[str, str]  # doc_id, capture_id
PARTS = ("code", "vocabulary", "model", "reviewer")
_DERIVED = ("capture_id", "start", "end")  # of events: they follow from the document


@dataclass(frozen=True, slots=True)
class Basis:
    """What a release rests on.

    ``parts`` has a fingerprint for each of `PARTS`; ``support`` the captures that tell each
    agreement, ``captures`` which of those asked for stand in the corpus, ``corrections`` the
    corrections that were applied, by agreement and column, with a fingerprint of each.
    """

    parts: Mapping[str, str] = field(default_factory=dict)
    support: Mapping[str, frozenset[Capture]] = field(default_factory=dict)
    captures: frozenset[str] = frozenset()
    corrections: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Why:
    """Finds the reason of a change between two releases."""

    old: Basis
    new: Basis
    taken_down: frozenset[str] = frozenset()

    def lost_to_takedown(self, agreement_id: str) -> bool:
        """Tell whether a document that told an agreement was taken down."""
        told = self.old.support.get(agreement_id, frozenset())
        return any(doc_id in self.taken_down for doc_id, _ in told)

    def reasons(self, agreement_id: str, column: str) -> tuple[str, ...]:
        """Return why a column (empty: the record itself) is not what it was."""
        cell = (agreement_id, column)
        if self.old.corrections.get(cell) != self.new.corrections.get(cell):
            return ("reviewer",)
        if self.lost_to_takedown(agreement_id):
            return ("taken_down",)
        if self._moved(agreement_id):
            return ("source",)
        differ = [p for p in PARTS if self.old.parts.get(p) != self.new.parts.get(p)]
        return tuple(differ) or ("source",)

    def _moved(self, agreement_id: str) -> bool:
        """Tell whether a document that tells it came, changed or went."""
        before = self.old.support.get(agreement_id, frozenset())
        after = self.new.support.get(agreement_id, frozenset())
        came = any(c not in self.old.captures for _, c in after - before)
        went = any(c not in self.new.captures for _, c in before - after)
        return came or went


def asked(old: Mapping[str, frozenset[Capture]], new: Mapping[str, frozenset[Capture]]) -> set[str]:
    """Return the captures on which the two releases differ: of these a `Basis` must know all."""
    differ = set[str]()
    for agreement_id in old.keys() | new.keys():
        one, two = old.get(agreement_id, frozenset()), new.get(agreement_id, frozenset())
        differ |= {capture_id for _, capture_id in one ^ two}
    return differ


def compare(
    record_type: str,
    key: str,
    columns: Sequence[str],
    old: Iterable[Cells],
    new: Iterable[Cells],
    why: Why,
) -> Iterator[Row]:
    """Yield the rows of changes.csv for one table, in the order of its key.

    Args:
        record_type: What its rows are.
        key: The column that names a record, by which both are sorted.
        columns: The columns to compare; those that one release lacks are left out.
        old: Rows of the last release.
        new: Rows of this one.
        why: Finds reasons.
    """
    for before, after in _joined(old, new, lambda row: row[key]):
        row = after or before or {}
        record_id, agreement_id = row[key], row["agreement_id"]
        hidden = why.lost_to_takedown(agreement_id)

        def line(change: str, column: str, was: str, now: str) -> Row:
            reason = "; ".join(sorted(why.reasons(agreement_id, column)))  # noqa: B023
            was = "" if hidden else was  # noqa: B023
            return (record_type, record_id, agreement_id, change, column, was, now, reason)  # noqa: B023

        if before is None:
            yield line("added", "", "", _label(row))
        elif after is None:
            yield line("removed", "", _label(row), "")
        else:
            for column in sorted(columns):
                if column == key or column in _DERIVED or not before.keys() & {column}:
                    continue
                if before[column] != after[column]:
                    yield line("changed", column, before[column], after[column])


def _label(row: Cells) -> str:
    return row.get("label") or " ".join(filter(None, (row.get("stage"), row.get("date"))))


def _joined(
    old: Iterable[Cells], new: Iterable[Cells], key: Callable[[Cells], str]
) -> Iterator[tuple[Cells | None, Cells | None]]:
    """Yield the rows of two sorted tables side by side, None where one lacks a key."""
    olds, news = iter(old), iter(new)
    before, after = next(olds, None), next(news, None)
    while before is not None or after is not None:
        if after is None or (before is not None and key(before) < key(after)):
            yield before, None
            before = next(olds, None)
        elif before is None or key(after) < key(before):
            yield None, after
            after = next(news, None)
        else:
            yield before, after
            before, after = next(olds, None), next(news, None)


def changes_md(rows: Iterable[Row], is_first: bool) -> bytes:
    """Return ``CHANGES.md``: how much changed and why; names stand in changes.csv alone."""
    counts: dict[tuple[str, str, str], int] = {}
    for kind, _, _, change, _, _, _, reason in rows:
        counts[kind, change, reason] = counts.get((kind, change, reason), 0) + 1
    lines = ["# Changes since the last release", ""]
    if is_first:
        lines += ["This is the first release: there is nothing to compare it with."]
    elif not counts:
        lines += ["Nothing changed."]
    else:
        lines += ["| record | change | reason | rows |", "|---|---|---|---|"]
        lines += [f"| {k} | {c} | {r} | {n:,} |" for (k, c, r), n in sorted(counts.items())]
        lines += ["", "Each of them stands in `changes.csv`; ids that went, in `tombstones.csv`."]
    return ("\n".join(lines) + "\n").encode()
