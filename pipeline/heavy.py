"""Room for large bodies: hundreds of threads fetch, and memory must not grow with them.

What a body has beyond its first quarter of a megabyte is taken from room that all share. It has
that until it is written, so that neither threads that decode nor answers that wait can fill the
memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

_UNIT = 250_000  # bytes; most pages are smaller, and pay nothing
_ROOM = 96  # units, 24 MB, above the largest body; with the copies of a body 75 MB
_changed = threading.Condition()
_free = [_ROOM]
_turn = threading.Semaphore(1)
_here = threading.local()


@dataclass(frozen=True, slots=True)
class Held:
    """What the work on one answer holds: units of room, and perhaps the turn."""

    units: int = 0
    has_turn: bool = False


def take(length: int, seconds: float) -> bool:
    """Have room for the body of this thread, of so many bytes so far; tell if it came in time."""
    held = _held()
    wanted = min(length // _UNIT, _ROOM) - held.units
    if wanted <= 0:
        return True
    with _changed:
        if not _changed.wait_for(lambda: _free[0] >= wanted, seconds):
            return False
        _free[0] -= wanted
    _here.held = replace(held, units=held.units + wanted)
    return True


def take_turn() -> None:
    """Wait for the one turn to parse something large, which takes many times its size.

    Whoever has it needs no more room, so it always comes.
    """
    _turn.acquire()
    _here.held = replace(_held(), has_turn=True)


def hand_over() -> Held:
    """Return what this thread holds; from now on the caller must `free` it."""
    held = _held()
    _here.held = Held()
    return held


def free(held: Held) -> None:
    """Give back what was handed over."""
    if held.units:
        with _changed:
            _free[0] += held.units
            _changed.notify_all()
    if held.has_turn:
        _turn.release()


@contextmanager
def single() -> Iterator[None]:
    """Give back what the block took: for those who use a body at once."""
    try:
        yield
    finally:
        free(hand_over())


def _held() -> Held:
    found: Held = getattr(_here, "held", Held())
    return found
