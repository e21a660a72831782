"""What is measured of features whose columns are called or typed in an awkward way."""

import duckdb
import numpy as np
import pytest
from scipy.stats import ks_2samp

from dataops.features.catalog import Feature, near
from dataops.features.declaration import FeatureView
from dataops.features.drift import LARGE, moved
from dataops.features.duplicates import duplicates
from dataops.features.measures import measure
from dataops.features.views import View
from ml.columns import Column
from ml.relation import Relation

STRETCH = 10 * 86_400


def view(name: str, *features: str, event: str = "ended_at") -> View:
    declared = {"entity": ["rider"], "event_time": event, "known_time": "landed_at",
                "ttl": "9 days"}  # fmt: skip
    return View(
        name, f"{name}.yml", Relation("gold", name), "T", FeatureView.model_validate(declared),
        {feature: feature for feature in features},
    )  # fmt: skip


@pytest.fixture
def gold(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute("create schema gold")
    return connection


def make(gold: duckdb.DuckDBPyConnection, name: str, columns: str) -> None:
    """Make a table of 400 rows, 20 a day; ``columns`` are SQL over the number of the row, i."""
    gold.execute(
        f"create table gold.{name} as select i as rider, timestamp '2025-01-01' + "
        f"to_days(i::int // 20) as ended_at, ended_at as landed_at, {columns} from range(400) t(i)"
    )


def alike(gold: duckdb.DuckDBPyConnection, *views: View) -> set[tuple[str, str]]:
    features = [Feature(each, name, name, None) for each in views for name in each.features]
    return {(each.one.name, each.other.name) for each in duplicates(gold, features)}


def test_a_column_called_value_is_measured_as_any_other(gold: duckdb.DuckDBPyConnection) -> None:
    make(gold, "t", "i as value, case when i < 200 then 'a' else 'b' end as place")
    found = measure(gold, view("t", "value", "place"), STRETCH).features["place"]
    assert found.drift
    assert found.drift.is_large


def test_a_list_of_decimals_is_no_number(gold: duckdb.DuckDBPyConnection) -> None:
    make(gold, "t", "[i::decimal(9, 2)] as listed, [i::decimal(9, 2)] as again")
    assert measure(gold, view("t", "listed"), STRETCH).features["listed"].null_share == 0
    assert alike(gold, view("t", "listed", "again")) == {("listed", "again")}


def test_a_feature_described_and_not_built_leaves_the_others_measured(
    gold: duckdb.DuckDBPyConnection,
) -> None:
    make(gold, "t", "sin(i) as one, -sin(i) as two")
    described = view("t", "one", "brand_new", "two")
    assert set(measure(gold, described, STRETCH).features) == {"one", "two"}
    assert alike(gold, described) == {("one", "two")}
    assert measure(gold, view("t", "brand_new"), STRETCH).rows == 400


def test_dates_have_no_drift_since_they_move_with_time(gold: duckdb.DuckDBPyConnection) -> None:
    make(gold, "t", "ended_at::date - 1 as last_on, ended_at - interval 1 hour as last_at, 1 as n")
    found = measure(gold, view("t", "last_on", "last_at", "n"), STRETCH).features
    assert [name for name, each in found.items() if each.drift] == ["n"]


def test_the_distance_of_numbers_is_that_of_scipy(gold: duckdb.DuckDBPyConnection) -> None:
    make(gold, "t", "round(sin(i) + i / 300, 1) as n, 'a' as place")
    told = measure(gold, view("t", "n", "place"), STRETCH).features
    values = np.array(gold.execute("select n from gold.t order by rider").fetchall())[:, 0]
    truth = ks_2samp(values[:200], values[200:]).statistic
    assert told["n"].drift
    assert told["n"].drift.kolmogorov_smirnov == pytest.approx(truth)
    assert told["place"].drift
    assert told["place"].drift.kolmogorov_smirnov is None


def test_the_callers_connection_is_left_as_it_was(gold: duckdb.DuckDBPyConnection) -> None:
    make(gold, "t", "i as n")
    measure(gold, view("t", "n"), STRETCH)
    fails = {"m": Column("m", "BIGINT")}
    with pytest.raises(duckdb.BinderException):
        moved(gold, "select 1 as n", "select 1 as n", fails)
    views = "select count(*) from duckdb_views() where not internal"
    assert gold.execute(views).fetchone() == (0,)


def test_an_index_of_exactly_the_mark_is_not_large(gold: duckdb.DuckDBPyConnection) -> None:
    from ml.monitoring.comparison import is_alarm
    from ml.monitoring.distances import Drift

    at_mark = Drift(psi=LARGE, chi_square=99.0, p_value=0.0)
    assert not is_alarm(at_mark, psi=LARGE, columns=1)


def test_values_whose_squares_are_no_doubles_are_compared(
    gold: duckdb.DuckDBPyConnection,
) -> None:
    make(gold, "t", "1e200 * sin(i) as big, 1e-200 * sin(i) as small, 0 * i as none, "
         "1e200 * cos(i * i) as other")  # fmt: skip
    truth = np.corrcoef(np.sin(range(400)), np.cos(np.square(range(400))))[0, 1]
    assert abs(truth) < 0.9
    assert alike(gold, view("t", "big", "small", "none", "other")) == {("big", "small")}


def test_a_column_called_as_ours_are_is_compared(gold: duckdb.DuckDBPyConnection) -> None:
    make(gold, "a", "sin(i) as one, date '2025-01-01' as event_at, 1 as \"key 0\", "
         "1 as \"the event\"")  # fmt: skip
    gold.execute("create table gold.b as select * replace (cos(i) as event_at), one as again "
                 "from (select *, rider as i from gold.a)")  # fmt: skip
    assert alike(gold, view("a", "one"), view("b", "again")) == {("one", "again")}


def test_of_an_event_known_several_times_the_last_row_is_compared(
    gold: duckdb.DuckDBPyConnection,
) -> None:
    gold.execute(
        "create table gold.t as select i // 4 as rider, timestamp '2025-01-01' as ended_at, "
        "ended_at + to_days((i % 4)::int) as landed_at, sin(i) as one, 2 * sin(i) as two, "
        "case when i % 4 = 3 then sin(i) else cos(i) end as put_right from range(400) t(i)"
    )
    gold.execute("create table gold.u as select *, one as again from gold.t")
    of_t, of_u = view("t", "one", "two", "put_right"), view("u", "again")
    assert alike(gold, of_t) == {("one", "two"), ("one", "put_right"), ("two", "put_right")}
    assert {("one", "again"), ("two", "again")} <= alike(gold, of_t, of_u)


def test_descriptions_with_other_numbers_are_not_near() -> None:
    says = (
        "Number of support calls that the customer made by phone or chat, repeats left out, "
        "in the {} days before the moment"
    )
    there = [Feature(view("t", "calls"), "calls", says.format(30), None)]
    assert near("contacts", says.format(30), there)
    assert not near("contacts", says.format(90), there)
