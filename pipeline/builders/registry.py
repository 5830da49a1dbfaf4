"""The registry of agreement ids: read, match, allocate. Ids are never reused and rows never change.

In: the text of ``corpus/judgements/agreements.csv`` and the agreements of this build. Out: an id
for each agreement and the rows to append. **Matching**: a row is the agreement that holds the
mention it was made for (same document and start); else one with the same document, parties and
family of instruments; else one with the same parties and family, the nearest first date first. An
agreement that several rows fit takes the lowest id; the other ids rest and are reported. **New
ids** are the next free numbers in the order of first date, doc_id and start.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.builders import edtf
from pipeline.built import RestingId
from pipeline.config import ConfigError

COLUMNS = (
    "agreement_id",
    "local_party",
    "partner",
    "instrument",
    "first_date",
    "doc_id",
    "start",
    "added_at",
)
TORN = "# torn by a kill"  # what ends a line that a killed run left unfinished
_ID = re.compile(r"CA-(\d{6,})")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
)  # the last column shows that a line is whole
_FAMILY = {
    "sister_city_agreement": "twinning",
    "letter_of_intent": "twinning",
    "unspecified": "any",
}


def number_of(agreement_id: str) -> int:
    """Return the number in an id, 0 where it is none."""
    match = _ID.fullmatch(agreement_id)
    return int(match.group(1)) if match else 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the registry: an id, and the agreement as it was when the id was given.

    ``heir`` is no cell of the line: `assign` says there which id a resting one was merged into.
    """

    agreement_id: str
    local_party: str
    partner: str
    instrument: str
    first_date: str | None
    doc_id: str
    start: int
    added_at: str
    heir: str | None = None

    @property
    def number(self) -> int:
        """The number in the id."""
        return number_of(self.agreement_id)


@dataclass(frozen=True, slots=True)
class Unnamed:
    """An agreement that needs an id. ``party_ids`` are all ids that either side ever went by."""

    local_party: str
    partner: str
    party_ids: tuple[frozenset[str], frozenset[str]]
    instruments: frozenset[str]
    instrument: str
    first_date: str | None
    anchors: frozenset[tuple[str, int]]

    @property
    def anchor(self) -> tuple[str, int]:
        """The first of its mentions, by document and start."""
        return min(self.anchors)

    @property
    def order(self) -> tuple[tuple[int, int], str, int]:
        """Where it stands in the queue for new ids."""
        return (edtf.order(self.first_date), *self.anchor)

    def has_parties(self, row: Row) -> bool:
        """Tell whether the row's parties are these, in either order."""
        one, two = self.party_ids
        return (row.local_party in one and row.partner in two) or (
            row.local_party in two and row.partner in one
        )

    def has_family(self, row: Row) -> bool:
        """Tell whether the row's instrument can be one of these."""
        families = {_FAMILY.get(i, "other") for i in self.instruments}
        wanted = _FAMILY.get(row.instrument, "other")
        return wanted == "any" or "any" in families or wanted in families


def parse_registry(text: str, where: str) -> list[Row]:
    """Read the registry; lines that a killed run left unfinished are passed over.

    Raises:
        ConfigError: A line was changed by hand into something else than a registry line.
    """
    lines = text.split("\n")
    torn = lines.pop() if lines else ""  # what stands behind the last line feed is unfinished
    rows: list[Row] = []
    numbers: set[int] = set()
    for number, line in enumerate([*lines, torn], start=1):
        cells = next(csv.reader([line]), [])
        if not line or line.endswith(TORN) or tuple(cells) == COLUMNS:
            continue
        row = _row(cells)
        if row is None:
            if number > len(lines):
                continue
            msg = (
                f"{where}:{number}: not a line of the registry ({line[:60]!r}). It is append-only: "
                "restore the line from the history of the repository."
            )
            raise ConfigError(msg)
        if row.number in numbers:
            msg = f"{where}:{number}: {row.agreement_id} was given before. Take the later line out."
            raise ConfigError(msg)
        numbers.add(row.number)
        rows.append(row)
    return rows


def _row(cells: Sequence[str]) -> Row | None:
    if len(cells) != len(COLUMNS) or not _ID.fullmatch(cells[0]) or not cells[6].isdecimal():
        return None
    if not _INSTANT.fullmatch(cells[7]):
        return None
    agreement_id, local_party, partner, instrument, first_date, doc_id, start, added_at = cells
    return Row(
        agreement_id=agreement_id,
        local_party=local_party,
        partner=partner,
        instrument=instrument,
        first_date=first_date or None,
        doc_id=doc_id,
        start=int(start),
        added_at=added_at,
    )


def repair(text: str) -> str:
    """Return what must be appended before new lines: it ends, and so disowns, an unfinished one."""
    tail = text.rsplit("\n", 1)[-1]
    if not tail:
        return ""
    whole = _row(next(csv.reader([tail]), [])) is not None
    return "\n" if whole or tuple(tail.split(",")) == COLUMNS else f" {TORN}\n"


def lines_of(rows: Iterable[Row], *, header: bool) -> str:
    """Return rows as they are appended."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            [
                row.agreement_id,
                row.local_party,
                row.partner,
                row.instrument,
                row.first_date or "",
                row.doc_id,
                row.start,
                row.added_at,
            ]
        )
    return out.getvalue()


def resting_id(row: Row) -> RestingId:
    """Return what the build keeps of a row whose agreement does not stand."""
    return RestingId(agreement_id=row.agreement_id, merged_into=row.heir, doc_id=row.doc_id)


def assign(
    agreements: Sequence[Unnamed], rows: Sequence[Row], added_at: str
) -> tuple[list[str], list[Row], list[Row]]:
    """Give every agreement its id.

    Returns:
        The ids in the order of ``agreements``; the rows to append; and the rows whose agreement
        is not there now (merged into another one, or no longer told by any document).
    """
    found: dict[int, list[Row]] = defaultdict(list)
    left = sorted(rows, key=lambda r: r.number)
    index = _Index(agreements)
    for match in (index.by_anchor, index.by_document, index.by_parties):
        rest = []
        for row in left:
            place = match(row, found)
            if place is None:
                rest.append(row)
            else:
                found[place].append(row)
        left = rest
    ids: dict[int, str] = {}
    resting = list(left)
    for place, matched in found.items():
        first, *others = sorted(matched, key=lambda r: r.number)
        ids[place] = first.agreement_id
        resting += [replace(row, heir=first.agreement_id) for row in others]
    following = max((r.number for r in rows), default=0) + 1
    added = []
    for place in sorted(
        (p for p in range(len(agreements)) if p not in ids), key=lambda p: agreements[p].order
    ):
        new = agreements[place]
        ids[place] = f"CA-{following:06d}"
        doc_id, start = new.anchor
        added.append(
            Row(
                ids[place],
                new.local_party,
                new.partner,
                new.instrument,
                new.first_date,
                doc_id,
                start,
                added_at,
            )
        )
        following += 1
    return [ids[p] for p in range(len(agreements))], added, sorted(resting, key=lambda r: r.number)


Match = Callable[[Row, Mapping[int, Sequence[Row]]], int | None]


class _Index:
    """Ways to find the agreement of a registry row."""

    def __init__(self, agreements: Sequence[Unnamed]) -> None:
        self._all = agreements
        self._by_anchor: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._by_doc: dict[str, list[int]] = defaultdict(list)
        self._by_party: dict[str, list[int]] = defaultdict(list)
        for place, agreement in enumerate(agreements):
            for anchor in agreement.anchors:
                self._by_anchor[anchor].append(place)
            for doc_id in {doc for doc, _ in agreement.anchors}:
                self._by_doc[doc_id].append(place)
            for party in agreement.party_ids[0] | agreement.party_ids[1]:
                self._by_party[party].append(place)

    def by_anchor(self, row: Row, found: Mapping[int, Sequence[Row]]) -> int | None:
        """Find by the very mention; several dyads may stand in one sentence, so parties decide."""
        places = self._by_anchor.get((row.doc_id, row.start), [])
        same = [p for p in places if self._all[p].has_parties(row)]
        if len(same) == 1:
            return same[0]
        # Two agreements of one pair in one sentence: each row takes one that no row has taken yet.
        return self._nearest(row, [p for p in same if p not in found] or same)

    def by_document(self, row: Row, found: Mapping[int, Sequence[Row]]) -> int | None:
        """Find by document, parties and family."""
        return self._nearest(row, [p for p in self._by_doc.get(row.doc_id, []) if p not in found])

    def by_parties(self, row: Row, found: Mapping[int, Sequence[Row]]) -> int | None:
        """Find by parties and family alone."""
        return self._nearest(
            row, [p for p in self._by_party.get(row.local_party, []) if p not in found]
        )

    def _nearest(self, row: Row, places: Iterable[int]) -> int | None:
        fits = [p for p in places if self._all[p].has_parties(row) and self._all[p].has_family(row)]

        def distance(place: int) -> tuple[bool, int, tuple[tuple[int, int], str, int]]:
            agreement = self._all[place]
            apart = edtf.gap(row.first_date, agreement.first_date)
            other = agreement.instrument != row.instrument
            return (other, apart if apart is not None else edtf.LAST_DAY, agreement.order)

        return min(fits, key=distance, default=None)
