"""Persons, their offices and the places they govern."""

# ruff: noqa: E501 - one case is one line

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.gazetteer import Gazetteer
from pipeline.paths import CHECKOUT
from pipeline.records import Annotation, Span
from pipeline.taggers.entities import Entity
from pipeline.taggers.organisation_registers import Registers, load_registers
from pipeline.taggers.organisations import tag_organisations
from pipeline.taggers.persons import tag_persons
from tests.conftest import make_document

MODELS = CHECKOUT / "models"
OFFICES = set(
    "mayor deputy_mayor regent deputy_regent governor deputy_governor minister ambassador rector "
    "president_director councillor official other".split()
)
_CACHE: list[tuple[Registers, Gazetteer]] = []


def shared() -> tuple[Registers, Gazetteer]:
    if not _CACHE:
        gazetteer = Gazetteer.load(MODELS / "gazetteer")
        _CACHE.append((load_registers(MODELS, gazetteer), gazetteer))
    return _CACHE[0]


def tag(text: str, language: str, places: tuple[Annotation, ...] = ()) -> list[Annotation]:
    registers, gazetteer = shared()
    doc = make_document(text, language)
    organisations = tag_organisations(doc, registers, gazetteer=gazetteer)
    return tag_persons(
        doc, registers, places=places, organisations=organisations, gazetteer=gazetteer
    )


def country_of(annotation: Annotation) -> str | None:
    _, gazetteer = shared()
    return gazetteer.place(annotation.referent_id).country if annotation.referent_id else None


CASES = [
    ("id", "Wali Kota Bandung Ridwan Kamil hadir.", "Ridwan Kamil", "mayor", "Bandung"),
    ("id", "Bupati Sleman Sri Purnomo menyambut tamu.", "Sri Purnomo", "regent", "Sleman"),
    ("id", "Gubernur Jawa Barat, H. Ahmad Heryawan, hadir.", "Ahmad Heryawan", "governor", "West Java"),
    ("id", "Plt. Wali Kota Surabaya Whisnu Sakti Buana hadir.", "Whisnu Sakti Buana", "mayor", "Surabaya"),
    ("id", "Wakil Wali Kota Malang Sutiaji datang.", "Sutiaji", "deputy_mayor", "Malang"),
    ("id", "Wali Kota Braunschweig, Ulrich Markurth, berpidato.", "Ulrich Markurth", "mayor", "Brunswick"),
    ("id", "Kepala Dinas Pariwisata Kota Bandung Kenny Dewi Kaniasari hadir.", "Kenny Dewi Kaniasari", "official", None),
    ("id", "Rektor Universitas Gadjah Mada Panut Mulyono hadir.", "Panut Mulyono", "rector", None),
    ("id", "Menteri Pariwisata dan Ekonomi Kreatif Sandiaga Uno datang.", "Sandiaga Uno", "minister", None),
    ("id", "Ketua Fraksi PKB Marwan Jafar setuju.", "Marwan Jafar", "other", None),
    ("id", "Duta Besar Jepang untuk Indonesia Kenji Kanasugi datang.", "Kenji Kanasugi", "ambassador", "Japan"),
    ("id", "Hana Okada, peneliti lepas asal Osaka, menulis.", "Hana Okada", "other", None),
    ("id", "Namanya Willem de Jong. Ia datang.", "Willem de Jong", "other", None),
    ("en", "Surabaya Mayor Eri Cahyadi spoke.", "Eri Cahyadi", "mayor", "Surabaya"),
    ("en", "The Mayor of Braunschweig Ulrich Markurth spoke.", "Ulrich Markurth", "mayor", "Brunswick"),
    ("en", "Thorsten Kornblum, the mayor of Braunschweig, spoke.", "Thorsten Kornblum", "mayor", "Brunswick"),
    ("en", "Leeds's mayor, Anna Holt, came.", "Anna Holt", "mayor", "Leeds"),
    ("en", "Mayor George Mwanza spoke.", "George Mwanza", "mayor", None),
    ("en", "Vice Governor Hoàng Văn Trà signed.", "Hoàng Văn Trà", "deputy_governor", None),
    ("en", "Deputy Mayor J. Batbayasgalan signed.", "J. Batbayasgalan", "deputy_mayor", None),
    ("en", "It was Prof. Dr. Nguyen Thi Lan, President of Hanoi Open University.", "Nguyen Thi Lan", "other", None),
    ("en", "Ambassador Sheikh Abdul-Rahman bin Khalid al-Thani spoke.", "Sheikh Abdul-Rahman bin Khalid al-Thani", "ambassador", None),
    ("en", "Councillor José María de la Torre Ruiz agreed.", "José María de la Torre Ruiz", "councillor", None),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "name", "office", "place"), CASES)
def test_the_span_is_the_name_alone_and_the_office_is_bound_to_its_place(
    language: str, text: str, name: str, office: str, place: str | None
) -> None:
    (person,) = [a for a in tag(text, language) if a.value]
    assert (person.span.of(text), person.value, person.label) == (name, name, office)
    _, gazetteer = shared()
    governed = gazetteer.place(person.referent_id).name if person.referent_id else None
    if place is None:
        assert governed is None
    else:
        assert governed is not None
        assert person.referent_id in gazetteer.lookup(place)


MENTIONS = [
    ("id", "Sang gubernur diam.", "gubernur", "governor", False),
    ("id", "Kedua wali kota sepakat.", "wali kota", "mayor", True),
    ("id", "Ia bertemu Wali Kota Rotterdam.", "Wali Kota Rotterdam", "mayor", False),
    ("en", "The mayors agreed.", "mayors", "mayor", True),
    ("en", "Both governors left.", "governors", "governor", True),
    ("en", "He thanked the deputy mayor.", "deputy mayor", "deputy_mayor", False),
]


@pytest.mark.parametrize(("language", "text", "words", "office", "is_plural"), MENTIONS)
def test_an_office_without_a_name_is_a_mention(
    language: str, text: str, words: str, office: str, is_plural: bool
) -> None:
    (mention,) = tag(text, language)
    assert (mention.span.of(text), mention.label, mention.value) == (words, office, None)
    assert (mention.detail or "").startswith("plural") == is_plural


NOBODY = [
    ("id", "Kepala Bapelitbangda mengungkapkan hal itu."),
    ("id", "Menurut POTM biaya itu tinggi."),
    ("id", "Mayor Infanteri itu pensiun; Direktur Teknik hadir."),
    ("en", "The head of the department and the director left on Monday."),
    ("en", "Asian Mayors Forum met."),
]


@pytest.mark.parametrize(("language", "text"), NOBODY)
def test_units_and_common_nouns_are_nobody(language: str, text: str) -> None:
    assert [a for a in tag(text, language) if a.value] == []


def test_a_surname_later_means_the_same_person() -> None:
    text = "The Mayor of Leeds, Anna Holt, came. Holt spoke. “Yes,” said Holt. Anna Holt left."
    people = [a for a in tag(text, "en") if a.value]
    assert [a.span.of(text) for a in people] == ["Anna Holt", "Holt", "Holt", "Anna Holt"]
    assert {(a.value, a.label) for a in people} == {("Anna Holt", "mayor")}
    assert {country_of(a) for a in people} == {"GB"}


def test_the_place_tagger_decides_which_place_is_governed() -> None:
    text = "Wali Kota Bandung Ridwan Kamil hadir."
    at = text.index("Bandung")
    place = Annotation(
        doc_id="d",
        capture_id="c",
        span=Span(start=at, end=at + 7),
        layer="place",
        label="city",
        referent_id="gn:1",
        country="ID",
    )
    (person,) = tag(text, "id", (place,))
    assert person.referent_id == "gn:1"


def test_a_person_never_stands_inside_an_organisation() -> None:
    text = "Museo Carmen Rivas opened with the Friedrich Ebert Foundation."
    registers, gazetteer = shared()
    doc = make_document(text, "en")
    organisations = tag_organisations(doc, registers, gazetteer=gazetteer)
    entities = [Entity(6, 18, "PERSON"), Entity(35, 50, "PERSON")]
    assert (
        tag_persons(
            doc, registers, organisations=organisations, entities=entities, gazetteer=gazetteer
        )
        == []
    )


@given(st.text(alphabet="aB Zé.,()-'’&\n1İßø", max_size=60), st.sampled_from(["en", "id"]))
@settings(max_examples=150, deadline=None)
def test_spans_are_ordered_disjoint_and_inside_any_text(text: str, language: str) -> None:
    text = f"Mayor {text} Wali Kota Ünal {text} said Ada"
    last = 0
    for person in tag(text, language):
        assert last <= person.span.start < person.span.end <= len(text)
        assert person.label in OFFICES
        assert person.value is None or person.value.strip() == person.value != ""
        last = person.span.end


def test_every_office_word_has_an_office_of_the_codebook() -> None:
    registers, _ = shared()
    for words in registers.offices_by_language.values():
        assert set(words.offices.values()) <= OFFICES
        assert all(phrase == phrase.lower() for phrase in words.offices)


def test_mayor_in_an_indonesian_text_is_a_major() -> None:
    assert tag("Mayor Arye Shalicar berbicara.", "id") == []
    assert [a.label for a in tag("Mayor Arye Shalicar spoke.", "en")] == ["mayor"]
