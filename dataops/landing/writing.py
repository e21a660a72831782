"""From the temporary tables into the landing schema: rows, rejects and files in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb
import pyarrow as pa

from dataops.landing.files import LandingFile
from dataops.landing.ledger import Sorted
from dataops.landing.staging import StagedTable, Staging
from dataops.landing.tables import FILES, OWN_COLUMNS, REJECTS
from ml.relation import quote

_PLACES = "goldloop_landing_places"


def write(staging: Staging, files: Sorted, now: datetime) -> None:
    """Write what was staged of ``files.loaded`` and take away what those files gave before."""
    conn = staging.conn
    with transaction(conn):
        _take_away(staging, files.replaced)
        for table in staging.tables:
            with _registered(conn, _places(table)):
                _write_rows(staging, table, now)
                _write_rejects(staging, table, now)
        _write_unreadable(staging, files.loaded, now)
        _write_files(staging, files.loaded, now)
        _write_times(staging, files.touched)


@contextmanager
def transaction(conn: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the body did, or nothing of it."""
    conn.begin()
    try:
        yield
    except BaseException:
        conn.rollback()
        raise
    conn.commit()


@contextmanager
def _registered(conn: duckdb.DuckDBPyConnection, table: pa.Table) -> Iterator[None]:
    conn.register(_PLACES, table)
    try:
        yield
    finally:
        conn.unregister(_PLACES)


def _places(table: StagedTable) -> pa.Table:
    """Return what is known of a staged table's files: ``_at``, name, delivery, first rowid."""
    kept = [(at, file) for at, file in table.files.items() if not file.is_unreadable]
    return pa.table(
        {
            "_at": pa.array([at for at, _ in kept], pa.uint64()),
            "_file": pa.array([file.name for _, file in kept], pa.string()),
            "_delivered": pa.array([file.delivered_at for _, file in kept], pa.timestamp("us")),
            "_first": pa.array([table.firsts.get(at, 0) for at, _ in kept], pa.int64()),
        }
    )


def _take_away(staging: Staging, files: Sequence[LandingFile]) -> None:
    """Delete the rows, rejects and records of files that are loaded again."""
    if not files:
        return
    conn, source = staging.conn, staging.source
    names = pa.table({"_file": pa.array([file.name for file in files], pa.string())})
    with _registered(conn, names):
        conn.execute(
            f"delete from {source.relation.sql} where _file in (select _file from {_PLACES})"
        )
        for relation in (REJECTS, FILES):
            conn.execute(
                f"delete from {relation.sql} "
                f"where source = ? and file in (select _file from {_PLACES})",
                [source.name],
            )


def _write_rows(staging: Staging, table: StagedTable, now: datetime) -> None:
    names = [*staging.source.column_names, *OWN_COLUMNS]
    values = [f"v{number}" for number in range(len(staging.source.columns))]
    delivered = _delivered(staging)
    staging.conn.execute(
        f"insert into {staging.source.relation.sql} ({', '.join(map(quote, names))}) "
        f"select {', '.join(values)}, _file, {_row(table)}, {delivered}, ? "
        f"from {table.sql} as staged join {_PLACES} using (_at) where _reason is null",
        [now],
    )


def _write_rejects(staging: Staging, table: StagedTable, now: datetime) -> None:
    staging.conn.execute(
        f"insert into {REJECTS.sql} by name select ? as source, _file as file, "
        f"{_row(table)} as row, _column as column_name, _reason as reason, _raw as raw, "
        "_delivered as _delivered_at, ? as _loaded_at "
        f"from {table.sql} as staged join {_PLACES} using (_at) where _reason is not null",
        [staging.source.name, now],
    )


def _row(table: StagedTable) -> str:
    return "staged.rowid - _first + 1" if table.firsts else "_row"


def _delivered(staging: Staging) -> str:
    """Return when a row was delivered: the declared column if filled, else the file's time."""
    name = staging.source.delivered_at
    if name is None:
        return "_delivered"
    value, type_ = f"v{staging.source.column_names.index(name)}", str(staging.types[name])
    if type_ == "DATE":
        # A day's rows are delivered when the day is over, as with a date in a file's name.
        instant = f"try(cast({value} + interval 1 day as timestamp))"
    elif type_ == "TIMESTAMP WITH TIME ZONE":
        instant = f"make_timestamp(epoch_us({value}))"
    else:
        instant = f"try_cast({value} as timestamp)"
    return f"coalesce({instant}, _delivered)"


def _write_unreadable(staging: Staging, files: Sequence[LandingFile], now: datetime) -> None:
    """Write one reject for each file whose records could not even be counted."""
    rows = [
        [staging.source.name, file.name, None, None, file.failure, None, file.delivered_at, now]
        for file in files
        if file.is_unreadable
    ]
    if rows:
        staging.conn.executemany(f"insert into {REJECTS.sql} values (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _write_files(staging: Staging, files: Sequence[LandingFile], now: datetime) -> None:
    table = pa.table(
        {
            "source": pa.array([staging.source.name] * len(files), pa.string()),
            "file": pa.array([file.name for file in files], pa.string()),
            "size_bytes": pa.array([file.size for file in files], pa.int64()),
            "modified_at": pa.array([file.modified_at for file in files], pa.timestamp("us")),
            "sha256": pa.array([file.scan.sha256 or None for file in files], pa.string()),
            "rows": pa.array([file.rows for file in files], pa.int64()),
            "loaded": pa.array([file.rows - file.rejected for file in files], pa.int64()),
            "rejected": pa.array([file.rejected for file in files], pa.int64()),
            "status": pa.array(["failed" if file.failure else "loaded" for file in files]),
            "message": pa.array([_message(file) for file in files], pa.string()),
            "delivered_at": pa.array([file.delivered_at for file in files], pa.timestamp("us")),
            "loaded_at": pa.array([now] * len(files), pa.timestamp("us")),
        }
    )
    with _registered(staging.conn, table):
        staging.conn.execute(f"insert into {FILES.sql} by name select * from {_PLACES}")


def _message(file: LandingFile) -> str | None:
    parts = [file.failure] if file.failure else []
    return "; ".join(parts + file.notes) or None


def _write_times(staging: Staging, files: Sequence[LandingFile]) -> None:
    """Note the new time of files whose content is the same, so that they need not be read again."""
    if not files:
        return
    times = pa.table(
        {
            "_file": pa.array([file.name for file in files], pa.string()),
            "_modified": pa.array([file.modified_at for file in files], pa.timestamp("us")),
        }
    )
    with _registered(staging.conn, times):
        staging.conn.execute(
            f"update {FILES.sql} set modified_at = _modified from {_PLACES} "
            "where source = ? and file = _file",
            [staging.source.name],
        )
