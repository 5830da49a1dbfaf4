"""Word documents: what their final version says, and what must not reach a reader."""

import io
import json
import random
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.config import Config, ReadConfig
from pipeline.engine import run_stage
from pipeline.fetchers.files import sniff
from pipeline.fetchers.listing import pdf_links
from pipeline.ingest import import_files
from pipeline.office import DOCX, is_docx
from pipeline.paths import Workspace
from pipeline.read import STAGE, read_payload
from pipeline.readers import Payload, Reading, UnreadableError
from pipeline.readers.dispatch import kind_of, read_frame
from pipeline.readers.docx import read_docx
from pipeline.records import Document
from pipeline.sandbox import Sandbox
from pipeline.store import read_all
from tests.conftest import NOW
from tests.docx_builder import core, docx, paragraph, part, run, table, zipped

FETCHED = "2026-11-24T02:00:00Z"
STORY = (
    "Wali kota menerima tamu dari Gimhae di balai kota pada Senin pagi, sesudah hujan reda.",
    "Keduanya membicarakan magang bagi lulusan sekolah kejuruan dan belum menandatangani apa pun.",
)
BODY = "".join(paragraph(text) for text in STORY)


def read(body: bytes, **known: object) -> Reading:
    payload = Payload(body=body, media_type=DOCX, fetched_at=FETCHED, **known)  # type: ignore[arg-type]
    assert kind_of(payload) == DOCX
    return read_docx(payload)


def lines(body: str, **known: object) -> list[str]:
    return read(docx(BODY + body, **known)).text.split("\n")[len(STORY) :]  # type: ignore[arg-type]


def test_paragraphs_and_tables_stand_in_their_order() -> None:
    made = paragraph("Mitra kota:") + table(("Kota", "Sejak"), ("Gimhae", "2011"))
    assert lines(made + paragraph("Selesai.")) == [
        "Mitra kota:",
        "Kota | Sejak",
        "Gimhae | 2011",
        "Selesai.",
    ]


def test_a_table_that_is_layout_is_read_as_paragraphs() -> None:
    long = "Kalimat panjang tentang kerja sama kota. " * 15
    cell = f"<w:tc>{paragraph('Kiri.')}{paragraph(long)}</w:tc><w:tc>{paragraph('Kanan.')}</w:tc>"
    assert lines(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>") == ["Kiri.", long.strip(), "Kanan."]


def test_inserted_text_counts_and_deleted_text_does_not() -> None:
    made = (
        f"<w:p>{run('Naskah ')}<w:ins>{run('ditandatangani')}</w:ins>"
        f"<w:del><w:r><w:delText>ditunda</w:delText></w:r></w:del>{run('.')}</w:p>"
    )
    assert lines(made) == ["Naskah ditandatangani."]


def test_moved_text_stands_where_it_was_moved_to() -> None:
    moved = "Kalimat yang dipindah."
    made = (
        f"<w:p><w:moveFrom>{run(moved)}</w:moveFrom>{run('Awal.')}</w:p>"
        f"<w:p><w:moveTo>{run(moved)}</w:moveTo></w:p>"
    )
    assert lines(made) == ["Awal.", moved]


def test_a_deleted_paragraph_mark_joins_what_it_divided() -> None:
    mark = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"
    made = f"<w:p>{mark}{run('Kota Yogyakarta ')}</w:p>" + paragraph("dan Kyoto.")
    assert lines(made + paragraph("Lain.")) == ["Kota Yogyakarta dan Kyoto.", "Lain."]
    assert lines(f"<w:p>{mark}{run('Ujung.')}</w:p>") == ["Ujung."]


def test_deleted_rows_and_cells_are_gone() -> None:
    rows = (
        f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{paragraph('X')}</w:tc></w:tr>"
        f"<w:tr><w:tc>{paragraph('A')}</w:tc><w:tc><w:tcPr><w:cellDel/></w:tcPr>{paragraph('Y')}"
        f"</w:tc><w:tc>{paragraph('B')}</w:tc></w:tr>"
    )
    assert lines(f"<w:tbl>{rows}</w:tbl>") == ["A | B"]


def test_hidden_text_field_codes_and_comments_are_not_read_but_field_results_are() -> None:
    shown = run("tampak ", '<w:vanish w:val="0"/>')
    made = (
        f"<w:p>{run('tersembunyi', '<w:vanish/>')}{shown}"
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE</w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("3 Mei 2020")}'
        f'<w:fldSimple w:instr="DATE">{run(" dan 4 Mei")}</w:fldSimple>'
        '<w:r><w:commentReference w:id="1"/></w:r></w:p>'
    )
    comments = part("comments", f"<w:comment w:id='1'>{paragraph('Bohong!')}</w:comment>")
    assert lines(made, parts={"comments.xml": comments}) == ["tampak 3 Mei 2020 dan 4 Mei"]


def test_a_text_box_is_read_once_behind_the_paragraph_that_it_hangs_on() -> None:
    box = f"<w:txbxContent>{paragraph('Kotak.')}</w:txbxContent>"
    made = (
        f"<w:p>{run('Awal ')}<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>{box}"
        f"</wps:txbx></mc:Choice><mc:Fallback><v:textbox>{box}</v:textbox></mc:Fallback>"
        f"</mc:AlternateContent></w:r>{run('akhir.')}</w:p>"
    )
    assert lines(made) == ["Awal akhir.", "Kotak."]


def test_notes_follow_the_body_in_the_order_of_their_references() -> None:
    def note(kind: str, number: int, text: str) -> str:
        return f'<w:{kind} w:id="{number}">{paragraph(text)}</w:{kind}>'

    def mark(kind: str, number: int) -> str:
        return f'<w:p>{run("Baris.")}<w:r><w:{kind}Reference w:id="{number}"/></w:r></w:p>'

    separator = '<w:footnote w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
    made = part(
        "footnotes", separator + note("footnote", 1, "Kedua.") + note("footnote", 2, "Satu.")
    )
    ends = part("endnotes", note("endnote", 1, "Akhir.") + note("endnote", 9, "Tak dirujuk."))
    body = mark("footnote", 2) + mark("endnote", 1) + mark("footnote", 1)
    got = lines(body, parts={"footnotes.xml": made, "endnotes.xml": ends})
    assert got == ["Baris."] * 3 + ["Satu.", "Akhir.", "Kedua."]


def test_headers_are_read_once_and_page_numbers_are_not() -> None:
    head = part("hdr", paragraph("PEMERINTAH KOTA REKAAN") + paragraph("- 2 -"))
    text = read(docx(BODY, parts={"header1.xml": head, "header2.xml": head})).text
    assert text.split("\n") == ["PEMERINTAH KOTA REKAAN", *STORY]


def test_breaks_tabs_and_hyphens_keep_words_whole() -> None:
    made = (
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>Nomor</w:t><w:tab/>"
        "<w:t>12</w:t><w:br/><w:t>Perihal kerja</w:t><w:noBreakHyphen/><w:t>sama</w:t>"
        '<w:br w:type="page"/><w:t>kota</w:t></w:r></w:p>'
    )
    assert lines(made) == ["Nomor 12", "Perihal kerja-sama kota"]


def test_content_controls_links_and_tags_are_transparent() -> None:
    made = (
        f"<w:sdt><w:sdtContent><w:p><w:hyperlink>{run('Kota ')}</w:hyperlink>"
        f"<w:smartTag>{run('Hue')}</w:smartTag></w:p></w:sdtContent></w:sdt>"
    )
    assert lines(made) == ["Kota Hue"]


def test_the_strict_dialect_is_read_too() -> None:
    body = docx(BODY)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {n: archive.read(n) for n in archive.namelist()}
    old, new = (
        b"schemas.openxmlformats.org/officeDocument/2006",
        b"purl.oclc.org/ooxml/officeDocument",
    )
    word = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    strict = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    files = {n: d.replace(old, new).replace(word, strict) for n, d in files.items()}
    assert read(zipped(files)).text.split("\n") == list(STORY)


TITLE = "Kota Rekaan Menjajaki Kerja Sama dengan Gimhae"
STYLES = part("styles", '<w:style w:styleId="Judul"><w:name w:val="Title"/></w:style>')


@pytest.mark.parametrize(
    ("head", "properties", "parts", "title"),
    [
        (paragraph(TITLE, "Judul"), core("Lain sekali judulnya"), {"styles.xml": STYLES}, TITLE),
        (paragraph("SIARAN PERS") + paragraph(TITLE), core(TITLE), {}, TITLE),
        (paragraph("SIARAN PERS") + paragraph(TITLE, properties="<w:b/>"), "", {}, TITLE),
        ("", core("Microsoft Word - surat.docx"), {}, None),
        ("", core("Judul dari templat tahun lalu"), {}, None),
    ],
)
def test_the_title_is_one_that_the_document_bears(
    head: str, properties: str, parts: dict[str, str], title: str | None
) -> None:
    found = read(docx(head + BODY, properties=properties, parts=parts))
    assert found.title == title
    assert title is None or title not in found.text.split("\n")
    assert found.text.endswith(STORY[1])


@pytest.mark.parametrize(
    ("tail", "known", "published"),
    [
        ("Yogyakarta, 4 Mei 2020", {"hint_published": "2020-05-09"}, ("2020-05-04", "text")),
        ("Selesai.", {"hint_published": "2020-05-09"}, ("2020-05-09", "feed")),
        ("Selesai.", {"url": "https://k.example/2020/05/08/a.docx"}, ("2020-05-08", "url")),
        # The publisher's day: 22:05 in London is the next morning in Jakarta.
        ("Selesai.", {"timezone": "Asia/Jakarta"}, ("2020-05-04", "docx:created")),
    ],
)
def test_the_date_is_found_and_how_is_said(
    tail: str, known: dict[str, str], published: tuple[str, str]
) -> None:
    body = docx(BODY + paragraph(tail), properties=core(created="2020-05-03T22:05:00Z"))
    found = read(body, **known).published
    assert found is not None
    assert (found.date, found.method) == published


def test_a_file_without_dates_has_none_and_a_future_one_is_a_remark() -> None:
    assert read(docx(BODY)).published is None
    found = read(docx(BODY, properties=core(created="2199-01-01T00:00:00Z")))
    assert found.published is None
    assert [remark.field for remark in found.remarks] == ["published"]


def refused(body: bytes) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(body)
    return str(caught.value)


@pytest.mark.parametrize(
    "entity",
    ['SYSTEM "file:///etc/hostname"', 'SYSTEM "http://127.0.0.1:9/x"', '"' + "x" * 1_000 + '"'],
)
def test_a_document_type_declaration_is_refused_whatever_it_declares(entity: str) -> None:
    prolog = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x {entity}>]>'
    assert "document type declaration" in refused(docx(BODY + paragraph("x"), prolog=prolog))


def test_a_declaration_in_a_side_part_costs_that_part_only() -> None:
    evil = f"<!DOCTYPE d [<!ENTITY x 'y'>]>{core('&x;')}"
    assert read(docx(BODY, properties=evil)).text.split("\n") == list(STORY)
    notes = part("footnotes", "").replace("?>", "?><!DOCTYPE d []>", 1)
    found = read(docx(BODY, parts={"footnotes.xml": notes}))
    assert found.text.split("\n") == list(STORY)
    assert "declaration" in found.remarks[0].reason


def test_targets_outside_the_file_and_macros_are_never_opened() -> None:
    outside = "".join(
        f'<Relationship Id="x{n}" TargetMode="{mode}" Target="{target}" Type='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/>'
        for n, (mode, target) in enumerate(
            [("External", "http://127.0.0.1:9/n.xml"), ("Internal", "../../../etc/passwd")]
        )
    )
    body = docx(BODY, links=outside, raw={"word/vbaProject.bin": b"\xcc" * 64}, has_macros=True)
    found = read(body)
    assert (found.text.split("\n"), found.remarks) == (list(STORY), ())


def test_bombs_are_noticed_while_they_are_small() -> None:
    assert "letters" in refused(docx(paragraph("x" * 50_000_000)))
    spaces = docx(BODY + "<w:p/>" * 2_100_000)
    assert "elements" in refused(spaces)
    padding = docx(BODY + f"<!--{'x' * 9_000_000}-->" * 8)
    assert "unpacks to more than 60 MB" in refused(padding)
    # What is not read does not count: pictures.
    picture = docx(BODY, raw={"word/media/a.png": b"\0" * 80_000_000})
    assert read(picture).text.split("\n") == list(STORY)


def test_a_hundred_thousand_paragraphs_are_read_where_they_are_allowed() -> None:
    body = docx("".join(paragraph(f"Paragraf {n} tentang kota.") for n in range(100_000)))
    assert "read.pdf_pages" in refused(body)
    assert read(body, pdf_pages=1_000).text.count("\n") == 99_999


def test_deep_nesting_ends_in_text_or_a_refusal() -> None:
    deep = "<w:sdt><w:sdtContent>" * 20_000 + BODY + "</w:sdtContent></w:sdt>" * 20_000
    assert read(docx(deep)).text.split("\n") == list(STORY)


def test_a_password_or_another_office_file_is_named() -> None:
    files = {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}
    sheet = zipped(files)
    assert not is_docx(sheet)
    with pytest.raises(UnreadableError, match="another office file"):
        kind_of(Payload(body=sheet, media_type=DOCX))
    locked = bytearray(docx(BODY))
    place = locked.rfind(b"PK\x01\x02", 0, locked.rfind(b"word/document.xml"))
    locked[place + 8] |= 1
    locked[locked.rfind(b"PK\x03\x04", 0, locked.find(b"word/document.xml")) + 6] |= 1
    assert "password" in refused(bytes(locked))
    assert "too short" in refused(docx(paragraph("Halo.")))


def test_a_cut_or_altered_file_is_read_or_refused_but_never_crashes_the_reader() -> None:
    whole = docx(BODY + table(("a", "b")), properties=core(TITLE))
    randomly = random.Random(7)
    refusals = 0
    for _ in range(600):
        made = bytearray(whole)
        if randomly.random() < 0.3:
            made = made[: randomly.randrange(40, len(made))]
        else:
            for _ in range(randomly.randrange(1, 12)):
                made[randomly.randrange(len(made))] = randomly.randrange(256)
        try:
            read_docx(Payload(body=bytes(made), media_type=DOCX, fetched_at=FETCHED))
        except UnreadableError as error:
            refusals += 1
            assert str(error)
    assert refusals > 200


def test_a_broken_document_is_called_one_and_not_an_archive() -> None:
    whole = docx(BODY)
    assert sniff(whole) == sniff(whole[:-30]) == DOCX
    assert refused(whole[:-30]).startswith("DOCX: broken")
    assert sniff(zipped({"a.txt": b"word/document.xml"})) == "application/zip"


def test_it_is_parsed_in_the_sandbox() -> None:
    with Sandbox(read_frame, seconds=20, memory_mb=600) as box:
        found = read_payload(Payload(body=docx(BODY), media_type="", fetched_at=FETCHED), box)
        assert found.text.split("\n") == list(STORY)
        assert box.pid is not None


def test_local_word_files_become_documents(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rilis.docx").write_bytes(docx(BODY, properties=core(TITLE)))
    (tmp_path / "in" / "tabel.xlsx").write_bytes(zipped({"[Content_Types].xml": b"<x/>"}))
    workspace = Workspace(tmp_path / "w")
    report = import_files(
        workspace, Config(), [tmp_path / "in"], source_id="s", now=datetime.fromisoformat(NOW)
    )
    assert report.total("fetched") == 1
    assert "neither HTML nor PDF nor DOCX" in json.dumps(report.as_data())
    run_stage(STAGE, workspace, Config(read=ReadConfig()), engine="serial")
    (document,) = read_all(workspace.shards("documents"), Document)
    assert (document.reader, document.text.split("\n")) == ("docx", list(STORY))


def test_a_page_links_to_word_files_as_it_does_to_pdfs() -> None:
    links = "<a href=/a.DOCX>x</a><a href='b.pdf?x=1'>y</a><a href=/c.doc>z</a>"
    away = "<a href=//o.example/d.docx>w</a>"
    found = pdf_links((links + away).encode(), "https://k.example/p/")
    assert [link.url for link in found] == [
        "https://k.example/a.DOCX",
        "https://k.example/p/b.pdf?x=1",
    ]
