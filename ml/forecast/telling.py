"""The next steps of every series, as a table."""

from collections.abc import Generator, Sequence

import numpy as np
import pyarrow as pa

from ml.forecast.methods import Forecast, Method
from ml.forecast.series import Series

_AT_ONCE = 100


def forecast(method: Method, series: Sequence[Series], horizon: int) -> Generator[pa.Table]:
    """Yield the next ``horizon`` steps of ``series``, some series at a time.

    The columns are ``series`` (the position in ``series``), then those of a forecast, see
    :mod:`ml.task_columns`. A series that cannot be used has its steps, too, with nothing told and
    the reason; their moments follow its last row.
    """
    for start in range(0, len(series), _AT_ONCE):
        part = range(start, min(start + _AT_ONCE, len(series)))
        yield pa.concat_tables([_table(method, at, series[at], horizon) for at in part])


def _table(method: Method, at: int, series: Series, horizon: int) -> pa.Table:
    found = told(method, series, horizon)
    steps = np.arange(1, horizon + 1, dtype=np.int32)
    columns = {
        "series": pa.array(np.full(horizon, at)),
        "step": pa.array(steps),
        "forecast_at": pa.array(series.ahead(horizon).astype("datetime64[us]")),
        # What is not known is null in the table.
        "prediction": pa.array(found.told, from_pandas=True),
        "low": pa.array(found.low, from_pandas=True),
        "high": pa.array(found.high, from_pandas=True),
        "level": pa.array(np.full(horizon, method.level)),
        "method": pa.array([found.method or None] * horizon, pa.string()),
        "reason": pa.array([found.reason] * horizon, pa.string()),
    }
    return pa.table(columns)


def told(method: Method, series: Series, horizon: int) -> Forecast:
    """Return the forecast of one series, of nothing but a reason where it cannot be used."""
    if series.trouble is not None:
        nothing = np.full(horizon, np.nan)
        return Forecast(nothing, nothing, nothing, "", series.trouble)
    return method.forecast(series.values, horizon)
