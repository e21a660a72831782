"""Features of views joined to the rows of a relation, by the statement that training reads with."""

from collections.abc import Mapping, Sequence

import duckdb

from dataops.features.built import built_columns
from dataops.features.render import Renderer
from dataops.features.views import View
from ml.columns import describe
from ml.errors import UsageError
from ml.names import listed
from ml.relation import Relation


def join_features(
    connection: duckdb.DuckDBPyConnection,
    views: Mapping[str, View],
    asked: Mapping[str, Sequence[str]],
    spine: Relation,
    time: str,
) -> Relation:
    """Make a temporary table of the rows of ``spine`` with features as known at its ``time``.

    ``asked`` has the features wanted of each of ``views``, by name; each becomes a column
    ``view__feature``. The table lives as long as ``connection``, which may be read-only.

    Raises PipelineError for a view the warehouse does not have, UsageError where ``spine`` lacks
    a key of a view.
    """
    columns = describe(connection, spine)
    for name in asked:
        view = views[name]
        built_columns(connection, view)
        lacking = [key for key in view.declared.entity if key not in columns]
        if lacking:
            raise UsageError(
                f"{name} cannot be joined to {spine}, which has no column '{lacking[0]}'; it has: "
                f"{listed(lacking[0], columns)}",
                fix=f"add the key to the SQL of {spine}, or join the view there: training_set "
                "takes keys of other names",
            )
    renderer = Renderer(
        {name: views[name].told for name in asked},
        {name: views[name].relation.sql for name in asked},
    )
    features = [
        {"view": name, "features": list(wanted), "prefix": True} for name, wanted in asked.items()
    ]
    statement = renderer.training_set(spine.sql, time, features)
    joined = Relation("temp", spine.name)
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"create or replace temporary table {joined.sql} as {statement}")
    return joined
