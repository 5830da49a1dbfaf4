"""``source check``: do a source's own pages still read as they should, and does the source answer?

In: source files with their golden pages, and with ``--fetch`` the sources themselves, asked with
the manners of a run: guarded, paced, as robots.txt and opt-outs allow. Out: findings in words.
Nothing is archived, and no file is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline import __version__
from pipeline.catalog_rows import Host, Robots
from pipeline.config import Config
from pipeline.golden_pages import Verdict, check_golden
from pipeline.ingest import contact_of, keys_of
from pipeline.paths import Workspace
from pipeline.read import read_payload, selectors_at
from pipeline.readers import Payload, UnreadableError
from pipeline.readers.dispatch import read_frame
from pipeline.recorder import open_catalog, stamp
from pipeline.sandbox import Sandbox
from pipeline.source_probe import EntryFinding, Findings, Probe, Sample
from pipeline.source_shares import Share, shares_of
from pipeline.sources import Source
from pipeline.visitor import Visitor, user_agent

_FOLDED = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFinding:
    """Everything that was found of one source."""

    source: Source
    golden: tuple[Verdict, ...] = ()
    share: Share | None = None
    entries: tuple[EntryFinding, ...] = ()
    document: tuple[str, ...] = ()
    is_readable: bool = True
    verified_on: str | None = None

    @property
    def is_well(self) -> bool:
        """Tell whether nothing needs a person."""
        return (
            not any(verdict.differences for verdict in self.golden)
            and not (self.share is not None and self.share.is_broken)
            and all(entry.is_well for entry in self.entries)
            and self.is_readable
        )

    def as_text(self) -> str:
        """Return the findings for people."""
        s = self.source
        lines = [f"{s.id}: {s.name} ({s.country}), {len(s.fetch)} fetch entries"]
        lines += [verdict.as_text() for verdict in self.golden]
        if self.share is not None and self.share.is_broken:
            lines.append(f"{_FOLDED}{self.share.as_text().partition(': ')[2]}")
        for entry in self.entries:
            lines += [f"{_FOLDED}{entry.name}", *(f"{_FOLDED * 2}{told}" for told in entry.told)]
        lines += [f"{_FOLDED}{told}" for told in self.document]
        if self.verified_on is not None:
            lines.append(f"{_FOLDED}All is well. Put into the source file:")
            lines.append(f"verified_on: {self.verified_on}")
        return "\n".join(lines)

    def as_data(self) -> dict[str, object]:
        """Return the findings as plain values."""
        return {
            "source": self.source.model_dump(mode="json"),
            "golden": [{"path": str(v.path), "differences": v.differences} for v in self.golden],
            "rejected_share": None if self.share is None else round(self.share.share, 4),
            "entries": [
                {"entry": e.name, "links": e.links, "newest": e.newest, "well": e.is_well}
                | {"findings": e.told}
                for e in self.entries
            ],
            "document": self.document,
            "well": self.is_well,
            "verified_on": self.verified_on,
        }


def asking(
    workspace: Workspace,
    config: Config,
    *,
    now: datetime,
    allow_private: frozenset[str] = frozenset(),
) -> Probe:
    """Return what asks sources, with the manners of a run and what former runs learnt of hosts.

    Raises:
        ConfigError: No contact, or a catalog of a newer version.
    """
    agent = user_agent(__version__, contact_of(workspace, config))
    hosts: list[Host] = []
    robots: list[Robots] = []
    if workspace.catalog.exists():
        with open_catalog(workspace) as catalog:
            hosts = list(catalog.hosts().values())
            robots = list(catalog.robots().values())
    visitor = Visitor(
        config.fetch,
        agent,
        now=now,
        hosts=hosts,
        known_robots=robots,
        allow_private=frozenset(name.lower() for name in allow_private),
    )
    return Probe(visitor, config, now, keys_of())


def check_sources(
    workspace: Workspace,
    config: Config,
    sources: Sequence[Source],
    *,
    now: datetime,
    probe: Probe | None = None,
) -> tuple[SourceFinding, ...]:
    """Check sources; with a probe, also ask them.

    Args:
        workspace: Where golden pages and documents are.
        config: Limits of reading.
        sources: The sources.
        now: The time of the check.
        probe: Asks sources, see `asking`; None: nothing is asked.

    Raises:
        ConfigError: A golden page is described wrongly.
    """
    shares = {share.source_id: share for share in shares_of(workspace, sources)}
    silent: list[Findings] = [((), None)] * len(sources)
    asked = silent if probe is None else probe.ask_all(sources)
    found = []
    with Sandbox(read_frame, seconds=config.read.seconds, memory_mb=config.read.memory_mb) as box:
        for source, (entries, sample) in zip(sources, asked, strict=True):
            told, is_readable = _read(source, sample, box, config, now)
            one = SourceFinding(
                source=source,
                golden=check_golden(workspace, source, box, config.read),
                share=shares.get(source.id),
                entries=entries,
                document=told,
                is_readable=is_readable,
            )
            found.append(_verified(one, now) if probe is not None else one)
    return tuple(found)


def _verified(finding: SourceFinding, now: datetime) -> SourceFinding:
    is_proven = finding.is_well and bool(finding.entries) and bool(finding.document)
    return replace(finding, verified_on=now.date().isoformat() if is_proven else None)


def _read(
    source: Source, sample: Sample | None, box: Sandbox, config: Config, now: datetime
) -> tuple[tuple[str, ...], bool]:
    """Read the fetched document and say what came of it, and whether it is well."""
    if sample is None:
        return (), True
    if sample.page is None:
        return (f"document {sample.url}: {sample.told}",), False
    page = sample.page
    fetched_at = stamp(now)
    selectors, expired = selectors_at(fetched_at, source.timezone, source.read)
    payload = Payload(
        body=page.payload,
        media_type=page.media_type,
        url=page.url,
        timezone=source.timezone,
        languages=source.languages,
        hint_published=sample.published,
        fetched_at=fetched_at,
        pdf_pages=config.read.pdf_pages,
        selectors=selectors,
    )
    try:
        reading = read_payload(payload, box)
    except UnreadableError as error:
        return (f"document {page.url}: no text: {error}",), False
    date = f"{reading.published.date} ({reading.published.method})" if reading.published else "none"
    told = [
        f"document {page.url}: {len(reading.text.split()):,} words by {reading.reader}",
        f"title: {reading.title or 'none'}",
        f"published: {date}",
        f"begins: {reading.text[:100]!r}",
    ]
    remarks = [r for r in (expired, *reading.remarks) if r and r.field.partition(".")[0] == "read"]
    told += [f"{r.field} {r.value!r}: {r.reason}" for r in remarks]
    return tuple(told), not remarks
