"""Threads that ask, one for each host; their answers come back through one queue.

Only the thread that reads the queue writes archive and catalog, so nothing else is shared.
"""

from __future__ import annotations

import contextlib
import ctypes
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pipeline import heavy
from pipeline.answers import Outcome, Trail
from pipeline.catalog_rows import Due, Feed
from pipeline.crawl_facts import PageFacts
from pipeline.fetchers.commoncrawl import Position
from pipeline.fetchers.found import Found
from pipeline.fetchers.warc import Skipped, WarcPage
from pipeline.sources import FetchEntry, Source
from pipeline.urls import host_of

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3  # of malloc.h
_THREADS = 256  # at most: each mostly waits; hosts beyond share them
_WAITING = 64  # answers that may wait to be written, so that memory does not grow with the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One address to ask for: an entry point (``entry``) or a document (``due``)."""

    source: Source
    url: str
    etag: str | None = None
    last_modified: str | None = None
    entry: FetchEntry | None = None
    feed: Feed | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job: an outcome; or before that, pages of a file that is streamed.

    ``facts`` are read in a document, ``found`` in an entry point. ``held`` is what
    it has of what large answers share, see ``heavy``.
    """

    job: Job
    outcome: Outcome | WarcPage | Skipped | Position | BaseException
    trail: Trail = field(default_factory=Trail)
    is_last: bool = True
    facts: PageFacts | None = None
    found: Found | None = None
    held: heavy.Held = field(default_factory=heavy.Held)


def _give_memory_back() -> None:
    """Let freed memory return to the system, where the C library can be told so (glibc).

    All threads share two heaps, else each keeps what it freed; and large bodies get pages of their
    own: the library would raise that limit to 32 MB with the first body that it sees.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, 256 << 10)


class Workers:
    """The threads of one run."""

    def __init__(self, ask: Callable[[Job], Iterator[Answer]], stop: threading.Event) -> None:
        """Take what asks for a job; its last answer has ``is_last``. ``stop`` ends all threads."""
        _give_memory_back()
        self._ask, self._stop = ask, stop
        self._answers: queue.Queue[Answer] = queue.Queue(_WAITING)
        self._queues: dict[int, queue.SimpleQueue[Job | None]] = {}
        self._threads: dict[str, int] = {}
        self.jobs = self.done = 0

    def push(self, job: Job) -> None:
        """Give a job to the thread of its host, which is started for its first one."""
        self.jobs += 1
        number = self._threads.setdefault(host_of(job.url), len(self._threads) % _THREADS)
        if number not in self._queues:
            self._queues[number] = queue.SimpleQueue()
            args = (self._queues[number],)
            threading.Thread(target=self._work, args=args, daemon=True).start()
        self._queues[number].put(job)

    def answers(self) -> Iterator[Answer]:
        """Yield answers until every job that was pushed, meanwhile too, is done.

        Raises:
            BaseException: What a thread ended with: an error of ours, never one of a server.
        """
        while self.done < self.jobs:
            answer = self._answers.get()
            if isinstance(answer.outcome, BaseException):
                raise answer.outcome
            self.done += answer.is_last
            yield answer
            heavy.free(answer.held)

    def close(self) -> None:
        """End all threads; a request that is under way is not waited for."""
        self._stop.set()
        for waiting in self._queues.values():
            waiting.put(None)

    def _work(self, jobs: queue.SimpleQueue[Job | None]) -> None:
        while (job := jobs.get()) is not None and not self._stop.is_set():
            try:
                for answer in self._ask(job):
                    if not self._put(replace(answer, held=heavy.hand_over())):
                        return
            except Exception as error:
                self._put(Answer(job, error))

    def _put(self, answer: Answer) -> bool:
        """Hand an answer over; tell whether the run goes on."""
        while not self._stop.is_set():
            try:
                self._answers.put(answer, timeout=1.0)  # s between looks at the stop sign
            except queue.Full:
                continue
            return True
        return False
