"""Rules about what surrounds the code: wheel, pins, make targets, workflow, image, pages."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import containers
from exporter import __version__
from programs import require

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source tree without a network, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [archive] = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_holds_every_query_profile_dashboard_and_template(wheel: Path) -> None:
    source, packed = ROOT / "queries", wheel / "exporter/shipped/queries"
    for pattern in ("*/*.sql", "*/set.yaml"):
        assert {path.relative_to(packed) for path in packed.glob(pattern)} == {
            path.relative_to(source) for path in source.glob(pattern)
        }
    profiles = {path.name for path in (ROOT / "profiles").glob("*.yaml")}
    assert {path.name for path in (wheel / "exporter/shipped/profiles").iterdir()} == profiles
    dashboards = {path.name for path in (ROOT / "dashboards").glob("*.json")}
    assert {path.name for path in (wheel / "exporter/shipped/dashboards").glob("*.json")} == dashboards
    for folder in ("exporter/templates", "exporter/static", "exporter/help"):
        files = {path.name for path in (ROOT / folder).iterdir()}
        assert {path.name for path in (wheel / folder).iterdir()} == files


def test_an_image_is_built_from_all_that_the_wheel_is_made_of() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {"exporter", *build["targets"]["wheel"]["force-include"]} <= kept


def test_the_wheel_is_typed_licensed_and_has_the_command(wheel: Path) -> None:
    assert (wheel / "exporter/py.typed").exists()
    [metadata] = wheel.glob("*.dist-info")
    assert (metadata / "licenses/LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert "pg-oauth-exporter = exporter.__main__:main" in (metadata / "entry_points.txt").read_text()


def test_an_installed_wheel_finds_its_queries(wheel: Path, tmp_path: Path) -> None:
    script = "from exporter.catalog import shipped_directory; print(shipped_directory())"
    environment = {"PYTHONPATH": str(wheel)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert Path(done.stdout.strip()) == wheel / "exporter/shipped/queries", done.stderr


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("==") for line in lines)


def test_the_constraints_are_exact_versions_and_nothing_else() -> None:
    rule = re.compile(r"[a-z0-9-]+ [0-9][\w.]*")
    assert [item for item in pins().items() if not rule.fullmatch(" ".join(item))] == []


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = [Requirement(text) for text in (*PROJECT["dependencies"], *extras["demo"], *extras["dev"])]
    pinned = pins()
    assert [str(each) for each in wanted if pinned.get(each.name, "") not in each.specifier] == []


def test_the_newest_entry_of_the_changelog_is_unreleased_or_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] in {"Unreleased", __version__}


def recipe(target: str) -> str:
    """Return the commands of a make target."""
    text = (ROOT / "Makefile").read_text()
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    return found[1].replace("$(BIN)/", "").replace("\t", "")


@pytest.mark.parametrize("target", ["demo", "test", "check", "format", "bench", "clean", "help"])
def test_make_alone_explains_every_target(target: str) -> None:
    require("make")
    done = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(rf"^  make {target} +\S", done.stdout, re.MULTILINE)


def test_pre_commit_runs_nothing_but_what_make_check_runs() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in configuration["repos"] for hook in repository["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert [hook["entry"] for hook in hooks if hook["entry"] not in recipe("check")] == []


def test_the_workflow_runs_the_same_script_on_every_python_supported() -> None:
    [job] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()
    assert {"run": ".ci/run"} in job["steps"]
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert job["strategy"]["matrix"]["python"] == versions


def test_the_ci_script_is_executable_and_parses() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)


def test_the_image_does_not_run_as_root_and_says_when_it_is_ready() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    assert "/readyz" in text.split("HEALTHCHECK")[1]


@pytest.mark.slow
def test_the_image_builds_and_prints_its_version() -> None:
    if not containers.available():
        pytest.skip("no Docker engine answers")
    built = subprocess.run(
        ["docker", "build", "-q", "."], cwd=ROOT, capture_output=True, text=True, check=True
    )
    command = ["docker", "run", "--rm", built.stdout.strip(), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"pg-oauth-exporter {__version__}\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_to_a_file_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text)
    files = [link for link in links if "://" not in link]
    assert [link for link in files if not (page.parent / link).exists()] == []
