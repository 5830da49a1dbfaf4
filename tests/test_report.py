"""Report: the same figures as the files, on a page that is safe against hostile names."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.build import run_build
from pipeline.codebook import Codebook
from pipeline.config import Config, ConfigError
from pipeline.export import TEMPLATES, run_export
from pipeline.exporters import reasons
from pipeline.exporters.charts import months_chart, years_chart
from pipeline.exporters.page import plain, safe_link
from pipeline.exporters.quality import quality_of, read_quality
from pipeline.exporters.reasons import history_of
from pipeline.exporters.report_html import SHOWN, render
from pipeline.exporters.summary import IF_THERE, SUMMARISED, Route, summarise
from pipeline.exporters.ties import SIDE, draw_ties, ties_of
from pipeline.exporters.worldmap import ARCS, NORTH, dots_of, draw
from pipeline.paths import CHECKOUT, Workspace
from pipeline.records import Party
from pipeline.report import run_report
from tests.dataset_builders import (
    BOSTON,
    KYOTO,
    YOGYAKARTA,
    document,
    fill,
    light_models,
    mention,
    relevance,
)

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ 7*7 }}{% for x in y %}",
    "&lt;b&gt; ]]> <!-- <svg onload=alert(1)>",
    "javascript:alert(1)",
    "\u202egnp.exe\u0000\x1b[31m",
)


class Page(HTMLParser):
    """Collects the tags, attributes and text of a page."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(data.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def publish(root: Path, name: str, url: str | None = "https://paper.example/1") -> Workspace:
    light_models(root)
    doc = document(
        "one", f"{name} and Yogyakarta signed an MoU.", url=url, title=name, source_id=name
    )
    partner = Party(name=name, kind="business", country="JP")
    told = mention(doc, YOGYAKARTA, partner, instrument="mou", date="2020-01-01")
    workspace = fill(root, [doc], [told], [relevance(doc)])
    run_build(workspace, Config(), now=NOW)
    run_export(workspace, Config(), now=NOW)
    return workspace


@pytest.fixture(scope="module")
def plain_tags(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The tags of a page without hostile names."""
    return {tag for tag, _ in page_of(publish(tmp_path_factory.mktemp("plain"), "Plain")).tags}


def page_of(workspace: Workspace) -> Page:
    return Page((workspace.outputs / "agreements" / "report.html").read_bytes())


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_text_and_nothing_runs(
    tmp_path: Path, name: str, plain_tags: set[str]
) -> None:
    page = page_of(publish(tmp_path, name, url=f"javascript:alert('{name}')"))
    assert {tag for tag, _ in page.tags} <= plain_tags - {"script", "img", "iframe", "object"}
    for _, attributes in page.tags:
        assert not any(a.startswith("on") for a in attributes)
        link = attributes.get("href") or attributes.get("src") or ""
        assert not link or link.startswith(("http://", "https://"))
    shown = re.sub(r"[\x00-\x08\x1b\u202e]", "\ufffd", name)
    assert any(shown in text for text in page.text)


@given(st.text(max_size=60))
def test_only_web_addresses_become_links(url: str) -> None:
    assert safe_link(url) in ("", url)
    link = safe_link(url)
    assert not link or re.match(r"https?://", link, re.IGNORECASE)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " https://a.b",
        "JAVASCRIPT:x",
        "data:text/html,x",
        "//a.b",
        "https://a b",
    ],
)
def test_other_addresses_do_not(url: str) -> None:
    assert safe_link(url) == ""


def test_the_page_asks_the_network_for_nothing(tmp_path: Path) -> None:
    page = page_of(publish(tmp_path, "Plain"))
    assert not any("src" in attributes for _, attributes in page.tags)
    assert not any(tag in ("link", "script", "iframe") for tag, _ in page.tags)
    policy = next(
        a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None and policy.startswith("default-src 'none'")
    data = (tmp_path / "outputs" / "agreements" / "report.html").read_text("utf-8")
    assert "@import" not in data and "url(" not in data


def test_the_command_and_the_page_tell_the_figures_of_the_files(tmp_path: Path) -> None:
    light_models(tmp_path)
    docs = [
        document(
            "one",
            "Yogyakarta and Kyoto Prefecture are sisters.",
            kind="government",
            published="2005-07-19",
        ),
        document("two", "Yogyakarta and Kyoto Prefecture are sisters.", published="2005-08-01"),
        document("three", "Yogyakarta met Boston.", published="2005-09"),
        document("four", "Nothing of note.", published=None),
        document("five", "Boston, perhaps, and Yogyakarta."),
    ]
    told = [
        mention(docs[0], YOGYAKARTA, KYOTO, start_date="1985-07-16"),
        mention(docs[1], YOGYAKARTA, KYOTO, start_date="1985-07-16", background=True),
        mention(docs[2], YOGYAKARTA, BOSTON, stage="exploring", instrument="mou"),
        mention(docs[4], YOGYAKARTA, BOSTON, score=0.2),
    ]
    workspace = fill(tmp_path, docs, told)
    run_build(workspace, Config(), now=NOW)
    run_export(workspace, Config(), now=NOW)
    summary = run_report(workspace)
    assert summary.counts == {
        "agreements": 2,
        "vetted": 1,
        "mentions": 3,
        "documents": 5,
        "relevant": 3,
        "reprints": 1,
        "sources": 5,
        "parties": 3,
        "countries": 3,
        "languages": 1,
    }
    assert summary.shares["local_party"] == (("Yogyakarta", 2),)
    assert summary.years == {"1985": (1, 0)}
    assert summary.months["2005-07"] == (1, 1)
    assert [(stage, count) for stage, _, count in summary.rejections] == [("build", 1)]
    text = summary.as_text()
    assert "2 agreements (1 vetted)" in text and "below the candidate threshold" in text
    page = " ".join(page_of(workspace).text)
    for figure in ("2 agreements that cities", "Kyoto Prefecture", "below the candidate threshold"):
        assert figure in page
    assert summary.as_data()["counts"] == summary.counts
    assert summary.cards[0].sentence == docs[0].text


def test_reasons_are_counted_without_their_details() -> None:
    reasons = [
        "no pair (best: A and B, 0.21: score)",
        "no pair (best: C (D) and E, 0.3)",
        "page 7",
        "page 12",
    ]
    tables: dict[str, list[dict[str, str]]] = {
        name: []
        for name in ("agreements", "mentions", "places", "partners", "documents", "coverage")
    }
    tables["rejections"] = [{"stage": "relate", "reason": r} for r in reasons]
    assert summarise(tables).rejections == (("relate", "no pair", 2), ("relate", "page …", 2))


def test_namesakes_are_told_apart_by_their_kind(tmp_path: Path) -> None:
    light_models(tmp_path)
    regency = Party(name="Yogyakarta", kind="province", country="ID", referent_id="gn:2")
    docs = [document(n, "Yogyakarta and Boston signed an MoU.") for n in "ab"]
    told = [mention(d, p, BOSTON) for d, p in zip(docs, (YOGYAKARTA, regency), strict=True)]
    workspace = fill(tmp_path, docs, told)
    run_build(workspace, Config(), now=NOW)
    run_export(workspace, Config(), now=NOW)
    governments = dict(run_report(workspace).shares["local_party"])
    assert governments == {"Yogyakarta (city)": 1, "Yogyakarta (province)": 1}


def test_without_a_dataset_the_message_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cityaccords extract"):
        run_report(Workspace(tmp_path))


def test_an_empty_dataset_has_a_page(tmp_path: Path) -> None:
    light_models(tmp_path)
    run_export(Workspace(tmp_path), Config(), now=NOW)
    text = " ".join(page_of(Workspace(tmp_path)).text)
    assert "0 agreements" in text and "No agreement yet" in text


def test_charts_show_gaps_and_stay_within_their_frame() -> None:
    chart = years_chart({"1985": (1, 0), "1990": (2, 3)})
    assert len(chart.bars) == 6 and chart.top == 5
    assert chart.bars[1].lower == chart.bars[1].upper == 0
    assert all(b.x + b.width <= 100 and b.lower + b.upper <= 100.0001 for b in chart.bars)
    assert len(years_chart({"0001": (1, 0), "2020": (1, 0)}).bars) == 150
    assert [
        b.title[:7] for b in months_chart({"2020-11": (1, 1), "2021-02": (3, 0), "": (1, 0)}).bars
    ] == [
        "2020-11",
        "2020-12",
        "2021-01",
        "2021-02",
    ]


def route(local: tuple[float, float], partner: tuple[float, float], count: int = 1) -> Route:
    return Route(local=local, partner=partner, local_name="A", partner_name="B", count=count)


@given(
    st.lists(
        st.tuples(
            st.floats(-50, 70), st.floats(-180, 180), st.floats(-50, 70), st.floats(-180, 180)
        ),
        max_size=6,
    )
)
def test_the_map_keeps_every_dot_in_its_frame(points: list[tuple[float, ...]]) -> None:
    routes = [route((a, b), (c, d)) for a, b, c, d in points]
    drawn = draw(routes, dots_of([(0.0, 0.0), (51.0, -179.9), (89.0, 10.0)]))
    assert all(0 <= dot.x <= 360 and 0 <= dot.y <= drawn.height for dot in drawn.dots)
    assert all(0 < arc.weight <= 1 for arc in drawn.arcs)
    assert drawn.land.count("M") == 2  # the third cell lies north of the map


def test_the_map_is_centred_on_the_local_governments() -> None:
    drawn = draw([route((-7.8, 110.4), (35.0, 135.8), 3), route((51.5, -0.1), (48.9, 2.4))], ())
    local = next(d for d in drawn.dots if d.is_local)
    assert abs(local.x - 180) <= 5
    assert local.y == pytest.approx(NORTH + 7.8)


def test_the_page_is_the_same_for_the_same_figures() -> None:
    template = (TEMPLATES / "report.html").read_text("utf-8")
    codebook = Codebook.load(CHECKOUT / "models")
    empty = summarise(
        {
            name: iter(())
            for name in (
                "agreements",
                "mentions",
                "places",
                "partners",
                "documents",
                "coverage",
                "rejections",
            )
        }
    )
    pages = {render(template, "x", empty, codebook, (), None) for _ in range(2)}
    assert len(pages) == 1


def test_the_template_has_no_script_and_turns_no_escaping_off() -> None:
    text = (TEMPLATES / "report.html").read_text("utf-8")
    assert "<script" not in text and "|safe" not in text and "autoescape" not in text


def row_of_agreement(number: int, *, local: int = 0, partner: int = 0) -> dict[str, str]:
    """Return a row of agreements.csv with what the page reads of it."""
    return {
        "agreement_id": f"CA-{number:06d}",
        "local_party_name": f"Town {local}",
        "local_party_kind": "city",
        "local_party_country": "ID",
        "local_party_id": f"id:{local}",
        "partner_name": f"Partner {partner}",
        "partner_kind": "city",
        "partner_country": "JP",
        "partner_id": f"jp:{partner}",
        "level": "g2g",
        "scope": "international",
        "instrument": "mou",
        "sectors": "health",
        "stage": "signed",
        "first_date": str(1950 + number % 70),
        "latest_date": "",
        "follow_up": "none",
        "document_count": "1",
        "independent_count": "1",
        "score": "0.5000",
        "tier": "candidate",
    }


def page_with(tables: dict[str, list[dict[str, str]]], models: Path) -> bytes:
    rows = {name: tables.get(name, []) for name in (*SUMMARISED, *IF_THERE)}
    template = (TEMPLATES / "report.html").read_text("utf-8")
    codebook = Codebook.load(CHECKOUT / "models")
    return render(
        template, "x", summarise(rows), codebook, (), "2026-11-01T00:00:00Z", read_quality(models)
    )


def test_the_page_does_not_grow_with_the_dataset() -> None:
    sizes = []
    for count in (1_000, 20_000):
        agreements = [
            row_of_agreement(i, local=i % 900, partner=i * 7 % 5_000) for i in range(count)
        ]
        places = [
            {"id": f"{a}:{i}", "name": f"{a}{i}", "latitude": "1", "longitude": str(i % 170)}
            for a, many in (("id", 900), ("jp", 5_000))
            for i in range(many)
        ]
        tables = {"agreements": agreements, "places": places}
        page = page_with(tables, CHECKOUT / "models")
        sizes.append(len(page))
        assert page.count(b"<article") == SHOWN
        assert page.count(b'class="arc"') <= ARCS
    assert sizes[1] < 1.2 * sizes[0] < 1_200_000


def test_the_page_shows_changes_and_quality_and_says_where_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "floors.json").write_text(
        json.dumps({"dev": {"floors": {"pair.p": 0.625, "odd.figure": 0.25}}}), "utf-8"
    )
    changes = [{"change": "changed", "reason": "new <source> text"}] * 3
    text = " ".join(Page(page_with({"changes": changes}, tmp_path)).text)
    assert "new <source> text" in text and "precision" in text and "odd.figure" in text
    assert "0.62" in text and "No change is recorded" not in text
    empty = " ".join(Page(page_with({}, tmp_path / "nowhere")).text)
    assert "No change is recorded" in empty and "No figures came" in empty


@pytest.mark.parametrize("text", ["", "[]", "{", '{"dev": 1}', '{"dev": {"floors": 3}}', "\x00"])
def test_a_broken_file_of_floors_leaves_the_page_without_figures(tmp_path: Path, text: str) -> None:
    (tmp_path / "floors.json").write_text(text, "utf-8")
    assert read_quality(tmp_path).lines == ()


def test_a_figure_that_one_set_lacks_is_not_shown_as_zero() -> None:
    found = quality_of({"dev": {"pair.f1": 0.5}, "sample": {"sectors.f1": 0.25}})
    assert found.sets == ("development", "sample")
    assert [values for _, values in found.lines] == [(0.5, None), (None, 0.25)]


def test_the_drawing_of_ties_joins_the_largest_and_counts_all_their_agreements() -> None:
    rows = [row_of_agreement(i, local=i % 40, partner=i % 60) for i in range(600)]
    rows += [row_of_agreement(1_000 + i, local=3, partner=5) for i in range(9)]
    drawn = draw_ties(ties_of(rows))
    assert len(drawn.left) == len(drawn.right) == SIDE
    assert (drawn.left[0].name, drawn.left[0].count) == ("Town 3", 24)
    assert drawn.bands[-1].title == "Town 3 – Partner 5: 9"
    assert all(0 < end.y < drawn.height for end in (*drawn.left, *drawn.right))
    assert draw_ties(()).bands == ()


def test_headings_descend_by_one_and_every_drawing_and_table_has_a_name(tmp_path: Path) -> None:
    page = page_of(publish(tmp_path, "Plain"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["role"] == "img" and attributes["aria-label"]
        if "scroll" in (attributes.get("class") or "").split():
            assert attributes["tabindex"] == "0" and attributes["aria-label"]
    assert any(tag == "html" and a["lang"] == "en" for tag, a in page.tags)


def test_a_name_of_forty_thousand_characters_does_not_fill_the_page(tmp_path: Path) -> None:
    workspace = publish(tmp_path, "Q" * 40_000)
    assert (workspace.outputs / "agreements" / "report.html").stat().st_size < 400_000


def test_marks_heaped_on_a_letter_do_not_paint_over_the_lines_above() -> None:
    assert plain("Z" + "\u0301" * 60 + "algo") == "Z" + "\u0301" * 4 + "algo"
    for name in ("Huế", unicodedata.normalize("NFD", "Đặng Thị Huệ"), "سِدِي", "शिमला", "กรุงเทพฯ"):
        assert plain(name) == name


def changes_rows(count: int) -> list[dict[str, str]]:
    """Return rows as changes.csv has them: many scores, one new agreement, one new stage."""
    row = {"record_type": "agreement", "change": "changed", "old_value": "a", "new_value": "b"}
    rows = [
        {**row, "agreement_id": f"CA-{i:06d}", "field": "score", "reason": "model"}
        for i in range(count)
    ]
    news = {"change": "added", "field": "", "old_value": "", "new_value": "<b>Medan</b>"}
    rows += [
        {**row, "agreement_id": "CA-500000", "field": "stage", "reason": "source"},
        {**row, **news, "agreement_id": "CA-900000", "reason": "source"},
        {**row, "record_type": "event", "agreement_id": "CA-1", "field": "date", "reason": "code"},
    ]
    return rows


def test_what_tells_most_of_the_changes_is_shown_first_and_all_are_counted() -> None:
    stones = [
        {
            "agreement_id": f"CA-{i:06d}",
            "status": "merged" if i % 2 else "withdrawn",
            "merged_into": "CA-000001" if i % 2 else "",
            "reason": "model",
            "date": f"2026-11-{i % 28 + 1:02d}",
        }
        for i in range(100)
    ]
    found = history_of(iter(changes_rows(5_000)), iter(stones))
    assert [(line.what, line.agreement_id) for line in found.lines[:3]] == [
        ("added", "CA-900000"),
        ("changed", "CA-500000"),
        ("changed", "CA-000000"),
    ]
    assert len(found.lines) == len(found.gone) == reasons.SHOWN
    assert found.counts[0] == ("changed", "model", 5_000)
    assert sum(count for *_, count in found.counts) == 5_003
    assert found.statuses == (("merged", 50), ("withdrawn", 50))
    assert {g.date for g in found.gone[:3]} == {"2026-11-28"}


def test_the_page_names_what_changed_and_the_ids_that_went() -> None:
    stone = {"status": "merged", "merged_into": "CA-000007", "reason": "code", "date": "2026-11-02"}
    tables = {
        "changes": changes_rows(1),
        "tombstones": [{"agreement_id": "CA-000009", **stone}],
    }
    page = Page(page_with(tables, CHECKOUT / "models"))
    text = " ".join(" ".join(page.text).split())
    assert "CA-900000 added <b>Medan</b> source" in text
    assert "CA-500000 changed stage a b source" in text
    assert "CA-000009 merged into CA-000007 , 2026-11-02 code" in text
    assert "In full" in text


def test_every_government_of_the_drawing_has_a_band_and_namesakes_have_their_kind() -> None:
    rows = [row_of_agreement(i, local=i % 30, partner=100 + i) for i in range(300)]
    for row in rows[:2]:
        row["local_party_name"] = "Yogyakarta"
    rows[1]["local_party_kind"] = "province"
    for row in rows[2:]:  # so that the names above are those of two parties alone
        if row["local_party_id"] in ("id:0", "id:1"):
            row["local_party_name"] = "Yogyakarta"
            row["local_party_kind"] = "city" if row["local_party_id"] == "id:0" else "province"
    drawn = draw_ties(ties_of(rows))
    joined = {tie.local_name for tie in drawn.shown}
    assert {end.name for end in drawn.left} == joined
    assert {end.name for end in drawn.right} == {tie.partner_name for tie in drawn.shown}
    assert {"Yogyakarta (city)", "Yogyakarta (province)"} <= joined
    assert all(end.count == 10 for end in drawn.left)


def test_no_name_on_the_map_covers_another_name_or_another_dot() -> None:
    near = [(-6.2 - i / 2, 106.8 + (i % 5)) for i in range(12)]
    routes = [
        Route(local=a, partner=b, local_name=f"Town {i}", partner_name=f"Other town {i}", count=1)
        for i, (a, b) in enumerate(zip(near, [(35.0, 135.0 + i) for i in range(12)], strict=True))
    ]
    drawn = draw(routes, ())
    boxes = []
    for dot in (d for d in drawn.dots if d.label):
        wide = len(dot.label) * 2.1
        left = dot.x + dot.radius + 1 if dot.anchor == "start" else dot.x - dot.radius - 1 - wide
        boxes.append((left, dot.y, left + wide, dot))
    assert boxes
    for left, y, right, dot in boxes:
        for other in drawn.dots:
            covers = left < other.x < right and abs(other.y - y) < 2
            assert other == dot or not covers, (dot.title, other.title)
        for one in boxes:
            apart = one[3] == dot or one[0] >= right or one[2] <= left or abs(one[1] - y) >= 4
            assert apart, (dot.title, one[3].title)


def test_countries_are_shown_by_name() -> None:
    places = [{"id": "iso:JP", "name": "Japan", "latitude": "36", "longitude": "138"}]
    tables = {"agreements": [row_of_agreement(1)], "places": places}
    text = " ".join(" ".join(Page(page_with(tables, CHECKOUT / "models")).text).split())
    assert "Partner countries Japan 1" in text
