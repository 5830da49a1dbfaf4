"""The Wayback Machine: what it holds of a source, and single pages as they once were.

Its index (the CDX server) answers in JSON, see
https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server. A page comes back as its
server sent it where the address has `id_` behind the moment.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from pipeline.captures import Link
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.guard import is_public
from pipeline.urls import canonical_url, site_of

HOST = "web.archive.org"
CDX = f"https://{HOST}/cdx/search/cdx"
_REPLAY = f"https://{HOST}/web"
_ROWS = 5_000  # of one answer: under a megabyte; the server searches a larger one too long
MAX_BYTES = 20_000_000  # that many rows with the longest addresses
_FIRST_YEAR = 1996  # the archive's first captures
_NEWEST = "2"  # a moment that is cut short means the last one it could be
# The filters are regular expressions that must fit the whole field.
_KINDS = ("text/html", "application/xhtml+xml", "application/pdf")
_FILTERS = (
    ("filter", "statuscode:200"),
    ("filter", f"mimetype:({'|'.join(_KINDS)})".replace("+", ".")),
)
_ORIGINAL = re.compile(r"/web/(?:\d{1,14})?(?:[a-z]{2}_)?/(https?:/{1,2}[^/].*)")
_ERRORS = (
    (b"AdministrativeAccessControlException", "excluded from the archive"),
    (b"RobotAccessControlException", "closed by its robots.txt, in the archive too"),
)
# Names that no public server has (RFC 6761, RFC 6762, RFC 8375, and what routers hand out).
_LOCAL = re.compile(
    r"(?:^|\.)(?:local|localhost|localdomain|internal|intranet|lan|home|corp|private|test|invalid"
    r"|onion|arpa)$"
)
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)$")  # a last label that makes a name an IPv4 address


def start_urls(url: str, since: datetime | None) -> tuple[str, ...]:
    """Return the index query for everything below an address: pages and PDFs that were there.

    The rule is that of the archive itself. ``https://*.kota.example/`` asks for a domain with all
    hosts in it, ``https://kota.example/`` for one host (with or without ``www``), and an address
    with a path, ``https://kota.example/berita/``, for the addresses that begin like it.

    Args:
        url: The address. One that is not public gives no query: no archive has it.
        since: Leave out captures before this moment.
    """
    text = url.strip().removesuffix("*")
    plain = re.sub(r"^(https?://)\*\.", r"\1", text, flags=re.I)
    target = _public(plain)
    if target is None:
        return ()
    parts = urlsplit(target)
    if plain != text:
        asked, match = parts.netloc, "domain"
    elif parts.path == "/" and not parts.query:
        asked, match = parts.netloc, "host"
    else:
        asked, match = target.partition("://")[2], "prefix"
    fields = [("url", asked), ("matchType", match), ("collapse", "urlkey"), *_FILTERS]
    if since is not None:
        fields.append(("from", _digits(since)))
    return _found(_query([*fields, ("limit", str(_ROWS)), ("showResumeKey", "true")]))


def _query(fields: Iterable[tuple[str, str]]) -> str | None:
    names = [("output", "json"), ("fl", "timestamp,original,mimetype,statuscode"), *fields]
    return canonical_url(f"{CDX}?{urlencode(names)}")


def _found(url: str | None) -> tuple[str, ...]:
    return () if url is None else (url,)


def _digits(moment: datetime) -> str:
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return re.sub(r"\D", "", aware.astimezone(UTC).isoformat()[:19])


def read_cdx(payload: bytes, url: str) -> Found:
    """Return the captures in an answer of the index, one for each address, and the next query.

    Links lead to the first capture of each address; the moment of a capture is not that of the
    publication and is not taken for it. The archive counts spellings with and without ``www`` or
    TLS as one address.

    Args:
        payload: The answer, in JSON.
        url: The query. The next one differs in its resume key only, which must come behind that of
            this one: an index that leads in a circle ends there.
    """
    rows = _rows(payload)
    if isinstance(rows, str):
        return Found(problem=rows)
    links: dict[str, Link] = {}
    for moment, original in _captures(rows):
        if len(links) >= MAX_LINKS:
            break
        target = replay_url(original, moment)
        if target is not None:
            links.setdefault(original, Link(url=target))
    return Found(links=tuple(links.values()), follow=_next(rows, url))


def _rows(payload: bytes) -> list[list[object]] | str:
    """Return the rows of an answer, with their header, or what is wrong with it."""
    if len(payload) > MAX_BYTES:
        return f"archive index: answer larger than {MAX_BYTES:,} bytes"
    start = payload[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    told = next((told for mark, told in _ERRORS if mark in start), None)
    if told is not None and not start.startswith(b"["):
        return told
    try:
        value = json.loads(payload.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        if start.startswith(b"<"):
            return "archive index: a page instead of an answer"
        if start.startswith(b"[") or not start:
            return "archive index: answer cut or empty"
        line = re.sub(r"[^\x20-\x7e]+", " ", start.decode("utf-8", "replace"))
        return f"archive index: {line[:120].strip()}"
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        return "archive index: JSON, but no rows"
    if value and not {"timestamp", "original"} <= {n for n in value[0] if isinstance(n, str)}:
        return "archive index: rows without moment or address"
    return value


def _captures(rows: list[list[object]]) -> Iterator[tuple[str, str]]:
    """Yield moment and canonical original of each row that is a page or a PDF.

    What the filters should have kept back is looked at again: repeats of an earlier capture
    (`warc/revisit`, without status), redirects and errors, and addresses that never were any.
    """
    for row in rows[1:]:
        if len(row) != len(rows[0]):  # the resume key and the empty row before it
            continue
        named = zip(rows[0], row, strict=True)
        fields = {name: value for name, value in named if isinstance(name, str)}
        moment, address = fields.get("timestamp"), fields.get("original")
        if (
            fields.get("statuscode", "200") != "200"
            or fields.get("mimetype", _KINDS[0]) not in _KINDS
        ):
            continue
        if not isinstance(moment, str) or not isinstance(address, str) or _iso(moment) is None:
            continue
        original = _public(address)
        if original is not None:
            yield moment, original


def _next(rows: list[list[object]], url: str) -> tuple[Link, ...]:
    """Return the query behind the resume key: the last row, after an empty one."""
    if len(rows) < 2 or rows[-2] or len(rows[-1]) != 1 or not isinstance(rows[-1][0], str):
        return ()
    key = rows[-1][0]
    base, _, asked = url.partition("?")
    fields = parse_qsl(asked, keep_blank_values=True)
    before = next((value for name, value in fields if name == "resumeKey"), "")
    if not unquote_plus(key) > unquote_plus(before):
        return ()
    kept = [field for field in fields if field[0] != "resumeKey"]
    # The key is sent as it came, so encoded twice: the server decodes it once more than the rest.
    target = canonical_url(f"{base}?{urlencode([*kept, ('resumeKey', key)], errors='replace')}")
    return tuple(Link(url=target) for target in _found(target))


def replay_url(original: str, moment: str | None) -> str | None:
    """Return the address of the capture nearest to a moment, as the server once sent it.

    It is canonical. None where the original is no public address, the moment is none, or the whole
    is too long for an address.

    Args:
        original: The address that was captured.
        moment: Fourteen digits or fewer, or ISO 8601 (UTC where no offset is given); None for the
            newest capture.
    """
    target = _public(original)
    if target is None:
        return None
    digits = _NEWEST if moment is None else _moment_digits(moment)
    if digits is None:
        return None
    found = canonical_url(f"{_REPLAY}/{digits}id_/{target}")
    # An original inside a path is read as part of it; what changes there would be another address.
    return found if found is not None and original_of(found) == target else None


def _moment_digits(moment: str) -> str | None:
    if re.fullmatch(r"\d{4,14}", moment, re.A):
        return moment
    try:
        return _digits(datetime.fromisoformat(moment))
    except (ValueError, OverflowError):  # the latter: the first or last day that there is
        return None


def original_of(url: str) -> str | None:
    """Return the canonical original of a replay address, or None where that is none of a document.

    Only addresses of the archive's own host count, and only originals that are public: no private
    host, no capture of an archive.
    """
    clean = canonical_url(url)
    if clean is None or urlsplit(clean).netloc != HOST:
        return None
    found = _ORIGINAL.fullmatch(clean.partition(HOST)[2])
    if found is None:
        return None
    return _public(re.sub(r"^(https?):/+", r"\1://", found[1]))


def _public(url: str) -> str | None:
    """Return the canonical form of an address that a public server can have, else None."""
    clean = canonical_url(url)
    host = (urlsplit(clean).hostname or "") if clean is not None else ""
    if clean is None or not _is_public_host(host) or site_of(clean) == "archive.org":
        return None
    return clean


def _is_public_host(host: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        last = host.rpartition(".")[2]
        return "." in host and not _NUMBER.match(last) and not _LOCAL.search(host)


def memento_time(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return when an answer of the archive was captured, from ``Memento-Datetime``, in UTC.

    Only a capture has that header (RFC 7089); an error page of the archive itself has none.
    """
    value = next((v for name, v in headers if name.lower() == "memento-datetime"), "")
    try:
        moment = parsedate_to_datetime(value.strip())
        return _stamp(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def first_seen_url(original: str) -> str | None:
    """Return the index query for the first capture of an address; None where it is not public."""
    target = _public(original)
    return None if target is None else _query([("url", target), *_FILTERS, ("limit", "1")])


def first_seen(payload: bytes) -> str | None:
    """Return the moment of the earliest page in an answer of the index, in UTC; None for none.

    The document was there at that moment; it may have been published long before.
    """
    rows = _rows(payload)
    moments = [] if isinstance(rows, str) else [moment for moment, _ in _captures(rows)]
    return _iso(min(moments)) if moments else None


def _iso(moment: str) -> str | None:
    """Return a moment of the archive, fourteen digits, as ISO 8601."""
    if not re.fullmatch(r"\d{14}", moment, re.A):
        return None
    try:
        return _stamp(datetime.strptime(moment, "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def _stamp(moment: datetime) -> str | None:
    """Return a moment in UTC; None for one before the archive began, by a clock that was wrong."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}" if utc.year >= _FIRST_YEAR else None
