"""The commands about ML models as a person types them, on a project that needs no dbt for them."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataops.warehouse import Warehouse
from ml.errors import GoldloopError, PipelineError, UsageError
from orchestration.cli.main import app
from tests.unit.ml.world import NOW, small_world

BETTER = {"problem.champion": {"rule": "better"}, "evaluate": {"segments": ["d"]}}
POOR = {"estimator.params": {"max_iter": 1, "max_leaf_nodes": 2}}


def call(project: Path, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": "250"}).invoke(app, ["--project-dir", str(project), *words])
    if result.exception:
        raise result.exception
    return result.output


def models(project: Path, *words: str) -> str:
    return call(project, "models", *words)


MANIFEST = '{"metadata": {}, "nodes": {}, "sources": {}, "exposures": {}}'


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in which model@1 is retired, 2 champion, 3 rejected, 4 challenger."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "dbt_project.yml").write_text("name: p\n")
    warehouse = Warehouse(folder / "warehouse")
    candidate = warehouse.open("run-1")
    with warehouse.connect() as connection:
        world = small_world(connection)
        world.train({"estimator.seed": 1})
        world.train({"estimator.seed": 2})
        world.train(POOR)
        made = world.train(BETTER | {"estimator.seed": 3})
        assert (made.version, made.status) == (4, "challenger")
    (candidate.folder / "manifest.json").write_text(MANIFEST)
    facts = {"code_version": "abc", "models": {"model": 2}, "checks": {"passed": 5}}
    candidate.publish(facts, NOW)
    return folder


@pytest.fixture
def project(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "p", symlinks=True)
    return tmp_path / "p"


def altered(project: Path, sql: str) -> None:
    """Publish a release that ``sql`` has changed."""
    candidate = (warehouse := Warehouse(project / "warehouse")).open("run-x")
    with warehouse.connect() as connection:
        connection.execute(sql)
    candidate.publish({"models": {"model": 2}}, NOW + timedelta(minutes=1))


def statuses(project: Path) -> dict[int, str]:
    return {each["version"]: each["status"] for each in json.loads(models(project, "--json"))}


def test_every_version_is_listed(published: Path) -> None:
    assert models(published) == models(published, "list")
    for shown in ("champion", "challenger", "rejected", "retired", "worse than model@2"):
        assert shown in models(published)
    assert models(published, "--json") == models(published, "list", "--json")
    assert statuses(published) == {4: "challenger", 3: "rejected", 2: "champion", 1: "retired"}


def test_a_version_is_shown_with_all_that_is_known_of_it(published: Path) -> None:
    page = models(published, "show", "model@4")
    for shown in (
        "model@4, challenger (not better than model@2",
        "question: will it",
        "criteria: roc_auc at least 0.6",
        "gain over model@2",
        "d=true",
        "what shuffling a feature costs in roc_auc",
        "roc of true",
        "calibration of true",
        "told true",
        "model@2 took its place",
    ):
        assert shown in page, shown
    assert "the problem card of model was changed" in page
    assert "model@2, champion" in models(published, "show", "model")


def test_the_json_of_a_version_is_what_the_tables_have(published: Path) -> None:
    document = json.loads(models(published, "show", "model@4", "--json"))
    with Warehouse(published / "warehouse").read() as connection:
        for table in ("evaluations", "comparisons", "importances", "curves", "confusion"):
            rows = connection.execute(f"select count(*) from ml.{table} where version = 4")
            assert len(document[table]) == rows.fetchone()[0] > 0, table
    assert len(document["decisions"]) == 5
    assert document["problem_cards"][-1]["changed"] == {"champion.rule": ["not_worse", "better"]}
    assert document["warnings"]
    assert document["spec"]["train"]["on"] == "trn"


def test_a_regression_is_shown_with_its_residuals(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: p\n")
    warehouse = Warehouse(tmp_path / "warehouse")
    candidate = warehouse.open("run-1")
    with warehouse.connect() as connection:
        world = small_world(connection)
        connection.execute("update gold.trn set b = 40 where b is null")
        changes = {"problem.success": [{"metric": "rmse", "at_most": 100}], "train.label": "b"}
        world.train(changes)
    candidate.publish({}, NOW)
    assert "truth less told" in models(tmp_path, "show", "model")
    with Warehouse(tmp_path / "warehouse").read() as connection:
        assert connection.execute("select count(*) from ml.residuals").fetchone() == (10,)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "modle"), "no ML model 'modle' has a version; there are: model"),
        (("show", "model@9"), "there are: model@4 (challenger), model@3 (rejected), model@2"),
        (("show", "model@x"), "allowed: NAME@7"),
        (("compare", "model@4", "model@4"), "two versions of one ML model"),
        (("promote", "model@2"), "model@2 is the champion already"),
        (("promote", "model@3"), "promoting it needs a reason"),
        (("promote", "model@9", "--why", "x"), "'model@9' is no version"),
        (("retire", "model"), "'model' names no version"),
        (("retire", "model@1"), "model@1 is retired and does not score"),
        (("rollback", "modle"), "no ML model 'modle'"),
    ],
)
def test_wrong_use_says_what_there_is_and_changes_nothing(
    project: Path, words: tuple[str, ...], told: str
) -> None:
    before = Warehouse(project / "warehouse").release
    with pytest.raises(UsageError) as met:
        models(project, *words)
    assert told in str(met.value)
    assert met.value.exit_code == 2
    assert Warehouse(project / "warehouse").release == before
    assert list((project / "warehouse" / "candidates").glob("*")) == []


def test_a_promotion_is_a_release_that_differs_by_nothing_else(project: Path) -> None:
    warehouse = Warehouse(project / "warehouse")
    before = warehouse.current_release()
    output = models(project, "promote", "model")  # the challenger
    assert "model@4 is champion" in output
    assert "next: goldloop score model" in output
    after = warehouse.current_release()
    assert before
    assert after
    assert after.parent == before.id
    assert (after.models, after.checks, after.code_version) == ({"model": 4}, {"passed": 5}, "abc")
    assert after.manifest.read_text() == MANIFEST
    changed = {name for name in after.rows if after.rows[name] != before.rows.get(name)}
    assert changed == {"ml.decisions"}
    assert statuses(project) == {4: "champion", 3: "rejected", 2: "retired", 1: "retired"}


def test_a_promotion_is_told_to_the_ledger_and_to_the_decisions(project: Path) -> None:
    models(project, "promote", "model@3", "--why", "the others are late")
    warehouse = Warehouse(project / "warehouse")
    release = warehouse.current_release()
    assert release
    [event] = warehouse.ledger.events(kind="model")
    assert (event.outcome, event.name, event.message) == (
        "promoted", "model@3", "the others are late",
    )  # fmt: skip
    assert (event.run, event.release) == (release.run, release.id)
    outcomes = [each.outcome for each in warehouse.ledger.events(kind="run", run=release.run)]
    assert outcomes == ["started", "succeeded"]
    [*_, last] = json.loads(models(project, "show", "model", "--json"))["decisions"]
    assert (last["version"], last["action"], last["reason"], last["run_id"]) == (
        3, "promote", "the others are late", release.run,
    )  # fmt: skip
    assert last["by"] not in ("", "criteria")


def test_rollback_and_retire(project: Path) -> None:
    assert "model@1 is champion" in models(project, "rollback", "model", "--why", "it drifts")
    with pytest.raises(UsageError, match="was champion before model@1"):
        models(project, "rollback", "model")
    output = models(project, "retire", "model@1")
    assert "no version of model is champion now" in output
    assert Warehouse(project / "warehouse").current_release().models == {}
    assert statuses(project)[4] == "challenger"


def test_a_version_that_cannot_be_read_is_not_promoted(project: Path) -> None:
    altered(project, "update ml.model_versions set artifact = 'x'::blob where version = 4")
    with pytest.raises(GoldloopError, match="was changed after it was made"):
        models(project, "promote", "model@4")
    [event] = [
        each
        for each in Warehouse(project / "warehouse").ledger.events(kind="run")
        if each.outcome == "failed"
    ]
    assert "was changed after it was made" in event.message


def test_a_run_at_work_is_not_disturbed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLDLOOP_WAIT_MINUTES", "0")
    held = Warehouse(project / "warehouse").open("run-2")
    with pytest.raises(PipelineError, match="in use by run run-2"):
        models(project, "promote", "model@4")
    held.discard()


def test_two_versions_are_compared_on_the_rows_the_newer_one_held_out(published: Path) -> None:
    document = json.loads(models(published, "compare", "model@2", "model@3", "--json"))
    assert (document["newer"], document["older"], document["rows"]) == ("model@3", "model@2", 120)
    with Warehouse(published / "warehouse").read() as connection:
        recorded = connection.execute(
            "select difference, low, high from ml.comparisons "
            "where version = 3 and against = 'model@2' and metric = 'roc_auc'"
        ).fetchone()
    assert tuple(document["metrics"]["roc_auc"]["gain"].values()) == pytest.approx(recorded)
    page = models(published, "compare", "model@3", "model@2")
    assert "on 120 rows" in page
    assert "gain of model@3" in page


def test_a_training_table_that_has_grown_is_asked_about_since_then(project: Path) -> None:
    altered(
        project,
        "insert into gold.trn select id || 'x', * exclude (id) replace (day + 7 as day) "
        "from gold.trn where day = '2025-03-05'",
    )
    document = json.loads(models(project, "compare", "model@2", "model@3", "--json"))
    assert document["rows"] == 180
    assert "gold.trn has changed" in document["note"]


def test_without_the_training_table_what_was_recorded_is_told(project: Path) -> None:
    altered(project, "drop table gold.trn")
    document = json.loads(models(project, "compare", "model@2", "model@3", "--json"))
    assert document["rows"] is None
    assert document["note"].startswith("as recorded when each was judged")
    assert document["metrics"]["roc_auc"]["gain"]["value"] < 0
    document = json.loads(models(project, "compare", "model@1", "model@3", "--json"))
    assert document["metrics"]["roc_auc"]["gain"]["value"] is None
    assert document["metrics"]["roc_auc"]["model@1"] > 0.6
