"""The summary of an ingest run, as Markdown for people and as JSON for programs.

In: what the run did per source, and its history. Out: two files in ``outputs/runs/<run>/``. Names,
reasons and addresses come from outside: they cannot become markup, links or lines of their own.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.catalog_rows import RunRow
from pipeline.ingest_report import IngestReport, Tally
from pipeline.paths import Workspace, atomic_write
from pipeline.run_alerts import RULE, Alert, alerts_of

COLUMNS = (
    "new",
    "changed",
    "unchanged",
    "blocked",
    "failed",
    "disallowed",
    "gone",
    "waiting",
)
_ERRORS_SHOWN = 5  # per source in Markdown; JSON has `_ERRORS_KEPT`
_ERRORS_KEPT = 100
_LONGEST = 200  # characters of a reason or an address; a longer one ends with an ellipsis
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\\": "&#92;"}
# A colon counts where a scheme or an emoji may follow; in "failed: HTTP 500" and 02:00 it does not.
_MARKS = re.compile(r"[&<>|`\\*_{}\[\]~$@!#]|:(?=[^\s\d])|(?<=www)\.", re.IGNORECASE)
# The characters that an address may have (RFC 3986); anything else is shown percent-encoded.
_ADDRESS = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]")


def write_summary(
    workspace: Workspace,
    report: IngestReport,
    history: Mapping[str, Sequence[RunRow]],
    *,
    is_whole: bool = True,
) -> Path:
    """Write the summary of a run and return the path of its Markdown.

    Args:
        workspace: Its ``outputs/runs/`` gets the folder.
        report: What the run did.
        history: Rows of former runs by source id, 28 days of them for the alerts.
        is_whole: False for a run that was told to fetch only a few documents: it raises no alerts.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    alerts = {
        tally.source_id: alerts_of(tally, history.get(tally.source_id, ()), report.run_id)
        for tally in report.sources
        if is_whole
    }
    folder = workspace.outputs / "runs" / folder_name(report.run_id)
    data = json.dumps(summary_data(report, alerts), ensure_ascii=False, indent=1)
    with atomic_write(folder / "summary.json") as file:
        # A lone surrogate, which UTF-8 cannot hold, becomes the escape that JSON has for it.
        file.write(f"{data}\n".encode("utf-8", "backslashreplace"))
    with atomic_write(folder / "summary.md") as file:
        file.write(summary_text(report, alerts).encode())
    return folder / "summary.md"


def folder_name(run_id: str) -> str:
    """Return a run's id as a folder name: ``2026-11-24T02:00:00Z`` is ``20261124T020000Z``."""
    return re.sub(r"[^A-Za-z0-9_+]", "", run_id)[:64] or "run"


def errors_of(tally: Tally) -> list[dict[str, object]]:
    """Return the reasons of a source, the most frequent first, with one address each."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for told, count in sorted(tally.reasons.items()):
        outcome, _, reason = told.partition(": ")
        url = tally.examples.get(told)
        if url is not None:  # entry points name themselves in their reason
            reason = reason.removeprefix(f"{url}: ")
            examples.setdefault((outcome, reason), url)
        counts[outcome, reason] += count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"outcome": o, "reason": r, "count": n, "example_url": examples.get((o, r))}
        for (o, r), n in ranked[:_ERRORS_KEPT]
    ]


def summary_data(report: IngestReport, alerts: Mapping[str, Sequence[Alert]]) -> dict[str, object]:
    """Return the summary as plain values."""
    sources = []
    for tally in report.sources:
        row = {key: value for key, value in tally.as_data().items() if key != "reasons"}
        told = [
            {"kind": a.kind, "value": a.value, "median": a.median, "days": a.days}
            for a in alerts.get(tally.source_id, ())
        ]
        sources.append(row | {"errors": errors_of(tally), "alerts": told})
    numbers = [key for key in (sources[0] if sources else ()) if _is_number(sources[0][key])]
    return {
        "run_id": report.run_id,
        "totals": {key: _total(sources, key) for key in numbers},
        "sources": sources,
        "broken_sources": list(report.broken_sources),
        "notes": list(report.notes),
        "alert_rule": RULE.replace("*", ""),
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _total(sources: Sequence[Mapping[str, object]], key: str) -> int | float:
    found = sum(value for s in sources if isinstance(value := s[key], int | float))
    return round(found, 3) if isinstance(found, float) else found


def summary_text(report: IngestReport, alerts: Mapping[str, Sequence[Alert]]) -> str:
    """Return the summary as Markdown."""
    lines = [f"# Ingest run {plain(report.run_id)}", "", *_alert_lines(report, alerts)]
    head = ["source", *COLUMNS, "requests", "MB", "seconds"]
    lines += [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for tally in report.sources:
        lines.append(f"| {plain(tally.source_id)} | {' | '.join(_numbers([tally]))} |")
    lines += [f"| all | {' | '.join(_numbers(report.sources))} |", ""]
    lines += _error_lines(report.sources)
    lines += [f"- {plain(note)}" for note in report.notes]
    lines += ["How to read this: `docs/how-to/read-a-run-summary.md`.", "", f"Alerts: {RULE}", ""]
    return "\n".join(lines)


def _alert_lines(report: IngestReport, alerts: Mapping[str, Sequence[Alert]]) -> list[str]:
    lines = [
        f"- **{plain(source_id)}**: {alert.as_text()}."
        for source_id, found in sorted(alerts.items())
        for alert in found
    ]
    lines += [
        f"- **{plain(source_id)}**: broke its assertions, or failed three runs in a row."
        for source_id in report.broken_sources
    ]
    return ["## Look at these", "", *lines, ""] if lines else []


def _numbers(tallies: Sequence[Tally]) -> list[str]:
    counts = [sum(tally.of(name) for tally in tallies) for name in COLUMNS]
    received = sum(tally.received for tally in tallies) / 1e6
    seconds = sum(tally.seconds for tally in tallies)
    requests = sum(tally.requests for tally in tallies)
    return [*(f"{n:,}" for n in counts), f"{requests:,}", f"{received:,.1f}", f"{seconds:,.0f}"]


def _error_lines(tallies: Sequence[Tally]) -> list[str]:
    lines = []
    for tally in tallies:
        errors = errors_of(tally)
        if not errors:
            continue
        lines += [f"## {plain(tally.source_id)}", ""]
        for error in errors[:_ERRORS_SHOWN]:
            url = error["example_url"]
            example = f", as {address(url)}" if isinstance(url, str) else ""
            told = plain(f"{error['outcome']}: {error['reason']}")
            lines.append(f"- {error['count']:,} × {told}{example}")
        if len(errors) > _ERRORS_SHOWN:
            lines.append(f"- and {len(errors) - _ERRORS_SHOWN:,} reasons more in `summary.json`")
        lines.append("")
    return lines


def plain(text: str) -> str:
    """Return any text as one line of Markdown that shows it and does nothing else.

    Control and direction characters become spaces; what Markdown, its tables, HTML or a viewer's
    own links could take for a command is escaped.
    """
    shown = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text[: 4 * _LONGEST])
    line = " ".join(shown.split())
    if len(line) > _LONGEST or len(text) > 4 * _LONGEST:
        line = f"{line[: _LONGEST - 1]}…"
    return _MARKS.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), line)


def address(url: str) -> str:
    """Return an address as a code span; what an address may not have is percent-encoded."""
    safe = _ADDRESS.sub(
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")),
        url[: 4 * _LONGEST],
    )
    return f"`{safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + '…'}`"
