"""PDFs made to do harm, in the sandbox with its usual limits: each ends in time, with a reason."""

import json
import re
import time
from collections.abc import Iterator

import pytest

from pipeline.config import ReadConfig
from pipeline.readers import Payload
from pipeline.readers.dispatch import PDF, encode_payload, read_frame
from pipeline.sandbox import Sandbox
from tests.pdf_builder import raw_pdf, text_page
from tests.pdf_hostile import PROSE, READ, TRICKS

LIMITS = ReadConfig()


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(read_frame, seconds=LIMITS.seconds, memory_mb=LIMITS.memory_mb) as made:
        yield made


def frame(body: bytes) -> bytes:
    payload = Payload(body=body, media_type=PDF, fetched_at="2026-11-24T02:00:00Z")
    return encode_payload(payload, PDF)


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_ends_within_the_limits_and_says_what_it_was(name: str, box: Sandbox) -> None:
    trick = TRICKS[name]
    began = time.monotonic()
    outcome = box.call(frame(trick.make()))
    assert time.monotonic() - began < LIMITS.seconds + 10  # a loaded machine reaps slowly
    if outcome.value is None:
        shown = f"PDF: parser {outcome.kind}: {outcome.reason}"
        assert outcome.kind in ("timeout", "memory", "crash"), shown
    else:
        answer = json.loads(outcome.value)
        shown = answer.get("refused") or READ
        assert shown == READ or shown.startswith(("PDF: ", "too short"))
    assert re.search(trick.says, shown), shown


def test_after_all_tricks_the_sandbox_still_reads(box: Sandbox) -> None:
    answer = box.call(frame(raw_pdf(text_page(PROSE)))).value
    assert answer is not None
    assert json.loads(answer)["text"].startswith("Pemerintah kota")


def test_the_same_bytes_give_the_same_reading(box: Sandbox) -> None:
    for name in ("rules all over", "letters far away", "no table of objects"):
        sent = frame(TRICKS[name].make())
        assert box.call(sent).value == box.call(sent).value
