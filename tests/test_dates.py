"""Dates: what is found, what it means, and what is none. The gold list is of our own writing."""

import hashlib
import json
import re
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codebook import DateRule, Languages
from pipeline.config import ConfigError
from pipeline.date_reading import MAKERS
from pipeline.date_rules import compile_rules, number_of
from pipeline.dates import LABELS, DateFinder, parse_day
from pipeline.paths import CHECKOUT

LANGUAGES = Languages.load(CHECKOUT / "models")
FINDERS = {code: DateFinder(lang.dates, code) for code, lang in LANGUAGES.by_code.items()}
DATA = CHECKOUT / "tests" / "data"
# Floors that only rise. The test half of the first list is never read when rules are changed; the
# second list, of rarer ways to write dates, was written before the rules that read them.
FLOORS = {
    "dates.jsonl": {"dev": 0.99, "test": 0.97},
    "dates-more.jsonl": {"dev": 0.97, "test": 0.96},
}
EDTF = re.compile(r"\d{3}X|\d{4}(-\d\d(-\d\d)?)?(/\d{4}(-\d\d(-\d\d)?)?)?")
NO_DATE = ("law", "name")
PUBLISHED = date(2019, 7, 10)  # a Wednesday


def values(text: str, code: str = "en", published: date | None = PUBLISHED) -> list[str | None]:
    return [e.value for e in FINDERS[code].find(text, published) if e.label not in NO_DATE]


def half_of(text: str) -> str:
    return "dev" if hashlib.sha256(text.encode()).digest()[0] % 2 == 0 else "test"


@pytest.mark.parametrize(("name", "least"), [("dates.jsonl", 400), ("dates-more.jsonl", 250)])
def test_the_gold_lists_are_read_right_on_both_halves(name: str, least: int) -> None:
    counts: dict[str, Counter[str]] = {"dev": Counter(), "test": Counter()}
    for line in (DATA / name).read_text("utf-8").splitlines():
        row = json.loads(line)
        found = FINDERS[row["language"]].find(row["text"], parse_day(row["published"]))
        got = {(e.start, e.end): (e.value, e.label in NO_DATE) for e in found}
        want = {(d["start"], d["end"]): (d["value"], "label" in d) for d in row["dates"]}
        count = counts[half_of(row["text"])]
        count["right"] += sum(got.get(span) == value for span, value in want.items())
        count["gold"] += len(want)
        count["found"] += sum(span in want or not none for span, (_, none) in got.items())
    assert sum(c["gold"] for c in counts.values()) >= least
    for half, count in counts.items():
        f1 = 2 * count["right"] / (count["gold"] + count["found"])
        assert f1 >= FLOORS[name][half], f"{name} {half}: {f1:.4f} {dict(count)}"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "May the two towns prosper."),
        ("en", "The mayor may march on."),
        ("en", "Some 2016 people, Rs 2000, $1999 and 1,985 seats."),
        ("en", "It seats 2014 guests at 20.15 in room 2010."),
        ("en", "Act No. 23 of 2014 and Law 32/2004 apply."),
        ("en", "a friendship of more than 40 years"),
        ("en", "every Monday and over the past two years"),
        ("id", "UU Nomor 32 Tahun 2004, PP 28/2018 dan Perda No. 5 Tahun 2010"),
        ("id", "beberapa bulan lalu dan puluhan tahun silam"),
        ("id", "sebanyak 2000 orang di Jalan 17 Agustus nomor 1945"),
        ("id", "Universitas 17 Agustus 1945 Surabaya"),
        ("id", "tahun-tahun lalu, setiap Senin, selama dua tahun"),
    ],
)
def test_what_is_no_date_is_none(code: str, text: str) -> None:
    assert values(text, code) == []


def test_a_day_never_shrinks_to_its_year() -> None:
    assert values("pada 7 Agustus 2021", "id") == ["2021-08-07"]


def test_a_day_that_the_calendar_lacks_is_no_day() -> None:
    assert "2014-02-31" not in values("on 31 February 2014")


def test_numeric_dates_are_day_first_unless_the_document_shows_otherwise() -> None:
    assert values("on 04/05/2016") == ["2016-05-04"]
    assert values("on 04/05/2016 and on 07/18/2005") == ["2016-04-05", "2005-07-18"]
    assert values("Friday (05/07/2019)") == ["2019-07-05"]
    assert values("Tuesday (05/07/2019)") == ["2019-05-07"]  # its weekday decides


def test_relative_dates_have_no_value_without_a_publication_date() -> None:
    found = FINDERS["en"].find("They met yesterday and on 16 July; next week they sign.", None)
    assert [(e.value, e.basis) for e in found] == [(None, "resolved")] * 3


def test_stated_dates_need_no_publication_date() -> None:
    found = FINDERS["id"].find("Senin (18/7/2005) dan 2003-2012", None)
    assert [(e.value, e.basis) for e in found] == [
        ("2005-07-18", "stated"),
        ("2003/2012", "stated"),
    ]


def test_the_tense_decides_which_weekday_is_meant() -> None:
    assert values("They signed on Friday.") == ["2019-07-05"]
    assert values("They will sign on Friday.") == ["2019-07-12"]
    assert values("Keduanya akan meneken Jumat.", "id") == ["2019-07-12"]


def test_a_capital_tells_sunday_from_week() -> None:
    assert values("Rombongan tiba Minggu lalu.", "id") == ["2019-07-07"]
    assert values("Rombongan tiba minggu lalu.", "id") == ["2019-07"]


def test_malay_has_its_own_months_and_the_rules_of_indonesian() -> None:
    text = "Dimeterai pada 5 Mac 2016; Khamis lepas dan semalam mereka bertemu."
    assert values(text, "ms") == ["2016-03-05", "2019-07-04", "2019-07-09"]
    assert values("Akta 171 Tahun 1976 dan Akta Kerajaan Tempatan 1976", "ms") == []


def test_number_words_add_up() -> None:
    numbers = LANGUAGES.by_code["id"].dates.numbers
    assert number_of("dua puluh lima", numbers) == 25
    assert number_of("dua belas", numbers) == 12
    assert number_of("seratus", numbers) == 100
    assert number_of("forty-five", LANGUAGES.by_code["en"].dates.numbers) == 45
    assert number_of("sekian", numbers) is None


def test_a_wrong_rule_is_told_with_its_file() -> None:
    words = LANGUAGES.by_code["en"].dates
    broken = words.model_copy(update={"rules": (DateRule(match="{dya} of {month}", make="date"),)})
    with pytest.raises(ConfigError, match="dya"):
        DateFinder(broken, "en")


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("en", "Signed in 2010; two years later it was renewed.", ["2010", "2012"]),
        (
            "en",
            "On 2 May 2010 they met, and the following day they signed.",
            ["2010-05-02", "2010-05-03"],
        ),
        ("en", "They signed in June 2011 and traded that same year.", ["2011-06", "2011"]),
        ("en", "Signed in 2010.\nTwo years later it rained.", ["2010"]),
        ("en", "Signed in 2010; the following day they left.", ["2010"]),
        ("en", "Two years later it rained.", []),
        ("id", "Diteken pada 2010; dua tahun kemudian diperpanjang.", ["2010", "2012"]),
        ("id", "Tiba 2 Mei 2010, keesokan harinya meneken.", ["2010-05-02", "2010-05-03"]),
        (
            "es",
            "Se firmó el 2 de mayo de 2010 y al día siguiente se fueron.",
            ["2010-05-02", "2010-05-03"],
        ),
        ("fr", "Signé en 2010 ; deux ans plus tard, un festival.", ["2010", "2012"]),
        ("pt", "Foi assinado em 2010; dois anos depois houve um festival.", ["2010", "2012"]),
    ],
)
def test_a_date_may_hang_on_the_one_before_it(code: str, text: str, expected: list[str]) -> None:
    assert values(text, code) == expected


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("en", "dated 12-VII-2015 and 3.XI.2009", ["2015-07-12", "2009-11-03"]),
        ("en", "posted 2019-07-09T08:30:00+07:00", ["2019-07-09"]),
        (
            "en",
            "in Q3 2018, 4Q 2018 and FY2017-18",
            ["2018-07/2018-09", "2018-10/2018-12", "2017/2018"],
        ),
        ("en", "in the sixties, the early '80s and the 1990s", ["196X", "198X", "199X"]),
        ("en", "on May4, 2016 and 17Aug2016", ["2016-05-04", "2016-08-17"]),
        (
            "en",
            "on the ninth of June 2017 and on monday january 12th, 2016",
            ["2017-06-09", "2016-01-12"],
        ),
        ("en", "on Friday the 5th", ["2019-07-05"]),
        ("es", "este lunes 14 de junio de 2021", ["2021-06-14"]),
        ("pt", "nesta segunda-feira (8)", ["2019-07-08"]),
        ("en", "They will meet in two weeks; it took them two weeks.", ["2019-07"]),
        ("en", "last summer, this autumn, next spring", ["2018", "2019", "2020"]),
        ("en", "Ramadan 1443 H, Heisei 12 and the 2030 Agenda", []),
        ("id", "tahun anggaran 2019/2020, semester I 2018", ["2019/2020", "2018-01/2018-06"]),
        ("id", "12 Rabiul Awal 1443 H, 1 Suro 1955 Jawa", []),
        ("es", "del 3 al 5 de mayo de 2016, hace diez años", ["2016-05-03/2016-05-05", "2009"]),
        ("es", "el lunes pasado; por la mañana; la próxima semana", ["2019-07-08", "2019-07"]),
        ("fr", "le 3 mai 2016, il y a dix ans, fin 2018", ["2016-05-03", "2009", "2018"]),
        (
            "pt",
            "na sexta-feira (5), em março de 2016, há dez anos",
            ["2019-07-05", "2016-03", "2009"],
        ),
    ],
)
def test_rarer_ways_to_write_dates(code: str, text: str, expected: list[str]) -> None:
    assert values(text, code) == expected


@given(
    st.sampled_from("5 April|Friday|12 December|September|Dec. 3|on 30 July|Sunday|24/8".split("|"))
)
def test_what_is_told_as_past_never_lies_ahead(when: str) -> None:
    text = f"The two mayors met and signed the charter in the old hall on {when}."
    assert all((value or "") <= PUBLISHED.isoformat() for value in values(text))


@given(st.text(max_size=80), st.sampled_from(sorted(LANGUAGES.by_code)))
def test_any_text_around_a_date_leaves_it_and_its_offsets(noise: str, code: str) -> None:
    text = f"{noise}\n\n18/7/2005\n\n{noise}"
    found = FINDERS[code].find(text, PUBLISHED)
    assert any(text[e.start : e.end] == "18/7/2005" and e.value == "2005-07-18" for e in found)
    assert all(EDTF.fullmatch(e.value) for e in found if e.value)


@pytest.mark.parametrize("code", LANGUAGES.by_code)
def test_every_rule_compiles_although_that_waits_for_its_word(code: str) -> None:
    table = compile_rules(LANGUAGES.by_code[code].dates, code)
    rules = [r for group in (*table.by_word.values(), *table.by_digits.values()) for r in group]
    assert all(rule.pattern.groups >= 0 for rule in rules)


@pytest.mark.parametrize("code", LANGUAGES.by_code)
def test_every_rule_is_made_by_something(code: str) -> None:
    assert {rule.make for rule in LANGUAGES.by_code[code].dates.rules} <= set(MAKERS)


FRAGMENTS = st.sampled_from(
    "5 31 May Mei 2016 (18/7/2005) - to hingga last Tuesday Selasa lalu Nomor / , . \n of 1990 s "
    "tahun week next 29 February 2019-02-30 12-13/8 ago two".split(" ")
)


@given(
    st.lists(FRAGMENTS, max_size=12),
    st.sampled_from(["", " "]),
    st.sampled_from(["en", "id", "ms"]),
)
def test_any_text_gives_ordered_spans_with_known_labels_and_real_dates(
    pieces: list[str], joint: str, code: str
) -> None:
    text = joint.join(pieces)
    at = 0
    for found in FINDERS[code].find(text, PUBLISHED):
        assert at <= found.start < found.end <= len(text)
        assert found.label in LABELS
        assert text[found.start : found.end].strip() == text[found.start : found.end]
        for part in (found.value or "").split("/"):
            if len(part) == 10:
                date.fromisoformat(part)
        at = found.end


@given(st.dates(date(1900, 1, 1), date(2098, 12, 31)))
def test_a_written_day_is_read_back(day: date) -> None:
    english = LANGUAGES.by_code["en"].dates.months[day.month][0]
    indonesian = LANGUAGES.by_code["id"].dates.months[day.month][0]
    assert values(f"Signed on {english} {day.day}, {day.year}.") == [day.isoformat()]
    assert values(f"Diteken {day.day} {indonesian} {day.year}.", "id") == [day.isoformat()]
    assert values(f"Diteken {day.day}/{day.month}/{day.year}.", "id") == [day.isoformat()]
