"""Documentation that cannot drift: make targets, configuration keys, commands, columns."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.commands import COMMANDS
from pipeline.config import Config
from pipeline.exporters.csvtext import encode
from pipeline.exporters.tables import ON_DEMAND, TABLES

ROOT = Path(__file__).resolve().parent.parent
TARGETS = """help setup demo ingest extract export refresh evaluate bench models lint types test
check clean""".split()


def makefile() -> str:
    return (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_is_there_and_documents_itself(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", makefile(), re.MULTILINE)


def test_clean_never_touches_what_cannot_be_made_again() -> None:
    recipe = makefile().split("\nclean:")[1]
    commands = [line for line in recipe.splitlines()[1:] if line.startswith("\t")]
    removed = " ".join(commands)
    assert commands
    for kept in ("archive", "judgements", "catalog", "outputs", "sources", "corpus "):
        assert kept not in removed


def test_every_configuration_key_is_documented_with_its_default_and_meaning() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    for section, holder in Config.model_fields.items():
        part = page.split(f"## [{section}]")[1].split("\n## ")[0]
        assert holder.annotation is not None
        for key, field in holder.annotation.model_fields.items():
            row = next(line for line in part.splitlines() if line.startswith(f"| `{key}` |"))
            assert str(field.description) in row
            default = row.split("|")[2].strip(" `").replace("_", "").strip('"')
            assert default == str(field.default).replace("_", "")


def test_the_readme_names_every_command_and_no_other() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    names = {name for name, _ in COMMANDS} | {"source"}
    for name in names:
        assert re.search(rf"`(cityaccords )?{name}\b", page), name
    assert set(re.findall(r"cityaccords (?:--\w+ \S+ )*([a-z]+)\b", page)) <= names


def test_relative_links_in_the_documentation_lead_somewhere() -> None:
    pages = list(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in link and not link.startswith("mailto:"):
                assert (page.parent / link).exists(), f"{page.name}: {link}"


# Where the commands of a page say what they read, and how R and Stata name a column there.
LANGUAGES = {
    "r": re.compile(r"a\$(\w+) <-|\(?a\$(\w+)"),
    "stata": re.compile(r"(?:substr\(|tabulate )(\w+)|tabulate \w+ (\w+)"),
}
STATA_OPTIONS = {"encoding", "varnames", "bindquote", "stringcols", "clear"}  # [D] import delimited


def example(page: str, language: str) -> str:
    """Return the only code block of a language on a page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    return str(found)


@pytest.mark.parametrize("page", ["README.md", "outputs/README.md"])
@pytest.mark.parametrize("language", ["r", "stata"])
def test_the_lines_for_r_and_stata_name_files_and_columns_that_exist(
    page: str, language: str
) -> None:
    code = example(page, language)
    assert len(code.splitlines()) == 3
    (path,) = re.findall(r'"([\w/]+/outputs/\w+/\w+\.csv|outputs/\w+/\w+\.csv)"', code)
    table = next(t for t in TABLES if t.file == Path(path).name)
    made = set(re.findall(r"a\$(\w+) <- as|generate (\w+) =", code))
    made_names = {name for pair in made for name in pair if name} - set(table.header)
    used = {name for pair in LANGUAGES[language].findall(code) for name in pair if name}
    assert used, code
    assert used - made_names <= set(table.header), used
    assert 'UTF-8"' in code or '"utf-8"' in code


def test_the_line_for_stata_has_documented_options_and_our_names_fit_stata() -> None:
    code = example("README.md", "stata").splitlines()[0]
    command, _, options = code.partition(", ")
    assert re.fullmatch(r'import delimited using "[\w/.]+"', command)
    assert set(re.findall(r"([a-z]+)(?:\([^)]*\))?", options)) >= {"clear"}
    assert {re.sub(r"\(.*", "", o) for o in options.split()} == STATA_OPTIONS
    for table in (*TABLES, *ON_DEMAND):
        for name in table.header:  # a longer name would be cut, a capital would be lost
            assert re.fullmatch(r"[a-z_][a-z0-9_]{0,31}", name), f"{table.file}: {name}"


def test_the_line_for_r_runs_where_r_is_installed(tmp_path: Path) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not on this machine (apt-get install r-base-core)")
    table = next(t for t in TABLES if t.name == "agreements")
    folder = tmp_path / "demo/outputs/agreements"
    folder.mkdir(parents=True)
    row = {"stage": "signed", "tier": "vetted", "first_date": "1985-07", "score": "0.5"}
    # What other settings would break: a quote, a line break, an NA that is none.
    row |= {"partner_name": 'Ōta "NA"\nCity, 1', "agreement_id": "CA-000001", "partner_kind": "NA"}
    cells = [[row.get(name, "") for name in table.header]]
    (folder / table.file).write_bytes(b"".join(encode(table.header, cells)))
    script = example("README.md", "r") + (
        'stopifnot(nrow(a) == 1, a$year == 1985L, a$score == 0.5, a$partner_kind == "NA")\n'
        "stopifnot(is.na(a$signed_date), nchar(a$partner_name) == 16)\n"
    )
    (tmp_path / "lines.R").write_text(script, "utf-8")
    done = subprocess.run(
        [rscript, "lines.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "signed" in done.stdout
