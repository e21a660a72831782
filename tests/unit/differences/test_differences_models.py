"""What is told of ML models and of what they predict."""

import duckdb

from dataops.differences import Metric, MetricDifference, VersionDifference
from ml.relation import Relation
from ml.tables import create_tables
from tests.unit.differences.told import Compared, table

CHURN = Relation("predictions", "churn")
KEYS = {CHURN: ("id", "as_of_date", "model_version")}
PREDICTIONS = (
    "create schema if not exists predictions; create table predictions.churn (id integer, "
    "as_of_date date, prediction boolean, score double, model_name varchar, model_version integer, "
    "run_id varchar, scored_at timestamp); "
)


def registry(*versions: tuple[int, str, float | None]) -> str:
    """SQL of a registry with versions of one model: number, status, its metric."""
    with duckdb.connect() as connection:
        create_tables(connection)
        script = "; ".join(
            row[0]
            for row in connection.execute(
                "select sql from duckdb_tables() where schema_name = 'ml'"
            ).fetchall()
        )
    rows = "".join(
        f"insert into ml.model_versions (model, version, status) values ('churn', {v}, '{s}'); "
        "insert into ml.evaluations (model, version, data, segment, metric, value, low, high) "
        f"values ('churn', {v}, 'test', 'all', 'roc_auc', "
        f"{m or 'null'}, {m or 'null'} - 0.125, {m or 'null'} + 0.125), "
        f"('churn', {v}, 'train', 'all', 'roc_auc', random(), null, null); "
        for v, s, m in versions
    )
    return f"create schema ml; {script}; {rows}"


def told(version: int, score: float, run: str, ids: int = 2) -> str:
    return (
        f"insert into predictions.churn select i, date '2025-01-01', true, {score}, 'churn', "
        f"{version}, '{run}', now() from range({ids}) as r(i); "
    )


def test_a_new_champion_is_told_with_both_metrics_and_their_intervals(compared: Compared) -> None:
    old = registry((1, "champion", 0.75))
    new = registry((1, "retired", 0.75), (2, "champion", 0.8125), (3, "rejected", 0.5))
    (model,) = compared(old, new).models
    assert (model.champion_before, model.champion_after) == (1, 2)
    assert model.versions == (
        VersionDifference(1, "champion", "retired"),
        VersionDifference(2, None, "champion"),
        VersionDifference(3, None, "rejected"),
    )
    assert model.metrics == (
        MetricDifference(
            "test",
            "all",
            "roc_auc",
            Metric(0.75, 0.625, 0.875),
            Metric(0.8125, 0.6875, 0.9375),
        ),
    )


def test_the_first_champion_and_a_metric_without_a_value_are_told(compared: Compared) -> None:
    (model,) = compared("select 1", registry((1, "champion", None))).models
    assert (model.champion_before, model.champion_after) == (None, 1)
    assert [(each.before, each.after) for each in model.metrics] == [
        (None, Metric(None, None, None))
    ]


def test_the_registrys_rows_are_not_compared_besides(compared: Compared) -> None:
    rows = registry((1, "champion", 0.75))
    assert compared(
        rows, f"{rows}; update ml.model_versions set run_id = 'r', artifact = 'x'"
    ).is_same


def test_predictions_told_again_alike_are_the_same_whoever_told_them(compared: Compared) -> None:
    old = PREDICTIONS + registry((1, "champion", 0.75)) + told(1, 0.5, "one")
    new = PREDICTIONS + registry((1, "retired", 0.75), (2, "champion", 0.75))
    new += told(1, 0.9, "one") + told(2, 0.5, "two")
    assert compared(old, new, keys=KEYS).tables == ()


def test_the_champions_predictions_are_compared_not_those_of_other_versions(
    compared: Compared,
) -> None:
    old = PREDICTIONS + registry((1, "champion", 0.75)) + told(1, 0.5, "one")
    new = PREDICTIONS + registry((1, "champion", 0.75), (2, "rejected", 0.5))
    new += told(1, 0.75, "two", ids=3) + told(2, 0.1, "two")
    found = table(compared(old, new, keys=KEYS))
    assert found.key == ("id", "as_of_date")
    assert (found.rows_before, found.rows_after) == (2, 3)
    assert (found.added, found.removed, found.changed) == (1, 0, 2)
    assert [(each.name, each.largest) for each in found.columns] == [("score", 0.25)]


def test_without_a_champion_the_newest_versions_predictions_count(compared: Compared) -> None:
    old = PREDICTIONS + told(1, 0.9, "one") + told(10, 0.5, "one")
    new = PREDICTIONS + told(9, 0.9, "two") + told(11, 0.5, "two")
    assert compared(old, new, keys=KEYS).is_same
    assert compared(PREDICTIONS, new, keys=KEYS).tables[0].added == 2
