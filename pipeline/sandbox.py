"""A parser in a process that can be killed: one long-lived child, replaced after a kill.

A page or a PDF can hang a parser, eat all memory or crash it in native code. Whatever happens in
the child is an `Outcome` with a reason, never an exception of the run. The child dies with its
parent: at once where the kernel offers that (Linux), else at the end of its input or when its own
alarm rings.

The child is a plain subprocess that talks over pipes, so it also works inside workers of a process
pool. Only bytes cross the pipes, and only data come back, never objects: a parser that a hostile
file has taken over must not reach the parent.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

START_SECONDS = 120.0  # a cold import on a busy machine
GRACE_SECONDS = 5.0  # the child's own alarm rings so long after its parent should have killed it
HEADROOM_MB = 256  # least room above what the libraries take when loaded
MAX_ITEMS = 2_000  # parsers leak; a fresh child after so many documents costs 0.5 ms per document
MAX_ANSWER = 256 << 20  # a text is never so large: the child has gone mad
PIPE_BYTES = (
    1 << 20
)  # a page fits, so that one write wakes the child once (Linux; ignored elsewhere)
_HEAD = struct.Struct("<Q")
_KINDS = {b"o": "ok", b"e": "error", b"m": "memory"}
_MEMORY = b"mthe parser ran out of memory"
_BOOT = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pipeline.sandbox import serve
serve()"""
_PR_SET_PDEATHSIG = 1
_F_SETPIPE_SZ = 1031


class SandboxError(Exception):
    """The child cannot be started: a fault of the installation, not of a document."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: its value, or the reason why there is none.

    ``kind`` is ``ok``, ``error`` (the function raised), ``timeout``, ``memory`` or ``crash``.
    """

    value: bytes | None
    kind: str = "ok"
    reason: str | None = None


# --- the child -----------------------------------------------------------------------------------


def serve() -> None:
    """Run the child's loop: read an item, answer with its outcome, until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not run into the answers
    parent, module, name, seconds, megabytes = json.loads(_receive(source))
    _die_with_parent(parent)
    function = getattr(importlib.import_module(module), name)
    getattr(function, "warm_up", lambda: None)()
    _limit_memory(megabytes)
    _reply(answers, b"oready")
    with suppress(EOFError):
        while True:
            item = _receive(source)
            signal.setitimer(signal.ITIMER_REAL, seconds + GRACE_SECONDS)
            answer = _run(function, item)
            signal.setitimer(signal.ITIMER_REAL, 0)
            _reply(answers, answer)


def _receive(source: IO[bytes]) -> bytes:
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    return source.read(_HEAD.unpack(head)[0])


def _reply(answers: IO[bytes], answer: bytes) -> None:
    answers.write(_HEAD.pack(len(answer)))
    answers.write(answer)
    answers.flush()


def _run(function: Callable[[bytes], bytes], item: bytes) -> bytes:
    try:
        return b"o" + function(item)
    except MemoryError:
        return _MEMORY
    except Exception as error:  # the run must go on; the reason goes to the ledger
        return b"e" + f"{type(error).__name__}: {error}"[:300].encode("utf-8", "replace")


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _limit_memory(megabytes: int) -> None:
    """Cap the address space at ``megabytes``, or a little above what is taken already."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        taken = pages * resource.getpagesize()
        wanted = max(megabytes << 20, taken + (HEADROOM_MB << 20))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


# --- the parent ----------------------------------------------------------------------------------


class Sandbox:
    """Maps a function from bytes to bytes over items, in a killable child process.

    Args: function: A module-level function. An attribute ``warm_up``, a function without arguments,
        is
            called once in a new child before the limits hold (to import libraries).
        seconds: Wall-clock limit per item.
        memory_mb: Address space of the child in MB.
    """

    def __init__(
        self, function: Callable[[bytes], bytes], *, seconds: float, memory_mb: int
    ) -> None:
        """Prepare; the child starts with the first item."""
        self._target = (function.__module__, function.__qualname__)
        self._seconds, self._memory_mb = seconds, memory_mb
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0

    def __enter__(self) -> Sandbox:
        """Return the sandbox itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Kill the child."""
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, or None while there is no child."""
        return self._child.pid if self._child else None

    def map(self, items: Iterable[bytes]) -> Iterator[Outcome]:
        """Yield one outcome per item, in order."""
        for item in items:
            yield self.call(item)

    def call(self, item: bytes) -> Outcome:
        """Run one item.

        Raises:
            SandboxError: No child can be started.
        """
        child = self._child or self._start()
        deadline = time.monotonic() + self._seconds
        try:
            _send(child, item, deadline)
            answer = _read_frame(child, deadline)
        except TimeoutError:
            self.close()
            return Outcome(None, "timeout", f"the parser was killed after {self._seconds:g} s")
        except (EOFError, BrokenPipeError):
            return Outcome(None, "crash", f"the parser crashed ({self._end_of(child)})")
        kind = _KINDS.get(answer[:1])
        if kind is None:
            self.close()
            return Outcome(None, "crash", "the parser answered gibberish")
        self._served += 1
        if kind == "memory" or self._served >= MAX_ITEMS:
            self.close()
        if kind == "ok":
            return Outcome(answer[1:])
        return Outcome(None, kind, answer[1:].decode("utf-8", "replace"))

    def close(self) -> None:
        """Kill the child, if there is one."""
        child, self._child, self._served = self._child, None, 0
        if child is None:
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()
        child.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        here = str(Path.cwd())
        command = [sys.executable, "-c", _BOOT, json.dumps([p or here for p in sys.path])]
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        child = subprocess.Popen(  # noqa: S603 (our own interpreter, our own code)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | threads,
            start_new_session=True,  # Ctrl-C stops the run, which then closes the child
        )
        self._child = child
        order = json.dumps([os.getpid(), *self._target, self._seconds, self._memory_mb]).encode()
        deadline = time.monotonic() + START_SECONDS
        try:
            _prepare(child)
            _send(child, order, deadline)
            _read_frame(child, deadline)
        except (OSError, EOFError) as error:
            self.close()
            msg = f"the parser process does not start ({error!r}). Run `cityaccords doctor`."
            raise SandboxError(msg) from error
        return child

    def _end_of(self, child: subprocess.Popen[bytes]) -> str:
        """Reap a dead child and say how it ended."""
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
        code = child.returncode
        self.close()
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _handle(stream: IO[bytes] | None) -> int:
    if stream is None:  # never: both were asked for
        msg = "a child without pipes"
        raise SandboxError(msg)
    return stream.fileno()


def _prepare(child: subprocess.Popen[bytes]) -> None:
    """Enlarge the pipes and make the parent's end of the input non-blocking."""
    import fcntl

    for stream in (child.stdin, child.stdout):
        if sys.platform == "linux":
            with suppress(OSError):
                fcntl.fcntl(_handle(stream), _F_SETPIPE_SZ, PIPE_BYTES)
    os.set_blocking(_handle(child.stdin), False)


def _send(child: subprocess.Popen[bytes], data: bytes, deadline: float) -> None:
    """Write a frame, but not past the deadline: a child that does not read must not hang us."""
    handle = _handle(child.stdin)
    pending = [memoryview(_HEAD.pack(len(data))), memoryview(data)]
    while pending:
        _, ready, _ = select.select([], [handle], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        sent = os.writev(handle, pending)
        while pending and sent >= len(pending[0]):
            sent -= len(pending.pop(0))
        if pending:
            pending[0] = pending[0][sent:]


def _read_frame(child: subprocess.Popen[bytes], deadline: float) -> bytes:
    """Read one frame.

    Raises:
        TimeoutError: It is not complete at the deadline.
        EOFError: The child closed its end, or claims an absurd length.
    """
    handle = _handle(child.stdout)
    data, wanted = bytearray(), _HEAD.size
    while len(data) < wanted:
        ready, _, _ = select.select([handle], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(handle, PIPE_BYTES) if ready else None
        if chunk is None:
            raise TimeoutError
        data += chunk
        if len(data) >= _HEAD.size:
            wanted = _HEAD.size + _HEAD.unpack(data[: _HEAD.size])[0]
        if not chunk or wanted > MAX_ANSWER:
            raise EOFError
    return bytes(data[_HEAD.size :])
