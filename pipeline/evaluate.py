"""Score an export against a gold set, and hold the floors under which quality must not fall.

In: a gold folder (``documents.jsonl``, ``agreements.jsonl``, ``codings.jsonl``, perhaps
``names.csv``) and an export folder. Out: figures. A gold document is found in the export by its
``doc_id`` (our ``external_id``) or, for pages that were fetched, by its ``url``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.goldset import GoldSet, Row
from pipeline.paths import Workspace, atomic_write
from pipeline.records import Document
from pipeline.store import read_all
from pipeline.validators.gold_names import SameNames
from pipeline.validators.gold_score import score_export

FLOORS = "floors.json"
# The figures that a floor may hold, as paths into the result. Higher is better for each.
FLOOR_KEYS = (
    "relevance.f1",
    "pair.f1",
    "pair.p",
    "record.f1",
    "foreground_recall",
    "attributes.stage.acc",
    "attributes.date_exact.acc",
    "attributes.evidence_verbatim.acc",
    "attributes.evidence_overlap.acc",
    "sectors.f1",
    "actor.micro.f1",
    "process.micro.f1",
    "output.micro.f1",
    "smart_city.micro.f1",
    "read.kept",
    "read.clean",
)


def read_csv(path: Path) -> list[Row]:
    """Return the rows of a CSV file as dictionaries."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _texts_by_url(workspace: Workspace) -> dict[str, Document]:
    newest: dict[str, Document] = {}
    for document in read_all(workspace.shards("documents"), Document):
        if document.url:
            newest[document.url] = document
    return newest


def run_evaluate(gold: GoldSet, outputs: Path, workspace: Workspace) -> dict[str, Any]:
    """Score an export.

    Args:
        gold: The gold set.
        outputs: Folder with ``documents.csv``, ``mentions.csv`` and ``codings.csv``.
        workspace: Where the export was made; for a gold set of pages (its documents have
            ``must_contain``) it gives the text that was read from them.

    Returns:
        The figures of ``score.py`` under the same keys; for pages also ``read.kept`` and
        ``read.clean``: the share of pages whose body fragments are all there, and of pages whose
        boilerplate fragments are all gone.
    """
    by_url = {d["url"]: d["doc_id"] for d in gold.documents if d.get("must_contain")}
    texts = _texts_by_url(workspace) if by_url else {}
    documents = [_with_text(d, texts) if by_url else d for d in gold.documents]

    def rows(name: str) -> Sequence[Row]:
        found = read_csv(outputs / name)
        if name == "documents.csv":
            for row in found:
                row["external_id"] = row["external_id"] or by_url.get(row["url"], "")
        return found

    same = SameNames.from_rows(gold.names)
    score = score_export(documents, gold.agreements, gold.codings, rows, same)
    result = score.result()
    if by_url:
        result["read"] = _read_figures(documents)
    return result


def _with_text(document: Row, texts: Mapping[str, Document]) -> Row:
    found = texts.get(document["url"])
    return document | {"text": found.text if found else ""}


def _read_figures(documents: Sequence[Row]) -> dict[str, float]:
    checked = [d for d in documents if d.get("must_contain") or d.get("must_not_contain")]
    if not checked:
        return {}
    flat = [(" ".join(d["text"].split()), d) for d in checked]
    kept = sum(all(x in text for x in d.get("must_contain", ())) for text, d in flat)
    clean = sum(not any(x in text for x in d.get("must_not_contain", ())) for text, d in flat)
    return {"kept": round(kept / len(flat), 4), "clean": round(clean / len(flat), 4)}


def figure(result: Mapping[str, Any], key: str) -> float | None:
    """Return the value at a dotted path of a result, or None where there is none."""
    value: Any = result
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


@dataclass(frozen=True, slots=True)
class Floors:
    """The least value of each figure per gold set, and the fingerprint of the set."""

    sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, models: Path) -> Floors:
        """Read ``models/floors.json``; without it there are no floors."""
        path = models / FLOORS
        return cls(json.loads(path.read_text("utf-8")) if path.exists() else {})

    def failures(self, name: str, gold: GoldSet, result: Mapping[str, Any]) -> list[str]:
        """Return a line for each figure of a set that is below its floor."""
        held = self.sets.get(name)
        if held is None:
            return []
        if held["fingerprint"] != gold.fingerprint:
            return [f"{name}: the gold set changed; set its floors anew with --raise-floors"]
        found = {key: figure(result, key) for key in held["floors"]}
        return [
            f"{name}: {key} is {value}, its floor {held['floors'][key]}"
            for key, value in found.items()
            if value is None or value < held["floors"][key]
        ]

    def raised(self, name: str, gold: GoldSet, result: Mapping[str, Any]) -> Floors:
        """Return floors lifted to a result, cut to two decimals; on the same set none sinks."""
        held = self.sets.get(name, {})
        old = held.get("floors", {}) if held.get("fingerprint") == gold.fingerprint else {}
        new = {
            key: max(int(value * 100) / 100, old.get(key, 0.0))
            for key in FLOOR_KEYS
            if (value := figure(result, key)) is not None
        }
        return Floors({**self.sets, name: {"fingerprint": gold.fingerprint, "floors": new}})

    def save(self, models: Path) -> None:
        """Write ``models/floors.json``."""
        with atomic_write(models / FLOORS) as handle:
            handle.write((json.dumps(self.sets, indent=1, sort_keys=True) + "\n").encode())


def as_text(name: str, result: Mapping[str, Any]) -> str:
    """Return a result as the lines that people read."""
    lines = [f"{name}: {result['documents']} documents, {result['documents_missing']} missing"]
    for key in ("relevance", "pair", "record", "sectors"):
        r = result[key]
        lines.append(
            f"  {key:18} P {r['p']:.3f}  R {r['r']:.3f}  F1 {r['f1']:.3f}"
            f"   tp {r['tp']} fp {r['fp']} fn {r['fn']}"
        )
    for key in ("pair", "record"):
        low, high = result[f"{key}_90"]
        lines.append(
            f"  {key + ' per document':18} {result[f'{key}_doc']}"
            f"   F1 90 % interval {low:.3f}-{high:.3f} (documents resampled)"
        )
    signatures = result["false_signatures"]
    lines.append(
        f"  foreground recall  {result['foreground_recall']}"
        f"   false signatures {signatures['share']} of {signatures['n']}"
    )
    fields = [f"{k} {v['acc']}" for k, v in result["attributes"].items()]
    for start in range(0, len(fields), 5):
        lines.append("  " + "  ".join(fields[start : start + 5]))
    for key in ("actor", "process", "output", "smart_city"):
        r = result[key]
        lines.append(f"  {key:18} micro F1 {r['micro']['f1']:.3f}  macro F1 {r['macro_f1']}")
    if result.get("read"):
        r = result["read"]
        lines.append(
            f"  read               body kept {r['kept']:.3f}  boilerplate gone {r['clean']:.3f}"
        )
    return "\n".join(lines)
