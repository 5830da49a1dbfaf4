"""The files about time: what changed since the last release, and ids that no longer stand."""

from __future__ import annotations

from pipeline.exporters.schema import key
from pipeline.schema import AGREEMENT_ID, Column, Table

# Why a value is another one than in the last release.
REASONS = ("source", "code", "vocabulary", "model", "reviewer", "taken_down", "unknown")
_WHY = (
    "reviewer: a correction of this cell, or decisions on parties, changed. source: a document "
    "that tells it is new, has a new text, or is gone. code, vocabulary, model: no such document, "
    "and that part of the pipeline is another one. Several where several changed at once."
)

CHANGES = Table(
    name="changes",
    title="Changes",
    description=(
        "What is new, different or gone since the last published release, by record and column; "
        "empty in the first release. CHANGES.md counts them."
    ),
    key=("record_type", "record_id", "field"),
    foreign={},
    stage="export",
    columns=(
        Column(
            name="record_type",
            description="Which file the record stands in.",
            role="key",
            values=("agreement", "event"),
            required=True,
        ),
        key("record_id", "The record: agreement_id or event_id."),
        Column(
            name="agreement_id",
            description="The agreement that it is, or belongs to.",
            role="derived",
            rule="From the record.",
            pattern=AGREEMENT_ID,
            required=True,
        ),
        Column(
            name="change",
            description="What happened to it.",
            role="derived",
            rule="By comparison of the two releases.",
            values=("added", "changed", "removed"),
            required=True,
        ),
        Column(
            name="field",
            description="The column; empty for a record that was added or removed.",
            role="derived",
            rule="By comparison of the two releases.",
        ),
        Column(
            name="old_value",
            description="The value in the last release; of a removed record its label.",
            role="derived",
            rule="As it stood there; empty where it was taken down.",
        ),
        Column(
            name="new_value",
            description="The value now; of an added record its label.",
            role="derived",
            rule="As it stands here.",
        ),
        Column(
            name="reason",
            description="Why.",
            role="derived",
            rule=_WHY,
            values=REASONS,
            many=True,
            required=True,
        ),
    ),
)

TOMBSTONES = Table(
    name="tombstones",
    title="Tombstones",
    description="Agreement ids that were given once and no longer stand. None is ever reused.",
    key=("agreement_id",),
    foreign={"merged_into": "agreements.agreement_id"},
    stage="build",
    columns=(
        key("agreement_id", "The id.", AGREEMENT_ID),
        Column(
            name="status",
            description="What became of it: merged into another one, or withdrawn.",
            role="derived",
            rule="Merged where the mention that it was made for is part of another agreement now.",
            values=("merged", "withdrawn"),
            required=True,
        ),
        Column(
            name="merged_into",
            description="The agreement that it is part of now.",
            role="derived",
            rule="The lowest id among those that fit one agreement stands.",
            pattern=AGREEMENT_ID,
        ),
        Column(
            name="reason",
            description="Why.",
            role="derived",
            rule=f"{_WHY} unknown: it went before the oldest release that is still here.",
            values=REASONS,
            many=True,
            required=True,
        ),
        Column(
            name="date",
            description="Since when: the newest document of the first release without it.",
            role="derived",
            rule="The day of its retrieval, as no file of a release holds the clock.",
            pattern=r"\d{4}-\d\d-\d\d",
            required=True,
        ),
    ),
)
