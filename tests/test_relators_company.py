"""The relators on names, the company of a partner, and pairs that are sure enough for any law."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.records import Annotation, Span
from pipeline.relators.actors import find_actors
from pipeline.relators.candidates import find_candidates, owners
from pipeline.relators.decode import Scored, decode, harmonise
from pipeline.relators.lexicon import make_lexicon
from pipeline.relators.rivals import all_features
from pipeline.relators.usage import joined
from pipeline.relators.view import make_view
from pipeline.trainers.relator_thresholds import choose_thresholds
from tests.test_relators import WORDS, document, tags
from tests.test_relators_told import BLANK, BODY, PLACE, marked, scene, scored

PROVINCE = replace(PLACE, label="province", referent_id="gn:9", country="ID")


def names(text: str, forms: dict[str, str], register: tuple[str, ...] = ()) -> list[str]:
    """Return what the one government of a text is called; ``forms``: its names, their values."""
    known = [a for form in forms for a in marked(text, form, replace(PROVINCE, value=forms[form]))]
    view = make_view(document(text), known, make_lexicon("en", WORDS), lambda _: register)
    return [a.party.name for a in find_actors(view)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KALTIM news. The city of Kalimantan Timur signed. Kaltim is glad.", "Kalimantan Timur"),
        ("Kaltara signed. Governors came. Kalimantan Utara gains.", "Kalimantan Utara"),
        ("Kaltim signed, and Kaltim is glad.", "Kaltim"),
    ],
)
def test_an_abbreviation_gives_way_to_the_name_that_the_text_has_too(
    text: str, expected: str
) -> None:
    words = ("KALTIM", "Kaltim", "Kaltara", "Kalimantan Timur", "Kalimantan Utara")
    forms = {w: w.capitalize() if w.isupper() else w for w in words if w in text}
    assert names(text, forms) == [expected]


def test_of_several_names_the_one_beside_a_government_word_counts_then_the_usual_one() -> None:
    solo = {"Solo": "Solo", "Surakarta": "Surakarta"}
    assert names("Solo signed. Later Surakarta hosted.", solo, ("Surakarta",)) == ["Surakarta"]
    assert names("Solo signed. Later Surakarta hosted.", solo, ("Sala",)) == ["Solo"]
    both = {"Mangaung": "Mangaung", "Bloemfontein": "Bloemfontein"}
    text = "The city of Mangaung signed. Guests saw Bloemfontein."
    assert names(text, both, ("Bloemfontein",)) == ["Mangaung"]


def test_the_subject_of_a_relative_clause_is_joined_to_nothing() -> None:
    lexicon = make_lexicon("en", {**WORDS, "relate.relative": ("which",)})
    for text, expected in (
        ("The towns with which Aldoria is tied are many.", False),
        ("A pact with Aldoria.", True),
    ):
        view = make_view(document(text), tags(text), lexicon)
        assert joined(view, text.index("Aldoria")) is expected


def test_a_body_lies_in_the_one_country_of_a_text_and_nowhere_where_there_are_two() -> None:
    text = "Aldoria signed a memorandum with Granary Trust."
    body = marked(text, "Granary Trust", replace(BODY, label="ngo"))
    (trust,) = (a for a in scene(text, body).actors if not a.is_government)
    assert trust.party.country == "ID"
    text = f"{text} Bremia did not."
    (trust,) = (a for a in scene(text, body).actors if not a.is_government)
    assert trust.party.country is None
    network = [replace(b, label="city_network") for b in body]
    (trust,) = (a for a in scene(text[:48], network).actors if not a.is_government)
    assert trust.party.country is None  # a network is of no country


def test_an_instrument_is_no_body() -> None:
    text = "The twinning of Aldoria and Bremia was signed."
    shown = scene(text, marked(text, "twinning", BODY)).actors
    assert {a.party.name for a in shown} == {"Aldoria", "Bremia"}


def test_a_partner_has_the_company_of_the_others_abroad() -> None:
    text = (
        "Aldoria has a twinning with Bremia. Aldoria has a memorandum with Castel.\n\n"
        "Years went by. Dunmore sends carp."
    )
    found = scored(scene(text))
    lone = found["Aldoria", "Dunmore"].features
    assert lone["company"] == pytest.approx(1.0986, abs=1e-3)  # two others
    assert lone["company_tied"] == 1.0
    assert lone["alone_in_sentence"] == 1.0
    tied = found["Aldoria", "Bremia"].features
    assert tied["company_tied"] < 1.0  # Castel by its memorandum, Dunmore by nothing


def test_a_partner_is_introduced_by_its_country() -> None:
    plain = scored(scene("Aldoria has a twinning with Castel."))
    told = scored(scene("Aldoria has a twinning with Castel in France."))
    assert "introduced" not in plain["Aldoria", "Castel"].features
    assert told["Aldoria", "Castel"].features["introduced"] == 1.0


def test_governments_of_one_row_that_join_a_network_get_one_score() -> None:
    text = "Aldoria, Bremia and Castel signed for the Harbour League."
    found = scene(text, marked(text, "Harbour League", replace(BODY, label="city_network")))
    items = [s for s in scored(found).values() if not s.candidate.partner.is_government]
    assert len(items) == 3
    rough = [replace(s, score=0.2 + 0.1 * i) for i, s in enumerate(items)]
    shared = harmonise(found, rough)
    assert {s.score for s in shared} == {max(s.score for s in rough)}
    assert all(s.features["row_of_locals"] > 0 for s in items)


def kept(
    text: str, score: float, extra: list[Annotation] | None = None, *, is_doubtful: bool = False
) -> set[str]:
    """Return the partners that are kept where all pairs have one score."""
    found = scene(text, extra or [])
    pairs = find_candidates(found)
    rows = all_features(found, pairs)
    items = [Scored(c, f, score) for c, f in zip(pairs, rows, strict=True)]
    decision = decode(found, items, 0.3, is_doubtful=is_doubtful)
    return {s.candidate.partner.party.name for s in decision.kept}


def test_a_sure_pair_may_break_the_law_about_places_but_never_be_a_dateline() -> None:
    text = "The city of Aldoria signed a memorandum. It was made in Castel."
    assert kept(text, 0.5) == set()
    assert kept(text, 0.7) == {"Castel"}
    text = "CASTEL - The city of Aldoria signed a memorandum of its own."
    castle = marked(text, "CASTEL", replace(PLACE, referent_id="gn:3", country="FR"))
    assert kept(text, 0.9, castle) == set()


def test_joining_a_network_needs_neither_an_instrument_nor_an_acting_government() -> None:
    text = "Aldoria signed for the Harbour League last week."
    league = marked(text, "Harbour League", replace(BODY, label="city_network"))
    assert kept(text, 0.35, league) == {"Harbour League"}
    firm = marked(text, "Harbour League", replace(BODY, country="JP"))
    assert kept(text, 0.35, firm) == set()


def test_a_text_that_is_hardly_about_agreements_needs_an_instrument_by_name() -> None:
    for text, expected in (
        ("The city of Aldoria signed with Bremia.", set[str]()),
        ("The city of Aldoria signed a memorandum with Bremia.", {"Bremia"}),
    ):
        assert kept(text, 0.9) == {"Bremia"}
        assert kept(text, 0.9, is_doubtful=True) == expected


def test_marks_are_where_they_say() -> None:
    text = "a Castel, a Castel"
    assert [m.span for m in marked(text, "Castel", BLANK)] == [
        Span(start=2, end=8),
        Span(start=12, end=18),
    ]


def test_the_candidate_is_the_first_precise_one_of_the_nearly_best() -> None:
    def curve(*points: tuple[float, float, float]) -> list[dict[str, float]]:
        return [
            {"threshold": t, "precision": p, "recall": 0.5, "f1": f, "records": 9}
            for t, p, f in points
        ]

    flat = curve((0.2, 0.7, 0.700), (0.3, 0.78, 0.699), (0.4, 0.8, 0.698), (0.5, 0.99, 0.6))
    assert choose_thresholds(flat) == {"candidate": 0.3, "vetted": 0.5}
    low = curve((0.2, 0.6, 0.700), (0.3, 0.7, 0.697), (0.4, 0.9, 0.6))
    assert choose_thresholds(low)["candidate"] == 0.3  # none is precise: the highest of the best


def test_in_a_long_text_a_list_belongs_to_whom_its_passage_is_about() -> None:
    lead, rain = "The city of Aldoria has many sister cities abroad. ", "It rains. " * 90
    text = f"{lead}{rain}\n\nBremia has friends. Castel sings."
    short = text.replace("It rains. ", "")
    for told in (short, text):
        found = scene(told)
        unit = found.view.unit_at(told.index("Castel")).index
        named = {a.party.name for a in owners(found, unit) if a is not None}
        assert ("Aldoria" in named) is (told is short)
