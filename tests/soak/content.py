"""Tables that say which run wrote them, so that half a run can be told from a whole one."""

from pathlib import Path

import duckdb

TABLES = ("landing.visits", "gold.facts", "gold.features")
ROWS = 8_000


def write(file: Path, run: str, rows: int = ROWS) -> None:
    """Write every table in a transaction of its own, with what a reader needs to check it."""
    with duckdb.connect(str(file)) as connection:
        for number, table in enumerate(TABLES):
            connection.execute("begin")
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.execute(
                f"create or replace table {table} as select ? as run, n, "
                "hash(n, ?) as noise from range(?) as numbers(n)",
                [run, f"{run} {number}", rows],
            )
            connection.execute("commit")
        told = " union all ".join(f"select '{table}' as name, {_sums(table)}" for table in TABLES)
        connection.execute(f"create or replace table gold.told as {told}")


def read(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the run that wrote all there is; raise ValueError when it is not of one run."""
    told = connection.execute("select * from gold.told order by name").fetchall()
    found = [
        row
        for table in sorted(TABLES)
        for row in connection.execute(f"select '{table}', {_sums(table)}").fetchall()
    ]
    if told != found or len({(row[1], row[2]) for row in found}) > 1 or found[0][1] != found[0][2]:
        raise ValueError(f"the tables are not of one run: {told} was told, {found} is there")
    return str(found[0][1])


def read_file(file: Path) -> str:
    """Open ``file`` read-only and return the run that wrote it."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return read(connection)


def _sums(table: str) -> str:
    sums = "min(run) as first, max(run) as last, count(*) as rows, sum(noise::hugeint) as noise"
    return f"{sums} from {table}"
