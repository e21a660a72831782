"""Distances between two relations are those of scipy; a planted drift is seen, noise is not."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from ml.columns import describe
from ml.monitoring.comparison import Compared, alarms, compare, is_alarm
from ml.monitoring.distances import Drift, drift
from ml.monitoring.profile import Categories, CountedText, Numbers, SortedNumbers
from ml.monitoring.reading import watched_columns
from ml.relation import Relation

OLD, NEW = Relation("main", "old rows"), Relation("main", "new rows")


def keep(conn: duckdb.DuckDBPyConnection, relation: Relation, **columns: object) -> None:
    rows = pa.table(columns)
    conn.register("given", rows)
    conn.execute(f"create or replace table {relation.sql} as from given")


def compared(conn: duckdb.DuckDBPyConnection) -> list[Compared]:
    return compare(conn, OLD.sql, NEW.sql, watched_columns(describe(conn, OLD)))


def only(conn: duckdb.DuckDBPyConnection) -> Drift:
    (found,) = compared(conn)
    return found.drift


@pytest.fixture
def conn() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def profile(values: object) -> Numbers:
    return SortedNumbers.of(np.asarray(values, dtype=float)).profile


@pytest.mark.parametrize("digits", [1, 9])
def test_distances_of_curves_are_those_of_scipy(
    conn: duckdb.DuckDBPyConnection, digits: int
) -> None:
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=700).round(digits), rng.normal(0.3, 1.2, 500).round(digits)
    keep(conn, OLD, x=old)
    keep(conn, NEW, x=new)
    found = only(conn)
    assert found.kolmogorov_smirnov == pytest.approx(ks_2samp(old, new).statistic)
    assert found.wasserstein == pytest.approx(wasserstein_distance(old, new))
    assert found.wasserstein_norm == pytest.approx(wasserstein_distance(old, new) / old.std())
    # So are they where the values of the baseline are no more, for it has no more than are kept.
    kept = drift(profile(old), SortedNumbers.of(new))
    assert kept.kolmogorov_smirnov == pytest.approx(ks_2samp(old, new).statistic)


@pytest.mark.parametrize(
    ("shift", "scale", "off"),
    [(0.0, 1.0, 100.0), (0.02, 1.0, 0.0), (0.5, 2.0, -1e6), (9.0, 1.0, 1e9), (0.0, 0.01, 0.0)],
)
@pytest.mark.parametrize("heavy", [False, True])
def test_distances_from_a_baseline_that_is_kept_are_nearly_those_of_scipy(
    shift: float, scale: float, off: float, heavy: bool
) -> None:
    rng = np.random.default_rng(2)
    draw = rng.lognormal if heavy else rng.normal
    old, new = draw(0, 1, 50_000) + off, draw(0, 1, 20_000) * scale + shift + off
    kept = profile(old)
    assert len(kept.points) <= 1001
    found = drift(kept, SortedNumbers.of(new))
    assert found.kolmogorov_smirnov == pytest.approx(ks_2samp(old, new).statistic, abs=1e-3)
    truth = wasserstein_distance(old, new)
    assert found.wasserstein == pytest.approx(truth, rel=0.01, abs=5e-4 * old.std())


def test_binned_distances_are_those_of_scipy(conn: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(1)
    old, new = rng.normal(size=900), rng.normal(0.5, 1, 400)
    keep(conn, OLD, x=old)
    keep(conn, NEW, x=new)
    edges = np.quantile(old, np.arange(1, 10) / 10, method="inverted_cdf")
    assert list(profile(old).edges) == list(edges)
    before, after = (np.bincount(np.searchsorted(edges, part), minlength=10) for part in (old, new))
    p, q = before / 900, after / 400
    found = only(conn)
    assert found.psi == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q))
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() / 2)
    oracle = chi2_contingency([before, after])
    assert found.chi_square == pytest.approx(oracle.statistic)
    assert found.p_value == pytest.approx(oracle.pvalue)


def test_few_numbers_have_a_bin_each() -> None:
    assert profile([3, 1, 1, 2, 2, 1, np.nan]).is_few
    assert list(profile([3, 1, 1, 2]).counted(np.array([1.0, 2.0, 3.0]))) == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ([0] * 500, [-999] * 500, [500, 0], [0, 500]),
        ([0, 1] * 250, [0, 0.5] * 250, [250, 250, 0], [250, 0, 250]),
        ([0, 1, 2, 3] * 250, [-1, 1, 2, 3] * 250, [250] * 4 + [0], [0, 250, 250, 250, 250]),
    ],
)
def test_of_few_numbers_one_that_is_new_is_in_no_bin_of_another(
    old: list[float], new: list[float], before: list[float], after: list[float]
) -> None:
    found = drift(profile(old), SortedNumbers.of(np.array(new, dtype=float)))
    assert found.psi is not None
    assert found.psi > 0.2
    assert is_alarm(found, psi=0.2, columns=1)
    p, q = np.array(before) / len(old), np.array(after) / len(new)
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q))
    assert found.total_variation == pytest.approx(np.abs(p - q).sum() / 2)
    oracle = chi2_contingency([before, after], correction=False)
    assert found.chi_square == pytest.approx(oracle.statistic)
    assert found.p_value == pytest.approx(oracle.pvalue)


def test_of_few_rows_that_all_differ_none_has_a_bin_of_its_own() -> None:
    """Else whatever comes is new, and an alarm."""
    rng = np.random.default_rng(0)
    raised = 0
    for _ in range(50):
        kept = profile(rng.normal(size=20))
        raised += is_alarm(drift(kept, SortedNumbers.of(rng.normal(size=300))), psi=0.2, columns=5)
    assert raised < 10


def test_values_that_the_baseline_never_had_are_unseen(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, c=["a", "a", "", "b", None])
    keep(conn, NEW, c=["a", "z", "'); --", None, None])
    kept = CountedText.of(pa.array(["a", "a", "", "b", None])).profile
    assert kept == Categories({"a": 2, "": 1, "b": 1}, 0, 1)
    found = only(conn)
    assert found.unseen == pytest.approx(2 / 3)
    assert found.missing == pytest.approx(0.2)
    assert drift(profile([1, 2, 3]), SortedNumbers.of(np.array([0.0, 2, 4, 3]))).unseen == 0.5


def test_of_very_many_categories_the_most_frequent_are_kept() -> None:
    kept = CountedText.of(pa.array([f"v{at}" for at in range(3000)] + ["often"] * 5)).profile
    assert isinstance(kept, Categories)
    assert (len(kept.counts), kept.others, kept.there) == (1000, 2001, 3005)
    assert next(iter(kept.counts)) == "often"
    same = drift(kept, CountedText.of(pa.array(["often"] * 5)))
    assert same.unseen == 0


def test_what_is_no_finite_number_is_missing(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, x=[1.0, 2.0, 3.0, None])
    keep(conn, NEW, x=pa.array([float("nan"), float("inf"), 2.0, None]))
    found = only(conn)
    assert found.missing == 0.5
    assert found.kolmogorov_smirnov == pytest.approx(1 / 3)


def test_a_column_that_dries_up_raises_an_alarm(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, x=np.arange(100.0), c=["a", "b"] * 50)
    keep(conn, NEW, x=pa.nulls(50, pa.float64()), c=pa.nulls(50, pa.string()))
    found = [each.drift for each in compared(conn)]
    assert [is_alarm(each, psi=0.2, columns=2) for each in found] == [True, True]
    assert alarms(found[0], {"missing": 0.1}, columns=2) == ["missing 1 above 0.1"]
    assert found[0].wasserstein is None


def test_a_side_without_rows_has_no_distance(conn: duckdb.DuckDBPyConnection) -> None:
    keep(conn, OLD, x=[1.0, 2.0], c=["a", "b"])
    keep(conn, NEW, x=pa.array([], pa.float64()), c=pa.array([], pa.string()))
    assert [each.drift for each in compared(conn)] == [Drift(), Drift()]
    assert not is_alarm(Drift(), psi=0.0, columns=1)
    keep(conn, OLD, x=pa.array([], pa.float64()))
    keep(conn, NEW, x=[1.0])
    assert only(conn) == Drift()


def test_one_kind_is_not_compared_with_another() -> None:
    with pytest.raises(TypeError, match="Numbers cannot be compared with CountedText"):
        drift(profile([1.0]), CountedText.of(pa.array(["1"])))


def test_of_more_than_a_million_rows_a_sample_tells(
    conn: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.monitoring.reading.MOST_ROWS", 5000)
    conn.execute(f"create table {OLD.sql} as select i % 1000 as x from range(50000) t(i)")
    conn.execute(f"create table {NEW.sql} as select i % 1000 as x from range(4000) t(i)")
    (found,) = compared(conn)
    assert (found.baseline_rows, found.rows) == (50_000, 4000)
    assert 0 < found.drift.kolmogorov_smirnov < 0.05


def raised(rng: np.random.Generator, windows: int, rows: int, shift: float, psi: float) -> int:
    """In how many windows an alarm is raised in any of five columns, against a kept baseline."""
    kept = [profile(rng.normal(size=5000)) for _ in range(5)]
    found = 0
    for _ in range(windows):
        told = [drift(each, SortedNumbers.of(rng.normal(shift, 1, rows))) for each in kept]
        thresholds = {"psi": psi, "unseen": 0.0, "missing": 0.0}
        found += any(alarms(each, thresholds, columns=5) for each in told)
    return found


@pytest.mark.parametrize("rows", [50, 500])
def test_unchanged_rows_raise_less_than_one_alarm_in_a_hundred_windows(rows: int) -> None:
    assert raised(np.random.default_rng(7), windows=300, rows=rows, shift=0.0, psi=0.0) < 3


def test_unchanged_rare_categories_raise_less_than_one_alarm_in_a_hundred_windows() -> None:
    """Long tails: in every window there are values that the baseline never had."""
    rng = np.random.default_rng(5)

    def some(rows: int) -> CountedText:
        return CountedText.of(pa.array(rng.zipf(1.5, rows).astype(str)))

    kept, thresholds = some(3000).profile, {"psi": 0.0, "unseen": 0.0}
    told = [drift(kept, some(300)) for _ in range(300)]
    assert min(each.unseen or 0 for each in told) > 0
    assert sum(bool(alarms(each, thresholds, columns=1)) for each in told) < 3


@pytest.mark.soak
@pytest.mark.parametrize("rows", [30, 100, 1000, 20_000])
def test_ten_thousand_unchanged_windows_raise_less_than_a_hundred_alarms(rows: int) -> None:
    assert raised(np.random.default_rng(11), windows=10_000, rows=rows, shift=0.0, psi=0.0) < 100


def test_without_the_test_of_significance_small_windows_would_raise_many() -> None:
    rng = np.random.default_rng(7)
    kept = profile(rng.normal(size=5000))
    told = [drift(kept, SortedNumbers.of(rng.normal(size=50))).psi for _ in range(20)]
    assert sum(psi is not None and psi > 0.1 for psi in told) > 10


def test_a_planted_drift_is_seen_within_one_window() -> None:
    assert raised(np.random.default_rng(3), windows=5, rows=500, shift=0.6, psi=0.2) == 5
