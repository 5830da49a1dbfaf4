"""Columns that several files have in common, each defined once."""

from __future__ import annotations

from pipeline.schema import COUNTRY, EDTF, HASH, Column


def key(name: str, description: str, pattern: str = "") -> Column:
    """Return a column that names a record."""
    return Column(name=name, description=description, role="key", pattern=pattern, required=True)


def doc_id(description: str = "The document: a hash of its canonical address.") -> Column:
    """Return the ``doc_id`` column."""
    return Column(name="doc_id", description=description, role="key", pattern=HASH, required=True)


CAPTURE_ID = Column(
    name="capture_id",
    description="The archived answer of the server in which this version of the text stands.",
    role="key",
    pattern=HASH,
    required=True,
)


def offsets(*, required: bool = True, quote: str = "quote") -> tuple[Column, ...]:
    """Return the columns that place words in a text: start, end and the words themselves."""
    return (
        Column(
            name="start",
            type="integer",
            role="derived",
            rule="Code points of the version's text before the first quoted one.",
            description="Where the quote begins.",
            required=required,
        ),
        Column(
            name="end",
            type="integer",
            role="derived",
            rule="Code points of the version's text before the first one after the quote.",
            description="Where the quote ends.",
            required=required,
        ),
        Column(
            name=quote,
            role="derived",
            rule="The text's code points from start to end; at most 60 words.",
            description="The words, to the letter.",
            required=required,
        ),
    )


def date(name: str, description: str, *, role: str = "coded", rule: str = "") -> Column:
    """Return a date column: EDTF, as exact as the text."""
    return Column(name=name, description=description, role=role, rule=rule, pattern=EDTF)


def score(description: str, rule: str) -> Column:
    """Return a ``score`` column."""
    return Column(
        name="score",
        type="number",
        description=description,
        role="derived",
        rule=rule,
        required=True,
    )


def party(side: str, who: str, *, name_rule: str) -> tuple[Column, ...]:
    """Return the four columns of one party."""
    return (
        Column(name=f"{side}_name", description=f"{who} {name_rule}", role="coded", required=True),
        Column(
            name=f"{side}_kind",
            description="What this party is by the law of its place.",
            role="coded",
            dimension="party_kind",
            required=True,
        ),
        Column(
            name=f"{side}_country",
            description="Its country, ISO 3166-1 alpha-2; empty for international bodies.",
            role="coded",
            pattern=COUNTRY,
        ),
        Column(
            name=("local_party_id" if side == "local_party" else "partner_id"),
            description="The resolved party, a row of partners.csv.",
            role="derived",
            rule=(
                "The gazetteer's or register's id. Without one: a hash of the name reduced to what "
                "tells it apart (case, accents, legal forms, articles and head words in both "
                "languages folded), kind and country; an empty country fits the only known one, an "
                "acronym the only body whose initials it is; never joined on a tie."
            ),
            required=True,
        ),
    )


LEVEL = Column(
    name="level",
    description="Who deals with whom.",
    role="derived",
    rule="Follows from the kind of the partner (codebook, Kind of party).",
    dimension="level",
    required=True,
)
SCOPE = Column(
    name="scope",
    description="Whether the parties sit in one country.",
    role="derived",
    rule="From the two countries; where one is empty, what most mentions say.",
    dimension="scope",
    required=True,
)
SECTORS = Column(
    name="sectors", description="What it is about.", role="coded", dimension="sector", many=True
)
FOLLOW_UP = Column(
    name="follow_up",
    description="What came after the conclusion.",
    role="coded",
    dimension="follow_up",
    required=True,
)
