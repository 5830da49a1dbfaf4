"""The codebook and the language files: they agree with each other, and say so when they do not."""

from pathlib import Path

import pytest
import yaml

from pipeline.codebook import (
    TERM_DIMENSIONS,
    WITHOUT_TERMS,
    Codebook,
    Language,
    Languages,
    missing_terms,
    terms_of,
)
from pipeline.config import ConfigError
from pipeline.paths import CHECKOUT
from pipeline.taggers.terms import TermMatcher, patterns_of

MODELS = CHECKOUT / "models"
CODEBOOK = Codebook.load(MODELS)
LANGUAGES = Languages.load(MODELS)
COMPLETE = ("en", "id", "ms")  # the languages that the project promises in full
# What the framework and its extensions name; a change here is a change of the codebook's version.
SIZES = {
    "party_kind": 12,
    "level": 7,
    "instrument": 8,
    "stage": 6,
    "modality": 4,
    "date_kind": 6,
    "sector": 15,
    "actor": 11,
    "process": 17,
    "output": 8,
    "smart_city": 6,
}


def a_models_folder(tmp_path: Path, **changes: str) -> Path:
    """Return a copy of the codebook and the English file, with texts replaced."""
    (tmp_path / "languages").mkdir()
    for name in ("codebook.yml", "languages/en.yml"):
        text = (MODELS / name).read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_dimensions_have_the_ids_of_the_codebook() -> None:
    assert {name: len(CODEBOOK.ids(name)) for name in SIZES} == SIZES


def test_every_category_has_a_definition_and_no_id_has_capitals() -> None:
    for name, dimension in CODEBOOK.dimensions.items():
        for key, category in dimension.categories.items():
            assert category.label and category.definition, f"{name}.{key}"
            assert key == key.lower()


def test_every_kind_has_a_level_and_every_sector_but_other_a_smart_city_dimension() -> None:
    assert all(CODEBOOK.category("party_kind", k).level for k in CODEBOOK.ids("party_kind"))
    without = [s for s in CODEBOOK.ids("sector") if not CODEBOOK.smart_city_of(s)]
    assert without == ["other"]


def test_stages_come_in_the_order_of_a_life() -> None:
    orders = [CODEBOOK.stage_order(s) for s in CODEBOOK.ids("stage")]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("code", LANGUAGES.by_code)
def test_every_label_of_a_language_file_is_a_codebook_id(code: str) -> None:
    language = LANGUAGES.by_code[code]
    assert set(language.cues) <= CODEBOOK.cue_labels
    for dimension, categories in language.terms.items():
        assert set(categories) <= set(CODEBOOK.ids(dimension))


@pytest.mark.parametrize("code", COMPLETE)
def test_the_main_languages_lack_no_term(code: str) -> None:
    assert missing_terms(LANGUAGES.by_code[code], CODEBOOK) == ()


@pytest.mark.parametrize("code", LANGUAGES.by_code)
def test_every_pattern_of_a_language_compiles(code: str) -> None:
    assert TermMatcher(patterns_of([LANGUAGES.by_code[code]], CODEBOOK)).find("") == []


def test_missing_terms_are_listed_by_name() -> None:
    language = LANGUAGES.by_code["en"].model_copy(update={"cues": {}, "terms": {}})
    missing = missing_terms(language, CODEBOOK)
    wanted = {f"{d}.{i}" for d in TERM_DIMENSIONS for i in CODEBOOK.ids(d)} - WITHOUT_TERMS
    assert set(missing) == wanted | CODEBOOK.cue_labels


def test_a_category_may_bring_its_own_terms_in_the_codebook(tmp_path: Path) -> None:
    old = "      tourism: {label: Tourism,"
    new = "      tourism: {terms: {en: 'drone tour'}, label: Tourism,"
    folder = a_models_folder(tmp_path, **{old: new})
    codebook = Codebook.load(folder)
    english = Languages.load(folder).by_code["en"]
    assert "drone tour" in terms_of(english, codebook, "sector", "tourism")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version:", "versoin:", "versoin"),
        ("        level: g2io", "        level: g2x", "g2x"),
        ("dimensions:", "dimensions: [", "not valid YAML"),
    ],
)
def test_a_wrong_codebook_names_file_and_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    folder = a_models_folder(tmp_path, **{old: new})
    with pytest.raises(ConfigError) as error:
        Codebook.load(folder)
    assert message in str(error.value)
    assert "codebook.yml" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  stage.signed: |", "  stage.singed: |", "cues.stage.singed"),
        ("    tourism: |", "    turism: |", "terms.sector.turism"),
        ("code: en", "code: de", "en.yml"),
        ("  day_first: true", "  day_frist: true", "day_frist"),
    ],
)
def test_a_wrong_language_file_names_file_and_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    folder = a_models_folder(tmp_path, **{old: new})
    with pytest.raises(ConfigError) as error:
        Languages.load(folder)
    assert message in str(error.value)
    assert "en.yml" in str(error.value)


def test_a_missing_codebook_and_a_folder_without_languages_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="model missing"):
        Codebook.load(tmp_path)
    (tmp_path / "codebook.yml").write_text((MODELS / "codebook.yml").read_text("utf-8"), "utf-8")
    with pytest.raises(ConfigError, match="no language file"):
        Languages.load(tmp_path)


def test_a_regional_tag_reads_its_base_language() -> None:
    assert LANGUAGES.get("en-GB") is LANGUAGES.by_code["en"]
    assert LANGUAGES.get("xx") is None


def test_a_language_that_extends_another_has_its_lists_before_its_own() -> None:
    malay, indonesian = LANGUAGES.by_code["ms"], LANGUAGES.by_code["id"]
    base = indonesian.terms["instrument"]["mou"]
    assert malay.terms["instrument"]["mou"][: len(base)] == base
    assert len(malay.terms["instrument"]["mou"]) > len(base)
    assert "Maret" not in malay.dates.months[3]
    assert malay.dates.rules[: len(indonesian.dates.rules)] == indonesian.dates.rules


def test_a_language_can_only_extend_one_that_stands_on_its_own(tmp_path: Path) -> None:
    folder = a_models_folder(tmp_path, **{"name: English": "name: English\nextends: id"})
    with pytest.raises(ConfigError, match="extends: 'id'"):
        Languages.load(folder)


def test_words_like_on_and_no_are_words_in_the_files() -> None:
    plain = yaml.safe_load("[on, no]")
    assert plain == [True, False]  # what YAML 1.1 would make of them
    english: Language = LANGUAGES.by_code["en"]
    assert "on" in english.dates.words
