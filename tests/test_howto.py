"""The how-tos are true: what a page tells the reader to write is taken from it and tried."""

import csv
import json
import re
import textwrap
from datetime import date
from pathlib import Path

import pytest

from pipeline.codebook import Codebook, Languages
from pipeline.paths import Workspace
from pipeline.sources import FetchEntry, ReadHints, Source, read_source
from pipeline.taggers.terms import TermMatcher, patterns_of
from tests.conftest import ROOT, Command

HOWTO = ROOT / "docs" / "how-to"
# Texts of our own writing in which the sector of the how-to is named, a record in each.
SPACE = (
    {
        "doc_id": "en",
        "text": "The City of Leeds signed a memorandum of understanding with the city of Durban, "
        "South Africa, on 10 May 2019. The agreement covers space technology: the two cities will "
        "train engineers at a spaceport.",
        "published": "2019-05-12",
        "language": "en",
    },
    {
        "doc_id": "id",
        "text": "BIAK - Pemerintah Kabupaten Biak Numfor dan Pemerintah Kota Toulouse, Prancis, "
        "menandatangani nota kesepahaman di Biak, Senin (3/6/2019). Kerja sama itu mencakup riset "
        "antariksa dan pengelolaan bandar antariksa.",
        "published": "2019-06-04",
        "language": "id",
    },
)


def block(page: str, number: int = 0, language: str = "yaml") -> str:
    """Return a code block of a how-to, without the indentation of its list item."""
    text = (HOWTO / page).read_text("utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    indent, body = found[number]
    return "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))


def add_category(checkout: Path, entry: str, before: str) -> None:
    """Write a category into the codebook of a checkout, as the how-to says."""
    path = checkout / "models" / "codebook.yml"
    text = path.read_text("utf-8")
    assert text.count(f"      {before}:") == 1, f"`before {before}` is no longer a unique place"
    text = text.replace(f"      {before}:", f"{indented(entry)}      {before}:")
    path.write_text(text, "utf-8")


def indented(entry: str) -> str:
    """Return an entry at the depth of a category."""
    return textwrap.indent(textwrap.dedent(entry), " " * 6)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.slow
def test_a_sector_added_to_the_codebook_reaches_every_file_without_code(
    checkout: Path, command: Command, tmp_path: Path
) -> None:
    add_category(checkout, block("add-a-sector.md"), "other")
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(d) + "\n" for d in SPACE), "utf-8")
    here = ("--workspace", str(tmp_path / "study"), "--engine", "serial")
    for step in (("ingest", "--documents", str(corpus)), ("extract",), ("export", "--annotations")):
        done = command(*here, *step, checkout=checkout)
        assert done.returncode == 0, done.stderr
    out = tmp_path / "study" / "outputs" / "agreements"

    tagged = {r["text"] for r in rows(out / "annotations.csv") if r["label"] == "space"}
    assert tagged == {"space technology", "spaceport", "riset antariksa", "bandar antariksa"}
    coded = [r for r in rows(out / "codings.csv") if r["category"] == "space"]
    assert {(r["dimension"], r["coder"]) for r in coded} == {("sector", "rules.v1")}
    assert len({r["doc_id"] for r in coded}) == len(SPACE)
    mentions = {r["mention_id"] for r in rows(out / "mentions.csv")}
    of_space = [r for r in rows(out / "mention_sectors.csv") if r["sector"] == "space"]
    assert mentions == {r["mention_id"] for r in of_space}
    cells = [r for r in rows(out / "evidence.csv") if r["record_type"] == "mention"]
    proven = {r["record_id"] for r in cells if r["field"] == "sectors" and "space" in r["value"]}
    assert proven == mentions
    assert "| `space` | Space *(ext)* |" in (out / "codebook.md").read_text("utf-8")
    assert '"space"' in (out / "datapackage.json").read_text("utf-8")
    assert command(*here, "validate", checkout=checkout).returncode == 0


def test_the_source_of_the_how_to_is_valid_and_a_wrong_key_is_named(
    command: Command, tmp_path: Path
) -> None:
    here = ("--workspace", str(tmp_path), "source", "check")
    path = Workspace(tmp_path).sources / "se" / "umea-press.yml"
    path.parent.mkdir(parents=True)
    path.write_text(block("add-a-source.md"), "utf-8")
    done = command(*here, "umea-press")
    assert done.returncode == 0, done.stderr
    assert "Umeå press releases (SE), 1 fetch entries" in done.stdout
    path.write_text(block("add-a-source.md").replace("tdm:", "tmd:"), "utf-8")
    done = command(*here)
    assert done.returncode == 4
    assert re.search(r"umea-press\.yml:\d+: tmd: unknown key", done.stderr)


def test_the_source_of_the_how_to_needs_every_key_that_the_page_calls_needed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "umea-press.yml"
    path.write_text(block("add-a-source.md"), "utf-8")
    source = read_source(path)
    needed = {name for name, field in Source.model_fields.items() if field.is_required()}
    page = (HOWTO / "add-a-source.md").read_text("utf-8")
    said = {
        key
        for line in page.splitlines()
        if line.startswith("| `") and line.split("|")[2].strip() == "needed"
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert said == needed <= source.model_fields_set


def test_the_page_on_sources_names_every_key() -> None:
    page = (HOWTO / "add-a-source.md").read_text("utf-8")
    for name in {*Source.model_fields, *FetchEntry.model_fields} - {"query", "method"}:
        assert re.search(rf"`(\w+\.)?{name}", page), name
    assert ReadHints.model_fields  # the page says that `read` is accepted and not used
    for method in ("feed", "sitemap", "listing", "wordpress", "gdelt", "commoncrawl", "wayback"):
        assert f"`{method}`" in page


def test_the_instrument_of_the_how_to_is_tagged(checkout: Path) -> None:
    add_category(checkout, block("add-an-instrument.md"), "unspecified")
    models = checkout / "models"
    codebook, languages = Codebook.load(models), Languages.load(models)
    texts = {"en": "They signed a joint roadmap.", "id": "Peta jalan bersama diteken."}
    for code, text in texts.items():
        hits = TermMatcher(patterns_of([languages.by_code[code]], codebook)).find(text)
        assert "roadmap" in {h.label for h in hits}, code


def test_the_language_of_the_how_to_can_be_read_and_finds_what_it_lists(checkout: Path) -> None:
    from pipeline.dates import DateFinder

    models = checkout / "models"
    (models / "languages" / "sv.yml").write_text(block("add-a-language.md"), "utf-8")
    swedish = Languages.load(models).by_code["sv"]
    matcher = TermMatcher(patterns_of([swedish], Codebook.load(models)))
    text = "Umeå kommun överväger ett vänortsavtal med Würzburg. Inget är undertecknat."
    assert {h.label for h in matcher.find(text)} >= {
        "sister_city_agreement",
        "stage.exploring",
        "stage.signed",
        "modality.denied",
    }
    text = "De blev vänorter den 3 juni 1989 och träffades i går och i maj 2012, inte i måndags."
    found = DateFinder(swedish.dates, "sv").find(text, date(2019, 3, 13))
    assert [d.value for d in found] == ["1989-06-03", "2019-03-12", "2012-05", "2019-03-11"]


def test_the_card_of_the_classifiers_has_the_figures_of_the_models() -> None:
    folder = ROOT / "models" / "classifiers"
    figures = json.loads((folder / "figures.json").read_text("utf-8"))
    table = [
        f"| `{name}` | {f['positives']} | {f['rules_f1']:.2f} | {f['linear_f1']:.2f} "
        f"| {f['coder']} |"
        for name, f in figures.items()
    ]
    card = (folder / "README.md").read_text("utf-8").splitlines()
    shown = [line for line in card if re.match(r"\| `\w+\.\w+` \|", line)]
    assert shown == table, "trained again? The table must read:\n" + "\n".join(table)
