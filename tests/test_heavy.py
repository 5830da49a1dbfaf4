"""Large bodies share their room, and always give it back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pipeline import heavy


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    heavy.free(heavy.hand_over())


def test_small_bodies_need_no_room_and_large_ones_what_they_have() -> None:
    assert heavy.take(240_000, 0)
    assert heavy.hand_over() == heavy.Held()
    assert heavy.take(2_500_000, 0)
    assert heavy.take(7_100_000, 0)
    held = heavy.hand_over()
    assert held == heavy.Held(units=28)
    heavy.free(held)


def test_who_finds_no_room_waits_and_is_told() -> None:
    assert heavy.take(22_000_000, 0)
    told: list[bool] = []
    waiting = threading.Thread(target=lambda: told.append(heavy.take(20_000_000, 0.01)))
    waiting.start()
    waiting.join(5)
    assert told == [False]

    def later() -> None:
        told.append(heavy.take(20_000_000, 30))
        heavy.free(heavy.hand_over())

    patient = threading.Thread(target=later)
    patient.start()
    heavy.free(heavy.hand_over())
    patient.join(5)
    assert told == [False, True]


def test_a_block_gives_back_what_it_took() -> None:
    with heavy.single():
        assert heavy.take(99_000_000, 0)
    assert heavy.take(99_000_000, 0)


def test_one_has_the_turn_until_it_is_given_back() -> None:
    heavy.take_turn()
    came = threading.Event()

    def later() -> None:
        with heavy.single():
            heavy.take_turn()
            came.set()

    waiting = threading.Thread(target=later)
    waiting.start()
    assert not came.wait(0.05)
    heavy.free(heavy.hand_over())
    assert came.wait(5)
    waiting.join(5)
