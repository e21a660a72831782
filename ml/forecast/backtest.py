"""What a method would have told at earlier moments, held against what came: a rolling origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array
from ml.evaluation.units import Units
from ml.forecast.methods import Forecast, Method, naive
from ml.forecast.series import Series


@dataclass(frozen=True)
class Window:
    """One window held out of one series: what was known before, and what came.

    ``known`` [steps] are the values before it, gaps filled from these alone, ``came`` [horizon]
    those within, of which those ``there`` were observed. Windows of one series do not overlap.
    """

    series: Series
    known: Array
    came: Array
    there: np.ndarray[tuple[int], np.dtype[np.bool_]]


def windows_of(series: Sequence[Series], horizon: int, windows: int) -> list[Window]:
    """Return the last ``windows`` windows of ``horizon`` steps of each series, the latest first.

    Two values or more come before each; a series that is shorter has fewer windows, or none.
    """
    return [window for each in series for window in _of_one(each, horizon, windows)]


def _of_one(series: Series, horizon: int, windows: int) -> Iterator[Window]:
    for number in range(1, windows + 1):
        cut = len(series.values) - number * horizon
        if cut < 2:
            return
        ahead = slice(cut, cut + horizon)
        there = series.there[ahead]
        if there.any():
            yield Window(series, series.until(cut).values, series.values[ahead], there)


def told_of(method: Method, windows: Sequence[Window]) -> list[Forecast]:
    """Return what ``method`` tells of each window from what was known before it."""
    return [method.forecast(each.known, len(each.came)) for each in windows]


def told_by_naive(method: Method, windows: Sequence[Window]) -> list[Forecast]:
    """Return what the baseline, a season ago, tells of each window."""
    return [naive(each.known, method.season, len(each.came), method.level) for each in windows]


def judge(windows: Sequence[Window], told: Sequence[Forecast], season: int) -> Units:
    """Return the sums of each window by metric; values that were not observed do not count.

    mae, rmse; smape in percent, 200 |e| / (|y| + |told|), 0 where both are; mase, errors over the
    mean error of a season ago among the values known (J. Hyndman, A. Koehler, 2006), of a window
    where that is 0 not counted; interval_coverage, the share within the bounds, where known.
    """
    each = [_sums(window, forecast, season) for window, forecast in zip(windows, told, strict=True)]
    return Units(
        {
            name: (np.array([sums[name][0] for sums in each]), np.array([s[name][1] for s in each]))
            for name in each[0]
        }
    )


def _sums(window: Window, forecast: Forecast, season: int) -> dict[str, tuple[float, float]]:
    truth, told = window.came[window.there], forecast.told[window.there]
    low, high = forecast.low[window.there], forecast.high[window.there]
    away, many = np.abs(told - truth), float(len(truth))
    sizes = np.abs(told) + np.abs(truth)
    relative = np.divide(200 * away, sizes, out=np.zeros_like(away), where=sizes > 0)
    scale, known = _scale(window.known, season), ~np.isnan(low)
    inside = (low[known] <= truth[known]) & (truth[known] <= high[known])
    scaled = (float(away.sum()) / scale, many) if scale > 0 else (0.0, 0.0)
    return {
        "mae": (float(away.sum()), many),
        "rmse": (float((away**2).sum()), many),
        "smape": (float(relative.sum()), many),
        "mase": scaled,
        "interval_coverage": (float(inside.sum()), float(known.sum())),
    }


def _scale(known: Array, season: int) -> float:
    """Return the mean error of a season ago, of the step before where no season is over."""
    lag = season if len(known) > season else 1
    return float(np.mean(np.abs(known[lag:] - known[:-lag])))
