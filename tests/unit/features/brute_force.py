"""The oracle: what a training set must hold, found by looking at every row for every row."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from dataops.features.declaration import ttl_seconds
from dataops.features.render import Renderer

Row = Mapping[str, Any]


def instant(value: Any) -> datetime | None:
    """A date, a time without zone (UTC) or one with a zone, as an instant."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day) if isinstance(value, date) else value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def newest(spine: Row, time: str, rows: Sequence[Row], view: Mapping[str, Any]) -> Row | None:
    """The row of a view that a row of the spine gets, by the words of the documentation."""
    as_of, ttl = instant(spine[time]), ttl_seconds(view["ttl"])
    found = []
    for row in rows:
        event, known = instant(row[view["event_time"]]), instant(row[view["known_time"]])
        keys = [(spine[key], row[key]) for key in view["entity"]]
        if as_of is None or event is None or known is None:
            continue
        if any(left is None or left != right for left, right in keys):
            continue
        if event > as_of or known > as_of:
            continue
        if ttl is not None and event < as_of - timedelta(seconds=ttl):
            continue
        found.append((event, known, row))
    return max(found, key=lambda each: each[:2])[2] if found else None


def expected(
    spine: Sequence[Row],
    time: str,
    tables: Mapping[str, Sequence[Row]],
    views: Mapping[str, Mapping[str, Any]],
) -> list[tuple[Any, ...]]:
    """Every row of the spine with every feature of every view, in the order of the spine."""
    lines = []
    for row in spine:
        line = list(row.values())
        for name, view in views.items():
            match = newest(row, time, tables[name], view)
            line += [match[feature] if match else None for feature in view["features"]]
        lines.append(tuple(line))
    return lines


def told(
    connection: duckdb.DuckDBPyConnection,
    views: Mapping[str, Mapping[str, Any]],
    time: str = "as_of",
    adapter: str = "duckdb",
    features: Sequence[Any] | None = None,
    schema: str = "main",
    **options: Any,
) -> list[tuple[Any, ...]]:
    """What the statement gives for the tables ``spine`` and one of the name of each view."""
    renderer = Renderer(views, {name: f"{schema}.{name}" for name in views}, adapter)
    sql = renderer.training_set(f"{schema}.spine", time, features or list(views), **options)
    return connection.execute(sql).fetchall()


def fill(
    connection: duckdb.DuckDBPyConnection, table: str, types: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Make ``table`` anew with ``rows``."""
    connection.execute(f"create or replace table {table} ({types})")
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {table} values ({marks})", list(map(list, rows)))
