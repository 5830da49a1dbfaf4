"""The files of a frozen release that are not the candidate's: changes, formats, version, sums.

In: a folder with the copied tables, and the changes since the last release. Out: all other files
of the contract in that folder, with the version where the candidate has the day of its data.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline import __version__
from pipeline.codebook import Codebook
from pipeline.export import TEMPLATES, csv_rows
from pipeline.exporters import csvtext, texts
from pipeline.exporters.changes import changes_md
from pipeline.exporters.csvtext import Row
from pipeline.exporters.datapackage import FileFacts, datapackage, version_of
from pipeline.exporters.formats import facts_of, mediatype_of, write_formats
from pipeline.exporters.quality import read_quality
from pipeline.exporters.release import Release
from pipeline.exporters.report_html import render
from pipeline.exporters.summary import IF_THERE, SUMMARISED, summarise
from pipeline.exporters.tables import HISTORY, ON_DEMAND, TABLES
from pipeline.exporters.worldmap import dots_of
from pipeline.gazetteer import DATA_FILE, Gazetteer
from pipeline.paths import Workspace, sync_folder
from pipeline.versions import NOTICE, SUMS, number_of, sums_of

_FIRST_SHEET = "xl/worksheets/sheet1.xml"  # what the book holds, with its version


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A release in the making. ``previous`` and ``withdrawn`` are versions of earlier ones."""

    workspace: Workspace
    folder: Path
    candidate: Path
    dataset: str
    version: str
    previous: str | None
    withdrawn: tuple[str, ...]
    created: str | None
    now: datetime


def write_tables_and_more(
    frozen: Frozen, facts: Mapping[str, FileFacts], changes: Sequence[Row]
) -> None:
    """Write changes.csv and every file that is no table.

    Args:
        frozen: The release; its folder holds all other tables.
        facts: Size, hash and rows of those.
        changes: What changed since the last release.

    Raises:
        ValueError: A cell is no value of its column's type.
        OSError: The disk is full.
    """
    folder, codebook = frozen.folder, Codebook.load(frozen.workspace.models)
    known = dict(facts)
    known[HISTORY[0].file] = _changes(folder / HISTORY[0].file, changes)
    tables = tuple(t for t in (*TABLES, *ON_DEMAND) if t.file in known)
    release = Release(
        folder=folder,
        dataset=frozen.dataset,
        tables=tables,
        facts=known,
        codebook=codebook,
        created=frozen.created,
        software=__version__,
    )
    written = write_formats(release)
    (folder / "CHANGES.md").write_bytes(_changes_md(frozen, changes))
    (folder / "CITATION.cff").write_bytes(texts.citation_cff(frozen.created))
    (folder / "report.html").write_bytes(_page(frozen, codebook))
    made = {*written, "CHANGES.md", "CITATION.cff", "report.html", "datapackage.json", *known}
    kept = sorted(set(sums_of(frozen.candidate)) - made)  # how the tables were made, and by what
    for name in kept:
        shutil.copyfile(frozen.candidate / name, folder / name)
    stamp(frozen)
    names = [*written, "CHANGES.md", "CITATION.cff", "report.html", *kept]
    others = {name: facts_of(folder / name) for name in names}
    package = datapackage(
        frozen.dataset,
        tables,
        known,
        codebook,
        created=frozen.created,
        software=__version__,
        others=others,
        mediatype=mediatype_of,
    )
    (folder / "datapackage.json").write_bytes(_versioned(package, frozen.version))
    others["datapackage.json"] = facts_of(folder / "datapackage.json")
    digests = {name: fact.sha256 for name, fact in (known | others).items()}
    (folder / SUMS).write_bytes(texts.sha256sums(digests))
    facts_of(folder / SUMS)  # syncs it
    sync_folder(folder)


def _changes(path: Path, rows: Sequence[Row]) -> FileFacts:
    path.write_bytes(b"".join(csvtext.encode(HISTORY[0].header, rows)))
    return replace(facts_of(path), rows=len(rows))


def _changes_md(frozen: Frozen, changes: Sequence[Row]) -> bytes:
    """Return CHANGES.md, with the two releases that it compares in its heading."""
    text = changes_md(changes, is_first=frozen.previous is None).partition(b"\n")[2].decode()
    since = f"changes since {frozen.previous}" if frozen.previous else "first release"
    lines = [f"# {frozen.dataset} {frozen.version}: {since}"]
    if frozen.withdrawn:
        lines += ["", f"Withdrawn ({NOTICE} in its place): {', '.join(frozen.withdrawn)}."]
        text = text.replace("This is the first release:", "No earlier release stands:")
    return ("\n".join(lines) + "\n" + text).encode()


def _page(frozen: Frozen, codebook: Codebook) -> bytes:
    """Return the report, read from the files themselves."""
    folder, models = frozen.folder, frozen.workspace.models
    names = [*SUMMARISED, *(n for n in IF_THERE if (folder / f"{n}.csv").exists())]
    summary = summarise({name: csv_rows(folder / f"{name}.csv") for name in names})
    template = (TEMPLATES / "report.html").read_text("utf-8")
    places = models / "gazetteer"
    known = Gazetteer.load(places).places if (places / DATA_FILE).exists() else ()
    land = dots_of((p.latitude, p.longitude) for p in known)
    quality = read_quality(models)
    return render(template, frozen.dataset, summary, codebook, land, frozen.created, quality)


def stamp(frozen: Frozen) -> None:
    """Put the version where the exporters put the day of the data.

    Raises:
        ValueError: A file has no place for it: its template has changed, and so must this.
    """
    folder, day = frozen.folder, version_of(frozen.created)
    old, new = day.encode(), frozen.version.encode()
    cff = folder / "CITATION.cff"
    lines = [
        line
        for line in cff.read_text("utf-8").splitlines()
        if not line.startswith(("version:", "date-released:"))
    ]
    released = f"{frozen.now.astimezone(UTC):%Y-%m-%d}"
    lines += [f'version: "{frozen.version}"', f'date-released: "{released}"']
    cff.write_text("\n".join(lines) + "\n", "utf-8")
    for name in ("report.html", "codebook.html"):
        page = (folder / name).read_bytes()
        for before, after in ((b" \xc2\xb7 ", b"</title>"), (b"ersion ", None)):
            page = _replaced(name, page, before, old, new, after)
        (folder / name).write_bytes(page)
    croissant = json.loads((folder / "croissant.json").read_text("utf-8"))
    # Croissant asks for three plain numbers (semantic versioning); ours are three already.
    numbers = number_of(frozen.version) or ()
    croissant["version"] = ".".join(map(str, numbers))
    croissant["citeAs"] = str(croissant["citeAs"]).replace(f" {day}.", f" {frozen.version}.")
    croissant["datePublished"] = released
    text = json.dumps(croissant, ensure_ascii=False, indent=1) + "\n"
    (folder / "croissant.json").write_text(text, "utf-8")
    _stamp_workbook(folder / "cityaccords.xlsx", old, new)


def _replaced(
    name: str, data: bytes, before: bytes, old: bytes, new: bytes, after: bytes | None
) -> bytes:
    """Replace the version at its one place: between these words and nowhere else."""
    place = before + old + (after or b"")
    if data.count(place) < 1:
        msg = f"{name}: no place for the version of the release ({place.decode()!r})"
        raise ValueError(msg)
    head, _, tail = data.rpartition(place)  # the last: the page's own foot, never a quote
    return head + before + new + (after or b"") + tail


def _stamp_workbook(path: Path, old: bytes, new: bytes) -> None:
    """Put the version on the first sheet. Every other member keeps its bytes and its date."""
    stamped, temporary = False, path.with_name(f".{path.name}.tmp")
    before, after = b"Version " + old + b",", b"Version " + new + b","
    with (
        zipfile.ZipFile(path) as book,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for item in book.infolist():
            if item.filename == _FIRST_SHEET:
                data = book.read(item)
                stamped = before in data
                made.writestr(item, data.replace(before, after, 1))
                continue
            with book.open(item) as given, made.open(item, "w", force_zip64=True) as copy:
                shutil.copyfileobj(given, copy, 1 << 20)
    if not stamped:
        msg = f"{path.name}: no place for the version of the release"
        raise ValueError(msg)
    temporary.replace(path)


def _versioned(package: bytes, version: str) -> bytes:
    found = json.loads(package)
    found["version"] = version
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()
