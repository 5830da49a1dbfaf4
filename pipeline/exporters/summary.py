"""What a dataset holds, in numbers: the same for the ``report`` command and for ``report.html``.

In: the rows of its CSV files. Out: a `Summary`. Nothing is computed from anything else, so a
reader with the files alone can check every figure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.exporters.reasons import History, history_of, rejections_of
from pipeline.exporters.ties import Tie, ties_of

Rows = Iterable[Mapping[str, str]]
SUMMARISED = ("agreements", "mentions", "places", "partners", "documents", "coverage", "rejections")
IF_THERE = ("changes", "tombstones")  # a first release has nothing to compare with
_SHARES = ("stage", "instrument", "level", "scope", "follow_up", "tier")
_LONGEST = 15  # lines of a ranking: what one looks at before one opens the file
Ranking = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One agreement as a reader meets it: who, what, how far, and a sentence with its source."""

    agreement: Mapping[str, str]
    sentence: str
    url: str
    source_id: str
    published: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Two places that agreements join, and how many; latitudes and longitudes in degrees."""

    local: tuple[float, float]
    partner: tuple[float, float]
    local_name: str
    partner_name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """How much one source gave."""

    source_id: str
    discovered: int
    fetched: int
    documents: int
    relevant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of one dataset."""

    counts: Mapping[str, int]
    shares: Mapping[str, Ranking]
    years: Mapping[str, tuple[int, int]]
    months: Mapping[str, tuple[int, int]]
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]
    sources: tuple[SourceLine, ...]
    rejections: tuple[tuple[str, str, int], ...]
    ties: tuple[Tie, ...]
    history: History
    country_names: Mapping[str, str]

    def as_data(self) -> dict[str, object]:
        """Return the figures as plain values, for ``--json``."""
        return {
            "counts": dict(self.counts),
            "shares": {name: dict(ranking) for name, ranking in self.shares.items()},
            "years": {y: {"vetted": v, "candidate": c} for y, (v, c) in self.years.items()},
            "sources": {
                s.source_id: {
                    "discovered": s.discovered,
                    "fetched": s.fetched,
                    "documents": s.documents,
                    "relevant": s.relevant,
                }
                for s in self.sources
            },
            "rejections": [
                {"stage": stage, "reason": reason, "count": count}
                for stage, reason, count in self.rejections
            ],
            "changes": [
                {"change": change, "reason": reason, "count": count}
                for change, reason, count in self.history.counts
            ],
            "tombstones": dict(self.history.statuses),
        }

    def as_text(self) -> str:
        """Return the figures for a terminal."""
        c = self.counts
        lines = [
            f"{c['agreements']:,} agreements ({c['vetted']:,} vetted) from {c['relevant']:,} "
            f"relevant of {c['documents']:,} documents",
            f"{c['mentions']:,} mentions, {c['parties']:,} parties, {c['countries']:,} countries, "
            f"{c['sources']:,} sources, {c['reprints']:,} reprints",
        ]
        for title, name in (
            ("stages", "stage"),
            ("instruments", "instrument"),
            ("sectors", "sectors"),
            ("partner countries", "partner_country"),
            ("partners", "partner"),
            ("governments", "local_party"),
        ):
            if self.shares[name]:
                top = ", ".join(f"{value} {count:,}" for value, count in self.shares[name][:8])
                lines.append(f"{title}: {top}")
        if self.rejections:
            lines.append("not passed on:")
            lines += [f"  {count:>7,}  {stage}: {why}" for stage, why, count in self.rejections]
        if self.history.counts:
            lines.append("changed since the last release:")
            lines += [f"  {n:>7,}  {what}: {why}" for what, why, n in self.history.counts]
        return "\n".join(lines)


def ranking(counts: Mapping[str, int], longest: int = _LONGEST) -> Ranking:
    """Return the largest counts first, equal ones in the alphabet's order."""
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:longest])


def summarise(tables: Mapping[str, Rows]) -> Summary:
    """Count the rows of the files in `SUMMARISED`, and of those in `IF_THERE`, each read once."""
    agreements = list(tables["agreements"])
    best = _best_mentions(tables["mentions"])
    mentions = sum(count for _, count in best.values())
    places = {p["id"]: p for p in tables["places"]}
    partners = {p["id"]: p for p in tables["partners"]}
    documents = _Documents({m["doc_id"] for m, _ in best.values()})
    documents.read(tables["documents"])
    sources, months = _coverage(tables["coverage"])
    countries = {p["country"] for p in partners.values() if p["country"]}
    counts = {
        "agreements": len(agreements),
        "vetted": sum(a["tier"] == "vetted" for a in agreements),
        "mentions": mentions,
        "documents": documents.count,
        "relevant": documents.relevant,
        "reprints": documents.reprints,
        "sources": len(sources),
        "parties": len(partners),
        "countries": len(countries),
        "languages": len(documents.languages),
    }
    return Summary(
        counts=counts,
        shares=_shares(agreements) | {"language": ranking(documents.languages)},
        years=_years(agreements),
        months=months,
        cards=tuple(_cards(agreements, best, documents.known)),
        routes=tuple(_routes(agreements, places)),
        sources=sources,
        rejections=rejections_of(tables["rejections"]),
        ties=ties_of(agreements),
        history=history_of(tables.get("changes", ()), tables.get("tombstones", ())),
        country_names={
            i.removeprefix("iso:"): p["name"] for i, p in places.items() if i.startswith("iso:")
        },
    )


def _best_mentions(mentions: Rows) -> dict[str, tuple[Mapping[str, str], int]]:
    """Return, per agreement, the mention to show (foreground, score) and how many there are."""
    best: dict[str, tuple[Mapping[str, str], int]] = {}

    def rank(m: Mapping[str, str]) -> tuple[bool, bool, float, str]:
        return (
            m["is_superseded"] == "true",
            m["is_background"] == "true",
            -float(m["score"]),
            m["mention_id"],
        )

    for mention in mentions:
        shown, count = best.get(mention["agreement_id"], (mention, 0))
        best[mention["agreement_id"]] = (min(shown, mention, key=rank), count + 1)
    return best


@dataclass(slots=True)
class _Documents:
    wanted: set[str]
    known: dict[str, Mapping[str, str]] = field(default_factory=dict)
    languages: Counter[str] = field(default_factory=Counter)
    count: int = 0
    relevant: int = 0
    reprints: int = 0

    def read(self, documents: Rows) -> None:
        """Count the documents and keep those that a card shows."""
        for document in documents:
            self.count += 1
            self.relevant += document["is_relevant"] == "true"
            self.reprints += document["duplicate_of"] != ""
            self.languages[document["language"]] += 1
            if document["doc_id"] in self.wanted:
                self.known[document["doc_id"]] = document


def _shares(agreements: Sequence[Mapping[str, str]]) -> dict[str, Ranking]:
    shares = {name: ranking(Counter(a[name] for a in agreements)) for name in _SHARES}
    sectors = Counter(s for a in agreements for s in a["sectors"].split("; ") if s)
    shares["sectors"] = ranking(sectors)
    shares["partner_country"] = ranking(
        Counter(a["partner_country"] for a in agreements if a["partner_country"])
    )
    for side in ("partner", "local_party"):
        ids = Counter(a[f"{side}_id"] for a in agreements)
        names = {a[f"{side}_id"]: a[f"{side}_name"] for a in agreements}
        kinds = {a[f"{side}_id"]: a[f"{side}_kind"] for a in agreements}
        namesakes = Counter(names.values())
        shares[side] = tuple(
            # Two governments of one name (Kota and Kabupaten Bandung) are told apart by their kind.
            (f"{names[i]} ({kinds[i]})" if namesakes[names[i]] > 1 else names[i], count)
            for i, count in ranking(ids)
        )
    return shares


def _years(agreements: Iterable[Mapping[str, str]]) -> dict[str, tuple[int, int]]:
    """Count agreements by the year of their first date: (vetted, candidate)."""
    years: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for agreement in agreements:
        year = agreement["first_date"][:4]
        if year.isdigit():
            years[year][agreement["tier"] != "vetted"] += 1
    return {year: (years[year][0], years[year][1]) for year in sorted(years)}


def _cards(
    agreements: Iterable[Mapping[str, str]],
    best: Mapping[str, tuple[Mapping[str, str], int]],
    documents: Mapping[str, Mapping[str, str]],
) -> Iterator[Card]:
    for agreement in agreements:
        mention, _ = best.get(agreement["agreement_id"], ({}, 0))
        document = documents.get(mention.get("doc_id", ""), {})
        yield Card(
            agreement=agreement,
            sentence=mention.get("evidence", ""),
            url=document.get("url", ""),
            source_id=document.get("source_id", ""),
            published=document.get("published", ""),
        )


def _routes(
    agreements: Iterable[Mapping[str, str]], places: Mapping[str, Mapping[str, str]]
) -> Iterator[Route]:
    """Yield what agreements join on the map; a party that is no place stands at its country."""

    def place(agreement: Mapping[str, str], side: str) -> Mapping[str, str] | None:
        own = places.get(agreement[f"{side}_id"])
        return own or places.get(f"iso:{agreement[f'{side}_country']}")

    counted: Counter[tuple[str, str]] = Counter()
    for agreement in agreements:
        local, partner = place(agreement, "local_party"), place(agreement, "partner")
        if local and partner:
            counted[local["id"], partner["id"]] += 1
    for (first, second), count in sorted(counted.items()):
        local, partner = places[first], places[second]
        yield Route(
            local=(float(local["latitude"]), float(local["longitude"])),
            partner=(float(partner["latitude"]), float(partner["longitude"])),
            local_name=local["name"],
            partner_name=partner["name"],
            count=count,
        )


def _coverage(rows: Rows) -> tuple[tuple[SourceLine, ...], dict[str, tuple[int, int]]]:
    sources: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        numbers = [int(row[name]) for name in ("discovered", "fetched", "documents", "relevant")]
        sources[row["source_id"]] = [
            a + b for a, b in zip(sources[row["source_id"]], numbers, strict=True)
        ]
        if row["month"]:
            months[row["month"]][0] += numbers[2]
            months[row["month"]][1] += numbers[3]
    lines = [
        SourceLine(source_id=s, discovered=n[0], fetched=n[1], documents=n[2], relevant=n[3])
        for s, n in sources.items()
    ]
    lines.sort(key=lambda s: (-s.documents, s.source_id))
    return tuple(lines), {m: (months[m][0], months[m][1]) for m in sorted(months)}
