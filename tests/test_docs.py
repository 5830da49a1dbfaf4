"""Documentation that cannot drift: make targets, configuration keys, commands, columns."""

import re
from pathlib import Path

import pytest

from pipeline.commands import COMMANDS
from pipeline.config import Config

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
