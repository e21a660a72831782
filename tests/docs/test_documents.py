"""What README, CONTRIBUTING and the decisions say is so."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_the_repository_resolves(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_dependency_stands_in_the_decisions_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=!~ ]", requirement)[0] for requirement in wanted}
    table = (ROOT / "docs/decisions/README.md").read_text().split("| --- |")[-1]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in re.sub(r"\(.*\)", "", row).split(",")}
    assert named == names


def test_every_command_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = set(re.findall(r"`goldloop (?!--)([a-z]+)", readme))
    assert {"run", "train", "score"} <= commands
    for command in sorted(commands):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, command


def test_every_recipe_the_documents_name_is_in_the_makefile() -> None:
    recipes = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci/run"]
    named = {
        recipe
        for page in pages
        for recipe in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert named <= recipes
    assert {"run", "test", "lint", "ui"} <= named


def test_the_lock_holds_every_package_to_a_hash_and_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([A-Za-z0-9_.\[\],-]+)==", lock, re.MULTILINE)
    assert len(pins) > 100
    blocks = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if block.strip())
    assert "://" not in lock
    assert "index-url" not in lock
