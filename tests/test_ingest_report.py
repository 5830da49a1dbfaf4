"""What a run says of itself: counts, the summary, alerts, and progress without a terminal."""

import io
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.catalog_rows import RunRow
from pipeline.commands._context import LINE_SECONDS, Lines, span
from pipeline.ingest_report import OUTCOMES, IngestReport, Tally
from pipeline.paths import Workspace
from pipeline.run_alerts import DAYS, LEAST_DAYS, Alert, alerts_of
from pipeline.run_summary import address, errors_of, folder_name, plain, write_summary
from tests.conftest import ROOT

NOW = "2026-11-24T02:00:00Z"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
# Names and reasons as a hostile server or a careless person may choose them.
HOSTILE = (
    "a | b | c",
    "`code` ``` fence",
    "<script>alert(1)</script>",
    "<!-- comment",
    "[click](https://evil.example) ![x](y)",
    "https://evil.example/ www.evil.example <https://evil.example> a@evil.example",
    "line\nbreak\r\n\n# heading\n\n| x | y |\n|---|---|",
    "**bold** __it__ ~~no~~ $x$ :smile: &lt;b&gt; \\| \\\\| \\` @user",
    "\u202egnp.exe \u2028 \x00 \x1b[31m red \ud800",
    "long " * 500,
)


def tally_of(source_id: str = "s", **counts: int) -> Tally:
    tally = Tally(source_id)
    for name, count in counts.items():
        tally.add(name, count=count)
    return tally


def report_of(*tallies: Tally, run_id: str = NOW, **more: tuple[str, ...]) -> IngestReport:
    return IngestReport(run_id=run_id, sources=tallies, **more)  # type: ignore[arg-type]


# Counts


def test_new_and_changed_documents_are_fetched_too_and_stand_apart_in_the_catalog() -> None:
    tally = tally_of(new=3, changed=1, unchanged=2, waiting=1)
    tally.add_answer(received=1_000, seconds=0.5, requests=2)
    tally.add_answer(received=500, seconds=0.25)
    row = tally.as_row("r", NOW, "{}")
    assert (row.fetched, row.new, row.changed, row.waiting) == (4, 3, 1, 1)
    assert (row.requests, row.received, row.seconds) == (3, 1_500, 0.75)
    assert tally.as_text() == "s: 4 fetched (3 new, 1 changed), 2 unchanged, 1 waiting"
    data = tally.as_data()
    assert [key for key in data if key in OUTCOMES] == list(OUTCOMES)
    assert (data["requests"], data["received_bytes"], data["seconds"]) == (3, 1_500, 0.75)


def test_imports_that_only_say_fetched_leave_unknown_what_was_new() -> None:
    tally = tally_of(fetched=3)
    row = tally.as_row("r", NOW, "{}")
    assert (row.fetched, row.new, row.changed) == (3, None, None)
    assert tally.as_text() == "s: 3 fetched"


def test_a_source_that_only_waits_did_not_fail() -> None:
    assert not tally_of(waiting=2).as_row("r", NOW, "{}").is_failure
    assert tally_of(failed=1, waiting=2).as_row("r", NOW, "{}").is_failure


def test_errors_are_ranked_grouped_and_have_one_address_each() -> None:
    tally = Tally("s")
    for path in "abc":
        tally.add("failed", "HTTP 500", url=f"https://x.example/{path}")
    tally.add("failed", "https://x.example/feed: HTTP 500", url="https://x.example/feed")
    tally.add("blocked", "consent wall")
    tally.reasons["postponed: the host failed 5 times in a row"] += 2
    assert errors_of(tally) == [
        {
            "outcome": "failed",
            "reason": "HTTP 500",
            "count": 4,
            "example_url": "https://x.example/a",
        },
        {
            "outcome": "postponed",
            "reason": "the host failed 5 times in a row",
            "count": 2,
            "example_url": None,
        },
        {"outcome": "blocked", "reason": "consent wall", "count": 1, "example_url": None},
    ]


# The summary


def test_a_summary_is_written_for_people_and_for_programs(tmp_path: Path) -> None:
    one = tally_of("one", new=3, changed=1, unchanged=20, failed=0, gone=1)
    one.add("failed", "HTTP 500", url="https://one.example/a", count=2)
    one.add_answer(received=2_500_000, seconds=12.0, requests=27)
    two = tally_of("two", waiting=1)
    report = report_of(one, two, broken_sources=("two",), notes=("disk nearly full",))
    path = write_summary(Workspace(tmp_path), report, {})
    assert path == tmp_path / "outputs" / "runs" / "20261124T020000Z" / "summary.md"
    assert [p.name for p in sorted(path.parent.iterdir())] == ["summary.json", "summary.md"]
    text = path.read_text("utf-8")
    assert "| one | 3 | 1 | 20 | 0 | 2 | 0 | 1 | 0 | 27 | 2.5 | 12 |" in text
    assert "| all | 3 | 1 | 20 | 0 | 2 | 0 | 1 | 1 | 27 | 2.5 | 12 |" in text
    assert "# Ingest run 2026-11-24T02:00:00Z" in text
    assert "- 2 × failed: HTTP 500, as `https://one.example/a`" in text
    assert "- **two**: broke its assertions, or failed three runs in a row." in text
    assert "- disk nearly full" in text
    data = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert data["run_id"] == NOW
    assert data["totals"]["fetched"] == 4
    assert data["totals"]["seconds"] == 12.0
    assert [s["source_id"] for s in data["sources"]] == ["one", "two"]
    assert data["sources"][0]["errors"][0]["example_url"] == "https://one.example/a"
    assert data["broken_sources"] == ["two"]


def test_a_run_without_sources_has_a_summary_too(tmp_path: Path) -> None:
    path = write_summary(Workspace(tmp_path), report_of(), {})
    assert json.loads(path.with_suffix(".json").read_text("utf-8"))["totals"] == {}
    assert "| all | 0 |" in path.read_text("utf-8")


def test_the_same_run_has_the_same_summary(tmp_path: Path) -> None:
    tally = tally_of(new=1)
    first = write_summary(Workspace(tmp_path), report_of(tally), {}).read_bytes()
    assert write_summary(Workspace(tmp_path), report_of(tally), {}).read_bytes() == first


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        (NOW, "20261124T020000Z"),
        ("../../etc/passwd", "etcpasswd"),
        ("..", "run"),
        ("a" * 500, "a" * 64),
    ],
)
def test_a_run_id_names_a_folder_and_no_other_place(run_id: str, name: str) -> None:
    assert folder_name(run_id) == name


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_reasons_and_addresses_stay_text(tmp_path: Path, hostile: str) -> None:
    tally = Tally(hostile)
    tally.add("new", count=2)
    tally.add("failed", hostile, url=f"https://x.example/{hostile}")
    report = report_of(tally, notes=(hostile,), broken_sources=(hostile,))
    path = write_summary(Workspace(tmp_path), report, {})
    text = path.read_text("utf-8")
    tokens = MARKDOWN.parse(text)
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [n for n, token in enumerate(tokens) if token.type in ("td_open", "th_open")]
    assert len(rows) == 3  # the head, the source, and all
    assert len(cells) == 3 * 12
    inside = [tokens[cell + 1].content for cell in cells]
    assert inside[13:16] == ["2", "0", "0"]  # new and changed of the source: no cell was cut in two
    headings = [token for token in tokens if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h1", "h2", "h2"]
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "fence", "hr"}
    bold = sum(child.type == "strong_open" for child in inline)
    assert bold == 1 + 2  # the broken source, and the two names in the rule of alerts
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\u2028]", text)
    data = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert data["sources"][0]["source_id"] == hostile


def test_hostile_text_is_shown_as_it_was() -> None:
    for hostile in HOSTILE[:8]:
        (paragraph,) = (t for t in MARKDOWN.parse(f"x {plain(hostile)}") if t.type == "inline")
        shown = "".join(child.content for child in paragraph.children or ())
        assert shown == f"x {' '.join(hostile.split())}"


@given(st.text())
def test_no_text_breaks_out_of_its_line_or_cell(text: str) -> None:
    tokens = MARKDOWN.parse(f"| a |\n|---|\n| x{plain(text)}y |\n| x{address(text)}y |")
    assert sum(token.type == "tr_open" for token in tokens) == 3
    assert sum(token.type == "td_open" for token in tokens) == 2
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "code_inline"}
    assert all(token.content[-1] == "y" for token in tokens if token.content[:1] == "x")
    plain(text).encode("utf-8")


# Alerts


def history(*values: int, name: str = "new", **fixed: int) -> list[RunRow]:
    """Return a run per night before `NOW`, the newest first."""
    rows = []
    for number, value in enumerate(values, 1):
        begun = f"{datetime.fromisoformat(NOW) - timedelta(days=number):%Y-%m-%dT%H:%M:%SZ}"
        counts = {"new": 0, "changed": 0} | fixed | {name: value}
        counts["fetched"] = counts["new"] + counts["changed"]
        rows.append(RunRow(run_id=begun, source_id="s", started_at=begun, **counts))  # type: ignore[arg-type]
    return rows


def kinds_of(tally: Tally, rows: list[RunRow], run_id: str = NOW) -> list[str]:
    return [alert.kind for alert in alerts_of(tally, rows, run_id)]


def test_far_fewer_new_documents_than_usual_raise_an_alert() -> None:
    usual = history(*[12] * 20)
    (alert,) = alerts_of(tally_of(new=3, unchanged=40), usual, NOW)
    assert alert == Alert("few_new", 3, 12.0, 20)
    assert alert.as_text() == "3 new documents, its median over 20 days is 12"
    assert kinds_of(tally_of(new=4, unchanged=40), usual) == []


def test_no_alert_without_enough_history() -> None:
    assert kinds_of(tally_of(unchanged=1), history(*[12] * (LEAST_DAYS - 1))) == []
    assert kinds_of(tally_of(unchanged=1), history(*[12] * LEAST_DAYS)) == ["few_new"]
    old = [
        RunRow(run_id=f"r{n}", source_id="s", started_at=f"2026-09-{n:02d}T00:00:00Z", new=12)
        for n in range(1, 29)
    ]
    assert kinds_of(tally_of(unchanged=1), old) == []


def test_quiet_weekends_are_usual_and_a_third_quiet_day_is_not() -> None:
    # 2026-11-24 is a Tuesday: Monday, two days of the weekend, five working days, …
    week = [0, 0, 5, 5, 5, 5, 5]
    sunday = history(*[0, 5, 5, 5, 5, 5, *week * 3])
    assert kinds_of(tally_of(unchanged=1), sunday) == []
    monday = history(*week * 4)
    assert kinds_of(tally_of(unchanged=1), monday) == ["few_new"]


def test_a_source_that_died_is_told_of_until_silence_is_usual() -> None:
    told = []
    for silent in range(DAYS + 1):
        rows = history(*[0] * silent, *[10] * (DAYS - silent))
        told.append(kinds_of(tally_of(unchanged=1), rows) == ["few_new"])
    assert told[:14] == [True] * 14
    assert told[15:] == [False] * 14


def test_a_source_that_never_gave_anything_is_not_alerted_for_ever() -> None:
    rows = history(*[9] * 28, name="failed")
    assert kinds_of(tally_of(failed=9), rows) == []


def test_a_small_source_or_one_that_was_not_asked_raises_no_alert() -> None:
    assert kinds_of(tally_of(unchanged=1), history(*[2] * 28)) == []
    assert kinds_of(tally_of(waiting=1), history(*[12] * 28)) == []
    assert kinds_of(tally_of(waiting=1, failed=1), history(*[12] * 28)) == ["few_new"]


def test_the_end_of_a_backlog_is_no_alert() -> None:
    rows = history(*[1_000] * 20, discovered=6)
    assert kinds_of(tally_of(new=6, discovered=6), rows) == []
    assert kinds_of(tally_of(new=6, discovered=1), rows) == ["few_new"]


def test_rows_that_did_not_tell_new_from_changed_count_as_fetched() -> None:
    rows = [
        RunRow(run_id=r.run_id, source_id="s", started_at=r.started_at, fetched=12)
        for r in history(*[0] * 10)
    ]
    assert kinds_of(tally_of(unchanged=1), rows) == ["few_new"]


def test_several_runs_of_one_day_count_together() -> None:
    earlier = RunRow(
        run_id="2026-11-23T22:00:00Z",
        source_id="s",
        started_at="2026-11-23T22:00:00Z",
        fetched=11,
        new=11,
    )
    usual = history(*[12] * 10)
    assert kinds_of(tally_of(unchanged=1), [earlier, *usual]) == []
    # Neither this run's own row nor another source's counts.
    own = RunRow(run_id=NOW, source_id="s", started_at=NOW, fetched=11, new=11)
    other = RunRow(
        run_id=earlier.run_id, source_id="t", started_at=earlier.started_at, fetched=11, new=11
    )
    assert kinds_of(tally_of(unchanged=1), [own, other, *usual]) == ["few_new"]


def test_nights_that_begin_an_hour_early_or_late_are_days_of_their_own() -> None:
    def rows(hours: int) -> list[RunRow]:
        found = []
        for row in history(*[12] * 10):
            begun = datetime.fromisoformat(row.started_at) + timedelta(hours=hours)
            at = f"{begun:%Y-%m-%dT%H:%M:%SZ}"
            found.append(RunRow(run_id=at, source_id="s", started_at=at, fetched=12, new=12))
        return found

    for hours in (-2, -1, 1, 2):
        (alert,) = alerts_of(tally_of(unchanged=1), rows(hours), NOW)
        assert (alert.value, alert.days) == (0, 10)


def test_far_more_failures_than_usual_raise_an_alert() -> None:
    usual = history(*[2] * 10, name="failed", new=1)
    (alert,) = alerts_of(tally_of(new=10, failed=4, blocked=2, disallowed=1), usual, NOW)
    assert alert == Alert("many_failures", 7, 2.0, 10)
    assert alert.as_text() == "7 failures, its median over 10 days is 2"
    assert kinds_of(tally_of(new=10, failed=6), usual) == []
    assert kinds_of(tally_of(new=100, failed=7), usual) == []
    assert kinds_of(tally_of(new=10, failed=4), history(*[0] * 10, new=1)) == []


def test_alerts_stand_in_both_summaries_and_not_in_those_of_a_limited_run(tmp_path: Path) -> None:
    report, rows = report_of(tally_of(unchanged=1)), {"s": history(*[12] * 10)}
    path = write_summary(Workspace(tmp_path), report, rows)
    assert "- **s**: 0 new documents, its median over 10 days is 12." in path.read_text("utf-8")
    (source,) = json.loads(path.with_suffix(".json").read_text("utf-8"))["sources"]
    assert source["alerts"] == [{"kind": "few_new", "value": 0, "median": 12.0, "days": 10}]
    limited = write_summary(Workspace(tmp_path), report, rows, is_whole=False)
    assert "Look at these" not in limited.read_text("utf-8")


def test_a_run_id_that_is_no_time_raises_no_alert() -> None:
    assert kinds_of(tally_of(unchanged=1), history(*[12] * 10), "r1") == []


def test_the_page_that_explains_a_summary_names_all_that_stands_in_it(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "read-a-run-summary.md").read_text("utf-8")
    path = write_summary(Workspace(tmp_path), report_of(tally_of(new=1)), {})
    head = next(k for k in path.read_text("utf-8").splitlines() if k.startswith("| source"))
    for column in head.strip("| ").split(" | "):
        assert f"`{column}`" in page
    (source,) = json.loads(path.with_suffix(".json").read_text("utf-8"))["sources"]
    for key in source:
        assert f"`{key}`" in page


# Progress without a terminal


def test_progress_as_lines_says_how_much_and_how_long_it_may_take() -> None:
    moment, out = [1_000.0], io.StringIO()
    lines = Lines(out.write, lambda: moment[0])
    for second in range(0, 121, 5):
        moment[0] = 1_000.0 + second
        lines("ingest", 10 + second, 1_000)
    assert out.getvalue().splitlines() == [
        "ingest: 40 of 1,000 (4 %), about 16 min 0 s left",
        "ingest: 70 of 1,000 (7 %), about 15 min 30 s left",
        "ingest: 100 of 1,000 (10 %), about 15 min 0 s left",
        "ingest: 130 of 1,000 (13 %), about 14 min 30 s left",
    ]


def test_each_stage_has_its_own_clock_and_a_late_start_promises_nothing() -> None:
    moment, out = [0.0], io.StringIO()
    lines = Lines(out.write, lambda: moment[0])
    lines("read", 1, 2)
    moment[0] = 100.0
    lines("tag", 1, 4)
    moment[0] = 140.0
    lines("tag", 2, 4)
    moment[0] = 180.0
    lines("tag", 4, 4)
    moment[0] = 220.0
    lines("build", 0, 0)
    assert out.getvalue().splitlines() == [
        "tag: 1 of 4 (25 %)",
        "tag: 2 of 4 (50 %), about 1 min 20 s left",
        "tag: 4 of 4 (100 %)",
        "build: 0 of 0",
    ]


def test_a_line_comes_at_most_every_thirty_seconds() -> None:
    moment, written = [0.0], Counter[float]()
    lines = Lines(lambda _: written.update([moment[0]]), lambda: moment[0])
    for tenth in range(1_000):
        moment[0] = tenth / 10
        lines("read", tenth, 1_000)
    assert sorted(written) == [LINE_SECONDS, 2 * LINE_SECONDS, 3 * LINE_SECONDS]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (45, "45 s"),
        (59.6, "1 min 0 s"),
        (130, "2 min 10 s"),
        (3_600, "1 h 0 min"),
        (11_100, "3 h 5 min"),
    ],
)
def test_a_length_of_time_is_told_in_two_units(seconds: float, text: str) -> None:
    assert span(seconds) == text
