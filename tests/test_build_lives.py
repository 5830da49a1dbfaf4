"""Lives of agreements, told by documents and built whole: the cases that merging gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.build import run_build
from pipeline.builders import reprints
from pipeline.built import BuiltMention, PartyRow
from pipeline.config import BuildConfig, Config
from pipeline.paths import Workspace
from pipeline.records import Agreement, Claim, Document, Event, Issue, Mention, Party, Relation
from pipeline.store import read_records
from tests.dataset_builders import BOSTON, KYOTO, YOGYAKARTA, document, fill, light_models, mention

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)


class Corpus:
    """Documents of one mention each, and what a build makes of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.documents: list[Document] = []
        self.mentions: list[Mention] = []
        light_models(root)

    def tell(
        self,
        name: str,
        published: str | None,
        parties: tuple[Party, Party] = (YOGYAKARTA, KYOTO),
        *,
        kind: str = "news",
        language: str = "en",
        text: str = "",
        **said: object,
    ) -> None:
        """Add a document that tells one agreement."""
        one, two = parties
        text = text or f"{name}: {one.name} and {two.name} told of their agreement."
        made = document(name, text, published=published, kind=kind, language=language)
        self.documents.append(made)
        self.mentions.append(mention(made, one, two, **said))  # type: ignore[arg-type]

    def build(self, *, years: int = 10, judgements: str = "") -> list[Agreement]:
        """Build and return the agreements."""
        workspace = fill(self.root, self.documents, self.mentions)
        workspace.judgements.mkdir(parents=True, exist_ok=True)
        (workspace.judgements / "parties.yml").write_text(judgements, "utf-8")
        run_build(workspace, Config(build=BuildConfig(dormant_years=years)), now=NOW)
        return self.read("agreements", Agreement)

    def read(self, name: str, kind: type) -> list:  # type: ignore[type-arg]
        """Return the rows of one table of the build."""
        return read_records(Workspace(self.root).build / f"{name}.parquet", kind)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """An empty corpus."""
    return Corpus(tmp_path)


def events_of(corpus: Corpus) -> list[tuple[str, str | None, str]]:
    return [(e.stage, e.date, e.modality) for e in corpus.read("events", Event)]


@pytest.mark.parametrize("instrument", ["sister_city_agreement", "mou", "cooperation_agreement"])
def test_a_renewal_told_in_the_other_language_is_the_same_agreement(
    corpus: Corpus, instrument: str
) -> None:
    corpus.tell("en", "2015-03-02", instrument=instrument, date="2015-03-01")
    corpus.tell(
        "id",
        "2020-04-11",
        (KYOTO, YOGYAKARTA),
        language="id",
        text="Yogyakarta dan Kyoto Prefecture memperpanjang kerja sama pada 10 April 2020.",
        instrument=instrument,
        stage="renewed",
        date="2020-04-10",
        date_kind="renewed",
    )
    (only,) = corpus.build()
    assert (only.stage, only.first_date, only.latest_date) == (
        "renewed",
        "2015-03-01",
        "2020-04-10",
    )
    assert (only.renewal_count, only.document_count, only.signed_date) == (1, 2, "2015-03-01")


def test_an_agreement_that_lapsed_and_was_revived_is_in_force_and_keeps_its_end_as_an_event(
    corpus: Corpus,
) -> None:
    corpus.tell("one", "1990-05-02", date="1990-05-01")
    corpus.tell("two", "2010-02-01", stage="ended", date="2010-01-31", date_kind="ended")
    corpus.tell("three", "2018-09-02", stage="renewed", date="2018-09-01", date_kind="renewed")
    (only,) = corpus.build()
    assert (only.stage, only.ended_date, only.dormant) == ("renewed", None, False)
    assert ("ended", "2010-01-31", "asserted") in events_of(corpus)
    assert corpus.read("issues", Issue) == []


def test_an_agreement_that_ended_after_its_revival_has_the_later_end(corpus: Corpus) -> None:
    corpus.tell("one", "1990-05-02", date="1990-05-01")
    corpus.tell("two", "2000-02-01", stage="ended", date="2000-01-31", date_kind="ended")
    corpus.tell("three", "2005-09-02", stage="renewed", date="2005-09-01", date_kind="renewed")
    corpus.tell("four", "2012-02-01", stage="ended", date="2012-01-31", date_kind="ended")
    (only,) = corpus.build()
    assert (only.stage, only.ended_date, only.dormant) == ("ended", "2012-01-31", False)


def test_an_arrangement_under_a_framework_is_another_agreement_and_linked_to_it(
    corpus: Corpus,
) -> None:
    corpus.tell("one", "2010-05-02", instrument="cooperation_agreement", date="2010-05-01")
    corpus.tell(
        "two",
        "2010-05-20",
        instrument="implementing_arrangement",
        date="2010-05-19",
        lineage=[("implements", "Kyoto Prefecture")],
    )
    framework, arrangement = corpus.build()
    assert (framework.instrument, arrangement.instrument) == (
        "cooperation_agreement",
        "implementing_arrangement",
    )
    (tie,) = corpus.read("relations", Relation)
    assert (tie.agreement_id, tie.relation, tie.other_agreement_id) == (
        arrangement.agreement_id,
        "implements",
        framework.agreement_id,
    )


def test_a_successor_signed_years_later_is_another_agreement_and_says_what_it_replaces(
    corpus: Corpus,
) -> None:
    corpus.tell("one", "2010-05-02", instrument="mou", date="2010-05-01")
    corpus.tell(
        "two",
        "2016-05-02",
        instrument="mou",
        date="2016-05-01",
        lineage=[("replaces", "Kyoto Prefecture")],
    )
    old, new = corpus.build()
    (tie,) = corpus.read("relations", Relation)
    assert (tie.agreement_id, tie.relation, tie.other_agreement_id) == (
        new.agreement_id,
        "replaces",
        old.agreement_id,
    )


def test_one_signing_act_with_nine_partners_is_nine_agreements_of_one_group(corpus: Corpus) -> None:
    partners = [
        Party(name=f"Port {n}", kind="city", country="AU", referent_id=f"gn:{n}") for n in range(9)
    ]
    text = f"Yogyakarta signed with {', '.join(p.name for p in partners)} on 4 May 2017."
    made = document("act", text, published="2017-05-05")
    corpus.documents.append(made)
    corpus.mentions += [
        mention(made, YOGYAKARTA, p, instrument="mou", date="2017-05-04", group="act-1")
        for p in partners
    ]
    corpus.tell("later", "2017-05-08", (YOGYAKARTA, partners[3]), instrument="mou", date="2017-05")
    found = corpus.build()
    assert sorted(a.partner.name for a in found) == [p.name for p in partners]
    assert {a.signed_date for a in found} == {"2017-05-04"}
    mentions = corpus.read("mentions", BuiltMention)
    grouped = {b.agreement_id for b in mentions if b.mention.instrument_group == "act-1"}
    assert grouped == {a.agreement_id for a in found}
    assert [a.document_count for a in found if a.partner.name == "Port 3"] == [2]


def test_an_official_date_stands_before_the_dates_of_the_media_which_stay_in_the_evidence(
    corpus: Corpus,
) -> None:
    corpus.tell("a", "1985-07-22", date="1985-07-21")
    corpus.tell("b", "1985-07-23", date="1985-07-21")
    corpus.tell("office", "1985-07-21", kind="government", date="1985-07-20")
    (only,) = corpus.build()
    assert (only.signed_date, only.first_date) == ("1985-07-20", "1985-07-20")
    (event,) = corpus.read("events", Event)
    claims = corpus.read("claims", Claim)
    dates = [c.value for c in claims if c.record_id == event.event_id and c.field == "date"]
    assert dates[0] == "1985-07-20" and set(dates) == {"1985-07-20", "1985-07-21"}


def test_a_precise_date_stands_before_a_vague_one_even_of_an_office(corpus: Corpus) -> None:
    corpus.tell("office", "2001-01-01", kind="government", date="1985")
    corpus.tell("paper", "1985-07-21", date="1985-07-20")
    corpus.tell("other", "1995-07-21", date="1985-07")
    (only,) = corpus.build()
    assert only.signed_date == "1985-07-20"


def test_of_two_papers_that_differ_by_a_day_the_later_report_stands(corpus: Corpus) -> None:
    corpus.tell("early", "2005-07-18", date="2005-07-18")
    corpus.tell("late", "2005-07-25", date="2005-07-17")
    (only,) = corpus.build()
    assert only.signed_date == "2005-07-17"


def test_what_was_planned_and_then_signed_was_signed_and_its_plan_is_an_event(
    corpus: Corpus,
) -> None:
    said = {"instrument": "mou", "date": "2019-08-01"}
    corpus.tell("plan", "2019-05-01", modality="planned", **said)
    assert [a.stage for a in corpus.build()] == ["intended"]
    corpus.tell("done", "2019-08-02", instrument="mou", date="2019-08-02")
    (only,) = corpus.build()
    assert (only.stage, only.first_date) == ("signed", "2019-08-02")
    assert ("signed", "2019-08-01", "planned") in events_of(corpus)


def test_a_signing_that_was_put_off_is_the_one_that_was_planned(corpus: Corpus) -> None:
    corpus.tell("plan", "2019-05-01", modality="planned", instrument="mou", date="2019-08-01")
    corpus.tell("done", "2020-06-02", instrument="mou", date="2020-06-01")
    (only,) = corpus.build()
    assert (only.stage, only.first_date, only.label[-4:]) == ("signed", "2020-06-01", "2020")


def test_a_plan_for_another_paper_leaves_the_first_one_alone(corpus: Corpus) -> None:
    corpus.tell("done", "2012-06-02", instrument="mou", date="2012-06-01")
    corpus.tell("plan", "2019-05-01", modality="planned", instrument="mou", date="2019-08-01")
    assert [a.stage for a in corpus.build()] == ["signed", "intended"]


def test_what_was_denied_and_then_signed_began_with_the_signing(corpus: Corpus) -> None:
    corpus.tell("no", "2018-05-01", modality="denied", instrument="mou", date="2018-04-30")
    corpus.tell("yes", "2019-08-02", instrument="mou", date="2019-08-01")
    (only,) = corpus.build()
    assert (only.stage, only.first_date, only.signed_date) == ("signed", "2019-08-01", "2019-08-01")
    assert ("signed", "2018-04-30", "denied") in events_of(corpus)


def test_what_was_only_denied_was_not_reached(corpus: Corpus) -> None:
    corpus.tell("no", "2018-05-01", modality="denied", instrument="mou", date="2018-04-30")
    (only,) = corpus.build()
    assert (only.stage, only.first_date, only.dormant) == ("exploring", None, False)


def test_an_end_that_was_denied_ends_nothing(corpus: Corpus) -> None:
    corpus.tell("one", "2015-05-02", date="2015-05-01")
    corpus.tell("two", "2020-01-02", stage="ended", modality="denied", date="2020-01-01")
    (only,) = corpus.build()
    assert (only.stage, only.ended_date, only.latest_date) == ("signed", None, "2015-05-01")


def test_a_party_that_was_renamed_is_one_party_with_two_names(corpus: Corpus) -> None:
    old = Party(name="Ujung Pandang", kind="city", country="ID", referent_id="id:73.71")
    corpus.tell("old", "1990-05-02", (old, BOSTON), date="1990-05-01")
    corpus.tell("new", "2019-05-02", (replace(old, name="Makassar"), BOSTON), stage="implemented")
    (only,) = corpus.build()
    assert only.document_count == 2
    (row,) = [p for p in corpus.read("parties", PartyRow) if p.id == "id:73.71"]
    assert {row.name, *row.aliases} == {"Ujung Pandang", "Makassar"}


def test_an_organisation_that_was_renamed_is_joined_by_a_decision_only(corpus: Corpus) -> None:
    old = Party(name="Harbour Research Board", kind="academia", country="JP")
    new = Party(name="Institute of Tides", kind="academia", country="JP")
    corpus.tell("old", "2012-05-02", (YOGYAKARTA, old), instrument="mou", date="2012-05-01")
    corpus.tell(
        "new", "2017-05-02", (YOGYAKARTA, new), instrument="mou", stage="renewed", date="2017-05-01"
    )
    assert len(corpus.build()) == 2
    decision = (
        "same:\n  - parties: ['Harbour Research Board | academia | JP', "
        "'Institute of Tides | academia | JP']\n    reason: renamed in 2015\n"
    )
    (only,) = corpus.build(judgements=decision)
    assert (only.stage, only.renewal_count) == ("renewed", 1)


@pytest.mark.parametrize("known", [True, False])
def test_a_city_and_a_regency_of_one_name_never_share_an_agreement(
    corpus: Corpus, known: bool
) -> None:
    ids = ("id:32.73", "id:32.04") if known else (None, None)
    city = Party(name="Bandung", kind="city", country="ID", referent_id=ids[0])
    regency = Party(name="Bandung", kind="regency", country="ID", referent_id=ids[1])
    corpus.tell("city", "2016-06-02", (city, BOSTON), date="2016-06-01")
    corpus.tell("regency", "2016-06-03", (regency, BOSTON), date="2016-06-01")
    found = corpus.build()
    assert sorted(a.local_party.kind for a in found) == ["city", "regency"]
    assert len({a.local_party.referent_id for a in found}) == 2


@pytest.mark.parametrize(
    ("said", "published", "expected"),
    [
        ({"date": "2010-05-01"}, "2010-05-02", True),
        ({"date": "2016-11-02"}, "2016-11-03", False),  # ten years and not a day more
        ({"date": "1985", "background": True}, "2026-01-02", True),  # told of as the past
        ({"date": "1985"}, "2026-01-02", False),  # told of as news: somebody is at work
        ({"date": "2010/.."}, "2010-05-02", False),  # it runs on
        ({"stage": "ended", "date": "2001-05-01", "date_kind": "ended"}, "2001-05-02", False),
        ({"modality": "planned", "date": "2001-05-01"}, "2001-01-02", False),
        ({"stage": "exploring", "date": "2001-05-01"}, "2001-05-02", False),
        ({}, "2001-05-02", None),  # nobody says when
        ({"date": "2010-05-01"}, None, True),
    ],
)
def test_an_agreement_without_a_sign_of_life_for_ten_years_is_dormant(
    corpus: Corpus, said: dict[str, object], published: str | None, expected: bool | None
) -> None:
    corpus.tell("one", published, **said)  # type: ignore[arg-type]
    (only,) = corpus.build()
    assert only.dormant is expected


def test_how_long_is_dormant_is_configured_and_the_clock_does_not_count(corpus: Corpus) -> None:
    corpus.tell("one", "2020-05-02", date="2020-05-01")
    assert [a.dormant for a in corpus.build(years=5)] == [True]
    assert [a.dormant for a in corpus.build(years=7)] == [False]
    corpus.documents = [replace(d, retrieved_at="2021-01-01T00:00:00Z") for d in corpus.documents]
    assert [a.dormant for a in corpus.build(years=5)] == [False]  # the corpus is of 2021


def kept(rows: Sequence[Agreement]) -> list[str]:
    return [a.agreement_id for a in rows]


def test_an_agreement_keeps_its_id_through_its_whole_life(corpus: Corpus) -> None:
    corpus.tell("plan", "2010-05-01", modality="planned", instrument="letter_of_intent")
    first = kept(corpus.build())
    corpus.tell("signed", "2011-05-02", date="2011-05-01")
    assert kept(corpus.build()) == first
    corpus.tell("ended", "2015-05-02", stage="ended", date="2015-05-01", date_kind="ended")
    assert kept(corpus.build()) == first
    corpus.tell("renewed", "2020-05-02", stage="renewed", date="2020-05-01", date_kind="renewed")
    (only,) = corpus.build()
    assert [only.agreement_id] == first
    assert (only.stage, only.first_date, only.renewal_count) == ("renewed", "2011-05-01", 1)


def test_a_flood_of_reports_on_one_day_costs_in_proportion_to_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(reprints, "overlap", lambda a, b: counted.append(1) or 0.0)
    costs = []
    for count in (200, 400):
        counted.clear()
        reprints.retold(
            reprints.Story(key=f"{n:04d}", day=730_000, grams=b"", lead="") for n in range(count)
        )
        costs.append(len(counted))
    assert costs[1] < 2.5 * costs[0]
