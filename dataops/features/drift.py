"""How far the values of a column have moved from one stretch of time to the next.

The population stability index of N. Siddiqi, Credit Risk Scorecards (2006): the sum over bins of
(q - p) ln(q / p), p and q being a bin's shares of the rows before and now. By that book less than
0.1 is no change, 0.25 and more a large one.
"""

import math
from collections.abc import Iterator, Sequence

import duckdb

from ml.relation import quote

LARGE = 0.25
# A share of nothing would make the index infinite.
_LEAST_SHARE = 0.0001
# With fewer rows in a stretch the index is mostly noise: it grows by (bins - 1) / rows.
LEAST_ROWS = 100
_DECILES = [place / 10 for place in range(11)]
_MOST_VALUES = 20
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
           "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip


def is_number(kind: str) -> bool:
    """Whether a column of the DuckDB type ``kind`` holds numbers."""
    return kind.split("(")[0] in NUMBERS


def stability_index(before: Sequence[int], now: Sequence[int]) -> float | None:
    """Return the index of two histograms over the same bins, None with too few rows in one."""
    if min(sum(before), sum(now)) < LEAST_ROWS:
        return None
    total = 0.0
    for was, became in zip(before, now, strict=True):
        if was or became:
            share = max(was / sum(before), _LEAST_SHARE)
            shift = max(became / sum(now), _LEAST_SHARE)
            total += (shift - share) * math.log(shift / share)
    return total


def column_drift(
    connection: duckdb.DuckDBPyConnection, stretches: str, column: str, kind: str
) -> float | None:
    """Return the drift of ``column`` over the rows of ``stretches``.

    ``stretches`` is SQL that can follow ``from``; its column ``is_now`` is true in the newest
    stretch and false in the one before. Numbers are binned by the deciles of the one before, its
    least and greatest value included; other values are their own bins, the most frequent ones.
    Null is a bin.
    """
    values = f"{stretches} as stretch"
    name = f"stretch.{quote(column)}"
    bins = _number_bins if is_number(kind) else _value_bins
    rows = connection.execute(
        f"select {bins(connection, values, name)} as bin, count(*) filter (not is_now), "
        f"count(*) filter (is_now) from {values} group by bin"
    ).fetchall()
    return stability_index([row[1] for row in rows], [row[2] for row in rows])


def _number_bins(connection: duckdb.DuckDBPyConnection, values: str, name: str) -> str:
    number = f"cast({name} as double)"
    found = connection.execute(
        f"select quantile_cont({number}, {_DECILES}) from {values} "
        f"where not is_now and isfinite({number})"
    ).fetchone()
    edges = sorted(set((found and found[0]) or []))
    return f"case {' '.join(_cases(number, edges))} else {len(edges) + 1} end"


def _cases(number: str, edges: Sequence[float]) -> Iterator[str]:
    yield f"when {number} is null or not isfinite({number}) then -1"
    if edges:
        yield f"when {number} < {edges[0]!r} then 0"
    for place, edge in enumerate(edges, start=1):
        yield f"when {number} <= {edge!r} then {place}"


def _value_bins(connection: duckdb.DuckDBPyConnection, values: str, name: str) -> str:
    text = f"cast({name} as varchar)"
    found = connection.execute(
        f"select {text} from {values} where not is_now and {name} is not null "
        f"group by all order by count(*) desc, 1 limit {_MOST_VALUES}"
    ).fetchall()
    own = ", ".join("'" + value.replace("'", "''") + "'" for (value,) in found) or "null"
    return (
        f"case when {name} is null then 'n' when {text} in ({own}) then 'v' || {text} else 'o' end"
    )
