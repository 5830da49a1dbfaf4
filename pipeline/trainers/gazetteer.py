"""Builds the gazetteer's data file from the build-time packages and our own alias files.

In: the packages of the extra ``gazetteer``; ``models/gazetteer/aliases.yml`` and ``countries.tsv``.
Out: ``gazetteer.npz`` beside them, the same bytes for the same inputs. ``make models`` runs it:
``python -m pipeline.trainers.gazetteer``.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.gazetteer import ABBREVIATION, ALTERNATE, DATA_FILE, KINDS, encode_id
from pipeline.trainers import gazetteer_sources as sources
from pipeline.trainers.gazetteer_doubles import merge_doubles
from pipeline.trainers.gazetteer_drafts import Draft, Drafts
from pipeline.trainers.gazetteer_indonesia import add_indonesia
from pipeline.trainers.gazetteer_names import (
    MIN_LENGTH,
    can_be_found,
    is_acronym,
    is_other_script,
    key_of,
    variants,
)
from pipeline.trainers.gazetteer_places import (
    add_cities,
    add_countries,
    add_first_divisions,
    add_second_divisions,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORT_NAME_FROM = 50_000  # "We", "In" and "To" are villages; Bo and Wa are cities
CANDIDATES = 40  # namesakes kept for one name, the most populous; San José has more, never needed
# How much of a place's population speaks for it under this kind of name (sort order only).
GRADE_WEIGHT = (1.0, 0.8, 0.05, 1.0, 0.5)


def build(folder: Path) -> dict[str, int]:
    """Rebuild ``gazetteer.npz`` in ``folder`` and return counts for the model card.

    Raises:
        ModuleNotFoundError: A build-time package is missing.
        ValueError: An entry of ``aliases.yml`` names a place that the sources do not have.
    """
    drafts = collect(folder)
    arrays = arrays_of(drafts)
    write(folder / DATA_FILE, arrays)
    counts = {kind: int((arrays["kinds"] == i).sum()) for i, kind in enumerate(KINDS)}
    return {
        "places": len(drafts),
        **counts,
        "names": len(arrays["offsets"]) - 1,
        "name_place_pairs": len(arrays["rows"]),
    }


def collect(folder: Path) -> list[Draft]:
    """Return the places of the world with all their names, sorted by id."""
    drafts = Drafts()
    with (folder / "countries.tsv").open(encoding="utf-8", newline="") as handle:
        add_countries(drafts, list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)))
    members = sources.members()
    divisions = sources.divisions()
    cities = sources.cities()
    add_first_divisions(drafts, divisions, members)
    add_cities(drafts, cities)
    add_second_divisions(drafts, divisions, members)
    add_indonesia(drafts, divisions, members)
    merge_doubles(drafts)
    drafts.apply_aliases(folder / "aliases.yml")
    return sorted(drafts.by_id.values(), key=lambda d: encode_id(d.id))


def arrays_of(drafts: list[Draft]) -> dict[str, NDArray[np.generic]]:
    """Lay the places and the index from names to places out in columns."""
    row_of = {draft.id: row for row, draft in enumerate(drafts)}
    index, acronyms, either = _index(drafts)
    keys = sorted(index, key=lambda key: (not key.isascii(), key))  # other scripts behind
    found = [index[key] for key in keys]
    lines = (f"{row}\t{' '.join(sorted(d.sources))}" for row, d in enumerate(drafts) if d.sources)
    return {
        "codes": np.array([encode_id(d.id) for d in drafts], dtype="<i8"),
        "names": _blob(d.name for d in drafts),
        "kinds": np.array([KINDS.index(d.kind) for d in drafts], dtype="u1"),
        "countries": np.array([(d.country or "  ").encode("ascii") for d in drafts], dtype="S2"),
        "parents": np.array([row_of.get(d.parent or "", -1) for d in drafts], dtype="<i4"),
        "latitudes": np.array([round(d.latitude * 1e5) for d in drafts], dtype="<i4"),
        "longitudes": np.array([round(d.longitude * 1e5) for d in drafts], dtype="<i4"),
        "populations": np.array([min(d.population, 2**31 - 1) for d in drafts], dtype="<i4"),
        "capitals": np.array([d.is_capital for d in drafts], dtype="?"),
        "sources": _blob(lines),
        "keys": _blob(key for key in keys if key.isascii()),
        "other_keys": _blob(key for key in keys if not key.isascii()),
        "acronyms": np.array([i for i, key in enumerate(keys) if key in acronyms], dtype="<i4"),
        "either_case": np.array([i for i, key in enumerate(keys) if key in either], dtype="<i4"),
        "offsets": np.cumsum([0, *(len(f) for f in found)], dtype="<i4"),
        "rows": np.array([row for f in found for row, _ in f], dtype="<i4"),
        "grades": np.array([grade for f in found for _, grade in f], dtype="u1"),
    }


def _index(drafts: list[Draft]) -> tuple[dict[str, list[tuple[int, int]]], set[str], set[str]]:
    """Return key -> [(row, grade)] with the likeliest first, acronyms, and keys of either case."""
    best: dict[str, dict[int, int]] = {}
    capitals: dict[str, dict[int, int]] = {}
    for row, draft in enumerate(drafts):
        for name, grade in draft.names.items():
            for variant in variants(name, draft.country):
                target = capitals if is_acronym(variant) else best
                key = key_of(variant)
                if is_other_script(variant):
                    best.setdefault(variant, {})[row] = grade
                elif can_be_found(key) and (
                    len(key) >= MIN_LENGTH
                    or target is capitals
                    or (grade != ALTERNATE and draft.population >= SHORT_NAME_FROM)
                ):
                    rows = target.setdefault(key, {})
                    rows[row] = min(grade, rows.get(row, grade))
    either = set()
    for key in capitals.keys() & best.keys():
        short = {row: grade for row, grade in best[key].items() if grade == ABBREVIATION}
        if short:  # "KY" of the post and "Ky." of the press are one key
            either.add(key)
            capitals[key] = short | capitals[key]
    best |= capitals  # "US" the country hides the village of Us: its name would need lower case

    def rank(item: tuple[int, int]) -> tuple[bool, float, int]:
        row, grade = item
        draft = drafts[row]
        return draft.kind != "country", -GRADE_WEIGHT[grade] * (draft.population + 1), row

    index = {key: sorted(rows.items(), key=rank)[:CANDIDATES] for key, rows in best.items()}
    return index, set(capitals) - either, either


def _blob(lines: Iterable[str]) -> NDArray[np.generic]:
    return np.frombuffer("\n".join(lines).encode("utf-8"), dtype="u1")


def write(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write ``arrays`` as a compressed ``.npz`` with fixed time stamps: same arrays, same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, buffer.getvalue(), compresslevel=9)


def main() -> None:
    """Rebuild the data file in the checkout and print the counts."""
    folder = Path(__file__).resolve().parents[2] / "models" / "gazetteer"
    for name, count in build(folder).items():
        print(f"{name:18}{count:>9,}")  # noqa: T201


if __name__ == "__main__":
    main()
