"""What the rows of a feature view are like: how new, how full, how far they have moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from dataops.features.drift import Moved, moved
from dataops.features.views import View
from ml.errors import PipelineError
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
    """What a view is like; times are UTC, None without rows."""

    rows: int
    newest: datetime | None
    newest_known: datetime | None
    features: Mapping[str, Measured]


def measure(
    connection: duckdb.DuckDBPyConnection, view: View, stretch_seconds: int
) -> ViewMeasured:
    """Measure ``view`` in the warehouse of ``connection``, which is only read.

    Drift compares the rows of the newest ``stretch_seconds`` with those of as many before, by
    event time. Raises PipelineError when the warehouse lacks the view or one of its columns.
    """
    types = column_types(connection, view)
    (rows, newest, known, *told), *_ = connection.execute(_facts_sql(view)).fetchall()
    drift = {} if newest is None else _drift(connection, view, types, newest, stretch_seconds)
    measured = {}
    for place, name in enumerate(view.features):
        nulls, distinct = told[2 * place : 2 * place + 2]
        measured[name] = Measured(nulls / rows if rows else None, distinct, drift.get(name))
    return ViewMeasured(rows, _time(newest), _time(known), measured)


def column_types(connection: duckdb.DuckDBPyConnection, view: View) -> dict[str, str]:
    """Return the type of each column of ``view``; raises PipelineError when one is not there."""
    try:
        described = connection.execute(f"describe {view.relation.sql}").fetchall()
    except duckdb.CatalogException as error:
        raise PipelineError(
            f"{view.relation} is not in the release", fix="type: goldloop run"
        ) from error
    types = {name: str(kind) for name, kind, *_ in described}
    lacking = [name for name in view.features if name not in types]
    if lacking:
        raise PipelineError(
            f"{view.relation} has no column '{lacking[0]}' in the release, which {view.file} "
            f"describes; it has: {', '.join(types)}",
            fix="type: goldloop run",
        )
    return types


def instant(column: str) -> str:
    """Return SQL of a date or timestamp as microseconds since 1970, as the macros compare them."""
    return f"epoch_us({quote(column)})"


def _facts_sql(view: View) -> str:
    told = [
        f"count(*) - count({quote(name)}), approx_count_distinct({quote(name)})"
        for name in view.features
    ]
    return (
        f"select count(*), max({instant(view.declared.event_time)}), "
        f"max({instant(view.declared.known_time)}), {', '.join(told)} from {view.relation.sql}"
    )


def _drift(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    types: Mapping[str, str],
    newest: int,
    seconds: int,
) -> dict[str, Moved]:
    event, length = instant(view.declared.event_time), seconds * _MICROSECONDS
    before, now = (
        f"select * from {view.relation.sql} where {event} > {newest - (back + 1) * length} "
        f"and {event} <= {newest - back * length}"
        for back in (1, 0)
    )
    return moved(connection, before, now, {name: types[name] for name in view.features})


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
