"""Distances between two relations are those of scipy; a planted drift is seen, noise is not."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from ml.monitoring.distances import drift, exact, is_alarm
from ml.monitoring.reference import Bins, category_bins, count, numeric_bins
from ml.relation import Relation

OLD, NEW = Relation("main", "old rows"), Relation("main", "new rows")


def keep(conn: duckdb.DuckDBPyConnection, relation: Relation, **columns: object) -> None:
    rows = pa.table(columns)
    conn.register("given", rows)
    conn.execute(f"create or replace table {relation.sql} as from given")


@pytest.fixture
def conn() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("digits", [1, 9])
def test_exact_distances_are_those_of_scipy(conn: duckdb.DuckDBPyConnection, digits: int) -> None:
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=700).round(digits), rng.normal(0.3, 1.2, 500).round(digits)
    keep(conn, OLD, x=old)
    keep(conn, NEW, x=new)
    found = exact(conn, OLD, NEW, "x")
    assert found.kolmogorov_smirnov == pytest.approx(ks_2samp(old, new).statistic)
    assert found.wasserstein == pytest.approx(wasserstein_distance(old, new))


def test_binned_distances_are_those_of_scipy(conn: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=900), rng.normal(0.5, 1, 400)
    keep(conn, OLD, x=old)
    keep(conn, NEW, x=new)
    bins = numeric_bins(conn, OLD, ["x"])
    (before,), (after,) = count(conn, OLD, bins), count(conn, NEW, bins)
    edges = np.array(bins[0].edges)
    for values, counts in ((old, before), (new, after)):
        brute = np.bincount(np.searchsorted(edges, values), minlength=10)
        assert list(counts.rows) == list(brute)
    p, q = np.array(before.rows) / 900, np.array(after.rows) / 400
    found = drift(before, after)
    assert found.psi == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q))
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() / 2)
    oracle = chi2_contingency([before.rows, after.rows])
    assert found.chi_square == pytest.approx(oracle.statistic)
    assert found.p_value == pytest.approx(oracle.pvalue)


def test_values_that_the_baseline_never_had_are_unseen(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, c=["a", "a", "", "b", None])
    keep(conn, NEW, c=["a", "z", "'); --", None, None])
    bins = [category_bins(conn, OLD, "c")]
    assert bins == [Bins("c", categories=("a", "", "b"))]
    (before,), (after,) = count(conn, OLD, bins), count(conn, NEW, bins)
    assert (before.rows, before.missing) == ((2, 1, 1, 0), 1)
    assert (after.rows, after.missing) == ((1, 0, 0, 2), 2)
    found = drift(before, after)
    assert found.rest == pytest.approx(2 / 3)
    assert found.missing == pytest.approx(0.2)


def test_what_is_no_finite_number_is_missing(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, x=[1.0, 2.0, 3.0, None])
    keep(conn, NEW, x=pa.array([float("nan"), float("inf"), 2.0, None]))
    bins = numeric_bins(conn, OLD, ["x"])
    assert count(conn, NEW, bins)[0].missing == 3
    assert exact(conn, OLD, NEW, "x").kolmogorov_smirnov == pytest.approx(1 / 3)


def test_a_column_that_dries_up_raises_an_alarm(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, x=np.arange(100.0), c=["a", "b"] * 50)
    keep(conn, NEW, x=pa.nulls(50, pa.float64()), c=pa.nulls(50, pa.string()))
    bins = [*numeric_bins(conn, OLD, ["x"]), category_bins(conn, OLD, "c")]
    found = map(drift, count(conn, OLD, bins), count(conn, NEW, bins))
    assert [is_alarm(each, psi=0.2, columns=2) for each in found] == [True, True]


def test_a_side_without_rows_has_no_distance(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, x=[1.0, 2.0])
    keep(conn, NEW, x=pa.array([], pa.float64()))
    bins = numeric_bins(conn, OLD, ["x"])
    found = drift(count(conn, OLD, bins)[0], count(conn, NEW, bins)[0])
    assert (found.psi, found.rest, found.missing) == (None, None, 0.0)
    assert exact(conn, OLD, NEW, "x").wasserstein is None
    assert not is_alarm(found, psi=0.0, columns=1)


def alarms(rng: np.random.Generator, windows: int, rows: int, shift: float, psi: float) -> int:
    """In how many windows an alarm is raised in any of five columns."""
    conn, names = duckdb.connect(), [f"x{at}" for at in range(5)]
    keep(conn, OLD, **{name: rng.normal(size=5000) for name in names})
    bins = numeric_bins(conn, OLD, names)
    before, raised = count(conn, OLD, bins), 0
    for _ in range(windows):
        keep(conn, NEW, **{name: rng.normal(shift, 1, rows) for name in names})
        pairs = zip(before, count(conn, NEW, bins), strict=True)
        raised += any(is_alarm(drift(*pair), psi=psi, columns=5) for pair in pairs)
    return raised


@pytest.mark.parametrize("rows", [50, 500])
def test_unchanged_rows_raise_less_than_one_alarm_in_a_hundred_windows(rows: int) -> None:
    rng = np.random.default_rng(7)
    assert alarms(rng, windows=400, rows=rows, shift=0.0, psi=0.1) < 4


def test_without_the_test_of_significance_small_windows_would_raise_many() -> None:
    rng, raised = np.random.default_rng(7), 0
    conn = duckdb.connect()
    keep(conn, OLD, x=rng.normal(size=5000))
    bins = numeric_bins(conn, OLD, ["x"])
    for _ in range(20):
        keep(conn, NEW, x=rng.normal(size=50))
        psi = drift(count(conn, OLD, bins)[0], count(conn, NEW, bins)[0]).psi
        raised += psi is not None and psi > 0.1
    assert raised > 10


def test_a_planted_drift_is_seen_within_one_window() -> None:
    assert alarms(np.random.default_rng(3), windows=5, rows=500, shift=0.6, psi=0.2) == 5
