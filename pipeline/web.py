"""Single bounded HTTP requests: what came of one is a value, never an exception.

In: an address. Out: `Fetched`, `Unchanged`, `Failed` or `Redirect`. The address is checked after
resolution, the deadline is total, the cap is on decoded bytes, and a cut body is a failure. Pace,
robots.txt and redirects are the business of ``visitor``.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
import urllib3

from pipeline.bodies import BodyError, read_body
from pipeline.captures import Exchange
from pipeline.config import FetchConfig
from pipeline.guard import Deadline, ForbiddenAddressError, guarded_session
from pipeline.urls import resolve

_ACCEPT = "text/html,application/xhtml+xml,application/pdf;q=0.9,application/xml;q=0.8,*/*;q=0.5"
_REDIRECTS = (301, 302, 303, 307, 308)
_TEMPORARY = (408, 425, 429, 500, 502, 503, 504)
_GONE = (404, 410)
_REFUSED = (401, 403, 451)
_CONNECT_SECONDS = 10.0  # a host that takes longer to answer a handshake is down for today
_MAX_PIECE = 1 << 16
_LONGEST_WAIT = 30 * 86_400.0  # s: a Retry-After beyond a month is a mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole body. ``url`` is where it was found, after redirects."""

    url: str
    status: int
    media_type: str
    payload: bytes
    exchange: Exchange
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """304: the copy that we have still holds."""

    url: str
    exchange: Exchange
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No page. ``kind`` is ``failed``, ``gone``, ``blocked``, ``disallowed`` or ``later``.

    ``later`` means that the host was not asked: it is paused until a time that it gave, or failed
    too often in this run. ``temporary`` failures are tried again.
    """

    url: str
    reason: str
    kind: str = "failed"
    temporary: bool = False
    status: int = 0
    retry_after: float | None = None
    fetched: Fetched | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the server sends us, not yet followed."""

    url: str
    target: str


Outcome = Fetched | Unchanged | Failed


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
            "Accept-Encoding": "gzip, deflate, br",
            # A fresh connection per request: pauses are longer than servers keep one open.
            "Connection": "close",
        }

    def get(
        self, url: str, etag: str | None = None, last_modified: str | None = None
    ) -> Outcome | Redirect:
        """Ask once and return what came of it within the deadline."""
        headers = dict(self._headers)
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        with Deadline(self._config.deadline_seconds) as deadline:
            try:
                return self._ask(url, headers, deadline)
            except BodyError as error:
                return Failed(url=url, reason=str(error))
            except ForbiddenAddressError:
                return Failed(url=url, reason="the address is not public", kind="blocked")
            except (
                requests.RequestException,
                urllib3.exceptions.HTTPError,
                http.client.HTTPException,
                OSError,
                ValueError,  # from header and address parsers below requests
            ) as error:
                if deadline.expired:
                    return _too_slow(url, self._config)
                return _network_failure(url, error)

    def _ask(self, url: str, headers: dict[str, str], deadline: Deadline) -> Outcome | Redirect:
        response = self._session.get(
            url,
            headers=headers,
            stream=True,
            allow_redirects=False,
            # The deadline ends slow reads; a read timeout of the same length would race with it.
            timeout=(min(_CONNECT_SECONDS, deadline.remaining), deadline.remaining + 1.0),
        )
        try:
            status = response.status_code
            if status in _REDIRECTS:
                target = resolve(url, response.headers.get("Location", ""))
                if target is None:
                    return Failed(url=url, reason="redirect to no web address", status=status)
                return Redirect(url, target)
            payload = b"" if status == HTTPStatus.NOT_MODIFIED else self._body(response)
        finally:
            response.close()
            # Whatever the server says of keeping the connection: a second request over it would be
            # outside the deadline's watch, and fail where the server took our word and closed it.
            self._session.close()
        if deadline.expired:  # a body without length looks whole when its socket is shut down
            return _too_slow(url, self._config)
        return _outcome(url, response, payload, headers)

    def _body(self, response: requests.Response) -> bytes:
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._config.max_bytes:
            msg = f"larger than {self._config.max_bytes:,} bytes"
            raise BodyError(msg)
        pieces = response.raw.stream(_MAX_PIECE, decode_content=False)
        encoding = response.headers.get("Content-Encoding", "")
        return read_body(pieces, encoding, self._config.max_bytes)


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


def _outcome(
    url: str, response: requests.Response, payload: bytes, headers: dict[str, str]
) -> Outcome:
    status = response.status_code
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    sent = tuple(headers.items())
    exchange = Exchange(
        request_line=f"GET {target} HTTP/1.1",
        request_headers=(("Host", parts.netloc), *sent),
        status_line=f"HTTP/1.1 {status} {response.reason or ''}".rstrip(),
        response_headers=tuple(response.raw.headers.items()),
    )
    etag = response.headers.get("ETag")
    last_modified = response.headers.get("Last-Modified")
    if status == HTTPStatus.NOT_MODIFIED:
        return Unchanged(url=url, exchange=exchange, etag=etag, last_modified=last_modified)
    fetched = Fetched(
        url=url,
        status=status,
        media_type=response.headers.get("Content-Type", "").strip() or "application/octet-stream",
        payload=payload,
        exchange=exchange,
        etag=etag,
        last_modified=last_modified,
    )
    if status == HTTPStatus.OK:
        return fetched
    reason = f"HTTP {status}"
    if status in _TEMPORARY:
        wait = _retry_after(response.headers.get("Retry-After"))
        return Failed(url=url, reason=reason, temporary=True, status=status, retry_after=wait)
    if status in _REFUSED:
        return Failed(url=url, reason=reason, kind="blocked", status=status)
    kind = "gone" if status in _GONE else "failed"
    return Failed(url=url, reason=reason, kind=kind, status=status, fetched=fetched)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a ``Retry-After``, which may be a number or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (aware - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT)
