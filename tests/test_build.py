"""Build: parties resolved, mentions merged, lives told, ids kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.build import run_build
from pipeline.builders import edtf, registry, reprints, values, versions
from pipeline.builders.judgements import Judgements, parse_judgements
from pipeline.builders.lifecycle import live
from pipeline.builders.merge import merge_pair
from pipeline.builders.model import Telling
from pipeline.builders.names import core
from pipeline.builders.quotes import Quoter, fit_span
from pipeline.builders.resolve import node_of, resolve
from pipeline.built import BuiltMention, DocumentRow, PartyRow
from pipeline.config import Config, ConfigError
from pipeline.paths import CHECKOUT, Workspace
from pipeline.records import (
    Agreement,
    Claim,
    Coding,
    Event,
    Issue,
    Party,
    Rejection,
    Relation,
    Span,
)
from pipeline.store import read_records
from tests.dataset_builders import (
    BOSTON,
    KYOTO,
    MPF,
    YOGYAKARTA,
    document,
    fill,
    light_models,
    mention,
    relevance,
    telling,
)

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
ORDER = {"exploring": 1, "intended": 2, "signed": 3, "implemented": 4, "renewed": 5, "ended": 6}
TEXT = "Yogyakarta and Kyoto Prefecture signed a sister-city agreement."


def told(
    name: str = "a",
    *,
    local: Party = YOGYAKARTA,
    partner: Party = KYOTO,
    kind: str = "news",
    published: str | None = "2020-01-01",
    text: str = TEXT,
    **fields: object,
) -> Telling:
    doc = document(name, text, kind=kind, published=published)
    return telling(doc, mention(doc, local, partner, **fields))  # type: ignore[arg-type]


def build(
    root: Path, docs: Sequence[object], mentions: Sequence[object], **more: object
) -> Workspace:
    light_models(root)
    workspace = fill(root, docs, mentions, **more)  # type: ignore[arg-type]
    run_build(workspace, Config(), now=NOW)
    return workspace


def agreements_of(workspace: Workspace) -> list[Agreement]:
    return read_records(workspace.build / "agreements.parquet", Agreement)


def ids_of(workspace: Workspace) -> dict[str, str]:
    built = read_records(workspace.build / "mentions.parquet", BuiltMention)
    return {b.mention.mention_id: b.agreement_id for b in built}


# Dates


@pytest.mark.parametrize(
    ("edtf_date", "first", "last"),
    [
        ("2005-07-18", "2005-07-18", "2005-07-18"),
        ("2007-09", "2007-09-01", "2007-09-30"),
        ("2016", "2016-01-01", "2016-12-31"),
        ("2003/2012", "2003-01-01", "2012-12-31"),
        ("198X", "1980-01-01", "1989-12-31"),
        ("2016~", "2016-01-01", "2016-12-31"),
        ("2004-02", "2004-02-01", "2004-02-29"),
        ("2004-XX-XX", "2004-01-01", "2004-12-31"),
    ],
)
def test_an_edtf_date_covers_the_days_that_it_leaves_open(
    edtf_date: str, first: str, last: str
) -> None:
    found = edtf.bounds(edtf_date)
    assert found is not None
    assert [datetime.fromordinal(d).strftime("%Y-%m-%d") for d in found] == [first, last]


@pytest.mark.parametrize("text", ["", None, "yesterday", "2021-02-31", "0000", "2012/2003", "20"])
def test_what_is_no_date_covers_nothing(text: str | None) -> None:
    assert edtf.bounds(text) is None
    assert edtf.gap(text, "2020") is None


# Parties


@pytest.mark.parametrize(
    ("kind", "one", "two"),
    [
        ("academia", "Universitas Gadjah Mada", "Gadjah Mada University"),
        ("academia", "University of Karlsruhe", "Universitas Karlsruhe"),
        ("business", "PT Telkom Indonesia (Persero) Tbk", "Telkom Indonesia"),
        ("business", "Suruga Miyagawa Company", "Suruga Miyagawa Co., Ltd."),
        ("ngo", "Yayasan Kota Kita", "The Kota Kita Foundation"),
        ("city", "Kota Malmö", "City of Malmo"),
        ("province", "Provinsi Jawa Barat", "Jawa Barat Province"),
    ],
)
def test_spellings_of_one_name_have_one_core(kind: str, one: str, two: str) -> None:
    assert core(one, kind) == core(two, kind)


def test_other_bodies_have_other_cores() -> None:
    assert core("University of Indonesia", "academia") != core(
        "Indonesia University of Education", "academia"
    )
    assert core("New York", "city") != core("York", "city")


def test_city_and_regency_of_one_name_stay_two_governments() -> None:
    city = Party(name="Bandung", kind="city", country="ID")
    regency = Party(name="Kabupaten Bandung", kind="regency", country="ID")
    nodes, _ = resolve([told("a", local=city), told("b", local=regency)], Judgements())
    assert nodes[node_of(city)] != nodes[node_of(regency)]


def test_a_name_without_country_joins_the_only_one_that_it_fits() -> None:
    known, vague = replace(MPF), replace(MPF, country=None)
    nodes, bodies = resolve([told("a", partner=known), told("b", partner=vague)], Judgements())
    assert nodes[node_of(known)] == nodes[node_of(vague)]
    assert bodies[nodes[node_of(vague)]].countries == {"KR": 1}


def test_a_tie_is_never_joined() -> None:
    korean, american, vague = replace(MPF), replace(MPF, country="US"), replace(MPF, country=None)
    found = [told(n, partner=p) for n, p in (("a", korean), ("b", american), ("c", vague))]
    nodes, _ = resolve(found, Judgements())
    assert len({nodes[node_of(p)] for p in (korean, american, vague)}) == 3


def test_an_unresolved_government_joins_the_only_referent_of_its_name() -> None:
    unresolved = replace(KYOTO, referent_id=None)
    nodes, _ = resolve([told("a"), told("b", partner=unresolved)], Judgements())
    assert nodes[node_of(unresolved)] == KYOTO.referent_id


def test_an_acronym_joins_its_long_form_only_with_a_common_counterpart() -> None:
    short = replace(MPF, name="MPF")
    nodes, bodies = resolve([told("a", partner=MPF), told("b", partner=short)], Judgements())
    assert nodes[node_of(short)] == nodes[node_of(MPF)]
    assert bodies[nodes[node_of(MPF)]].name == "Medical Peace Foundation"
    elsewhere = told("b", local=BOSTON, partner=short)
    nodes, _ = resolve([told("a", partner=MPF), elsewhere], Judgements())
    assert nodes[node_of(short)] != nodes[node_of(MPF)]


def test_judgements_join_and_keep_apart_and_can_be_undone() -> None:
    other = Party(name="Peace Medics", kind="ngo", country="KR")
    found = [told("a", partner=MPF), told("b", partner=other)]
    same = parse_judgements(
        'same:\n  - parties: ["Medical Peace Foundation | ngo | KR", "Peace Medics | ngo | KR"]\n',
        "x",
    )
    nodes, _ = resolve(found, same)
    assert nodes[node_of(MPF)] == nodes[node_of(other)]
    nodes, _ = resolve(found, Judgements())
    assert nodes[node_of(MPF)] != nodes[node_of(other)]
    vague = replace(MPF, country=None)
    apart = parse_judgements(
        "undecided:\n  - parties:\n"
        "    - Medical Peace Foundation|ngo|KR\n    - Medical Peace Foundation|ngo|\n",
        "x",
    )
    nodes, _ = resolve([told("a", partner=MPF), told("b", partner=vague)], apart)
    assert nodes[node_of(MPF)] != nodes[node_of(vague)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("same:\n  - parties: [a, b]\nsmae: []\n", "parties.yml:3"),
        ("same:\n  - parties: [a, b]\n  - parties: [c]\n", "parties.yml:3"),
        ("same:\n  - parties: [a, b]\n    why: no\n", "parties.yml:3"),
        ("same: [\n", "parties.yml:2"),
    ],
)
def test_a_wrong_judgement_is_named_with_file_and_line(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        parse_judgements(text, "parties.yml")


def test_contradicting_judgements_are_refused() -> None:
    pair = '["Medical Peace Foundation|ngo|KR", "Peace Medics|ngo|KR"]'
    both = parse_judgements(f"same:\n  - parties: {pair}\nnot_same:\n  - parties: {pair}\n", "x")
    other = Party(name="Peace Medics", kind="ngo", country="KR")
    with pytest.raises(ConfigError, match="keeps them apart"):
        resolve([told("a", partner=MPF), told("b", partner=other)], both)


# Merging


def sizes(*tellings: Telling) -> list[int]:
    return sorted(len(group) for group in merge_pair(tellings))


def test_a_renewal_and_a_background_mention_are_the_same_twinning() -> None:
    assert sizes(
        told("a", date="1985-07-16"),
        told("b", stage="renewed", date="2005-07-18", date_kind="renewed"),
        told("c", background=True),
        told("d", stage="implemented", follow_up="concrete"),
    ) == [4]


def test_two_signings_of_an_mou_years_apart_are_two_agreements() -> None:
    assert sizes(
        told("a", instrument="mou", date="2010-05-01"),
        told("b", instrument="mou", date="2010"),
        told("c", instrument="mou", date="2018-03-01"),
    ) == [1, 2]


def test_a_renewed_mou_that_names_its_start_is_the_old_one() -> None:
    assert sizes(
        told("a", instrument="mou", date="2010-05-01"),
        told("b", instrument="mou", stage="renewed", date="2015-06-01", start_date="2010"),
        told("c", instrument="mou", stage="renewed", date="2020-06-01"),
    ) == [3]


def test_two_instruments_in_one_document_are_two_agreements() -> None:
    doc = document("a", "Yogyakarta and Kyoto Prefecture are sisters and signed an MoU.")
    both = [
        telling(doc, mention(doc, YOGYAKARTA, KYOTO, date="2020-01-01")),
        telling(doc, mention(doc, YOGYAKARTA, KYOTO, date="2020-01-01", instrument="mou")),
    ]
    assert sizes(*both) == [1, 1]


def test_one_signing_that_two_reports_call_by_two_names_is_one_agreement() -> None:
    assert sizes(
        told("a", instrument="mou", date="2020-01-01"),
        told("b", instrument="cooperation_agreement", date="2020-01"),
    ) == [2]
    assert sizes(
        told("a", instrument="mou", date="2018-01-01"),
        told("b", instrument="cooperation_agreement", date="2020-01-01"),
    ) == [1, 1]


def test_plans_and_letters_of_intent_lead_to_the_agreement() -> None:
    assert sizes(
        told("a", instrument="letter_of_intent", stage="intended", date="2019-01-01"),
        told("b", date="2020-06-01"),
    ) == [2]
    assert sizes(
        told("a", instrument="mou", stage="exploring", modality="planned", published="2019-10-01"),
        told("b", instrument="cooperation_agreement", date="2020-06-01"),
    ) == [2]
    assert sizes(
        told("a", instrument="mou", stage="exploring", modality="planned", published="2010-10-01"),
        told("b", instrument="cooperation_agreement", date="2020-06-01"),
    ) == [1, 1]


def test_an_unspecified_instrument_joins_the_only_one_else_the_twinning() -> None:
    vague = told("a", instrument="unspecified")
    assert sizes(vague, told("b", instrument="mou", date="2020-01-01")) == [2]
    groups = merge_pair(
        [vague, told("b", date="1985"), told("c", instrument="mou", date="2020-01-01")]
    )
    with_vague = next(g for g in groups if vague in g)
    assert {t.mention.instrument for t in with_vague} == {"sister_city_agreement", "unspecified"}


_DATES = st.sampled_from(
    [None, "1985-07-16", "2005", "2005-07-18", "2006-08", "2010-01-01", "2012/2014"]
)
_INSTRUMENTS = st.sampled_from(
    ["sister_city_agreement", "mou", "cooperation_agreement", "letter_of_intent", "unspecified"]
)


@st.composite
def tellings(draw: st.DrawFn) -> list[Telling]:
    found: dict[str, Telling] = {}
    for _ in range(draw(st.integers(1, 8))):
        one = told(
            draw(st.sampled_from("abcde")),
            local=YOGYAKARTA,
            kind=draw(st.sampled_from(["news", "government"])),
            published=draw(_DATES),
            instrument=draw(_INSTRUMENTS),
            stage=draw(st.sampled_from(sorted(ORDER))),
            modality=draw(st.sampled_from(["asserted", "planned"])),
            date=draw(_DATES),
            start_date=draw(_DATES),
            sectors=draw(st.lists(st.sampled_from(["health", "tourism"]), unique=True)),
            score=draw(st.sampled_from([0.4, 0.8])),
        )
        found[one.mention.mention_id] = one
    return list(found.values())


@settings(max_examples=80, deadline=None)
@given(tellings(), st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_the_order_of_the_mentions(
    found: list[Telling], random: object
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def groups(given_: list[Telling]) -> list[list[str]]:
        return [sorted(t.mention.mention_id for t in g) for g in merge_pair(given_)]

    assert groups(shuffled) == groups(found)
    assert sum(map(len, merge_pair(found))) == len(found)


@settings(max_examples=60, deadline=None)
@given(tellings(), st.randoms(use_true_random=False))
def test_a_life_does_not_depend_on_the_order_and_never_reaches_a_plan(
    found: list[Telling], random: object
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    life = live(found, ORDER)
    again = live(shuffled, ORDER)
    assert [(e.stage, e.date, e.modality) for e in life.events] == [
        (e.stage, e.date, e.modality) for e in again.events
    ]
    assert (life.stage, life.latest and life.latest.date) == (
        again.stage,
        again.latest and again.latest.date,
    )
    asserted = {e.stage for e in life.events if e.modality == "asserted"}
    assert life.stage in asserted or not asserted
    if not asserted:
        assert life.stage in ("exploring", "intended")


# Lives


def test_the_life_of_a_renewed_twinning() -> None:
    life = live(
        [
            told("a", stage="renewed", date="2005-07-18", start_date="1985-07-16"),
            told("b", date="1985"),
            told("c", stage="renewed", date="2005"),
        ],
        ORDER,
    )
    assert life.stage == "renewed"
    assert life.first is not None and life.first.date == "1985-07-16"
    assert life.latest is not None and life.latest.date == "2005-07-18"
    assert life.renewal_count == 1
    assert [(e.stage, e.date, len(e.tellings)) for e in life.events] == [
        ("signed", "1985-07-16", 2),
        ("renewed", "2005-07-18", 2),
    ]


def test_a_plan_is_never_reached() -> None:
    planned = told("a", stage="signed", modality="planned", date="2027-01-01")
    life = live([planned], ORDER)
    assert (life.stage, life.first, life.latest) == ("intended", None, None)
    life = live([told("a", stage="signed", modality="hypothetical")], ORDER)
    assert life.stage == "exploring"
    assert live([planned, told("b", stage="exploring", date="2020-05")], ORDER).stage == "exploring"


def test_an_undated_step_counts_only_if_it_is_further_and_not_older() -> None:
    signed = told("a", date="2020-01-01")
    done = told("b", stage="implemented", published="2021-01-01")
    stale = told("b", stage="ended", published="2010-01-01")
    assert live([signed, done], ORDER).stage == "implemented"
    assert live([signed, stale], ORDER).stage == "signed"
    assert (
        live([told("a", stage="renewed", date="2020-01-01"), told("b")], ORDER).stage == "renewed"
    )


def test_an_agreement_can_begin_again_after_its_end() -> None:
    ended = told("a", stage="ended", date="2010-01-01", date_kind="ended")
    life = live([ended, told("b", date="1990")], ORDER)
    assert life.stage == "ended"
    assert life.ended is not None and life.ended.date == "2010-01-01"
    life = live([ended, told("b", stage="renewed", date="2015", date_kind="renewed")], ORDER)
    assert (life.stage, life.ended) == ("renewed", None)


def test_the_published_date_is_the_official_one_made_exact_by_what_fits_it() -> None:
    official = told("a", kind="government", date="2005-02")
    exact = told("b", date="2005-02-24")
    assert live([official, exact], ORDER).first.best.date == "2005-02-24"  # type: ignore[union-attr]
    wrong = told("c", date="2005-03-02")
    assert (
        live([told("a", kind="government", date="2005-02-24"), wrong], ORDER).events[0].date
        == "2005-02-24"
    )


def test_superseded_statements_do_not_shape_the_record() -> None:
    old = replace(told("a", stage="ended", date="2021-01-01"), is_superseded=True)
    assert live([old, told("b", date="2020-01-01")], ORDER).stage == "signed"
    assert live([old], ORDER).stage == "ended"


# Values, sources, scores


def test_official_documents_and_then_more_sources_supply_the_value() -> None:
    sources = {told(n).mention.doc_id: n for n in "abcd"}
    media = [told(n, instrument="mou") for n in "ab"]
    official = told("c", instrument="cooperation_agreement", kind="government")
    assert values.choose_instrument([*media, official], sources)[0] == "cooperation_agreement"
    assert values.choose_instrument([*media, told("d", instrument="contract")], sources)[0] == "mou"
    letter = told("d", instrument="letter_of_intent", kind="government")
    assert values.choose_instrument([*media, letter], sources)[0] == "mou"


def test_a_sector_of_one_reporter_in_many_does_not_stand() -> None:
    many = [told(f"n{i}", sectors=("health",)) for i in range(5)]
    odd = told("x", sectors=("tourism",))
    sources = {t.mention.doc_id: t.mention.doc_id for t in [*many, odd]}
    assert list(values.choose_sectors([*many, odd], sources)) == ["health"]
    official = told("y", sectors=("tourism",), kind="government")
    assert list(values.choose_sectors([*many, official], sources)) == ["health", "tourism"]


def test_nine_reprints_are_one_source_and_so_is_one_publisher() -> None:
    docs = [told(f"p{i}").document for i in range(9)]
    original = dict.fromkeys((d.doc_id for d in docs), docs[0].doc_id)
    assert len(set(reprints.independent_sources(docs, original).values())) == 1
    own = {d.doc_id: d.doc_id for d in docs}
    assert len(set(reprints.independent_sources(docs, own).values())) == 9
    one = [replace(d, publisher="kompas.com") for d in docs]
    assert len(set(reprints.independent_sources(one, own).values())) == 1


@pytest.mark.parametrize(
    ("url", "publisher"),
    [
        ("https://regional.kompas.com/read/1", "kompas.com"),
        ("https://warta.jogjakota.go.id/x", "jogjakota.go.id"),
        ("https://user@www.city.kyoto.lg.jp:443/a", "kyoto.lg.jp"),
        ("http://127.0.0.1:8000/a", "127.0.0.1"),
        (None, "mine"),
    ],
)
def test_a_publisher_is_a_registered_domain(url: str | None, publisher: str) -> None:
    assert reprints.publisher_of(url, "mine") == publisher


STORY = (
    "The mayor of Yogyakarta and the governor of Kyoto Prefecture signed an agreement on Monday. "
    "Both sides promised to send students each year, to open a shared office near the palace and "
    "to report to their councils in the spring. The governor praised the batik makers whom he met."
)
REWRITTEN = (
    "KYOTO - Both sides promised to send students each year, to open a shared office near the "
    "palace and to report to their councils in the spring, officials said after the ceremony with "
    "Yogyakarta."
)
OWN = (
    "A delegation led by the governor arrived from Japan this week. After a dinner at the town "
    "hall the guests and Yogyakarta put their names under a text on culture, farming and the "
    "reform of waste collection, which our reporter has seen. Kyoto Prefecture pays for the first "
    "year."
)


def test_rewritten_wire_stories_are_one_source_and_a_reporter_of_his_own_is_another() -> None:
    docs = [
        document("wire", STORY, published="2020-01-01"),
        document("rewritten", REWRITTEN, published="2020-01-02"),
        document("own", OWN, published="2020-01-02"),
        document("late", REWRITTEN + " Late.", published="2020-03-02"),
    ]
    facts = [telling(d, mention(d, YOGYAKARTA, KYOTO)).document for d in docs]
    pairs = {f.doc_id: [("a", "b")] for f in facts}
    original = reprints.originals(facts, pairs)
    assert original[docs[1].doc_id] == docs[0].doc_id
    assert original[docs[2].doc_id] == docs[2].doc_id
    assert original[docs[3].doc_id] == docs[3].doc_id
    assert reprints.originals(facts, {})[docs[1].doc_id] == docs[1].doc_id


def test_copies_and_near_copies_are_found_by_hash_and_signature() -> None:
    base = tuple(range(128))
    near = (*range(100), *range(1_000, 1_028))
    far = tuple(range(5_000, 5_128))
    docs = [
        document("a", "One text.", minhash=base, published="2020-01-03"),
        document("b", "One text.", published="2020-01-02"),
        document("c", "One text, cut.", minhash=near, published=None),
        document("d", "Another.", minhash=far),
    ]
    facts = [telling(d, mention(d, YOGYAKARTA, KYOTO)).document for d in docs]
    original = reprints.originals(facts, {})
    assert [original[d.doc_id] for d in docs] == [docs[1].doc_id] * 3 + [docs[3].doc_id]


def test_a_score_grows_with_independent_sources_and_stays_below_one() -> None:
    found = [told(n, score=0.5) for n in "abc"]
    apart = {t.mention.doc_id: t.mention.doc_id for t in found}
    together = dict.fromkeys(apart, "one")
    assert values.combined_score(found, together) == 0.5
    assert values.combined_score(found, apart) == pytest.approx(0.875)
    sure = [told(f"{i}", score=1.0) for i in range(9)]
    assert values.combined_score(sure, {}) == values.SCORE_CAP


# Versions


def test_what_only_an_older_version_says_stays_as_superseded() -> None:
    old = document("a", TEXT + " It ended.", retrieved_at="2026-01-01T00:00:00Z")
    new = document("a", TEXT, retrieved_at="2026-02-01T00:00:00Z")
    found = [
        telling(old, mention(old, YOGYAKARTA, KYOTO)),
        telling(old, mention(old, YOGYAKARTA, KYOTO, stage="ended")),
        telling(new, mention(new, YOGYAKARTA, KYOTO)),
    ]
    standing, repeated = versions.settle(found, {new.doc_id: new.capture_id})
    assert repeated == 1
    by_stage = {t.mention.stage: t for t in standing}
    assert not by_stage["signed"].is_superseded
    assert by_stage["signed"].first_seen == "2026-01-01T00:00:00Z"
    assert by_stage["ended"].is_superseded


# Quotes


@given(st.text(max_size=400), st.data())
def test_a_fitted_span_lies_in_the_span_and_has_at_most_sixty_words(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span(start=start, end=end)
    fitted = fit_span(text, span)
    assert start <= fitted.start <= fitted.end <= end
    assert len(fitted.of(text).split()) <= 60
    assert Quoter(text).is_inside(span) == (start < end)


def test_a_long_sentence_is_quoted_around_its_words() -> None:
    text = (
        "We saw it. " + ", ".join(f"clause {i} of many words here" for i in range(30)) + ". Done."
    )
    words = text.index("clause 20")
    quoted = Quoter(text).sentence(Span(start=words, end=words + 9))
    assert "clause 20" in quoted.of(text)
    assert len(quoted.of(text).split()) <= 60


# The registry


def unnamed(first: str | None, doc: str, start: int, **more: object) -> registry.Unnamed:
    found = registry.Unnamed(
        local_party="id:34.71",
        partner="gn:1",
        party_ids=(frozenset({"id:34.71"}), frozenset({"gn:1"})),
        instruments=frozenset({"mou"}),
        instrument="mou",
        first_date=first,
        anchors=frozenset({(doc, start)}),
    )
    return replace(found, **more)  # type: ignore[arg-type]


STAMP = "2026-11-24T05:00:00Z"


def test_new_ids_follow_first_date_document_and_start() -> None:
    found = [unnamed(None, "a", 0), unnamed("2005", "c", 5), unnamed("1985-07-16", "b", 9)]
    ids, added, resting = registry.assign(found, [], STAMP)
    assert ids == ["CA-000003", "CA-000002", "CA-000001"]
    assert [r.agreement_id for r in added] == sorted(ids)
    assert resting == []


def test_an_agreement_keeps_its_id_when_its_mention_moves_or_its_parties_are_known_better() -> None:
    _, rows, _ = registry.assign([unnamed("2005", "a", 10)], [], STAMP)
    moved = unnamed("2005-01", "a", 99)
    renamed = unnamed(
        "2005", "z", 1, party_ids=(frozenset({"id:34.71"}), frozenset({"gn:1", "gn:0"}))
    )
    for later in (moved, renamed):
        ids, added, resting = registry.assign([later], rows, STAMP)
        assert (ids, added, resting) == (["CA-000001"], [], [])


def test_two_agreements_of_one_pair_in_one_sentence_keep_their_ids() -> None:
    both = [unnamed(None, "a", 0), unnamed(None, "a", 0)]
    ids, rows, _ = registry.assign(both, [], STAMP)
    assert registry.assign(both, rows, STAMP) == (ids, [], [])


def test_merged_agreements_take_the_lowest_id_and_ids_are_never_reused() -> None:
    two = [unnamed("2005", "a", 0), unnamed("2015", "b", 0)]
    _, rows, _ = registry.assign(two, [], STAMP)
    one = unnamed("2005", "a", 0, anchors=frozenset({("a", 0), ("b", 0)}))
    ids, added, resting = registry.assign([one], rows, STAMP)
    assert (ids, added, [r.agreement_id for r in resting]) == (["CA-000001"], [], ["CA-000002"])
    other = unnamed("2020", "q", 0, party_ids=(frozenset({"x"}), frozenset({"y"})))
    ids, _, _ = registry.assign([one, other], rows, STAMP)
    assert ids == ["CA-000001", "CA-000003"]


@given(st.integers(0, 200))
def test_a_registry_torn_at_any_byte_is_mended_by_appending(cut: int) -> None:
    found = [unnamed("2005", "a, b", 0), unnamed(None, 'c"d', 7)]
    _, rows, _ = registry.assign(found, [], STAMP)
    whole = registry.lines_of(rows, header=True)
    torn = whole[: min(cut, len(whole))]
    kept = registry.parse_registry(torn, "x")
    assert [r.agreement_id for r in kept] == [r.agreement_id for r in rows[: len(kept)]]
    ids, added, _ = registry.assign(found, kept, STAMP)
    assert ids == [r.agreement_id for r in sorted(rows, key=lambda r: r.first_date is None)]
    mended = torn + registry.repair(torn) + registry.lines_of(added, header=not torn)
    assert registry.parse_registry(mended, "x") == rows


def test_a_registry_line_changed_by_hand_is_refused_with_its_line() -> None:
    _, rows, _ = registry.assign([unnamed("2005", "a", 0)], [], STAMP)
    text = registry.lines_of(rows, header=True)
    with pytest.raises(ConfigError, match=r"agreements\.csv:3"):
        registry.parse_registry(text + "CA-1,oops\n" + text.split("\n")[1] + "\n", "agreements.csv")
    with pytest.raises(ConfigError, match="was given before"):
        registry.parse_registry(text + text.split("\n")[1] + "\n", "agreements.csv")


# Whole builds


def corpus() -> tuple[list[object], list[object]]:
    text = (
        "Yogyakarta renewed its ties with Kyoto Prefecture on 18 July 2005. They began in 1985. "
        "It is a continuation of the cooperation with Boston. Yogyakarta and Boston signed an MoU."
    )
    one = document("one", text, kind="government", published="2005-07-19")
    two = document("two", "Kyoto Prefecture, sister of Yogyakarta since 1985, sent students.")
    none = document("none", "The market of Yogyakarta was busy.")
    weak = document("weak", "Yogyakarta and Boston, perhaps.")
    mentions = [
        mention(
            one,
            YOGYAKARTA,
            KYOTO,
            sentence="Yogyakarta renewed its ties with Kyoto Prefecture on 18 July 2005.",
            stage="renewed",
            date="2005-07-18",
            date_kind="renewed",
            start_date="1985",
            lineage=[("continues", "Boston"), ("part_of", "Kansai Friendship")],
        ),
        mention(
            one,
            YOGYAKARTA,
            BOSTON,
            sentence="Yogyakarta and Boston signed an MoU.",
            instrument="mou",
        ),
        mention(
            two,
            YOGYAKARTA,
            KYOTO,
            stage="implemented",
            follow_up="concrete",
            start_date="1985",
            sectors=["education"],
        ),
        mention(weak, YOGYAKARTA, BOSTON, score=0.1),
    ]
    return [one, two, none, weak], list(mentions)


def test_a_build_makes_every_table(tmp_path: Path) -> None:
    docs, mentions = corpus()
    workspace = build(tmp_path, docs, mentions, codings=[relevance(docs[2], 0.2)])  # type: ignore[arg-type]
    kyoto, boston = agreements_of(workspace)
    assert kyoto.label == "ID-JP Yogyakarta–Kyoto Prefecture 1985"
    assert (kyoto.agreement_id, kyoto.stage, kyoto.first_date, kyoto.latest_date) == (
        "CA-000001",
        "renewed",
        "1985",
        "2005-07-18",
    )
    assert (kyoto.document_count, kyoto.independent_count, kyoto.official_count) == (2, 2, 1)
    assert (kyoto.follow_up, kyoto.sectors, kyoto.tier) == ("concrete", ("education",), "vetted")
    assert (boston.instrument, boston.level, boston.scope) == ("mou", "g2g", "international")
    rows = {d.external_id: d for d in _rows(workspace)}
    assert [rows[n].is_relevant for n in ("one", "two", "none", "weak")] == [
        True,
        True,
        False,
        False,
    ]
    assert rows["two"].outputs_realised and not rows["none"].outputs_realised
    assert (rows["none"].relevance_score, rows["weak"].relevance_score) == (0.2, 0.1)
    relations = read_records(workspace.build / "relations.parquet", Relation)
    assert [(r.relation, r.other_agreement_id, r.other_party_name) for r in relations] == [
        ("continues", "CA-000002", "Boston"),
        ("part_of", None, "Kansai Friendship"),
    ]
    rejected = read_records(workspace.build / "rejections.parquet", Rejection)
    assert [r.doc_id for r in rejected] == [rows["weak"].doc_id]
    assert "0.1000" in rejected[0].reason
    codings = read_records(workspace.build / "codings.parquet", Coding)
    assert {(c.dimension, c.category) for c in codings} == {
        ("relevance", "relevant"),
        ("process", "g2g"),
        ("process", "paradiplomacy"),
    }
    parties = read_records(workspace.build / "parties.parquet", PartyRow)
    assert {p.name: p.agreement_count for p in parties} == {
        "Boston": 1,
        "Kyoto Prefecture": 1,
        "Yogyakarta": 2,
    }


def _rows(workspace: Workspace) -> list[DocumentRow]:
    return read_records(workspace.build / "documents.parquet", DocumentRow)


def test_a_second_build_of_the_same_inputs_is_skipped_and_a_changed_judgement_is_not(
    tmp_path: Path,
) -> None:
    docs, mentions = corpus()
    workspace = build(tmp_path, docs, mentions)
    again = run_build(workspace, Config(), now=NOW)
    assert again.skipped and again.counts["agreements"] == 2
    assert again.counts["seen"] == again.counts["forwarded"] + again.counts["rejected"] == 3
    (workspace.judgements / "parties.yml").write_text("same: []\n", "utf-8")
    assert not run_build(workspace, Config(), now=NOW).skipped


def test_english_and_indonesian_documents_tell_one_agreement(tmp_path: Path) -> None:
    english = document("en", TEXT)
    indonesian = document("id", "Yogyakarta dan Kyoto menandatangani sister city.", language="id")
    kyoto = replace(KYOTO, name="Kyoto")
    workspace = build(
        tmp_path,
        [english, indonesian],
        [mention(english, YOGYAKARTA, KYOTO), mention(indonesian, kyoto, YOGYAKARTA)],
    )
    (only,) = agreements_of(workspace)
    assert only.document_count == 2
    assert only.local_party.name == "Yogyakarta"


def test_a_changed_page_has_two_versions_and_its_old_statement_is_kept(tmp_path: Path) -> None:
    old = document("a", TEXT + " It ended.", retrieved_at="2026-01-01T00:00:00Z")
    new = document("a", TEXT, retrieved_at="2026-02-01T00:00:00Z")
    ended = mention(old, YOGYAKARTA, KYOTO, stage="ended", sentence="It ended.")
    workspace = build(tmp_path, [old, new], [ended, mention(new, YOGYAKARTA, KYOTO)], shards=2)
    (row,) = _rows(workspace)
    assert (row.version_count, row.capture_id) == (2, new.capture_id)
    (only,) = agreements_of(workspace)
    assert only.stage == "signed"
    claims = read_records(workspace.build / "claims.parquet", Claim)
    assert {c.value for c in claims if c.is_superseded and c.field == "stage"} == {"ended"}


def test_exact_copies_point_to_the_earliest_also_without_a_mention(tmp_path: Path) -> None:
    docs = [
        document("late", "A plain story.", published="2020-01-03"),
        document("early", "A plain story.", published="2020-01-02"),
        document("other", "Another story."),
    ]
    rows = {d.external_id: d for d in _rows(build(tmp_path, docs, []))}
    assert rows["late"].duplicate_of == rows["early"].doc_id
    assert rows["early"].duplicate_of is rows["other"].duplicate_of is None


def test_broken_spans_and_lost_documents_become_issues(tmp_path: Path) -> None:
    doc = document("a", TEXT)
    good = mention(doc, YOGYAKARTA, KYOTO)
    beyond = replace(good, mention_id="f" * 16, span=Span(start=5, end=10_000))
    lost = replace(good, mention_id="e" * 16, capture_id="0" * 16)
    workspace = build(tmp_path, [doc], [good, beyond])
    issues = read_records(workspace.build / "issues.parquet", Issue)
    assert [i.field for i in issues] == ["span"]
    other = tmp_path / "other"
    light_models(other)
    workspace = fill(other, [doc], [good])
    from pipeline.records import Mention
    from pipeline.store import write_records

    write_records(workspace.shards("mentions")[0], Mention, [good, lost], fingerprint="x")
    run_build(workspace, Config(), now=NOW)
    issues = read_records(workspace.build / "issues.parquet", Issue)
    assert [(i.field, i.value) for i in issues] == [("mention", "e" * 16)]


def test_every_event_quotes_a_sentence_of_its_own_document(tmp_path: Path) -> None:
    docs, mentions = corpus()
    workspace = build(tmp_path, docs, mentions)
    texts = {d.capture_id: d.text for d in docs}  # type: ignore[attr-defined]
    for event in read_records(workspace.build / "events.parquet", Event):
        assert event.span.of(texts[event.capture_id]).strip()


def test_an_empty_workspace_builds_empty_tables(tmp_path: Path) -> None:
    light_models(tmp_path)
    report = run_build(Workspace(tmp_path), Config(), now=NOW)
    assert report.counts["agreements"] == 0
    assert not (Workspace(tmp_path).judgements / "agreements.csv").exists()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.lists(tellings(), min_size=2, max_size=2))
def test_ids_stay_when_documents_are_added(
    found: list[list[Telling]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("ids")
    texts = {t.mention.doc_id: t for t in found[0]}
    first_docs = [document(n, TEXT, kind="news") for n in "abcde"]
    known = {d.doc_id: d for d in first_docs}
    first = [replace(t.mention, capture_id=known[t.mention.doc_id].capture_id) for t in found[0]]
    assert texts
    workspace = build(root, first_docs, first)
    before, registered = ids_of(workspace), _registry(workspace)
    pairs = {a.agreement_id: _pair(a) for a in agreements_of(workspace)}
    # Another government's agreements arrive: nothing of ours may move.
    later_docs = [document(f"later-{n}", TEXT.replace("Yogyakarta", "Boston")) for n in "abcde"]
    by_old = {o.doc_id: n for o, n in zip(first_docs, later_docs, strict=True)}
    later = [
        replace(
            t.mention,
            mention_id=t.mention.mention_id[::-1],
            doc_id=by_old[t.mention.doc_id].doc_id,
            capture_id=by_old[t.mention.doc_id].capture_id,
            local_party=BOSTON,
        )
        for t in found[1]
    ]
    workspace = build(root, [*first_docs, *later_docs], [*first, *later], shards=3)
    after = ids_of(workspace)
    assert {m: after[m] for m in before} == before
    assert _registry(workspace).startswith(registered)
    # The same pair is told of again: ids keep their parties, none is given twice.
    more = [
        replace(
            t.mention,
            mention_id=stable(t.mention.mention_id),
            doc_id=by_old[t.mention.doc_id].doc_id,
            capture_id=by_old[t.mention.doc_id].capture_id,
        )
        for t in found[1]
    ]
    workspace = build(root, [*first_docs, *later_docs], [*first, *later, *more], shards=2)
    now = {a.agreement_id: _pair(a) for a in agreements_of(workspace)}
    assert all(now[i] == pair for i, pair in pairs.items() if i in now)
    assert len(now) == len(set(now))


def stable(text: str) -> str:
    from pipeline.records import stable_id

    return stable_id("more", text)


def _pair(agreement: Agreement) -> frozenset[str | None]:
    return frozenset({agreement.local_party.referent_id, agreement.partner.referent_id})


def _registry(workspace: Workspace) -> str:
    return (workspace.judgements / "agreements.csv").read_text("utf-8")


@pytest.mark.slow
def test_a_build_killed_behind_the_registry_gives_the_same_ids_when_it_runs_again(
    tmp_path: Path,
) -> None:
    docs, mentions = corpus()
    for name in ("killed", "whole"):
        light_models(tmp_path / name)
        fill(tmp_path / name, docs, mentions)  # type: ignore[arg-type]
    command = [
        sys.executable,
        "-c",
        "import sys, datetime as d; from pathlib import Path\n"
        "from pipeline.build import run_build; from pipeline.config import Config\n"
        "from pipeline.paths import Workspace\n"
        "now = d.datetime(2026, 1, 1, tzinfo=d.UTC)\n"
        "run_build(Workspace(Path(sys.argv[1])), Config(), now=now)",
        str(tmp_path / "killed"),
    ]
    environment = {**os.environ, "CITYACCORDS_FAULT": "build.registry_appended"}
    killed = subprocess.run(command, env=environment, cwd=CHECKOUT, check=False)
    assert killed.returncode == -signal.SIGKILL
    workspace = Workspace(tmp_path / "killed")
    assert not (workspace.build / "agreements.parquet").exists()
    run_build(workspace, Config(), now=NOW)
    run_build(Workspace(tmp_path / "whole"), Config(), now=NOW)
    assert ids_of(workspace) == ids_of(Workspace(tmp_path / "whole"))
    assert _registry(workspace).count("\n") == 3
