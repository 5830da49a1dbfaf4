"""Walls that answer 200, and pages that only look like one: words, vendors' scripts, few words.

The cases are of our own writing. The first half was written before the rules were tuned; of the
second half, written after that, 26 of 35 walls and 33 of 34 pages were told right at first sight,
and the rules were then mended; of a third lot, written after that, 8 of 12 and 10 of 12, and they
were mended again. The rules before these told 21 of the first 65 walls and 58 of the 65 pages.
"""

import random
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.fetchers.blocks import soft_block

DATA = Path(__file__).parent / "data"
STORY = (
    "Wali kota kedua kota menandatangani nota kesepahaman di balai kota pada hari Senin. Kerja "
    "sama itu mencakup pendidikan, pariwisata dan pengelolaan sampah. The delegations will "
    "exchange teachers and firefighters each year. " * 13
)
BRIEF = (
    "Wali Kota Bandung menerima delegasi dari Kota Hamamatsu di balai kota pada hari Senin. Kedua "
    "pihak membahas pertukaran pelajar, promosi pariwisata dan kerja sama pengelolaan sampah, "
    "serta rencana kunjungan balasan pada musim semi tahun depan. Perjanjian kota kembar "
    "ditandatangani pada 2014."
)


def _cases() -> list[Any]:
    rows = []
    for name in ("walls_first.yml", "walls_second.yml", "walls_third.yml"):
        for case in yaml.safe_load((DATA / name).read_text("utf-8")):
            page = case["html"].replace("{story}", STORY).replace("{brief}", BRIEF).encode()
            headers = tuple((name, value) for name, value in case.get("headers", ()))
            rows.append(pytest.param(headers, page, case["kind"], id=case["name"]))
    return rows


CASES = _cases()


def test_there_are_sixty_of_each() -> None:
    walls = sum(case.values[2] is not None for case in CASES)
    assert walls >= 60
    assert len(CASES) - walls >= 60


@pytest.mark.parametrize(("headers", "page", "kind"), CASES)
def test_a_wall_is_told_from_a_page(
    headers: tuple[tuple[str, str], ...], page: bytes, kind: str | None
) -> None:
    assert soft_block(headers, page) == kind


@pytest.mark.parametrize(("headers", "page", "kind"), CASES)
def test_upper_case_and_a_byte_order_mark_change_nothing(
    headers: tuple[tuple[str, str], ...], page: bytes, kind: str | None
) -> None:
    assert soft_block(headers, b"\xef\xbb\xbf\r\n" + page) == kind
    assert (soft_block(headers, page.upper()) is None) is (kind is None)


def test_a_wall_in_a_page_with_much_else_is_a_page() -> None:
    for case in CASES:
        page = case.values[1]
        assert isinstance(page, bytes)
        longer = page + f"<p>{STORY}</p>".encode()
        assert soft_block((), longer) is None, case.id


@pytest.mark.parametrize(
    "piece",
    [
        b"<",
        b"<!--",
        b"<script>",
        b"<title>",
        b"&#x",
        b"&amp;",
        b"</script",
        b"<a",
        b"\x00",
        b"\xff",
        b"verify you are human ",
        b"px-captcha",
        b"-->",
    ],
)
def test_a_hostile_page_takes_time_in_proportion_to_its_length(piece: bytes) -> None:
    begun = time.process_time()
    for size in (50_000, 3_000_000):
        for head in (b"<title>Access denied</title>", b"verify you are human", b""):
            soft_block((), head + piece * (size // len(piece)))
    assert time.process_time() - begun < 5.0  # 0.6 s were measured for the slowest


def test_cuts_and_flips_of_walls_are_values_and_never_errors() -> None:
    chance = random.Random(3)
    kinds = {case.values[2] for case in CASES}
    for _ in range(1_000):
        page = bytearray(chance.choice(CASES).values[1])  # type: ignore[arg-type]
        for _ in range(chance.randrange(1, 6)):
            page[chance.randrange(len(page))] = chance.randrange(256)
        start = chance.randrange(len(page))
        assert soft_block((), bytes(page[start:])) in kinds
        assert soft_block((), bytes(page[:start])) in kinds
