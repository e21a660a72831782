"""How far the values of features have moved from one stretch of time to the next.

By :mod:`ml.monitoring`: the stretch before gives the bins, missing values are one of them. By N.
Siddiqi, Credit Risk Scorecards (2006), a population stability index below 0.1 is no change, one
above 0.25 a large one.
"""

from dataclasses import dataclass

import duckdb

from ml.columns import Columns
from ml.monitoring.comparison import compare, is_alarm
from ml.monitoring.reading import watched_columns

LARGE = 0.25
# With fewer rows in a stretch the index is mostly noise: it grows by (bins - 1) / rows.
LEAST_ROWS = 100


@dataclass(frozen=True)
class Moved:
    """The stability index of one feature, and whether it is large and no accident.

    ``kolmogorov_smirnov`` is the greatest distance of the two distributions of a number, of every
    value and no bin; None for what is none.
    """

    index: float
    is_large: bool
    kolmogorov_smirnov: float | None = None


def moved(
    connection: duckdb.DuckDBPyConnection, before: str, now: str, columns: Columns
) -> dict[str, Moved]:
    """Return how far ``columns`` have moved from ``before`` to ``now``.

    Both are queries with these columns. Dates and timestamps are left out: they move with time
    itself. Empty with fewer than LEAST_ROWS rows in one of them.
    """
    watched = watched_columns(columns)
    found = {}
    for each in compare(connection, f"({before})", f"({now})", watched):
        if min(each.baseline_rows, each.rows) >= LEAST_ROWS and each.drift.psi is not None:
            large = is_alarm(each.drift, psi=LARGE, columns=len(watched))
            found[each.column] = Moved(each.drift.psi, large, each.drift.kolmogorov_smirnov)
    return found
