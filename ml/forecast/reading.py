"""Series read from a table, one for each key, in the order of the keys."""

from collections.abc import Sequence

import numpy as np
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.declaration.training import Series as Declared
from ml.forecast.series import Series, series_of
from ml.relation import quote


def read(
    conn: DuckDBPyConnection,
    source: Source,
    key: Sequence[Column],
    time: Column,
    value: Column,
    declared: Declared,
) -> list[Series]:
    """Return the series of ``source``; what of them cannot be used says so itself.

    Rows without a key or a time are in none.
    """
    names = [f"k{at}" for at in range(len(key))]
    asked = [f"cast({column.sql} as varchar) as {n}" for column, n in zip(key, names, strict=True)]
    there = " and ".join(f"{quote(name)} is not null" for name in [*names, "moment"])
    table = conn.execute(
        f"select * from (select {', '.join(asked)}, epoch_us({time.time_sql}) as moment, "
        f"cast({value.sql} as double) as value from {source.relation.sql}) where {there} "
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
