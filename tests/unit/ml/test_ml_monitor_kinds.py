"""Models without a label are watched too: what they read, and what they tell."""

import duckdb
import pytest

from ml.monitoring.watch import watch
from ml.score import score
from ml.spec import ModelSpec
from ml.train import train
from tests.unit.ml.test_new_kinds_in_the_warehouse import (
    BY,
    NOW,
    RELATIONS,
    conn,
    forecaster,
    recommender,
)
from tests.unit.ml.world import World

__all__ = ["conn"]


def told(connection: duckdb.DuckDBPyConnection, spec: ModelSpec) -> tuple[set[str], list[str]]:
    """Return what is measured after two scorings, and the notes."""
    train(connection, spec, RELATIONS, BY, now=NOW)
    score(connection, spec, RELATIONS, BY, now=NOW)
    found = watch(connection, spec, RELATIONS, "run-1", now=NOW)
    return {f"{each.place.role} {each.place.column}" for each in found.moved}, found.notes


def test_recommendations_are_watched(conn: duckdb.DuckDBPyConnection) -> None:
    columns, notes = told(conn, recommender())
    assert notes == []
    assert "prediction item" in columns


def test_forecasts_are_watched(conn: duckdb.DuckDBPyConnection) -> None:
    columns, notes = told(conn, forecaster())
    assert notes == []
    assert {"prediction prediction", "prediction low", "prediction high"} <= columns


@pytest.mark.parametrize(
    ("preset", "metric", "params", "task", "told"),
    [
        ("k_means", "silhouette", {"n_clusters": 3}, "clustering", {"prediction", "score"}),
        # Lists of numbers are not watched.
        ("pca", "explained_variance", {"n_components": 2}, "decomposition", {"score"}),
        ("isolation_forest", "stability", {}, "anomaly_detection", {"prediction", "score"}),
    ],
)
def test_what_learns_no_label_is_watched(
    world: World,
    preset: str,
    metric: str,
    params: dict[str, int],
    task: str,
    told: set[str],
) -> None:
    changes = {
        "problem.success": [{"metric": metric, "at_least": -1.0}],
        "train.label": None,
        "train.split": {"by": "random", "test": 0.2},
        "estimator": {"preset": preset, "params": params},
    }
    world.sql("alter table gold.trn drop column y")
    world.train(changes)
    world.score(changes)
    found = watch(world.conn, world.spec(changes), world.relations, "run-1", now=NOW)
    assert found.notes == []
    columns = {(each.place.role, each.place.column) for each in found.moved}
    assert {name for role, name in columns if role == "feature"} == {"a", "b", "c", "d"}
    assert {name for role, name in columns if role != "feature"} == told
    assert found.performed[0].reason == f"a {task} has no label that comes later"
