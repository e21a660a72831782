"""How far the values of features have moved from one stretch of time to the next.

By :mod:`ml.monitoring`: the stretch before gives the bins, missing values are one of them. By N.
Siddiqi, Credit Risk Scorecards (2006), a population stability index below 0.1 is no change, one
above 0.25 a large one.
"""

from dataclasses import dataclass

import duckdb

from ml.columns import Columns
from ml.monitoring.distances import drift, exact, is_alarm
from ml.monitoring.reference import category_bins, count, numeric_bins
from ml.relation import Relation

LARGE = 0.25
# With fewer rows in a stretch the index is mostly noise: it grows by (bins - 1) / rows.
LEAST_ROWS = 100
EXACT_ROWS = 2_000_000
_BEFORE, _NOW = Relation("temp", "goldloop_before"), Relation("temp", "goldloop_now")


@dataclass(frozen=True)
class Moved:
    """The stability index of one feature, and whether it is large and no accident.

    ``kolmogorov_smirnov`` is the greatest distance of the two distributions of a number, of every
    value and no bin; None where it was not asked for.
    """

    index: float
    is_large: bool
    kolmogorov_smirnov: float | None = None


def moved(
    connection: duckdb.DuckDBPyConnection,
    before: str,
    now: str,
    columns: Columns,
    exactly: bool = False,
) -> dict[str, Moved]:
    """Return how far ``columns`` have moved from ``before`` to ``now``.

    Both are queries with these columns. Dates and timestamps are left out: they move with time
    itself. Empty with fewer than LEAST_ROWS rows in one of them. ``exactly`` adds the distances of
    numbers, on up to EXACT_ROWS rows together, since they sort the values of each column.
    """
    for relation, query in ((_BEFORE, before), (_NOW, now)):
        connection.execute(f"create or replace temp view {relation.name} as {query}")
    try:
        return _moved(connection, columns, exactly)
    finally:
        for relation in (_BEFORE, _NOW):
            connection.execute(f"drop view {relation.sql}")


def _moved(
    connection: duckdb.DuckDBPyConnection, columns: Columns, exactly: bool
) -> dict[str, Moved]:
    numbers = [name for name, column in columns.items() if column.kind == "number"]
    # Later rows have later times: binned, they would always have moved.
    others = [name for name, each in columns.items() if each.kind not in ("number", "time")]
    bins = numeric_bins(connection, _BEFORE, numbers)
    bins += [category_bins(connection, _BEFORE, name) for name in others]
    told = zip(count(connection, _BEFORE, bins), count(connection, _NOW, bins), strict=True)
    found = {}
    for was, became in told:
        rows = [sum(side.rows) + side.missing for side in (was, became)]
        each = drift(was, became)
        if min(rows) >= LEAST_ROWS and each.psi is not None:
            large = is_alarm(each, psi=LARGE, columns=len(bins))
            distance = None
            if exactly and each.column in numbers and sum(rows) <= EXACT_ROWS:
                distance = exact(connection, _BEFORE, _NOW, each.column).kolmogorov_smirnov
            found[each.column] = Moved(each.psi, large, distance)
    return found
