"""The naive forecasts: what was a season ago, or was last, with intervals from its errors.

Source: R. J. Hyndman, G. Athanasopoulos, "Forecasting: principles and practice", 3rd edition,
sections 5.2 and 5.5 (the standard deviation of h steps is that of one, times the root of the number
of seasons, or steps, that lie ahead).
"""

import numpy as np
from scipy.special import ndtri

from ml.evaluation.metrics import Array

Told = tuple[Array, Array, Array]


def seasonal_naive(values: Array, season: int, horizon: int, level: float) -> Told:
    """Return the forecast, and the bounds of its interval, for ``horizon`` steps.

    It is the last value of the same place in the season, with a ``season`` of 1 the last value.
    ``values`` are more than a season; the bounds, which hold the truth with probability ``level``
    where errors are normal, are NaN unless two errors are known.
    """
    ahead = np.arange(horizon)
    told = values[len(values) - season + ahead % season]
    errors = values[season:] - values[:-season]
    if len(errors) < 2:
        return told, np.full(horizon, np.nan), np.full(horizon, np.nan)
    sigma = np.sqrt(np.sum(errors**2) / len(errors))
    away = ndtri((1 + level) / 2) * sigma * np.sqrt(ahead // season + 1)
    return told, told - away, told + away
