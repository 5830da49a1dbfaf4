"""Take one document through the same stages in a workspace of its own, and gather what they said.

In: a file, standard input, a URL, or a document that the workspace already holds. Out: one
`Examination`. Nothing is written to the user's workspace.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pipeline.config import ConfigError
from pipeline.paths import Workspace
from pipeline.records import Annotation, Coding, Document, Mention, Rejection
from pipeline.runs import PER_DOCUMENT, Run, run_stages
from pipeline.store import read_all

_SNIFF = 1_024  # bytes: enough to tell HTML, PDF and text apart
Record = TypeVar("Record", Annotation, Coding, Mention, Rejection)


@dataclass(frozen=True, slots=True)
class Examination:
    """One document and all that was said of it."""

    document: Document | None
    annotations: tuple[Annotation, ...] = ()
    codings: tuple[Coding, ...] = ()
    mentions: tuple[Mention, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def examine(run: Run, target: str, *, allow_private: frozenset[str] = frozenset()) -> Examination:
    """Return what the stages say about ``target``.

    Args:
        run: The user's workspace: its configuration, its models, and the documents it holds.
        target: A path, ``-`` for standard input, a URL, or the ``doc_id`` of a stored document.
        allow_private: ``host:port`` of this machine that may be fetched from.

    Raises:
        ConfigError: There is nothing at ``target``, or a URL is to be fetched without a contact.
    """
    stored = _stored(run.workspace, target)
    if stored is not None:
        return stored
    with tempfile.TemporaryDirectory(prefix="cityaccords-") as folder:
        root = Path(folder)
        if run.workspace.models.parent == run.workspace.root:
            (root / "models").symlink_to(run.workspace.models.resolve())
        own = replace(run, workspace=Workspace(root), engine="serial")
        _bring_in(own, target, allow_private)
        run_stages(own, PER_DOCUMENT)
        result = _gather(own.workspace, None)
        if any(r.stage == "tag" for r in result.rejections):
            # The screen dropped it. Show its spans all the same, beside the screen's reason.
            run_stages(own, PER_DOCUMENT[1:], ("all",))
            result = replace(_gather(own.workspace, None), rejections=result.rejections)
    return result


def _bring_in(run: Run, target: str, allow_private: frozenset[str]) -> None:
    from pipeline.ingest import fetch_url, import_files

    if "://" in target:
        fetch_url(run.workspace, run.config, target, now=run.now, allow_private=allow_private)
        return
    path = Path(target)
    if target == "-":
        body = sys.stdin.buffer.read()
        path = run.workspace.root / f"standard-input{_suffix(body)}"
        path.write_bytes(body)
    elif not path.exists():
        msg = f"{target}: no such file, and no document of this workspace has that URL or id"
        raise ConfigError(msg)
    import_files(run.workspace, run.config, [path], source_id="inspect", now=run.now)


def _suffix(body: bytes) -> str:
    head = body[:_SNIFF].lstrip().lower()
    if head.startswith(b"%pdf"):
        return ".pdf"
    return ".html" if head.startswith((b"<!doctype html", b"<html", b"<?xml")) else ".txt"


def _stored(workspace: Workspace, target: str) -> Examination | None:
    """Return what the workspace holds on a URL or document id; None if it does not know it."""
    if Path(target).exists() or target == "-":
        return None
    found = [
        d for d in read_all(workspace.shards("documents"), Document) if target in (d.url, d.doc_id)
    ]
    if not found:
        return None
    return _gather(workspace, max(found, key=lambda d: (d.retrieved_at, d.capture_id)))


def _gather(workspace: Workspace, document: Document | None) -> Examination:
    """Collect the records of one document, or of the only one that there is."""
    if document is None:
        document = next(read_all(workspace.shards("documents"), Document), None)

    def mine(kind: type[Record], folder: str) -> tuple[Record, ...]:
        rows = read_all(workspace.shards(folder), kind)
        return tuple(r for r in rows if document and r.capture_id == document.capture_id)

    ledgers = [
        workspace.shard(path.parent.name, path.stem, "rejections")
        for folder in ("documents", "annotations", "codings", "mentions")
        for path in workspace.shards(folder)
    ]
    rejections = tuple(
        r
        for r in read_all(ledgers, Rejection)
        if document is None or r.capture_id == document.capture_id
    )
    return Examination(
        document,
        mine(Annotation, "annotations"),
        mine(Coding, "codings"),
        mine(Mention, "mentions"),
        rejections,
    )
