"""The deployment files call commands that exist and stay within the folders that they name."""

from __future__ import annotations

import configparser
import fnmatch
import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.commands import COMMANDS
from pipeline.sources import load_sources

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "docs/how-to/deploy"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CALL = re.compile(r"bin/cityaccords (?:--workspace \S+ )?([a-z]+)")
NAMES = {name for name, _ in COMMANDS} | {"source"}
# What a `run:` line may begin with beside our own: programs of the runner.
SHELL = {"cp", "date", "git", "if", "ln", "sudo", "test"}


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text("utf-8"))
    return parser


def test_service_and_cron_line_call_commands_that_exist() -> None:
    for file in ("cityaccords.service", "crontab"):
        called = CALL.findall((DEPLOY / file).read_text("utf-8"))
        assert called, file
        assert set(called) <= NAMES, file


def test_the_service_may_write_where_a_run_writes_and_the_timer_makes_up_for_lost_nights() -> None:
    service = unit("cityaccords.service")["Service"]
    home = service["WorkingDirectory"]
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"].split() == [f"{home}/corpus", f"{home}/outputs"]
    assert unit("cityaccords.timer")["Timer"]["Persistent"] == "true"


def test_the_cron_line_has_five_fields_and_a_log() -> None:
    lines = (DEPLOY / "crontab").read_text("utf-8").splitlines()
    (line,) = [x for x in lines if not x.startswith("#")]
    assert re.match(r"\d+ \d+ \* \* \* cd /\S+ && ", line)
    assert line.endswith(">> refresh.log 2>&1")


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [(name, rest) for name, _, rest in (x.partition(" ") for x in joined.splitlines())]


def of(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def ignored(path: str) -> bool:
    """Tell whether .dockerignore keeps a path out: the last pattern that fits it decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        parts = Path(path).parts
        fits = any(
            fnmatch.fnmatch("/".join(parts[: n + 1]), pattern.removeprefix("**/"))
            for n in range(len(parts))
        )
        if fits or (pattern.startswith("**/") and pattern[3:] in parts):
            out = not line.startswith("!")
    return out


def test_the_image_has_all_that_a_run_reads_and_nothing_that_is_private() -> None:
    copied = [name for rest in of("COPY") for name in rest.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    for path in ("requirements.lock", "pyproject.toml", "pipeline/read.py", "models/codebook.yml"):
        assert path.split("/")[0] in copied and not ignored(path), path
    for path in ("corpus/sources/id/x.yml", "corpus/sample/gold/documents.jsonl"):
        assert not ignored(path), path
    for path in (
        "cityaccords.toml",
        ".git/config",
        "corpus/archive/a.warc.gz",
        "corpus/catalog.sqlite",
        "outputs/agreements/agreements.csv",
        "pipeline/__pycache__/read.pyc",
        "models/training/x.jsonl",
        ".venv/bin/python",
    ):
        assert ignored(path), path
    # What setuptools names must be there, or the install fails.
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for name in re.findall(r'(?:readme = |license-files = \[)"([^"]+)"', project):
        assert name in copied


def test_the_image_installs_wheels_by_hash_as_make_does() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    installs = [part for run in of("RUN") for part in run.split("&&") if "pip install" in part]
    assert len(installs) == 2
    for flags in (
        "--require-hashes --only-binary :all: -r requirements.lock",
        "--no-deps --no-index --no-build-isolation -e .",
    ):
        assert flags in makefile
        assert any(flags in part for part in installs)
    assert "pipe" not in of("ADD") and not of("ADD")
    assert not any(word in " ".join(of("RUN")) for word in ("curl", "wget", "sudo"))
    (base,) = of("FROM")
    assert re.fullmatch(r"python:3\.11-slim-\w+", base)


def test_the_container_runs_as_nobody_in_particular_and_its_commands_exist() -> None:
    order = [name for name, _ in instructions()]
    (user,) = of("USER")
    assert user != "root"
    assert f"useradd --system --uid 10001 {user}" in " ".join(of("RUN"))
    assert "RUN" not in order[order.index("USER") :]  # nothing is written as root afterwards
    (entry,), (usual,), (health,) = of("ENTRYPOINT"), of("CMD"), of("HEALTHCHECK")
    start = json.loads(entry)
    (volume,) = of("VOLUME")
    assert start == ["cityaccords", "--workspace", volume]
    assert set(json.loads(usual)) <= NAMES
    assert json.loads(health.partition("CMD ")[2]) == [*start, "doctor"]


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(request.param.read_text("utf-8"))
    return found


def steps(flow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in flow["jobs"].values() for step in job["steps"]]


def test_actions_are_pinned_and_permissions_small(workflow: dict[Any, Any]) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    for name in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name), name
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        assert job.get("permissions", {}).keys() <= {"contents"}
        assert 0 < job["timeout-minutes"] < 360  # the longest that a hosted runner may take
    assert workflow["concurrency"]["group"]
    for step in steps(workflow):  # no text of others reaches a shell
        assert "${{" not in step.get("run", "")


def test_every_line_of_a_workflow_calls_what_there_is(workflow: dict[Any, Any]) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lines = [
        part.strip(" {};")
        for step in steps(workflow)
        for line in step.get("run", "").splitlines()
        if not line.startswith("#")
        for part in re.split(r"&&|\|\||;", line)
    ]
    called = [shlex.split(line)[0] for line in lines if line]
    assert "make" in called
    assert set(called) - {"make", "then", "fi"} <= SHELL
    for line in lines:
        if line.startswith("make"):
            words = [w for w in line.split()[1:] if "=" not in w]
            assert set(words) <= targets, line


def test_two_refreshes_never_overlap_and_one_that_runs_is_not_cut_short() -> None:
    flow = yaml.safe_load((ROOT / ".github/workflows/refresh.yml").read_text("utf-8"))
    assert flow["concurrency"] == {"group": "refresh", "cancel-in-progress": False}
    events = flow[True]  # YAML 1.1 reads the key `on` so
    assert re.fullmatch(r"\d+ \d+ \* \* \*", events["schedule"][0]["cron"])
    assert "workflow_dispatch" in events


class Hub:
    """A repository on this machine, and the workflow's shell steps as a runner takes them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": str(root / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
        }
        (root / "gitconfig").write_text(
            "[user]\nname = t\nemail = t@example.org\n[init]\ndefaultBranch = main\n", "utf-8"
        )
        (root / "bin").mkdir()
        self.shell("git init --quiet --bare hub && git clone --quiet hub code 2>/dev/null")
        sources = root / "code/corpus/sources"
        sources.parent.mkdir(parents=True)
        sources.symlink_to(ROOT / "corpus/sources")
        self.shell("git add -A && git commit -qm code && git push -q origin HEAD", "code")

    def shell(self, script: str, folder: str = ".", *, fails: bool = False) -> str:
        done = subprocess.run(
            ["/bin/bash", "-e", "-c", script],
            cwd=self.root / folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout

    def make(self, script: str) -> None:
        """Play `make refresh`."""
        path = self.root / "bin/make"
        path.write_text(f"#!/bin/bash\nset -e\n{script}\n", "utf-8")
        path.chmod(0o755)

    def night(self, *, fails: bool = False) -> Path:
        """Take a new runner through the shell steps; return its checkout."""
        self.shell("rm -rf runner && git clone --quiet hub runner")
        self.shell("git clone --quiet --branch data ../hub workspace", "runner")
        flow = yaml.safe_load((ROOT / ".github/workflows/refresh.yml").read_text("utf-8"))
        for step in steps(flow):
            if step.get("name") == "Refresh":
                self.shell(step["run"], "runner", fails=fails)
            if step.get("name") == "Keep":
                self.shell(step["run"], "runner/workspace")
        return self.root / "runner"


PUBLISH = """cd workspace && test -e corpus/sources/id
mkdir -p corpus/archive corpus/documents corpus/judgements outputs/.releases/agreements/$NIGHT
echo page > corpus/archive/$NIGHT.warc.gz; echo x > corpus/documents/$NIGHT.parquet
echo $NIGHT >> corpus/judgements/agreements.csv; touch corpus/catalog.sqlite corpus/.lock
cd outputs/.releases/agreements/$NIGHT; echo id > agreements.csv; echo x > cityaccords.sqlite
ln -sfn .releases/agreements/$NIGHT ../../../agreements
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A repository whose branch `data` was made by the commands of the page."""
    found = Hub(tmp_path)
    page = (DEPLOY / "README.md").read_text("utf-8")
    (script,) = re.findall(r"```\n(git clone.*?)```", page, re.DOTALL)
    found.shell(script, "code")
    return found


def test_a_night_of_the_workflow_keeps_the_archive_and_uploads_what_it_published(hub: Hub) -> None:
    hub.make("NIGHT=one\n" + PUBLISH)
    runner = hub.night()
    assert (runner / "dataset/agreements.csv").read_text("utf-8") == "id\n"
    kept = set(hub.shell("git ls-tree -r --name-only data", "hub").splitlines())
    assert {"corpus/archive/one.warc.gz", "corpus/judgements/agreements.csv"} <= kept
    assert {"outputs/agreements", "outputs/.releases/agreements/one/agreements.csv"} <= kept
    assert not any(re.search(r"sqlite|parquet|\.lock", name) for name in kept)
    assert load_sources(runner / "workspace/corpus/sources")

    hub.make("NIGHT=two\n" + PUBLISH)
    hub.night()
    kept = set(hub.shell("git ls-tree -r --name-only data", "hub").splitlines())
    assert {"corpus/archive/one.warc.gz", "corpus/archive/two.warc.gz"} <= kept
    assert hub.shell("git show data:corpus/judgements/agreements.csv", "hub") == "one\ntwo\n"
    assert hub.shell("git rev-list --count data", "hub").strip() == "3"


def test_a_night_that_a_gate_refused_keeps_what_it_fetched_and_uploads_nothing(hub: Hub) -> None:
    hub.make("NIGHT=one\n" + PUBLISH)
    hub.night()
    hub.make("cd workspace; echo page > corpus/archive/two.warc.gz; exit 6")
    runner = hub.night(fails=True)
    assert not (runner / "dataset").exists()
    kept = set(hub.shell("git ls-tree -r --name-only data", "hub").splitlines())
    assert "corpus/archive/two.warc.gz" in kept
    assert hub.shell("git show data:outputs/agreements", "hub") == ".releases/agreements/one"


def test_a_night_on_which_nothing_happened_is_no_failure(hub: Hub) -> None:
    hub.make("true")
    hub.night()
    assert hub.shell("git rev-list --count data", "hub").strip() == "1"
