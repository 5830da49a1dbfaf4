"""A server on 127.0.0.1 that is many hosts, one per port, and logs every request.

``python -m tests.torture.server '{"scene": "plain", "hosts": 200, ...}'`` runs it as a process of
its own and prints one line of JSON with its ports; `tests.torture.site` starts and asks it. One
asyncio process without a framework: the CPU that is measured shall be the crawler's.

A scene answers a request with bytes (all at once) or with a coroutine that writes as it likes. The
log has, per request and on the machine's monotonic clock, when its first byte was read, and just
before the last byte of the answer went to the kernel, or when the client hung up. So a pause in the
log is never shorter than the client's, and longer only by the time that this process was late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any

from tests.torture.plan import Plan, Request

MAX_HEAD = 65_536  # bytes of a request that we are ready to read
_STALL = 0.02  # s: what ends so long after its last byte was stalled, and ends by the hang-up


Answer = bytes | Coroutine[Any, Any, None]
Scene = Callable[["Connection", Request], Answer]


class Server:
    """The state of one server process."""

    def __init__(self, plan: Plan) -> None:
        """Find the scene; nothing listens before `start`."""
        from tests.torture import attacks, courteous  # noqa: F401  (they add their scenes)
        from tests.torture.scenes import SCENES

        self.plan = plan
        self.scene: Scene = SCENES[plan.scene](self)
        self.log: list[Request] = []
        self.counts: dict[tuple[int, str], int] = {}
        self.origins: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.open = self.most_open = 0
        self.lag = 0.0
        self.victim: tuple[int, int, float] | None = None

    async def start(self) -> tuple[list[str], int]:
        """Listen; return ``HOST:PORT`` of each host and the port that controls this server."""
        loop = asyncio.get_running_loop()
        hosts = []
        for number in range(self.plan.hosts):
            address = self._address(number)
            sock = _listening(address)
            hosts.append(f"{address or '127.0.0.1'}:{sock.getsockname()[1]}")
            await loop.create_server(lambda host=number: Connection(self, host), sock=sock)
        self.origins = [f"http://{host}" for host in hosts]
        control = _listening()
        await asyncio.start_server(self._control, sock=control)
        task = loop.create_task(self._watch_lag())
        self.tasks.add(task)
        return hosts, control.getsockname()[1]

    def _address(self, number: int) -> str:
        """Return where a host listens; empty: everywhere, so that no spelling of it misses it.

        With the option ``spread`` each has an address of its own, for clients to which a host is a
        name without a port. Linux lets 127.0.0.0/8 be used without asking.
        """
        if number in self.plan.options.get("everywhere", ()):
            return ""
        if self.plan.options.get("spread"):
            return f"127.0.{1 + number // 250}.{1 + number % 250}"
        return "127.0.0.1"

    async def _watch_lag(self) -> None:
        """Measure how late this process is: a late server would make a crawler look politer."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            self.lag = max(self.lag, time.monotonic() - before - 0.01)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question: one line of JSON in, one out."""
        question = json.loads(await reader.readline())
        writer.write(json.dumps(self._told(question)).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    def _told(self, question: dict[str, Any]) -> object:
        if question["ask"] == "log":
            start = int(question.get("start", 0))
            return [asdict(r) for r in self.log[start:]]
        if question["ask"] == "set":
            self.plan.options.update(question["options"])
        if question["ask"] == "kill":
            at = len(self.log) + int(question["requests"])
            self.victim = (int(question["group"]), at, float(question["delay"]))
        if question["ask"] == "forget":
            self.log.clear()
            self.counts.clear()
            self.lag = 0.0
        return {
            "requests": len(self.log),
            "cpu_seconds": time.process_time(),
            "lag_seconds": self.lag,
            "open": self.open,
            "most_open": self.most_open,
        }

    def note(self, request: Request) -> None:
        """Log a request, and kill the victim if this is the one that it was given."""
        self.log.append(request)
        if self.victim is not None and len(self.log) >= self.victim[1]:
            group, _, delay = self.victim
            self.victim = None
            asyncio.get_running_loop().call_later(delay, _kill, group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


class Connection(asyncio.Protocol):
    """One connection: one request, one answer, then it is closed."""

    def __init__(self, server: Server, host: int) -> None:
        """Belong to one host of the server."""
        self.server, self.host = server, host
        self.request: Request | None = None
        self._head = b""
        self._begun = self._connected = 0.0
        self._ready: asyncio.Event | None = None
        self.closed = self._closing = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._connected = time.monotonic()
        self.server.open += 1
        self.server.most_open = max(self.server.most_open, self.server.open)

    def data_received(self, data: bytes) -> None:
        if self.request is not None:
            return
        self._begun = self._begun or time.monotonic()
        self._head += data
        if b"\r\n\r\n" in self._head:
            self._answer()
        elif len(self._head) > MAX_HEAD:
            self.transport.abort()

    def _answer(self) -> None:
        first, *lines = self._head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        path = [*first.split(" "), ""][1]
        server = self.server
        count = server.counts[self.host, path] = server.counts.get((self.host, path), 0) + 1
        self.request = request = Request(
            self.host, path, headers, self._begun, self._connected, count
        )
        server.note(request)
        answer = server.scene(self, request)
        if isinstance(answer, bytes):
            self.write(answer)
            self.close()
        else:
            task = asyncio.get_running_loop().create_task(self._show(answer))
            server.tasks.add(task)
            task.add_done_callback(server.tasks.discard)

    async def _show(self, answer: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(ConnectionError):
            await answer
        now = time.monotonic()
        if self.request is not None and now - self.request.ended > _STALL:
            self.request.ended = now
        self.close()

    def write(self, data: bytes) -> None:
        """Send some bytes; the first ones tell the log the status."""
        request = self.request
        if request is not None:
            request.ended = time.monotonic()
            if not request.status and data[:5] == b"HTTP/" and data[9:12].isdigit():
                request.status = int(data[9:12])
            request.sent += len(data)
        self.transport.write(data)

    async def send(self, data: bytes) -> None:
        """Send some bytes and wait until the client has taken most of what waits.

        Raises:
            ConnectionError: The client has hung up.
        """
        if self.closed or self.transport.is_closing():
            raise ConnectionResetError
        self.write(data)
        await asyncio.sleep(0)  # others have their turn, and a lost connection is noticed
        if self._ready is not None:
            await self._ready.wait()
        if self.closed:
            raise ConnectionResetError

    async def pause(self, seconds: float) -> None:
        """Wait, as slow servers do.

        Raises:
            ConnectionError: The client has hung up.
        """
        await asyncio.sleep(seconds)
        if self.closed:
            raise ConnectionResetError

    def pause_writing(self) -> None:
        self._ready = asyncio.Event()

    def resume_writing(self) -> None:
        if self._ready is not None:
            self._ready.set()
            self._ready = None

    def close(self) -> None:
        """End the answer. What the kernel took counts as sent."""
        self._closing = self.transport.get_write_buffer_size() == 0
        self.transport.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self._closing = True
        if self.request is not None:
            self.request.ended = time.monotonic()
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.closed = True
        self.server.open -= 1
        if self.request is not None and not self._closing:
            self.request.ended = time.monotonic()
        self.resume_writing()


def _listening(address: str = "127.0.0.1") -> socket.socket:
    if not address and socket.has_dualstack_ipv6():
        sock = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    else:
        sock = socket.create_server((address, 0))
    sock.listen(256)
    sock.setblocking(False)
    return sock


async def _serve(plan: Plan) -> None:
    server = Server(plan)
    hosts, control = await server.start()
    sys.stdout.write(json.dumps({"hosts": hosts, "control": control}) + "\n")
    sys.stdout.flush()
    # The parent's end of standard input closes when it dies, however it dies.
    await asyncio.to_thread(sys.stdin.read)
    for task in list(server.tasks):
        task.cancel()


def main() -> None:
    """Serve the plan in the first argument until standard input closes."""
    asyncio.run(_serve(Plan(**json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
