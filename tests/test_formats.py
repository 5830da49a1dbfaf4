"""Formats: every one holds the cells of the CSV files, also where the names are hostile.

Each file is opened by a reader that is not ours.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codebook import Codebook
from pipeline.exporters import csvtext, xlsx
from pipeline.exporters.counts import count_columns
from pipeline.exporters.datapackage import FileFacts, datapackage
from pipeline.exporters.formats import FORMATS, facts_of, mediatype_of, write_formats
from pipeline.exporters.geojson import line_between
from pipeline.exporters.moments import first_day, last_day
from pipeline.exporters.release import Release, typed, without_controls
from pipeline.exporters.tables import TABLES, table
from pipeline.paths import CHECKOUT
from pipeline.schema import Column

CREATED = "2026-11-01T00:00:00Z"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("https://evil.example","x")',
    "https://evil.example/" + "a" * 70_000,
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> & ' ]]> <!--",
    "a\x00b\x01c\x08d\x0be\x1ff\ufffeg\uffffh",
    "\u202egnp.exe \u2066x",
    "line\nbreak\r\nand\ttab and lone\rreturn",
    "x" * 40_000,
    "\U0001f9ff" * 20_000,
    "_x0041_ &#65; {{ 7*7 }} %s \\n",
    "'; DROP TABLE agreements; --",
    "NULL",
    "NaN",
    "0123",
    "1e5",
    "TRUE",
    "2016",
    "مدينة القاهرة · ירושלים · 京都府",
    "  leading and trailing  ",
)


def lines_of(of: str, /, **cells: str) -> dict[str, str]:
    """Return a row of a table: what is not given is empty or the smallest value of its type."""
    codebook = Codebook.load(CHECKOUT / "models")
    row = {}
    for column in table(of).columns:
        ids = column.values or (codebook.ids(column.dimension) if column.dimension else ("",))
        plain = {"integer": "1", "number": "0.5000", "boolean": "false"}
        row[column.name] = plain.get(column.type, ids[0] or "x") if column.required else ""
    return row | cells


def agreement(number: int, **cells: str) -> dict[str, str]:
    return lines_of(
        "agreements",
        agreement_id=f"CA-{number:06d}",
        label=cells.pop("label", f"agreement {number}"),
        local_party_name="Yogyakarta",
        local_party_country="ID",
        local_party_id="id:1",
        **{"partner_name": "Kyoto", "partner_id": "jp:1", "partner_country": "JP"} | cells,
    )


def party(name: str, ident: str, country: str = "") -> dict[str, str]:
    return lines_of("partners", id=ident, name=name, country=country, agreement_count="1")


def place(ident: str, latitude: str, longitude: str, country: str) -> dict[str, str]:
    cells = {"latitude": latitude, "longitude": longitude, "population": "0", "kind": "city"}
    return lines_of("places", id=ident, name=ident, country=country, **cells)


def release(folder: Path, **given: list[dict[str, str]]) -> Release:
    """Write the CSV files of a release with these rows; the tables that are not given are empty."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {}
    for found in TABLES:
        rows = given.get(found.name, [])
        cells = [[row[name] for name in found.header] for row in rows]
        (folder / found.file).write_bytes(b"".join(csvtext.encode(found.header, cells)))
        facts[found.file] = replace(facts_of(folder / found.file), rows=len(rows))
    return Release(
        folder=folder,
        dataset="agreements",
        tables=TABLES,
        facts=facts,
        codebook=Codebook.load(CHECKOUT / "models"),
        created=CREATED,
        software="test",
    )


def hostile_release(folder: Path) -> Release:
    parties = [party("Yogyakarta", "id:1", "ID")]
    parties += [party(name, f"h:{i:02d}", "JP") for i, name in enumerate(HOSTILE)]
    agreements = [
        agreement(i, partner_name=name, partner_id=f"h:{i:02d}", label=name, first_date="1985-07")
        for i, name in enumerate(HOSTILE)
    ]
    places = [place("id:1", "-7.8", "110.4", "ID"), place("iso:JP", "36", "138", "JP")]
    return release(folder, agreements=agreements, partners=parties, places=places)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release full of names that want to do harm, in every format."""
    found = hostile_release(tmp_path_factory.mktemp("hostile"))
    write_formats(found)
    return found


def test_parquet_has_the_types_and_every_cell_to_the_letter(hostile: Release) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = pq.read_table(hostile.folder / "agreements.parquet")
    assert found.schema.field("document_count").type == pa.int64()
    assert found.schema.field("score").type == pa.float64()
    assert found.schema.field("first_date").type == pa.string()
    assert found.column("partner_name").to_pylist() == list(HOSTILE)
    assert found.column("signed_date").null_count == len(HOSTILE)
    assert b"agreement" in found.schema.field("agreement_id").metadata[b"description"]
    file = pq.ParquetFile(hostile.folder / "agreements.parquet")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert pq.read_table(hostile.folder / "mentions.parquet").num_rows == 0


def test_sqlite_has_every_cell_and_links_that_hold(hostile: Release) -> None:
    with closing(sqlite3.connect(hostile.folder / "cityaccords.sqlite")) as database:
        names = database.execute("SELECT partner_name FROM agreements ORDER BY rowid").fetchall()
        assert [name for (name,) in names] == list(HOSTILE)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        links = {row[2:5] for row in database.execute("PRAGMA foreign_key_list(agreements)")}
        assert ("partners", "partner_id", "id") in links
        types = {row[1]: row[2] for row in database.execute("PRAGMA table_info(agreements)")}
        assert (types["score"], types["document_count"], types["first_date"]) == (
            "REAL",
            "INTEGER",
            "TEXT",
        )
        tables = {n for (n,) in database.execute("SELECT name FROM sqlite_master")}
        assert {t.name for t in TABLES} | {"cell_quotes", "mentions_by_doc_id"} <= tables


def test_the_view_leads_from_a_cell_to_its_words_and_their_document(tmp_path: Path) -> None:
    document = lines_of("documents", doc_id="d" * 16, url="https://paper.example/1", title="T")
    told = lines_of(
        "evidence",
        record_type="agreement",
        record_id="CA-000001",
        field="stage",
        value="signed",
        doc_id="d" * 16,
        quote="They signed.",
    )
    found = release(tmp_path, documents=[document], evidence=[told])
    write_formats(found)
    with closing(sqlite3.connect(tmp_path / "cityaccords.sqlite")) as database:
        query = (
            "SELECT value, quote, url FROM cell_quotes WHERE record_type = 'agreement' "
            "AND record_id = ? AND field = ?"
        )
        rows = database.execute(query, ("CA-000001", "stage")).fetchall()
        plan = database.execute("EXPLAIN QUERY PLAN " + query, ("CA-000001", "stage")).fetchall()
    assert rows == [("signed", "They signed.", "https://paper.example/1")]
    assert plan[0][3].startswith("SEARCH e USING PRIMARY KEY (record_type=? AND record_id=?")


def test_two_rows_with_one_key_stop_the_database(tmp_path: Path) -> None:
    twice = release(tmp_path, partners=[party("A", "x"), party("B", "x")])
    with pytest.raises(ValueError, match=r"partners\.csv.*UNIQUE"):
        write_formats(twice)


def sheet(path: Path, name: str) -> list[list[Any]]:
    from openpyxl import load_workbook

    return [list(row) for row in load_workbook(path)[name].iter_rows()]


def test_xlsx_holds_text_and_no_formula_and_no_link(hostile: Release) -> None:
    from openpyxl.utils.escape import unescape

    rows = sheet(hostile.folder / "cityaccords.xlsx", "agreements")
    column = [cell.value for cell in rows[0]].index("partner_name")
    cells = [row[column] for row in rows[1:]]
    assert len(cells) == len(HOSTILE)
    for cell, name in zip(cells, HOSTILE, strict=True):
        assert cell.data_type == "s" and cell.hyperlink is None, name
        # Excel writes what looks like an escape (_x0041_) as an escape of its own.
        assert unescape(str(cell.value)) == xlsx.fitted(name)
        assert cell.quotePrefix == name.startswith(xlsx.FORMULA), name
    assert all(len(str(c.value).encode("utf-16-le")) // 2 <= xlsx.CHARACTERS for c in cells)
    assert str(cells[HOSTILE.index("x" * 40_000)].value).endswith("[…]")


def test_xlsx_is_sound_xml_with_filters_and_a_frozen_header(hostile: Release) -> None:
    with zipfile.ZipFile(hostile.folder / "cityaccords.xlsx") as book:
        assert not any("vba" in n.lower() or "externalLink" in n for n in book.namelist())
        for name in book.namelist():
            if name.endswith((".xml", ".rels")):
                root = ElementTree.fromstring(book.read(name))  # noqa: S314 - our own file
                assert root.find(f".//{SHEET}f") is None, name
                assert b"TargetMode" not in book.read(name)
        first = ElementTree.fromstring(book.read("xl/worksheets/sheet2.xml"))  # noqa: S314
    assert first.find(f".//{SHEET}pane").get("state") == "frozen"  # type: ignore[union-attr]
    assert first.find(f"{SHEET}autoFilter") is not None


def test_a_sheet_that_is_too_short_says_how_many_rows_are_missing(tmp_path: Path) -> None:
    found = release(tmp_path, partners=[party(f"P{i}", f"p:{i:03d}") for i in range(10)])
    xlsx.write(found, tmp_path / "short.xlsx", rows=6)
    rows = sheet(tmp_path / "short.xlsx", "partners")
    assert len(rows) == 6
    assert [row[0].value for row in rows[1:5]] == [f"p:{i:03d}" for i in range(4)]
    assert rows[5][0].value == "6 more rows do not fit on a sheet: see partners.csv"
    about = [[cell.value for cell in row] for row in sheet(tmp_path / "short.xlsx", "About")]
    line = next(row for row in about if row[0] == "partners")
    assert line[1:3] == [10, 4] and "Only 4 of 10 rows fit" in line[3]
    xlsx.write(found, tmp_path / "exact.xlsx", rows=11)
    assert sheet(tmp_path / "exact.xlsx", "partners")[-1][0].value == "p:009"


def test_geojson_is_valid_and_has_every_party_and_agreement(hostile: Release) -> None:
    points = json.loads((hostile.folder / "parties.geojson").read_text("utf-8"))
    lines = json.loads((hostile.folder / "agreements.geojson").read_text("utf-8"))
    assert len(points["features"]) == len(HOSTILE) + 1
    assert [f["properties"]["partner_name"] for f in lines["features"]] == list(HOSTILE)
    for feature in points["features"] + lines["features"]:
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
    assert points["features"][0]["geometry"] == {"type": "Point", "coordinates": [110.4, -7.8]}
    assert points["features"][1]["properties"]["located_by"] == "country"
    told = lines["features"][0]
    assert told["geometry"]["coordinates"] == [[110.4, -7.8], [138.0, 36.0]]
    assert (told["properties"]["begin"], told["properties"]["first_date"]) == (
        "1985-07-01",
        "1985-07",
    )


def test_a_party_without_a_place_has_no_geometry(tmp_path: Path) -> None:
    found = release(tmp_path, partners=[party("A", "x")], agreements=[agreement(1)])
    write_formats(found)
    for name in ("parties", "agreements"):
        data = json.loads((tmp_path / f"{name}.geojson").read_text("utf-8"))
        assert [f["geometry"] for f in data["features"]] == [None]


LONGITUDE = st.floats(-180, 180).map(lambda x: round(x, 4))
LATITUDE = st.floats(-90, 90).map(lambda x: round(x, 4))


@given(st.tuples(LONGITUDE, LATITUDE), st.tuples(LONGITUDE, LATITUDE))
def test_no_line_crosses_the_antimeridian_or_goes_the_long_way_round(
    one: tuple[float, float], two: tuple[float, float]
) -> None:
    geometry: Any = line_between(one, two)
    parts = geometry["coordinates"]
    if geometry["type"] == "LineString":
        parts = [parts]
    length = 0.0
    for part in parts:
        assert len(part) == 2
        for longitude, latitude in part:
            assert -180 <= longitude <= 180 and -90 <= latitude <= 90
        length += abs(part[0][0] - part[1][0])
    assert length <= 180 + 1e-6
    if len(parts) == 2:
        assert parts[0][1][0] == -parts[1][0][0] and abs(parts[0][1][0]) == 180
        assert parts[0][1][1] == parts[1][0][1]


def test_a_line_over_the_pacific_is_cut_where_it_crosses() -> None:
    assert line_between((170.0, 10.0), (-170.0, 20.0)) == {
        "type": "MultiLineString",
        "coordinates": [[(170.0, 10.0), (180.0, 15.0)], [(-180.0, 15.0), (-170.0, 20.0)]],
    }
    assert line_between((180.0, 1.0), (-170.0, 2.0)) == {
        "type": "LineString",
        "coordinates": [(-180.0, 1.0), (-170.0, 2.0)],
    }


@pytest.mark.parametrize("name", ["network.graphml", "network.gexf"])
def test_the_network_has_all_parties_and_agreements(hostile: Release, name: str) -> None:
    import networkx as nx

    path = hostile.folder / name
    ElementTree.parse(path)  # noqa: S314 - our own file
    graph = nx.read_gexf(path) if name.endswith("gexf") else nx.read_graphml(path)
    assert len(graph) == len(HOSTILE) + 1 and graph.number_of_edges() == len(HOSTILE)
    shown = nx.get_node_attributes(graph, "name")
    assert {shown[f"h:{i:02d}"] for i in range(len(HOSTILE))} == set(map(without_controls, HOSTILE))
    edge = graph.get_edge_data("id:1", "h:00")
    edge = edge if "first_date" in edge else next(iter(edge.values()))
    assert edge["first_date"] == "1985-07" and edge["document_count"] == 1
    if name.endswith("gexf"):
        assert edge["start"] == "1985-07-01"


def test_two_agreements_of_one_pair_are_two_edges_and_their_lives_are_days(tmp_path: Path) -> None:
    import networkx as nx

    found = release(
        tmp_path,
        partners=[party("A", "id:1"), party("B", "jp:1")],
        agreements=[
            agreement(1, first_date="1985", ended_date="2003-02"),
            agreement(2, first_date="2010-05-06", ended_date="2009"),
            agreement(3),
        ],
    )
    write_formats(found)
    assert nx.read_graphml(tmp_path / "network.graphml").number_of_edges() == 3
    edges = list(ElementTree.parse(tmp_path / "network.gexf").iter("{http://gexf.net/1.3}edge"))  # noqa: S314
    assert [(e.get("start"), e.get("end")) for e in edges] == [
        ("1985-01-01", "2003-02-28"),
        ("2010-05-06", None),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("edtf", "first", "last"),
    [
        ("2005-07-18", date(2005, 7, 18), date(2005, 7, 18)),
        ("2004-02", date(2004, 2, 1), date(2004, 2, 29)),
        ("2016~", date(2016, 1, 1), date(2016, 12, 31)),
        ("199X", date(1990, 1, 1), date(1999, 12, 31)),
        ("2005-XX-XX", date(2005, 1, 1), date(2005, 12, 31)),
        ("2003/2012", date(2003, 1, 1), date(2012, 12, 31)),
        ("2003/..", date(2003, 1, 1), None),
        ("../2003-05", None, date(2003, 5, 31)),
        ("", None, None),
        ("2005-02-30", None, None),
        ("2005-13", None, None),
        ("0000", None, None),
        ("soon", None, None),
    ],
)
def test_edtf_becomes_days(edtf: str, first: date | None, last: date | None) -> None:
    assert (first_day(edtf), last_day(edtf)) == (first, last)


@given(st.text(alphabet="0123456789X-/~?%. ", max_size=24))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    first, last = first_day(text), last_day(text)
    assert first is None or last is None or "/" in text or first <= last


def test_croissant_names_every_file_and_column(hostile: Release) -> None:
    found = json.loads((hostile.folder / "croissant.json").read_text("utf-8"))
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    files = {f["@id"]: f["sha256"] for f in found["distribution"]}
    assert files == {t.file: hostile.facts[t.file].sha256 for t in TABLES}
    fields = {f["@id"] for r in found["recordSet"] for f in r["field"]}
    assert fields == {f"{t.name}/{c.name}" for t in TABLES for c in t.columns}
    for record in found["recordSet"]:
        for field in record["field"]:
            if "references" in field:
                other = field["references"]
                assert other["fileObject"]["@id"] in files
                table = other["fileObject"]["@id"].removesuffix(".csv")
                assert f"{table}/{other['extract']['column']}" in fields


class Tags(HTMLParser):
    """Collects the tags, attributes and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_codebook_page_counts_and_asks_the_network_for_nothing(hostile: Release) -> None:
    text = (hostile.folder / "codebook.html").read_text("utf-8")
    page = Tags(text)
    ids = {a["id"] for _, a in page.tags if "id" in a}
    for tag, attributes in page.tags:
        assert tag not in ("script", "img", "link", "iframe") and "src" not in attributes
        target = attributes.get("href")
        assert target is None or (target.startswith("#") and target[1:] in ids)
    for found in TABLES:
        assert f"file-{found.name}" in ids
    assert f"{len(HOSTILE)} rows" in text


def test_counts_are_those_of_the_cells() -> None:
    codebook = Codebook.load(CHECKOUT / "models")
    found = table("agreements")
    first, second = codebook.ids("sector")[:2]
    rows = [
        agreement(1, sectors=f"{first}; {second}", first_date="1985", document_count="10"),
        agreement(2, sectors=first, first_date="2001-02", document_count="9"),
    ]
    number, counts = count_columns(found, ([r[n] for n in found.header] for r in rows), codebook)
    by_name = {c.column.name: c for c in counts}
    assert number == 2
    assert dict(by_name["sectors"].categories)[first] == 2
    assert dict(by_name["sectors"].categories)[second] == 1
    assert set(dict(by_name["sectors"].categories)) == set(codebook.ids("sector"))
    assert (by_name["first_date"].least, by_name["first_date"].most) == ("1985", "2001-02")
    assert (by_name["document_count"].least, by_name["document_count"].most) == ("9", "10")
    assert by_name["ended_date"].filled == 0


def digests(found: Release) -> dict[str, str]:
    names = [n for f in FORMATS for n in f.files(found)]
    return {n: hashlib.sha256((found.folder / n).read_bytes()).hexdigest() for n in names}


def test_the_same_rows_give_the_same_bytes_in_every_format(
    hostile: Release, tmp_path: Path
) -> None:
    again = hostile_release(tmp_path / "elsewhere")
    written = write_formats(again)
    assert digests(again) == digests(hostile)
    assert {name: facts.sha256 for name, facts in written.items()} == digests(again)
    left = {p.name for p in again.folder.iterdir()}
    assert left == {t.file for t in TABLES} | set(written)  # and no scratch file stays


def test_an_empty_dataset_has_every_format(tmp_path: Path) -> None:
    empty = replace(release(tmp_path), created=None)
    assert set(write_formats(empty)) == {n for f in FORMATS for n in f.files(empty)}


def test_the_package_lists_every_file_and_frictionless_agrees(hostile: Release) -> None:
    from frictionless import Package

    written = write_formats(hostile)
    data = datapackage(
        "agreements",
        TABLES,
        hostile.facts,
        hostile.codebook,
        created=CREATED,
        software="test",
        others=written,
        mediatype=mediatype_of,
    )
    path = hostile.folder / "datapackage.json"
    path.write_bytes(data)
    listed = {r["path"]: r for r in json.loads(data)["resources"]}
    assert set(listed) == {t.file for t in TABLES} | set(written)
    assert listed["network.gexf"]["mediatype"] == "application/gexf+xml"
    report = Package(str(path)).validate()
    problems = {tuple(p) for p in report.flatten(["type"])}
    path.unlink()
    # The invented rows leave out what other rules ask for; files, sizes and hashes must be right.
    assert not problems & {
        ("hash-count",),
        ("byte-count",),
        ("resource-error",),
        ("package-error",),
    }


def column(of_type: str) -> Column:
    return Column(name="x", description="X.", type=of_type)


def test_a_cell_that_breaks_its_type_is_refused_by_name() -> None:
    assert typed(column("integer"), "") is None
    assert typed(column("boolean"), "true") is True
    assert typed(column("number"), "nan") is None
    assert typed(column("number"), "0.2500") == 0.25
    for of_type, text in (("integer", "1.5"), ("integer", str(2**63)), ("number", "x")):
        with pytest.raises(ValueError, match=r"."):
            typed(column(of_type), text)
    with pytest.raises(KeyError):
        typed(column("boolean"), "yes")


def big_rows(count: int) -> Iterator[list[str]]:
    """Yield rows of agreements without holding them."""
    header = table("agreements").header
    row = agreement(0, first_date="1985")
    for number in range(count):
        row["agreement_id"] = f"CA-{number:06d}"
        yield [row[name] for name in header]


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Ten times the rows may not take three times the memory (Parquet holds one group)."""
    import tracemalloc

    peaks = []
    for count in (600, 6_000):
        found = release(tmp_path / str(count), partners=[party("A", "id:1"), party("B", "jp:1")])
        file = found.folder / "agreements.csv"
        file.write_bytes(b"".join(csvtext.encode(table("agreements").header, big_rows(count))))
        facts: dict[str, FileFacts] = dict(found.facts)
        facts["agreements.csv"] = replace(facts_of(file), rows=count)
        found = replace(found, facts=facts)
        streams = [f for f in FORMATS if "{table}" not in f.name]
        tracemalloc.start()
        for form in streams:
            form.write(found, found.folder / form.name)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 3 * peaks[0]
