"""What comes of a document's page: a capture, a revisit, or a state with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.answers import Failed, Fetched, Outcome, Unchanged
from pipeline.captures import Exchange, Link, Note, make_capture, url_doc_id
from pipeline.catalog_rows import Due
from pipeline.config import Config
from pipeline.crawl_facts import PageFacts, draft_of, facts_of
from pipeline.fetchers.wayback import original_of, replay_url
from pipeline.ingest_report import Tally
from pipeline.origin import origin_of
from pipeline.recorder import Recorder, stamp
from pipeline.records import Capture
from pipeline.sources import Source
from pipeline.urls import is_same_page
from pipeline.warc import record_id

_HARD, _TEMPORARY = 1.0, 0.25  # weights as for feeds
_GIVE_UP = 3.0  # three hard failures, or twelve temporary ones: then the page is let go
_FIRST_WAIT = timedelta(hours=1)  # doubled per failure
_LONGEST_WAIT = timedelta(days=7)
_UNREADABLE_WAIT = timedelta(hours=24)  # robots.txt that cannot be read is asked for once a day


@dataclass(frozen=True, slots=True)
class PageRecorder:
    """Enters the answers for documents into archive and catalog."""

    recorder: Recorder
    now: str
    config: Config

    def settle(
        self,
        source: Source,
        due: Due,
        outcome: Outcome,
        facts: PageFacts | None,
        tally: Tally,
    ) -> tuple[str, tuple[Link, ...]]:
        """Record one answer and return what it leads to, after the name of that way."""
        if isinstance(outcome, Fetched):
            known = facts or facts_of(outcome, source, due, self.now)
            return "pdf_link", self._fetched(source, due, outcome, known, tally)
        if isinstance(outcome, Unchanged):
            self._unchanged(source, due, outcome, tally)
            return "", ()
        self._failed(source, due, outcome, tally)
        return "wayback", self._replays(source, due, outcome)

    def _fetched(
        self,
        source: Source,
        due: Due,
        outcome: Fetched,
        facts: PageFacts,
        tally: Tally,
    ) -> tuple[Link, ...]:
        sha = facts.sha256
        original = original_of(outcome.url)
        own = original or self._own_url(outcome.url, facts.canonical)
        if original is not None and self._is_held(original):
            self._leads_to(due, url_doc_id(original), tally)  # a copy of what we have first-hand
            return ()
        latest = self.recorder.latest(url_doc_id(own), due.page)
        if latest is not None and latest.payload_sha256 != sha and own != outcome.url:
            # Another page already has this canonical address and other content: perhaps a mistake
            # of a template that all pages share. Each then stays a document of its own.
            own = outcome.url
            latest = self.recorder.latest(url_doc_id(own))
        draft = facts.draft
        if draft.capture.url != own:  # only the catalog knew
            draft = draft_of(outcome, sha, source, due, own, self.now, facts.wish)
        if latest is not None and latest.payload_sha256 == sha:
            self._revisit(source, due, latest, draft.note, outcome.exchange, outcome.status)
            tally.add("unchanged")
            return ()
        self.recorder.record(
            draft.capture, outcome.payload, draft.note, outcome.exchange, draft.records
        )
        tally.add("new" if latest is None else "changed")
        return facts.pdfs if original is None else ()

    def _is_held(self, url: str) -> bool:
        """Tell whether a capture with a payload stands in the archive for an address."""
        return self.recorder.latest(url_doc_id(url)) is not None

    def _leads_to(self, due: Due, doc_id: str, tally: Tally) -> None:
        """Settle an address that leads to a document with a turn of its own."""
        tally.add("unchanged")
        if doc_id != due.page.doc_id:
            self._put_moved(due, doc_id)

    def _put_moved(self, due: Due, doc_id: str) -> None:
        page = replace(due.page, state="moved", reason=doc_id, checked_at=self.now, next_due=None)
        self.recorder.put_page(page)

    def _replays(self, source: Source, due: Due, outcome: Failed) -> tuple[Link, ...]:
        """Return where the Wayback Machine may have a page that is lost, if the source asks it."""
        page = due.page
        is_lost = outcome.kind == "gone" or self._wait(due, outcome) is None
        asks = any(entry.method == "wayback" for entry in source.fetch)
        if not (is_lost and asks and page.url) or page.capture_id or original_of(page.url):
            return ()
        url = replay_url(page.url, due.hint_published)
        return () if url is None else (Link(url=url, published=due.hint_published),)

    def _own_url(self, url: str, named: str | None) -> str:
        """Return the canonical address that a page names, if it can be believed, else its own.

        It is believed where it is the same path in another dress, or a page that a source named:
        one that nobody knows may be a mistake of a template, and be missing when it is asked for.
        """
        if named is None or is_same_page(named, url):
            return named or url
        known = self.recorder.catalog.page(url_doc_id(named)) is not None
        return named if known else url

    def _revisit(
        self,
        source: Source,
        due: Due,
        latest: Capture,
        note: Note,
        exchange: Exchange,
        status: int,
    ) -> None:
        """Archive that a document still has the payload of an earlier capture."""
        capture = make_capture(
            doc_id=latest.doc_id,
            kind="revisit",
            payload=b"",
            url=latest.url,
            **origin_of(source, due.discovered_by, due.hint_published),
            fetched_at=self.now,
            status=status,
            media_type=latest.media_type,
            payload_sha256=latest.payload_sha256,
            payload_length=latest.payload_length,
        )
        note = replace(
            note, refers_to=record_id(latest.capture_id), refers_to_date=latest.fetched_at
        )
        self.recorder.record(capture, b"", note, exchange)

    def _unchanged(self, source: Source, due: Due, outcome: Unchanged, tally: Tally) -> None:
        latest = self.recorder.latest(url_doc_id(outcome.url)) or self.recorder.latest(
            due.page.doc_id
        )
        if latest is None:  # a server that says 304 to a question without a condition
            told = Failed(url=outcome.url, reason="unchanged, but we have no copy")
            self._failed(source, due, told, tally)
            return
        note = Note(
            # A 304 need not repeat its validators.
            etag=outcome.etag or due.page.etag,
            last_modified=outcome.last_modified or due.page.last_modified,
        )
        self._revisit(source, due, latest, note, outcome.exchange, 304)
        tally.add("unchanged")

    def _failed(self, source: Source, due: Due, outcome: Failed, tally: Tally) -> None:
        if outcome.kind == "later":
            tally.reasons[f"postponed: {outcome.reason}"] += 1
            return
        page = due.page
        if outcome.kind == "moved":
            self._leads_to(due, url_doc_id(outcome.url), tally)
            return
        tally.add(outcome.kind, outcome.reason, url=page.url)
        if outcome.kind == "gone" and page.capture_id is not None and outcome.fetched is not None:
            self._record_gone(source, due, outcome.fetched)
            return
        failures = page.failures + (_TEMPORARY if outcome.temporary else _HARD)
        wait, now = self._wait(due, outcome), datetime.fromisoformat(self.now)
        self.recorder.put_page(
            replace(
                page,
                state=outcome.kind,
                reason=outcome.reason,
                checked_at=self.now,
                failures=0.0 if outcome.kind == "disallowed" else failures,
                next_due=None if wait is None else stamp(now + wait),
            )
        )

    def _wait(self, due: Due, outcome: Failed) -> timedelta | None:
        """Return how long a page that failed is let be; None: it is given up."""
        past = due.page.failures
        failures = past + (_TEMPORARY if outcome.temporary else _HARD)
        if outcome.kind == "gone" or failures >= _GIVE_UP:
            return None
        if outcome.kind == "disallowed" and outcome.temporary:
            return _UNREADABLE_WAIT
        if outcome.kind in ("blocked", "disallowed"):
            return timedelta(days=self.config.fetch.recheck_days)
        wait = min(_FIRST_WAIT * 2 ** min(past, 8), _LONGEST_WAIT)
        return max(wait, timedelta(seconds=outcome.retry_after or 0))

    def _record_gone(self, source: Source, due: Due, answer: Fetched) -> None:
        """Archive that a document that we have is not there any more: removal is evidence."""
        capture = make_capture(
            doc_id=due.page.doc_id,
            kind="response",
            payload=answer.payload,
            url=due.page.url,
            **origin_of(source, due.discovered_by, due.hint_published),
            fetched_at=self.now,
            status=answer.status,
            media_type=answer.media_type,
        )
        self.recorder.record(capture, answer.payload, Note(role="gone"), answer.exchange)
