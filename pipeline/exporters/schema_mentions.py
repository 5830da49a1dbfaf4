"""The files about single texts: mentions, and the words behind every coded cell."""

from __future__ import annotations

from pipeline.exporters.schema import (
    CAPTURE_ID,
    FOLLOW_UP,
    LEVEL,
    SCOPE,
    SECTORS,
    date,
    doc_id,
    key,
    offsets,
    party,
    score,
)
from pipeline.schema import AGREEMENT_ID, HASH, INSTANT, Column, Table

_LOCAL = "The sub-national government."
_PARTNER = "The other party."
_AS_GIVEN = "Named as the document does, without office and administrative words."
_PREFERRED = "Named by the gazetteer or register, else by the full name that most documents use."

MENTIONS = Table(
    name="mentions",
    title="Mentions",
    description="One row per agreement and document: what that document says of it.",
    key=("mention_id",),
    foreign={
        "doc_id": "documents.doc_id",
        "agreement_id": "agreements.agreement_id",
        "local_party_id": "partners.id",
        "partner_id": "partners.id",
    },
    stage="build",
    columns=(
        key("mention_id", "The mention.", HASH),
        doc_id(),
        CAPTURE_ID,
        Column(
            name="agreement_id",
            description="The agreement that it belongs to.",
            role="derived",
            rule=(
                "Same unordered pair of parties, then: one twinning per pair; another "
                "instrument is one "
                "agreement per signing (dates less than a year apart are one signing, unless "
                "the text "
                "renews an earlier one); two instruments are one where their signings fall "
                "within a "
                "month and no document tells them apart; plans and letters of intent lead to "
                "the next "
                "signing; an unspecified instrument joins the only agreement, else the twinning."
            ),
            pattern=AGREEMENT_ID,
            required=True,
        ),
        Column(
            name="instrument_group",
            description="Shared by the mentions of one signing act with many partners.",
            role="derived",
            rule="Same document, sentence, instrument, stage and date.",
        ),
        *party("local_party", _LOCAL, name_rule=_AS_GIVEN),
        *party("partner", _PARTNER, name_rule=_AS_GIVEN),
        LEVEL,
        SCOPE,
        Column(
            name="instrument",
            description="The paper or form; its words are needed unless unspecified.",
            role="coded",
            dimension="instrument",
            required=True,
        ),
        Column(
            name="stage",
            description="The newest stage that the document tells.",
            role="coded",
            dimension="stage",
            required=True,
        ),
        Column(
            name="modality",
            description="How it is told.",
            role="coded",
            dimension="modality",
            required=True,
        ),
        Column(
            name="is_background",
            type="boolean",
            description="True where it is not what the document reports.",
            role="coded",
            required=True,
        ),
        FOLLOW_UP,
        date("date", "When the newest stage was reached."),
        Column(
            name="date_kind",
            description="What happened on that date.",
            role="coded",
            dimension="date_kind",
        ),
        date("start_date", "When the cooperation began, where an older date is told."),
        SECTORS,
        score(
            "How likely the record is right.",
            "From the relator, calibrated; none below the candidate threshold is published.",
        ),
        *offsets(quote="evidence"),
        Column(
            name="is_superseded",
            type="boolean",
            role="derived",
            rule="True where only an older version of the document says so.",
            description="Whether the newest version no longer says it.",
            required=True,
        ),
    ),
)

EVIDENCE = Table(
    name="evidence",
    title="Evidence",
    description=(
        "For every coded cell of mentions, agreements and events the words that it rests on. "
        "The value "
        "is the cell's to the letter; further rows of an event show how other texts date it."
    ),
    key=(
        "record_type",
        "record_id",
        "field",
        "value",
        "doc_id",
        "capture_id",
        "start",
        "end",
        "basis",
    ),
    foreign={"doc_id": "documents.doc_id"},
    stage="build",
    columns=(
        Column(
            name="record_type",
            description="Which file.",
            role="key",
            values=("mention", "agreement", "event"),
            required=True,
        ),
        key("record_id", "Which row: its mention_id, agreement_id or event_id."),
        key("field", "Which column."),
        Column(name="value", description="The cell.", role="coded", required=True),
        doc_id(),
        CAPTURE_ID,
        *offsets(),
        Column(
            name="basis",
            description=(
                "stated: the words say it. referent: the words name the thing, a register "
                "supplies the value. resolved: a relative date, read against the day of "
                "publication. reviewer: a person read these words so (corrections.yml)."
            ),
            values=("stated", "referent", "resolved", "reviewer"),
            role="derived",
            rule="From the relator; referent where a register gives the published name.",
            required=True,
        ),
        Column(
            name="first_seen",
            description="When the archive first held a version that says so.",
            role="derived",
            rule="Retrieval of the oldest version with the same statement.",
            pattern=INSTANT,
            required=True,
        ),
        Column(
            name="last_seen",
            description="When the archive last saw it said.",
            role="derived",
            rule="Retrieval of the newest version with the same statement.",
            pattern=INSTANT,
            required=True,
        ),
        Column(
            name="is_superseded",
            type="boolean",
            description="Whether the newest version no longer says it.",
            role="derived",
            rule="True where only an older version of the document says so.",
            required=True,
        ),
    ),
)
