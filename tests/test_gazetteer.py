"""The gazetteer: what it holds, what it finds, that its spans are the text's own."""

import resource
import subprocess
import sys
import time
import unicodedata
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gazetteer import (
    ABBREVIATION,
    DATA_FILE,
    DEMONYM,
    KINDS,
    Gazetteer,
    decode_id,
    encode_id,
    fold_name,
)
from pipeline.gazetteer_keys import scan_form

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "models" / "gazetteer"
MEGABYTE = 1024 * 1024


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer.load(FOLDER)


def found(text: str) -> dict[str, set[tuple[str, str | None, str]]]:
    return {
        text[h.start : h.end]: {
            (p.name, p.country, p.kind) for p in map(gazetteer().place, h.candidates)
        }
        for h in gazetteer().find(text)
    }


# --- what it holds -------------------------------------------------------------------------------


def test_every_indonesian_province_kota_and_kabupaten_is_there_exactly_once() -> None:
    kinds: dict[str, list[str]] = {}
    for place in gazetteer().places:
        if place.country == "ID":
            for source in {place.id, *place.source_ids}:
                if source.startswith("id:"):
                    kinds.setdefault(source, []).append(place.kind)
    assert all(len(k) == 1 for k in kinds.values())
    provinces = [k for s, k in kinds.items() if "." not in s]
    kota = [k for s, k in kinds.items() if "." in s and int(s[-2:]) > 70]
    kabupaten = [k for s, k in kinds.items() if "." in s and int(s[-2:]) < 70]
    assert (len(provinces), len(kota), len(kabupaten)) == (38, 98, 416)
    assert provinces == [["province"]] * 38
    assert kota == [["city"]] * 95 + [["city"]] * 3
    assert kabupaten == [["regency"]] * 416


def test_every_country_of_iso_3166_has_a_point_and_an_indonesian_name_where_it_differs() -> None:
    countries = [p for p in gazetteer().places if p.kind == "country"]
    assert len(countries) > 225
    assert all((p.latitude, p.longitude) != (0.0, 0.0) for p in countries)
    for name, code in (("Jepang", "JP"), ("Korea Selatan", "KR"), ("Belanda", "NL"), ("AS", "US")):
        assert gazetteer().lookup(name)[0] == f"iso:{code}"


@pytest.mark.parametrize(
    ("name", "preferred", "country", "kind"),
    [
        ("Jawa Barat", "West Java", "ID", "province"),
        ("West Java", "West Java", "ID", "province"),
        ("Jabar", "West Java", "ID", "province"),
        ("Köln", "Cologne", "DE", "city"),
        ("Koeln", "Cologne", "DE", "city"),
        ("Ujung Pandang", "Makassar", "ID", "city"),
        ("Bangalore", "Bengaluru", "IN", "city"),
        ("Saigon", "Ho Chi Minh City", "VN", "city"),
        ("Gyeongsangbuk-do", "Gyeongsangbuk-do", "KR", "province"),
        ("Gyeongsang Utara", "Gyeongsangbuk-do", "KR", "province"),
        ("Geongsangbuk-Do", "Gyeongsangbuk-do", "KR", "province"),
        ("North Gyeongsang", "Gyeongsangbuk-do", "KR", "province"),
        ("Australia Selatan", "South Australia", "AU", "province"),
        ("DKI Jakarta", "Jakarta", "ID", "province"),
        ("Beijing", "Beijing", "CN", "province"),
        ("Shanghai", "Shanghai", "CN", "province"),
        ("Singapura", "Singapore", "SG", "country"),
        ("Busan", "Busan", "KR", "city"),
        ("Buyeo-gun", "Buyeo-gun", "KR", "regency"),
        ("Cook County", "Cook County", "US", "regency"),
        ("County Durham", "County Durham", "GB", "regency"),
        ("Jogjakarta", "Yogyakarta", "ID", "city"),
        ("Xian", "Xi’an", "CN", "city"),
        ("Ba Ria - Vung Tau", "Bà Rịa - Vũng Tàu", "VN", "province"),
        ("Greater Manchester", "Greater Manchester", "GB", "province"),
        ("Frankfurt", "Frankfurt am Main", "DE", "city"),
    ],
)
def test_a_place_is_known_by_its_names(name: str, preferred: str, country: str, kind: str) -> None:
    places = [gazetteer().place(i) for i in gazetteer().lookup(name)]
    assert (preferred, country, kind) in {(p.name, p.country, p.kind) for p in places}


def test_kota_and_kabupaten_of_one_name_are_two_and_a_seat_town_is_its_kabupaten() -> None:
    bandung = [gazetteer().place(i) for i in gazetteer().lookup("Bandung")]
    assert [p.kind for p in bandung[:2]] == ["city", "regency"]
    assert {p.parent for p in bandung[:2]} == {"gn:1642672"}
    banyuwangi = [gazetteer().place(i) for i in gazetteer().lookup("Banyuwangi")]
    assert [(p.kind, p.country) for p in banyuwangi] == [("regency", "ID")]


def test_the_tree_leads_from_a_city_to_its_country() -> None:
    bandung = gazetteer().place("gn:1650357")
    assert (bandung.parent, bandung.admin1, bandung.country) == ("gn:1642672", "gn:1642672", "ID")
    assert gazetteer().parent("gn:1642672") == "iso:ID"
    assert gazetteer().parent("iso:ID") is None
    assert gazetteer().contains("iso:ID", "gn:1650357")
    assert not gazetteer().contains("iso:JP", "gn:1650357")


def test_every_parent_exists_and_no_chain_is_a_circle() -> None:
    for place in gazetteer().places:
        assert place.kind in KINDS
        if place.parent is not None:
            assert place.parent in gazetteer()
        assert place.country is None or f"iso:{place.country}" in gazetteer()
        if place.kind not in {"country", "area"}:
            assert gazetteer().contains(f"iso:{place.country}", place.id)


def test_names_of_begins_with_the_preferred_name_and_has_no_demonyms() -> None:
    names = gazetteer().names_of("iso:TR")
    assert names[0] == "Turkey"
    assert "Turki" in names
    assert "Turkish" not in names
    assert gazetteer().names_of("gn:999999999999") == ()


@given(st.sampled_from(["gn:1", "gn:1650357", "iso:ID", "iso:VN-43", "id:34", "id:34.71", "own:7"]))
def test_ids_survive_the_file(place_id: str) -> None:
    assert decode_id(encode_id(place_id)) == place_id


@pytest.mark.parametrize("wrong", ["", "Bandung", "gn:x", "xy:1", "iso:", "gn:" + "9" * 40])
def test_an_unknown_id_is_not_in_the_gazetteer(wrong: str) -> None:
    assert wrong not in gazetteer()
    with pytest.raises(KeyError):
        gazetteer().place(wrong)


# --- what it finds -------------------------------------------------------------------------------


def test_names_are_whole_words_begin_with_a_capital_and_the_longest_wins() -> None:
    assert "New York City" in found("in New York City today")
    assert found("moulding, bandung, parisian, of nice reading") == {}
    assert "South Korean" in found("two South Koreans") or "South" not in found("two South Koreans")
    assert "Des Moines" in found("The Des Moines City Council")
    assert "Makassar" in {n.title() for n in found("MAKASSAR, KOMPAS")}


def test_an_acronym_needs_its_capitals_and_a_short_shout_is_no_name() -> None:
    assert "US" in found("the US and")
    assert "us" not in found("with us and")
    assert "U.S." in found("the U.S. and")
    assert "MOU" not in found("the MOU was signed")


def test_a_name_does_not_run_over_a_line_break() -> None:
    assert "New\nYork" not in found("in New\nYork we")
    assert "Bandung" in found("Mutu Baru\nBandung\nkota")


def test_short_forms_and_peoples_are_graded() -> None:
    grades = {h.grades[0] for h in gazetteer().find("A Turkish man in Reno, Nev., spoke.")}
    assert {DEMONYM, ABBREVIATION} <= grades


ANY_TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("BandungKotaSouth Koreaéß-'’.,\n\t\u00a0\u2028İıŠ京ﬁ\U0001f600")),
        st.characters(),
    ),
    max_size=200,
)


@given(ANY_TEXT)
def test_folding_keeps_every_code_point_in_its_place(text: str) -> None:
    assert len(fold_name(text)) == len(text)


@given(ANY_TEXT, st.sampled_from(["Bandung", "Köln", "U.S.", "North Gyeongsang", "Xi’an"]))
def test_spans_slice_back_to_a_name_in_order_whatever_surrounds_it(text: str, name: str) -> None:
    whole = f"{text} {name} {text}"
    end = 0
    spans = []
    for hit in gazetteer().find(whole):
        assert end <= hit.start < hit.end <= len(whole)
        assert len(hit.candidates) == len(hit.grades) > 0
        assert "\n" not in whole[hit.start : hit.end]
        end = hit.end
        spans.append(whole[hit.start : hit.end])
    assert any(name in s or s in name for s in spans)


def test_a_decomposed_text_is_safe() -> None:
    text = unicodedata.normalize("NFD", "de Köln à São Paulo")
    for hit in gazetteer().find(text):
        assert text[hit.start : hit.end]


def test_names_in_other_scripts_are_found_as_their_scripts_ask() -> None:
    assert {"東京", "北京"} <= set(found("東京と北京は姉妹都市です。"))
    assert "서울" in found("서울에서 만났다.")
    assert "Москва" in found("Город Москва рад.")
    assert found("подМоскваю") == {}
    spans = [(h.start, h.end) for h in gazetteer().find("Kota Bandung, 東京, Kyoto")]
    assert spans == sorted(spans)
    assert len(spans) >= 3
    assert gazetteer().lookup("東京")[:1] == gazetteer().lookup("Tokyo")[:1]


def test_a_town_and_its_municipality_are_one_entry() -> None:
    assert [p.country for p in map(gazetteer().place, gazetteer().lookup("Göteborg"))] == ["SE"]
    gothenburg = gazetteer().place("gn:2711537")
    assert (gothenburg.name, "gn:2711533" in gothenburg.source_ids) == ("Gothenburg", True)
    assert "gn:2711533" not in gazetteer()
    for name, country in (("Debrecen", "HU"), ("Umeå", "SE"), ("Vilnius", "LT")):
        cities = [p for p in map(gazetteer().place, gazetteer().lookup(name)) if p.kind == "city"]
        assert sum(p.country == country and p.population > 50_000 for p in cities) == 1


@pytest.mark.parametrize(
    ("old", "today", "country"),
    [
        ("Batavia", "Jakarta", "ID"),
        ("Leningrad", "Saint Petersburg", "RU"),
        ("Danzig", "Gdańsk", "PL"),
        ("Karl-Marx-Stadt", "Chemnitz", "DE"),
        ("Peking", "Beijing", "CN"),
        ("Madras", "Chennai", "IN"),
        ("Léopoldville", "Kinshasa", "CD"),
        ("Drakenstein", "Paarl", "ZA"),
    ],
)
def test_old_names_and_names_of_municipalities_lead_to_the_place_of_today(
    old: str, today: str, country: str
) -> None:
    places = map(gazetteer().place, gazetteer().lookup(old))
    assert (today, country) in {(p.name, p.country) for p in places}


@given(ANY_TEXT)
def test_the_scan_form_has_one_byte_for_each_code_point_and_agrees_with_folding(text: str) -> None:
    form, _ = scan_form(text)
    assert len(form) == len(text)
    folded = fold_name(text)
    latin = "".join(c if c.isascii() else "µ" for c in folded)  # all other letters are one
    assert form == scan_form(latin)[0]


# --- what it costs -------------------------------------------------------------------------------


def test_the_data_are_small_and_hold_no_pickle() -> None:
    assert sum(p.stat().st_size for p in FOLDER.rglob("*")) < 16 * MEGABYTE
    assert (FOLDER / DATA_FILE).read_bytes()[:2] == b"PK"  # a zip of plain .npy arrays


def test_loading_takes_under_a_second_and_150_megabytes() -> None:
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "from pipeline.gazetteer import Gazetteer\n"
        "g = Gazetteer.load(Path(sys.argv[1]))\n"
        "usage = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(usage.ru_utime + usage.ru_stime, (usage.ru_maxrss - before) // 1024)\n"
    )
    command = [sys.executable, "-c", code, str(FOLDER)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, megabytes = answer.stdout.split()
    assert float(seconds) < 2.0  # under one on a quiet machine; CI shares its cores
    assert int(megabytes) < 150


def test_finding_keeps_up_with_thousands_of_documents() -> None:
    text = "Wali Kota Bandung bertemu delegasi Kyoto di Jakarta, kata Budi. " * 40
    list(gazetteer().find(text))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    started = time.perf_counter()
    for _ in range(100):
        list(gazetteer().find(text))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    assert min(used, time.perf_counter() - started) < 1.0  # a tenth of that on a quiet machine


def test_names_broken_over_thousands_of_lines_cost_no_more_than_their_length() -> None:
    text = "New\nYork\n" * 5_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert all("\n" not in text[h.start : h.end] for h in gazetteer().find(text))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 1.0


def test_the_card_tells_the_counts_of_the_built_file() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    kinds = [place.kind for place in gazetteer().places]
    assert f"{len(kinds):,} places" in card
    for kind in KINDS:
        assert f"| `{kind}` | {kinds.count(kind):,} |" in card
