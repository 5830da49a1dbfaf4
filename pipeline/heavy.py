"""Room for large bodies: hundreds of threads fetch, and memory must not grow with them.

What a body has beyond its first megabyte is taken from room that all share. It has that until it is
written, so that neither threads that decode nor answers that wait can fill the memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_UNIT = 1_000_000  # bytes; nearly all pages are smaller, and pay nothing
_ROOM = 48  # units: with the copies that are made of a body, 150 MB
_changed = threading.Condition()
_free = [_ROOM]
_here = threading.local()


def take(length: int, seconds: float) -> bool:
    """Have room for the body of this thread, of so many bytes so far; tell if it came in time."""
    held: int = getattr(_here, "held", 0)
    wanted = min(length // _UNIT, _ROOM) - held
    if wanted <= 0:
        return True
    with _changed:
        if not _changed.wait_for(lambda: _free[0] >= wanted, seconds):
            return False
        _free[0] -= wanted
    _here.held = held + wanted
    return True


def hand_over() -> int:
    """Return what this thread's body has; from now on the caller must `free` it."""
    held: int = getattr(_here, "held", 0)
    _here.held = 0
    return held


def free(units: int) -> None:
    """Give back what was handed over."""
    if units:
        with _changed:
            _free[0] += units
            _changed.notify_all()


@contextmanager
def single() -> Iterator[None]:
    """Give back what the block took: for those who use a body at once."""
    try:
        yield
    finally:
        free(hand_over())
