from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dataops.ledger import COLUMNS, TABLE_COLUMNS, Event, Ledger, to_line

ROOT = Path(__file__).parents[3]
NOW = datetime(2025, 3, 1, 4, tzinfo=UTC)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    # A person's own time zone must not shift what was written.
    connection.execute("set TimeZone = 'America/New_York'")
    return connection


def rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    cursor = connection.execute("select * from ops.ledger order by place")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def types(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute("describe ops.ledger").fetchall()}


def test_the_table_holds_what_was_written_and_leaves_torn_lines_out(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    ledger = Ledger(tmp_path / "a 'folder' [1]*")
    moment = datetime(2024, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    full = Event(
        "asset", "failed", run="r", parent="p", release="l", asset='"g".t', name="n",
        started_at=moment, ended_at=NOW, rows=2**62, bytes=7, cpu_seconds=0.125,
        peak_memory_bytes=8, message="Ünï\n\0 'code'", details={"a": 1, "b": None, "c": "d"},
    )  # fmt: skip
    ledger.append(full, now=NOW)
    with ledger.files[0].open("ab") as stream:
        stream.write(b'{"v":1,"kind":"run","outcome":"sta')
    ledger.append(Event("run", "started"), now=NOW)
    with ledger.files[0].open("ab") as stream:
        stream.write(
            b'\0\0\n{"v":1,"kind":"run"}\n{"v":2,"kind":"run","outcome":"started"}\n{"v":1,"kind":"\xc3'
        )
    ledger.load(connection)
    first, second = rows(connection)
    assert first.pop("pid") > 0
    assert first == {
        "place": 1, "kind": "asset", "outcome": "failed", "run": "r", "parent": "p",
        "release": "l", "asset": '"g".t', "name": "n", "started_at": moment.replace(tzinfo=None),
        "ended_at": NOW.replace(tzinfo=None), "rows": 2**62, "bytes": 7, "cpu_seconds": 0.125,
        "peak_memory_bytes": 8, "message": "Ünï\n\0 'code'",
        "details": '{"a":1,"b":null,"c":"d"}', "recorded_at": NOW.replace(tzinfo=None),
    }  # fmt: skip
    assert (second["place"], second["kind"], second["details"]) == (2, "run", None)
    assert types(connection) == TABLE_COLUMNS


def test_without_a_ledger_the_table_is_empty_and_typed(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    Ledger(tmp_path / "none").load(connection)
    assert rows(connection) == []
    assert types(connection) == TABLE_COLUMNS


def test_loading_again_replaces_and_keeps_the_order_over_months(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    ledger = Ledger(tmp_path)
    for month in (5, 3, 4):
        for at in range(3):
            ledger.append(Event("run", "started", run=f"{month}{at}"), now=NOW.replace(month=month))
        ledger.load(connection)
    expected = ["30", "31", "32", "40", "41", "42", "50", "51", "52"]
    assert [row["run"] for row in rows(connection)] == expected
    assert [event.run for event in ledger.events()] == expected


def test_a_long_ledger_is_loaded_whole_and_in_order(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    lines = [
        to_line(Event("asset", "succeeded", run="r", rows=at, asset="gold.t"), NOW, 1)
        for at in range(500)
    ]
    (tmp_path / "2025-03.jsonl").write_bytes(b"".join(lines) * 100)
    Ledger(tmp_path).load(connection)
    found = connection.execute(
        "select count(*), count(distinct place), min(place), max(place), "
        "count(*) filter ((place - 1) % 500 <> rows) from ops.ledger"
    ).fetchall()
    assert found == [(50_000, 50_000, 1, 50_000, 0)]


def test_the_warehouse_keeps_no_path_of_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "a-telling-name")
    ledger.append(Event("run", "started"), now=NOW)
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        ledger.load(connection)
    assert b"a-telling-name" not in (tmp_path / "w.duckdb").read_bytes()


def test_the_declared_source_is_the_table_that_is_loaded() -> None:
    declared = yaml.safe_load((ROOT / "models/bronze/ops/_sources.yml").read_text())
    [ledger] = [t for t in declared["sources"][0]["tables"] if t["name"] == "ledger"]
    columns = {column["name"]: column["data_type"].upper() for column in ledger["columns"]}
    assert columns == TABLE_COLUMNS
    assert list(COLUMNS) == [name for name in Event.__dataclass_fields__]
