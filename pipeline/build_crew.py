"""Who does the work of a build, and where: processes that map over tasks, a folder for a while."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.paths import Workspace

WORK = ".work"  # folder for files between the passes; gone when a build ends
_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Crew(Protocol):
    """A map over tasks whose results come in the order of the tasks."""

    def __call__(self, run: Callable[[_In], _Out], tasks: Sequence[_In]) -> Iterable[_Out]:
        """Do every task."""
        ...


@contextmanager
def work_folder(workspace: Workspace) -> Iterator[Path]:
    """Give an empty folder and take it away afterwards, whatever happened."""
    work = workspace.build / WORK / hashlib.sha256(os.urandom(16)).hexdigest()[:12]
    shutil.rmtree(work.parent, ignore_errors=True)  # a killed build left it
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work.parent, ignore_errors=True)


def _in_turn(run: Callable[[_In], _Out], tasks: Sequence[_In]) -> Iterable[_Out]:
    return map(run, tasks)


@contextmanager
def crew_of(workers: int) -> Iterator[Crew]:
    """Give a map over tasks whose results come in the order of the tasks."""
    if workers < 2:
        yield _in_turn
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:

        def spread(run: Callable[[_In], _Out], tasks: Sequence[_In]) -> Iterable[_Out]:
            # One task is not worth the seconds that a process takes to start.
            return pool.map(run, tasks) if len(tasks) > 1 else map(run, tasks)

        yield spread
