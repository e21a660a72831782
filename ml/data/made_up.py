"""``train.synthetic``: the column of a training set that says which rows are made up."""

from collections.abc import Sequence

import numpy as np
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.data.split import Positions
from ml.declaration.tasks import LABELLED
from ml.errors import PipelineError, UsageError
from ml.spec import ModelSpec

# By these names made-up rows are marked where they are made.
MARK, MARKS = "is_synthetic", ("is_synthetic", "synthetic_set", "synthetic_version")


def find_made_up(conn: DuckDBPyConnection, source: Source, spec: ModelSpec) -> Column | None:
    """Return the column that ``train.synthetic`` names, its values found good; None without one.

    Raises what :func:`check_marked` raises, UsageError for a column that is not there or no
    boolean, PipelineError where it does not say.
    """
    name = spec.train.synthetic
    if name is None:
        check_marked(conn, source, spec)
        return None
    column = source.column(name, "train.synthetic", spec.file)
    if column.kind != "boolean":
        raise UsageError(
            f"train.synthetic '{name}' is {column.type} in {source.relation}; allowed: BOOLEAN, "
            "true for a row that is made up",
            fix=f"cast it in the SQL of {source.dbt_name}, then: {source.build}",
        )
    row = conn.execute(
        f"select count(*) - count({column.sql}) from {source.relation.sql}"
    ).fetchone()
    if row and row[0]:
        raise PipelineError(
            f"'{name}' of {source.relation}, which says what is made up, is null in {row[0]:,} "
            "rows; allowed: true and false",
            fix=f"select false as {name} for real rows in the SQL of {source.dbt_name}, then: "
            f"{source.build}",
        )
    return column


def check_marked(conn: DuckDBPyConnection, source: Source, spec: ModelSpec) -> None:
    """Raise where rows that ``spec`` learns from are marked as made up and it does not say so.

    UsageError where ``train.synthetic`` could name the mark, PipelineError where only real rows are
    learnt from.
    """
    if spec.train.synthetic is not None or MARK not in source.columns:
        return
    if spec.task not in LABELLED:
        _refuse_marked(conn, source, MARK, f"a {spec.task} is learnt from real rows alone")
        return
    raise UsageError(
        f"{source.relation} has the column '{MARK}', by which made-up rows are marked, but "
        "train.synthetic does not name it",
        fix=f"add to train: synthetic: {MARK} in {spec.file}, then: dbt parse",
    )


def refuse_made_up(conn: DuckDBPyConnection, source: Source, spec: ModelSpec) -> None:
    """Raise PipelineError where rows to be scored are made up: predictions are of real rows."""
    for name in sorted({MARK, spec.train.synthetic or MARK} & source.columns.keys()):
        _refuse_marked(conn, source, name, "predictions are of real rows alone")


def _refuse_marked(conn: DuckDBPyConnection, source: Source, name: str, why: str) -> None:
    row = conn.execute(
        f"select count(*) from {source.relation.sql} "
        f"where lower(cast({source.columns[name].sql} as varchar)) = 'true'"
    ).fetchone()
    if row and row[0]:
        raise PipelineError(
            f"{row[0]:,} rows of {source.relation} are made up ('{name}' is true); {why}",
            fix=f"leave them out in the SQL of {source.dbt_name}, then: {source.build}",
        )


def known_again(keys: Sequence[str], time: str | None) -> str:
    """Return the SQL of the number by which a row is known again: of its key and time.

    ``keys`` are the SQL of the columns of the key, ``time`` of the microseconds of the time. It is
    kept across runs, so it is a half of an MD5: DuckDB's own ``hash`` may differ by version.
    """
    parts = [f"cast({sql} as varchar)" for sql in (*keys, *([time] if time else []))]
    # With its length before it no text runs into the next one.
    told = [f"coalesce(strlen({part}), -1), ':', {part}" for part in parts]
    return f"md5_number_lower(concat({', '.join(told)}))"


def with_made_up(
    made: Positions, real: Positions, learnt: Positions, held: Positions
) -> tuple[Positions, Positions]:
    """Return the positions learnt from, those ``made`` up included, and held out, of all rows.

    ``learnt`` and ``held`` are positions of the rows at ``real``.
    """
    return np.sort(np.concatenate([real[learnt], made])), real[held]
