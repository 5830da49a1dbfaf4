"""The gazetteer: places of the world, their names, and where those names stand in a text.

In: ``models/gazetteer/gazetteer.npz``, built by `pipeline.trainers.gazetteer`. Out: `Toponym` hits
with the places that may be meant; which of them is meant is the place tagger's decision.

Names are found by one Aho-Corasick automaton over text folded **one code point to one byte**
(`scan_form`), so that a hit's offsets are offsets of the text itself, whatever the text holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, MatchKind

from pipeline.gazetteer_keys import decode_id as decode_id
from pipeline.gazetteer_keys import encode_id as encode_id
from pipeline.gazetteer_keys import fold_name as fold_name
from pipeline.gazetteer_keys import has_space, is_whole_word, patterns_of, scan_form

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
# Traits of names, as bits; the greater ask for more.
_SEVERAL_WORDS, _SHORT, _ACRONYM = 1, 2, 4
_LONGEST_NAME = 80  # characters; the longest has 79
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


_Candidates = tuple[tuple[str, ...], tuple[int, ...]]
_Hit = tuple[int, int, tuple[str, ...], tuple[int, ...]]  # the fields of a Toponym
_TOPONYM = tuple.__new__  # twice as fast as the class's own constructor, and called for every hit


class Gazetteer:
    """The places and the automaton over their names. Immutable; safe to share between threads."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take the arrays of the data file and build the automaton over its ``keys``."""
        self._a = {n: a for n, a in arrays.items() if n not in {"names", *_COLUMNS}}
        # One row is read at once, as a tuple: five times faster than a number from each column.
        self._rows = np.empty(len(arrays["codes"]), [(n, arrays[n].dtype) for n in _COLUMNS])
        for name in _COLUMNS:
            self._rows[name] = arrays[name]
        self._names = _lines(arrays["names"])
        patterns = patterns_of(arrays["keys"].tobytes())
        self._traits = self._traits_of(patterns)
        self._automaton = BytesAhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
        self.place = lru_cache(maxsize=_PLACE_CACHE)(self._place)
        self._met: dict[int, _Candidates] = {}

    @classmethod
    def load(cls, folder: Path) -> Gazetteer:
        """Read the data file in ``folder`` (``models/gazetteer``), once per process.

        Raises:
            FileNotFoundError: It was not built; ``make models`` does.
        """
        path = (folder / DATA_FILE).resolve()
        facts = path.stat()
        return _load(path, facts.st_mtime_ns, facts.st_size)

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

    def _traits_of(self, patterns: list[bytes]) -> bytes:
        """Return for each name what must be looked at before a hit counts; mostly nothing."""
        traits = bytearray(
            _SEVERAL_WORDS * has_space(p[1:]) | _SHORT * (len(p) - 1 <= SHORT_CAPITALS)
            for p in patterns
        )
        for key in self._a["acronyms"].tolist():
            traits[key] |= _ACRONYM
        for key in self._a["either_case"].tolist():
            traits[key] &= _SEVERAL_WORDS
        return bytes(traits)

    def find(self, text: str) -> Iterator[Toponym]:
        """Yield the names in ``text`` in order, never overlapping, the longest at each place.

        A name begins and ends at a word boundary, begins as it is written in the gazetteer (capital
        where the script has them) and does not run over a line break.
        """
        # Made behind the loop, in C: as many calls from Python would cost a tenth of the time.
        return map(_TOPONYM, repeat(Toponym), self._find(text, len(text)))

    def _find(self, text: str, limit: int) -> list[_Hit]:
        """Return the fields of the hits that start before ``limit``."""
        form, has_other_script = scan_form(f" {text} ")
        traits, met, resume = self._traits, self._met, 0
        has_lines = "\n" in text
        hits: list[_Hit] = []
        for key, start, end in self._automaton.find_matches_as_indexes(form):
            end -= 1
            if start >= limit:
                break
            if trait := traits[key]:
                if has_lines and trait & _SEVERAL_WORDS and "\n" in text[start:end]:
                    inner = self._on_lines(text, start, end)
                    hits += inner
                    resume = inner[-1][1] if inner else resume
                    continue
                if trait >= _SHORT:
                    # "us" is no country and "MOU" not the village of Mou.
                    if text[start:end].isupper() != (trait >= _ACRONYM):
                        continue
                    if text[end - 2 : end - 1] == "." == text[end : end + 1]:
                        end += 1
            if start >= resume:
                ids, grades = met.get(key) or self._candidates(key)
                hits.append((start, end, ids, grades))
        if has_other_script:
            return sorted([*hits, *self._in_other_scripts(text)])  # they share no character
        return hits

    def _in_other_scripts(self, text: str) -> Iterator[_Hit]:
        """Yield the names in scripts other than Latin, as written."""
        for key, start, end in self._other_automaton.find_matches_as_indexes(text):
            if is_whole_word(text, start, end):
                yield start, end, *self._candidates(len(self._traits) + key)

    @cached_property
    def _other_keys(self) -> list[str]:
        return _lines(self._a["other_keys"])

    @cached_property
    def _other_automaton(self) -> AhoCorasick:
        return AhoCorasick(
            self._other_keys, matchkind=MatchKind.LeftmostLongest, store_patterns=False
        )

    def _on_lines(self, text: str, start: int, end: int) -> list[_Hit]:
        """Return the names that stand on the lines over which ``text[start:end]`` runs."""
        line = text.find("\n", start, end)
        hits = [_moved(hit, start) for hit in self._find(text[start:line], line - start)]
        base = line + 1
        after = self._find(text[base : end + _LONGEST_NAME], end - base)
        return hits + [_moved(hit, base) for hit in after]

    def _candidates(self, key: int) -> _Candidates:
        if len(self._met) >= _PLACE_CACHE:
            self._met.clear()
        first, last = self._a["offsets"][key : key + 2].tolist()
        codes = self._a["codes"][self._a["rows"][first:last]].tolist()
        found = tuple(map(decode_id, codes)), tuple(self._a["grades"][first:last].tolist())
        self._met[key] = found
        return found

    def lookup(self, name: str) -> tuple[str, ...]:
        """Return the ids of the places called ``name`` (folded), likeliest by size first."""
        form, _ = scan_form(f" {fold_name(name).strip()} ")
        hits = self._automaton.find_matches_as_indexes(form)
        if len(hits) != 1 or hits[0][1:] != (0, len(form) - 1):
            other = [] if name.isascii() else list(self._in_other_scripts(name))
            return other[0][2] if other and other[0][:2] == (0, len(name)) else ()
        return (self._met.get(hits[0][0]) or self._candidates(hits[0][0]))[0]

    def names_of(self, place_id: str) -> tuple[str, ...]:
        """Return the names by which `find` knows a place, folded, the preferred name first."""
        row = self._row(place_id)
        if row is None:
            return ()
        hits = np.flatnonzero((self._a["rows"] == row) & (self._a["grades"] < DEMONYM))
        keys = np.searchsorted(self._a["offsets"], hits, side="right") - 1
        names = [self._names[row], *(self._keys[k] for k in keys.tolist())]
        return tuple(dict.fromkeys(names))

    def all_names(self) -> list[str]:
        """Return every name that `find` looks for, folded, Latin ones first."""
        return self._keys.copy()

    @cached_property
    def _keys(self) -> list[str]:
        # 20 MB: made only for those who ask for names
        return _lines(self._a["keys"]) + self._other_keys

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


def _moved(hit: _Hit, by: int) -> _Hit:
    return hit[0] + by, hit[1] + by, hit[2], hit[3]


def _lines(blob: NDArray[Any]) -> list[str]:
    return blob.tobytes().decode("utf-8").split("\n")


@lru_cache(maxsize=1)
def _load(path: Path, changed: int, size: int) -> Gazetteer:
    """Read a data file; a changed one is read again."""
    del changed, size
    with np.load(path, allow_pickle=False) as data:
        return Gazetteer({name: data[name] for name in data.files})
