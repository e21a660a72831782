"""Ingest beside DuckDB's bare reader: the same files into typed tables of the same kind."""

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dataops.landing import LandingSource, ingest, parse_landing
from dataops.landing.literal import PATHS

RUNS = 3
THREADS = 2
COLUMNS = {
    "order_id": "varchar",
    "customer_id": "varchar",
    "status": "varchar",
    "quantity": "integer",
    "price_cents": "bigint",
    "ordered_at": "timestamp",
}
TYPES = json.dumps(COLUMNS).replace('"', "'")
CSV_OPTIONS = f"columns = {TYPES}, header = true, delim = ',', quote = '\"', auto_detect = false"
# Ingest also takes each file's sha256, numbers its rows, judges every value and keeps account.


@dataclass(frozen=True)
class Case:
    """Files of one format: how many, of how many rows, and the query of the bare reader."""

    name: str
    format: str
    files: int
    rows: int
    reader: str
    target: float
    spoil_every: int = 0


CASES = [
    Case("a year of daily CSV files", "csv", 365, 1000, f"read_csv({PATHS}, {CSV_OPTIONS})", 3.0),
    Case("one large CSV file", "csv", 1, 500_000, f"read_csv({PATHS}, {CSV_OPTIONS})", 3.0),
    Case(
        "a year of daily CSV files, 1 row in 500 broken",
        "csv",
        365,
        1000,
        f"read_csv({PATHS}, {CSV_OPTIONS}, ignore_errors = true)",
        8.0,
        spoil_every=500,
    ),
    Case(
        "a year of daily JSONL files",
        "jsonl",
        365,
        1000,
        f"read_json({PATHS}, columns = {TYPES})",
        4.0,
    ),
    Case("a year of daily Parquet files", "parquet", 365, 1000, f"read_parquet({PATHS})", 3.0),
]


def run() -> list[dict[str, Any]]:
    """Time each case; a ratio is our time over the bare reader's."""
    return [_measure(case) for case in CASES]


def _measure(case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _write(case, folder / "landing")
        pairs = [
            (
                _time(folder, lambda conn: _ours(conn, case, folder)),
                _time(folder, lambda conn: _peer(conn, case, folder)),
            )
            for _ in range(RUNS + 1)
        ][1:]
    ours, peer = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {
        "case": f"ingest {case.name}: rows per second",
        "ours": case.files * case.rows / ours,
        "peer": "DuckDB's bare reader",
        "peer_version": duckdb.__version__,
        "ratio": ours / peer,
        "target": case.target,
        "ok": ours / peer <= case.target,
        "n": case.files * case.rows,
        "runs": RUNS,
    }


def _time(folder: Path, work: Callable[[duckdb.DuckDBPyConnection], None]) -> float:
    """Return the seconds of ``work`` on a new database file."""
    database = folder / "database"
    shutil.rmtree(database, ignore_errors=True)
    database.mkdir()
    with duckdb.connect(database / "warehouse.duckdb", config={"threads": THREADS}) as conn:
        start = time.perf_counter()
        work(conn)
        return time.perf_counter() - start


def _ours(conn: duckdb.DuckDBPyConnection, case: Case, folder: Path) -> None:
    (report,) = ingest(conn, [_source(case)], folder / "landing", now=datetime.now(UTC))
    broken = case.files * (case.rows // case.spoil_every) if case.spoil_every else 0
    if (report.rows, report.rejected, report.error) != (case.files * case.rows, broken, None):
        raise RuntimeError(f"{case.name}: ingest reports {report}")


def _peer(conn: duckdb.DuckDBPyConnection, case: Case, folder: Path) -> None:
    paths = [str(path) for path in sorted((folder / "landing").iterdir())]
    chosen = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_ in COLUMNS.items())
    conn.execute(f"create table rows as select {chosen} from {case.reader}", ["\0".join(paths)])


def _source(case: Case) -> LandingSource:
    source = parse_landing(
        {
            "source_name": "bench",
            "name": "orders",
            "schema": "landing",
            "identifier": "bench__orders",
            "original_file_path": "bench/ingest.py",
            "columns": {n: {"name": n, "data_type": type_} for n, type_ in COLUMNS.items()},
            "config": {
                "meta": {
                    "landing": {
                        "path": f"*.{case.format}",
                        "format": case.format,
                        "key": ["order_id"],
                    }
                }
            },
        }
    )
    if source is None:
        raise RuntimeError("the benchmark declares no landing source")
    return source


def _write(case: Case, folder: Path) -> None:
    """Write the files of a case, one for each day."""
    folder.mkdir()
    for number in range(case.files):
        day = date(2024, 1, 1) + timedelta(days=number)
        path = folder / f"orders_{day}.{case.format}"
        if case.format == "parquet":
            _write_parquet(case, number, path)
        else:
            path.write_text("".join(_lines(case, number)), encoding="utf-8")


def _lines(case: Case, number: int) -> Iterator[str]:
    if case.format == "csv":
        yield ",".join(COLUMNS) + "\n"
    for row in range(1, case.rows + 1):
        values = _values(case, number, row)
        if case.format == "jsonl":
            yield json.dumps(dict(zip(COLUMNS, values, strict=True))) + "\n"
        else:
            is_broken = case.spoil_every and row % case.spoil_every == 0
            yield ",".join(str(value) for value in values[: -1 if is_broken else None]) + "\n"


def _values(case: Case, number: int, row: int) -> list[Any]:
    at = number * case.rows + row
    moment = datetime(2024, 1, 1) + timedelta(seconds=at)
    status = "completed" if row % 7 else "cancelled"
    return [f"O{at:09d}", f"C{at % 50_000:07d}", status, row % 5, at % 99_999, f"{moment}"]


def _write_parquet(case: Case, number: int, path: Path) -> None:
    columns = zip(*(_values(case, number, row) for row in range(1, case.rows + 1)), strict=True)
    table = pa.table(dict(zip(COLUMNS, map(list, columns), strict=True)))
    schema = table.schema.set(3, pa.field("quantity", pa.int32()))
    typed = schema.set(5, pa.field("ordered_at", pa.timestamp("us")))
    pq.write_table(table.cast(typed), path)
