"""Terms: the pattern language, whole words, and which of several readings stands."""

from collections import Counter
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codebook import Codebook, Languages, missing_terms
from pipeline.dates import DateFinder
from pipeline.paths import CHECKOUT
from pipeline.taggers.patterns import PatternError, english_forms, indonesian_forms
from pipeline.taggers.screen import screen
from pipeline.taggers.terms import TermMatcher, patterns_of

MODELS = CHECKOUT / "models"
CODEBOOK = Codebook.load(MODELS)
LANGUAGES = Languages.load(MODELS)


@cache
def matcher(code: str) -> TermMatcher:
    own = LANGUAGES.get(code)
    chosen = [own] if own else list(LANGUAGES.by_code.values())
    return TermMatcher(patterns_of(chosen, CODEBOOK, undetermined=own is None))


def found(text: str, *patterns: str) -> list[str]:
    hits = TermMatcher({("sector", "tourism"): patterns}).find(text)
    return [text[h.start : h.end] for h in hits]


def labels(text: str, code: str, layer: str) -> list[tuple[str, str]]:
    return [(h.label, text[h.start : h.end]) for h in matcher(code).find(text) if h.layer == layer]


@pytest.mark.parametrize(
    ("text", "pattern", "hits"),
    [
        ("a sister city, a sister-city, a sister\ncity", "sister city", 3),
        ("a sister\n\ncity and a sistercity", "sister city", 0),
        ("moulding, Mou and MOU", "mou", 2),
        ("twins twinned twinning", "twinn*", 2),
        ("signed signal signing signs signature", "+sign", 3),
        ("menjalin dijalin terjalin jalinan penjalinan berjalan", "~jalin", 5),
        ("a MoU, a MOU, a mou", "=MoU", 1),
        ("put his pen to paper, put pen to paper", "put .. pen to paper", 2),
        ("put one two three four pen to paper", "put .. pen to paper", 0),
        ("port city, ports city, harbour city", "(port|harbour) city", 2),
        ("the city hall and the hall", "(city)? hall", 2),
        ("study visits and study trips", "study (visit|tour)*", 1),
        ("Müllabfuhr, mullabfuhr", "müllabfuhr", 2),
        ("姉妹都市提携を結んだ", "姉妹都市", 1),
    ],
)
def test_the_pattern_language(text: str, pattern: str, hits: int) -> None:
    assert len(found(text, pattern)) == hits


def test_the_longest_match_wins_and_a_mark_blocks() -> None:
    assert found("a user agreement and an agreement", "agreement", "!user agreement") == [
        "agreement"
    ]
    assert found("a sister city pact", "sister city", "sister city pact") == ["sister city pact"]


def test_readings_of_several_labels_stand_side_by_side_only_for_the_same_words() -> None:
    matcher = TermMatcher({("sector", "a"): ["port"], ("sector", "b"): ["port", "port city"]})
    assert [(h.label, h.end) for h in matcher.find("a port")] == [("a", 6), ("b", 6)]
    assert [(h.label, h.end) for h in matcher.find("a port city")] == [("b", 11)]


@pytest.mark.parametrize("pattern", ["(open", "closed)", "*", "", ".. first", "a (b|)* c"])
def test_a_pattern_that_cannot_be_read_is_told_with_its_label(pattern: str) -> None:
    with pytest.raises(PatternError, match="sector tourism"):
        TermMatcher({("sector", "tourism"): [pattern]})


def test_english_verbs_and_indonesian_roots_bend() -> None:
    assert {"renew", "renews", "renewed", "renewing"} <= set(english_forms("renew"))
    assert {"planned", "planning"} <= set(english_forms("plan"))
    assert {"carries", "carried"} <= set(english_forms("carry"))
    assert {"finalise", "finalised", "finalising"} <= set(english_forms("finalise"))
    assert {"meneken", "diteken", "teken"} <= set(indonesian_forms("teken"))
    assert {"menyepakati", "disepakati", "kesepakatan"} <= set(indonesian_forms("sepakat"))
    assert {"mengesahkan", "disahkan"} <= set(indonesian_forms("sah"))
    assert {"pemrosesan", "memproses"} & set(indonesian_forms("proses"))


@pytest.mark.parametrize(
    ("code", "text", "label", "words"),
    [
        (
            "en",
            "The two signed a memorandum of understanding.",
            "mou",
            "memorandum of understanding",
        ),
        ("en", "a letter of intent was inked", "letter_of_intent", "letter of intent"),
        ("en", "Ulm is twinned with Jinhua", "sister_city_agreement", "twinned with"),
        ("en", "a joint communiqué", "joint_statement", "joint communiqué"),
        ("id", "nota kesepahaman diteken", "mou", "nota kesepahaman"),
        ("id", "perjanjian kerja sama itu", "cooperation_agreement", "perjanjian kerja sama"),
        ("id", "menjadi kota kembar", "sister_city_agreement", "kota kembar"),
        (
            "fr",
            "un accord de jumelage entre Lyon et Birmingham",
            "sister_city_agreement",
            "accord de jumelage",
        ),
        ("ms", "memorandum persefahaman", "mou", "memorandum persefahaman"),
        ("ms", "perjanjian bandar kembar", "sister_city_agreement", "perjanjian bandar kembar"),
        ("de", "die Städtepartnerschaft", "sister_city_agreement", "Städtepartnerschaft"),
        ("es", "el hermanamiento entre ambas", "sister_city_agreement", "hermanamiento"),
        ("ja", "友好都市提携", "sister_city_agreement", "友好都市"),
    ],
)
def test_instruments_are_named(code: str, text: str, label: str, words: str) -> None:
    assert (label, words) in labels(text, code, "instrument")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "The moulding trade and an amount of istockphoto"),
        ("en", "a ceasefire agreement and the user agreement of the site"),
        ("en", "The Paris Agreement, of its own accord"),
        ("id", "politisi PKS dan fraksi PKS, gencatan senjata"),
    ],
)
def test_look_alikes_are_no_instruments(code: str, text: str) -> None:
    assert labels(text, code, "instrument") == []


def test_terms_of_other_dimensions_become_cues_with_their_name() -> None:
    assert ("process.technology_transfer", "technology transfer") in labels(
        "a technology transfer", "en", "cue"
    )
    assert labels("they signed", "en", "sector") == []


@settings(deadline=None)  # the first text of a language pays for its matcher
@given(st.text(max_size=200), st.sampled_from(["en", "id", "xx"]))
def test_spans_lie_in_the_text_in_order_and_fit_word_bounds(text: str, code: str) -> None:
    text = f"{text} sister city {text}"
    hits = matcher(code).find(text)
    assert hits == sorted(hits, key=lambda h: (h.start, h.end, h.layer, h.label))
    assert any(text[h.start : h.end] == "sister city" for h in hits)
    for hit in hits:
        assert 0 <= hit.start < hit.end <= len(text)
        assert not text[hit.start : hit.end].startswith((" ", "\n"))


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("a sister  city", "sister city"),
        ("a sister \n city", "sister city"),
        ("a sister-\ncity", "sister city"),
        ("a sister\r\ncity", "sister city"),
        ("a sister\u00a0city", "sister city"),
        ("a sis\u00adter city", "sister city"),
        ("A SISTER CITY", "sister city"),
        ("the city\u2019s twin", "city's twin"),
        ("perjanjian-perjanjian kerja-sama", "perjanjian kerja sama"),
    ],
)
def test_one_term_in_the_forms_that_pages_give_it(text: str, pattern: str) -> None:
    assert len(found(text, pattern)) == 1


ROOTS = {
    "jalin": "menjalin",
    "teken": "meneken",
    "sepakat": "menyepakati",
    "kunjung": "mengunjungi",
}
ROOTS |= {"pakai": "memakai", "bantu": "membantu", "ajak": "mengajak", "lanjut": "melanjutkan"}


@given(st.sampled_from(sorted(ROOTS)), st.data())
def test_a_root_is_found_in_each_of_its_forms_and_in_no_longer_word(
    root: str, data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(indonesian_forms(root)))
    matcher = TermMatcher({("sector", "x"): [f"~{root}"], ("sector", "y"): [f"~{root} kota"]})
    text = f"Mereka {form} kota; {ROOTS[root]} x{form} {form}x."
    spans = [(h.label, text[h.start : h.end]) for h in matcher.find(text)]
    assert spans == [("y", f"{form} kota"), ("x", ROOTS[root])]


@given(st.text(max_size=60), st.text(max_size=60))
def test_spans_slice_back_whatever_folding_does_to_the_text(before: str, after: str) -> None:
    text = f"{before} MoU {after}"
    matcher = TermMatcher({("instrument", "mou"): ["=MoU"]})
    assert any(h.start == len(before) + 1 for h in matcher.find(text))
    assert all(text[h.start : h.end] == "MoU" for h in matcher.find(text))


@pytest.mark.parametrize(
    ("code", "text", "label", "is_there"),
    [
        ("en", "They did not sign.", "modality.denied", True),
        ("en", "They did not only sign the pact but built a school.", "modality.denied", False),
        ("en", "They will sign no later than May 2016.", "modality.denied", False),
        ("en", "The pact was not renewed.", "stage.ended", True),
        ("en", "The pact was not renewed.", "stage.renewed", False),
        ("en", "The pact was not renewed.", "modality.denied", False),
        ("id", "Kerja sama itu tidak diperpanjang.", "stage.ended", True),
        ("id", "Kerja sama itu tidak diperpanjang.", "modality.denied", False),
        ("id", "Keduanya tidak hanya meneken nota, tetapi juga kontrak.", "modality.denied", False),
        ("id", "Keduanya tidak jadi meneken nota.", "modality.denied", True),
        ("id", "Tidak menutup kemungkinan keduanya meneken nota.", "modality.hypothetical", True),
        ("es", "No solo firmaron el convenio.", "modality.denied", False),
        ("es", "No firmaron el convenio.", "modality.denied", True),
        ("fr", "Le maire n'a pas signé.", "modality.denied", True),
        ("pt", "Assinaram o acordo.", "modality.planned", False),
        ("pt", "Assinará o acordo.", "modality.planned", True),
    ],
)
def test_a_denial_is_told_from_an_ending_and_from_not_only(
    code: str, text: str, label: str, *, is_there: bool
) -> None:
    assert (label in {h.label for h in matcher(code).find(text) if h.layer == "cue"}) == is_there


@pytest.mark.parametrize("code", LANGUAGES.by_code)
def test_every_language_has_words_for_every_id(code: str) -> None:
    assert missing_terms(LANGUAGES.by_code[code], CODEBOOK) == ()


# Least F1 on documents of our own writing (tests/data/language-<code>.txt says how they are built).
LEAST = {"instrument": 0.95, "sector": 0.8, "date": 0.9}


@pytest.mark.parametrize("code", ["es", "fr", "ms", "pt"])
def test_a_language_file_is_of_use_on_whole_documents(code: str) -> None:
    path = CHECKOUT / "tests" / "data" / f"language-{code}.txt"
    finder = DateFinder(LANGUAGES.by_code[code].dates, code)
    counts: dict[str, Counter[str]] = {name: Counter() for name in LEAST}
    stages: list[bool] = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        published, relevant, instruments, stage, sectors, dates, text = (
            part.strip() for part in line.split("|")
        )
        hits = matcher(code).find(text)
        assert (screen(hits) is None) == (relevant == "yes"), text
        if relevant == "no":
            continue
        read = finder.find(text, date.fromisoformat(published))
        got = {
            "instrument": {h.label for h in hits if h.layer == "instrument"},
            "sector": {h.label for h in hits if h.layer == "sector"},
            "date": {e.value for e in read if e.value},
        }
        for name, wanted in (("instrument", instruments), ("sector", sectors), ("date", dates)):
            want = {w.strip() for w in wanted.replace(";", ",").split(",") if w.strip()}
            counts[name] += Counter(right=len(want & got[name]), all=len(want) + len(got[name]))
        stages.append(f"stage.{stage}" in {h.label for h in hits})
    f1 = {name: 2 * count["right"] / count["all"] for name, count in counts.items()}
    assert all(f1[name] >= least for name, least in LEAST.items()), f1
    assert sum(stages) / len(stages) >= 0.8
