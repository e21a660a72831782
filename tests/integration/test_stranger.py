"""The engine on a dbt project that has never heard of the example business."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Run
from tests.stranger import write_day, write_stranger


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Path:
    """A stranger's project after its first run."""
    project = write_stranger(tmp_path_factory.mktemp("stranger") / 'a "project" é')
    done = goldloop("run", project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def current(project: Path) -> duckdb.DuckDBPyConnection:
    path = project / "warehouse" / "current" / "warehouse.duckdb"
    return duckdb.connect(str(path.resolve()), read_only=True)


def test_a_strangers_project_runs_the_whole_loop(ran: Path) -> None:
    with current(ran) as connection:
        visits, predictions, marts = connection.execute(
            "select (select count(*) from landing.web__visits), "
            "(select count(*) from predictions.purchase), "
            "(select sum(visits) from main_gold.visit_mart)"
        ).fetchall()[0]
    assert (visits, predictions, marts) == (600, 600, 600)


def test_each_prediction_names_the_version_and_the_run_that_made_it(ran: Path) -> None:
    release = json.loads((ran / "warehouse" / "current" / "release.json").read_text())
    with current(ran) as connection:
        made = connection.execute(
            "select distinct model_name, model_version, run_id from predictions.purchase"
        ).fetchall()
        trained = connection.execute("select run_id from ml.model_versions").fetchall()
    assert made == [("purchase", 1, release["run"])]
    assert trained == [(release["run"],)]


def test_models_are_listed_as_a_table_and_as_json(ran: Path, goldloop: Run) -> None:
    listed = goldloop("models", "--json", project=ran)
    assert listed.returncode == 0
    [version] = json.loads(listed.stdout)
    assert (version["model"], version["status"]) == ("purchase", "champion")
    assert version["metrics"]["roc_auc"] > 0.6
    shown = goldloop("models", "show", "purchase", project=ran)
    assert "purchase@1, champion" in shown.stdout
    assert "roc_auc" in shown.stdout


@pytest.mark.long
def test_a_second_run_takes_in_the_new_day_and_leaves_the_rest(ran: Path, goldloop: Run) -> None:
    write_day(ran, date(2025, 1, 31))
    before = (ran / "warehouse" / "current").readlink()
    done = goldloop("ingest", project=ran)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ran / "warehouse" / "current").readlink() != before
    with current(ran) as connection:
        rows = connection.execute(
            "select count(*), count(distinct _loaded_at) from landing.web__visits"
        ).fetchall()
    assert rows == [(620, 2)]


@pytest.mark.long
def test_training_and_scoring_can_be_run_by_themselves(ran: Path, goldloop: Run) -> None:
    declared = ran / "models" / "purchase.yml"
    manual = "champion: {rule: manual}\n            success:"
    declared.write_text(declared.read_text().replace("success:", manual))
    trained = goldloop("train", "purchase", project=ran)
    assert trained.returncode == 0, trained.stdout + trained.stderr
    scored = goldloop("score", project=ran)
    assert scored.returncode == 0, scored.stdout + scored.stderr
    with current(ran) as connection:
        keys = "visit_id, as_of_date, model_version"
        total, distinct = connection.execute(
            f"select count(*), count(distinct ({keys})) from predictions.purchase"
        ).fetchall()[0]
    assert total == distinct
    assert "purchase" in scored.stdout
    # Training by hand only, the new version waits: it scores where nobody reads.
    assert "the problem card of purchase was changed" in trained.stdout
    with current(ran) as connection:
        told, shadow = (
            connection.execute(f"select distinct model_version from {schema}.purchase").fetchall()
            for schema in ("predictions", "shadow")
        )
    assert (told, shadow) == ([(1,)], [(2,)])


def test_runs_from_the_command_line_are_runs_of_the_dagster_instance(ran: Path) -> None:
    runs = ran / "warehouse" / "dagster" / "history" / "runs.db"
    import sqlite3

    with sqlite3.connect(runs) as history:
        found = history.execute("select pipeline_name, status from runs").fetchall()
    assert ("loop", "SUCCESS") in found


def test_lineage_goes_from_the_mart_through_the_model_to_the_landed_column(
    ran: Path, goldloop: Run
) -> None:
    up = goldloop("lineage", "main_gold.visit_mart.expected_share", project=ran)
    assert up.returncode == 0, up.stderr
    for words in ("through ml.purchase (purchase@", "is_bought", "(100.0%)"):
        assert words in up.stdout
    down = goldloop("lineage", "landing.web__visits.pages", "--down", "--json", project=ran)
    reached = {(step["to"], step["kind"]) for step in json.loads(down.stdout)["down"]}
    assert {("predictions.purchase.score", "scored"), ("ml.purchase.version", "learnt"),
            ("main_gold.visit_mart.expected_share", "value")} <= reached  # fmt: skip
    wrong = goldloop("lineage", "main_gold.visit_mart.expected_shar", project=ran)
    assert wrong.returncode == 2
    assert "expected_share" in wrong.stderr
