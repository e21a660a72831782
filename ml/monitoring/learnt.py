"""Which rows a version has learnt from, and so knows better than those that come."""

from datetime import date
from typing import Any

from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.monitoring.keeping import training_profiles
from ml.relation import quote
from ml.spec import ModelSpec
from ml.versions.registry import ModelVersion


def learnt_until(conn: DuckDBPyConnection, version: ModelVersion) -> Any:
    """Return the last date of the training set, None where it was not kept."""
    dates = [each.window.end for each in training_profiles(conn, version).values()]
    return max((day for day in dates if day is not None), default=None)


def real_sql(spec: ModelSpec, source: Source) -> str:
    """Return the condition of the rows of a training set that were not made up."""
    mark = source.columns.get(spec.train.synthetic) if spec.train.synthetic else None
    return f"not coalesce(cast({mark.sql} as boolean), false)" if mark else "true"


def strange_sql(
    spec: ModelSpec, version: ModelVersion, training: Source | None, until: date | None
) -> str | None:
    """Return the condition of the predictions, as ``told``, whose rows were not learnt from.

    Split by time it is a date; else the training set itself says so, as far as ``until``, for what
    it has grown by since was not learnt from. None where no row is known to be learnt from, and
    for tasks of which nothing was told of rows held out.
    """
    if version.task not in ("classification", "regression"):
        return None
    if version.test_from is not None:
        return f"told.as_of_date >= timestamp '{version.test_from}'"
    if training is None or not set(spec.train.key) <= set(spec.score.key):
        return None
    same = [f"learnt.{quote(name)} = told.{quote(name)}" for name in spec.train.key]
    if spec.train.time is not None:
        time = training.columns.get(spec.train.time)
        if time is None or time.kind != "time":
            return None
        same.append(f"cast({time.time_sql} as date) = told.as_of_date")
        same.append(f"told.as_of_date <= date '{until}'" if until else "true")
    rows = f"select 1 from {training.relation.sql} as learnt where {' and '.join(same)}"
    return f"not exists ({rows})"
