"""Series, their methods and how they are judged; statsforecast is the oracle of the naive one."""

import builtins

import numpy as np
import pytest

from ml.errors import UsageError
from ml.forecast.backtest import judge, told_by_naive, told_of, windows_of
from ml.forecast.methods import BY_LIBRARY, Method, check_library
from ml.forecast.naive import seasonal_naive
from ml.forecast.series import series_of
from ml.versions import artifact

HOUR = 3_600_000_000


def at(*texts):
    return np.array(texts, "datetime64[us]").astype(np.int64)


def hours(*steps):
    return at("2025-01-01")[0] + np.array(steps) * HOUR


def test_gaps_are_filled_as_declared_and_remembered():
    told = {
        gaps: series_of(("a",), hours(0, 1, 4), np.array([1.0, 2.0, 5.0]), "hour", gaps)
        for gaps in ("interpolate", "zero", "last", "refuse")
    }
    assert list(told["interpolate"].values) == [1, 2, 3, 4, 5]
    assert list(told["zero"].values) == [1, 2, 0, 0, 5]
    assert list(told["last"].values) == [1, 2, 2, 2, 5]
    assert list(told["zero"].there) == [True, True, False, False, True]
    assert "2 hours are missing" in told["refuse"].trouble


@pytest.mark.parametrize(
    ("moments", "values", "said"),
    [
        (hours(0, 1, 1), [1, 2, 3], "two values at 2025-01-01 01:00"),
        (hours(0, 1) + np.array([0, 1]), [1, 2], "not a whole hour"),
        (hours(0, 1), [1, np.inf], "infinite at 2025-01-01 01:00"),
        (hours(0, 1), [np.nan, np.nan], "no value"),
        (hours(0, 1, 900), [1, 2, 3], "898 hours are missing and 3 are there"),
    ],
)
def test_what_makes_no_series_says_so_and_what_to_do(moments, values, said):
    found = series_of(("a",), moments, np.array(values, float), "hour", "interpolate")
    assert said in found.trouble
    assert not len(found.values)


def test_months_are_counted_by_the_calendar():
    moments = at("2024-12-01", "2025-01-01", "2025-02-01")
    found = series_of(("a",), moments, np.arange(3.0), "month", "refuse")
    assert found.trouble is None
    assert list(found.ahead(2)) == list(at("2025-03-01", "2025-04-01"))


def test_the_naive_forecast_is_that_of_statsforecast():
    models = pytest.importorskip("statsforecast.models")
    values = np.random.default_rng(0).normal(10, 3, 40)
    found = seasonal_naive(values, 7, 17, 0.9)
    theirs = models.SeasonalNaive(season_length=7).forecast(y=values, h=17, level=[90])
    for ours, key in zip(found, ("mean", "lo-90", "hi-90"), strict=True):
        np.testing.assert_allclose(ours, theirs[key], rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "method", "reason"),
    [
        ([3.0], "naive", "one value"),
        ([4.0] * 30, "naive", "the same value throughout"),
        ([1.0, 2.0, 4.0], "naive", "a season of 7 needs one more"),
        (list(np.arange(9.0)), "seasonal_naive", "needs 15"),
    ],
)
def test_a_series_its_method_cannot_do_is_told_by_a_simpler_one(values, method, reason):
    found = Method("auto_ets", {"season_length": 7}, 0.95).forecast(np.array(values), 3)
    assert found.method == method
    assert reason in found.reason
    assert np.isfinite(found.told).all()


def test_what_the_library_refuses_is_told_by_a_simpler_one(monkeypatch):
    models = pytest.importorskip("statsforecast.models")

    def refuse(*_, **__):
        raise Exception("no model able to be fitted")

    monkeypatch.setattr(models.AutoETS, "forecast", refuse)
    found = Method("auto_ets", {"season_length": 2}, 0.95).forecast(np.arange(20.0), 3)
    assert found.method == "seasonal_naive"
    assert "no model able to be fitted" in found.reason


def test_a_preset_of_the_library_tells_what_the_library_tells():
    models = pytest.importorskip("statsforecast.models")
    values = 20 + 5 * np.sin(np.arange(60)) + np.random.default_rng(0).normal(size=60)
    found = Method("auto_theta", {"season_length": 7}, 0.95).forecast(values, 4)
    theirs = models.AutoTheta(season_length=7).forecast(y=values, h=4, level=[95])
    assert found.method == "auto_theta"
    np.testing.assert_array_equal(found.told, theirs["mean"])
    np.testing.assert_array_equal(found.low, theirs["lo-95"])


def test_without_the_extra_one_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("statsforecast"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    for preset in BY_LIBRARY:
        with pytest.raises(UsageError, match=r"pip install 'goldloop\[forecast\]'"):
            check_library(preset, "m")
    check_library("seasonal_naive", "m")


def test_what_the_library_fits_cannot_be_kept():
    models = pytest.importorskip("statsforecast.models")
    fitted = models.AutoTheta(season_length=1).fit(np.arange(30.0) + np.sin(np.arange(30)))
    assert artifact.unkept(fitted)


def test_windows_come_before_one_another_and_metrics_are_those_of_a_loop():
    random = np.random.default_rng(0)
    values = random.normal(10, 2, 50)
    series = series_of(("a",), hours(*np.delete(np.arange(50), 47)), np.delete(values, 47), "hour",
                       "zero")  # fmt: skip
    windows = windows_of([series], 5, 3)
    assert [len(each.known) for each in windows] == [45, 40, 35]
    method = Method("seasonal_naive", {"season_length": 4}, 0.8)
    told = told_of(method, windows)
    found = judge(windows, told, 4).values()
    errors, relative, scaled, inside = [], [], [], []
    for window, forecast in zip(windows, told_by_naive(method, windows), strict=True):
        scale = np.mean(np.abs(window.known[4:] - window.known[:-4]))
        for step in range(5):
            if not window.there[step]:
                continue
            truth, said = window.came[step], forecast.told[step]
            errors.append(abs(truth - said))
            relative.append(200 * abs(truth - said) / (abs(truth) + abs(said)))
            scaled.append(abs(truth - said) / scale)
            inside.append(forecast.low[step] <= truth <= forecast.high[step])
    assert len(errors) == 14
    assert found["mae"] == pytest.approx(np.mean(errors))
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    assert found["smape"] == pytest.approx(np.mean(relative))
    assert found["mase"] == pytest.approx(np.mean(scaled))
    assert found["interval_coverage"] == pytest.approx(np.mean(inside))


@pytest.mark.parametrize("gaps", ["interpolate", "zero", "last"])
def test_no_value_held_out_is_in_the_history_it_is_told_from(gaps):
    # Steps 36 to 39 have no value: the gap ends where the last window begins.
    steps = np.delete(np.arange(50), [20, *range(36, 40)])
    values = np.random.default_rng(0).normal(10, 2, len(steps))
    otherwise = np.where(steps < 40, values, values + 1_000)
    [before], [after] = (
        windows_of([series_of(("a",), hours(*steps), each, "hour", gaps)], 10, 1)
        for each in (values, otherwise)
    )
    np.testing.assert_array_equal(before.known, after.known)
    np.testing.assert_array_equal(before.known[:36], before.series.values[:36])
    assert list(before.known[36:]) == [0.0 if gaps == "zero" else before.known[35]] * 4
    method = Method("seasonal_naive", {"season_length": 4}, 0.8)
    away = [np.abs(each.came - told.told).sum() / 10
            for each in (before, after) for told in told_of(method, [each])]  # fmt: skip
    scale = np.mean(np.abs(before.known[4:] - before.known[:-4]))
    for window, error in zip((before, after), away, strict=True):
        found = judge([window], told_of(method, [window]), 4).values()
        assert found["mase"] == pytest.approx(error / scale)


def test_only_the_last_steps_are_learnt_from_where_history_says_so():
    values = np.concatenate([np.full(20, 100.0), np.arange(10.0)])
    found = Method("seasonal_naive", {"season_length": 1}, 0.95, history=10).forecast(values, 1)
    alone = Method("seasonal_naive", {"season_length": 1}, 0.95).forecast(values[20:], 1)
    assert found.high[0] == alone.high[0]
