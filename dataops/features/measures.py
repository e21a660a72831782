"""What the rows of a feature view are like: how new, how full, how far they have moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from dataops.features.built import built_columns
from dataops.features.drift import Moved, moved
from dataops.features.views import View
from ml.columns import Columns
from ml.relation import quote

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Measured:
    """What the values of one feature are like; shares are of all rows of its view.

    ``distinct`` is near to the number of values (HyperLogLog); ``drift`` how far the newest
    stretch is from the one before, None with too few rows; None also without rows.
    """

    null_share: float | None
    distinct: int
    drift: Moved | None


@dataclass(frozen=True)
class ViewMeasured:
    """What a view is like; times are UTC, None without rows. ``features`` has those built."""

    rows: int
    newest: datetime | None
    newest_known: datetime | None
    features: Mapping[str, Measured]


def measure(
    connection: duckdb.DuckDBPyConnection, view: View, stretch_seconds: int
) -> ViewMeasured:
    """Measure ``view`` in the warehouse of ``connection``, which is only read.

    Drift compares the rows of the newest ``stretch_seconds`` with those of as many before, by
    event time. A feature that is described and not built yet is
    left out. Raises PipelineError when the warehouse lacks the view.
    """
    there = built_columns(connection, view)
    columns = {name: there[name] for name in view.features if name in there}
    (rows, newest, known, *told), *_ = connection.execute(_facts_sql(view, columns)).fetchall()
    drift = {}
    if newest is not None:
        before, now = _stretches(view, newest, stretch_seconds)
        drift = moved(connection, before, now, columns)
    measured = {}
    for place, name in enumerate(columns):
        nulls, distinct = told[2 * place : 2 * place + 2]
        measured[name] = Measured(nulls / rows if rows else None, distinct, drift.get(name))
    return ViewMeasured(rows, _time(newest), _time(known), measured)


def instant(column: str) -> str:
    """Return SQL of a date or timestamp as microseconds since 1970, as the macros compare them."""
    return f"epoch_us({quote(column)})"


def _facts_sql(view: View, columns: Columns) -> str:
    told = ["count(*)", f"max({instant(view.declared.event_time)})"]
    told.append(f"max({instant(view.declared.known_time)})")
    for column in columns.values():
        told += [f"count(*) - count({column.sql})", f"approx_count_distinct({column.sql})"]
    return f"select {', '.join(told)} from {view.relation.sql}"


def _stretches(view: View, newest: int, seconds: int) -> tuple[str, str]:
    """Return queries of the rows of the stretch before the newest one, and of that."""
    event, length = instant(view.declared.event_time), seconds * _MICROSECONDS
    before, now = (
        f"select * from {view.relation.sql} where {event} > {newest - (back + 1) * length} "
        f"and {event} <= {newest - back * length}"
        for back in (1, 0)
    )
    return before, now


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
