"""Series read from a table, one for each key, in the order of the keys."""

from collections.abc import Sequence

import numpy as np
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.declaration.training import Series as Declared
from ml.forecast.series import Series, series_of


def read(
    conn: DuckDBPyConnection,
    source: Source,
    key: Sequence[Column],
    time: Column,
    value: Column,
    declared: Declared,
) -> list[Series]:
    """Return the series of ``source``; what of them cannot be used says so itself."""
    names = [f"k{at}" for at in range(len(key))]
    asked = [f"cast({column.sql} as varchar) as {n}" for column, n in zip(key, names, strict=True)]
    table = conn.execute(
        f"select * from (select {', '.join(asked)}, epoch_us({time.time_sql}) as moment, "
        f"cast({value.sql} as double) as value from ({placed_sql(source, key, time)})) "
        f"order by {', '.join(names)}, moment, value"
    ).to_arrow_table()
    moments = table["moment"].to_numpy().astype(np.int64)
    values = table["value"].to_numpy().astype(np.float64)
    keys = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    found, start = [], 0
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end] != keys[start]:
            part = slice(start, end)
            found.append(
                series_of(keys[start], moments[part], values[part], declared.every, declared.gaps)
            )
            start = end
    return found


def placed_sql(source: Source, key: Sequence[Column], time: Column) -> str:
    """Return the query of the rows that are in a series: those with a key and a time."""
    return f"select * from {source.relation.sql} where {_placed(key, time)}"


def in_none(
    conn: DuckDBPyConnection, source: Source, key: Sequence[Column], time: Column
) -> tuple[str, int]:
    """Return what rows that are in no series lack, and how many these are."""
    many = conn.execute(
        f"select count(*) from {source.relation.sql} where not ({_placed(key, time)})"
    ).fetchall()[0][0]
    return f"no {', '.join(column.name for column in key)} or {time.name}", int(many)


def _placed(key: Sequence[Column], time: Column) -> str:
    return " and ".join(f"{column.sql} is not null" for column in (*key, time))
