"""Dates: what is found, what it means, and what is none. The gold list is of our own writing."""

import hashlib
import json
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codebook import DateRule, Languages
from pipeline.config import ConfigError
from pipeline.date_reading import MAKERS
from pipeline.date_rules import number_of
from pipeline.dates import LABELS, DateFinder, parse_day
from pipeline.paths import CHECKOUT

LANGUAGES = Languages.load(CHECKOUT / "models")
FINDERS = {code: DateFinder(lang.dates, code) for code, lang in LANGUAGES.by_code.items()}
GOLD = CHECKOUT / "tests" / "data" / "dates.jsonl"
# Floors that only rise. The test half is never read when rules are changed.
FLOORS = {"dev": 0.99, "test": 0.97}
NO_DATE = ("law", "name")
PUBLISHED = date(2019, 7, 10)  # a Wednesday


def values(text: str, code: str = "en", published: date | None = PUBLISHED) -> list[str | None]:
    return [e.value for e in FINDERS[code].find(text, published) if e.label not in NO_DATE]


def half_of(text: str) -> str:
    return "dev" if hashlib.sha256(text.encode()).digest()[0] % 2 == 0 else "test"


def test_the_gold_list_is_read_right_on_both_halves() -> None:
    counts: dict[str, Counter[str]] = {"dev": Counter(), "test": Counter()}
    for line in GOLD.read_text("utf-8").splitlines():
        row = json.loads(line)
        found = FINDERS[row["language"]].find(row["text"], parse_day(row["published"]))
        got = {(e.start, e.end): (e.value, e.label in NO_DATE) for e in found}
        want = {(d["start"], d["end"]): (d["value"], "label" in d) for d in row["dates"]}
        count = counts[half_of(row["text"])]
        count["right"] += sum(got.get(span) == value for span, value in want.items())
        count["gold"] += len(want)
        count["found"] += sum(span in want or not none for span, (_, none) in got.items())
    assert sum(c["gold"] for c in counts.values()) >= 400
    for half, count in counts.items():
        f1 = 2 * count["right"] / (count["gold"] + count["found"])
        assert f1 >= FLOORS[half], f"{half}: {f1:.4f} {dict(count)}"


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
