"""The shipped models on a small landing: against loops, and against what is delivered later."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.integration.sql import oracle, small_world
from tests.integration.sql.conftest import Rows, World

pytestmark = pytest.mark.long

PAST = datetime(2025, 3, 20, 12)
TOLD_AGAIN = datetime(2025, 4, 10)


def by_key(rows: Rows) -> dict[tuple[str, date], dict[str, Any]]:
    return {(row["customer_id"], row["as_of_date"]): row for row in rows}


def test_features_equal_a_loop_over_what_was_known_on_each_date(world: World) -> None:
    expected = oracle.features(world.tables, world.tones)
    found = by_key(world.features)
    assert found.keys() == expected.keys()
    assert len(found) > 80
    for key, row in expected.items():
        assert {name: found[key][name] for name in row} == pytest.approx(row), key


def test_churn_labels_equal_a_loop_over_the_cancellations(world: World) -> None:
    found = {key: row["is_churned"] for key, row in by_key(world.labels).items()}
    assert found == oracle.labels(world.tables)
    assert 0 < sum(found.values()) < len(found)


def test_a_training_row_is_the_scored_row_of_its_date_plus_the_label(world: World) -> None:
    scored = by_key(world.features)
    for key, row in by_key(world.labels).items():
        assert {name: value for name, value in row.items() if name != "is_churned"} == scored[key]


def test_daily_sales_equal_sums_over_the_landed_lines(world: World) -> None:
    found = {
        (row["store_id"], row["category"], row["sales_date"]): (
            row["sold_quantity"],
            row["revenue_cents"],
            row["margin_cents"],
        )
        for row in world.sales
    }
    assert found == oracle.sales(world.tables)


def planted(world: World) -> tuple[str, small_world.Record]:
    """A customer with two plans running at the end, and the plan that will turn out cancelled."""
    for customer, plans in oracle.running(world.tables, oracle.clock(world.tables)).items():
        if len(plans) > 1 and plans[0]["started_at"] < PAST:
            return customer, plans[0]
    raise AssertionError("the small world has no customer with two old plans")


@pytest.fixture(scope="module")
def later(world: World) -> dict[tuple[str, date], dict[str, Any]]:
    """Features after a day on which everything about one customer is delivered late or changed."""
    delivered = small_world.midnight(oracle.clock(world.tables)) + timedelta(days=2)
    name, plan = planted(world)
    new = {"customer_id": name, "_delivered_at": delivered}
    call = next(row for row in world.tables["support__calls"] if row["customer_id"] == name)
    order = next(row for row in world.tables["shop__orders"] if row["customer_id"] == name)
    # Of somebody whom no other table knows, so that no other view moves.
    told = {"customer_id": "APP-ONLY", "event_id": "TWICE", "session_id": "T", "occurred_at": PAST}
    told |= {"event_name": "task_completed", "seconds": 30.0}
    turned = {"is_resolved": not call["is_resolved"], "_delivered_at": delivered}
    tables = {
        "support__calls": [
            new | {"call_id": "LATE", "is_resolved": False, "started_at": PAST},
            new | {"call_id": "FUTURE", "started_at": delivered - timedelta(hours=9)},
            call | turned,
        ],
        "plans__subscriptions": [plan | {"monthly_price_cents": 9, "_delivered_at": delivered}],
        "plans__cancellations": [
            {"subscription_id": plan["subscription_id"], "cancelled_at": PAST,
             "_delivered_at": delivered},
        ],
        "shop__customers": [new | {"country_code": "FR", "customer_type": "business"}],
        "shop__orders": [
            order | {"status": "cancelled", "_delivered_at": delivered},
            new | {"order_id": "LATE", "status": "completed", "ordered_at": PAST},
        ],
        "app__events": [
            new | {"event_id": "LATE", "session_id": "S", "event_name": "task_completed",
                   "seconds": 999.0, "occurred_at": delivered - timedelta(days=20)},
            told | {"_delivered_at": PAST + timedelta(hours=12)},
            told | {"seconds": 31.0, "_delivered_at": TOLD_AGAIN},
        ],
        "repairs__requests": [new | {"repair_id": "LATE", "requested_at": PAST}],
    }  # fmt: skip
    world.scratch.land(tables)
    world.scratch.predict_tones({"LATE": (PAST, 1.0)})
    world.scratch.dbt("run", "--select", "+ftr_customers", "ftr_customer_tasks")
    return by_key(world.scratch.rows("select * from gold.ftr_customers"))


def test_what_is_delivered_later_changes_no_feature_of_an_earlier_date(
    world: World, later: dict[tuple[str, date], dict[str, Any]]
) -> None:
    month_starts = {key: row for key, row in by_key(world.features).items() if key[1].day == 1}
    assert {key: later[key] for key in month_starts} == month_starts


def test_an_app_event_counts_as_it_was_told_before_it_was_corrected(
    world: World, later: dict[tuple[str, date], dict[str, Any]]
) -> None:
    assert later
    [row] = world.scratch.rows(
        "select completed_tasks_30_days, average_task_seconds_30_days from gold.ftr_customer_tasks "
        "where customer_id = 'APP-ONLY' and as_of_date = date '2025-04-01'"
    )
    assert list(row.values()) == [1, 30.0]


def test_what_was_delivered_later_is_seen_on_a_later_date(
    world: World, later: dict[tuple[str, date], dict[str, Any]]
) -> None:
    customer, _ = planted(world)
    before = by_key(world.features)[customer, oracle.clock(world.tables)]
    after = later[customer, max(day for _, day in later)]
    assert after["calls_90_days"] > before["calls_90_days"]
    assert after["task_seconds_60_days"] == 999.0
    assert after["country_code"] == "FR"
    assert after["repairs_180_days"] == 1
    assert after["running_plans"] == before["running_plans"] - 1


def test_every_model_and_column_is_described_and_written_down(world: World) -> None:
    nodes = [
        node
        for node in world.scratch.manifest()["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    ]
    built: dict[tuple[str, str], set[str]] = {}
    for row in world.scratch.rows("select * from information_schema.columns"):
        key = (row["table_schema"], row["table_name"])
        built.setdefault(key, set()).add(row["column_name"])
    for node in nodes:
        assert node["description"].startswith("Grain: "), node["name"]
        assert set(node["columns"]) == built[node["schema"], node["name"]], node["name"]
        for column in node["columns"].values():
            assert column["description"], f"{node['name']}.{column['name']}"
            assert "doc(" not in column["description"]
