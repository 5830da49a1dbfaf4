"""What came of one HTTP request, as values: a page, no change, a failure, or a redirect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from pipeline.captures import Exchange

_TEMPORARY = (408, 425, 429, 500, 502, 503, 504)
_GONE = (404, 410)
_REFUSED = (401, 403, 451)
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
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No page. ``kind`` is a state of the catalog, ``later``, or ``moved``.

    ``later`` means that the host was not asked: it is paused until a time that it gave, or failed
    too often in this run. ``moved``: it leads to ``url``, which is asked for in this run by itself.
    ``temporary`` failures are tried again.
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
    """Where the server sends us, not yet followed; ``fetched`` has no body: it is not read."""

    url: str
    target: str
    fetched: Fetched


Outcome = Fetched | Unchanged | Failed


@dataclass(frozen=True, slots=True)
class Step:
    """An answer on the way to another: ``role`` is ``robots``, ``tdmrep`` or ``redirect``."""

    role: str
    answer: Fetched


@dataclass(slots=True)
class Trail:
    """What one visit cost, and the answers on its way; ``seconds`` leave the pauses out."""

    steps: list[Step] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0


def fetched_of(
    url: str, response: requests.Response, payload: bytes, headers: Mapping[str, str]
) -> Fetched:
    """Return an answer as it came, whatever its status; ``headers`` are those that were sent."""
    status = response.status_code
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    exchange = Exchange(
        request_line=f"GET {target} HTTP/1.1",
        request_headers=(("Host", parts.netloc), *headers.items()),
        status_line=f"HTTP/1.1 {status} {response.reason or ''}".rstrip(),
        response_headers=tuple(response.raw.headers.items()),
    )
    return Fetched(
        url=url,
        status=status,
        media_type=response.headers.get("Content-Type", "").strip() or "application/octet-stream",
        payload=payload,
        exchange=exchange,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
    )


def outcome_of(
    url: str, response: requests.Response, payload: bytes, headers: Mapping[str, str]
) -> Outcome:
    """Return what an answer means, by its status."""
    fetched = fetched_of(url, response, payload, headers)
    status = fetched.status
    if status == HTTPStatus.NOT_MODIFIED:
        return Unchanged(
            url=url,
            exchange=fetched.exchange,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
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
