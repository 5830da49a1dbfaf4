"""The files about agreements: mentions, agreements, their life, and the words behind every cell."""

from __future__ import annotations

from pipeline.exporters.schema import (
    CAPTURE_ID,
    LEVEL,
    SCOPE,
    date,
    doc_id,
    key,
    offsets,
    party,
    score,
)
from pipeline.schema import AGREEMENT_ID, HASH, Column, Table

_LOCAL = "The sub-national government."
_PARTNER = "The other party."
_AS_GIVEN = "Named as the document does, without office and administrative words."
_PREFERRED = "Named by the gazetteer or register, else by the full name that most documents use."

AGREEMENTS = Table(
    name="agreements",
    title="Agreements",
    description="One row per agreement, however many documents tell of it.",
    key=("agreement_id",),
    foreign={"local_party_id": "partners.id", "partner_id": "partners.id"},
    stage="build",
    columns=(
        key("agreement_id", "The agreement; given once, never reused.", AGREEMENT_ID),
        Column(
            name="label",
            description="For people.",
            role="derived",
            rule="Countries, parties and the year of the first date.",
            required=True,
        ),
        *party("local_party", _LOCAL, name_rule=_PREFERRED),
        *party("partner", _PARTNER, name_rule=_PREFERRED),
        LEVEL,
        SCOPE,
        Column(
            name="instrument",
            description=(
                "The paper or form. Published value: official before media, then more independent "
                "sources; what a letter of intent led to before the letter."
            ),
            role="coded",
            dimension="instrument",
            required=True,
        ),
        Column(
            name="sectors",
            description=(
                "What it is about: named by an official document, or by a quarter of the "
                "independent "
                "sources that name any."
            ),
            role="coded",
            dimension="sector",
            many=True,
        ),
        Column(
            name="stage",
            description=(
                "How far it has come: the newest asserted step by date; an undated step counts "
                "if it is "
                "further and not reported earlier. What was planned or hypothetical was not "
                "reached."
            ),
            role="coded",
            dimension="stage",
            required=True,
        ),
        date("first_date", "Earliest dated asserted step; a start date counts."),
        date("signed_date", "Earliest dated signing, or the date since which it runs."),
        date("latest_date", "Newest dated asserted step."),
        date("ended_date", "When it ended, if that is its stage."),
        Column(
            name="renewal_count",
            type="integer",
            description="How often it was renewed.",
            role="derived",
            rule="Number of renewed events that are asserted.",
            required=True,
        ),
        Column(
            name="follow_up",
            description="The strongest follow-up told: concrete, visits_only, none, unknown.",
            role="coded",
            dimension="follow_up",
            required=True,
        ),
        Column(
            name="document_count",
            type="integer",
            description="Documents that tell of it.",
            role="derived",
            rule="Distinct doc_ids of its mentions.",
            required=True,
        ),
        Column(
            name="independent_count",
            type="integer",
            description="Independent sources that tell of it.",
            role="derived",
            rule="Reprints of one text are one source, and so are all texts of one publisher.",
            required=True,
        ),
        Column(
            name="official_count",
            type="integer",
            description="Official documents that tell of it.",
            role="derived",
            rule="Documents whose source is a government.",
            required=True,
        ),
        score(
            "How likely it is that there is such an agreement.",
            "One minus the product, over independent sources, of one minus the best mention's "
            "score; "
            "at most .99, because sources are never wholly independent.",
        ),
        Column(
            name="tier",
            description="How well it is supported.",
            role="derived",
            rule=(
                "vetted: a current mention at or above the vetted threshold, and an official "
                "document "
                "or two independent sources. Else candidate."
            ),
            values=("vetted", "candidate"),
            required=True,
        ),
        Column(
            name="dormant",
            type="boolean",
            description="Whether nothing was heard of it for years; empty where no step is dated.",
            role="derived",
            rule=(
                "true: concluded, not ended, and at the newest retrieval of the corpus more than "
                "dormant_years (configuration; 10 unless set) after its newest dated asserted step "
                "and the newest document that tells of it as news. false: heard of since, ended, "
                "or never concluded."
            ),
        ),
    ),
)

EVENTS = Table(
    name="events",
    title="Events",
    description="The dated and undated steps in the life of each agreement.",
    key=("event_id",),
    foreign={"agreement_id": "agreements.agreement_id", "doc_id": "documents.doc_id"},
    stage="build",
    columns=(
        key("event_id", "The event.", HASH),
        Column(
            name="agreement_id",
            description="The agreement.",
            role="derived",
            rule="The agreement of the mentions that tell it.",
            pattern=AGREEMENT_ID,
            required=True,
        ),
        Column(
            name="stage",
            description="The stage reached.",
            role="coded",
            dimension="stage",
            required=True,
        ),
        date(
            "date",
            "When: an official document's date before the media's, then the most exact that "
            "fits it, "
            "then the later report's. Other texts' dates stand in evidence.csv.",
        ),
        Column(
            name="date_kind",
            description="What happened on it.",
            role="coded",
            dimension="date_kind",
        ),
        Column(
            name="modality",
            description="How it is told.",
            role="coded",
            dimension="modality",
            required=True,
        ),
        doc_id("The document that supplies the date."),
        CAPTURE_ID,
        *offsets(),
    ),
)

RELATIONS = Table(
    name="relations",
    title="Relations",
    description="How agreements hang together, where a text says so.",
    key=("agreement_id", "relation", "other_agreement_id", "other_party_name", "doc_id", "start"),
    unique=False,
    foreign={
        "agreement_id": "agreements.agreement_id",
        "other_agreement_id": "agreements.agreement_id",
        "doc_id": "documents.doc_id",
    },
    stage="build",
    columns=(
        key("agreement_id", "The agreement.", AGREEMENT_ID),
        Column(
            name="relation",
            description="The tie.",
            role="coded",
            dimension="relation",
            required=True,
        ),
        Column(
            name="other_agreement_id",
            description="The other agreement; empty where it is outside the dataset.",
            role="derived",
            rule="The agreement of one of the two parties with a party of that name.",
            pattern=AGREEMENT_ID,
        ),
        Column(name="other_party_name", description="The party that the text names.", role="coded"),
        doc_id("The document that says so."),
        CAPTURE_ID,
        *offsets(),
    ),
)
