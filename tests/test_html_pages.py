"""HTML pages of odd and hostile shape: text, date and byline. All pages are made up here."""

import json
import time

import pytest

from pipeline.readers import Payload, Reading
from pipeline.readers.html import read_html

FETCHED = "2026-11-24T02:00:00Z"
TEXT = tuple(
    f"Wali kota menerima tamu nomor {n} dari Gimhae di balai kota, dan mereka membicarakan magang."
    for n in ("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh")
)
BODY = "".join(f"<p>{p}</p>" for p in TEXT)


def read(body: str, head: str = "<title>Tamu dari Gimhae</title>", **known: object) -> Reading:
    page = f"<!doctype html><html lang=id><head>{head}</head><body>{body}</body></html>"
    given = {"media_type": "text/html", "fetched_at": FETCHED} | known
    return read_html(Payload(body=page.encode(), **given))  # type: ignore[arg-type]


def json_ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def news(author: object) -> str:
    return json_ld({"@type": "NewsArticle", "author": author})


def test_a_table_of_partner_cities_is_a_line_a_row_with_words_whole() -> None:
    table = (
        "<table><tr><th>Kota<th>Negara<th>Sejak</tr>"
        "<tr><td><a href=/k>Ko<b>chi</b></a><td>Jepang<td>1997</tr>"
        "<tr><td>Busan<br>(Pusan)<td>Korea<td>1994<button>Sunting</button></tr></table>"
    )
    lines = read(f"<h1>Mitra</h1><div>{BODY}{table}{BODY.replace('Gimhae', 'Perth')}</div>").text
    assert "Kochi | Jepang | 1997\nBusan (Pusan) | Korea | 1994" in lines
    assert "Sunting" not in lines


def test_a_layout_table_is_read_by_its_paragraphs() -> None:
    page = f"<table><tr><td><table><tr><td>Menu</table><td>{BODY}</tr></table>"
    assert read(page).text == "\n".join(TEXT)


def test_tags_in_comments_and_attributes_are_not_tags() -> None:
    odd = "<!-- <p>Paragraf di dalam komentar yang tidak boleh terbaca oleh siapa pun. -->"
    attribute = '<p title="</p><p>Paragraf di dalam atribut yang tidak terbaca.">'
    assert read(f"{odd}{attribute}{TEXT[0]}</p>{odd}{BODY[BODY.index('</p>') + 4 :]}").text == (
        "\n".join(TEXT)
    )


def test_lines_of_preformatted_text_are_joined_to_paragraphs() -> None:
    wrapped = "\n\n".join(t.replace(" dan", "\ndan") for t in TEXT)
    assert read(f"<pre>{wrapped}</pre>").text == "\n".join(TEXT)


def test_a_list_of_linked_teasers_above_the_document_is_left_out() -> None:
    teasers = "".join(
        f"<li><a href=/{n}>Judul kabar lain yang cukup panjang nomor {n}</a> Ringkasan kabar lain "
        f"nomor {n}, sebuah kalimat utuh yang panjang dan bukan bagian dari naskah ini, tentu.</li>"
        for n in range(7)
    )
    page = f"<div><ul>{teasers}</ul><h2>Tamu dari Gimhae</h2><div>{BODY}</div></div>"
    assert "kabar lain" not in read(page).text


def test_of_several_articles_the_one_with_the_first_heading_is_the_document() -> None:
    other = "".join(
        f"<article><h2>Lain {n}</h2><p>{'Naskah lain yang juga panjang sekali. ' * 9}</p></article>"
        for n in range(5)
    )
    page = f"<div><article><h1>Tamu dari Gimhae</h1>{BODY}</article><div>{other}</div></div>"
    assert "Naskah lain" not in read(page).text


def test_headings_that_head_nothing_are_no_end_of_a_document() -> None:
    tail = "<h3>Berita pilihan</h3><p>Weiterlesen:</p>"
    assert read(f"<article><h1>Tamu</h1>{BODY}{tail}</article>").text == "\n".join(TEXT)


@pytest.mark.parametrize(
    ("head", "body", "byline"),
    [
        (news({"@type": "Person", "name": "Sri Lestari"}), "", "Sri Lestari"),
        (news([{"name": "A. Rasyid"}, {"name": "Dewi P."}]), "", "A. Rasyid; Dewi P"),
        (
            json_ld(
                {
                    "@graph": [
                        {"@type": "Article", "author": {"@id": "#p"}},
                        {"@type": "Person", "@id": "#p", "name": "Budi Santoso"},
                    ]
                }
            ),
            "",
            "Budi Santoso",
        ),
        (news({"@type": "Organization", "name": "Koran Rekaan"}), "", None),
        (
            '<meta name=author content="Koran Rekaan">'
            '<meta property=og:site_name content="Koran Rekaan">',
            "",
            None,
        ),
        ('<meta name=author content="https://www.facebook.com/koran">', "", None),
        ("<meta name=author content=admin>", "", None),
        ('<meta name=author content="Rina Puspita, Reporter">', "", "Rina Puspita"),
        ("", "<div>Oleh: Hendra Lasut</div>", "Hendra Lasut"),
        ("", "<div>By Karin Hartono | 4 May 2020</div>", "Karin Hartono"),
        ("", "<div>Penulis: Dimas Ardi Editor: Tedi K</div>", "Dimas Ardi"),
        ("", "<a rel=author href=/x>View all posts by Maya Sondakh</a>", "Maya Sondakh"),
        ("", "<div>PORTAL SIARAN PERS</div>", None),
        ("", "<div>By the river the mayors met.</div>", None),
    ],
)
def test_the_byline_is_a_name_or_nothing(head: str, body: str, byline: str | None) -> None:
    page = f"<article><h1>Tamu dari Gimhae</h1>{body}<div>{BODY}</div></article>"
    assert read(page, f"<title>Tamu</title>{head}").byline == byline


def test_codes_of_reporter_and_editor_close_a_news_item() -> None:
    assert read(BODY.replace("magang.</p>", "magang. (hms/adv)</p>")).byline == "hms/adv"


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Selasa, 14 Maret 2023 | 10:15 WIB", "2023-03-14"),
        ("14/03/2023, 10.15 WIB", "2023-03-14"),
        ("Rab, 5 Apr 2017", "2017-04-05"),
        ("Diperbarui 9 Mei 2021 10:00 | Tayang 4 Mei 2021 08:00", "2021-05-04"),
        ("Hak cipta 2019 Koran Rekaan", None),
        ("2023年3月14日 10:15", "2023-03-14"),
        ("2023년 3월 14일", "2023-03-14"),
        ("الثلاثاء، 14 مارس 2023", "2023-03-14"),
        ("14.03.23", "2023-03-14"),
        ("Selasa, 14 Maret 2028", None),
    ],
)
def test_the_date_that_readers_see(line: str, day: str | None) -> None:
    found = read(f"<article><h1>Tamu</h1><div>{line}</div><div>{BODY}</div></article>")
    assert (found.published and found.published.date) == day


def test_a_date_in_the_headline_is_of_what_is_told() -> None:
    page = f"<article><h1>Tamu 3 Mei 2011</h1><p>5 April 2017</p><div>{BODY}</div></article>"
    found = read(page).published
    assert found is not None
    assert found.date == "2017-04-05"


def test_a_date_below_the_text_counts_if_it_stands_alone() -> None:
    found = read(f"<article><h1>Tamu</h1><div>{BODY}<p>Sri Lestari</p><p>10 Mei 2017</p></div>")
    assert found.published is not None
    assert (found.published.date, found.published.method) == ("2017-05-10", "alone")


@pytest.mark.parametrize(
    ("stated", "url", "zone", "day"),
    [
        ("2023-11-09T02:10:00Z", "https://k.example/2023/11/08/tamu/", None, "2023-11-08"),
        ("2023-11-08T18:10:00Z", "https://k.example/tamu", "Asia/Jakarta", "2023-11-09"),
        ("2019-06-17T10:00:00Z", "https://k.example/2017/07/12/tamu/", None, "2017-07-12"),
        ("2017-07-12T10:00:00Z", "https://k.example/2019/06/17/tamu/", None, "2017-07-12"),
    ],
)
def test_an_address_with_a_day_corrects_a_clock_in_another_zone_and_a_republication(
    stated: str, url: str, zone: str | None, day: str
) -> None:
    head = json_ld({"@type": "NewsArticle", "datePublished": stated})
    found = read(BODY, head, url=url, timezone=zone).published
    assert found is not None
    assert found.date == day


def test_the_day_that_readers_see_corrects_utc_where_the_zone_is_unknown() -> None:
    head = json_ld({"@type": "NewsArticle", "datePublished": "2023-03-13T18:30:00Z"})
    page = f"<article><h1>Tamu</h1><p>Selasa, 14 Maret 2023 01:30 WIB</p><div>{BODY}</div>"
    found = read(page, head).published
    assert found is not None
    assert (found.date, found.method) == ("2023-03-14", "json-ld")


def test_a_title_is_not_the_name_of_the_site_that_stands_in_the_only_first_heading() -> None:
    page = f"<h1>Koran Rekaan</h1><h2>Tamu dari Gimhae</h2>{BODY}"
    assert read(page, "<title>Tamu dari Gimhae | Koran Rekaan</title>").title == "Tamu dari Gimhae"


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 60_000 + BODY,
        "<div>" * 60_000 + BODY + "</div>" * 60_000,
        "<nav>" * 40_000 + BODY,
        "<span class=share>" * 4_000 + "x" * 300 + BODY,
        "<table><tr><td>" * 4_000 + BODY,
        "<select>" + "<option>x" * 60_000 + "</select>" + BODY,
        "<!--<p>-->" * 40_000 + BODY,
        BODY + "<!--" * 40_000,
        '<a<b c="d">x</a<b>' * 2_000 + BODY,
        '<p x<y="1" \'q"=2>' * 2_000 + BODY,
        "".join(f'<div class="a{i} share{i}">x</div>' for i in range(20_000)) + BODY,
        '<div data-x="' + "a b" * 300_000 + '">' + BODY,
        BODY.replace(" ", "\0 "),
        "<nav><ul><li>a" * 2_000 + BODY,
    ],
    ids=lambda page: page[:24],
)
def test_pages_made_to_hang_a_parser_are_read_in_seconds(page: str) -> None:
    begun = time.process_time()
    assert TEXT[-1] in read(page).text.replace("\ufffd", "")
    assert time.process_time() - begun < 10
