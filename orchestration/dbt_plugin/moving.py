"""How far the rows of one relation are from those of another, or from what a version learnt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from ml.columns import Columns, Source, describe
from ml.data.features import Encoder
from ml.data.transform import check_inputs, feature_column
from ml.errors import PipelineError, UsageError
from ml.monitoring.comparison import compare, is_alarm
from ml.monitoring.distances import Drift, drift
from ml.monitoring.keeping import Place, Profiled, training_profiles
from ml.monitoring.reading import watched_columns, watched_feature
from ml.monitoring.rows import Looked, look
from ml.names import listed
from ml.relation import Relation, quote
from orchestration.dbt_plugin.telling import find_version

Row = dict[str, Any]


def drifted(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how far each column of ``relation`` has moved from ``baseline``, a row each."""
    before, after = _found(cursor, asked["baseline"]), _found(cursor, asked["relation"])
    names = asked["columns"] or [name for name in before.columns if name in after.columns]
    return {"rows": _compared(cursor, before, after, names, asked)}


def skewed(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how far each feature in ``relation`` is from the rows that a version learnt from.

    These are the profiles kept with the version, for its table may be another by now. Raises
    PipelineError where none were kept, and for a relation that lacks a feature.
    """
    version = find_version(cursor, asked["model"], asked["version"], asked["macro"])
    kept = training_profiles(cursor, version)
    if not kept:
        raise PipelineError(
            f"{asked['macro']} asks {version.name}, with which nothing was kept of the rows it "
            "learnt from, for it was trained before that was done",
            fix=f"train anew: dbt build --select {version.model}, or of an exposure: goldloop "
            f"train {version.model}",
        )
    after = _found(cursor, asked["relation"])
    features = [
        feature
        for feature in Encoder.from_json(version.features).features
        if Place("feature", feature.name) in kept
    ]
    check_inputs(after, tuple(features), version.name)
    columns = [
        ("feature", watched_feature(feature, feature_column(feature, after.columns)))
        for feature in features
    ]
    key = [name for name in json.loads(version.spec)["train"]["key"] if name in after.columns]
    looked = look(cursor, after.relation.sql, (), columns, key)
    return {"rows": [_skew(each, kept[each.place], len(columns), asked["psi"]) for each in looked]}


def _skew(looked: Looked, kept: Profiled, columns: int, psi: float) -> Row:
    shares = (kept.share, looked.keys / looked.rows)
    found = drift(kept.profile, looked.values, shares=shares)
    return _row(looked.place.column, found, columns, psi)


def _found(cursor: DuckDBPyConnection, named: Mapping[str, str]) -> Source:
    """Return a relation that may stand in any database; the same place in the one at home."""
    place = ".".join(quote(named[part]) for part in ("database", "schema", "name"))
    # The whole place, quoted, is no other's.
    view = Relation("temp", place)
    told = f"{named['schema']}.{named['name']}"
    try:
        cursor.execute(f"create or replace temp view {quote(view.name)} as select * from {place}")
        rows = cursor.execute(f"select count(*) from {view.sql}").fetchall()[0][0]
    except duckdb.CatalogException as error:
        raise PipelineError(
            f"{told} cannot be read from the warehouse ({str(error).splitlines()[0]})",
            fix=f"build it: dbt build --select +{named['name']}",
        ) from None
    if not rows:
        raise PipelineError(f"{told} has no rows to compare", fix="wait for rows, or widen it")
    return Source(told, view, describe(cursor, view))


def _compared(
    cursor: DuckDBPyConnection,
    before: Source,
    after: Source,
    names: Sequence[str],
    asked: Mapping[str, Any],
) -> list[Row]:
    for name in names:
        for side in (before, after):
            if name not in side.columns:
                raise UsageError(
                    f"{asked['macro']} compares '{name}', which is not a column of "
                    f"{side.dbt_name}; it has: {listed(name, side.columns)}",
                    fix="correct the columns, or add it to the SQL of that model",
                )
    columns = {name: before.columns[name] for name in names}
    return _rows(cursor, before.relation, after.relation, columns, asked["psi"])


def _rows(
    cursor: DuckDBPyConnection,
    before: Relation,
    after: Relation,
    columns: Columns,
    psi: float,
) -> list[Row]:
    """Return a row of distances for each of ``columns`` but times, which move by themselves."""
    watched = watched_columns(columns)
    return [
        _row(each.column, each.drift, len(watched), psi)
        for each in compare(cursor, before.sql, after.sql, watched)
    ]


def _row(column: str, found: Drift, columns: int, psi: float) -> Row:
    """Return the row of one of ``columns``."""
    drifted = is_alarm(found, psi=psi, columns=columns)
    return {"column": column, **asdict(found), "threshold": psi, "is_drifted": drifted}
