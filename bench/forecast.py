"""A thousand series forecast from a table, beside statsforecast called by hand on the same rows.

``GOLDLOOP_BENCH_SERIES`` measures with fewer series.
"""

import importlib.metadata
import os
import statistics
import time
from typing import Any

import duckdb
import numpy as np

from ml.columns import Column, find
from ml.declaration.training import Series as Declared
from ml.forecast.methods import Method
from ml.forecast.reading import read
from ml.forecast.telling import forecast
from ml.relation import Relation

SERIES = int(os.environ.get("GOLDLOOP_BENCH_SERIES", "1000"))
STEPS, SEASON, HORIZON, LEVEL = 112, 7, 14, 95
RUNS = 3
TARGET = 1.2


def run() -> list[dict[str, Any]]:
    """Time both in turn, from the second run on; what they tell is compared."""
    with duckdb.connect() as conn:
        _write(conn)
        pairs = []
        for _ in range(RUNS + 1):
            start = time.perf_counter()
            ours = _ours(conn)
            middle = time.perf_counter()
            theirs = _by_hand(conn)
            pairs.append((middle - start, time.perf_counter() - middle))
            if not np.allclose(ours, theirs):
                raise RuntimeError("the forecasts differ")
    ratio = statistics.median(ours / theirs for ours, theirs in pairs[1:])
    return [
        {
            "case": f"auto_theta of {SERIES:,} series of {STEPS} days, {HORIZON} ahead: seconds",
            "ours": statistics.median(ours for ours, _ in pairs[1:]),
            "peer": "statsforecast by hand",
            "peer_version": importlib.metadata.version("statsforecast"),
            "ratio": ratio,
            "target": TARGET,
            "ok": ratio <= TARGET,
            "n": SERIES,
            "runs": RUNS,
        }
    ]


def _write(conn: duckdb.DuckDBPyConnection) -> None:
    conn.execute("create schema gold")
    conn.execute(
        f"create table gold.sales as select 's' || lpad(s::varchar, 4, '0') as series, "
        f"timestamp '2025-01-01' + to_days(t::int) as day, "
        f"50 + 10 * sin(2 * pi() * t / {SEASON}) + (hash(s, t) % 1000) / 100.0 as y "
        f"from range({SERIES}) as series(s), range({STEPS}) as steps(t)"
    )


def _ours(conn: duckdb.DuckDBPyConnection) -> Any:
    source = find(conn, {"sales": Relation("gold", "sales")}, "sales", "train.on", "bench")
    columns: list[Column] = [source.columns[name] for name in ("series", "day", "y")]
    declared = Declared(every="day", horizon=HORIZON)
    series = read(conn, source, columns[:1], columns[1], columns[2], declared)
    method = Method("auto_theta", {"season_length": SEASON}, LEVEL / 100)
    tables = list(forecast(method, series, HORIZON))
    return np.concatenate([table["prediction"].to_numpy() for table in tables])


def _by_hand(conn: duckdb.DuckDBPyConnection) -> Any:
    from statsforecast import StatsForecast
    from statsforecast.models import AutoTheta

    rows = conn.execute(
        "select series as unique_id, day as ds, y from gold.sales order by 1, 2"
    ).df()
    models = [AutoTheta(season_length=SEASON)]
    told = StatsForecast(models=models, freq="D").forecast(df=rows, h=HORIZON, level=[LEVEL])
    return told["AutoTheta"].to_numpy()
