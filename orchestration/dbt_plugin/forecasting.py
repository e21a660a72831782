"""``ml_forecast``: the next steps of each series, a list of them for the history of one."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Kind, Source
from ml.data.checks import check_past
from ml.declaration.training import Series as Declared
from ml.errors import UsageError
from ml.forecast.kept import method_of
from ml.forecast.methods import Method, check_library
from ml.forecast.series import Series, series_of
from ml.forecast.telling import forecast as told_of
from ml.relation import quote
from ml.task_columns import written
from ml.versions import registry
from ml.versions.registry import ModelVersion
from orchestration.dbt_plugin.given import check_names, check_task, column_given, source_given
from orchestration.dbt_plugin.several import lists_of, place_learnt_from
from orchestration.dbt_plugin.telling import find_version, trusted

MOST_STEPS = 10_000
_VALUE: tuple[Kind, ...] = ("number", "boolean")
_MOMENT: tuple[Kind, ...] = ("time",)


def forecast(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parts of the SQL by which a version forecasts each series of a history.

    That is the table the version was judged on unless another is given. Raises PipelineError for a
    model never trained and a history that lacks a column, UsageError for a model of another task,
    and for a horizon or a level that cannot be meant.
    """
    version = find_version(cursor, asked["model"], asked["version"], asked["macro"])
    check_task(version, asked)
    _check_steps(asked)
    declared = json.loads(version.spec)
    check_library(declared["estimator"]["preset"], version.model)
    train = declared["train"]
    own = place_learnt_from(asked["database"], version)
    source = source_given(cursor, asked["relation"] if asked["given"] else own, asked["dry"])
    check_names(train["key"], version.name, asked)
    if source is not None:
        _check_history(cursor, source, train, version, asked["macro"])
    told_by = {"horizon": asked["horizon"], "level": asked["level"], "by": "forecast"}
    key = {"model": version.model, "version": version.version}
    key |= {name: asked[name] for name in ("database", "folder")}
    return {
        "key": json.dumps(key | told_by),
        "series": train["key"],
        "time": Column(train["time"], "").sql,
        "value": Column(train["label"], "").sql,
        "rows": ".".join(quote(own[part]) for part in ("database", "schema", "name")),
        "model": version.model,
        "version": version.version,
    }


def _check_steps(asked: Mapping[str, Any]) -> None:
    """Refuse a horizon or a level that is none; None is as declared."""
    horizon, level, macro = asked["horizon"], asked["level"], asked["macro"]
    if horizon is not None and not (type(horizon) is int and 1 <= horizon <= MOST_STEPS):
        raise UsageError(
            f"{macro} is given horizon={horizon!r}; allowed: 1 to {MOST_STEPS:,} steps, or "
            "nothing, for as many as are declared",
            fix=f"correct it in the SQL that calls {macro}",
        )
    if level is not None and not (type(level) in (int, float) and 0 < level < 1):
        raise UsageError(
            f"{macro} is given level={level!r}; allowed: above 0 and below 1, as 0.95, or nothing, "
            "for that declared",
            fix=f"correct it in the SQL that calls {macro}",
        )


def _check_history(
    cursor: DuckDBPyConnection,
    source: Source,
    train: Mapping[str, Any],
    version: ModelVersion,
    macro: str,
) -> None:
    for name in train["key"]:
        column_given(source, name, (), version, macro)
    column_given(source, train["label"], _VALUE, version, macro)
    time = column_given(source, train["time"], _MOMENT, version, macro)
    check_past(cursor, source, time, datetime.now(UTC))


class Forecaster:
    """Tells of histories: lists of moments (microseconds UTC), in order, and of their values."""

    def __init__(self, method: Method, declared: Declared) -> None:
        self._method, self._declared = method, declared

    @classmethod
    def load(cls, cursor: DuckDBPyConnection, key: Mapping[str, Any]) -> "Forecaster":
        """Return the method of the version of ``key``, for the horizon and level it has."""
        version = find_version(cursor, key["model"], key["version"], "ml_forecast")
        trust = trusted(version, Path(key["folder"]))
        kept = dict(registry.load_estimator(cursor, version, trust))
        asked = {name: key[name] for name in ("horizon", "level") if key[name] is not None}
        return cls(*method_of({**kept, "series": {**kept["series"], **asked}}))

    def tell(self, batch: pa.RecordBatch) -> pa.Array:
        """Return the next steps of each series of ``batch``, as lists of ``horizon``."""
        moments, values = batch.columns
        series = [self._series(*each) for each in zip(moments, values, strict=True)]
        horizon = self._declared.horizon
        steps = pa.concat_tables(told_of(self._method, series, horizon)).combine_chunks()
        ends = np.array([each.last for each in series], "datetime64[us]").astype("datetime64[D]")
        columns = {"as_of_date": pa.array(np.repeat(ends, horizon))}
        columns |= {name: steps[name].combine_chunks() for name in written("forecast")}
        return lists_of(columns, np.full(len(series), horizon))

    def _series(self, moments: pa.ListScalar, values: pa.ListScalar) -> Series:
        at = moments.values.to_numpy(zero_copy_only=False).astype(np.int64)
        known = values.values.to_numpy(zero_copy_only=False).astype(np.float64)
        return series_of(("",), at, known, self._declared.every, self._declared.gaps)
