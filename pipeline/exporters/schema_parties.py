"""The files about parties and places, and the long tables of cells with several values."""

from __future__ import annotations

from pipeline.exporters.schema import key
from pipeline.schema import AGREEMENT_ID, COUNTRY, HASH, Column, Table

_LOCAL = "The sub-national government."
_PARTNER = "The other party."
_AS_GIVEN = "Named as the document does, without office and administrative words."
_PREFERRED = "Named by the gazetteer or register, else by the full name that most documents use."

PLACES = Table(
    name="places",
    title="Places",
    description=(
        "The governments that are parties, and the countries of all parties. From GeoNames."
    ),
    key=("id",),
    foreign={},
    stage="build",
    columns=(
        key("id", "The place."),
        Column(name="name", description="Preferred name.", required=True),
        Column(name="kind", description="country, province, regency, city or area.", required=True),
        Column(name="country", description="Its country.", pattern=COUNTRY),
        Column(name="latitude", type="number", description="Degrees north.", required=True),
        Column(name="longitude", type="number", description="Degrees east.", required=True),
        Column(
            name="population", type="integer", description="People; 0 where unknown.", required=True
        ),
        Column(name="source_ids", description="Its ids elsewhere.", many=True),
    ),
)

PARTNERS = Table(
    name="partners",
    title="Parties",
    description="Every party of an agreement, on either side: the nodes of the network.",
    key=("id",),
    foreign={},
    stage="build",
    columns=(
        key("id", "The party."),
        Column(
            name="name",
            description="The name published in agreements.csv.",
            role="derived",
            rule=_PREFERRED,
            required=True,
        ),
        Column(
            name="kind",
            description="What it is.",
            role="derived",
            rule="As in its first agreement.",
            dimension="party_kind",
            required=True,
        ),
        Column(
            name="country",
            description="Its country.",
            role="derived",
            rule="As in its first agreement that has one.",
            pattern=COUNTRY,
        ),
        Column(
            name="aliases",
            description="Other names in the documents.",
            role="derived",
            rule="All names resolved to this party.",
            many=True,
        ),
        Column(
            name="agreement_count",
            type="integer",
            description="Its agreements.",
            role="derived",
            rule="Rows of agreements.csv on either side.",
            required=True,
        ),
    ),
)


def _long(name: str, title: str, of: str, id_name: str, value: Column, pattern: str = "") -> Table:
    """Return the long table of a column with several values."""
    return Table(
        name=name,
        title=title,
        description=f"The column of several values in {of}.csv, one row per value.",
        key=(id_name, value.name),
        foreign={id_name: f"{of}.{id_name}"},
        stage="build",
        columns=(key(id_name, f"A row of {of}.csv.", pattern), value),
    )


_SECTOR = Column(
    name="sector", description="One sector.", role="coded", dimension="sector", required=True
)
MENTION_SECTORS = _long(
    "mention_sectors", "Sectors of mentions", "mentions", "mention_id", _SECTOR, HASH
)
AGREEMENT_SECTORS = _long(
    "agreement_sectors",
    "Sectors of agreements",
    "agreements",
    "agreement_id",
    _SECTOR,
    AGREEMENT_ID,
)
PARTNER_ALIASES = _long(
    "partner_aliases",
    "Aliases of parties",
    "partners",
    "id",
    Column(name="alias", description="Another name.", required=True),
)
PLACE_SOURCE_IDS = _long(
    "place_source_ids",
    "Source ids of places",
    "places",
    "id",
    Column(name="source_id", description="An id elsewhere.", required=True),
)
