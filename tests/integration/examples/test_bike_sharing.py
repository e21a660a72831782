"""Bike sharing: a week of hours ahead, and hours with their weather, beside a week ago."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project(real_data, copy_example, run_loop) -> Path:
    pytest.importorskip("statsforecast")
    landing = real_data("bike_sharing")
    folder = copy_example("bike_sharing")
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


@pytest.mark.parametrize(("model", "metric"), [("rental_forecast", "rmse"), ("hour_demand", "mae")])
def test_the_model_is_better_than_a_week_ago_beyond_chance(warehouse, model, metric):
    low = warehouse.execute(
        "select low from ml.comparisons where model = ? and against = 'baseline' and metric = ?",
        [model, metric],
    ).fetchone()
    assert low[0] > 0


def test_the_forecast_is_of_the_week_after_the_last_hour(warehouse):
    found = warehouse.sql(
        "select count(*), min(forecast_at)::varchar, max(forecast_at)::varchar, "
        "bool_and(low <= prediction and prediction <= high), any_value(method) "
        "from predictions.rental_forecast"
    ).fetchone()
    assert found == (168, "2013-01-01 00:00:00", "2013-01-07 23:00:00", True, "mstl")
    days = warehouse.sql("select count(*) from gold.rpt_rentals_ahead").fetchone()
    assert days == (7,)


def test_lineage_resolves_every_column(project, held_to_lineage_page):
    held_to_lineage_page(project)
