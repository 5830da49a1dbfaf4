"""Fixtures that several test files share: our command as a process, a copy of the checkout."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings

from pipeline import sample
from pipeline.records import Document

ROOT = Path(__file__).resolve().parent.parent
NOW = "2026-11-24T02:00:00Z"

# Texts of our own writing, for tests that need a few documents of several kinds.
TEXTS = (
    {
        "doc_id": "t1",
        "title": "Bekasi dan Izumisano teken kota kembar",
        "text": "BEKASI – Wali Kota Bekasi Rahmat Effendi dan Wali Kota Izumisano Chiyomatsu "
        "Hiroyasu menandatangani perjanjian kota kembar di Bekasi, Senin (25/11/2019).\n\nKerja "
        "sama itu mencakup pendidikan dan pariwisata. “Kedua kota akan bertukar pelajar,” kata "
        "Rahmat.",
        "published": "2019-11-26",
        "language": "id",
        "source_kind": "news",
    },
    {
        "doc_id": "t2",
        "title": "Leeds marks its tie with Durban",
        "text": "The City of Leeds signed a twinning agreement with Durban, South Africa, on 10 "
        "May 1999. Naïve hopes of trade aside, schools of both cities have exchanged teachers "
        "since.",
        "published": "2004-05-12",
        "language": "en",
        "source_kind": "government",
    },
    {
        "doc_id": "t3",
        "title": "Hujan deras",
        "text": "Hujan deras mengguyur sejumlah kecamatan sejak pagi. Warga diminta waspada.",
        "published": "2021-01-05",
        "language": "id",
        "source_kind": "news",
    },
    {
        "doc_id": "t4",
        "title": "Talks go on",
        "text": "Mayor Jane Castor of Tampa said the city is considering a sister city agreement "
        "with Gdańsk. Nothing has been signed, and the council will vote next month.",
        "published": "2023-02-01",
        "language": "en",
        "source_kind": "news",
    },
)

# The first example may load a model: how long that takes says nothing of the law that is tested.
settings.register_profile("cityaccords", deadline=None)
settings.load_profile("cityaccords")


def make_document(text: str, language: str, country: str | None = None) -> Document:
    """Return a document with this text, for taggers that look at nothing but its words."""
    return Document(
        doc_id="d",
        capture_id="c",
        external_id=None,
        source_id="s",
        source_kind="news",
        source_country=country,
        url=None,
        title=None,
        text=text,
        language=language,
        published=None,
        published_by=None,
        retrieved_at="2026-01-01T00:00:00Z",
        reader="t",
        word_count=0,
        text_sha256="",
        minhash=(),
    )


class Command(Protocol):
    """Run our command line in a process of its own."""

    def __call__(
        self, *arguments: str, checkout: Path = ROOT, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return what it printed and how it ended."""
        ...


@pytest.fixture(scope="session")
def command() -> Command:
    def run(
        *arguments: str, checkout: Path = ROOT, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", "--now", NOW, *arguments],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout), **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return a JSONL file with `TEXTS`."""
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(t, ensure_ascii=False) + "\n" for t in TEXTS), "utf-8")
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of code and models that a test may change."""
    copy = tmp_path / "checkout"
    for name in ("pipeline", "models", "corpus/sample"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def sample_hosts() -> Iterator[frozenset[str]]:
    """Serve the sample sites; their ports are fixed, so other processes wait their turn."""
    with (Path(tempfile.gettempdir()) / "cityaccords-sample.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with sample.served() as hosts:
            yield hosts
