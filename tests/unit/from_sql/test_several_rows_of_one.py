"""Forecasts and recommendations as functions of SQL tell what the loop's scoring writes."""

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from ml.errors import PipelineError, UsageError
from ml.score import score
from ml.train import train
from orchestration.dbt_plugin.forecasting import forecast
from orchestration.dbt_plugin.plugin import Plugin
from orchestration.dbt_plugin.recommending import recommend
from tests.unit.ml.people_and_shops import (
    BY,
    NOW,
    RELATIONS,
    forecaster,
    people_and_shops,
    recommender,
)

Connection = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def conn() -> Connection:
    """Both models trained and scored, relations that neither can read, and the functions."""
    made = people_and_shops()
    made.execute("create table gold.texts as select shop, day, 'x' as y from gold.sales")
    made.execute(
        "create table gold.later as select shop, y, date '2999-01-01' as day from gold.sales"
    )
    for spec in (forecaster(), recommender()):
        train(made, spec, RELATIONS, BY, now=NOW)
        score(made, spec, RELATIONS, BY, now=NOW)
    Plugin("goldloop", {}).configure_connection(made)
    return made


def asked(model: str, task: str, relation: str | None = None, **more: Any) -> dict[str, Any]:
    place = {"database": "memory", "schema": "gold", "name": relation} if relation else None
    return {
        "macro": f"ml_{task}", "model": model, "version": None, "database": "memory",
        "folder": ".", "task": {"forecast": "forecast", "recommend": "recommendation"}[task],
        "relation": place, "given": place is not None, "dry": False, "adds": ["rank", "step"],
        "horizon": None, "level": None, "top": None, **more,
    }  # fmt: skip


def ahead(conn: Connection, **more: Any) -> list[Any]:
    told = forecast(conn, asked("fore", "forecast", **more))
    order = "order by epoch_us(day), cast(y as double)"
    return conn.execute(
        f"select * from (select shop, unnest(goldloop_forecast(?, list(epoch_us(day) {order}), "
        f"list(cast(y as double) {order})), recursive := true) "
        f"from {told['rows']} group by shop) order by shop, step",
        [told["key"]],
    ).fetchall()


def test_a_forecast_in_sql_is_what_scoring_writes_bad_series_included(conn: Connection) -> None:
    kept = conn.execute(
        "select * exclude (model_name, model_version, run_id, scored_at) from predictions.fore "
        "order by shop, step"
    ).fetchall()
    assert ahead(conn) == kept
    assert {row[-1] is None for row in kept} == {True, False}


def test_steps_and_level_may_be_others_than_declared(conn: Connection) -> None:
    as_declared = ahead(conn)
    other = ahead(conn, horizon=2, level=0.5)
    assert [row[:5] for row in other] == [row[:5] for row in as_declared if row[2] <= 2]
    assert {row[7] for row in other} == {0.5}
    ((narrow, wide),) = [
        (one[6] - one[5], two[6] - two[5])
        for one in other
        for two in as_declared
        if one[:3] == two[:3] == ("plain", one[1], 1)
    ]
    # The quantiles of a normal error.
    assert wide / narrow == pytest.approx(1.959963984540054 / 0.6744897501960817)


def test_recommendations_in_sql_are_what_scoring_writes_and_strangers_are_shown_the_popular(
    conn: Connection,
) -> None:
    told = recommend(conn, asked("rec", "recommend", "users"))
    found = conn.execute(
        f"select * from (select {told['user']}, day, unnest(goldloop_recommend(?, "
        f"cast({told['user']} as varchar)), recursive := true) "
        "from (select * from gold.users union all "
        'select null, null)) order by "the user" nulls last, rank',
        [told["key"]],
    ).fetchall()
    kept = conn.execute(
        "select * exclude (model_name, model_version, run_id, scored_at) from predictions.rec "
        'order by "the user", rank'
    ).fetchall()
    assert found[:-5] == kept
    # Nobody is a stranger, too, and fewer are shown where that is asked for.
    assert [row[2:] for row in found[-5:]] == [row[2:] for row in kept[-5:]]
    assert all(row[-1] for row in found[-5:])
    assert json.loads(recommend(conn, asked("rec", "recommend", top=2))["key"])["top"] == 2


@pytest.mark.parametrize(
    ("ask", "model", "more", "said"),
    [
        (forecast, "fore", {"horizon": 0}, r"horizon=0; allowed: 1 to 10,000 steps"),
        (forecast, "fore", {"horizon": "7"}, r"horizon='7'; allowed"),
        (forecast, "fore", {"level": 95}, r"level=95; allowed: above 0 and below 1"),
        (forecast, "fore", {"adds": ["shop"]}, r"adds shop to the columns of fore@1"),
        (forecast, "fore", {"relation": "users"}, r"reads 'shop' for fore@1, which is not a col"),
        (forecast, "fore", {"relation": "absent"}, r"build it: dbt build --select \+absent"),
        (forecast, "fore", {"relation": "texts"}, r"'y' for fore@1, which is VARCHAR in gold.te"),
        (forecast, "fore", {"relation": "later"}, r"'day' lies in the future"),
        (forecast, "rec", {}, r"asks rec@1, a recommendation; .* — ask it by ml_recommend"),
        (forecast, "four", {}, r"'four', which was never trained; trained are: fore, rec"),
        (recommend, "rec", {"top": 0}, r"top=0; allowed: 1 to 1,000 items"),
        (recommend, "rec", {"relation": "sales"}, r"reads 'the user' for rec@1, which is not a"),
        (recommend, "rec", {"relation": "ratings", "adds": ["item"]}, r"adds item to the columns"),
        (recommend, "fore", {}, r"asks fore@1, a forecast; .* — ask it by ml_forecast"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(
    conn: Connection, ask: Callable[..., Any], model: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises((PipelineError, UsageError), match=said):
        ask(conn, asked(model, ask.__name__, **more))
