"""A sandbox over a release of a stranger's project, with dbt and both kinds of models."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from dataops.warehouse import Release
from ml.errors import PipelineError, UsageError
from orchestration.project import Project
from tests.integration.sandbox.by_hand import Command, command_line, published
from tests.stranger import FEATURES, SOURCES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Release, str]:
    """The project, its release, and the sha256 of the release's file."""
    project, release = published(tmp_path_factory.mktemp("sandbox") / 'a "project" é')
    return project, release, hashlib.sha256(release.file.read_bytes()).hexdigest()


@pytest.fixture
def call(made: tuple[Project, Release, str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return command_line(made[0], monkeypatch)


def write(project: Project, name: str, text: str) -> None:
    (project.folder / "models" / name).write_text(text.lstrip(), encoding="utf-8")


def test_a_change_is_built_with_the_models_it_reaches_and_the_release_keeps_its_bytes(
    made: tuple[Project, Release, str], call: Command
) -> None:
    project, release, digest = made
    marked = "{name: channel, data_type: varchar, config: {meta: {pii: true}}}"
    write(project, "sources.yml", SOURCES.replace("{name: channel, data_type: varchar}", marked))
    told = call("sandbox", "create", "mine")
    assert f"sandbox mine reads release {release.id}" in told
    assert "masked: landing.web__visits.channel, main_gold.visit_features.channel" in told
    # The features change; the training set and the mart's SQL do not.
    write(project, "visit_features.sql", FEATURES.rstrip() + "\nwhere pages > 2\n")
    told = call("sandbox", "build", "mine")
    assert "dbt: 2 success" in told
    assert "purchase@2" in told
    difference = json.loads(call("sandbox", "diff", "mine", "--json"))
    found = {table["relation"]: table for table in difference["tables"]}
    assert found["main_gold.visit_features"]["removed"] > 0
    assert found["predictions.purchase"]["removed"] > 0
    assert "main_gold.visit_mart" in found
    assert "main_gold.visit_training" not in found
    assert [model["model"] for model in difference["models"]] == ["purchase"]
    assert {"search", "mail", "direct"}.isdisjoint(json.dumps(difference).split('"'))
    assert hashlib.sha256(release.file.read_bytes()).hexdigest() == digest


def test_sandboxes_are_listed_and_dropped(
    made: tuple[Project, Release, str], call: Command
) -> None:
    assert [each["name"] for each in json.loads(call("sandbox", "list", "--json"))] == ["mine"]
    folder = made[0].home / "sandboxes" / "mine"
    shown = subprocess.run(
        ["sh", "-c", '. "$0" && printf %s "$DBT_STATE $DBT_DEFER $DBT_TARGET_PATH"', folder / "env"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == f"{folder / 'state'} true {folder / 'target'}"
    call("sandbox", "drop", "mine")
    assert not folder.exists()
    assert json.loads(call("sandbox", "list", "--json")) == []


def test_a_change_that_does_not_build_fails_ci_and_leaves_no_sandbox(
    made: tuple[Project, Release, str], call: Command
) -> None:
    project, release, digest = made
    write(project, "visit_features.sql", FEATURES.replace("channel", "chanel"))
    with pytest.raises(PipelineError, match="visit_features: .*chanel"):
        call("ci")
    assert json.loads(call("sandbox", "list", "--json")) == []
    assert hashlib.sha256(release.file.read_bytes()).hexdigest() == digest
    told = [(e.name, e.outcome) for e in project.warehouse.ledger.events(kind="sandbox")]
    assert told[-3:] == [("_ci", "created"), ("_ci", "failed"), ("_ci", "dropped")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sandbox", "create", "No Name"), "cannot name a sandbox"),
        (("sandbox", "create", "_ci"), "is what goldloop ci uses"),
        (("sandbox", "create", "x", "--sample", "lots"), "no part of a release"),
        (("sandbox", "create", "x", "--by", "visit_id"), "--by without --sample"),
        (("sandbox", "build", "absent"), "there is no sandbox 'absent'"),
        (("sandbox", "diff", "absent"), "there is no sandbox 'absent'"),
    ],
)
def test_wrong_use_says_what_is_allowed(
    arguments: tuple[str, ...], said: str, call: Command
) -> None:
    with pytest.raises(UsageError, match=said):
        call(*arguments)


@pytest.mark.parametrize("command", [("ci",), ("sandbox", "create", "mine")])
def test_without_a_release_it_is_said_what_makes_one(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.stranger import write_stranger

    project = Project(write_stranger(tmp_path, days=1), tmp_path / "warehouse", tmp_path)
    with pytest.raises(PipelineError, match="no release yet.* — type: goldloop run"):
        command_line(project, monkeypatch)(*command)
    assert not (tmp_path / "warehouse" / "sandboxes").exists()
