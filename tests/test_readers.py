"""Readers: bytes in, clean text with title and date out. Pages and files are made here."""

import io
import json
import random
import textwrap
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Spacer, Table

from pipeline.readers import Payload, Reading, Selectors, UnreadableError
from pipeline.readers.calendar_dates import dates_in, machine_date, zone_of
from pipeline.readers.charset import decode
from pipeline.readers.dispatch import (
    HTML,
    PDF,
    RECORD,
    TEXT,
    decode_reading,
    encode_payload,
    kind_of,
    read_frame,
    reader_of,
)
from pipeline.readers.language import detect
from pipeline.readers.signatures import PERMUTATIONS, minhash, text_sha256
from tests.pdf_builder import drawn, paragraph, pdf_of

FETCHED = "2026-11-24T02:00:00Z"
PARAGRAPHS = (
    "KEPANJEN – Bupati menerima delapan tamu dari Gimhae, Senin pagi, di pendapa yang baru dicat.",
    "Mereka membicarakan magang bagi lulusan sekolah kejuruan, dan belum ada yang ditandatangani.",
    "“Kami datang untuk melihat bengkelnya dulu,” kata Park Min-seo, kepala rombongan itu.",
    "Rombongan pulang pada Rabu. Tim kecil akan menyusun daftar sekolah sebelum akhir bulan depan.",
)
STORY = "Wali kota menerima tamu dari jauh di balai kota lama."
BODY = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)


def read(body: bytes | str, media_type: str = HTML, **known: object) -> Reading:
    raw = body.encode() if isinstance(body, str) else body
    payload = Payload(body=raw, media_type=media_type, **({"fetched_at": FETCHED} | known))  # type: ignore[arg-type]
    return reader_of(kind_of(payload))(payload)


def page(body: str, head: str = "<title>Tamu dari Gimhae</title>") -> str:
    return f"<!doctype html><html lang=id><head>{head}</head><body>{body}</body></html>"


def whole(body: str = BODY, *, head: str = "<title>Tamu dari Gimhae | Koran Rekaan</title>") -> str:
    """Return a page as news sites build them: far more furniture than document."""
    teasers = "".join(
        f"<div class=kartu><a href=/{i}><h3>Judul berita lain yang cukup panjang nomor {i}</h3></a>"
        f"<p>Ringkasan berita lain nomor {i} yang juga berupa kalimat utuh dan panjang.</p></div>"
        for i in range(6)
    )
    return page(
        f"""
        <div class="cookie-consent">Kami memakai kuki supaya situs ini berjalan baik. Setuju?</div>
        <header><nav><ul><li><a href=/>Depan</a><li><a href=/d>Daerah</a></ul></nav></header>
        <main class="has-sidebar"><article><h1>Tamu dari Gimhae</h1>
        <div class="author-byline">Oleh Sri Lestari | Senin, 4 Mei 2020 | 14:05 WIB</div>
        <figure><img src=a.jpg><figcaption>Suasana pendapa (foto: dok)</figcaption></figure>
        <div class="detail-body">{body}</div>
        <div class="share-buttons"><a href=#>Bagikan artikel ini ke semua teman Anda</a></div>
        </article>
        <section id="comments"><p>Semoga magangnya jadi, anak saya menunggu kabar ini.</p></section>
        <aside><p>Berlangganan buletin kami agar tidak ketinggalan kabar daerah.</p></aside>
        <div class=berita-lain>{teasers}</div></main>
        <footer><p>Hak cipta 2020 Koran Rekaan. Semua hak dilindungi undang-undang.</p></footer>
        """,
        head,
    )


def json_ld(**fields: object) -> str:
    data = json.dumps({"@type": "NewsArticle"} | fields)
    return f'<script type="application/ld+json">{data}</script>'


class TestHtmlText:
    def test_only_the_document_is_left_one_paragraph_per_line(self) -> None:
        assert read(whole()).text.split("\n") == list(PARAGRAPHS)

    @pytest.mark.parametrize(
        "pointer",
        [
            "<p><strong>Baca juga: <a href=/x>Bupati Lain Menerima Tamu</a></strong></p>",
            "<p>Read also: Another regent met other guests in another town.</p>",
            "<p>BACA JUGA: Bupati lain menerima tamu.</p>",
            "<p>Advertisement</p>",
            "<div class=related-links><p>Ini kalimat utuh tentang berita lain.</p></div>",
            "<ul class=share><li>Facebook<li>WhatsApp</ul>",
        ],
    )
    def test_pointers_inside_the_body_are_left_out(self, pointer: str) -> None:
        halves = (
            "".join(f"<p>{p}</p>" for p in PARAGRAPHS[:2]),
            "".join(f"<p>{p}</p>" for p in PARAGRAPHS[2:]),
        )
        assert read(whole(pointer.join(halves))).text.split("\n") == list(PARAGRAPHS)

    def test_lists_tables_and_headings_of_the_document_stay_as_lines(self) -> None:
        rows = "<tr><th>Kota<th>Negara<th>Sejak</tr><tr><td>Gimhae<td>Korea Selatan<td>2011</tr>"
        listed = (
            f"<p>{PARAGRAPHS[0]}</p><h2>Mitra kabupaten</h2>"
            "<p>Mitra itu adalah sebagai berikut:</p>"
            "<ul><li>Gimhae, Korea Selatan<li>Ise, Jepang</ul>"
            f"<table>{rows}</table><p>{PARAGRAPHS[3]}</p><p>{PARAGRAPHS[1]}</p><p>{PARAGRAPHS[2]}</p>"
        )
        lines = read(whole(listed)).text.split("\n")
        assert lines[1:5] == [
            "Mitra kabupaten",
            "Mitra itu adalah sebagai berikut:",
            "Gimhae, Korea Selatan",
            "Ise, Jepang",
        ]
        assert lines[5:7] == ["Kota | Negara | Sejak", "Gimhae | Korea Selatan | 2011"]

    def test_paragraphs_divided_by_line_breaks_are_told_apart(self) -> None:
        body = f"<div class=isi>{'<br><br>'.join(PARAGRAPHS)}</div>"
        assert read(page(body)).text.split("\n") == list(PARAGRAPHS)

    def test_a_document_in_parts_between_advertisements_is_whole(self) -> None:
        parts = "".join(
            f"<div class=bagian><p>{p}</p></div><div class=ad>Iklan</div>" for p in PARAGRAPHS
        )
        assert read(whole(parts)).text.split("\n") == list(PARAGRAPHS)

    def test_a_form_around_the_page_does_not_swallow_it(self) -> None:
        assert read(page(f"<form action=/><div>{BODY}</div></form>")).text.split("\n") == list(
            PARAGRAPHS
        )

    def test_hidden_text_is_not_read(self) -> None:
        hidden = f'<p style="display: none">Kalimat tersembunyi: {STORY}</p>'
        assert "tersembunyi" not in read(whole(BODY + hidden)).text

    def test_inline_markup_and_invisible_letters_leave_words_whole(self) -> None:
        marked = BODY.replace("delapan tamu", "<b>de\u00adla</b>pan <a href=/t>ta</a>mu\u200b")
        assert PARAGRAPHS[0] in read(whole(marked)).text

    @pytest.mark.parametrize(
        ("body", "title", "reason"),
        [
            ("<p>Checking your browser</p>", "Just a moment...", "blocked"),
            ("<p>Accept all cookies to go on.</p>", "Koran", "blocked"),
            ("<p>Sorry, we looked everywhere for it.</p>", "404 Not Found", "error page"),
            ("<p>Halaman tidak ditemukan.</p>", "Koran", "error page"),
            ("<p>Satu kalimat.</p>", "Koran", "too short: 1"),
        ],
    )
    def test_walls_error_pages_and_stubs_are_refused_with_the_reason(
        self, body: str, title: str, reason: str
    ) -> None:
        with pytest.raises(UnreadableError, match=reason):
            read(page(body, f"<title>{title}</title>"))

    def test_a_document_about_captchas_is_a_document(self) -> None:
        story = "".join(
            f"<p>Bagian {i}: warga mengeluhkan captcha di laman pajak kota itu.</p>"
            for i in range(12)
        )
        assert "captcha" in read(page(story)).text

    @pytest.mark.parametrize(
        "bomb",
        [
            "<p>x " * 200_001,
            "<div " + " ".join(f"a{i}=1" for i in range(60_000)) + ">",
            "<!-- " + "x" * 5_000_001 + " -->",
        ],
        ids=["tags", "attributes", "size"],
    )
    def test_pages_built_to_hang_a_parser_get_the_cheap_pass(self, bomb: str) -> None:
        reading = read(page(BODY + bomb, "<title>Tamu</title>"))
        assert reading.reader == "html:cheap"
        assert reading.text.startswith(PARAGRAPHS[0])

    @given(
        st.text(max_size=300),
        st.sampled_from(["<p>", "<div class=x>", "<a href=", "<table><tr>", "<!--"]),
    )
    def test_no_text_and_no_broken_markup_raises_anything_but_a_refusal(
        self, text: str, tag: str
    ) -> None:
        try:
            reading = read(page(BODY + tag + text))
        except UnreadableError:
            return
        assert all(line == " ".join(line.split()) != "" for line in reading.text.split("\n"))


class TestHtmlTitle:
    @pytest.mark.parametrize(
        ("head", "heading", "title"),
        [
            (
                "<title>Tamu dari Gimhae | Koran Rekaan</title>",
                "<h2>Tamu dari Gimhae</h2>",
                "Tamu dari Gimhae",
            ),
            (
                '<title>Tamu - Koran</title><meta property="og:site_name" content="Koran">',
                "",
                "Tamu",
            ),
            (
                '<meta property="og:title" content="Dari Gimhae ke Malang">',
                "<h1>Lain</h1>",
                "Dari Gimhae ke Malang",
            ),
            (
                json_ld(headline="Tamu &amp; teman..."),
                "<h1>Tamu &amp; teman dari kota yang jauh</h1>",
                "Tamu & teman dari kota yang jauh",
            ),
            ("<title>A - B</title>", "", "A - B"),
        ],
    )
    def test_the_title_is_what_the_page_calls_itself_without_the_site(
        self, head: str, heading: str, title: str
    ) -> None:
        assert read(page(heading + BODY, head)).title == title


class TestPublished:
    @pytest.mark.parametrize(
        ("head", "body", "known", "date", "method"),
        [
            (json_ld(datePublished="2020-05-04T07:05:00+07:00"), "", {}, "2020-05-04", "json-ld"),
            # Five in the morning in Jakarta is the evening before in Greenwich.
            (
                json_ld(datePublished="2020-05-03T22:05:00Z"),
                "",
                {"timezone": "Asia/Jakarta"},
                "2020-05-04",
                "json-ld",
            ),
            (
                json_ld(dateModified="2020-06-01", datePublished="2020-05-04"),
                "",
                {},
                "2020-05-04",
                "json-ld",
            ),
            # A clock in local time with a false "Z": the URL has the publisher's own day.
            (
                json_ld(datePublished="2020-05-04T22:05:00Z"),
                "",
                {"timezone": "Asia/Jakarta", "url": "https://a.example/2020/05/04/tamu"},
                "2020-05-04",
                "json-ld",
            ),
            (
                '<meta property="article:modified_time" content="2021-01-01">'
                '<meta property="article:published_time" content="2020-05-04 08:00">',
                "",
                {},
                "2020-05-04",
                "meta:article:published_time",
            ),
            ("", "<time class=published datetime=2020-05-04>kini</time>", {}, "2020-05-04", "time"),
            ("", "", {"hint_published": "Mon, 04 May 2020 01:00:00 GMT"}, "2020-05-04", "feed"),
            ("", "<h1>T</h1><b>Selasa, 24 Mei 2016 | 14:05 WIB</b>", {}, "2016-05-24", "visible"),
            ("", "<h1>Tamu</h1><div>Diunggah: 05-09-2018 16:40</div>", {}, "2018-09-05", "visible"),
            ("", "<h1>T</h1><b>Updated: 6 Mei 2018<br>5 Mei 2018</b>", {}, "2018-05-05", "visible"),
            ("", f"<p>Jakarta, 12/07/2019 – {STORY}</p>", {}, "2019-07-12", "visible"),
            ("", f"<p>LEEDS, 24 May 2016 - {STORY}</p>", {}, "2016-05-24", "visible"),
            ("", "", {"url": "https://a.example/daerah/2019/07/12/tamu"}, "2019-07-12", "url"),
            ("", "", {"url": "https://a.example/2019/07/tamu"}, "2019-07", "url"),
            ('<meta name="datemodified" content="2021-01-01">', "", {}, "2021-01-01", "modified"),
        ],
    )  # fmt: skip
    def test_the_most_trusted_statement_dates_the_page(
        self, head: str, body: str, known: dict[str, object], date: str, method: str
    ) -> None:
        published = read(page(body + BODY, head), **known).published
        assert published is not None
        assert (published.date, published.method) == (date, method)
        assert 0 < published.confidence <= 1

    def test_a_date_after_the_capture_is_an_issue_and_the_next_statement_counts(self) -> None:
        head = json_ld(datePublished="2031-01-01") + '<meta name="date" content="2020-05-04">'
        reading = read(page(BODY, head))
        assert reading.published and reading.published.date == "2020-05-04"
        assert [(r.value, "after" in r.reason) for r in reading.remarks] == [("2031-01-01", True)]

    def test_a_date_that_is_none_is_an_issue(self) -> None:
        reading = read(page(BODY, json_ld(datePublished="kemarin sore")))
        assert reading.published is None
        assert reading.remarks[0].value == "kemarin sore"

    def test_dates_of_comments_videos_and_other_documents_are_not_the_page_s(self) -> None:
        foreign = {
            "comment": {"datePublished": "2019-01-01"},
            "video": {"uploadDate": "2018-01-01"},
        }
        head = json_ld(headline="Tamu", **foreign)
        assert read(page(BODY, head)).published is None

    def test_a_day_in_the_story_is_not_the_day_of_publication(self) -> None:
        body = f"<p>Perjanjian itu diteken pada 2 Juli 2003 di Kepatihan. {STORY}</p>"
        assert read(page(body + BODY)).published is None

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Selasa, 24 Mei 2016", ["2016-05-24"]),
            ("July 4th, 2011 and 7 Agustus 2021", ["2011-07-04", "2021-08-07"]),
            ("le 1er août 2019", ["2019-08-01"]),
            ("3 de março de 2020", ["2020-03-03"]),
            ("2020年1月5日", ["2020-01-05"]),
            ("31/12/2019", ["2019-12-31"]),
            ("30 Februari 2020", []),
            ("telepon 0274.12.2019555", []),
            ("Mei 2016", []),
        ],
    )
    def test_calendar_dates_in_words_of_many_languages(self, text: str, found: list[str]) -> None:
        assert [f.edtf for f in dates_in(text)] == found

    def test_a_number_date_that_could_be_two_days_is_read_by_the_publisher_s_custom(self) -> None:
        assert dates_in("03/04/2020", month_first=True)[0].edtf == "2020-03-04"
        assert dates_in("03/04/2020", month_first=False)[0].edtf == "2020-04-03"
        assert dates_in("03/04/2020", month_first=None) == []

    @given(st.dates(min_value=__import__("datetime").date(1950, 1, 1)))
    def test_an_iso_date_reads_back_in_every_zone(self, day: object) -> None:
        for zone in (None, zone_of("Asia/Jakarta"), zone_of("America/Lima")):
            assert machine_date(str(day), zone) == str(day)


class TestCharset:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "iso-8859-1"]
    )
    def test_header_meta_and_marks_are_believed(self, encoding: str) -> None:
        text = "Córdoba und Malmö schließen einen Vertrag – naïve Hoffnung"
        if encoding == "iso-8859-1":
            text = text.replace("–", "-")
        header = "text/html" if encoding.startswith("utf-") else f"text/html; charset={encoding}"
        assert decode(text.encode(encoding), header) == text

    def test_utf_8_is_seen_whatever_the_page_claims(self) -> None:
        body = '<meta charset="iso-8859-1"><p>Surakarta – Córdoba</p>'.encode()
        assert "Surakarta – Córdoba" in decode(body, "text/html; charset=latin-1")

    def test_a_declaration_is_read_from_the_page(self) -> None:
        body = '<meta charset="windows-1251"><p>Города-побратимы подписали соглашение</p>'
        assert "Города-побратимы" in decode(body.encode("windows-1251"), "text/html")

    @given(st.binary(max_size=500))
    def test_no_bytes_make_it_fail(self, body: bytes) -> None:
        decode(body, "text/html; charset=no-such-thing")


class TestImportedText:
    @given(st.text())
    def test_an_imported_text_is_kept_code_point_for_code_point(self, text: str) -> None:
        raw = json.dumps({"text": text}).encode("utf-8", "surrogatepass")
        if not text.strip():
            with pytest.raises(UnreadableError, match="too short"):
                read(raw, RECORD)
            return
        reading = read(raw, RECORD)
        assert reading.text == unicodedata.normalize("NFC", text)
        assert bool(reading.remarks) == (reading.text != text)

    def test_what_the_record_states_is_taken_over(self) -> None:
        record = {
            "text": " Teks.\r\n",
            "title": "Judul",
            "published": "2005-07",
            "language": "in-ID",
        }
        reading = read(json.dumps(record), RECORD)
        assert (reading.text, reading.title, reading.language) == (" Teks.\r\n", "Judul", "id-ID")
        assert reading.published and (reading.published.date, reading.published.method) == (
            "2005-07",
            "import",
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("published", "baru-baru ini"),
            ("published", "2099-01-01"),
            ("language", "Indonesian!"),
            ("title", ["x"]),
        ],
    )
    def test_a_value_that_is_not_understood_is_an_issue_and_nothing_is_guessed(
        self, field: str, value: object
    ) -> None:
        reading = read(json.dumps({"text": "Teks.", field: value}), RECORD)
        assert [r.field for r in reading.remarks] == [field]
        assert reading.published is None
        assert reading.language is None
        assert reading.title is None

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"text": 3}', b'{"title": "x"}'])
    def test_a_record_without_text_is_refused(self, body: bytes) -> None:
        with pytest.raises(UnreadableError, match="imported record"):
            read(body, RECORD)

    def test_text_files_are_kept_and_a_heading_is_the_title(self) -> None:
        text = "# Catatan kunjungan\r\n\r\nTamu datang  pada Senin.\n"
        reading = read(text, TEXT)
        assert (reading.text, reading.title, reading.published) == (text, "Catatan kunjungan", None)
        assert read("Satu kalimat saja.\nLalu dua.", TEXT).title is None
        assert read("Judul pendek\n\nLalu teksnya.", TEXT).title == "Judul pendek"


class TestDispatch:
    @pytest.mark.parametrize(
        ("body", "declared", "kind"),
        [
            (b"%PDF-1.7\n", "text/html", PDF),
            (b"\xef\xbb\xbf\n%PDF-1.4", "application/octet-stream", PDF),
            (b"<!DOCTYPE html><p>x", "text/plain", HTML),
            (b"<p>x", "text/html; charset=utf-8", HTML),
            (b"teks", "text/markdown", TEXT),
            (b'{"text": "%PDF-"}', RECORD, RECORD),
        ],
    )
    def test_content_decides_before_the_declared_type(
        self, body: bytes, declared: str, kind: str
    ) -> None:
        assert kind_of(Payload(body=body, media_type=declared)) == kind

    @pytest.mark.parametrize(
        ("body", "declared", "reason"),
        [
            (b"", "text/html", "empty"),
            (b" \n\x00", "text/html", "empty"),
            (b"\x89PNG\r\n", "text/html", "PNG"),
            (b"PK\x03\x04", "application/msword", "convert"),
            (b"<html>", "application/pdf", None),
            (b"hello", "application/pdf", "fetch it again"),
            (b"\x00\x01", "application/x-thing", "no reader"),
        ],
    )
    def test_what_has_no_reader_is_refused_with_the_reason(
        self, body: bytes, declared: str, reason: str | None
    ) -> None:
        payload = Payload(body=body, media_type=declared)
        if reason is None:
            assert kind_of(payload) == HTML
            return
        with pytest.raises(UnreadableError, match=reason):
            kind_of(payload)

    def test_a_reading_and_a_refusal_cross_the_sandbox_unchanged(self) -> None:
        payload = Payload(
            body=whole().encode(), media_type=HTML, url="https://a.example/", fetched_at=FETCHED
        )
        assert decode_reading(read_frame(encode_payload(payload, HTML))) == read(
            whole(), url="https://a.example/"
        )
        stub = Payload(body=b"<p>x", media_type=HTML)
        with pytest.raises(UnreadableError, match="too short"):
            decode_reading(read_frame(encode_payload(stub, HTML)))
        with pytest.raises(ValueError, match="not a reading"):
            decode_reading(b'{"published": null, "remarks": [], "evil": 1}')


PROSE = (
    "Pemerintah kota dan pemerintah prefektur sepakat memperpanjang kerja sama yang telah dirintis "
    "sejak lama. Naskahnya ditandatangani di balai kota dan disaksikan undangan dua negara. "
)


class TestPdf:
    def test_lines_become_paragraphs_and_running_lines_go(self) -> None:
        words = [f"{a}{b}" for a in ("kota", "mitra", "naskah", "warga") for b in "bcdfghjklm"]
        shuffle = random.Random(7).sample
        texts = [f"Butir {n}. {' '.join(shuffle(words, 30))}." for n in "ABCDEFGHIJKLMNOPQRST"]
        parts = [x for t in texts for x in (paragraph(t), Spacer(1, 8))]
        reading = read(pdf_of(*parts, running="PEMERINTAH KOTA REKAAN"), PDF)
        assert reading.text.split("\n") == [" ".join(t.split()) for t in texts]

    def test_title_and_date_of_a_release(self) -> None:
        body = pdf_of(
            paragraph("Kota Memperpanjang Kerja Sama", "Title"),
            paragraph("Yogyakarta, 18 Juli 2005"),
            Spacer(1, 12),
            paragraph(PROSE * 3 + "Naskah pertama bertanggal 2 Mei 1985."),
            title="Microsoft Word - siaran.docx",
        )
        reading = read(body, PDF)
        assert reading.title == "Kota Memperpanjang Kerja Sama"
        assert reading.published and (reading.published.date, reading.published.method) == (
            "2005-07-18",
            "text",
        )
        assert reading.text.split("\n")[0] == "Yogyakarta, 18 Juli 2005"

    def test_the_date_over_the_signature_counts_and_the_file_s_own_only_at_last(self) -> None:
        signed = pdf_of(
            paragraph(PROSE * 3), Spacer(1, 20), paragraph("Kebumen, 3 Maret 2011"), invariant=1
        )
        reading = read(signed, PDF)
        assert reading.published and reading.published.date == "2011-03-03"
        bare = read(pdf_of(paragraph(PROSE * 3), invariant=1), PDF)
        assert bare.published and bare.published.method == "pdf:creation-date"
        assert bare.published.confidence < 0.5

    @pytest.mark.parametrize("order", ["by column", "by line"])
    def test_two_columns_are_read_one_after_the_other(self, order: str) -> None:
        left = textwrap.wrap("Kiri mulai. " + PROSE * 2 + "Kiri selesai.", 46)
        right = textwrap.wrap("Kanan mulai. " + PROSE * 2 + "Kanan selesai.", 46)
        placed = [(50.0, 740.0 - 12 * i, t) for i, t in enumerate(left)]
        placed += [(310.0, 740.0 - 12 * i, t) for i, t in enumerate(right)]
        if order == "by line":
            placed.sort(key=lambda p: (-p[1], p[0]))
        text = read(
            drawn([(50, 780, "Warta Kota Nomor Tujuh Belas, Tahun Kesepuluh"), *placed]), PDF
        ).text
        flat = " ".join(text.split())
        assert " ".join(" ".join(left).split()) in flat
        assert " ".join(" ".join(right).split()) in flat
        assert flat.index("Kiri selesai.") < flat.index("Kanan mulai.")

    @pytest.mark.parametrize("ruled", [True, False])
    def test_rows_of_a_table_stay_rows(self, ruled: bool) -> None:
        long = paragraph(
            "Gimhae, kota pelabuhan dengan nama resmi yang panjang sekali sehingga dibagi"
        )
        cells = [
            ["Mitra", "Negara", "Tahun"],
            ["Kyoto", "Jepang", "1985"],
            [long if ruled else "Gimhae", "Korea Selatan", "2011"],
            ["Hue", "Vietnam", "2024"],
            ["Tarlac", "Filipina", "2019"],
        ]
        style = [("GRID", (0, 0), (-1, -1), 0.5, "black")] if ruled else []
        table = Table(cells, colWidths=[180, 120, 60], style=style)
        lines = read(
            pdf_of(paragraph(PROSE * 2), Spacer(1, 9), table, paragraph(PROSE)), PDF
        ).text.split("\n")
        assert "Kyoto | Jepang | 1985" in lines
        assert "Hue | Vietnam | 2024" in lines
        if ruled:
            row = "Gimhae, kota pelabuhan dengan nama resmi yang panjang sekali sehingga dibagi"
            assert f"{row} | Korea Selatan | 2011" in lines

    def test_hyphens_at_line_ends_are_mended_and_those_of_the_language_stay(self) -> None:
        lines = (
            "Penandatanganan itu disaksikan oleh para undangan dan keluarga dari perwa-",
            "kilan kedua negara, sesuai dengan ketentuan dalam peraturan serta undang-",
            "undang yang mengatur hubungan luar negeri. Kepala rombongan, Nyonya Kim-",
            "Lee, menyebut kerja-sama itu penting. Semua pihak setuju melanjutkan kerja-",
            "sama tersebut sampai akhir masa jabatan mereka.",
        )
        text = read(drawn([(60, 700 - 12 * i, t) for i, t in enumerate(lines)]), PDF).text
        for word in ("perwakilan", "undang-undang yang", "Kim-Lee", "kerja-sama tersebut"):
            assert word in text

    def test_scans_locked_broken_and_endless_files_are_refused_with_the_reason(self) -> None:
        good = pdf_of(paragraph(PROSE * 9))
        locked = pdf_of(paragraph(PROSE), encrypt=StandardEncryption("kunci", "pemilik"))
        for body, reason in (
            (drawn([]), "no text layer"),
            (locked, "encrypted"),
            (b"%PDF-1.4\n" + b"x" * 100, "cannot be opened"),
            (good[: len(good) // 3], "cannot be opened|no text layer|too short"),
        ):
            with pytest.raises(UnreadableError, match=reason):
                read(body, PDF)
        with pytest.raises(UnreadableError, match="2 pages, at most 1"):
            read(pdf_of(*[paragraph(PROSE * 2)] * 20), PDF, pdf_pages=1)

    def test_a_stream_that_unpacks_without_end_is_refused_before_it_is_read(self) -> None:
        canvas_buffer = io.BytesIO()
        canvas = Canvas(canvas_buffer, pagesize=A4, pageCompression=1)
        canvas.drawString(60, 700, PROSE)
        canvas._code.append(" " * 40_000_000)  # 40 MB of nothing, 40 kB when packed
        canvas.save()
        assert len(canvas_buffer.getvalue()) < 200_000
        with pytest.raises(UnreadableError, match="unpacks"):
            read(canvas_buffer.getvalue(), PDF)


class TestLanguage:
    @pytest.mark.parametrize(
        ("text", "expected", "language"),
        [
            ("Wali Kota Yogyakarta menandatangani nota kesepahaman dengan Kyoto.", (), "id"),
            (
                "Datuk Bandar menandatangani memorandum persefahaman dengan bandar raya kembar.",
                (),
                "ms",
            ),
            ("The mayor signed an agreement with the city of Leeds on Monday.", ("id",), "en"),
            ("MoU signed", ("en-GB",), "en"),
            ("Pemkot teken MoU", ("id",), "id"),
            ("12345", (), "und"),
            ("12345", ("id_ID",), "id"),
        ],
    )
    def test_letters_decide_and_the_source_tips_the_scale(
        self, text: str, expected: tuple[str, ...], language: str
    ) -> None:
        assert detect(text, expected) == language


class TestSignatures:
    def test_white_space_makes_no_other_text(self) -> None:
        assert text_sha256("a  b\nc") == text_sha256(" a b c ") != text_sha256("a b d")

    @given(st.text(max_size=200))
    def test_a_signature_is_a_function_of_the_text(self, text: str) -> None:
        assert minhash(text) == minhash(text)
        assert len(minhash(text)) == PERMUTATIONS

    def test_equal_places_estimate_the_similarity_of_the_word_triples(self) -> None:
        words = [f"kata{i}" for i in range(400)]
        one, two = minhash(" ".join(words[:300])), minhash(" ".join(words[100:]))
        share = sum(a == b for a, b in zip(one, two, strict=True)) / PERMUTATIONS
        assert share == pytest.approx(
            0.5, abs=0.15
        )  # 198 of 398 triples are shared; 3.4 errors wide
        assert one == minhash(" ".join(words[:300]).upper())


class TestSelectors:
    """The selectors of a source file, and what happens where they find nothing."""

    PORTAL = page(
        f"<div class=kanan><p>{PARAGRAPHS[3]}</p><p>{PARAGRAPHS[2]}</p></div>"
        "<h3 class=judul>Tamu dari Jauh</h3><span class=tgl>Senin, 4 Mei 2020</span>"
        f"<div class=isi><p>{PARAGRAPHS[0]}</p><p class=iklan>Kalimat iklan yang panjang.</p>"
        f"<table><tr><td>Kota<td>Gimhae</table><p>{PARAGRAPHS[1]}</p></div>",
        "<title>Portal</title><meta name=date content=2016-01-04>"
        '<meta name=jam content="2020-05-05">',
    )

    def select(self, html: str = PORTAL, **given: object) -> Reading:
        return read(html, selectors=Selectors(**given))  # type: ignore[arg-type]

    def test_they_decide_title_text_and_date(self) -> None:
        found = self.select(title="h3.judul", text=".isi", published=".tgl", remove=(".iklan",))
        assert found.text.split("\n") == [PARAGRAPHS[0], "Kota | Gimhae", PARAGRAPHS[1]]
        assert (found.title, found.reader) == ("Tamu dari Jauh", "html:selectors")
        assert found.published is not None
        assert (found.published.date, found.published.method) == ("2020-05-04", "selector")
        assert found.remarks == ()

    def test_a_date_may_stand_in_an_attribute_also_in_the_head(self) -> None:
        found = self.select(published="meta[name=jam]").published
        assert found is not None
        assert (found.date, found.method) == ("2020-05-05", "selector")

    @pytest.mark.parametrize("part", ["title", "text", "published"])
    def test_one_that_finds_nothing_is_a_remark_and_the_general_reader_takes_over(
        self, part: str
    ) -> None:
        plain, found = read(self.PORTAL), self.select(**{part: ".hilang"})
        assert (found.text, found.title) == (plain.text, plain.title)
        assert found.published == plain.published
        assert [(r.field, r.value) for r in found.remarks] == [(f"read.{part}", ".hilang")]

    def test_a_selected_date_that_is_none_or_not_yet_is_a_remark_and_another_is_found(self) -> None:
        for words in ("kemarin", "4 Mei 2199"):
            found = self.select(self.PORTAL.replace("Senin, 4 Mei 2020", words), published=".tgl")
            assert found.published is not None
            assert found.published.date == "2016-01-04"
            assert [r.field for r in found.remarks] == ["published"]

    def test_finds_inside_finds_are_read_once_and_in_the_order_of_the_page(self) -> None:
        found = self.select(text=".isi, .isi p, .kanan p")
        lines = found.text.split("\n")
        assert lines[:3] == [PARAGRAPHS[3], PARAGRAPHS[2], PARAGRAPHS[0]]
        assert len(lines) == len(set(lines))

    def test_what_is_not_shown_comments_and_pointers_are_left_out_of_a_selected_text(self) -> None:
        more = (
            f"<div hidden><p>{STORY}</p></div><div id=comments><p>{STORY}</p></div>"
            "<p>Baca juga: <a href=/x>Bupati Lain Menerima Tamu</a></p>"
        )
        found = self.select(page(f"<div class=isi>{BODY}{more}</div>"), text=".isi")
        assert found.text.split("\n") == list(PARAGRAPHS)

    def test_a_wall_stays_a_wall_whatever_the_selectors_say(self) -> None:
        wall = page("<div class=isi><p>Verify you are human</p></div>", "<title>x</title>")
        with pytest.raises(UnreadableError, match="blocked"):
            self.select(wall, text=".isi")

    def test_remove_cannot_take_the_whole_page_and_need_not_find_anything(self) -> None:
        assert self.select(remove=("body", "html", ".hilang")).text == read(self.PORTAL).text

    def test_they_reach_the_sandbox_and_a_page_made_to_hang_is_not_searched(self) -> None:
        chosen = Selectors(text=".isi", remove=(".iklan",))
        payload = Payload(
            body=self.PORTAL.encode(), media_type=HTML, fetched_at=FETCHED, selectors=chosen
        )
        answer = decode_reading(read_frame(encode_payload(payload, HTML)))
        assert answer == reader_of(HTML)(payload)
        many = page("<p>Kalimat panjang tentang kerja sama kota dan daerah.</p>" * 110_000)
        assert self.select(many, text=".hilang").reader == "html:cheap"
