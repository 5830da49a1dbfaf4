"""When was a page published? The first statement that is a date and not in the future, by trust.

What the publisher states for machines comes first, then what a feed said, what readers see, the
URL, and last a statistical guess. The date of a change never stands for the date of publication
unless the page says nothing else. Each method has one confidence, measured on pages of other
projects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.readers import Payload, Published, Remark
from pipeline.readers.calendar_dates import dates_in, local_day, machine_date, zone_of
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
    "import": 1.0, "json-ld": 0.95, "meta": 0.95, "microdata": 0.9, "feed": 0.9, "time": 0.85,
    "visible": 0.8, "url": 0.8, "text": 0.7, "htmldate": 0.6, "modified": 0.4, "pdf": 0.3,
    "docx": 0.3, "selector": 0.95,
}  # fmt: skip
_URL_DAY = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[/_-](0?[1-9]|1[0-2])[/_-](0?[1-9]|[12]\d|3[01])(?!\d)"
)
_URL_COMPACT = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=\d{0,6}(?!\d))")
# A web archive puts the time of its own capture before the address of the page.
_ARCHIVED = re.compile(r"^https?://web\.archive\.org/web/\d+\w*/")
_URL_MONTH = re.compile(r"/((?:19|20)\d\d)/(0[1-9]|1[0-2])/")
_LABEL = re.compile(
    r"(?i)\b(?:publi\w*|posted|date|issued|released|diunggah|terbit\w*|diterbitkan|dipublikasikan|"
    r"diposting|dirilis|ditayangkan|tayang|tanggal|tgl|veröffentlicht|erschienen|erstellt|fecha|data|"
    r"gepubliceerd|pubblicato|опубликовано|датум)\b"
)
_MODIFIED_LABEL = re.compile(
    r"(?i)(?:updated|modified|last\s+update|diperbarui|diupdate|pembaruan|aktualisiert|"
    r"letzte\s+änderung|mis\s+à\s+jour|modifi|actualizad|atualizad|aggiornat|обновлено|uppdaterad|"
    r"bijgewerkt)\W*(?:\w+\W+){0,2}$"
)
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_PLACE_BEFORE = re.compile(
    r"(?:^|\n)\s*(?:[^\W\d_][\w.’' -]{2,40},"
    r"|[^\n:]{0,30}\b(?:tanggal|tgl|date|dated|released|datum)\b[^\n:]{0,12}:)"
    r"\s*\(?(?:[^\W\d_]{3,9},?\s+)?$",
    re.IGNORECASE,
)
_AFTER_DATELINE = re.compile(r"^\s*[)\]]?\s*(?:[-–—:|/]|\(\w)")
RELEASE_HEAD_CHARS = 2_000  # a release bears its date above, as a dateline,
RELEASE_TAIL_CHARS = 700  # or below, over the signature
VISIBLE_CHARS = 160  # a longer block with a date in it tells a story
DATELINE_CHARS = 70  # how far into the first paragraph a dateline reaches
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


def visible_date(blocks: Sequence[Block], first: int, *, order: bool | None) -> str | None:
    """Return the date that readers see: by the headline, or the dateline of the first paragraph.

    Args:
        blocks: All blocks of the page in order, boilerplate too (bylines often are).
        first: Index of the document's first paragraph.
        order: See `month_first`.
    """
    title = next(
        (i for i in range(min(first, len(blocks) - 1), -1, -1) if blocks[i].tag == "h1"), None
    )
    start = max(0, (title if title is not None else first) - 4)
    plain: str | None = None
    for block in blocks[start : first + 1]:
        if block.size > VISIBLE_CHARS:
            continue
        for found in dates_in(block.text, month_first=order):
            if _MODIFIED_LABEL.search(block.text[: found.start]):
                continue
            if _LABEL.search(block.text[: found.start]) or _CLOCK.search(block.text[found.end :]):
                return found.edtf
            if block.size < VISIBLE_CHARS // 2:
                plain = plain or found.edtf
    return plain or dateline(blocks[first].text if first < len(blocks) else "", order=order)


def dateline(text: str, *, order: bool | None) -> str | None:
    """Return the date of "Yogyakarta, 18 Juli 2005 – …" or "Jakarta (12/07/2019) - …"."""
    for found in dates_in(text[:DATELINE_CHARS], month_first=order):
        before, after = text[: found.start].rstrip(" ,(["), text[found.end :]
        place = before.split(",")[0]
        if len(place.split()) <= 4 and place[:1].isupper() and _AFTER_DATELINE.match(after):
            return found.edtf
    return None


def date_in_release(text: str, *, order: bool | None) -> str | None:
    """Return the date after a place name at the head or over the signature.

    "Yogyakarta, 18 Juli 2005" dates a release, "on 18 July 2005" in its text does not.
    """
    for part in (text[:RELEASE_HEAD_CHARS], text[-RELEASE_TAIL_CHARS:]):
        for found in dates_in(part, month_first=order):
            if _PLACE_BEFORE.search(part[: found.start]):
                return found.edtf
    return None


def _times(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Yield statements in the body: microdata first, then ``<time>`` of the document."""
    for node in tree.css('[itemprop~="datePublished"],[property~="datePublished"],time[pubdate]')[
        :3
    ]:
        value = node.attributes.get("content") or node.attributes.get("datetime") or node.text()
        if value:
            yield value, "microdata"
    named = tree.css(
        'time[class*="publish" i],time.entry-date,[class*="publish" i] time,[class*="date" i] time'
    )[:2]
    for node in (
        named
        + tree.css("article time[datetime],main time[datetime]")[:1]
        + tree.css("time[datetime]")[:1]
    ):
        stated, name = node.attributes.get("datetime"), node.attributes.get("class") or ""
        if stated and not re.search(r"updat|modif", name):
            yield stated, "time"


def _stated(found: Metadata, tree: LexborHTMLParser, payload: Payload) -> Iterator[tuple[str, str]]:
    yield from found.published
    for name in META_NAMES:
        if name in found.tags:
            yield found.tags[name], f"meta:{name}"
    if payload.hint_published:
        yield payload.hint_published, "feed"
    yield from _times(tree)


class Judge:
    """Accepts a statement that is a date not after the capture; remembers why others were not."""

    def __init__(self, payload: Payload, *, order: bool | None) -> None:
        """Prepare for one payload; ``order`` is what `month_first` says."""
        self.zone = zone_of(payload.timezone)
        self.order = order
        self.url_date = from_url(payload.url)
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
        return next((date for date in judged if date is not None), None)

    def accept(self, value: str, method: str) -> Published | None:
        """Return the statement as a publication date, or None with a remark."""
        day = machine_date(value, self.zone, month_first=self.order)
        if day is None:
            self.remarks.append(
                Remark(field="published", value=value[:80], reason=f"{method}: not a date")
            )
            return None
        written = machine_date(value, None, month_first=self.order)
        if written and written != day and written == self.url_date:
            # The clock is the publisher's own in spite of its "Z": the URL has the same day
            day = written
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
    first: int,
    payload: Payload,
    html: str,
) -> tuple[Published | None, list[Remark]]:
    """Return the publication date of a page and what was not understood on the way."""
    order = month_first(payload, found.language)
    judge = Judge(payload, order=order)
    for value, method in _stated(found, tree, payload):
        accepted = judge.accept(value, method)
        if accepted and len(accepted.date) == len("2020-01-01"):
            return accepted, judge.remarks
    seen = (visible_date(blocks, first, order=order), "visible")
    accepted = judge.first((seen, (judge.url_date, "url"))) or _last_resort(found, judge, html)
    return accepted, judge.remarks


def _last_resort(found: Metadata, judge: Judge, html: str) -> Published | None:
    if len(html) <= HTMLDATE_CHARS:
        from htmldate import find_date

        try:
            guess = find_date(
                html, extensive_search=False, original_date=True, max_date=judge.limit[:10]
            )
        except ValueError:  # htmldate raises on some broken pages
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
