"""A sandbox over a release of a stranger's project, with dbt and both kinds of models."""

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dataops.manifest import Manifest
from dataops.sandbox import Sandboxes
from dataops.warehouse import Release
from ml.errors import PipelineError, UsageError
from orchestration.project import Project
from orchestration.sandbox.build import Mode
from orchestration.sandbox.commands import build
from orchestration.sandbox.contracts import require_kept, verify_built
from tests.integration.sandbox.by_hand import Command, command_line, published
from tests.stranger import EXPOSURE, FEATURES, write_stranger

pytestmark = pytest.mark.long


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


CONTRACT = """
dataset: warehouse/main_gold/visit_features
check_attributes: {owner: web, severity: block, key: [visit_id]}
checks:
  - row_count: {threshold: {must_be_greater_than: 100}}
  - freshness: {column: visit_date, threshold: {unit: day, must_be_less_than: 100000}}
columns:
  - name: pages
    checks:
      - invalid: {valid_min: 4, name: pages read}
  - name: channel
    checks:
      - invalid: {valid_values: [search, mail, direct]}
"""


def test_a_change_is_built_with_the_models_it_reaches_and_the_release_keeps_its_bytes(
    made: tuple[Project, Release, str], call: Command
) -> None:
    project, release, digest = made
    told = call("sandbox", "create", "mine")
    assert f"sandbox mine reads release {release.id}" in told
    assert "masked: landing.web__visits.channel, main_gold.visit_features.channel" in told
    with pytest.raises(PipelineError, match="nothing was built in sandbox 'mine' yet"):
        call("sandbox", "diff", "mine")
    # The features change; the training set and the mart's SQL do not.
    write(project, "visit_features.sql", FEATURES.rstrip() + "\nwhere pages > 2\n")
    contract = project.folder / "contracts" / "main_gold" / "visit_features.yml"
    contract.parent.mkdir(parents=True)
    contract.write_text(CONTRACT.lstrip(), encoding="utf-8")
    told = call("sandbox", "build", "mine")
    # The masked column is not judged.
    assert "contracts: 2 of 3 checks passed" in told
    assert "would block main_gold.visit_features contract_invalid_pages (web): pages read:" in told
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


def test_what_was_built_and_breaks_its_contract_fails_ci(
    made: tuple[Project, Release, str],
) -> None:
    project, _, _ = made
    sandbox = Sandboxes(project.warehouse).find("mine")
    manifest = Manifest.read(sandbox.target / "manifest.json")
    built = ["model.stranger.visit_features", "exposure.stranger.purchase"]
    results = verify_built(project, sandbox, manifest, built)
    with pytest.raises(PipelineError, match=r"visit_features contract_invalid_pages \(web\)"):
        require_kept(results)
    require_kept([each for each in results if each.outcome == "passed"])
    assert verify_built(project, sandbox, manifest, ["model.stranger.visit_mart"]) == []
    assert verify_built(project, replace(sandbox, sample="5%"), manifest, built) == []


@pytest.mark.soak
def test_what_does_not_build_and_what_does_not_hold_is_named(
    made: tuple[Project, Release, str], call: Command
) -> None:
    project, _, _ = made
    write(project, "visit_features.sql", FEATURES.replace("channel", "chanel"))
    test = "select * from {{ ref('visit_training') }} where pages > 1\n"
    (project.folder / "tests").mkdir()
    (project.folder / "tests" / "few_pages.sql").write_text(test, encoding="utf-8")
    with pytest.raises(PipelineError) as raised:
        call("sandbox", "build", "mine", "--select", "state:modified")
    assert "model.stranger.visit_features: Runtime Error" in str(raised.value)
    assert "test.stranger.few_pages: Got 5" in str(raised.value)
    assert "visit_mart" not in str(raised.value)
    shutil.rmtree(project.folder / "tests")
    write(project, "visit_features.sql", FEATURES)


@pytest.mark.soak
def test_a_version_that_misses_its_criteria_fails_where_gates_are_in_force(
    made: tuple[Project, Release, str],
) -> None:
    project, _, _ = made
    write(project, "purchase.yml", EXPOSURE.replace("at_least: 0.6", "at_least: 0.9999"))
    sandbox = Sandboxes(project.warehouse).find("mine")
    with pytest.raises(PipelineError, match=r"purchase@\d, .* is rejected: roc_auc is 0"):
        build(project, sandbox, "exposure:*", Mode(strict=True))
    write(project, "purchase.yml", EXPOSURE)


def test_sandboxes_are_listed_and_dropped(
    made: tuple[Project, Release, str], call: Command
) -> None:
    assert [each["name"] for each in json.loads(call("sandbox", "list", "--json"))] == ["mine"]
    folder = made[0].home / "sandboxes" / "mine"
    shown = subprocess.run(
        ["sh", "-c", '. "$0" && printf %s "$DBT_STATE $DBT_DEFER"', folder / "env"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == f"{folder / 'state'} true"
    call("sandbox", "drop", "mine")
    assert not folder.exists()
    assert json.loads(call("sandbox", "list", "--json")) == []


def test_a_feature_that_the_model_needs_and_is_dropped_fails_ci_which_leaves_no_sandbox(
    made: tuple[Project, Release, str], call: Command
) -> None:
    project, release, digest = made
    write(project, "visit_features.sql", FEATURES.replace("pages, ", ""))
    with pytest.raises(PipelineError, match="feature 'pages' of purchase@1 is not a column"):
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
    project = Project(write_stranger(tmp_path, days=1), tmp_path / "warehouse", tmp_path)
    with pytest.raises(PipelineError, match="no release yet.* — type: goldloop run"):
        command_line(project, monkeypatch)(*command)
    assert not (tmp_path / "warehouse" / "sandboxes").exists()
