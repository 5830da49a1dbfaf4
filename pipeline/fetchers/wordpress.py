"""WordPress: the posts of a site by its REST interface (``/wp-json/wp/v2/posts``).

See https://developer.wordpress.org/rest-api/reference/posts/.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pipeline.captures import Link
from pipeline.fetchers.answers_json import read_json, text_of
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.urls import canonical_url, resolve

_PAGE = 100  # posts of one answer: the interface gives no more
_ROUTE = "/wp/v2/posts"
_FIELDS = "link,date,date_gmt,modified_gmt"  # without the texts an answer is a hundredth
_SECOND = timedelta(seconds=1)
_MAX_OFFSET = timedelta(hours=14)  # of a time zone; a larger difference is a wrong clock
_QUARTER = timedelta(minutes=15)  # zones keep to quarters of an hour
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")  # more pages than any site has, and no other digits
# A date alone is no moment: midnight would be invented.
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})?", re.A
)

_Query = list[tuple[str, str]]


def start_urls(url: str, since: datetime | None) -> tuple[str, ...]:
    """Return the address of the newest posts, those that were changed last first.

    Args:
        url: The site, its ``/wp-json``, or the route of the posts itself, also that of a custom
            type of posts (``/wp-json/wp/v2/berita``) and of a site without readable addresses
            (``/?rest_route=/wp/v2/posts``). Parameters of it stay, such as a category, or
            ``per_page`` for a site that gives fewer than a hundred at once.
        since: Leave out posts that were last changed before (UTC where it has no offset).
    """
    clean = canonical_url(url)
    if clean is None:
        return ()
    parts = urlsplit(clean)
    given = parse_qsl(parts.query)
    path = parts.path
    if "rest_route" not in dict(given):
        path = _posts(path, "/wp-json")
    asked = {
        "_fields": _FIELDS,
        "order": "desc",
        "orderby": "modified",
        "page": "1",
        "per_page": str(_size(given)),
    }
    if since is not None:
        # Without the Z a site takes it for its own local time; what is of that second is left out.
        asked["modified_after"] = f"{(_utc(since) - _SECOND).isoformat(timespec='seconds')}Z"
    own = [(k, _posts(v) if k == "rest_route" else v) for k, v in given if k not in asked]
    found = _address(clean, path, [*own, *asked.items()])
    return () if found is None else (found,)


def _posts(path: str, prefix: str = "") -> str:
    """Return the route of posts at or below a path; one that names a type of posts stays."""
    path = path.rstrip("/")
    if re.search(r"/wp/v2/[^/]", path):
        return path
    return re.split(r"/wp-json(?![^/])|/wp/v2$", path)[0] + prefix + _ROUTE


def _size(query: _Query) -> int:
    """Return how many posts an address asks for at once."""
    number = dict(query).get("per_page", "")
    return min(int(number), _PAGE) if _NUMBER.fullmatch(number) else _PAGE


def _address(url: str, path: str, query: _Query) -> str | None:
    parts = urlsplit(url)
    asked = urlencode(query, errors="replace")
    return canonical_url(urlunsplit((parts.scheme, parts.netloc, path, asked, "")))


def read_posts(payload: bytes, url: str) -> Found:
    """Return the posts of one answer, and the next page where this one is full.

    ``date`` is the site's local time without an offset, ``date_gmt`` the same moment in UTC: the
    difference is the offset.
    """
    value, problem = read_json(payload, "WordPress")
    if problem is not None:
        return Found(problem=problem)
    if _says_end(value):
        return Found()
    if isinstance(value, dict):
        told = text_of(value, "code") or text_of(value, "message")
        shown = "".join(c for c in told[:120] if c.isprintable())
        return Found(problem=f"WordPress: no posts but: {shown or 'an object'}")
    if not isinstance(value, list):
        return Found(problem="WordPress: no list of posts")
    own, links = canonical_url(url), dict[str, Link]()
    for row in value[:MAX_LINKS]:
        target = resolve(url, text_of(row, "link"))
        if target is not None and target != own:  # what has no link resolves to the list itself
            post = Link(url=target, published=_published(row), modified=_modified(row))
            links.setdefault(target, post)
    is_full = len(value) >= _size(parse_qsl(urlsplit(url).query))
    return Found(links=tuple(links.values()), follow=_next(url) if is_full else ())


def is_end(payload: bytes) -> bool:
    """Tell whether an answer with an error status says that there are no more pages.

    That is what a site answers behind its last page, which was a full one.
    """
    value, _ = read_json(payload, "WordPress")
    return _says_end(value)


def _says_end(value: object) -> bool:
    return text_of(value, "code") == "rest_post_invalid_page_number"


def is_final(url: str, asked_at: datetime) -> bool:
    """Tell whether an answer can never change: none is, since posts move on as others change."""
    del url, asked_at
    return False


def _next(url: str) -> tuple[Link, ...]:
    parts = urlsplit(url)
    query = parse_qsl(parts.query)
    number = dict(query).get("page", "1")
    if not _NUMBER.fullmatch(number):
        return ()
    onward = [(key, value) for key, value in query if key != "page"]
    target = _address(url, parts.path, [*onward, ("page", str(int(number) + 1))])
    return () if target is None else (Link(url=target),)


def _published(row: object) -> str | None:
    local, universal = _moment(row, "date"), _moment(row, "date_gmt")
    if local is None:
        return None if universal is None else _utc(universal).replace(tzinfo=UTC).isoformat()
    if universal is None or local.tzinfo is not None:
        return local.isoformat()
    offset = local - _utc(universal)
    if abs(offset) > _MAX_OFFSET or offset % _QUARTER:
        return local.isoformat()
    return local.replace(tzinfo=timezone(offset)).isoformat()


def _modified(row: object) -> str | None:
    moment = _moment(row, "modified_gmt")
    return None if moment is None else _utc(moment).replace(tzinfo=UTC).isoformat()


def _utc(moment: datetime) -> datetime:
    """Return a moment in UTC, where it is if it has no offset, without an offset."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _moment(row: object, key: str) -> datetime | None:
    """Return a date with its time; that of a post without one has the year 0, or -1."""
    text = text_of(row, key)
    try:
        found = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None
    return found if found is not None and 1 < found.year < 9999 else None  # room for offsets
