"""``report.html``: one page without network, scripts or foreign fonts, safe against hostile names.

Every text passes Jinja's escaping; links are kept only if they are http or https; control
characters, which a page cannot show, are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.codebook import Codebook
from pipeline.exporters.charts import months_chart, years_chart
from pipeline.exporters.datapackage import version_of
from pipeline.exporters.summary import Card, Ranking, Summary
from pipeline.exporters.worldmap import Dots, draw

SHOWN = 400  # agreements on the page: it stays under a megabyte; the CSV has them all
_LINK = re.compile(r"https?://[^\s<>\"'`\\]+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_BARS = (
    ("stage", "How far they have come", "stage"),
    ("instrument", "Instruments", "instrument"),
    ("sectors", "Sectors", "sector"),
    ("level", "Levels", "level"),
    ("follow_up", "Follow-up", "follow_up"),
    ("partner_country", "Partner countries", ""),
    ("partner", "Partners", ""),
    ("local_party", "Governments", ""),
)


def safe_link(url: str) -> str:
    """Return a URL that may be a link, or an empty string."""
    return url if _LINK.fullmatch(url) else ""


def plain(text: object) -> str:
    """Return a text without the control and direction characters that could disturb the page."""
    return _CONTROL.sub("\ufffd", str(text))


def render(
    template: str,
    dataset: str,
    summary: Summary,
    codebook: Codebook,
    land: Dots,
    created: str | None,
) -> bytes:
    """Return the page.

    Args:
        template: The Jinja template's text.
        dataset: The dataset's name.
        summary: Its figures.
        codebook: For the labels of ids.
        land: The map's background.
        created: The newest retrieval of a document.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    environment.filters["link"] = safe_link
    environment.filters["number"] = lambda value: f"{value:,}"
    page = environment.from_string(template).render(
        dataset=dataset,
        version=version_of(created),
        as_of=(created or "")[:10],
        counts=summary.counts,
        rankings=[
            (title, _bars(summary.shares[name], _labels(codebook, dimension)))
            for name, title, dimension in _BARS
            if summary.shares[name]
        ],
        years=years_chart(summary.years),
        months=months_chart(summary.months),
        map=draw(summary.routes, land),
        cards=[_card(card, codebook) for card in _shown(summary)],
        left_out=max(0, len(summary.cards) - SHOWN),
        sources=summary.sources[:SHOWN],
        rejections=summary.rejections[:40],
    )
    return page.encode("utf-8")


def _shown(summary: Summary) -> list[Card]:
    """Return the agreements to show: vetted first, then by score, newest date and id."""

    def rank(card: Card) -> tuple[bool, float, str]:
        a = card.agreement
        return (a["tier"] != "vetted", -float(a["score"]), a["agreement_id"])

    return sorted(summary.cards, key=rank)[:SHOWN]


def _labels(codebook: Codebook, dimension: str) -> Mapping[str, str]:
    if not dimension:
        return {}
    return {i: c.label for i, c in codebook.dimensions[dimension].categories.items()}


def _bars(ranking: Ranking, labels: Mapping[str, str]) -> list[tuple[str, int, float]]:
    most = max((count for _, count in ranking), default=1)
    return [(labels.get(value, value), count, 100 * count / most) for value, count in ranking[:10]]


def _card(card: Card, codebook: Codebook) -> dict[str, object]:
    """Return what the page shows of one agreement."""
    a = card.agreement
    sectors = _labels(codebook, "sector")
    return {
        "id": a["agreement_id"],
        "local": a["local_party_name"],
        "local_country": a["local_party_country"],
        "partner": a["partner_name"],
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
        "sentence": card.sentence,
        "url": safe_link(card.url),
        "source": card.source_id,
        "published": card.published,
    }
