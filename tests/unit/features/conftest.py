"""A warehouse of one spine and one view, filled by each test."""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pytest

from tests.unit.features.brute_force import fill, told

VIEW = {
    "entity": ["driver"],
    "event_time": "event_at",
    "known_time": "known_at",
    "ttl": "10 days",
    "features": ["value"],
}
Match = Callable[..., list[Any]]


@pytest.fixture(params=["duckdb", "portable"])
def adapter(request: pytest.FixtureRequest) -> str:
    """Which of the two statements."""
    return str(request.param)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'")
    return connection


@pytest.fixture
def match(connection: duckdb.DuckDBPyConnection, adapter: str) -> Match:
    """Return the values that moments of driver 1 get from rows (event, known, value)."""

    def call(
        moments: Sequence[str | None], rows: Sequence[tuple[Any, ...]], **declared: Any
    ) -> list[Any]:
        fill(connection, "spine", "place integer, driver integer, as_of timestamp",
             [(place, 1, moment) for place, moment in enumerate(moments)])  # fmt: skip
        fill(connection, "trips",
             "driver integer, event_at timestamp, known_at timestamp, value integer",
             [(1, *row) for row in rows])  # fmt: skip
        lines = told(connection, {"trips": VIEW | declared}, adapter=adapter)
        return [line[-1] for line in sorted(lines, key=lambda line: line[0])]

    return call
