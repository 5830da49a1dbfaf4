"""Paragraphs in another language than their document. All texts are made up here."""

import time

import pytest

from pipeline.readers.language import detect
from pipeline.readers.passages import passages

ID = (
    "Pemerintah kota menerima rombongan dari Braunschweig di balai kota pada Senin pagi untuk "
    "membahas kerja sama yang akan dimulai tahun depan.",
    "Kedua pihak sepakat bahwa pertukaran guru dan siswa dapat dilakukan setiap dua tahun dengan "
    "biaya dari masing-masing kota.",
)
MS = (
    "Datuk Bandar berkata bahawa kerjasama ini akan memberi manfaat kepada warga kota dan boleh "
    "dimulakan pada tahun hadapan oleh kedua-dua pihak."
)
OTHERS = {
    "en": "The mayor said that the two cities have worked together on waste and water since the "
    "first letter was signed, and that the next visit will be in May.",
    "es": "La alcaldesa dijo que el convenio entre las dos ciudades es para los jóvenes y que se "
    "firmará en la próxima visita de la delegación a Santiago.",
    "fr": "La maire a dit que le jumelage entre les deux villes est pour les jeunes et que la "
    "prochaine visite de la délégation se fera dans le courant de l'été.",
    "nl": "De burgemeester zei dat de twee steden al jaren met elkaar aan schoon water werken en "
    "dat het volgende bezoek in de lente zal worden gebracht.",
    "ja": "市長は、二つの都市が長年にわたって水と廃棄物の問題に取り組んできたと述べ、"
    "次の訪問は春に行われると話した。",
}
NAMES = (
    "Ahmad Yani, Sri Lestari, Budi Santoso, Park Min-seo, John Harris, Maria Garcia Lopez, Dewi "
    "Anggraini, Hans Müller, Kenji Watanabe, Li Wei, Pieter de Vries"
)


def shown(paragraphs: list[str], language: str) -> list[tuple[str, str]]:
    text = "\n".join(paragraphs)
    return [(p.language, text[p.start : p.end]) for p in passages(text, language)]


@pytest.mark.parametrize("code", OTHERS)
def test_a_paragraph_in_another_language_is_found_whole_in_an_indonesian_text(code: str) -> None:
    assert shown([*ID, OTHERS[code]], "id") == [(code, OTHERS[code])]


@pytest.mark.parametrize("main", ["en", "es", "fr", "nl"])
def test_an_indonesian_half_is_found_in_texts_of_other_languages(main: str) -> None:
    assert shown([OTHERS[main], OTHERS[main], *ID], main) == [("id", "\n".join(ID))]


def test_english_inside_japanese_is_found_and_so_is_japanese_inside_english() -> None:
    assert shown([OTHERS["ja"], OTHERS["en"]], "ja") == [("en", OTHERS["en"])]
    assert shown([OTHERS["en"], OTHERS["ja"]], "en") == [("ja", OTHERS["ja"])]


@pytest.mark.parametrize(("language", "text"), [("id", ID[0]), ("ms", MS)])
def test_malay_and_indonesian_are_never_claimed_inside_each_other(language: str, text: str) -> None:
    assert shown([text, MS, *ID, MS], language) == []


def test_names_figures_and_short_lines_are_no_other_language() -> None:
    rows = ["Surabaya | Kochi | 1997", "MEMORANDUM OF UNDERSTANDING", "12 Mei 2019, 10.15 WIB"]
    assert shown([ID[0], NAMES, *rows, ID[1], NAMES], "id") == []
    assert shown([OTHERS["en"], NAMES, *rows, OTHERS["en"]], "en") == []


def test_short_lines_go_with_neighbours_that_agree_and_else_with_the_document() -> None:
    foreign = [OTHERS["en"], "Sister cities", OTHERS["en"]]
    assert shown([*ID, "Kerja sama", *foreign, "Contacts"], "id") == [
        ("en", "\n".join([*foreign, "Contacts"]))
    ]
    assert shown([OTHERS["en"], "Kontak", *ID], "id") == [("en", OTHERS["en"])]
    assert shown(["Press release", OTHERS["en"], *ID], "id") == [
        ("en", "Press release\n" + OTHERS["en"])
    ]


def test_a_quotation_inside_a_paragraph_is_no_passage() -> None:
    mixed = f"{ID[0]} “The two cities have worked together since then,” kata wali kota itu."
    assert shown([mixed, ID[1]], "id") == []


def test_a_text_of_one_paragraph_or_no_known_language_has_no_passages() -> None:
    assert passages(OTHERS["en"], "id") == ()
    assert passages("\n".join([*ID, OTHERS["en"]]), "und") == ()
    assert passages("", "id") == ()


def test_a_text_in_one_language_costs_less_than_its_detection() -> None:
    text = "\n".join(ID * 10)

    def seconds(run: object) -> float:
        begun = time.process_time()
        for _ in range(20):
            run()  # type: ignore[operator]
        return time.process_time() - begun

    detect(text)
    passages(text, "id")
    assert min(seconds(lambda: passages(text, "id")) for _ in range(3)) < 2 * min(
        seconds(lambda: detect(text)) for _ in range(3)
    )


def test_spans_are_code_points_of_the_text_also_behind_wide_characters() -> None:
    text = "\n".join(["😀 " + ID[0], "", ID[1], "", OTHERS["en"]])
    (found,) = passages(text, "id")
    assert text[found.start : found.end] == OTHERS["en"]
