"""The relate stage on texts of our own, with the real taggers and the shipped models."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from pipeline import relate, tag
from pipeline.config import Config
from pipeline.engine import ShardTask
from pipeline.paths import CHECKOUT
from pipeline.records import Annotation, Coding, Document, Mention, Rejection, stable_id
from pipeline.store import read_records, write_records
from tests.dataset_builders import relevance

MODELS = CHECKOUT / "models"
# A list as papers write it; no party of it stands in the training documents.
PAPER_SHAPE = (
    "Practice can be seen from the cooperation of Magelang city with five parties [3]. They are "
    "namely Cooperation with Nagano Prefecture as a continuation of cooperation that was made on "
    "9 May 1991 with the renewal of cooperation on 11 June 2004; Cooperation with Hayashi Marine "
    "Company made on July 2, 2002; Cooperation with the University of Bremen signed on October 9, "
    "2005; Cooperation with the Province of Phuket, Thailand on 4 September 2008; and Special "
    "cooperation in health with the Open Hands Foundation (OHF), South Korea made in 2010.\n\n"
    "Of the five, the one which has had a concrete follow-up is cooperation with Nagano "
    "Prefecture, cooperation with the University of Bremen and the OHF, South Korea, while "
    "cooperation with Phuket is just limited to the mutual visit between the two parties. "
    "Additional examples would be Bogor with Nantes in Education sector starting 2015 [4], and "
    "Jambi with Denmark concerning waste management in 2012 [5].\n"
)
SIGNED = (
    "BREMERHAVEN - The Mayor of Bremerhaven, Anna Behrens, and the Mayor of Aarhus, Lars Holm, "
    "signed a memorandum of understanding on offshore wind energy on 4 March 2019. Port engineers "
    "of the two cities will meet in May."
)
PLANNED = (
    "Yogyakarta - Pemerintah Kota Yogyakarta akan menandatangani nota kesepahaman dengan Kota "
    "Adelaide, Australia, pada 12 Mei 2023. Naskahnya masih disusun, kata Wali Kota Yogyakarta."
)


@lru_cache(maxsize=1)
def tools() -> tuple[tag.Tools, relate.Resources]:
    """Return the taggers and the relators, loaded once for the module."""
    spacy_model = Config().tag.spacy_model
    return tag.load(MODELS, "test", spacy_model), relate.load(MODELS, "test", "ID")


def document(text: str, language: str = "en", published: str | None = None) -> Document:
    return Document(
        doc_id=stable_id(text),
        capture_id=stable_id(text, "capture"),
        external_id=None,
        source_id="s",
        source_kind="news",
        source_country=None,
        url=None,
        title=None,
        text=text,
        language=language,
        published=published,
        published_by=None,
        retrieved_at="2026-01-01T00:00:00Z",
        reader="text",
        word_count=len(text.split()),
        text_sha256="",
        minhash=(),
    )


def annotations(doc: Document) -> list[Annotation]:
    taggers, _ = tools()
    return tag.annotate(doc, taggers.words.terms(doc.language).find(doc.text), taggers)


def _task(workspace: Path) -> ShardTask:
    return ShardTask(
        stage="relate",
        shard_id="run-000",
        workspace=workspace,
        models=MODELS,
        models_digest="test",
        config=Config(),
        fingerprint="f",
    )


def mentions(text: str, language: str = "en", published: str | None = None) -> list[Mention]:
    doc = document(text, language, published)
    return relate.relate(doc, annotations(doc), tools()[1])[0]


def by_partner(found: list[Mention]) -> dict[str, Mention]:
    return {m.partner.name: m for m in found}


def test_a_list_of_cooperations_gives_one_record_per_item_with_its_own_date() -> None:
    found = by_partner(mentions(PAPER_SHAPE))
    dates = {name: m.date for name, m in found.items()}
    assert dates["Nagano"] == "2004-06-11"
    assert dates["Hayashi Marine Company"] == "2002-07-02"
    assert dates["University of Bremen"] == "2005-10-09"
    assert dates["Phuket"] == "2008-09-04"
    assert dates["Open Hands Foundation"] == "2010"
    assert {m.local_party.name for n, m in found.items() if n not in ("Nantes", "Denmark")} == {
        "Magelang"
    }


def test_parallel_pairs_of_one_sentence_keep_their_own_sides() -> None:
    found = by_partner(mentions(PAPER_SHAPE))
    assert found["Nantes"].local_party.name == "Bogor"
    assert found["Denmark"].local_party.name == "Jambi"
    assert found["Denmark"].partner.kind == "national_government"
    assert (found["Nantes"].date, found["Denmark"].date) == ("2015", "2012")


def test_a_renewal_is_the_newest_stage_and_the_founding_is_a_step() -> None:
    nagano = by_partner(mentions(PAPER_SHAPE))["Nagano"]
    assert (nagano.stage, nagano.start_date) == ("renewed", "1991-05-09")
    assert ("signed", "1991-05-09") in {(s.stage, s.date) for s in nagano.steps}


def test_the_head_of_a_second_list_tells_the_follow_up_of_its_items() -> None:
    found = by_partner(mentions(PAPER_SHAPE))
    assert found["University of Bremen"].follow_up == "concrete"
    assert found["Phuket"].follow_up == "visits_only"


def test_sectors_of_an_item_are_its_own() -> None:
    found = by_partner(mentions(PAPER_SHAPE))
    assert found["Open Hands Foundation"].sectors == ("health",)
    assert found["Nantes"].sectors == ("education",)


def test_two_mayors_signing_is_one_signed_record() -> None:
    (found,) = mentions(SIGNED, published="2019-03-05")
    assert {found.local_party.name, found.partner.name} == {"Bremerhaven", "Aarhus"}
    assert (found.stage, found.modality, found.date) == ("signed", "asserted", "2019-03-04")
    assert (found.instrument, found.scope, found.level) == ("mou", "international", "g2g")
    assert "signed" in found.span.of(SIGNED)


def test_the_place_where_a_body_sits_is_no_partner() -> None:
    text = (
        "GHENT – It was business as planned: the City of Ghent and Larsen Marine Corporation, of "
        "Bergen, Norway, signed a memorandum of understanding on clean ferries on "
        "3 June 2021. Bergen itself was not asked."
    )
    assert {m.partner.name for m in mentions(text)} == {"Larsen Marine Corporation"}


def test_will_sign_is_no_signature() -> None:
    found = mentions(PLANNED, "id", "2023-05-02")
    assert [m.partner.name for m in found] == ["Adelaide"]
    assert (found[0].stage, found[0].modality) == ("intended", "planned")
    assert found[0].local_party.country == "ID"


@pytest.mark.parametrize(
    "text",
    [
        "LYON - Two goals gave Nantes a win. Keeper Jan Roe signed a contract with Lille.",
        "The Mayor of Bergen received the Ambassador of Chile. They talked about fish.",
        "PARIS - The ministers of France and Spain signed a treaty on fishing in Madrid.",
    ],
)
def test_texts_without_an_agreement_of_a_city_give_no_record(text: str) -> None:
    assert mentions(text) == []


@pytest.mark.parametrize(
    ("text", "language"), [(PAPER_SHAPE, "en"), (SIGNED, "en"), (PLANNED, "id")]
)
def test_every_coded_cell_has_evidence_of_at_most_one_sentence(text: str, language: str) -> None:
    found = mentions(text, language, "2023-05-02")
    assert found
    for m in found:
        cells = {(e.field, e.value) for e in m.evidence}
        for side, party in (("local_party", m.local_party), ("partner", m.partner)):
            assert (f"{side}_name", party.name) in cells
            assert (f"{side}_kind", party.kind) in cells
            assert party.country is None or (f"{side}_country", party.country) in cells
        wanted = {("stage", m.stage)} | {("sectors", s) for s in m.sectors}
        wanted |= {("instrument", m.instrument)} - {("instrument", "unspecified")}
        wanted |= {("modality", m.modality)} - {("modality", "asserted")}
        wanted |= {("follow_up", m.follow_up)} - {("follow_up", "unknown")}
        wanted |= {("is_background", "true")} if m.is_background else set()
        wanted |= {(n, v) for n in ("date", "date_kind", "start_date") if (v := getattr(m, n))}
        assert wanted <= cells
        for span in (m.span, *(e.span for e in m.evidence)):
            assert 0 < len(span.of(text).split()) <= 60
        assert m.reasons


def test_the_same_document_gives_the_same_mentions_twice() -> None:
    assert mentions(PAPER_SHAPE) == mentions(PAPER_SHAPE)


def test_a_shard_gives_mentions_or_a_reason_for_each_document(tmp_path: Path) -> None:
    kept, plain = document(SIGNED, published="2019-03-05"), document("It rained in Turin.")
    task = _task(tmp_path)
    screened = document("Nothing at all.")
    dropped = Rejection(
        doc_id=screened.doc_id,
        capture_id=screened.capture_id,
        url=None,
        source_id="s",
        stage="tag",
        reason="no government",
    )
    write_records(task.path("documents"), Document, [kept, plain, screened])
    write_records(task.path("annotations"), Annotation, annotations(kept) + annotations(plain))
    write_records(task.path("annotations", "rejections"), Rejection, [dropped])
    counts = relate.run_shard(task)
    assert (counts["seen"], counts["forwarded"], counts["rejected"]) == (2, 1, 1)
    assert [m.doc_id for m in read_records(task.path("mentions"), Mention)] == [kept.doc_id]
    (rejection,) = read_records(task.path("mentions", "rejections"), Rejection)
    assert rejection.doc_id == plain.doc_id
    assert rejection.reason


def test_a_city_is_called_by_its_own_name_and_not_by_the_datelines() -> None:
    found = mentions(
        "PRETORIA, 3 May 2022 - The City of Tshwane and the City of Aarhus today signed a "
        "memorandum of understanding on street trees. Tshwane will send two gardeners in June. For "
        "Tshwane it is the second such paper."
    )
    assert [(m.local_party.name, m.partner.name) for m in found] == [("Tshwane", "Aarhus")]


def test_the_state_of_a_county_or_a_region_is_no_party() -> None:
    found = mentions(
        "The governor of Hunan signed an agreement on a sister-province relationship with Paul "
        "Chepkwony, governor of Kericho County, Kenya, on 24 October 2018."
    )
    assert {m.partner.name for m in found} | {m.local_party.name for m in found} == {
        "Hunan",
        "Kericho County",
    }


def test_the_government_of_a_province_is_not_that_of_its_state() -> None:
    text = (
        "Pemerintah Provinsi Jawa Barat menandatangani nota kesepahaman dengan pemerintah "
        "Australia Selatan tentang pendidikan pada 2 Maret 2019."
    )
    assert {m.partner.name for m in mentions(text, "id")} == {"Australia Selatan"}


def test_a_letter_of_intent_is_an_intention_also_when_it_is_signed() -> None:
    found = mentions(
        "The Mayor of Bremerhaven and the Mayor of Aarhus signed a letter of intent on a twinning "
        "on 4 March 2019."
    )
    assert [(m.instrument, m.stage) for m in found] == [("letter_of_intent", "intended")]


def test_nobody_speaks_for_a_city_whose_mayor_he_was() -> None:
    doc = document(
        "Former Mayor Richard Roe of Boston told students about ports. The Mayor of Bremerhaven "
        "signed a memorandum of understanding with the Mayor of Aarhus on wind."
    )
    scene = relate.scene_of(doc, annotations(doc), tools()[1].words("en"))
    ways = {a.party.name: {m.how for m in a.mentions} for a in scene.actors}
    assert not ways["Boston"] & {"office", "person"}
    assert "office" in ways["Aarhus"]


@pytest.mark.parametrize(("sure", "least"), [(1.1, 0), (0.0, 1)])
def test_a_document_that_is_hardly_about_agreements_gets_no_record_but_of_a_sure_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sure: float, least: int
) -> None:
    monkeypatch.setattr(relate, "SURE", sure)
    doc = document(SIGNED)
    task = _task(tmp_path)
    write_records(task.path("documents"), Document, [doc])
    write_records(task.path("annotations"), Annotation, annotations(doc))
    write_records(task.path("annotations", "rejections"), Rejection, [])
    for score, count in ((relate.LEAST_RELEVANCE - 0.01, least), (relate.LEAST_RELEVANCE, 1)):
        write_records(task.path("codings"), Coding, [relevance(doc, score)])
        relate.run_shard(task)
        assert len(read_records(task.path("mentions"), Mention)) == count
        rejected = read_records(task.path("mentions", "rejections"), Rejection)
        assert [r.reason for r in rejected] == ["hardly about any agreement"] * (1 - count)
