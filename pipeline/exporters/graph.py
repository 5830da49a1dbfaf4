"""GraphML and GEXF: parties as nodes, agreements as edges with dates and attributes.

Two parties with several agreements have several edges. GEXF edges carry days, so that Gephi's
timeline works (a year begins on its first day and ends on its last); the EDTF texts stand among
the attributes. Both are written as a stream, so a large network needs no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pipeline.exporters.moments import first_day, last_day
from pipeline.exporters.release import Release, without_controls
from pipeline.schema import Column

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ENDS = ("local_party_id", "partner_id")
_TYPES = {"integer": "int", "number": "double", "boolean": "boolean"}
_GEXF_TYPES = {"integer": "integer", "number": "double", "boolean": "boolean"}
_PLACE = (
    Column(name="latitude", type="number", description="Degrees north, where it is a place."),
    Column(name="longitude", type="number", description="Degrees east, where it is a place."),
)


# GraphML has no labels of its own; readers show the attribute of this name.
_LABEL = Column(name="label", description="The name, for programs that show labels.")


def write_graphml(release: Release, path: Path) -> None:
    """Write the network as GraphML."""
    _write(path, _graphml(release))


def write_gexf(release: Release, path: Path) -> None:
    """Write the network as GEXF 1.3, dynamic, its time in days."""
    _write(path, _gexf(release))


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(lines)


def _nodes(release: Release) -> Iterator[dict[str, str]]:
    """Yield the parties, with coordinates where they are places."""
    places = {row["id"]: row for row in release.rows("places")}
    for row in release.rows("partners"):
        place = places.get(row["id"], {})
        yield row | {c.name: place.get(c.name, "") for c in _PLACE} | {"label": row["name"]}


def _node_columns(release: Release) -> tuple[Column, ...]:
    return tuple(c for c in release.table("partners").columns if c.name != "id") + _PLACE


def _edge_columns(release: Release) -> tuple[Column, ...]:
    left_out = ("agreement_id", *_ENDS)
    return tuple(c for c in release.table("agreements").columns if c.name not in left_out)


def _graphml(release: Release) -> Iterator[str]:
    yield _HEAD
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    nodes, edges = (_LABEL, *_node_columns(release)), _edge_columns(release)
    for kind, columns in (("node", nodes), ("edge", edges)):
        for c in columns:
            of_type = _TYPES.get(c.type, "string")
            yield (
                f'<key id="{kind}_{c.name}" for="{kind}" attr.name="{c.name}" '
                f'attr.type="{of_type}"/>\n'
            )
    yield f'<graph id={_quoted(release.dataset)} edgedefault="undirected">\n'
    for row in _nodes(release):
        yield f"<node id={_quoted(row['id'])}>{_data('node', nodes, row)}</node>\n"
    for row in release.rows("agreements"):
        ends = f"source={_quoted(row[_ENDS[0]])} target={_quoted(row[_ENDS[1]])}"
        data = _data("edge", edges, row)
        yield f"<edge id={_quoted(row['agreement_id'])} {ends}>{data}</edge>\n"
    yield "</graph>\n</graphml>\n"


def _data(kind: str, columns: tuple[Column, ...], row: Mapping[str, str]) -> str:
    return "".join(
        f'<data key="{kind}_{c.name}">{_text(row[c.name])}</data>' for c in columns if row[c.name]
    )


def _gexf(release: Release) -> Iterator[str]:
    yield _HEAD
    yield '<gexf xmlns="http://gexf.net/1.3" version="1.3">\n'
    dated = f' lastmodifieddate="{release.created[:10]}"' if release.created else ""
    yield f"<meta{dated}><creator>City Accords</creator><description>"
    yield f"{_text(release.dataset)}: parties and their agreements</description></meta>\n"
    yield '<graph mode="dynamic" defaultedgetype="undirected" timeformat="date">\n'
    nodes = _node_columns(release)
    # GEXF has labels of its own; Gephi takes an attribute of that name for a second column.
    edges = tuple(c for c in _edge_columns(release) if c.name != "label")
    for kind, columns in (("node", nodes), ("edge", edges)):
        yield f'<attributes class="{kind}" mode="static">\n'
        for c in columns:
            of_type = _GEXF_TYPES.get(c.type, "string")
            yield f'<attribute id="{c.name}" title="{c.name}" type="{of_type}"/>\n'
        yield "</attributes>\n"
    yield "<nodes>\n"
    for row in _nodes(release):
        label, values = _quoted(row["name"]), _attvalues(nodes, row)
        yield f"<node id={_quoted(row['id'])} label={label}>{values}</node>\n"
    yield "</nodes>\n<edges>\n"
    for row in release.rows("agreements"):
        ends = f"source={_quoted(row[_ENDS[0]])} target={_quoted(row[_ENDS[1]])}"
        head = f"id={_quoted(row['agreement_id'])} {ends} label={_quoted(row['label'])}"
        yield f'<edge {head} weight="1.0"{_life(row)}>{_attvalues(edges, row)}</edge>\n'
    yield "</edges>\n</graph>\n</gexf>\n"


def _life(row: Mapping[str, str]) -> str:
    """Return start and end in days.

    An undated agreement always stands. An end before the beginning (two texts that disagree) is
    left out: Gephi refuses such a file.
    """
    start, end = first_day(row["first_date"]), last_day(row["ended_date"])
    text = f' start="{start.isoformat()}"' if start else ""
    if end and (start is None or end >= start):
        text += f' end="{end.isoformat()}"'
    return text


def _attvalues(columns: tuple[Column, ...], row: Mapping[str, str]) -> str:
    values = "".join(
        f'<attvalue for="{c.name}" value={_quoted(row[c.name])}/>' for c in columns if row[c.name]
    )
    return f"<attvalues>{values}</attvalues>"


def _text(value: str) -> str:
    # A carriage return that is not a reference becomes a line feed when it is read (XML, 2.11).
    return escape(without_controls(value), {"\r": "&#13;"})


def _quoted(value: str) -> str:
    return quoteattr(without_controls(value))
