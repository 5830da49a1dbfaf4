"""``report.html``: what a dataset holds, on one page (see `pipeline.exporters.page`).

It grows with the number of agreements only up to `SHOWN` of them; all else is counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.codebook import Codebook
from pipeline.exporters.charts import months_chart, years_chart
from pipeline.exporters.datapackage import version_of
from pipeline.exporters.page import brief, page_of, safe_link
from pipeline.exporters.quality import Quality
from pipeline.exporters.summary import Card, Ranking, Summary
from pipeline.exporters.ties import draw_ties
from pipeline.exporters.worldmap import MARGIN, Dots, draw

SHOWN = 150  # agreements on the page: a phone opens it at once; the CSV has them all
SOURCES, REASONS = 60, 40  # lines of a table: what one looks at before one opens the file
QUOTE = 600  # characters of a sentence: 60 words and more, but no name of forty thousand
NAME = 120  # characters of a name: none that is real is longer
NO_FIGURES = Quality()
_COUNTRY = "country"  # no dimension of the codebook: the names of the places
_BARS = (
    ("stage", "How far they have come", "stage"),
    ("instrument", "Instruments", "instrument"),
    ("sectors", "Sectors", "sector"),
    ("level", "Levels", "level"),
    ("follow_up", "Follow-up", "follow_up"),
    ("partner_country", "Partner countries", _COUNTRY),
    ("partner", "Partners", ""),
    ("local_party", "Governments", ""),
)


def render(
    template: str,
    dataset: str,
    summary: Summary,
    codebook: Codebook,
    land: Dots,
    created: str | None,
    quality: Quality = NO_FIGURES,
) -> bytes:
    """Return the page.

    Args:
        template: The Jinja template's text.
        dataset: The dataset's name.
        summary: Its figures.
        codebook: For the labels of ids.
        land: The map's background.
        created: The newest retrieval of a document.
        quality: The floors of the program that made it.
    """
    return page_of(
        template,
        dataset=dataset,
        version=version_of(created),
        as_of=(created or "")[:10],
        counts=summary.counts,
        rankings=[
            (title, _bars(summary.shares[name], _names(summary, codebook, dimension)))
            for name, title, dimension in _BARS
            if summary.shares[name]
        ],
        years=years_chart(summary.years),
        months=months_chart(summary.months),
        map=draw(summary.routes, land),
        margin=MARGIN,
        cards=[_card(card, codebook) for card in _shown(summary)],
        left_out=max(0, len(summary.cards) - SHOWN),
        sources=summary.sources[:SOURCES],
        rejections=summary.rejections[:REASONS],
        more_rejections=summary.rejections[REASONS:],
        more_sources=summary.sources[SOURCES:],
        network=draw_ties(summary.ties),
        quality=quality,
        history=summary.history,
    )


def _shown(summary: Summary) -> list[Card]:
    """Return the agreements to show: vetted first, then by score, newest date and id."""

    def rank(card: Card) -> tuple[bool, float, str]:
        a = card.agreement
        return (a["tier"] != "vetted", -float(a["score"]), a["agreement_id"])

    return sorted(summary.cards, key=rank)[:SHOWN]


def _names(summary: Summary, codebook: Codebook, dimension: str) -> Mapping[str, str]:
    return summary.country_names if dimension == _COUNTRY else _labels(codebook, dimension)


def _labels(codebook: Codebook, dimension: str) -> Mapping[str, str]:
    if not dimension:
        return {}
    return {i: c.label for i, c in codebook.dimensions[dimension].categories.items()}


def _bars(ranking: Ranking, labels: Mapping[str, str]) -> list[tuple[str, int, float]]:
    """Return name, count and length in per cent; values of the codebook by their label."""
    most = max((count for _, count in ranking), default=1)
    return [(labels.get(value, value), count, 100 * count / most) for value, count in ranking[:10]]


def _card(card: Card, codebook: Codebook) -> dict[str, object]:
    """Return what the page shows of one agreement."""
    a = card.agreement
    sectors = _labels(codebook, "sector")
    return {
        "id": a["agreement_id"],
        "local": brief(a["local_party_name"], NAME),
        "local_country": a["local_party_country"],
        "partner": brief(a["partner_name"], NAME),
        "partner_country": a["partner_country"],
        "instrument": _labels(codebook, "instrument").get(a["instrument"], a["instrument"]),
        "stage": a["stage"],
        "stage_label": _labels(codebook, "stage").get(a["stage"], a["stage"]),
        "first": a["first_date"],
        "latest": a["latest_date"],
        "sectors": [sectors.get(s, s) for s in a["sectors"].split("; ") if s],
        "tier": a["tier"],
        "score": float(a["score"]),
        "documents": int(a["document_count"]),
        "independent": int(a["independent_count"]),
        "sentence": brief(card.sentence, QUOTE),
        "url": safe_link(card.url),
        "source": brief(card.source_id, NAME),
        "published": card.published,
    }
