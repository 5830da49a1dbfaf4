"""Score an export against a gold set: relevance, pairs, records, fields and document codes.

Values in, values out. The definitions are those of the gold sets' own scorer, so that both give
the same figures (a test compares them where the gold sets are present). A prediction matches a gold
record when both party names match in either order; fields are scored on matched records only.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.text import QUOTE_WORDS
from pipeline.validators.gold_names import SameNames, same_kind

Row = Mapping[str, Any]
FIELDS = tuple(
    """local_kind partner_kind countries level scope instrument stage modality is_background
    follow_up date_exact date_year evidence_verbatim evidence_overlap""".split()
)
RECORD_FIELDS = ("local_kind", "partner_kind", "countries", "stage", "modality")
DIMENSIONS = ("actor", "process", "output", "smart_city")
_DONE = frozenset({"signed", "implemented", "renewed"})
_LEVEL = re.compile(r"g2\w+|b2b|p2p")
_RESAMPLES = 1_000  # documents drawn again for the 90 % interval
_SEED = 7


@dataclass(slots=True)
class Tally:
    """True positives, false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, tp: int, fp: int, fn: int) -> None:
        """Add counts."""
        self.tp += tp
        self.fp += fp
        self.fn += fn

    def figures(self) -> dict[str, float]:
        """Return precision, recall and F1 to four decimals, with the counts."""
        p = self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0
        r = self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0
        f1 = 2 * p * r / (p + r) if p + r else 0.0
        return {"p": round(p, 4), "r": round(r, 4), "f1": round(f1, 4)} | {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
        }


@dataclass(slots=True)
class Score:
    """Running sums over documents; `result` turns them into figures."""

    relevance: Tally = field(default_factory=Tally)
    pair: Tally = field(default_factory=Tally)
    record: Tally = field(default_factory=Tally)
    sectors: Tally = field(default_factory=Tally)
    foreground: list[int] = field(default_factory=lambda: [0, 0])
    false_signatures: list[int] = field(default_factory=lambda: [0, 0])
    fields: dict[str, list[int]] = field(default_factory=lambda: {k: [0, 0] for k in FIELDS})
    per_document: list[tuple[int, int, int, int]] = field(default_factory=list)
    codings: dict[str, dict[str, Tally]] = field(
        default_factory=lambda: {d: {} for d in DIMENSIONS}
    )
    documents: int = 0
    missing: int = 0

    def result(self) -> dict[str, Any]:
        """Return all figures, as plain values for JSON."""
        out: dict[str, Any] = {"documents": self.documents, "documents_missing": self.missing}
        for name in ("relevance", "pair", "record", "sectors"):
            out[name] = getattr(self, name).figures()
        rng = random.Random(_SEED)  # noqa: S311 - resampling, not secrets
        for name, index in (("pair", 0), ("record", 1)):
            out |= _intervals(name, index, self.per_document, rng)
        n = self.false_signatures[1]
        out["false_signatures"] = {"share": _share(self.false_signatures), "n": n}
        out["foreground_recall"] = _share(self.foreground)
        out["attributes"] = {k: {"acc": _share(v), "n": v[1]} for k, v in self.fields.items()}
        for dimension, tallies in self.codings.items():
            out[dimension] = _coding_figures(tallies)
        return out


def _share(pair: Sequence[int]) -> float | None:
    return round(pair[0] / pair[1], 4) if pair[1] else None


def _mean_f1(rows: Sequence[tuple[int, int, int, int]], index: int) -> float:
    hit, size = sum(r[index] for r in rows), sum(r[2] + r[3] for r in rows)
    return 2 * hit / size if size else 0.0


def _intervals(
    name: str, index: int, rows: Sequence[tuple[int, int, int, int]], rng: random.Random
) -> dict[str, Any]:
    if not rows:
        return {f"{name}_doc": None, f"{name}_90": [0.0, 0.0]}
    runs = sorted(_mean_f1(rng.choices(rows, k=len(rows)), index) for _ in range(_RESAMPLES))
    low, high = runs[int(0.05 * len(runs))], runs[int(0.95 * len(runs)) - 1]
    mean = sum(_mean_f1([r], index) for r in rows) / len(rows)
    return {f"{name}_doc": round(mean, 4), f"{name}_90": [round(low, 4), round(high, 4)]}


def _coding_figures(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    micro = Tally()
    for t in tallies.values():
        micro.add(t.tp, t.fp, t.fn)
    # A category with fewer than three gold documents has no F1 worth a mean.
    f1 = [t.figures()["f1"] for t in tallies.values() if t.tp + t.fn >= 3]
    return {"micro": micro.figures(), "macro_f1": round(sum(f1) / len(f1), 4) if f1 else None}


def _names(party: Any) -> tuple[str, ...]:
    return (party,) if isinstance(party, str) else (party["name"], *party.get("also", ()))


def _pair_similarity(gold: Row, row: Row, same: SameNames) -> tuple[float, bool]:
    local, partner = _names(gold["local_party"]), _names(gold["partner"])
    a, b = row["local_party_name"], row["partner_name"]
    straight = (same.similarity(local, a), same.similarity(partner, b))
    swapped = (same.similarity(local, b), same.similarity(partner, a))
    swap = (min(swapped), sum(swapped)) > (min(straight), sum(straight))
    chosen = swapped if swap else straight
    return (sum(chosen) / 2 if min(chosen) > 0 else 0.0), swap


def _sides(swap: bool) -> tuple[str, str]:
    return ("partner", "local_party") if swap else ("local_party", "partner")


def _kind_right(gold: Row, side: str, row: Row, column: str) -> bool:
    return same_kind(gold[side]["name"], gold[side]["kind"], row[f"{column}_kind"])


def match(
    golds: Sequence[Row], rows: Sequence[Row], same: SameNames
) -> list[tuple[Row, Row, bool]]:
    """Pair gold records with predicted ones, best first, each used once.

    Returns:
        Gold record, predicted row, and whether the two parties stand the other way round.
    """
    scored = []
    for i, gold in enumerate(golds):
        for j, row in enumerate(rows):
            likeness, swap = _pair_similarity(gold, row, same)
            if not likeness:
                continue
            a, b = _sides(swap)
            kinds = _kind_right(gold, "local_party", row, a) + _kind_right(gold, "partner", row, b)
            bonus = 0.002 * kinds + 0.001 * (gold.get("stage") == row.get("stage"))
            bonus += 0.0005 * (gold.get("date") == row.get("date"))
            scored.append((likeness + bonus, i, j, swap))
    used_gold, used_rows, matches = set[int](), set[int](), []
    for _, i, j, swap in sorted(scored, reverse=True):
        if i not in used_gold and j not in used_rows:
            used_gold.add(i)
            used_rows.add(j)
            matches.append((golds[i], rows[j], swap))
    return matches


def _truth(value: object) -> bool:
    return str(value).strip().lower() in {"true", "1", "yes"}


def _labels(value: str | None) -> set[str]:
    return {x.strip() for x in re.split(r"[;|]", value or "") if x.strip()}


def _evidence(gold: Row, row: Row, text: str) -> tuple[bool, bool]:
    """Tell whether the quote stands in the text, and whether it overlaps the gold evidence."""
    quote = row.get("evidence") or ""
    start = int(row["start"]) if (row.get("start") or "").isdigit() else -1
    if not quote or text[start : start + len(quote)] != quote:
        start = text.find(quote) if quote else -1  # offsets of another text: first occurrence
    verbatim = bool(quote) and start >= 0 and len(quote.split()) <= QUOTE_WORDS
    at = text.find(gold["evidence"])
    end, gold_end = start + len(quote), at + len(gold["evidence"])
    return verbatim, verbatim and at >= 0 and start < gold_end and at < end


def _compare(gold: Row, row: Row, swap: bool, text: str) -> dict[str, bool]:
    a, b = _sides(swap)
    right = {
        "local_kind": _kind_right(gold, "local_party", row, a),
        "partner_kind": _kind_right(gold, "partner", row, b),
        "countries": all(
            row[f"{column}_country"].upper() in (gold[side]["country"] or "").split("|")
            for side, column in (("local_party", a), ("partner", b))
        ),
        "is_background": gold["is_background"] == _truth(row["is_background"]),
        "date_exact": (gold["date"] or "") == (row["date"] or ""),
        "date_year": (gold["date"] or "")[:4] == (row["date"] or "")[:4],
    }
    for name in ("level", "scope", "instrument", "stage", "modality", "follow_up"):
        right[name] = gold[name] == row[name]
    right["evidence_verbatim"], right["evidence_overlap"] = _evidence(gold, row, text)
    return right


def _score_records(
    score: Score, golds: Sequence[Row], rows: Sequence[Row], text: str, same: SameNames
) -> None:
    matches = match(golds, rows, same)
    score.pair.add(len(matches), len(rows) - len(matches), len(golds) - len(matches))
    score.foreground[1] += sum(not g["is_background"] for g in golds)
    good = 0
    for gold, row, swap in matches:
        score.foreground[0] += not gold["is_background"]
        right = _compare(gold, row, swap, text)
        for name, value in right.items():
            score.fields[name][0] += value
            score.fields[name][1] += 1
        if row["stage"] == "signed" and row["modality"] == "asserted":
            score.false_signatures[1] += 1
            score.false_signatures[0] += (
                gold["modality"] != "asserted" or gold["stage"] not in _DONE
            )
        good += all(right[name] for name in RECORD_FIELDS)
        gold_sectors, sectors = set(gold["sectors"]), _labels(row["sectors"])
        score.sectors.add(
            len(gold_sectors & sectors), len(sectors - gold_sectors), len(gold_sectors - sectors)
        )
    score.record.add(good, len(rows) - good, len(golds) - good)
    if golds or rows:
        score.per_document.append((len(matches), good, len(rows), len(golds)))


def _score_codings(score: Score, gold: Row, predicted: Mapping[str, set[str]]) -> None:
    for dimension in DIMENSIONS:
        wanted = set(gold.get(dimension) or ())
        given = set(predicted.get(dimension, ()))
        if dimension == "process":  # levels and paradiplomacy follow from the records
            given = {x for x in given if not _LEVEL.fullmatch(x)} - {"paradiplomacy"}
            wanted -= {"paradiplomacy"}
        for category in wanted | given:
            tally = score.codings[dimension].setdefault(category, Tally())
            tally.add(
                category in wanted and category in given,
                category not in wanted,
                category not in given,
            )


def score_export(
    documents: Sequence[Row],
    agreements: Sequence[Row],
    codings: Sequence[Row],
    export: Callable[[str], Sequence[Row]],
    same: SameNames,
) -> Score:
    """Score an export.

    Args:
        documents: Gold documents with ``doc_id`` and ``text``.
        agreements: Gold records.
        codings: Gold document codes.
        export: Gives the rows of an exported CSV by its file name.
        same: Names that count as the same.
    """
    score = Score(documents=len(documents))
    rows = [r for r in export("documents.csv") if r.get("external_id")]
    external = {r["doc_id"]: r["external_id"] for r in rows}
    relevant = {r["external_id"]: _truth(r["is_relevant"]) for r in rows}
    mentions: dict[str, list[Row]] = {}
    for m in export("mentions.csv"):
        mentions.setdefault(external.get(m["doc_id"], ""), []).append(m)
    given: dict[str, dict[str, set[str]]] = {}
    for c in export("codings.csv"):
        dimension = given.setdefault(external.get(c["doc_id"], ""), {})
        dimension.setdefault(c["dimension"], set()).add(c["category"])
    gold_codings = {c["doc_id"]: c for c in codings}
    for document in documents:
        key = document["doc_id"]
        wanted, found = gold_codings[key]["is_relevant"], relevant.get(key, False)
        score.missing += key not in relevant
        score.relevance.add(wanted and found, found and not wanted, wanted and not found)
        golds = [a for a in agreements if a["doc_id"] == key]
        _score_records(score, golds, mentions.get(key, []), document["text"], same)
        _score_codings(score, gold_codings[key], given.get(key, {}))
    return score
