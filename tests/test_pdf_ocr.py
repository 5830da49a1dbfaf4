"""Scans: recognised by Tesseract where it is installed, elsewhere refused with what to install."""

import json
import os
import select
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.readers import Payload, Reading, UnreadableError, ocr
from pipeline.readers.dispatch import PDF, encode_payload, read_frame
from pipeline.readers.ocr import OcrError, Picture, Word, packs_for, recognise
from pipeline.readers.pdf import read_pdf
from pipeline.readers.pdf_scans import _upright, lines_of
from pipeline.sandbox import Sandbox
from tests.bench.bench_pdf import f1
from tests.pdf_builder import coded_page, drawn, joined, scan_of, wave
from tests.pdf_samples import SCANS, english, prose, sample

FETCHED = "2026-11-24T02:00:00Z"
HAVE = {"ind", "eng"} <= ocr.installed()[1]
needs_tesseract = pytest.mark.skipif(
    not HAVE, reason="needs apt-get install tesseract-ocr tesseract-ocr-ind"
)
LEAST = {"scan, crooked and dirty": 0.98, "scan, table": 0.95}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    ocr.installed.cache_clear()
    yield
    ocr.installed.cache_clear()


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def read(body: bytes, **known: object) -> Reading:
    payload = Payload(body=body, media_type=PDF, **({"fetched_at": FETCHED} | known))  # type: ignore[arg-type]
    return read_pdf(payload)


def program(folder: Path, script: str) -> None:
    """Put a program in the place of Tesseract that knows both languages and then does as told."""
    path = folder / "tesseract"
    path.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --list-langs ]; then echo "List (2):"; echo ind; echo eng; exit 0; fi\n'
        f"{script}\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


# --- with Tesseract ------------------------------------------------------------------------------


@needs_tesseract
@pytest.mark.parametrize("name", SCANS)
def test_every_scan_gives_its_words_and_says_how_sure_they_are(name: str) -> None:
    made = sample(name)
    reading = read(made.body, languages=("id",))
    text = f"{reading.title or ''}\n{reading.text}"
    assert reading.text_quality is not None
    assert f1(made.text, text) >= LEAST.get(name, 0.99)
    assert f1(made.text, text, 2) >= LEAST.get(name, 0.99) - 0.03
    assert reading.reader == "pdf:ocr"
    assert 0.75 < reading.text_quality <= 1


@needs_tesseract
def test_a_font_whose_codes_say_nothing_is_read_by_its_shapes() -> None:
    text = prose(39, 14)
    reading = read(coded_page(text, scramble=7))
    assert reading.reader == "pdf:ocr"
    assert f1(text, reading.text) > 0.99


@needs_tesseract
def test_the_same_scan_gives_the_same_reading_in_and_out_of_the_sandbox() -> None:
    made = sample("scan, Indonesian")
    payload = Payload(body=made.body, media_type=PDF, fetched_at=FETCHED)
    with Sandbox(read_frame, seconds=60, memory_mb=1_500) as box:
        answers = [box.call(encode_payload(payload, PDF)).value for _ in range(2)]
    assert answers[0] == answers[1] is not None
    inside, outside = json.loads(answers[0] or b""), read_pdf(payload)
    assert (inside["text"], inside["text_quality"]) == (outside.text, outside.text_quality)


@needs_tesseract
def test_a_good_layer_under_a_scan_is_taken_and_a_bad_one_is_read_again() -> None:
    plain = sample("one column, Indonesian").body
    kept = read(scan_of(plain, layer=prose(1, 18)))
    assert (kept.reader, f1(prose(1, 18), kept.text)) == ("pdf", 1.0)
    assert kept.text_quality is not None
    junk = " ".join(
        word.translate(str.maketrans("aeiou", "xzqwk")) for word in prose(1, 18).split()
    )
    again = read(scan_of(plain, layer=junk))
    assert again.reader == "pdf:ocr"
    assert f1(prose(1, 18), again.text) > 0.99


@needs_tesseract
def test_a_photograph_gives_no_text() -> None:
    words = recognise(Picture(600, 400, 100, wave(600, 400)), "eng", seconds=60)
    assert sum(len(w.text) * w.confidence for w in words) < 20


@needs_tesseract
def test_what_cannot_be_read_well_enough_is_refused_with_the_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.readers.pdf_pages.MIN_QUALITY", 1.01)
    with pytest.raises(UnreadableError, match=r"recognised too poorly \(0\.\d\d\)"):
        read(sample("scan, Indonesian").body)


# --- without it ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("missing")
def test_without_tesseract_a_scan_says_what_to_install() -> None:
    with pytest.raises(UnreadableError, match="install tesseract-ocr and tesseract-ocr-ind"):
        read(scan_of(sample("one column, English").body, dpi=60))


@pytest.mark.usefixtures("missing")
def test_without_tesseract_a_mixed_file_gives_its_text_and_names_the_pages_left_out() -> None:
    reading = read(sample("one page text, one a scan").body)
    assert reading.text == prose(33, 12)
    assert reading.reader == "pdf"
    assert [(r.field, r.value) for r in reading.remarks] == [("text", "page 2")]
    assert "install tesseract-ocr" in reading.remarks[0].reason


def test_a_missing_language_pack_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, "exit 1")
    script = (tmp_path / "tesseract").read_text().replace("echo ind; echo eng", "echo osd")
    (tmp_path / "tesseract").write_text(script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert packs_for(("id",)) is None
    with pytest.raises(UnreadableError, match="no language pack"):
        read(scan_of(drawn([(60, 700, "x")]), dpi=60))


def test_packs_follow_the_source_and_always_have_both_languages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    have = frozenset({"ind", "eng", "jpn", "deu", "osd"})
    monkeypatch.setattr(ocr, "installed", lambda: ("/usr/bin/tesseract", have))
    assert packs_for(()) == "ind+eng"
    assert packs_for(("en",)) == "eng+ind"
    assert packs_for(("ja", "de")) == "jpn+deu+ind"
    assert packs_for(("ko", "xx", "../../etc")) == "ind+eng"


# --- a Tesseract that misbehaves -----------------------------------------------------------------


def _wait(body: bytes) -> bytes:
    recognise(Picture(8, 8, 72, bytes(64)), "ind", seconds=600)
    return body


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_tesseract_dies_with_the_parser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program(tmp_path, f'echo $$ > "{pipe}"; exec sleep 600')
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    reader = os.open(pipe, os.O_RDWR)  # both ways, so that opening waits for nobody
    with Sandbox(_wait, seconds=3, memory_mb=512) as box:
        outcome = box.call(b"x")
    assert outcome.kind == "timeout"
    pid = int(os.read(reader, 20))
    os.close(reader)
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:  # gone and reaped
        return
    ready, _, _ = select.select([handle], [], [], 30)
    if not ready:
        os.kill(pid, signal.SIGKILL)
    assert ready, "it outlived its parser"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "broke off \\(code 3\\)"),
        ("exec sleep 600", "took more than 1 s"),
        ("kill -9 $$", "broke off \\(code -9\\)"),
    ],
)
def test_a_tesseract_that_fails_is_a_reason(
    script: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(OcrError, match=reason):
        recognise(Picture(8, 8, 72, bytes(64)), "ind", seconds=1)


def test_gibberish_from_tesseract_is_no_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, "cat >/dev/null; head -c 100000 /dev/urandom; printf '5\\t1\\tx\\n'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert recognise(Picture(8, 8, 72, bytes(64)), "ind", seconds=30) == ()


def test_it_cannot_write_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "loot"
    program(tmp_path, f'cat >/dev/null; echo stolen > "{target}"; exit 0')
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(OcrError):
        recognise(Picture(8, 8, 72, bytes(64)), "ind", seconds=30)
    assert not target.exists() or target.read_bytes() == b""


def test_pages_that_time_does_not_suffice_for_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "installed", lambda: ("/bin/false", frozenset({"ind"})))
    monkeypatch.setattr("pipeline.readers.pdf_scans.seconds_left", lambda _: 0.5)
    body = joined(sample("one column, Indonesian").body, scan_of(drawn([(60, 700, "x")]), dpi=60))
    reading = read(body)
    assert "raise read.seconds" in reading.remarks[0].reason
    assert reading.remarks[0].value == "page 2"


def test_time_is_what_the_sandbox_s_alarm_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getitimer", lambda _: (100.0, 0.0))
    assert ocr.seconds_left(0.0) == 93.0  # less what is grace, and what comes after
    monkeypatch.setattr(signal, "getitimer", lambda _: (0.0, 0.0))
    now = time.monotonic()
    assert ocr.seconds_left(now - 50) < ocr.seconds_left(now) < 60


def test_a_page_too_large_to_draw_is_refused_with_its_size() -> None:
    from tests.pdf_hostile import TRICKS

    if not HAVE:
        pytest.skip("needs apt-get install tesseract-ocr tesseract-ocr-ind")
    with pytest.raises(UnreadableError, match="400,000 by 400,000 pixels"):
        read(TRICKS["a picture of a hundred gigapixels"].make())


# --- geometry ------------------------------------------------------------------------------------


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_that_lay_on_its_side_is_turned_upright(quarters: int) -> None:
    upright = [
        Word(f"{text}{n}", 90 * i, 50 + 40 * n, 90 * i + 80, 70 + 40 * n, 0.9, (1, 1, n))
        for n in range(3)
        for i, text in enumerate(("kota", "mitra", "sejak"))
    ]
    words, wide, high = upright, 600, 400
    for _ in range(quarters):  # lay it down clockwise
        words = [Word(w.text, high - w.bottom, w.left, high - w.top, w.right, w.confidence, w.line)
                 for w in words]  # fmt: skip
        wide, high = high, wide
    turned, picture = _upright(words, Picture(wide, high, 72, b""))
    assert [line.text for line in lines_of(turned, picture)] == [
        f"kota{n} mitra{n} sejak{n}" for n in range(3)
    ]


def test_crooked_lines_are_levelled() -> None:
    words = [
        Word(
            f"k{n}{i}",
            88 * i,
            50 + 30 * n + 6 * i,
            88 * i + 80,
            70 + 30 * n + 6 * i,
            0.9,
            (1, 1, n),
        )
        for n in range(4)
        for i in range(6)
    ]
    lines = lines_of(words, Picture(700, 300, 72, b""))
    assert [line.text for line in lines] == [
        " ".join(f"k{n}{i}" for i in range(6)) for n in range(4)
    ]


def test_english_scans_need_no_hint_of_their_language() -> None:
    if not HAVE:
        pytest.skip("needs apt-get install tesseract-ocr tesseract-ocr-ind")
    text = english(2, 18)
    assert f1(text, read(sample("scan, English, 150 dpi").body).text) > 0.99
