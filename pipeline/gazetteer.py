"""The gazetteer: places of the world, their names, and where those names stand in a text.

In: ``models/gazetteer/gazetteer.npz``, built by `pipeline.trainers.gazetteer`. Out: `Toponym` hits
with the places that may be meant; which of them is meant is the place tagger's decision.

Names are found by one Aho-Corasick automaton over text folded **one code point to one code point**
(`fold_name`), so that a hit's offsets are offsets of the text itself, whatever the text holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind

from pipeline.gazetteer_keys import decode_id as decode_id
from pipeline.gazetteer_keys import encode_id as encode_id
from pipeline.gazetteer_keys import fold_in as fold_in
from pipeline.gazetteer_keys import fold_name as fold_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Kinds in the order of their codes in the file. `area` is not a government: a continent, a strait.
KINDS = ("country", "province", "regency", "city", "area")
# What a name is to its place: its own, a curated or official one, one of GeoNames' alternates, the
# word for its people ("Turkish"), or a state's short form, read only after a place in it ("Tex.").
MAIN, CURATED, ALTERNATE, DEMONYM, ABBREVIATION = 0, 1, 2, 3, 4
_COLUMNS = ("kinds", "countries", "parents", "latitudes", "longitudes", "populations", "capitals")
DATA_FILE = "gazetteer.npz"
SHORT_CAPITALS = (
    3  # "MOU", "PKS": an all-capital word up to this long is an acronym, not a shouted name
)
_LONGEST_NAME = 64  # characters; names have at most seven words
_PLACE_CACHE = 20_000  # places kept as objects: the hot ones of a shard, some 10 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One government, country or area. ``country`` is ISO 3166-1 alpha-2, ``admin1`` a place id."""

    id: str
    name: str
    kind: str
    country: str | None
    parent: str | None
    admin1: str | None
    latitude: float
    longitude: float
    population: int
    is_capital: bool
    source_ids: tuple[str, ...]


class Toponym(NamedTuple):
    """A name in a text: code points ``[start, end)``, who may be meant, likeliest by size first.

    ``grades`` tells for each candidate how the name belongs to it: `MAIN`, `CURATED`, `ALTERNATE`,
    `DEMONYM`, `ABBREVIATION`.
    """

    start: int
    end: int
    candidates: tuple[str, ...]
    grades: tuple[int, ...]


class Gazetteer:
    """The places and the automaton over their names. Immutable; safe to share between threads."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take the arrays of the data file and build the automaton over its ``keys``."""
        self._a = {n: a for n, a in arrays.items() if n not in {"names", "keys", *_COLUMNS}}
        # One row is read at once, as a tuple: five times faster than a number from each column.
        self._rows = np.empty(len(arrays["codes"]), [(n, arrays[n].dtype) for n in _COLUMNS])
        for name in _COLUMNS:
            self._rows[name] = arrays[name]
        self._names = _lines(arrays["names"])
        # A leading space makes every hit begin a word; a trailing one would eat the next name's.
        self._keys = [f" {key}" for key in _lines(arrays["keys"])]
        self._automaton = AhoCorasick(
            self._keys, matchkind=MatchKind.LeftmostLongest, store_patterns=False
        )
        self.place = lru_cache(maxsize=_PLACE_CACHE)(self._place)
        self._hits = lru_cache(maxsize=_PLACE_CACHE)(self._candidates)

    @classmethod
    def load(cls, folder: Path) -> Gazetteer:
        """Read the data file in ``folder`` (``models/gazetteer``).

        Raises:
            FileNotFoundError: It was not built; ``make models`` does.
        """
        with np.load(folder / DATA_FILE, allow_pickle=False) as data:
            return cls({name: data[name] for name in data.files})

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._a["codes"])

    def __contains__(self, place_id: str) -> bool:
        """Tell whether a place has this id."""
        return self._row(place_id) is not None

    @property
    def places(self) -> Iterator[Place]:
        """All places in the order of their ids, made one by one."""
        return (self._place(decode_id(code)) for code in self._a["codes"].tolist())

    def find(self, text: str) -> Iterator[Toponym]:
        """Yield the names in ``text`` in order, never overlapping, the longest at each place.

        A name begins and ends at a word boundary, begins as it is written in the gazetteer (capital
        where the script has them) and does not run over a line break.
        """
        yield from self._scan(text, fold_in(f" {text} "), 0)

    def _scan(self, text: str, folded: str, base: int) -> Iterator[Toponym]:
        """Scan folded text; its character 1 is character ``base`` of ``text``."""
        acronyms, hits, resume = self._acronyms, self._hits, 0
        for key, start, end in self._automaton.find_matches_as_indexes(folded):
            first, last = base + start, base + end - 1
            if first < resume:
                continue
            if folded[end] != " " or text.find("\n", first, last) >= 0:
                for inner in self._inside(text, folded, base, start, end):
                    resume = inner.end
                    yield inner
                continue
            if end - start - 1 <= SHORT_CAPITALS or key in acronyms:
                # "us" is no country and "MOU" not the village of Mou.
                if text[first:last].isupper() != (key in acronyms):
                    continue
                if text[last - 2 : last - 1] == "." == text[last : last + 1]:
                    last += 1  # the full stop of "U.S." is the name's own
            ids, grades = hits(key)
            yield Toponym(first, last, ids, grades)

    def _inside(self, text: str, folded: str, base: int, start: int, end: int) -> Iterator[Toponym]:
        """Look for shorter names where the longest, ``folded[start:end]``, is none after all.

        It ends inside a word ("South Koreans") or runs over a line break. Names before its last
        space come first, then the one that begins there and may go on behind it ("The D" in "The
        Des Moines"). Both parts are shorter than what was asked for, so this ends.
        """
        cut = folded.rfind(" ", start + 1, end)
        if cut <= start:
            return
        yield from self._scan(text, folded[start : cut + 1], base + start)
        stop = folded.find(" ", end + _LONGEST_NAME)
        tail = folded[cut : stop + 1 if stop >= 0 else len(folded)]
        inner = next(self._scan(text, tail, base + cut), None)
        if inner is not None and inner.start == base + cut:
            yield inner

    @cached_property
    def _acronyms(self) -> frozenset[int]:
        return frozenset(self._a["acronyms"].tolist())

    def _candidates(self, key: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        first, last = self._a["offsets"][key : key + 2].tolist()
        codes = self._a["codes"][self._a["rows"][first:last]].tolist()
        return tuple(map(decode_id, codes)), tuple(self._a["grades"][first:last].tolist())

    def lookup(self, name: str) -> tuple[str, ...]:
        """Return the ids of the places called ``name`` (folded), likeliest by size first."""
        key = f" {fold_name(name).strip()}"
        index = bisect_left(self._keys, key)
        if index == len(self._keys) or self._keys[index] != key:
            return ()
        return self._hits(index)[0]

    def names_of(self, place_id: str) -> tuple[str, ...]:
        """Return the names by which `find` knows a place, folded, the preferred name first."""
        row = self._row(place_id)
        if row is None:
            return ()
        hits = np.flatnonzero((self._a["rows"] == row) & (self._a["grades"] < DEMONYM))
        keys = np.searchsorted(self._a["offsets"], hits, side="right") - 1
        names = [self._names[row], *(self._keys[k][1:] for k in keys.tolist())]
        return tuple(dict.fromkeys(names))

    def parent(self, place_id: str) -> str | None:
        """Return the place one step up: province, then country; ``None`` above a country."""
        return self.place(place_id).parent

    def contains(self, outer: str, inner: str) -> bool:
        """Tell whether ``inner`` lies in ``outer`` by the administrative tree (or is it)."""
        step: str | None = inner
        while step is not None and step != outer:
            step = self.parent(step)
        return step is not None

    def _row(self, place_id: str) -> int | None:
        try:
            code = encode_id(place_id)
        except (ValueError, OverflowError):
            return None
        codes = self._a["codes"]
        row = int(np.searchsorted(codes, code))
        return row if row < len(codes) and codes[row] == code else None

    def _place(self, place_id: str) -> Place:
        row = self._row(place_id)
        if row is None:
            raise KeyError(place_id)
        kind, country, up, latitude, longitude, population, is_capital = self._rows[row].item()
        first, above = -1, up
        while above >= 0 and self._rows[above]["parents"] >= 0:  # the last step below the country
            first, above = above, int(self._rows[above]["parents"])
        codes = self._a["codes"]
        return Place(
            id=place_id,
            name=self._names[row],
            kind=KINDS[kind],
            country=country.decode("ascii").strip() or None,
            parent=decode_id(int(codes[up])) if up >= 0 else None,
            admin1=decode_id(int(codes[first])) if first >= 0 else None,
            latitude=latitude / 1e5,
            longitude=longitude / 1e5,
            population=population,
            is_capital=is_capital,
            source_ids=self._sources.get(row, ()),
        )

    @cached_property
    def _sources(self) -> dict[int, tuple[str, ...]]:
        lines = (line.split("\t") for line in _lines(self._a["sources"]))
        return {int(row): tuple(ids.split(" ")) for row, ids in lines}


def _lines(blob: NDArray[Any]) -> list[str]:
    return blob.tobytes().decode("utf-8").split("\n")
