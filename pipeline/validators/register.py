"""A dataset against an official register: which of its rows are found, and how many there may be.

In: the rows of a register (party, partner, year) and what the dataset holds. Out: a verdict for
each row. Who is who is decided by the ids that a gazetteer gives for a name, else by the words of
the name that tell parties apart; spelling variants count where the other side is sure.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.config import ConfigError
from pipeline.validators.gold_names import SameNames, name_tokens

COLUMNS = ("party", "partner", "year")
YEAR_SLACK = 1  # registers give the year of the vote, the press that of the signing
_ALIKE = 0.9  # spelling variants, as the gold sets' scorer counts them
_Z = 1.96  # a 95 % interval
_FEW = 7  # in both groups: below, Chapman's estimate is badly biased (Robson and Regier 1964)
Ids = Callable[[str], Collection[str]]  # ids of the places of a name


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One row of a register; ``line`` is its line in the file."""

    line: int
    party: str
    partner: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Side:
    """A party of the dataset: its id and every name that documents give it."""

    id: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a dataset holds of one agreement: sides and the years of its dated steps."""

    agreement_id: str
    sides: tuple[Side, Side]
    years: frozenset[int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of a register: the agreements that fit it, best first; none where it is missing."""

    row: RegisterRow
    agreement_ids: tuple[str, ...]
    year_fits: bool | None  # None where register or dataset give no year


def parse_register(text: str, where: str) -> list[RegisterRow]:
    """Read a register: CSV with the columns ``party``, ``partner`` and, perhaps empty, ``year``.

    Args:
        text: The file's text.
        where: Its name, for messages.

    Raises:
        ConfigError: A column is missing, a row has no party or partner, or a year is no year.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = reader.fieldnames or ()
        lacking = [c for c in COLUMNS if c not in header]
        if lacking:
            msg = (
                f"{where}:1: no column {', '.join(lacking)}. The first line of a register is "
                f"{','.join(COLUMNS)} (more columns may follow; a year may be empty)."
            )
            raise ConfigError(msg)
        return [_row(where, reader.line_num, values) for values in reader]
    except csv.Error as error:
        msg = f"{where}:{reader.line_num}: not CSV ({error}). Quote cells that hold a comma."
        raise ConfigError(msg) from error


def _row(where: str, line: int, values: Mapping[str, str | None]) -> RegisterRow:
    party, partner, year = (" ".join((values[c] or "").split()) for c in COLUMNS)
    if not party or not partner:
        msg = f"{where}:{line}: a row needs a party and a partner. Fill both or take it out."
        raise ConfigError(msg)
    if year and not (year.isdecimal() and len(year) == len("1985")):
        msg = f"{where}:{line}: year {year!r} is not four digits. Leave it empty where unknown."
        raise ConfigError(msg)
    return RegisterRow(line, party, partner, int(year) if year else None)


class Index:
    """Agreements by their sides, so that a register of thousands of rows is looked up at once."""

    def __init__(self, held: Iterable[Held], ids: Ids) -> None:
        """Take the agreements and a look-up of place ids by name."""
        self._ids = ids
        self._names = SameNames()
        self._by_key: dict[str, list[tuple[Held, int]]] = defaultdict(list)
        for agreement in held:
            for number, side in enumerate(agreement.sides):
                for key in {side.id, *map(_key, side.names)}:
                    self._by_key[key].append((agreement, number))

    def keys(self, name: str) -> set[str]:
        """Return the keys under which a register's name may stand."""
        return {_key(name), *self._ids(name)}

    def find(self, row: RegisterRow) -> Verdict:
        """Return the verdict on one row."""
        one, other = self.keys(row.party), self.keys(row.partner)
        found: dict[str, Held] = {}
        for keys, counterpart, name in ((one, other, row.partner), (other, one, row.party)):
            for agreement, number in self._sided(keys):
                if self._is(agreement.sides[1 - number], counterpart, name):
                    found[agreement.agreement_id] = agreement
        fits = {a: _year_fits(row.year, h.years) for a, h in found.items()}
        order = {True: 0, None: 1, False: 2}
        best = sorted(found, key=lambda a: (order[fits[a]], a))
        return Verdict(row, tuple(best), fits[best[0]] if best else None)

    def _sided(self, keys: Iterable[str]) -> list[tuple[Held, int]]:
        return [entry for key in sorted(keys) for entry in self._by_key.get(key, ())]

    def _is(self, side: Side, keys: Collection[str], name: str) -> bool:
        if side.id in keys or any(_key(n) in keys for n in side.names):
            return True
        return self._names.similarity(side.names, name) >= _ALIKE


def _key(name: str) -> str:
    return "name " + " ".join(sorted(name_tokens(name)))


def _year_fits(year: int | None, years: Collection[int]) -> bool | None:
    if year is None or not years:
        return None
    return any(abs(year - y) <= YEAR_SLACK for y in years)


@dataclass(frozen=True, slots=True)
class Recapture:
    """How many there may be, from two groups of sources that found them apart from each other.

    ``estimate`` and its 95 % interval are None where too few stand in both groups to say.
    """

    first: int
    second: int
    both: int
    estimate: float | None
    low: float | None
    high: float | None


def recapture(first: Collection[str], second: Collection[str]) -> Recapture:
    """Estimate a population from two samples of it.

    Chapman's estimator (Chapman 1951; Seber 1982, eq. 3.4) with the log-normal interval on what
    neither sample holds (Chao 1987), which cannot fall below the number seen. It assumes that
    being in one group says nothing about being in the other; where officials and press look at the
    same events, the truth is higher.
    """
    a, b = set(first), set(second)
    both, seen = len(a & b), len(a | b)
    if both < _FEW:
        return Recapture(len(a), len(b), both, None, None, None)
    n1, n2, m = len(a), len(b), both
    estimate = (n1 + 1) * (n2 + 1) / (m + 1) - 1
    variance = (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))
    unseen = estimate - seen
    if unseen <= 0 or variance <= 0:
        return Recapture(n1, n2, m, estimate, float(seen), max(estimate, float(seen)))
    spread = math.exp(_Z * math.sqrt(math.log(1 + variance / unseen**2)))
    return Recapture(n1, n2, m, estimate, seen + unseen / spread, seen + unseen * spread)


def shares(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """Return how many rows are found, and how many of these in a fitting year or without one."""
    found = [v for v in verdicts if v.agreement_ids]
    return len(found), sum(v.year_fits is not False for v in found)
