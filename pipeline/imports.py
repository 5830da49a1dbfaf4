"""Imports: a researcher's own documents, local files and foreign WARCs, into our archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.archive import DOCUMENT_TYPE
from pipeline.captures import Note, make_capture
from pipeline.config import Config, ConfigError
from pipeline.crawl_bulk import enter_page
from pipeline.fetchers.documents import BadLine, ImportRow, read_rows
from pipeline.fetchers.files import HTML, PDF, TEXT, sniff
from pipeline.fetchers.warc import Skipped, WarcPage, read_pages
from pipeline.ingest_report import IngestReport, Tally
from pipeline.office import DOCX
from pipeline.origin import import_origin
from pipeline.paths import Workspace
from pipeline.recorder import Recorder, recording, stamp
from pipeline.records import stable_id

_LINES_SHOWN = 20  # bad lines listed: enough to see what kind of mistake it is


def import_documents(
    workspace: Workspace, config: Config, file: Path, *, source_id: str, now: datetime
) -> IngestReport:
    """Import a JSONL file, all of it or nothing.

    Raises:
        ConfigError: The file is missing or empty, or has lines that are no documents (listed).
        OSError: The disk is full; import again when there is room, nothing is doubled.
    """
    _check_documents(file)
    tally = Tally(source_id)
    seen: set[str] = set()
    with recording(workspace, config, now) as recorder, file.open("rb") as lines:
        for row in read_rows(lines):
            if isinstance(row, ImportRow):
                _import_row(recorder, row, source_id, now, tally, seen)
    return IngestReport(run_id=stamp(now), sources=(tally,))


def _row_id(source_id: str, row: ImportRow) -> str:
    if row.external_id is None:
        return stable_id("text", row.text_sha256)
    return stable_id("external", source_id, row.external_id)


def _check_documents(file: Path) -> None:
    """Read the whole file before anything is written."""
    if not file.is_file():
        msg = f"{file}: no such file. Give the JSONL file with one document per line."
        raise ConfigError(msg)
    problems: list[BadLine] = []
    lines: dict[str, tuple[int, bytes]] = {}
    count = 0
    with file.open("rb") as handle:
        for row in read_rows(handle):
            count += 1
            if isinstance(row, BadLine):
                problems.append(row)
                continue
            if row.external_id is None:
                continue
            first, payload = lines.setdefault(row.external_id, (row.line, row.payload))
            if payload != row.payload:
                told = f"doc_id {row.external_id!r} was already given in line {first}, differently"
                problems.append(BadLine(row.line, told))
    if problems:
        shown = [f"  line {p.line}: {p.problem}" for p in problems[:_LINES_SHOWN]]
        if len(problems) > _LINES_SHOWN:
            shown.append(f"  and {len(problems) - _LINES_SHOWN} lines more")
        head = f"{file}: {len(problems)} of {count} lines are no documents; nothing was imported."
        tail = (
            'Each line must be one JSON object such as {"text": "…"}; mend or remove these lines.'
        )
        raise ConfigError("\n".join([head, *shown, tail]))
    if count == 0:
        msg = f"{file}: the file is empty. It needs one JSON object with `text` per line."
        raise ConfigError(msg)


def _import_row(
    recorder: Recorder,
    row: ImportRow,
    source_id: str,
    now: datetime,
    tally: Tally,
    seen: set[str],
) -> None:
    doc_id = _row_id(source_id, row)
    if doc_id in seen:
        tally.add("unchanged", "the same document stands in an earlier line")
        return
    seen.add(doc_id)
    capture = make_capture(
        doc_id=doc_id,
        kind="resource",
        payload=row.payload,
        url=row.url,
        external_id=row.external_id,
        source_id=source_id,
        source_kind=row.source_kind,
        discovered_by="documents",
        hint_published=row.published,
        languages=(row.language,) if row.language else (),
        fetched_at=stamp(now),
        media_type=DOCUMENT_TYPE,
    )
    if recorder.has(capture):
        tally.add("unchanged")
        return
    recorder.record(capture, row.payload, Note())
    tally.add("fetched")


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    name: str


def _files(paths: Sequence[Path]) -> Iterator[_File]:
    """Yield files with the name that identifies them: the path below the folder that was given."""
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file())
            for file in inside:
                name = file.relative_to(path)
                if not any(part.startswith(".") for part in name.parts):
                    yield _File(file, name.as_posix())
        elif path.is_file():
            yield _File(path, path.name)
        else:
            msg = f"{path}: no such file or folder."
            raise ConfigError(msg)


def import_files(
    workspace: Workspace, config: Config, paths: Sequence[Path], *, source_id: str, now: datetime
) -> IngestReport:
    """Import HTML, PDF, DOCX and text files; what a file is, its content says.

    Raises:
        ConfigError: A path does not exist, two files have the same name, or there are none.
        OSError: The disk is full, or a file cannot be read.
    """
    files = list(_files(paths))
    places: dict[str, Path] = {}
    for file in files:
        other = places.setdefault(file.name, file.path)
        if other.resolve() != file.path.resolve():
            msg = f"{other} and {file.path} have the same name. Give the folder above both instead."
            raise ConfigError(msg)
    if not files:
        msg = f"{', '.join(map(str, paths))}: no files there. Nothing was imported."
        raise ConfigError(msg)
    tally = Tally(source_id)
    with recording(workspace, config, now) as recorder:
        for name, path in places.items():
            _import_file(recorder, _File(path, name), source_id, config, now, tally)
    return IngestReport(run_id=stamp(now), sources=(tally,))


def _import_file(
    recorder: Recorder, file: _File, source_id: str, config: Config, now: datetime, tally: Tally
) -> None:
    size = file.path.stat().st_size
    if size > config.fetch.max_bytes:
        tally.add("failed", f"larger than fetch.max_bytes ({config.fetch.max_bytes:,} bytes)")
        return
    payload = file.path.read_bytes()
    media_type = sniff(payload)
    if not payload.strip():
        tally.add("failed", "empty file")
        return
    if media_type not in (HTML, PDF, DOCX, TEXT):
        tally.add("failed", f"neither HTML nor PDF nor DOCX nor text ({media_type})")
        return
    capture = make_capture(
        doc_id=stable_id("external", source_id, file.name),
        kind="resource",
        payload=payload,
        url=None,
        external_id=file.name,
        **import_origin(source_id, "files"),
        fetched_at=stamp(now),
        media_type=media_type,
    )
    if recorder.has(capture):
        tally.add("unchanged")
        return
    recorder.record(capture, payload, Note())
    tally.add("fetched")


def import_warc(
    workspace: Workspace, config: Config, paths: Sequence[Path], *, source_id: str, now: datetime
) -> IngestReport:
    """Import the HTML and PDF pages of WARC files that other crawlers wrote.

    Each page keeps the time at which it was fetched and the id of the record that it came from.

    Raises:
        ConfigError: A path does not exist, or a file is no WARC. What stood before is imported.
        OSError: The disk is full, or a file cannot be read.
    """
    files = [file.path for file in _files(paths) if _is_warc(file.path)]
    if not files:
        msg = f"{', '.join(map(str, paths))}: no .warc or .warc.gz files there."
        raise ConfigError(msg)
    tally = Tally(source_id)
    with recording(workspace, config, now) as recorder:
        for path in files:
            with path.open("rb") as stream:
                try:
                    for page in read_pages(stream, config.fetch.max_bytes):
                        _import_page(recorder, page, source_id, tally)
                except ValueError as error:
                    tally.add("failed", f"{path}: not a sound WARC from here on: {error}")
    return IngestReport(run_id=stamp(now), sources=(tally,))


def _is_warc(path: Path) -> bool:
    return path.name.lower().endswith((".warc", ".warc.gz"))


def _import_page(
    recorder: Recorder, page: WarcPage | Skipped, source_id: str, tally: Tally
) -> None:
    if isinstance(page, Skipped):
        tally.add("failed", page.reason)
        return
    tally.add(enter_page(recorder, page, import_origin(source_id, "warc")))
