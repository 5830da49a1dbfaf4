"""The stage tag: what the screen stops, what goes on, and that nothing is lost on the way."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import tag
from pipeline.codebook import Codebook, Languages
from pipeline.config import Config, TagConfig
from pipeline.engine import ShardTask, models_digest
from pipeline.paths import CHECKOUT
from pipeline.records import Annotation, Document, Issue, Passage, Rejection
from pipeline.store import counts_of, fingerprint_of, read_records, write_records
from pipeline.tag import ALL, STAGE, Words, run_shard
from pipeline.taggers.dates import tag_dates
from pipeline.taggers.screen import screen
from pipeline.taggers.stretches import stretches

MODELS = CHECKOUT / "models"
SHARED = CHECKOUT.parent / "shared"
GOLD = ("dev", "train-en", "train-id")
# What issue 4 asks of the screen.
LEAST_RECALL, MOST_PASSED = 0.99, 0.15

SIGNED = (
    "YOGYAKARTA – Wali Kota Herry Zudianto menandatangani nota kesepahaman dengan Prefektur Kyoto, "
    "Senin (18/7/2005). Kedua pihak bekerja sama di bidang pariwisata dan pendidikan."
)
RAIN = "Hujan deras mengguyur sejumlah kecamatan sejak pagi. Warga diminta waspada."
TWINS = (
    "Tampa became a twin town of Le Havre in 1992. The mayors of both cities met again last year."
)
RECIPE = "Slice the onions, fry them until golden and add a cup of stock. Serve with rice."
FRENCH = "La ville de Lyon et Birmingham célèbrent leur jumelage, signé en 1951."


def document(text: str, language: str, doc_id: str = "d") -> Document:
    return Document(
        doc_id=doc_id,
        capture_id=f"c-{doc_id}",
        external_id=None,
        source_id="s",
        source_kind="news",
        source_country=None,
        url=None,
        title=None,
        text=text,
        language=language,
        published="2006-03-01",
        published_by=None,
        retrieved_at="2026-01-01T00:00:00Z",
        reader="t",
        word_count=len(text.split()),
        text_sha256="",
        minhash=(),
    )


@cache
def words() -> Words:
    return Words(Codebook.load(MODELS), Languages.load(MODELS))


def reason(text: str, language: str) -> str | None:
    return screen(words().terms(language).find(text))


def task(tmp_path: Path, *options: str) -> ShardTask:
    return ShardTask(
        stage=STAGE.name,
        shard_id="one",
        workspace=tmp_path,
        models=MODELS,
        models_digest=models_digest(MODELS, STAGE.models),
        config=Config(tag=TagConfig(spacy_model="")),
        fingerprint="f",
        options=options,
    )


def run(tmp_path: Path, *options: str) -> tuple[list[Annotation], list[Rejection]]:
    one = task(tmp_path, *options)
    texts = [(SIGNED, "id"), (RAIN, "id"), (TWINS, "en"), (RECIPE, "en"), (FRENCH, "fr")]
    rows = [document(text, code, f"d{n}") for n, (text, code) in enumerate(texts)]
    write_records(one.path("documents"), Document, rows)
    counts = run_shard(one)
    assert counts["seen"] == counts["forwarded"] + counts["rejected"] == len(rows)
    assert counts_of(one.path(STAGE.output)) == counts
    assert fingerprint_of(one.path(STAGE.output)) == "f"
    assert read_records(one.path(STAGE.output, "issues"), Issue) == []
    return (
        read_records(one.path(STAGE.output), Annotation),
        read_records(one.path(STAGE.output, "rejections"), Rejection),
    )


def test_each_document_is_tagged_or_rejected_with_a_reason(tmp_path: Path) -> None:
    annotations, rejections = run(tmp_path)
    assert {a.doc_id for a in annotations} == {"d0", "d2", "d4"}
    assert {r.doc_id for r in rejections} == {"d1", "d3"}
    assert all(r.reason and r.stage == "tag" for r in rejections)


def test_with_all_nothing_is_rejected_and_the_rest_stays_the_same(tmp_path: Path) -> None:
    some, _ = run(tmp_path / "some")
    every, rejections = run(tmp_path / "every", ALL)
    assert rejections == []
    assert [a for a in every if a.doc_id in {"d0", "d2", "d4"}] == some


def test_annotations_of_a_document_are_sorted_and_slice_into_its_text(tmp_path: Path) -> None:
    annotations, _ = run(tmp_path)
    for doc_id, text in (("d0", SIGNED), ("d2", TWINS), ("d4", FRENCH)):
        own = [a for a in annotations if a.doc_id == doc_id]
        keys = [(a.span.start, a.span.end, a.layer, a.label) for a in own]
        assert keys == sorted(keys)
        assert all(0 <= a.span.start < a.span.end <= len(text) for a in own)


def test_one_sentence_gets_every_layer(tmp_path: Path) -> None:
    annotations, _ = run(tmp_path)
    own = [(a.layer, a.label, a.span.of(SIGNED)) for a in annotations if a.doc_id == "d0"]
    assert ("instrument", "mou", "nota kesepahaman") in own
    assert ("cue", "stage.signed", "menandatangani") in own
    assert ("sector", "tourism", "pariwisata") in own
    assert ("date", "day", "Senin (18/7/2005)") in own
    assert any(layer == "place" and "Kyoto" in words for layer, _, words in own)


def test_a_relative_date_says_that_it_was_resolved() -> None:
    found = tag_dates(document(TWINS, "en"), words().dates("en"))
    assert [(a.label, a.value, a.detail) for a in found] == [
        ("year", "1992", "stated"),
        ("year", "2005", "resolved"),
    ]
    later = tag_dates(replace(document(TWINS, "en"), published=None), words().dates("en"))
    assert [a.value for a in later] == ["1992", None]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The council voted to pause the link with its Russian partner city.", "en"),
        ("The mayor and the ambassador spoke of cooperation in farming.", "en"),
        ("Pemkab menjajaki kerja sama dengan sebuah universitas di Jepang.", "id"),
        ("Die Partnerstadt Jinhua schickte ein Memorandum.", "de"),
        ("金沢市は姉妹都市の代表団を迎えた。", "ja"),
        ("Ayuntamiento firma un convenio marco de hermanamiento", "es"),
        ("La alcaldesa recibió al cónsul para hablar de un convenio sobre residuos.", "es"),
        ("Le maire et la délégation chinoise ont évoqué un accord de coopération.", "fr"),
        ("O prefeito assinou um termo de cooperação com a província chinesa.", "pt"),
        ("Datuk Bandar meneroka kerjasama dengan sebuah bandar di Jepun.", "ms"),
    ],
)
def test_what_may_tell_an_agreement_passes_the_screen(text: str, language: str) -> None:
    assert reason(text, language) is None


@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        (RECIPE, "en", "no word of an agreement"),
        ("Two firms reached an agreement on the price of steel.", "en", "government"),
        ("Polisi menangkap dua pencuri di sebuah toko.", "id", "no word of an agreement"),
        ("La policía detuvo a dos ladrones en una tienda.", "es", "no word of an agreement"),
        (
            "Le joueur est d'accord avec son entraîneur, dit le maire.",
            "fr",
            "no word of an agreement",
        ),
        ("Os dois bancos chegaram a um acordo de fusão.", "pt", "government"),
        ("Dua bank mencapai persetujuan untuk bergabung.", "ms", "government"),
        ("The mayor cut a ribbon. " + RECIPE * 6 + "The firms signed a pact.", "en", "near"),
    ],
)
def test_ordinary_news_is_stopped_with_a_reason(text: str, language: str, why: str) -> None:
    assert why in str(reason(text, language))


def relevant() -> Iterator[tuple[str, str]]:
    for name in GOLD:
        codings = (SHARED / "gold" / name / "codings.jsonl").read_text("utf-8").splitlines()
        wanted = {c["doc_id"] for c in map(json.loads, codings) if c["is_relevant"]}
        documents = (SHARED / "gold" / name / "documents.jsonl").read_text("utf-8").splitlines()
        for row in map(json.loads, documents):
            if row["doc_id"] in wanted:
                yield row["text"], row["language"]


def english_news() -> Iterator[tuple[str, str]]:
    path = SHARED / "data" / "article-extraction" / "ground-truth.json"
    for page in json.loads(path.read_text("utf-8")).values():
        yield page["articleBody"], "en"


def indonesian_news() -> Iterator[tuple[str, str]]:
    """Yield twelve sentences at a time, some 220 words: the set has sentences, not articles."""
    path = SHARED / "data" / "id-ner" / "idner-news-2k" / "train.txt"
    blocks = path.read_text("utf-8").split("\n\n")
    texts = [" ".join(line.split(" ")[0] for line in b.splitlines()) for b in blocks]
    for first in range(0, len(texts), 12):
        yield " ".join(texts[first : first + 12]), "id"


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not here: nothing to measure on")
def test_the_screen_loses_hardly_any_relevant_document() -> None:
    reasons = [reason(text, language) for text, language in relevant()]
    assert sum(r is None for r in reasons) / len(reasons) >= LEAST_RECALL


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not here: nothing to measure on")
@pytest.mark.parametrize("news", [english_news, indonesian_news])
def test_the_screen_stops_most_ordinary_news(news) -> None:  # type: ignore[no-untyped-def]
    reasons = [reason(text, language) for text, language in news()]
    assert sum(r is None for r in reasons) / len(reasons) <= MOST_PASSED


BILINGUAL = (
    "Bandung, 3 May 2022. The mayors of Bandung and Suwon signed a memorandum of understanding.",
    "Wali Kota Bandung dan Wali Kota Suwon menandatangani nota kesepahaman pada 3 Mei 2022.",
)


def test_each_paragraph_of_a_bilingual_release_is_read_in_its_own_language() -> None:
    text = "\n".join(BILINGUAL)
    start = text.index("\n") + 1
    passage = Passage(start=start, end=len(text), language="id")
    both = replace(document(text, "en"), passages=(passage,))
    hits = {(h.layer, text[h.start : h.end]) for h in tag.find_terms(both, words())}
    assert ("instrument", "memorandum of understanding") in hits
    assert ("instrument", "nota kesepahaman") in hits
    plain = {text[h.start : h.end] for h in tag.find_terms(document(text, "en"), words())}
    assert "menandatangani" not in plain
    dates = [a for a in tag.dates_of(both, words()) if a.value == "2022-05-03"]
    assert [a.span.of(text) for a in dates] == ["3 May 2022", "3 Mei 2022"]


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["id", "en", "und"])), max_size=5))
def test_stretches_follow_each_other_and_cover_the_text(cuts: list[tuple[int, str]]) -> None:
    text = "kata dan kata, " * 3
    bounds = sorted({min(at, len(text)) for at, _ in cuts})
    passages = tuple(
        Passage(start=a, end=b, language=language)
        for (a, b), (_, language) in zip(pairwise(bounds), cuts, strict=False)
    )
    found = stretches(replace(document(text, "en"), passages=passages))
    assert "".join(text[s.start : s.end] for s in found) == text
    assert {(p.start, p.end, p.language) for p in passages} <= {
        (s.start, s.end, s.language) for s in found
    }
