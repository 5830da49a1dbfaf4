"""Few large bodies at a time: hundreds of threads fetch, and memory must not grow with them.

A body that outgrows `LARGE` needs one of a few places. It has the place until it is written, so
that neither threads that decode nor answers that wait can fill the memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 1_000_000  # bytes; pages are smaller, most PDFs too
_PLACES = 2  # times the largest body (20 MB, with its copies 80) stays below 200 MB
_places = threading.BoundedSemaphore(_PLACES)
_here = threading.local()


def take(seconds: float) -> bool:
    """Take a place for this thread's body, and tell whether one was free in time."""
    if getattr(_here, "has_place", False):
        return True
    _here.has_place = _places.acquire(timeout=seconds)
    return bool(_here.has_place)


def hand_over() -> bool:
    """Tell whether this thread has a place; from now on the caller must `free` it, no more it."""
    had: bool = getattr(_here, "has_place", False)
    _here.has_place = False
    return had


def free() -> None:
    """Give up a place that was handed over."""
    _places.release()


@contextmanager
def single() -> Iterator[None]:
    """Give up a place that the block took: for those who use a body at once."""
    try:
        yield
    finally:
        if hand_over():
            free()
