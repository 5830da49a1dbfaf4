"""The relators on what is told without a sentence of its own: lists, rows, echoes, stages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Annotation, Span
from pipeline.relators.candidates import find_candidates
from pipeline.relators.chooser import Chooser
from pipeline.relators.decode import Decision, Scored, decode, harmonise
from pipeline.relators.echoes import with_echoes
from pipeline.relators.features import STAGES
from pipeline.relators.lexicon import make_lexicon
from pipeline.relators.lists import find_lists
from pipeline.relators.rivals import all_features
from pipeline.relators.scene import Scene, make_scene
from pipeline.relators.sectors import NAME, sectors_of
from pipeline.relators.stage_logit import BIAS, OWN, alternatives
from pipeline.relators.teach import Row
from pipeline.relators.territory import territories
from pipeline.relators.traits import subjects
from pipeline.relators.usage import dateline_end, how_used
from pipeline.relators.view import make_view
from pipeline.trainers.stage_logit import fit_stages
from tests.test_relators import WORDS, document, tags

MORE = {
    "relate.including": ("including",),
    "relate.relation": ("ties", "partners"),
    "relate.settlement": ("town",),
    "relate.admin_before": (*WORDS["relate.admin_before"], "province of"),
    "relate.admin_after": (*WORDS["relate.admin_after"], "municipality", "government"),
}
LEXICON = make_lexicon("en", {**WORDS, **MORE})
BLANK = Annotation(doc_id="d", capture_id="c", span=Span(start=0, end=1), layer="", label="")
PLACE = replace(BLANK, layer="place", label="city", referent_id="gn:2")
BODY = replace(BLANK, layer="organisation", label="business")


def marked(text: str, words: str, what: Annotation) -> list[Annotation]:
    """Tag every spot of some words."""
    spans = [Span(start=m.start(), end=m.end()) for m in re.finditer(rf"\b{words}\b", text)]
    return [replace(what, span=span) for span in spans]


def scene(text: str, extra: Sequence[Annotation] = (), title: str | None = None) -> Scene:
    known = [*tags(text), *extra]
    for name, code in (("France", "FR"), ("Germany", "DE")):
        known += marked(text, name, replace(PLACE, label="country", referent_id=code, country=code))
    return make_scene(make_view(replace(document(text), title=title), known, LEXICON))


def scored(found: Scene, score: float = 0.99) -> dict[tuple[str, str], Scored]:
    """Return all pairs of a scene by the names of their sides, the heavier government first."""
    pairs = find_candidates(found)
    rows = zip(pairs, all_features(found, pairs), strict=True)
    return {(c.local.party.name, c.partner.party.name): Scored(c, f, score) for c, f in rows}


def features(text: str, local: str, partner: str, title: str | None = None) -> dict[str, float]:
    return scored(scene(text, title=title))[local, partner].features


def why(decision: Decision) -> str:
    return " ".join(reason for _, reason in decision.refused)


ITEMS = "- Bremia\n- Castel\n- Dunmore"
TOLD = "The city of Aldoria has these sister cities all over the world:"


def test_lines_that_open_with_parties_are_a_list_under_a_lead_in() -> None:
    aside = "\nOld friends."
    for lines in ("Bremia, 1985\nCastel (2005)\nDunmore: 2011", f"- Bremia{aside}{ITEMS[8:]}"):
        found = scene(f"{TOLD}\n{lines}")
        shown = [u.span.of(found.view.text) for u in found.view.units]
        (listing,) = find_lists(found)
        items = lines.replace(aside, "").split("\n")
        assert [shown[i] for i in sorted(listing.items)] == items
        assert [shown[i] for i in listing.lead] == [TOLD]


def test_two_items_or_prose_that_begins_with_names_are_no_list() -> None:
    towns = ("Bremia", "Castel", "Dunmore")
    prose = ["\n".join(x + y for x in towns) for y in (" won.", f", a town{' of old art' * 10}.")]
    for lines in (ITEMS[:17], *prose, f"- Bremia\nA.\nB.\nC.{ITEMS[8:]}"):
        assert find_lists(scene(f"{TOLD}\n{lines}")) == ()


def test_a_lead_in_of_a_tie_or_else_a_title_of_one_holds_for_every_line() -> None:
    untold = f"The city of Aldoria has many sights and a zoo.\n{ITEMS}\n\nOnce twinning was new."
    for partner in ("Bremia", "Castel", "Dunmore"):
        rows = [
            features(f"{TOLD}\n{ITEMS}", "Aldoria", partner),
            features(untold, "Aldoria", partner, "Our partners"),
            features(untold, "Aldoria", partner, "Our sights"),
        ]
        said = [[f[f"listed_{x}"] for x in ("told", "titled", "under")] for f in rows]
        assert said == [[1, 0, 1], [0, 1, 1], [0, 0, 0]]
        assert [f["listed_size"] for f in rows] == [pytest.approx(math.log1p(3))] * 3
    item_itself = features(f"{TOLD}\n{ITEMS}\n- Aldoria", "Aldoria", "Dunmore")
    assert not [k for k in item_itself if k.startswith("listed")]


def test_a_list_is_of_the_government_of_its_lead_in_not_of_the_heavier_one() -> None:
    us = "The province of Eastmark"
    heavy = f"{us} grows. {us} is old. {us} signed with Bremia. {us} is large."
    found = scene(f"{heavy}\n\n{TOLD}\n{ITEMS}")
    assert found.focus is found.actors[0]
    pairs = [scored(found)[x, "Bremia"].features for x in ("Eastmark", "Aldoria")]
    assert [f["listed_own"] for f in pairs] == [f["listed_under"] for f in pairs] == [0, 1]


def test_a_listed_pair_has_the_told_score_and_needs_no_government_that_acts() -> None:
    found = scene(f"All over the world Aldoria has good ties with these towns:\n{ITEMS}")
    pair = scored(found, 0.35)["Aldoria", "Bremia"]
    bare = replace(pair, features={k: v for k, v in pair.features.items() if "listed" not in k})
    raised = [s.score for x in (pair, bare) for s in harmonise(found, [x])]
    assert raised == [pytest.approx(0.8), 0.35]
    assert decode(found, [pair], 0.3).kept == (pair,)
    assert "no government acts" in why(decode(found, [bare], 0.3))


TOKENS = ("told", "faint", "echo", "Bremian", "Old-Bremia", "Bremia-Nord", "xBremia", "club")


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=14))
def test_an_echo_is_the_whole_name_where_nothing_else_stands(kinds: list[str]) -> None:
    text, known, echoes = "", [], []
    for kind in kinds:
        word = {"club": "Bremia Club"}.get(kind, kind if "remia" in kind else "Bremia")
        span = Span(start=len(text), end=len(text) + len(word))
        text += word + " or "
        if kind == "echo":
            echoes.append(span)
        elif kind in ("told", "faint", "club"):
            what = BODY if kind == "club" else PLACE
            known.append(replace(what, span=span, score=0.4 if kind == "faint" else 0.9))
    found = with_echoes(make_view(document(text), known, LEXICON))
    new = [a for a in found if a not in known]
    assert [a for a in found if a in known] == [a for a in known if a.layer == "place"]
    assert [a.span for a in new] == (echoes if "told" in kinds else [])
    assert {(a.span.of(text), a.referent_id, a.score) for a in new} <= {("Bremia", "gn:2", 0.9)}
    spans = [(a.span.start, a.span.end) for a in (*new, *known)]
    assert all(a == b or a[1] <= b[0] or b[1] <= a[0] for a in spans for b in spans)


@pytest.mark.parametrize(("other", "count"), [("gn:2", 3), ("gn:9", 2)])
def test_of_two_places_of_one_name_neither_is_echoed(other: str, count: int) -> None:
    text = "Bremia and Bremia met. Bremia won."
    one, two, _ = marked(text, "Bremia", PLACE)
    view = make_view(document(text), (one, replace(two, referent_id=other)), LEXICON)
    assert len(with_echoes(view)) == count


def test_a_row_counted_out_behind_a_tie_is_its_owners_and_not_its_members() -> None:
    found = scene("Aldoria has sister cities, including Bremia, Castel and Dunmore.")
    table = scored(found, 0.3)
    of = {pair for pair, s in table.items() if s.features.get("any_included_of")}
    both = {pair for pair, s in table.items() if s.features.get("any_both_included")}
    assert of == {("Aldoria", x) for x in ("Bremia", "Castel", "Dunmore")}
    assert both == {("Bremia", "Castel"), ("Bremia", "Dunmore"), ("Castel", "Dunmore")}
    assert {s.score for s in harmonise(found, [table[pair] for pair in of])} == {0.8}
    member = replace(table["Bremia", "Dunmore"], features={"any_both_included": 1.0}, score=0.99)
    assert "one row of partners" in why(decode(found, [member], 0.5))
    assert "one row" not in why(decode(found, [replace(member, features={})], 0.5))


def test_a_row_is_not_counted_out_without_a_tie_right_before_it() -> None:
    for has in (
        "sister cities on four continents and seven seas,",
        "a twinning plan. It likes art,",
    ):
        text = f"Aldoria has {has} including Bremia and Castel."
        assert not [k for k in features(text, "Aldoria", "Bremia") if "included" in k]


def test_a_state_is_taken_only_by_name() -> None:
    for partner, state, is_taken in (
        ("Japan", "Japan", True),
        ("Bremia, Castel and Germany", "Germany", True),
        ("towns di Germany", "Germany", False),
        ("towns in France and Germany", "France", False),
        ("Germany's second city. Germany smiled", "Germany", False),
    ):
        found = scene(f"Aldoria signed a memorandum with {partner}.")
        pair = scored(found)["Aldoria", state]
        assert bool(pair.features.get("any_taken_state")) is is_taken, partner
        assert ("named in passing" in why(decode(found, [pair], 0.5))) is not is_taken


def test_a_place_that_only_says_where_is_within() -> None:
    for text, name, expected in (
        ("Aldoria met Japan's second largest city.", "Japan", "within"),
        ("Aldoria met Japan's government.", "Japan", "name"),
        ("They met an Eastmark town.", "Eastmark", "within"),
        ("They met Eastmark's town of Bremia.", "Eastmark", "within"),
        ("They met an Aldoria town.", "Aldoria", "name"),
        ("The Bremia (Castel) Municipality signed.", "Castel", "within"),
        ("The mayor (Castel was away) signed.", "Castel", "name"),
        ("Aldoria is the capital of Japan's island province of Eastmark.", "Eastmark", "within"),
        ("It met the capital of Japan, and the province of Eastmark.", "Eastmark", "admin"),
        ("It met the capital of Japan with the province of Eastmark.", "Eastmark", "admin"),
    ):
        view = scene(text).view
        places = view.layer("place")
        place = next(p for p in places if p.span.of(text) == name)
        assert how_used(view, place, (), dateline_end(text), places) == expected, text


def test_a_government_that_is_only_ever_a_place_is_refused() -> None:
    for more in ("", "All met in Castel.", "Castel smiled.", "It works with all di Castel."):
        found = scene(f"Aldoria signed a memorandum with Dunmore in Castel. {more}")
        reasons = why(decode(found, [scored(found, 0.55)["Aldoria", "Castel"]], 0.5))
        assert ("partner is only" in reasons) is (more in ("", "All met in Castel.")), more


def test_without_traits_the_stages_differ_by_their_base_rates_only() -> None:
    table = alternatives({})
    assert tuple(table) == STAGES
    own = {s: {f"{BIAS}{OWN}{s}": 1.0, f"no_cue{OWN}{s}": 1.0} for s in STAGES}
    assert table == {s: {"no_cue": 1.0, **own[s]} for s in STAGES}


@pytest.mark.parametrize("stage", STAGES)
def test_a_told_cue_speaks_for_its_own_stage(stage: str) -> None:
    table = alternatives({f"told_stage_{stage}": 0.8, "many": 1.0})
    assert [f.get("told", 0.0) for f in table.values()] == [0.8 * (s == stage) for s in STAGES]
    assert [s for s, f in table.items() if f.get("only") and f.get("told_best")] == [stage]
    assert all(f[f"many{OWN}{s}"] == 1.0 and "many" not in f for s, f in table.items())
    planned = alternatives({f"told_{stage}_planned": 0.8})[stage]
    assert (planned["told_planned"], planned["told_any"], planned.get("told")) == (0.8, 0.8, None)


@given(
    st.lists(st.floats(-6, 6), min_size=6, max_size=6), st.sampled_from(STAGES), st.floats(0.1, 6)
)
def test_a_second_opinion_goes_half_way(bases: list[float], stage: str, weight: float) -> None:
    traits = {f"told_stage_{stage}": 1.0}
    first = Chooser(STAGES, tuple(bases), {}).probabilities(traits)
    both = Chooser(STAGES, tuple(bases), {}, {"told": weight}).probabilities(traits)
    assert sum(both.values()) == pytest.approx(1.0)
    for rival in set(STAGES) - {stage}:
        before, after = (math.log(p[stage] / p[rival]) for p in (first, both))
        assert after == pytest.approx((before + weight) / 2, abs=1e-6)


def test_the_stages_of_a_separable_set_are_learned_the_same_way_twice() -> None:
    rows = [Row(f"d{i}", {f"told_stage_{s}": 1.0}, s) for i in range(4) for s in STAGES]
    rows.append(Row("d", {"told_stage_signed": 1.0, "in_title": 1.0}, "signed"))
    weights, again = (fit_stages(rows, rare=0.3, digits=4, least=2) for _ in range(2))
    assert weights == again
    assert not [n for n in weights if n.startswith("in_title")]  # seen in one row only
    chooser = Chooser(STAGES, (0.0,) * 6, {}, weights)
    assert [chooser.choose(r.features) for r in rows] == [r.answer for r in rows]


def sectors(text: str, words: str, partner: str) -> dict[str, dict[str, float]]:
    """Return the features of the sectors of Aldoria and a partner; ``words`` are of sport."""
    found = scene(text, marked(text, words, replace(BLANK, layer="sector", label="sport")))
    item = scored(found)["Aldoria", partner]
    (subject,) = subjects(found, [item], territories(found, [item.candidate]))
    return sectors_of(subject, is_background=False, instrument="mou")


def test_the_name_of_a_partner_or_an_office_is_told_apart_from_a_field() -> None:
    text = "The Director of Sport of Aldoria signed a memorandum on tourism with Acme Water Ltd."
    of_name, of_office = ({NAME, "name_only", "name_business"}, {"own", "capital", "capital_own"})
    for word, expected in (("Water", of_name), ("Sport", of_office)):
        table = sectors(text, word, "Acme Water Ltd")
        shown = [{"plain", *of_name, *of_office} & set(table[x]) for x in ("sport", "tourism")]
        assert shown == [expected, {"own", "plain"}]


def test_a_sector_nearer_to_the_link_of_the_parties_has_the_larger_near() -> None:
    for near, far in (("sport", "tourism"), ("tourism", "sport")):
        text = f"Aldoria signed a memorandum with Bremia on {near}. It helps {far}, not {near}."
        table = sectors(text, "sport", "Bremia")
        assert table[near]["near"] > table[far]["near"] > 0
        assert [table[x]["nearness_rank"] for x in (near, far)] == [1.0, 0.5]


def test_a_general_word_behind_a_name_makes_no_other_body() -> None:
    for long, kind, is_same in (
        ("Huawei Technologies", "business", True),
        ("Huawei Technologies Co., Ltd.", "business", True),
        ("Huawei Foundation", "ngo", False),
        ("Huawei Museum Foundation", "ngo", False),
        ("Huawei Museum Group", "business", False),
    ):
        text = f"{long} opened a lab. Aldoria signed a memorandum with Huawei."
        whole = replace(BODY, span=Span(start=0, end=len(long)), label=kind)
        actors = scene(text, [whole, marked(text, "Huawei", BODY)[1]]).actors
        found = {a.party.name: len(a.mentions) for a in actors if not a.is_government}
        assert found == ({"Huawei": 2} if is_same else {"Huawei": 1, long: 1})
