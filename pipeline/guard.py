"""Guards around one connection: only public addresses, pinned after the check, and a hard deadline.

``timeout=`` of an HTTP library is per read: a server that sends one byte a second holds a client
for ever. Here a timer shuts the socket down, whatever the code above it waits for.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Python 3.11 calls several of these global. Most carry an IPv4 address, which could be private.
_REFUSED = tuple(
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT: reaches into provider and cloud networks
        "168.63.129.16/32",  # the host of an Azure machine: public by number, reached from inside
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",  # reserved, with the broadcast address
        "::/96",  # IPv4-compatible, loopback, unspecified
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local
        "100::/64",  # discard
        "2001::/23",  # protocol assignments, Teredo (2001::/32) among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, deprecated but still routed somewhere
    )
)
_IDLE_SECONDS = 60.0  # the watchdog looks around without need this often
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # third 32-bit word of an address that tunnels IPv4


class ForbiddenAddressError(requests.RequestException):
    """The host resolves to an address that is not public."""


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the public internet and carries no other inside."""
    if isinstance(address, ipaddress.IPv6Address) and (
        (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP or address.scope_id is not None
    ):
        return False
    special = address.is_multicast or address.is_reserved or not address.is_global
    return not special and not any(address in net for net in _REFUSED)


class _Watchdog:
    """One thread that expires the deadlines of all others.

    A timer thread per request would cost more than the rest of a small request.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._active: set[Deadline] = set()
        self._wakes_at = 0.0
        self._is_running = False

    def add(self, deadline: Deadline) -> None:
        with self._changed:
            self._active.add(deadline)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, daemon=True, name="deadlines").start()
            elif deadline.end < self._wakes_at:
                self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        with self._changed:
            self._active.discard(deadline)

    def _run(self) -> None:
        while True:
            with self._changed:
                moment = time.monotonic()
                due = [deadline for deadline in self._active if deadline.end <= moment]
                self._active.difference_update(due)
                if not due:
                    ends = (deadline.end for deadline in self._active)
                    self._wakes_at = min(ends, default=moment + _IDLE_SECONDS)
                    self._changed.wait(self._wakes_at - moment)
            for deadline in due:
                deadline.expire()


class Deadline:
    """Ends what one thread does on the network at a fixed moment.

    Use it as a context manager in the thread that makes the request; sockets opened by the guarded
    connections inside are shut down when the time is over.
    """

    _here = threading.local()
    _watchdog = _Watchdog()

    def __init__(self, seconds: float) -> None:
        """Start counting."""
        self.end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.expired = False

    def __enter__(self) -> Deadline:
        """Watch the sockets that this thread opens from now on."""
        Deadline._here.current = self
        Deadline._watchdog.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        Deadline._watchdog.remove(self)
        Deadline._here.current = None
        with self._lock:
            for handle in self._sockets:
                handle.close()
            self._sockets.clear()

    @property
    def remaining(self) -> float:
        """Seconds left, at least a hundredth: a timeout of zero means another thing."""
        return max(0.01, self.end - time.monotonic())

    def watch(self, sock: socket.socket) -> None:
        """Shut this socket down at the end.

        A duplicate is kept: TLS takes the original over, and a shutdown reaches both.
        """
        copy = socket.socket(fileno=os.dup(sock.fileno()))
        with self._lock:
            self._sockets.append(copy)
            if self.expired:
                _shut(copy)

    def expire(self) -> None:
        """Shut down what is being watched; what begins later is shut down at once."""
        with self._lock:
            self.expired = True
            for handle in self._sockets:
                _shut(handle)

    @classmethod
    def current(cls) -> Deadline | None:
        """Return the deadline that this thread works under."""
        return getattr(cls._here, "current", None)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        sock.shutdown(socket.SHUT_RDWR)


class _WatchedHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())


class _WatchedHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())


def _watched(sock: socket.socket) -> socket.socket:
    deadline = Deadline.current()
    if deadline is not None:
        deadline.watch(sock)
    return sock


class _OneShot:
    """Closes each connection after its answer, whatever the server says of keeping it.

    A second request over it would be outside the deadline's watch, and fail where the server took
    our `Connection: close` at its word.
    """

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()
        super()._put_conn(conn)  # type: ignore[misc]  # a mixin for connection pools


class _Pool(_OneShot, HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _SecurePool(_OneShot, HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class GuardedAdapter(IPFilterAdapter):  # type: ignore[misc]  # requests-hardened has no types
    """Resolves a host once, refuses what is not public, and connects to the checked address."""

    def __init__(self, *, is_https: bool, allow_private: frozenset[str]) -> None:
        """Take the ``HOST:PORT`` names that may be private: the demo's and the tests' servers."""
        self._is_https, self._allowed = is_https, allow_private
        super().__init__(is_https_proto=is_https)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make connections that know the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return where to connect to: the address that was checked, not the name again."""
        plain = HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert)
        host, port = plain[0]["host"], plain[0]["port"]
        if f"{host}:{port or (443 if self._is_https else 80)}".lower() in self._allowed:
            return plain  # type: ignore[return-value]  # typed dictionaries in requests
        with contextlib.suppress(ValueError):  # a name; of mapped addresses the library sees inside
            if not is_public(ipaddress.ip_address(str(host).strip("[]"))):
                msg = f"{host} is not a public address"
                raise ForbiddenAddressError(msg)
        pinned: tuple[dict[str, Any], dict[str, Any]]
        try:
            resolve = super().build_connection_pool_key_attributes
            pinned = _in_time(lambda: resolve(request, verify, cert))
        except InvalidIPAddress as error:
            msg = f"{error} is not a public address"
            raise ForbiddenAddressError(msg) from error
        address = ipaddress.ip_address(str(pinned[0]["host"]).strip("[]"))
        if not is_public(address):
            msg = f"{address} is not a public address"
            raise ForbiddenAddressError(msg)
        return pinned


def _in_time(work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, within the deadline: name servers can be slow, too.

    Nothing can end a question to the system's resolver, so it is left to end in its own thread.
    """
    deadline = Deadline.current()
    if deadline is None:
        return work()
    answer: Future[Any] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return answer.result(deadline.remaining)
    except TimeoutError as error:
        msg = "the host name was not resolved in time"
        raise requests.ConnectTimeout(msg) from error


def guarded_session(allow_private: frozenset[str]) -> requests.Session:
    """Return a session that reaches public addresses only and takes nothing from its surroundings.

    No proxies, no ``.netrc``, no cookies, no other schemes than http and https.
    """
    from http.cookiejar import DefaultCookiePolicy

    # Each refusal is in our own report; a warning on the terminal would be a second one.
    logging.getLogger("requests_hardened").setLevel(logging.ERROR)
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    session.mount("http://", GuardedAdapter(is_https=False, allow_private=allow_private))
    session.mount("https://", GuardedAdapter(is_https=True, allow_private=allow_private))
    return session
