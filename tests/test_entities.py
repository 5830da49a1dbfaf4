"""Named entities: the Indonesian model, its limits, and one door for both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.config import ConfigError
from pipeline.gazetteer import Gazetteer
from pipeline.paths import CHECKOUT
from pipeline.records import Span
from pipeline.taggers.entities import find_entities
from pipeline.taggers.ner_id import FOLDER, MODEL, Recogniser
from pipeline.taggers.ner_id_features import spans_of, tokenise
from pipeline.taggers.ner_id_lexicon import PHRASES, WORDS
from pipeline.text import sentences
from pipeline.trainers.ner_id import FIGURES, score
from pipeline.trainers.ner_id_data import MissingCorpusError, load_corpora, read_sentences
from pipeline.training import _train_ner_id
from tests.conftest import make_document

MODELS = CHECKOUT / "models"
CORPORA = CHECKOUT.parent / "shared" / "data" / "id-ner"
DEV = CORPORA / "idner-news-2k" / "dev.txt"
# F1 on sentences that the weights have seen: no measure of quality (the card has that), but
# features that are no longer those of the training, or another gazetteer, would show.
FLOOR = 0.95
_CACHE: list[Recogniser] = []


def model() -> Recogniser:
    if not _CACHE:
        _CACHE.append(Recogniser.load(MODELS, Gazetteer.load(MODELS / "gazetteer")))
    return _CACHE[0]


def names(text: str) -> list[tuple[str, str]]:
    return [(text[n.start : n.end], n.type) for n in model().find(text)]


def entities(text: str, language: str = "id") -> list[tuple[str, str]]:
    document = make_document(text, language)
    found = find_entities(document, sentences(text), lambda _: True, "", model())
    return [(text[e.start : e.end], e.label) for e in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rina Puspitasari tiba di Jakarta, Selasa.", ("Rina Puspitasari", "PER")),
        ("Rina Puspitasari tiba di Jakarta, Selasa.", ("Jakarta", "LOC")),
        ('"Kami siap," kata Hendarto di Surabaya.', ("Hendarto", "PER")),
        ("Kader Partai Demokrat berkumpul di Medan.", ("Partai Demokrat", "ORG")),
        ("Gempa itu terasa sampai ke Sumatera Barat.", ("Sumatera Barat", "LOC")),
        ("Menurut Hendarto, harga akan naik.", ("Hendarto", "PER")),
        ("PT Nusa Cipta Sejahtera membuka pabrik.", ("PT Nusa Cipta Sejahtera", "ORG")),
    ],
)
def test_the_model_finds_names_in_sentences_of_our_own(
    text: str, expected: tuple[str, str]
) -> None:
    assert expected in names(text)


def test_common_words_are_no_names() -> None:
    assert names("Hujan deras mengguyur kecamatan itu sejak pagi, dan warga diminta waspada.") == []


@pytest.mark.parametrize("text", ["", " ", "\n\n", "…", "()", "\u0301", "😀"])
def test_a_text_without_words_has_no_names(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize(
    "before", ["😀😀 ", "𝔸𝔹 – ", "e\u0301te\u0301 ", "\u202b", "ﷺ ", "\u200b\u2028", "日本 "]
)
def test_spans_are_code_points_of_the_text_whatever_stands_before_the_name(before: str) -> None:
    text = f"{before}kata Presiden Susilo Bambang Yudhoyono di Jakarta."
    found = names(text)
    assert ("Susilo Bambang Yudhoyono", "PER") in found
    assert ("Jakarta", "LOC") in found


def test_combining_characters_stay_inside_their_word() -> None:
    text = "Andre\u0301 Nu\u0301n\u0303ez"
    assert [text[a:b] for a, b in tokenise(text)] == ["Andre\u0301", "Nu\u0301n\u0303ez"]


def test_words_keep_their_hyphens_and_the_stop_of_an_abbreviation() -> None:
    text = "Kader PDI-P, Jl. Thamrin (DPR/MPR), 24/8."
    shown = [text[a:b] for a, b in tokenise(text)]
    assert shown == ["Kader", "PDI-P", ",", "Jl.", "Thamrin", "(", "DPR/MPR", ")", ",", "24/8", "."]


def test_the_same_text_gives_the_same_names_whatever_was_read_before() -> None:
    text = "Wali Kota Semarang Hendrar Prihadi menerima utusan Universitas Diponegoro."
    first = names(text)
    names("Teks lain tentang Bandung dan Golkar.")
    assert first
    assert names(text) == first


def test_a_very_long_sentence_is_read_to_its_end() -> None:
    text = "Warga menunggu kabar dari kantor desa, " * 5_000 + "kata Hendarto di Surabaya."
    assert names(text)[-2:] == [("Hendarto", "PER"), ("Surabaya", "LOC")]


def test_a_broken_sequence_of_tags_still_gives_names() -> None:
    tags = ["I-PER", "L-PER", "L-ORG", "O", "B-LOC", "B-LOC", "I-LOC"]
    assert list(spans_of(tags)) == [(0, 2, "PER"), (2, 3, "ORG"), (4, 5, "LOC"), (5, 7, "LOC")]


def test_labels_are_those_of_the_english_model() -> None:
    found = entities("Rina Puspitasari dari Partai Demokrat tiba di Jakarta.")
    assert found == [
        ("Rina Puspitasari", "PERSON"),
        ("Partai Demokrat", "ORG"),
        ("Jakarta", "GPE"),
    ]


def test_malay_is_read_and_other_languages_are_not() -> None:
    text = "Datuk Bandar Ahmad Fauzi menerima utusan dari Surabaya."
    assert ("Surabaya", "GPE") in entities(text, "ms")
    assert entities(text, "ms-MY") == entities(text, "ms")
    assert entities(text, "fr") == []
    assert entities(text, "en") == []  # no English model was named


def test_without_the_model_indonesian_has_no_entities() -> None:
    document = make_document("Rina tiba di Jakarta.", "id")
    assert find_entities(document, sentences(document.text), lambda _: True, "") == ()


def test_only_sentences_behind_the_gate_are_read() -> None:
    text = "Rina tiba di Jakarta. Hendarto tiba di Surabaya."
    document = make_document(text, "id")
    second = text.index("Hendarto")

    def gate(sentence: Span) -> bool:
        return sentence.start >= second

    found = find_entities(document, sentences(text), gate, "", model())
    assert found
    assert all(e.start >= second for e in found)


def test_a_government_is_left_to_the_place_tagger() -> None:
    shown = [t for t, label in entities("Pemerintah Kota Bandung menerima tamu.") if label == "ORG"]
    assert shown == []


def test_a_province_before_a_name_is_not_part_of_it() -> None:
    text = "Ketua APINDO Lampung Ary Meizari hadir."
    people = [t for t, label in entities(text) if label == "PERSON"]
    assert people
    assert not any("Lampung" in t for t in people)


def test_a_missing_or_damaged_model_is_named(tmp_path: Path) -> None:
    gazetteer = model().gazetteer
    with pytest.raises(ConfigError, match="model missing"):
        Recogniser.load(tmp_path, gazetteer)
    (tmp_path / FOLDER).mkdir()
    for name in (WORDS, PHRASES):
        (tmp_path / FOLDER / name).write_bytes((MODELS / FOLDER / name).read_bytes())
    whole = (MODELS / FOLDER / MODEL).read_bytes()
    for part in (b"", whole[: len(whole) // 2], b"x" * 1_000):
        (tmp_path / FOLDER / MODEL).write_bytes(part)
        with pytest.raises(ConfigError, match="model damaged"):
            Recogniser.load(tmp_path, gazetteer)


def test_the_card_states_the_figure_from_before_the_development_set_was_added() -> None:
    figures = json.loads((MODELS / FOLDER / FIGURES).read_text("utf-8"))
    card = (MODELS / FOLDER / "README.md").read_text("utf-8")
    assert figures["all"]["names"] == 562
    assert f"| all | {figures['all']['f1']:.3f}".replace("0.", ".") in card


def test_training_without_the_corpora_says_where_they_come_from(tmp_path: Path) -> None:
    with pytest.raises(MissingCorpusError, match="idner-news-2k"):
        load_corpora(tmp_path)


def test_make_models_keeps_the_model_where_its_corpora_are_absent(tmp_path: Path) -> None:
    assert "kept as it is" in _train_ner_id(MODELS, tmp_path, asked=False)
    with pytest.raises(ConfigError, match="idner-news-2k"):
        _train_ner_id(MODELS, tmp_path, asked=True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Andi Wijaya membuka TPA Kawatuna bersama warga.", "id"),
        ("Humas Kaltim mengabarkan, penerbangan Darwin–Ngurah Rai dibuka.", "id"),
    ],
)
def test_things_and_lands_are_no_persons(text: str, language: str) -> None:
    people = [t for t, label in entities(text, language) if label == "PERSON"]
    assert not {"TPA Kawatuna", "Humas Kaltim", "Kaltim", "Darwin–Ngurah Rai"} & set(people)


@pytest.mark.shared
@pytest.mark.skipif(not DEV.is_file(), reason=f"{DEV} is not on this machine")
def test_the_weights_still_fit_the_features_that_they_were_trained_on() -> None:
    assert score(read_sentences(DEV), model().find).f1 >= FLOOR
