"""The ways a series is forecast: naive ones of our own, the others by statsforecast.

A series that its method cannot do (too short, constant, or refused by statsforecast) is told by a
simpler one, and the reason is told with it.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ml.errors import UsageError
from ml.evaluation.metrics import Array
from ml.forecast.naive import Told, seasonal_naive

NAIVE, SEASONAL = "naive", "seasonal_naive"
# Preset and the class of statsforecast.models that does it.
BY_LIBRARY: Mapping[str, str] = {
    "auto_arima": "AutoARIMA",
    "auto_ets": "AutoETS",
    "auto_theta": "AutoTheta",
    "mstl": "MSTL",
}
# Fewer values than two seasons, or than these, say nothing of a season or a trend.
_FEWEST = 10


class _Refused(Exception):
    """What the library said of a series it could not do."""


@dataclass(frozen=True)
class Forecast:
    """The next steps of one series: numbers and bounds [horizon], NaN where not known.

    ``method`` is what told; where that is not what was asked for, or no bounds are known,
    ``reason`` says why.
    """

    told: Array
    low: Array
    high: Array
    method: str
    reason: str | None = None


@dataclass(frozen=True)
class Method:
    """How series are forecast: a preset, its parameters, and the interval's level.

    Of each series the last ``history`` steps are learnt from, all without it.
    """

    preset: str
    params: Mapping[str, Any]
    level: float
    history: int | None = None

    @property
    def seasons(self) -> tuple[int, ...]:
        """The lengths of the seasons, in steps."""
        given = self.params.get("season_length", 1)
        return tuple(given) if isinstance(given, Sequence) else (int(given),)

    @property
    def season(self) -> int:
        """The longest season: that of the baseline."""
        return max(self.seasons)

    def forecast(self, values: Array, horizon: int) -> Forecast:
        """Return the forecast of the series ``values`` [steps], one or more, without gaps."""
        values = values[-self.history :] if self.history else values
        if len(values) == 1 or np.all(values == values[0]):
            return _constant(values, horizon)
        if self.preset not in BY_LIBRARY:
            return naive(values, self.season, horizon, self.level)
        fewest = max(_FEWEST, 2 * self.season + 1)
        if len(values) < fewest:
            why = f"{len(values):,} values; {self.preset} needs {fewest:,}"
            return naive(values, self.season, horizon, self.level, why)
        try:
            told = self._by_library(values, horizon)
        except _Refused as refused:
            why = f"{self.preset}: {refused}"
            return naive(values, self.season, horizon, self.level, why)
        return Forecast(*told, self.preset)

    def _by_library(self, values: Array, horizon: int) -> Told:
        made, level = _made(self), round(100 * self.level, 6)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                found = made(y=values, h=horizon, level=[level])
            # It raises Exception itself for a series it cannot do, beside many kinds of error.
            except Exception as error:
                raise _Refused(str(error) or type(error).__name__) from error
        keys = [next(key for key in found if key.startswith(side)) for side in ("lo-", "hi-")]
        told, low, high = (np.asarray(found[key], np.float64) for key in ("mean", *keys))
        if not np.isfinite(told).all():
            raise _Refused("it tells no finite number")
        return told, low, high


def naive(
    values: Array, season: int, horizon: int, level: float, reason: str | None = None
) -> Forecast:
    """Return what was a season ago, or the last value where there is no whole season and one more.

    ``reason`` is why a better method does not tell.
    """
    if len(values) > season:
        method, told = SEASONAL, seasonal_naive(values, season, horizon, level)
    else:
        few = f"{len(values):,} values; a season of {season:,} needs one more"
        reason = f"{reason}; {few}" if reason else few
        method, told = NAIVE, seasonal_naive(values, 1, horizon, level)
    if np.isnan(told[1]).all():
        short = "too few errors are known for an interval"
        reason = f"{reason}; {short}" if reason else short
    return Forecast(*told, method, reason)


def _constant(values: Array, horizon: int) -> Forecast:
    """Return the one value there is; its interval is not known where it was seen once."""
    told = np.full(horizon, values[-1])
    if len(values) == 1:
        unknown = np.full(horizon, np.nan)
        return Forecast(told, unknown, unknown, NAIVE, "one value, which has no interval")
    return Forecast(told, told, told, NAIVE, "it is the same value throughout")


def check_library(preset: str, name: str) -> None:
    """Raise UsageError where ``preset`` of model ``name`` needs a library that is not installed."""
    if preset in BY_LIBRARY:
        _library(preset, name)


def _library(preset: str, name: str) -> ModuleType:
    try:
        # Imported here because it is an extra, and takes seconds.
        from statsforecast import models
    except ImportError:
        raise UsageError(
            f"estimator.preset of ML model '{name}' is '{preset}', which needs statsforecast; "
            f"it is not installed; allowed without it: {SEASONAL}",
            fix="type: pip install 'goldloop[forecast]'",
        ) from None
    found: ModuleType = models
    return found


def _made(method: Method) -> Callable[..., Mapping[str, Any]]:
    """Return what forecasts by the library, made anew: it keeps what it fitted."""
    kind = getattr(_library(method.preset, "it"), BY_LIBRARY[method.preset])
    params = {"season_length": 1, **method.params}
    if method.preset == "mstl":
        params["season_length"] = list(method.seasons)
    made: Callable[..., Mapping[str, Any]] = kind(**params).forecast
    return made
