"""Single bounded HTTP requests: what came of one is a value, never an exception.

In: an address. Out: `Fetched`, `Unchanged`, `Failed` or `Redirect`. The address is checked after
resolution, the deadline is total, the cap is on decoded bytes, and a cut body is a failure. Pace,
robots.txt and redirects are the business of ``visitor``.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import requests
import urllib3

from pipeline import heavy
from pipeline.answers import Failed, Outcome, Redirect, fetched_of, outcome_of
from pipeline.bodies import BodyError, BusyError, read_body
from pipeline.config import FetchConfig
from pipeline.guard import Deadline, ForbiddenAddressError, guarded_session
from pipeline.urls import resolve

_ACCEPT = "text/html,application/xhtml+xml,application/pdf;q=0.9,application/xml;q=0.8,*/*;q=0.5"
_REDIRECTS = (301, 302, 303, 307, 308)
_CONNECT_SECONDS = 10.0  # a host that takes longer to answer a handshake is down for today
_MAX_PIECE = 1 << 16
_NETWORK = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,  # from header and address parsers below requests
)


class StreamError(Exception):
    """A stream cannot be had or broke off; the message is the reason."""


class Transport:
    """Makes single requests; knows addresses, deadlines and bodies, but neither pace nor robots."""

    def __init__(
        self, config: FetchConfig, agent: str, allow_private: frozenset[str] = frozenset()
    ) -> None:
        """Prepare a session; one transport belongs to one thread at a time."""
        self._config = config
        self._session = guarded_session(allow_private)
        self._session.headers.clear()
        self._headers = {
            "User-Agent": agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip, deflate, br, zstd",
            # A fresh connection per request: pauses are longer than servers keep one open.
            "Connection": "close",
        }

    def get(
        self,
        url: str,
        etag: str | None = None,
        last_modified: str | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Outcome | Redirect:
        """Ask once and return what came of it within the deadline.

        ``secrets`` are headers that are sent but not told in the exchange.
        """
        headers = dict(self._headers)
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        with Deadline(self._config.deadline_seconds) as deadline:
            try:
                return self._ask(url, headers, secrets or {}, deadline)
            except BodyError as error:
                is_busy = isinstance(error, BusyError)
                return Failed(url=url, reason=str(error), temporary=is_busy)
            except ForbiddenAddressError:
                return Failed(url=url, reason="the address is not public", kind="blocked")
            except _NETWORK as error:
                if deadline.expired:
                    return _too_slow(url, self._config)
                return _network_failure(url, error)

    def _ask(
        self, url: str, headers: dict[str, str], secrets: Mapping[str, str], deadline: Deadline
    ) -> Outcome | Redirect:
        # The deadline ends slow reads; a read timeout of the same length would race with it.
        response = self._send(url, headers | dict(secrets), deadline.remaining + 1.0)
        try:
            status = response.status_code
            if status in _REDIRECTS:
                target = resolve(url, response.headers.get("Location", ""))
                if target is None:
                    return Failed(url=url, reason="redirect to no web address", status=status)
                return Redirect(url, target, fetched_of(url, response, b"", headers))
            payload = b"" if status == HTTPStatus.NOT_MODIFIED else self._body(response)
        finally:
            response.close()
        if deadline.expired:  # a body without length looks whole when its socket is shut down
            return _too_slow(url, self._config)
        return outcome_of(url, response, payload, headers)

    def stream(self, url: str, start: int, seconds: float) -> Iterator[bytes]:
        """Yield the bytes of a large file from an offset on, as they come.

        Args:
            url: The file.
            start: First byte that is wanted.
            seconds: Total deadline.

        Raises:
            StreamError: It cannot be had, or breaks off; what was yielded is sound.
        """
        headers = self._headers | {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        wanted = HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK
        with Deadline(seconds) as deadline:
            try:
                response = self._send(url, headers, self._config.deadline_seconds)
                try:
                    if response.status_code != wanted:
                        msg = f"HTTP {response.status_code}"
                        raise StreamError(msg)
                    yield from response.raw.stream(_MAX_PIECE, decode_content=False)
                finally:
                    response.close()
            except ForbiddenAddressError as error:
                msg = "the address is not public"
                raise StreamError(msg) from error
            except _NETWORK as error:
                raise StreamError(_network_failure(url, error).reason) from error
            if deadline.expired:
                msg = f"not finished within {seconds:g} s"
                raise StreamError(msg)

    def _send(self, url: str, headers: Mapping[str, str], seconds: float) -> requests.Response:
        """Send a request straight through the adapter.

        What a session adds (cookies, redirects, settings of the environment) must not happen here,
        and costs a fifth of a small request.
        """
        request = requests.Request("GET", url, headers=dict(headers)).prepare()
        return self._session.get_adapter(url).send(
            request,
            stream=True,
            verify=True,
            timeout=(min(_CONNECT_SECONDS, seconds), seconds),
        )

    def _body(self, response: requests.Response) -> bytes:
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._config.max_bytes:
            msg = f"larger than {self._config.max_bytes:,} bytes"
            raise BodyError(msg)
        pieces = response.raw.stream(_MAX_PIECE, decode_content=False)
        encoding = response.headers.get("Content-Encoding", "")
        return read_body(pieces, encoding, self._config.max_bytes, _has_room)


def _has_room(length: int) -> bool:
    deadline = Deadline.current()
    return heavy.take(length, deadline.remaining if deadline else 0.0)


def _too_slow(url: str, config: FetchConfig) -> Failed:
    reason = f"not finished within {config.deadline_seconds:g} s"
    return Failed(url=url, reason=reason, temporary=True)


def _network_failure(url: str, error: Exception) -> Failed:
    told = str(error)
    if "IncompleteRead" in told:
        return Failed(url=url, reason="cut: fewer bytes than announced", temporary=True)
    if isinstance(error, requests.exceptions.SSLError):
        return Failed(url=url, reason="certificate or TLS error", temporary=True)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Failed(url=url, reason="no connection in time", temporary=True)
    if "resolve" in told:
        return Failed(url=url, reason="host name does not resolve", temporary=True)
    if isinstance(error, ValueError) and not isinstance(error, requests.RequestException):
        return Failed(url=url, reason="malformed answer", temporary=True)
    return Failed(url=url, reason="connection failed", temporary=True)
