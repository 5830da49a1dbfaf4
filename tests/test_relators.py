"""The relators on annotations made by hand: what each part promises, without any tagger."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Annotation, Document, Span
from pipeline.relators.actors import find_actors
from pipeline.relators.anchor import anchor_of, shown_span
from pipeline.relators.candidates import find_candidates
from pipeline.relators.chooser import Chooser
from pipeline.relators.days import days_between, precision
from pipeline.relators.decode import Scored, decode, harmonise
from pipeline.relators.features import features_of
from pipeline.relators.lexicon import Lexicon, make_lexicon
from pipeline.relators.modality import governing
from pipeline.relators.rows import row_of
from pipeline.relators.scene import Scene, make_scene
from pipeline.relators.scorer import Scorer, Tree
from pipeline.relators.steps import date_kind_of, lineage_of, steps_of
from pipeline.relators.telling import shares
from pipeline.relators.territory import OWN, territories
from pipeline.relators.traits import Subject, subjects, traits_of
from pipeline.relators.view import make_view, merge_broken
from pipeline.text import sentences
from pipeline.trainers.relator_figures import reliability
from tests.conftest import make_document

WORDS = {
    "relate.contrast": ("while", "sedangkan"),
    "relate.joins": ("with", "dengan"),
    "relate.coordinates": ("and", "dan"),
    "relate.locative": ("in", "at", "di"),
    "relate.capital": ("capital of",),
    "relate.inside": ("in", "in the", "at"),
    "relate.origin": ("from",),
    "relate.attribute": ("-based",),
    "relate.envoy": ("ambassador of",),
    "relate.admin_before": ("city of", "mayor of", "pemkot"),
    "relate.admin_after": ("city council",),
    "relate.onlooker": ("witnessed by",),
    "relate.government.city": ("the city", "the municipality"),
    "relate.organisation.business": ("the company",),
    "relate.both": ("the two cities",),
}
LEXICON: Lexicon = make_lexicon("en", WORDS)
# What the hand-made tagger knows: words -> (layer, label, extra fields).
KNOWN: dict[str, tuple[str, str, dict[str, str]]] = {
    "Aldoria": ("place", "city", {"referent_id": "gn:1", "country": "ID"}),
    "Bremia": ("place", "city", {"referent_id": "gn:2", "country": "JP"}),
    "Castel": ("place", "city", {"referent_id": "gn:3", "country": "FR"}),
    "Dunmore": ("place", "city", {"referent_id": "gn:4", "country": "KR"}),
    "Eastmark": ("place", "province", {"referent_id": "gn:5", "country": "JP"}),
    "Japan": ("place", "country", {"referent_id": "iso:JP", "country": "JP"}),
    "Acme Water Ltd": ("organisation", "business", {"value": "Acme Water Ltd", "country": "JP"}),
    "memorandum": ("instrument", "mou", {}),
    "twinning": ("instrument", "sister_city_agreement", {}),
    "sister cities": ("instrument", "sister_city_agreement", {}),
    "signed": ("cue", "stage.signed", {}),
    "sign": ("cue", "stage.signed", {}),
    "renewed": ("cue", "stage.renewed", {}),
    "will": ("cue", "modality.planned", {}),
    "not": ("cue", "modality.denied", {}),
    "since": ("cue", "background", {}),
    "continuation of": ("cue", "lineage.continues", {}),
    "tourism": ("sector", "tourism", {}),
    "1985": ("date", "year", {"value": "1985", "detail": "stated"}),
    "2005": ("date", "year", {"value": "2005", "detail": "stated"}),
    "2011": ("date", "year", {"value": "2011", "detail": "stated"}),
}


def document(text: str, language: str = "en") -> Document:
    return make_document(text, language)


def tags(text: str) -> list[Annotation]:
    """Tag the known words of a text."""
    found = []
    for words, (layer, label, extra) in KNOWN.items():
        for m in re.finditer(rf"\b{re.escape(words)}\b", text):
            span = Span(start=m.start(), end=m.end())
            found.append(
                Annotation(doc_id="d", capture_id="c", span=span, layer=layer, label=label, **extra)
            )
    return found


def scene(text: str) -> Scene:
    """Return the scene of a text."""
    return make_scene(make_view(document(text), tags(text), LEXICON))


def pairs(found: Scene) -> set[frozenset[str]]:
    """Return the names of all candidate pairs."""
    return {frozenset((c.local.party.name, c.partner.party.name)) for c in find_candidates(found)}


def test_a_semicolon_list_is_cut_into_units_of_one_sentence() -> None:
    view = make_view(document("Ties with A in 1985; ties with B in 2005; more."), [], LEXICON)
    assert [u.span.of(view.text) for u in view.units] == [
        "Ties with A in 1985;",
        "ties with B in 2005;",
        "more.",
    ]
    assert {u.sentence for u in view.units} == {0}


def test_a_contrasting_clause_is_a_unit_of_its_own() -> None:
    view = make_view(document("Aldoria renewed, while Castel did nothing."), [], LEXICON)
    assert [u.span.of(view.text) for u in view.units] == [
        "Aldoria renewed,",
        "while Castel did nothing.",
    ]


def test_a_page_break_inside_a_sentence_is_healed_but_not_a_new_paragraph() -> None:
    text = "Ties of Aldoria with Castel\n\nconcerning trade. New.\n\nAnother one"
    spans = merge_broken(text, sentences(text))
    assert [s.of(text) for s in spans] == [
        "Ties of Aldoria with Castel\n\nconcerning trade.",
        "New.",
        "Another one",
    ]


@given(st.text(alphabet="ab; ,.\n", max_size=80))
def test_units_lie_in_order_inside_the_text_and_never_overlap(text: str) -> None:
    view = make_view(document(text), [], LEXICON)
    ends = 0
    for unit in view.units:
        assert ends <= unit.span.start < unit.span.end <= len(text)
        ends = unit.span.end


def test_a_wider_place_after_a_city_is_no_actor_of_its_own() -> None:
    view = make_view(
        document("Aldoria and Bremia, Japan signed."),
        tags("Aldoria and Bremia, Japan signed."),
        LEXICON,
    )
    assert {a.party.name: a.mentions[0].how for a in find_actors(view)} == {
        "Aldoria": "name",
        "Bremia": "name",
    }


def test_an_office_word_makes_a_place_act() -> None:
    text = "The Mayor of Aldoria met the Castel City Council in Dunmore."
    how = {
        a.party.name: a.mentions[0].how
        for a in find_actors(make_view(document(text), tags(text), LEXICON))
    }
    assert how == {"Aldoria": "admin", "Castel": "admin", "Dunmore": "location"}


def test_the_city_means_the_government_that_the_text_is_about() -> None:
    found = scene("The City of Aldoria wants more. The city signed with Acme Water Ltd in Castel.")
    local = next(a for a in found.actors if a.party.name == "Aldoria")
    assert [m.how for m in local.mentions] == ["admin", "anaphor"]
    assert found.focus is local


def test_parties_over_two_sentences_are_a_candidate() -> None:
    assert frozenset(("Aldoria", "Bremia")) in pairs(
        scene("Aldoria has a plan. A memorandum with Bremia was signed.")
    )


def test_two_partners_after_one_with_are_no_pair() -> None:
    found = scene("Aldoria signed a memorandum with Bremia and Castel.")
    scored = [Scored(c, features_of(found, c), 0.9) for c in find_candidates(found)]
    kept = {
        frozenset((s.candidate.local.party.name, s.candidate.partner.party.name))
        for s in decode(found, scored, 0.5).kept
    }
    assert kept == {frozenset(("Aldoria", "Bremia")), frozenset(("Aldoria", "Castel"))}


def test_partners_of_one_row_get_one_score() -> None:
    found = scene("The sister cities of Aldoria are: Bremia, Castel and Dunmore.")
    home = next(a for a in found.actors if a.party.name == "Aldoria")
    scored = [
        Scored(c, {}, 0.2 if c.partner.party.name == "Castel" else 0.8)
        for c in find_candidates(found)
        if home in (c.local, c.partner)
    ]
    rows = [s.score for s in harmonise(found, scored)]
    assert len(rows) == 3
    assert len(set(rows)) == 1


def test_a_domestic_pair_needs_a_named_instrument() -> None:
    text = "Bremia signed with Acme Water Ltd."
    found = scene(text)
    scored = [Scored(c, features_of(found, c), 0.99) for c in find_candidates(found)]
    decision = decode(found, scored, 0.5)
    assert not decision.kept
    assert "without a named instrument" in decision.refused[0][1]


def test_a_row_ends_where_other_words_begin() -> None:
    found = scene(
        "Bremia, Castel and Dunmore are twins. Aldoria signed a memorandum which Castel likes."
    )
    castel = next(a for a in found.actors if a.party.name == "Castel")
    assert row_of(found, castel, castel.mentions[0]) == ("gn:2", "gn:3", "gn:4")
    assert row_of(found, castel, castel.mentions[1]) == ("gn:3",)


def test_what_is_said_of_one_pair_is_not_said_of_the_next() -> None:
    text = "Aldoria has a memorandum with Bremia signed in 1985, one with Castel signed in 2005."
    found = scene(text)
    home = next(a for a in found.actors if a.party.name == "Aldoria")
    wanted = [c for c in find_candidates(found) if home in (c.local, c.partner)]
    for pair, ground in zip(wanted, territories(found, wanted), strict=True):
        other = pair.partner if pair.local is home else pair.local
        own = next(s for s in ground if s.rank == OWN)
        assert [a.value for a in own.of("date")] == [
            {"Bremia": "1985", "Castel": "2005"}[other.party.name]
        ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Aldoria will sign a memorandum.", {"planned"}),
        ("Aldoria did not sign a memorandum.", {"denied"}),
        ("Aldoria signed a memorandum. It will help.", set()),
        ("Aldoria signed a memorandum that will help.", set()),
    ],
)
def test_a_modal_word_governs_what_follows_it_in_its_clause(text: str, expected: set[str]) -> None:
    view = make_view(document(text), tags(text), LEXICON)
    cue = next(a for a in view.layer("cue", "stage."))
    assert governing(view, view.unit_at(cue.span.start), cue) == expected


def test_earlier_dated_stages_are_steps_and_the_newest_is_not() -> None:
    text = (
        "Aldoria and Bremia signed a memorandum in 1985 and renewed it in 2005, "
        "a continuation of work of Castel."
    )
    found = scene(text)
    pair = next(
        c for c in find_candidates(found) if {c.local.key, c.partner.key} == {"gn:1", "gn:2"}
    )
    items = [Scored(pair, {}, 0.9)]
    subject = subjects(found, items, territories(found, [pair]))[0]
    assert [(s.stage, s.date) for s in steps_of(subject, "renewed", "2005")] == [("signed", "1985")]
    assert [(x.relation, x.other_party_name) for x in lineage_of(subject)] == [
        ("continues", "Castel")
    ]


def test_the_kind_of_a_date_follows_the_stage() -> None:
    assert date_kind_of("intended", "asserted", "letter_of_intent") == "signed"
    assert date_kind_of("intended", "planned", "mou") == "announced"
    assert date_kind_of("exploring", "asserted", "mou") == "visited"


def test_days_follow_the_precision_of_edtf() -> None:
    assert days_between("2005-07-18", "2005-07-20") == 2
    assert days_between("2005", "2005-01-02") == 1
    assert days_between(None, "2005") is None
    assert [precision(x) for x in ("2005", "2005-07", "2005-07-18", "2003/2012")] == [1, 2, 3, 1]


def test_a_scorer_is_arithmetic_and_explains_itself() -> None:
    tree = Tree((0, -1, -1), (0.5, 0.0, 0.0), (1, -1, -1), (2, -1, -1), (0.0, -1.0, 1.0))
    scorer = Scorer(("a", "b"), (2.0, -1.0), 0.5, (tree,), 0.0, 0.5, 1.0, 0.0)
    assert scorer.score({"a": 1.0}) > scorer.score({"b": 1.0})
    assert scorer.explain({"a": 1.0, "b": 0.1})[0] == ("a", 2.0)


def test_a_chooser_prefers_the_heavier_value_and_sums_to_one() -> None:
    chooser = Chooser(("no", "yes"), (0.0, -1.0), {"x": (0.0, 3.0)})
    assert chooser.choose({}) == "no"
    assert chooser.choose({"x": 1.0, "unknown": 9.0}) == "yes"
    assert sum(chooser.probabilities({"x": 0.4}).values()) == pytest.approx(1.0)


def features(text: str, local: str, partner: str) -> dict[str, float]:
    """Return the features of the pair of two names."""
    found = scene(text)
    for c in find_candidates(found):
        if {c.local.party.name, c.partner.party.name} == {local, partner}:
            return features_of(found, c)
    raise AssertionError(f"{local} and {partner} are no candidate")


def uses(text: str) -> dict[str, str]:
    """Return how each actor is mentioned first."""
    view = make_view(document(text), tags(text), LEXICON)
    return {a.party.name: a.mentions[0].how for a in find_actors(view)}


def test_a_dateline_does_not_swallow_the_government_after_it() -> None:
    text = "Bremia (Wire) - Eastmark signed a memorandum with Castel."
    assert uses(text) == {"Bremia": "dateline", "Eastmark": "name", "Castel": "name"}


@pytest.mark.parametrize(
    "text",
    [
        "Aldoria signed a memorandum with the Castel-based group Acme Water Ltd.",
        "Aldoria signed a memorandum with Castel's Acme Water Ltd.",
        "Aldoria met the ambassador of Castel and Acme Water Ltd.",
    ],
)
def test_a_place_that_only_describes_is_no_partner(text: str) -> None:
    assert frozenset(("Aldoria", "Castel")) not in pairs(scene(text))
    assert frozenset(("Aldoria", "Acme Water Ltd")) in pairs(scene(text))


def test_a_government_word_after_in_is_a_place() -> None:
    assert uses("Acme Water Ltd opened a plant in the city of Castel.")["Castel"] == "location"


def test_a_holders_name_does_not_become_the_name_of_the_place() -> None:
    text = "Mayor Jane Roe of Aldoria signed."
    span = Span(start=6, end=14)
    person = Annotation(
        doc_id="d",
        capture_id="c",
        span=span,
        layer="person",
        label="mayor",
        value="Jane Roe",
        referent_id="gn:1",
    )
    # A place whose register name the text does not use is named by what the text shows.
    known = [replace(t, value="Great Aldoria") for t in tags(text) if t.layer == "place"]
    view = make_view(document(text), [*known, person], LEXICON)
    assert [a.party.name for a in find_actors(view)] == ["Aldoria"]


def test_an_acronym_after_a_government_is_that_government() -> None:
    text = "The Aldoria City Council (ACC) signed a memorandum with Bremia."
    start = text.index("ACC")
    org = Annotation(
        doc_id="d",
        capture_id="c",
        span=Span(start=start, end=start + 3),
        layer="organisation",
        label="business",
        value="ACC",
        score=0.4,
    )
    view = make_view(document(text), [*tags(text), org], LEXICON)
    assert {a.party.name for a in find_actors(view)} == {"Aldoria", "Bremia"}


def test_the_noun_that_takes_a_partner_is_seen_through_the_words_between() -> None:
    near = features("Aldoria has a memorandum with Bremia.", "Aldoria", "Bremia")
    far = features(
        "Aldoria has a memorandum on the care of old trees with Bremia.", "Aldoria", "Bremia"
    )
    none = features(
        "Aldoria has a memorandum. It played football with Bremia.", "Aldoria", "Bremia"
    )
    assert near["headed"] > far["headed"] > none.get("headed", 0.0) == 0.0


def test_all_members_of_a_row_have_the_noun_of_the_first() -> None:
    text = "Aldoria has a memorandum with Bremia, Castel and Dunmore."
    assert [features(text, "Aldoria", p)["headed"] for p in ("Bremia", "Castel", "Dunmore")] == [
        1,
        1,
        1,
    ]


def test_where_somebody_comes_from_is_headed_by_nothing() -> None:
    text = "Aldoria signed a memorandum with artists from Castel and met Bremia."
    assert "headed" not in features(text, "Aldoria", "Castel")


def test_a_state_after_no_connector_is_refused_and_says_why() -> None:
    found = scene(
        "The City of Aldoria signed a memorandum in Castel. Bremia is twinning. Japan smiled."
    )
    scored = [Scored(c, features_of(found, c), 0.99) for c in find_candidates(found)]
    states = [
        (s, r) for s, r in decode(found, scored, 0.5).refused if s.candidate.partner.is_country
    ]
    assert states
    assert all("named in passing" in r or "own state" in r for _, r in states)


def test_calibration_error_is_nought_for_true_scores_and_large_for_false_ones() -> None:
    scores = [0.0] * 50 + [1.0] * 50
    right = [False] * 50 + [True] * 50
    names = [f"d{i // 5}" for i in range(100)]
    good, bad = reliability(scores, right, names), reliability(scores, right[::-1], names)
    assert good["ece"] == 0.0
    assert bad["ece"] == 1.0
    assert len(good["bins"]) == 10
    assert good == reliability(scores, right, names)
    low, high = good["bins"][-1]["right_interval"]
    assert low <= good["bins"][-1]["right"] <= high


def test_few_records_have_no_reliability() -> None:
    assert reliability([0.5], [True], ["d"])["ece"] is None


def subject_of(text: str) -> Subject:
    """Return the pair of Aldoria and Bremia in a text, kept alone."""
    found = scene(text)
    pair = next(
        c for c in find_candidates(found) if {c.local.key, c.partner.key} == {"gn:1", "gn:2"}
    )
    return subjects(found, [Scored(pair, {}, 0.9)], territories(found, [pair]))[0]


def test_words_count_by_how_surely_their_stretch_tells_of_the_agreement() -> None:
    subject = subject_of(
        "Aldoria and Bremia renewed a memorandum. Aldoria and Bremia signed it in 1985."
    )
    renews = Chooser(("no", "yes"), (0.0, 0.0), {"cue_stage.renewed": (-3.0, 3.0)})
    told = shares(subject, renews)
    traits = traits_of(subject, told)
    assert max(told) == 1.0
    assert traits["told_stage_renewed"] == 1.0
    assert traits["told_stage_signed"] < 0.6
    anchor = anchor_of(subject, "renewed", "asserted", told)
    assert (
        shown_span(subject, anchor, told)
        .of(subject.scene.view.text)
        .startswith("Aldoria and Bremia renewed")
    )


def test_no_name_is_a_word_feature() -> None:
    words = {
        k for k in traits_of(subject_of("Aldoria signed a memorandum with Bremia.")) if "word_" in k
    }
    assert "word_signed" in words
    assert not words & {"word_Aldori", "word_Bremia", "word_aldori", "word_bremia"}


def test_of_two_equals_the_text_is_about_the_one_in_its_title_and_named_first() -> None:
    text = "The papers of Aldoria and Bremia lie in a drawer."
    found = [
        make_scene(make_view(replace(document(text), title=title), tags(text), LEXICON))
        for title in (None, "Bremia looks abroad")
    ]
    assert [s.focus.party.name for s in found if s.focus] == ["Aldoria", "Bremia"]
    assert all(sum(s.weights.values()) == pytest.approx(1.0) for s in found)


def test_a_connector_of_what_comes_next_does_not_reach_over_a_verb() -> None:
    words = make_lexicon(
        "en", {**WORDS, "relate.joins": ("with", "to"), "relate.joins_next": ("to",)}
    )
    for text, is_joined in (
        ("Councillors voted to end Aldoria's twinning.", False),
        ("Castel is twinned to the city of Aldoria.", True),
    ):
        found = make_scene(make_view(document(text), tags(text), words))
        aldoria = next(a for a in found.actors if a.party.name == "Aldoria")
        assert [m.is_joined for m in aldoria.named] == [is_joined]
