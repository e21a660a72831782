"""From text and JSON to the declared type: what fits, what is lost, what is null."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from dataops.landing.casting import cast_json, cast_native, cast_text

LOST = object()


@pytest.fixture(scope="module")
def conn() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'America/New_York'")
        yield connection


def _cast(conn: duckdb.DuckDBPyConnection, value: str | None, type_: str, *, kind: str) -> Any:
    resolved = conn.sqltype(type_)
    cast = (cast_json if kind == "json" else cast_text)("x", resolved)
    row = conn.execute(
        f"select {cast.value}, {cast.is_bad}, typeof({cast.value}) from (select ?::{kind} as x)",
        [value],
    ).fetchone()
    assert row is not None
    assert row[2] in (str(resolved), '"NULL"')
    return LOST if row[1] else row[0]


@pytest.mark.parametrize(
    ("text", "type_", "expected"),
    [
        ("12", "varchar", "12"),
        (" 12 ", "integer", 12),
        ("-3", "integer", -3),
        ("2.0", "integer", 2),
        ("2.5", "integer", LOST),
        ("-0.5", "integer", LOST),
        ("1.5e1", "integer", 15),
        ("15e-1", "integer", LOST),
        ("99999999999", "integer", LOST),
        ("99999999999", "bigint", 99_999_999_999),
        ("two", "integer", LOST),
        ("", "integer", None),
        (None, "integer", None),
        ("1.230", "decimal(10,2)", Decimal("1.23")),
        ("1.239", "decimal(10,2)", LOST),
        ("1.5", "double", 1.5),
        ("1,5", "double", LOST),
        ("yes", "boolean", True),
        ("2", "boolean", LOST),
        ("2025-03-01", "date", date(2025, 3, 1)),
        ("2025-03-01 00:00:00", "date", date(2025, 3, 1)),
        ("2025-03-01 10:00:00", "date", LOST),
        ("2025-02-30", "date", LOST),
        ("10:30:00", "time", time(10, 30)),
        ("2025-03-01", "timestamp", datetime(2025, 3, 1)),
        ("2025-03-01 12:34:56.5", "timestamp", datetime(2025, 3, 1, 12, 34, 56, 500_000)),
        ("2025-03-01T12:00:00Z", "timestamp", datetime(2025, 3, 1, 12)),
        ("2025-03-01T12:00:00+02:00", "timestamp", datetime(2025, 3, 1, 10)),
        ("2025-03-01 12:00:00-0330", "timestamp", datetime(2025, 3, 1, 15, 30)),
        ("2025-03-01 12:00:00.25+02", "timestamp_ms", datetime(2025, 3, 1, 10, 0, 0, 250_000)),
        ("2025-03-01 12:00 Europe/Rome", "timestamp", LOST),
        ("b", "enum('a', 'b')", "b"),
        ("c", "enum('a', 'b')", LOST),
        ('{"a": 1}', "json", '{"a": 1}'),
        ("{", "json", LOST),
        ("[1, 2]", "integer[]", [1, 2]),
        ("[1, 2.5]", "integer[]", LOST),
        ("1, 2", "integer[]", LOST),
        ('{"x": 1}', "map(varchar, integer)", {"x": 1}),
        ('{"x": "q"}', "map(varchar, integer)", LOST),
    ],
)
def test_a_text_becomes_its_type_or_is_known_to_be_lost(
    conn: duckdb.DuckDBPyConnection, text: str | None, type_: str, expected: object
) -> None:
    assert _cast(conn, text, type_, kind="varchar") == expected


ITEMS = 'struct("a b" integer, t timestamp)[]'


@pytest.mark.parametrize(
    ("document", "type_", "expected"),
    [
        ("null", "integer", None),
        ('""', "integer", None),
        ('""', "varchar", ""),
        ('"5"', "integer", 5),
        ("5", "varchar", "5"),
        ("true", "boolean", True),
        ("true", "integer", LOST),
        ('{"a":1}', "varchar", '{"a":1}'),
        ("[]", ITEMS, []),
        ("null", ITEMS, None),
        ('[{"a b": 1}, {"t": "2025-03-01T02:00:00+02:00", "more": 1}]', ITEMS, [
            {"a b": 1, "t": None},
            {"a b": None, "t": datetime(2025, 3, 1)},
        ]),
        ("[null]", ITEMS, [None]),
        ('[{"a b": "x"}]', ITEMS, LOST),
        ('[{"a b": 1.5}]', ITEMS, LOST),
        ("[5]", ITEMS, LOST),
        ("{}", ITEMS, LOST),
        ("[[1], [2, 3]]", "integer[][]", [[1], [2, 3]]),
        ("[[1], 2]", "integer[][]", LOST),
        ('{"s": {"l": ["2025-01-01"]}}', "struct(s struct(l date[]))", {
            "s": {"l": [date(2025, 1, 1)]}
        }),
        ('{"s": {"l": ["never"]}}', "struct(s struct(l date[]))", LOST),
    ],
)  # fmt: skip
def test_json_becomes_its_type_and_no_leaf_is_lost_in_silence(
    conn: duckdb.DuckDBPyConnection, document: str, type_: str, expected: object
) -> None:
    assert _cast(conn, document, type_, kind="json") == expected


@pytest.mark.parametrize(
    ("sql", "type_", "expected"),
    [
        ("7::tinyint", "bigint", 7),
        ("300::integer", "tinyint", LOST),
        ("2.5::double", "integer", LOST),
        ("2.0::double", "integer", 2),
        ("'\\xC3'::blob", "varchar", LOST),
        ("'\\xC3\\xA9'::blob", "varchar", "é"),
        ("timestamptz '2025-03-01 12:00:00+02'", "timestamp", datetime(2025, 3, 1, 10)),
        ("timestamp '2025-03-01 12:00:00'", "date", LOST),
        ("date '2025-03-01'", "timestamp", datetime(2025, 3, 1)),
        ("{'a': 1, 'b': 2}", "struct(a bigint)", {"a": 1}),
        ("{'a': 'x'}", "struct(a bigint)", LOST),
        ("[1, 2]", "varchar", "[1,2]"),
    ],
)
def test_a_typed_value_becomes_the_declared_type_or_is_known_to_be_lost(
    conn: duckdb.DuckDBPyConnection, sql: str, type_: str, expected: object
) -> None:
    (met,) = conn.execute(f"select typeof({sql})").fetchone() or ("",)
    cast = cast_native("x", conn.sqltype(met), conn.sqltype(type_))
    row = conn.execute(f"select {cast.value}, {cast.is_bad} from (select {sql} as x)").fetchone()
    assert row is not None
    assert (LOST if row[1] else row[0]) == expected
