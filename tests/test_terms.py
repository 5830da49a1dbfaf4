"""Terms: the pattern language, whole words, and which of several readings stands."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codebook import Codebook, Languages
from pipeline.paths import CHECKOUT
from pipeline.taggers.patterns import PatternError, english_forms, indonesian_forms
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
            "jumelage",
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
