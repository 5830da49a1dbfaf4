"""The files about documents: what was read, how it was coded, what was dropped."""

from __future__ import annotations

from pipeline.exporters.schema import CAPTURE_ID, doc_id, key, offsets, score
from pipeline.schema import COUNTRY, EDTF, INSTANT, MONTH, Column, Table

DOCUMENTS = Table(
    name="documents",
    title="Documents",
    description="Every document that was read, relevant or not: the denominator of all counts.",
    key=("doc_id",),
    foreign={},
    stage="read",
    columns=(
        doc_id("The document: a hash of its canonical address, or of the importer's own id."),
        Column(name="external_id", description="The id that an importer gave it."),
        Column(name="url", description="Where it stood."),
        Column(name="source_id", description="The source that it came from.", required=True),
        Column(
            name="source_kind",
            description="What kind of publisher the source is.",
            values=("news", "government", "other"),
            required=True,
        ),
        Column(name="title", description="Its title as published."),
        Column(
            name="published",
            description=(
                "The publisher's calendar date in its own time zone; never a collection date."
            ),
            pattern=EDTF,
        ),
        Column(
            name="retrieved_at",
            description="When the newest version was fetched or imported, UTC.",
            pattern=INSTANT,
            required=True,
        ),
        Column(name="language", description="Main language, BCP 47.", required=True),
        Column(
            name="is_relevant",
            type="boolean",
            role="derived",
            rule="True exactly where a mention of it stands in mentions.csv.",
            description="Whether it tells at least one agreement.",
            required=True,
        ),
        Column(
            name="relevance_score",
            type="number",
            role="derived",
            rule=(
                "The relevance classifier's score; without one, that of the document's best "
                "mention. "
                "Empty where neither was reached."
            ),
            description="How likely it is to tell an agreement.",
        ),
        Column(
            name="outputs_realised",
            type="boolean",
            role="derived",
            rule=(
                "The classifier says so, or a mention tells concrete follow-up or asserts that the "
                "agreement was implemented."
            ),
            description=(
                "Whether it says that an output other than the instrument already happened."
            ),
            required=True,
        ),
        Column(name="word_count", type="integer", description="Words of its text.", required=True),
        Column(
            name="duplicate_of",
            role="derived",
            rule=(
                "The earliest document with the same text; for documents with a mention also one "
                "whose MinHash similarity is at least .7, or that tells of the same parties within "
                "three days and shares a quarter of the shorter one's word 3-grams."
            ),
            description="The doc_id of the document that this one reprints.",
        ),
        Column(
            name="version_count",
            type="integer",
            role="derived",
            rule="Number of different texts that were archived under this address.",
            description="How many versions there are.",
            required=True,
        ),
        CAPTURE_ID,
        Column(name="byline", description="Who wrote it, as the document says."),
        Column(
            name="published_by",
            description="What gave the publication date: a tag of the page, visible words, a feed.",
        ),
        Column(
            name="published_confidence",
            type="number",
            role="derived",
            rule="The share of pages on which a date found this way was right.",
            description="How far the publication date can be trusted, 0 to 1.",
        ),
        Column(
            name="text_quality",
            type="number",
            role="derived",
            rule="Mean confidence of the recognition over words. Empty for text that came as text.",
            description="How well the characters of a scan were recognised, 0 to 1.",
        ),
    ),
)

CODINGS = Table(
    name="codings",
    title="Document codings",
    description=(
        "The framework's categories per document, one row for each piece of text that carries one. "
        "Documents without an agreement have only their relevance."
    ),
    key=("doc_id", "capture_id", "dimension", "category", "coder", "start", "end"),
    foreign={"doc_id": "documents.doc_id"},
    stage="classify",
    columns=(
        doc_id(),
        CAPTURE_ID,
        Column(
            name="dimension",
            description="Which question of the codebook.",
            values=("actor", "process", "output", "smart_city", "sector", "relevance"),
            role="coded",
            required=True,
        ),
        Column(
            name="category",
            description="The answer: an id of the codebook.",
            role="coded",
            required=True,
        ),
        score("How likely the category is.", "From the coder, calibrated on development data."),
        Column(
            name="coder", description="Who coded: a rule set, a model or a person.", required=True
        ),
        *offsets(required=False),
    ),
)

COVERAGE = Table(
    name="coverage",
    title="Coverage",
    description="What was found and what was read, per source and month of publication.",
    key=("source_id", "month"),
    foreign={},
    stage="ingest",
    columns=(
        key("source_id", "The source."),
        Column(
            name="month", description="Month of publication; empty where unknown.", pattern=MONTH
        ),
        Column(name="discovered", type="integer", description="Addresses found.", required=True),
        Column(name="fetched", type="integer", description="Of these, archived.", required=True),
        Column(name="documents", type="integer", description="Documents read.", required=True),
        Column(
            name="relevant",
            type="integer",
            description="Of these, with an agreement.",
            required=True,
        ),
    ),
)

REJECTIONS = Table(
    name="rejections",
    title="Rejections",
    description="Every document that a stage did not pass on, and why.",
    key=("doc_id", "stage", "reason", "url"),
    unique=False,
    foreign={},
    stage="read",
    columns=(
        doc_id(),
        Column(name="url", description="Where it stood."),
        Column(name="source_id", description="The source.", required=True),
        Column(name="stage", description="The stage that dropped it.", required=True),
        Column(name="reason", description="Why.", required=True),
    ),
)

ISSUES = Table(
    name="issues",
    title="Issues",
    description="Values that a stage met and could not use. They were left out, never guessed.",
    key=("doc_id", "capture_id", "stage", "field", "value", "reason"),
    unique=False,
    foreign={},
    stage="read",
    columns=(
        doc_id(),
        CAPTURE_ID,
        Column(name="stage", description="The stage that met it.", required=True),
        Column(name="field", description="Which field it was for.", required=True),
        Column(name="value", description="The value, at most 60 words of it."),
        Column(name="reason", description="What is wrong with it.", required=True),
    ),
)

ANNOTATIONS = Table(
    name="annotations",
    title="Annotations",
    description="Every place, organisation, person, date, sector, instrument and cue in the texts.",
    key=("doc_id", "capture_id", "start", "end", "layer", "label", "tagger"),
    unique=False,
    foreign={"doc_id": "documents.doc_id"},
    stage="tag",
    columns=(
        doc_id(),
        CAPTURE_ID,
        Column(
            name="layer",
            description="What kind of thing it is.",
            values=("place", "organisation", "person", "date", "sector", "instrument", "cue"),
            role="coded",
            required=True,
        ),
        Column(name="label", description="Which of its kind.", role="coded", required=True),
        *offsets(quote="text"),
        Column(
            name="referent_id",
            description="The thing that is meant.",
            role="derived",
            rule="Resolved by the tagger.",
        ),
        Column(
            name="name",
            description="Its normal form: full name, EDTF date, office.",
            role="derived",
            rule="Resolved by the tagger.",
        ),
        Column(
            name="country",
            description="Its country.",
            role="derived",
            rule="From the gazetteer or register.",
            pattern=COUNTRY,
        ),
        Column(
            name="latitude",
            type="number",
            description="Degrees north.",
            role="derived",
            rule="From the gazetteer.",
        ),
        Column(
            name="longitude",
            type="number",
            description="Degrees east.",
            role="derived",
            rule="From the gazetteer.",
        ),
        score("How sure the tagger is.", "From the tagger."),
        Column(name="tagger", description="Which tagger.", required=True),
    ),
)
