"""Asks a source what it has now: its entries, and the newest document that they name.

With the manners of a run (`visitor`): guarded, paced, as robots.txt and opt-outs allow. Nothing is
archived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pipeline import heavy
from pipeline.answers import Fetched, Trail
from pipeline.catalog_rows import Feed
from pipeline.config import Config
from pipeline.crawl_discovery import read_entry, sites_of
from pipeline.crawl_facts import checked
from pipeline.fetchers.found import Found
from pipeline.fetchers.methods import METHODS, Asked, asked_of
from pipeline.opt_outs import opt_out
from pipeline.sources import FetchEntry, Source
from pipeline.urls import site_of
from pipeline.visitor import Visitor

_TRIES = 3  # first addresses of an entry: the running day of an archive may still be empty
_LEVELS = 3  # an index of maps, a map of maps, a map
_THREADS = 16  # sources asked side by side; a check of all of them then takes minutes, not hours


@dataclass(frozen=True, slots=True)
class EntryFinding:
    """What one fetch entry gave: links, the newest of them, and what is wrong in words."""

    name: str
    told: tuple[str, ...]
    links: int = 0
    newest: str | None = None
    newest_url: str | None = None
    is_well: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """The one document that was asked for: its payload, or why there is none."""

    told: str
    url: str
    page: Fetched | None = None
    published: str | None = None


Findings = tuple[tuple[EntryFinding, ...], Sample | None]


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks sources. Threads share it."""

    visitor: Visitor
    config: Config
    now: datetime
    keys: Mapping[str, str]

    def ask_all(self, sources: Sequence[Source]) -> list[Findings]:
        """Ask sources side by side; each host still gets one request at a time."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(self.ask, sources))

    def ask(self, source: Source) -> Findings:
        """Ask for the entries of a source, and for the newest document that they name."""
        if source.tdm == "reserved" and self.config.fetch.opt_outs == "obey":
            told = "not asked: `tdm: reserved`, and fetch.opt_outs obeys it"
            return (EntryFinding("opt-out", (told,)),), None
        with heavy.single():
            entries = tuple(self._entry(source, entry) for entry in source.fetch)
            named = [e for e in entries if e.newest_url is not None]
            best = max(named, key=lambda e: (e.newest or "")[:10], default=None)
            return entries, self._sample(best) if best is not None else None

    def _entry(self, source: Source, entry: FetchEntry) -> EntryFinding:
        method = METHODS[entry.method]
        name = f"{entry.method} {entry.url or entry.query or ''}".rstrip()
        if method.key is not None and method.key not in self.keys:
            told = f"needs a key in the environment variable {method.key}: not asked"
            return EntryFinding(name, (told,), is_well=False)
        asked = asked_of(source, entry, self.now)
        starts = method.starts(asked)
        if entry.method == "commoncrawl":  # oldest month first
            starts = starts[::-1]
        finding = EntryFinding(name, ("gives no address to ask for",), is_well=False)
        for url in starts[:_TRIES]:
            finding = self._address(source, entry, asked, name, url)
            if finding.is_well:
                break
        return finding

    def _address(
        self, source: Source, entry: FetchEntry, asked: Asked, name: str, url: str
    ) -> EntryFinding:
        """Ask for one first address, and from an index on for the newest map that it names."""
        told: list[str] = []
        for _ in range(_LEVELS):
            answer = self._get(source, entry, url)
            if not isinstance(answer, Fetched):
                return EntryFinding(name, (*told, f"{url}: {answer}"), is_well=False)
            feed = Feed(source_id=source.id, url=url)
            found = read_entry(source, entry, feed, answer, self.now)
            if found.problem is not None:
                told.append(f"{url}: not recognised as {entry.method}: {found.problem}")
                return EntryFinding(name, tuple(told), is_well=False)
            if found.links or not found.follow or entry.method == "commoncrawl":
                return _judged(source, entry, asked, name, answer, found, told)
            url = max(found.follow, key=lambda link: (link.published or "")[:10]).url
            told.append(f"an index of {len(found.follow):,}; the newest is asked: {url}")
        return EntryFinding(name, (*told, "index within index, no documents"), is_well=False)

    def _get(self, source: Source, entry: FetchEntry, url: str) -> Fetched | str:
        key = METHODS[entry.method].key
        sites = sites_of(source) | {site_of(url)}
        outcome = self.visitor.get(
            url,
            stays=lambda target: site_of(target) in sites,
            headers=None if key is None else {"Authorization": f"Token {self.keys[key]}"},
        )
        return outcome if isinstance(outcome, Fetched) else _why(outcome)

    def _sample(self, entry: EntryFinding) -> Sample:
        """Ask for one document, unless its publisher reserves it."""
        url, trail = entry.newest_url or "", Trail()
        obeys = self.config.fetch.opt_outs == "obey"
        wish = self.visitor.site_wish(url, trail)
        if wish is not None and wish.is_refusal and obeys:
            return Sample(f"not asked: opt-out: {wish.rule}: {wish.words}", url)
        outcome = self.visitor.get(url, trail=trail)
        if isinstance(outcome, Fetched):
            headers = (
                *self.visitor.usage(outcome.url, trail),
                *outcome.exchange.response_headers,
            )
            wish = opt_out(headers, outcome.payload, outcome.media_type, wish)
            if wish is not None and wish.is_refusal and obeys:
                return Sample(f"not kept: opt-out: {wish.rule}: {wish.words}", url)
            outcome = checked(outcome)
        if not isinstance(outcome, Fetched):
            return Sample(f"not fetched: {_why(outcome)}", url)
        return Sample("fetched", url, outcome, entry.newest)


def _why(outcome: object) -> str:
    return str(getattr(outcome, "reason", "unchanged"))


def _judged(
    source: Source,
    entry: FetchEntry,
    asked: Asked,
    name: str,
    answer: Fetched,
    found: Found,
    told: list[str],
) -> EntryFinding:
    """Say what an answer that could be read holds."""
    if entry.method == "commoncrawl":
        told.append(f"a list of {len(found.follow):,} WARC files; none is fetched by a check")
        return EntryFinding(name, tuple(told), is_well=bool(found.follow))
    told.append(f"reachable, recognised as {entry.method}: {len(found.links):,} documents")
    told += _lost_links(source, entry, asked, answer, found)
    if entry.next_pattern:
        told.append(f"next_pattern matches {len(found.follow):,} links")
    dated = [link for link in found.links if link.published]
    newest = max(dated, key=lambda link: (link.published or "")[:10], default=None)
    told.append(f"newest: {newest.published[:10]}" if newest and newest.published else "no dates")
    chosen = newest or next(iter(found.links), None)
    return EntryFinding(
        name,
        tuple(told),
        links=len(found.links),
        newest=newest.published if newest else None,
        newest_url=chosen.url if chosen else None,
        is_well=bool(found.links),
    )


def _lost_links(
    source: Source, entry: FetchEntry, asked: Asked, answer: Fetched, found: Found
) -> list[str]:
    """Say which links are left out: by the pattern, or because they lead to other sites."""
    bare = entry.model_copy(update={"link_pattern": None})
    method = METHODS[entry.method]
    everything = method.read(
        answer.payload, answer.url, answer.media_type, Asked(bare, asked.since, asked.now)
    ).links
    told = []
    sites = sites_of(source)
    away = [] if method.is_wide else [k for k in everything if site_of(k.url) not in sites]
    if away:
        told.append(f"{len(away):,} links lead to other sites and are left out: {away[0].url}")
    if entry.link_pattern and not found.links and len(everything) > len(away):
        shown = next(k.url for k in everything if k not in away)
        told.append(f"link_pattern matches none of {len(everything) - len(away):,}, as {shown}")
    return told
