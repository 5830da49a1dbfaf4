"""WordPress: the posts of a site by its REST interface (``/wp-json/wp/v2/posts``).

See https://developer.wordpress.org/rest-api/reference/posts/.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pipeline.captures import Link
from pipeline.fetchers.answers_json import read_json, text_of
from pipeline.fetchers.found import MAX_LINKS, Found
from pipeline.urls import canonical_url, resolve

_PAGE = 100  # posts of one answer: the interface gives no more
_ROUTE = "/wp-json/wp/v2/posts"
_FIELDS = "link,date,date_gmt,modified_gmt"  # without the texts an answer is a hundredth
_MAX_OFFSET = timedelta(hours=14)  # of a time zone; a larger difference is a wrong clock
_QUARTER = timedelta(minutes=15)  # zones keep to quarters of an hour


def start_urls(url: str, since: datetime | None) -> tuple[str, ...]:
    """Return the address of the newest posts, those that were changed last first.

    Args:
        url: The site, its ``/wp-json``, or the route of the posts itself, also that of a custom
            type of posts (``/wp-json/wp/v2/berita``). Parameters of it, such as a category, stay.
        since: Leave out posts that were not changed since then.
    """
    clean = canonical_url(url)
    if clean is None:
        return ()
    parts = urlsplit(clean)
    path = parts.path.rstrip("/")
    if "/wp-json/wp/v2/" not in f"{path}/":
        path = path.partition("/wp-json")[0] + _ROUTE
    elif path.endswith("/wp-json/wp/v2"):
        path += "/posts"
    asked = {
        "_fields": _FIELDS,
        "order": "desc",
        "orderby": "modified",
        "page": "1",
        "per_page": str(_PAGE),
    }
    if since is not None:
        asked["modified_after"] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    own = [(key, value) for key, value in parse_qsl(parts.query) if key not in asked]
    found = canonical_url(_with_query(clean, path, [*own, *asked.items()]))
    return () if found is None else (found,)


def _with_query(url: str, path: str, query: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query, errors="replace"), ""))


def read_posts(payload: bytes, url: str) -> Found:
    """Return the posts of one answer, and the next page where this one is full.

    ``date`` is the site's local time without an offset, ``date_gmt`` the same moment in UTC: the
    difference is the offset.
    """
    value, problem = read_json(payload, "WordPress")
    if problem is not None:
        return Found(problem=problem)
    if is_end(payload):
        return Found()
    if isinstance(value, dict):
        told = text_of(value, "code") or text_of(value, "message") or "an object"
        return Found(problem=f"WordPress: no posts but: {told[:120]}")
    if not isinstance(value, list):
        return Found(problem="WordPress: no list of posts")
    links: dict[str, Link] = {}
    for row in value[:MAX_LINKS]:
        target = resolve(url, text_of(row, "link"))
        if target is not None:
            links.setdefault(
                target, Link(url=target, published=_published(row), modified=_utc(row))
            )
    follow = _next(url) if len(value) >= _PAGE else ()
    return Found(links=tuple(links.values()), follow=follow)


def is_end(payload: bytes) -> bool:
    """Tell whether an answer with an error status says that there are no more pages.

    That is what a site answers behind its last page, which was a full one.
    """
    value, _ = read_json(payload, "WordPress")
    return text_of(value, "code") == "rest_post_invalid_page_number"


def _next(url: str) -> tuple[Link, ...]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    number = query.get("page", "1")
    if not number.isdecimal() or len(number) > 6:  # digits: more pages than any site has
        return ()
    query["page"] = str(int(number) + 1)
    target = canonical_url(_with_query(url, parts.path, list(query.items())))
    return () if target is None else (Link(url=target),)


def _published(row: object) -> str | None:
    local, universal = _moment(row, "date"), _moment(row, "date_gmt")
    if local is None:
        return None if universal is None else universal.replace(tzinfo=UTC).isoformat()
    if universal is None:
        return local.isoformat()
    offset = local - universal
    if abs(offset) > _MAX_OFFSET or offset % _QUARTER:
        return local.isoformat()
    return local.replace(tzinfo=timezone(offset)).isoformat()


def _utc(row: object) -> str | None:
    moment = _moment(row, "modified_gmt")
    return None if moment is None else moment.replace(tzinfo=UTC).isoformat()


def _moment(row: object, key: str) -> datetime | None:
    """Return a moment without an offset; a post without a date has year 0."""
    try:
        found = datetime.fromisoformat(text_of(row, key))
    except ValueError:
        return None
    return found.replace(tzinfo=None) if found.year > 1 else None
