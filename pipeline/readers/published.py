"""When was a page published? The first statement that is a date and not in the future, by trust.

What the publisher states for machines comes first, then what a feed said, what readers see, the
URL, and last a statistical guess. The date of a change never stands for the date of publication
unless the page says nothing else. Each method has one confidence, measured on pages of other
projects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.readers import Payload, Published, Remark
from pipeline.readers.calendar_dates import dates_in, local_day, machine_date, zone_of
from pipeline.readers.html_dates import ALONE_CHARS, date_alone, times_in, visible_date
from pipeline.readers.html_metadata import Metadata

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

    from pipeline.readers.html_blocks import Block

# Meta tags that state a publication date, by trust. Names are compared in lower case.
META_NAMES = tuple(
    """
    article:published_time og:article:published_time og:published_time article:published
    datepublished publishdate publish-date publish_date publication_date publicationdate pubdate
    date_published published_time published_at originalpublicationdate article_date_original
    parsely-pub-date sailthru.date cxenseparse:recs:publishtime rnews:datepublished
    dc.date.issued dcterms.issued dcterms.date dc.date dc:date dc.date.created dcterms.created
    dc.created citation_publication_date citation_online_date content_published_date bt:pubdate
    article:created datecreated date
    """.split()
)
MODIFIED_NAMES = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "last-modified",
    "dcterms.modified",
)
CONFIDENCE = {
    "import": 1.0, "json-ld": 0.95, "meta": 0.9, "microdata": 0.95, "feed": 0.9, "time": 0.85,
    "visible": 0.95, "url": 0.8, "alone": 0.85, "text": 0.7, "htmldate": 0.7, "modified": 0.4,
    "pdf": 0.3, "docx": 0.3, "selector": 0.95,
}  # fmt: skip
_IN_UTC = re.compile(r"\d(?:Z|[+-]00:?00)\s*$")
_URL_DAY = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[/_-](0?[1-9]|1[0-2])[/_-](0?[1-9]|[12]\d|3[01])(?!\d)"
)
_URL_COMPACT = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=\d{0,6}(?!\d))")
# A web archive puts the time of its own capture before the address of the page.
_ARCHIVED = re.compile(r"^https?://web\.archive\.org/web/\d+\w*/")
_URL_FOLDERS = re.compile(r"/(?:19|20)\d\d/\d{1,2}/\d{1,2}/")
_STATED = ("json-ld", "meta", "microdata", "time")
_URL_MONTH = re.compile(r"/((?:19|20)\d\d)/(0[1-9]|1[0-2])/")
_PLACE_BEFORE = re.compile(
    r"(?:^|\n)\s*(?:[^\W\d_][\w.’' -]{2,40},"
    r"|[^\n:]{0,30}\b(?:tanggal|tgl|date|dated|released|datum)\b[^\n:]{0,12}:)"
    r"\s*\(?(?:[^\W\d_]{3,9},?\s+)?$",
    re.IGNORECASE,
)
RELEASE_HEAD_CHARS = 2_000  # a release bears its date above, as a dateline,
RELEASE_TAIL_CHARS = 700  # or below, over the signature
HTMLDATE_CHARS = 1_000_000  # htmldate is slow on large pages, and they are rarely undated


def month_first(payload: Payload, language: str | None) -> bool | None:
    """Tell how the publisher writes 03/04/2020: by zone, then language; None where it is open."""
    zone, tag = payload.timezone or "", (language or "").lower().replace("_", "-")
    if zone:
        return zone.startswith(("America/", "US/")) and tag[:2] in ("en", "")
    if tag in ("en-us", "en-ph"):
        return True
    main = tag[:2] or (payload.languages[0][:2] if payload.languages else "")
    return None if main in ("en", "") and tag in ("en", "") else False


def from_url(url: str | None) -> str | None:
    """Return the date in a URL's path: a day, or a month where it has no day."""
    path = urlsplit(_ARCHIVED.sub("", url or "")).path
    for pattern in (_URL_DAY, _URL_COMPACT):
        for year, month, day in pattern.findall(path):
            found = machine_date(f"{year}-{int(month):02d}-{int(day):02d}")
            if found:
                return found
    match = _URL_MONTH.search(path)
    return f"{match[1]}-{match[2]}" if match else None


def date_in_release(text: str, *, order: bool | None) -> str | None:
    """Return the date after a place name at the head or over the signature.

    "Yogyakarta, 18 Juli 2005" dates a release, "on 18 July 2005" in its text does not.
    """
    for part in (text[:RELEASE_HEAD_CHARS], text[-RELEASE_TAIL_CHARS:]):
        for found in dates_in(part, month_first=order):
            if _PLACE_BEFORE.search(part[: found.start]):
                return found.edtf
    return None


def _stated(found: Metadata, tree: LexborHTMLParser, payload: Payload) -> Iterator[tuple[str, str]]:
    yield from found.published
    for name in META_NAMES:
        if name in found.tags:
            yield found.tags[name], f"meta:{name}"
    if payload.hint_published:
        yield payload.hint_published, "feed"
    yield from times_in(tree)


class Judge:
    """Accepts a statement that is a date not after the capture; remembers why others were not."""

    def __init__(self, payload: Payload, *, order: bool | None) -> None:
        """Prepare for one payload; ``order`` is what `month_first` says."""
        self.zone = zone_of(payload.timezone)
        self.order = order
        self.url_date = from_url(payload.url)
        self.dated_path = _URL_FOLDERS.search(payload.url or "") is not None
        self.remarks: list[Remark] = []
        self.limit = "9999"
        try:
            fetched = datetime.fromisoformat(payload.fetched_at).replace(tzinfo=UTC)
            # Without a zone the publisher may live where the next day has begun (UTC+14 at most).
            self.limit = (
                local_day(fetched if self.zone else fetched + timedelta(hours=14), self.zone)
                or "9999"
            )
        except ValueError:
            pass

    def first(self, statements: Iterable[tuple[str | None, str]]) -> Published | None:
        """Return the first statement, a value and how it was found, that is a publication date."""
        judged = (self.accept(value, method) for value, method in statements if value)
        return next((found for found in judged if found is not None), None)

    def own_day(self, day: str, shown: str | None) -> str:
        """Return the day that the publisher shows, if it is at most one beside the one stated.

        A moment in UTC may be the next day, or still the last one, where the publisher lives.
        """
        try:
            apart = date.fromisoformat(day) - date.fromisoformat(shown or "")
        except ValueError:
            return day
        return (shown or day) if abs(apart.days) <= 1 and (shown or day) <= self.limit else day

    def accept(self, value: str, method: str) -> Published | None:
        """Return the statement as a publication date, or None with a remark."""
        day = machine_date(value, self.zone, month_first=self.order)
        if day is None:
            self.remarks.append(
                Remark(field="published", value=value[:80], reason=f"{method}: not a date")
            )
            return None
        day = self.own_day(day, self.url_date)
        if method.startswith(_STATED) and day > (self.url_date or day) and self.dated_path:
            # The date of a republication, or of a move to another system: the address is older.
            day = self.url_date or day
        if day > self.limit[: len(day)]:
            self.remarks.append(
                Remark(field="published", value=day, reason=f"{method}: after the page was fetched")
            )
            return None
        return Published(date=day, method=method, confidence=CONFIDENCE[method.split(":")[0]])


def published_of(
    found: Metadata,
    tree: LexborHTMLParser,
    blocks: Sequence[Block],
    place: tuple[int, int],
    payload: Payload,
    html: str,
) -> tuple[Published | None, list[Remark]]:
    """Return the publication date of a page and what was not understood on the way.

    ``place`` is where the document's first and last paragraphs stand among ``blocks``.
    """
    order = month_first(payload, found.language)
    judge = Judge(payload, order=order)
    for value, method in _stated(found, tree, payload):
        accepted = judge.accept(value, method)
        if accepted and len(accepted.date) == len("2020-01-01"):
            if judge.zone is None and _IN_UTC.search(value):
                seen = visible_date(blocks, place[0], order=order)
                accepted = replace(accepted, date=judge.own_day(accepted.date, seen))
            return accepted, judge.remarks
    first, last = place
    day = judge.url_date if len(judge.url_date or "") == len("2020-01-01") else None
    accepted = judge.first(
        (
            (visible_date(blocks, first, order=order), "visible"),
            (day, "url"),
            (date_alone(blocks, first, last, order=order), "alone"),
        )
    )
    told = (
        {
            one.edtf
            for block in blocks[first : last + 1]
            if block.size > ALONE_CHARS
            for one in dates_in(block.text, month_first=order)
        }
        if accepted is None
        else set()
    )
    accepted = accepted or _last_resort(found, judge, html, told)
    return accepted or judge.first([(judge.url_date, "url")]), judge.remarks


def _last_resort(found: Metadata, judge: Judge, html: str, told: set[str]) -> Published | None:
    """Guess; ``told`` are the dates that the text tells of, which date nothing."""
    if len(html) <= HTMLDATE_CHARS:
        from htmldate import find_date

        try:
            guess = find_date(
                html, extensive_search=True, original_date=True, max_date=judge.limit[:10]
            )
        except ValueError:  # htmldate raises on some broken pages
            guess = None
        # It makes the first of January of a bare year, which is that of a copyright notice.
        if guess and (guess.endswith("-01-01") or guess in told):
            guess = None
        accepted = judge.accept(guess, "htmldate") if guess else None
        if accepted:
            return accepted
    for value in [v for v, _ in found.modified] + [
        found.tags[n] for n in MODIFIED_NAMES if n in found.tags
    ]:
        accepted = judge.accept(value, "modified")
        if accepted:
            return accepted
    return None
