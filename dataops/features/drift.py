"""How far the values of features have moved from one stretch of time to the next.

By :mod:`ml.monitoring`: the stretch before gives the bins, missing values are one of them. By N.
Siddiqi, Credit Risk Scorecards (2006), a population stability index below 0.1 is no change, 0.25
and more a large one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from ml.monitoring.distances import drift, is_alarm
from ml.monitoring.reference import category_bins, count, numeric_bins
from ml.relation import Relation

LARGE = 0.25
# With fewer rows in a stretch the index is mostly noise: it grows by (bins - 1) / rows.
LEAST_ROWS = 100
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
           "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
_BEFORE, _NOW = Relation("temp", "goldloop_before"), Relation("temp", "goldloop_now")


@dataclass(frozen=True)
class Moved:
    """The stability index of one feature, and whether it is large and no accident."""

    index: float
    is_large: bool


def is_number(kind: str) -> bool:
    """Whether a column of the DuckDB type ``kind`` holds numbers."""
    return kind.split("(")[0] in NUMBERS


def moved(
    connection: duckdb.DuckDBPyConnection, before: str, now: str, types: Mapping[str, str]
) -> dict[str, Moved]:
    """Return how far the columns of ``types`` (DuckDB's, by name) moved from ``before`` to ``now``.

    Both are queries with these columns. Empty with fewer than LEAST_ROWS rows in one of them.
    """
    for relation, query in ((_BEFORE, before), (_NOW, now)):
        connection.execute(f"create or replace temp view {relation.name} as {query}")
    numbers = [name for name, kind in types.items() if is_number(kind)]
    bins = numeric_bins(connection, _BEFORE, numbers)
    bins += [category_bins(connection, _BEFORE, name) for name in types if name not in numbers]
    told = zip(count(connection, _BEFORE, bins), count(connection, _NOW, bins), strict=True)
    found = {}
    for was, became in told:
        rows = min(sum(was.rows) + was.missing, sum(became.rows) + became.missing)
        each = drift(was, became)
        if rows >= LEAST_ROWS and each.psi is not None:
            large = is_alarm(each, psi=LARGE, columns=len(bins))
            found[each.column] = Moved(each.psi, large)
    return found
