"""Clusters with labels: which mentions are one agreement, which documents are one source.

``tests/data/clusters/*.jsonl`` hold one document per line, all of our own writing: invented news
and press releases about real cities, with the mentions that a perfect reader would hand to
``build``. ``agreement`` labels a mention, ``copy_of`` the document that a document reprints (itself
if none). ``develop`` is what the rules were chosen on, ``unseen`` confirms them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

from pipeline.build import GAZETTEER, run_build
from pipeline.built import BuiltMention, DocumentRow
from pipeline.config import Config
from pipeline.paths import CHECKOUT
from pipeline.readers.signatures import minhash
from pipeline.records import Document, Mention, Party
from pipeline.store import read_records
from pipeline.text import sentences
from tests.dataset_builders import document, fill, light_models, mention

FOLDER = Path(__file__).parent / "data" / "clusters"
NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Documents and mentions of one file, with their labels."""

    documents: list[Document]
    mentions: list[Mention]
    agreement_of: dict[str, str]
    source_of: dict[str, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well clusters agree with their labels, each from 0 to 1."""

    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    pair_precision: float
    pair_recall: float


def load(name: str) -> Labelled:
    """Read ``develop`` or ``unseen``."""
    found = Labelled([], [], {}, {})
    for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        doc = document(
            row["id"],
            row["text"],
            published=row["published"],
            kind=row["source_kind"],
            url=f"https://{row['source']}.example/{row['id']}",
            language=row["language"],
            source_id=row["source"],
            title=None,
            minhash=minhash(row["text"]),
        )
        found.documents.append(doc)
        found.source_of[row["id"]] = row["copy_of"]
        for told in row["mentions"]:
            made = _mention(doc, told)
            found.mentions.append(made)
            found.agreement_of[made.mention_id] = told["agreement"]
    return found


def _mention(doc: Document, told: dict[str, object]) -> Mention:
    fields = dict(told)
    local, partner = (Party(**fields.pop(k)) for k in ("local", "partner"))  # type: ignore[arg-type]
    fields.pop("agreement")
    spans = sentences(doc.text)
    around = next((s for s in spans if partner.name in s.of(doc.text)), spans[0])
    for key in ("steps", "lineage"):
        fields[key] = [tuple(x) for x in fields.get(key, ())]  # type: ignore[attr-defined]
    return mention(doc, local, partner, sentence=around.of(doc.text), **fields)  # type: ignore[arg-type]


def built(
    root: Path, labelled: Labelled, *, workers: int = 1
) -> tuple[dict[str, str], dict[str, str]]:
    """Build the documents: the agreement of each mention, the original of each document.

    Mentions that the build left out are clusters of their own.
    """
    light_models(root)
    names = root / "models" / GAZETTEER
    names.parent.mkdir()
    names.symlink_to(CHECKOUT / "models" / GAZETTEER)
    workspace = fill(root, labelled.documents, labelled.mentions, shards=3)
    run_build(workspace, Config(), now=NOW, workers=workers)
    agreements = {m: m for m in labelled.agreement_of}
    for row in read_records(workspace.build / "mentions.parquet", BuiltMention):
        agreements[row.mention.mention_id] = row.agreement_id
    names = {d.doc_id: d.external_id or "" for d in labelled.documents}
    rows = read_records(workspace.build / "documents.parquet", DocumentRow)
    originals = {names[r.doc_id]: names[r.duplicate_of or r.doc_id] for r in rows}
    return agreements, originals


def compare(found: Mapping[str, Hashable], gold: Mapping[str, Hashable]) -> Figures:
    """Compare two clusterings of the same items (B-cubed: Bagga and Baldwin 1998)."""
    ours, theirs = _members(found), _members(gold)
    precision = recall = 0.0
    for item in gold:
        mine, right = ours[found[item]], theirs[gold[item]]
        both = len(mine & right)
        precision += both / len(mine) / len(gold)
        recall += both / len(right) / len(gold)
    pairs, wanted = _pairs(ours), _pairs(theirs)
    hits = len(pairs & wanted)
    return Figures(
        precision,
        recall,
        2 * precision * recall / (precision + recall),
        hits / len(pairs) if pairs else 1.0,
        hits / len(wanted) if wanted else 1.0,
    )


def _members(clusters: Mapping[str, Hashable]) -> dict[Hashable, set[str]]:
    found: dict[Hashable, set[str]] = defaultdict(set)
    for item, cluster in clusters.items():
        found[cluster].add(item)
    return found


def _pairs(members: Mapping[Hashable, set[str]]) -> set[tuple[str, str]]:
    return {pair for items in members.values() for pair in combinations(sorted(items), 2)}
