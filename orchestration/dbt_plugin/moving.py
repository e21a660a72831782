"""How far the rows of one relation are from those of another, or from what a version learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from ml.columns import Columns, Source, describe
from ml.data.features import Encoder
from ml.errors import PipelineError, UsageError
from ml.monitoring.comparison import compare, is_alarm
from ml.monitoring.reading import watched_columns
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
    """Return how far each feature in ``relation`` is from the rows a version was trained on."""
    version = find_version(cursor, asked["model"], asked["version"], asked["macro"])
    schema, _, name = version.train_relation.partition(".")
    where = {"database": asked["database"], "schema": schema, "name": name}
    before, after = _found(cursor, where), _found(cursor, asked["relation"])
    features = Encoder.from_json(version.features).features
    names = [feature.name for feature in features if feature.sql is None]
    return {"rows": _compared(cursor, before, after, names, asked)}


def _found(cursor: DuckDBPyConnection, named: Mapping[str, str]) -> Source:
    """Return a relation that may stand in any database; the same place in the one at home."""
    view = Relation("temp", f"goldloop_{named['schema']}_{named['name']}")
    place = ".".join(quote(named[part]) for part in ("database", "schema", "name"))
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
        {
            "column": each.column,
            **asdict(each.drift),
            "threshold": psi,
            "is_drifted": is_alarm(each.drift, psi=psi, columns=len(watched)),
        }
        for each in compare(cursor, before.sql, after.sql, watched)
    ]
