"""The killable parser process: whatever happens inside is an outcome, nothing is left behind."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from pipeline import sandbox
from pipeline.sandbox import Sandbox, SandboxError

ROOT = Path(__file__).resolve().parent.parent


def behave(item: bytes) -> bytes:
    """Do what the item says: the parser of these tests."""
    if item == b"hang":
        while True:
            pass
    if item == b"crash":
        ctypes.string_at(0)
    if item == b"eat":
        blocks = []
        while True:
            blocks.append(bytearray(32 << 20))
    if item == b"raise":
        raise ValueError("no such thing")
    if item == b"exit":
        os._exit(3)
    if item == b"print":
        os.write(1, b"not an answer")
        print("neither is this", flush=True)
    if item == b"pid":
        return str(os.getpid()).encode()
    return item[::-1]


def in_a_worker(item: bytes) -> tuple[str, str | None, bytes | None]:
    """Open a sandbox inside a worker of a process pool."""
    with Sandbox(behave, seconds=30, memory_mb=1_000) as box:
        bad, good = box.map([item, b"abc"])
    return bad.kind, bad.reason, good.value


def box(*, seconds: float = 30, memory_mb: int = 1_000) -> Sandbox:
    return Sandbox(behave, seconds=seconds, memory_mb=memory_mb)


def test_results_come_in_order_from_one_child() -> None:
    with box() as one:
        items = [b"", b"pid", *(bytes([i]) * i for i in range(50)), b"pid"]
        values = [o.value for o in one.map(items)]
    assert values[0] == b""
    assert values[1] == values[-1]
    assert values[2:-1] == [bytes([i]) * i for i in range(50)]


def test_an_item_larger_than_every_buffer_crosses_and_comes_back() -> None:
    large = os.urandom(5 << 20)
    with box() as one:
        assert one.call(large).value == large[::-1]


@pytest.mark.parametrize(
    ("item", "kind", "reason"),
    [
        (b"crash", "crash", "SIGSEGV"),
        (b"exit", "crash", "exit code 3"),
        (b"raise", "error", "ValueError: no such thing"),
        (b"eat", "memory", "out of memory"),
    ],
)
def test_a_bad_item_is_an_outcome_and_the_next_one_is_served(
    item: bytes, kind: str, reason: str
) -> None:
    with box(memory_mb=400) as one:
        outcome = one.call(item)
        assert (outcome.kind, outcome.value) == (kind, None)
        assert reason in (outcome.reason or "")
        assert one.call(b"abc").value == b"cba"


def test_a_hanging_parser_is_killed_at_its_limit() -> None:
    with box(seconds=0.5) as one:
        assert one.call(b"abc").value == b"cba"
        child = one.pid
        begun = time.monotonic()
        outcome = one.call(b"hang")
        assert outcome.kind == "timeout"
        assert "0.5 s" in (outcome.reason or "")
        assert time.monotonic() - begun < 20
        assert one.pid is None
        assert one.call(b"pid").value != str(child).encode()


def test_what_a_parser_prints_does_not_run_into_its_answers() -> None:
    with box() as one:
        assert one.call(b"print").value == b"tnirp"
        assert one.call(b"abc").value == b"cba"


def test_the_child_is_replaced_before_leaks_can_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_ITEMS", 2)
    with box() as one:
        pids = [o.value for o in one.map([b"pid"] * 4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_closing_leaves_no_child() -> None:
    with box() as one:
        one.call(b"abc")
        child = one.pid
    assert child is not None
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_function_that_cannot_be_imported_is_an_error_of_the_installation() -> None:
    def lost(item: bytes) -> bytes:
        return item

    lost.__module__ = "no_such_module"
    with pytest.raises(SandboxError, match="does not start"):
        Sandbox(lost, seconds=1, memory_mb=500).call(b"")


def test_it_works_inside_a_worker_of_a_process_pool() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        kind, reason, good = pool.submit(in_a_worker, b"crash").result(timeout=120)
    assert (kind, good) == ("crash", b"cba")
    assert "SIGSEGV" in (reason or "")


def is_running(pid: int) -> bool:
    """Tell whether a process runs: a dead one that nobody has reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def poll(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``condition`` holds, at most ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_busy_child_dies_with_a_parent_that_is_killed() -> None:
    script = (
        "from tests.test_sandbox import box\n"
        "one = box(seconds=600)\n"
        "one.call(b'abc')\n"
        "print(one.pid, flush=True)\n"
        "one.call(b'hang')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert poll(lambda: not is_running(child), 30)
