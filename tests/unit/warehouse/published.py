"""Releases of one table with one number, made and read as runs do."""

from datetime import UTC, datetime, timedelta

from dataops.warehouse import Release, Warehouse

NOW = datetime.now(UTC).replace(microsecond=0)


def write(warehouse: Warehouse, value: int) -> None:
    with warehouse.connect() as connection:
        connection.execute("create or replace table t as select ? as v", [value])


def publish(warehouse: Warehouse, run: str, value: int, second: int = 0) -> Release:
    candidate = warehouse.open(run)
    write(warehouse, value)
    return candidate.publish({"code_version": "abc"}, NOW + timedelta(seconds=second))


def read(warehouse: Warehouse) -> int:
    with warehouse.read() as connection:
        return connection.execute("from t").fetchall()[0][0]


def outcomes(warehouse: Warehouse) -> list[tuple[str, str | None]]:
    return [(e.outcome, e.release) for e in warehouse.ledger.events(kind="release")]
