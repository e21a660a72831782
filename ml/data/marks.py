"""``split.column``: the column of a training set that says which rows are held out."""

from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.errors import PipelineError, UsageError
from ml.spec import ModelSpec

HELD, LEARNT = "test", "train"


def find_mark(conn: DuckDBPyConnection, source: Source, spec: ModelSpec) -> Column | None:
    """Return the column that ``train.split`` names, its values found good; None without one.

    Raises UsageError for a column that is not there or of another type, PipelineError for a value
    that says neither.
    """
    split = spec.train.split
    if split.by != "column" or split.column is None:
        return None
    column = source.column(split.column, "train.split.column", spec.file)
    if column.kind not in ("boolean", "text"):
        raise UsageError(
            f"train.split.column '{column.name}' is {column.type} in {source.relation}; "
            f"allowed: BOOLEAN (true is held out), or text that is '{HELD}' or '{LEARNT}'",
            fix=f"cast it in the SQL of {source.dbt_name}, then: {source.build}",
        )
    _check_values(conn, source, column)
    return column


def mark_sql(column: Column) -> str:
    """Return the expression that is 1 for a row held out and 0 for one learnt from."""
    held = "true" if column.kind == "boolean" else HELD
    return f"cast(cast({column.sql} as varchar) = '{held}' as bigint)"


def _check_values(conn: DuckDBPyConnection, source: Source, column: Column) -> None:
    allowed = ("true", "false") if column.kind == "boolean" else (HELD, LEARNT)
    rows = conn.execute(
        f"select cast({column.sql} as varchar) as value, count(*) from {source.relation.sql} "
        "group by value having value is null or value not in (?, ?) order by value limit 4",
        allowed,
    ).fetchall()
    if rows:
        met = ", ".join(f"{'null' if v is None else repr(v)} ({n:,} rows)" for v, n in rows[:3])
        raise PipelineError(
            f"'{column.name}' of {source.relation}, which says what is held out, is "
            f"{met}{', …' if len(rows) > 3 else ''}; allowed: {allowed[0]} (held out), "
            f"{allowed[1]} (learnt from)",
            fix=f"fix the SQL of {source.dbt_name}, then: {source.build}",
        )
