"""What the plugin answers, asked without dbt."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

from ml.errors import PipelineError, UsageError
from orchestration.dbt_plugin import desk
from orchestration.dbt_plugin.asking import predict
from orchestration.dbt_plugin.moving import drifted, skewed
from tests.unit.ml.world import World, small_world


@pytest.fixture
def world() -> World:
    return small_world()


def skew(world: World) -> dict[str, dict[str, Any]]:
    asked = {
        "macro": "ml_validate_skew", "model": "model", "version": None, "psi": 0.25,
        "database": "memory",
        "relation": {"database": "memory", "schema": "gold", "name": "ftr"},
    }  # fmt: skip
    return {row["column"]: row for row in skewed(world.conn, asked)["rows"]}


def test_skew_is_held_against_the_rows_learnt_from_though_their_table_is_another_now(
    world: World,
) -> None:
    world.train()
    assert not any(row["is_drifted"] for row in skew(world).values())
    for table in ("trn", "ftr"):
        world.sql(f"update gold.{table} set a = a + 5")
    found = skew(world)
    assert {name for name, row in found.items() if row["is_drifted"]} == {"a"}
    assert found["a"]["wasserstein"] == pytest.approx(5)


def test_skew_of_a_version_without_what_it_learnt_from_is_refused(world: World) -> None:
    world.train()
    world.sql("delete from ml.profile_metrics")
    with pytest.raises(PipelineError, match=r"nothing was kept .* train anew: dbt build --select"):
        skew(world)


def test_skew_of_a_relation_that_lacks_a_feature_is_refused(world: World) -> None:
    world.train()
    world.sql("alter table gold.ftr drop column b")
    with pytest.raises(PipelineError, match=r"feature 'b' of model@1 is not a column of"):
        skew(world)


@pytest.mark.parametrize(
    ("before", "after"),
    [(("one", "s", "v"), ("two", "s", "v")), (("one", "a_b", "c"), ("one", "a", "b_c"))],
)
def test_relations_whose_names_are_alike_are_not_taken_for_each_other(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    conn = duckdb.connect()
    for at, (database, schema, name) in enumerate((before, after)):
        conn.execute(f"attach if not exists ':memory:' as {database}")
        conn.execute(f"create schema if not exists {database}.{schema}")
        conn.execute(f"create table {database}.{schema}.{name} as "
                     f"select i + {at * 5000} as x from range(1000) as t(i)")  # fmt: skip
    places = [dict(zip(("database", "schema", "name"), each, strict=True))
              for each in (before, after)]  # fmt: skip
    asked = {"macro": "ml_validate_drift", "columns": None, "psi": 0.25,
             "baseline": places[0], "relation": places[1]}  # fmt: skip
    (row,) = drifted(conn, asked)["rows"]
    assert row["is_drifted"]


def test_what_makes_the_tables_of_the_registry_is_asked_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two models of a first build: DuckDB lets one of two transactions make a table."""
    inside, most = 0, 0

    def answers(cursor: duckdb.DuckDBPyConnection, asked: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.05)
        inside -= 1
        return {}

    monkeypatch.setattr(desk, "_answers", lambda _: answers)
    front = desk.Desk(duckdb.connect())
    threads = [
        threading.Thread(
            target=front.answer, args=(json.dumps({"ask": what, "database": "memory"}),)
        )
        for what in ("declare", "train", "declare", "train")
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == 1


def asked_to_predict(zone: str, task: str | None = None) -> dict[str, Any]:
    return {
        "macro": "ml_predict", "model": "model", "version": None, "database": "memory",
        "relation": None, "adds": [], "top": 0, "folder": ".", "task": task, "zone": zone,
        "dry": False,
    }  # fmt: skip


def test_a_feature_made_of_a_moment_in_a_zone_is_told_in_the_zone_it_was_learnt_in(
    world: World,
) -> None:
    world.sql("set TimeZone = 'UTC'")
    for table in ("trn", "ftr"):
        world.sql(f"alter table gold.{table} add column seen timestamptz")
        world.sql(f"update gold.{table} set seen = "
                  "(day::timestamp at time zone 'UTC') - to_hours(1 + (a * 23)::int)")  # fmt: skip
    world.train(
        {"train.transform": {"hours": "hour(seen)"}, "train.features": {"exclude": ["seen"]}}
    )
    assert predict(world.conn, asked_to_predict("UTC"))["version"] == 1
    with pytest.raises(UsageError, match=r"feature 'hours' of model@1 .* Asia/Tokyo") as caught:
        predict(world.conn, asked_to_predict("Asia/Tokyo"))
    assert "settings: {TimeZone: UTC}" in str(caught.value)


def test_a_model_of_another_task_than_asked_is_refused_and_any_zone_will_do(world: World) -> None:
    world.train()
    assert predict(world.conn, asked_to_predict("Asia/Tokyo"))["version"] == 1
    with pytest.raises(UsageError, match=r"model@1, a classification; allowed: .* anomaly_det"):
        predict(world.conn, asked_to_predict("UTC", "anomaly_detection"))
