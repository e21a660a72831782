"""Thousands of random rows: DuckDB's and the portable statement, and the oracle."""

import random
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataops.features.render import Renderer
from tests.unit.features.brute_force import expected, told

START = datetime(2025, 1, 1)
# Few keys and few hours, so that ties, edges of the ttl and late rows are met all the time.
HOURS = st.one_of(st.none(), *[st.integers(-2, 12)] * 7)
KEYS = st.sampled_from([None, "a", "a", "b", "a|b"])
TTLS = st.sampled_from(["0 days", "1 hour", "3 hours", "1 day", "unlimited"])
ROW = st.tuples(KEYS, KEYS, HOURS, HOURS, st.one_of(st.none(), st.integers(0, 9)))


def moment(hours: int | None) -> datetime | None:
    return None if hours is None else START + timedelta(hours=hours)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A spine and two views: one of two keys that tells when it was known, one of a single key."""
    rows = draw(st.lists(ROW, max_size=40))
    by_grain = {row[:4]: row for row in rows}
    by_event = {(row[0], row[2]): row for row in rows}
    return {
        "spine": draw(st.lists(st.tuples(KEYS, KEYS, HOURS), min_size=1, max_size=30)),
        "late": list(by_grain.values()),
        "prompt": list(by_event.values()),
        "ttls": draw(st.tuples(TTLS, TTLS)),
    }


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    # A zone with summer time, east of UTC: no comparison may depend on it.
    connection.execute("set TimeZone = 'Europe/Berlin'")
    return connection


def values(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    """A view over literals; cheaper than a table to make thousands of."""

    def literal(value: Any) -> str:
        if value is None:
            return "null"
        return str(value) if isinstance(value, int) else f"'{value}'"

    lines = [f"({', '.join(map(literal, row))})" for row in rows]
    types = {"as_of": "timestamp", "event_at": "timestamp", "known_at": "timestamp"}
    types |= {"left_value": "integer", "right_value": "integer"}
    names = ", ".join(columns)
    cast = ", ".join(f"cast({name} as {types.get(name, 'varchar')}) as {name}" for name in columns)
    empty = f"({', '.join('null' for _ in columns)})"
    body = f"values {', '.join([empty, *lines])}"
    return (
        f"create or replace temp table {table} as select {cast} "
        f"from (select *, row_number() over () as place from ({body}) as given({names})) "
        "where place > 1"
    )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(world=worlds())
def test_both_statements_give_what_looking_at_every_row_gives(
    connection: duckdb.DuckDBPyConnection, world: dict[str, Any]
) -> None:
    spine = [(one, two, moment(hour)) for one, two, hour in world["spine"]]
    late = [(a, b, moment(e), moment(k), v) for a, b, e, k, v in world["late"]]
    prompt = [(a, moment(e), v) for a, _, e, _, v in world["prompt"]]
    columns = {
        "spine": (["one", "two", "as_of"], spine),
        "late": (["one", "two", "event_at", "known_at", "left_value"], late),
        "prompt": (["one", "event_at", "right_value"], prompt),
    }
    for table, (names, rows) in columns.items():
        connection.execute(values(table, names, rows))
    views = {
        "late": {
            "entity": ["one", "two"], "event_time": "event_at", "known_time": "known_at",
            "ttl": world["ttls"][0], "features": ["left_value"],
        },
        "prompt": {
            "entity": ["one"], "event_time": "event_at", "known_time": "event_at",
            "ttl": world["ttls"][1], "features": ["right_value"],
        },
    }  # fmt: skip
    rows = {t: [dict(zip(n, row, strict=True)) for row in r] for t, (n, r) in columns.items()}
    wanted = sorted(expected(rows["spine"], "as_of", rows, views), key=repr)
    for adapter in ("duckdb", "another"):
        given_rows = told(connection, views, adapter=adapter, schema="temp")
        assert sorted(given_rows, key=repr) == wanted, adapter


FAULTS = [
    ("duckdb", "2 hours", "and moments._spine_at >= facts._known_at", "", "no cut by known time"),
    ("duckdb", "2 hours", "_spine_at >= facts._event_at", "_spine_at > facts._event_at", "open"),
    ("duckdb", "2 hours", "<= facts._event_at", "< facts._event_at", "a ttl short of its end"),
    ("duckdb", "2 hours", "775808 + _known_at", "775808 - _known_at", "ties by the first known"),
    ("duckdb", "2 hours", "00 - 1 as", "00 as", "one stretch of time only"),
    ("duckdb", "unlimited", "max(_recency) over", "min(_recency) over", "the oldest row"),
    ("duckdb", "unlimited", ">= facts._available_at", "> facts._available_at", "an open end"),
    ("another", "2 hours", 'facts."known_at" as timestamp) <=', 'facts."event_at" as timestamp) <=',
     "no cut by known time"),
    ("another", "2 hours", "desc,", ",", "the oldest row"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("adapter", "ttl", "right", "wrong"),
    [fault[:4] for fault in FAULTS],
    ids=[f"{fault[0]}, {fault[1]}: {fault[4]}" for fault in FAULTS],
)
def test_the_oracle_tells_a_faulty_statement_from_a_right_one(
    connection: duckdb.DuckDBPyConnection, adapter: str, ttl: str, right: str, wrong: str
) -> None:
    draw = random.Random(7)
    spine = [("a", moment(draw.randrange(60))) for _ in range(60)]
    grain = {(draw.randrange(60), draw.randrange(90)) for _ in range(120)}
    grain |= {(event, known + 1) for event, known in list(grain)[:20]}
    facts = [("a", moment(e), moment(k), at) for at, (e, k) in enumerate(sorted(grain))]
    connection.execute(values("spine", ["one", "as_of"], spine))
    columns = ["one", "event_at", "known_at", "left_value"]
    connection.execute(values("late", columns, facts))
    view = {
        "entity": ["one"], "event_time": "event_at", "known_time": "known_at", "ttl": ttl,
        "features": ["left_value"],
    }  # fmt: skip
    rows = [dict(zip(columns, row, strict=True)) for row in facts]
    moments = [dict(zip(["one", "as_of"], row, strict=True)) for row in spine]
    wanted = sorted(expected(moments, "as_of", {"late": rows}, {"late": view}), key=repr)
    renderer = Renderer({"late": view}, {"late": "temp.late"}, adapter)
    statement = renderer.training_set("temp.spine", "as_of", ["late"])
    assert right in statement
    assert sorted(connection.execute(statement).fetchall(), key=repr) == wanted
    faulty = connection.execute(statement.replace(right, wrong)).fetchall()
    assert sorted(faulty, key=repr) != wanted
