"""Document codes: rules, regressions, their evidence; a user's own category works, with figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.classifiers.features import Features, features_of
from pipeline.classifiers.kin import FAMILY, OWN, REST, closeness, group_values
from pipeline.classifiers.linear import LinearModel, LinearModels
from pipeline.classifiers.rules import code_by_rules
from pipeline.classify import code_document
from pipeline.codebook import Codebook
from pipeline.config import ConfigError
from pipeline.paths import CHECKOUT
from pipeline.records import Annotation, Document, Span
from pipeline.trainers.classifiers import RELEVANT, Example, f1_at, train_classifiers
from tests.conftest import Command, make_document
from tests.test_howto import add_category, block, rows

MODELS = CHECKOUT / "models"
CODEBOOK = Codebook.load(MODELS)
LINEAR = LinearModels.load(MODELS / "classifiers")
TEXT = "Leeds and Durban signed a pact on hospitals. Students will travel to Durban by bus."


def tag(
    text: str, words: str, layer: str, label: str, country: str | None = None, nth: int = 0
) -> Annotation:
    """Return an annotation on the nth place where words stand in a text."""
    start = -1
    for _ in range(nth + 1):
        start = text.index(words, start + 1)
    span = Span(start=start, end=start + len(words))
    return Annotation(
        doc_id="d", capture_id="c", span=span, layer=layer, label=label, country=country
    )


def a_text() -> tuple[Document, list[Annotation]]:
    return make_document(TEXT, "en"), [
        tag(TEXT, "Leeds", "place", "city", "GB"),
        tag(TEXT, "Durban", "place", "city", "ZA"),
        tag(TEXT, "signed", "cue", "stage.signed"),
        tag(TEXT, "hospitals", "sector", "health"),
        tag(TEXT, "bus", "sector", "transport"),
        tag(TEXT, "Students will travel", "cue", "process.people_exchange"),
    ]


def test_a_category_is_given_only_with_words_that_stand_in_the_text() -> None:
    document, annotations = a_text()
    codings = code_document(document, annotations, CODEBOOK, LINEAR)
    assert codings
    for c in codings:
        assert c.evidence or c.dimension == "relevance", (c.dimension, c.category)
        assert all(0 <= s.start < s.end <= len(TEXT) for s in c.evidence)
    assert not [
        c for c in code_document(document, [], CODEBOOK, LINEAR) if c.dimension != "relevance"
    ]


def test_the_same_document_gets_the_same_codes_whatever_the_order_of_its_annotations() -> None:
    document, annotations = a_text()
    there = code_document(document, annotations, CODEBOOK, LINEAR)
    back = code_document(document, annotations[::-1], CODEBOOK, LINEAR)
    assert [(c.dimension, c.category, c.score) for c in there] == [
        (c.dimension, c.category, c.score) for c in back
    ]


def test_a_rule_gives_a_smart_city_dimension_by_the_sectors_that_map_to_it() -> None:
    document, annotations = a_text()
    found = {
        c.category: [s.of(TEXT) for s in c.evidence]
        for c in code_by_rules(document, features_of(document, annotations), CODEBOOK)
        if c.dimension == "smart_city"
    }
    assert found["living"] == ["hospitals"]
    assert found["mobility"] == ["bus"]
    assert "economy" not in found


def test_a_government_without_a_word_for_it_is_carried_by_the_names_of_the_places() -> None:
    document, annotations = a_text()
    by_rule = code_by_rules(document, features_of(document, annotations), CODEBOOK)
    (coded,) = [c for c in by_rule if c.category == "local_government"]
    assert [s.of(TEXT) for s in coded.evidence] == ["Leeds", "Durban"]
    mayor = TEXT.replace("Leeds and", "The mayor and")
    document = make_document(mayor, "en")
    annotations = [
        tag(mayor, "mayor", "cue", "actor.local_government"),
        tag(mayor, "Durban", "place", "city", "ZA"),
    ]
    by_rule = code_by_rules(document, features_of(document, annotations), CODEBOOK)
    (coded,) = [c for c in by_rule if c.category == "local_government"]
    assert [s.of(mayor) for s in coded.evidence] == ["mayor"]


@pytest.mark.parametrize(
    ("dimension", "category", "name", "wanted"),
    [
        ("process", "people_exchange", "cue:process.people_exchange", OWN),
        ("process", "people_exchange", "cue:process.trade_promotion", FAMILY),
        ("process", "people_exchange", "organisation:academia", REST),
        ("smart_city", "mobility", "sector:transport", OWN),
        ("smart_city", "mobility", "sector:health", FAMILY),
        ("output", "public_service", "sector:health", OWN),
        ("output", "formal_agreement", "cue:stage.signed", OWN),
        ("output", "public_service", "cue:stage.signed", FAMILY),
        ("actor", "academia", "organisation:academia:abroad", OWN),
        ("actor", "foreign_government", "place:government:abroad", OWN),
        ("actor", "academia", "sector:education", REST),
    ],
)
def test_a_feature_is_as_close_to_a_category_as_the_codebook_says(
    dimension: str, category: str, name: str, wanted: str
) -> None:
    assert closeness(CODEBOOK, dimension, category, name) == wanted


def test_every_sector_and_category_that_kin_names_is_one_of_the_codebook() -> None:
    for category in CODEBOOK.ids("output"):
        for sector in CODEBOOK.ids("sector"):
            closeness(CODEBOOK, "output", category, f"sector:{sector}")
    owned = {
        s
        for s in CODEBOOK.ids("sector")
        for c in CODEBOOK.ids("output")
        if closeness(CODEBOOK, "output", c, f"sector:{s}") == OWN
    }
    assert {"health", "tourism", "environment"} <= owned
    assert "other" not in owned


def a_model(**changes: object) -> LinearModel:
    values: dict[str, object] = {
        "dimension": "smart_city",
        "category": "living",
        "intercept": -2.0,
        "weights": {"sector:health": 1.0, "cue:stage.signed": 5.0},
        "threshold": 0.5,
        "group": ("sector:health", "sector:tourism"),
        "group_weights": (1.0, 0.5),
    }
    return LinearModel(**values | changes)  # type: ignore[arg-type]


def test_a_group_counts_as_one_feature_and_once_for_being_there() -> None:
    here = (Span(start=0, end=1),)
    features = Features({"sector:health": here, "sector:tourism": here * 2})
    assert group_values(features, ("sector:health", "sector:tourism")) == (2.0, 1.0)
    assert group_values(features, ("sector:energy",)) == (0.0, 0.0)
    model = a_model(weights={}, intercept=-2.5)
    assert model.score(features) == pytest.approx(0.5)


def test_the_words_of_the_category_itself_are_shown_before_words_that_raised_the_score() -> None:
    document, annotations = a_text()
    features = features_of(document, annotations)
    assert [s.of(TEXT) for s in a_model().evidence(features)] == ["hospitals"]
    strange = a_model(group=("sector:tourism",))
    assert [s.of(TEXT) for s in strange.evidence(features)] == ["signed", "hospitals"]


def test_a_missing_or_broken_model_says_how_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make models"):
        LinearModels.load(tmp_path)
    (tmp_path / "linear.json").write_text('{"models": [{"dimension": "actor"}]}', "utf-8")
    with pytest.raises(ConfigError, match="not a model of this version"):
        LinearModels.load(tmp_path)


def examples() -> list[Example]:
    """Return sixty made documents: whether `relevant` and `health` are said decides all."""
    document, annotations = a_text()
    found = []
    for i in range(60):
        is_relevant, is_health = i % 3 > 0, i % 2 == 0
        labels = {("smart_city", "living")} if is_health and is_relevant else set()
        if is_relevant:
            labels.add(RELEVANT)
        kept = [
            a
            for a in annotations
            if (is_health or a.label != "health") and (is_relevant or a.label != "stage.signed")
        ]
        numbered = replace(document, doc_id=f"d{i}")
        found.append(Example(numbered, kept, frozenset(labels)))
    return found


def test_training_finds_what_decides_and_gives_the_same_model_twice() -> None:
    first = train_classifiers(examples(), CODEBOOK)
    assert first.data == train_classifiers(examples(), CODEBOOK).data
    told = first.figures["smart_city.living"]
    assert (told["positives"], told["linear_f1"], told["coder"]) == (20, 1.0, "linear")
    few = first.figures["smart_city.economy"]
    assert (few["positives"], few["linear_f1"], few["coder"]) == (0, 0.0, "rules")
    assert len(first.relevance) == len(examples())
    loaded = json.loads(json.dumps(first.data))["models"]
    models = LinearModels(tuple(LinearModel(**m) for m in loaded))
    document, annotations = a_text()
    given = {
        c.category
        for c in models.code(document, features_of(document, annotations))
        if c.dimension == "smart_city"
    }
    assert given == {"living"}


def test_f1_counts_what_is_given_from_the_threshold_on() -> None:
    assert f1_at([0.9, 0.5, 0.1], [True, False, True], 0.5) == 0.5
    assert f1_at([0.1], [False], 0.5) == 0.0


# Of our own writing, with a record each; the third has an agreement and no match.
OWN_CORPUS = (
    {
        "doc_id": "sp1",
        "text": "The City of Leeds signed a memorandum of understanding with the city of Durban, "
        "South Africa, on 10 May 2019. The agreement covers health. A charity match between the "
        "police teams of both cities opened the week of sports diplomacy.",
        "published": "2019-05-12",
        "language": "en",
    },
    {
        "doc_id": "sp2",
        "text": "BIAK - Pemerintah Kabupaten Biak Numfor dan Pemerintah Kota Toulouse, Prancis, "
        "menandatangani nota kesepahaman di Biak, Senin (3/6/2019). Sorenya digelar laga "
        "persahabatan antara kedua tim. Kerja sama itu mencakup kesehatan.",
        "published": "2019-06-04",
        "language": "id",
    },
    {
        "doc_id": "sp3",
        "text": "The City of Cardiff signed a memorandum of understanding with the city of Xiamen, "
        "China, on 3 June 2020. The agreement covers tourism.",
        "published": "2020-06-05",
        "language": "en",
    },
)


def own_gold(folder: Path) -> Path:
    """Write a gold set in which the user's category is all that is coded of the process."""
    folder.mkdir(parents=True)

    def write(name: str, lines: list[dict[str, object]]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / name).write_text(text, "utf-8")

    write("documents.jsonl", [dict(d) for d in OWN_CORPUS])
    write("agreements.jsonl", [])
    write(
        "codings.jsonl",
        [
            {
                "doc_id": d["doc_id"],
                "is_relevant": True,
                "actor": ["local_government", "foreign_government"],
                "process": ["sports_diplomacy"] if d["doc_id"] != "sp3" else [],
                "output": ["formal_agreement"],
                "smart_city": ["living"],
            }
            for d in OWN_CORPUS
        ],
    )
    return folder


@pytest.mark.slow
def test_a_category_of_a_users_own_is_coded_exported_and_scored_without_code(
    checkout: Path, command: Command, tmp_path: Path
) -> None:
    add_category(checkout, block("add-a-classifier.md"), "people_exchange")
    gold = own_gold(tmp_path / "gold")
    here = ("--workspace", str(tmp_path / "study"), "--engine", "serial")
    corpus = str(gold / "documents.jsonl")
    for step in (("ingest", "--documents", corpus), ("extract",), ("export",)):
        done = command(*here, *step, checkout=checkout)
        assert done.returncode == 0, done.stderr
    out = tmp_path / "study" / "outputs" / "agreements"
    coded = [r for r in rows(out / "codings.csv") if r["category"] == "sports_diplomacy"]
    assert {(r["dimension"], r["coder"]) for r in coded} == {("process", "rules.v1")}
    quotes = " ".join(r["quote"] for r in coded)
    for words in ("charity match", "sports diplomacy", "laga persahabatan"):
        assert words in quotes
    assert len({r["doc_id"] for r in coded}) == 2
    assert "| `sports_diplomacy` | Sports diplomacy *(ext)* |" in (out / "codebook.md").read_text(
        "utf-8"
    )

    done = command(*here, "evaluate", str(gold), "--json", checkout=checkout)
    assert done.returncode == 0, done.stderr
    process = json.loads(done.stdout)["gold"]["process"]["micro"]
    assert (process["tp"], process["fn"]) == (2, 0)


@pytest.mark.slow
def test_training_scores_a_category_of_a_users_own_alone(
    checkout: Path, command: Command, tmp_path: Path
) -> None:
    add_category(checkout, block("add-a-classifier.md"), "people_exchange")
    training = checkout / "models" / "training"
    for other in ("id", "lists", "en-2", "id-2"):  # eighty documents are enough to train on here
        for file in (training / other).iterdir():
            file.unlink()
    own_gold(training / "sports")
    here = ("--workspace", str(tmp_path / "study"), "--engine", "serial")
    done = command(*here, "train", "--only", "classifiers", checkout=checkout)
    assert done.returncode == 0, done.stderr
    figures = json.loads((checkout / "models" / "classifiers" / "figures.json").read_text("utf-8"))
    told = figures["process.sports_diplomacy"]
    assert (told["positives"], told["coder"]) == (2, "rules")
    assert told["rules_f1"] > 0.6
